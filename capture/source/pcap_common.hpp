// What the two sources that use libpcap share. libpcap is used in capture/source/pcap_* alone.
#pragma once

#include <pcap/pcap.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>

#include "capture/source/pcap_records.hpp"
#include "capture/source/source.hpp"

namespace sekimori::capture {

struct PcapClose {
  void operator()(pcap_t* handle) const { pcap_close(handle); }
};
using Handle = std::unique_ptr<pcap_t, PcapClose>;

inline std::string system_words(int error) {
  return std::generic_category().message(error);
}

// libpcap speaks of DLT_ values, which differ between systems; files and our decoder of LINKTYPE_ values.
// They are equal but for these few (https://www.tcpdump.org/linktypes.html).
inline std::uint16_t linktype(int dlt) {
  switch (dlt) {
    case DLT_ATM_RFC1483:
      return 100;
    case DLT_RAW:
      return 101;
    case DLT_SLIP_BSDOS:
      return 102;
    case DLT_PPP_BSDOS:
      return 103;
    case DLT_ATM_CLIP:
      return 106;
    default:
      return static_cast<std::uint16_t>(dlt);
  }
}

// What one pcap_dispatch needs to turn libpcap's view of a frame into ours.
struct Delivery {
  FrameSink& sink;
  std::uint64_t& number;  // frames handed over so far
  std::uint16_t tap;
  std::uint16_t link;
  std::uint32_t frames = 0;        // by this dispatch
  std::uint64_t* early = nullptr;  // see LiveSource::settling_
  Time ready{};
};

inline void hand_over(Delivery& delivery, const pcap_pkthdr& header, const u_char* bytes) {
  ++delivery.number;
  ++delivery.frames;
  Frame frame;
  frame.bytes = {reinterpret_cast<const std::byte*>(bytes), header.caplen};
  frame.wire_length = std::max(header.len, header.caplen);
  frame.tap = delivery.tap;
  frame.link = delivery.link;
  frame.number = delivery.number;
  // Nanoseconds although the field says microseconds: that is the precision we ask for.
  frame.time = time_of(header.ts.tv_sec, header.ts.tv_usec);
  delivery.sink.frame(frame);
}

// noexcept, so that a sink that throws ends the program here and not somewhere inside libpcap.
inline void on_frame(u_char* user, const pcap_pkthdr* header, const u_char* bytes) noexcept {
  auto& delivery = *reinterpret_cast<Delivery*>(user);
  if (delivery.early != nullptr) {
    if (time_of(header->ts.tv_sec, header->ts.tv_usec) < delivery.ready) {
      ++*delivery.early;
      return;
    }
    delivery.early = nullptr;
  }
  hand_over(delivery, *header, bytes);
}

// The bound keeps a dispatch from following the kernel for ever: libpcap goes on over all blocks that become
// ready.
inline int bound(std::uint32_t most) {
  constexpr std::uint32_t highest = 1U << 20U;
  return static_cast<int>(std::min(most, highest));
}

}  // namespace sekimori::capture

// What was played, as files: the capture and the truth about it.
#include <algorithm>

#include "tools/traffic/play.hpp"

namespace sekimori::traffic {
namespace {

void put16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value & 0xffU);
  out += static_cast<char>((value >> 8U) & 0xffU);
}
void put32(std::string& out, std::uint32_t value) {
  put16(out, value & 0xffffU);
  put16(out, value >> 16U);
}

}  // namespace

const char* word(Kind kind) {
  switch (kind) {
    case Kind::tcp:
      return "tcp";
    case Kind::udp:
      return "udp";
    case Kind::icmp:
      return "icmp";
    case Kind::arp:
      return "arp";
    case Kind::ndp:
      return "ndp";
    case Kind::dhcp:
      return "dhcp";
    case Kind::ra:
      return "ra";
    case Kind::bpdu:
      return "bpdu";
    case Kind::call:
      return "call";
  }
  return "";
}

const char* word(Outcome outcome) {
  switch (outcome) {
    case Outcome::accepted:
      return "accepted";
    case Outcome::unanswered:
      return "unanswered";
    case Outcome::dropped:
      return "dropped";
    case Outcome::refused:
      return "refused";
    case Outcome::rejected:
      return "rejected";
    case Outcome::prohibited:
      return "prohibited";
  }
  return "";
}

std::string pcap(const Story& story, const Played& played) {
  std::string out;
  put32(out, story.nanoseconds ? 0xa1b23c4dU : 0xa1b2c3d4U);
  put16(out, 2);
  put16(out, 4);
  put32(out, 0);
  put32(out, 0);
  put32(out, story.snaplen);
  put32(out, 1);  // LINKTYPE_ETHERNET
  for (const Shot& shot : played.shots) {
    const std::int64_t time = shot.time.time_since_epoch().count();
    const auto fraction = static_cast<std::uint32_t>(time % 1'000'000'000);
    const auto kept = static_cast<std::uint32_t>(std::min<std::size_t>(shot.bytes.size(), story.snaplen));
    put32(out, static_cast<std::uint32_t>(time / 1'000'000'000));
    put32(out, story.nanoseconds ? fraction : fraction / 1000);
    put32(out, kept);
    put32(out, static_cast<std::uint32_t>(shot.bytes.size()));
    out.append(reinterpret_cast<const char*>(shot.bytes.data()), kept);
  }
  return out;
}

std::string truth(const Played& played) {
  std::string out =
      "line\tproto\toutcome\tinitiator\tinitiator_port\tresponder\tresponder_port\tinitiator_vlan\tresponder_"
      "vlan\t"
      "passed\tpkts_toserver\tbytes_toserver\tpkts_toclient\tbytes_toclient\tpkts_icmp_error\tframes_"
      "toserver\t"
      "frame_bytes_toserver\tframes_toclient\tframe_bytes_toclient\tframes_icmp_error\tfirst_ns\tlast_ns\n";
  const auto cell = [&out](const std::string& text) { out += text + '\t'; };
  const auto number = [&](std::uint64_t value) { cell(std::to_string(value)); };
  for (const Conversation& talk : played.conversations) {
    cell(std::to_string(talk.line));
    cell(word(talk.kind));
    cell(word(talk.outcome));
    cell(talk.initiator.to_string());
    number(talk.initiator_port);
    cell(talk.responder.to_string());
    number(talk.responder_port);
    number(talk.initiator_vlan);
    number(talk.responder_vlan);
    cell(talk.passed ? "yes" : "no");
    for (const Flowed& flowed : {talk.forth, talk.back}) {
      number(flowed.packets);
      number(flowed.bytes);
    }
    number(talk.errors.packets);
    for (const Flowed& flowed : {talk.forth, talk.back}) {
      number(flowed.frames);
      number(flowed.frame_bytes);
    }
    number(talk.errors.frames);
    cell(std::to_string(talk.first.time_since_epoch().count()));
    out += std::to_string(talk.last.time_since_epoch().count()) + '\n';
  }
  return out;
}

}  // namespace sekimori::traffic

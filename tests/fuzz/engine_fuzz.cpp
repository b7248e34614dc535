// A capture file of any bytes through the whole engine: read, decode, flows, verdicts, incidents. The books
// close.
#include <cstdlib>
#include <memory>

#include "daemon/render.hpp"
#include "daemon/replay.hpp"
#include "tests/daemon/city.hpp"
#include "tests/fuzz/captures.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/kit/capture_octets.hpp"
#include "tests/kit/packet_builder.hpp"

namespace {

struct Nothing final : sekimori::daemon::ReplayOutput {
  void alert(const sekimori::daemon::AlertRecord& record) override {
    if (sekimori::daemon::alert_text(record, {}).empty()) std::abort();
    if (sekimori::daemon::syslog_5424(record, {}, 2048).size() > 2048) std::abort();
  }
  void flow(const sekimori::capture::FlowFacts&, const sekimori::policy::Verdict&,
            const sekimori::capture::Passage&, sekimori::capture::EndReason) override {}
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekimori;
  static const auto policy = test::make_policy();
  const fuzz::MemoryFile file{data, size};
  daemon::ReplayOptions options;
  options.files = {file.path()};
  options.want_flows = true;
  options.read_beside = false;  // a fault is then where its frame was read
  capture::CaptureOptions capture;
  capture.flows.flows_max = 1024;
  capture.fragments = {.datagrams = 64, .held = 32};
  Nothing nothing;
  try {
    const daemon::ReplayResult result = daemon::replay(options, capture, policy, {}, nothing);
    if (!result.books.close()) std::abort();
  } catch (const capture::SourceError&) {  // refused with a clear error: as it should be
  }
  return 0;
}

namespace sekimori::fuzz {

std::vector<std::string> seeds() {
  kit::CaptureOctets seed;
  const auto add = [&](const kit::Octets& frame, std::uint32_t second) {
    seed.add(kit::capture_begin + std::chrono::seconds{second}, frame);
  };
  add(kit::ethernet().vlan(121).ipv4("10.10.21.34", "203.0.113.80").tcp(51000, 443, kit::SYN).bytes(), 0);
  add(kit::ethernet()
          .vlan(121)
          .ipv4("203.0.113.80", "10.10.21.34")
          .tcp(443, 51000, kit::SYN | kit::ACK)
          .bytes(),
      1);
  add(kit::ethernet().ipv6("fd10:10::1", "2001:db8::1").udp(5353, 53).payload(60).bytes(), 2);
  add(kit::ethernet()
          .vlan(121)
          .ipv4("10.10.21.34", "203.0.113.80")
          .tcp(51000, 443, kit::ACK)
          .payload(90)
          .bytes(),
      90);
  std::vector<std::string> result = capture_contents(2048);
  result.insert(result.begin(), seed.octets());
  return result;
}

}  // namespace sekimori::fuzz

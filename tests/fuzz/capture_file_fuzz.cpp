// Any bytes as a capture file: frames that hold to what Frame promises, of any link type, each decoded; then
// an end or a located error; never a fault.
#include <array>
#include <cstdlib>

#include "capture/decode/decode.hpp"
#include "capture/source/source.hpp"
#include "tests/fuzz/captures.hpp"
#include "tests/fuzz/target.hpp"

namespace {

using namespace sekimori;

struct Check final : capture::FrameSink {
  void frame(const capture::Frame& frame) override {
    if (frame.number != ++frames || frame.wire_length < frame.bytes.size()) std::abort();
    if (frame.tap != capture::no_tap) std::abort();
    const capture::Decoder::Result result = decoder.decode(frame, packets);
    if ((result.reason == capture::Reason::none) != (result.count > 0)) std::abort();
    for (std::size_t i = 0; i < result.count; ++i) {
      if (packets[i].carrier != (i + 1 < result.count) || packets[i].number != frame.number) std::abort();
    }
  }
  std::uint64_t frames = 0;
  const capture::Decoder decoder{};
  std::array<capture::Packet, capture::packets_most> packets{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file{data, size};
  try {
    const auto source = capture::open_files({file.path()});
    Check check;
    std::uint64_t handed = 0;
    capture::ReadResult result;
    do {
      result = source->read(64, check);
      handed += result.frames;
      if (result.state == capture::ReadState::idle) std::abort();
    } while (result.state == capture::ReadState::more);
    if (handed != check.frames) std::abort();
    const bool broken = result.state == capture::ReadState::broken;
    if (broken == result.message.empty()) std::abort();
    if (broken == (result.fault == capture::SourceFault::none)) std::abort();
  } catch (const capture::SourceError& error) {
    if (*error.what() == '\0' || error.fault() == capture::SourceFault::none) std::abort();
  }
  return 0;
}

namespace sekimori::fuzz {

std::vector<std::string> seeds() {
  std::vector<std::string> result = capture_contents(8192);
  std::string one("\xd4\xc3\xb2\xa1\x02\x00\x04\x00", 8);
  one += std::string(8, '\0') + std::string("\xff\xff\x00\x00\x01\x00\x00\x00", 8);
  one += std::string(8, '\0') + std::string("\x3c\x00\x00\x00\x3c\x00\x00\x00", 8) + std::string(60, '\x45');
  result.push_back(one);
  return result;
}

}  // namespace sekimori::fuzz

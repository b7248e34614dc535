// Any bytes as a capture file: frames that hold to what Frame promises, of any link type, each decoded; then
// an end or a located error; never a fault. And the same from either reader.
#include <array>
#include <cstdlib>
#include <string>
#include <string_view>

#include "capture/decode/decode.hpp"
#include "capture/source/pcap_files.hpp"
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
    note({reinterpret_cast<const char*>(frame.bytes.data()), frame.bytes.size()});
    note(std::to_string(frame.wire_length) + " " + std::to_string(frame.link) + " " +
         std::to_string(frame.time.time_since_epoch().count()));
  }
  // All that was seen, in one number (FNV-1a).
  void note(std::string_view text) {
    for (const char octet : text) story = (story ^ static_cast<unsigned char>(octet)) * 0x100000001b3ULL;
  }
  std::uint64_t frames = 0;
  std::uint64_t story = 0xcbf29ce484222325ULL;
  const capture::Decoder decoder{};
  std::array<capture::Packet, capture::packets_most> packets{};
};

std::uint64_t read(const std::string& path, capture::FileReader reader) {
  Check check;
  try {
    const auto source = capture::open_files({path}, reader);
    std::uint64_t handed = 0;
    capture::ReadResult result;
    do {
      result = source->read(64, check);
      handed += result.frames;
      check.note(std::to_string(result.frames));
      if (result.state == capture::ReadState::idle) std::abort();
    } while (result.state == capture::ReadState::more);
    if (handed != check.frames) std::abort();
    const bool broken = result.state == capture::ReadState::broken;
    if (broken == result.message.empty()) std::abort();
    if (broken == (result.fault == capture::SourceFault::none)) std::abort();
    check.note(result.message + std::to_string(static_cast<int>(result.fault)));
  } catch (const capture::SourceError& error) {
    if (*error.what() == '\0' || error.fault() == capture::SourceFault::none) std::abort();
    check.note(error.what() + std::to_string(static_cast<int>(error.fault())));
  }
  return check.story;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file{data, size};
  const std::string path = file.path();
  if (read(path, capture::FileReader::quickest) != read(path, capture::FileReader::libpcap)) std::abort();
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

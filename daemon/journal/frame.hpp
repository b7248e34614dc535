// How the journal lies on disk: segments (files), each a header and then frames, one after the other.
//
//   segment   128 octets of header, frames
//   frame     72 octets of header, body
//
// All numbers are little-endian. A frame's CRC-32C covers everything of it but magic and CRC; its hash is
// SHA-256(hash of the frame before, kind .. written, body): the chain. Numbers of frames are 1, 2, 3...
// without a gap; alerts have a sequence number of their own beside it. Damage is found and stepped over by
// the magic.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "capture/time.hpp"
#include "daemon/digest.hpp"
#include "daemon/render/alert_message.hpp"

namespace sekimori::daemon {

inline constexpr std::size_t segment_header_octets = 128;
inline constexpr std::size_t frame_header_octets = 72;
inline constexpr std::size_t frame_body_max = std::size_t{1} << 20U;

enum class FrameKind : std::uint8_t {
  alert = 1,      // an AlertMessage
  signature = 2,  // Ed25519 over the chain up to the frame before
  note = 3        // what happened to the journal itself, as JSON: opened, repaired, removed, lost
};

struct SegmentHeader {
  std::array<std::uint8_t, 16> journal{};  // drawn when the journal was made: which segments belong together
  std::uint64_t first_number = 1;          // of its first frame
  std::uint64_t next_sequence = 1;         // alerts in here have this sequence number or a higher one
  Time created{};                          // by the system's clock
  Sha256 before{};                         // hash of the frame before the first one; zeros for frame 1
  bool operator==(const SegmentHeader&) const = default;
};

struct Frame {
  FrameKind kind = FrameKind::alert;
  std::uint64_t number = 0;
  std::uint64_t sequence = 0;  // of the alert; of other frames the last one's before them
  Time written{};              // by the system's clock
  Sha256 hash{};
  std::string_view body{};  // borrowed
};

std::string encode_header(const SegmentHeader& header);
std::optional<SegmentHeader> decode_header(std::string_view octets);  // none: damaged, or another format
// Begins as a segment does, but of another format than the one that is written here.
bool of_another_format(std::string_view octets);

// The hash that a frame must have after `before`.
Sha256 chain(const Sha256& before, const Frame& frame);
// Fills `frame.hash` and appends the frame to `out`.
void append_frame(Frame& frame, const Sha256& before, std::string& out);

// What a look at octets that should be a frame brought.
enum class FrameLook : std::uint8_t {
  whole,   // CRC is right
  more,    // it would go on behind the end
  damaged  // no frame begins here
};
// `frame.body` points into `octets`. `total`: octets of the whole frame when it is whole, and when it is
// `more` as far as its header says.
FrameLook look_at_frame(std::string_view octets, Frame& frame, std::size_t& total);
// Where in `octets`, at `from` or later, the magic of a frame begins or might begin at the end; npos if
// nowhere.
std::size_t find_magic(std::string_view octets, std::size_t from);

// The body of an alert's frame. Its first octet is the version of this encoding.
std::string encode_alert(const AlertMessage& message);
// The first fields alone, which is much cheaper: all that finding them needs. Borrowed from `body`.
struct AlertGlance {
  policy::Severity severity = policy::Severity::debug;
  Time time{};
  std::string_view kind{};
  std::string_view incident{};
  std::string_view resume{};
};
std::optional<AlertGlance> glance_at_alert(std::string_view body);
// None: of another version or damaged. `sequence` is the frame's.
std::optional<AlertMessage> decode_alert(std::string_view body, std::uint64_t sequence);

}  // namespace sekimori::daemon

#include "daemon/journal/frame.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "daemon/journal/crc32c.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::string_view segment_magic = "SKMJRNL1";  // the last letter counts the formats
constexpr std::string_view frame_magic{"\xf5SKJ", 4};   // an octet that no UTF-8 text holds
constexpr std::size_t header_crc_at = segment_header_octets - 4;
constexpr std::uint8_t alert_version = 1;
// Where things lie in a frame's header.
constexpr std::size_t length_at = 4;
constexpr std::size_t crc_at = 8;
constexpr std::size_t kind_at = 12;
constexpr std::size_t hash_at = 40;

template <class Integer>
void put(std::string& out, Integer value) {
  auto rest = static_cast<std::uint64_t>(value);
  for (std::size_t i = 0; i < sizeof(Integer); ++i, rest >>= 8U) out += static_cast<char>(rest & 255U);
}

std::uint64_t get(std::string_view octets, std::size_t at, std::size_t size) {
  std::uint64_t value = 0;
  for (std::size_t i = size; i > 0; --i) value = value << 8U | static_cast<unsigned char>(octets[at + i - 1]);
  return value;
}

std::string_view octets_of(const Sha256& hash) {
  return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

Time time_of(std::uint64_t nanoseconds) {
  return Time{std::chrono::nanoseconds{static_cast<std::int64_t>(nanoseconds)}};
}

std::uint64_t number_of(Time time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

// kind .. written: what both CRC and hash cover beside the body.
std::string middle_of(const Frame& frame) {
  std::string out;
  put(out, static_cast<std::uint8_t>(frame.kind));
  out.append(3, '\0');
  put(out, frame.number);
  put(out, frame.sequence);
  put(out, number_of(frame.written));
  return out;
}

// ---- an alert's fields, each text with its length in front ----

template <class Length>
void put_text(std::string& out, std::string_view text) {
  const std::string_view kept = text.substr(0, static_cast<std::size_t>(static_cast<Length>(~Length{0})));
  put(out, static_cast<Length>(kept.size()));
  out += kept;
}

class Fields {
 public:
  explicit Fields(std::string_view octets) : octets_(octets) {}

  template <class Integer>
  Integer number() {
    if (!has(sizeof(Integer))) return 0;
    const std::uint64_t value = get(octets_, at_, sizeof(Integer));
    at_ += sizeof(Integer);
    return static_cast<Integer>(value);
  }
  template <class Length>
  std::string_view view() {
    const std::size_t size = number<Length>();
    if (!has(size)) return {};
    at_ += size;
    return octets_.substr(at_ - size, size);
  }
  template <class Length>
  std::string text() {
    return std::string{view<Length>()};
  }
  bool good() const { return good_; }
  bool whole() const { return good_ && at_ == octets_.size(); }

 private:
  bool has(std::size_t octets) {
    good_ = good_ && octets_.size() - at_ >= octets;
    return good_;
  }
  std::string_view octets_;
  std::size_t at_ = 0;
  bool good_ = true;
};

}  // namespace

std::string encode_header(const SegmentHeader& header) {
  std::string out{segment_magic};
  out.append(reinterpret_cast<const char*>(header.journal.data()), header.journal.size());
  put(out, header.first_number);
  put(out, header.next_sequence);
  put(out, number_of(header.created));
  out += octets_of(header.before);
  out.resize(header_crc_at, '\0');
  put(out, crc32c(out));
  return out;
}

bool of_another_format(std::string_view octets) {
  constexpr std::size_t family = segment_magic.size() - 1;
  return octets.size() > family && octets.substr(0, family) == segment_magic.substr(0, family) &&
         octets[family] > segment_magic.back() && octets[family] <= 'z';
}

std::optional<SegmentHeader> decode_header(std::string_view octets) {
  if (octets.size() < segment_header_octets || octets.substr(0, segment_magic.size()) != segment_magic ||
      get(octets, header_crc_at, 4) != crc32c(octets.substr(0, header_crc_at))) {
    return std::nullopt;
  }
  SegmentHeader header;
  std::memcpy(header.journal.data(), octets.data() + 8, header.journal.size());
  header.first_number = get(octets, 24, 8);
  header.next_sequence = get(octets, 32, 8);
  header.created = time_of(get(octets, 40, 8));
  std::memcpy(header.before.data(), octets.data() + 48, header.before.size());
  return header;
}

Sha256 chain(const Sha256& before, const Frame& frame) {
  std::string all{octets_of(before)};
  all += middle_of(frame);
  all += frame.body;
  return sha256(all);
}

void append_frame(Frame& frame, const Sha256& before, std::string& out) {
  assert(frame.body.size() <= frame_body_max);
  frame.hash = chain(before, frame);
  std::string length;
  put(length, static_cast<std::uint32_t>(frame.body.size()));
  std::string rest = middle_of(frame);
  rest += octets_of(frame.hash);
  rest += frame.body;
  out += frame_magic;
  out += length;
  put(out, crc32c(rest, crc32c(length)));
  out += rest;
}

FrameLook look_at_frame(std::string_view octets, Frame& frame, std::size_t& total) {
  total = frame_header_octets;
  const std::size_t shown = std::min(octets.size(), frame_magic.size());
  if (octets.substr(0, shown) != frame_magic.substr(0, shown)) return FrameLook::damaged;
  if (octets.size() < frame_header_octets) return FrameLook::more;
  const std::size_t body = get(octets, length_at, 4);
  if (body > frame_body_max) return FrameLook::damaged;
  total += body;
  if (octets.size() < total) return FrameLook::more;
  const std::uint32_t crc =
      crc32c(octets.substr(kind_at, total - kind_at), crc32c(octets.substr(length_at, 4)));
  if (get(octets, crc_at, 4) != crc) return FrameLook::damaged;
  frame.kind = static_cast<FrameKind>(get(octets, kind_at, 1));
  frame.number = get(octets, 16, 8);
  frame.sequence = get(octets, 24, 8);
  frame.written = time_of(get(octets, 32, 8));
  std::memcpy(frame.hash.data(), octets.data() + hash_at, frame.hash.size());
  frame.body = octets.substr(frame_header_octets, body);
  return FrameLook::whole;
}

std::size_t find_magic(std::string_view octets, std::size_t from) {
  const std::size_t found = octets.find(frame_magic, from);
  if (found != std::string_view::npos) return found;
  for (std::size_t shown = frame_magic.size() - 1; shown > 0; --shown) {
    if (octets.size() < from + shown) continue;
    if (octets.substr(octets.size() - shown) == frame_magic.substr(0, shown)) return octets.size() - shown;
  }
  return std::string_view::npos;
}

std::string encode_alert(const AlertMessage& message) {
  std::string out;
  put(out, alert_version);
  put(out, static_cast<std::uint8_t>(message.severity));
  put(out, number_of(message.time));
  put_text<std::uint8_t>(out, message.message_id);
  put_text<std::uint8_t>(out, message.kind);
  put_text<std::uint8_t>(out, message.incident);
  put_text<std::uint16_t>(out, message.resume);
  const std::size_t parameters = std::min<std::size_t>(message.parameters.size(), 255);
  put(out, static_cast<std::uint8_t>(parameters));
  for (std::size_t i = 0; i < parameters; ++i) {
    const AlertParameter& parameter = message.parameters[i];
    put(out, parameter.rank);
    put_text<std::uint8_t>(out, parameter.name);
    put_text<std::uint16_t>(out, parameter.value);
  }
  // What no alert of ours comes near; a body must stay below frame_body_max whatever comes.
  constexpr std::size_t text_max = frame_body_max / 8;
  constexpr std::size_t eve_max = frame_body_max / 2;
  put_text<std::uint32_t>(out, std::string_view{message.text}.substr(0, text_max));
  put_text<std::uint32_t>(out, message.eve.size() <= eve_max ? std::string_view{message.eve} : "{}");
  if (out.size() > frame_body_max) out.resize(frame_body_max);
  return out;
}

std::optional<AlertGlance> glance_at_alert(std::string_view body) {
  Fields fields{body};
  if (fields.number<std::uint8_t>() != alert_version) return std::nullopt;
  AlertGlance out;
  out.severity = static_cast<policy::Severity>(fields.number<std::uint8_t>() & 7U);
  out.time = time_of(fields.number<std::uint64_t>());
  fields.view<std::uint8_t>();
  out.kind = fields.view<std::uint8_t>();
  out.incident = fields.view<std::uint8_t>();
  out.resume = fields.view<std::uint16_t>();
  if (!fields.good()) return std::nullopt;
  return out;
}

std::optional<AlertMessage> decode_alert(std::string_view body, std::uint64_t sequence) {
  Fields fields{body};
  if (fields.number<std::uint8_t>() != alert_version) return std::nullopt;
  AlertMessage message;
  message.sequence = sequence;
  message.severity = static_cast<policy::Severity>(fields.number<std::uint8_t>() & 7U);
  message.time = time_of(fields.number<std::uint64_t>());
  message.message_id = fields.text<std::uint8_t>();
  message.kind = fields.text<std::uint8_t>();
  message.incident = fields.text<std::uint8_t>();
  message.resume = fields.text<std::uint16_t>();
  const std::size_t parameters = fields.number<std::uint8_t>();
  for (std::size_t i = 0; i < parameters && fields.good(); ++i) {
    AlertParameter parameter;
    parameter.rank = fields.number<std::uint8_t>();
    parameter.name = fields.text<std::uint8_t>();
    parameter.value = fields.text<std::uint16_t>();
    message.parameters.push_back(std::move(parameter));
  }
  message.text = fields.text<std::uint32_t>();
  message.eve = fields.text<std::uint32_t>();
  if (!fields.whole()) return std::nullopt;
  return message;
}

}  // namespace sekimori::daemon

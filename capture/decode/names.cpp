#include "capture/decode/names.hpp"

#include <algorithm>

#include "capture/decode/byte_reader.hpp"
#include "capture/decode/layers.hpp"

namespace sekimori::capture {
namespace {

using Bytes = std::span<const std::byte>;

std::uint8_t octet(Bytes bytes, std::size_t at) {
  return std::to_integer<std::uint8_t>(bytes[at]);
}

// ---- TLS

// A part whose length stands before it in `Length` octets. False: it is not all there.
template <std::size_t Length>
bool take_part(ByteReader& reader, Bytes& part) {
  const auto header = reader.take<Length>();
  if (!header) return false;
  std::size_t length = header.template u8<0>();
  if constexpr (Length == 2) length = header.template be16<0>();
  if (reader.left() < length) return false;
  part = reader.rest().first(length);
  reader.skip(length);
  return true;
}

bool take_name(Bytes text, HostName& name) {
  name.clear();
  for (const std::byte each : text) {
    if (!name.add(std::to_integer<std::uint8_t>(each))) return false;
  }
  return name.settle();
}

// 192.0.2.1 and [2001:db8::1] name nobody. A host name's last label is never all digits (RFC 1123 2.1).
bool is_address(std::string_view name) {
  const std::size_t dot = name.rfind('.');
  const std::string_view last = dot == std::string_view::npos ? name : name.substr(dot + 1);
  return std::all_of(last.begin(), last.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// The server_name extension: a list of typed names, of which type 0 is a host's.
bool read_server_name(Bytes extension, HostName& name) {
  ByteReader reader(extension);
  Bytes list;
  if (!take_part<2>(reader, list)) return false;
  ByteReader entries(list);
  const auto type = entries.take<1>();
  if (!type || type.u8<0>() != 0) return false;
  Bytes host;
  return take_part<2>(entries, host) && take_name(host, name) && !is_address(name.text());
}

// Ends at the end of the payload: whether the rest is in another packet or was never captured is the same.
GreetingResult cut_greeting() {
  return {Greeting::none, true};
}

GreetingResult read_client_hello(Bytes payload, HostName& name) {
  constexpr std::size_t version_and_random = 34;
  constexpr std::uint16_t server_name = 0;
  ByteReader reader(payload);
  const auto record = reader.take<5>();     // handshake, version, length
  const auto handshake = reader.take<4>();  // ClientHello, length
  if (!record || !handshake) return cut_greeting();
  const std::size_t body_length = (std::size_t{handshake.u8<1>()} << 16U) | handshake.be16<2>();
  const bool whole = reader.left() >= body_length && std::size_t{record.be16<3>()} >= body_length + 4;
  reader.limit(std::min<std::size_t>(body_length, record.be16<3>() >= 4 ? record.be16<3>() - 4U : 0U));
  const Bytes body = payload.subspan(9, reader.left());
  ByteReader hello(body);
  if (!hello.take<version_and_random>()) return cut_greeting();
  Bytes part;
  if (!take_part<1>(hello, part) ||  // session id
      !take_part<2>(hello, part) ||  // cipher suites
      !take_part<1>(hello, part)) {  // compression methods
    return cut_greeting();
  }
  const auto extensions = hello.take<2>();
  if (!extensions) return whole ? GreetingResult{Greeting::nameless, false} : cut_greeting();
  hello.limit(extensions.be16<0>());
  while (const auto type = hello.take<2>()) {
    if (!take_part<2>(hello, part)) return cut_greeting();
    if (type.be16<0>() != server_name) continue;
    return {read_server_name(part, name) ? Greeting::named : Greeting::nameless, false};
  }
  return whole ? GreetingResult{Greeting::nameless, false} : cut_greeting();
}

// ---- HTTP

constexpr std::size_t head_max = 4096;  // octets of a request that are searched for its host

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// "host", "host:port"; addresses and anything else are no name.
bool take_authority(std::string_view text, HostName& name) {
  const std::size_t user = text.find('@');
  if (user != std::string_view::npos) text.remove_prefix(user + 1);
  const std::size_t port = text.find(':');
  text = text.substr(0, port);
  name.clear();
  for (const char c : text) {
    if (!name.add(static_cast<std::uint8_t>(c))) return false;
  }
  return name.settle() && !is_address(name.text());
}

bool is_method(std::string_view word) {
  static constexpr std::array<std::string_view, 9> methods{"GET",    "POST",    "HEAD",  "PUT",  "CONNECT",
                                                           "DELETE", "OPTIONS", "PATCH", "TRACE"};
  return std::find(methods.begin(), methods.end(), word) != methods.end();
}

bool same_word(std::string_view a, std::string_view lower) {
  return a.size() == lower.size() && std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) {
           return (x >= 'A' && x <= 'Z' ? static_cast<char>(x - 'A' + 'a') : x) == y;
         });
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

GreetingResult read_request(Bytes payload, HostName& name) {
  const bool searched_whole = payload.size() <= head_max;
  std::string_view text = text_of(payload.first(std::min(payload.size(), head_max)));
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || space > 7 || !is_method(text.substr(0, space))) return {};
  const bool connect = text.substr(0, space) == "CONNECT";
  std::size_t end = text.find('\n');
  std::string_view target = text.substr(space + 1, std::min(end, text.size()) - space - 1);
  target = target.substr(0, target.find(' '));
  constexpr std::string_view scheme = "http://";
  const bool absolute = target.substr(0, scheme.size()) == scheme;
  // The request's own target goes before the header (RFC 9112 section 3.2.2).
  if (end != std::string_view::npos && (connect || absolute)) {
    if (absolute) target.remove_prefix(scheme.size());
    target = target.substr(0, target.find('/'));
    return {take_authority(target, name) ? Greeting::named : Greeting::nameless, false};
  }
  while (end != std::string_view::npos) {
    text.remove_prefix(end + 1);
    end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    if (end == std::string_view::npos) break;
    if (line.empty()) return {Greeting::nameless, false};  // the header is over
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !same_word(line.substr(0, colon), "host")) continue;
    return {take_authority(trimmed(line.substr(colon + 1)), name) ? Greeting::named : Greeting::nameless,
            false};
  }
  return searched_whole ? cut_greeting() : GreetingResult{Greeting::nameless, false};
}

// ---- DNS

constexpr unsigned jumps_max = 16;    // of compression, for one name
constexpr unsigned records_max = 64;  // looked at in one answer
constexpr std::size_t chain_max = 8;  // names on the way from the question to its addresses

// Reads the name at `at` (RFC 1035 section 4.1.4) and steps behind it. Pointers lead backwards only, so that
// none leads round in a circle. False: no name.
bool read_name(Bytes message, std::size_t& at, HostName& name) {
  name.clear();
  bool good = true;
  bool jumped = false;
  unsigned jumps = 0;
  std::size_t here = at;
  std::size_t limit = message.size();
  while (true) {
    if (here >= limit) return false;
    const unsigned length = octet(message, here);
    if (length == 0) {
      if (!jumped) at = here + 1;
      return good && name.settle();
    }
    if ((length & 0xc0U) == 0xc0U) {
      if (here + 1 >= limit || ++jumps > jumps_max) return false;
      const std::size_t target = (length & 0x3fU) << 8U | octet(message, here + 1);
      if (!jumped) at = here + 2;
      jumped = true;
      if (target >= here) return false;
      here = target;
      continue;
    }
    if (length > 63 || here + 1 + length > limit) return false;
    for (std::size_t i = 0; i < length; ++i) {
      const std::uint8_t each = octet(message, here + 1 + i);
      good = good && each != '.' && name.add(each);  // the rest is read for where it ends
    }
    good = good && name.add('.');
    here += 1 + length;
  }
}

struct Record {
  HostName owner{};
  std::uint16_t type = 0;
  std::uint32_t ttl = 0;
  std::size_t data = 0;  // where it begins
  std::size_t length = 0;
};

// An owner that is no host name is no reason to leave the rest unread.
enum class Read : std::uint8_t { good, strange, end };

Read read_record(Bytes message, std::size_t& at, Record& record) {
  const std::size_t before = at;
  const bool named = read_name(message, at, record.owner);
  if (!named && at == before) return Read::end;
  ByteReader reader(message);
  reader.skip(at);
  const auto fixed = reader.take<10>();
  if (!fixed || reader.left() < fixed.be16<8>()) return Read::end;
  record.type = fixed.be16<0>();
  const bool internet = fixed.be16<2>() == 1;
  record.ttl = fixed.be32<4>();
  record.length = fixed.be16<8>();
  record.data = at + 10;
  at = record.data + record.length;
  return named && internet ? Read::good : Read::strange;
}

// The names that lead to the addresses, the asked one first, and how long each may be believed.
struct Chain {
  std::array<HostName, chain_max> names{};
  std::array<std::uint32_t, chain_max> ttls{};
  std::size_t count = 0;
  // Where a name stands in it; chain_max if nowhere.
  std::size_t find(std::string_view name) const {
    for (std::size_t i = 0; i < count; ++i) {
      if (names[i].text() == name) return i;
    }
    return chain_max;
  }
};

void take_address(Bytes message, const Record& record, std::uint32_t ttl, NameAnswer& answer) {
  const bool v6 = record.length == 16;
  if (answer.count == NameAnswer::addresses_max) {
    answer.more = true;
    return;
  }
  IpAddress address;
  address.family = v6 ? Family::ipv6 : Family::ipv4;
  for (std::size_t i = 0; i < record.length; ++i) address.bytes[i] = octet(message, record.data + i);
  answer.addresses[answer.count++] = {address, std::chrono::seconds{ttl}};
}

}  // namespace

bool HostName::add(std::uint8_t octet) {
  const auto c = static_cast<char>(octet >= 'A' && octet <= 'Z' ? octet - 'A' + 'a' : octet);
  const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  if (!fits || length_ == octets_.size()) return false;
  octets_[length_++] = c;
  return true;
}

bool HostName::settle() {
  if (length_ > 0 && octets_[length_ - 1U] == '.') --length_;
  if (length_ == 0 || length_ > octets_max || octets_[0] == '.' || octets_[length_ - 1U] == '.') return false;
  return text().find("..") == std::string_view::npos;
}

Bytes payload_of(const Frame& frame, const Packet& packet) {
  constexpr std::uint16_t ethernet = 1;
  if (frame.link != ethernet || packet.depth != 0 || packet.carrier || packet.fragment) return {};
  ByteReader reader(frame.bytes);
  const auto link = reader.take<14>();
  if (!link) return {};
  std::uint16_t type = link.be16<12>();
  for (unsigned tags = 0; (type == layer::type::vlan || type == layer::type::vlan_service) && tags < 4;
       ++tags) {
    const auto tag = reader.take<4>();
    if (!tag) return {};
    type = tag.be16<2>();
  }
  if (type == layer::type::ipv4) {
    const auto header = reader.take<20>();
    if (!header || header.u8<0>() >> 4U != 4 || header.u8<9>() != packet.tuple.protocol) return {};
    const std::size_t length = (header.u8<0>() & 0xfU) * std::size_t{4};
    if (length < 20 || header.be16<2>() < length) return {};
    reader.limit(std::size_t{header.be16<2>()} - 20);
    reader.skip(length - 20);
  } else if (type == layer::type::ipv6) {
    const auto header = reader.take<40>();
    if (!header || header.u8<6>() != packet.tuple.protocol) return {};
    reader.limit(header.be16<4>());
  } else {
    return {};
  }
  std::size_t above = 8;
  if (packet.tuple.protocol == protocol::tcp) {
    const auto header = reader.peek<20>();
    if (!header) return {};
    above = (header.u8<12>() >> 4U) * std::size_t{4};
    if (above < 20) return {};
  } else if (packet.tuple.protocol != protocol::udp) {
    return {};
  }
  if (reader.left() < above) return {};
  reader.skip(above);
  return reader.rest();
}

GreetingResult read_greeting(Bytes payload, HostName& name) {
  name.clear();
  if (payload.size() < 6) return {};
  constexpr std::uint8_t handshake = 22;
  constexpr std::uint8_t client_hello = 1;
  if (octet(payload, 0) == handshake) {
    if (octet(payload, 1) != 3 || octet(payload, 5) != client_hello) return {};
    return read_client_hello(payload, name);
  }
  const std::uint8_t first = octet(payload, 0);
  return first >= 'C' && first <= 'T' ? read_request(payload, name) : GreetingResult{};
}

bool read_answer(Bytes message, NameAnswer& answer) {
  constexpr std::uint16_t type_a = 1;
  constexpr std::uint16_t type_cname = 5;
  constexpr std::uint16_t type_aaaa = 28;
  answer.count = 0;
  answer.more = false;
  ByteReader reader(message);
  const auto header = reader.take<12>();
  if (!header) return false;
  // A response to a standard query without error, to one question.
  constexpr unsigned query_bits = 0xf80f;
  constexpr unsigned response = 0x8000;
  if ((header.be16<2>() & query_bits) != response || header.be16<4>() != 1) return false;
  const unsigned answers = header.be16<6>();
  std::size_t at = 12;
  if (!read_name(message, at, answer.name) || at + 4 > message.size()) return false;
  at += 4;

  Chain chain;
  chain.names[0] = answer.name;
  chain.ttls[0] = 0x7fffffff;
  chain.count = 1;
  Record record;
  HostName alias;
  for (unsigned i = 0; i < answers; ++i) {
    const Read read = i < records_max ? read_record(message, at, record) : Read::end;
    if (read == Read::end) {
      answer.more = true;
      break;
    }
    if (read == Read::strange) continue;
    const std::size_t owner = chain.find(record.owner.text());
    if (owner == chain_max) continue;  // nobody asked for it
    const std::uint32_t ttl = std::min(chain.ttls[owner], record.ttl & 0x7fffffffU);
    if (record.type == type_cname) {
      std::size_t target = record.data;
      // Its letters may lie anywhere before; it must not go on behind the record.
      const bool good = read_name(message, target, alias) && target <= record.data + record.length;
      if (!good || chain.count == chain_max || chain.find(alias.text()) != chain_max) continue;
      chain.names[chain.count] = alias;
      chain.ttls[chain.count++] = ttl;
    } else if ((record.type == type_a && record.length == 4) ||
               (record.type == type_aaaa && record.length == 16)) {
      take_address(message, record, ttl, answer);
    }
  }
  return answer.count > 0;
}

}  // namespace sekimori::capture

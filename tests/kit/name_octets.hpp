// What hosts say of names: TLS greetings, HTTP requests and DNS answers, octet by octet as the RFCs have
// them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "capture/address.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::kit {

inline void put8(Octets& out, unsigned value) {
  out.push_back(static_cast<std::byte>(value & 0xffU));
}
inline void put16(Octets& out, unsigned value) {
  put8(out, value >> 8U);
  put8(out, value);
}
inline void put(Octets& out, const Octets& more) {
  out.insert(out.end(), more.begin(), more.end());
}
inline void put(Octets& out, std::string_view text) {
  for (const char c : text) out.push_back(static_cast<std::byte>(c));
}

// A TLS 1.3 ClientHello. Without a name: no server_name extension at all. `before`: octets of an extension
// that stands in front of it (0x0a0a, GREASE).
inline Octets client_hello(std::string_view name, std::size_t before = 0) {
  Octets extensions;
  put16(extensions, 0x0a0a);
  put16(extensions, static_cast<unsigned>(before));
  extensions.resize(extensions.size() + before);
  if (!name.empty()) {
    put16(extensions, 0);  // server_name
    put16(extensions, static_cast<unsigned>(name.size() + 5));
    put16(extensions, static_cast<unsigned>(name.size() + 3));
    put8(extensions, 0);
    put16(extensions, static_cast<unsigned>(name.size()));
    put(extensions, name);
  }
  put16(extensions, 43);  // supported_versions: 1.3
  put16(extensions, 3);
  put8(extensions, 2);
  put16(extensions, 0x0304);

  Octets body;
  put16(body, 0x0303);
  body.resize(body.size() + 32, std::byte{7});  // random
  put8(body, 32);
  body.resize(body.size() + 32, std::byte{9});  // session id
  put16(body, 4);
  put16(body, 0x1301);
  put16(body, 0x1302);
  put8(body, 1);
  put8(body, 0);
  put16(body, static_cast<unsigned>(extensions.size()));
  put(body, extensions);

  Octets out;
  put8(out, 22);
  put16(out, 0x0301);
  put16(out, static_cast<unsigned>(body.size() + 4));
  put8(out, 1);
  put8(out, 0);
  put16(out, static_cast<unsigned>(body.size()));
  put(out, body);
  return out;
}

inline Octets http_request(std::string_view host, std::string_view target = "/") {
  Octets out;
  put(out, "GET ");
  put(out, target);
  put(out, " HTTP/1.1\r\nUser-Agent: test\r\nHost: ");
  put(out, host);
  put(out, "\r\nAccept: */*\r\n\r\n");
  return out;
}

inline void put_name(Octets& out, std::string_view name) {
  while (!name.empty()) {
    const std::size_t dot = name.find('.');
    const std::string_view label = name.substr(0, dot);
    put8(out, static_cast<unsigned>(label.size()));
    put(out, label);
    name = dot == std::string_view::npos ? std::string_view{} : name.substr(dot + 1);
  }
  put8(out, 0);
}

struct DnsRecord {
  std::string owner{};  // empty: a pointer to the question
  std::string value{};  // an address, or the target of a CNAME
  unsigned ttl = 300;
};

// The answer to a question for A records.
inline Octets dns_answer(std::string_view question, const std::vector<DnsRecord>& records,
                         unsigned flags = 0x8180) {
  Octets out;
  put16(out, 0x1234);
  put16(out, flags);
  put16(out, 1);
  put16(out, static_cast<unsigned>(records.size()));
  put16(out, 0);
  put16(out, 0);
  put_name(out, question);
  put16(out, 1);
  put16(out, 1);
  for (const DnsRecord& record : records) {
    if (record.owner.empty()) {
      put16(out, 0xc00c);
    } else {
      put_name(out, record.owner);
    }
    const auto address = IpAddress::parse(record.value);
    Octets data;
    unsigned type = 5;
    if (address) {
      const bool v6 = address->family == Family::ipv6;
      type = v6 ? 28 : 1;
      for (std::size_t i = 0; i < (v6 ? 16U : 4U); ++i) put8(data, address->bytes[i]);
    } else {
      put_name(data, record.value);
    }
    put16(out, type);
    put16(out, 1);
    put16(out, record.ttl >> 16U);
    put16(out, record.ttl);
    put16(out, static_cast<unsigned>(data.size()));
    put(out, data);
  }
  return out;
}

}  // namespace sekimori::kit

#include "tools/traffic/link_talk.hpp"

#include <algorithm>
#include <cctype>
#include <string_view>

#include "tools/traffic/octets.hpp"

namespace sekimori::traffic {
namespace {

constexpr std::uint8_t next_icmpv6 = 58;

void put_text(Octets& out, std::string_view text) {
  out.insert(out.end(), text.begin(), text.end());
}
void option(Octets& out, unsigned code, const Octets& value) {
  out.push_back(static_cast<std::uint8_t>(code));
  out.push_back(static_cast<std::uint8_t>(value.size()));
  put(out, value);
}
void option6(Octets& out, unsigned code, const Octets& value) {
  put16(out, code);
  put16(out, value.size());
  put(out, value);
}
Octets octets_of(std::string_view text) {
  return {text.begin(), text.end()};
}

unsigned number4(DhcpMessage message) {
  switch (message) {
    case DhcpMessage::discover:
      return 1;
    case DhcpMessage::offer:
      return 2;
    case DhcpMessage::request:
      return 3;
    case DhcpMessage::ack:
      return 5;
    case DhcpMessage::nak:
      return 6;
  }
  return 0;
}

unsigned number6(DhcpMessage message) {
  switch (message) {
    case DhcpMessage::discover:
      return 1;  // SOLICIT
    case DhcpMessage::offer:
      return 2;  // ADVERTISE
    case DhcpMessage::request:
      return 3;
    case DhcpMessage::ack:
    case DhcpMessage::nak:
      return 7;  // REPLY
  }
  return 0;
}

// DUID-LL (RFC 8415 section 11.4).
Octets duid(const MacAddress& mac) {
  Octets out;
  put16(out, 3);
  put16(out, 1);
  put(out, mac);
  return out;
}

Octets dhcp4(const DhcpBody& body) {
  const bool from_server = !asks_server(body.message);
  Octets out{static_cast<std::uint8_t>(from_server ? 2 : 1), 1, 6, 0};
  put32(out, body.transaction);
  put16(out, 0);
  put16(out, 0x8000);  // answer by broadcast
  put32(out, 0);       // ciaddr
  if (from_server && body.offered) {
    put(out, *body.offered);
  } else {
    put32(out, 0);
  }
  put32(out, 0);  // siaddr
  put32(out, 0);  // giaddr
  put(out, body.client);
  out.resize(236);
  put32(out, 0x63825363U);
  option(out, 53, {static_cast<std::uint8_t>(number4(body.message))});
  Octets identity{1};
  put(identity, body.client);
  if (!from_server) option(out, 61, identity);
  if (!from_server && !body.name.empty()) option(out, 12, octets_of(body.name));
  Octets address;
  if (body.server && body.message != DhcpMessage::discover) {
    put(address, *body.server);
    option(out, 54, address);
  }
  if (body.message == DhcpMessage::request && body.offered) {
    address.clear();
    put(address, *body.offered);
    option(out, 50, address);
  }
  if (body.message == DhcpMessage::offer || body.message == DhcpMessage::ack) {
    option(out, 51, {0, 0, 0x0e, 0x10});       // an hour
    option(out, 1, {0xff, 0xff, 0xff, 0x00});  // /24
    if (body.server) option(out, 3, address);
  }
  out.push_back(0xff);
  if (out.size() < 300) out.resize(300);  // the least that old relays take
  return out;
}

Octets dhcp6(const DhcpBody& body) {
  Octets out;
  put32(out, number6(body.message) << 24U | (body.transaction & 0xffffffU));
  option6(out, 1, duid(body.client));
  if (body.server && body.message != DhcpMessage::discover) {
    MacAddress server{{0x02, 0x0a}};  // its identity need not be the card's
    std::copy(body.server->bytes.end() - 4, body.server->bytes.end(), server.bytes.begin() + 2);
    option6(out, 2, duid(server));
  }
  Octets association;
  put32(association, 1);
  put32(association, 1800);
  put32(association, 2880);
  if (body.offered && body.message != DhcpMessage::discover) {
    Octets address;
    put(address, *body.offered);
    put32(address, 3600);
    put32(address, 7200);
    option6(association, 5, address);
  }
  option6(out, 3, association);
  return out;
}

// RFC 1035 section 3.1, one label after the other.
void put_name(Octets& out, std::string_view name) {
  while (!name.empty()) {
    const std::size_t end = std::min({name.find('.'), name.size(), std::size_t{63}});
    out.push_back(static_cast<std::uint8_t>(end));
    put_text(out, name.substr(0, end));
    name.remove_prefix(std::min(name.size(), end < name.size() && name[end] == '.' ? end + 1 : end));
  }
  out.push_back(0);
}

// RFC 1001 section 14.1: fifteen characters and the kind of service, two letters for each octet.
void put_netbios(Octets& out, std::string_view name) {
  out.push_back(32);
  for (std::size_t i = 0; i < 16; ++i) {
    unsigned value = i == 15 ? 0U : unsigned{' '};
    if (i < 15 && i < name.size()) {
      value = static_cast<unsigned>(std::toupper(static_cast<unsigned char>(name[i])));
    }
    out.push_back(static_cast<std::uint8_t>('A' + (value >> 4U)));
    out.push_back(static_cast<std::uint8_t>('A' + (value & 0xfU)));
  }
  out.push_back(0);
}

void put_header(Octets& out, unsigned identifier, unsigned flags, unsigned questions, unsigned answers,
                unsigned additional) {
  put16(out, identifier);
  put16(out, flags);
  put16(out, questions);
  put16(out, answers);
  put16(out, 0);
  put16(out, additional);
}

void put_record(Octets& out, unsigned type, unsigned lifetime, const Octets& data) {
  put16(out, type);
  put16(out, 1);
  put32(out, lifetime);
  put16(out, data.size());
  put(out, data);
}

// The sender takes its own name for itself.
Octets registration(const IpAddress& sender, const std::string& name, std::uint16_t identifier) {
  Octets out;
  put_header(out, identifier, 0x2910, 1, 0, 1);
  put_netbios(out, name);
  put16(out, 0x20);
  put16(out, 1);
  put16(out, 0xc00c);  // the name again
  Octets data{0, 0};
  put(data, sender);
  put_record(out, 0x20, 300'000, data);
  return out;
}

// RFC 1002 section 4.4.1: a datagram to everybody of the work group.
Octets browser(const IpAddress& sender, const std::string& name, std::uint16_t identifier) {
  Octets names;
  put_netbios(names, name);
  put_netbios(names, "WORKGROUP");
  const Octets content = octets_of("synthetic data by sekimori-traffic. ");
  Octets out{0x11, 0x0a};
  put16(out, identifier);
  put(out, sender);
  put16(out, 138);
  put16(out, names.size() + content.size());
  put16(out, 0);
  put(out, names);
  put(out, content);
  return out;
}

Octets announcement(const IpAddress& sender, const std::string& name) {
  Octets out;
  put_header(out, 0, 0x8400, 0, 1, 0);
  put_name(out, name + ".local");
  Octets data;
  put(data, sender);
  put_record(out, sender.family == Family::ipv6 ? 28 : 1, 120, data);
  return out;
}

Octets question(const std::string& name, std::uint16_t identifier) {
  Octets out;
  put_header(out, identifier, 0, 1, 0, 0);
  put_name(out, name);
  put16(out, 1);
  put16(out, 1);
  return out;
}

Octets notify(const std::string& name) {
  return octets_of(
      "NOTIFY * HTTP/1.1\r\nHOST: 239.255.255.250:1900\r\nCACHE-CONTROL: max-age=1800\r\nNT: "
      "upnp:rootdevice\r\nNTS: ssdp:alive\r\nUSN: uuid:" +
      name + "::upnp:rootdevice\r\nSERVER: synthetic\r\n\r\n");
}

Octets hello(const std::string& name) {
  return octets_of("<?xml version=\"1.0\"?><s:Envelope><s:Body><d:Hello>" + name +
                   "</d:Hello></s:Body></s:Envelope>");
}

}  // namespace

bool asks_server(DhcpMessage message) {
  return message == DhcpMessage::discover || message == DhcpMessage::request;
}

Octets dhcp(const DhcpBody& body, Family family) {
  return family == Family::ipv6 ? dhcp6(body) : dhcp4(body);
}

Octets router_advertisement(const Pair& pair, const MacAddress& sender, const Prefix& prefix) {
  Octets out{134, 0};
  put16(out, 0);
  put16(out, 0x4000);  // hop limit 64
  put16(out, 1800);    // seconds for which it is a router
  put32(out, 0);
  put32(out, 0);
  out.insert(out.end(), {1, 1});
  put(out, sender);
  out.insert(out.end(), {3, 4, prefix.length, 0xc0});  // on the link, for addresses
  put32(out, 86'400);
  put32(out, 14'400);
  put32(out, 0);
  put(out, prefix.address);
  store16(out, 2, folded(sum(out, pseudo_header(pair, next_icmpv6, out.size()))));
  return out;
}

Octets bpdu(const MacAddress& root, const MacAddress& bridge) {
  Octets out{0x42, 0x42, 3, 0, 0, 0, 0, 0};
  put16(out, 0x8000);
  put(out, root);
  put32(out, root == bridge ? 0 : 4);
  put16(out, 0x8000);
  put(out, bridge);
  put16(out, 0x8001);  // port
  put16(out, 0);       // ages and times in seconds / 256
  put16(out, 20 * 256);
  put16(out, 2 * 256);
  put16(out, 15 * 256);
  return out;
}

CallWay call_way(Call call, Family family) {
  const bool v6 = family == Family::ipv6;
  const auto group = [&](const char* ipv4, const char* ipv6) { return *IpAddress::parse(v6 ? ipv6 : ipv4); };
  switch (call) {
    case Call::llmnr:
      return {group("224.0.0.252", "ff02::1:3"), {54321, 5355}, 1};
    case Call::mdns:
      return {group("224.0.0.251", "ff02::fb"), {5353, 5353}, 255};
    case Call::ssdp:
      return {group("239.255.255.250", "ff02::c"), {1900, 1900}, 4};
    case Call::wsd:
      return {group("239.255.255.250", "ff02::c"), {3702, 3702}, 1};
    case Call::nbns:
      return {{}, {137, 137}, 128};
    case Call::netbios:
      return {{}, {138, 138}, 128};
  }
  return {};
}

Octets call(Call call, const IpAddress& sender, const std::string& name, std::uint16_t identifier) {
  switch (call) {
    case Call::llmnr:
      return question(name, identifier);
    case Call::mdns:
      return announcement(sender, name);
    case Call::ssdp:
      return notify(name);
    case Call::wsd:
      return hello(name);
    case Call::nbns:
      return registration(sender, name, identifier);
    case Call::netbios:
      return browser(sender, name, identifier);
  }
  return {};
}

MacAddress group_mac(const IpAddress& group) {
  if (group.family == Family::ipv6) {
    MacAddress mac{{0x33, 0x33}};
    std::copy(group.bytes.end() - 4, group.bytes.end(), mac.bytes.begin() + 2);
    return mac;
  }
  if (!group.is_multicast()) return {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
  return {
      {0x01, 0x00, 0x5e, static_cast<std::uint8_t>(group.bytes[1] & 0x7fU), group.bytes[2], group.bytes[3]}};
}

}  // namespace sekimori::traffic

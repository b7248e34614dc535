// What stays on a wire or gives it its addresses: DHCP, router advertisements, bridges, and the names and
// services that machines call out to everybody near them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tools/traffic/frames.hpp"
#include "tools/traffic/story.hpp"

namespace sekimori::traffic {

struct DhcpBody {
  DhcpMessage message = DhcpMessage::discover;
  std::uint32_t transaction = 0;
  MacAddress client{};
  std::optional<IpAddress> offered{};  // the address that is given or asked for
  std::optional<IpAddress> server{};
  std::string name{};  // of the client; empty: it tells none
};
// The payload of a datagram from port 68 to 67 or back (RFC 2131, 2132); by its family from port 546 to 547
// or back (RFC 8415).
Octets dhcp(const DhcpBody& body, Family family);

// ICMPv6 (RFC 4861 section 4.2) with one prefix and the sender's link-layer address.
Octets router_advertisement(const Pair& pair, const MacAddress& sender, const Prefix& prefix);

// A configuration BPDU behind its LLC header (IEEE 802.1D clause 9.3.1).
Octets bpdu(const MacAddress& root, const MacAddress& bridge);

// Where a call goes unless the event says otherwise, and from which port.
struct CallWay {
  IpAddress group{};  // broadcasts: none, the sender's network decides
  UdpPorts ports{};
  std::uint8_t ttl = 1;
};
CallWay call_way(Call call, Family family);
// The payload of a call: a query or an announcement of `name`.
Octets call(Call call, const IpAddress& sender, const std::string& name, std::uint16_t identifier);

// The MAC address of a group or a broadcast (RFC 1112, 2464).
MacAddress group_mac(const IpAddress& group);

}  // namespace sekimori::traffic

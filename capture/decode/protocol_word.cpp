#include "capture/decode/protocol_word.hpp"

#include "capture/decode/packet.hpp"

namespace sekimori::capture {

std::string protocol_word(std::uint8_t number) {
  switch (number) {
    case protocol::tcp:
      return "tcp";
    case protocol::udp:
      return "udp";
    case protocol::icmp:
      return "icmp";
    case protocol::icmpv6:
      return "icmpv6";
    case protocol::sctp:
      return "sctp";
    default:
      return std::to_string(number);
  }
}

}  // namespace sekimori::capture

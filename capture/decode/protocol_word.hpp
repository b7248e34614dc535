// IP protocols as people write them.
#pragma once

#include <cstdint>
#include <string>

namespace sekimori::capture {

// "tcp", "udp", "icmp", "icmpv6", "sctp"; any other by its number, "47". Any thread.
std::string protocol_word(std::uint8_t number);

}  // namespace sekimori::capture

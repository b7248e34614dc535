// Protocol and port as people write them.
#pragma once

#include <string>
#include <string_view>

#include "capture/flow/flow.hpp"
#include "policy/text/text.hpp"

namespace sekimori::tool {

// "tcp/443", "TCP/443", "443/tcp", "tcp:443", "https", "icmp", "47". Sets protocol, responder's
// port and, for ICMP, the type of an echo request of the family of `facts.tuple.source`. Throws UsageError.
void read_service(std::string_view value, capture::FlowFacts& facts, Language language);

}  // namespace sekimori::tool

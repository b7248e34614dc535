// What alerts say of each finding besides its facts. Inside of daemon/render only.
#pragma once

#include <array>
#include <cstddef>

#include "daemon/render/words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {

// Headline and advice of each finding, in the order of Finding; count_: none of its own.
struct Phrases {
  Text head;
  Text ask;
};
inline constexpr std::array<Phrases, static_cast<std::size_t>(Finding::count_)> phrases{{
    {Text::alert_head_forbidden, Text::count_},
    {Text::alert_head_exception_missing, Text::alert_ask_exception_missing},
    {Text::alert_head_exception_expired, Text::alert_ask_exception_expired},
    {Text::alert_head_sanitiser_bypass, Text::alert_ask_sanitiser_bypass},
    {Text::alert_head_egress_bypass, Text::alert_ask_egress_bypass},
    {Text::alert_head_pair_absent, Text::alert_ask_pair_absent},
    {Text::alert_head_exception_used, Text::count_},
    {Text::alert_head_permitted, Text::count_},
    {Text::alert_head_tunnel, Text::alert_ask_tunnel},
    {Text::alert_head_side_channel, Text::alert_ask_side_channel},
    {Text::alert_head_dns_leak, Text::alert_ask_dns_leak},
    {Text::alert_head_update_direct, Text::alert_ask_update_direct},
    {Text::alert_head_remote, Text::alert_ask_remote},
    {Text::alert_head_tunnel_product, Text::alert_ask_tunnel_product},
    {Text::alert_head_mail, Text::alert_ask_mail},
    {Text::alert_head_management, Text::alert_ask_management},
    {Text::alert_head_screen_reversed, Text::alert_ask_screen_reversed},
}};

}  // namespace sekimori::daemon

// Segments that another profile numbers otherwise, or has no more: what was told of them is told to its end.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "policy/policy.hpp"

namespace sekimori::daemon {

// Do both number the same segments alike?
bool same_segments(const policy::Policy& a, const policy::Policy& b);
// Of the pair's segments, those that the policy has not: "lgwan, lgwan-net"; empty: none.
std::string missing_of(const policy::Policy& policy, std::string_view from, std::string_view to);

// A model of these two segments and nothing else, under the policy's generation and digest: in it the line is
// written that ends what was told of a segment which the policy has no more.
std::shared_ptr<const policy::Policy> model_of(std::string_view from, std::string_view to,
                                               const policy::Policy& policy);

}  // namespace sekimori::daemon

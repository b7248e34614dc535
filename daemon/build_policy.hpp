// From options to a compiled policy, with the digest of everything that it was made from.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "capture/options.hpp"
#include "policy/policy.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {

// `sources`: path and content of every text in the order of reading. The digest is SHA-256 over each path, a
// zero octet, its content and a zero octet. Throws policy::PolicyError.
std::shared_ptr<const policy::Policy> build_policy(
    policy::PolicyOptions options, const std::vector<std::string>& tap_names,
    const std::vector<std::pair<std::string, std::string>>& sources, std::uint32_t generation,
    Language language);

// What the configuration reader cannot know: taps whose filter libpcap does not compile. Located as
// `FILE: capture.taps[0].filter: ...`.
std::vector<std::string> filter_mistakes(const capture::CaptureOptions& options, const std::string& file,
                                         Language language);

}  // namespace sekimori::daemon

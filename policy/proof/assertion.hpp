// Proves what a city asserts about its own policy ("mynumber never reaches external"): over all
// conversations, not over samples.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/proof/reach.hpp"

namespace sekimori::policy {

// An assertion that does not hold, with one conversation that shows it.
struct Broken {
  enum class Why : std::uint8_t {
    permitted,  // never, only_by: the policy permits `example`
    named,      // never, only_by: it permits `example` where the responder has one of the service's names
    forbidden,  // permitted: the policy forbids it
    nobody,     // `from` or `to` holds no address: it would hold for the wrong reason
    unknown     // too many pieces to prove it: refused as well
  };
  std::uint32_t assertion = 0;  // into PolicyOptions::assertions
  Why why = Why::permitted;
  Conversation example{};
  SegmentId from = 0;  // of the example
  SegmentId to = 0;
  CellRule rule{};
  Basis basis = Basis::cell;  // permitted: by this
  std::uint32_t index = 0;
};

// Of the policy as it is in force. `policy.options.assertions` name segments of the profile.
std::vector<Broken> broken_assertions(const CompiledPolicy& policy);

// The same in words, each at the assertion's place: those that refuse the policy, and those that say nothing.
struct AssertionReport {
  std::vector<PolicyError::Item> mistakes{};
  std::vector<PolicyError::Item> warnings{};
};
AssertionReport hold_assertions(const CompiledPolicy& policy, Language language);

}  // namespace sekimori::policy

// Proof that the warnings come (document 000, 6(7)キ: the measure is confirmed regularly): made-up packets by
// the city's own addresses and thresholds through the same engine, without a network and without a file. Each
// warning is tried twice: just below its threshold it has to stay silent, at it it has to come once.
//
//   for (const SelfTestResult& result : self_test(policy, alerts, {SelfTestKind::bulk}, now)) ...
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/messages.hpp"
#include "daemon/options.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

enum class SelfTestKind : std::uint8_t { bulk, scan, service };

struct SelfTestResult {
  enum class Outcome : std::uint8_t {
    works,   // silent below, told at the threshold
    silent,  // did not come
    early,   // came below the threshold
    no_way,  // the policy permits nobody there, or there is no address to try it with
    not_set  // nothing of this kind is configured
  };
  SelfTestKind kind = SelfTestKind::bulk;
  std::string what{};  // id of the system or transfer, or the shape: "sweep"
  Outcome outcome = Outcome::not_set;
  std::uint64_t packets = 0;           // that were made for it
  std::vector<AlertRecord> records{};  // what came out at the threshold
};
std::string_view self_test_kind_word(SelfTestKind kind);                   // "bulk"
std::string_view self_test_outcome_word(SelfTestResult::Outcome outcome);  // "works"

// `now`: the packet time that the stories begin with. At least one result for each kind.
std::vector<SelfTestResult> self_test(const std::shared_ptr<const policy::Policy>& policy,
                                      const AlertOptions& alerts, const std::vector<SelfTestKind>& kinds,
                                      Time now);

}  // namespace sekimori::daemon

// What an experienced eye finds in a valid policy: entries that do nothing, or nothing new, or too much;
// terms that are over or nearly so; places that nobody watches. Each is rated, says where it is written and
// cites the reasons of the model that it touches.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/proof/reach.hpp"
#include "policy/proof/words.hpp"

namespace sekimori::policy {

struct Remark {
  enum class Level : std::uint8_t {
    error,    // valid, and yet against the model: it must not stay
    warning,  // somebody should change it
    note      // worth knowing
  };
  Level level = Level::warning;
  std::string_view rule{};  // "exception-expired": stable, for machines
  Place place{};
  std::string message{};
  std::vector<std::string> clauses{};  // ids, those of the cells concerned
};
std::string_view level_name(Remark::Level level);  // "error", "warning", "note"

struct CheckOptions {
  Time now{};
  Manner manner{};
  std::uint32_t ending_days = 30;        // 期限間近
  std::uint32_t term_days = 366;         // longer exceptions are told
  std::uint8_t widest_ipv4 = 24;         // prefix lengths in exceptions and of hosts; shorter ones are wide
  std::uint8_t widest_ipv6 = 64;         // likewise
  std::uint32_t ports_max = 1024;        // more in one range are many
  std::string_view guarded{"mynumber"};  // the segment where every width is an error
};

// In the order of their places, then by rule.
std::vector<Remark> check(const CompiledPolicy& policy, const CheckOptions& options);

}  // namespace sekimori::policy

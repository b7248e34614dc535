// 大量ダウンロード警告: octets from a named system to one client (or from a segment over a permitted way)
// above what the body has set for a window of time (document 000, 6(7)キ).
//
// Long conversations count as they go. A window is counted in twelfths, so that it is never longer than
// asked and at most a twelfth shorter. Of a conversation that neither closes nor goes on, up to
// FlowStep::metered_bytes may be missing. One thread, bounded memory.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

#include "daemon/alert/notice.hpp"
#include "daemon/behaviour/bounded.hpp"
#include "daemon/flow_step.hpp"
#include "policy/week.hpp"

namespace sekimori::daemon {

class BulkWatch {
 public:
  struct Counters {
    std::uint64_t accounts = 0;            // system and client, now
    std::uint64_t accounts_displaced = 0;  // the stalest made room: its sum began anew
    std::uint64_t flows_unfollowed = 0;    // known again after they had made room: octets between are missing
    std::uint64_t warnings = 0;
  };

  // `hash`: the one by which a step's hashes are made.
  BulkWatch(const policy::Policy& policy, const KeyedHash& hash);

  // This step comes soon: its memory is asked for, in two strides.
  void expect(const FlowStep& step, const StepHashes& hashes) const {
    if (step.metered) flows_.expect(hashes.flow);
  }
  void fetch(const FlowStep& step, const StepHashes& hashes) const {
    if (step.metered) flows_.fetch(hashes.flow);
  }
  void step(const FlowStep& step, const StepHashes& hashes, const policy::Policy& policy,
            std::vector<Notice>& found) {
    if (step.metered && !rules_.empty()) count(step, hashes, policy, found);
  }
  // Sums of what is declared as before are kept.
  void replaced(const policy::Policy& policy);
  Counters counters() const;

 private:
  static constexpr std::int64_t parts = 12;  // of a window

  struct Rule {
    std::string id{};
    std::string name{};
    std::string section{};
    policy::Importance importance = policy::Importance::none;
    policy::BulkOptions bulk{};
    policy::Week office{};
    bool transfer = false;
    DomainSet domains = in_main;
  };
  struct Account {
    std::array<std::uint64_t, parts> octets{};
    std::int64_t newest = 0;  // part of a window, counted from 1970
    bool begun = false;
    bool told = false;
    std::uint64_t since_told = 0;
  };
  struct Metered {
    static constexpr std::uint64_t unknown = ~std::uint64_t{0};
    std::uint64_t to_server = unknown;
    std::uint64_t to_client = 0;
  };
  struct Way {  // where a step's octets count
    std::uint32_t rule = 0;
    IpAddress client{};
    IpAddress other{};
    std::uint64_t octets = 0;
  };
  struct Reached {  // a threshold
    const Rule& rule;
    const Way& way;
    std::uint64_t sum;
    std::uint64_t threshold;
    bool office;
    Time time;
  };

  static std::vector<Rule> rules_of(const policy::PolicyOptions& options);
  static std::uint64_t add(Account& account, const Rule& rule, Time time, std::uint64_t octets);
  void count(const FlowStep& step, const StepHashes& hashes, const policy::Policy& policy,
             std::vector<Notice>& found);
  void account(const Way& way, const FlowStep& step, const policy::Policy& policy,
               std::vector<Notice>& found);
  void tell(const Reached& reached, const policy::Policy& policy, std::vector<Notice>& found);

  std::vector<Rule> rules_;
  std::vector<int> system_rules_{};  // by system: index into rules_, or -1
  std::vector<std::vector<std::uint32_t>> pair_rules_{};
  Bounded<std::pair<std::uint32_t, IpAddress>, Account> accounts_;
  Bounded<std::uint64_t, Metered> flows_;
  std::uint64_t flows_unfollowed_ = 0;
  std::uint64_t warnings_ = 0;
};

// "1.5 GiB": for people.
std::string octets_text(std::uint64_t octets);
// "10 minutes" as "10分" / "10 min".
policy::Localized span_text(std::chrono::seconds span);

}  // namespace sekimori::daemon

// Looks for alerts and incidents in a journal's files, without a daemon, reading no more of them than it
// must: from the newest segment back, and none that was full before the wanted time began.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/journal/frame.hpp"

namespace sekimori::tool {

struct Wanted {
  std::uint64_t after = 0;  // sequence
  std::optional<Time> since{};
  std::optional<Time> until{};  // before it
  std::optional<std::string> incident{};
  std::optional<std::string> from{};
  std::optional<std::string> to{};
  std::optional<std::string> source{};
  std::optional<std::string> finding{};
  int severity = 7;  // this one or a graver one
  std::uint64_t limit = 100;

  bool takes(const daemon::AlertMessage& alert) const;
  // What can be said without reading the whole alert: false is certain.
  bool may_take(const daemon::AlertGlance& glance, std::uint64_t sequence) const;
  // Whether may_take() says all.
  bool glance_is_enough() const { return !from && !to && !source && !finding; }
};

// Of an alert; empty if it has no such parameter.
std::string_view parameter(const daemon::AlertMessage& alert, std::string_view name);

struct FoundAlerts {
  std::deque<daemon::AlertMessage> alerts{};  // the newest, at most `limit`, in their order
  std::uint64_t matched = 0;                  // in what was read: no less than alerts.size()
  bool complete = true;                       // these are all that there are
  std::uint64_t segments_read = 0;
};
// Both throw daemon::JournalError where `folder` cannot be read. A record is taken to be no younger than the
// file behind its own, give or take an hour: for that long a clock may have been wrong.
FoundAlerts find_alerts(const std::string& folder, const Wanted& wanted);

struct FoundIncident {
  std::string id{};
  Time first{};
  Time last{};
  int severity = 7;
  bool closed = false;
  std::uint64_t lines = 0;
  daemon::AlertMessage newest{};
};
// Those of which a line is wanted, all of their lines counted; in the order of their last ones, the newest
// `limit`.
std::vector<FoundIncident> find_incidents(const std::string& folder, const Wanted& wanted);

// Neither a segment nor a head: no journal ever was here.
bool is_journal(const std::string& folder);

}  // namespace sekimori::tool

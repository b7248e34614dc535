// The newest alert records in memory, as EVE JSON, for `sekimori alerts`.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "daemon/options.hpp"
#include "daemon/render/alert_message.hpp"

namespace sekimori::daemon {

class AlertLog {
 public:
  explicit AlertLog(const AlertOptions& options);
  void add(const AlertMessage& message);

  // Records after `since` (0 = all kept), of `incident` unless it is empty, newest last, at most `limit`.
  // Cut by the limit, a question with `since` gets the oldest first, so that who follows misses none; one
  // without gets the newest. The answer: {"alerts": [...], "matched": n, "kept": n, "first": sequence,
  // "last": sequence, "complete": false when the limit cut it or when records after `since` are no longer
  // kept}.
  boost::json::object query(std::uint64_t since, std::string_view incident, std::uint32_t limit) const;

  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::uint64_t sequence;
    std::string incident;
    std::string line;
  };
  AlertOptions options_;
  std::deque<Entry> entries_;
};

}  // namespace sekimori::daemon

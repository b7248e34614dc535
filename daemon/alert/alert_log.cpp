#include "daemon/alert/alert_log.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <vector>

namespace sekimori::daemon {

AlertLog::AlertLog(const AlertOptions& options) : options_(options) {}

void AlertLog::add(const AlertMessage& message) {
  // As text: a fifth of the memory of a parsed object.
  entries_.push_back({message.sequence, message.incident, message.eve});
  while (entries_.size() > options_.alerts_kept) entries_.pop_front();
}

boost::json::object AlertLog::query(std::uint64_t since, std::string_view incident,
                                    std::uint32_t limit) const {
  std::vector<const Entry*> matched;
  auto entry = std::upper_bound(entries_.begin(), entries_.end(), since,
                                [](std::uint64_t sequence, const Entry& e) { return sequence < e.sequence; });
  for (; entry != entries_.end(); ++entry) {
    if (incident.empty() || entry->incident == incident) matched.push_back(&*entry);
  }
  const std::size_t count = std::min<std::size_t>(limit, matched.size());
  const std::size_t first = since == 0 ? matched.size() - count : 0;
  boost::json::array alerts;
  for (std::size_t i = first; i < first + count; ++i) alerts.push_back(boost::json::parse(matched[i]->line));
  const bool forgotten = !entries_.empty() && entries_.front().sequence > since + 1;
  boost::json::object out;
  out["alerts"] = std::move(alerts);
  out["matched"] = matched.size();
  out["kept"] = entries_.size();
  out["first"] = entries_.empty() ? 0 : entries_.front().sequence;
  out["last"] = entries_.empty() ? 0 : entries_.back().sequence;
  out["complete"] = count == matched.size() && !forgotten;
  return out;
}

}  // namespace sekimori::daemon

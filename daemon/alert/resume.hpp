// What an incident needs to go on after a restart, as the journal keeps it with each of its lines: who,
// across which boundary, since when, how much so far. Numbers and addresses alone; the verdict is asked for
// anew.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/messages.hpp"

namespace sekimori::daemon {

struct Resumption {
  AlertKind kind = AlertKind::opened;
  Time opened{};
  FlowEvent event{};  // the latest; without a verdict
  policy::PairId pair = 0;
  capture::Stage stage_highest = capture::Stage::attempt;
  policy::Severity severity = policy::Severity::warning;
  std::uint64_t events = 0;
  std::uint64_t flows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t responders = 0;
  std::uint64_t services = 0;
  capture::Passage passage{};
  std::vector<capture::Tuple> told{};  // whose lines went out: these are no news
};

// Empty for a line that closes its incident.
std::string resume_of(const AlertRecord& record);
// None: nothing that could be resumed.
std::optional<Resumption> read_resume(std::string_view text);

// The lines of one journal, oldest first, in; what was open at their end out.
class Reopening {
 public:
  // `incident`, `kind`: of AlertMessage.
  void line(std::string_view incident, std::string_view kind, std::string_view resume);
  std::vector<Resumption> open() const;

 private:
  static constexpr std::size_t lines_max = 80;  // of one incident; then the last one is replaced
  std::map<std::string, std::vector<std::string>, std::less<>> open_{};
};

}  // namespace sekimori::daemon

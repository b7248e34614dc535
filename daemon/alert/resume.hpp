// What a story needs to go on after a restart, as the journal keeps it with each of its lines. Of an
// incident: who, across which boundary, since when, how much so far; numbers and addresses alone, the verdict
// is asked for anew. Of a notice: the newest notice itself, since when, how often.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/alert/notice.hpp"
#include "daemon/messages.hpp"

namespace sekimori::daemon {

struct Resumption {
  std::string incident{};  // its id as told; empty: that which its numbers give
  AlertKind kind = AlertKind::opened;
  Time opened{};
  FlowEvent event{};     // the latest; without a verdict
  std::string domain{};  // name of the addresses' own; empty: main
  // Ids of the segments: another profile numbers them otherwise.
  std::string from{};
  std::string to{};
  capture::Stage stage_highest = capture::Stage::attempt;
  policy::Severity severity = policy::Severity::warning;
  std::uint64_t events = 0;
  std::uint64_t flows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t responders = 0;
  std::uint64_t services = 0;
  capture::Passage passage{};
  std::uint8_t pause = 0;
  std::vector<capture::Tuple> told{};  // whose lines went out: these are no news
};

struct NoticeResumption {
  Notice latest{};
  policy::Severity gravest = policy::Severity::warning;
  Time opened{};
  Time last_line{};
  std::uint64_t events = 0;
  std::uint8_t pause = 0;
};

// A notice that was told and is over: what is told once a day is not told again because of a restart.
struct NoticeTold {
  NoticeKind kind = NoticeKind::gap;
  std::string subject{};
  Time time{};
};

// Oldest first.
struct Reopened {
  std::vector<Resumption> incidents{};
  std::vector<NoticeResumption> notices{};
  std::vector<NoticeTold> told{};                 // the open ones' as well
  std::optional<std::chrono::sys_days> digest{};  // the newest day of which there is one
};

// Empty for a line that closes its story.
std::string resume_of(const AlertRecord& record);
// None: nothing that could be resumed, or a story of the other kind.
std::optional<Resumption> read_resume(std::string_view text);
std::optional<NoticeResumption> read_notice_resume(std::string_view text);

// The lines of one journal, oldest first, in; what was open at their end out.
class Reopening {
 public:
  // `incident`, `kind`: of AlertMessage.
  void line(std::string_view incident, std::string_view kind, std::string_view resume);
  Reopened open() const;

 private:
  static constexpr std::size_t lines_max = 80;   // of one incident; then the last one is replaced
  static constexpr std::size_t told_max = 4096;  // of notices; then the oldest is forgotten
  void told(std::string_view resume);

  std::map<std::string, std::vector<std::string>, std::less<>> open_{};
  std::map<std::pair<NoticeKind, std::string>, Time> told_{};
};

}  // namespace sekimori::daemon

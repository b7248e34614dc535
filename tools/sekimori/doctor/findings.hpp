// What the doctor finds: one line for each thing that it looked at, in the order in which it looked.
#pragma once

#include <boost/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/arguments.hpp"

namespace sekimori::tool::doctor {

enum class Level : unsigned char { ok, look, bad };

struct Finding {
  Level level = Level::ok;
  std::string
      topic{};  // for programs: "config daemon control tap memory processors clock disk destination file"
  std::string subject{};  // which one: "t1", "/var/log/sekimori/eve.json"
  std::string seen{};
  std::string advice{};  // empty where nothing is to be done
};

class Findings {
 public:
  explicit Findings(Language language) : language_(language) {}

  void ok(const char* topic, std::string subject, Text seen, const std::vector<TextArgument>& words) {
    rows_.push_back({Level::ok, topic, std::move(subject), say(seen, language_, words), {}});
  }
  // `advice` has the same words.
  void tell(Level level, const char* topic, std::string subject, Text seen, Text advice,
            const std::vector<TextArgument>& words) {
    rows_.push_back(
        {level, topic, std::move(subject), say(seen, language_, words), say(advice, language_, words)});
  }
  void add(Finding finding) { rows_.push_back(std::move(finding)); }

  const std::vector<Finding>& rows() const { return rows_; }
  Language language() const { return language_; }
  Level worst() const;

 private:
  Language language_;
  std::vector<Finding> rows_{};
};

// taps.cpp: the interfaces that are to listen.
void look_at_taps(const config::Config& config, Findings& findings);
// machine.cpp: memory, processors, clock.
void look_at_machine(const config::Config& config, Findings& findings);
// outlets.cpp: disks, files, destinations. `status`: the running daemon's answer, where there is one: it
// knows better than an attempt what it reaches.
void look_at_outlets(const config::Config& config, const std::optional<boost::json::object>& status,
                     Findings& findings);
void look_at_files(const config::Config& config, Findings& findings);
// control.cpp: the socket that questions come by. `daemon_answers`: then it is where it should be.
void look_at_control(const std::string& path, const std::string& group, bool daemon_answers,
                     Findings& findings);

// ---- pure parts, for tests ----

// "MemAvailable" of /proc/meminfo in octets; 0 if it is not there.
std::uint64_t meminfo_figure(const std::string& meminfo, const std::string& name);
// What the configuration will have taken when all is in use: flow table and kernel rings.
std::uint64_t memory_needed(const capture::CaptureOptions& capture);
// Of that the kernel rings: one for each worker and tap.
std::uint64_t rings_needed(const capture::CaptureOptions& capture);
// Frames that the kernel dropped before any socket saw them, of all processors: /proc/net/softnet_stat.
std::uint64_t backlog_dropped(const std::string& softnet_stat);

}  // namespace sekimori::tool::doctor

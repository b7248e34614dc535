// Writes small files on a thread of its own: a disk may let a write wait for seconds, and main has a clock to
// keep and a watchdog to answer.
//
//   Scribe scribe;
//   scribe.ask("day", [path, content] { std::string why; save_kept(path, content, why); return why; });
//   scribe.trouble("day");                      // what went wrong with the last one that was done
//   scribe.settle();                            // until nothing waits: at the end
//
// Of one name at most one job waits, the newest: memory is bounded by the number of names. ask(), trouble(),
// settle(): one thread. Jobs run one after the other, and must not throw.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

namespace sekimori::daemon {

class Scribe {
 public:
  // Says what went wrong, in the system's words; empty: nothing.
  using Job = std::function<std::string()>;

  Scribe();
  ~Scribe();  // does what waits
  Scribe(const Scribe&) = delete;
  Scribe& operator=(const Scribe&) = delete;

  // Takes the place of a job of that name that has not begun.
  void ask(const std::string& name, Job job);
  // Of the last job of that name that was done; empty: it went well, or there was none.
  std::string trouble(const std::string& name) const;
  // Until all that was asked for is done.
  void settle();

 private:
  void run();

  mutable std::mutex mutex_{};
  std::condition_variable wake_{};
  std::condition_variable done_{};
  std::map<std::string, Job> waiting_{};
  std::map<std::string, std::string> troubles_{};
  bool busy_ = false;
  bool stopping_ = false;
  std::thread thread_{};  // last: it uses the others
};

}  // namespace sekimori::daemon

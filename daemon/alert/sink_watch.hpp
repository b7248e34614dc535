// Tells the daemon's own log, once each, when a destination is no longer reached, is reached again, or works
// and needs somebody's care.
#pragma once

#include <string>
#include <vector>

#include "daemon/alert/sinks.hpp"
#include "policy/text/language.hpp"

namespace sekimori::daemon {

class SinkWatch {
 public:
  // Once a second, always with the same sinks.
  void look(const Sinks& sinks, Language language);

 private:
  struct State {
    bool down = false;
    std::string warning{};
  };
  static void look_at(const Sink& sink, State& state, Language language);

  std::vector<State> states_{};
};

}  // namespace sekimori::daemon

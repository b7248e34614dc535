// Tells the daemon's own log, once each, when a destination is no longer reached, is reached again, or works
// and needs somebody's care.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "daemon/alert/sinks.hpp"
#include "policy/text/language.hpp"

namespace sekimori::daemon {

class SinkWatch {
 public:
  // How many alerts wait for the destination at that place in Sinks::all().
  using Waiting = std::function<std::uint64_t(std::size_t sink)>;
  // Once a second, always with the same sinks.
  void look(const Sinks& sinks, Language language, const Waiting& waiting);

 private:
  struct State {
    bool down = false;
    std::string warning{};
  };
  static void look_at(const Sink& sink, State& state, Language language, std::uint64_t waiting);

  std::vector<State> states_{};
};

}  // namespace sekimori::daemon

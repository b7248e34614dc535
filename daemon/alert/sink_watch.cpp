#include "daemon/alert/sink_watch.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "policy/text/text.hpp"

namespace sekimori::daemon {

void SinkWatch::look(const Sinks& sinks, Language language, const Waiting& waiting) {
  states_.resize(sinks.all().size());
  for (std::size_t i = 0; i < states_.size(); ++i) {
    look_at(*sinks.all()[i], states_[i], language, waiting(i));
  }
}

void SinkWatch::look_at(const Sink& sink, State& state, Language language, std::uint64_t waiting) {
  const std::string& name = sink.options().name;
  if (std::string warning = sink.warning(); warning != state.warning) {
    if (warning.empty()) {
      spdlog::info(say(Text::daemon_destination_calm, language, {{"name", name}}));
    } else {
      spdlog::warn(say(Text::daemon_destination_warning, language, {{"name", name}, {"why", warning}}));
    }
    state.warning = std::move(warning);
  }
  const std::string why = sink.trouble();
  if (why.empty() != state.down) return;
  state.down = !why.empty();
  const SinkCounters counters = sink.counters();
  const std::string dropped = std::to_string(counters.dropped);
  if (why.empty()) {
    spdlog::warn(say(Text::daemon_destination_up, language, {{"name", name}, {"dropped", dropped}}));
  } else {
    spdlog::error(
        say(Text::daemon_destination_down, language,
            {{"name", name}, {"why", why}, {"queued", std::to_string(waiting)}, {"dropped", dropped}}));
  }
}

}  // namespace sekimori::daemon

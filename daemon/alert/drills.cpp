#include "daemon/alert/drills.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <utility>
#include <vector>

#include "daemon/render.hpp"
#include "daemon/render/words.hpp"

namespace sekimori::daemon {
namespace {

namespace json = boost::json;
using boost::system::error_code;

constexpr std::chrono::milliseconds look{20};

std::string_view state_name(Drill::State state) {
  switch (state) {
    case Drill::State::accepted:
      return "accepted";
    case Drill::State::refused:
      return "refused";
    case Drill::State::waiting:
    case Drill::State::withdrawn:
      break;
  }
  return "waiting";
}

json::object line_json(const std::string& destination, policy::Severity severity, const std::string& bytes,
                       std::string_view state) {
  return {{"destination", destination},
          {"severity", severity_name(severity)},
          {"octets", bytes.size()},
          {"bytes", bytes},
          {"state", state}};
}

std::vector<AlertMessage> messages(const AlertOptions& options) {
  const Time now = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  std::vector<AlertMessage> out;
  for (const policy::Severity severity : drill_severities) {
    out.push_back(drill_message(severity, static_cast<std::uint32_t>(out.size() + 1),
                                static_cast<std::uint32_t>(drill_severities.size()), now, options));
  }
  return out;
}

struct Round : std::enable_shared_from_this<Round> {
  struct Line {
    std::shared_ptr<Sink> sink;
    policy::Severity severity;
    std::shared_ptr<Drill> drill;
  };

  Round(boost::asio::io_context& io, std::chrono::milliseconds patience,
        std::function<void(json::object)> then)
      : timer(io), end(std::chrono::steady_clock::now() + patience), answer(std::move(then)) {}

  void watch() {
    const bool waiting = std::any_of(lines.begin(), lines.end(), [](const Line& line) {
      return line.drill->state == Drill::State::waiting;
    });
    if (!waiting || std::chrono::steady_clock::now() >= end) return finish();
    timer.expires_after(look);
    timer.async_wait([self = shared_from_this()](const error_code& error) {
      if (!error) self->watch();
    });
  }

  void finish() {
    json::array told;
    json::array troubles;
    bool complete = true;
    const Sink* last = nullptr;
    for (const Line& line : lines) {
      const std::string& name = line.sink->options().name;
      complete = complete && line.drill->state == Drill::State::accepted;
      told.push_back(line_json(name, line.severity, line.drill->bytes, state_name(line.drill->state)));
      if (line.drill->state == Drill::State::waiting) line.drill->state = Drill::State::withdrawn;
      const std::string trouble = line.sink->trouble();
      if (line.sink.get() != last && !trouble.empty()) {
        troubles.push_back(json::object{{"destination", name}, {"trouble", trouble}});
      }
      last = line.sink.get();
    }
    answer({{"complete", complete}, {"lines", std::move(told)}, {"troubles", std::move(troubles)}});
  }

  boost::asio::steady_timer timer;
  const std::chrono::steady_clock::time_point end;
  std::function<void(json::object)> answer;
  std::vector<Line> lines{};
};

}  // namespace

void run_drills(boost::asio::io_context& io, const Sinks& sinks, const std::string& destination,
                const AlertOptions& options, std::function<void(json::object)> answer,
                std::chrono::milliseconds patience) {
  const auto round = std::make_shared<Round>(io, patience, std::move(answer));
  const std::vector<AlertMessage> all = messages(options);
  for (const auto& sink : sinks.all()) {
    if (!destination.empty() && sink->options().name != destination) continue;
    for (const AlertMessage& message : all) {
      round->lines.push_back({sink, message.severity, sink->drill(message)});
    }
  }
  round->watch();
}

json::object print_drills(const std::string& destination, const AlertOptions& options) {
  json::array told;
  const std::vector<AlertMessage> all = messages(options);
  for (const DestinationOptions& to : options.destinations) {
    if (!destination.empty() && to.name != destination) continue;
    for (const AlertMessage& message : all) {
      told.push_back(line_json(to.name, message.severity, framed(to, render_for(to, message, options).bytes),
                               "printed"));
    }
  }
  return {{"complete", false}, {"lines", std::move(told)}, {"troubles", json::array{}}};
}

}  // namespace sekimori::daemon

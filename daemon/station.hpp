// The daemon's main thread: joins workers, incidents, destinations and the control socket.
//
//   Station station{io, options, policy, reloader};
//   station.open();     // captures, destinations, socket: what needs privileges
//   drop_privileges(...);
//   station.start();    // workers run, signals are heard, systemd is told
//   io.run();           // until SIGTERM has been worked off
//
// Everything here runs on the one thread that runs `io`; workers are reached through their channels only.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "capture/options.hpp"
#include "daemon/control/questions.hpp"
#include "daemon/options.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

// A file that a configuration was read from.
struct ConfigFile {
  std::string path{};
  std::string sha256{};
};
// `sources`: path and content of each; those inside the program are left out.
std::vector<ConfigFile> config_files(const std::vector<std::pair<std::string, std::string>>& sources);

// What a look at the configuration file brought.
struct Reloaded {
  // What the configuration was read from, to notice that it changes on disk: path and content's SHA-256.
  std::vector<ConfigFile> files{};
  std::shared_ptr<const policy::Policy> policy{};  // null when there are errors
  std::vector<std::string> errors{};               // located, in the configured language
  std::vector<std::string> restart{};              // keys that changed but take effect at the next start only
};

struct StationOptions {
  capture::CaptureOptions capture{};
  DaemonOptions daemon{};
  std::string config_path{};
  std::vector<ConfigFile> config_files{};
  std::string version{};
};

class Station final : public Questions {
 public:
  // Reads the configuration again and builds its policy with the given generation.
  using Reloader = std::function<Reloaded(std::uint32_t generation)>;

  Station(boost::asio::io_context& io, StationOptions options, std::shared_ptr<const policy::Policy> policy,
          Reloader reloader);
  ~Station() override;

  // Throws capture::SourceError, std::system_error: with the name of what could not be opened.
  void open();
  void start();

  void status(Json answer) override;
  void health(Json answer) override;
  void flows(FlowQuery query, Json answer) override;
  void matrix(Json answer) override;
  void exceptions(const ExceptionQuery& query, Json answer) override;
  void services(Json answer) override;
  void alerts(std::uint64_t since_sequence, const std::string& incident, std::uint32_t limit,
              Json answer) override;
  void reload(Json answer) override;
  void alert_test(const std::string& destination, Json answer) override;
  void hold(const std::string& incident, bool on, Json answer) override;
  std::vector<std::string> destinations() const override;
  std::shared_ptr<const policy::Policy> policy() const override;

 private:
  class Room;
  std::unique_ptr<Room> room_;
};

}  // namespace sekimori::daemon

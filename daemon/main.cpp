// sekimorid: the daemon. Ordered by privilege: everything that needs root comes first, no packet is read
// before it is given up, and the configuration is checked before anything is opened.
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <boost/asio/io_context.hpp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "config/config.hpp"
#include "daemon/build_policy.hpp"
#include "daemon/privileges.hpp"
#include "daemon/station.hpp"
#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"

namespace {

using namespace sekimori;

struct Arguments {
  std::string config = "/etc/sekimori/sekimori.yaml";
  std::optional<Language> language{};
  bool check = false;
};

struct Loaded {
  config::Config config{};
  std::shared_ptr<const policy::Policy> policy{};
  std::vector<daemon::ConfigFile> files{};
};

std::vector<std::string> tap_names(const config::Config& config) {
  std::vector<std::string> names;
  for (const capture::TapOptions& tap : config.capture.taps) names.push_back(tap.name);
  return names;
}

// Every mistake, located, or none.
std::vector<std::string> load(const Arguments& arguments, Language language, std::uint32_t generation,
                              Loaded& loaded) {
  std::vector<std::string> errors;
  try {
    loaded.config = config::load_file(arguments.config, language);
    std::vector<std::pair<std::string, std::string>> sources;
    for (const config::SourceText& source : loaded.config.sources)
      sources.emplace_back(source.path, source.content);
    loaded.files = daemon::config_files(sources);
    loaded.policy = daemon::build_policy(std::move(loaded.config.policy), tap_names(loaded.config), sources,
                                         generation, language);
    errors = daemon::filter_mistakes(loaded.config.capture, arguments.config, language);
  } catch (const config::ConfigError& error) {
    for (const config::Diagnostic& diagnostic : error.diagnostics()) errors.push_back(diagnostic.to_string());
  } catch (const policy::PolicyError& error) {
    for (const policy::PolicyError::Item& item : error.items()) {
      errors.push_back(item.place.file + ":" + std::to_string(item.place.line) + ":" +
                       std::to_string(item.place.column) + ": " + item.message);
    }
  }
  return errors;
}

int report_errors(const std::vector<std::string>& errors, const Arguments& arguments, Language language) {
  for (const std::string& error : errors) std::fprintf(stderr, "%s\n", error.c_str());
  std::fprintf(stderr, "%s\n",
               say(Text::daemon_config_bad, language,
                   {{"count", std::to_string(errors.size())}, {"file", arguments.config}})
                   .c_str());
  return 2;
}

daemon::Reloaded reload(const Arguments& arguments, const config::Config& running, Language language,
                        std::uint32_t generation) {
  Loaded loaded;
  daemon::Reloaded result;
  result.errors = load(arguments, language, generation, loaded);
  if (!result.errors.empty()) return result;
  result.policy = loaded.policy;
  result.files = loaded.files;
  if (loaded.config.capture.taps != running.capture.taps ||
      loaded.config.capture.workers != running.capture.workers ||
      loaded.config.capture.decode != running.capture.decode) {
    result.restart.emplace_back("capture");
  }
  if (loaded.config.capture.flows != running.capture.flows) result.restart.emplace_back("flows");
  if (loaded.config.daemon.alerts != running.daemon.alerts)
    result.restart.emplace_back("alerts/language/time/sensor");
  if (loaded.config.daemon.journal != running.daemon.journal) result.restart.emplace_back("journal");
  if (loaded.config.daemon.control != running.daemon.control) result.restart.emplace_back("control");
  if (loaded.config.daemon.process != running.daemon.process) result.restart.emplace_back("process");
  if (loaded.config.daemon.health != running.daemon.health) result.restart.emplace_back("health");
  return result;
}

int run(const Arguments& arguments) {
  // Until the file is read its language is not known: Japanese unless the command line says otherwise.
  Language language = arguments.language.value_or(Language::ja);
  Loaded loaded;
  const std::vector<std::string> errors = load(arguments, language, 1, loaded);
  if (!errors.empty()) return report_errors(errors, arguments, language);
  if (!arguments.language.has_value()) language = loaded.config.daemon.alerts.language;
  loaded.config.daemon.alerts.language = language;
  if (arguments.check) {
    std::printf("%s\n", say(Text::daemon_config_good, language, {{"file", arguments.config}}).c_str());
    return 0;
  }
  if (loaded.config.capture.taps.empty()) {
    std::fprintf(stderr, "%s: %s\n", arguments.config.c_str(),
                 std::string(text(Text::daemon_no_taps, language)).c_str());
    return 2;
  }

  spdlog::set_default_logger(spdlog::stderr_color_mt("sekimorid"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");

  boost::asio::io_context io{1};
  daemon::StationOptions options;
  options.capture = loaded.config.capture;
  options.daemon = loaded.config.daemon;
  options.config_path = arguments.config;
  options.config_files = loaded.files;
  options.version = SEKIMORI_VERSION;
  const config::Config running = loaded.config;
  daemon::Station station{io, options, loaded.policy,
                          [&arguments, running, language](std::uint32_t generation) {
                            return reload(arguments, running, language, generation);
                          }};
  station.open();  // taps, control socket: may need root
  daemon::drop_privileges(loaded.config.daemon.process.user, loaded.config.daemon.process.group);
  station.start();  // from here on packets are read
  io.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  Language language = Language::ja;
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--lang" && i + 1 < argc) language = parse_language(argv[i + 1]).value_or(language);
  }
  for (int i = 1; i < argc; ++i) {
    const std::string option = argv[i];
    if (option == "--help" || option == "-h") {
      std::printf("%s\n", std::string(text(Text::daemon_usage, language)).c_str());
      return 0;
    }
    if (option == "--version") {
      std::printf("sekimorid %s\n", SEKIMORI_VERSION);
      return 0;
    }
    if (option == "--check") {
      arguments.check = true;
      continue;
    }
    if (option != "--config" && option != "--lang") {
      std::fprintf(stderr, "%s\n%s\n",
                   say(Text::daemon_unknown_option, language, {{"option", option}}).c_str(),
                   std::string(text(Text::daemon_usage, language)).c_str());
      return 2;
    }
    if (i + 1 >= argc || (option == "--lang" && !parse_language(argv[i + 1]).has_value())) {
      std::fprintf(stderr, "%s\n", say(Text::daemon_option_value, language, {{"option", option}}).c_str());
      return 2;
    }
    ++i;
    if (option == "--config") {
      arguments.config = argv[i];
    } else {
      arguments.language = parse_language(argv[i]);
    }
  }
  std::signal(SIGPIPE, SIG_IGN);  // a peer that goes away is an error code, not the end
  try {
    return run(arguments);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n",
                 say(Text::daemon_cannot_start, arguments.language.value_or(language),
                     {{"why", retold(error.what(), arguments.language.value_or(language))}})
                     .c_str());
    return 1;
  }
}

// From YAML to everybody's options, strictly: an unknown or doubled key, a wrong type, an overlap is an error
// with its place, and all errors are told at once.
//
//   try { Config config = load_file("/etc/sekimori/sekimori.yaml", Language::ja); }
//   catch (const ConfigError& error) { for (auto& line : error.lines()) ...; exit 2 }
//
// yaml-cpp is used in this folder alone. Called on the main thread at start and at reload.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "capture/options.hpp"
#include "daemon/options.hpp"
#include "policy/options.hpp"
#include "policy/text/language.hpp"

namespace sekimori::config {

// A text that the configuration was made from, in the order of reading: what the policy's digest covers.
struct SourceText {
  std::string path;  // "builtin:profiles/alpha.yaml" for the data inside the program
  std::string content;
};

struct Config {
  capture::CaptureOptions capture{};
  policy::PolicyOptions policy{};
  daemon::DaemonOptions daemon{};
  std::vector<SourceText> sources{};
};

struct Diagnostic {
  policy::Place place{};
  std::string path{};             // "segments.mynumber.prefixes[2]"
  std::string message{};          // what is wrong, what to write, did you mean
  std::string to_string() const;  // file:line:column: path: message
};

class ConfigError : public std::runtime_error {
 public:
  explicit ConfigError(std::vector<Diagnostic> diagnostics);
  const std::vector<Diagnostic>& diagnostics() const { return diagnostics_; }

 private:
  std::vector<Diagnostic> diagnostics_;
};

// Both throw ConfigError with every mistake found, in the order of file, line and column.
Config load_file(const std::string& path, Language language);
Config load_text(std::string_view text, const std::string& name, Language language);

// The example city inside the program: what `sekimori replay` uses without --config.
std::string_view builtin_example();
// A data file inside the program ("profiles/alpha.yaml", "clauses/model.yaml"); empty if there is none.
std::string_view builtin_file(std::string_view name);
std::vector<std::string_view> builtin_profiles();  // "alpha", "two-tier", ...

}  // namespace sekimori::config

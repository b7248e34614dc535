// Collects every mistake of one reading, so that an officer corrects a file once and not ten times.
//
//   Report report{Language::ja};
//   report.add({"sekimori.yaml", 14, 9}, "segments", Text::config_null);
//   report.raise();  // throws ConfigError when there is anything to say
#pragma once

#include <cstddef>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace sekimori::config {

// Which keys the reader asked for and which were written, as patterns: "capture.taps[].snaplen",
// "segments.*.vlans". Filled only for the test that holds the documented sample to the reader.
struct KeyLedger {
  std::set<std::string> known{};
  std::set<std::string> written{};
};

class Report {
 public:
  // Beyond this many the rest is only counted: the first thousand keep anybody busy.
  static constexpr std::size_t diagnostics_max = 1000;

  explicit Report(Language language) : language_{language} {}

  Language language() const { return language_; }
  std::string say(Text id, std::initializer_list<TextArgument> arguments = {}) const {
    return sekimori::say(id, language_, arguments);
  }
  void add(const policy::Place& place, std::string_view path, Text id,
           std::initializer_list<TextArgument> arguments = {}) {
    add(place, path, say(id, arguments));
  }
  void add(const policy::Place& place, std::string_view path, std::string message);

  std::size_t count() const { return diagnostics_.size() + left_out_; }
  // Throws ConfigError, sorted by file (in the order of reading), line and column, if anything was added.
  void raise(const std::vector<SourceText>& sources) const;

  KeyLedger* ledger = nullptr;

 private:
  Language language_;
  std::vector<Diagnostic> diagnostics_{};
  std::size_t left_out_ = 0;
};

// Outside text made fit for a message: control characters as \xNN, at most 64 characters.
std::string shown(std::string_view text);

}  // namespace sekimori::config

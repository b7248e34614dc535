// What a configuration text is told, for tests.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace sekimori::test {

inline constexpr std::string_view config_name = "c.yaml";

inline std::vector<config::Diagnostic> mistakes(std::string_view text, Language language = Language::en) {
  try {
    config::load_text(text, std::string{config_name}, language);
  } catch (const config::ConfigError& error) {
    return error.diagnostics();
  }
  return {};
}

inline std::string told(const std::vector<config::Diagnostic>& diagnostics) {
  std::string out;
  for (const config::Diagnostic& diagnostic : diagnostics) out += diagnostic.to_string() + "\n";
  return out;
}

inline std::string told(std::string_view text, Language language = Language::en) {
  return told(mistakes(text, language));
}

// Five lines that load cleanly; a test writes on from line 6.
inline constexpr std::string_view base =
    "profile: alpha\n"
    "segments:\n"
    "  mynumber: {prefixes: [10.10.0.0/16], vlans: [110]}\n"
    "  lgwan: {prefixes: [10.20.0.0/16]}\n"
    "  internet: {prefixes: [10.30.0.0/16]}\n";
inline constexpr int base_lines = 5;

}  // namespace sekimori::test

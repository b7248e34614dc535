#include "config/report.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

std::string joined(const std::vector<Diagnostic>& diagnostics) {
  std::string out;
  for (const Diagnostic& diagnostic : diagnostics) {
    if (!out.empty()) out.push_back('\n');
    out.append(diagnostic.to_string());
  }
  return out;
}

}  // namespace

std::string Diagnostic::to_string() const {
  std::string out = place.file;
  // A file that could not be read at all has no place inside.
  if (place.line > 0) out += ":" + std::to_string(place.line) + ":" + std::to_string(place.column);
  out += ": ";
  if (!path.empty()) out += path + ": ";
  return out + message;
}

ConfigError::ConfigError(std::vector<Diagnostic> diagnostics)
    : std::runtime_error{joined(diagnostics)}, diagnostics_{std::move(diagnostics)} {}

void Report::add(const policy::Place& place, std::string_view path, std::string message) {
  if (diagnostics_.size() == diagnostics_max) {
    ++left_out_;
    return;
  }
  diagnostics_.push_back({place, std::string{path}, std::move(message)});
}

void Report::raise(const std::vector<SourceText>& sources) const {
  if (diagnostics_.empty()) return;
  const auto rank = [&](const Diagnostic& diagnostic) {
    const auto source = std::find_if(sources.begin(), sources.end(), [&](const SourceText& one) {
      return one.path == diagnostic.place.file;
    });
    return std::tuple{source - sources.begin(), diagnostic.place.line, diagnostic.place.column};
  };
  std::vector<Diagnostic> sorted = diagnostics_;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [&](const Diagnostic& a, const Diagnostic& b) { return rank(a) < rank(b); });
  if (left_out_ > 0) {
    sorted.push_back(
        {sorted.back().place, "", say(Text::config_more, {{"count", std::to_string(left_out_)}})});
  }
  throw ConfigError{std::move(sorted)};
}

std::string shown(std::string_view text) {
  constexpr std::size_t characters_max = 64;
  std::string out;
  std::size_t characters = 0;
  for (const char byte : text) {
    const auto octet = static_cast<unsigned char>(byte);
    const bool begins_character = (octet & 0xc0U) != 0x80U;
    if (begins_character && characters++ == characters_max) return out + "...";
    if (octet < 0x20 || octet == 0x7f) {
      constexpr std::string_view digits = "0123456789abcdef";
      out += "\\x";
      out += digits[octet >> 4U];
      out += digits[octet & 15U];
    } else {
      out += byte;
    }
  }
  return out;
}

}  // namespace sekimori::config

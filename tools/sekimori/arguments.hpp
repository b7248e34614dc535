// The command line, read strictly: an unknown or doubled option is an error that names the nearest one.
#pragma once

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/text/language.hpp"

namespace sekimori::tool {

// Exit codes of every command.
namespace exit_code {
inline constexpr int good = 0;
inline constexpr int failed = 1;       // unreadable input, or the daemon could not answer
inline constexpr int usage = 2;        // wrong command line or configuration
inline constexpr int forbidden = 3;    // replay: something that the policy forbids was seen
inline constexpr int unreachable = 4;  // no daemon on the socket
inline constexpr int permission = 5;   // this user may not ask
}  // namespace exit_code

struct Option {
  std::string_view name;         // "--from"
  std::string_view placeholder;  // "SEGMENT"; empty: a switch without value
  Text help;
  bool repeatable = false;
};

class Arguments;

struct Command {
  std::string_view name;
  std::string_view operands;  // as shown: "FILE..."
  std::size_t operands_min;
  std::size_t operands_max;
  Text summary;
  Text examples;
  std::vector<Option> options;
  int (*run)(const Arguments&);
};

// Options that every command takes.
const std::vector<Option>& common_options();

class UsageError : public std::runtime_error {
 public:
  UsageError(const std::string& message, std::string hint)
      : std::runtime_error(message), hint_(std::move(hint)) {}
  const std::string& hint() const { return hint_; }

 private:
  std::string hint_;
};

// What stands on the command line. Options may come before or after operands; "--" ends them.
class Arguments {
 public:
  // Throws UsageError. Without a command word `command()` is null and only common options are allowed.
  static Arguments parse(const std::vector<std::string>& words, const std::vector<Command>& commands);

  const Command* command() const { return command_; }
  const std::vector<std::string>& operands() const { return operands_; }
  bool has(std::string_view option) const { return get(option).has_value(); }
  std::optional<std::string> get(std::string_view option) const;
  std::vector<std::string> all(std::string_view option) const;

  // --lang, else SEKIMORI_LANG, else Japanese.
  Language language() const { return language_; }
  // True when --lang or SEKIMORI_LANG said so: then it wins over a configuration's own.
  bool language_chosen() const { return language_chosen_; }
  bool json() const { return has("--json"); }

 private:
  const Command* command_ = nullptr;
  std::vector<std::string> operands_;
  std::vector<std::pair<std::string, std::string>> options_;
  Language language_ = Language::ja;
  bool language_chosen_ = false;
};

// The language of a message about a command line that may itself be wrong. Never throws.
Language language_of(const std::vector<std::string>& words);

// Texts of --help.
std::string overview(const std::vector<Command>& commands, Language language);
std::string help_of(const Command& command, Language language);

// A whole decimal number; throws UsageError naming the option.
unsigned long long whole_number(const Arguments& arguments, std::string_view option,
                                unsigned long long lowest, unsigned long long highest,
                                unsigned long long otherwise);

}  // namespace sekimori::tool

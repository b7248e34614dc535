#include "tools/sekimori/arguments.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "daemon/control/query.hpp"
#include "policy/text/text.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool {
namespace {

constexpr std::string_view language_variable = "SEKIMORI_LANG";

const Option* find_option(const std::vector<Option>& options, std::string_view name) {
  const auto found =
      std::find_if(options.begin(), options.end(), [name](const Option& o) { return o.name == name; });
  return found == options.end() ? nullptr : &*found;
}

std::vector<std::string_view> names_of(const Command* command) {
  std::vector<std::string_view> names;
  if (command != nullptr) {
    for (const Option& option : command->options) names.push_back(option.name);
  }
  for (const Option& option : common_options()) names.push_back(option.name);
  return names;
}

std::vector<std::string_view> names_of(const std::vector<Command>& commands) {
  std::vector<std::string_view> names;
  for (const Command& command : commands) names.push_back(command.name);
  return names;
}

// "--from SEGMENT"
std::string shown(const Option& option) {
  std::string text(option.name);
  if (!option.placeholder.empty()) text.append(" ").append(option.placeholder);
  return text;
}

std::string option_list(const std::vector<Option>& options, Language language) {
  Table table{{{""}, {""}, {""}}};
  for (const Option& option : options) {
    std::string help(text(option.help, language));
    if (option.repeatable) help.append(text(Text::tool_repeatable, language));
    table.add({"", shown(option), help});
  }
  return table.to_string();
}

}  // namespace

const std::vector<Option>& common_options() {
  static const std::vector<Option> options{{"--socket", "PATH", Text::tool_option_socket},
                                           {"--json", "", Text::tool_option_json},
                                           {"--lang", "ja|en", Text::tool_option_lang},
                                           {"--help", "", Text::tool_option_help},
                                           {"--version", "", Text::tool_option_version}};
  return options;
}

Language language_of(const std::vector<std::string>& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view value;
    if (words[i] == "--lang" && i + 1 < words.size()) value = words[i + 1];
    if (words[i].rfind("--lang=", 0) == 0) value = std::string_view(words[i]).substr(7);
    if (const auto language = parse_language(value)) return *language;
  }
  const char* variable = std::getenv(language_variable.data());
  return variable == nullptr ? Language::ja : parse_language(variable).value_or(Language::ja);
}

Arguments Arguments::parse(const std::vector<std::string>& words, const std::vector<Command>& commands) {
  const Language language = language_of(words);
  Arguments out;
  out.language_ = language;
  bool options_ended = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (options_ended || word.size() < 2 || word.front() != '-') {
      if (out.command_ != nullptr) {
        out.operands_.push_back(word);
        continue;
      }
      const auto found = std::find_if(commands.begin(), commands.end(),
                                      [&word](const Command& c) { return c.name == word; });
      if (found == commands.end()) {
        throw UsageError(say(Text::tool_unknown_command, language, {{"word", word}}),
                         daemon::suggestion(word, names_of(commands), language));
      }
      out.command_ = &*found;
      continue;
    }
    if (word == "--") {
      options_ended = true;
      continue;
    }
    const std::size_t equals = word.find('=');
    std::string name = word.substr(0, equals);
    if (name == "-h") name = "--help";
    const Option* option = out.command_ == nullptr ? nullptr : find_option(out.command_->options, name);
    if (option == nullptr) option = find_option(common_options(), name);
    if (option == nullptr) {
      throw UsageError(say(Text::tool_unknown_option, language, {{"word", name}}),
                       daemon::suggestion(name, names_of(out.command_), language));
    }
    std::string value;
    if (option->placeholder.empty()) {
      if (equals != std::string::npos) {
        throw UsageError(say(Text::tool_option_takes_none, language, {{"option", name}}), {});
      }
    } else if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (i + 1 < words.size()) {
      value = words[++i];
    } else {
      throw UsageError(say(Text::tool_option_takes_value, language, {{"option", shown(*option)}}), {});
    }
    if (!option->repeatable && out.has(name)) {
      throw UsageError(say(Text::tool_option_doubled, language, {{"option", name}}), {});
    }
    out.options_.emplace_back(std::move(name), std::move(value));
  }

  const auto check_language = [&](std::string_view source, std::string_view value) {
    if (!parse_language(value)) {
      throw UsageError(say(Text::tool_bad_language, language, {{"option", source}, {"value", value}}), {});
    }
    out.language_chosen_ = true;
  };
  const char* variable = std::getenv(language_variable.data());
  if (const auto chosen = out.get("--lang")) {
    check_language("--lang", *chosen);
  } else if (variable != nullptr && *variable != '\0') {
    check_language(language_variable, variable);
  }
  if (out.command_ == nullptr || out.has("--help") || out.has("--version")) return out;
  const Command& command = *out.command_;
  if (out.operands_.size() < command.operands_min) {
    throw UsageError(
        say(Text::tool_operands_few, language, {{"command", command.name}, {"operands", command.operands}}),
        say(Text::tool_see_help, language, {{"command", command.name}}));
  }
  if (out.operands_.size() > command.operands_max) {
    throw UsageError(say(Text::tool_operands_many, language, {{"word", out.operands_[command.operands_max]}}),
                     say(Text::tool_see_help, language, {{"command", command.name}}));
  }
  return out;
}

std::optional<std::string> Arguments::get(std::string_view option) const {
  for (const auto& [name, value] : options_) {
    if (name == option) return value;
  }
  return std::nullopt;
}

std::vector<std::string> Arguments::all(std::string_view option) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : options_) {
    if (name == option) values.push_back(value);
  }
  return values;
}

std::string overview(const std::vector<Command>& commands, Language language) {
  std::string out(text(Text::tool_overview_examples, language));
  out.append("\n").append(text(Text::tool_commands, language)).append("\n");
  Table table{{{""}, {""}, {""}}};
  for (const Command& command : commands) {
    std::string shape(command.name);
    if (!command.operands.empty()) shape.append(" ").append(command.operands);
    table.add({"", shape, std::string(text(command.summary, language))});
  }
  out.append(table.to_string());
  out.append("\n").append(text(Text::tool_common_options, language)).append("\n");
  out.append(option_list(common_options(), language));
  out.append("\n").append(text(Text::tool_exit_codes, language));
  return out;
}

std::string help_of(const Command& command, Language language) {
  std::string out(text(command.summary, language));
  out.append("\n\n").append(text(Text::tool_examples, language)).append("\n");
  out.append(text(command.examples, language));
  out.append("\n").append(text(Text::tool_usage, language)).append("\n  sekimori ").append(command.name);
  if (!command.options.empty()) out.append(" [").append(text(Text::tool_options_word, language)).append("]");
  if (!command.operands.empty()) out.append(" ").append(command.operands);
  out.append("\n");
  if (!command.options.empty()) {
    out.append("\n").append(text(Text::tool_options, language)).append("\n");
    out.append(option_list(command.options, language));
  }
  out.append("\n").append(text(Text::tool_common_options, language)).append("\n");
  out.append(option_list(common_options(), language));
  out.append("\n").append(text(Text::tool_exit_codes, language));
  return out;
}

unsigned long long whole_number(const Arguments& arguments, std::string_view option,
                                unsigned long long lowest, unsigned long long highest,
                                unsigned long long otherwise) {
  const auto text = arguments.get(option);
  if (!text) return otherwise;
  unsigned long long value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc{} || end != text->data() + text->size() || value < lowest || value > highest) {
    throw UsageError(say(Text::tool_bad_number, arguments.language(),
                         {{"option", option},
                          {"value", *text},
                          {"lowest", std::to_string(lowest)},
                          {"highest", std::to_string(highest)}}),
                     {});
  }
  return value;
}

}  // namespace sekimori::tool

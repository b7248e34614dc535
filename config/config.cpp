#include "config/config.hpp"

#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include "config/embedded.hpp"
#include "config/load.hpp"
#include "config/sections.hpp"
#include "config/yaml.hpp"

namespace sekimori::config {
namespace {

constexpr std::string_view profiles_folder = "profiles/";
constexpr std::string_view clauses_name = "clauses/model.yaml";
constexpr std::string_view yaml_suffix = ".yaml";

// A text taken into the sources and its tree, if it has one.
std::optional<Node> parse_source(SourceText source, Report& report, std::vector<SourceText>& sources) {
  sources.push_back(std::move(source));
  return parse_yaml(sources.back().content, sources.back().path, report);
}

// A data file of the model: the one inside the program, or the city's edited copy, named relative to the
// configuration's own folder.
std::optional<Node> parse_model_file(const std::string& builtin, const std::string& copy, const std::string& config_name,
                                     std::string& name, Report& report, std::vector<SourceText>& sources) {
  if (copy.empty()) {
    name = "builtin:" + builtin;
    return parse_source({name, std::string{builtin_file(builtin)}}, report, sources);
  }
  name = (std::filesystem::path{config_name}.parent_path() / copy).string();
  auto content = read_text_file(name, report);
  if (!content) return std::nullopt;
  return parse_source({name, std::move(*content)}, report, sources);
}

void read_model(Map& root, const std::string& config_name, Report& report, std::vector<SourceText>& sources,
                policy::Profile& profile) {
  const ProfileChoice choice = read_profile_choice(root);
  if (choice.id.empty()) return;
  const std::string builtin = std::string{profiles_folder}.append(choice.id).append(yaml_suffix);
  if (choice.file.empty() && builtin_file(builtin).empty()) {
    const auto known = builtin_profiles();
    root.optional("profile").error(Text::config_profile_unknown,
                                   {{"value", shown(choice.id)},
                                    {"profiles", join(known)},
                                    {"mean", did_you_mean(report, suggest(choice.id, known))}});
    return;
  }
  std::string profile_name;
  std::string clauses_file;
  const auto profile_tree =
      parse_model_file(builtin, choice.file, config_name, profile_name, report, sources);
  const auto clauses_tree =
      parse_model_file(std::string{clauses_name}, choice.clauses_file, config_name, clauses_file, report, sources);
  if (!profile_tree || !clauses_tree) return;
  read_clauses(Cursor{{clauses_file, report}, &*clauses_tree, "", ""}, profile);
  read_profile(Cursor{{profile_name, report}, &*profile_tree, "", ""}, choice.id, profile);
}

}  // namespace

Config load(std::string_view text, const std::string& name, Report& report) {
  Config config;
  const auto tree = parse_source({name, std::string{text}}, report, config.sources);
  if (tree) {
    Cursor{{name, report}, &*tree, "", ""}.map([&](Map& root) {
      read_host(root, config.capture, config.daemon);
      read_model(root, name, report, config.sources, config.policy.profile);
      CityContext context;
      for (const capture::TapOptions& tap : config.capture.taps) context.taps.push_back(tap.name);
      context.utc_offset_minutes = config.daemon.alerts.utc_offset_minutes;
      read_city(root, context, config.policy);
    });
  }
  report.raise(config.sources);
  return config;
}

Config load_text(std::string_view text, const std::string& name, Language language) {
  Report report{language};
  return load(text, name, report);
}

Config load_file(const std::string& path, Language language) {
  Report report{language};
  const auto content = read_text_file(path, report);
  report.raise({});
  return load(*content, path, report);
}

std::string_view builtin_file(std::string_view name) {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.name == name) return file.content;
  }
  return {};
}

std::string_view builtin_example() { return builtin_file("example"); }

std::vector<std::string_view> builtin_profiles() {
  std::vector<std::string_view> names;
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.name.substr(0, profiles_folder.size()) != profiles_folder) continue;
    const std::string_view name = file.name.substr(profiles_folder.size());
    names.push_back(name.substr(0, name.size() - yaml_suffix.size()));
  }
  return names;
}

}  // namespace sekimori::config

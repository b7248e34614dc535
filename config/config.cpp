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
std::optional<TreeNode> parse_source(SourceText source, Report& report, std::vector<SourceText>& sources) {
  sources.push_back(std::move(source));
  return parse_yaml(sources.back().content, sources.back().path, report);
}

// A data file of the model with the name it is told by: the one inside the program, or the city's edited
// copy, named relative to the configuration's own folder.
struct ModelFile {
  std::string name{};
  std::optional<TreeNode> tree{};
};

ModelFile parse_model_file(const std::string& builtin, const std::string& copy, const Cursor& asked,
                           std::vector<SourceText>& sources) {
  Report& report = asked.report();
  ModelFile file;
  if (copy.empty()) {
    file.name = "builtin:" + builtin;
    file.tree = parse_source({file.name, std::string{builtin_file(builtin)}}, report, sources);
    return file;
  }
  file.name = (std::filesystem::path{asked.place().file}.parent_path() / copy).string();
  FileText text = read_text_file(file.name);
  if (text.content) {
    file.tree = parse_source({file.name, std::move(*text.content)}, report, sources);
  } else {
    report.add(asked.place(), asked.path(),
               shown(file.name) + ": " + report.say(text.failure, {{"error", text.detail}}));
  }
  return file;
}

void read_model(Map& root, std::vector<SourceText>& sources, policy::Profile& profile) {
  const ProfileChoice choice = read_profile_choice(root);
  const Cursor asked = root.optional("profile");
  if (choice.id.empty()) return;
  const std::string builtin = std::string{profiles_folder}.append(choice.id).append(yaml_suffix);
  if (choice.file.empty() && builtin_file(builtin).empty()) {
    const auto known = builtin_profiles();
    asked.error(Text::config_profile_unknown,
                {{"value", shown(choice.id)},
                 {"profiles", join(known)},
                 {"mean", did_you_mean(asked.report(), suggest(choice.id, known))}});
    return;
  }
  const ModelFile matrix = parse_model_file(builtin, choice.file, asked, sources);
  const ModelFile clauses = parse_model_file(std::string{clauses_name}, choice.clauses_file, asked, sources);
  if (!matrix.tree || !clauses.tree) return;
  const Origin clauses_origin{clauses.name, asked.report()};
  const Origin matrix_origin{matrix.name, asked.report()};
  read_clauses(Cursor{clauses_origin, &*clauses.tree, "", ""}, profile);
  read_profile(Cursor{matrix_origin, &*matrix.tree, "", ""}, choice.id, profile);
}

}  // namespace

Config load(std::string_view text, const std::string& name, Report& report) {
  Config config;
  const auto tree = parse_source({name, std::string{text}}, report, config.sources);
  if (tree) {
    const Origin origin{name, report};
    Cursor{origin, &*tree, "", ""}.map([&](Map& root) {
      read_host(root, config.capture, config.daemon);
      read_model(root, config.sources, config.policy.profile);
      CityContext context;
      for (const capture::TapOptions& tap : config.capture.taps) context.taps.push_back(tap.name);
      context.utc_offset_minutes = config.daemon.alerts.utc_offset_minutes;
      read_city(root, context, config.sources, config.policy);
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
  FileText text = read_text_file(path);
  if (!text.content) report.add({path, 0, 0}, "", text.failure, {{"error", text.detail}});
  report.raise({});
  return load(*text.content, path, report);
}

std::string_view builtin_file(std::string_view name) {
  for (const EmbeddedFile& file : embedded_files()) {
    if (file.name == name) return file.content;
  }
  return {};
}

std::string_view builtin_example() {
  return builtin_file("example");
}

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

#include "config/config.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <utility>

#include "config/embedded.hpp"
#include "config/load.hpp"
#include "config/sections.hpp"
#include "config/yaml.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

constexpr std::string_view profiles_folder = "profiles/";
constexpr std::string_view clauses_name = "clauses/model.yaml";
constexpr std::string_view services_name = "services/known.yaml";
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
    report.add(asked.place(), asked.path(), shown(file.name) + ": " + why_unread(text, report));
  }
  return file;
}

std::string builtin_profile(std::string_view id) {
  return std::string{profiles_folder}.append(id).append(yaml_suffix);
}

// Reads one profile of the model, after the one that it is based on. False: that one is unknown, and told.
bool read_layers(const ModelFile& matrix, const std::string& id, std::vector<SourceText>& sources,
                 Report& report, policy::Profile& profile) {
  const Origin origin{matrix.name, report};
  const TreeNode* const base = matrix.tree->find("based_on");
  if (base != nullptr) {
    const Cursor at{origin, base, "based_on", "based_on"};
    std::string ground;
    if (!at.text(ground)) return false;
    const auto known = builtin_profiles();
    const std::string builtin = builtin_profile(ground);
    // A profile inside the program is based on others there; that this ends is held by a test.
    if (builtin_file(builtin).empty()) {
      at.error(Text::config_model_based_on, {{"value", shown(ground)},
                                             {"profiles", join(known)},
                                             {"mean", did_you_mean(report, suggest(ground, known))}});
      return false;
    }
    const std::string name = "builtin:" + builtin;
    const ModelFile layer{name, parse_source({name, std::string{builtin_file(builtin)}}, report, sources)};
    if (!layer.tree || !read_layers(layer, ground, sources, report, profile)) return false;
  }
  read_profile(Cursor{origin, &*matrix.tree, "", ""}, id, profile);
  return true;
}

// Where no profile is known: what any of them has, without a matrix, so that a name which is wrong in all of
// them is told now and not after the profile has been put right.
void read_every_profile(const Cursor& asked, std::vector<SourceText>& sources, policy::Profile& all) {
  for (const std::string_view id : builtin_profiles()) {
    policy::Profile one;
    one.clauses = all.clauses;
    one.reasons = all.reasons;
    const ModelFile matrix = parse_model_file(builtin_profile(id), {}, asked, sources);
    if (!matrix.tree || !read_layers(matrix, std::string{id}, sources, asked.report(), one)) continue;
    const auto take = [](auto& into, auto& from) {
      for (auto& entry : from) {
        const bool there =
            std::any_of(into.begin(), into.end(), [&](const auto& other) { return other.id == entry.id; });
        if (!there) into.push_back(std::move(entry));
      }
    };
    take(all.segments, one.segments);
    take(all.switches, one.switches);
  }
}

void read_model(Map& root, std::vector<SourceText>& sources, policy::PolicyOptions& policy) {
  const ProfileChoice choice = read_profile_choice(root);
  const Cursor asked = root.optional("profile");
  std::string id = choice.id;
  if (choice.file.empty() && !id.empty() && builtin_file(builtin_profile(id)).empty()) {
    const auto known = builtin_profiles();
    const std::string meant = suggest(id, known);
    asked.error(
        Text::config_profile_unknown,
        {{"value", shown(id)}, {"profiles", join(known)}, {"mean", did_you_mean(asked.report(), meant)}});
    id = meant;  // the rest is read as if that were written
  }
  ModelFile matrix;
  if (!id.empty()) matrix = parse_model_file(builtin_profile(id), choice.file, asked, sources);
  const ModelFile clauses = parse_model_file(std::string{clauses_name}, choice.clauses_file, asked, sources);
  const ModelFile known = parse_model_file(std::string{services_name}, choice.services_file, asked, sources);
  if (!clauses.tree || (!id.empty() && !matrix.tree)) return;
  const Origin origin{clauses.name, asked.report()};
  read_clauses(Cursor{origin, &*clauses.tree, "", ""}, policy.profile);
  if (id.empty()) {
    read_every_profile(asked, sources, policy.profile);
  } else {
    read_layers(matrix, id, sources, asked.report(), policy.profile);
  }
  if (!known.tree) return;
  const Origin known_origin{known.name, asked.report()};
  read_known_services(Cursor{known_origin, &*known.tree, "", ""}, policy.profile, policy.known);
}

}  // namespace

Config load(std::string_view text, const std::string& name, Report& report) {
  Config config;
  const auto tree = parse_source({name, std::string{text}}, report, config.sources);
  if (tree) {
    const Origin origin{name, report};
    Cursor{origin, &*tree, "", ""}.map([&](Map& root) {
      read_host(root, config.capture, config.daemon, config.policy.domains);
      read_model(root, config.sources, config.policy);
      read_health(root, config.capture, config.policy.profile, config.daemon.health);
      CityContext context;
      for (const capture::TapOptions& tap : config.capture.taps) {
        context.taps.push_back(tap.name);
        if (!context.shortest_tap.empty() && context.shortest_snaplen <= tap.snaplen) continue;
        context.shortest_tap = tap.name;
        context.shortest_snaplen = tap.snaplen;
      }
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
  if (!text.content) report.add({path, 0, 0}, "", why_unread(text, report));
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
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace sekimori::config

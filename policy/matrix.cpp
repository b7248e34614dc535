#include "policy/matrix.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "policy/text/text.hpp"

namespace sekimori::policy {
namespace {

constexpr std::string_view external_id = "external";

bool is_named(std::string_view name, const std::string& id, const std::vector<std::string>& aliases) {
  return name == id || std::find(aliases.begin(), aliases.end(), name) != aliases.end();
}

class Builder {
 public:
  Builder(const PolicyOptions& options, Mistakes& mistakes, bool drafts)
      : options_{options}, profile_{options.profile}, mistakes_{mistakes}, drafts_{drafts} {}

  Matrix run() {
    read_segments();
    read_reasons();
    read_cells();
    read_other_paths();
    apply_switches();
    apply_overlays();
    return std::move(out_);
  }

 private:
  void read_segments();
  void read_reasons();
  void read_cells();
  void read_other_paths();
  bool read_cell(const CellOptions& cell, CellRule& rule, std::size_t& pair);
  void read_cell_reasons(const CellOptions& cell, CellRule& rule);
  void apply_switches();
  void apply_switch(std::uint16_t index, const SwitchOptions& definition);
  void apply_overlays();
  void apply_overlay(std::uint16_t index);

  const PolicyOptions& options_;
  const Profile& profile_;
  Mistakes& mistakes_;
  const bool drafts_;
  Matrix out_{};
};

void Builder::read_segments() {
  if (profile_.segments.size() > segments_max) {
    mistakes_.add({}, Text::policy_profile_segments,
                  {{"profile", profile_.id},
                   {"count", std::to_string(profile_.segments.size())},
                   {"limit", std::to_string(segments_max)}});
    mistakes_.raise();  // no index fits: nothing below could be trusted
  }
  std::set<std::string> names;
  for (const ProfileSegment& candidate : profile_.segments) {
    std::vector<std::string> own{candidate.id, candidate.code, candidate.name.ja};
    own.insert(own.end(), candidate.aliases.begin(), candidate.aliases.end());
    for (const std::string& name : own) {
      if (name.empty() || names.insert(name).second) continue;
      mistakes_.add({}, Text::policy_profile_duplicate, {{"profile", profile_.id}, {"id", name}});
    }
  }
  const int external = segment_index(profile_, external_id);
  if (external < 0) {
    mistakes_.add({}, Text::policy_profile_external, {{"profile", profile_.id}});
    mistakes_.raise();  // unlisted addresses would belong nowhere
  }
  out_.external = static_cast<SegmentId>(external);
}

void Builder::read_cells() {
  std::bitset<pairs_max> written;
  for (const CellOptions& cell : profile_.cells) {
    CellRule rule;
    std::size_t pair = 0;
    if (!read_cell(cell, rule, pair)) continue;
    if (written[pair]) {
      mistakes_.add(cell.place, Text::policy_profile_cell_duplicate, {{"from", cell.from}, {"to", cell.to}});
    }
    written.set(pair);
    out_.rules[pair] = rule;
    out_.model[pair] = rule.cell;
  }
  for (std::size_t from = 0; from < profile_.segments.size(); ++from) {
    for (std::size_t to = 0; to < profile_.segments.size(); ++to) {
      if (written[from * segments_max + to]) continue;
      mistakes_.add(
          {}, Text::policy_profile_cell_missing,
          {{"profile", profile_.id}, {"from", profile_.segments[from].id}, {"to", profile_.segments[to].id}});
    }
  }
}

void Builder::read_other_paths() {
  for (const CellOptions& cell : profile_.other_paths) {
    std::size_t pair = 0;
    CellRule rule;
    if (!read_cell(cell, rule, pair)) continue;
    if (out_.path_matters[pair]) {
      mistakes_.add(cell.place, Text::policy_profile_cell_duplicate, {{"from", cell.from}, {"to", cell.to}});
    }
    out_.path_matters.set(pair);
    out_.other_paths[pair] = rule;
  }
}

void Builder::read_reasons() {
  std::set<std::string> clauses;
  for (const Clause& clause : profile_.clauses) {
    if (clauses.insert(clause.id).second) continue;
    mistakes_.add({}, Text::policy_profile_duplicate, {{"profile", profile_.id}, {"id", clause.id}});
  }
  std::set<std::string> reasons;
  for (const Reason& reason : profile_.reasons) {
    if (!reasons.insert(reason.id).second) {
      mistakes_.add({}, Text::policy_profile_duplicate, {{"profile", profile_.id}, {"id", reason.id}});
    }
    for (const std::string& clause : reason.clauses) {
      if (clauses.count(clause) != 0) continue;
      mistakes_.add({}, Text::policy_profile_clause, {{"reason", reason.id}, {"clause", clause}});
    }
  }
}

bool Builder::read_cell(const CellOptions& cell, CellRule& rule, std::size_t& pair) {
  const int from = segment_index(profile_, cell.from);
  const int to = segment_index(profile_, cell.to);
  for (const auto& [index, id] : {std::pair{from, cell.from}, std::pair{to, cell.to}}) {
    if (index >= 0) continue;
    mistakes_.add(cell.place, Text::policy_profile_cell_segment,
                  {{"from", cell.from}, {"to", cell.to}, {"segment", id}});
  }
  rule.cell = cell.cell;
  read_cell_reasons(cell, rule);
  if (from < 0 || to < 0) return false;
  pair = pair_of(static_cast<SegmentId>(from), static_cast<SegmentId>(to));
  return true;
}

void Builder::read_cell_reasons(const CellOptions& cell, CellRule& rule) {
  if (cell.reasons.size() > rule.reasons.size()) {
    mistakes_.add(cell.place, Text::policy_profile_reasons,
                  {{"from", cell.from}, {"to", cell.to}, {"limit", std::to_string(rule.reasons.size())}});
  }
  const std::vector<Reason>& reasons = profile_.reasons;
  for (const std::string& id : cell.reasons) {
    const auto found =
        std::find_if(reasons.begin(), reasons.end(), [&](const Reason& reason) { return reason.id == id; });
    if (found == reasons.end()) {
      mistakes_.add(cell.place, Text::policy_profile_reason,
                    {{"from", cell.from}, {"to", cell.to}, {"reason", id}});
    } else if (rule.reasons_count < rule.reasons.size()) {
      rule.reasons[rule.reasons_count++] = static_cast<std::uint8_t>(found - reasons.begin());
    }
  }
}

void Builder::apply_switches() {
  std::vector<std::string> known;
  for (const SwitchOptions& choice : profile_.switches) known.push_back(choice.id);
  std::set<std::string> chosen;
  for (std::size_t i = 0; i < options_.switches.size(); ++i) {
    const SwitchChoice& choice = options_.switches[i];
    if (choice.draft && !drafts_) continue;
    const auto found = std::find(known.begin(), known.end(), choice.id);
    if (found == known.end()) {
      mistakes_.add(choice.place, Text::policy_switch_unknown,
                    {{"profile", profile_.id},
                     {"id", choice.id},
                     {"known", mistakes_.listed(known)},
                     {"hint", mistakes_.did_you_mean(choice.id, known)}});
    } else if (!chosen.insert(choice.id).second) {
      mistakes_.add(choice.place, Text::policy_switch_twice, {{"id", choice.id}});
    } else {
      const auto at = static_cast<std::size_t>(found - known.begin());
      apply_switch(static_cast<std::uint16_t>(i), profile_.switches[at]);
    }
  }
}

void Builder::apply_switch(std::uint16_t index, const SwitchOptions& definition) {
  const SwitchChoice& choice = options_.switches[index];
  if (definition.clause_required && choice.clause.empty()) {
    mistakes_.add(choice.place, Text::policy_switch_clause,
                  {{"id", choice.id}, {"name", mistakes_.in_language(definition.text)}});
  }
  for (const CellOptions& cell : definition.cells) {
    CellRule rule;
    std::size_t pair = 0;
    if (!read_cell(cell, rule, pair)) continue;
    rule.switch_index = index;
    out_.rules[pair] = rule;
  }
}

void Builder::apply_overlays() {
  for (const bool draft : {false, true}) {
    if (draft && !drafts_) continue;
    for (std::size_t i = 0; i < options_.overlays.size(); ++i) {
      if (options_.overlays[i].draft == draft) apply_overlay(static_cast<std::uint16_t>(i));
    }
  }
  sort_by_place(out_.warnings);
}

void Builder::apply_overlay(std::uint16_t index) {
  const OverlayOptions& overlay = options_.overlays[index];
  const int from = known_segment(profile_, overlay.from, overlay.place, mistakes_);
  const int to = known_segment(profile_, overlay.to, overlay.place, mistakes_);
  if (overlay.clause.empty()) {
    mistakes_.add(overlay.place, Text::policy_overlay_clause, {{"from", overlay.from}, {"to", overlay.to}});
  }
  if (from < 0 || to < 0) return;
  const PairId pair = pair_of(static_cast<SegmentId>(from), static_cast<SegmentId>(to));
  CellRule& there = out_.rules[pair];
  if (there.overlay_index != 0xffff && options_.overlays[there.overlay_index].draft == overlay.draft) {
    mistakes_.add(overlay.place, Text::policy_overlay_twice, {{"from", overlay.from}, {"to", overlay.to}});
    return;
  }
  CellRule rule;
  rule.cell = overlay.cell;
  rule.overlay_index = index;
  if (overlay.reasons.empty()) {
    rule.reasons_count = there.reasons_count;
    rule.reasons = there.reasons;
  } else {
    read_cell_reasons({overlay.from, overlay.to, overlay.cell, overlay.reasons, /*kinds=*/{}, overlay.place},
                      rule);
  }
  if (rule.cell == there.cell && rule.reasons == there.reasons) {
    out_.warnings.push_back({overlay.place, say(Text::policy_overlay_same, mistakes_.language(),
                                                {{"from", overlay.from}, {"to", overlay.to}})});
  }
  there = rule;
  out_.path_matters.reset(pair);  // the body decides the pair, whatever its path
}

}  // namespace

int segment_index(const Profile& profile, std::string_view name) {
  for (std::size_t i = 0; i < profile.segments.size(); ++i) {
    const ProfileSegment& segment = profile.segments[i];
    if (name == segment.code || name == segment.name.ja || is_named(name, segment.id, segment.aliases))
      return static_cast<int>(i);
  }
  return -1;
}

int known_segment(const Profile& profile, const std::string& name, const Place& place, Mistakes& mistakes) {
  const int index = segment_index(profile, name);
  if (index >= 0) return index;
  std::vector<std::string> known;
  for (const ProfileSegment& candidate : profile.segments) known.push_back(candidate.id);
  std::string hint;
  for (const UndefinedSegment& undefined : profile.undefined) {
    if (!is_named(name, undefined.id, undefined.aliases)) continue;
    hint = say(Text::policy_segment_why, mistakes.language(), {{"why", mistakes.in_language(undefined.why)}});
  }
  if (hint.empty()) hint = mistakes.did_you_mean(name, known);
  mistakes.add(place, Text::policy_segment_unknown,
               {{"profile", profile.id},
                {"name", mistakes.in_language(profile.name)},
                {"segment", name},
                {"known", mistakes.listed(known)},
                {"hint", hint}});
  return -1;
}

Matrix build_matrix(const PolicyOptions& options, Mistakes& mistakes, bool drafts) {
  return Builder{options, mistakes, drafts}.run();
}

}  // namespace sekimori::policy

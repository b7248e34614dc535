#include "config/overlays.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "config/assertion_reader.hpp"
#include "config/sections.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

constexpr std::size_t reasons_max = 4;  // of a cell

// From, to, and whether it is a draft: that may stand beside the one in force.
using Pairs = std::map<std::tuple<std::string, std::string, bool>, policy::Place>;

void read_code(const Cursor& at, policy::OverlayOptions& overlay) {
  std::string code;
  if (!at.text(code)) return;
  const auto cell = parse_code(code);
  if (!cell || *cell == policy::Cell::absent) {
    at.error(Text::config_overlay_code, {{"value", shown(code)}});
    return;
  }
  overlay.cell = *cell;
}

void read_reasons(const Cursor& at, const policy::Profile& profile, std::vector<std::string>& out) {
  std::vector<std::string_view> known;
  for (const policy::Reason& reason : profile.reasons) known.push_back(reason.id);
  at.list(
      [&](const Cursor& item) {
        std::string reason;
        if (!item.text(reason)) return;
        if (!known.empty() && std::find(known.begin(), known.end(), reason) == known.end()) {
          item.error(Text::config_model_reason, {{"value", shown(reason)}, {"reasons", join(known)}});
          return;
        }
        out.push_back(std::move(reason));
      },
      Cursor::Size::some);
  if (out.size() > reasons_max)
    at.error(Text::config_model_reasons_max, {{"max", std::to_string(reasons_max)}});
}

// Who asks why a pair is forbidden has to be given a reason.
void require_reason(const Cursor& at, const policy::PolicyOptions& options,
                    const policy::OverlayOptions& overlay) {
  if (overlay.cell == policy::Cell::permit || !overlay.reasons.empty()) return;
  const auto before = cell_in_force(options, overlay.from, overlay.to, overlay.draft);
  if (!before || !before->reasons.empty()) return;
  at.error(Text::config_overlay_reason, {{"from", overlay.from}, {"to", overlay.to}});
}

void read_overlay(const Cursor& item, const SegmentNames& names, Pairs& seen,
                  policy::PolicyOptions& options) {
  policy::OverlayOptions overlay;
  overlay.place = item.place();
  const std::size_t before = item.report().count();
  item.map([&](Map& map) {
    names.read(map.required("from"), overlay.from);
    names.read(map.required("to"), overlay.to);
    read_code(map.required("cell"), overlay);
    const Cursor reasons = map.optional("reasons");
    read_reasons(reasons, options.profile, overlay.reasons);
    const Cursor clause = map.optional("clause");
    if (clause.missing()) {
      item.error(Text::config_overlay_clause);
    } else {
      clause.text(overlay.clause);
    }
    read_stage(map.optional("stage"), overlay.draft);
  });
  if (item.report().count() != before) return;
  const auto [first, fresh] =
      seen.emplace(std::tuple{overlay.from, overlay.to, overlay.draft}, overlay.place);
  if (!fresh) {
    item.error(Text::config_overlay_twice,
               {{"from", overlay.from},
                {"to", overlay.to},
                {"place", std::to_string(first->second.line) + ":" + std::to_string(first->second.column)}});
    return;
  }
  require_reason(item, options, overlay);
  options.overlays.push_back(std::move(overlay));
}

}  // namespace

std::optional<policy::CellOptions> cell_in_force(const policy::PolicyOptions& options, std::string_view from,
                                                 std::string_view to, bool drafts) {
  std::optional<policy::CellOptions> found;
  const auto look = [&](const std::vector<policy::CellOptions>& cells) {
    for (const policy::CellOptions& one : cells) {
      if (one.from == from && one.to == to) found = one;
    }
  };
  look(options.profile.cells);
  for (const policy::SwitchChoice& choice : options.switches) {
    if (choice.draft && !drafts) continue;
    for (const policy::SwitchOptions& known : options.profile.switches) {
      if (known.id == choice.id) look(known.cells);
    }
  }
  for (const bool draft : {false, true}) {
    for (const policy::OverlayOptions& overlay : options.overlays) {
      if (!found || overlay.from != from || overlay.to != to || overlay.draft != draft) continue;
      if (draft && !drafts) continue;
      if (found->cell != overlay.cell) found->kinds.clear();
      found->cell = overlay.cell;
      if (!overlay.reasons.empty()) found->reasons = overlay.reasons;
    }
  }
  return found;
}

void read_overlays(const Cursor& at, const SegmentNames& names, policy::PolicyOptions& options) {
  Pairs seen;
  at.list([&](const Cursor& item) { read_overlay(item, names, seen, options); });
}

}  // namespace sekimori::config

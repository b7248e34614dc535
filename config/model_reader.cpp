// The model as data: profiles with their matrix, clauses with their quotes. A city may edit a copy, so that
// its reader is as strict as that of sekimori.yaml.
#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "config/sections.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

constexpr std::size_t segments_max = 16;  // of a profile: the matrix is kept as a table of that width
constexpr std::size_t reasons_max = 4;    // of a cell
constexpr std::size_t quote_octets_max = 8192;

void read_localized(const Cursor& at, policy::Localized& out) {
  at.map([&](Map& map) {
    map.required("ja").text(out.ja, quote_octets_max);
    map.required("en").text(out.en, quote_octets_max);
  });
}

// Says that `id` was given before, if it was.
void require_new(std::map<std::string, policy::Place>& seen, const std::string& id, const Cursor& at) {
  if (id.empty()) return;
  const auto [first, fresh] = seen.emplace(id, at.place());
  if (fresh) return;
  at.error(Text::config_duplicate_id,
           {{"id", id},
            {"place", std::to_string(first->second.line) + ":" + std::to_string(first->second.column)}});
}

template <class Entries>
std::vector<std::string_view> ids_of(const Entries& entries) {
  std::vector<std::string_view> ids;
  ids.reserve(entries.size());
  for (const auto& entry : entries) ids.push_back(entry.id);
  return ids;
}

bool is_one_of(const std::vector<std::string_view>& known, std::string_view id) {
  return std::find(known.begin(), known.end(), id) != known.end();
}

// A segment of this profile, or a message.
bool read_segment_id(const Cursor& at, const policy::Profile& profile, std::string& out) {
  std::string id;
  if (!at.text(id)) return false;
  const auto known = ids_of(profile.segments);
  if (!is_one_of(known, id)) {
    at.error(Text::config_model_segment, {{"value", shown(id)},
                                          {"segments", join(known)},
                                          {"mean", did_you_mean(at.report(), suggest(id, known))}});
    return false;
  }
  out = std::move(id);
  return true;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(' ', at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    words.emplace_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

}  // namespace

std::optional<policy::Cell> parse_code(std::string_view code) {
  using policy::Cell;
  static const std::map<std::string_view, Cell> codes{{"-", Cell::absent},  {"F", Cell::forbid_always},
                                                      {"f", Cell::forbid},  {"G", Cell::gateway},
                                                      {"L", Cell::service}, {"P", Cell::permit}};
  const auto found = codes.find(code);
  return found == codes.end() ? std::nullopt : std::optional{found->second};
}

namespace {

std::optional<policy::GatewayKind> parse_kind(std::string_view word) {
  for (const auto& [name, kind] : gateway_kinds) {
    if (name == word) return kind;
  }
  return std::nullopt;
}

// Takes the words that name kinds of gateways out of `words`: the only ones that the cell takes.
void read_cell_kinds(const Cursor& at, std::vector<std::string>& words, policy::CellOptions& cell) {
  std::vector<std::string> rest;
  for (std::string& word : words) {
    const auto kind = parse_kind(word);
    if (!kind) {
      rest.push_back(std::move(word));
    } else if (cell.cell != policy::Cell::gateway) {
      at.error(Text::config_model_kind, {{"value", word}});
    } else {
      cell.kinds.push_back(*kind);
    }
  }
  words = std::move(rest);
}

// "f R2 R10", "G R4 file-sanitiser mail-text"
void read_cell(const Cursor& at, const policy::Profile& profile, policy::CellOptions& cell) {
  std::string text;
  if (!at.text(text)) return;
  std::vector<std::string> words = words_of(text);
  const auto code = parse_code(words.front());
  if (!code) {
    at.error(Text::config_model_code, {{"value", shown(words.front())}});
    return;
  }
  cell.cell = *code;
  words.erase(words.begin());
  read_cell_kinds(at, words, cell);
  const auto known = ids_of(profile.reasons);
  for (const std::string& reason : words) {
    if (!is_one_of(known, reason))
      at.error(Text::config_model_reason, {{"value", shown(reason)}, {"reasons", join(known)}});
  }
  if (words.size() > reasons_max)
    at.error(Text::config_model_reasons_max, {{"max", std::to_string(reasons_max)}});
  const bool limits = *code != policy::Cell::permit && *code != policy::Cell::absent;
  if (words.empty() && limits) at.error(Text::config_model_reason_missing, {{"value", shown(text)}});
  cell.reasons = std::move(words);
}

// Rows of cells; every pair at most once.
void read_cells(const Cursor& at, const policy::Profile& profile, std::vector<policy::CellOptions>& cells) {
  std::map<std::pair<std::string, std::string>, policy::Place> seen;
  at.list([&](const Cursor& row) {
    row.map([&](Map& map) {
      std::string from;
      const bool good = read_segment_id(map.required("from"), profile, from);
      map.required("to").entries([&](const Cursor& key, const Cursor& value) {
        policy::CellOptions cell;
        cell.from = from;
        cell.place = value.place();
        read_cell(value, profile, cell);
        if (!read_segment_id(key, profile, cell.to) || !good) return;
        const auto [first, fresh] = seen.emplace(std::pair{cell.from, cell.to}, key.place());
        if (!fresh) {
          key.error(Text::config_model_pair_twice, {{"from", cell.from},
                                                    {"to", cell.to},
                                                    {"place", std::to_string(first->second.line) + ":" +
                                                                  std::to_string(first->second.column)}});
        }
        cells.push_back(std::move(cell));
      });
    });
  });
}

// The names beside id and code by which a configuration may call a segment.
std::vector<std::string_view> names_of(const policy::ProfileSegment& segment) {
  std::vector<std::string_view> names{segment.id, segment.code, segment.name.ja};
  names.insert(names.end(), segment.aliases.begin(), segment.aliases.end());
  return names;
}

// Every name means one segment, also where a profile is based on another.
void require_own_names(const Cursor& at, const policy::Profile& profile) {
  std::map<std::string_view, const policy::ProfileSegment*> owners;
  for (const policy::ProfileSegment& segment : profile.segments) {
    for (const std::string_view name : names_of(segment)) {
      const auto [first, fresh] = owners.emplace(name, &segment);
      if (fresh || first->second == &segment) continue;
      at.error(Text::config_model_name_twice,
               {{"value", shown(name)}, {"segment", first->second->id}, {"other", segment.id}});
    }
  }
}

void read_aliases(const Cursor& at, std::vector<std::string>& aliases) {
  at.list(
      [&](const Cursor& item) {
        std::string alias;
        if (item.text(alias)) aliases.push_back(std::move(alias));
      },
      Cursor::Size::some);
}

// Takes the place of the entry with its id, or is a new one.
template <class Entry>
void put(std::vector<Entry>& entries, Entry entry) {
  const auto same =
      std::find_if(entries.begin(), entries.end(), [&](const Entry& one) { return one.id == entry.id; });
  if (same == entries.end()) {
    entries.push_back(std::move(entry));
  } else {
    *same = std::move(entry);
  }
}

void put(std::vector<policy::CellOptions>& cells, std::vector<policy::CellOptions> changed) {
  for (policy::CellOptions& cell : changed) {
    const auto same = std::find_if(cells.begin(), cells.end(), [&](const policy::CellOptions& one) {
      return one.from == cell.from && one.to == cell.to;
    });
    if (same == cells.end()) {
      cells.push_back(std::move(cell));
    } else {
      *same = std::move(cell);
    }
  }
}

void read_profile_segments(const Cursor& at, policy::Profile& profile) {
  const std::size_t before = at.report().count();
  std::map<std::string, policy::Place> ids;
  std::map<std::string, policy::Place> codes;
  at.list([&](const Cursor& item) {
    policy::ProfileSegment segment;
    item.map([&](Map& map) {
      const Cursor id = map.required("id");
      if (id.identifier(segment.id)) require_new(ids, segment.id, id);
      const Cursor code = map.required("code");
      if (code.identifier(segment.code)) require_new(codes, segment.code, code);
      read_localized(map.required("name"), segment.name);
      read_aliases(map.optional("aliases"), segment.aliases);
      const Cursor whole = map.optional("part_of");
      if (whole.text(segment.part_of) && !is_one_of(ids_of(profile.segments), segment.part_of)) {
        whole.error(
            Text::config_model_segment,
            {{"value", shown(segment.part_of)},
             {"segments", join(ids_of(profile.segments))},
             {"mean", did_you_mean(whole.report(), suggest(segment.part_of, ids_of(profile.segments)))}});
      }
      map.optional("listed_only").boolean(segment.listed_only);
    });
    if (segment.id.empty()) return;
    // What the ground of this profile says of it no longer holds.
    const auto stale = std::remove_if(profile.undefined.begin(), profile.undefined.end(),
                                      [&](const auto& one) { return one.id == segment.id; });
    profile.undefined.erase(stale, profile.undefined.end());
    put(profile.segments, std::move(segment));
  });
  if (!at.present()) return;
  if (profile.segments.size() > segments_max) {
    at.error(Text::config_model_segments_max, {{"max", std::to_string(segments_max)}});
  }
  const auto known = ids_of(profile.segments);
  if (!is_one_of(known, "external")) at.error(Text::config_model_external);
  if (at.report().count() == before) require_own_names(at, profile);
}

// Segments that the profile has not, and why.
void read_undefined(const Cursor& at, policy::Profile& profile) {
  std::map<std::string, policy::Place> ids;
  const auto known = ids_of(profile.clauses);
  const auto segments = ids_of(profile.segments);
  at.list([&](const Cursor& item) {
    policy::UndefinedSegment undefined;
    item.map([&](Map& map) {
      const Cursor id = map.required("id");
      if (id.identifier(undefined.id)) require_new(ids, undefined.id, id);
      if (is_one_of(segments, undefined.id)) {
        id.error(Text::config_model_defined, {{"value", shown(undefined.id)}});
      }
      read_aliases(map.optional("aliases"), undefined.aliases);
      read_localized(map.required("why"), undefined.why);
      const Cursor clause = map.optional("clause");
      if (clause.text(undefined.clause) && !is_one_of(known, undefined.clause)) {
        clause.error(Text::config_model_clause,
                     {{"value", shown(undefined.clause)},
                      {"mean", did_you_mean(clause.report(), suggest(undefined.clause, known))}});
      }
    });
    if (!undefined.id.empty()) put(profile.undefined, std::move(undefined));
  });
}

void read_profile_switches(const Cursor& at, policy::Profile& profile) {
  std::map<std::string, policy::Place> ids;
  at.list([&](const Cursor& item) {
    policy::SwitchOptions choice;
    item.map([&](Map& map) {
      const Cursor name = map.required("id");
      if (name.identifier(choice.id)) require_new(ids, choice.id, name);
      read_localized(map.required("name"), choice.text);
      map.optional("clause_required").boolean(choice.clause_required);
      read_cells(map.required("cells"), profile, choice.cells);
    });
    put(profile.switches, std::move(choice));
  });
}

void require_every_pair(const Cursor& at, const policy::Profile& profile) {
  std::set<std::pair<std::string_view, std::string_view>> decided;
  for (const policy::CellOptions& cell : profile.cells) decided.emplace(cell.from, cell.to);
  for (const auto& from : profile.segments) {
    std::vector<std::string_view> missing;
    for (const auto& to : profile.segments) {
      if (decided.count({from.id, to.id}) == 0) missing.push_back(to.id);
    }
    if (!missing.empty()) {
      at.error(Text::config_model_pairs_missing, {{"from", from.id}, {"to", join(missing)}});
    }
  }
}

}  // namespace

void read_clauses(const Cursor& root, policy::Profile& profile) {
  root.map([&](Map& top) {
    std::map<std::string, policy::Place> clause_ids;
    top.required("clauses").list([&](const Cursor& item) {
      policy::Clause clause;
      item.map([&](Map& map) {
        const Cursor id = map.required("id");
        if (id.identifier(clause.id)) require_new(clause_ids, clause.id, id);
        read_localized(map.required("body"), clause.body);
        map.required("number").text(clause.number);
        map.optional("quote").text_or_empty(clause.quote, quote_octets_max);
        map.optional("gloss").text_or_empty(clause.gloss, quote_octets_max);
      });
      profile.clauses.push_back(std::move(clause));
    });
    std::map<std::string, policy::Place> reason_ids;
    const auto known = ids_of(profile.clauses);
    top.required("reasons").list([&](const Cursor& item) {
      policy::Reason reason;
      item.map([&](Map& map) {
        const Cursor id = map.required("id");
        if (id.identifier(reason.id)) require_new(reason_ids, reason.id, id);
        read_localized(map.required("text"), reason.text);
        map.required("clauses").list([&](const Cursor& one) {
          std::string clause;
          if (!one.text(clause)) return;
          if (!is_one_of(known, clause)) {
            one.error(
                Text::config_model_clause,
                {{"value", shown(clause)}, {"mean", did_you_mean(one.report(), suggest(clause, known))}});
          }
          reason.clauses.push_back(std::move(clause));
        });
      });
      profile.reasons.push_back(std::move(reason));
    });
  });
}

void read_profile(const Cursor& root, const std::string& id_wanted, policy::Profile& profile) {
  const bool based = !profile.segments.empty();
  root.map([&](Map& top) {
    const Cursor id = top.required("profile");
    if (id.identifier(profile.id) && profile.id != id_wanted) {
      id.error(Text::config_model_profile_id, {{"found", profile.id}, {"wanted", id_wanted}});
    }
    top.optional("based_on");  // the caller has read that profile before this one
    read_localized(top.required("name"), profile.name);
    read_profile_segments(based ? top.optional("segments") : top.required("segments"), profile);
    read_undefined(top.optional("undefined"), profile);

    const Cursor cells = based ? top.optional("cells") : top.required("cells");
    std::vector<policy::CellOptions> changed;
    read_cells(cells, profile, changed);
    put(profile.cells, std::move(changed));
    if (cells.present() || based) require_every_pair(cells.present() ? cells : root, profile);
    std::vector<policy::CellOptions> paths;
    read_cells(top.optional("other_paths"), profile, paths);
    put(profile.other_paths, std::move(paths));
    read_profile_switches(top.optional("switches"), profile);
  });
}

}  // namespace sekimori::config

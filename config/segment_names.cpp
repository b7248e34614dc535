#include "config/segment_names.hpp"

#include <algorithm>
#include <utility>

#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

// ＬＧＷＡＮ接続系 and LGWAN接続系 are one name.
bool same(std::string_view wanted, std::string_view name) {
  return !name.empty() && wanted == half_width(name);
}

bool is_among(std::string_view wanted, const std::vector<std::string>& names) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) { return same(wanted, name); });
}

}  // namespace

const policy::ProfileSegment* SegmentNames::find(std::string_view name) const {
  const std::string wanted = half_width(name);
  for (const policy::ProfileSegment& segment : profile_.segments) {
    if (same(wanted, segment.id) || same(wanted, segment.code) || same(wanted, segment.name.ja) ||
        is_among(wanted, segment.aliases)) {
      return &segment;
    }
  }
  return nullptr;
}

const policy::UndefinedSegment* SegmentNames::find_undefined(std::string_view name) const {
  const std::string wanted = half_width(name);
  for (const policy::UndefinedSegment& one : profile_.undefined) {
    if (same(wanted, one.id) || is_among(wanted, one.aliases)) return &one;
  }
  return nullptr;
}

// Why, and which clause says so.
std::string SegmentNames::reason(const policy::UndefinedSegment& undefined, const Report& report) const {
  const bool japanese = report.language() == Language::ja;
  std::string why = japanese ? undefined.why.ja : undefined.why.en;
  for (const policy::Clause& clause : profile_.clauses) {
    if (clause.id != undefined.clause) continue;
    why += report.say(Text::config_segment_basis,
                      {{"body", japanese ? clause.body.ja : clause.body.en}, {"number", clause.number}});
  }
  return why;
}

bool SegmentNames::read(const Cursor& at, std::string& out) const {
  std::string name;
  if (!at.text(name)) return false;
  if (known()) {
    const policy::ProfileSegment* const segment = find(name);
    if (segment == nullptr) {
      tell_unknown(at, name);
      return false;
    }
    name = segment->id;
  }
  out = std::move(name);
  return true;
}

void SegmentNames::tell_unknown(const Cursor& at, std::string_view name) const {
  std::vector<std::string_view> ids;
  std::vector<Word> words;
  for (const policy::ProfileSegment& segment : profile_.segments) {
    ids.push_back(segment.id);
    for (const std::string_view one :
         {std::string_view{segment.id}, std::string_view{segment.code}, std::string_view{segment.name.ja},
          std::string_view{segment.name.en}}) {
      words.push_back({one, segment.id});
    }
    for (const std::string& alias : segment.aliases) words.push_back({alias, segment.id});
  }
  const std::string mean = did_you_mean(at.report(), suggest(name, words));
  if (profile_.id.empty()) {
    at.error(Text::config_segment_nowhere, {{"value", shown(name)}, {"segments", join(ids)}, {"mean", mean}});
    return;
  }
  if (const policy::UndefinedSegment* const one = find_undefined(name)) {
    at.error(Text::config_segment_undefined, {{"value", shown(name)},
                                              {"profile", profile_.id},
                                              {"why", reason(*one, at.report())},
                                              {"segments", join(ids)}});
    return;
  }
  at.error(Text::config_segment_unknown,
           {{"value", shown(name)}, {"profile", profile_.id}, {"segments", join(ids)}, {"mean", mean}});
}

}  // namespace sekimori::config

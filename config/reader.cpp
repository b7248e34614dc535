#include "config/reader.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include "config/slips.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

using std::chrono::milliseconds;

Text kind_text(TreeNode::Kind kind) {
  switch (kind) {
    case TreeNode::Kind::list:
      return Text::config_kind_list;
    case TreeNode::Kind::map:
      return Text::config_kind_map;
    default:
      return Text::config_kind_text;
  }
}

// "90s", "1500ms", "64MiB": the largest unit that leaves no remainder.
template <std::size_t Count>
std::string with_unit(std::uint64_t value,
                      const std::array<std::pair<std::string_view, std::uint64_t>, Count>& units) {
  for (const auto& [unit, size] : units) {
    if (value % size == 0 && value != 0) return std::to_string(value / size).append(unit);
  }
  return std::to_string(value).append(units.back().first);
}

constexpr std::array<std::pair<std::string_view, std::uint64_t>, 4> time_units{
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<std::pair<std::string_view, std::uint64_t>, 3> size_units{
    {{"GiB", 1ULL << 30U}, {"MiB", 1ULL << 20U}, {"KiB", 1ULL << 10U}}};

// What people write for a unit that has another spelling here.
std::string_view meant_unit(std::string_view unit) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 27> known{{
      {"sec", "s"},  {"secs", "s"},  {"second", "s"}, {"seconds", "s"}, {"S", "s"},     {"秒", "s"},
      {"min", "m"},  {"mins", "m"},  {"minute", "m"}, {"minutes", "m"}, {"M", "m"},     {"分", "m"},
      {"hour", "h"}, {"hours", "h"}, {"H", "h"},      {"時間", "h"},    {"msec", "ms"}, {"ミリ秒", "ms"},
      {"K", "KiB"},  {"KB", "KiB"},  {"k", "KiB"},    {"MB", "MiB"},    {"Mi", "MiB"},  {"mib", "MiB"},
      {"G", "GiB"},  {"GB", "GiB"},  {"gib", "GiB"},
  }};
  for (const auto& [written, meant] : known) {
    if (unit == written) return meant;
  }
  return {};
}

struct Quantity {
  std::uint64_t value = 0;
  bool good = false;
  std::string better{};  // what was probably meant
};

template <std::size_t Count>
Quantity parse_quantity(std::string_view text, std::string_view default_unit,
                        const std::array<std::pair<std::string_view, std::uint64_t>, Count>& units) {
  Quantity result;
  const std::string narrow = half_width(text);
  const std::size_t end = std::min(narrow.find_first_not_of("0123456789"), narrow.size());
  const auto count = parse_decimal(std::string_view{narrow}.substr(0, end));
  if (!count) return result;
  std::string_view unit = std::string_view{narrow}.substr(end);
  while (!unit.empty() && unit.front() == ' ') unit.remove_prefix(1);
  std::string_view meant = unit.empty() ? default_unit : meant_unit(unit);
  for (const auto& [known, size] : units) {
    if (unit == known) meant = known;
    if (unit != known || narrow != text || end + unit.size() != narrow.size()) continue;
    if (*count > std::numeric_limits<std::uint64_t>::max() / size) return result;
    result.value = *count * size;
    result.good = true;
    return result;
  }
  const bool applies =
      std::any_of(units.begin(), units.end(), [&](const auto& one) { return one.first == meant; });
  if (applies) result.better = std::to_string(*count).append(meant);
  return result;
}

}  // namespace

std::optional<std::uint64_t> parse_decimal(std::string_view text) {
  constexpr std::size_t digits_max = 19;  // always fits into 64 bits
  if (text.empty() || text.size() > digits_max || (text.size() > 1 && text.front() == '0'))
    return std::nullopt;
  std::uint64_t value = 0;
  for (const char digit : text) {
    if (digit < '0' || digit > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return value;
}

std::string join(const std::vector<std::string_view>& words) {
  std::string out;
  for (const std::string_view word : words) {
    if (!out.empty()) out += ", ";
    out += word;
  }
  return out;
}

std::string did_you_mean(const Report& report, const std::string& candidate) {
  return candidate.empty() ? std::string{}
                           : report.say(Text::config_did_you_mean, {{"candidate", candidate}});
}

std::string half_width(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octet = [&](std::size_t k) {
      return i + k < text.size() ? static_cast<unsigned char>(text[i + k]) : 0U;
    };
    // U+FF01..U+FF3F are EF BC 81..BF, U+FF40..U+FF5E are EF BD 80..9E.
    const bool first_half = octet(0) == 0xef && octet(1) == 0xbc && octet(2) >= 0x81;
    const bool second_half = octet(0) == 0xef && octet(1) == 0xbd && octet(2) >= 0x80 && octet(2) <= 0x9e;
    if (first_half || second_half) {
      out += static_cast<char>(octet(2) - (first_half ? 0x60 : 0x20));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

policy::Place Cursor::place() const {
  if (node_ == nullptr) return {origin_->file, 1, 1};
  return {origin_->file, node_->line, node_->column};
}

void Cursor::error(Text id, std::initializer_list<TextArgument> arguments) const {
  std::string message = report().say(id, arguments);
  // What is wrong with a text for people is not how it is spelt.
  const bool spelling = id != Text::config_text_long && id != Text::config_text_control &&
                        id != Text::config_text_empty && id != Text::config_full_width_space;
  if (spelling && is_text()) message += slip_hint(node_->text, report());
  report().add(place(), path_, std::move(message));
}

bool Cursor::expect(TreeNode::Kind kind, Text expected) const {
  if (!present()) return false;
  if (node_->kind == kind) return true;
  if (node_->kind == TreeNode::Kind::null) {
    error(Text::config_null, {{"expected", text_of(expected)}});
  } else {
    error(Text::config_kind, {{"expected", text_of(expected)}, {"found", text_of(kind_text(node_->kind))}});
  }
  return false;
}

std::string_view Cursor::text_of(Text id) const {
  return sekimori::text(id, report().language());
}

std::string_view Cursor::scalar(Text expected) const {
  return expect(TreeNode::Kind::text, expected) ? std::string_view{node_->text} : std::string_view{};
}

bool Cursor::text_or_empty(std::string& out, std::size_t octets_max) const {
  if (!expect(TreeNode::Kind::text, Text::config_kind_text)) return false;
  const std::string& value = node_->text;
  const bool one_line = std::none_of(
      value.begin(), value.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (!one_line) {
    error(Text::config_text_control, {{"value", shown(value)}});
    return false;
  }
  if (value.size() > octets_max) {
    error(Text::config_text_long,
          {{"max", std::to_string(octets_max)}, {"length", std::to_string(value.size())}});
    return false;
  }
  out = value;
  return true;
}

bool Cursor::text(std::string& out, std::size_t octets_max) const {
  std::string value;
  if (!text_or_empty(value, octets_max)) return false;
  if (value.find_first_not_of(' ') == std::string::npos) {
    error(Text::config_text_empty);
    return false;
  }
  out = std::move(value);
  return true;
}

bool Cursor::identifier(std::string& out) const {
  constexpr std::size_t octets_max = 64;
  std::string value;
  if (!text(value, octets_max)) return false;
  const bool good = std::all_of(value.begin(), value.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
  if (!good) {
    error(Text::config_identifier, {{"value", shown(value)}});
    return false;
  }
  out = std::move(value);
  return true;
}

bool Cursor::boolean(bool& out) const {
  if (!expect(TreeNode::Kind::text, Text::config_kind_boolean)) return false;
  const std::string_view value = node_->text;
  if (value == "true" || value == "false") {
    out = value == "true";
    return true;
  }
  static const std::vector<Word> words{
      {"yes", "true"},     {"on", "true"},    {"y", "true"},    {"1", "true"},     {"はい", "true"},
      {"有効", "true"},    {"no", "false"},   {"off", "false"}, {"n", "false"},    {"0", "false"},
      {"いいえ", "false"}, {"無効", "false"}, {"true", "true"}, {"false", "false"}};
  std::string candidate;
  for (const Word& word : words) {
    std::string lower;
    for (const char c : value.substr(0, 8))
      lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower == word.written) candidate = word.meant;
  }
  if (candidate.empty()) candidate = suggest(value, std::vector<std::string_view>{"true", "false"});
  error(Text::config_not_boolean, {{"value", shown(value)}, {"mean", did_you_mean(report(), candidate)}});
  return false;
}

bool Cursor::number_in(std::uint64_t& out, Range range) const {
  if (!expect(TreeNode::Kind::text, Text::config_kind_number)) return false;
  const std::string_view value = node_->text;
  const std::string lowest = std::to_string(range.lowest);
  const std::string highest = std::to_string(range.highest);
  if (const auto number = parse_decimal(value)) {
    if (*number >= range.lowest && *number <= range.highest) {
      out = *number;
      return true;
    }
    error(Text::config_number_range, {{"value", shown(value)}, {"min", lowest}, {"max", highest}});
    return false;
  }
  const bool digits = !value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos;
  if (digits && value.front() == '0') {
    const std::string_view rest = value.substr(std::min(value.find_first_not_of('0'), value.size() - 1));
    error(Text::config_number_zero, {{"value", shown(value)}, {"fixed", shown(rest)}});
  } else if (value.size() > 2 && value[0] == '0' && (value[1] == 'x' || value[1] == 'X' || value[1] == 'o')) {
    error(Text::config_number_base, {{"value", shown(value)}, {"min", lowest}, {"max", highest}});
  } else if (digits) {
    error(Text::config_number_range, {{"value", shown(value)}, {"min", lowest}, {"max", highest}});
  } else {
    // "1,000", "1_000" and full-width digits are the ways in which a number is plainly meant.
    std::string candidate = half_width(value.substr(0, 32));
    candidate.erase(
        std::remove_if(candidate.begin(), candidate.end(), [](char c) { return c == ',' || c == '_'; }),
        candidate.end());
    if (!parse_decimal(candidate)) candidate.clear();
    error(Text::config_not_number, {{"value", shown(value)},
                                    {"min", lowest},
                                    {"max", highest},
                                    {"mean", did_you_mean(report(), candidate)}});
  }
  return false;
}

bool Cursor::duration_in(milliseconds& out, DurationRange range, milliseconds step) const {
  if (!expect(TreeNode::Kind::text, Text::config_kind_duration)) return false;
  const auto lowest = static_cast<std::uint64_t>(range.lowest.count());
  const auto highest = static_cast<std::uint64_t>(range.highest.count());
  const Quantity quantity = parse_quantity(node_->text, step.count() == 1 ? "ms" : "s", time_units);
  const bool whole = quantity.value % static_cast<std::uint64_t>(step.count()) == 0;
  if (quantity.good && whole && quantity.value >= lowest && quantity.value <= highest) {
    out = milliseconds{static_cast<milliseconds::rep>(quantity.value)};
    return true;
  }
  error(quantity.good ? Text::config_duration_range : Text::config_not_duration,
        {{"value", shown(node_->text)},
         {"min", lowest == 0 ? "0s" : with_unit(lowest, time_units)},
         {"max", with_unit(highest, time_units)},
         {"mean", did_you_mean(report(), quantity.better)}});
  return false;
}

bool Cursor::bytes(std::uint64_t& out, Range range) const {
  if (!expect(TreeNode::Kind::text, Text::config_kind_size)) return false;
  const Quantity quantity = parse_quantity(node_->text, "MiB", size_units);
  if (quantity.good && quantity.value >= range.lowest && quantity.value <= range.highest) {
    out = quantity.value;
    return true;
  }
  error(quantity.good ? Text::config_size_range : Text::config_not_size,
        {{"value", shown(node_->text)},
         {"min", with_unit(range.lowest, size_units)},
         {"max", with_unit(range.highest, size_units)},
         {"mean", did_you_mean(report(), quantity.better)}});
  return false;
}

bool Cursor::choice_of(std::size_t& index, const std::vector<std::string_view>& words) const {
  if (!expect(TreeNode::Kind::text, Text::config_kind_text)) return false;
  const auto found = std::find(words.begin(), words.end(), node_->text);
  if (found == words.end()) {
    error(Text::config_not_choice, {{"value", shown(node_->text)},
                                    {"choices", join(words)},
                                    {"mean", did_you_mean(report(), suggest(node_->text, words))}});
    return false;
  }
  index = static_cast<std::size_t>(found - words.begin());
  return true;
}

bool Cursor::list(const std::function<void(const Cursor&)>& item, Size size) const {
  if (!present()) return false;
  if (node_->kind == TreeNode::Kind::text && half_width(node_->text).substr(0, 1) != "[") {
    error(Text::config_list_of_one, {{"value", shown(node_->text)}});
    return false;
  }
  if (!expect(TreeNode::Kind::list, Text::config_kind_list)) return false;
  if (node_->items.empty() && size == Size::some) {
    error(Text::config_list_empty);
    return false;
  }
  for (std::size_t i = 0; i < node_->items.size(); ++i) {
    const Cursor one{*origin_, &node_->items[i], path_ + "[" + std::to_string(i) + "]", pattern_ + "[]"};
    if (one.present()) item(one);
  }
  return true;
}

bool Cursor::map(const std::function<void(Map&)>& body) const {
  if (!expect(TreeNode::Kind::map, Text::config_kind_map)) return false;
  Map map{*this};
  body(map);
  map.finish();
  return true;
}

bool Cursor::entries(const std::function<void(const Cursor&, const Cursor&)>& entry) const {
  if (!expect(TreeNode::Kind::map, Text::config_kind_map)) return false;
  for (std::size_t i = 0; i < node_->items.size(); ++i) {
    const std::string path = path_ + (path_.empty() ? "" : ".") + shown(node_->keys[i].text);
    const std::string pattern = pattern_ + (pattern_.empty() ? "*" : ".*");
    entry(Cursor{*origin_, &node_->keys[i], path, pattern},
          Cursor{*origin_, &node_->items[i], path, pattern});
  }
  return true;
}

Cursor Map::optional(std::string_view key) {
  const auto dotted = [&](const std::string& before) {
    std::string out = before;
    if (!out.empty()) out += '.';
    return out.append(key);
  };
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.push_back(key);
  const TreeNode* found = nullptr;
  for (std::size_t i = 0; i < at_.node_->keys.size() && found == nullptr; ++i) {
    if (at_.node_->keys[i].text == key) found = &at_.node_->items[i];
  }
  Cursor cursor{*at_.origin_, found, dotted(at_.path_), dotted(at_.pattern_)};
  if (KeyLedger* const ledger = at_.report().ledger) {
    ledger->known.insert(cursor.pattern_);
    if (found != nullptr) ledger->written.insert(cursor.pattern_);
  }
  return cursor;
}

Cursor Map::required(std::string_view key) {
  Cursor cursor = optional(key);
  if (cursor.node_ == nullptr) at_.error(Text::config_missing, {{"key", key}});
  return cursor;
}

void Map::finish() const {
  for (const TreeNode& key : at_.node_->keys) {
    if (std::find(known_.begin(), known_.end(), key.text) != known_.end()) continue;
    const std::string path = at_.path_ + (at_.path_.empty() ? "" : ".") + shown(key.text);
    const policy::Place place{at_.origin_->file, key.line, key.column};
    if (key.text.find(full_width_space) != std::string::npos) {
      at_.report().add(place, path, Text::config_full_width_space);
      continue;
    }
    const std::string message = at_.report().say(
        Text::config_unknown_key, {{"key", shown(key.text)},
                                   {"keys", join(known_)},
                                   {"mean", did_you_mean(at_.report(), suggest(key.text, known_))}});
    at_.report().add(place, path, message + slip_hint(key.text, at_.report()));
  }
}

}  // namespace sekimori::config

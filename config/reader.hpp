// A strict cursor over the tree: it carries the path and the place, says every mistake and goes on.
//
//   root.map([&](Map& map) {
//     map.required("name").identifier(tap.name);
//     map.optional("snaplen").number(tap.snaplen, {96, 262'144});
//   });                                    // keys that nobody asked for are mistakes, with "did you mean"
//
// A read fills its output only when the value is there and right; a missing optional key leaves the default,
// so that defaults live in the options alone. A cursor is valid as long as its tree.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/report.hpp"
#include "config/suggest.hpp"
#include "config/yaml.hpp"

namespace sekimori::config {

class Map;

// What every cursor of one file shares.
struct Origin {
  std::string file;
  Report& report;
};

class Cursor {
 public:
  struct Range {
    std::uint64_t lowest = 0;
    std::uint64_t highest = std::numeric_limits<std::uint64_t>::max();
  };
  struct DurationRange {
    std::chrono::milliseconds lowest{};
    std::chrono::milliseconds highest{};
  };

  Cursor(const Origin& origin, const TreeNode* node, std::string path, std::string pattern)
      : origin_{&origin}, node_{node}, path_{std::move(path)}, pattern_{std::move(pattern)} {}

  // Something was written here that is worth reading: neither missing nor reported already.
  bool present() const { return node_ != nullptr && node_->kind != TreeNode::Kind::broken; }
  bool missing() const { return node_ == nullptr; }  // not even written
  bool is_text() const { return present() && node_->kind == TreeNode::Kind::text; }
  bool is_map() const { return present() && node_->kind == TreeNode::Kind::map; }
  policy::Place place() const;
  // For a part of this text, put into a node of its own, which must outlive the cursor.
  Cursor part(const TreeNode& node) const { return {*origin_, &node, path_, pattern_}; }
  const std::string& path() const { return path_; }
  Report& report() const { return origin_->report; }
  // Says also which of the value's characters is no ASCII sign though it looks like one.
  void error(Text id, std::initializer_list<TextArgument> arguments = {}) const;

  // ---- scalars: true and the output filled, or false and everything said ----

  // The characters as written; not empty, on one line, at most `octets_max`.
  bool text(std::string& out, std::size_t octets_max = 1024) const;
  // A text that may be empty.
  bool text_or_empty(std::string& out, std::size_t octets_max = 1024) const;
  // ASCII letters, digits, '-', '_', '.': names that other entries and alerts refer to.
  bool identifier(std::string& out) const;
  bool boolean(bool& out) const;
  template <class Integer>
  bool number(Integer& out, Range range) const {
    static_assert(std::is_unsigned_v<Integer>);
    std::uint64_t value = 0;
    if (!number_in(value, range)) return false;
    out = static_cast<Integer>(value);
    return true;
  }
  template <class Span>
  bool duration(Span& out, DurationRange range) const {
    std::chrono::milliseconds value{};
    if (!duration_in(value, range, std::chrono::milliseconds{Span{1}})) return false;
    out = std::chrono::duration_cast<Span>(value);
    return true;
  }
  // "64MiB"; the range is in octets.
  bool bytes(std::uint64_t& out, Range range) const;
  template <class Enum>
  bool choice(Enum& out, std::initializer_list<std::pair<std::string_view, Enum>> choices) const {
    std::vector<std::string_view> words;
    for (const auto& [word, value] : choices) words.push_back(word);
    std::size_t index = 0;
    if (!choice_of(index, words)) return false;
    out = (choices.begin() + index)->second;
    return true;
  }
  // The bare text of a scalar of whatever meaning, "" with a message if this is no scalar.
  std::string_view scalar(Text expected) const;

  // ---- structures ----

  enum class Size : std::uint8_t {
    any,
    some
  };  // some: an empty list is a mistake, because it would mean "no limit"
  bool list(const std::function<void(const Cursor&)>& item, Size size = Size::any) const;
  bool map(const std::function<void(Map&)>& body) const;
  // A map whose keys are the user's own names. The first cursor stands on the key, the second on the value.
  bool entries(const std::function<void(const Cursor&, const Cursor&)>& entry) const;
  // A cursor for the message about this place that says "write a list" and the like.
  bool expect(TreeNode::Kind kind, Text expected) const;

 private:
  friend class Map;
  std::string_view text_of(Text id) const;
  bool number_in(std::uint64_t& out, Range range) const;
  bool duration_in(std::chrono::milliseconds& out, DurationRange range, std::chrono::milliseconds step) const;
  bool choice_of(std::size_t& index, const std::vector<std::string_view>& words) const;

  const Origin* origin_;
  const TreeNode* node_;  // null: the key is missing
  std::string path_;
  std::string pattern_;  // the path with [] and * for KeyLedger
};

class Map {
 public:
  Cursor optional(std::string_view key);
  Cursor required(std::string_view key);  // reports a missing key at the map's own place

 private:
  friend class Cursor;
  explicit Map(const Cursor& at) : at_{at} {}
  void finish() const;  // says which keys nobody asked for

  const Cursor& at_;
  std::vector<std::string_view> known_{};  // keys are literals of the readers
};

// Decimal digits only, without a sign, a leading zero or more than fits; none otherwise.
std::optional<std::uint64_t> parse_decimal(std::string_view text);
// "a, b, c"
std::string join(const std::vector<std::string_view>& words);
// " did you mean ..." with its leading space or Japanese equivalent; empty for an empty candidate.
std::string did_you_mean(const Report& report, const std::string& candidate);
// Full-width ASCII letters, digits and signs (U+FF01..U+FF5E) as ASCII; the rest as it is.
std::string half_width(std::string_view text);

}  // namespace sekimori::config

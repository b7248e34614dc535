// YAML text to a tree that knows where everything stands, and nothing more: every scalar stays text, so that
// 010, yes and 02:00:5e:10:00:01 mean what is written and not what YAML 1.1 makes of them.
//
// Refused, each with its place: anchors, aliases, tags, merge keys, several documents, doubled keys, keys
// that are not text, quotes left open at the end of their line, nesting beyond 32, control characters and
// what is not UTF-8.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/report.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {

inline constexpr std::size_t file_bytes_max = std::size_t{1} << 20U;
inline constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
inline constexpr std::string_view full_width_space = "\xe3\x80\x80";

// Of UTF-8, as editors count columns.
int characters(std::string_view text);

struct TreeNode {
  enum class Kind : std::uint8_t {
    null,  // "key:" with nothing behind it, ~, null
    text,
    list,
    map,
    broken  // reported already; a reader passes over it in silence
  };
  Kind kind = Kind::null;
  int line = 1;    // 1-based
  int column = 1;  // 1-based, in characters
  std::string text{};
  std::vector<TreeNode> keys{};   // of a map: texts, all different; parallel to `items`
  std::vector<TreeNode> items{};  // of a map or list

  // The value behind `key` of a map; null if there is none.
  const TreeNode* find(std::string_view key) const;
};

struct FileText {
  std::optional<std::string> content{};
  Text failure =
      Text::config_file_unreadable;  // when there is no content: missing, no permission, a directory
  int error = 0;                     // the system's own: errno
};
// At most one octet more than `bytes_max`, so that whoever reads the content can say that it is too much.
FileText read_text_file(const std::string& path, std::size_t bytes_max = file_bytes_max);
// Why there is no content, in the report's language.
std::string why_unread(const FileText& text, const Report& report);

// False, with a message, when an octet is a control character other than tab and line end, or no UTF-8.
bool sound_text(std::string_view content, const std::string& file, Report& report);

// The tree of `content`, or none when it could not be read to its end. Mistakes go to `report` under the name
// `file`.
std::optional<TreeNode> parse_yaml(std::string_view content, const std::string& file, Report& report);

}  // namespace sekimori::config

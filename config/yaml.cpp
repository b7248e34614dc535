#include "config/yaml.hpp"

#include <fcntl.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <map>
#include <memory>
#include <sstream>
#include <utility>

#include "config/slips.hpp"
#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

constexpr std::size_t depth_max = 32;  // the library's own guard is 500 levels, and says "bad file"

// Octets of the UTF-8 character at the front of `text`; 0 when it is not one (RFC 3629: no surrogates, no
// long forms).
std::size_t utf8_length(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = octet(0);
  if (first < 0x80) return 1;
  std::size_t length = 0;
  unsigned char lowest = 0x80;
  unsigned char highest = 0xbf;
  if (first >= 0xc2 && first <= 0xdf) length = 2;
  if (first >= 0xe0 && first <= 0xef) length = 3;
  if (first >= 0xf0 && first <= 0xf4) length = 4;
  if (first == 0xe0) lowest = 0xa0;
  if (first == 0xed) highest = 0x9f;
  if (first == 0xf0) lowest = 0x90;
  if (first == 0xf4) highest = 0x8f;
  if (length == 0 || text.size() < length || octet(1) < lowest || octet(1) > highest) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((octet(i) & 0xc0U) != 0x80U) return 0;
  }
  return length;
}

// Thrown through the library when there is no sense in reading on; the reason is in the report.
struct Stop {};

// Where the lines begin, to turn the library's octet columns into the character columns that an editor shows.
class Lines {
 public:
  explicit Lines(std::string_view content) : content_{content} {
    starts_.push_back(0);
    for (std::size_t at = content.find('\n'); at != std::string_view::npos; at = content.find('\n', at + 1)) {
      starts_.push_back(at + 1);
    }
  }
  std::size_t offset(const YAML::Mark& mark) const {
    const std::size_t line = std::min(static_cast<std::size_t>(std::max(mark.line, 0)), starts_.size() - 1);
    return std::min(starts_[line] + static_cast<std::size_t>(std::max(mark.column, 0)), content_.size());
  }
  std::pair<int, int> place(std::size_t offset) const {
    const auto after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    const auto line = static_cast<std::size_t>(after - starts_.begin());
    // Places are asked for in nearly rising order; counting on from the last one keeps a file of one line
    // linear.
    if (line != last_line_ || offset < last_offset_) {
      last_line_ = line;
      last_offset_ = starts_[line - 1];
      last_column_ = 1;
    }
    last_column_ += characters(content_.substr(last_offset_, offset - last_offset_));
    last_offset_ = offset;
    return {static_cast<int>(line), last_column_};
  }

 private:
  std::string_view content_;
  std::vector<std::size_t> starts_{};
  mutable std::size_t last_line_ = 0;
  mutable std::size_t last_offset_ = 0;
  mutable int last_column_ = 1;
};

class Builder final : public YAML::EventHandler {
 public:
  Builder(std::string_view content, const Lines& lines, std::string file, Report& report)
      : content_{content}, lines_{lines}, file_{std::move(file)}, report_{report} {}

  TreeNode take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (documents_++ == 0) return;
    complain(mark, Text::config_documents);
    throw Stop{};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_decoration(mark, {}, anchor);
    place_node(make(mark, TreeNode::Kind::null));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    complain(mark, Text::config_alias);
    place_node(make(mark, TreeNode::Kind::broken));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_decoration(mark, tag, anchor);
    if (tag == "!") refuse_open_quote(mark);
    TreeNode node = make(mark, TreeNode::Kind::text);
    node.text = value;
    place_node(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, TreeNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, TreeNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    TreeNode node;
    TreeNode key{};
    bool key_waits = false;  // a key was read, its value is next
    bool key_good = false;
    std::map<std::string, std::pair<int, int>> seen{};
  };

  void complain(const YAML::Mark& mark, Text id, std::initializer_list<TextArgument> arguments = {}) {
    const auto [line, column] = lines_.place(lines_.offset(mark));
    report_.add({file_, line, column}, path(levels_.size()), id, arguments);
  }

  // Of what is being read now, as far as the first `levels` levels tell.
  std::string path(std::size_t levels) const {
    std::string out;
    for (std::size_t i = 0; i < levels; ++i) {
      const Level& level = levels_[i];
      if (level.node.kind == TreeNode::Kind::list) {
        out += "[" + std::to_string(level.node.items.size()) + "]";
      } else if (level.key_waits && level.key.kind == TreeNode::Kind::text) {
        out += (out.empty() ? "" : ".") + shown(level.key.text);
      }
    }
    return out;
  }

  TreeNode make(const YAML::Mark& mark, TreeNode::Kind kind) const {
    TreeNode node;
    node.kind = kind;
    std::tie(node.line, node.column) = lines_.place(lines_.offset(mark));
    return node;
  }

  void refuse_decoration(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) complain(mark, Text::config_anchor);
    // The library marks a plain scalar "?" and a quoted one "!"; anything longer was written by hand.
    if (tag.size() > 1) complain(mark, Text::config_tag);
  }

  // The library lets a quote swallow the lines below it, up to the end of the file.
  void refuse_open_quote(const YAML::Mark& mark) {
    std::size_t at = lines_.offset(mark);
    if (at >= content_.size() || (content_[at] != '"' && content_[at] != '\'')) return;
    const char quote = content_[at++];
    for (; at < content_.size() && content_[at] != '\n'; ++at) {
      if (content_[at] == '\\' && quote == '"') {
        ++at;
      } else if (content_[at] == quote) {
        const bool doubled = quote == '\'' && at + 1 < content_.size() && content_[at + 1] == quote;
        if (!doubled) return;
        ++at;
      }
    }
    complain(mark, Text::config_quote_open);
    throw Stop{};
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, TreeNode::Kind kind) {
    refuse_decoration(mark, tag, anchor);
    if (levels_.size() == depth_max) {
      complain(mark, Text::config_depth, {{"max", std::to_string(depth_max)}});
      throw Stop{};
    }
    levels_.push_back({});
    levels_.back().node = make(mark, kind);
  }

  void close() {
    TreeNode node = std::move(levels_.back().node);
    levels_.pop_back();
    place_node(std::move(node));
  }

  void place_node(TreeNode node) {
    if (levels_.empty()) {
      root_ = std::move(node);
      return;
    }
    Level& level = levels_.back();
    if (level.node.kind == TreeNode::Kind::list) {
      level.node.items.push_back(std::move(node));
    } else if (!level.key_waits) {
      level.key_waits = true;
      level.key_good = good_key(level, node);
      level.key = std::move(node);
    } else {
      level.key_waits = false;
      if (!level.key_good) return;
      // The library places a missing value at whatever comes next; its key is where people look.
      if (node.kind == TreeNode::Kind::null)
        std::tie(node.line, node.column) = std::pair{level.key.line, level.key.column};
      level.node.keys.push_back(std::move(level.key));
      level.node.items.push_back(std::move(node));
    }
  }

  bool good_key(Level& level, const TreeNode& key) {
    const policy::Place place{file_, key.line, key.column};
    const std::string above = path(levels_.size() - 1);
    if (key.kind == TreeNode::Kind::broken) return false;
    if (key.kind != TreeNode::Kind::text) {
      report_.add(place, above, Text::config_key_kind);
      return false;
    }
    if (key.text == "<<") {
      report_.add(place, above, Text::config_merge);
      return false;
    }
    const auto [first, fresh] = level.seen.emplace(key.text, std::pair{key.line, key.column});
    if (fresh) return true;
    const auto [line, column] = first->second;
    report_.add(place, (above.empty() ? "" : above + ".") + shown(key.text), Text::config_duplicate_key,
                {{"key", shown(key.text)}, {"place", std::to_string(line) + ":" + std::to_string(column)}});
    return false;
  }

  std::string_view content_;
  const Lines& lines_;
  std::string file_;
  Report& report_;
  int documents_ = 0;
  std::vector<Level> levels_{};
  TreeNode root_{};
};

// What the library said, in words for the person who has to correct it.
Text syntax_text(const std::string& message) {
  namespace said = YAML::ErrorMsg;
  static const std::array<std::pair<const char*, Text>, 14> texts{{
      {said::TAB_IN_INDENTATION, Text::config_syntax_tab},
      {said::END_OF_MAP, Text::config_syntax_indent},
      {said::END_OF_SEQ, Text::config_syntax_indent},
      {said::MAP_KEY, Text::config_syntax_indent},
      {said::MAP_VALUE, Text::config_syntax_colon},
      {said::BLOCK_ENTRY, Text::config_syntax_dash},
      {said::END_OF_MAP_FLOW, Text::config_syntax_bracket},
      {said::END_OF_SEQ_FLOW, Text::config_syntax_bracket},
      {said::FLOW_END, Text::config_syntax_bracket},
      {said::EOF_IN_SCALAR, Text::config_quote_open},
      {said::UNKNOWN_ANCHOR, Text::config_alias},
      {said::ALIAS_NOT_FOUND, Text::config_syntax_star},
      {said::UNKNOWN_TOKEN, Text::config_syntax_token},
      {said::CHAR_IN_SCALAR, Text::config_syntax_token},
  }};
  for (const auto& [known, id] : texts) {
    if (message == known) return id;
  }
  return Text::config_syntax;
}

}  // namespace

int characters(std::string_view text) {
  return static_cast<int>(std::count_if(
      text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

const TreeNode* TreeNode::find(std::string_view key) const {
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i].text == key) return &items[i];
  }
  return nullptr;
}

std::string why_unread(const FileText& text, const Report& report) {
  return report.say(text.failure, {{"error", system_words(text.error, report.language())}});
}

FileText read_text_file(const std::string& path, std::size_t bytes_max) {
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure))
    return {std::nullopt, Text::config_file_directory, EISDIR};
  const auto fail = [] {
    const int error = errno;
    const Text id = error == ENOENT   ? Text::config_file_missing
                    : error == EACCES ? Text::config_file_permission
                                      : Text::config_file_unreadable;
    return FileText{std::nullopt, id, error};
  };
  const auto close = [](std::FILE* file) { std::fclose(file); };
  // A pipe that nobody writes into is empty, and not waited for.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  const std::unique_ptr<std::FILE, decltype(close)> file{
      descriptor < 0 ? nullptr : ::fdopen(descriptor, "rb"), close};
  if (!file) return fail();
  ::fcntl(descriptor, F_SETFL, ::fcntl(descriptor, F_GETFL) & ~O_NONBLOCK);
  std::string content;
  std::array<char, 16384> buffer{};
  // A device without an end must not be read to it.
  while (content.size() <= bytes_max) {
    const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get());
    if (count == 0) break;
    content.append(buffer.data(), count);
  }
  if (std::ferror(file.get()) != 0) return fail();
  content.resize(std::min(content.size(), bytes_max + 1));
  return {std::move(content), {}, 0};
}

// Every octet is looked at before a parser sees any: the library takes invalid UTF-8 and NUL without a word.
bool sound_text(std::string_view content, const std::string& file, Report& report) {
  std::size_t at = 0;
  while (at < content.size()) {
    const auto octet = static_cast<unsigned char>(content[at]);
    if ((octet >= 0x20 && octet < 0x7f) || octet == '\t' || octet == '\n' || octet == '\r') {
      ++at;
      continue;
    }
    const std::size_t length = utf8_length(content.substr(at));
    if (length > 1) {
      at += length;
      continue;
    }
    // A file in another encoding would say so at every second character: the first is enough.
    const auto [line, column] = Lines{content}.place(at);
    if (length == 0) {
      report.add({file, line, column}, "", Text::config_utf8);
    } else {
      report.add({file, line, column}, "", Text::config_control_character,
                 {{"value", shown(content.substr(at, 1))}});
    }
    return false;
  }
  return true;
}

std::optional<TreeNode> parse_yaml(std::string_view content, const std::string& file, Report& report) {
  if (content.size() > file_bytes_max) {
    report.add({file, 0, 0}, "", Text::config_file_size, {{"max", std::to_string(file_bytes_max >> 10U)}});
    return std::nullopt;
  }
  if (content.substr(0, byte_order_mark.size()) == byte_order_mark)
    content.remove_prefix(byte_order_mark.size());
  if (!sound_text(content, file, report)) return std::nullopt;
  const Lines lines{content};

  Builder builder{content, lines, file, report};
  try {
    std::istringstream stream{std::string{content}};
    YAML::Parser parser{stream};
    if (!parser.HandleNextDocument(builder)) {
      report.add({file, 1, 1}, "", Text::config_file_empty);
      return std::nullopt;
    }
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    const auto [line, column] = lines.place(lines.offset(error.mark));
    const Text id = syntax_text(error.msg);
    report.add({file, line, column}, "", id, {{"detail", error.msg}});
    // What may be behind it, as it shows late; it may as well be no more than how somebody writes.
    report_slips(content, file, report, id == Text::config_syntax_tab ? line : 0);
    return std::nullopt;
  }
  TreeNode root = builder.take();
  if (root.kind == TreeNode::Kind::text && report_slips(content, file, report)) return std::nullopt;
  return root;
}

}  // namespace sekimori::config

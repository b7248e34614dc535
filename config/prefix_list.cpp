#include "config/prefix_list.hpp"

#include <algorithm>
#include <utility>

#include "config/values.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

constexpr std::size_t name_octets_max = 128;

// 1-based.
int column(std::string_view line, std::size_t at) {
  return 1 + characters(line.substr(0, at));
}

bool blank(char c) {
  return c == ' ' || c == '\t';
}

// By hand: the library's searches for one of several characters cost ten times as much on such short lines.
std::size_t skip_blanks(std::string_view line, std::size_t at) {
  while (at < line.size() && blank(line[at])) ++at;
  return at;
}
std::size_t skip_word(std::string_view line, std::size_t at) {
  while (at < line.size() && !blank(line[at])) ++at;
  return at;
}

std::string_view without_comment(std::string_view line) {
  for (std::size_t at = line.find('#'); at != std::string_view::npos; at = line.find('#', at + 1)) {
    if (at == 0 || blank(line[at - 1])) return line.substr(0, at);
  }
  return line;
}

std::string_view without_end(std::string_view line) {
  while (!line.empty() && (blank(line.back()) || line.back() == '\r')) line.remove_suffix(1);
  return line;
}

class List {
 public:
  List(const std::string& file, const Cursor& asked) : origin_{file, asked.report()}, path_{asked.path()} {}

  void read_line(std::string_view whole, int number, std::vector<policy::NamedPrefix>& out) const {
    const std::string_view line = without_end(without_comment(whole));
    const std::size_t begin = skip_blanks(line, 0);
    if (begin == line.size()) return;
    const std::size_t end = skip_word(line, begin);
    policy::NamedPrefix named;
    if (!read_network(line, begin, end, number, named)) return;
    if (const std::size_t name = skip_blanks(line, end); name < line.size()) {
      if (belongs_to_network(line.substr(name))) {
        // "10.6.0.0 /16", "10.5.0.0 255.255.0.0", "10.7.0.0 - 10.7.0.255": no name, and not one host.
        read_network(line, begin, line.size(), number, named);
        return;
      }
      read_name(line, name, number, named);
    }
    named.place = {origin_.file, number, column(line, begin)};
    out.push_back(std::move(named));
  }

 private:
  static TreeNode node(std::string_view line, std::size_t at, std::string_view text, int number) {
    TreeNode made;
    made.kind = TreeNode::Kind::text;
    made.line = number;
    made.column = column(line, at);
    made.text = text;
    return made;
  }
  Cursor cursor(const TreeNode& at) const { return {origin_, &at, path_, {}}; }

  static bool belongs_to_network(std::string_view name) {
    const std::string_view word = name.substr(0, skip_word(name, 0));
    return word.front() == '/' || word.front() == '-' || word.front() == '~' || IpAddress::parse(word) ||
           Prefix::parse(word);
  }

  // Cursors speak well and cost several strings: only for what has to be spoken of.
  bool read_network(std::string_view line, std::size_t begin, std::size_t end, int number,
                    policy::NamedPrefix& named) const {
    const std::string_view text = line.substr(begin, end - begin);
    if (const auto prefix = Prefix::parse(text)) {
      named.prefix = *prefix;
      return true;
    }
    if (const std::size_t wide = text.find(full_width_space); wide != std::string_view::npos) {
      const TreeNode wrong = node(line, begin + wide, {}, number);
      cursor(wrong).error(Text::config_full_width_space);
      return false;
    }
    const TreeNode wrong = node(line, begin, text, number);
    return read_prefix(cursor(wrong), named.prefix);
  }

  void read_name(std::string_view line, std::size_t begin, int number, policy::NamedPrefix& named) const {
    const std::string_view text = line.substr(begin);
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20; };
    if (text.size() <= name_octets_max && std::none_of(text.begin(), text.end(), control)) {
      named.name = text;
      return;
    }
    const TreeNode wrong = node(line, begin, text, number);
    cursor(wrong).text(named.name, name_octets_max);
  }

  Origin origin_;
  std::string path_;
};

}  // namespace

void read_prefix_list(const std::string& content, const std::string& file, const Cursor& asked,
                      std::vector<policy::NamedPrefix>& out) {
  if (content.size() > list_bytes_max) {
    asked.report().add({file, 0, 0}, asked.path(), Text::config_file_size,
                       {{"max", std::to_string(list_bytes_max >> 10U)}});
    return;
  }
  std::string_view rest = content;
  if (rest.substr(0, byte_order_mark.size()) == byte_order_mark) rest.remove_prefix(byte_order_mark.size());
  if (!sound_text(rest, file, asked.report())) return;
  const List list{file, asked};
  const std::size_t before = out.size();
  const std::size_t mistakes = asked.report().count();
  for (int number = 1; !rest.empty(); ++number) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    list.read_line(rest.substr(0, end), number, out);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  // Named and yet without effect: whoever emptied it meant something else.
  if (out.size() == before && asked.report().count() == mistakes) asked.error(Text::config_list_empty);
}

}  // namespace sekimori::config

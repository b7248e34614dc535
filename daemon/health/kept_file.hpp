// What the sensor's watch keeps beside the journal over a restart: small texts that are read whole or not at
// all.
//
//   sekimori habits 1                  family and version
//   ...                                lines
//   crc32c 1a2b3c4d                    of everything before it
//
// Texts, so that a support case can be read. Written beside and renamed, without a sync: after a power cut it
// is the one before, or is known to be cut by its last line.
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace sekimori::daemon {

enum class KeptFault : std::uint8_t {
  none,
  absent,  // there is no file: a first start
  unreadable,
  newer,   // of another version of this form
  altered  // cut, changed, or not of this form
};

struct KeptForm {
  std::string_view family{};  // "sekimori habits "
  std::string_view version{};
};

// `lines`: each with its end of line.
std::string seal_kept(const KeptForm& form, std::string_view lines);
// `lines`: what was sealed, borrowed from `content`.
KeptFault unseal_kept(const KeptForm& form, std::string_view content, std::string_view& lines);

// `path`: the file. `why`: in the system's words, of unreadable and of a failure. A link, a pipe and what is
// longer than 16 MiB are not read.
KeptFault load_kept(const std::string& path, std::string& content, std::string& why);
bool save_kept(const std::string& path, std::string_view content, std::string& why);

// Parted by single spaces; at least one, which may be empty.
std::vector<std::string_view> kept_words(std::string_view line);
template <class Integer>
bool read_kept(std::string_view word, Integer& out) {
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  return error == std::errc{} && end == word.data() + word.size();
}
// `read(line)` for each, until it says false: then false.
template <class Read>
bool each_kept_line(std::string_view lines, Read read) {
  while (!lines.empty()) {
    const std::size_t end = lines.find('\n');
    if (end == std::string_view::npos || !read(lines.substr(0, end))) return false;
    lines.remove_prefix(end + 1);
  }
  return true;
}

}  // namespace sekimori::daemon

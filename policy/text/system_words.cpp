#include "policy/text/system_words.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include "policy/text/text.hpp"

namespace sekimori {

namespace {

constexpr std::array<std::pair<int, Text>, 19> known{{{ENOENT, Text::system_enoent},
                                                      {EACCES, Text::system_eacces},
                                                      {EPERM, Text::system_eperm},
                                                      {EEXIST, Text::system_eexist},
                                                      {ENOSPC, Text::system_enospc},
                                                      {EADDRINUSE, Text::system_eaddrinuse},
                                                      {ECONNREFUSED, Text::system_econnrefused},
                                                      {ECONNRESET, Text::system_econnreset},
                                                      {EPIPE, Text::system_epipe},
                                                      {EHOSTUNREACH, Text::system_ehostunreach},
                                                      {ENETUNREACH, Text::system_enetunreach},
                                                      {ETIMEDOUT, Text::system_etimedout},
                                                      {EISDIR, Text::system_eisdir},
                                                      {ENOTDIR, Text::system_enotdir},
                                                      {EMFILE, Text::system_emfile},
                                                      {ENODEV, Text::system_enodev},
                                                      {ENETDOWN, Text::system_enetdown},
                                                      {EROFS, Text::system_erofs},
                                                      {EIO, Text::system_eio}}};

}  // namespace

std::string system_words(int error, Language language) {
  for (const auto& [number, id] : known) {
    if (number == error) return std::string{text(id, language)};
  }
  return std::generic_category().message(error);
}

std::string system_words(const std::error_code& error, Language language) {
  const bool number =
      error.category() == std::system_category() || error.category() == std::generic_category();
  return number ? system_words(error.value(), language) : error.message();
}

std::string retold(std::string_view words, Language language) {
  for (const auto& [number, id] : known) {
    const std::string said = std::generic_category().message(number);
    if (words.size() < said.size() || words.substr(words.size() - said.size()) != said) continue;
    return std::string{words.substr(0, words.size() - said.size())}.append(text(id, language));
  }
  return std::string{words};
}

}  // namespace sekimori

// Why the system refused something, in the operator's language: "権限がありません（EACCES）".
#pragma once

#include <string>
#include <string_view>
#include <system_error>

#include "policy/text/language.hpp"

namespace sekimori {

// `error`: an errno. The usual ones are said in both languages with their names; of all others it is what the
// C library says, in English.
std::string system_words(int error, Language language);
// Errors that are no errno (of a name server, of TLS) are said as their own category says them.
std::string system_words(const std::error_code& error, Language language);

// Words that were kept in the system's own, where what it said ends them ("open /var/x: No space left on
// device"), as they are told to people. Other words stay as they are.
std::string retold(std::string_view words, Language language);

}  // namespace sekimori

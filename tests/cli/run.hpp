// Runs the tool as a user would, and keeps what it said.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

#include "tests/daemon/control_kit.hpp"

namespace sekimori::test {

struct Outcome {
  int code = -1;
  std::string out;
  std::string err;
};

inline std::string shell_word(std::string_view word) {
  std::string out = "'";
  for (const char c : word) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

inline std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// `environment`: "NAME=value ..." in front of the program; the tool's own variables are cleared first.
inline Outcome run_tool(const std::vector<std::string>& words, const std::string& environment = "") {
  const Folder folder;
  std::string line = "env -u SEKIMORI_LANG -u SEKIMORI_SOCKET -u NO_COLOR " + environment + " " +
                     shell_word(SEKIMORI_PROGRAM);
  for (const std::string& word : words) line += " " + shell_word(word);
  line += " >" + shell_word(folder / "out") + " 2>" + shell_word(folder / "err") + " </dev/null";
  const int state = std::system(line.c_str());  // NOLINT: a shell is what a user has
  return {WIFEXITED(state) ? WEXITSTATUS(state) : -1, content_of(folder / "out"), content_of(folder / "err")};
}

inline bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace sekimori::test

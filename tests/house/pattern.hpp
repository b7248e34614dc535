// POSIX extended regular expressions. (std::regex of this compiler warns about itself under the sanitizers.)
#pragma once

#include <regex.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace sekimori::house {

class Pattern {
 public:
  explicit Pattern(const std::string& text, int flags = 0)
      : compiled_{new regex_t, [](regex_t* regex) {
                    regfree(regex);
                    delete regex;
                  }} {
    if (regcomp(compiled_.get(), text.c_str(), REG_EXTENDED | flags) != 0) {
      throw std::invalid_argument{"not an expression: " + text};
    }
  }

  // Every match in the line, each as its groups (0 = the whole match), from left to right.
  std::vector<std::vector<std::string>> all(const std::string& line) const {
    std::vector<std::vector<std::string>> matches;
    regmatch_t groups[groups_max];
    std::size_t from = 0;
    while (from <= line.size() && regexec(compiled_.get(), line.c_str() + from, groups_max, groups,
                                          from == 0 ? 0 : REG_NOTBOL) == 0) {
      std::vector<std::string> match;
      for (const regmatch_t& group : groups) {
        match.push_back(group.rm_so < 0 ? std::string{}
                                        : line.substr(from + static_cast<std::size_t>(group.rm_so),
                                                      static_cast<std::size_t>(group.rm_eo - group.rm_so)));
      }
      matches.push_back(std::move(match));
      from += static_cast<std::size_t>(std::max<regoff_t>(groups[0].rm_eo, 1));
    }
    return matches;
  }

 private:
  static constexpr std::size_t groups_max = 6;
  std::unique_ptr<regex_t, void (*)(regex_t*)> compiled_;
};

}  // namespace sekimori::house

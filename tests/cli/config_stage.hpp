// A configuration in a folder of its own, for commands that read one.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "tests/cli/run.hpp"

namespace sekimori::test {

class ConfigStage : public testing::Test {
 protected:
  explicit ConfigStage(std::string_view city) : city_(city) {}

  std::string path(const std::string& name) const { return folder_ / name; }
  std::string write(const std::string& name, std::string_view text) const {
    std::ofstream(path(name), std::ios::binary) << text;
    return path(name);
  }
  // The configuration with one thing written otherwise.
  std::string with(std::string_view what, std::string_view instead) const {
    std::string text{city_};
    text.replace(text.find(what), what.size(), instead);
    return text;
  }

 private:
  const std::string_view city_;
  const Folder folder_{};
};

}  // namespace sekimori::test

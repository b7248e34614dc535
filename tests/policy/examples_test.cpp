// The fictional bodies that the program ships, as policies: they compile, and every entry in them has an
// effect.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "config/config.hpp"
#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

TEST(Examples, CompileWithoutErrorOrWarning) {
  int read = 0;
  for (const auto& folder : std::filesystem::directory_iterator{SEKIMORI_SOURCE_DIR "/config/examples"}) {
    const std::string path = folder.path() / "sekimori.yaml";
    if (!std::filesystem::exists(path)) continue;
    SCOPED_TRACE(path);
    ++read;
    try {
      const Policy policy{config::load_file(path, Language::en).policy, {}, {}, 1, Language::en};
      for (const PolicyError::Item& warning : policy.warnings()) ADD_FAILURE() << warning.message;
    } catch (const std::runtime_error& error) {
      ADD_FAILURE() << error.what();
    }
  }
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace sekimori::policy

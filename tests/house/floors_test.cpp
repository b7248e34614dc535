// The order of the floors (docs/ARCHITECTURE.md), held by the #include lines: CMake accepts cycles of static
// libraries silently, and a library that is reached from everywhere cannot be replaced.

#include <optional>

#include "tests/house/pattern.hpp"
#include "tests/house/tree.hpp"

namespace sekimori::house {
namespace {

struct Include {
  std::string target{};
  bool angle = false;
};

std::optional<Include> include_of(const std::string& line) {
  static const Pattern pattern{"^[ \t]*#[ \t]*include[ \t]*([<\"])([^>\"]+)[>\"]"};
  const auto matches = pattern.all(line);
  if (matches.empty()) {
    return std::nullopt;
  }
  return Include{matches[0][2], matches[0][1] == "<"};
}

// Which of the project's files a folder may see. The longest folder that matches a path rules.
struct Floor {
  std::string_view folder{};
  std::vector<std::string_view> sees{};
};

const std::vector<Floor>& floors() {
  static const std::vector<Floor> all{
      {"capture/", {"capture/"}},
      {"policy/", {"capture/", "policy/"}},
      // config fills options and reads addresses; that its errors speak from the catalogue is all it needs of
      // policy.
      {"config/",
       {"config/", "capture/options.hpp", "policy/options.hpp", "daemon/options.hpp", "capture/address.hpp",
        "capture/time.hpp", "policy/text/"}},
      {"daemon/", {"capture/", "policy/", "daemon/"}},
      {"daemon/main.cpp", {"capture/", "policy/", "config/", "daemon/"}},
      {"tools/sekimori/", {"capture/", "policy/", "config/", "daemon/", "tools/sekimori/"}},
      {"tools/traffic/", {"capture/", "tools/traffic/"}},
      {"tools/bench/", {"capture/", "policy/", "config/", "daemon/", "tools/bench/"}},
      {"tests/kit/", {"capture/", "tests/kit/"}},
  };
  return all;
}

// Each outside library and the places that may know it.
struct Outside {
  std::vector<std::string_view> headers{};
  std::string_view name{};
  std::vector<std::string_view> homes{};
};

const std::vector<Outside>& outside() {
  static const std::vector<Outside> all{
      {{"pcap.h", "pcap/", "pcap-"}, "libpcap", {"capture/source/pcap_"}},
      {{"yaml-cpp/"}, "yaml-cpp", {"config/", "tools/traffic/"}},
      {{"boost/"}, "Boost", {"daemon/", "tools/sekimori/", "tools/bench/bench_library.cpp", "tests/"}},
      {{"openssl/"},
       "OpenSSL",
       {"daemon/digest.cpp", "daemon/journal/signing", "daemon/alert/tls_context",
        "tests/daemon/tls_kit.hpp"}},
      {{"spdlog/", "fmt/"}, "spdlog", {"daemon/", "tests/daemon/log_kit.hpp"}},
      {{"gtest/", "gmock/"}, "GoogleTest", {"tests/"}},
      {{"benchmark/"}, "Google Benchmark", {"tools/bench/"}},
  };
  return all;
}

std::vector<Fault> floor_faults(const std::vector<File>& files) {
  std::vector<Fault> faults;
  for (const File& file : files) {
    if (!source_code(file.path)) {
      continue;
    }
    const Floor* floor = nullptr;
    for (const Floor& candidate : floors()) {
      if (starts_with_any(file.path, {candidate.folder}) &&
          (floor == nullptr || candidate.folder.size() > floor->folder.size())) {
        floor = &candidate;
      }
    }
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::optional<Include> include = include_of(file.lines[i]);
      if (!include) {
        continue;
      }
      const auto fault = [&](const std::string& message) { faults.push_back({file.path, i + 1, message}); };
      for (const Outside& library : outside()) {
        if (starts_with_any(include->target, library.headers) && !starts_with_any(file.path, library.homes)) {
          fault(std::string{library.name} + " is not for this place: " + include->target);
        }
      }
      if (include->angle) {
        const bool instructions = include->target == "emmintrin.h";  // SSE2, the compiler's own
        if (starts_with_any(file.path, {"policy/"}) && !instructions &&
            include->target.find_first_of("./") != std::string::npos) {
          fault("policy uses the standard library only: " + include->target);
        }
        continue;
      }
      if (include->target.find('/') == std::string::npos || include->target[0] == '.') {
        fault("name the file from the root: " + include->target);
      } else if (floor != nullptr && !starts_with_any(include->target, floor->sees)) {
        fault(std::string{floor->folder} + " does not see " + include->target);
      }
    }
  }
  return faults;
}

// Whoever asks memory ahead by himself may be dropped by the compiler (capture/ahead.hpp).
std::vector<Fault> prefetch_faults(const std::vector<File>& files) {
  constexpr std::string_view home = "capture/ahead.hpp";
  constexpr std::string_view word = "__builtin_prefetch";
  std::vector<Fault> faults;
  for (const File& file : files) {
    if (!source_code(file.path) || file.path == home || starts_with_any(file.path, {"tests/"})) {
      continue;
    }
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      if (file.lines[i].find(word) != std::string::npos) {
        faults.push_back({file.path, i + 1, "asks by itself what capture/ahead.hpp asks"});
      }
    }
  }
  return faults;
}

TEST(Floors, AskMemoryAheadInOnePlace) {
  EXPECT_TRUE(prefetch_faults(project()).empty()) << report(prefetch_faults(project()));
  MadeUpTree tree;
  tree.add("capture/ahead.hpp", "__builtin_prefetch(at);\n")  // its home: no fault
      .add("daemon/alone.cpp", "\n__builtin_prefetch(&entry, 1);\n");
  const std::vector<Fault> faults = prefetch_faults(tree.files());
  ASSERT_EQ(faults.size(), 1U);
  EXPECT_EQ(faults[0].path, "daemon/alone.cpp");
  EXPECT_EQ(faults[0].line, 2U);
}

TEST(Floors, LookDownOnly) {
  ASSERT_GT(project().size(), 20U);
  const std::vector<Fault> faults = floor_faults(project());
  EXPECT_TRUE(faults.empty()) << report(faults);
}

TEST(Floors, KeepEachRoomsFirstIncludeItsOwnHeader) {
  for (const File& file : project()) {
    if (!ends_with(file.path, ".cpp") ||
        !starts_with_any(file.path, {"capture/", "policy/", "config/", "daemon/"})) {
      continue;
    }
    const std::string header = file.path.substr(0, file.path.size() - 4) + ".hpp";
    if (std::none_of(project().begin(), project().end(), [&](const File& f) { return f.path == header; })) {
      continue;
    }
    for (const std::string& line : file.lines) {
      if (const auto include = include_of(line)) {
        EXPECT_EQ(include->target, header) << file.path;
        break;
      }
    }
  }
}

TEST(Floors, AreHeldAgainstATreeThatBreaksEachRule) {
  MadeUpTree tree;
  tree.add("capture/up.cpp", "#include \"policy/policy.hpp\"\n")
      .add("capture/library.cpp", "// pcap has one home\n#include <pcap/pcap.h>\n")
      .add("capture/source/pcap_source.cpp", "#include <pcap/pcap.h>\n")  // its home: no fault
      .add("policy/up.hpp", "#  include \"daemon/options.hpp\"\n")
      .add("policy/system.cpp", "#include <sys/socket.h>\n#include <vector>\n")
      .add("config/judge.cpp", "#include \"policy/policy.hpp\"\n#include \"policy/options.hpp\"\n")
      .add("config/yaml.cpp", "#include <yaml-cpp/yaml.h>\n")  // no fault
      .add("daemon/config.cpp", "#include \"config/config.hpp\"\n")
      .add("daemon/main.cpp", "#include \"config/config.hpp\"\n")  // no fault
      .add("daemon/hash.cpp", "#include <openssl/evp.h>\n")
      .add("daemon/near.cpp", "#include \"near.hpp\"\n")
      .add("policy/log.cpp", "#include \"boost/json.hpp\"\n")
      .add("tools/traffic/log.cpp", "#include <spdlog/spdlog.h>\n")
      .add("tests/kit/up.hpp", "#include \"policy/policy.hpp\"\n");
  std::vector<std::string> places;
  for (const Fault& fault : floor_faults(tree.files())) {
    places.push_back(fault.path + ":" + std::to_string(fault.line));
  }
  const std::vector<std::string> expected{
      "capture/library.cpp:2", "capture/up.cpp:1",       "config/judge.cpp:1",
      "daemon/config.cpp:1",   "daemon/hash.cpp:1",      "daemon/near.cpp:1",
      "policy/log.cpp:1",  // Boost, and a file that policy cannot see
      "policy/log.cpp:1",      "policy/system.cpp:1",    "policy/up.hpp:1",
      "tests/kit/up.hpp:1",    "tools/traffic/log.cpp:1"};
  EXPECT_EQ(places, expected) << report(floor_faults(tree.files()));
}

}  // namespace
}  // namespace sekimori::house

// Order in the house: words that belong to somebody's workplace and not to the project, headers that explain
// themselves, files of a readable length, commands that the README promises.

#include <set>

#include "tests/house/pattern.hpp"
#include "tests/house/tree.hpp"

namespace sekimori::house {
namespace {

constexpr std::size_t lines_max = 650;

// Put together from pieces, so that this file does not hold what it looks for.
struct Unwanted {
  Pattern pattern;
  std::string message{};
};

const std::vector<Unwanted>& unwanted() {
  static const std::vector<Unwanted> all = [] {
    std::vector<Unwanted> words;
    const auto add = [&](const std::string& pattern, int flags, const char* message) {
      words.push_back({Pattern{pattern, flags}, message});
    };
    add(std::string{"\\b[a-z0-9.-]*(debian|ubuntu|pythonhosted|golang|crates)\\."} + "(org|com|net|io)\\b",
        REG_ICASE, "the host name of a package archive: the machine's own apt configuration decides");
    add(std::string{"/"} + "(work|home|root|users)/[a-z0-9_.]", REG_ICASE, "a path of somebody's machine");
    add(std::string{"\\bissue"} + "s? *#? *[0-9]", REG_ICASE, "the number of an issue: say what it is about");
    add(std::string{"\\bsub-?"} + "agents?\\b|\\b(chat" + "gpt|clau" + "de|anthro" + "pic|open" + "ai)\\b",
        REG_ICASE, "a word of somebody's workplace");
    add(std::string{"\\b(TO"} + "DO|FIX" + "ME|HA" + "CK|XX" + "X)\\b", 0,
        "unfinished work: finish it or leave it out");
    return words;
  }();
  return all;
}

std::vector<Fault> word_faults(const std::vector<File>& files) {
  std::vector<Fault> faults;
  for (const File& file : files) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      for (const Unwanted& word : unwanted()) {
        for (const auto& match : word.pattern.all(file.lines[i])) {
          faults.push_back({file.path, i + 1, "\"" + match[0] + "\": " + word.message});
        }
      }
    }
  }
  return faults;
}

std::vector<Fault> shape_faults(const std::vector<File>& files) {
  std::vector<Fault> faults;
  for (const File& file : files) {
    const bool script =
        ends_with(file.path, ".sh") || ends_with(file.path, ".py") || ends_with(file.path, ".ci/run");
    if ((source_code(file.path) || script) && file.lines.size() > lines_max) {
      faults.push_back(
          {file.path, file.lines.size(), "more than " + std::to_string(lines_max) + " lines: two ideas"});
    }
    if (ends_with(file.path, ".hpp")) {
      if (file.lines.empty() || file.lines[0].substr(0, 3) != "// ") {
        faults.push_back({file.path, 1, "a header opens with a sentence of purpose"});
      }
      if (std::find(file.lines.begin(), file.lines.end(), "#pragma once") == file.lines.end()) {
        faults.push_back({file.path, 1, "no #pragma once"});
      }
    }
    const bool runs = !file.lines.empty() && file.lines[0].substr(0, 2) == "#!";
    if (runs != file.executable && (runs || script || source_code(file.path))) {
      faults.push_back(
          {file.path, 1, runs ? "begins with #! and is not executable" : "executable without #!"});
    }
  }
  return faults;
}

const File* find(const std::vector<File>& files, std::string_view path) {
  const auto it =
      std::find_if(files.begin(), files.end(), [&](const File& file) { return file.path == path; });
  return it == files.end() ? nullptr : &*it;
}

// What stands behind `sekimori` in the README's commands, and every path of the project that it names.
std::vector<Fault> readme_faults(const std::vector<File>& files) {
  std::vector<Fault> faults;
  const File* readme = find(files, "README.md");
  if (readme == nullptr) {
    return {{"README.md", 0, "missing"}};
  }
  std::set<std::string> words;  // quoted strings in the tool's sources: its subcommands are among them
  static const Pattern quoted{"\"([a-z]+)\""};
  for (const File& file : files) {
    if (!starts_with_any(file.path, {"tools/sekimori/"})) {
      continue;
    }
    for (const std::string& line : file.lines) {
      for (const auto& match : quoted.all(line)) {
        words.insert(match[1]);
      }
    }
  }
  static const Pattern path{
      "(^|[ "
      "`(]|\\[)((tools|config|systemd|docs|tests|policy|capture|daemon|[.]ci)/[A-Za-z0-9_./-]*[A-Za-z0-9_/"
      "])"};
  static const Pattern command{"(^|[ `])(build/release/bin/)?sekimori ([a-z]+)( |$|`)"};
  bool code = false;
  for (std::size_t i = 0; i < readme->lines.size(); ++i) {
    const std::string& line = readme->lines[i];
    if (line.substr(0, 3) == "```") {
      code = !code;
      continue;
    }
    for (const auto& match : path.all(line)) {
      std::string name = match[2];
      if (name.back() == '/') {
        name.pop_back();
      }
      if (std::none_of(files.begin(), files.end(), [&](const File& file) {
            return file.path == name || starts_with_any(file.path, {name + "/"});
          })) {
        faults.push_back({"README.md", i + 1, "no such file: " + name});
      }
    }
    const bool is_command = code || line.find("`sekimori ") != std::string::npos;
    if (!is_command) {
      continue;
    }
    for (const auto& match : command.all(line)) {
      if (words.count(match[3]) == 0) {
        faults.push_back({"README.md", i + 1, "the tool has no command: " + match[3]});
      }
    }
  }
  return faults;
}

TEST(Order, KeepsWordsOfTheWorkplaceOut) {
  const std::vector<Fault> faults = word_faults(project());
  EXPECT_TRUE(faults.empty()) << report(faults);
}

TEST(Order, KeepsFilesReadable) {
  const std::vector<Fault> faults = shape_faults(project());
  EXPECT_TRUE(faults.empty()) << report(faults);
}

TEST(Order, HasAPageInEveryFolder) {
  for (const char* folder : {"capture", "policy", "config", "daemon", "tools", "tests", "systemd"}) {
    const File* readme = find(project(), std::string{folder} + "/README.md");
    ASSERT_NE(readme, nullptr) << folder;
    EXPECT_GE(readme->lines.size(), 10U) << folder;
    EXPECT_LE(readme->lines.size(), 120U) << folder << ": a page";
  }
}

TEST(Order, KeepsTheReadmesPromises) {
  const std::vector<Fault> faults = readme_faults(project());
  EXPECT_TRUE(faults.empty()) << report(faults);
  for (const char* command : {"tools/run.sh", "tools/test.sh", "tools/build.sh", ".ci/run"}) {
    const File* file = find(project(), command);
    ASSERT_NE(file, nullptr) << command;
    EXPECT_TRUE(file->executable) << command;
  }
}

TEST(Order, IsHeldAgainstATreeThatBreaksEachRule) {
  MadeUpTree tree;
  tree.add("README.md", "`tools/gone.sh` and\n```\nsekimori nonsense --config C\nsekimori replay FILE\n```\n")
      .add("tools/sekimori/main.cpp", "const char* a = \"replay\";\n")
      .add("capture/bare.hpp", "#pragma once\n")
      .add("capture/twice.hpp", "// Says what it is.\n")
      .add("capture/long.cpp", std::string(lines_max + 1, '\n'))
      .add("tools/still.sh", "#!/bin/sh\n")
      .add("tools/data.cpp", "int a;\n", true)
      .add("docs/words.md", std::string{"apt from deb.deb"} + "ian.org\nsee is" + "sue 12\nfrom /wo" +
                                "rk/main\nTO" +
                                "DO later\na TCP session, an issue of trust, work/home balance\n");
  const auto places = [](const std::vector<Fault>& faults) {
    std::vector<std::string> list;
    for (const Fault& fault : faults) {
      list.push_back(fault.path + ":" + std::to_string(fault.line));
    }
    return list;
  };
  using Places = std::vector<std::string>;
  EXPECT_EQ(places(word_faults(tree.files())),
            (Places{"docs/words.md:1", "docs/words.md:2", "docs/words.md:3", "docs/words.md:4"}));
  EXPECT_EQ(places(shape_faults(tree.files())),
            (Places{"capture/bare.hpp:1", "capture/long.cpp:" + std::to_string(lines_max + 1),
                    "capture/twice.hpp:1", "tools/data.cpp:1", "tools/still.sh:1"}));
  EXPECT_EQ(places(readme_faults(tree.files())), (Places{"README.md:1", "README.md:3"}));
}

}  // namespace
}  // namespace sekimori::house

// Reads a source tree for the house tests, and makes small bad trees to show that those tests can fail.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace sekimori::house {

struct File {
  std::string path{};  // relative to the root, with '/'
  std::vector<std::string> lines{};
  bool text = true;
  bool executable = false;
};

struct Fault {
  std::string path{};
  std::size_t line = 0;
  std::string message{};
  std::string to_string() const { return path + ":" + std::to_string(line) + ": " + message; }
};

inline bool starts_with_any(std::string_view text, const std::vector<std::string_view>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.substr(0, prefix.size()) == prefix; });
}

inline bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

inline bool source_code(std::string_view path) {
  return ends_with(path, ".cpp") || ends_with(path, ".hpp");
}

// Every file of the project, in the order of paths. What is built, downloaded or Git's own is not the
// project's.
inline std::vector<File> read_tree(const std::filesystem::path& root) {
  std::vector<File> files;
  namespace fs = std::filesystem;
  for (fs::recursive_directory_iterator it{root}, end; it != end; ++it) {
    const std::string name = it->path().filename().string();
    if (it->is_directory()) {
      if (name == ".git" || name == "build" || name == ".cache" || name == "__pycache__") {
        it.disable_recursion_pending();
      }
      continue;
    }
    if (!it->is_regular_file()) {
      continue;
    }
    File file;
    file.path = it->path().lexically_relative(root).generic_string();
    std::ifstream in{it->path(), std::ios::binary};
    const std::string content{std::istreambuf_iterator<char>{in}, {}};
    file.text = content.find('\0') == std::string::npos;
    file.executable = (fs::status(it->path()).permissions() & fs::perms::owner_exec) != fs::perms::none;
    for (std::size_t begin = 0; file.text && begin < content.size();) {
      const std::size_t newline = std::min(content.find('\n', begin), content.size());
      file.lines.push_back(content.substr(begin, newline - begin));
      begin = newline + 1;
    }
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

inline const std::vector<File>& project() {
  static const std::vector<File> files = read_tree(SEKIMORI_SOURCE_DIR);
  return files;
}

inline std::string report(const std::vector<Fault>& faults) {
  std::string text;
  for (const Fault& fault : faults) {
    text += "\n  " + fault.to_string();
  }
  return text;
}

// A tree in a folder of its own, removed at the end.
class MadeUpTree {
 public:
  MadeUpTree() {
    std::string pattern = (std::filesystem::temp_directory_path() / "sekimori-house.XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) {
      throw std::runtime_error{"no temporary folder"};
    }
    root_ = pattern;
  }
  ~MadeUpTree() {
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
  }
  MadeUpTree(const MadeUpTree&) = delete;
  MadeUpTree& operator=(const MadeUpTree&) = delete;

  MadeUpTree& add(const std::string& path, const std::string& content, bool executable = false) {
    const std::filesystem::path full = root_ / path;
    std::filesystem::create_directories(full.parent_path());
    std::ofstream{full} << content;
    if (executable) {
      std::filesystem::permissions(full, std::filesystem::perms::owner_exec,
                                   std::filesystem::perm_options::add);
    }
    return *this;
  }
  std::vector<File> files() const { return read_tree(root_); }

 private:
  std::filesystem::path root_;
};

}  // namespace sekimori::house

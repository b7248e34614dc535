// A journal's folder for a test, alerts to put into it, and a disk that fails when it is told to.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <vector>

#include "daemon/journal/follower.hpp"
#include "daemon/journal/journal.hpp"
#include "daemon/journal/segment.hpp"
#include "daemon/journal/verify.hpp"

namespace sekimori::test {

inline std::string octets_of(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{file}, {}};
}

inline void write_octets(const std::string& path, const std::string& octets) {
  std::ofstream{path, std::ios::binary | std::ios::trunc} << octets;
}

inline daemon::AlertMessage alert(std::uint64_t sequence) {
  daemon::AlertMessage out;
  out.sequence = sequence;
  out.time = Time{std::chrono::seconds{1'775'002'323 + static_cast<std::int64_t>(sequence)}};
  out.severity = policy::Severity::critical;
  out.message_id = "VIOLATION";
  out.kind = "opened";
  out.incident = "inc-" + std::to_string(sequence);
  out.parameters = {{"verdict", "forbid", 0}, {"src", "10.10.1." + std::to_string(sequence % 250), 0}};
  out.text = "【領域間不許可通信】" + std::to_string(sequence);
  out.eve = R"({"event_type":"alert","sekimori":{"sequence":)" + std::to_string(sequence) + "}}";
  return out;
}

// Proofs over every octet or record take each `otherwise`-th by default, and all of them with
// SEKIMORI_JOURNAL_ALL in the environment.
inline std::size_t stride(std::size_t otherwise) {
  return std::getenv("SEKIMORI_JOURNAL_ALL") == nullptr ? otherwise : 1;
}

// For tests that are not about the disk: no waiting for it.
class QuickDisk : public daemon::JournalDisk {
 public:
  int sync(int /*fd*/) override { return 0; }
  int sync_folder(const std::string& /*folder*/) override { return 0; }
};

struct JournalTest : testing::Test {
  void SetUp() override {
    // In memory where that is to be had: thousands of journals are made and read here.
    const std::filesystem::path memory{"/dev/shm"};
    std::error_code none;
    const bool there = std::filesystem::is_directory(memory, none) && ::access(memory.c_str(), W_OK) == 0;
    std::string pattern =
        ((there ? memory : std::filesystem::temp_directory_path()) / "sekimori-journal-XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder = pattern + "/journal";
    options.path = folder;
    options.sync_records = 8;
  }
  void TearDown() override { std::filesystem::remove_all(std::filesystem::path{folder}.parent_path()); }

  // Alerts first..last into the journal, all of them committed, the journal closed.
  void fill(std::uint64_t first, std::uint64_t last) const {
    daemon::Journal journal{options, std::make_unique<QuickDisk>()};
    for (std::uint64_t i = first; i <= last; ++i) journal.add(alert(i));
    ASSERT_TRUE(journal.flush({}));
  }
  // The folder as it was made, its key kept, with nothing in it.
  void empty() const {
    for (const auto& entry : std::filesystem::directory_iterator{folder}) {
      const std::string name = entry.path().filename().string();
      if (name.rfind("journal.", 0) != 0) std::filesystem::remove(entry.path());
    }
  }
  std::vector<std::uint64_t> sequences() const {
    daemon::Follower follower{folder};
    std::vector<std::uint64_t> out;
    while (const auto found = follower.next()) out.push_back(found->sequence);
    return out;
  }
  std::vector<std::string> files() const {
    std::vector<std::string> out;
    for (const auto& file : daemon::segments_in(folder)) out.push_back(file.path);
    return out;
  }
  static std::vector<std::uint64_t> range(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> out;
    for (std::uint64_t i = first; i <= last; ++i) out.push_back(i);
    return out;
  }

  std::string folder{};
  daemon::JournalOptions options{};
};

// Fails the calls that `fails` names (by the number of the call and its kind), with its error; a negative
// answer of `fails` is that error. Short writes where `halves` says so.
class FailingDisk : public daemon::JournalDisk {
 public:
  enum class Call : std::uint8_t { create, write, sync, sync_folder, truncate, close, remove, rename };
  using Fails = std::function<int(Call, std::uint64_t)>;

  explicit FailingDisk(Fails fails, bool halves = false) : fails_(std::move(fails)), halves_(halves) {}

  int create(const std::string& path) override {
    const int error = count(Call::create);
    return error < 0 ? error : JournalDisk::create(path);
  }
  ssize_t write(int fd, std::string_view octets, std::uint64_t offset) override {
    const int error = count(Call::write);
    if (error < 0) {
      // What a full disk does: some of it.
      JournalDisk::write(fd, octets.substr(0, octets.size() / 3), offset);
      return error;
    }
    return JournalDisk::write(fd, halves_ ? octets.substr(0, (octets.size() + 1) / 2) : octets, offset);
  }
  int sync(int fd) override {
    const int error = count(Call::sync);
    return error < 0 ? error : JournalDisk::sync(fd);
  }
  int sync_folder(const std::string& path) override {
    const int error = count(Call::sync_folder);
    return error < 0 ? error : JournalDisk::sync_folder(path);
  }
  int truncate(int fd, std::uint64_t octets) override {
    const int error = count(Call::truncate);
    return error < 0 ? error : JournalDisk::truncate(fd, octets);
  }
  int close(int fd) override {
    const int error = count(Call::close);
    const int done = JournalDisk::close(fd);
    return error < 0 ? error : done;
  }
  int remove(const std::string& path) override {
    const int error = count(Call::remove);
    return error < 0 ? error : JournalDisk::remove(path);
  }
  int rename(const std::string& from, const std::string& to) override {
    const int error = count(Call::rename);
    return error < 0 ? error : JournalDisk::rename(from, to);
  }

 private:
  int count(Call call) { return fails_ ? fails_(call, ++calls_) : 0; }
  Fails fails_;
  bool halves_;
  std::uint64_t calls_ = 0;
};

}  // namespace sekimori::test

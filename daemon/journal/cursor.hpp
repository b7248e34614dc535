// How far a destination has got in the journal, kept over restarts: two slots in turn in a small file.
//
// Written without a sync: a process that dies loses nothing by that, a machine that loses its power may go
// back a little, and then the destination hears of some alerts twice, but of none never.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace sekimori::daemon {

class CursorFile {
 public:
  // `folder`/cursor-NAME; letters that no file name should have are written as %XX.
  CursorFile(const std::string& folder, const std::string& name);
  ~CursorFile();
  CursorFile(const CursorFile&) = delete;
  CursorFile& operator=(const CursorFile&) = delete;

  // The sequence of the last alert that needs no delivery; none for a destination that was never here.
  const std::optional<std::uint64_t>& read() const { return sequence_; }
  // False: it could not be written, and should be again: after a restart more would be repeated, and a
  // destination without a cursor be taken for a new one.
  bool write(std::uint64_t sequence);

 private:
  void open();

  const std::string path_;
  int fd_ = -1;
  std::uint64_t generation_ = 0;
  std::optional<std::uint64_t> sequence_{};
};

}  // namespace sekimori::daemon

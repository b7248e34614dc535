#include "daemon/journal/cursor.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cctype>
#include <cstring>

#include "daemon/journal/crc32c.hpp"

namespace sekimori::daemon {
namespace {

struct Slot {
  std::array<char, 8> magic{'S', 'K', 'M', 'C', 'U', 'R', 'S', '1'};
  std::uint64_t generation = 0;
  std::uint64_t sequence = 0;
  std::uint32_t reserved = 0;
  std::uint32_t crc = 0;
};
static_assert(sizeof(Slot) == 32);

std::uint32_t crc_of(const Slot& slot) {
  return crc32c({reinterpret_cast<const char*>(&slot), sizeof slot - sizeof slot.crc});
}

std::string file_name(const std::string& name) {
  static constexpr const char* digits = "0123456789ABCDEF";
  std::string out = "cursor-";
  for (const char c : name) {
    const auto octet = static_cast<unsigned char>(c);
    if (std::isalnum(octet) != 0 || c == '-' || c == '_' || c == '.') {
      out += c;
    } else {
      out += '%';
      out += digits[octet >> 4U];
      out += digits[octet & 15U];
    }
  }
  return out;
}

}  // namespace

CursorFile::CursorFile(const std::string& folder, const std::string& name)
    : path_(folder + "/" + file_name(name)) {
  open();
  if (fd_ < 0) return;
  for (const off_t at : {off_t{0}, static_cast<off_t>(sizeof(Slot))}) {
    Slot slot;
    if (::pread(fd_, &slot, sizeof slot, at) != static_cast<ssize_t>(sizeof slot)) continue;
    if (slot.magic != Slot{}.magic || slot.crc != crc_of(slot) || slot.generation < generation_) continue;
    generation_ = slot.generation;
    sequence_ = slot.sequence;
  }
}

CursorFile::~CursorFile() {
  if (fd_ >= 0) ::close(fd_);
}

void CursorFile::open() {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

bool CursorFile::write(std::uint64_t sequence) {
  if (fd_ < 0) open();
  if (fd_ < 0) return false;
  Slot slot;
  slot.generation = generation_ + 1;
  slot.sequence = sequence;
  slot.crc = crc_of(slot);
  sequence_ = sequence;
  const off_t at = static_cast<off_t>(slot.generation % 2 * sizeof slot);
  if (::pwrite(fd_, &slot, sizeof slot, at) != static_cast<ssize_t>(sizeof slot)) return false;
  generation_ = slot.generation;  // the other slot's turn: this one is whole
  return true;
}

}  // namespace sekimori::daemon

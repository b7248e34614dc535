#include "daemon/alert/rotation.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace sekimori::daemon {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t stamp_octets = 16;  // 20260401T001203Z
constexpr int same_second_max = 99;

std::string stamp(Rotation::Moment now) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(now);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> buffer{};
  const std::size_t length = std::strftime(buffer.data(), buffer.size(), "%Y%m%dT%H%M%SZ", &parts);
  return {buffer.data(), length};
}

bool digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// A name that rotate() gives: nothing else is ever deleted.
bool is_ours(std::string_view name, std::string_view base) {
  if (name.size() < base.size() + 1 + stamp_octets || name.substr(0, base.size()) != base) return false;
  name.remove_prefix(base.size());
  if (name.front() != '.') return false;
  name.remove_prefix(1);
  const std::string_view rest = name.substr(stamp_octets);
  return digits(name.substr(0, 8)) && name[8] == 'T' && digits(name.substr(9, 6)) && name[15] == 'Z' &&
         (rest.empty() || (rest.size() == 3 && rest.front() == '-' && digits(rest.substr(1))));
}

// Oldest first.
std::vector<std::string> renamed_files(const fs::path& path, std::error_code& error) {
  std::vector<std::string> out;
  const std::string base = path.filename().string();
  for (fs::directory_iterator each{path.parent_path(), error}, end; !error && each != end;
       each.increment(error)) {
    std::string name = each->path().filename().string();
    if (is_ours(name, base)) out.push_back(std::move(name));
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

Rotation::Rotation(const RotateOptions& options, std::string path, int utc_offset_minutes)
    : options_(options), path_(std::move(path)), utc_offset_minutes_(utc_offset_minutes) {}

std::int64_t Rotation::period(Moment moment) const {
  const auto local = std::chrono::floor<std::chrono::seconds>(moment.time_since_epoch()) +
                     std::chrono::minutes{utc_offset_minutes_};
  return local / options_.every;
}

bool Rotation::due(std::uint64_t size, std::uint64_t line, Moment written, Moment now) const {
  if (size == 0 || now < next_try_) return false;
  if (options_.size != 0 && size + line > options_.size) return true;
  // Not for a clock that was set back: that is no new day.
  return options_.every.count() != 0 && period(now) > period(written);
}

bool Rotation::rotate(Moment now) {
  std::error_code error;
  const std::vector<std::string> before = renamed_files(path_, error);
  const std::string base = fs::path{path_}.filename().string() + '.';
  // Never older than what is there already, or a clock that was set back would have the newest deleted first.
  std::string name = base + stamp(now);
  if (!before.empty()) name = std::max(name, before.back().substr(0, base.size() + stamp_octets));
  // Nor before one of the same second: a number that was deleted meanwhile is not given again.
  int number = 0;
  if (!before.empty() && before.back().substr(0, name.size()) == name) {
    const std::string rest = before.back().substr(name.size());
    number = rest.empty() ? 1 : std::stoi(rest.substr(1)) + 1;
  }
  const auto numbered = [&name](int i) {
    return i == 0 ? name : name + (i < 10 ? "-0" : "-") + std::to_string(i);
  };
  fs::path to = fs::path{path_}.replace_filename(numbered(number));
  while (number < same_second_max && fs::exists(fs::symlink_status(to, error))) {
    to.replace_filename(numbered(++number));
  }
  if (number > same_second_max || fs::exists(fs::symlink_status(to, error))) {
    error = std::make_error_code(std::errc::file_exists);
  } else {
    fs::rename(path_, to, error);
  }
  if (error) {
    trouble_ = error.message();
    next_try_ = now + pause;
    return false;
  }
  ++rotated_;
  trouble_.clear();
  prune();
  return true;
}

void Rotation::prune() {
  std::error_code error;
  const std::vector<std::string> names = renamed_files(path_, error);
  for (std::size_t i = 0; i + options_.keep < names.size(); ++i) {
    std::error_code refused;
    if (fs::remove(fs::path{path_}.replace_filename(names[i]), refused)) ++removed_;
    if (refused) trouble_ = refused.message();
  }
}

}  // namespace sekimori::daemon

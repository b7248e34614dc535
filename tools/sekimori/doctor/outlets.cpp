#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <set>

#include "daemon/descriptor.hpp"
#include "daemon/health/machine_look.hpp"
#include "daemon/status.hpp"
#include "policy/text/system_words.hpp"
#include "tools/sekimori/doctor/findings.hpp"
#include "tools/sekimori/events.hpp"
#include "tools/sekimori/table.hpp"

namespace sekimori::tool::doctor {
namespace {

namespace json = boost::json;

constexpr int patience_ms = 1500;

// Why a connection to `address` does not come about, in the system's words; empty if it does. Of a datagram
// socket that is only whether there is a way.
std::string refusal(int family, int type, const sockaddr* address, socklen_t size, Language language) {
  const daemon::Descriptor socket{::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (socket.get() < 0) return system_words(errno, language);
  if (::connect(socket.get(), address, size) == 0) return {};
  if (errno != EINPROGRESS) return system_words(errno, language);
  pollfd wait{socket.get(), POLLOUT, 0};
  if (::poll(&wait, 1, patience_ms) <= 0) return system_words(ETIMEDOUT, language);
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  return error == 0 ? std::string{} : system_words(error, language);
}

std::string remote_refusal(const daemon::DestinationOptions& to, int type, Language language) {
  sockaddr_in v4{};
  if (::inet_pton(AF_INET, to.host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(to.port);
    return refusal(AF_INET, type, reinterpret_cast<const sockaddr*>(&v4), sizeof v4, language);
  }
  sockaddr_in6 v6{};
  if (::inet_pton(AF_INET6, to.host.c_str(), &v6.sin6_addr) != 1) return system_words(EINVAL, language);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(to.port);
  return refusal(AF_INET6, type, reinterpret_cast<const sockaddr*>(&v6), sizeof v6, language);
}

std::string local_refusal(const std::string& path, Language language) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return system_words(ENAMETOOLONG, language);
  std::memcpy(address.sun_path, path.data(), path.size());
  return refusal(AF_UNIX, SOCK_DGRAM, reinterpret_cast<const sockaddr*>(&address), sizeof address, language);
}

std::string place_of(const daemon::DestinationOptions& to) {
  if (!daemon::is_remote(to.kind)) return to.path.empty() ? "/dev/log" : to.path;
  return to.host + (to.host.find(':') == std::string::npos ? ":" : "#") + std::to_string(to.port);
}

// What the running daemon says of a destination: its trouble, empty where it is reached; nothing where no
// daemon answered or it knows of no such one.
std::optional<std::string> told_by_daemon(const std::optional<json::object>& status,
                                          const std::string& name) {
  if (!status) return std::nullopt;
  const json::value* all = find(*status, {"destinations"});
  if (all == nullptr || !all->is_array()) return std::nullopt;
  for (const json::value& each : all->get_array()) {
    if (each.is_object() && word(each.get_object(), {"name"}) == name) {
      return word(each.get_object(), {"trouble"});
    }
  }
  return std::nullopt;
}

void look_at_target(const daemon::DestinationOptions& to, const std::optional<json::object>& status,
                    Findings& findings) {
  const std::string where = place_of(to);
  const std::vector<TextArgument> words{{"name", to.name}, {"where", where}};
  std::optional<std::string> why = told_by_daemon(status, to.name);
  const bool asked = why.has_value();
  const bool datagrams = to.kind == daemon::DestinationKind::syslog_udp;
  if (!why) {
    why = daemon::is_remote(to.kind)
              ? remote_refusal(to, datagrams ? SOCK_DGRAM : SOCK_STREAM, findings.language())
              : local_refusal(where, findings.language());
  }
  if (!why->empty()) {
    findings.tell(Level::bad, "destination", to.name, Text::doctor_target_bad, Text::doctor_target_do,
                  {words[0], words[1], {"why", *why}});
  } else {
    const bool route_only = datagrams && !asked;
    findings.ok("destination", to.name, route_only ? Text::doctor_target_route : Text::doctor_target_good,
                words);
  }
}

// Whether there is a folder to write into.
std::string write_trouble(const std::string& path, Language language) {
  std::string folder = std::filesystem::path{path}.parent_path().string();
  if (folder.empty()) folder = ".";
  struct stat found {};
  if (::stat(folder.c_str(), &found) != 0) return folder + ": " + system_words(errno, language);
  if (!S_ISDIR(found.st_mode)) return folder + ": " + system_words(ENOTDIR, language);
  return {};
}

void look_at_disk(const std::string& path, const config::Config& config, Findings& findings) {
  const std::string& user = config.daemon.process.user;
  if (const std::string why = write_trouble(path, findings.language()); !why.empty()) {
    const std::string owner = user.empty() ? "sekimori" : user;
    findings.tell(Level::bad, "disk", path, Text::doctor_disk_missing, Text::doctor_disk_missing_do,
                  {{"path", path}, {"why", why}, {"user", owner}});
    return;
  }
  const daemon::DiskVitals disk = daemon::look_at_disk(path);
  if (disk.size == 0) return;
  const double share = 100.0 * static_cast<double>(disk.free) / static_cast<double>(disk.size);
  const std::string free = bytes_text(disk.free);
  const std::string percent = daemon::fixed_point(share, 1);
  const std::vector<TextArgument> words{{"path", path}, {"free", free}, {"percent", percent}};
  if (share < config.daemon.health.disk_percent) {
    findings.tell(Level::bad, "disk", path, Text::doctor_disk_short, Text::notice_disk_short_do, words);
  } else {
    findings.ok("disk", path, Text::doctor_disk_good, words);
  }
}

std::string mode_text(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(mode & 07777U));
  return text.data();
}

}  // namespace

void look_at_outlets(const config::Config& config, const std::optional<json::object>& status,
                     Findings& findings) {
  const auto& destinations = config.daemon.alerts.destinations;
  if (destinations.empty()) {
    findings.tell(Level::bad, "destination", "", Text::doctor_target_none, Text::doctor_target_none_do, {});
  }
  std::set<std::string> disks;  // one line for each folder
  const auto on_disk = [&](const std::string& path) {
    if (disks.insert(std::filesystem::path{path}.parent_path().string()).second) {
      look_at_disk(path, config, findings);
    }
  };
  for (const daemon::DestinationOptions& to : destinations) {
    if (!daemon::is_file(to.kind)) {
      look_at_target(to, status, findings);
    } else if (to.path != "-") {
      on_disk(to.path);
    }
  }
  if (!config.daemon.journal.path.empty()) on_disk(config.daemon.journal.path + "/journal.key");
}

void look_at_files(const config::Config& config, Findings& findings) {
  struct stat found {};
  std::size_t good = 0;
  const auto look = [&](const std::string& path, mode_t forbidden, Text seen, Text advice) {
    if (path.empty() || ::stat(path.c_str(), &found) != 0) return;
    if ((found.st_mode & forbidden) == 0) {
      ++good;
      return;
    }
    const std::string mode = mode_text(found.st_mode);
    findings.tell(Level::bad, "file", path, seen, advice, {{"path", path}, {"mode", mode}});
  };
  for (const config::SourceText& source : config.sources) {
    look(source.path, S_IWOTH, Text::doctor_file_open, Text::doctor_file_open_do);
  }
  for (const daemon::DestinationOptions& to : config.daemon.alerts.destinations) {
    look(to.tls.key, S_IRWXO, Text::doctor_key_open, Text::doctor_key_open_do);
  }
  if (!config.daemon.journal.path.empty()) {
    look(config.daemon.journal.path + "/journal.key", S_IRWXG | S_IRWXO, Text::doctor_key_open,
         Text::doctor_key_open_do);
  }
  const std::string count = std::to_string(good);
  if (good != 0) findings.ok("file", "", Text::doctor_files_good, {{"count", count}});
}

}  // namespace sekimori::tool::doctor

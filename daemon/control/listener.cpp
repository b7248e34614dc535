#include "daemon/control/listener.hpp"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

// Connections that the kernel holds for us while we are busy.
constexpr int backlog = 64;

gid_t group_number(const std::string& name, Language language) {
  std::vector<char> buffer(4096);
  group entry{};
  group* found = nullptr;
  while (getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == ERANGE &&
         buffer.size() < (1U << 20U)) {
    buffer.resize(buffer.size() * 2);
  }
  if (found == nullptr) throw ControlError(say(Text::control_no_group, language, {{"group", name}}));
  return entry.gr_gid;
}

bool belongs_to(const ControlPeer& peer, gid_t group) {
  return peer.group == group || std::find(peer.groups.begin(), peer.groups.end(), group) != peer.groups.end();
}

sockaddr_un address_of(const std::string& path, Language language) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    throw ControlError(say(Text::control_path_length, language,
                           {{"path", path}, {"most", std::to_string(sizeof(address.sun_path) - 1)}}));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

int new_socket(Language language) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0)
    throw ControlError(say(Text::control_no_socket, language, {{"trouble", system_words(errno, language)}}));
  return descriptor;
}

// Clears the place for our socket, or throws.
void clear_place(const std::string& path, const sockaddr_un& address, Language language) {
  struct stat there {};
  if (::lstat(path.c_str(), &there) != 0) {
    if (errno == ENOENT) return;
    throw ControlError(
        say(Text::control_no_bind, language, {{"path", path}, {"trouble", system_words(errno, language)}}));
  }
  if (!S_ISSOCK(there.st_mode))
    throw ControlError(say(Text::control_not_a_socket, language, {{"path", path}}));
  const int probe = new_socket(language);
  const int result = ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const int error = errno;
  ::close(probe);
  // EAGAIN: somebody listens whose queue is full.
  if (result == 0 || error != ECONNREFUSED) {
    throw ControlError(say(Text::control_in_use, language, {{"path", path}}));
  }
  ::unlink(path.c_str());
}

}  // namespace

std::optional<ControlPeer> peer_of(int socket) {
  ucred credentials{};
  socklen_t size = sizeof(credentials);
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return std::nullopt;
  ControlPeer peer{
      .user = credentials.uid, .group = credentials.gid, .groups = {}, .process = credentials.pid};
  socklen_t bytes = 0;
  // With no room the kernel says how much it wants (ERANGE).
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, nullptr, &bytes) != 0 && errno == ERANGE) {
    peer.groups.resize(bytes / sizeof(gid_t));
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, peer.groups.data(), &bytes) != 0) peer.groups.clear();
  }
  return peer;
}

bool ControlAccess::may_ask(const ControlPeer& peer) const {
  return may_change(peer) || belongs_to(peer, group);
}

bool ControlAccess::may_change(const ControlPeer& peer) const {
  return peer.user == 0 || peer.user == owner || (admin_group && belongs_to(peer, *admin_group));
}

ControlAccess resolve_access(const ControlOptions& options, Language language) {
  ControlAccess access;
  access.owner = ::geteuid();
  access.group = options.group.empty() ? ::getegid() : group_number(options.group, language);
  if (!options.admin_group.empty()) access.admin_group = group_number(options.admin_group, language);
  return access;
}

ControlListener::ControlListener(const ControlOptions& options, const ControlAccess& access,
                                 Language language) {
  const std::string& path = options.path;
  const sockaddr_un address = address_of(path, language);
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : slash == 0 ? "/" : path.substr(0, slash);
  struct stat there {};
  if (::stat(directory.c_str(), &there) != 0 || !S_ISDIR(there.st_mode)) {
    throw ControlError(say(Text::control_no_directory, language, {{"path", path}, {"directory", directory}}));
  }
  clear_place(path, address, language);

  descriptor_ = new_socket(language);
  try {
    // On Linux the file is born with the socket's own mode, so nobody can connect before the group is right.
    ::fchmod(descriptor_, 0600);
    if (::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      throw ControlError(
          say(Text::control_no_bind, language, {{"path", path}, {"trouble", system_words(errno, language)}}));
    }
    path_ = path;
    if (::lstat(path.c_str(), &there) != 0) {
      throw ControlError(
          say(Text::control_no_bind, language, {{"path", path}, {"trouble", system_words(errno, language)}}));
    }
    device_ = there.st_dev;
    inode_ = there.st_ino;
    if (there.st_gid != access.group && ::lchown(path.c_str(), static_cast<uid_t>(-1), access.group) != 0) {
      throw ControlError(
          say(Text::control_no_chgrp, language,
              {{"path", path}, {"group", options.group}, {"trouble", system_words(errno, language)}}));
    }
    if (::chmod(path.c_str(), 0660) != 0 || ::listen(descriptor_, backlog) != 0) {
      throw ControlError(
          say(Text::control_no_bind, language, {{"path", path}, {"trouble", system_words(errno, language)}}));
    }
  } catch (...) {
    close();
    throw;
  }
}

int ControlListener::release() {
  return std::exchange(descriptor_, -1);
}

void ControlListener::close() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (path_.empty()) return;
  struct stat there {};
  if (::lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == inode_) {
    ::unlink(path_.c_str());
  }
  path_.clear();
}

}  // namespace sekimori::daemon

// The control socket in the file system, and who may speak through it.
//
// The directory and the socket's mode keep strangers out; the peer's credentials, as the kernel attests them,
// are looked at again, because a mode can be changed by mistake while the daemon runs.
#pragma once

#include <sys/types.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "daemon/options.hpp"
#include "policy/text/language.hpp"

namespace sekimori::daemon {

// The socket cannot be made. what() says why and what to do, in the operator's language.
class ControlError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Who is at the other end of a connection.
struct ControlPeer {
  uid_t user = 0;
  gid_t group = 0;              // primary, at the time of connecting
  std::vector<gid_t> groups{};  // supplementary
  pid_t process = 0;
};
// SO_PEERCRED and SO_PEERGROUPS; none when the kernel does not tell.
std::optional<ControlPeer> peer_of(int socket);

// Groups by number, looked up once at start: afterwards the process may see no group database any more.
struct ControlAccess {
  gid_t group = 0;                     // may ask
  std::optional<gid_t> admin_group{};  // may ask and change things
  uid_t owner = 0;                     // the daemon's own user: both

  bool may_ask(const ControlPeer& peer) const;
  bool may_change(const ControlPeer& peer) const;
};
// Throws ControlError when a group does not exist.
ControlAccess resolve_access(const ControlOptions& options, Language language);

// A listening socket at `path`, mode 0660, owned by the group. What lies there already is removed only when
// it is a socket that nobody answers on. Close and unlink with close().
class ControlListener {
 public:
  // Throws ControlError.
  ControlListener(const ControlOptions& options, const ControlAccess& access, Language language);
  ~ControlListener() { close(); }
  ControlListener(const ControlListener&) = delete;
  ControlListener& operator=(const ControlListener&) = delete;

  // Gives the descriptor (non-blocking) away; the file stays ours.
  int release();
  // Removes the file, if it is still the one that we made.
  void close();

 private:
  int descriptor_ = -1;
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace sekimori::daemon

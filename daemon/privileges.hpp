// Giving up root: after the captures are open, before the first packet is read.
#pragma once

#include <stdexcept>
#include <string>

namespace sekimori::daemon {

class PrivilegeError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Becomes `user` (and `group`, or the user's own) for good and keeps one capability, CAP_NET_RAW, without
// which a tap that vanished could not be reopened. Sets no_new_privs. Does nothing but that last step when
// `user` is empty. Throws PrivilegeError when any step fails: a daemon that was told to drop root does not
// run as root. Before any other thread exists.
void drop_privileges(const std::string& user, const std::string& group);

// "root", "nobody (uid 65534)": for the log.
std::string who_am_i();

}  // namespace sekimori::daemon

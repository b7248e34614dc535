#include "daemon/privileges.hpp"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace sekimori::daemon {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw PrivilegeError(what + ": " + std::strerror(errno));  // NOLINT(concurrency-mt-unsafe): one thread
}

// The kernel's own interface (capset(2)): one capability in, all others out.
void keep_only_net_raw() {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  std::array<__user_cap_data_struct, 2> data{};
  data[CAP_TO_INDEX(CAP_NET_RAW)].effective = CAP_TO_MASK(CAP_NET_RAW);
  data[CAP_TO_INDEX(CAP_NET_RAW)].permitted = CAP_TO_MASK(CAP_NET_RAW);
  if (::syscall(SYS_capset, &header, data.data()) != 0) fail("capset");
}

void become(const std::string& user, uid_t uid, gid_t gid) {
  if (::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0) fail("prctl(PR_SET_KEEPCAPS)");
  if (::initgroups(user.c_str(), gid) != 0) fail("initgroups");
  if (::setresgid(gid, gid, gid) != 0) fail("setresgid");
  if (::setresuid(uid, uid, uid) != 0) fail("setresuid");
  keep_only_net_raw();
  if (uid != 0 && (::setuid(0) == 0 || ::geteuid() == 0)) throw PrivilegeError("root could be taken back");
}

}  // namespace

void drop_privileges(const std::string& user, const std::string& group) {
  if (!user.empty()) {
    errno = 0;
    const passwd* account = ::getpwnam(user.c_str());
    if (account == nullptr) {
      if (errno == 0) throw PrivilegeError("no user \"" + user + "\"");
      fail("user \"" + user + "\"");
    }
    const uid_t uid = account->pw_uid;
    gid_t gid = account->pw_gid;
    if (!group.empty()) {
      errno = 0;
      const ::group* entry = ::getgrnam(group.c_str());
      if (entry == nullptr) {
        if (errno == 0) throw PrivilegeError("no group \"" + group + "\"");
        fail("group \"" + group + "\"");
      }
      gid = entry->gr_gid;
    }
    // Started as that user already, as systemd does: there is nothing to give up, and no right to try.
    if (::geteuid() != uid || uid == 0) become(user, uid, gid);
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("prctl(PR_SET_NO_NEW_PRIVS)");
}

std::string who_am_i() {
  const uid_t uid = ::geteuid();
  if (uid == 0) return "root";
  const passwd* account = ::getpwuid(uid);
  return (account != nullptr ? std::string(account->pw_name) + " " : std::string{}) + "(uid " +
         std::to_string(uid) + ")";
}

}  // namespace sekimori::daemon

#include <grp.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <cstdio>

#include "policy/text/system_words.hpp"
#include "tools/sekimori/doctor/findings.hpp"

namespace sekimori::tool::doctor {
namespace {

std::string mode_of(const struct stat& found) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%04o", static_cast<unsigned>(found.st_mode & 07777U));
  return text.data();
}

std::string group_name(gid_t group) {
  const struct group* const entry = ::getgrgid(group);
  return entry == nullptr ? std::to_string(group) : entry->gr_name;
}

}  // namespace

void look_at_control(const std::string& path, const std::string& group, bool daemon_answers,
                     Findings& findings) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) {
    // Who may not look into the folder is answered all the same, or was told so.
    if (daemon_answers || errno == EACCES) return;
    const std::string why = system_words(errno, findings.language());
    findings.tell(Level::bad, "control", path, Text::doctor_control_missing, Text::doctor_control_missing_do,
                  {{"path", path}, {"why", why}});
    return;
  }
  if (!S_ISSOCK(found.st_mode)) {
    findings.tell(Level::bad, "control", path, Text::doctor_control_kind, Text::doctor_control_kind_do,
                  {{"path", path}});
    return;
  }
  const std::string mode = mode_of(found);
  const std::string owners = group_name(found.st_gid);
  if ((found.st_mode & S_IRWXO) != 0) {
    findings.tell(Level::bad, "control", path, Text::doctor_control_open, Text::doctor_control_open_do,
                  {{"path", path}, {"mode", mode}});
  } else if (!group.empty() && group != owners) {
    findings.tell(Level::look, "control", path, Text::doctor_control_group, Text::doctor_control_group_do,
                  {{"path", path}, {"found", owners}, {"wanted", group}});
  } else {
    findings.ok("control", path, Text::doctor_control_good,
                {{"path", path}, {"mode", mode}, {"group", owners}});
  }
}

}  // namespace sekimori::tool::doctor

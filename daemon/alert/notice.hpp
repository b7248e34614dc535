// What is found besides forbidden flows: signs of wrong wiring, an exception that nobody uses, a mirror that
// fell silent. A value made by a watcher (daemon/alert/desk.hpp), which knows nothing of lines and languages.
//
//   Notice notice{NoticeKind::gap, "t1", now};
//   notice.add("tap", "t1").add("seconds", "90");
//   desk.find(std::move(notice), policy, loss, records);
//
// A new kind is a row of notices.def, its two texts in policy/text/notice.def, and whoever makes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "capture/time.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

enum class NoticeKind : std::uint8_t {
#define SEKIMORI_NOTICE(id, code, category, severity, life, reasons) id,
#include "daemon/alert/notices.def"
#undef SEKIMORI_NOTICE
  count_
};

enum class NoticeCategory : std::uint8_t { finding, hint, health, record };
std::string_view notice_category_name(NoticeCategory category);  // "finding"

enum class NoticeLife : std::uint8_t { event, state };

// A row of notices.def.
struct NoticeRow {
  std::string_view id;  // as in notices.def: "link_down"
  std::string_view code;
  NoticeCategory category;
  policy::Severity severity;
  NoticeLife life;
  std::string_view reasons;
  Text seen;
  Text asked;
};
const NoticeRow& notice_row(NoticeKind kind);
// By NoticeRow::id; none: a kind of another version of the program.
std::optional<NoticeKind> notice_kind(std::string_view id);

struct Notice {
  // One thing that is known, for machines by its value, for people by what it is called in their language
  // where that differs. `name`: lower_case ASCII, also the placeholder in the texts.
  struct Fact {
    std::string name{};
    std::string value{};
    policy::Localized shown{};
  };

  NoticeKind kind = NoticeKind::gap;
  // What it is about: notices of one kind and subject are one story. ASCII where it can be ("t1",
  // "02:00:0a:14:1f:33", "10.1.2.3 vlan 110", "EX-7").
  std::string subject{};
  Time time{};                                 // packet time
  bool over = false;                           // states only: it is no longer so
  std::optional<policy::Severity> severity{};  // instead of the row's
  // "src" and "dst", where given, are addresses and become src_ip and dest_ip; "from" and "to" segment ids.
  std::vector<Fact> facts{};

  Notice& add(std::string name, std::string value) {
    facts.push_back({std::move(name), std::move(value), {}});
    return *this;
  }
  Notice& add(std::string name, std::string value, policy::Localized shown) {
    facts.push_back({std::move(name), std::move(value), std::move(shown)});
    return *this;
  }
  // With the segment's name for people.
  Notice& add_segment(std::string name, const policy::Policy& policy, policy::SegmentId segment);
  // With its domain for people, and a fact `domain`, where there are several.
  Notice& add_address(std::string name, const policy::Policy& policy, const IpAddress& address);
  // The value of a fact; empty if there is none.
  std::string_view value(std::string_view name) const;
};

// "10.1.2.3", and "10.1.2.3%b" in the domain b: a subject that stands for one host.
std::string host_subject(const policy::Policy& policy, const IpAddress& address);

}  // namespace sekimori::daemon

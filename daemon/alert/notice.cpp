#include "daemon/alert/notice.hpp"

#include <algorithm>
#include <array>

#include "daemon/render/words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::array<NoticeRow, static_cast<std::size_t>(NoticeKind::count_)> rows{{
#define SEKIMORI_NOTICE(id, code, category, severity, life, reasons) \
  NoticeRow{#id,                                                     \
            code,                                                    \
            NoticeCategory::category,                                \
            policy::Severity::severity,                              \
            NoticeLife::life,                                        \
            reasons,                                                 \
            Text::notice_##id,                                       \
            Text::notice_##id##_do},
#include "daemon/alert/notices.def"
#undef SEKIMORI_NOTICE
}};

}  // namespace

std::string_view notice_category_name(NoticeCategory category) {
  switch (category) {
    case NoticeCategory::finding:
      return "finding";
    case NoticeCategory::hint:
      return "hint";
    case NoticeCategory::health:
      return "health";
    case NoticeCategory::record:
      return "record";
  }
  return "";
}

const NoticeRow& notice_row(NoticeKind kind) {
  return rows[static_cast<std::size_t>(kind)];
}

std::optional<NoticeKind> notice_kind(std::string_view id) {
  const auto* const found =
      std::find_if(rows.begin(), rows.end(), [&](const NoticeRow& row) { return row.id == id; });
  if (found == rows.end()) return std::nullopt;
  return static_cast<NoticeKind>(found - rows.begin());
}

Notice& Notice::add_segment(std::string name, const policy::Policy& policy, policy::SegmentId segment) {
  const std::vector<policy::ProfileSegment>& segments = policy.segments();
  if (segment >= segments.size()) return add(std::move(name), "-");
  return add(std::move(name), segments[segment].id, segments[segment].name);
}

Notice& Notice::add_address(std::string name, const policy::Policy& policy, const IpAddress& address) {
  if (!policy.several_domains()) return add(std::move(name), address.to_string());
  add(std::move(name), address.to_string(),
      {address_text(address, policy, Language::ja), address_text(address, policy, Language::en)});
  return value("domain").empty() ? add("domain", std::string{policy.domain_name(address.domain)}) : *this;
}

std::string host_subject(const policy::Policy& policy, const IpAddress& address) {
  std::string subject = address.to_string();
  if (address.domain == main_domain) return subject;
  return subject.append("%").append(policy.domain_name(address.domain));
}

std::string_view Notice::value(std::string_view name) const {
  const auto found =
      std::find_if(facts.begin(), facts.end(), [&](const Fact& fact) { return fact.name == name; });
  return found == facts.end() ? std::string_view{} : std::string_view{found->value};
}

}  // namespace sekimori::daemon

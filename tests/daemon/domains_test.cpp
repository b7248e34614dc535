// Address spaces above the packet path: what is told, asked for and resumed keeps two hosts of one address
// apart.
#include <gtest/gtest.h>

#include "daemon/alert/incident.hpp"
#include "daemon/alert/notice.hpp"
#include "daemon/alert/resume.hpp"
#include "daemon/behaviour/self_test.hpp"
#include "daemon/control/query.hpp"
#include "daemon/render.hpp"
#include "daemon/render/words.hpp"
#include "daemon/status.hpp"
#include "tests/daemon/city.hpp"

namespace sekimori::daemon {
namespace {

// `first`, `second`: the order in which the two are written, and so numbered.
std::shared_ptr<const policy::Policy> union_policy(std::string_view first = "town-a",
                                                   std::string_view second = "town-b") {
  const auto vlans = [](std::string_view name) { return name == "town-a" ? "[100-199]" : "[200-299]"; };
  std::string text = "profile: alpha\ncapture:\n  domains:\n";
  for (const std::string_view name : {first, second})
    text.append("    ").append(name).append(": {vlans: ").append(vlans(name)).append("}\n");
  const std::string both = std::string{first} + ", " + std::string{second};
  text += "segments:\n  mynumber: {domain: [" + both + "], prefixes: [10.1.0.0/17]}\n";
  text += "  lgwan: {domain: [" + both + "], prefixes: [10.1.128.0/17]}\n";
  text += "systems:\n";
  for (const std::string_view name : {first, second}) {
    text.append("  - {id: SY-").append(name).append(", domain: ").append(name);
    text += ", hosts: [10.1.200.9], ports: [tcp/443], bulk: {bytes: 1MiB, exempt: [10.1.128.10]}}\n";
  }
  return test::make_policy(text);
}

FlowEvent forbidden(const policy::Policy& policy, std::string_view domain) {
  FlowEvent event;
  const auto number = static_cast<DomainId>(policy.domain_index(domain));
  event.facts.tuple = {IpAddress::parse("10.1.1.5")->in(number), IpAddress::parse("10.1.200.9")->in(number),
                       50'000, 445, capture::protocol::tcp};
  event.facts.stage = capture::Stage::established;
  event.facts.evidence = capture::Evidence::syn;
  event.time = event.facts.start = event.facts.end = Time{std::chrono::seconds{1'795'132'800}};
  event.verdict = policy.judge(policy::conversation_of(event.facts));
  return event;
}

AlertRecord opened(const std::shared_ptr<const policy::Policy>& policy, std::string_view domain) {
  Incidents incidents{{}, Coverage::Memory::all};
  std::vector<AlertRecord> records;
  incidents.feed(forbidden(*policy, domain), policy, 0.0, records);
  return records.at(0);
}

TEST(DaemonDomains, IncidentsOfTwoTownsAreTwo) {
  const auto policy = union_policy();
  Incidents incidents{{}, Coverage::Memory::all};
  std::vector<AlertRecord> records;
  for (const std::string_view domain : {"town-a", "town-b", "town-a"})
    incidents.feed(forbidden(*policy, domain), policy, 0.0, records);
  EXPECT_EQ(incidents.open(), 2U);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_NE(incident_id(records[0]), incident_id(records[1]));
}

TEST(DaemonDomains, TheyGoOnAfterARestartUnderAnotherNumber) {
  const auto before = union_policy("town-a", "town-b");
  const auto after = union_policy("town-b", "town-a");
  ASSERT_NE(before->domain_index("town-b"), after->domain_index("town-b"));
  const AlertRecord record = opened(before, "town-b");
  const auto from = read_resume(resume_of(record));
  ASSERT_TRUE(from.has_value());
  EXPECT_EQ(from->domain, "town-b");

  Incidents incidents{{}, Coverage::Memory::all};
  std::vector<AlertRecord> records;
  ASSERT_TRUE(incidents.resume(*from, after, records));
  incidents.finish(record.time, records);
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].event.facts.tuple.source.domain, after->domain_index("town-b"));
  EXPECT_EQ(incident_id(records[0]), incident_id(record)) << "ids speak of names";
}

TEST(DaemonDomains, WhatNobodyWatchesAnyMoreIsClosedAtTheRestart) {
  const AlertRecord record = opened(union_policy(), "town-b");
  const auto from = read_resume(resume_of(record));
  ASSERT_TRUE(from.has_value());
  for (const auto& after : {union_policy("town-c", "town-a"), test::make_policy()}) {
    Incidents incidents{{}, Coverage::Memory::all};
    std::vector<AlertRecord> records;
    EXPECT_FALSE(incidents.resume(*from, after, records));
    EXPECT_EQ(incidents.open(), 0U);
    ASSERT_EQ(records.size(), 1U) << "its receivers hear of the end";
    const AlertRecord& end = records[0];
    EXPECT_EQ(end.kind, AlertKind::closed);
    EXPECT_EQ(incident_id(end), incident_id(record));
    EXPECT_EQ(end.events, record.events);
    const std::string line = to_line(alert_event(end, {}));
    EXPECT_NE(line.find(R"("close":"unwatched")"), std::string::npos) << line;
    EXPECT_NE(line.find(R"("domain":"town-b")"), std::string::npos) << line;
    EXPECT_NE(line.find(R"("src_ip":"10.1.1.5")"), std::string::npos) << line;
    EXPECT_EQ(line.find("from_name"), std::string::npos) << "no section of another domain: " << line;
    const std::string sent = syslog_message(message_of(end, {}), {}, {}).bytes;
    EXPECT_NE(sent.find(R"( domain="town-b")"), std::string::npos) << sent;
    EXPECT_NE(alert_text(end, {}).find("town-b"), std::string::npos);
    EXPECT_TRUE(resume_of(end).empty());
  }
}

TEST(DaemonDomains, LinesOfMainAreAsTheyWere) {
  const auto policy = test::make_policy();
  FlowEvent event = forbidden(*policy, "main");
  event.facts.tuple.source = IpAddress::parse("10.10.21.34").value();
  event.facts.tuple.destination = IpAddress::parse("203.0.113.80").value();
  event.verdict = policy->judge(policy::conversation_of(event.facts));
  Incidents incidents{{}, Coverage::Memory::all};
  std::vector<AlertRecord> records;
  incidents.feed(event, policy, 0.0, records);
  const std::string line = to_line(alert_event(records.at(0), {}));
  EXPECT_EQ(line.find("domain"), std::string::npos) << line;
  EXPECT_EQ(resume_of(records[0]).find("domain"), std::string::npos);
  EXPECT_EQ(syslog_message(message_of(records[0], {}), {}, {}).bytes.find("domain="), std::string::npos);
}

TEST(DaemonDomains, AreToldWhereThereAreSeveral) {
  const AlertRecord record = opened(union_policy(), "town-b");
  EXPECT_NE(to_line(alert_event(record, {})).find(R"("domain":"town-b")"), std::string::npos);
  EXPECT_NE(syslog_message(message_of(record, {}), {}, {}).bytes.find(R"( domain="town-b")"),
            std::string::npos);
}

TEST(DaemonDomains, ANoticeSpeaksOfOneHost) {
  const auto policy = union_policy();
  const IpAddress host = IpAddress::parse("10.1.1.5")->in(2);
  Notice notice{NoticeKind::scan_inside, host_subject(*policy, host), {}};
  notice.add_address("src", *policy, host).add_address("dst", *policy, host);
  EXPECT_EQ(notice.subject, "10.1.1.5%town-b");
  EXPECT_EQ(notice.value("src"), "10.1.1.5") << "an address for machines";
  EXPECT_EQ(notice.value("domain"), "town-b");
  EXPECT_EQ(notice.facts.size(), 3U) << "said once";
  EXPECT_EQ(notice.facts[0].shown.en, "10.1.1.5 (domain town-b)");
  EXPECT_EQ(host_subject(*policy, host.in(main_domain)), "10.1.1.5");
}

TEST(DaemonDomains, FlowsAreAskedForByTheirs) {
  const auto policy = union_policy();
  const auto query = [&](std::string_view target) {
    return read_flow_query(read_target(target, Language::en), *policy, 1000, Language::en);
  };
  const FlowEvent a = forbidden(*policy, "town-a");
  const FlowEvent b = forbidden(*policy, "town-b");
  const FlowQuery of_b = query("/v1/flows?address=10.1.0.0/16&domain=town-b");
  EXPECT_FALSE(of_b.matches(a.facts, a.verdict));
  EXPECT_TRUE(of_b.matches(b.facts, b.verdict));
  EXPECT_TRUE(query("/v1/flows?address=10.1.1.5").matches(b.facts, b.verdict)) << "in whatever domain";
  try {
    query("/v1/flows?domain=twon-b");
    FAIL();
  } catch (const Problem& problem) {
    EXPECT_EQ(problem.code(), "bad_parameter");
    EXPECT_NE(problem.hint().find("town-b"), std::string::npos) << problem.hint();
  }
}

TEST(DaemonDomains, ASelfTestFindsAWayInEachOfThem) {
  const auto results = self_test(union_policy(), {}, {SelfTestKind::bulk}, Time{std::chrono::hours{500'000}});
  ASSERT_EQ(results.size(), 2U);
  for (const SelfTestResult& result : results)
    EXPECT_EQ(self_test_outcome_word(result.outcome), "works") << result.what;
}

TEST(DaemonDomains, AReloadCannotChangeThem) {
  EXPECT_EQ(domain_list(*union_policy()), "main, town-a, town-b");
  EXPECT_NE(domain_list(*union_policy()), domain_list(*union_policy("town-b", "town-a")));
  EXPECT_EQ(domain_list(*test::make_policy()), "main");
}

}  // namespace
}  // namespace sekimori::daemon

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/render.hpp"
#include "daemon/render/utf8.hpp"
#include "daemon/render/words.hpp"
#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

namespace json = boost::json;
using capture::Stage;
using test::ip;
using test::nine_twelve;

TEST(Timestamp, IsRfc3339WithMicrosecondsInTheZoneAskedFor) {
  EXPECT_EQ(timestamp(nine_twelve, 540), "2026-04-01T09:12:03.482915+09:00");
  EXPECT_EQ(timestamp(nine_twelve, 0), "2026-04-01T00:12:03.482915+00:00");
  EXPECT_EQ(timestamp(nine_twelve, -210), "2026-03-31T20:42:03.482915-03:30");
  EXPECT_EQ(timestamp(Time{}, 0), "1970-01-01T00:00:00.000000+00:00");
  EXPECT_EQ(timestamp(Time{std::chrono::seconds{-1}}, 0), "1969-12-31T23:59:59.000000+00:00");
  EXPECT_EQ(timestamp(Time{std::chrono::seconds{4'102'444'800}}, 0), "2100-01-01T00:00:00.000000+00:00");
}

struct CommunityRow {
  const char* source;
  std::uint16_t source_port;
  const char* destination;
  std::uint16_t destination_port;
  std::uint8_t protocol;
  const char* id;
};

// Rows of the specification's own baseline.
TEST(CommunityId, AgreesWithThePublishedBaseline) {
  const CommunityRow rows[] = {
      {"128.232.110.120", 34855, "66.35.250.204", 80, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
      {"66.35.250.204", 80, "128.232.110.120", 34855, 6, "1:LQU9qZlK+B5F3KDmev6m5PMibrg="},
      {"192.168.1.52", 54585, "8.8.8.8", 53, 17, "1:d/FP5EW3wiY1vCndhwleRRKHowQ="},
      {"192.168.170.8", 7, "192.168.170.56", 7, 132, "1:MP2EtRCAUIZvTw6MxJHLV7N7JDs="},
      {"192.168.0.89", 8, "192.168.0.1", 0, 1, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
      {"192.168.0.1", 0, "192.168.0.89", 8, 1, "1:X0snYXpgwiv9TZtqg64sgzUn6Dk="},
      {"10.0.0.1", 11, "10.0.0.2", 0, 1, "1:YHxtAirCG//0OzkcVAukqKQN9xM="},
      {"fe80::200:86ff:fe05:80da", 135, "fe80::260:97ff:fe07:69ea", 136, 58,
       "1:dGHyGvjMfljg6Bppwm3bg0LO8TY="},
      {"3ffe:507:0:1:200:86ff:fe05:80da", 128, "3ffe:501:0:1001::2", 129, 58,
       "1:+TW+HtLHvV1xnGhV1lv7XoJrqQg="},
      {"3ffe:501:410:0:2c0:dfff:fe47:33e", 1, "3ffe:507:0:1:200:86ff:fe05:80da", 4, 58,
       "1:hLZd0XGWojozrvxqE0dWB1iM6R0="},
      {"10.1.12.1", 0, "10.1.12.2", 0, 46, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
      {"10.1.12.2", 0, "10.1.12.1", 0, 46, "1:KHlLkgoJW7ifUTyTSgyVfkFHzKw="},
  };
  for (const CommunityRow& row : rows) {
    EXPECT_EQ(community_id(
                  {ip(row.source), ip(row.destination), row.source_port, row.destination_port, row.protocol}),
              row.id)
        << row.source << " > " << row.destination << " protocol " << int{row.protocol};
  }
}

std::string captures() {
  const char* const set = std::getenv("SEKIMORI_PCAPS");
  return set != nullptr ? set : std::string{SEKIMORI_SOURCE_DIR} + "/../shared/pcaps";
}

int protocol_of(const std::string& name) {
  if (name == "ICMPV6") return 58;
  for (int number = 0; number < 256; ++number) {
    if (protocol_name(static_cast<std::uint8_t>(number)) == name) return number;
  }
  return -1;
}

TEST(CommunityId, AgreesWithEveryRowOfTheThirdPartyTables) {
  std::ifstream table{captures() + "/FLOWS.tsv"};
  if (!table) GTEST_SKIP() << "no FLOWS.tsv in " << captures();
  int baseline = 0;
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::vector<std::string> field;
    std::istringstream in{line};
    for (std::string text; std::getline(in, text, '\t');) field.push_back(text);
    if (field.size() < 17 || field[1] != "community-id") continue;
    const int protocol = protocol_of(field[3]);
    ASSERT_GE(protocol, 0) << field[3];
    const auto port = [](const std::string& text) {
      return static_cast<std::uint16_t>(text.empty() ? 0 : std::stoul(text));
    };
    const std::string wanted{json::parse(field[16]).at("community_id").as_string()};
    EXPECT_EQ(community_id({ip(field[4]), ip(field[6]), port(field[5]), port(field[7]),
                            static_cast<std::uint8_t>(protocol)}),
              wanted)
        << line;
    ++baseline;
  }
  EXPECT_GE(baseline, 23);
}

class EveTest : public testing::Test {
 protected:
  std::shared_ptr<const policy::Policy> policy = test::alert_policy();
  AlertOptions options{};
};

std::vector<std::string> keys(const json::object& object) {
  std::vector<std::string> out;
  for (const auto& member : object) out.emplace_back(member.key());
  return out;
}

TEST_F(EveTest, FlowEventHasSuricatasNames) {
  FlowEvent event = test::event_of(*policy, "10.10.1.5", "203.0.113.9", 443, Stage::data);
  event.facts.vlans = {30, 0};
  event.facts.vlan_count = 1;
  event.facts.initiator_mac = MacAddress::parse("02:00:00:00:00:05").value();
  event.facts.next_hop_mac = MacAddress::parse("02:00:00:00:00:fe").value();
  event.facts.end = nine_twelve + std::chrono::milliseconds{2500};
  event.facts.state = capture::FlowState::established;
  event.facts.conn_state = capture::ConnState::s1;
  event.facts.history = {'S', 'h', 'A', 'D', 'd'};
  event.facts.retransmissions = 3;
  event.facts.duplicates = 1;
  event.facts.copies = 5;
  options.organisation = "999999";
  const json::object flow =
      flow_event(event.facts, event.verdict, *policy, {capture::Passed::yes, capture::Passed::unknown},
                 capture::EndReason::timeout, options);
  EXPECT_EQ(keys(flow), (std::vector<std::string>{"timestamp", "flow_id", "event_type", "vlan", "src_ip",
                                                  "src_port", "dest_ip", "dest_port", "proto", "ip_v",
                                                  "community_id", "ether", "flow", "sekimori"}));
  EXPECT_EQ(keys(flow.at("flow").as_object()),
            (std::vector<std::string>{"pkts_toserver", "pkts_toclient", "bytes_toserver", "bytes_toclient",
                                      "start", "state", "conn_state", "history", "retransmissions",
                                      "duplicates", "copies", "end", "age", "reason", "alerted"}));
  json::object rest = flow;
  rest.erase("flow");
  rest.erase("sekimori");
  EXPECT_EQ(
      to_line(rest),
      R"({"timestamp":"2026-04-01T09:12:05.982915+09:00","flow_id":1676750115612680,"event_type":"flow",)"
      R"("vlan":[30],"src_ip":"10.10.1.5","src_port":51544,"dest_ip":"203.0.113.9","dest_port":443,"proto":"TCP",)"
      R"("ip_v":4,"community_id":")" +
          community_id(event.facts.tuple) +
          R"(","ether":{"src_mac":"02:00:00:00:00:05","dest_mac":"02:00:00:00:00:fe"}})");
  EXPECT_EQ(
      to_line(flow.at("flow")),
      R"({"pkts_toserver":3,"pkts_toclient":2,"bytes_toserver":214,"bytes_toclient":132,)"
      R"("start":"2026-04-01T09:12:03.482915+09:00","state":"established","conn_state":"S1","history":"ShADd",)"
      R"("retransmissions":3,"duplicates":1,"copies":5,)"
      R"("end":"2026-04-01T09:12:05.982915+09:00","age":2,"reason":"timeout","alerted":true})");
  const json::object& ours = flow.at("sekimori").as_object();
  EXPECT_EQ(ours.at("from").as_string(), "mynumber");
  EXPECT_EQ(ours.at("to").as_string(), "external");
  EXPECT_EQ(ours.at("from_name").as_string(), "税務課");
  EXPECT_FALSE(ours.contains("to_name"));
  EXPECT_EQ(ours.at("verdict").as_string(), "forbid");
  EXPECT_EQ(ours.at("cell").as_string(), "F");
  EXPECT_EQ(ours.at("rule").as_string(), "F mynumber->external");
  EXPECT_EQ(ours.at("stage").as_string(), "data");
  EXPECT_EQ(to_line(ours.at("reasons")), R"(["R3"])");
  EXPECT_EQ(to_line(ours.at("clause").at(0)),
            R"({"id":"004-6-3-a","body":"架空市情報セキュリティポリシー","number":"第1章6(3)ア"})");
  EXPECT_EQ(to_line(ours.at("initiator")), R"({"evidence":"syn","confidence":"certain"})");
  EXPECT_FALSE(ours.at("orientation_matters").as_bool());
  EXPECT_EQ(to_line(ours.at("passed")), R"({"to_server":"yes","to_client":"unknown"})");
  for (const char* absent : {"payload", "seen_at", "carrier", "carries", "tunnel", "tunnel_declared"}) {
    EXPECT_FALSE(ours.contains(absent)) << absent;
  }
  EXPECT_EQ(to_line(ours.at("policy")),
            R"({"profile":"alpha","generation":7,"sha256":")" + std::string(64, 'a') + R"("})");
  EXPECT_EQ(ours.at("org").as_string(), "999999");
}

TEST_F(EveTest, IcmpTellsTypeAndCodeInsteadOfPorts) {
  FlowEvent event = test::event_of(*policy, "10.10.1.5", "203.0.113.9", 0, Stage::answered, nine_twelve,
                                   capture::protocol::icmp);
  event.facts.tuple.source_port = 8;
  event.facts.icmp_type = 8;
  const json::object flow =
      flow_event(event.facts, event.verdict, *policy, {}, capture::EndReason::timeout, options);
  EXPECT_FALSE(flow.at("flow").as_object().contains("history"));
  EXPECT_FALSE(flow.contains("src_port"));
  EXPECT_FALSE(flow.contains("dest_port"));
  EXPECT_EQ(flow.at("icmp_type").to_number<int>(), 8);
  EXPECT_EQ(flow.at("icmp_code").to_number<int>(), 0);
  EXPECT_EQ(flow.at("proto").as_string(), "ICMP");
  EXPECT_FALSE(flow.contains("ether"));
  EXPECT_FALSE(flow.contains("vlan"));
}

TEST_F(EveTest, FlowInsideATunnelNamesTheTunnelAsSuricataDoes) {
  FlowEvent event = test::event_of(*policy, "10.10.1.5", "203.0.113.9", 443);
  event.facts.inside = capture::Tunnel::vxlan;
  event.facts.depth = 1;
  event.facts.outer = {ip("192.0.2.1"), ip("192.0.2.2"), 50000, 4789, capture::protocol::udp};
  const auto tunnel = [&] {
    return to_line(flow_event(event.facts, event.verdict, *policy, {}, capture::EndReason::timeout, options)
                       .at("tunnel"));
  };
  EXPECT_EQ(tunnel(), R"({"src_ip":"192.0.2.1","dest_ip":"192.0.2.2","src_port":50000,"dest_port":4789,)"
                      R"("proto":"UDP","depth":1,"type":"vxlan"})");
  event.facts.inside = capture::Tunnel::gre;
  event.facts.outer = {ip("192.0.2.1"), ip("192.0.2.2"), 0, 0, capture::protocol::gre};
  EXPECT_EQ(tunnel(), R"({"src_ip":"192.0.2.1","dest_ip":"192.0.2.2","proto":"GRE","depth":1,"type":"gre"})");
}

TEST_F(EveTest, FlowSeenAtSeveralPlacesNamesThem) {
  FlowEvent event = test::event_of(*policy, "10.10.1.5", "203.0.113.9", 443);
  event.facts.sightings_count = 2;
  event.facts.sightings[0].tap = capture::no_tap;
  event.facts.sightings[0].vlans = {110, 0};
  event.facts.sightings[0].vlan_count = 1;
  event.facts.sightings[0].ttl = 64;
  event.facts.sightings[0].source_mac = MacAddress::parse("02:00:00:00:00:05").value();
  event.facts.sightings[0].packets = 3;
  event.facts.sightings[1].tap = 2;
  event.facts.sightings[1].ttl = 63;
  event.facts.sightings[1].to_server = false;
  const json::object ours = judgement(event.facts, event.verdict, *policy);
  EXPECT_EQ(to_line(ours.at("seen_at")),
            R"([{"vlan":[110],"ttl":64,"src_mac":"02:00:00:00:00:05","direction":"to_server","packets":3},)"
            R"({"tap":2,"ttl":63,"direction":"to_client","packets":0}])");

  const auto several = [&] { return judgement(event.facts, event.verdict, *policy).contains("seen_at"); };
  event.facts.sightings[1] = event.facts.sightings[0];
  event.facts.sightings[1].ttl = 63;
  EXPECT_TRUE(several()) << "a router's copy on the same wire";
  event.facts.sightings[1].to_server = false;
  EXPECT_FALSE(several()) << "question and answer on one wire";
  event.facts.sightings[1].vlans = {120, 0};
  EXPECT_TRUE(several()) << "question and answer on two wires";
  event.facts.sightings_count = 1;
  EXPECT_FALSE(several());
}

TEST_F(EveTest, TunnelBetweenSegmentsSaysWhetherItIsDeclared) {
  FlowEvent event = test::event_of(*policy, "10.30.1.5", "172.31.0.9", 4789, Stage::attempt, nine_twelve,
                                   capture::protocol::udp);
  ASSERT_EQ(event.verdict.decision, policy::Decision::permit);
  event.facts.tunnel = capture::Tunnel::vxlan;
  event.facts.carrier = true;
  event.verdict = policy->judge(policy::conversation_of(event.facts));
  json::object ours = judgement(event.facts, event.verdict, *policy);
  EXPECT_EQ(ours.at("finding").as_string(), "TUNNEL");
  EXPECT_EQ(ours.at("verdict").as_string(), "forbid");
  EXPECT_EQ(ours.at("rule").as_string(), "P internet->security-cloud");
  EXPECT_TRUE(ours.at("carrier").as_bool());
  EXPECT_EQ(ours.at("carries").as_string(), "vxlan");
  EXPECT_FALSE(ours.at("tunnel_declared").as_bool());
  EXPECT_EQ(alert_event(test::record_of(policy, event), options).at("alert").at("signature_id"), 1009);

  policy::PolicyOptions city = test::alert_city();
  city.tunnels.push_back({"TN-1",
                          "",
                          {},
                          {Prefix::parse("10.30.1.5/32").value()},
                          {Prefix::parse("172.31.0.0/24").value()},
                          {}});
  const policy::Policy declared{std::move(city)};
  event.verdict = declared.judge(policy::conversation_of(event.facts));
  ours = judgement(event.facts, event.verdict, declared);
  EXPECT_EQ(ours.at("finding").as_string(), "permitted");
  EXPECT_TRUE(ours.at("tunnel_declared").as_bool());
  EXPECT_EQ(ours.at("tunnel").as_string(), "TN-1");
}

TEST_F(EveTest, AlertEventSaysWhatItStandsFor) {
  AlertRecord record =
      test::record_of(policy, test::event_of(*policy, "10.10.1.5", "203.0.113.9", 443, Stage::established),
                      AlertKind::repeated);
  record.sequence = 42;
  record.events = 1000;
  record.suppressed = 990;
  record.loss_ratio = 0.0000125;
  record.passage = {capture::Passed::no, capture::Passed::unknown};
  const json::object alert = alert_event(record, options);
  EXPECT_EQ(
      to_line(alert.at("alert")),
      R"({"action":"allowed","gid":7777,"signature_id":1001,"rev":1,)"
      R"~("signature":"forbid: mynumber -> external (TCP/443)","category":"Segmentation violation","severity":1})~");
  const json::object& ours = alert.at("sekimori").as_object();
  EXPECT_EQ(ours.at("kind").as_string(), "repeated");
  EXPECT_EQ(ours.at("sequence").to_number<int>(), 42);
  EXPECT_EQ(ours.at("events").to_number<int>(), 1000);
  EXPECT_EQ(to_line(ours.at("passed")), R"({"to_server":"no","to_client":"unknown"})");
  EXPECT_EQ(ours.at("suppressed").to_number<int>(), 990);
  EXPECT_EQ(ours.at("severity").as_string(), "alert");
  EXPECT_EQ(to_line(ours.at("capture")), R"({"loss_ratio":0.000013})") << "in full, rounded to six places";
  EXPECT_EQ(ours.at("text").as_string(), alert_text(record, options));
  EXPECT_EQ(alert.at("flow").at("pkts_toserver").to_number<int>(), 3);
}

TEST_F(EveTest, NearMissNamesTheEntry) {
  const FlowEvent event = test::event_of(*policy, "10.10.1.7", "10.20.1.7", 1521);
  const json::object ours = judgement(event.facts, event.verdict, *policy);
  EXPECT_EQ(to_line(ours.at("near_miss")), R"({"mismatch":"expired","kind":"exception","id":"EX-2"})");
  EXPECT_EQ(ours.at("finding").as_string(), "EXC-EXPIRED");
}

TEST_F(EveTest, PermittedUseNamesItsException) {
  const FlowEvent event = test::event_of(*policy, "10.10.1.6", "10.20.1.6", 8530);
  const json::object ours = judgement(event.facts, event.verdict, *policy);
  EXPECT_EQ(ours.at("verdict").as_string(), "permit");
  EXPECT_EQ(ours.at("basis").as_string(), "exception");
  EXPECT_EQ(ours.at("exception").as_string(), "EX-1");
}

TEST_F(EveTest, StatsNameEveryReasonAndSayWhetherTheBooksClose) {
  Books books;
  books.packets_read = 10;
  books.packets_in_flows = 7;
  books.reasons[static_cast<std::size_t>(capture::Reason::arp)] = 3;
  json::object stats = stats_event(books, options, nine_twelve).at("stats").as_object();
  EXPECT_EQ(stats.at("reasons").as_object().size(), capture::reasons_count);
  EXPECT_EQ(stats.at("reasons").at("arp").to_number<int>(), 3);
  EXPECT_EQ(stats.at("reasons").at("stp").to_number<int>(), 0);
  EXPECT_EQ(stats.at("in_flows").to_number<int>(), 7);
  EXPECT_TRUE(stats.at("closes").as_bool());
  EXPECT_EQ(to_line(stats.at("unopened")), "{}") << "only what there is";
  books.packets_read = 11;
  stats = stats_event(books, options, nine_twelve).at("stats").as_object();
  EXPECT_FALSE(stats.at("closes").as_bool());
}

TEST_F(EveTest, StatsTellTunnelsFragmentsAndCopiesBesideTheSum) {
  Books books;
  books.packets_read = 10;
  books.packets_in_flows = 7;
  books.reasons[static_cast<std::size_t>(capture::Reason::duplicate)] = 1;
  books.reasons[static_cast<std::size_t>(capture::Reason::copy)] = 2;
  books.packets_carriers = 4;
  books.mirror_stripped = 5;
  books.unopened[static_cast<std::size_t>(capture::Reason::tunnel_encrypted)] = 6;
  books.packets_malformed = 8;
  books.fragments.seen = 9;
  books.fragments.strays = 3;
  books.traces_refused = 11;
  books.flows_in_grace = 12;
  const json::object stats = stats_event(books, options, nine_twelve).at("stats").as_object();
  EXPECT_TRUE(stats.at("closes").as_bool()) << "what is read again is accounted by its reason";
  EXPECT_EQ(to_line(stats.at("unopened")), R"({"tunnel_encrypted":6})");
  EXPECT_EQ(to_line(stats.at("fragments")),
            R"({"seen":9,"firsts":0,"joined":0,"strays":3,"held":0,"crowded":0,"overlaps":0,"tiny":0,)"
            R"("too_long":0,"repeated":0,"datagrams":0,"incomplete":0,"untracked":0})");
  const std::pair<const char*, int> rows[] = {{"packets_carriers", 4},
                                              {"mirror_stripped", 5},
                                              {"packets_malformed", 8},
                                              {"traces_refused", 11},
                                              {"flows_in_grace", 12}};
  for (const auto& [name, value] : rows) EXPECT_EQ(stats.at(name).to_number<int>(), value) << name;
  EXPECT_EQ(books_object(books, "packets_in_flows").at("packets_in_flows").to_number<int>(), 7);
}

TEST_F(EveTest, MatrixTellsThePairsThatWereSeen) {
  Matrix matrix{};
  const auto from = static_cast<std::size_t>(policy->segment_index("MN"));
  const auto to = static_cast<std::size_t>(policy->segment_index("EXT"));
  matrix[from * policy::segments_max + to] = {.flows = 2,
                                              .packets = 30,
                                              .bytes = 4000,
                                              .flows_forbidden = 2,
                                              .packets_forbidden = 30,
                                              .bytes_forbidden = 4000,
                                              .duplicates = 10,
                                              .flows_ended = 4,
                                              .flows_one_sided = 1};
  const json::object out = matrix_event(matrix, *policy);
  ASSERT_EQ(out.at("pairs").as_array().size(), 1U);
  EXPECT_EQ(to_line(out.at("pairs").at(0)),
            R"({"from":"mynumber","to":"external","cell":"F","flows":2,"packets":30,"bytes":4000,)"
            R"("flows_forbidden":2,"packets_forbidden":30,"bytes_forbidden":4000,"flows_exception":0,)"
            R"("duplicates":10,"duplicates_ratio":0.25,"copies":0,"flows_ended":4,"flows_one_sided":1,)"
            R"("one_sided_ratio":0.25})");
  EXPECT_EQ(out.at("segments").as_array().size(), 5U);
}

TEST(Line, RepairsTextAndWritesNumbersInFull) {
  EXPECT_EQ(to_line(json::object{{"a", 0.1}, {"b", 1e-7}, {"c", 2.0}, {"d", 1e15}, {"e", 0.25}}),
            R"({"a":0.1,"b":0,"c":2,"d":1000000000000000,"e":0.25})");
  EXPECT_EQ(to_line(json::value(std::uint64_t{18446744073709551615U})), "18446744073709551615");
  EXPECT_EQ(to_line(json::value(std::string{"a\nb\xff\x01"})), "\"a\\nb\xef\xbf\xbd\\u0001\"");
  EXPECT_EQ(to_line(json::array{nullptr, true, json::array{}, json::object{}}), "[null,true,[],{}]");
}

TEST(Books, AddUpAndClose) {
  Books one;
  one.packets_read = 5;
  one.packets_in_flows = 4;
  one.reasons[0] = 1;
  one.flows_ended[2] = 1;
  Books sum = one;
  sum += one;
  EXPECT_EQ(sum.packets_read, 10U);
  EXPECT_EQ(sum.reasons[0], 2U);
  EXPECT_EQ(sum.flows_ended[2], 2U);
  EXPECT_TRUE(sum.close());
  ++sum.reasons[1];
  EXPECT_FALSE(sum.close());
}

TEST(Utf8, JudgesCharactersAsRfc3629Does) {
  EXPECT_EQ(utf8_character("a"), 1U);
  EXPECT_EQ(utf8_character("é"), 2U);
  EXPECT_EQ(utf8_character("関"), 3U);
  EXPECT_EQ(utf8_character("𠮷"), 4U);
  EXPECT_EQ(utf8_character("\xc0\x80"), 0U) << "overlong";
  EXPECT_EQ(utf8_character("\xe0\x80\x80"), 0U);
  EXPECT_EQ(utf8_character("\xed\xa0\x80"), 0U) << "surrogate";
  EXPECT_EQ(utf8_character("\xf4\x90\x80\x80"), 0U) << "beyond U+10FFFF";
  EXPECT_EQ(utf8_character("\xe9\x96"), 0U) << "cut";
  EXPECT_EQ(utf8_cut("関守", 5), "関");
  EXPECT_EQ(utf8_cut("関守", 2), "");
  EXPECT_EQ(utf8_cut("関守", 6), "関守");
}

TEST(Utf8, TakesAwayWhatForgesLines) {
  EXPECT_EQ(printable("a\r\n<34>forged"), "a <34>forged");
  EXPECT_EQ(printable("\x1b[31mred"), "[31mred");
  EXPECT_EQ(printable("x\xe2\x80\xaey"), "x y") << "right-to-left override";
  EXPECT_EQ(printable("x\xc2\x85y\n"), "x y") << "C1 control, and none at the end";
  EXPECT_EQ(printable("課\xff"), "課\xef\xbf\xbd");
}

}  // namespace
}  // namespace sekimori::daemon

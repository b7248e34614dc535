// What a forbidden conversation is called, case by case of the domain text's section 4.5, and for each a
// near-identical one that must stay silent. The codes are those of section 6.2.
#include "policy/finding.hpp"

#include <gtest/gtest.h>

#include <string>

#include "config/config.hpp"
#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

constexpr std::string_view city_text = R"(
profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  lgwan: {prefixes: [10.20.0.0/16]}
  internet: {prefixes: [10.30.0.0/16]}
  lgwan-net: {prefixes: [100.64.0.0/16], next_hop_macs: ["02:00:00:00:02:99"]}
  security-cloud: {prefixes: [172.31.0.0/24], next_hop_macs: ["02:00:00:00:03:99"]}
gateways:
  - {id: GW-VDI, kind: screen-transfer, from: lgwan, to: internet, hosts: [10.30.40.0/23],
     products: [rdp, ica, pcoip, blast]}
  - {id: GW-WIDE, kind: screen-transfer, from: lgwan, to: internet, hosts: [10.30.50.5], ports: [tcp/1024-65535]}
  - {id: GW-FILE, kind: file-sanitiser, from: internet, to: lgwan, clients: [10.30.241.11],
     hosts: [10.20.241.11], ports: [tcp/443]}
  - {id: GW-MAIL, kind: mail-text, from: internet, to: lgwan, clients: [10.30.241.12], hosts: [10.20.241.12],
     ports: [tcp/25]}
exceptions:
  - {id: EX-OLD, reason: 試験, approver: 最高情報統括責任者, ticket: 第1号, from: 2024-04-01, until: 2024-09-30,
     source: {addresses: [10.20.10.6], macs: ["02:00:00:00:00:01"]}, destination: {addresses: [10.10.10.6], macs: ["02:00:00:00:00:09"]},
     protocol: tcp, ports: [8530]}
)";

Policy policy_of(std::string_view text) {
  return Policy{config::load_text(text, "city.yaml", Language::en).policy, {}, {}, 1, Language::en};
}
const Policy& city() {
  static const Policy policy = policy_of(city_text);
  return policy;
}

constexpr std::uint8_t tcp = 6;
constexpr std::uint8_t udp = 17;

Conversation talk(std::string_view from, std::string_view to, std::uint16_t port,
                  std::uint8_t protocol = tcp) {
  Conversation conversation;
  conversation.initiator = address(from);
  conversation.responder = address(to);
  conversation.initiator_port = 51000;
  conversation.port = port;
  conversation.protocol = protocol;
  conversation.time = noon;
  conversation.initiator_mac = client_mac;
  conversation.responder_mac = server_mac;
  conversation.next_hop_mac = other_mac;
  if (protocol == udp && port == 500)
    conversation.tunnel = capture::Tunnel::esp;  // as conversation_of() tells IKE
  return conversation;
}

std::string called(const Policy& policy, const Conversation& conversation) {
  const Verdict verdict = policy.judge(conversation);
  const Sign sign = sign_of(policy, conversation, verdict);
  std::string out{finding_code(sign.finding)};
  out += ' ';
  out += finding_pattern(sign.finding);
  if (sign.known != Sign::nothing_known) out += ' ' + policy.options().known[sign.known].id;
  return out;
}

struct Case {
  const char* what;
  const char* from;
  const char* to;
  std::uint16_t port;
  std::uint8_t protocol;
  const char* called;
};

constexpr Case cases[] = {
    // V8
    {"DNS of an LGWAN terminal to a public resolver", "10.20.22.15", "8.8.8.8", 53, udp,
     "DNS-LEAK dns-leak dns"},
    {"DNS over TLS", "10.20.22.15", "9.9.9.9", 853, tcp, "DNS-LEAK dns-leak dns"},
    {"DNS over HTTPS to a resolver's address", "10.30.21.5", "1.1.1.1", 443, tcp,
     "DNS-LEAK dns-leak public-resolver"},
    {"the LGWAN resolver forwards to the Internet segment's", "10.20.10.5", "10.30.10.5", 53, udp,
     "DNS-LEAK dns-leak dns"},
    {"... its twin: inside the segment", "10.20.22.15", "10.20.10.5", 53, udp, "permitted permitted"},
    {"... its twin: the Internet segment asks the security cloud", "10.30.10.5", "172.31.0.53", 53, udp,
     "permitted permitted"},
    {"443 to nobody's resolver", "10.20.22.15", "203.0.113.9", 443, tcp, "SEG-FORBIDDEN forbidden"},
    // V9
    {"Delivery Optimization outwards", "10.20.22.15", "203.0.113.9", 7680, tcp,
     "UPDATE-DIRECT update-direct wsus"},
    {"... its twin: the WSUS inside", "10.20.22.15", "10.20.10.6", 8530, tcp, "permitted permitted"},
    // V11, V12
    {"RDP from outside", "203.0.113.9", "10.20.22.15", 3389, tcp, "REMOTE remote rdp-from-outside"},
    {"SSH from the Internet segment to the My Number segment", "10.30.21.5", "10.10.10.11", 22, tcp,
     "REMOTE remote ssh"},
    {"VNC from the Internet segment", "10.30.21.5", "10.20.10.11", 5900, tcp, "REMOTE remote vnc"},
    {"AnyDesk outwards", "10.20.22.15", "203.0.113.9", 7070, tcp, "REMOTE remote anydesk"},
    {"TeamViewer outwards", "10.10.21.7", "203.0.113.9", 5938, udp, "REMOTE remote teamviewer"},
    {"... its twin: SSH inside", "10.20.10.5", "10.20.10.11", 22, tcp, "permitted permitted"},
    {"WireGuard outwards", "10.20.22.15", "203.0.113.9", 51820, udp, "TUNNEL tunnel-product wireguard"},
    {"OpenVPN outwards", "10.30.21.5", "203.0.113.9", 1194, udp, "TUNNEL tunnel-product openvpn"},
    {"SoftEther outwards", "10.20.22.15", "203.0.113.9", 5555, tcp, "TUNNEL tunnel-product softether"},
    {"IPsec across", "10.20.22.15", "203.0.113.9", 500, udp, "TUNNEL undeclared-tunnel"},
    // V10, V15, V16
    {"SNMP across", "10.10.10.9", "10.20.10.11", 161, udp, "SEG-FORBIDDEN management snmp"},
    {"IPMI across", "10.20.10.9", "10.10.10.11", 623, udp, "SEG-FORBIDDEN management ipmi"},
    {"WMI across", "10.20.10.9", "10.10.10.11", 135, tcp, "SEG-FORBIDDEN management rpc"},
    {"... its twin: SNMP inside", "10.10.10.9", "10.10.10.11", 161, udp, "permitted permitted"},
    {"shared directory", "10.10.21.7", "10.20.10.5", 88, tcp, "SEG-FORBIDDEN forbidden kerberos"},
    {"time from outside", "10.10.10.5", "203.0.113.9", 123, udp, "SEG-FORBIDDEN forbidden ntp"},
    // V19
    {"SMB to the Internet segment", "10.20.22.15", "10.30.10.11", 445, tcp,
     "SAN-BYPASS sanitiser-bypass smb"},
    {"HTTP from the Internet segment", "10.30.21.5", "10.20.10.11", 80, tcp, "SAN-BYPASS sanitiser-bypass"},
    {"... its twin: the file sanitiser", "10.30.241.11", "10.20.241.11", 443, tcp, "permitted permitted"},
    {"drive redirection beside a screen transfer", "10.20.22.15", "10.30.40.11", 9427, tcp,
     "SAN-SIDECHANNEL side-channel horizon-drive"},
    {"USB redirection beside a screen transfer", "10.20.22.15", "10.30.40.11", 32111, tcp,
     "SAN-SIDECHANNEL side-channel horizon-usb"},
    {"... through an entry that contains the port", "10.20.22.15", "10.30.50.5", 9427, tcp,
     "SAN-SIDECHANNEL side-channel horizon-drive"},
    {"... its twin: the next port of that entry", "10.20.22.15", "10.30.50.5", 9428, tcp,
     "permitted permitted"},
    {"... its twin: the picture", "10.20.22.15", "10.30.40.11", 3389, tcp, "permitted permitted"},
    // V20
    {"RDP from the Internet segment's desktop", "10.30.40.11", "10.20.22.15", 3389, tcp,
     "SEG-FORBIDDEN screen-transfer-reversed rdp"},
    {"ICA from an Internet terminal", "10.30.21.5", "10.20.22.15", 1494, tcp,
     "SEG-FORBIDDEN screen-transfer-reversed ica"},
    {"Blast from an Internet terminal", "10.30.21.5", "10.20.22.15", 8443, tcp,
     "SEG-FORBIDDEN screen-transfer-reversed blast"},
    {"... its twin: the right way", "10.20.22.15", "10.30.40.11", 1494, tcp, "permitted permitted"},
    // V21
    {"straight to the Internet", "10.30.21.5", "203.0.113.9", 443, tcp, "EGRESS-BYPASS egress-bypass"},
    // V22
    {"SMTP from a host that is not the relay", "10.30.21.5", "10.20.10.25", 25, tcp,
     "SAN-BYPASS mail-bypass smtp-in"},
    {"POP to the outside", "10.20.22.15", "203.0.113.9", 995, tcp, "SAN-BYPASS mail-bypass mailbox"},
    {"IMAP to the Internet segment", "10.20.22.15", "10.30.10.25", 143, tcp,
     "SAN-BYPASS mail-bypass mailbox"},
    {"... its twin: the relay", "10.30.241.12", "10.20.241.12", 25, tcp, "permitted permitted"},
    // exceptions
    {"an expired exception", "10.20.10.6", "10.10.10.6", 8530, tcp, "EXC-EXPIRED exception-expired"},
    {"another port than the exception's", "10.20.10.6", "10.10.10.6", 8531, tcp,
     "SEG-NO-EXCEPTION exception-missing"},
    {"no exception at all", "10.20.22.15", "10.10.10.11", 443, tcp, "SEG-FORBIDDEN forbidden"},
};

TEST(Finding, IsCalledByWhatItIs) {
  for (const Case& one : cases) {
    EXPECT_EQ(called(city(), talk(one.from, one.to, one.port, one.protocol)), one.called) << one.what;
  }
}

TEST(Finding, ANameSaysMoreThanAPort) {
  Conversation update = talk("10.20.22.15", "203.0.113.9", 443);
  EXPECT_EQ(called(city(), update), "SEG-FORBIDDEN forbidden");
  update.name = city().names().find("au.download.windowsupdate.com");
  EXPECT_EQ(called(city(), update), "UPDATE-DIRECT update-direct windows-update");
  update.name = city().names().find("cloudflare-dns.com");
  EXPECT_EQ(called(city(), update), "DNS-LEAK dns-leak doh");
  update.name = city().names().find("remotedesktop.google.com");
  EXPECT_EQ(called(city(), update), "REMOTE remote chrome-remote-desktop");
  update.name = name_class::unlisted;
  EXPECT_EQ(called(city(), update), "SEG-FORBIDDEN forbidden");
}

TEST(Finding, ByTheSecurityCloudsNextHopItIsNoBypass) {
  Conversation out = talk("10.30.21.5", "203.0.113.9", 443);
  out.next_hop_mac = mac("02:00:00:00:03:99");
  EXPECT_EQ(called(city(), out), "permitted permitted");
  // Another segment's way out is none of the Internet segment's.
  out.next_hop_mac = mac("02:00:00:00:02:99");
  EXPECT_NE(called(city(), out), "permitted permitted");
}

TEST(Finding, TheProxyByAnotherSegmentsNextHopIsABypass) {
  Conversation proxy = talk("10.30.21.5", "172.31.0.8", 8080);
  EXPECT_EQ(called(city(), proxy), "permitted permitted")
      << "a next hop that nobody names is a firewall's inner side";
  proxy.next_hop_mac = mac("02:00:00:00:03:99");
  EXPECT_EQ(called(city(), proxy), "permitted permitted");
  proxy.next_hop_mac = mac("02:00:00:00:02:99");
  const Verdict verdict = city().judge(proxy);
  EXPECT_TRUE(verdict.other_path);
  EXPECT_EQ(reasons_of(city(), verdict), "R6");
  EXPECT_EQ(called(city(), proxy), "EGRESS-BYPASS egress-bypass");
}

TEST(Finding, WhereEveryTapSeesTheNextHopAnyOtherOneIsAnotherPath) {
  std::string text{city_text};
  const std::string_view mark = R"(next_hop_macs: ["02:00:00:00:03:99"]})";
  text.replace(text.find(mark), mark.size(), R"(next_hop_macs: ["02:00:00:00:03:99"], next_hop_only: true})");
  const Policy strict = policy_of(text);
  EXPECT_EQ(called(strict, talk("10.30.21.5", "172.31.0.8", 8080)), "EGRESS-BYPASS egress-bypass");
  Conversation unseen = talk("10.30.21.5", "172.31.0.8", 8080);
  unseen.next_hop_mac = {};
  EXPECT_EQ(called(strict, unseen), "permitted permitted") << "what was not seen is not held against anybody";
}

TEST(Finding, InBetaScreenTransfersGoTheOtherWay) {
  const Policy beta = policy_of(R"(
profile: beta
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  lgwan: {prefixes: [10.20.0.0/16]}
  internet: {prefixes: [10.30.0.0/16]}
gateways:
  - {id: GW-VDI, kind: screen-transfer, from: internet, to: lgwan, hosts: [10.20.40.0/24], products: [rdp]}
)");
  EXPECT_EQ(called(beta, talk("10.30.21.5", "10.20.40.7", 3389)), "permitted permitted");
  EXPECT_EQ(called(beta, talk("10.20.40.7", "10.30.21.5", 3389)),
            "SEG-FORBIDDEN screen-transfer-reversed rdp");
  EXPECT_EQ(called(beta, talk("10.30.21.5", "10.20.40.7", 9427)),
            "SAN-SIDECHANNEL side-channel horizon-drive");
}

TEST(Finding, ATooWideGatewayIsSaid) {
  std::string said;
  for (const PolicyError::Item& item : city().warnings()) said += item.message + "\n";
  EXPECT_NE(said.find("GW-WIDE\" is too wide: tcp/9427"), std::string::npos) << said;
  EXPECT_NE(said.find("GW-WIDE\" is too wide: tcp/32111"), std::string::npos) << said;
  EXPECT_EQ(said.find("GW-VDI"), std::string::npos) << said;
}

TEST(Finding, ASecurityCloudThatNothingTellsIsSaid) {
  const Policy blind = policy_of(
      "profile: alpha\nsegments:\n  internet: {prefixes: [10.30.0.0/16]}\n  security-cloud: {vlans: "
      "[399]}\n");
  ASSERT_EQ(blind.warnings().size(), 1U);
  EXPECT_NE(blind.warnings()[0].message.find("next_hop_macs"), std::string::npos);
}

TEST(Finding, AScreenTransferOfSideChannelsOnlyIsRefused) {
  PolicyOptions options = config::load_text(city_text, "city.yaml", Language::en).policy;
  options.gateways[0].ports = {{tcp, 9427, 9427}};
  EXPECT_THROW((Policy{options}), PolicyError);
}

// ---- clouds by name

constexpr std::string_view prime_text = R"(
profile: alpha-prime
segments:
  mynumber: {prefixes: [10.10.0.0/16]}
  lgwan: {prefixes: [10.20.0.0/16]}
  internet: {prefixes: [10.30.0.0/16]}
  lgwan-net: {prefixes: [100.64.0.0/16], next_hop_macs: ["02:00:00:00:02:99"]}
  named-cloud: {prefixes: [198.51.100.0/25], next_hop_macs: ["02:00:00:00:0b:01"]}
services:
  - {id: SV-CLOUD, from: lgwan, to: named-cloud, names: ["*.cloud.example.jp", login.example.jp], ports: [tcp/443]}
  - {id: SV-BOTH, from: lgwan, to: named-cloud, hosts: [198.51.100.9], names: ["*.files.example.jp"], ports: [tcp/8443]}
)";

struct Named : testing::Test {
  Policy policy = policy_of(prime_text);
  Conversation conversation(std::string_view name, std::uint16_t port = 443) const {
    Conversation one = talk("10.20.22.15", "203.0.113.9", port);
    one.next_hop_mac = mac("02:00:00:00:0b:01");
    if (!name.empty()) one.name = policy.names().find(name), one.name_own = true;
    return one;
  }
};

TEST_F(Named, APermittedNameMakesItTheCloud) {
  const Verdict verdict = policy.judge(conversation("www.cloud.example.jp"));
  EXPECT_EQ(verdict.decision, Decision::permit);
  EXPECT_EQ(verdict.basis, Basis::service);
  EXPECT_EQ(policy.segments()[verdict.to].code, "CLD");
  EXPECT_EQ(policy.judge(conversation("login.example.jp")).decision, Decision::permit);
}

TEST_F(Named, AnotherNamePortOrInitiatorDoesNot) {
  EXPECT_EQ(policy.judge(conversation("www.evil.example.com")).decision, Decision::forbid);
  EXPECT_EQ(policy.judge(conversation("cloud.example.jp")).decision, Decision::forbid);
  EXPECT_EQ(policy.judge(conversation("www.cloud.example.jp", 8080)).decision, Decision::forbid);
  Conversation mynumber = conversation("www.cloud.example.jp");
  mynumber.initiator = address("10.10.21.7");
  const Verdict verdict = policy.judge(mynumber);
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_FALSE(verdict.name_pending);
}

TEST_F(Named, WithoutANameItIsPendingOnlyWhereANameCouldHelp) {
  const Verdict verdict = policy.judge(conversation(""));
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_TRUE(verdict.name_pending);
  EXPECT_FALSE(policy.judge(conversation("", 8080)).name_pending) << "no service on that port";
  EXPECT_FALSE(policy.judge(conversation("www.evil.example.com")).name_pending) << "it has told its name";
  Conversation hidden = conversation("");
  hidden.name = name_class::hidden;
  hidden.name_own = true;
  EXPECT_FALSE(policy.judge(hidden).name_pending) << "it never will";
  Conversation inbound = conversation("");
  std::swap(inbound.initiator, inbound.responder);
  EXPECT_FALSE(policy.judge(inbound).name_pending);
}

TEST_F(Named, ByAnotherPathThanTheBreakoutItIsAWrongEgress) {
  Conversation wrong = conversation("www.cloud.example.jp");
  wrong.next_hop_mac = other_mac;
  const Verdict verdict = policy.judge(wrong);
  EXPECT_EQ(verdict.decision, Decision::forbid);
  EXPECT_TRUE(verdict.other_path);
  EXPECT_EQ(verdict.cell, Cell::forbid);
  EXPECT_EQ(reasons_of(policy, verdict), "R6 R12");
  EXPECT_EQ(called(policy, wrong), "EGRESS-BYPASS egress-bypass");
  EXPECT_TRUE(verdict.path_pending) << "a copy beyond the firewall may show the breakout's next hop";
  wrong.responder = address("198.51.100.9");
  EXPECT_TRUE(policy.judge(wrong).other_path) << "by its prefix as well";
}

TEST_F(Named, OnlyWhatAnotherNextHopWouldPermitWaitsForACopy) {
  Conversation here = conversation("");
  here.next_hop_mac = other_mac;
  EXPECT_TRUE(policy.judge(here).path_pending && policy.judge(here).name_pending) << "both may still come";
  Conversation named = conversation("www.evil.example.com");
  named.next_hop_mac = other_mac;
  EXPECT_TRUE(policy.judge(named).path_pending) << "it may be on its way to LGWAN";
  named.initiator = address("10.10.10.11");
  EXPECT_FALSE(policy.judge(named).path_pending) << "from the My Number segment no path is right";
  named = conversation("www.cloud.example.jp");
  named.next_hop_mac = {};
  EXPECT_FALSE(policy.judge(named).path_pending) << "nobody can know the next hop";
  named.next_hop_mac = mac("02:00:00:00:02:99");
  EXPECT_FALSE(policy.judge(named).path_pending) << "it is known, and another one";
}

// 3.8: the critical systems are a part of the Internet segment and may leave by the update relay alone.
TEST(Finding, APartOfTheInternetSegmentBypassesTheSecurityCloudToo) {
  City city{"beta-prime"};
  city.segment("security-cloud").next_hop_macs = {mac("02:00:00:00:0c:01")};
  const Policy policy = city.policy();
  for (const char* from : {"NET", "CRIT"}) {
    const Conversation out = city.talk(from, "EXT");
    EXPECT_EQ(sign_of(policy, out, policy.judge(out)).finding, Finding::egress_bypass) << from;
  }
  const Conversation lgwan = city.talk("LG", "EXT");
  EXPECT_EQ(sign_of(policy, lgwan, policy.judge(lgwan)).finding, Finding::forbidden);
}

TEST_F(Named, HostsAndNamesOfOneServiceMustBothFit) {
  Conversation both = conversation("a.files.example.jp", 8443);
  EXPECT_EQ(policy.judge(both).decision, Decision::forbid) << "the name alone";
  both.responder = address("198.51.100.9");
  EXPECT_EQ(policy.judge(both).decision, Decision::permit);
  both.name = policy.names().find("www.evil.example.com");
  const Verdict verdict = policy.judge(both);
  EXPECT_EQ(verdict.decision, Decision::forbid) << "the address alone";
  EXPECT_EQ(verdict.near_miss.mismatch, Mismatch::name);
}

TEST_F(Named, NamesDoNotOpenOtherSegments) {
  Conversation inside = conversation("www.cloud.example.jp");
  inside.responder = address("10.10.10.11");
  EXPECT_EQ(policy.judge(inside).decision, Decision::forbid);
  inside.responder = address("100.64.0.9");
  inside.next_hop_mac = mac("02:00:00:00:02:99");
  EXPECT_EQ(policy.segments()[policy.judge(inside).to].code, "LGN");
}

}  // namespace
}  // namespace sekimori::policy

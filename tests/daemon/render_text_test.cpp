#include <gtest/gtest.h>

#include <set>

#include "daemon/render.hpp"
#include "daemon/render/words.hpp"
#include "tests/daemon/alert_city.hpp"

namespace sekimori::daemon {
namespace {

using capture::Stage;
using test::nine_twelve;

class TextTest : public testing::Test {
 protected:
  std::string ja(const AlertRecord& record) const { return alert_text(record, options); }
  std::string en(const AlertRecord& record) const {
    AlertOptions english = options;
    english.language = Language::en;
    return alert_text(record, english);
  }
  AlertRecord record(const FlowEvent& event, AlertKind kind = AlertKind::opened) const {
    return test::record_of(policy, event, kind);
  }
  FlowEvent event(std::string_view source, std::string_view destination, std::uint16_t port,
                  Stage stage = Stage::attempt) const {
    return test::event_of(*policy, source, destination, port, stage);
  }
  std::shared_ptr<const policy::Policy> policy = test::alert_policy();
  AlertOptions options{};
};

TEST_F(TextTest, ForbiddenBetweenSegments) {
  const AlertRecord one = record(event("10.10.1.5", "203.0.113.9", 443, Stage::established));
  EXPECT_EQ(
      ja(one),
      "【領域間不許可通信】マイナンバー利用事務系 10.10.1.5（税務課） から 外部・不明 203.0.113.9:443/TCP "
      "への通信を検知しました（確立、346バイト、2026-04-01 09:12:03〜）。"
      "違反条項: 架空市情報セキュリティポリシー「他の領域と通信できないようにしなければならない」"
      "（第1章6(3)ア）ほか1条項。この領域間に例外措置は認められません。"
      "求める対応: 記録を保存したうえで対象端末と通信相手を確認し、緊急時対応計画に従って報告と切断の要否を"
      "判断してください。");
  EXPECT_EQ(en(one),
            "[Forbidden between segments] My Number segment 10.10.1.5 (税務課) spoke to external / unknown "
            "203.0.113.9:443/TCP (established, 346 bytes, since 2026-04-01 09:12:03). "
            "Clause: Kakuu City security policy, 第1章6(3)ア: \"must not communicate with any other area\" "
            "and 1 more. "
            "Between these segments no exception is possible. "
            "Please: preserve the records, check both ends, then report and decide on disconnecting by the "
            "emergency "
            "response plan.");
}

TEST_F(TextTest, AttemptAsksToCheckTheTerminal) {
  EXPECT_EQ(
      ja(record(event("10.10.1.5", "10.20.3.4", 445))),
      "【領域間不許可通信】マイナンバー利用事務系 10.10.1.5（税務課） から LGWAN接続系 10.20.3.4:445/TCP"
      "（総務課） への通信を検知しました（試行、214バイト、2026-04-01 09:12:03〜）。"
      "違反条項: 架空市情報セキュリティポリシー「他の領域と通信できないようにしなければならない」"
      "（第1章6(3)ア）。例外措置の登録はありません。応答は観測していません。"
      "求める対応: 端末の設定（宛先、自動更新、接続先のネットワーク）を確認してください。");
}

TEST_F(TextTest, ExpiredException) {
  EXPECT_EQ(
      ja(record(event("10.10.1.7", "10.20.1.7", 1521, Stage::data))),
      "【例外措置期限切れ】マイナンバー利用事務系 10.10.1.7（税務課） から LGWAN接続系 10.20.1.7:1521/TCP"
      "（総務課） への通信を検知しました（データ転送あり、346バイト、2026-04-01 09:12:03〜）。"
      "違反条項: 架空市情報セキュリティポリシー「他の領域と通信できないようにしなければならない」"
      "（第1章6(3)ア）。例外措置「EX-2」は2026-03-29 09:12:03に終了していますが、通信が継続しています。"
      "求める対応: 例外措置の更新を申請するか、通信を停止してください。");
}

TEST_F(TextTest, ExceptionWithAnotherPort) {
  const std::string text = ja(record(event("10.10.1.6", "10.20.1.6", 8531, Stage::established)));
  EXPECT_EQ(text.find("【例外措置未登録】"), 0U) << text;
  EXPECT_NE(text.find("最も近い登録は例外措置「EX-1」ですが、ポートが一致しません（登録: TCP/8530）。"),
            std::string::npos)
      << text;
}

TEST_F(TextTest, SanitiserBypassed) {
  const AlertRecord one = record(event("10.20.1.5", "10.30.1.11", 445, Stage::established));
  EXPECT_EQ(ja(one).find("【無害化通信の迂回】LGWAN接続系 10.20.1.5（総務課） から インターネット接続系 "
                         "10.30.1.11:445/TCP への通信は無害化ゲートウェイを経由していません（確立、"),
            0U)
      << ja(one);
  EXPECT_EQ(en(one).find("[Sanitiser bypassed] LGWAN segment 10.20.1.5 (総務課) spoke to"), 0U) << en(one);
}

TEST_F(TextTest, SecurityCloudBypassedNamesTheNextHop) {
  FlowEvent one = event("10.30.1.5", "203.0.113.9", 443, Stage::data);
  one.facts.next_hop_mac = MacAddress::parse("02:00:00:00:00:fe").value();
  const std::string text = ja(record(one));
  EXPECT_EQ(
      text.find(
          "【セキュリティクラウド迂回】インターネット接続系 10.30.1.5 から 外部・不明 203.0.113.9:443/TCP "
          "への通信が自治体情報セキュリティクラウドを経由していません（データ転送あり、346バイト、"
          "2026-04-01 09:12:03〜、次ホップ 02:00:00:00:00:fe）。理由: "
          "セキュリティクラウドに集約する（R6）。"),
      0U)
      << text;
}

TEST_F(TextTest, PermittedByExceptionNamesApproverAndEnd) {
  AlertRecord one = record(event("10.10.1.6", "10.20.1.6", 8530, Stage::answered), AlertKind::exception);
  one.suppressed = 23;
  const std::string text = ja(one);
  EXPECT_EQ(text.find("【例外措置による通信】"), 0U);
  EXPECT_NE(
      text.find(
          "例外措置「EX-1」（承認: 最高情報統括責任者、2028-12-26 09:12:03まで）により許可されています"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("前回の通知以降23件を集計しました。"), std::string::npos);
  EXPECT_EQ(text.find("求める対応"), std::string::npos);
}

TEST_F(TextTest, AnExceptionsLastDayIsTheOneBeforeItEndsAtMidnight) {
  policy::PolicyOptions city = test::alert_city();
  // Written as 2026-12-31, kept as the first instant of the next day in Japan.
  city.exceptions[0].until =
      Time{std::chrono::sys_days{std::chrono::year{2026} / 12 / 31}} + std::chrono::hours{15};
  const auto dated = std::make_shared<const policy::Policy>(std::move(city));
  const AlertRecord one =
      test::record_of(dated, test::event_of(*dated, "10.10.1.6", "10.20.1.6", 8530), AlertKind::exception);
  EXPECT_NE(ja(one).find("（承認: 最高情報統括責任者、2026-12-31まで）"), std::string::npos) << ja(one);
}

TEST_F(TextTest, UndeclaredTunnelBetweenTwoThatMaySpeak) {
  FlowEvent one = test::event_of(*policy, "10.30.1.5", "172.31.0.9", 4789, Stage::data, nine_twelve,
                                 capture::protocol::udp);
  one.facts.tunnel = capture::Tunnel::vxlan;
  one.verdict = policy->judge(policy::conversation_of(one.facts));
  EXPECT_EQ(
      ja(record(one)),
      "【トンネル通信】登録のないVXLANトンネルを インターネット接続系 10.30.1.5 ⇄ "
      "自治体情報セキュリティクラウド 172.31.0.9:4789/UDP で検知しました（データ転送あり、346バイト、"
      "2026-04-01 "
      "09:12:03〜）。この両者の通信自体は許可されていますが、トンネルは領域の分離を迂回できるため、"
      "登録のないものを通知します。求める対応: 用途と設置の経緯を両端で確認し、必要なものは承認を得て設定の"
      " tunnels に登録し、不要なものは停止してください。");
  EXPECT_EQ(en(record(one))
                .find("[Undeclared tunnel] An undeclared VXLAN tunnel runs between Internet segment "
                      "10.30.1.5 and security cloud 172.31.0.9:4789/UDP"),
            0U)
      << en(record(one));
}

TEST_F(TextTest, UndeclaredTunnelBetweenTwoThatMayNotNamesTheClause) {
  const FlowEvent one = test::event_of(*policy, "10.10.1.5", "203.0.113.9", 0, Stage::data, nine_twelve,
                                       capture::protocol::esp);
  ASSERT_TRUE(one.verdict.undeclared_tunnel);
  const std::string text = ja(record(one));
  EXPECT_EQ(text.find("【トンネル通信】登録のないIPsec (ESP/IKE)トンネルを マイナンバー利用事務系 10.10.1.5"),
            0U)
      << text;
  EXPECT_NE(text.find("違反条項: 架空市情報セキュリティポリシー"), std::string::npos) << text;
  EXPECT_EQ(record(one).severity, policy::Severity::alert);
}

TEST(Words, EveryTunnelHasATitleOfItsOwn) {
  std::set<std::string_view> titles;
  for (std::size_t kind = 1; kind < static_cast<std::size_t>(capture::Tunnel::count_); ++kind) {
    titles.insert(tunnel_title(static_cast<capture::Tunnel>(kind)));
  }
  EXPECT_EQ(titles.size(), static_cast<std::size_t>(capture::Tunnel::count_) - 1);
  EXPECT_EQ(titles.count(""), 0U);
  EXPECT_EQ(tunnel_title(capture::Tunnel::none), "");
  EXPECT_EQ(tunnel_title(capture::Tunnel::tzsp), "TZSP");
  EXPECT_EQ(tunnel_title(capture::Tunnel::etherip), "EtherIP");
}

TEST(Words, LastValidDayIsByTheZonesOwnMidnight) {
  const Time utc_midnight{std::chrono::sys_days{std::chrono::year{2026} / 4 / 1}};
  EXPECT_EQ(last_valid(utc_midnight, 0), "2026-03-31");
  EXPECT_EQ(last_valid(utc_midnight, 540), "2026-04-01 09:00:00");
  EXPECT_EQ(last_valid(utc_midnight - std::chrono::hours{9}, 540), "2026-03-31");
}

TEST_F(TextTest, WhatRanInsideATunnelSaysInWhich) {
  FlowEvent one = event("10.10.1.5", "203.0.113.9", 443);
  one.facts.inside = capture::Tunnel::gre;
  one.facts.outer = {test::ip("192.0.2.1"), test::ip("192.0.2.2"), 0, 0, capture::protocol::gre};
  EXPECT_NE(ja(record(one)).find("GREトンネル（192.0.2.1 ⇄ 192.0.2.2）の中の通信です。"), std::string::npos)
      << ja(record(one));
}

TEST_F(TextTest, UncertainDirectionIsASuspicion) {
  // The answer of what a gateway permits, seen in mid-stream.
  FlowEvent one = event("10.30.1.10", "10.20.1.6", 51544, Stage::data);
  one.facts.tuple.source_port = 443;
  one.facts.midstream = true;
  one.facts.evidence = capture::Evidence::first_packet;
  one.verdict = policy->judge(policy::conversation_of(one.facts));
  ASSERT_TRUE(one.verdict.orientation_matters);
  const std::string text = ja(record(one));
  EXPECT_EQ(text.find("【領域間不許可通信の疑い】インターネット接続系 10.30.1.10 から LGWAN接続系 "
                      "10.20.1.6:51544/TCP（総務課） への通信の疑いがあります（データ転送あり、"),
            0U)
      << text;
  for (const char* part : {"逆方向なら許可されている通信です。", "発信側は推定です",
                           "どちらから始めた通信かを、両端の端末かファイアウォールの記録で確認"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
  EXPECT_EQ(text.find("検知しました"), std::string::npos) << text;
  EXPECT_EQ(record(one).severity, policy::Severity::warning);
}

TEST_F(TextTest, PassageOfTheBoundaryIsSaidWhenItIsKnownAndInSummariesAlways) {
  using capture::Passed;
  constexpr const char* passed = "。境界機器を通過しています。";
  constexpr const char* stopped = "境界機器の通過は確認されていません（反対側も監視中）。";
  constexpr const char* unknown = "境界機器を通過したかどうかは不明です（片側のみ監視）。";
  constexpr const char* replied = "応答は境界機器を通過しています。";
  constexpr const char* unreplied = "応答の通過は確認されていません（反対側も監視中）。";
  const auto said = [&](AlertKind kind, Passed there, Passed back) {
    AlertRecord one = record(event("10.10.1.5", "203.0.113.9", 443), kind);
    one.passage = {there, back};
    std::string out;
    for (const char* part : {passed, stopped, unknown, replied, unreplied}) {
      if (ja(one).find(part) != std::string::npos) out += part;
    }
    return out;
  };
  EXPECT_EQ(said(AlertKind::opened, Passed::unknown, Passed::unknown), "");
  EXPECT_EQ(said(AlertKind::exception, Passed::unknown, Passed::unknown), "");
  EXPECT_EQ(said(AlertKind::opened, Passed::yes, Passed::unknown), passed);
  for (const AlertKind kind :
       {AlertKind::escalated, AlertKind::widened, AlertKind::sweep, AlertKind::repeated, AlertKind::closed}) {
    const bool summary = kind == AlertKind::repeated || kind == AlertKind::closed;
    EXPECT_EQ(said(kind, Passed::unknown, Passed::unknown), summary ? unknown : "");
    EXPECT_EQ(said(kind, Passed::no, Passed::unknown), stopped);
    EXPECT_EQ(said(kind, Passed::yes, Passed::unknown), passed);
    EXPECT_EQ(said(kind, Passed::yes, Passed::yes), std::string{passed} + replied);
    EXPECT_EQ(said(kind, Passed::yes, Passed::no), std::string{passed} + unreplied);
    EXPECT_EQ(said(kind, Passed::unknown, Passed::yes), replied) << "then one-sided would be untrue";
  }
}

TEST_F(TextTest, AnAttemptThatPassedAsksAboutTheFirewall) {
  AlertRecord one = record(event("10.10.1.5", "203.0.113.9", 443), AlertKind::escalated);
  EXPECT_NE(ja(one).find("状態が「試行」に進みました。"), std::string::npos) << ja(one);
  EXPECT_NE(ja(one).find("端末の設定"), std::string::npos);
  one.event.kind = FlowEvent::Kind::passed;
  one.passage.to_server = capture::Passed::yes;
  EXPECT_EQ(ja(one).find("【領域間不許可通信】境界機器の反対側でも同じパケットを確認しました"), 0U)
      << ja(one);
  EXPECT_EQ(ja(one).find("状態が「"), std::string::npos);
  EXPECT_NE(ja(one).find("ファイアウォールの設定"), std::string::npos) << ja(one);
}

TEST_F(TextTest, CautionsAreSaidAsSuspicions) {
  FlowEvent one = event("10.10.1.5", "192.168.9.9", 443, Stage::established);
  one.facts.midstream = true;
  one.facts.evidence = capture::Evidence::port_heuristic;
  one.verdict.claims_agree = false;
  one.verdict.mac_verified = false;
  AlertRecord alert = record(one);
  alert.loss_ratio = 0.0123;
  const std::string text = ja(alert);
  for (const char* const part :
       {"（L2混在・誤配線の疑い）", "192.168.9.9 はどの領域にも登録されていません（未登録アドレス）。",
        "MAC未検証（ルータ経由）。", "通信の途中から観測しています。",
        "発信側は推定です（根拠: ポート番号）。", "取得時の欠落率は1.23%です。"}) {
    EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
  }
}

TEST_F(TextTest, LifeOfAnIncident) {
  AlertRecord one = record(event("10.10.1.5", "203.0.113.9", 443, Stage::established), AlertKind::escalated);
  EXPECT_NE(ja(one).find("【領域間不許可通信】状態が「確立」に進みました。マイナンバー利用事務系"),
            std::string::npos);
  one.kind = AlertKind::sweep;
  one.responders = 3;
  one.services = 12;
  EXPECT_NE(ja(one).find("（探索の疑い。これまでに宛先3、サービス12）"), std::string::npos) << ja(one);
  one.kind = AlertKind::repeated;
  one.suppressed = 990;
  one.events = 1000;
  one.flows = 500;
  one.bytes = 123456;
  EXPECT_NE(ja(one).find("継続しています。前回の通知以降990件、累計1000件（500フロー、宛先3、サービス12、"
                         "123456バイト、最も進んだ状態「確立」）。直近: マイナンバー利用事務系"),
            std::string::npos)
      << ja(one);
  one.kind = AlertKind::closed;
  one.close = CloseReason::quiet;
  one.opened = nine_twelve - std::chrono::hours{1};
  EXPECT_EQ(ja(one),
            "【領域間不許可通信】終了: マイナンバー利用事務系 10.10.1.5（税務課） から 外部・不明 "
            "への通信は2026-04-01 08:12:03〜2026-04-01 09:12:03に累計1000件（500フロー、宛先3、サービス12、"
            "123456バイト、最も進んだ状態「確立」、うち前回の通知以降990件）でした。以後600秒間、新たな検知は"
            "ありません。境界機器を通過したかどうかは不明です（片側のみ監視）。");
}

TEST_F(TextTest, IcmpAndIpv6AreWrittenReadably) {
  FlowEvent ping = test::event_of(*policy, "10.10.1.5", "203.0.113.9", 0, Stage::answered, nine_twelve,
                                  capture::protocol::icmp);
  ping.facts.icmp_type = 8;
  EXPECT_NE(ja(record(ping)).find(" 203.0.113.9（ICMP タイプ8） への"), std::string::npos)
      << ja(record(ping));
  const FlowEvent six = event("10.10.1.5", "2001:db8::9", 443);
  EXPECT_NE(ja(record(six)).find(" [2001:db8::9]:443/TCP への"), std::string::npos) << ja(record(six));
}

// Names come from a file that somebody else may edit: no line may be forged through them, no placeholder
// survives.
TEST_F(TextTest, IsOneCleanLineInBothLanguagesForEveryKind) {
  policy::PolicyOptions dirty = test::alert_city();
  for (auto& segment : dirty.segments) {
    for (auto& prefix : segment.prefixes) prefix.name = "課\r\n<34>1 forged\x1b[2J\xff";
  }
  const auto forged = std::make_shared<const policy::Policy>(std::move(dirty));
  const std::pair<const char*, const char*> pairs[] = {
      {"10.10.1.5", "203.0.113.9"}, {"10.10.1.7", "10.20.1.7"},  {"10.20.1.5", "10.30.1.11"},
      {"10.30.1.5", "203.0.113.9"}, {"172.31.0.1", "10.30.0.1"}, {"10.10.1.6", "10.20.1.6"}};
  for (const auto& [source, destination] : pairs) {
    for (int stage = 0; stage < 5; ++stage) {
      for (int kind = 0; kind <= static_cast<int>(AlertKind::exception); ++kind) {
        AlertRecord one = test::record_of(
            forged, test::event_of(*forged, source, destination, 8530, static_cast<Stage>(stage)),
            static_cast<AlertKind>(kind));
        for (const std::string& text : {ja(one), en(one)}) {
          EXPECT_EQ(text.find_first_of("{}\r\n\x1b"), std::string::npos) << text;
          EXPECT_EQ(text.find('\xff'), std::string::npos) << text;
          EXPECT_GT(text.size(), 40U);
        }
      }
    }
  }
}

TEST_F(TextTest, VerdictOfAnUndeclaredTunnel) {
  FlowEvent one = test::event_of(*policy, "10.30.1.5", "172.31.0.9", 0, Stage::attempt, nine_twelve,
                                 capture::protocol::gre);
  const std::string text = verdict_text(one.facts, one.verdict, *policy, Language::ja);
  EXPECT_EQ(text.find("不許可: インターネット接続系 から 自治体情報セキュリティクラウド への通信は許可されて"
                      "いません（P: 許可）。登録のないGREトンネルです。"),
            0U)
      << text;
}

TEST_F(TextTest, VerdictInSentences) {
  const FlowEvent forbidden = event("10.10.1.5", "203.0.113.9", 443);
  EXPECT_EQ(
      verdict_text(forbidden.facts, forbidden.verdict, *policy, Language::ja)
          .find("不許可: マイナンバー利用事務系（税務課） から 外部・不明 への通信は許可されていません"
                "（F: 禁止（例外不可））。理由: 完全に遮断する（R3）。条項: 架空市情報セキュリティポリシー"
                "「他の領域と通信できないようにしなければならない」（第1章6(3)ア）。"
                "条項: 架空市情報セキュリティポリシー 第1章2(11)。この領域間に例外措置は認められません。"),
      0U)
      << verdict_text(forbidden.facts, forbidden.verdict, *policy, Language::ja);
  const FlowEvent gateway = event("10.20.1.5", "10.30.1.10", 443);
  const std::string text = verdict_text(gateway.facts, gateway.verdict, *policy, Language::en);
  EXPECT_EQ(text.find("Permitted: LGWAN segment (総務課) to Internet segment (G: through a sanitising or "
                      "screen-transfer gateway only). By gateway GW-VDI."),
            0U)
      << text;
}

TEST_F(TextTest, LineOfATextFileCarriesTimeSeverityAndIncident) {
  EXPECT_EQ(
      alert_line(record(event("10.10.1.5", "203.0.113.9", 443)), options)
          .find("2026-04-01T09:12:03.482915+09:00 warning opened inc-04567447b573007d 【領域間不許可通信】"),
      0U);
}

}  // namespace
}  // namespace sekimori::daemon

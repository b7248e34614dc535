// What an officer wants to hear of a conversation across the firewall, in every way in which a mirror can
// show it, and whatever the order of its frames within a millisecond.
#include <gtest/gtest.h>

#include "tests/scenarios/story.hpp"

namespace sekimori::scenario {
namespace {

using capture::Passed;
using capture::Stage;
using kit::ACK;
using kit::RST;
using kit::SYN;
using policy::Decision;

const char* const clerk = "10.10.21.34";        // My Number segment
const char* const file_server = "10.20.10.20";  // LGWAN segment

constexpr unsigned shuffles = 6;

Story to_file_server() {
  return {clerk, file_server, 445};
}

Outcome forbidden(Stage stage, Passed to_server, Passed to_client) {
  return {.initiator = clerk,
          .responder = file_server,
          .port = 445,
          .decision = Decision::forbid,
          .stage = stage,
          .passage = {.to_server = to_server, .to_client = to_client}};
}

// The same outcome in every view, in its own order and shuffled.
void expect_everywhere(const Story& story, const Outcome& expected, Setting setting = {}) {
  for (const View view : views) {
    for (unsigned shuffle = 0; shuffle <= shuffles; ++shuffle) {
      setting.view = view;
      setting.shuffle = shuffle;
      const Result result = judge(story, setting);
      const std::string where = std::string(view_name(view)) + ", shuffle " + std::to_string(shuffle);
      EXPECT_EQ(result.outcome, expected) << where;
      EXPECT_EQ(result.flows, 1U) << where;
      EXPECT_TRUE(result.books_close) << where;
      EXPECT_TRUE(result.first_line_at_once) << where;
      EXPECT_LE(result.alert_lines, 10U) << where;
      for (const std::string& accused : result.accused) EXPECT_EQ(accused, clerk) << where;
    }
  }
}

TEST(Boundary, FirewallLetsItPass) {
  Story story = to_file_server();
  story.conversation(&Story::both);
  expect_everywhere(story, forbidden(Stage::data, Passed::yes, Passed::yes));
  const Result result = judge(story, {});
  EXPECT_EQ(result.facts.packets_to_server, 4U);
  EXPECT_EQ(result.facts.packets_to_client, 3U);
  EXPECT_EQ(result.facts.copies, 7U);
  EXPECT_EQ(result.facts.sightings_count, 4U);
  EXPECT_STREQ(result.facts.history.data(), "ShADad");
}

TEST(Boundary, FirewallDropsIt) {
  Story story = to_file_server();
  story.at(0ms).client(SYN, 1000, 0).inside();
  story.at(1s).client(SYN, 1000, 0).inside();
  story.at(3s).client(SYN, 1000, 0).inside();
  expect_everywhere(story, forbidden(Stage::attempt, Passed::no, Passed::unknown));
  EXPECT_EQ(judge(story, {}).facts.packets_to_server, 3U) << "sent again is no duplicate";
}

TEST(Boundary, SentAgainByAStackWithoutIdentificationIsNoDuplicate) {
  Story story = to_file_server();
  story.at(0ms).client(SYN, 1000, 0).without_identification().inside();
  story.at(1s).client(SYN, 1000, 0).without_identification().inside();
  expect_everywhere(story, forbidden(Stage::attempt, Passed::no, Passed::unknown));
  const Result result = judge(story, {});
  EXPECT_EQ(result.facts.packets_to_server, 2U);
  EXPECT_EQ(result.duplicates, 0U);
}

TEST(Boundary, OnlyTheSecondTryPasses) {
  Story story = to_file_server();
  story.at(0ms).client(SYN, 1000, 0).inside();
  story.at(1s).client(SYN, 1000, 0).both();
  expect_everywhere(story, forbidden(Stage::attempt, Passed::yes, Passed::unknown));
  EXPECT_EQ(judge(story, {}).facts.packets_to_server, 2U);
}

TEST(Boundary, FirewallRefusesWithAReset) {
  Story story = to_file_server();
  story.at(0ms).client(SYN, 1000, 0).inside();
  story.at(200us).firewall_reset(1001).inside();
  expect_everywhere(story, forbidden(Stage::refused, Passed::no, Passed::no));
}

TEST(Boundary, FirewallRefusesByIcmp) {
  Story story = to_file_server();
  story.at(0ms).client(SYN, 1000, 0).inside();
  story.at(2ms).firewall_prohibits().inside();
  expect_everywhere(story, forbidden(Stage::refused, Passed::no, Passed::no));
  EXPECT_EQ(judge(story, {}).facts.packets_to_client, 1U) << "the error belongs to the flow that it reports";
}

TEST(Boundary, ServerRefusesBehindTheFirewall) {
  Story story = to_file_server();
  story.at(0ms).client(SYN, 1000, 0).both();
  story.at(300us).server(RST | ACK, 0, 1001).both();
  expect_everywhere(story, forbidden(Stage::refused, Passed::yes, Passed::yes));
}

TEST(Boundary, FirewallStopsTheAnswer) {
  Story story = to_file_server();
  story.at(0ms).client(SYN, 1000, 0).both();
  story.at(300us).server(SYN | ACK, 7000, 1001).outside();
  story.at(1s).server(SYN | ACK, 7000, 1001).outside();
  expect_everywhere(story, forbidden(Stage::answered, Passed::yes, Passed::no));
}

TEST(Boundary, MirrorThatShowsEverythingTwice) {
  Story story = to_file_server();
  story.conversation(&Story::both);
  expect_everywhere(story, forbidden(Stage::data, Passed::yes, Passed::yes), {.repeat = 2});
  const Result result = judge(story, {.repeat = 2});
  EXPECT_EQ(result.facts.packets_to_server, 4U);
  EXPECT_EQ(result.facts.packets_to_client, 3U);
  EXPECT_EQ(result.facts.duplicates + result.facts.copies, 21U) << "of 28 frames, 7 are packets";
}

TEST(Boundary, DuplicatesOnOneSideAreNoPassage) {
  Story story = to_file_server();
  story.conversation(&Story::inside);
  expect_everywhere(story, forbidden(Stage::data, Passed::unknown, Passed::unknown),
                    {.watched_both = false, .repeat = 2});
  const Result result = judge(story, {.watched_both = false, .repeat = 2});
  EXPECT_EQ(result.duplicates, 7U);
  EXPECT_EQ(result.copies, 0U);
}

TEST(Boundary, OneSideMirroredIsUnknownNeverAGuess) {
  Story story = to_file_server();
  story.at(0ms).client(SYN, 1000, 0).inside();
  story.at(1s).client(SYN, 1000, 0).inside();
  expect_everywhere(story, forbidden(Stage::attempt, Passed::unknown, Passed::unknown),
                    {.watched_both = false});
}

TEST(Boundary, AsymmetricMirrorShowsOneDirection) {
  Story story = to_file_server();
  story.at(0ms).client(SYN, 1000, 0).inside();
  story.at(600us).client(ACK, 1001, 7001).inside();
  story.at(700us).client(ACK, 1001, 7001, 120).inside();
  expect_everywhere(story, forbidden(Stage::data, Passed::unknown, Passed::unknown), {.watched_both = false});
  EXPECT_EQ(judge(story, {.watched_both = false}).facts.packets_to_client, 0U);
}

TEST(Boundary, SeenOnTheFarSideAloneHasPassedWhereWiresAreDeclared) {
  Story story = to_file_server();
  story.at(0ms).client(SYN, 1000, 0).outside();
  story.at(300us).server(SYN | ACK, 7000, 1001).outside();
  const Result result = judge(story, {.watched_both = false, .claims = true});
  EXPECT_EQ(result.outcome.passage.to_server, Passed::yes) << "it has come from another segment's wire";
  EXPECT_EQ(result.outcome.passage.to_client, Passed::unknown) << "on its own wire still";
}

TEST(Boundary, DeclaredWiresSayWhatHasPassed) {
  Story passed = to_file_server();
  passed.conversation(&Story::both);
  Story dropped = to_file_server();
  dropped.at(0ms).client(SYN, 1000, 0).inside();
  dropped.at(1s).client(SYN, 1000, 0).inside();
  for (const View view : {View::trunk, View::two_taps, View::erspan, View::vxlan}) {
    for (unsigned shuffle = 0; shuffle <= shuffles; ++shuffle) {
      const Setting setting{.view = view, .claims = true, .shuffle = shuffle};
      EXPECT_EQ(judge(passed, setting).outcome, forbidden(Stage::data, Passed::yes, Passed::yes))
          << view_name(view) << ", shuffle " << shuffle;
      EXPECT_EQ(judge(dropped, setting).outcome, forbidden(Stage::attempt, Passed::no, Passed::unknown))
          << view_name(view) << ", shuffle " << shuffle;
    }
  }
}

TEST(Boundary, ItsOwnSegmentsRouterIsNotTheBoundary) {
  // Two wires of the client's segment, a hop between them; the firewall drops it.
  Story story = to_file_server();
  story.at(0ms).client(SYN, 1000, 0).inside().inside_routed();
  story.at(1s).client(SYN, 1000, 0).inside().inside_routed();
  for (unsigned shuffle = 0; shuffle <= shuffles; ++shuffle) {
    EXPECT_EQ(judge(story, {.claims = true, .shuffle = shuffle}).outcome,
              forbidden(Stage::attempt, Passed::no, Passed::unknown))
        << shuffle;
  }
}

TEST(Boundary, WhatWasAnsweredIsNotSaidToBeStopped) {
  // It went another way, or under another address: the answer proves that it arrived.
  Story story = to_file_server();
  story.conversation(&Story::inside);
  expect_everywhere(story, forbidden(Stage::data, Passed::unknown, Passed::unknown));
}

TEST(Boundary, PermittedTwinStaysSilent) {
  Story story{"10.20.10.6", "10.10.10.6", 8530};
  story.at(5s).conversation(&Story::both);
  for (const View view : views) {
    for (unsigned shuffle = 0; shuffle <= shuffles; ++shuffle) {
      const Result result = judge(story, {.view = view, .shuffle = shuffle});
      EXPECT_EQ(result.outcome.decision, Decision::permit);
      EXPECT_EQ(result.alert_lines, 0U) << view_name(view) << ", shuffle " << shuffle;
    }
  }
}

TEST(Boundary, Ipv6PassesLikeIpv4) {
  Story story{"fd10:10::34", "fd10:20::20", 445};
  story.conversation(&Story::both);
  for (const View view : views) {
    for (unsigned shuffle = 0; shuffle <= shuffles; ++shuffle) {
      const Result result = judge(story, {.view = view, .shuffle = shuffle});
      EXPECT_EQ(result.outcome.initiator, "fd10:10::34");
      EXPECT_EQ(result.outcome.stage, Stage::data);
      EXPECT_EQ(result.outcome.passage, (capture::Passage{Passed::yes, Passed::yes}))
          << view_name(view) << ", shuffle " << shuffle;
    }
  }
}

}  // namespace
}  // namespace sekimori::scenario

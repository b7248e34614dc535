#include "policy/proof/reach.hpp"

#include <gtest/gtest.h>

#include "policy/compiled.hpp"
#include "policy/proof/difference.hpp"
#include "tests/policy/proof_kit.hpp"

namespace sekimori::policy {
namespace {

// With those of the assertions ten thousand, where all are asked for.
const std::uint32_t universes_judged = universes(5500);
const std::uint32_t universes_drafted = universes(1000);
const std::uint32_t universes_compared = universes(1500);
constexpr unsigned conversations_each = 40;

const Permission* permission_for(const Reach& reach, const Box& point) {
  for (const Permission& permission : reach.permissions()) {
    if (covers(permission.box, point)) return &permission;
  }
  return nullptr;
}

// Verdict, segments and basis as judge() has them, for every conversation tried.
void hold_to_judge(const Policy& policy, const Reach& reach, Dice& dice, bool drafts) {
  const Conversation conversation = small_conversation(dice, policy.domains_count());
  const Box point = reach.universe().point(conversation);
  const Verdict verdict = policy.judge(conversation);
  const bool permitted = (verdict.decision == Decision::permit) != (drafts && verdict.draft_differs);
  const Permission* const found = permission_for(reach, point);
  ASSERT_EQ(found != nullptr, permitted) << told(conversation);
  std::size_t areas = 0;
  for (const Area& area : reach.areas()) {
    if (!covers(area.box, point)) continue;
    ++areas;
    ASSERT_EQ(area.from, verdict.from) << told(conversation);
    ASSERT_EQ(area.to, verdict.to) << told(conversation);
  }
  ASSERT_EQ(areas, 1U) << told(conversation);
  if (found == nullptr || drafts) return;
  ASSERT_EQ(found->basis, verdict.basis) << told(conversation);
  if (found->basis == Basis::cell) return;
  ASSERT_EQ(found->index, verdict.basis_index) << told(conversation);
}

TEST(Reach, SaysOfEveryConversationWhatJudgeSays) {
  const std::uint32_t begin = first_seed(1);
  for (std::uint32_t seed = begin; seed < begin + universes_judged; ++seed) {
    SCOPED_TRACE("SEKIMORI_SEED=" + std::to_string(seed));
    Dice dice{seed};
    const Policy policy{small_options(dice)};
    const Universe universe{policy.compiled()};
    const Reach reach{policy.compiled(), universe};
    for (unsigned k = 0; k < conversations_each; ++k) hold_to_judge(policy, reach, dice, false);
    if (HasFatalFailure()) return;
  }
}

TEST(Reach, TakesDraftsAsJudgeTakesThem) {
  const std::uint32_t begin = first_seed(1'000'001);
  unsigned differ = 0;
  for (std::uint32_t seed = begin; seed < begin + universes_drafted; ++seed) {
    SCOPED_TRACE("SEKIMORI_SEED=" + std::to_string(seed));
    Dice dice{seed};
    const Policy policy{small_options(dice, true)};
    const Universe universe{policy.compiled()};
    const Reach reach{policy.compiled(), universe, true};
    for (unsigned k = 0; k < conversations_each; ++k) {
      hold_to_judge(policy, reach, dice, true);
      differ += policy.judge(small_conversation(dice, policy.domains_count())).draft_differs ? 1U : 0U;
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(differ, universes_drafted / 100) << "drafts must matter, or nothing is tested";
}

// A conversation of the universe as this policy numbers its domains; wires that it does not know are main's.
Conversation as_known_to(const Policy& policy, const Universe& universe, Conversation conversation) {
  const int domain = policy.domain_index(universe.domains()[conversation.initiator.domain]);
  const auto known = static_cast<DomainId>(domain < 0 ? main_domain : domain);
  conversation.initiator.domain = conversation.responder.domain = known;
  return conversation;
}

// Every conversation that changes is in exactly one box, with what both policies say of it; no other is.
void hold_to_both(const Policy& before, const Policy& after, const Difference& difference, Dice& dice,
                  unsigned& changed) {
  const Universe& universe = difference.universe;
  const Conversation conversation = small_conversation(dice, universe.domains().size());
  const Box point = universe.point(conversation);
  const Verdict old_verdict = before.judge(as_known_to(before, universe, conversation));
  const Verdict new_verdict = after.judge(as_known_to(after, universe, conversation));
  std::size_t found = 0;
  for (const Change& change : difference.changes) {
    for (const Box& box : change.boxes) {
      if (!covers(box, point)) continue;
      ++found;
      for (const auto& [ruling, verdict] :
           {std::pair{change.before, old_verdict}, std::pair{change.after, new_verdict}}) {
        ASSERT_EQ(ruling.decision, verdict.decision) << told(conversation);
        ASSERT_EQ(ruling.from, verdict.from) << told(conversation);
        ASSERT_EQ(ruling.to, verdict.to) << told(conversation);
        ASSERT_EQ(ruling.cell, verdict.cell) << told(conversation);
        if (ruling.decision == Decision::forbid) continue;
        ASSERT_EQ(ruling.basis, verdict.basis) << told(conversation);
        if (ruling.basis == Basis::cell) continue;
        ASSERT_EQ(ruling.index, verdict.basis_index) << told(conversation);
      }
    }
  }
  const bool differs = old_verdict.decision != new_verdict.decision;
  ASSERT_EQ(found, differs ? 1U : 0U) << told(conversation);
  changed += differs ? 1U : 0U;
}

TEST(Difference, HoldsWhatChangesAndNothingElse) {
  const std::uint32_t begin = first_seed(2'000'001);
  unsigned changed = 0;
  for (std::uint32_t seed = begin; seed < begin + universes_compared; ++seed) {
    SCOPED_TRACE("SEKIMORI_SEED=" + std::to_string(seed));
    Dice dice{seed};
    const PolicyOptions options = small_options(dice);
    const Policy before{options};
    const Policy after{edited(dice, options)};
    const Difference difference = compare({before.compiled()}, {after.compiled()});
    ASSERT_TRUE(difference.complete);
    for (unsigned k = 0; k < conversations_each; ++k) {
      hold_to_both(before, after, difference, dice, changed);
      if (HasFatalFailure()) return;
    }
    // The other way round: each box's example does change.
    for (const Change& change : difference.changes) {
      for (const Box& box : change.boxes) {
        const Conversation example = difference.universe.example(box);
        ASSERT_TRUE(covers(box, difference.universe.point(example))) << told(example);
        const auto asked_of = [&](const Policy& policy) {
          return policy.judge(as_known_to(policy, difference.universe, example)).decision;
        };
        ASSERT_EQ(asked_of(before), change.before.decision) << told(example);
        ASSERT_EQ(asked_of(after), change.after.decision) << told(example);
      }
    }
  }
  EXPECT_GT(changed, universes_compared) << "the edits must change something, or nothing is tested";
}

TEST(Difference, OfAPolicyWithItselfIsNone) {
  Dice dice{7};
  for (unsigned k = 0; k < 200; ++k) {
    const PolicyOptions options = small_options(dice);
    const Difference difference = compare({Policy{options}.compiled()}, {Policy{options}.compiled()});
    EXPECT_TRUE(difference.complete);
    EXPECT_TRUE(difference.changes.empty());
  }
}

}  // namespace
}  // namespace sekimori::policy

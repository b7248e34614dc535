// The index of gateways, services and exceptions is held against a plain scan of them: whatever is filed
// where, the first entry that permits and the nearest miss are those that a reader of the register finds by
// going through it from top to bottom.
#include "policy/entries.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/policy/proof_kit.hpp"

namespace sekimori::policy {
namespace {

bool within(const std::vector<Prefix>& list, const IpAddress& address) {
  return list.empty() || std::any_of(list.begin(), list.end(),
                                     [&](const Prefix& prefix) { return prefix.contains(address); });
}

// What is wrong with an entry for a conversation, in the order in which people are told.
std::vector<Mismatch> differences(const Entry& entry, const Conversation& talk,
                                  const std::vector<MacAddress>& routers) {
  std::vector<Mismatch> found;
  if (!within(entry.source.addresses, talk.initiator)) found.push_back(Mismatch::source_address);
  if (!within(entry.destination.addresses, talk.responder)) found.push_back(Mismatch::destination_address);
  bool protocol = entry.ports.empty();
  bool port = entry.ports.empty();
  for (const Ports& ports : entry.ports) {
    if (ports.protocol != 0 && ports.protocol != talk.protocol) continue;
    const bool every = ports.first == 0 && ports.last == 65535;
    if (!every && talk.protocol != 6 && talk.protocol != 17 && talk.protocol != 132) continue;
    protocol = true;
    port = port || every || (talk.ports_known && ports.first <= talk.port && talk.port <= ports.last);
  }
  if (!port) found.push_back(protocol ? Mismatch::port : Mismatch::protocol);
  const auto card = [&](const EndpointOptions& side, const MacAddress& mac, bool guessed, Mismatch field) {
    if (side.macs.empty() || std::count(side.macs.begin(), side.macs.end(), mac) != 0) return;
    const bool says_nothing =
        mac.is_zero() || guessed || std::count(routers.begin(), routers.end(), mac) != 0;
    if (!says_nothing || side.addresses.empty()) found.push_back(field);
  };
  card(entry.source, talk.initiator_mac, talk.initiator_mac_guessed, Mismatch::source_mac);
  card(entry.destination, talk.responder_mac, talk.responder_mac_guessed, Mismatch::destination_mac);
  if (talk.time >= entry.revoked) {
    found.push_back(Mismatch::revoked);
  } else if (talk.time < entry.approved) {
    found.push_back(Mismatch::not_approved);
  } else if (talk.time < entry.begin) {
    found.push_back(Mismatch::not_yet);
  } else if (talk.time >= entry.end) {
    found.push_back(Mismatch::expired);
  } else if (!entry.week.holds(talk.time)) {
    found.push_back(Mismatch::out_of_hours);
  }
  return found;
}

Conversation turned(const Conversation& talk, std::uint16_t port) {
  Conversation back = talk;
  std::swap(back.initiator, back.responder);
  std::swap(back.initiator_mac, back.responder_mac);
  std::swap(back.initiator_mac_guessed, back.responder_mac_guessed);
  back.port = port;
  return back;
}

struct Register {
  std::vector<Entry> entries{};
  std::vector<MacAddress> routers{};

  bool speaks_of(const Entry& entry, PairId pair) const {
    return entry.kind == Basis::exception || pair_of(entry.from, entry.to) == pair;
  }

  Entries::Match permits(Basis kind, PairId pair, const Conversation& talk) const {
    for (const Entry& entry : entries) {
      if (entry.kind != kind || !speaks_of(entry, pair) || !differences(entry, talk, routers).empty())
        continue;
      Entries::Match match{true, true, entry.index};
      const auto unproved = [](const EndpointOptions& side, const MacAddress& mac) {
        return !side.macs.empty() && std::count(side.macs.begin(), side.macs.end(), mac) == 0;
      };
      match.mac_verified =
          !unproved(entry.source, talk.initiator_mac) && !unproved(entry.destination, talk.responder_mac);
      return match;
    }
    return {};
  }

  // Of `named` and the exceptions, for a conversation that nothing permits. Who is near: what shares an
  // address or the pair, differs in two things at most or is for both its addresses, or is for the way back.
  NearMiss nearest(Basis named, PairId pair, const Conversation& talk) const {
    Nearest best;
    // Only the first one that permits the way back is named.
    const PairId reverse = pair_of(to_of(pair), from_of(pair));
    for (const std::uint16_t port : {talk.port, talk.initiator_port}) {
      for (const Basis kind : {named, Basis::exception}) {
        const Entries::Match match = permits(kind, reverse, turned(talk, port));
        if (match.found) best.offer(kind, match.index, 1, Mismatch::direction);
      }
    }
    for (const Entry& entry : entries) {
      if (entry.kind != named && entry.kind != Basis::exception) continue;
      if (!speaks_of(entry, pair)) continue;
      const std::vector<Mismatch> wrong = differences(entry, talk, routers);
      const bool from_here = within(entry.source.addresses, talk.initiator);
      const bool to_there = within(entry.destination.addresses, talk.responder);
      if (wrong.empty()) continue;
      const bool near = entry.kind == Basis::exception
                            ? (from_here && to_there) || ((from_here || to_there) && wrong.size() <= 2)
                            : true;
      if (near) best.offer(entry.kind, entry.index, static_cast<unsigned>(wrong.size()), wrong.front());
    }
    return best.miss;
  }
};

std::vector<Ports> some_ports(Dice& dice) {
  const std::array<std::uint8_t, 4> protocols{0, 6, 17, 1};
  std::vector<Ports> list;
  for (unsigned k = dice.below(4); k > 0; --k) {
    const auto first = static_cast<std::uint16_t>(dice.below(4));
    Ports ports{dice.of(protocols), first, static_cast<std::uint16_t>(first + dice.below(3))};
    if (dice.one_in(4)) ports = {ports.protocol, 0, 65535};
    list.push_back(ports);
  }
  return list;
}

Entry some_entry(Dice& dice, Basis kind, std::uint32_t index) {
  Entry entry;
  entry.kind = kind;
  entry.index = index;
  entry.from = static_cast<SegmentId>(dice.below(2));
  entry.to = static_cast<SegmentId>(dice.below(2));
  entry.source = small_side(dice, true);
  entry.destination = small_side(dice, true);
  if (dice.one_in(6)) entry.source.macs.push_back(dice.of(small_macs));
  // Many networks on one side, as a list of shops or schools has them.
  if (dice.one_in(8)) {
    for (unsigned k = 0; k < 20; ++k) entry.destination.addresses.push_back(small_prefix(dice, Family::ipv4));
  }
  entry.ports = some_ports(dice);
  if (kind != Basis::exception) return entry;
  if (dice.one_in(2)) entry.begin = small_begin + std::chrono::hours{dice.below(4)};
  if (dice.one_in(2)) entry.end = small_begin + std::chrono::hours{dice.below(6)};
  if (dice.one_in(6)) entry.approved = small_begin + std::chrono::hours{dice.below(4)};
  if (dice.one_in(6)) entry.revoked = small_begin + std::chrono::hours{dice.below(6)};
  if (dice.one_in(4)) entry.week = Week{{HoursOptions::every_day, {{0, 120}}}, 0};
  return entry;
}

Register some_register(Dice& dice) {
  Register made;
  for (const Basis kind : {Basis::gateway, Basis::service, Basis::exception}) {
    const unsigned count = dice.below(kind == Basis::exception ? 30 : 6);
    for (std::uint32_t i = 0; i < count; ++i) made.entries.push_back(some_entry(dice, kind, i));
  }
  if (dice.one_in(2)) made.routers.push_back(small_macs[4]);
  return made;
}

Conversation some_talk(Dice& dice) {
  const std::array<std::uint8_t, 4> protocols{6, 6, 17, 1};
  Conversation talk;
  const Family family = small_family(dice);
  talk.initiator = small_address(dice, family);
  talk.responder = small_address(dice, family);
  talk.protocol = dice.of(protocols);
  talk.port = static_cast<std::uint16_t>(dice.below(6));
  talk.initiator_port = static_cast<std::uint16_t>(dice.below(6));
  talk.ports_known = !dice.one_in(8);
  talk.initiator_mac = dice.of(small_macs);
  talk.responder_mac = dice.of(small_macs);
  talk.responder_mac_guessed = dice.one_in(6);
  talk.time = small_begin + std::chrono::hours{dice.below(8)};
  return talk;
}

std::string words(const NearMiss& miss) {
  if (miss.mismatch == Mismatch::none) return "none";
  return std::string{basis_name(miss.kind)} + " " + std::to_string(miss.index) + ": " +
         std::string{mismatch_name(miss.mismatch)};
}

TEST(Entries, FindWhatAPlainScanOfTheRegisterFinds) {
  std::size_t permitted = 0;
  std::size_t missed = 0;
  for (std::uint32_t seed = 0; seed < 120; ++seed) {
    Dice dice{seed};
    const Register plain = some_register(dice);
    const Entries entries{plain.entries, plain.routers};
    for (unsigned asked = 0; asked < 60; ++asked) {
      const Conversation talk = some_talk(dice);
      const PairId pair =
          pair_of(static_cast<SegmentId>(dice.below(2)), static_cast<SegmentId>(dice.below(2)));
      const std::array kinds{Basis::exception, Basis::gateway, Basis::service};
      const Basis named = dice.of(kinds);
      const Entries::Question question = entries.ask(talk);
      Nearest nearest;
      bool found = false;
      for (const Basis kind : {named, Basis::exception}) {
        const Entries::Match match = entries.find(kind, pair, question, nearest);
        const Entries::Match expected = plain.permits(kind, pair, talk);
        ASSERT_EQ(match.found, expected.found) << "seed " << seed << ", " << basis_name(kind);
        ASSERT_EQ(match.index, expected.index) << "seed " << seed << ", " << basis_name(kind);
        ASSERT_EQ(match.mac_verified, expected.mac_verified) << "seed " << seed << ", " << basis_name(kind);
        found = found || match.found;
        if (named == Basis::exception) break;
      }
      if (found) {
        ++permitted;
        continue;
      }
      entries.look_around(named, pair, question, nearest);
      ASSERT_EQ(words(nearest.miss), words(plain.nearest(named, pair, talk))) << "seed " << seed;
      missed += nearest.miss.mismatch != Mismatch::none ? 1U : 0U;
    }
  }
  EXPECT_GT(permitted, 300U) << "or nothing was compared";
  EXPECT_GT(missed, 300U);
}

// More pairs of networks than are filed one by one: filed by the shorter list, compared on the longer one.
TEST(Entries, WithVeryManyNetworksOnBothSidesPermitWithinThemOnly) {
  Entry wide;
  for (std::uint32_t i = 0; i < 300; ++i) {
    wide.source.addresses.push_back({IpAddress::ipv4(0x0a000000U + i * 512), 24});
    wide.destination.addresses.push_back({IpAddress::ipv4(0x0a800000U + i * 512), 24});
  }
  const Entries entries{{wide}, {}};
  Conversation talk;
  talk.protocol = 6;
  talk.port = 443;
  const auto permits = [&](std::uint32_t from, std::uint32_t to) {
    talk.initiator = IpAddress::ipv4(from);
    talk.responder = IpAddress::ipv4(to);
    Nearest ignored;
    return entries.find(Basis::exception, 0, entries.ask(talk), ignored).found;
  };
  EXPECT_TRUE(permits(0x0a000001U, 0x0a800001U));
  EXPECT_TRUE(permits(0x0a000000U + 299 * 512 + 7, 0x0a800000U + 299 * 512 + 7));
  EXPECT_FALSE(permits(0x0a000000U + 256, 0x0a800001U)) << "between two networks of the source";
  EXPECT_FALSE(permits(0x0a000001U, 0x0a800000U + 300 * 512)) << "behind the last one of the destination";
  EXPECT_FALSE(permits(0x0a800001U, 0x0a000001U)) << "the other way round";
}

TEST(PrefixTree, NumbersWhatAPrefixCoversBehindItWithoutAGap) {
  const PrefixTree tree{{*Prefix::parse("10.0.0.0/8"), *Prefix::parse("10.1.0.0/16"),
                         *Prefix::parse("10.1.2.0/24"), *Prefix::parse("10.9.0.0/16"),
                         *Prefix::parse("11.0.0.0/8"), *Prefix::parse("fd00::/8")}};
  const auto holds = [&](const char* prefix, const char* address) {
    const std::uint32_t node = tree.node(*Prefix::parse(prefix));
    const std::uint32_t found = tree.find(*IpAddress::parse(address));
    return node <= found && found < tree.end(node);
  };
  EXPECT_TRUE(holds("10.0.0.0/8", "10.200.0.1"));
  EXPECT_TRUE(holds("10.0.0.0/8", "10.1.2.3"));
  EXPECT_TRUE(holds("10.1.0.0/16", "10.1.2.3"));
  EXPECT_FALSE(holds("10.1.2.0/24", "10.1.3.3"));
  EXPECT_FALSE(holds("10.1.0.0/16", "10.9.0.1"));
  EXPECT_FALSE(holds("10.0.0.0/8", "11.0.0.1"));
  EXPECT_FALSE(holds("11.0.0.0/8", "fd00::1"));
  EXPECT_EQ(tree.end(PrefixTree::root), tree.size());
}

}  // namespace
}  // namespace sekimori::policy

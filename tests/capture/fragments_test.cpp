#include "capture/flow/fragments.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "tests/capture/fragments_kit.hpp"
#include "tests/kit/allocations.hpp"

namespace sekimori::capture {
namespace {

using namespace fragments_kit;

constexpr Piece first{0, 1480};
constexpr Piece middle{1480, 1480};
constexpr Piece last{2960, 100, false};

// A datagram of `count` parts, in order.
std::vector<Piece> pieces(unsigned count, unsigned octets = 1480) {
  std::vector<Piece> result;
  for (unsigned i = 0; i < count; ++i) result.push_back({i * octets, octets, i + 1 < count});
  return result;
}

TEST(Fragments, AllFindTheirPortsInEveryOrder) {
  for (const bool ipv6 : {false, true}) {
    for (unsigned count = 2; count <= 5; ++count) {
      const std::vector<Piece> parts = pieces(count);
      std::vector<unsigned> order(count);
      std::iota(order.begin(), order.end(), 0);
      do {
        Desk desk;
        std::size_t came = 0;
        bool first_came = false;
        for (const unsigned i : order) {
          const std::vector<Packet> out = desk.add(part(parts[i], {.ipv6 = ipv6}));
          ++came;
          first_came = first_came || i == 0;
          EXPECT_EQ(desk.out.size(), first_came ? came : 0);
          if (i == 0) {
            EXPECT_TRUE(out.front().fragment_first)
                << "the first part goes ahead of those that waited for it";
            EXPECT_TRUE(std::is_sorted(out.begin() + 1, out.end(),
                                       [](const Packet& a, const Packet& b) { return a.number < b.number; }));
          }
          EXPECT_TRUE(desk.law());
        }
        for (const Packet& p : desk.out) {
          EXPECT_TRUE(p.ports_known);
          EXPECT_EQ(p.tuple.source_port, 50'000);
          EXPECT_EQ(p.tuple.destination_port, 53);
        }
        const auto waited =
            static_cast<std::uint64_t>(std::find(order.begin(), order.end(), 0U) - order.begin());
        EXPECT_TRUE(desk.finish().empty());
        const FragmentCounters& c = desk.table.counters();
        EXPECT_EQ(c.firsts, 1U);
        EXPECT_EQ(c.joined, count - 1);
        EXPECT_EQ(c.held, waited);
        EXPECT_EQ(c.datagrams, 1U);
        EXPECT_EQ(c.strays + c.overlaps + c.tiny + c.too_long + c.repeated + c.incomplete, 0U);
      } while (std::next_permutation(order.begin(), order.end()));
    }
  }
}

TEST(Fragments, GetPortsAndNothingElse) {
  Desk desk;
  Packet head = part(first);
  head.tcp_flags = tcp_flag::syn;
  head.payload_bytes = 1472;
  head.ttl = 9;
  head.carrier = true;
  Packet tail = part(last);
  tail.payload_bytes = 100;
  tail.ttl = 64;
  tail.wire_bytes = 134;
  tail.tap = 3;
  desk.add(head);
  const std::vector<Packet> out = desk.add(tail);
  ASSERT_EQ(out.size(), 1U);
  Packet expected = tail;
  expected.tuple.source_port = 50'000;
  expected.tuple.destination_port = 53;
  EXPECT_EQ(out[0].tuple, expected.tuple);
  EXPECT_TRUE(out[0].ports_known);
  EXPECT_EQ(out[0].tcp_flags, 0);
  EXPECT_EQ(out[0].payload_bytes, 100U);
  EXPECT_EQ(out[0].ttl, 64);
  EXPECT_EQ(out[0].wire_bytes, 134U);
  EXPECT_EQ(out[0].tap, 3);
  EXPECT_EQ(out[0].number, tail.number);
  EXPECT_EQ(out[0].fingerprint, tail.fingerprint);
  EXPECT_FALSE(out[0].carrier);
}

TEST(Fragments, WithoutTheirFirstGoOnAsStraysWhenTheHoldIsOver) {
  Desk desk{{.hold = 1000ms}};
  const Packet early = part(middle, {.after = 0ms});
  desk.add(early);
  desk.add(part(last, {.after = 400ms}));
  EXPECT_TRUE(desk.expire(1000ms).empty()) << "a hold of one second is over after it, not at it";
  EXPECT_EQ(desk.table.waiting(), 2U);
  EXPECT_EQ(text(desk.expire(1000ms + 1ns), early.number), "0:?");
  EXPECT_EQ(desk.table.waiting(), 1U);
  EXPECT_EQ(desk.expire(1401ms).size(), 1U);
  EXPECT_EQ(desk.table.counters().strays, 2U);
  EXPECT_EQ(desk.table.counters().held, 2U);
  EXPECT_EQ(desk.table.counters().crowded, 0U);
  // The first comes at last: what follows it finds ports, what was let go does not come back.
  EXPECT_EQ(desk.add(part(first, {.after = 1500ms})).size(), 1U);
  EXPECT_TRUE(desk.law());
}

TEST(Fragments, AreHeldNoLongerWhenExpireDoesNotComeBy) {
  Desk desk;
  const Packet early = part(middle, {.after = 0ms});
  const Packet later = part(last, {.after = 600ms});
  const Packet head = part(first, {.after = 1200ms});
  desk.add(early);
  desk.add(later);
  EXPECT_EQ(text(desk.add(head), early.number), "0:? 2:50000>53 1:50000>53");
  desk.add(part(middle, {.id = 8, .after = 0ms}));
  EXPECT_EQ(desk.add(part(last, {.id = 8, .after = 1200ms})).size(), 1U) << "another late one drives it out";
  EXPECT_TRUE(desk.law());
}

TEST(Fragments, BelongTogetherByAddressesIdentificationAndProtocol) {
  Packet mapped = part(middle, {.ipv6 = true});  // an IPv6 address of the IPv4 address's octets
  mapped.tuple.source.bytes = host(1).bytes;
  mapped.tuple.destination.bytes = host(2).bytes;
  Packet back = part(middle);
  back.tuple = back.tuple.reversed();
  Packet elsewhere = part(middle);
  elsewhere.tuple.destination = host(3);
  Packet from_elsewhere = part(middle);
  from_elsewhere.tuple.source = host(3);
  for (const Packet& other : {mapped, back, elsewhere, from_elsewhere, part(middle, {.id = 8}),
                              part(middle, {.protocol = protocol::tcp}), part(middle, {.ipv6 = true})}) {
    Desk desk;
    desk.add(part(first));
    EXPECT_TRUE(desk.add(other).empty());
    EXPECT_EQ(desk.table.counters().datagrams, 2U);
    EXPECT_EQ(text(desk.finish(), other.number), "0:?");
    EXPECT_TRUE(desk.law());
  }
}

TEST(Fragments, OfIpv6TakeTheProtocolFromTheirFirst) {
  Desk desk;
  constexpr std::uint8_t destination_options = 60;
  desk.add(part(last, {.protocol = destination_options, .ipv6 = true}));
  const std::vector<Packet> out = desk.add(part(first, {.ipv6 = true}));
  ASSERT_EQ(out.size(), 2U);
  EXPECT_EQ(out[1].tuple.protocol, protocol::udp);
  EXPECT_EQ(out[1].tuple.destination_port, 53);
  const std::vector<Packet> after = desk.add(part(middle, {.protocol = destination_options, .ipv6 = true}));
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].tuple, out[1].tuple);
}

TEST(Fragments, SeenAgainAreRepeatedAndFindTheirPorts) {
  Desk desk;
  for (const Duration after : {0ms, 3ms}) {  // behind the firewall once more, also after the last part
    for (const Piece& piece : {first, middle, last}) {
      const std::vector<Packet> out = desk.add(part(piece, {.after = after}));
      ASSERT_EQ(out.size(), 1U);
      EXPECT_EQ(out[0].tuple.source_port, 50'000);
    }
  }
  Desk early;  // copies of one that waits, wait
  early.add(part(last));
  early.add(part(last));
  EXPECT_EQ(early.add(part(first)).size(), 3U);
  for (const Desk* d : {&desk, &early}) {
    EXPECT_EQ(d->table.counters().overlaps, 0U);
    EXPECT_EQ(d->table.counters().datagrams, 1U);
    EXPECT_TRUE(d->law());
  }
  EXPECT_EQ(desk.table.counters().repeated, 3U);
  EXPECT_EQ(early.table.counters().repeated, 1U);
  desk.finish();
  EXPECT_EQ(desk.table.counters().incomplete, 0U);
}

TEST(Fragments, BeginANewDatagramWhereAnIdentificationIsUsedAgain) {
  struct Row {
    const char* what;
    std::vector<Packet> packets;
    const char* last_two;
    std::uint64_t datagrams;
    std::uint64_t overlaps;
  };
  const std::vector<Row> rows{
      {"another first one after all parts",
       {part(first), part({1480, 20, false}), part(first, {.port = 60'000, .after = 1ms}),
        part({1480, 20, false}, {.after = 2ms})},
       "60000>53 60000>53",
       2,
       0},
      {"another first one while parts are missing: the same datagram, told as overlap",
       {part(first), part(middle), part(first, {.port = 60'000, .after = 1ms}), part(last, {.after = 2ms})},
       "60000>53 60000>53",
       1,
       1},
      {"another first one after a pause, though parts are missing",
       {part(first), part(middle), part(first, {.port = 60'000, .after = 1100ms}),
        part(middle, {.after = 1101ms})},
       "60000>53 60000>53",
       2,
       0},
      {"a part that was there, after a pause: its first one may still come",
       {part(first), part({1480, 20, false}), part({1480, 20, false}, {.after = 1100ms}),
        part(first, {.port = 60'000, .after = 1101ms})},
       "60000>53 60000>53",
       2,
       0},
      {"a part that was there, after a pause, while others are missing: no sign of another datagram",
       {part(first), part(middle), part(middle, {.after = 1100ms}), part(last, {.after = 1101ms})},
       "50000>53 50000>53",
       1,
       0},
      {"a part beyond the end of a complete one, after a pause",
       {part(first), part({1480, 20, false}), part(last, {.after = 1100ms}),
        part(first, {.port = 60'000, .after = 1101ms})},
       "60000>53 60000>53",
       2,
       0},
      {"a part that was missing, after a pause: late",
       {part(first), part(last, {.after = 1ms}), part(middle, {.after = 29s})},
       "50000>53 50000>53",
       1,
       0},
      {"a part that was missing, after the timeout: no part of it",
       {part(first), part(middle, {.after = 30s + 1ns}), part(first, {.port = 60'000, .after = 30100ms})},
       "60000>53 60000>53",
       2,
       0},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    Desk desk;
    for (const Packet& p : row.packets) desk.add(p);
    ASSERT_EQ(desk.out.size(), row.packets.size());
    std::string ports;
    for (std::size_t i = desk.out.size() - 2; i < desk.out.size(); ++i) {
      if (!ports.empty()) ports += ' ';
      ports += std::to_string(desk.out[i].tuple.source_port) + ">53";
    }
    EXPECT_EQ(ports, row.last_two);
    EXPECT_EQ(desk.table.counters().datagrams, row.datagrams);
    EXPECT_EQ(desk.table.counters().overlaps, row.overlaps);
    EXPECT_TRUE(desk.law());
  }
}

TEST(Fragments, NameOverlaps) {
  struct Row {
    const char* what;
    std::vector<Piece> pieces;
    std::uint64_t overlaps;
    std::uint64_t repeated;
  };
  const std::vector<Row> rows{
      {"side by side", {{0, 24}, {24, 24}, {48, 8, false}}, 0, 0},
      {"with a hole", {{0, 24}, {32, 24}}, 0, 0},
      {"the same", {{0, 24}, {0, 24}, {24, 24}, {24, 24}}, 0, 2},
      {"the end of one and more", {{0, 24}, {16, 24}}, 1, 0},
      {"the beginning of one and what comes before", {{24, 24}, {16, 16}}, 1, 0},
      {"inside another (teardrop)", {{0, 40}, {24, 4, false}}, 1, 0},
      {"around another", {{24, 8}, {16, 32}}, 1, 0},
      {"the beginning of another", {{0, 40}, {0, 16}}, 1, 0},
      {"all of several", {{0, 24}, {24, 24}, {0, 48}}, 1, 0},
      {"the same, and not the last any more", {{24, 24, false}, {24, 24, true}}, 1, 0},
      {"an overlap, seen again", {{0, 24}, {16, 24}, {16, 24}}, 1, 1},
      {"nothing at all", {{0, 24}, {8, 0}, {8, 0}}, 0, 1},
      {"behind a short one that begins where a long one does", {{0, 64}, {0, 8}, {40, 8}}, 2, 0},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.what);
    Desk desk;
    for (const Piece& piece : row.pieces) desk.add(part(piece));
    EXPECT_EQ(desk.table.counters().overlaps, row.overlaps);
    EXPECT_EQ(desk.table.counters().repeated, row.repeated);
    EXPECT_TRUE(desk.law());
  }
}

TEST(Fragments, WhoseSecondHeaderCoversTheFirstGoByTheSecond) {
  // RFC 3128: an innocent first part, then a tiny one in its place that changes the port.
  Desk desk;
  const Of attack{.port = 23, .protocol = protocol::tcp};
  desk.add(part({0, 24}, {.port = 80, .protocol = protocol::tcp}));
  desk.add(part({0, 8}, attack));
  const std::vector<Packet> out = desk.add(part({24, 100, false}, attack));
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].tuple.source_port, 23);
  EXPECT_EQ(desk.table.counters().overlaps, 1U);
  EXPECT_EQ(desk.table.counters().tiny, 1U);
}

TEST(Fragments, WithAnotherHeaderInTheSamePlaceAreNoCopies) {
  // The same ports, but other flags: a connection is begun where none was allowed.
  Desk desk;
  Packet innocent = part({0, 24}, {.protocol = protocol::tcp});
  Packet other = part({0, 24}, {.protocol = protocol::tcp});
  other.fingerprint = innocent.fingerprint + 1;
  desk.add(innocent);
  desk.add(other);
  EXPECT_EQ(desk.table.counters().overlaps, 1U);
  EXPECT_EQ(desk.table.counters().repeated, 0U);
  desk.add(part({24, 8, false}, {.protocol = protocol::tcp}));
  desk.add(innocent);
  EXPECT_EQ(desk.table.counters().datagrams, 2U) << "after the last part it begins another one";
}

TEST(Fragments, NameTinyFirstOnes) {
  const auto tiny = [](Piece piece, std::uint8_t protocol) {
    Desk desk;
    desk.add(part(piece, {.protocol = protocol}));
    return desk.table.counters().tiny;
  };
  EXPECT_EQ(tiny({0, 16}, protocol::tcp), 1U);
  EXPECT_EQ(tiny({0, 24}, protocol::tcp), 0U);
  EXPECT_EQ(tiny({8, 24}, protocol::tcp), 1U) << "begins inside the TCP header";
  EXPECT_EQ(tiny({16, 24}, protocol::tcp), 0U);
  EXPECT_EQ(tiny({8, 24}, protocol::udp), 0U);
  EXPECT_EQ(tiny({0, 0}, protocol::udp), 1U);
  EXPECT_EQ(tiny({0, 8}, protocol::udp), 0U);
  EXPECT_EQ(tiny({0, 8}, protocol::sctp), 1U);
  EXPECT_EQ(tiny({0, 16}, protocol::sctp), 0U);
  EXPECT_EQ(tiny({0, 0}, protocol::icmp), 1U);
  EXPECT_EQ(tiny({0, 0}, protocol::icmpv6), 1U);
  EXPECT_EQ(tiny({0, 0}, protocol::gre), 0U) << "no port to hide";
  Desk desk;
  desk.add(part({0, 16}, {.protocol = protocol::tcp}));
  desk.add(part({0, 16}, {.protocol = protocol::tcp}));
  EXPECT_EQ(desk.table.counters().tiny, 1U) << "a copy is not a second one";
}

TEST(Fragments, NameThoseBeyondTheLongestDatagram) {
  const auto too_long = [](unsigned end, bool ipv6) {
    Desk desk;
    desk.add(part({65'512, end - 65'512, false}, {.ipv6 = ipv6}));
    return desk.table.counters().too_long;
  };
  EXPECT_EQ(too_long(65'515, false), 0U);
  EXPECT_EQ(too_long(65'516, false), 1U);
  EXPECT_EQ(too_long(65'535, true), 0U);
  EXPECT_EQ(too_long(65'536, true), 1U);
  EXPECT_EQ(too_long(65'512 + 65'535, false), 1U);
}

TEST(Fragments, NameDatagramsThatEndWithAHole) {
  const auto incomplete = [](const std::vector<Piece>& parts) {
    Desk desk;
    for (const Piece& piece : parts) desk.add(part(piece));
    EXPECT_EQ(desk.table.counters().incomplete, 0U) << "while the rest may come";
    desk.finish();
    EXPECT_TRUE(desk.law());
    EXPECT_EQ(desk.table.size(), 0U);
    return desk.table.counters().incomplete;
  };
  EXPECT_EQ(incomplete({first, middle, last}), 0U);
  EXPECT_EQ(incomplete({last, middle, first}), 0U);
  EXPECT_EQ(incomplete({first, last}), 1U);
  EXPECT_EQ(incomplete({middle, last}), 1U);
  EXPECT_EQ(incomplete({first, middle}), 1U);
  EXPECT_EQ(incomplete({{0, 40}, {32, 40}, {72, 8, false}}), 0U) << "an overlap is no hole";
  EXPECT_EQ(incomplete({{0, 80}, {0, 8}, {80, 8, false}}), 0U);
}

TEST(Fragments, OfMorePartsThanAreRememberedStillFindTheirPorts) {
  const auto run = [](unsigned count, bool whole) {
    Desk desk;
    for (const Piece& piece : pieces(count, 8)) {
      if (whole || piece.offset != 80) desk.add(part(piece));
    }
    for (const Packet& p : desk.out) EXPECT_EQ(p.tuple.source_port, 50'000);
    const std::uint64_t before = desk.table.counters().overlaps;
    desk.add(part({16, 16}));
    EXPECT_EQ(desk.table.counters().overlaps, before + 1) << "parts that are remembered stay so";
    desk.finish();
    EXPECT_TRUE(desk.law());
    return desk.table.counters();
  };
  const FragmentCounters just = run(FragmentTable::parts_most - 1, true);
  EXPECT_EQ(just.untracked, 0U);
  EXPECT_EQ(just.incomplete, 0U);
  EXPECT_EQ(run(FragmentTable::parts_most - 1, false).incomplete, 1U);
  const FragmentCounters beyond = run(FragmentTable::parts_most + 9, false);
  EXPECT_EQ(beyond.untracked, 1U);
  EXPECT_EQ(beyond.incomplete, 0U) << "not known, so not claimed";
}

TEST(Fragments, ThatFragmentNothingGoStraightThrough) {
  Desk desk;
  desk.add(part(first, {.ipv6 = true}));
  const std::vector<Packet> out = desk.add(part({0, 100, false}, {.port = 60'000, .ipv6 = true}));
  ASSERT_EQ(out.size(), 1U);
  EXPECT_EQ(out[0].tuple.source_port, 60'000);
  EXPECT_EQ(desk.add(part(last, {.ipv6 = true}))[0].tuple.source_port, 50'000)
      << "RFC 6946: no part of another";
  EXPECT_EQ(desk.table.counters().firsts, 2U);
  EXPECT_EQ(desk.table.counters().datagrams, 1U);
  EXPECT_TRUE(desk.law());
}

TEST(Fragments, KeepThePortsThatACutCopyDoesNotShow) {
  Desk desk;
  desk.add(part(first));
  Packet cut = part(first);
  cut.cut = true;
  cut.ports_known = false;
  cut.tuple.source_port = cut.tuple.destination_port = 0;
  cut.fingerprint = 99;
  EXPECT_FALSE(desk.add(cut)[0].ports_known);
  EXPECT_EQ(desk.add(part(middle))[0].tuple.source_port, 50'000);
  desk.add(part(last));
  desk.add(cut);  // complete by now, and still no other datagram
  EXPECT_EQ(desk.table.counters().datagrams, 1U);
  EXPECT_EQ(desk.table.counters().repeated, 2U);
  EXPECT_EQ(desk.table.counters().overlaps, 0U);

  Desk reverse;  // the cut one first: it is the only one that there is
  reverse.add(cut);
  EXPECT_FALSE(reverse.add(part(middle))[0].ports_known);
  reverse.add(part(first));
  EXPECT_EQ(reverse.add(part(last))[0].tuple.source_port, 50'000);
  EXPECT_EQ(reverse.table.counters().joined, 2U);
  EXPECT_EQ(reverse.table.counters().overlaps, 0U);
}

TEST(Fragments, CountersAddUp) {
  FragmentCounters one;
  std::uint64_t value = 0;
  for (std::uint64_t* field :
       {&one.seen, &one.firsts, &one.joined, &one.strays, &one.held, &one.crowded, &one.overlaps, &one.tiny,
        &one.too_long, &one.repeated, &one.datagrams, &one.incomplete, &one.untracked}) {
    *field = ++value;
  }
  ASSERT_EQ(sizeof one, value * sizeof value) << "a counter is missing here";
  FragmentCounters two = one;
  two += one;
  const auto* words = reinterpret_cast<const std::uint64_t*>(&two);
  for (std::uint64_t i = 0; i < value; ++i) EXPECT_EQ(words[i], 2 * (i + 1));
}

}  // namespace
}  // namespace sekimori::capture

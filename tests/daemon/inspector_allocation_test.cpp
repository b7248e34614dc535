// The packet path takes no memory once it is made: every kind of frame, findings that nobody has room for, a
// full table, evictions, ticks and the end.
#include <gtest/gtest.h>

#include "daemon/inspector.hpp"
#include "tests/daemon/city.hpp"
#include "tests/kit/allocations.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::daemon {
namespace {

using kit::ACK;
using kit::BuiltFrame;
using kit::ethernet;
using kit::FIN;
using kit::PacketBuilder;
using kit::PSH;
using kit::RST;
using kit::SYN;
using namespace std::chrono_literals;

constexpr Time morning{std::chrono::seconds{1795132800}};  // 2026-11-20T09:00:00+09:00

// Room for some findings at a time; the others have to come again.
struct Narrow final : EventOutlet {
  bool tell(const FlowEvent&) override {
    if (room == 0) return ++turned_away, false;
    --room;
    return ++told, true;
  }
  bool sighted(const FlowEvent& event) override {
    static_cast<void>(event);
    if (room == 0) return false;
    ++signs;
    return true;
  }
  void ended(const capture::FlowFacts&, const policy::Verdict&, capture::EndReason) override { ++ends; }
  bool wants_ends() const override { return true; }
  bool step(const FlowStep& step) override {
    if (room == 0) return false;
    ++steps[static_cast<std::size_t>(step.kind)];
    return true;
  }
  bool wants_steps() const override { return true; }
  std::uint64_t room = 0;
  std::uint64_t told = 0;
  std::uint64_t turned_away = 0;
  std::uint64_t ends = 0;
  std::array<std::uint64_t, 5> steps{};
  std::uint64_t signs = 0;
};

std::string address(const char* network, unsigned host) {
  return std::string{network} + std::to_string(host >> 8U) + "." + std::to_string(host & 255U);
}

void add_conversation(std::vector<BuiltFrame>& frames, const PacketBuilder& out, const PacketBuilder& back,
                      unsigned port, unsigned service) {
  frames.push_back(out.identification(1).tcp(port, service, SYN).seq(100).build());
  frames.push_back(back.identification(1).tcp(service, port, SYN | ACK).seq(500, 101).build());
  frames.push_back(out.identification(2).tcp(port, service, ACK).seq(101, 501).build());
  frames.push_back(out.identification(3).tcp(port, service, PSH | ACK).seq(101, 501).payload(40).build());
  frames.push_back(back.identification(2).tcp(service, port, PSH | ACK).seq(501, 141).payload(400).build());
  frames.push_back(
      out.identification(4).tcp(port, service, PSH | ACK).seq(101, 501).payload(40).build());  // again
  frames.push_back(out.identification(5).tcp(port, service, FIN | ACK).seq(141, 901).build());
  frames.push_back(back.identification(3).tcp(service, port, FIN | ACK).seq(901, 142).build());
  frames.push_back(out.identification(6).tcp(port, service, RST).seq(142).build());
}

std::vector<BuiltFrame> every_kind() {
  std::vector<BuiltFrame> frames;
  const auto permitted = ethernet().vlan(20).ipv4("10.20.10.6", "10.20.10.9");
  const auto forbidden = ethernet().ipv4("10.10.10.6", "10.30.10.9");
  // Permitted, and metered: one that goes on and closes, and one that is refused.
  add_conversation(frames, permitted, ethernet().vlan(20).ipv4("10.20.10.9", "10.20.10.6"), 50'010, 22);
  for (unsigned i = 0; i < 60; ++i) {
    frames.push_back(ethernet()
                         .vlan(20)
                         .ipv4("10.20.10.6", "10.20.10.9")
                         .identification(100 + i)
                         .tcp(50'011, 22, ACK)
                         .seq(1000 * i)
                         .payload(1400)
                         .build());
  }
  frames.push_back(permitted.tcp(50'012, 80, SYN).build());
  frames.push_back(ethernet().vlan(20).ipv4("10.20.10.9", "10.20.10.6").tcp(80, 50'012, RST | ACK).build());
  add_conversation(frames, permitted, ethernet().vlan(20).ipv4("10.20.10.9", "10.20.10.6"), 50'000, 443);
  add_conversation(frames, forbidden, ethernet().ipv4("10.30.10.9", "10.10.10.6"), 50'001, 445);
  add_conversation(frames, ethernet().ipv4("10.20.10.6", "10.10.10.6"),  // by an exception
                   ethernet().ipv4("10.10.10.6", "10.20.10.6"), 50'002, 8530);
  for (const char* to : {"fd10:10::9", "2001:db8::9"}) {
    const auto six = ethernet().ipv6("fd10:10::6", to);
    frames.push_back(six.udp(4000, 53).payload(30).build());
    frames.push_back(six.icmpv6(128, 0, 7).build());
    frames.push_back(six.hop_by_hop().fragment_header(0, true).udp(4000, 53).payload(64).build());
  }
  // Copies: at once at the same place, and routed to another one.
  const auto seen_twice = forbidden.identification(77).udp(4000, 161).payload(20);
  for (unsigned i = 0; i < 3; ++i) frames.push_back(seen_twice.build());
  frames.push_back(ethernet("02:00:00:00:00:09", "02:00:00:00:00:0a")
                       .vlan(30)
                       .ipv4("10.10.10.6", "10.30.10.9")
                       .ttl(63)
                       .identification(77)
                       .udp(4000, 161)
                       .payload(20)
                       .build());
  // ICMP: an echo, errors about what was seen and what was not.
  frames.push_back(forbidden.icmp(8, 0, 9).build());
  for (const auto& about : {forbidden.udp(4000, 161).payload(20), forbidden.udp(4001, 162).payload(20)}) {
    frames.push_back(ethernet().ipv4("10.30.0.1", "10.10.10.6").icmp(3, 3).quoting(about).build());
  }
  // Fragments: in order, the wrong way round, without a first one, overlapping.
  const auto part = [](unsigned id, unsigned offset, bool more, std::size_t size) {
    return ethernet()
        .ipv4("10.10.10.7", "10.30.10.9")
        .identification(id)
        .protocol(17)
        .fragment(offset, more)
        .payload(size);
  };
  const auto first = [](unsigned id) {
    return ethernet()
        .ipv4("10.10.10.7", "10.30.10.9")
        .identification(id)
        .fragment(0, true)
        .udp(4000, 69)
        .payload(56);
  };
  for (const auto& frame : {first(1), part(1, 64, false, 40), part(2, 64, false, 40), first(2),
                            part(3, 64, true, 40), first(4), part(4, 32, true, 64), part(4, 0, true, 8)}) {
    frames.push_back(frame.build());
  }
  // Tunnels, forbidden inside, carried in each other, and one too deep.
  const auto carrier = ethernet().ipv4("10.20.10.8", "10.30.10.8");
  frames.push_back(
      carrier.udp(4000, 4789).vxlan(5).frame().ipv4("10.10.10.6", "10.30.10.9").udp(1, 2).payload(9).build());
  frames.push_back(carrier.gre().ipv4("10.10.10.6", "10.30.10.9").tcp(50'003, 22, SYN).build());
  frames.push_back(carrier.udp(4000, 2152).gtp_u(7).ipv4("10.10.10.6", "10.30.10.9").udp(1, 2).build());
  PacketBuilder deep = carrier;
  for (unsigned i = 0; i < 6; ++i) deep = deep.gre().ipv4(address("10.20.", i), "10.30.10.8");
  frames.push_back(deep.udp(1, 2).build());
  // What is no packet, and what is damaged or cut.
  frames.push_back(ethernet().arp_request("10.10.10.6", "10.10.10.1").build());
  frames.push_back(ethernet().llc(0x42, 0x42).stp().build());
  // What is said about the wire: options without end, prefixes in a row.
  frames.push_back(
      ethernet().ipv4("10.10.10.1", "255.255.255.255").udp(67, 68).payload(kit::octets({2, 1, 6})).build());
  kit::Octets offer = kit::octets({2, 1, 6});
  offer.resize(236);
  for (const unsigned octet : {0x63U, 0x82U, 0x53U, 0x63U, 53U, 1U, 2U}) offer.push_back(std::byte(octet));
  offer.resize(500);
  frames.push_back(ethernet().ipv4("10.10.10.1", "255.255.255.255").udp(67, 68).payload(offer).build());
  frames.push_back(ethernet().ipv6("fe80::1", "ff02::1").ttl(255).icmpv6(134).payload(200).build());
  frames.push_back(forbidden.tcp(50'004, 443, SYN).header_length(15).build());
  for (const std::size_t size : {0U, 10U, 20U, 37U})
    frames.push_back(forbidden.tcp(50'005, 443, SYN).cut(size).build());
  return frames;
}

// More initiators than the table has records, forbidden and permitted ones.
std::vector<BuiltFrame> flood(unsigned count) {
  std::vector<BuiltFrame> frames;
  for (unsigned i = 0; i < count; ++i) {
    const auto to = i % 2 == 0 ? "10.30.10.9" : "10.10.200.9";
    frames.push_back(
        ethernet().ipv4(address("10.10.", i), to).identification(i + 1).tcp(50'000, 443, SYN).build());
  }
  return frames;
}

TEST(Inspector, TakesNoMemoryOnThePacketPath) {
  const std::vector<BuiltFrame> kinds = every_kind();
  const std::vector<BuiltFrame> many = flood(3000);
  InspectorOptions options;
  options.capacity = 1024;
  options.flows.traces_max = 16;
  options.fragments.datagrams = 8;
  options.fragments.held = 4;
  options.secret = {{0x0123456789abcdef, 0xfedcba9876543210}};
  Narrow outlet;
  Inspector inspector{options, test::make_policy(), outlet};

  const kit::AllocationWatch watch;
  Duration now = 0ns;
  std::uint64_t number = 0;
  const auto feed = [&](const BuiltFrame& frame) {
    now += 100us;
    inspector.frame(frame.frame({.time = morning + now, .number = ++number}));
  };
  for (const std::uint64_t room : {0U, 40U, 100'000U}) {
    outlet.room = room;
    for (const BuiltFrame& frame : kinds) feed(frame);
    inspector.flush();
    inspector.tick(morning + now, 64);
    for (const BuiltFrame& frame : many) feed(frame);
    now += 61s;
    inspector.tick(morning + now, 2000);
    // Time that runs backwards, and the tap's own clock going on.
    inspector.frame(kinds.front().frame({.time = morning - 1h, .number = ++number}));
  }
  inspector.flush();
  const Books books = inspector.books();
  inspector.finish(morning + now + 1h);
  EXPECT_EQ(watch.count(), 0U);

  // All of that happened: otherwise this has shown nothing.
  EXPECT_TRUE(books.close());
  EXPECT_EQ(books.packets_read, number);
  EXPECT_GT(outlet.told, 100U);
  EXPECT_GT(outlet.turned_away, 100U);
  EXPECT_GT(outlet.ends, 1000U);
  EXPECT_GT(outlet.signs, 10U);
  EXPECT_GT(books.signs_untold, 0U) << "nobody had room";
  const auto reason = [&](capture::Reason one) { return books.reasons[static_cast<std::size_t>(one)]; };
  EXPECT_GT(reason(capture::Reason::flow_table_full), 0U);
  EXPECT_GT(reason(capture::Reason::duplicate), 0U);
  EXPECT_GT(reason(capture::Reason::copy), 0U);
  EXPECT_GT(reason(capture::Reason::arp), 0U);
  EXPECT_GT(reason(capture::Reason::truncated_ip), 0U);
  EXPECT_GT(books.packets_carriers, 0U);
  EXPECT_GT(books.unopened[static_cast<std::size_t>(capture::Reason::tunnel_too_deep)], 0U);
  EXPECT_GT(books.fragments.joined, 0U);
  EXPECT_GT(books.fragments.held, 0U);
  EXPECT_GT(books.fragments.strays, 0U);
  EXPECT_GT(books.fragments.overlaps, 0U);
  EXPECT_GT(books.packets_cut, 0U);
  EXPECT_GT(books.packets_malformed, 0U);
  EXPECT_GT(books.time_backwards, 0U);
  EXPECT_GT(books.events_delayed, 0U);
  EXPECT_GT(books.flows_ended[static_cast<std::size_t>(capture::EndReason::evicted)], 0U);
  EXPECT_GT(books.flows_ended[static_cast<std::size_t>(capture::EndReason::timeout)], 0U);
  EXPECT_GT(inspector.table().counters().errors_joined, 0U);
  // Opened, answered, refused; nobody asks for octets here.
  for (std::size_t kind = 0; kind < 3; ++kind) EXPECT_GT(outlet.steps[kind], 0U) << kind;
  EXPECT_GT(books.steps_told, 0U);
  EXPECT_GT(books.steps_lost, 0U);
  EXPECT_GT(inspector.table().counters().evicted_half_open, 0U);
}

}  // namespace
}  // namespace sekimori::daemon

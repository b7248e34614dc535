// What the kernel would do with a frame: the program runs here in an interpreter of classic BPF, on what the
// kernel has in hand where it deals.
#include "capture/source/fanout.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/kit/packet_builder.hpp"

namespace sekimori::capture {
namespace {

using kit::ACK;
using kit::ethernet;
using kit::octets;
using kit::PacketBuilder;
using kit::SYN;

// Classic BPF (the kernel's Documentation/networking/filter.rst), as much of it as the program uses. A load
// beyond the end ends the program with 0, as in the kernel.
class Machine {
 public:
  Machine(const std::vector<sock_filter>& program, kit::Octets data, std::uint32_t protocol)
      : program_(program), data_(std::move(data)), protocol_(protocol) {}

  std::uint32_t run() {
    for (std::size_t at = 0;;) {
      const sock_filter& op = program_.at(at++);
      switch (BPF_CLASS(op.code)) {
        case BPF_LD:
        case BPF_LDX:
          if (!load(op)) return 0;
          break;
        case BPF_ST:
          memory_.at(op.k) = a_;
          break;
        case BPF_STX:
          memory_.at(op.k) = x_;
          break;
        case BPF_ALU:
          calculate(op);
          break;
        case BPF_JMP:
          at += BPF_OP(op.code) == BPF_JA ? op.k : holds(op) ? op.jt : op.jf;
          break;
        case BPF_RET:
          return BPF_RVAL(op.code) == BPF_A ? a_ : op.k;
        default:
          (BPF_MISCOP(op.code) == BPF_TAX ? x_ : a_) = BPF_MISCOP(op.code) == BPF_TAX ? a_ : x_;
      }
    }
  }

 private:
  bool load(const sock_filter& op) {
    std::uint32_t& into = BPF_CLASS(op.code) == BPF_LD ? a_ : x_;
    switch (BPF_MODE(op.code)) {
      case BPF_IMM:
        into = op.k;
        return true;
      case BPF_MEM:
        into = memory_.at(op.k).value();
        return true;
      case BPF_LEN:
        into = static_cast<std::uint32_t>(data_.size());
        return true;
      case BPF_ABS:
        EXPECT_EQ(op.k, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL));
        into = protocol_;
        return true;
      default: {
        const std::size_t size = BPF_SIZE(op.code) == BPF_W ? 4 : BPF_SIZE(op.code) == BPF_H ? 2 : 1;
        const std::size_t from = std::size_t{x_} + op.k;
        if (from + size > data_.size()) return false;
        into = 0;
        for (std::size_t i = 0; i < size; ++i)
          into = into << 8U | std::to_integer<std::uint32_t>(data_[from + i]);
        return true;
      }
    }
  }

  void calculate(const sock_filter& op) {
    const std::uint32_t by = BPF_SRC(op.code) == BPF_X ? x_ : op.k;
    switch (BPF_OP(op.code)) {
      case BPF_ADD:
        a_ += by;
        break;
      case BPF_SUB:
        a_ -= by;
        break;
      case BPF_MUL:
        a_ *= by;
        break;
      case BPF_AND:
        a_ &= by;
        break;
      case BPF_XOR:
        a_ ^= by;
        break;
      case BPF_LSH:
        a_ <<= by;
        break;
      case BPF_RSH:
        a_ >>= by;
        break;
      default:
        ADD_FAILURE() << "operation " << op.code;
    }
  }

  bool holds(const sock_filter& op) const {
    const std::uint32_t with = BPF_SRC(op.code) == BPF_X ? x_ : op.k;
    switch (BPF_OP(op.code)) {
      case BPF_JEQ:
        return a_ == with;
      case BPF_JGE:
        return a_ >= with;
      case BPF_JSET:
        return (a_ & with) != 0;
      default:
        ADD_FAILURE() << "condition " << op.code;
        return false;
    }
  }

  const std::vector<sock_filter>& program_;
  const kit::Octets data_;
  const std::uint32_t protocol_;
  std::uint32_t a_ = 0, x_ = 0;
  std::array<std::optional<std::uint32_t>, BPF_MEMWORDS> memory_{};
};

// The kernel stands behind the Ethernet header and has taken one tag off: __netif_receive_skb_core() in
// net/core/dev.c, vlan_untag.
std::uint32_t dealt(kit::Octets frame, const DecodeOptions& decode = {}) {
  const auto type_at = [&frame](std::size_t at) {
    return std::to_integer<std::uint32_t>(frame.at(at)) << 8U |
           std::to_integer<std::uint32_t>(frame.at(at + 1));
  };
  std::uint32_t protocol = type_at(12);
  std::size_t header = 14;
  if (protocol == 0x8100 || protocol == 0x88a8) {
    protocol = type_at(16);
    header = 18;
  }
  if (protocol < 1536) protocol = 4;  // ETH_P_802_2
  frame.erase(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(header));
  static const std::vector<sock_filter> usual = fanout_program({});
  const bool special = decode != DecodeOptions{};
  const std::vector<sock_filter> made = special ? fanout_program(decode) : std::vector<sock_filter>{};
  return Machine{special ? made : usual, std::move(frame), protocol}.run();
}
std::uint32_t dealt(const PacketBuilder& packet, const DecodeOptions& decode = {}) {
  return dealt(packet.bytes(), decode);
}

struct Case {
  const char* says;
  PacketBuilder packet;
};

const char* const client = "10.1.0.5";
const char* const server = "10.2.0.9";
const char* const client6 = "fd00:1::5";
const char* const server6 = "fd00:2::9";

PacketBuilder four() {
  return ethernet().ipv4(client, server);
}
PacketBuilder six() {
  return ethernet().ipv6(client6, server6);
}

TEST(FanoutProgram, DealsAllOfAConversationToOneWorker) {
  const std::uint32_t there = dealt(four().tcp(40000, 443, SYN));
  EXPECT_NE(there, 0U);
  const std::vector<Case> cases{
      {"the answer", ethernet().ipv4(server, client).tcp(443, 40000, SYN | ACK)},
      {"another port", four().udp(1, 2).payload(100)},
      {"a first fragment", four().fragment(0, true).udp(1, 2).payload(64)},
      {"a later fragment", four().fragment(64, false).protocol(17).payload(10)},
      {"with options", four().ip_options(octets({1, 1, 1, 0})).tcp(40000, 443)},
      {"in a VLAN", ethernet().vlan(20).ipv4(client, server).tcp(40000, 443)},
      {"in two", ethernet().vlan(100, 0x88a8).vlan(20).ipv4(client, server).tcp(40000, 443)},
      {"in three", ethernet().vlan(1).vlan(2).vlan(3, 0x9100).ipv4(client, server).tcp(40000, 443)},
      {"in the old service tag", ethernet().vlan(7, 0x9100).ipv4(client, server).tcp(40000, 443)},
      {"behind labels", ethernet().mpls({16, 17, 18}).ipv4(client, server).tcp(40000, 443)},
      {"behind a tag and labels", ethernet().vlan(5).mpls({16}).ipv4(client, server).tcp(40000, 443)},
      {"in a PPPoE session", ethernet().pppoe(9).ipv4(client, server).tcp(40000, 443)},
      {"an echo", four().icmp(8)},
      {"a refusal of the client's packet by a router",
       ethernet().ipv4("10.9.9.9", client).icmp(3, 1).quoting(four().udp(50000, 161).payload(40))},
      {"a refusal whose quote is as short as may be",
       ethernet().ipv4("10.9.9.9", client).icmp(3, 1).quoting(four().udp(50000, 161), 28)},
      {"a refusal behind options", ethernet()
                                       .ipv4("10.9.9.9", client)
                                       .ip_options(octets({1, 1, 1, 0}))
                                       .icmp(11)
                                       .quoting(four().udp(5, 6))},
      {"a tunnel between the two", four().ipv4("192.0.2.1", "192.0.2.2").tcp(1, 2)},
  };
  for (const Case& each : cases) EXPECT_EQ(dealt(each.packet), there) << each.says;
}

TEST(FanoutProgram, DealsAllOfAConversationOverIpv6ToOneWorker) {
  const std::uint32_t there = dealt(six().tcp(40000, 443, SYN));
  EXPECT_NE(there, 0U);
  const std::vector<Case> cases{
      {"the answer", ethernet().ipv6(server6, client6).tcp(443, 40000, SYN | ACK)},
      {"a later fragment", six().fragment_header(64, false).protocol(17).payload(10)},
      {"behind options", six().hop_by_hop().tcp(40000, 443)},
      {"in two VLANs", ethernet().vlan(100, 0x88a8).vlan(20).ipv6(client6, server6).tcp(40000, 443)},
      {"behind labels", ethernet().mpls({16, 17}).ipv6(client6, server6).tcp(40000, 443)},
      {"in a PPPoE session", ethernet().pppoe(9).ipv6(client6, server6).tcp(40000, 443)},
      {"an echo", six().icmpv6(128)},
      {"a refusal of the client's packet by a router",
       ethernet().ipv6("fd00:9::9", client6).icmpv6(1, 4).quoting(six().udp(50000, 161).payload(40))},
      {"too big",
       ethernet().ipv6("fd00:9::9", client6).icmpv6(2).quoting(six().udp(50000, 161).payload(900))},
  };
  for (const Case& each : cases) EXPECT_EQ(dealt(each.packet), there) << each.says;
}

TEST(FanoutProgram, DealsAnErrorByItsOwnAddressesUnlessItsReceiverSentWhatItQuotes) {
  const std::uint32_t own = dealt(ethernet().ipv4("10.9.9.9", "10.7.7.7").udp(1, 2));
  const auto error = ethernet().ipv4("10.9.9.9", "10.7.7.7").icmp(3, 1);
  EXPECT_EQ(dealt(error.quoting(four().udp(1, 2))), own) << "sent by somebody else";
  EXPECT_EQ(dealt(error.payload(3)), own) << "quotes nothing";
  EXPECT_EQ(dealt(error.payload(40)), own) << "quotes no IP";
  const auto sent = ethernet().ipv4("10.7.7.7", server).udp(1, 2);
  EXPECT_NE(dealt(error.quoting(sent)), own);
  EXPECT_EQ(dealt(ethernet().ipv4("10.9.9.9", "10.7.7.7").icmp(8).quoting(sent)), own)
      << "an echo is no error";
  EXPECT_EQ(dealt(ethernet()
                      .ipv4("10.9.9.9", "10.7.7.7")
                      .fragment(64, false)
                      .protocol(1)
                      .payload(kit::octets({3, 1, 0, 0, 0, 0, 0, 0}))),
            own)
      << "a later fragment has no type";
  const std::uint32_t own6 = dealt(ethernet().ipv6("fd00:9::9", "fd00:7::7").udp(1, 2));
  EXPECT_EQ(dealt(ethernet().ipv6("fd00:9::9", "fd00:7::7").icmpv6(1, 4).quoting(six().udp(1, 2))), own6);
  EXPECT_EQ(dealt(ethernet().ipv6("fd00:9::9", "fd00:7::7").icmpv6(1, 4).payload(20)), own6);
}

TEST(FanoutProgram, LooksInsideOnlyWhatEndsAtAMirrorReceiver) {
  DecodeOptions decode;
  decode.mirror_receivers = {IpAddress::parse("192.0.2.7").value(), IpAddress::parse("192.0.2.8").value(),
                             IpAddress::parse("2001:db8::8").value()};
  const std::uint32_t inner = dealt(four().tcp(40000, 443));
  const auto content = [](const PacketBuilder& outer, bool tagged) {
    const auto frame = outer.frame();
    return (tagged ? frame.vlan(30) : frame).ipv4(client, server).tcp(40000, 443);
  };
  for (const bool tagged : {false, true}) {
    for (const char* receiver : {"192.0.2.7", "192.0.2.8", "2001:db8::8", "192.0.2.9", "2001:db8::9"}) {
      const bool ours = receiver[std::string_view{receiver}.size() - 1] != '9';
      const bool v6 = std::string_view{receiver}.find(':') != std::string_view::npos;
      const auto outer =
          v6 ? ethernet().ipv6("2001:db8::1", receiver) : ethernet().ipv4("192.0.2.1", receiver);
      const std::uint32_t expected = ours ? inner : dealt(outer.udp(9, 9));
      SCOPED_TRACE(std::string{receiver} + (tagged ? ", tagged" : ""));
      for (const unsigned type : {1U, 2U, 3U}) {
        EXPECT_EQ(dealt(content(outer.erspan(type, 5), tagged), decode), expected) << "ERSPAN " << type;
      }
      EXPECT_EQ(dealt(content(outer.gre({.checksum = true, .key = 7, .sequence = 9}), tagged), decode),
                expected);
      EXPECT_EQ(dealt(content(outer.gre(), tagged), decode), expected);
      EXPECT_EQ(dealt(outer.gre({.key = 1}).ipv4(client, server).udp(1, 2), decode), expected);
      EXPECT_EQ(dealt(content(outer.udp(50000, 4789).vxlan(77), tagged), decode), expected);
      EXPECT_EQ(
          dealt(content(outer.udp(50000, 6081).geneve(77, octets({0, 1, 2, 1, 0, 0, 0, 0})), tagged), decode),
          expected);
      EXPECT_EQ(dealt(outer.udp(50000, 53).payload(60), decode), dealt(outer.udp(9, 9)))
          << "not all that is sent there is a mirror";
    }
  }
  // An error about what is inside of the mirror still finds its conversation.
  EXPECT_EQ(dealt(ethernet()
                      .ipv4("192.0.2.1", "192.0.2.7")
                      .erspan(2, 5)
                      .frame()
                      .ipv4("10.9.9.9", client)
                      .icmp(3, 1)
                      .quoting(four().udp(50000, 161)),
                  decode),
            inner);
}

TEST(FanoutProgram, DealsWhatIsNoIpToTheFirstWorker) {
  EXPECT_EQ(dealt(ethernet().arp_request(client, server)), 0U);
  EXPECT_EQ(dealt(ethernet().vlan(9).arp_request(client, server)), 0U);
  EXPECT_EQ(dealt(ethernet().stp()), 0U);
  EXPECT_EQ(dealt(ethernet().ethertype(0x88cc).payload(50)), 0U);
  EXPECT_EQ(
      dealt(
          ethernet().vlan(1).vlan(2).vlan(3).vlan(4).vlan(5).vlan(6).vlan(7).ipv4(client, server).udp(1, 2)),
      0U);
}

// Cut anywhere, a frame ends the program and nothing else.
TEST(FanoutProgram, ReadsNothingBeyondTheEnd) {
  DecodeOptions decode;
  decode.mirror_receivers = {IpAddress::parse(server).value(), IpAddress::parse(server6).value()};
  for (const auto& packet :
       {four().erspan(3, 5).frame().vlan(2).ipv4(client, server).udp(1, 2),
        six().udp(1, 4789).vxlan(2).frame().ipv6(client6, server6).udp(1, 2),
        ethernet().vlan(1).mpls({16}).ipv6("fd00:9::9", client6).icmpv6(1).quoting(six().udp(1, 2))}) {
    kit::Octets bytes = packet.bytes();
    for (; bytes.size() > 18; bytes.pop_back()) dealt(bytes, decode);
  }
}

TEST(FanoutProgram, SpreadsConversationsEvenly) {
  constexpr unsigned hosts = 40;
  for (const unsigned workers : {2U, 3U, 4U, 7U, 16U}) {
    std::vector<unsigned> shares(workers, 0), shares6(workers, 0);
    for (unsigned a = 0; a < hosts; ++a) {
      for (unsigned b = 0; b < hosts; ++b) {
        const std::string left = std::to_string(a + 1), right = std::to_string(b + 1);
        ++shares[dealt(ethernet().ipv4("10.1.0." + left, "10.2.0." + right).udp(1, 2)) % workers];
        ++shares6[dealt(ethernet().ipv6("fd00:1::" + left, "fd00:2::" + right).udp(1, 2)) % workers];
      }
    }
    // Six standard deviations.
    const double fair = double{hosts} * hosts / workers;
    for (const auto* dealt_to : {&shares, &shares6}) {
      for (const unsigned share : *dealt_to)
        EXPECT_NEAR(share, fair, 6 * std::sqrt(fair)) << workers << " workers";
    }
  }
}

// The kernel checks a program before it takes it; any socket may ask.
TEST(FanoutProgram, IsAcceptedByTheKernelEvenWithAllReceivers) {
  DecodeOptions decode;
  for (unsigned i = 0; i < 32; ++i) {
    decode.mirror_receivers.push_back(IpAddress::parse("192.0.2." + std::to_string(i)).value());
    decode.mirror_receivers.push_back(IpAddress::parse("2001:db8::" + std::to_string(i)).value());
  }
  decode.vxlan_ports.assign(64, 4789);
  decode.geneve_ports.assign(64, 6081);
  for (const DecodeOptions& options : {DecodeOptions{}, decode}) {
    std::vector<sock_filter> program = fanout_program(options);
    EXPECT_LE(program.size(), std::size_t{BPF_MAXINSNS});
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket < 0) GTEST_SKIP() << "no sockets here";
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    EXPECT_EQ(::setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter), 0)
        << std::strerror(errno);
    ::close(socket);
  }
}

TEST(Fanout, LetsWorkersJoinInTheirOrderOnly) {
  Fanout fanout{2, {}};
  EXPECT_TRUE(fanout.turn_of(0));
  EXPECT_FALSE(fanout.turn_of(1));
  EXPECT_EQ(fanout.join(1, -1), Fanout::Outcome::not_yet);
  EXPECT_EQ(fanout.join(0, -1), Fanout::Outcome::failed) << "no socket";
  EXPECT_TRUE(fanout.turn_of(0)) << "who failed has not joined";
  EXPECT_EQ(fanout.complete_since(), Time::max());
  const std::uint32_t round = fanout.round();
  fanout.leave(round);
  EXPECT_NE(fanout.round(), round);
  const std::uint32_t next = fanout.round();
  fanout.leave(round);
  EXPECT_EQ(fanout.round(), next) << "a round ends once";
}

}  // namespace
}  // namespace sekimori::capture

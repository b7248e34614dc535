#include "capture/source/fanout.hpp"

#include <sys/socket.h>
//
#include <linux/if_packet.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <utility>

namespace sekimori::capture {
namespace {

using Code = std::uint16_t;

// Instructions one after the other, with labels ahead. A condition reaches 255 instructions far, so each one
// is followed by a jump, which reaches everything.
class Assembler {
 public:
  using Label = std::size_t;

  Label label() {
    places_.push_back(0);
    return places_.size() - 1;
  }
  void place(Label label) { places_[label] = code_.size(); }
  void op(int code, std::uint32_t k = 0) { code_.push_back({static_cast<Code>(code), 0, 0, k}); }
  void jump(Label to) {
    jumps_.push_back({code_.size(), to});
    op(BPF_JMP | BPF_JA);
  }
  // To `to` when the condition on the accumulator holds, else on.
  void when(int condition, std::uint32_t k, Label to) {
    code_.push_back({static_cast<Code>(BPF_JMP | condition), 0, 1, k});
    jump(to);
  }
  void unless(int condition, std::uint32_t k, Label to) {
    code_.push_back({static_cast<Code>(BPF_JMP | condition), 1, 0, k});
    jump(to);
  }
  std::vector<sock_filter> finish() {
    for (const auto& [at, to] : jumps_) {
      assert(places_[to] > at);
      code_[at].k = static_cast<std::uint32_t>(places_[to] - at - 1);
    }
    return std::move(code_);
  }

 private:
  std::vector<sock_filter> code_{};
  std::vector<std::size_t> places_{};
  std::vector<std::pair<std::size_t, Label>> jumps_{};
};

// Where the program keeps what it knows.
enum Slot : std::uint32_t { header, source, destination, quoted_source, quoted_destination, work, kind };

// Offsets are from the register X, which stands on the header that is being looked at.
class Dealer {
 public:
  explicit Dealer(const DecodeOptions& decode) : decode_(decode) {}

  std::vector<sock_filter> program() {
    code_.op(BPF_LDX | BPF_W | BPF_IMM, 0);
    code_.op(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(SKF_AD_OFF + SKF_AD_PROTOCOL));
    const bool mirrors = !decode_.mirror_receivers.empty();
    const Label mirrored = code_.label();
    network(mirrors ? &mirrored : nullptr);
    if (mirrors) {
      code_.place(mirrored);
      mirror();
      network(nullptr);
    }
    code_.place(hash_);
    hash();
    code_.place(elsewhere_);
    code_.op(BPF_RET | BPF_K, 0);
    return code_.finish();
  }

 private:
  using Label = Assembler::Label;

  void octet(std::uint32_t offset) { code_.op(BPF_LD | BPF_B | BPF_IND, offset); }
  void half(std::uint32_t offset) { code_.op(BPF_LD | BPF_H | BPF_IND, offset); }
  void word(std::uint32_t offset) { code_.op(BPF_LD | BPF_W | BPF_IND, offset); }
  void keep(Slot slot) { code_.op(BPF_ST, slot); }
  void recall(Slot slot) { code_.op(BPF_LD | BPF_W | BPF_MEM, slot); }
  void recall_x(Slot slot) { code_.op(BPF_LDX | BPF_W | BPF_MEM, slot); }
  void masked(std::uint32_t mask) { code_.op(BPF_ALU | BPF_AND | BPF_K, mask); }
  void equal(std::uint32_t k, Label to) { code_.when(BPF_JEQ | BPF_K, k, to); }
  void unequal(std::uint32_t k, Label to) { code_.unless(BPF_JEQ | BPF_K, k, to); }
  void any_of(std::initializer_list<std::uint32_t> values, Label to) {
    for (const std::uint32_t value : values) equal(value, to);
  }
  // X moves on; A is lost.
  void step(std::uint32_t octets) {
    code_.op(BPF_MISC | BPF_TXA);
    code_.op(BPF_ALU | BPF_ADD | BPF_K, octets);
    code_.op(BPF_MISC | BPF_TAX);
  }
  // X moves on by as much as A says.
  void step_by_a() {
    code_.op(BPF_ALU | BPF_ADD | BPF_X);
    code_.op(BPF_MISC | BPF_TAX);
  }
  // To hash_ unless so many octets are left: a load beyond the end would end the program.
  void need(std::uint32_t octets) {
    code_.op(BPF_LD | BPF_W | BPF_LEN);
    code_.op(BPF_ALU | BPF_SUB | BPF_X);
    code_.unless(BPF_JGE | BPF_K, octets, hash_);
  }

  // A is the type of what X stands on. Ends in hash_ with both addresses set, in elsewhere_, or in `mirrored`
  // with X on the header behind that of a packet for a mirror receiver and its protocol in `kind`.
  void network(const Label* mirrored) {
    constexpr unsigned tags_most = 4;  // besides the one that the kernel has taken off
    const Label ipv4 = code_.label(), ipv6 = code_.label(), pppoe = code_.label(), mpls = code_.label();
    for (unsigned tag = 0; tag <= tags_most; ++tag) {
      const Label tagged = code_.label();
      equal(0x0800, ipv4);
      equal(0x86dd, ipv6);
      any_of({0x8100, 0x88a8, 0x9100}, tagged);
      equal(0x8864, pppoe);
      any_of({0x8847, 0x8848}, mpls);
      code_.jump(elsewhere_);
      code_.place(tagged);
      half(2);
      keep(work);
      step(4);
      recall(work);
    }
    code_.jump(elsewhere_);

    code_.place(pppoe);
    half(6);
    keep(work);
    step(8);
    recall(work);
    equal(0x0021, ipv4);
    equal(0x0057, ipv6);
    code_.jump(elsewhere_);

    code_.place(mpls);
    labels(ipv4, ipv6);

    code_.place(ipv4);
    internet_4(mirrored);
    code_.place(ipv6);
    internet_6(mirrored);
  }

  void labels(Label ipv4, Label ipv6) {
    constexpr unsigned labels_most = 6;
    const Label bottom = code_.label();
    for (unsigned label = 0; label < labels_most; ++label) {
      octet(2);
      masked(1);
      keep(work);
      step(4);
      recall(work);
      equal(1, bottom);
    }
    code_.jump(elsewhere_);
    code_.place(bottom);
    octet(0);
    masked(0xf0);
    equal(0x40, ipv4);
    equal(0x60, ipv6);
    code_.jump(elsewhere_);
  }

  void internet_4(const Label* mirrored) {
    const Label icmp = code_.label(), quote = code_.label(), ends_here = code_.label();
    word(12);
    keep(source);
    word(16);
    keep(destination);
    if (mirrored != nullptr) {
      for (const IpAddress& receiver : decode_.mirror_receivers) {
        if (receiver.family == Family::ipv4) equal(word_of(receiver, 0), ends_here);
      }
    }
    octet(9);
    equal(1, icmp);
    code_.jump(hash_);

    if (mirrored != nullptr) {
      code_.place(ends_here);
      octet(9);
      keep(kind);
      half(6);
      masked(0x1fff);
      unequal(0, hash_);
      step_over_header_4();
      code_.jump(*mirrored);
    }

    code_.place(icmp);
    half(6);
    masked(0x1fff);
    unequal(0, hash_);
    step_over_header_4();
    octet(0);
    any_of({3, 4, 5, 11, 12}, quote);
    code_.jump(hash_);
    code_.place(quote);
    need(8 + 20);
    octet(8);
    masked(0xf0);
    unequal(0x40, hash_);
    word(8 + 12);
    keep(quoted_source);
    word(8 + 16);
    keep(quoted_destination);
    take_quote();
  }

  void step_over_header_4() {
    octet(0);
    masked(0x0f);
    code_.op(BPF_ALU | BPF_LSH | BPF_K, 2);
    step_by_a();
  }

  void internet_6(const Label* mirrored) {
    const Label icmp = code_.label(), quote = code_.label(), ends_here = code_.label();
    code_.op(BPF_STX, header);
    fold(8, source);
    fold(24, destination);
    if (mirrored != nullptr) {
      for (const IpAddress& receiver : decode_.mirror_receivers) {
        if (receiver.family != Family::ipv6) continue;
        const Label another = code_.label();
        for (std::uint32_t i = 0; i < 4; ++i) {
          word(24 + 4 * i);
          unequal(word_of(receiver, i), another);
        }
        code_.jump(ends_here);
        code_.place(another);
      }
    }
    octet(6);
    equal(58, icmp);
    code_.jump(hash_);

    if (mirrored != nullptr) {
      code_.place(ends_here);
      octet(6);
      keep(kind);
      step(40);
      code_.jump(*mirrored);
    }

    code_.place(icmp);
    octet(40);
    any_of({1, 2, 3, 4}, quote);
    code_.jump(hash_);
    code_.place(quote);
    need(40 + 8 + 40);
    octet(48);
    masked(0xf0);
    unequal(0x60, hash_);
    fold(48 + 8, quoted_source);
    fold(48 + 24, quoted_destination);
    take_quote();
  }

  // 16 octets to 32 bits. X stays, and is in `header`.
  void fold(std::uint32_t offset, Slot slot) {
    word(offset);
    for (std::uint32_t next = 4; next < 16; next += 4) {
      code_.op(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1U);
      keep(slot);
      word(offset + next);
      recall_x(slot);
      code_.op(BPF_ALU | BPF_ADD | BPF_X);
      recall_x(header);
    }
    keep(slot);
  }

  // An ICMP error goes where the packet went that it quotes, if its receiver has sent that.
  void take_quote() {
    recall_x(destination);
    recall(quoted_source);
    code_.unless(BPF_JEQ | BPF_X, 0, hash_);
    keep(source);
    recall(quoted_destination);
    keep(destination);
    code_.jump(hash_);
  }

  // X stands behind the IP header of a mirror's transport, whose protocol is in `kind`. Leaves the type of
  // what is inside in A and X on it.
  void mirror() {
    const Label ethernet = code_.label(), inside = code_.label(), gre = code_.label(), udp = code_.label();
    recall(kind);
    equal(47, gre);
    equal(17, udp);
    code_.jump(hash_);

    code_.place(gre);
    generic(ethernet, inside);
    code_.place(udp);
    datagram(ethernet, inside);

    code_.place(ethernet);
    half(12);
    keep(work);
    step(14);
    recall(work);
    code_.place(inside);
  }

  // Generic routing encapsulation, version 0 without routes, and what ERSPAN adds behind it.
  void generic(Label ethernet, Label inside) {
    const Label erspan_2 = code_.label(), erspan_3 = code_.label();
    half(0);
    keep(kind);
    masked(0x4007);
    unequal(0, hash_);
    half(2);
    keep(work);
    step(4);
    for (const std::uint32_t flag : {0x8000U, 0x2000U, 0x1000U}) {
      const Label without = code_.label();
      recall(kind);
      code_.unless(BPF_JSET | BPF_K, flag, without);
      step(4);
      code_.place(without);
    }
    recall(work);
    equal(0x6558, ethernet);
    equal(0x88be, erspan_2);
    equal(0x22eb, erspan_3);
    code_.jump(inside);

    code_.place(erspan_2);  // type I is the one without sequence numbers, and has no header
    recall(kind);
    code_.unless(BPF_JSET | BPF_K, 0x1000, ethernet);
    step(8);
    code_.jump(ethernet);

    code_.place(erspan_3);
    octet(11);
    masked(1);
    code_.op(BPF_ALU | BPF_LSH | BPF_K, 3);
    code_.op(BPF_ALU | BPF_ADD | BPF_K, 12);
    step_by_a();
    code_.jump(ethernet);
  }

  // VXLAN and Geneve by their ports; other datagrams go by their addresses.
  void datagram(Label ethernet, Label inside) {
    constexpr std::uint16_t generic_extension = 4790;  // says itself what is inside, and not always Ethernet
    const Label vxlan = code_.label(), geneve = code_.label();
    half(2);
    for (const std::uint16_t port : decode_.vxlan_ports) {
      if (port != generic_extension) equal(port, vxlan);
    }
    for (const std::uint16_t port : decode_.geneve_ports) equal(port, geneve);
    code_.jump(hash_);

    code_.place(vxlan);
    step(8 + 8);
    code_.jump(ethernet);

    code_.place(geneve);
    half(8 + 2);
    keep(work);
    octet(8);
    masked(0x3f);
    code_.op(BPF_ALU | BPF_LSH | BPF_K, 2);
    code_.op(BPF_ALU | BPF_ADD | BPF_K, 8 + 8);
    step_by_a();
    recall(work);
    equal(0x6558, ethernet);
    code_.jump(inside);
  }

  // Sum and exclusive-or are both symmetric; a host that talks to itself would cancel in the latter alone.
  void hash() {
    recall_x(destination);
    recall(source);
    code_.op(BPF_ALU | BPF_ADD | BPF_X);
    keep(work);
    recall(source);
    code_.op(BPF_ALU | BPF_XOR | BPF_X);
    code_.op(BPF_ALU | BPF_MUL | BPF_K, 0x9e3779b1U);
    recall_x(work);
    code_.op(BPF_ALU | BPF_XOR | BPF_X);
    for (const std::uint32_t multiplier : {0x85ebca6bU, 0xc2b2ae35U}) {
      code_.op(BPF_ALU | BPF_MUL | BPF_K, multiplier);
      code_.op(BPF_MISC | BPF_TAX);
      code_.op(BPF_ALU | BPF_RSH | BPF_K, 15);
      code_.op(BPF_ALU | BPF_XOR | BPF_X);
    }
    code_.op(BPF_RET | BPF_A);
  }

  static std::uint32_t word_of(const IpAddress& address, std::size_t index) {
    std::uint32_t word = 0;
    for (std::size_t i = 0; i < 4; ++i) word = word << 8U | address.bytes[4 * index + i];
    return word;
  }

  const DecodeOptions& decode_;
  Assembler code_{};
  const Label hash_ = code_.label();
  const Label elsewhere_ = code_.label();
};

// Linux 6.2; what does not know it does not mind it.
constexpr unsigned flag_ignore_outgoing = 0x4000;

}  // namespace

std::vector<sock_filter> fanout_program(const DecodeOptions& decode) {
  return Dealer{decode}.program();
}

Fanout::Fanout(std::uint16_t workers, const DecodeOptions& decode)
    : workers_(workers), program_(fanout_program(decode)) {}

bool Fanout::turn_of(std::uint16_t worker) const {
  const std::lock_guard lock{mutex_};
  return joined_ == worker;
}

Fanout::Outcome Fanout::join(std::uint16_t worker, int socket) {
  const std::lock_guard lock{mutex_};
  if (joined_ != worker) return Outcome::not_yet;
  // The kernel finds a number for the first that no other process has.
  const unsigned kind =
      PACKET_FANOUT_CBPF | flag_ignore_outgoing | (worker == 0 ? PACKET_FANOUT_FLAG_UNIQUEID : 0U);
  int group = static_cast<int>((worker == 0 ? 0U : static_cast<unsigned>(group_)) | kind << 16U);
  if (::setsockopt(socket, SOL_PACKET, PACKET_FANOUT, &group, sizeof group) != 0) return Outcome::failed;
  if (worker == 0) {
    socklen_t size = sizeof group;
    if (::getsockopt(socket, SOL_PACKET, PACKET_FANOUT, &group, &size) != 0) return Outcome::failed;
    group_ = group & 0xffff;
    const sock_fprog program{static_cast<unsigned short>(program_.size()), program_.data()};
    if (::setsockopt(socket, SOL_PACKET, PACKET_FANOUT_DATA, &program, sizeof program) != 0) {
      return Outcome::failed;
    }
  }
  if (++joined_ == workers_) {
    complete_since_ = std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now());
  }
  return Outcome::joined;
}

void Fanout::leave(std::uint32_t round) {
  const std::lock_guard lock{mutex_};
  if (round != round_.load(std::memory_order_relaxed)) return;
  joined_ = 0;
  complete_since_ = Time::max();
  round_.store(round + 1, std::memory_order_release);
}

Time Fanout::complete_since() const {
  const std::lock_guard lock{mutex_};
  return complete_since_;
}

}  // namespace sekimori::capture

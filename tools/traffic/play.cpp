#include "tools/traffic/play.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <string>

#include "tools/traffic/link_talk.hpp"

namespace sekimori::traffic {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Sequence numbers and identifiers have to look like some and be the same each time (splitmix64).
std::uint64_t scattered(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15U;
  value = (value ^ (value >> 30U)) * 0xbf58476d1ce4e5b9U;
  value = (value ^ (value >> 27U)) * 0x94d049bb133111ebU;
  return value ^ (value >> 31U);
}

constexpr Duration router_delay = microseconds{40};
constexpr Duration duplicate_delay = microseconds{3};
constexpr Duration segment_spacing = microseconds{120};
constexpr Duration retransmission_delay = milliseconds{210};

IpAddress solicited_node(const IpAddress& target) {
  IpAddress group;
  group.family = Family::ipv6;
  constexpr std::array<std::uint8_t, 13> beginning{0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x01, 0xff};
  std::copy(beginning.begin(), beginning.end(), group.bytes.begin());
  std::copy(target.bytes.end() - 3, target.bytes.end(), group.bytes.end() - 3);
  return group;
}

// One conversation on its way through the network, seen by the mirror where the event says.
class Stage {
 public:
  Stage(const Story& story, const Event& event, const Host& from, const Member& initiator, const Host& to,
        const Member& responder, std::vector<Shot>& shots)
      : story_(story),
        event_(event),
        from_(from),
        to_(to),
        initiator_(initiator),
        responder_(responder),
        ttl_(event.ttl.value_or(from.ttl)),
        shots_(shots) {
    if (event.mac) initiator_.mac = *event.mac;
    if (event.via) {
      const Router& router = story.routers[*event.via];
      leg_initiator_ = &router.legs.at(from.vlan);
      leg_responder_ = &router.legs.at(to.vlan);
    }
    forth_ = {*initiator.address(event.family), *responder.address(event.family)};
    books_.line = event.line;
    books_.kind = event.kind;
    books_.outcome = event.outcome;
    books_.initiator = forth_.source;
    books_.responder = forth_.destination;
    books_.initiator_vlan = event.on.value_or(from.vlan);
    books_.responder_vlan = event.on.value_or(to.vlan);
    books_.passed = event.outcome == Outcome::accepted || event.outcome == Outcome::unanswered ||
                    event.outcome == Outcome::refused;
  }

  Conversation& books() { return books_; }
  const Pair& forth() const { return forth_; }
  Pair back() const { return {forth_.destination, forth_.source}; }

  // From the initiator. Goes on behind the router unless the event's outcome says that it ends there.
  void send(Time time, std::uint8_t protocol, const Octets& payload) {
    last_sent_ = ip(forth_, {protocol, ttl_, ++identification_}, payload);
    if (event_.only && *event_.only != Side::initiator) return;
    const auto hop = [&](std::uint8_t ttl) { return ip(forth_, {protocol, ttl, identification_}, payload); };
    if (leg_initiator_ == nullptr) {
      show(time, {{initiator_.mac, responder_.mac, tag(from_), ether()}, hop(ttl_)}, books_.forth);
      return;
    }
    bool again = false;
    if (event_.seen_at_initiator) {
      show(time, {{initiator_.mac, leg_initiator_->mac, tag(from_), ether()}, hop(ttl_)}, books_.forth);
      again = true;
    }
    if (event_.seen_at_responder && books_.passed) {
      show(time + router_delay, {{leg_responder_->mac, responder_.mac, tag(to_), ether()}, hop(lower(ttl_))},
           books_.forth, again);
    }
  }

  // From the responder.
  void answer(Time time, std::uint8_t protocol, const Octets& payload) {
    answer(time, protocol, payload, books_.back);
  }
  void answer(Time time, std::uint8_t protocol, const Octets& payload, Flowed& flowed) {
    if (event_.only && *event_.only != Side::responder) return;
    ++identification_;
    const auto hop = [&](std::uint8_t ttl) { return ip(back(), {protocol, ttl, identification_}, payload); };
    if (leg_initiator_ == nullptr) {
      show(time, {{responder_.mac, initiator_.mac, tag(to_), ether()}, hop(to_.ttl)}, flowed);
      return;
    }
    bool again = false;
    if (event_.seen_at_responder) {
      show(time, {{responder_.mac, leg_responder_->mac, tag(to_), ether()}, hop(to_.ttl)}, flowed);
      again = true;
    }
    if (event_.seen_at_initiator) {
      show(time + router_delay,
           {{leg_initiator_->mac, initiator_.mac, tag(from_), ether()}, hop(lower(to_.ttl))}, flowed, again);
    }
  }

  // In the responder's name, from the router.
  void router_answer(Time time, std::uint8_t protocol, const Octets& payload) {
    if ((event_.only && *event_.only != Side::responder) || !event_.seen_at_initiator) return;
    show(time,
         {{leg_initiator_->mac, initiator_.mac, tag(from_), ether()},
          ip(back(), {protocol, 255, ++identification_}, payload)},
         books_.back);
  }

  // An ICMP error about the last packet sent: from the router in its own name, or from the responder.
  void complain(Time time, Refusal refusal) {
    const std::uint8_t protocol = forth_.source.family == Family::ipv6 ? 58 : 1;
    if (event_.only && *event_.only != Side::responder) return;
    if (refusal == Refusal::port_unreachable) {
      answer(time, protocol, icmp_error(back(), refusal, last_sent_), books_.errors);
      return;
    }
    if (!event_.seen_at_initiator) return;
    const Pair pair{*(forth_.source.family == Family::ipv6 ? leg_initiator_->ipv6 : leg_initiator_->ipv4),
                    forth_.source};
    show(time,
         {{leg_initiator_->mac, initiator_.mac, tag(from_), ether()},
          ip(pair, {protocol, 255, ++identification_}, icmp_error(pair, refusal, last_sent_))},
         books_.errors);
  }

  struct Sight {
    Link link{};
    Octets packet{};
  };
  // One frame before the mirror; `again`: the same packet as the one before, seen elsewhere.
  void show(Time time, const Sight& sight, Flowed& flowed, bool again = false) {
    const Octets bytes = ethernet(sight.link, sight.packet);
    if (!again) {
      ++flowed.packets;
      flowed.bytes += bytes.size();
    }
    for (std::uint32_t copy = 0; copy < event_.copies; ++copy) {
      const Time at = time + copy * duplicate_delay;
      ++flowed.frames;
      flowed.frame_bytes += bytes.size();
      books_.first = books_.first == Time{} ? at : std::min(books_.first, at);
      books_.last = std::max(books_.last, at);
      shots_.push_back({at, bytes});
    }
  }

  EtherType ether() const { return forth_.source.family == Family::ipv6 ? EtherType::ipv6 : EtherType::ipv4; }
  std::optional<std::uint16_t> tag(const Host& host) const {
    const std::uint16_t vlan = event_.on.value_or(host.vlan);
    if (!story_.tagged || vlan == 0) return std::nullopt;
    return vlan;
  }
  // What is said to everybody on the sender's wire, or there from one to another.
  void say(Time time, const Pair& pair, const MacAddress& destination, const IpHeader& header,
           const Octets& payload) {
    if (event_.only && *event_.only != Side::initiator) return;
    const EtherType type = is_ipv6(pair.source) ? EtherType::ipv6 : EtherType::ipv4;
    show(time, {{initiator_.mac, destination, tag(from_), type}, ip(pair, header, payload)}, books_.forth);
  }
  std::uint16_t next_identification() { return ++identification_; }
  std::uint8_t ttl() const { return ttl_; }
  const Member& initiator() const { return initiator_; }
  const Member& responder() const { return responder_; }
  const Host& from() const { return from_; }
  const Host& to() const { return to_; }

 private:
  static bool is_ipv6(const IpAddress& address) { return address.family == Family::ipv6; }
  static std::uint8_t lower(std::uint8_t ttl) { return ttl > 0 ? static_cast<std::uint8_t>(ttl - 1) : ttl; }

  const Story& story_;
  const Event& event_;
  const Host& from_;
  const Host& to_;
  Member initiator_;
  const Member& responder_;
  const std::uint8_t ttl_;
  std::vector<Shot>& shots_;
  const Leg* leg_initiator_ = nullptr;
  const Leg* leg_responder_ = nullptr;
  Pair forth_{};
  Conversation books_{};
  Octets last_sent_{};
  std::uint16_t identification_ = 0;
};

struct Ports {
  std::uint16_t initiator = 0;
  std::uint16_t responder = 0;
};

class TcpTalk {
 public:
  TcpTalk(Stage& stage, const Event& event, Ports ports, Time start, std::uint64_t seed)
      : stage_(stage), event_(event), ports_(ports), time_(start) {
    sequence_ = static_cast<std::uint32_t>(scattered(seed));
    theirs_ = static_cast<std::uint32_t>(scattered(seed + 1));
    segment_most_ = event.family == Family::ipv6 ? 1440 : 1460;
  }

  void run() {
    if (event_.outcome != Outcome::accepted) {
      attempt();
      return;
    }
    if (!event_.in_the_middle) {
      forth(tcp_flag::syn);
      ++sequence_;
      time_ += event_.round_trip;
      back(tcp_flag::syn | tcp_flag::ack);
      ++theirs_;
      time_ += segment_spacing;
      forth(tcp_flag::ack);
    }
    for (std::uint32_t round = 0; round < event_.rounds; ++round) {
      if (round != 0) time_ += event_.pause;
      data(Side::initiator, event_.send);
      data(Side::responder, event_.receive);
    }
    if (event_.close == Close::rst) {
      time_ += segment_spacing;
      forth(tcp_flag::rst | tcp_flag::ack);
    } else if (event_.close == Close::fin) {
      time_ += segment_spacing;
      forth(tcp_flag::fin | tcp_flag::ack);
      ++sequence_;
      time_ += event_.round_trip;
      back(tcp_flag::fin | tcp_flag::ack);
      ++theirs_;
      time_ += segment_spacing;
      forth(tcp_flag::ack);
    }
  }

 private:
  void attempt() {
    Duration wait = seconds{1};
    for (std::uint32_t attempt = 0; attempt < event_.tries; ++attempt) {
      forth(tcp_flag::syn);
      const Octets reset =
          tcp(stage_.back(),
              {ports_.responder, ports_.initiator, 0, sequence_ + 1, tcp_flag::rst | tcp_flag::ack}, 0);
      if (event_.outcome == Outcome::refused) stage_.answer(time_ + event_.round_trip, 6, reset);
      if (event_.outcome == Outcome::rejected) stage_.router_answer(time_ + event_.round_trip, 6, reset);
      if (event_.outcome == Outcome::prohibited)
        stage_.complain(time_ + event_.round_trip, Refusal::prohibited);
      time_ += wait;  // RFC 6298: the timer doubles
      wait *= 2;
    }
  }

  // Every second segment is acknowledged, and the last one.
  void data(Side side, std::uint32_t size) {
    std::uint32_t since_acknowledged = 0;
    while (size > 0) {
      const std::uint32_t part = std::min(size, segment_most_);
      size -= part;
      const std::uint8_t flags = size == 0 ? tcp_flag::psh | tcp_flag::ack : tcp_flag::ack;
      time_ += segment_spacing;
      push(side, flags, part);
      if (retransmitted_ < event_.retransmit) {
        ++retransmitted_;
        time_ += retransmission_delay;
        push(side, flags, part);
      }
      (side == Side::initiator ? sequence_ : theirs_) += part;
      if (++since_acknowledged == 2 || size == 0) {
        since_acknowledged = 0;
        time_ += event_.round_trip;
        push(side == Side::initiator ? Side::responder : Side::initiator, tcp_flag::ack, 0);
      }
    }
  }

  void push(Side side, std::uint8_t flags, std::uint32_t size) {
    if (side == Side::initiator) {
      forth(flags, size);
    } else {
      back(flags, size);
    }
  }
  void forth(std::uint8_t flags, std::uint32_t size = 0) {
    const std::uint32_t acknowledgment = (flags & tcp_flag::ack) != 0 ? theirs_ : 0;
    stage_.send(
        time_, 6,
        tcp(stage_.forth(), {ports_.initiator, ports_.responder, sequence_, acknowledgment, flags}, size));
  }
  void back(std::uint8_t flags, std::uint32_t size = 0) {
    stage_.answer(time_, 6,
                  tcp(stage_.back(), {ports_.responder, ports_.initiator, theirs_, sequence_, flags}, size));
  }

  Stage& stage_;
  const Event& event_;
  const Ports ports_;
  Time time_;
  std::uint32_t sequence_ = 0;
  std::uint32_t theirs_ = 0;
  std::uint32_t segment_most_ = 0;
  std::uint32_t retransmitted_ = 0;
};

void talk_udp(Stage& stage, const Event& event, Ports ports, Time time) {
  const bool answered = event.outcome == Outcome::accepted;
  for (std::uint32_t round = 0; round < (answered ? event.rounds : event.tries); ++round) {
    stage.send(time, 17, udp(stage.forth(), {ports.initiator, ports.responder}, event.send));
    const Time then = time + event.round_trip;
    if (answered && event.receive > 0) {
      stage.answer(then, 17, udp(stage.back(), {ports.responder, ports.initiator}, event.receive));
    }
    if (event.outcome == Outcome::refused) stage.complain(then, Refusal::port_unreachable);
    if (event.outcome == Outcome::prohibited) stage.complain(then, Refusal::prohibited);
    time = then + event.pause;
  }
}

void talk_icmp(Stage& stage, const Event& event, std::uint16_t identifier, Time time) {
  const std::uint8_t protocol = event.family == Family::ipv6 ? 58 : 1;
  const bool answered = event.outcome == Outcome::accepted;
  for (std::uint32_t round = 0; round < (answered ? event.rounds : event.tries); ++round) {
    const auto sequence = static_cast<std::uint16_t>(round + 1);
    stage.send(time, protocol, echo(stage.forth(), {false, identifier, sequence}, event.send));
    const Time then = time + event.round_trip;
    if (answered) stage.answer(then, protocol, echo(stage.back(), {true, identifier, sequence}, event.send));
    if (event.outcome == Outcome::prohibited) stage.complain(then, Refusal::prohibited);
    time = then + event.pause;
  }
}

void talk_arp(Stage& stage, const Event& event, Time time) {
  const MacAddress everyone{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
  const Pair pair = stage.forth();
  const bool answered = event.outcome == Outcome::accepted && !event.gratuitous;
  for (std::uint32_t attempt = 0; attempt < (event.outcome == Outcome::accepted ? 1 : event.tries);
       ++attempt) {
    if (!event.only || *event.only == Side::initiator) {
      stage.show(time,
                 {{stage.initiator().mac, everyone, stage.tag(stage.from()), EtherType::arp},
                  arp({false, stage.initiator().mac, pair.source, {}, pair.destination})},
                 stage.books().forth);
    }
    if (answered && (!event.only || *event.only == Side::responder)) {
      stage.show(time + event.round_trip,
                 {{stage.responder().mac, stage.initiator().mac, stage.tag(stage.from()), EtherType::arp},
                  arp({true, stage.responder().mac, pair.destination, stage.initiator().mac, pair.source})},
                 stage.books().back);
    }
    time += seconds{1};
  }
}

void talk_ndp(Stage& stage, const Event& event, Time time) {
  const Pair pair = stage.forth();
  const Pair asking{pair.source, solicited_node(pair.destination)};
  MacAddress group{{0x33, 0x33, 0, 0, 0, 0}};
  std::copy(asking.destination.bytes.end() - 4, asking.destination.bytes.end(), group.bytes.end() - 4);
  for (std::uint32_t attempt = 0; attempt < (event.outcome == Outcome::accepted ? 1 : event.tries);
       ++attempt) {
    if (!event.only || *event.only == Side::initiator) {
      stage.show(
          time,
          {{stage.initiator().mac, group, stage.tag(stage.from()), EtherType::ipv6},
           ip(asking, {58, 255, 0}, neighbour(asking, false, pair.destination, stage.initiator().mac))},
          stage.books().forth);
    }
    if (event.outcome == Outcome::accepted && (!event.only || *event.only == Side::responder)) {
      stage.show(time + event.round_trip,
                 {{stage.responder().mac, stage.initiator().mac, stage.tag(stage.from()), EtherType::ipv6},
                  ip(stage.back(), {58, 255, 0},
                     neighbour(stage.back(), true, pair.destination, stage.responder().mac))},
                 stage.books().back);
    }
    time += seconds{1};
  }
}

// The address that a card gives itself (RFC 4291, appendix A).
IpAddress link_local(const MacAddress& mac) {
  IpAddress address;
  address.family = Family::ipv6;
  const auto& from = mac.bytes;
  address.bytes = {
      0xfe,    0x80,    0,    0,    0,       0,       0,      0, static_cast<std::uint8_t>(from[0] ^ 0x02U),
      from[1], from[2], 0xff, 0xfe, from[3], from[4], from[5]};
  return address;
}

IpAddress all_ones() {
  return IpAddress::ipv4(0xffffffffU);
}

// The event's host is the client whoever speaks; nobody has an address before it is given.
void talk_dhcp(Stage& stage, const Event& event, const std::string& name, std::uint64_t seed, Time time) {
  const bool v6 = event.family == Family::ipv6;
  const Pair pair = stage.forth();
  const IpAddress servers = v6 ? *IpAddress::parse("ff02::1:2") : all_ones();
  const IpAddress client = v6 ? link_local(stage.initiator().mac) : IpAddress::ipv4(0);
  const UdpPorts asking = v6 ? UdpPorts{546, 547} : UdpPorts{68, 67};
  for (const DhcpMessage message : event.messages) {
    DhcpBody body{
        message, static_cast<std::uint32_t>(scattered(seed)), stage.initiator().mac, pair.source, {}, name};
    if (!event.to.empty()) body.server = pair.destination;
    if (asks_server(message)) {
      const Pair asked{client, servers};
      stage.say(time, asked, group_mac(servers), {17, stage.ttl(), stage.next_identification()},
                udp(asked, asking, dhcp(body, event.family)));
    } else if (!event.only || *event.only == Side::responder) {
      const MacAddress server = stage.responder().mac;
      const Pair said = v6 ? Pair{link_local(server), client} : Pair{pair.destination, all_ones()};
      const MacAddress destination = v6 ? stage.initiator().mac : group_mac(said.destination);
      stage.show(time,
                 {{server, destination, stage.tag(stage.from()), stage.ether()},
                  ip(said, {17, stage.to().ttl, stage.next_identification()},
                     udp(said, {asking.destination, asking.source}, dhcp(body, event.family)))},
                 stage.books().back);
    }
    time += event.round_trip;
  }
  stage.books().initiator_port = asking.source;
  stage.books().responder_port = asking.destination;
}

void talk_ra(Stage& stage, const Event& event, Time time) {
  const Pair pair{link_local(stage.initiator().mac), *IpAddress::parse("ff02::1")};
  stage.books().initiator = pair.source;
  stage.books().responder = pair.destination;
  stage.say(time, pair, group_mac(pair.destination), {58, 255, 0},
            router_advertisement(pair, stage.initiator().mac, *event.prefix));
}

void talk_bpdu(Stage& stage, const Event& event, Time time) {
  const MacAddress bridges{{0x01, 0x80, 0xc2, 0x00, 0x00, 0x00}};
  stage.show(time,
             {{stage.initiator().mac, bridges, stage.tag(stage.from()), EtherType::length},
              bpdu(event.root, stage.initiator().mac)},
             stage.books().forth);
}

void talk_call(Stage& stage, const Event& event, const std::string& name, std::uint64_t seed, Time time) {
  const IpAddress sender = stage.forth().source;
  const CallWay way = call_way(event.call, event.family);
  IpAddress group = event.group.value_or(way.group);
  if (group.family == Family::none) {  // to its own network, taken for a /24
    group = sender;
    group.bytes[3] = 0xff;
  }
  const Pair pair{sender, group};
  const auto identifier = static_cast<std::uint16_t>(scattered(seed));
  stage.books().responder = group;
  stage.books().initiator_port = way.ports.source;
  stage.books().responder_port = way.ports.destination;
  stage.say(time, pair, group_mac(group), {17, event.ttl.value_or(way.ttl), stage.next_identification()},
            udp(pair, way.ports, call(event.call, sender, name, identifier)));
}

// One conversation after the other, in the order of the story.
class Player {
 public:
  explicit Player(const Story& story) : story_(story) {}

  Played run() {
    for (const Event& event : story_.events) {
      nth_ = 0;
      for (std::uint32_t repeat = 0; repeat < event.count; ++repeat) {
        time_ = story_.start + event.at + repeat * event.every;
        for (std::size_t i = 0; i < story_.hosts[event.from].members.size(); ++i) all_of(event, i);
      }
    }
    std::stable_sort(played_.shots.begin(), played_.shots.end(),
                     [](const Shot& a, const Shot& b) { return a.time < b.time; });
    return std::move(played_);
  }

 private:
  void all_of(const Event& event, std::size_t member) {
    const Host& from = story_.hosts[event.from];
    const Member& initiator = from.members[member];
    name_ = event.name.empty() ? from.name : event.name;
    if (from.members.size() > 1) name_ += "-" + std::to_string(member + 1);
    if (event.to.empty()) one(event, initiator, from, initiator, 0);
    for (const std::size_t to : event.to) {
      for (const Member& responder : story_.hosts[to].members) {
        for (const std::uint16_t port : event.ports) {
          one(event, initiator, story_.hosts[to], responder, port);
        }
      }
    }
  }

  void one(const Event& event, const Member& initiator, const Host& to, const Member& responder,
           std::uint16_t port) {
    Stage stage{story_, event, story_.hosts[event.from], initiator, to, responder, played_.shots};
    const std::uint16_t own = own_port(event, initiator);
    Conversation& books = stage.books();
    if (event.kind == Kind::tcp || event.kind == Kind::udp || event.kind == Kind::icmp) {
      books.initiator_port = own;
    }
    books.responder_port = port;
    speak(stage, event, {own, port});
    played_.conversations.push_back(books);
    ++nth_;
    time_ += event.gap;
  }

  void speak(Stage& stage, const Event& event, Ports ports) {
    const std::uint64_t seed = played_.conversations.size() * 2;
    switch (event.kind) {
      case Kind::tcp:
        return TcpTalk{stage, event, ports, time_, seed}.run();
      case Kind::udp:
        return talk_udp(stage, event, ports, time_);
      case Kind::icmp:
        return talk_icmp(stage, event, ports.initiator, time_);
      case Kind::arp:
        return talk_arp(stage, event, time_);
      case Kind::ndp:
        return talk_ndp(stage, event, time_);
      case Kind::dhcp:
        return talk_dhcp(stage, event, name_, seed, time_);
      case Kind::ra:
        return talk_ra(stage, event, time_);
      case Kind::bpdu:
        return talk_bpdu(stage, event, time_);
      case Kind::call:
        return talk_call(stage, event, name_, seed, time_);
    }
  }

  std::uint16_t own_port(const Event& event, const Member& initiator) {
    if (event.port) return static_cast<std::uint16_t>(*event.port + nth_);
    std::uint16_t& counter = next_port_[*initiator.address(event.family)];
    return static_cast<std::uint16_t>(49152 + counter++ % 16384);
  }

  const Story& story_;
  Played played_{};
  std::map<IpAddress, std::uint16_t> next_port_{};
  std::uint32_t nth_ = 0;  // conversation of the event
  Time time_{};
  std::string name_{};
};

}  // namespace

Played play(const Story& story) {
  return Player{story}.run();
}

}  // namespace sekimori::traffic

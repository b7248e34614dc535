#include "tools/traffic/play.hpp"

#include <algorithm>
#include <array>
#include <map>

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
        shots_(shots) {
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
    books_.initiator_vlan = from.vlan;
    books_.responder_vlan = to.vlan;
    books_.passed = event.outcome == Outcome::accepted || event.outcome == Outcome::unanswered ||
                    event.outcome == Outcome::refused;
  }

  Conversation& books() { return books_; }
  const Pair& forth() const { return forth_; }
  Pair back() const { return {forth_.destination, forth_.source}; }

  // From the initiator. Goes on behind the router unless the event's outcome says that it ends there.
  void send(Time time, std::uint8_t protocol, const Octets& payload) {
    last_sent_ = ip(forth_, {protocol, from_.ttl, ++identification_}, payload);
    if (event_.only && *event_.only != Side::initiator) return;
    const auto hop = [&](std::uint8_t ttl) { return ip(forth_, {protocol, ttl, identification_}, payload); };
    if (leg_initiator_ == nullptr) {
      show(time, {{initiator_.mac, responder_.mac, tag(from_), ether()}, hop(from_.ttl)}, books_.forth);
      return;
    }
    bool again = false;
    if (event_.seen_at_initiator) {
      show(time, {{initiator_.mac, leg_initiator_->mac, tag(from_), ether()}, hop(from_.ttl)}, books_.forth);
      again = true;
    }
    if (event_.seen_at_responder && books_.passed) {
      show(time + router_delay,
           {{leg_responder_->mac, responder_.mac, tag(to_), ether()}, hop(lower(from_.ttl))}, books_.forth,
           again);
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
    if (!story_.tagged || host.vlan == 0) return std::nullopt;
    return host.vlan;
  }
  const Member& initiator() const { return initiator_; }
  const Member& responder() const { return responder_; }
  const Host& from() const { return from_; }
  const Host& to() const { return to_; }

 private:
  static std::uint8_t lower(std::uint8_t ttl) { return ttl > 0 ? static_cast<std::uint8_t>(ttl - 1) : ttl; }

  const Story& story_;
  const Event& event_;
  const Host& from_;
  const Host& to_;
  const Member& initiator_;
  const Member& responder_;
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
  for (std::uint32_t attempt = 0; attempt < (event.outcome == Outcome::accepted ? 1 : event.tries);
       ++attempt) {
    if (!event.only || *event.only == Side::initiator) {
      stage.show(time,
                 {{stage.initiator().mac, everyone, stage.tag(stage.from()), EtherType::arp},
                  arp({false, stage.initiator().mac, pair.source, {}, pair.destination})},
                 stage.books().forth);
    }
    if (event.outcome == Outcome::accepted && (!event.only || *event.only == Side::responder)) {
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

void put16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value & 0xffU);
  out += static_cast<char>((value >> 8U) & 0xffU);
}
void put32(std::string& out, std::uint32_t value) {
  put16(out, value & 0xffffU);
  put16(out, value >> 16U);
}

}  // namespace

const char* word(Kind kind) {
  switch (kind) {
    case Kind::tcp:
      return "tcp";
    case Kind::udp:
      return "udp";
    case Kind::icmp:
      return "icmp";
    case Kind::arp:
      return "arp";
    case Kind::ndp:
      return "ndp";
  }
  return "";
}

const char* word(Outcome outcome) {
  switch (outcome) {
    case Outcome::accepted:
      return "accepted";
    case Outcome::unanswered:
      return "unanswered";
    case Outcome::dropped:
      return "dropped";
    case Outcome::refused:
      return "refused";
    case Outcome::rejected:
      return "rejected";
    case Outcome::prohibited:
      return "prohibited";
  }
  return "";
}

Played play(const Story& story) {
  Played played;
  std::map<IpAddress, std::uint16_t> next_port;
  for (const Event& event : story.events) {
    const Host& from = story.hosts[event.from];
    std::uint32_t nth = 0;  // conversation of the event
    for (std::uint32_t repeat = 0; repeat < event.count; ++repeat) {
      Time time = story.start + event.at + repeat * event.every;
      for (const Member& initiator : from.members) {
        for (const std::size_t to_index : event.to) {
          const Host& to = story.hosts[to_index];
          for (const Member& responder : to.members) {
            for (const std::uint16_t port : event.ports) {
              std::uint16_t own = 0;
              if (event.port) {
                own = static_cast<std::uint16_t>(*event.port + nth);
              } else {
                std::uint16_t& counter = next_port[*initiator.address(event.family)];
                own = static_cast<std::uint16_t>(49152 + counter++ % 16384);
              }
              Stage stage{story, event, from, initiator, to, responder, played.shots};
              Conversation& books = stage.books();
              if (event.kind != Kind::arp && event.kind != Kind::ndp) books.initiator_port = own;
              books.responder_port = port;
              const std::uint64_t seed = played.conversations.size() * 2;
              switch (event.kind) {
                case Kind::tcp:
                  TcpTalk{stage, event, {own, port}, time, seed}.run();
                  break;
                case Kind::udp:
                  talk_udp(stage, event, {own, port}, time);
                  break;
                case Kind::icmp:
                  talk_icmp(stage, event, own, time);
                  break;
                case Kind::arp:
                  talk_arp(stage, event, time);
                  break;
                case Kind::ndp:
                  talk_ndp(stage, event, time);
                  break;
              }
              played.conversations.push_back(books);
              ++nth;
              time += event.gap;
            }
          }
        }
      }
    }
  }
  std::stable_sort(played.shots.begin(), played.shots.end(),
                   [](const Shot& a, const Shot& b) { return a.time < b.time; });
  return played;
}

std::string pcap(const Story& story, const Played& played) {
  std::string out;
  put32(out, story.nanoseconds ? 0xa1b23c4dU : 0xa1b2c3d4U);
  put16(out, 2);
  put16(out, 4);
  put32(out, 0);
  put32(out, 0);
  put32(out, story.snaplen);
  put32(out, 1);  // LINKTYPE_ETHERNET
  for (const Shot& shot : played.shots) {
    const std::int64_t time = shot.time.time_since_epoch().count();
    const auto fraction = static_cast<std::uint32_t>(time % 1'000'000'000);
    const auto kept = static_cast<std::uint32_t>(std::min<std::size_t>(shot.bytes.size(), story.snaplen));
    put32(out, static_cast<std::uint32_t>(time / 1'000'000'000));
    put32(out, story.nanoseconds ? fraction : fraction / 1000);
    put32(out, kept);
    put32(out, static_cast<std::uint32_t>(shot.bytes.size()));
    out.append(reinterpret_cast<const char*>(shot.bytes.data()), kept);
  }
  return out;
}

std::string truth(const Played& played) {
  std::string out =
      "line\tproto\toutcome\tinitiator\tinitiator_port\tresponder\tresponder_port\tinitiator_vlan\tresponder_"
      "vlan\t"
      "passed\tpkts_toserver\tbytes_toserver\tpkts_toclient\tbytes_toclient\tpkts_icmp_error\tframes_"
      "toserver\t"
      "frame_bytes_toserver\tframes_toclient\tframe_bytes_toclient\tframes_icmp_error\tfirst_ns\tlast_ns\n";
  const auto cell = [&out](const std::string& text) { out += text + '\t'; };
  const auto number = [&](std::uint64_t value) { cell(std::to_string(value)); };
  for (const Conversation& talk : played.conversations) {
    cell(std::to_string(talk.line));
    cell(word(talk.kind));
    cell(word(talk.outcome));
    cell(talk.initiator.to_string());
    number(talk.initiator_port);
    cell(talk.responder.to_string());
    number(talk.responder_port);
    number(talk.initiator_vlan);
    number(talk.responder_vlan);
    cell(talk.passed ? "yes" : "no");
    for (const Flowed& flowed : {talk.forth, talk.back}) {
      number(flowed.packets);
      number(flowed.bytes);
    }
    number(talk.errors.packets);
    for (const Flowed& flowed : {talk.forth, talk.back}) {
      number(flowed.frames);
      number(flowed.frame_bytes);
    }
    number(talk.errors.frames);
    cell(std::to_string(talk.first.time_since_epoch().count()));
    out += std::to_string(talk.last.time_since_epoch().count()) + '\n';
  }
  return out;
}

}  // namespace sekimori::traffic

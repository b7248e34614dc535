#include "tests/scenarios/story.hpp"

#include <algorithm>
#include <random>

#include "daemon/alert/incident.hpp"
#include "daemon/inspector.hpp"
#include "tests/daemon/city.hpp"

namespace sekimori::scenario {

namespace {

constexpr Time morning{std::chrono::seconds{1795132800}};  // 2026-11-20T09:00:00+09:00

constexpr std::string_view segments = R"(
profile: alpha
segments:
  mynumber: {prefixes: [10.10.0.0/16, "fd10:10::/48"]%mynumber%}
  lgwan: {prefixes: [10.20.0.0/16, "fd10:20::/48"]%lgwan%}
  internet: {prefixes: [10.30.0.0/16]}
exceptions:
  - {id: EX-1, reason: 試験, approver: 最高情報統括責任者, ticket: 試験第1号, from: 2026-04-01, until: 2027-04-01,
     source: {addresses: [10.20.10.6]}, destination: {addresses: [10.10.10.6], macs: ["02:00:00:00:00:11", "02:00:00:00:00:22"]},
     protocol: tcp, ports: [8530]}
# The firewall's legs: one side alone shows them instead of the host beyond.
routers: ["02:00:00:00:00:f1", "02:00:00:00:00:f2"]
)";

std::string replaced(std::string text, std::string_view mark, std::string_view with) {
  const std::size_t at = text.find(mark);
  return at == std::string::npos ? text : text.replace(at, mark.size(), with);
}

std::shared_ptr<const policy::Policy> make_city(bool claims) {
  std::string text{segments};
  text = replaced(text, "%mynumber%", claims ? ", vlans: [10, 11], taps: [t0]" : "");
  text = replaced(text, "%lgwan%", claims ? ", vlans: [20], taps: [t1]" : "");
  config::Config config = config::load_text(text, "city.yaml", Language::en);
  std::vector<std::pair<std::string, std::string>> sources;
  for (const config::SourceText& source : config.sources) sources.emplace_back(source.path, source.content);
  return daemon::build_policy(std::move(config.policy), {"t0", "t1"}, sources, 1, Language::en);
}

const std::shared_ptr<const policy::Policy>& city(bool claims) {
  static const std::array cities{make_city(false), make_city(true)};
  return cities[claims ? 1 : 0];
}

// The MACs of a frame on one side: host or its router there, and the firewall's leg.
kit::PacketBuilder link(Side side, bool from_client, View view) {
  const bool inside = side == Side::inside;
  const char* host = inside ? "02:00:00:00:00:11" : "02:00:00:00:00:22";
  const char* firewall = inside ? "02:00:00:00:00:f1" : "02:00:00:00:00:f2";
  const bool to_firewall = inside == from_client;
  kit::PacketBuilder frame = to_firewall ? kit::ethernet(host, firewall) : kit::ethernet(firewall, host);
  const bool tagged = view == View::trunk || view == View::erspan || view == View::vxlan;
  return tagged ? frame.vlan(inside ? 10 : 20) : frame;
}

kit::Octets joined(const kit::Octets& a, const kit::Octets& b) {
  kit::Octets all = a;
  all.insert(all.end(), b.begin(), b.end());
  return all;
}

constexpr const char* switch_address = "192.0.2.1";
constexpr const char* sensor_address = "192.0.2.9";

kit::BuiltFrame carried(const kit::BuiltFrame& frame, View view, unsigned number) {
  const kit::PacketBuilder outer =
      kit::ethernet("02:00:00:00:01:01", "02:00:00:00:01:02").ipv4(switch_address, sensor_address);
  if (view == View::vxlan) {
    return outer.identification(number)
        .udp(49152 + number % 1000, 4789)
        .payload(joined(kit::octets({8, 0, 0, 0, 0, 0, 7, 0}), frame.bytes))
        .build();
  }
  if (view == View::erspan) {
    const unsigned high = number >> 8U & 0xffU;
    const unsigned low = number & 0xffU;
    // GRE with a sequence number, then ERSPAN type II: version 1, no VLAN of its own, session 1.
    const kit::Octets header = kit::octets({0x10, 0, 0x88, 0xbe, 0, 0, high, low, 0x10, 0, 0, 1, 0, 0, 0, 0});
    return outer.identification(number).protocol(47).payload(joined(header, frame.bytes)).build();
  }
  return frame;
}

struct Diary final : daemon::EventOutlet {
  bool tell(const daemon::FlowEvent& event) override {
    events.push_back(event);
    return true;
  }
  void ended(const capture::FlowFacts& facts, const policy::Verdict& verdict, capture::EndReason) override {
    ends.emplace_back(facts, verdict);
  }
  bool wants_ends() const override { return true; }

  std::vector<daemon::FlowEvent> events{};
  std::vector<std::pair<capture::FlowFacts, policy::Verdict>> ends{};
};

struct Frame {
  kit::BuiltFrame built{};
  Time time{};
  std::uint16_t tap = 0;
};

std::vector<Frame> filmed(const std::vector<Shot>& shots, const Setting& setting) {
  std::vector<Frame> frames;
  std::mt19937 engine{setting.shuffle};
  unsigned number = 0;
  for (const Shot& shot : shots) {
    for (std::size_t again = 0; again < setting.repeat; ++again) {
      Frame frame;
      frame.time = morning + shot.at + again * 2us;
      if (setting.shuffle != 0) frame.time += std::chrono::microseconds(engine() % 1000);
      frame.tap = setting.view == View::two_taps && shot.side == Side::outside ? 1 : 0;
      // The network layer is the shot's; the link is what this view shows of it.
      const kit::Octets datagram = shot.packet.network_bytes();
      const bool six = std::to_integer<unsigned>(datagram.front()) >> 4U == 6U;
      const kit::PacketBuilder wire = shot.behind_router
                                          ? kit::ethernet("02:00:00:00:00:12", "02:00:00:00:00:f1").vlan(11)
                                          : link(shot.side, shot.from_client, setting.view);
      frame.built = wire.ethertype(six ? 0x86dd : 0x0800).payload(datagram).build();
      frame.built = carried(frame.built, setting.view, ++number);
      frames.push_back(frame);
    }
  }
  std::stable_sort(frames.begin(), frames.end(),
                   [](const Frame& a, const Frame& b) { return a.time < b.time; });
  return frames;
}

// What passes between the segments all day, seen on both sides: by it the sensor knows that it sees both.
Story permitted_background() {
  Story background{"10.20.10.6", "10.10.10.6", 8530};
  background.at(-20s).conversation(&Story::both);
  return background;
}

std::string text(const IpAddress& address) {
  return address.to_string();
}

}  // namespace

const char* view_name(View view) {
  switch (view) {
    case View::trunk:
      return "trunk";
    case View::two_taps:
      return "two taps";
    case View::untagged:
      return "untagged";
    case View::erspan:
      return "erspan";
    case View::vxlan:
      return "vxlan";
  }
  return "";
}

std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << outcome.initiator << " -> " << outcome.responder << ":" << outcome.port << " "
             << policy::decision_name(outcome.decision) << ", " << capture::stage_name(outcome.stage)
             << ", passed to server: " << capture::passed_name(outcome.passage.to_server)
             << ", to client: " << capture::passed_name(outcome.passage.to_client);
}

Story::Story(std::string client, std::string server, std::uint16_t port)
    : client_(std::move(client)), server_(std::move(server)), port_(port) {}

Story& Story::at(Duration time) {
  now_ = time;
  return *this;
}

Story& Story::add(kit::PacketBuilder packet, bool from_client) {
  packet_ = std::move(packet);
  from_client_ = from_client;
  firewalls_own_ = false;
  return *this;
}

namespace {

bool six(const std::string& address) {
  return address.find(':') != std::string::npos;
}

kit::PacketBuilder network(const std::string& from, const std::string& to, unsigned ttl,
                           unsigned& identification) {
  if (six(from)) return kit::ethernet().ipv6(from, to).ttl(ttl);
  return kit::ethernet().ipv4(from, to).ttl(ttl).identification(++identification);
}

}  // namespace

Story& Story::client(unsigned flags, std::uint32_t sequence, std::uint32_t acknowledgment,
                     std::size_t payload) {
  add(network(client_, server_, client_ttl, identification_)
          .tcp(50'000, port_, flags)
          .seq(sequence, acknowledgment)
          .payload(payload),
      true);
  client_packet_ = packet_;
  return *this;
}

Story& Story::server(unsigned flags, std::uint32_t sequence, std::uint32_t acknowledgment,
                     std::size_t payload) {
  return add(network(server_, client_, server_ttl, identification_)
                 .tcp(port_, 50'000, flags)
                 .seq(sequence, acknowledgment)
                 .payload(payload),
             false);
}

Story& Story::without_identification() {
  packet_ = packet_->identification(0);
  return *this;
}

Story& Story::firewall_reset(std::uint32_t acknowledgment) {
  add(network(server_, client_, 255, identification_)
          .tcp(port_, 50'000, kit::RST | kit::ACK)
          .seq(0, acknowledgment),
      false);
  firewalls_own_ = true;
  return *this;
}

Story& Story::firewall_prohibits() {
  add(network("10.10.0.1", client_, 255, identification_).icmp(3, 13).quoting(*client_packet_, 28), false);
  firewalls_own_ = true;
  return *this;
}

Story& Story::show(Side side, Duration later, bool forwarded) {
  kit::PacketBuilder packet = *packet_;
  if (forwarded) packet = packet.ttl(from_client_ ? client_ttl - 1 : server_ttl - 1);
  shots_.push_back({now_ + later, side, packet, from_client_});
  return *this;
}

Story& Story::inside() {
  return show(Side::inside, 0us, !from_client_ && !firewalls_own_);
}

Story& Story::outside() {
  return show(Side::outside, 0us, from_client_ && !firewalls_own_);
}

Story& Story::inside_routed() {
  show(Side::inside, 30us, true);
  shots_.back().behind_router = true;
  return *this;
}

Story& Story::both() {
  if (from_client_) return show(Side::inside, 0us, false).show(Side::outside, 60us, true);
  return show(Side::outside, 0us, false).show(Side::inside, 60us, true);
}

Story& Story::conversation(Story& (Story::*how)()) {
  const Duration begin = now_;
  (client(kit::SYN, 1000, 0).*how)();
  (at(begin + 300us).server(kit::SYN | kit::ACK, 7000, 1001).*how)();
  (at(begin + 600us).client(kit::ACK, 1001, 7001).*how)();
  (at(begin + 700us).client(kit::ACK | kit::PSH, 1001, 7001, 120).*how)();
  (at(begin + 1000us).server(kit::ACK, 7001, 1121).*how)();
  (at(begin + 1300us).server(kit::ACK | kit::PSH, 7001, 1121, 900).*how)();
  return (at(begin + 1600us).client(kit::ACK, 1121, 7901).*how)();
}

Result judge(const Story& story, const Setting& setting) {
  const auto policy = city(setting.claims);
  Diary diary;
  daemon::InspectorOptions options;
  options.capacity = 256;
  options.ageing_from = 128;
  options.fragments.datagrams = 16;
  options.fragments.held = 16;
  options.secret = {{1, 2}};
  options.decode.mirror_receivers = {IpAddress::parse(sensor_address).value()};
  daemon::Inspector inspector{options, policy, diary};
  daemon::Incidents incidents{{}, daemon::Coverage::Memory::all};

  std::vector<Shot> shots;
  if (setting.watched_both) shots = permitted_background().shots();
  shots.insert(shots.end(), story.shots().begin(), story.shots().end());
  const std::vector<Frame> frames = filmed(shots, setting);
  std::uint64_t number = 0;
  Time last{};
  for (const Frame& frame : frames) {
    capture::Frame one = frame.built.frame({.time = frame.time, .number = ++number, .tap = frame.tap});
    inspector.frame(one);
    last = frame.time;
  }
  inspector.finish(last);

  Result result;
  std::vector<daemon::AlertRecord> records;
  for (const daemon::FlowEvent& event : diary.events) incidents.feed(event, policy, 0.0, records);
  incidents.finish(last, records);
  const IpAddress client = IpAddress::parse(story.client_address()).value();
  const IpAddress server = IpAddress::parse(story.server_address()).value();
  for (const daemon::AlertRecord& record : records) {
    if (record.kind == daemon::AlertKind::exception) continue;
    if (result.alert_lines++ == 0) result.first_line_at_once = record.time <= morning + 2ms;
    result.accused.push_back(text(record.event.facts.tuple.source));
  }
  for (const auto& [facts, verdict] : diary.ends) {
    const bool ours = (facts.tuple.source == client && facts.tuple.destination == server) ||
                      (facts.tuple.source == server && facts.tuple.destination == client);
    if (!ours) continue;
    ++result.flows;
    result.facts = facts;
    result.outcome = {.initiator = text(facts.tuple.source),
                      .responder = text(facts.tuple.destination),
                      .port = facts.tuple.destination_port,
                      .decision = verdict.decision,
                      .stage = facts.stage,
                      .passage = incidents.coverage().passage(facts, verdict, Time::max())};
  }
  const daemon::Books books = inspector.books();
  result.books_close = books.close() && books.packets_read == frames.size();
  result.duplicates = books.reasons[static_cast<std::size_t>(capture::Reason::duplicate)];
  result.copies = books.reasons[static_cast<std::size_t>(capture::Reason::copy)];
  return result;
}

}  // namespace sekimori::scenario

#include "daemon/behaviour/self_test.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

#include "daemon/behaviour/behaviour_watch.hpp"
#include "daemon/inspector.hpp"
#include "policy/system_map.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;
using Outcome = SelfTestResult::Outcome;

constexpr std::uint16_t quiet_port = 20'011;  // no log-in port by default, and nobody's well-known service
constexpr std::uint16_t client_port_first = 32'768;

// Of one made-up packet at most: large thresholds need no more packets than small ones.
constexpr std::uint64_t octets_at_once = 0xf000'0000;

// A stage of its own for each story: the engine from the packet to the record.
class Stage final : public EventOutlet {
 public:
  Stage(std::shared_ptr<const policy::Policy> policy, const AlertOptions& alerts)
      : policy_(std::move(policy)),
        desk_(alerts),
        behaviour_(watch_behaviour(desk_, *policy_)),
        inspector_(options(), policy_, *this) {}

  bool tell(const FlowEvent& event) override {
    desk_.feed(event, policy_, 0.0, records_);
    return true;
  }
  bool step(const FlowStep& step) override {
    desk_.step(step, policy_, 0.0, records_);
    return true;
  }
  bool wants_steps() const override { return true; }

  void send(const capture::Tuple& tuple, Time time, std::uint8_t flags, std::uint32_t octets) {
    capture::Packet packet;
    packet.tuple = tuple;
    packet.time = time;
    packet.number = ++packets_;
    packet.wire_bytes = octets;
    packet.tcp_flags = flags;
    packet.ttl = 64;
    packet.ports_known = true;
    packet.identified = true;
    packet.fingerprint = static_cast<std::uint32_t>(packets_);
    inspector_.packet(packet);
  }
  void wait_until(Time time) {
    inspector_.flush();
    desk_.tick(time, policy_, records_);
  }
  // What was found of this kind; incidents and other notices are not what is tried.
  std::vector<AlertRecord> finish(NoticeKind kind) {
    inspector_.flush();
    std::vector<AlertRecord> found;
    for (const AlertRecord& record : records_) {
      if (record.notice != nullptr && record.notice->kind == kind && record.kind == AlertKind::opened) {
        found.push_back(record);
      }
    }
    return found;
  }
  std::uint64_t packets() const { return packets_; }

 private:
  static InspectorOptions options() {
    InspectorOptions options;
    options.capacity = 16'384;
    options.flows.traces_max = 16;
    options.flows.startup_grace = std::chrono::seconds{0};
    options.secret = {{0x73656b696d6f7269, 0x73656c6674657374}};
    return options;
  }

  std::shared_ptr<const policy::Policy> policy_;
  Desk desk_;
  BehaviourWatch& behaviour_;
  Inspector inspector_;
  std::vector<AlertRecord> records_{};
  std::uint64_t packets_ = 0;
};

// The address that lies `steps` above the first one of a network; none outside of it.
std::optional<IpAddress> within(const Prefix& prefix, std::uint32_t steps) {
  IpAddress address = prefix.address;
  const std::size_t octets = address.family == Family::ipv4 ? 4 : 16;
  std::uint64_t carry = steps;
  for (std::size_t i = octets; i-- > 0 && carry != 0;) {
    carry += address.bytes[i];
    address.bytes[i] = static_cast<std::uint8_t>(carry & 0xffU);
    carry >>= 8U;
  }
  if (!prefix.contains(address)) return std::nullopt;
  return address;
}

bool holds(const std::vector<Prefix>& list, const IpAddress& address) {
  return std::any_of(list.begin(), list.end(), [&](const Prefix& one) { return one.contains(address); });
}

policy::Verdict verdict_of(const policy::Policy& policy, const capture::Tuple& tuple, Time time) {
  policy::Conversation asked;
  asked.initiator = tuple.source;
  asked.responder = tuple.destination;
  asked.initiator_port = tuple.source_port;
  asked.port = tuple.destination_port;
  asked.protocol = tuple.protocol;
  asked.time = time;
  return policy.judge(asked);
}

class Stories {
 public:
  Stories(std::shared_ptr<const policy::Policy> policy, const AlertOptions& alerts, Time now)
      : policy_(std::move(policy)), alerts_(alerts), now_(now) {}

  void bulk(std::vector<SelfTestResult>& out) const;
  void scan(std::vector<SelfTestResult>& out) const;
  void service(std::vector<SelfTestResult>& out) const;

 private:
  struct Run {
    std::vector<AlertRecord> records{};
    std::uint64_t packets = 0;
  };
  const policy::PolicyOptions& options() const { return policy_->options(); }
  const policy::BehaviourOptions& behaviour() const { return policy_->options().behaviour; }
  // Of those that there are.
  DomainSet domains_of(DomainSet domains) const {
    return static_cast<DomainSet>(domains & ((1U << policy_->domains_count()) - 1U));
  }

  static SelfTestResult judge(SelfTestKind kind, std::string what, const Run& below, Run at);
  std::optional<capture::Tuple> way_to_system(std::size_t system) const;
  std::optional<capture::Tuple> way_across(const policy::TransferOptions& transfer) const;
  Run download(const capture::Tuple& tuple, const policy::BulkOptions& bulk, std::uint64_t octets) const;
  void try_bulk(const std::string& id, const std::optional<capture::Tuple>& way,
                const policy::BulkOptions& bulk, std::vector<SelfTestResult>& out) const;
  // A network whose terminals may speak with each other, with room for so many of them.
  const Prefix* playground(std::uint32_t hosts) const;
  template <class Play>
  Run play(NoticeKind kind, const Play& story) const;
  void connect(Stage& stage, const capture::Tuple& tuple, Time time, bool close) const;
  void try_shape(const std::string& what, std::uint32_t limit, bool hosts,
                 const std::function<void(Stage&, const Prefix&, std::uint32_t)>& story,
                 std::vector<SelfTestResult>& out) const;

  std::shared_ptr<const policy::Policy> policy_;
  const AlertOptions& alerts_;
  Time now_;
};

SelfTestResult Stories::judge(SelfTestKind kind, std::string what, const Run& below, Run at) {
  SelfTestResult result{kind, std::move(what), Outcome::works, below.packets + at.packets, {}};
  if (at.records.empty()) result.outcome = Outcome::silent;
  if (!below.records.empty()) result.outcome = Outcome::early;
  result.records = std::move(at.records);
  return result;
}

template <class Play>
Stories::Run Stories::play(NoticeKind kind, const Play& story) const {
  Stage stage{policy_, alerts_};
  story(stage);
  return {stage.finish(kind), stage.packets()};
}

// ---- bulk transfers ----

// Some client that the policy lets through to the system, and that is not exempt.
std::optional<capture::Tuple> Stories::way_to_system(std::size_t index) const {
  const policy::SystemOptions& system = options().systems[index];
  capture::Tuple tuple;
  tuple.source_port = client_port_first;
  std::vector<policy::Ports> ports = system.ports;
  if (ports.empty()) ports.push_back({capture::protocol::tcp, 443, 443});
  for (const Prefix& hosts : in_domains(system.hosts, domains_of(system.domains))) {
    const bool single = hosts.length == hosts.address.bits();
    const auto host = within(hosts, single ? 0 : 1);
    if (!host) continue;
    for (const policy::Ports& port : ports) {
      if (port.protocol != capture::protocol::tcp && port.protocol != capture::protocol::udp &&
          port.protocol != 0) {
        continue;
      }
      tuple.destination = *host;
      tuple.protocol = port.protocol == 0 ? capture::protocol::tcp : port.protocol;
      tuple.destination_port = std::max<std::uint16_t>(port.first, 1);
      if (policy_->systems().at(*host, tuple.protocol, tuple.destination_port) != static_cast<int>(index)) {
        continue;
      }
      const auto& services = options().services;
      std::vector<Prefix> clients;
      for (const policy::NamedPrefix& named : policy_->prefixes()) clients.push_back(named.prefix);
      const auto take = [&](const auto& entry) {
        const auto placed = in_domains(entry.clients.addresses, domains_of(entry.domains));
        clients.insert(clients.end(), placed.begin(), placed.end());
      };
      for (const auto& service : services) take(service);
      for (const auto& gateway : options().gateways) take(gateway);
      for (const Prefix& network : clients) {
        for (const std::uint32_t step : {10U, 200U, 2U, 0U}) {
          const auto client = within(network, step);
          if (!client || client->family != host->family || client->domain != host->domain || *client == *host)
            continue;
          tuple.source = *client;
          if (system.bulk && holds(system.bulk->exempt, client->in(main_domain))) continue;
          if (policy_->systems().bulk_host(*client) >= 0) continue;
          if (verdict_of(*policy_, tuple, now_).decision == policy::Decision::permit) return tuple;
        }
      }
    }
  }
  return std::nullopt;
}

std::optional<capture::Tuple> Stories::way_across(const policy::TransferOptions& transfer) const {
  const int from = policy_->segment_index(transfer.from);
  const int to = policy_->segment_index(transfer.to);
  const auto pair = policy::pair_of(static_cast<policy::SegmentId>(from), static_cast<policy::SegmentId>(to));
  std::vector<Prefix> servers;
  std::vector<std::uint16_t> ports{443};
  const auto take = [&](const auto& entry) {
    if (entry.from != transfer.from || entry.to != transfer.to) return;
    const auto placed = in_domains(entry.hosts.addresses, domains_of(entry.domains));
    servers.insert(servers.end(), placed.begin(), placed.end());
    for (const policy::Ports& each : entry.ports) ports.push_back(std::max<std::uint16_t>(each.first, 1));
  };
  for (const auto& service : options().services) take(service);
  for (const auto& gateway : options().gateways) take(gateway);
  for (const policy::NamedPrefix& named : policy_->prefixes()) {
    if (policy_->classify(named.prefix.address) == to) servers.push_back(named.prefix);
  }
  // Documentation addresses (RFC 5737, RFC 3849) are nobody's: where they are in no list they are outside.
  for (const char* text : {"203.0.113.77/32", "2001:db8:ffff::77/128"}) {
    for (const Prefix& nobodys : in_domains({*Prefix::parse(text)}, domains_of(transfer.domains)))
      servers.push_back(nobodys);
  }
  for (const policy::NamedPrefix& named : policy_->prefixes()) {
    for (const Prefix& server : servers) {
      for (const std::uint16_t port : ports) {
        for (const std::uint32_t step : {10U, 1U, 0U}) {
          const auto client = within(named.prefix, step);
          if (!client || client->family != server.address.family || client->domain != server.address.domain ||
              !has_domain(transfer.domains, client->domain) ||
              holds(transfer.bulk.exempt, client->in(main_domain))) {
            continue;
          }
          const bool single = server.length == server.address.bits();
          const auto host = within(server, single ? 0 : 2);
          if (!host || *host == *client) continue;
          const capture::Tuple tuple{*client, *host, client_port_first, port, capture::protocol::tcp};
          const policy::Verdict verdict = verdict_of(*policy_, tuple, now_);
          if (verdict.decision == policy::Decision::permit && verdict.pair() == pair) return tuple;
        }
      }
    }
  }
  return std::nullopt;
}

// One conversation that carries so many octets within a quarter of the window.
Stories::Run Stories::download(const capture::Tuple& tuple, const policy::BulkOptions& bulk,
                               std::uint64_t octets) const {
  return play(NoticeKind::bulk, [&](Stage& stage) {
    using namespace capture::tcp_flag;
    const bool tcp = tuple.protocol == capture::protocol::tcp;
    const bool down = bulk.direction == policy::BulkDirection::to_client;
    const capture::Tuple data = down ? tuple : tuple.reversed();  // whose reverse carries it
    constexpr std::uint64_t parts = 1000;
    const std::uint64_t size = std::clamp<std::uint64_t>(octets / parts, 1, octets_at_once);
    const Duration pause = Duration{bulk.window} / 4 / static_cast<std::int64_t>(octets / size + 4);
    Time time = now_;
    stage.send(tuple, time, tcp ? syn : 0, 0);
    stage.send(tuple.reversed(), time += pause, tcp ? syn | ack : 0, 0);
    stage.send(tuple, time += pause, ack, 0);
    for (std::uint64_t sent = 0; sent < octets;) {
      const std::uint64_t piece = std::min(size, octets - sent);
      stage.send(data.reversed(), time += pause, ack, static_cast<std::uint32_t>(piece));
      sent += piece;
    }
    stage.send(tuple, time + pause, tcp ? fin | ack : 0, 0);
  });
}

void Stories::try_bulk(const std::string& id, const std::optional<capture::Tuple>& way,
                       const policy::BulkOptions& bulk, std::vector<SelfTestResult>& out) const {
  if (!way) {
    out.push_back({SelfTestKind::bulk, id, Outcome::no_way, 0, {}});
    return;
  }
  // Whatever the hour is: below the lower threshold nothing, above the higher one a warning.
  const std::uint64_t lowest =
      bulk.hours == policy::HoursOptions{} ? bulk.bytes : bulk.bytes * bulk.out_of_hours_percent / 100;
  const Run below = download(*way, bulk, lowest - 1);
  out.push_back(
      judge(SelfTestKind::bulk, id, below, download(*way, bulk, bulk.bytes + 2 * FlowStep::metered_bytes)));
}

void Stories::bulk(std::vector<SelfTestResult>& out) const {
  const std::size_t before = out.size();
  for (std::size_t i = 0; i < options().systems.size(); ++i) {
    const policy::SystemOptions& system = options().systems[i];
    if (system.bulk) try_bulk(system.id, way_to_system(i), *system.bulk, out);
  }
  for (const policy::TransferOptions& transfer : options().transfers) {
    try_bulk(transfer.id, way_across(transfer), transfer.bulk, out);
  }
  if (out.size() == before) out.push_back({SelfTestKind::bulk, "-", Outcome::not_set, 0, {}});
}

// ---- attacks from inside ----

const Prefix* Stories::playground(std::uint32_t hosts) const {
  const policy::Policy& policy = *policy_;
  for (const policy::NamedPrefix& named : policy.prefixes()) {
    const policy::SegmentId segment = policy.classify(named.prefix.address);
    if (segment == policy.external() || policy.cell(segment, segment) != policy::Cell::permit) continue;
    const auto first = within(named.prefix, 1);
    const auto last = within(named.prefix, hosts + 2);
    if (!first || !last || holds(behaviour().scanners_allowed, *first)) continue;
    if (policy.classify(*first) != segment || policy.classify(*last) != segment) continue;
    const capture::Tuple tuple{*first, *last, client_port_first, quiet_port, capture::protocol::tcp};
    if (verdict_of(policy, tuple, now_).decision == policy::Decision::permit) return &named.prefix;
  }
  return nullptr;
}

void Stories::connect(Stage& stage, const capture::Tuple& tuple, Time time, bool close) const {
  using namespace capture::tcp_flag;
  stage.send(tuple, time, syn, 60);
  stage.send(tuple.reversed(), time + 1ms, syn | ack, 60);
  stage.send(tuple, time + 2ms, ack, 60);
  if (close) stage.send(tuple.reversed(), time + 3ms, fin | ack, 60);
}

void Stories::try_shape(const std::string& what, std::uint32_t limit, bool hosts,
                        const std::function<void(Stage&, const Prefix&, std::uint32_t)>& story,
                        std::vector<SelfTestResult>& out) const {
  const Prefix* const network = playground(hosts ? limit : 1);
  if (network == nullptr) {
    out.push_back({SelfTestKind::scan, what, Outcome::no_way, 0, {}});
    return;
  }
  const auto run = [&](std::uint32_t count) {
    return play(NoticeKind::scan_inside, [&](Stage& stage) { story(stage, *network, count); });
  };
  out.push_back(judge(SelfTestKind::scan, what, run(limit - 1), run(limit)));
}

void Stories::scan(std::vector<SelfTestResult>& out) const {
  const policy::ScanOptions& scan = behaviour().scan;
  if (!scan.enabled) {
    out.push_back({SelfTestKind::scan, "-", Outcome::not_set, 0, {}});
    return;
  }
  const auto tuple_of = [](const Prefix& network, std::uint32_t host, std::uint32_t client_port,
                           std::uint32_t port) {
    return capture::Tuple{*within(network, 1), *within(network, 2 + host),
                          static_cast<std::uint16_t>(client_port_first + client_port),
                          static_cast<std::uint16_t>(port), capture::protocol::tcp};
  };
  const auto sweep = [&](std::chrono::seconds window) {
    return [&, window](Stage& stage, const Prefix& network, std::uint32_t count) {
      const Duration pause = Duration{window} * 9 / 10 / count;
      for (std::uint32_t i = 0; i < count; ++i) {
        stage.send(tuple_of(network, i, i, quiet_port), now_ + pause * i, capture::tcp_flag::syn, 60);
      }
      stage.wait_until(now_ + pause * count + scan.answer_time);
    };
  };
  try_shape("sweep", scan.hosts, true, sweep(scan.window), out);
  // Spread over the long window, unless so many would make a fast sweep as well.
  if (std::uint64_t{scan.slow_hosts} * 10 * static_cast<std::uint64_t>(scan.window.count()) <
      std::uint64_t{scan.hosts} * 9 * static_cast<std::uint64_t>(scan.slow_window.count())) {
    try_shape("slow_sweep", scan.slow_hosts, true, sweep(scan.slow_window), out);
  }
  try_shape(
      "ports", scan.ports, false,
      [&](Stage& stage, const Prefix& network, std::uint32_t count) {
        const Duration pause = Duration{scan.window} * 9 / 10 / count;
        for (std::uint32_t i = 0; i < count; ++i) {
          stage.send(tuple_of(network, 0, i, quiet_port + i), now_ + pause * i, capture::tcp_flag::syn, 60);
        }
        stage.wait_until(now_ + pause * count + scan.answer_time);
      },
      out);
  if (scan.session_ports.empty()) return;
  const std::uint16_t door = scan.session_ports.front();
  try_shape(
      "sessions", scan.sessions, false,
      [&](Stage& stage, const Prefix& network, std::uint32_t count) {
        const Duration pause = Duration{scan.window} * 9 / 10 / count;
        for (std::uint32_t i = 0; i < count; ++i) {
          connect(stage, tuple_of(network, 0, i, door), now_ + pause * i, true);
        }
      },
      out);
  try_shape(
      "spread", scan.hosts, true,
      [&](Stage& stage, const Prefix& network, std::uint32_t count) {
        const Duration pause = Duration{scan.window} * 9 / 10 / count;
        for (std::uint32_t i = 0; i < count; ++i) {
          connect(stage, tuple_of(network, i, i, door), now_ + pause * i, false);
        }
      },
      out);
}

// ---- services ----

void Stories::service(std::vector<SelfTestResult>& out) const {
  for (const std::string& id : behaviour().declared_only) {
    const int segment = policy_->segment_index(id);
    SelfTestResult result{SelfTestKind::service, "undeclared " + id, Outcome::no_way, 0, {}};
    for (const policy::NamedPrefix& named : policy_->prefixes()) {
      const auto client = within(named.prefix, 1);
      const auto host = within(named.prefix, 2);
      if (!client || !host || policy_->classify(*host) != segment || policy_->classify(*client) != segment)
        continue;
      capture::Tuple tuple{*client, *host, client_port_first, quiet_port, capture::protocol::tcp};
      while (policy_->systems().at(*host, tuple.protocol, tuple.destination_port) >= 0 &&
             tuple.destination_port < client_port_first) {
        ++tuple.destination_port;
      }
      if (verdict_of(*policy_, tuple, now_).decision != policy::Decision::permit) continue;
      // Below: asked for, but it does not answer.
      const Run below = play(NoticeKind::service_undeclared,
                             [&](Stage& stage) { stage.send(tuple, now_, capture::tcp_flag::syn, 60); });
      result = judge(
          SelfTestKind::service, result.what, below,
          play(NoticeKind::service_undeclared, [&](Stage& stage) { connect(stage, tuple, now_, true); }));
      if (result.outcome == Outcome::works) break;
    }
    out.push_back(std::move(result));
  }
  const std::int64_t days = behaviour().unused_after_days;
  const bool declared =
      !options().systems.empty() || !options().services.empty() || !options().gateways.empty();
  if (days != 0 && declared) {
    const auto after = [&](std::int64_t count) {
      return play(NoticeKind::service_unused, [&](Stage& stage) {
        stage.wait_until(now_);
        stage.wait_until(now_ + std::chrono::days{count});
      });
    };
    out.push_back(judge(SelfTestKind::service, "unused", after(days - 1), after(days)));
  }
  if (behaviour().declared_only.empty() && (days == 0 || !declared)) {
    out.push_back({SelfTestKind::service, "-", Outcome::not_set, 0, {}});
  }
}

}  // namespace

std::string_view self_test_kind_word(SelfTestKind kind) {
  switch (kind) {
    case SelfTestKind::bulk:
      return "bulk";
    case SelfTestKind::scan:
      return "scan";
    case SelfTestKind::service:
      break;
  }
  return "service";
}

std::string_view self_test_outcome_word(Outcome outcome) {
  switch (outcome) {
    case Outcome::works:
      return "works";
    case Outcome::silent:
      return "silent";
    case Outcome::early:
      return "early";
    case Outcome::no_way:
      return "no_way";
    case Outcome::not_set:
      break;
  }
  return "not_set";
}

std::vector<SelfTestResult> self_test(const std::shared_ptr<const policy::Policy>& policy,
                                      const AlertOptions& alerts, const std::vector<SelfTestKind>& kinds,
                                      Time now) {
  const Stories stories{policy, alerts, now};
  std::vector<SelfTestResult> results;
  for (const SelfTestKind kind : kinds) {
    switch (kind) {
      case SelfTestKind::bulk:
        stories.bulk(results);
        break;
      case SelfTestKind::scan:
        stories.scan(results);
        break;
      case SelfTestKind::service:
        stories.service(results);
        break;
    }
  }
  return results;
}

}  // namespace sekimori::daemon

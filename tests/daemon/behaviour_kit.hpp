// Packets of conversations through the engine to the desk, for tests of what conversations amount to.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/behaviour/behaviour_watch.hpp"
#include "daemon/inspector.hpp"
#include "tests/daemon/city.hpp"

namespace sekimori::test {

using namespace std::chrono_literals;

inline const std::string behaviour_city = std::string{small_body} + R"(systems:
  - id: SY-TAX
    name: 税務システム
    section: 税務課
    importance: I
    hosts: [10.10.10.12]
    ports: [tcp/443]
    bulk:
      bytes: 1200KiB
      window: 12m
      hours: {days: [mon, tue, wed, thu, fri], from: "08:30", until: "17:15"}
      out_of_hours_percent: 50
      exempt: [10.10.10.40]
transfers:
  - {id: TR-OUT, from: internet, to: security-cloud, bulk: {bytes: 1MiB, window: 12m}}
)";

// A Wednesday, 10:00 in Japan.
inline const Time ten_o_clock{std::chrono::sys_days{std::chrono::year{2026} / 11 / 18} + 1h};

class BehaviourStage final : public daemon::EventOutlet {
 public:
  // `more` is written below `behaviour:`, or adds other keys.
  explicit BehaviourStage(const std::string& more = "")
      : policy{make_policy(behaviour_city + more)},
        desk_{alerts},
        watch{daemon::watch_behaviour(desk_, *policy)},
        inspector_{options(), policy, *this} {}

  bool tell(const daemon::FlowEvent& event) override {
    desk_.feed(event, policy, 0.0, records);
    return true;
  }
  bool step(const daemon::FlowStep& step) override {
    ++steps;
    desk_.step(step, policy, 0.0, records);
    return true;
  }
  bool wants_steps() const override { return true; }

  static capture::Tuple tcp(std::string_view from, unsigned client_port, std::string_view to, unsigned port) {
    return {*IpAddress::parse(from), *IpAddress::parse(to), static_cast<std::uint16_t>(client_port),
            static_cast<std::uint16_t>(port), 6};
  }
  void send(const capture::Tuple& tuple, Time time, unsigned flags, std::uint32_t octets = 60) {
    capture::Packet packet;
    packet.tuple = tuple;
    packet.time = time;
    packet.number = ++number_;
    packet.wire_bytes = octets;
    packet.tcp_flags = static_cast<std::uint8_t>(flags);
    packet.ttl = 64;
    packet.ports_known = tuple.protocol == 6 || tuple.protocol == 17;
    packet.identified = true;
    packet.fingerprint = static_cast<std::uint32_t>(number_);
    inspector_.packet(packet);
  }
  // Handshake, octets from the server, end. Small packets weigh nothing, so that sums are exact.
  void download(const capture::Tuple& tuple, Time time, std::uint64_t octets, bool close = true) {
    using namespace capture::tcp_flag;
    send(tuple, time, syn, 0);
    send(tuple.reversed(), time, syn | ack, 0);
    send(tuple, time, ack, 0);
    for (std::uint64_t sent = 0; sent < octets;) {
      const auto piece = static_cast<std::uint32_t>(std::min<std::uint64_t>(octets - sent, 50'000));
      send(tuple.reversed(), time, ack, piece);
      sent += piece;
    }
    if (close) send(tuple, time, fin | ack, 0);
  }
  void attempt(const capture::Tuple& tuple, Time time) { send(tuple, time, capture::tcp_flag::syn); }
  void refused(const capture::Tuple& tuple, Time time) {
    attempt(tuple, time);
    send(tuple.reversed(), time, capture::tcp_flag::rst | capture::tcp_flag::ack);
  }
  void wait_until(Time time) {
    inspector_.flush();
    desk_.tick(time, policy, records);
  }
  // First lines of the notices with this code.
  std::vector<daemon::AlertRecord> found(std::string_view code) {
    inspector_.flush();
    std::vector<daemon::AlertRecord> result;
    for (const daemon::AlertRecord& record : records) {
      if (record.notice != nullptr && record.kind == daemon::AlertKind::opened &&
          daemon::notice_row(record.notice->kind).code == code) {
        result.push_back(record);
      }
    }
    return result;
  }

  daemon::AlertOptions alerts{};
  std::shared_ptr<const policy::Policy> policy;
  std::vector<daemon::AlertRecord> records{};
  std::uint64_t steps = 0;

 private:
  static daemon::InspectorOptions options() {
    daemon::InspectorOptions options;
    options.capacity = 65'536;
    options.flows.startup_grace = 0s;
    options.secret = {{1, 2}};
    return options;
  }

  daemon::Desk desk_;

 public:
  daemon::BehaviourWatch& watch;

 private:
  daemon::Inspector inspector_;
  std::uint64_t number_ = 0;
};

}  // namespace sekimori::test

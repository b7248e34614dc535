// Services as they are used: which responder ports answer, which of them the body has declared, and what it
// has declared and nobody uses (document 000, 6(7)ア: no port is left open that is not needed).
//
// A service is a responder in one of the body's segments with a protocol and a port that answered over a
// permitted way. It is declared by a system, a gateway, a service or an exception. Known only since the
// program began to watch. One thread, bounded memory.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "daemon/alert/notice.hpp"
#include "daemon/behaviour/bounded.hpp"
#include "daemon/behaviour/declared_services.hpp"
#include "daemon/flow_step.hpp"

namespace sekimori::daemon {

class ServiceWatch {
 public:
  // Clients beyond this many are not told apart; these are by 32 bits of a digest of their addresses.
  static constexpr std::size_t clients_max = 16;

  struct Key {
    IpAddress host{};
    std::uint8_t protocol = 0;
    std::uint16_t port = 0;
    auto operator<=>(const Key&) const = default;
  };
  // With its key two cache lines, so that whatever an answer changes is there at once.
  struct Service {
    policy::SegmentId segment = 0;
    Declared declared = Declared::no;
    bool certain = false;  // who serves whom is a protocol fact, or known from the policy
    std::uint8_t clients = 0;
    std::int32_t system = -1;  // index of the system that it is part of
    std::uint64_t flows = 0;
    Time first{};
    Time last{};
    std::array<std::uint32_t, clients_max> digests{};  // of the clients, as they came
  };
  struct Listed {
    Key key{};
    const Service* service = nullptr;
  };
  struct Use {
    Declared kind = Declared::no;
    std::string id{};
    std::string name{};
    std::uint64_t flows = 0;
    Time first{};
    Time last{};
    Time since{};  // from when on it is watched
    bool told = false;
    bool decides = true;  // false: its pair is permitted without it, so nobody can tell whether it is used
  };
  struct Counters {
    std::uint64_t services = 0;
    std::uint64_t services_refused = 0;  // answers of services for which there was no more room
    std::uint64_t undeclared_told = 0;
    std::uint64_t unused_told = 0;
  };

  // `hash`: may be that of other tables.
  ServiceWatch(const policy::Policy& policy, const KeyedHash& hash);

  // Where the service that a step speaks of is kept.
  std::uint32_t hash(const FlowStep& step) const {
    return step.kind == FlowStep::Kind::answered ? services_.hash(place_of(step.tuple)) : 0;
  }
  // This step comes soon: its memory is asked for, in two strides.
  void expect(const FlowStep& step, std::uint32_t hash) const {
    if (step.kind == FlowStep::Kind::answered) services_.expect(hash);
  }
  void fetch(const FlowStep& step, std::uint32_t hash) const {
    if (step.kind == FlowStep::Kind::answered) services_.fetch(hash);
  }
  void step(const FlowStep& step, std::uint32_t hash, const policy::Policy& policy,
            std::vector<Notice>& found);
  void tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found);
  // Use of entries that are declared as before is kept.
  void replaced(const policy::Policy& policy);

  std::size_t size() const { return services_.size(); }
  // All of them in the order of their keys, good until the next step.
  std::vector<Listed> list() const;
  // Null: nobody answered there.
  const Service* find(const Key& key) const;
  // What declares it in this policy.
  DeclaredServices::Claim claim(const Key& key, const policy::Policy& policy) const;
  const std::vector<Use>& uses() const { return uses_; }
  Time since() const { return since_; }
  Counters counters() const;

 private:
  using Place = std::pair<std::uint32_t, IpAddress>;  // protocol and port, host

  static Place place_of(const capture::Tuple& tuple) {
    return {static_cast<std::uint32_t>(tuple.protocol) << 16U | tuple.destination_port, tuple.destination};
  }
  static Key key_of(const Place& place);
  static int use_of(const FlowStep& step, const policy::Policy& policy);
  void note_use(int index, Time time);
  void answered(const FlowStep& step, std::uint32_t hash, const policy::Policy& policy,
                std::vector<Notice>& found);
  void declare(const Key& key, const policy::Policy& policy, Service& service) const;
  void count_undeclared();
  void tell_undeclared(const FlowStep& step, const Service& service, const policy::Policy& policy,
                       std::vector<Notice>& found);

  Bounded<Place, Service> services_;  // never displaces: what finds no room is refused
  // Hosts where only declared services may answer, and how many others do for certain.
  std::map<IpAddress, std::uint32_t> undeclared_{};
  DeclaredServices declared_{};
  std::vector<Use> uses_{};  // systems, then gateways, then services
  std::set<policy::SegmentId> declared_only_{};
  std::size_t services_max_;
  std::int64_t unused_after_days_ = 0;
  Time since_{};  // the first packet time that was heard of
  bool begun_ = false;
  bool all_watched_ = false;    // every entry of uses_ has its `since`
  std::int64_t looked_at_ = 0;  // day of packet time
  Counters counters_{};
};

}  // namespace sekimori::daemon

// Services as they are used: which responder ports answer, which of them the body has declared, and what it
// has declared and nobody uses (document 000, 6(7)ア: no port is left open that is not needed).
//
// A service is a responder in one of the body's segments with a protocol and a port that answered over a
// permitted way. It is declared by a system, a gateway, a service or an exception. Known only since the
// program began to watch. One thread, bounded memory.
#pragma once

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
  // Clients beyond this many are not told apart.
  static constexpr std::size_t clients_max = 16;

  struct Key {
    IpAddress host{};
    std::uint8_t protocol = 0;
    std::uint16_t port = 0;
    auto operator<=>(const Key&) const = default;
  };
  struct Service {
    policy::SegmentId segment = 0;
    Declared declared = Declared::no;
    std::string entry{};   // id of what declares it
    bool certain = false;  // who serves whom is a protocol fact, or known from the policy
    std::uint64_t flows = 0;
    std::vector<IpAddress> clients{};  // in order
    Time first{};
    Time last{};
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

  explicit ServiceWatch(const policy::Policy& policy);

  // This step comes soon: its memory is asked for, in two strides.
  void expect(const FlowStep& step) const;
  void fetch(const FlowStep& step) const;
  void step(const FlowStep& step, const policy::Policy& policy, std::vector<Notice>& found);
  void tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found);
  // Use of entries that are declared as before is kept.
  void replaced(const policy::Policy& policy);

  const std::map<Key, Service>& services() const { return services_; }
  const std::vector<Use>& uses() const { return uses_; }
  Time since() const { return since_; }
  Counters counters() const;

 private:
  Use* use_of(const FlowStep& step, const policy::Policy& policy);
  void declare(const Key& key, const policy::Policy& policy, Service& service) const;
  void tell_undeclared(const Key& key, const Service& service, Time time, const policy::Policy& policy,
                       std::vector<Notice>& found);

  std::map<Key, Service> services_{};
  // Where each stands in it, by protocol and port, and host.
  Bounded<std::pair<std::uint32_t, IpAddress>, Service*> places_;
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

// Questions to a resolver out on the Internet that go by a permitted way: through the security cloud's next
// hop the model lets the Internet segment go anywhere, and yet whom the body's machines ask for names is no
// longer the body's (V8 of the violations; what the matrix forbids is an incident of its own, with the same
// code).
//
// A resolver is an address that a known service with `use: dns` lists, asked by a port of such a service, and
// whatever is asked by DNS over TLS or QUIC. Other servers on port 53 may as well be those that the body's
// own resolver has to ask. What the configuration lists in a segment is the body's own choice.
#pragma once

#include <bitset>
#include <cstdint>
#include <utility>
#include <vector>

#include "daemon/alert/notice.hpp"
#include "daemon/behaviour/bounded.hpp"
#include "daemon/flow_step.hpp"

namespace sekimori::daemon {

class ResolverWatch {
 public:
  static constexpr std::size_t followed = 4096;  // client and resolver

  explicit ResolverWatch(const policy::Policy& policy);

  void step(const FlowStep& step, const policy::Policy& policy, std::vector<Notice>& found) {
    if (step.kind == FlowStep::Kind::opened && ports_[step.tuple.destination_port])
      opened(step, policy, found);
  }
  void replaced(const policy::Policy& policy);
  // Pairs that made room: they may be told again within a minute.
  std::uint64_t displaced() const { return asked_.displaced(); }

 private:
  struct Asked {
    Time next = Time::min();      // not told again before
    std::uint64_t questions = 0;  // conversations so far
  };
  using Pair = std::pair<std::uint32_t, IpAddress>;  // resolver, client

  void opened(const FlowStep& step, const policy::Policy& policy, std::vector<Notice>& found);
  void learn(const policy::Policy& policy);
  // 1 and on: which of the listed addresses, 0: none.
  std::uint32_t number_of(const IpAddress& address) const;

  std::bitset<65536> ports_{};       // of known services with `use: dns`
  std::vector<Prefix> resolvers_{};  // likewise their addresses
  Bounded<Pair, Asked> asked_{followed};
};

}  // namespace sekimori::daemon

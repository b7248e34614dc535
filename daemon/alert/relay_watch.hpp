// Finds a mail host that passes mail from outside on to outside: it took a connection from there, and opens
// one to there soon after. A hint, not a proof: what was in the mails is not seen.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "daemon/alert/desk.hpp"

namespace sekimori::daemon {

// Sees events alone, so it knows of relaying past the security cloud: what the policy permits (mail by the
// security cloud's relay) makes none.
class RelayWatch final : public Watcher {
 public:
  static constexpr std::chrono::minutes window{10};  // between taking a mail and passing it on
  static constexpr std::size_t hosts_max = 4096;

  void feed(const FlowEvent& event, const policy::Policy& policy, std::vector<Notice>& found) override;
  void tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found) override;

  std::size_t hosts() const { return taken_.size(); }
  std::uint64_t forgotten() const { return forgotten_; }  // hosts beyond hosts_max

 private:
  struct Taken {
    IpAddress from{};
    Time time{};
  };
  std::map<IpAddress, Taken> taken_{};  // by the mail host
  std::uint64_t forgotten_ = 0;
};

}  // namespace sekimori::daemon

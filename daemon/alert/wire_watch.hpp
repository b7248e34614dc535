// Finds what signs about wires prove or hint at: a segment's host on another segment's wire, segments joined
// by a cable, terminals with two cards, servers and routers that nobody listed.
//
//   desk.watch(std::make_unique<WireWatch>(tap_names));
//
// Segments are claims (SegmentOptions::vlans, taps): without claims on a wire nothing is foreign there.
// Forwarded frames, which every trunk and both sides of a firewall show, are silent: they come from a listed
// router's card (routers, router_macs, next_hop_macs, VRRP and HSRP), or with a TTL that no host begins with,
// and a card that forwards is taken for a router wherever it is seen. Where a segment lists its routers, any
// other card that forwards is a finding.
//
// Concludes from each sign once a minute of packet time, in the order of the frames, so that several workers
// lead to the same findings as one. Memory: at most hosts_max cards, the stalest makes room.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "daemon/alert/desk.hpp"

namespace sekimori::daemon {

class WireWatch final : public Watcher {
 public:
  static constexpr std::size_t hosts_max = 16'384;
  // The same card on two segments' wires: joined within this time, a terminal with two cards within that.
  static constexpr std::chrono::seconds joined_within{5};
  static constexpr std::chrono::seconds together_within{600};
  // A card with addresses of two segments may be an unlisted router's: it has this long to forward something.
  static constexpr std::chrono::seconds hint_hold{300};
  // How long a card that forwarded is taken for a router, and where a card belongs is remembered.
  static constexpr std::chrono::hours remembered{24};
  // Stories of one kind on one wire that are told by their cards; further cards share one story.
  static constexpr std::size_t cards_told = 8;

  // `taps`: names in the order of their indexes. `seed`: as of WireEar.
  explicit WireWatch(std::vector<std::string> taps = {}, std::uint64_t seed = 0);
  ~WireWatch() override;

  void feed(const FlowEvent& event, const policy::Policy& policy, std::vector<Notice>& found) override;
  void tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found) override;
  void finish(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found) override;
  void replaced(const policy::Policy& policy) override;
  void recall(const NoticeTold& told) override;

  struct Counters {
    std::uint64_t signs = 0;         // taken, each once a minute
    std::uint64_t minutes_full = 0;  // with more signs than FirstSeen::most: the rest was not looked at
    std::uint64_t hosts_forgotten = 0;
  };
  Counters counters() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace sekimori::daemon

// The use of each exception, counted from flow events: first and last use, flows, bytes, what came near and
// was refused. The automatic half of the register's record.
//
//   ExceptionUse use;
//   use.feed(event, *policy, notices);        // every event, in the order of packets
//   const ExceptionUsage& figures = use.of("EX-1");
//
// Bytes are those of a flow's latest event: a flow tells after growing pauses of at most a minute and when it
// closes, so that the tail of one that ends in silence may be missing. Counted from the start of the process
// (since()) by id, over reloads. The result depends on the events and their order alone. One thread; flows
// remembered are bounded by flows_max, and what is beyond it is counted.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/messages.hpp"

namespace sekimori::daemon {

struct ExceptionUsage {
  // Conversations for which it was the nearest entry and which it did not permit, by what kept them out.
  struct Refused {
    std::uint64_t expired = 0;       // after its end
    std::uint64_t not_in_force = 0;  // before its begin or approval, or after its revocation
    std::uint64_t out_of_hours = 0;
    std::uint64_t mac = 0;
    std::uint64_t port = 0;     // or protocol
    std::uint64_t address = 0;  // of either side, or the other direction
    std::uint64_t cell = 0;     // all is right, but the cell takes no exception
    std::uint64_t total() const {
      return expired + not_in_force + out_of_hours + mac + port + address + cell;
    }
    bool operator==(const Refused&) const = default;
  };
  std::optional<Time> first{};  // none: never used
  std::optional<Time> last{};
  std::uint64_t flows = 0;
  std::uint64_t bytes = 0;                 // both directions
  std::uint64_t flows_mac_unverified = 0;  // permitted, though a router hid the MAC
  Refused refused{};
  std::int64_t period = 0;         // of the volume limit, counted from midnight of the zone
  std::uint64_t period_bytes = 0;  // in it
  std::uint64_t periods_over = 0;
};

class ExceptionUse {
 public:
  static constexpr std::size_t flows_max = 65'536;

  struct Notice {
    enum class What : std::uint8_t {
      over_volume,  // for the first time in its period
      changed       // a live flow is permitted by `exception` now, and was by `before`
    };
    What what = What::over_volume;
    std::string exception{};
    std::string before{};
    std::uint64_t bytes = 0;  // over_volume: so far in the period
    FlowEvent event{};        // that brought it
  };

  // Notices are appended.
  void feed(const FlowEvent& event, const policy::Policy& policy, std::vector<Notice>& out);
  // Time without events also counts as watched.
  void tick(Time packet_now);

  // All zero for an id that was never met.
  const ExceptionUsage& of(std::string_view id) const;
  // Begin of watching; none before the first packet.
  std::optional<Time> since() const { return since_; }
  // Flows whose bytes were no longer followed because too many were open.
  std::uint64_t flows_forgotten() const { return flows_forgotten_; }

 private:
  struct Flow {
    const std::string* id = nullptr;  // key of usage_
    std::uint64_t bytes = 0;          // counted so far
  };
  using Usages = std::map<std::string, ExceptionUsage, std::less<>>;

  void used(const FlowEvent& event, const policy::Policy& policy, std::vector<Notice>& out);
  void refused(const FlowEvent& event, const policy::Policy& policy);
  void left(const FlowEvent& event);
  void add_bytes(const policy::ExceptionOptions& exception, ExceptionUsage& usage, std::uint64_t bytes,
                 const FlowEvent& event, std::int16_t utc_offset_minutes, std::vector<Notice>& out);
  Usages::value_type& entry(const policy::ExceptionOptions& exception, std::size_t registered);
  void remember(std::uint64_t flow, const Flow& known);

  Usages usage_{};
  Usages::value_type* latest_ = nullptr;  // of usage_, what entry() gave last; null: nothing yet
  boost::unordered_flat_map<std::uint64_t, Flow> flows_{};  // by FlowFacts::id
  std::deque<std::uint64_t> order_{};                       // of remembering; may name flows that are gone
  std::uint64_t flows_forgotten_ = 0;
  std::optional<Time> since_{};
};

// The number of the volume limit's period in which `time` lies.
std::int64_t volume_period(const policy::VolumeOptions& volume, Time time, std::int16_t utc_offset_minutes);

}  // namespace sekimori::daemon

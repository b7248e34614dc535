// Answers that nobody asked for: UDP has no handshake, and a datagram from a permitted service's port to a
// client looks like an answer whoever began. Where only the client may begin, whoever holds the service's
// machine can so reach the other segment under the permission of the answers.
//
// One such datagram proves nothing: the flow table forgets a pause that the conversation survives, a mirror
// drops the question, the sensor has just started. So of each conversation between two segments whose other
// direction is not permitted it is remembered who asked whom, and a suspicion is told of a service's end
// when, within `window`,
//   - it was the first to send to `peers_least` ends (address and port) that were never seen to ask it,
//     the question has not come within `disorder` either, and
//   - these clients have not asked that end at all within `memory` (a busy client's lost questions are a
//     mirror's), and they are a share of one in `share` or more of the conversations that were asked of it,
//   - the mirror shows what these clients send: they have sent something back, or were seen to begin a
//     conversation of their own with another segment.
// Until it has watched for `learning` it only learns. What it cannot tell: a single conversation, and less of
// them than a busy service's questions cover. Packet time only; one thread, bounded memory.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "daemon/alert/notice.hpp"
#include "daemon/behaviour/bounded.hpp"
#include "daemon/flow_step.hpp"
#include "daemon/packet_clock.hpp"

namespace sekimori::daemon {

class UnaskedWatch {
 public:
  static constexpr std::chrono::minutes window{10};
  // RFC 4787 section 4.3: five minutes is how long what lets answers in should remember a silent UDP
  // conversation. Who is answered later than that was heard to ask by then, or is not answered.
  static constexpr std::chrono::minutes learning{5};
  // Longer than the longest usual pause between two questions (NTP: RFC 5905, 1024 seconds).
  static constexpr std::chrono::hours memory{1};
  // Taps are read one after the other: so late the question may come.
  static constexpr std::chrono::seconds disorder{3};
  static constexpr std::size_t peers_least = 4;
  static constexpr std::uint64_t share = 4;
  static constexpr std::size_t conversations_followed = 131'072;
  static constexpr std::size_t clients_followed = 65'536;
  static constexpr std::size_t services_followed = 16'384;

  struct Counters {
    std::uint64_t unasked = 0;    // conversations that the service's end began
    std::uint64_t displaced = 0;  // what was remembered and made room
    std::uint64_t findings = 0;
  };

  // `hash`: the one by which a step's hashes are made.
  explicit UnaskedWatch(const KeyedHash& hash) : hosts_{clients_followed, hash} {}

  // What a step speaks of beside its source, and where that is kept.
  struct Keys {
    std::uint64_t service = 0;
    std::uint64_t client = 0;
    std::uint64_t conversation = 0;
    std::uint32_t service_hash = 0;
    std::uint32_t client_hash = 0;
    std::uint32_t conversation_hash = 0;
  };
  // Those of a step that is none of its own are left as they are.
  void find_keys(const FlowStep& step, Keys& keys) const {
    if (followed(step)) make_keys(step, keys);
  }
  // This step comes soon: its memory is asked for, in two strides.
  void expect(const FlowStep& step, const StepHashes& hashes, const Keys& keys) const {
    if (begins(step)) hosts_.expect(hashes.source);
    if (followed(step)) expect(step, keys);
  }
  void fetch(const FlowStep& step, const StepHashes& hashes, const Keys& keys) const {
    if (begins(step)) hosts_.fetch(hashes.source);
    if (followed(step)) fetch(step, keys);
  }
  void step(const FlowStep& step, const StepHashes& hashes, const Keys& keys, const policy::Policy& policy) {
    if (!begun_ || step.time + clock_doubt < *begun_) begun_ = step.time;
    if (begins(step)) hosts_.at(step.tuple.source, hashes.source).asked = step.time;
    if (followed(step)) follow(step, keys, policy);
  }
  // Numbers of segments mean something in the policy that gave them alone.
  void replaced();
  // Those whose question would have come by now.
  void tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found);
  void finish(const policy::Policy& policy, std::vector<Notice>& found);
  Counters counters() const;

 private:
  static constexpr std::size_t marks_max = 64;
  static constexpr std::size_t due_max = 65'536;

  struct Seen {
    bool before = false;
  };
  struct Client {
    Time asked = Time::min();  // at last
  };
  // One conversation that the service's end began.
  struct Mark {
    capture::Tuple tuple{};  // the client is the source
    policy::PairId pair = 0;
    Time time{};
    bool answered = false;
    bool due = false;  // its question would have come by now
  };
  struct Service {
    std::int64_t part = 0;                 // number of the window that `asked[0]` counts
    std::array<std::uint64_t, 2> asked{};  // conversations asked of it, in this window and the one before
    Time told{};
    std::vector<Mark> marks{};  // the oldest first
  };
  struct Due {
    capture::Tuple tuple{};
    Time since{};
  };

  static bool between_segments(const FlowStep& step) {
    return policy::from_of(step.pair) != policy::to_of(step.pair);
  }
  static bool followed(const FlowStep& step) {
    const bool kind = step.kind == FlowStep::Kind::opened || step.kind == FlowStep::Kind::answered;
    return step.tuple.protocol == capture::protocol::udp && kind && between_segments(step);
  }
  // Its initiator was seen to send.
  static bool begins(const FlowStep& step) {
    return step.kind == FlowStep::Kind::opened && step.bytes_to_server != 0 && between_segments(step);
  }
  void make_keys(const FlowStep& step, Keys& keys) const;
  void expect(const FlowStep& step, const Keys& keys) const;
  void fetch(const FlowStep& step, const Keys& keys) const;
  void follow(const FlowStep& step, const Keys& keys, const policy::Policy& policy);
  void opened(const FlowStep& step, const Keys& keys, const policy::Policy& policy);
  static Mark* mark_of(Service* service, const capture::Tuple& tuple);
  bool answered(const FlowStep& step, Service* service);
  void expire(Time limit, const policy::Policy& policy, std::vector<Notice>& found);
  void weigh(Service& service, const Mark& newest, const policy::Policy& policy, std::vector<Notice>& found);
  std::uint64_t asked_in_window(const Service& service, Time now) const;
  bool suspect(const Mark& mark);

  std::optional<Time> begun_{};  // the first step's time
  Bounded<std::uint64_t, Seen> conversations_{conversations_followed};
  Bounded<std::uint64_t, Client> clients_{clients_followed};
  Bounded<std::uint64_t, Service> services_{services_followed};
  Bounded<IpAddress, Client> hosts_;  // that were seen to begin a conversation
  std::deque<Due> due_{};
  Counters counters_{};
};

}  // namespace sekimori::daemon

// Names of responders on the packet path: reading them off the wire, and remembering which address a DNS
// answer gave to which name.
//
//   reader.read(policy, frame, packet);     // where frames are decoded: packet.name, reader.learned()
//   table.learn(evidence);                  // in every inspector, in the order of the frames
//   table.find(responder, time);            // what the address may be called
//
// A flow's own words go to the worker that owns it. A DNS answer matters to flows of any worker, so it is
// told to all of them: offline by the reader, at the frame's place in each lane; live by way of main, some
// milliseconds later, for which flows that lack only a name wait anyway (daemon/alert/name_waits). No
// allocation after construction, no text is kept: a name is its class (policy/names.hpp).
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "capture/decode/names.hpp"
#include "capture/decode/packet.hpp"
#include "capture/source/frame.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

// An address that a trusted resolver gave to a name that the policy asks for.
struct NameEvidence {
  IpAddress address{};
  policy::NameClass name = policy::name_class::unknown;
  std::uint32_t generation = 0;  // of the policy whose class it is
  Time time{};
  Time until{};
  bool operator==(const NameEvidence&) const = default;
};

struct NameCounters {
  std::uint64_t greetings = 0;            // TLS and HTTP beginnings that told a name
  std::uint64_t greetings_nameless = 0;   // ... that told none
  std::uint64_t greetings_cut = 0;        // ... not whole in one packet, or cut by the snaplen
  std::uint64_t answers = 0;              // DNS answers for names that the policy asks for
  std::uint64_t answers_untrusted = 0;    // ... of resolvers that the client may not ask
  std::uint64_t answers_cut = 0;          // ... not read whole
  std::uint64_t addresses = 0;            // addresses learned, by every inspector that learned them
  std::uint64_t addresses_displaced = 0;  // ... that made another one, still good, be forgotten
  std::uint64_t addresses_unshared = 0;   // ... that other workers could not be told: no room
  std::uint64_t flows_proved = 0;         // forbidden until their name was known
  NameCounters& operator+=(const NameCounters& other);
};

class NameReader {
 public:
  // A client may use an address longer than its TTL allows, and a resolver may give none.
  static constexpr std::chrono::seconds remembered_least{300};
  static constexpr std::chrono::seconds remembered_most{86'400};

  // Could the packet tell a name? Cheap: for every packet.
  static bool may_tell(const policy::Policy& policy, const capture::Packet& packet) {
    constexpr std::uint16_t port_dns = 53;
    if (packet.payload_bytes < 6 || packet.carrier || packet.depth != 0) return false;
    if (packet.tuple.protocol == capture::protocol::tcp)
      return policy.name_port(packet.tuple.destination_port);
    return packet.tuple.protocol == capture::protocol::udp && packet.tuple.source_port == port_dns &&
           !policy.names().empty();
  }
  // Of a packet that may: fills packet.name, and learned().
  void read(const policy::Policy& policy, const capture::Frame& frame, capture::Packet& packet);
  std::span<const NameEvidence> learned() const { return {learned_.data(), learned_count_}; }
  void forget() { learned_count_ = 0; }
  const NameCounters& counters() const { return counters_; }

 private:
  void read_greeting(const policy::Policy& policy, std::span<const std::byte> payload,
                     capture::Packet& packet);
  void read_answer(const policy::Policy& policy, std::span<const std::byte> payload,
                   const capture::Packet& packet);

  capture::HostName name_{};
  capture::NameAnswer answer_{};
  std::array<NameEvidence, capture::NameAnswer::addresses_max> learned_{};
  std::size_t learned_count_ = 0;
  NameCounters counters_{};
};

class NameTable {
 public:
  static constexpr std::size_t ways = 4;  // classes that one address may have, and places for one address
  static constexpr std::size_t entries_max = 16'384;

  NameTable();
  // The same evidence in the same order makes the same table, in every inspector.
  void learn(const NameEvidence& evidence);
  struct Found {
    std::array<policy::NameClass, ways> names{};
    std::size_t count = 0;
  };
  // Classes that the address has at that time, the latest first.
  Found find(const IpAddress& address, Time time) const;
  bool empty() const { return used_ == 0; }
  // Another policy counts its classes anew: `renamed[old]` is the new one, unlisted = forgotten.
  void rename(const std::array<policy::NameClass, 256>& renamed);
  std::uint64_t learned() const { return learned_; }
  std::uint64_t displaced() const { return displaced_; }

 private:
  struct Entry {
    IpAddress address{};
    policy::NameClass name = policy::name_class::unknown;  // unknown: the place is free
    Time until{};
    std::uint64_t order = 0;
  };
  std::span<Entry, ways> set_of(const IpAddress& address);
  std::span<const Entry, ways> set_of(const IpAddress& address) const;

  std::vector<Entry> entries_;
  std::uint64_t order_ = 0;
  std::uint64_t used_ = 0;
  std::uint64_t learned_ = 0;
  std::uint64_t displaced_ = 0;
};

// How the classes of one policy are called by the next one, for renaming what was noted before a reload.
std::array<policy::NameClass, 256> renamed_classes(const policy::NameMap& from, const policy::NameMap& to);

}  // namespace sekimori::daemon

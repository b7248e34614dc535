// A story of two hosts and the firewall between them, told as packets; and what the sensor makes of it.
//
//   Story story;                                    // a city whose firewall is mirrored on both sides
//   story.at(0ms).both(client_syn());               // seen before and behind the firewall
//   story.at(300us).inside(refusal());              // seen on the client's side only
//   const Outcome outcome = judge(story.shots(), View::trunk, shuffle_seed);
#pragma once

#include <chrono>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "capture/flow/flow.hpp"
#include "policy/policy.hpp"
#include "tests/kit/packet_builder.hpp"

namespace sekimori::scenario {

using namespace std::chrono_literals;

// Which side of the firewall a frame was seen on. The client is inside, the server outside.
enum class Side : std::uint8_t { inside, outside };

struct Shot {
  Duration at{};
  Side side = Side::inside;
  kit::PacketBuilder packet;  // from the IP header's point of view complete; the link is the view's
  bool from_client = true;
  bool behind_router = false;  // of the segment: another wire and MAC
};

// How the mirror shows both sides.
enum class View : std::uint8_t {
  trunk,     // one tap, a VLAN each
  two_taps,  // one tap each, untagged
  untagged,  // one tap, told apart by MACs and TTL alone
  erspan,    // the trunk, carried to the sensor in ERSPAN type II
  vxlan      // ... in VXLAN
};
inline constexpr std::array views{View::trunk, View::two_taps, View::untagged, View::erspan, View::vxlan};
const char* view_name(View view);

// What an officer wants to know of a conversation.
struct Outcome {
  std::string initiator{};
  std::string responder{};
  std::uint16_t port = 0;
  policy::Decision decision = policy::Decision::permit;
  capture::Stage stage = capture::Stage::attempt;
  capture::Passage passage{};
  bool operator==(const Outcome&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Outcome& outcome);

struct Result {
  Outcome outcome{};           // of the story's own conversation
  capture::FlowFacts facts{};  // likewise
  std::size_t flows = 0;       // conversations between the story's two hosts
  std::size_t alert_lines = 0;
  bool first_line_at_once = false;     // the first alert stands at the story's first packet
  std::vector<std::string> accused{};  // initiators that any alert named
  bool books_close = false;
  std::uint64_t duplicates = 0;
  std::uint64_t copies = 0;
};

class Story {
 public:
  // TTLs that the client and the server send with; the firewall takes one.
  static constexpr unsigned client_ttl = 128;
  static constexpr unsigned server_ttl = 64;

  Story(std::string client, std::string server, std::uint16_t port);

  Story& at(Duration time);
  // The packet last described, seen there. `both`: outside 60 microseconds after inside, or the other way
  // round when the server sent it.
  Story& inside();
  Story& outside();
  // On the client's side, behind a router of its own segment.
  Story& inside_routed();
  Story& both();

  // Packets. A new identification each, unless the sender's stack writes none.
  Story& client(unsigned flags, std::uint32_t sequence, std::uint32_t acknowledgment,
                std::size_t payload = 0);
  Story& server(unsigned flags, std::uint32_t sequence, std::uint32_t acknowledgment,
                std::size_t payload = 0);
  Story& without_identification();
  // The firewall's own words, as if from the server, or as itself by ICMP about the client's last packet.
  Story& firewall_reset(std::uint32_t acknowledgment);
  Story& firewall_prohibits();
  // A handshake, a request and an answer, both ways, each packet seen by `show`.
  Story& conversation(Story& (Story::*show)());

  const std::vector<Shot>& shots() const { return shots_; }
  const std::string& client_address() const { return client_; }
  const std::string& server_address() const { return server_; }
  std::uint16_t port() const { return port_; }

 private:
  Story& add(kit::PacketBuilder packet, bool from_client);
  Story& show(Side side, Duration later, bool forwarded);

  std::string client_;
  std::string server_;
  std::uint16_t port_;
  Duration now_{};
  unsigned identification_ = 100;
  std::optional<kit::PacketBuilder> packet_{};
  std::optional<kit::PacketBuilder> client_packet_{};
  bool from_client_ = true;
  bool firewalls_own_ = false;
  std::vector<Shot> shots_{};
};

struct Setting {
  View view = View::trunk;
  bool watched_both = true;  // some permitted traffic passes the firewall, seen on both sides
  bool claims = false;       // the config says which VLANs and taps are whose
  unsigned shuffle = 0;      // 0 = as it was; else every frame up to a millisecond later, by this seed
  std::size_t repeat = 1;    // each frame so often, as a mirror of both directions of a port shows it
};
Result judge(const Story& story, const Setting& setting);

}  // namespace sekimori::scenario

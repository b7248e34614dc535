// Turns a story into frames, and keeps the books on what they are.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/traffic/frames.hpp"
#include "tools/traffic/story.hpp"

namespace sekimori::traffic {

struct Shot {
  Time time{};
  Octets bytes{};
};

// What the mirror showed of one direction. Bytes are of the frames on the wire, without check sequence.
struct Flowed {
  std::uint64_t packets = 0;  // each once, however many copies of it there are
  std::uint64_t bytes = 0;
  std::uint64_t frames = 0;  // with the copies behind the router and the duplicates of a bad SPAN session
  std::uint64_t frame_bytes = 0;
};

// The truth about one conversation, to hold an engine against.
struct Conversation {
  int line = 0;  // of its event
  Kind kind = Kind::tcp;
  Outcome outcome = Outcome::accepted;
  IpAddress initiator{};
  IpAddress responder{};
  std::uint16_t initiator_port = 0;  // ICMP echo: the identifier
  std::uint16_t responder_port = 0;
  std::uint16_t initiator_vlan = 0;
  std::uint16_t responder_vlan = 0;
  bool passed = false;  // the initiator's packets came out on the responder's side
  Flowed forth{};       // initiator to responder
  Flowed back{};
  Flowed errors{};           // ICMP errors about it, in neither direction's figures
  std::uint64_t frames = 0;  // in the capture in all: with errors, copies behind the router and duplicates
  Time first{};              // zero when the mirror showed nothing
  Time last{};
};

struct Played {
  std::vector<Shot> shots{};  // by time; what happens at one time stays in the order of the story
  std::vector<Conversation> conversations{};
};

// The same story gives the same octets on every run and machine.
Played play(const Story& story);

// A classic pcap file (little-endian, LINKTYPE_ETHERNET) of the shots.
std::string pcap(const Story& story, const Played& played);
// Tab-separated, a line for each conversation below a line of column names.
std::string truth(const Played& played);

}  // namespace sekimori::traffic

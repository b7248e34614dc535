// The flow table: a fixed number of records, found by a keyed hash, aged in packet time. One worker owns one table.
//
//   FlowTable table{options.flows, capacity, HashSecret::random(), ends};
//   table.record(batch, observer);        // observer(flow, packet, changes) for each packet, in order
//   table.advance(now, 64);               // frees what timed out, a bounded step at a time
//
// THE CONTRACT below stands; the inside belongs to the owner of capture/flow.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <memory>
#include <span>

#include "capture/flow/flow.hpp"
#include "capture/options.hpp"

namespace sekimori::capture {

// Key of the hash: an outsider who cannot guess it cannot aim packets at one bucket.
struct HashSecret {
  std::array<std::uint64_t, 2> words{};
  static HashSecret random();  // 128 bits from getrandom(2)
};

// Ports on which somebody is known to serve (from the policy): evidence for who is the responder.
struct ServicePorts {
  std::bitset<65536> tcp{};
  std::bitset<65536> udp{};
};

// What a packet changed in its flow; several may be set.
struct Changes {
  bool opened = false;     // first packet of a new record
  bool initiator = false;  // the two ends changed roles on better evidence
  bool stage = false;      // the stage rose
  bool any() const { return opened || initiator || stage; }
};

// Notes that the worker keeps in a record; the table only stores them. Zero when the record is opened.
struct FlowNotes {
  std::uint32_t judged = 0;   // epoch for which the verdict below stands; 0 = never judged
  std::uint16_t pair = 0;     // from * 16 + to
  std::uint8_t verdict = 0;   // bit 0: forbidden; bit 1: permitted by exception; bits 2..7 the worker's
  std::uint8_t told = 0;      // 1 + the highest stage that was reported; 0 = nothing reported
  bool pending = false;       // a report could not be handed over yet: never evict, revisit in advance()
};

class Flow;  // record; public members below in flow_record.hpp

class FlowEnds {
 public:
  virtual ~FlowEnds() = default;
  // The record is about to be freed: last chance to read it. Called inside record(), advance() and finish().
  virtual void flow_ended(const Flow& flow, EndReason reason) = 0;
  // advance() passed a record with notes.pending set: hand it over if there is room now.
  virtual void flow_pending(Flow& flow) = 0;
};

}  // namespace sekimori::capture

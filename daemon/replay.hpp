// Capture files through the very engine that runs live: the same verdicts, alerts and figures on every run
// and with any number of workers.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "capture/options.hpp"
#include "daemon/memory_figures.hpp"
#include "daemon/messages.hpp"
#include "daemon/options.hpp"
#include "policy/policy.hpp"

namespace sekimori::daemon {

class BehaviourWatch;  // daemon/behaviour/behaviour_watch.hpp

struct ReplayOptions {
  std::vector<std::string> files{};  // in order; "-" is standard input
  std::uint16_t workers = 1;         // 1..64
  // Reads and decodes beside the worker. False: one worker does it all, as it does live; several never do.
  bool read_beside = true;
  bool no_timeouts = false;  // one record a key for the whole input
  // To count on other tools' terms: see capture::FlowOptions; `outer_layers` tells the outer flows of tunnels
  // (FlowFacts::carrier) as well.
  bool vlan_in_key = false;
  bool count_copies = false;
  bool icmp_errors_apart = false;
  bool icmp_by_type = false;
  bool outer_layers = false;
  std::uint32_t chunk_frames = 512;  // dealt to the workers at once; the output does not depend on it
  bool want_flows = false;           // keeps every ended flow in memory until the end, to tell them in order
  bool want_memory = false;          // ReplayResult::memory
};

class ReplayOutput {
 public:
  virtual ~ReplayOutput() = default;
  virtual void alert(const AlertRecord& record) = 0;
  // What the whole input amounts to: after all alerts, before the flows.
  virtual void behaviour(const BehaviourWatch&) {}
  // In the order of start time, then tuple. After all alerts.
  virtual void flow(const capture::FlowFacts& facts, const policy::Verdict& verdict,
                    const capture::Passage& passage, capture::EndReason reason) = 0;
};

struct ReplayResult {
  Books books{};
  Matrix matrix{};
  std::uint64_t forbidden_flows = 0;
  std::uint64_t exception_flows = 0;
  Time first{};
  Time last{};
  // Where it is wanted: of the process while its tables were there, another one on each run.
  MemoryFigures memory{};
  bool readable = true;   // false: reading ended at an error; what came before it is in the figures
  std::string trouble{};  // libpcap's words
};

// Throws capture::SourceError when the first file cannot be opened, and what `output` throws. Makes threads
// of its own: one for each worker that does not read by itself, and one that calls output.alert(), behind
// them; at the beginning and at the end that is called on the caller's, never by two at once, and everything
// else of `output` on the caller's, afterwards.
ReplayResult replay(const ReplayOptions& options, const capture::CaptureOptions& capture,
                    std::shared_ptr<const policy::Policy> policy, const AlertOptions& alerts,
                    ReplayOutput& output);

}  // namespace sekimori::daemon

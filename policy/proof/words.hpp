// Boxes and what permits them, in words for people: "10.10.0.0/16", "tcp/443, udp/53", "2026-04-01 until
// 2027-03-31".
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "policy/compiled.hpp"
#include "policy/proof/universe.hpp"
#include "policy/text/text.hpp"

namespace sekimori::policy {

// How things are said: shared by everything that prints a policy's sets.
struct Manner {
  Language language = Language::ja;
  int utc_offset_minutes = 0;
};

// Networks where a range is few of them, else "first-last".
std::vector<std::string> addresses_in(const RangeSet& addresses, Family family);
// "tcp/443", "udp/5000-5010", "icmp", "47"; "tcp/0-65535" is "tcp". Everything: one text that says so.
std::vector<std::string> services_in(const RangeSet& services, Language language);
// Each period; none for all times. The last day is told, not the one after it: "2026-04-01〜2027-03-31".
std::vector<std::string> times_in(const RangeSet& times, const Manner& manner);
// "Mon 09:00-17:00"; none where the hour is no matter.
std::vector<std::string> hours_in(const RangeSet& week, Language language);
// None where any card will do.
std::vector<std::string> macs_in(const RangeSet& classes, const Universe& universe, Language language);
// None where it is no matter; "none" among them is left out.
std::vector<std::string> tunnels_in(const RangeSet& tunnels);

// At most `most` of them, and how many more there are.
std::string joined(const std::vector<std::string>& words, std::size_t most, Language language);

// "2026-04-01" at midnight of the zone, else "2026-04-01 09:00:00".
std::string moment_text(Time time, int utc_offset_minutes);
// "10.10.0.1 → 203.0.113.1 tcp/443"
std::string conversation_text(const Conversation& conversation, const Manner& manner);
// "例外措置「EX-1」（sekimori.yaml:12:5）", or the cell that permits.
std::string basis_text(const CompiledPolicy& policy, Basis basis, std::uint32_t index, SegmentId from,
                       SegmentId to, const CellRule& rule, Language language);
// "f R2 lgwan→mynumber"
std::string cell_text(const CompiledPolicy& policy, SegmentId from, SegmentId to, const CellRule& rule);
std::string place_text(const Place& place);  // "file:line:column"; empty: "-"
// "上書き「lgwan→internet」"
std::string overlay_text(const OverlayOptions& overlay, Language language);
// What is at stage draft and decides otherwise: Verdict::draft_overlay and its like; empty where several
// drafts do so together.
std::string draft_text(const PolicyOptions& options, const Verdict& verdict, Language language);
Text kind_text(Basis basis);
const std::string& id_of(const CompiledPolicy& policy, Basis basis, std::uint32_t index);
const Place& place_of(const CompiledPolicy& policy, Basis basis, std::uint32_t index);

}  // namespace sekimori::policy

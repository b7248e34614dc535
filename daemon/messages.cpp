#include "daemon/messages.hpp"

#include <numeric>

namespace sekimori::daemon {

PairTotals& PairTotals::operator+=(const PairTotals& other) {
  flows += other.flows;
  packets += other.packets;
  bytes += other.bytes;
  flows_forbidden += other.flows_forbidden;
  packets_forbidden += other.packets_forbidden;
  bytes_forbidden += other.bytes_forbidden;
  flows_exception += other.flows_exception;
  flows_draft += other.flows_draft;
  duplicates += other.duplicates;
  copies += other.copies;
  flows_ended += other.flows_ended;
  flows_one_sided += other.flows_one_sided;
  packets_one_sided += other.packets_one_sided;
  for (std::size_t i = 0; i < gaps.size(); ++i) {
    octets_missed[i] += other.octets_missed[i];
    octets_late[i] += other.octets_late[i];
    gaps[i] += other.gaps[i];
  }
  return *this;
}

Books& Books::operator+=(const Books& other) {
  packets_read += other.packets_read;
  packets_in_flows += other.packets_in_flows;
  for (std::size_t i = 0; i < reasons.size(); ++i) reasons[i] += other.reasons[i];
  bytes_read += other.bytes_read;
  packets_cut += other.packets_cut;
  packets_carriers += other.packets_carriers;
  mirror_stripped += other.mirror_stripped;
  for (std::size_t i = 0; i < unopened.size(); ++i) unopened[i] += other.unopened[i];
  packets_malformed += other.packets_malformed;
  fragments += other.fragments;
  traces_refused += other.traces_refused;
  traces_stolen += other.traces_stolen;
  copies_forgotten += other.copies_forgotten;
  flows_in_grace += other.flows_in_grace;
  flows_left += other.flows_left;
  flows_claims_disagree += other.flows_claims_disagree;
  time_backwards += other.time_backwards;
  names += other.names;
  flows_opened += other.flows_opened;
  for (std::size_t i = 0; i < flows_ended.size(); ++i) flows_ended[i] += other.flows_ended[i];
  flows_rejudged += other.flows_rejudged;
  flows_forbidden += other.flows_forbidden;
  events_told += other.events_told;
  events_delayed += other.events_delayed;
  events_lost += other.events_lost;
  steps_told += other.steps_told;
  steps_lost += other.steps_lost;
  signs_untold += other.signs_untold;
  sign_minutes_full += other.sign_minutes_full;
  return *this;
}

bool Books::close() const {
  return packets_read == std::accumulate(reasons.begin(), reasons.end(), packets_in_flows);
}

}  // namespace sekimori::daemon

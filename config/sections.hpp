// The parts of the configuration, each read by one function: what may be written where.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "config/reader.hpp"

namespace sekimori::config {

// ---- the model: policy/profiles/*.yaml and policy/clauses/*.yaml ----

// Clauses and reasons first: the cells of the profile cite them.
void read_clauses(const Cursor& root, policy::Profile& profile);
// `id_wanted`: the profile that the configuration asked for.
void read_profile(const Cursor& root, const std::string& id_wanted, policy::Profile& profile);

// ---- sekimori.yaml ----

// What is said about this machine: capture, flows, alerts, control, process, language, time, sensor.
void read_host(Map& root, capture::CaptureOptions& capture, daemon::DaemonOptions& daemon);

struct ProfileChoice {
  std::string id{};
  std::string file{};          // empty: the one inside the program
  std::string clauses_file{};  // likewise
};
// The profile's name; empty id with a message when there is none.
ProfileChoice read_profile_choice(Map& root);

// What is said about the city: switches, segments, gateways, services, exceptions, tunnels. `options.profile`
// is read already; where it failed it is empty, and names of segments are not checked.
struct CityContext {
  std::vector<std::string> taps{};
  std::int16_t utc_offset_minutes = 0;
};
// Lists of prefixes in files of their own are added to `sources`.
void read_city(Map& root, const CityContext& context, std::vector<SourceText>& sources,
               policy::PolicyOptions& options);

}  // namespace sekimori::config

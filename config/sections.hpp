// The parts of the configuration, each read by one function: what may be written where.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/reader.hpp"

namespace sekimori::config {

// ---- the model: policy/profiles/*.yaml and policy/clauses/*.yaml ----

// The kinds of gateways by the words of the configuration.
inline constexpr std::array<std::pair<std::string_view, policy::GatewayKind>, 3> gateway_kinds{
    {{"screen-transfer", policy::GatewayKind::screen_transfer},
     {"file-sanitiser", policy::GatewayKind::file_sanitiser},
     {"mail-text", policy::GatewayKind::mail_text}}};
// "F", "f", "G", "L", "P" or "-".
std::optional<policy::Cell> parse_code(std::string_view code);

// Clauses and reasons first: the cells of the profile cite them.
void read_clauses(const Cursor& root, policy::Profile& profile);
// `id_wanted`: the profile that the configuration asked for. A profile that is based on another one is read
// over that one: `profile` then holds it already.
void read_profile(const Cursor& root, const std::string& id_wanted, policy::Profile& profile);

// The profile is read already: codes of its segments are known.
void read_known_services(const Cursor& root, const policy::Profile& profile,
                         std::vector<policy::KnownServiceOptions>& out);

// ---- sekimori.yaml ----

// What is said about this machine: capture, flows, alerts, control, process, language, time, sensor.
// `domains`: the names of the address spaces, which the policy speaks of.
void read_host(Map& root, capture::CaptureOptions& capture, daemon::DaemonOptions& daemon,
               std::vector<policy::DomainName>& domains);

// health: names taps and segments, so both are read already.
void read_health(Map& root, const capture::CaptureOptions& capture, const policy::Profile& profile,
                 daemon::HealthOptions& health);

// alerts.destinations: appends what is right.
void read_destinations(const Cursor& at, std::vector<daemon::DestinationOptions>& destinations);

struct ProfileChoice {
  std::string id{};
  std::string file{};          // empty: the one inside the program
  std::string clauses_file{};  // likewise
  std::string services_file{};
};
// The profile's name; empty id with a message when there is none.
ProfileChoice read_profile_choice(Map& root);

// What is said about the city: switches, segments, gateways, services, exceptions, tunnels. `options.profile`
// is read already. Where the configuration names no known one it is nameless and has what all of them have,
// so that other mistakes are found all the same; where its file failed it is empty, and names are not
// checked.
struct CityContext {
  std::vector<std::string> taps{};
  std::int16_t utc_offset_minutes = 0;
  // The tap that keeps the fewest octets of a frame, and how many; empty without taps.
  std::string shortest_tap{};
  std::uint32_t shortest_snaplen = 0;
};
// Below this a TLS greeting may be cut before its server name: a full Ethernet frame with two tags.
inline constexpr std::uint32_t snaplen_for_names = 1522;

// "www.example.jp" or "*.example.jp". Appends.
void read_names(const Cursor& at, std::vector<std::string>& out);
// Known screen transfers by their ids, with all their ports. Appends.
void read_products(const Cursor& at, const std::vector<policy::KnownServiceOptions>& known,
                   std::vector<policy::Ports>& out);
// Lists of prefixes in files of their own are added to `sources`.
void read_city(Map& root, const CityContext& context, std::vector<SourceText>& sources,
               policy::PolicyOptions& options);

}  // namespace sekimori::config

// Every cell of the profiles, held against the matrix of the model as it was typed here by hand from the
// published table, not read from the data files.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

using Row = std::pair<std::string_view, std::vector<std::string_view>>;

struct Matrix {
  std::string profile;
  std::vector<std::string_view> columns;
  std::vector<Row> rows;
  std::vector<std::string> switches;
};

const Matrix alpha{
    "alpha",
    {"MN", "LG", "NET", "LGN", "SC", "EXT", "JUKI", "GC", "CLD", "OOS"},
    {
        {"MN", {"P", "f R2", "F R3", "L R2 R10", "F R3", "F R3", "L R8", "L R17", "F R3", "F R14"}},
        {"LG", {"f R2", "P", "G R4", "P R8", "f R4 R6", "F R4 R6", "F R8", "f R17", "F R4", "f R14"}},
        {"NET", {"F R3", "G R4", "P", "F R4 R8", "P R6", "f R6", "F R8", "F R17", "f R6", "f R14"}},
        {"LGN", {"f R2 R10", "L R8", "F R4", "-", "-", "-", "-", "-", "-", "-"}},
        {"SC", {"F R3", "f R4", "L R7", "-", "-", "-", "-", "-", "-", "-"}},
        {"EXT", {"F R3", "F R4", "F R6 R7", "-", "-", "-", "-", "-", "-", "F R14"}},
        {"JUKI", {"L R8", "F R8", "F R8", "-", "-", "-", "-", "-", "-", "-"}},
        {"GC", {"L R17", "f R17", "F R17", "-", "-", "-", "-", "-", "-", "-"}},
        {"CLD", {"F R3", "F R4", "F R6", "-", "-", "-", "-", "-", "-", "-"}},
        {"OOS", {"F R14", "f R14", "f R14", "-", "-", "-", "-", "-", "-", "-"}},
    },
    {}};

const Matrix two_tier{"two-tier",
                      {"MN", "NET", "SC", "EXT", "LGN", "JUKI", "GC", "OOS"},
                      {
                          {"MN", {"P", "F R1", "F R1", "F R1", "F R1", "F R1", "F R1", "F R1"}},
                          {"NET", {"F R1", "P", "P R9", "P R9", "f R7 R8", "F R8", "f R7", "f R7 R14"}},
                          {"SC", {"F R1", "L R7", "-", "-", "-", "-", "-", "-"}},
                          {"EXT", {"F R1", "L R7 R16", "-", "-", "-", "-", "-", "-"}},
                          {"LGN", {"F R1", "f R7", "-", "-", "-", "-", "-", "-"}},
                          {"JUKI", {"F R1", "f R7", "-", "-", "-", "-", "-", "-"}},
                          {"GC", {"F R1", "f R7", "-", "-", "-", "-", "-", "-"}},
                          {"OOS", {"F R1", "f R7", "-", "-", "-", "-", "-", "-"}},
                      },
                      {}};

// LBO, the breakout's own hosts: the text gives LG to them; beside that they are dealt with as what they
// serve, the named clouds, and speak for the LGWAN side.
const Matrix alpha_prime{
    "alpha-prime",
    {"MN", "LG", "NET", "LGN", "SC", "EXT", "JUKI", "GC", "CLD", "OOS", "LBO"},
    {
        {"MN", {"P", "f R2", "F R3", "L R2 R10", "F R3", "F R3", "L R8", "L R17", "F R3", "F R14", "F R3"}},
        {"LG",
         {"f R2", "P", "G R4", "P R8", "f R4 R6", "F R4 R6 R12", "F R8", "f R17", "L R12", "f R14", "L R12"}},
        {"NET", {"F R3", "G R4", "P", "F R4 R8", "P R6", "f R6", "F R8", "F R17", "f R6", "f R14", "f R6"}},
        {"LGN", {"f R2 R10", "L R8", "F R4", "-", "-", "-", "-", "-", "-", "-", "-"}},
        {"SC", {"F R3", "f R4", "L R7", "-", "-", "-", "-", "-", "-", "-", "-"}},
        {"EXT", {"F R3", "F R4", "F R6 R7", "-", "-", "-", "-", "-", "-", "F R14", "F R12"}},
        {"JUKI", {"L R8", "F R8", "F R8", "-", "-", "-", "-", "-", "-", "-", "-"}},
        {"GC", {"L R17", "f R17", "F R17", "-", "-", "-", "-", "-", "-", "-", "-"}},
        {"CLD", {"F R3", "F R12", "F R6", "-", "-", "-", "-", "-", "-", "-", "F R12"}},
        {"OOS", {"F R14", "f R14", "f R14", "-", "-", "-", "-", "-", "-", "-", "-"}},
        {"LBO", {"F R3", "F R12", "F R6", "-", "-", "F R4 R6 R12", "-", "-", "L R12", "-", "P"}},
    },
    {}};

const Matrix beta{
    "beta",
    {"MN", "LG", "NET", "LGN", "SC", "EXT", "JUKI", "GC", "CLD", "OOS"},
    {
        {"MN", {"P", "f R2", "F R3", "L R2 R10", "F R3", "F R3", "L R8", "L R17", "F R3", "F R14"}},
        {"LG", {"f R2", "P", "G R13 R4", "P R8", "f R6", "F R4 R6", "F R8", "f R17", "F R4", "f R14"}},
        {"NET", {"F R3", "G R13", "P", "F R8 R13", "P R6", "f R6", "F R8", "F R17", "P R6", "f R14"}},
        {"LGN", {"f R2 R10", "L R8", "F R4", "-", "-", "-", "-", "-", "-", "-"}},
        {"SC", {"F R3", "f R4", "L R7", "-", "-", "-", "-", "-", "-", "-"}},
        {"EXT", {"F R3", "F R4", "F R6 R7", "-", "-", "-", "-", "-", "-", "F R14"}},
        {"JUKI", {"L R8", "F R8", "F R8", "-", "-", "-", "-", "-", "-", "-"}},
        {"GC", {"L R17", "f R17", "F R17", "-", "-", "-", "-", "-", "-", "-"}},
        {"CLD", {"F R3", "F R4", "F R6", "-", "-", "-", "-", "-", "-", "-"}},
        {"OOS", {"F R14", "f R14", "f R14", "-", "-", "-", "-", "-", "-", "-"}},
    },
    {}};

// CRIT, the critical systems: the text gives the way in from NET and the ways out to SC and EXT; beside that
// they are part of the Internet segment.
const Matrix beta_prime{
    "beta-prime",
    {"MN", "LG", "NET", "CRIT", "LGN", "SC", "EXT", "JUKI", "GC", "CLD", "OOS"},
    {
        {"MN", {"P", "f R2", "F R3", "F R3", "L R2 R10", "F R3", "F R3", "L R8", "L R17", "F R3", "F R14"}},
        {"LG", {"f R2", "P", "f R13", "f R13", "P R8", "f R6", "F R4 R6", "F R8", "f R17", "F R4", "f R14"}},
        {"NET",
         {"F R3", "G R13", "P", "L R13", "F R8 R13", "P R6", "f R6", "F R8", "F R17", "P R6", "f R14"}},
        {"CRIT",
         {"F R3", "G R13", "P R13", "P", "F R8 R13", "f R6", "f R6", "F R8", "F R17", "f R6", "f R14"}},
        {"LGN", {"f R2 R10", "L R8", "F R4", "F R4", "-", "-", "-", "-", "-", "-", "-"}},
        {"SC", {"F R3", "f R4", "L R7", "L R7", "-", "-", "-", "-", "-", "-", "-"}},
        {"EXT", {"F R3", "F R4", "F R6 R7", "F R6 R7", "-", "-", "-", "-", "-", "-", "F R14"}},
        {"JUKI", {"L R8", "F R8", "F R8", "F R8", "-", "-", "-", "-", "-", "-", "-"}},
        {"GC", {"L R17", "f R17", "F R17", "F R17", "-", "-", "-", "-", "-", "-", "-"}},
        {"CLD", {"F R3", "F R4", "F R6", "F R6", "-", "-", "-", "-", "-", "-", "-"}},
        {"OOS", {"F R14", "f R14", "f R14", "f R14", "-", "-", "-", "-", "-", "-", "-"}},
    },
    {}};

Matrix switched(Matrix matrix, std::string id, const std::vector<std::array<std::string_view, 3>>& changes) {
  matrix.switches.push_back(std::move(id));
  for (const auto& [from, to, cell] : changes) {
    for (Row& row : matrix.rows) {
      if (row.first != from) continue;
      for (std::size_t i = 0; i < matrix.columns.size(); ++i) {
        if (matrix.columns[i] == to) row.second[i] = cell;
      }
    }
  }
  return matrix;
}

std::vector<Matrix> matrices() {
  return {
      alpha,
      switched(alpha, "mn_screen_transfer", {{"LG", "MN", "G R11"}}),
      switched(alpha, "lgwan_services", {{"LG", "LGN", "L R8"}}),
      alpha_prime,
      switched(alpha_prime, "mn_screen_transfer", {{"LG", "MN", "G R11"}}),
      switched(alpha_prime, "net_lbo", {{"NET", "CLD", "P R6"}}),
      beta,
      switched(beta, "mn_screen_transfer", {{"LG", "MN", "G R11"}}),
      switched(beta, "mn_screen_transfer_net", {{"NET", "MN", "G R11"}}),
      switched(beta, "lgwan_services", {{"LG", "LGN", "L R8"}}),
      beta_prime,
      switched(beta_prime, "mn_screen_transfer_net", {{"NET", "MN", "G R11"}}),
      two_tier,
      switched(two_tier, "mn_exceptions",
               {{"MN", "LGN", "f R1"},
                {"MN", "JUKI", "f R1"},
                {"MN", "GC", "f R1"},
                {"LGN", "MN", "f R1"},
                {"JUKI", "MN", "f R1"},
                {"GC", "MN", "f R1"},
                {"OOS", "MN", "f R1"}}),
      switched(two_tier, "egress_security_cloud", {{"NET", "EXT", "f R7"}}),
  };
}

Cell cell_of(char code) {
  switch (code) {
    case 'F':
      return Cell::forbid_always;
    case 'f':
      return Cell::forbid;
    case 'G':
      return Cell::gateway;
    case 'L':
      return Cell::service;
    case 'P':
      return Cell::permit;
    default:
      return Cell::absent;
  }
}

City city_of(const Matrix& matrix) {
  City city{matrix.profile};
  for (const std::string& id : matrix.switches) city.with_switch(id);
  return city;
}

// One cell of one matrix, with the city and the policy in which it is looked at.
struct Seen {
  const City& city;
  const Policy& policy;
  std::string_view from;
  std::string_view to;
  char code;
  std::string_view why;

  bool conditional() const { return code == 'f' || code == 'G' || code == 'L'; }
  Verdict judge(const Conversation& talk) const { return policy.judge(talk); }
  Verdict judge() const { return policy.judge(city.talk(from, to)); }
};

// Runs `check(seen)` over every cell of every matrix, in cities where `prepare(city, from, to)` has entered
// what it wants for every pair: entries of different pairs share no conversation.
template <typename Prepare, typename Check>
void for_every_cell(Prepare prepare, Check check) {
  for (const Matrix& matrix : matrices()) {
    City city = city_of(matrix);
    ASSERT_EQ(city.options.profile.segments.size(), matrix.columns.size());
    ASSERT_EQ(matrix.rows.size(), matrix.columns.size());
    for (const Row& row : matrix.rows) {
      for (const std::string_view to : matrix.columns) prepare(city, row.first, to);
    }
    const Policy policy = city.policy();
    for (const Row& row : matrix.rows) {
      ASSERT_EQ(row.second.size(), matrix.columns.size());
      for (std::size_t i = 0; i < row.second.size(); ++i) {
        const std::string_view text = row.second[i];
        const std::string_view reasons = text.size() > 2 ? text.substr(2) : std::string_view{};
        std::string title =
            matrix.profile + " " + std::string{row.first} + "->" + std::string{matrix.columns[i]};
        for (const std::string& id : matrix.switches) title += " with " + id;
        SCOPED_TRACE(title);
        check(Seen{city, policy, row.first, matrix.columns[i], text[0], reasons});
      }
    }
  }
}

void nothing(City&, std::string_view, std::string_view) {}

TEST(Matrix, DecidesEveryCellAsTheModelWritesIt) {
  for_every_cell(nothing, [](const Seen& cell) {
    for (const bool ipv6 : {false, true}) {
      Conversation talk = cell.city.talk(cell.from, cell.to);
      if (ipv6) {
        talk.initiator = cell.city.host6(cell.from, 1);
        talk.responder = cell.city.host6(cell.to, 9);
      }
      const Verdict verdict = cell.judge(talk);
      EXPECT_EQ(verdict.from, cell.city.id(cell.from));
      EXPECT_EQ(verdict.to, cell.city.id(cell.to));
      EXPECT_EQ(verdict.cell, cell_of(cell.code));
      EXPECT_EQ(cell.policy.cell(verdict.from, verdict.to), cell_of(cell.code));
      EXPECT_EQ(verdict.decision, cell.code == 'P' ? Decision::permit : Decision::forbid);
      EXPECT_EQ(verdict.basis, Basis::cell);
      EXPECT_EQ(reasons_of(cell.policy, verdict), cell.why);
      EXPECT_EQ(verdict.near_miss.mismatch, Mismatch::none);
      EXPECT_EQ(verdict.overlay_index, 0xffff);
    }
  });
}

TEST(Matrix, TellsWhichSwitchChangedACell) {
  const City city = city_of(switched(alpha, "mn_screen_transfer", {{"LG", "MN", "G R11"}}));
  const Policy policy = city.policy();
  const Verdict changed = policy.judge(city.talk("LG", "MN"));
  ASSERT_LT(changed.switch_index, policy.options().switches.size());
  EXPECT_EQ(policy.options().switches[changed.switch_index].id, "mn_screen_transfer");
  EXPECT_EQ(policy.judge(city.talk("MN", "LG")).switch_index, 0xffff);
}

TEST(Matrix, LetsAnExceptionInForcePermitWhereTheCellTakesOne) {
  const auto excepted = [](City& city, std::string_view from, std::string_view to) {
    city.with(city.exception(from, to));
  };
  for_every_cell(excepted, [](const Seen& cell) {
    const Verdict verdict = cell.judge();
    EXPECT_EQ(reasons_of(cell.policy, verdict), cell.why);
    const auto& all = cell.policy.options().exceptions;
    if (cell.conditional()) {
      EXPECT_EQ(verdict.decision, Decision::permit);
      EXPECT_EQ(verdict.basis, Basis::exception);
      ASSERT_LT(verdict.basis_index, all.size());
      EXPECT_EQ(all[verdict.basis_index].source.addresses[0].address, cell.city.host(cell.from, 1));
      EXPECT_EQ(all[verdict.basis_index].destination.addresses[0].address, cell.city.host(cell.to, 9));
      EXPECT_TRUE(verdict.mac_verified);
    } else if (cell.code == 'P') {
      EXPECT_EQ(verdict.basis, Basis::cell);
    } else {  // F and -: forbidden all the same, and the exception is named
      EXPECT_EQ(verdict.decision, Decision::forbid);
      EXPECT_EQ(verdict.near_miss.mismatch, Mismatch::cell_forbids);
      EXPECT_EQ(verdict.near_miss.kind, Basis::exception);
    }
  });
}

TEST(Matrix, ForbidsWhatAnExceptionDoesNotCoverAndSaysWhatDiffers) {
  using Change = void (*)(ExceptionOptions&);
  const std::vector<std::pair<Mismatch, Change>> changes{
      {Mismatch::expired, [](ExceptionOptions& e) { e.until = noon; }},
      {Mismatch::not_yet, [](ExceptionOptions& e) { e.from = noon + Duration{1}; }},
      {Mismatch::port,
       [](ExceptionOptions& e) {
         e.ports = {{6, 1521, 1521}};
       }},
      {Mismatch::protocol,
       [](ExceptionOptions& e) {
         e.ports = {{17, 443, 443}};
       }},
      {Mismatch::source_mac, [](ExceptionOptions& e) { e.source.macs = {other_mac}; }},
      {Mismatch::destination_mac, [](ExceptionOptions& e) { e.destination.macs = {other_mac}; }},
      {Mismatch::source_address, [](ExceptionOptions& e) { e.source.addresses = {prefix("10.99.0.1")}; }},
      {Mismatch::destination_address,
       [](ExceptionOptions& e) { e.destination.addresses = {prefix("10.99.0.1")}; }},
  };
  for (const auto& [mismatch, change] : changes) {
    SCOPED_TRACE(mismatch_name(mismatch));
    const auto nearly = [&change = change](City& city, std::string_view from, std::string_view to) {
      ExceptionOptions exception = city.exception(from, to);
      change(exception);
      city.with(exception);
    };
    for_every_cell(nearly, [&mismatch = mismatch](const Seen& cell) {
      const Verdict verdict = cell.judge();
      EXPECT_EQ(verdict.decision, cell.code == 'P' ? Decision::permit : Decision::forbid);
      EXPECT_EQ(verdict.near_miss.mismatch, cell.conditional() ? mismatch : Mismatch::none);
      EXPECT_EQ(reasons_of(cell.policy, verdict), cell.why);
    });
  }
}

// Weekdays and hours (曜日・時間帯) of the record. The test's conversations are held on a Wednesday at 09:00
// in Japan.
TEST(Matrix, LetsAnExceptionPermitInItsHoursOnlyAndSaysSo) {
  constexpr std::uint8_t tuesday = 1U << 1U;
  constexpr std::uint8_t wednesday = 1U << 2U;
  constexpr std::uint8_t office_days = 0x1f;
  constexpr auto at = [](unsigned hour, unsigned minute) {
    return static_cast<std::uint16_t>(hour * 60 + minute);
  };
  struct Case {
    const char* what;
    HoursOptions hours;
    bool holds;
  };
  const std::vector<Case> cases{
      {"office hours", {office_days, {{at(8, 30), at(17, 15)}}}, true},
      {"through the night before", {tuesday, {{at(22, 0), at(9, 1)}}}, true},
      {"another weekday", {tuesday, {}}, false},
      {"until this minute", {wednesday, {{at(8, 30), at(9, 0)}}}, false},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.what);
    const auto timed = [&one](City& city, std::string_view from, std::string_view to) {
      ExceptionOptions exception = city.exception(from, to);
      exception.hours = one.hours;
      city.options.utc_offset_minutes = 540;
      city.with(exception);
    };
    for_every_cell(timed, [&one](const Seen& cell) {
      const Verdict verdict = cell.judge();
      const bool permitted = cell.code == 'P' || (cell.conditional() && one.holds);
      EXPECT_EQ(verdict.decision, permitted ? Decision::permit : Decision::forbid);
      EXPECT_EQ(verdict.basis, cell.conditional() && one.holds ? Basis::exception : Basis::cell);
      EXPECT_EQ(reasons_of(cell.policy, verdict), cell.why);
      if (cell.conditional() && !one.holds) {
        EXPECT_EQ(verdict.near_miss.mismatch, Mismatch::out_of_hours);
        EXPECT_EQ(verdict.near_miss.kind, Basis::exception);
      }
      // The entry is of one direction: no hour makes it one of the other.
      Conversation reply = cell.city.talk(cell.from, cell.to);
      std::swap(reply.initiator, reply.responder);
      std::swap(reply.initiator_mac, reply.responder_mac);
      EXPECT_EQ(cell.judge(reply).basis, Basis::cell);
    });
  }
}

TEST(Matrix, LetsAGatewayPermitOnlyWhereTheCellSaysG) {
  const auto gated = [](City& city, std::string_view from, std::string_view to) {
    city.with(city.gateway(from, to));
  };
  for_every_cell(gated, [](const Seen& cell) {
    const Verdict verdict = cell.judge();
    EXPECT_EQ(verdict.decision, cell.code == 'P' || cell.code == 'G' ? Decision::permit : Decision::forbid);
    EXPECT_EQ(verdict.basis, cell.code == 'G' ? Basis::gateway : Basis::cell);
    EXPECT_EQ(reasons_of(cell.policy, verdict), cell.why);
    if (cell.code != 'G') return;
    EXPECT_EQ(cell.policy.options().gateways[verdict.basis_index].from,
              cell.policy.segments()[cell.city.id(cell.from)].id);
    Conversation drive = cell.city.talk(cell.from, cell.to);
    drive.port = 9427;  // client drive redirection of the same product
    const Verdict side_channel = cell.judge(drive);
    EXPECT_EQ(side_channel.decision, Decision::forbid);
    EXPECT_EQ(side_channel.near_miss.mismatch, Mismatch::port);
    EXPECT_EQ(side_channel.near_miss.kind, Basis::gateway);
    Conversation bypass = cell.city.talk(cell.from, cell.to);
    bypass.responder = cell.city.host(cell.to, 10);
    EXPECT_EQ(cell.judge(bypass).near_miss.mismatch, Mismatch::destination_address);
  });
}

TEST(Matrix, LetsANamedServicePermitOnlyWhereTheCellSaysL) {
  const auto served = [](City& city, std::string_view from, std::string_view to) {
    city.with(city.service(from, to));
  };
  for_every_cell(served, [](const Seen& cell) {
    const Verdict verdict = cell.judge();
    EXPECT_EQ(verdict.decision, cell.code == 'P' || cell.code == 'L' ? Decision::permit : Decision::forbid);
    EXPECT_EQ(verdict.basis, cell.code == 'L' ? Basis::service : Basis::cell);
    EXPECT_EQ(reasons_of(cell.policy, verdict), cell.why);
    if (cell.code != 'L') return;
    Conversation other = cell.city.talk(cell.from, cell.to);
    other.initiator = cell.city.host(cell.from, 2);
    EXPECT_EQ(cell.judge(other).decision, Decision::forbid);
    EXPECT_EQ(cell.judge(other).near_miss.mismatch, Mismatch::source_address);
    EXPECT_EQ(cell.judge(other).near_miss.kind, Basis::service);
  });
}

// A gateway or a service that no cell takes is valid and does nothing: that is a warning.
TEST(Matrix, WarnsOfGatewaysAndServicesThatTheCellDoesNotTake) {
  for (const Matrix& matrix : matrices()) {
    City gated = city_of(matrix);
    City served = city_of(matrix);
    std::size_t dead_gateways = 0;
    std::size_t dead_services = 0;
    for (const Row& row : matrix.rows) {
      for (std::size_t i = 0; i < matrix.columns.size(); ++i) {
        gated.with(gated.gateway(row.first, matrix.columns[i]));
        served.with(served.service(row.first, matrix.columns[i]));
        dead_gateways += row.second[i][0] == 'G' || row.second[i][0] == 'P' ? 0U : 1U;
        dead_services += row.second[i][0] == 'L' || row.second[i][0] == 'P' ? 0U : 1U;
      }
    }
    EXPECT_EQ(gated.policy().warnings().size(), dead_gateways) << matrix.profile;
    EXPECT_EQ(served.policy().warnings().size(), dead_services) << matrix.profile;
  }
}

TEST(Matrix, DoesNotLetEntriesOfOnePairPermitTheReverse) {
  // Of two opposite pairs the one whose initiator stands first in the profile gets the entries.
  const auto forth = [](City& city, std::string_view from, std::string_view to) {
    if (city.id(from) >= city.id(to)) return;
    city.with(city.gateway(from, to)).with(city.service(from, to)).with(city.exception(from, to));
  };
  for_every_cell(forth, [](const Seen& cell) {
    if (cell.city.id(cell.from) <= cell.city.id(cell.to)) return;
    Conversation back = cell.city.talk(cell.to, cell.from);
    std::swap(back.initiator, back.responder);
    std::swap(back.initiator_mac, back.responder_mac);
    const Verdict verdict = cell.judge(back);
    EXPECT_EQ(verdict.basis, Basis::cell);
    EXPECT_EQ(verdict.decision, cell.code == 'P' ? Decision::permit : Decision::forbid);
    EXPECT_EQ(verdict.near_miss.mismatch, cell.conditional() ? Mismatch::direction : Mismatch::none);
    EXPECT_EQ(reasons_of(cell.policy, verdict), cell.why);
  });
  const auto back = [](City& city, std::string_view from, std::string_view to) {
    if (city.id(from) <= city.id(to)) return;
    city.with(city.gateway(from, to)).with(city.service(from, to)).with(city.exception(from, to));
  };
  for_every_cell(back, [](const Seen& cell) {
    if (cell.city.id(cell.from) >= cell.city.id(cell.to)) return;
    Conversation forwards = cell.city.talk(cell.to, cell.from);
    std::swap(forwards.initiator, forwards.responder);
    std::swap(forwards.initiator_mac, forwards.responder_mac);
    const Verdict verdict = cell.judge(forwards);
    EXPECT_EQ(verdict.basis, Basis::cell);
    EXPECT_EQ(verdict.near_miss.mismatch, cell.conditional() ? Mismatch::direction : Mismatch::none);
  });
}

// Egress is a path: a named cloud that is reached past the breakout is the wrong egress, whatever the
// service.
TEST(Matrix, TakesAnotherCellForNamedCloudsPastTheBreakout) {
  City city{"alpha-prime"};
  const MacAddress breakout = mac("02:00:00:00:0b:01");
  city.segment("named-cloud").next_hop_macs = {breakout};
  city.with(city.service("LG", "CLD")).with(city.service("LBO", "CLD"));
  Conversation talk = city.talk("LG", "CLD");
  talk.next_hop_mac = breakout;
  const Policy policy = city.policy();
  const Verdict right = policy.judge(talk);
  EXPECT_EQ(right.decision, Decision::permit);
  EXPECT_EQ(right.basis, Basis::service);
  EXPECT_FALSE(right.other_path);

  talk.next_hop_mac = other_mac;
  const Verdict wrong = policy.judge(talk);
  EXPECT_EQ(wrong.decision, Decision::forbid);
  EXPECT_EQ(wrong.cell, Cell::forbid);
  EXPECT_EQ(reasons_of(policy, wrong), "R6 R12");
  EXPECT_TRUE(wrong.other_path);

  talk.next_hop_mac = {};  // nobody saw by which way it left
  EXPECT_EQ(policy.judge(talk).basis, Basis::service);
  talk = city.talk("LBO", "CLD");  // of this pair the text says nothing
  talk.next_hop_mac = other_mac;
  EXPECT_EQ(policy.judge(talk).basis, Basis::service);

  City excepted = city;
  excepted.with(excepted.exception("LG", "CLD"));
  talk = excepted.talk("LG", "CLD");
  talk.next_hop_mac = other_mac;
  EXPECT_EQ(excepted.policy().judge(talk).basis, Basis::exception) << "the cell is f";

  City unlisted{"alpha-prime"};
  unlisted.with(unlisted.service("LG", "CLD"));
  EXPECT_EQ(unlisted.policy().judge(talk).basis, Basis::service)
      << "without next hops the path is not looked at";
}

// The breakout's next hop leads to named clouds and makes nothing else one: what is not named is external.
TEST(Matrix, TakesNoUnlistedAddressForANamedCloudByItsNextHop) {
  struct Case {
    const char* profile;
    const char* choice;
    const char* from;
    Cell cell;
    const char* why;
  };
  for (const Case& one : {Case{"alpha-prime", "net_lbo", "LG", Cell::forbid_always, "R4 R6 R12"},
                          Case{"alpha-prime", "net_lbo", "NET", Cell::forbid, "R6"},
                          Case{"beta", "", "NET", Cell::forbid, "R6"}}) {
    SCOPED_TRACE(one.profile);
    City city{one.profile};
    if (*one.choice != '\0') city.with_switch(one.choice);
    const MacAddress breakout = mac("02:00:00:00:0b:01");
    city.segment("named-cloud").next_hop_macs = {breakout};
    const Policy policy = city.policy();
    Conversation talk = city.talk(one.from, "EXT");
    talk.next_hop_mac = breakout;
    const Verdict verdict = policy.judge(talk);
    EXPECT_EQ(verdict.to, policy.external());
    EXPECT_EQ(verdict.cell, one.cell);
    EXPECT_EQ(reasons_of(policy, verdict), one.why);
    EXPECT_EQ(verdict.decision, Decision::forbid);
  }
}

// The critical systems are a part of the Internet segment: what reaches from there into the My Number segment
// is as grave as from anywhere in it.
TEST(Matrix, TakesPartsOfTheInternetSegmentForWhatTheyArePartOf) {
  const City city{"beta-prime"};
  const Policy policy = city.policy();
  for (const std::string_view from : {"NET", "CRIT", "EXT"}) {
    EXPECT_EQ(severity(policy, policy.judge(city.talk(from, "MN")), capture::Stage::data), Severity::alert)
        << from;
  }
  EXPECT_EQ(severity(policy, policy.judge(city.talk("LG", "MN")), capture::Stage::data), Severity::critical);
}

// In the two-tier model a body may leave directly, unless it has chosen to leave by the security cloud only.
TEST(Matrix, JudgesEgressOfTheTwoTierModelByTheSwitch) {
  for (const bool aggregated : {false, true}) {
    City city{"two-tier"};
    const MacAddress cloud = mac("02:00:00:00:0c:01");
    city.segment("security-cloud").next_hop_macs = {cloud};
    if (aggregated) city.with_switch("egress_security_cloud", "");
    const Policy policy = city.policy();
    Conversation talk = city.talk("NET", "EXT");
    talk.next_hop_mac = other_mac;
    const Verdict direct = policy.judge(talk);
    EXPECT_EQ(direct.decision, aggregated ? Decision::forbid : Decision::permit);
    EXPECT_EQ(reasons_of(policy, direct), aggregated ? "R7" : "R9");
    talk.next_hop_mac = cloud;
    const Verdict by_cloud = policy.judge(talk);
    EXPECT_EQ(by_cloud.to, city.id("SC"));
    EXPECT_EQ(by_cloud.decision, Decision::permit);
    EXPECT_EQ(reasons_of(policy, by_cloud), "R9");
  }
}

// Whatever the model says of a pair, the body may decide it otherwise, by a clause that the verdict then
// shows.
TEST(Matrix, LetsAnOverlayDecideEveryCellByItsClause) {
  for (const Matrix& matrix : matrices()) {
    for (const Row& row : matrix.rows) {
      for (const auto& [code, cell] : {std::pair{"P", Cell::permit}, std::pair{"F", Cell::forbid_always},
                                       std::pair{"f", Cell::forbid}}) {
        City city = city_of(matrix);
        city.options.overlays.push_back(
            {std::string{row.first}, "NET", cell, {"R9"}, "規程第7条", {"c", 1, 1}});
        const Policy policy = city.policy();
        for (std::size_t i = 0; i < matrix.columns.size(); ++i) {
          SCOPED_TRACE(matrix.profile + " " + std::string{row.first} + "->" + std::string{matrix.columns[i]});
          const Verdict verdict = policy.judge(city.talk(row.first, matrix.columns[i]));
          const bool overlaid = matrix.columns[i] == "NET";
          EXPECT_EQ(verdict.cell, overlaid ? cell : cell_of(row.second[i][0]));
          EXPECT_EQ(verdict.overlay_index, overlaid ? 0 : 0xffff);
          if (!overlaid) continue;
          EXPECT_EQ(verdict.decision, *code == 'P' ? Decision::permit : Decision::forbid);
          EXPECT_EQ(reasons_of(policy, verdict), "R9");
          EXPECT_EQ(policy.options().overlays[verdict.overlay_index].clause, "規程第7条");
          EXPECT_EQ(verdict.switch_index, 0xffff) << "the overlay comes after the switches";
        }
      }
    }
  }
}

TEST(Matrix, KeepsTheReasonsThatAnOverlayDoesNotReplaceAndTheModelsOwnCell) {
  City city{"alpha"};
  city.options.overlays.push_back({"lgwan", "セキュリティクラウド", Cell::service, {}, "規程第7条", {}});
  city.with(city.service("LG", "SC"));
  const Policy policy = city.policy();
  const Verdict verdict = policy.judge(city.talk("LG", "SC"));
  EXPECT_EQ(verdict.basis, Basis::service);
  EXPECT_EQ(reasons_of(policy, verdict), "R4 R6");
  EXPECT_EQ(policy.cell(city.id("LG"), city.id("SC")), Cell::service);
  EXPECT_EQ(policy.model_cell(city.id("LG"), city.id("SC")), Cell::forbid);
  EXPECT_TRUE(policy.warnings().empty());
}

TEST(Matrix, DecidesTheWrongEgressToNamedCloudsByAnOverlayToo) {
  City city{"alpha-prime"};
  city.segment("named-cloud").next_hop_macs = {client_mac};
  city.options.overlays.push_back({"LG", "CLD", Cell::forbid_always, {"R12"}, "規程第7条", {}});
  Conversation talk = city.talk("LG", "CLD");
  talk.next_hop_mac = other_mac;
  const Verdict verdict = city.policy().judge(talk);
  EXPECT_EQ(verdict.cell, Cell::forbid_always);
  EXPECT_FALSE(verdict.other_path);
}

// The clauses that an auditor is shown exist and say whose they are.
TEST(Matrix, CitesReasonsInBothLanguagesWithTheirClauses) {
  const std::vector<std::string> ids{"R1",  "R2",  "R3",  "R4",  "R5",  "R6",  "R7",  "R8", "R9",
                                     "R10", "R11", "R12", "R13", "R14", "R15", "R16", "R17"};
  const City city{"alpha"};
  const Profile& profile = city.options.profile;
  ASSERT_GE(profile.reasons.size(), ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) {
    EXPECT_EQ(profile.reasons[i].id, ids[i]);
    EXPECT_FALSE(profile.reasons[i].text.ja.empty());
    EXPECT_FALSE(profile.reasons[i].text.en.empty());
    EXPECT_FALSE(profile.reasons[i].clauses.empty()) << ids[i];
  }
  const std::map<std::string, std::pair<std::string, std::string>> expected{
      {"001-6-3-1", {"6(3)①", "マイナンバー利用事務系においては、他の領域との通信をできないようにした上で"}},
      {"004-6-3-a",
       {"第1章6(3)ア",
        "マイナンバー利用事務系においては、原則として、他の領域との通信をできないようにした上で"}},
  };
  for (const auto& [id, words] : expected) {
    bool found = false;
    for (const Clause& clause : profile.clauses) {
      if (clause.id != id) continue;
      found = true;
      EXPECT_EQ(clause.number, words.first);
      EXPECT_EQ(clause.quote, words.second);
      EXPECT_FALSE(clause.body.ja.empty());
      EXPECT_FALSE(clause.gloss.empty());
    }
    EXPECT_TRUE(found) << id;
  }
}

}  // namespace
}  // namespace sekimori::policy

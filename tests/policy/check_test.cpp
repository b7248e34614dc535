#include "policy/proof/check.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "tests/policy/city.hpp"

namespace sekimori::policy {
namespace {

using Level = Remark::Level;

std::vector<Remark> remarks_of(const City& city, Time now = noon) {
  const Policy policy = city.policy();
  CheckOptions options;
  options.now = now;
  options.manner.language = Language::en;
  return check(policy.compiled(), options);
}

std::string told(const std::vector<Remark>& remarks) {
  std::string all;
  for (const Remark& remark : remarks)
    all +=
        std::string{level_name(remark.level)} + " " + std::string{remark.rule} + ": " + remark.message + "\n";
  return all;
}

const Remark* find(const std::vector<Remark>& remarks, std::string_view rule) {
  const auto found =
      std::find_if(remarks.begin(), remarks.end(), [&](const Remark& remark) { return remark.rule == rule; });
  return found == remarks.end() ? nullptr : &*found;
}

// An exception on a pair that takes one and is not the My Number segment's, narrow and short.
ExceptionOptions plain(const City& city) {
  ExceptionOptions exception = city.exception("lgwan", "internet");
  exception.from = noon - 10 * day;
  exception.until = noon + 100 * day;
  exception.place = {"city.yaml", 9, 3};
  exception.source.macs.clear();
  exception.destination.macs.clear();
  return exception;
}

struct Rule {
  const char* rule;
  Level level;
  std::function<void(City&)> fires;
  std::function<void(City&)> silent;  // nearly the same
};

City city_with(const std::function<void(City&)>& change) {
  City city{"alpha"};
  change(city);
  return city;
}

std::function<void(City&)> exception(const std::function<void(ExceptionOptions&)>& change) {
  return [change](City& city) {
    ExceptionOptions one = plain(city);
    change(one);
    city.with(one);
  };
}

void two_exceptions(City& city, const std::function<void(ExceptionOptions&)>& second) {
  ExceptionOptions one = plain(city);
  city.with(one);
  one.id = "EX-2";
  one.place.line = 20;
  second(one);
  city.with(one);
}

void claim_all(City& city) {
  std::uint16_t vlan = 100;
  for (SegmentOptions& segment : city.options.segments) segment.vlans = {++vlan};
}

const std::vector<Rule>& rules() {
  static const std::vector<Rule> all{
      {"exception-expired", Level::warning, exception([](auto& one) { one.until = noon; }),
       exception([](auto& one) { one.until = noon + Duration{1}; })},
      {"exception-ending", Level::note, exception([](auto& one) { one.until = noon + 30 * day; }),
       exception([](auto& one) { one.until = noon + 31 * day; })},
      {"exception-long", Level::note, exception([](auto& one) { one.until = one.from + 367 * day; }),
       exception([](auto& one) { one.until = one.from + 366 * day; })},
      {"draft", Level::note, exception([](auto& one) { one.draft = true; }),
       exception([](auto& one) { one.draft = false; })},
      {"entry-duplicate", Level::warning, [](City& city) { two_exceptions(city, [](auto&) {}); },
       [](City& city) { two_exceptions(city, [](auto& two) {
                          two.ports = {{6, 80, 80}};
                        }); }},
      {"entry-shadowed", Level::warning,
       [](City& city) { two_exceptions(city, [](auto& two) { two.until -= day; }); },
       [](City& city) { two_exceptions(city, [](auto& two) { two.until += day, two.from += day; }); }},
      {"entry-redundant", Level::note,
       [](City& city) { two_exceptions(city, [](auto& two) { two.until += day; }); },
       [](City& city) { two_exceptions(city, [](auto& two) { two.until += day, two.from += day; }); }},
      {"entry-dead", Level::warning,
       [](City& city) {
         GatewayOptions gateway = city.gateway("lgwan", "internet");
         gateway.clients.addresses = {Prefix{city.host("mynumber", 1), 32}};
         city.with(gateway);
       },
       [](City& city) { city.with(city.gateway("lgwan", "internet")); }},
      {"clients-outside", Level::warning,
       [](City& city) {
         GatewayOptions gateway = city.gateway("lgwan", "internet");
         gateway.clients.addresses.push_back(Prefix{city.host("mynumber", 1), 32});
         city.with(gateway);
       },
       [](City& city) {
         GatewayOptions gateway = city.gateway("lgwan", "internet");
         gateway.clients.addresses.push_back(Prefix{city.host("lgwan", 2), 32});
         city.with(gateway);
       }},
      {"hosts-outside", Level::warning,
       [](City& city) {
         ServiceOptions service = city.service("mynumber", "juki");
         service.hosts.addresses = {Prefix{city.host("juki", 9), 32}, Prefix{city.host("lgwan", 9), 32}};
         city.with(service);
       },
       [](City& city) { city.with(city.service("mynumber", "juki")); }},
      {"exception-contradicts", Level::warning, exception([](auto& one) {
         one.destination.addresses = {prefix("10.3.0.5/32"), prefix("192.0.2.0/24")};
       }),
       exception([](auto&) {})},
      {"any-port", Level::warning, exception([](auto& one) {
         one.ports = {{6, 0, 65535}};
       }),
       exception([](auto& one) {
         one.ports = {{1, 0, 65535}};
       })},  // ICMP has none
      {"any-protocol", Level::warning, exception([](auto& one) {
         one.ports = {{0, 0, 65535}};
       }),
       exception([](auto& one) {
         one.ports = {{17, 53, 53}};
       })},
      {"wide-ports", Level::warning, exception([](auto& one) {
         one.ports = {{6, 1000, 2024}};
       }),
       exception([](auto& one) {
         one.ports = {{6, 1000, 2023}};
       })},
      {"wide-prefix", Level::warning,
       exception([](auto& one) { one.source.addresses = {prefix("10.2.0.0/23")}; }),
       exception([](auto& one) { one.source.addresses = {prefix("10.2.0.0/24")}; })},
      {"gateway-kind-ports", Level::warning,
       [](City& city) {
         GatewayOptions gateway = city.gateway("lgwan", "internet");
         gateway.kind = GatewayKind::mail_text;
         city.with(gateway);  // 443
       },
       [](City& city) {
         GatewayOptions gateway = city.gateway("lgwan", "internet");
         gateway.kind = GatewayKind::mail_text;
         gateway.ports = {{6, 25, 25}};
         city.with(gateway);
       }},
      {"segment-unseen", Level::note, [](City& city) { city.segment("mynumber").vlans = {110}; }, claim_all},
      {"segment-unseen", Level::warning,
       [](City& city) {
         claim_all(city);
         city.segment("mynumber").vlans.clear();
       },
       claim_all},
      // Seen on the other side alone, every frame comes from the firewall's own card.
      {"mac-behind-router", Level::warning, exception([](auto& one) { one.source.macs = {client_mac}; }),
       [](City& city) {
         ExceptionOptions one = plain(city);
         one.source.macs = {client_mac};
         city.segment("internet").router_macs = {other_mac};
         city.with(one);
       }},
      {"overlay-loosens", Level::warning,
       [](City& city) {
         city.options.overlays.push_back({"mynumber", "internet", Cell::forbid, {}, "規程第7条", {}});
       },
       [](City& city) {
         city.options.overlays.push_back({"mynumber", "lgwan", Cell::permit, {}, "規程第7条", {}});
         city.options.overlays.push_back({"lgwan", "external", Cell::forbid, {}, "規程第8条", {}});
       }},
      {"switch-no-effect", Level::note,
       [](City& city) {
         city.with_switch("lgwan_services");
         for (SwitchOptions& each : city.options.profile.switches) {
           if (each.id == "lgwan_services") each.cells.clear();
         }
       },
       [](City& city) { city.with_switch("lgwan_services"); }},
  };
  return all;
}

TEST(Check, FiresForWhatItIsAboutAndIsSilentForItsTwin) {
  for (const Rule& rule : rules()) {
    SCOPED_TRACE(rule.rule);
    const std::vector<Remark> fired = remarks_of(city_with(rule.fires));
    const Remark* remark = find(fired, rule.rule);
    ASSERT_NE(remark, nullptr) << told(fired);
    EXPECT_EQ(remark->level, rule.level) << told(fired);
    EXPECT_EQ(remark->message.find('{'), std::string::npos) << remark->message;
    const std::vector<Remark> twin = remarks_of(city_with(rule.silent));
    EXPECT_EQ(find(twin, rule.rule), nullptr) << told(twin);
  }
}

TEST(Check, HasNothingToSayOfAPlainException) {
  const std::vector<Remark> remarks = remarks_of(city_with(exception([](auto&) {})));
  EXPECT_TRUE(remarks.empty()) << told(remarks);
}

TEST(Check, CitesTheClausesOfThePairAndThePlace) {
  const std::vector<Remark> remarks = remarks_of(city_with(exception([](auto& one) {
    one.ports = {{6, 0, 65535}};
  })));
  const Remark* remark = find(remarks, "any-port");
  ASSERT_NE(remark, nullptr);
  EXPECT_EQ(remark->place, (Place{"city.yaml", 9, 3}));
  // lgwan to internet: R4, which rests on 004 6(3)イ.
  EXPECT_NE(std::find(remark->clauses.begin(), remark->clauses.end(), "004-6-3-i"), remark->clauses.end());
}

// Everywhere is the My Number segment too.
TEST(Check, WidthOnTheMyNumberSegmentIsRefusedBeforeItIsRated) {
  City every_port{"alpha"};
  ExceptionOptions one = every_port.exception("mynumber", "lgwan");
  one.ports = {{6, 0, 65535}};
  every_port.with(one);
  EXPECT_THROW(remarks_of(every_port), PolicyError);
  City everywhere{"alpha"};
  one = plain(everywhere);
  one.destination.addresses = {prefix("0.0.0.0/0")};
  everywhere.with(one);
  EXPECT_THROW(remarks_of(everywhere), PolicyError);
}

TEST(Check, NamesWhatShadowsAnEntryEvenWhenSeveralDoTogether) {
  City city{"alpha"};
  ExceptionOptions one = plain(city);
  one.source.addresses = {prefix("10.2.0.0/25")};
  city.with(one);
  one.id = "EX-2";
  one.source.addresses = {prefix("10.2.0.128/25")};
  city.with(one);
  one.id = "EX-3";
  one.source.addresses = {prefix("10.2.0.64/26"), prefix("10.2.0.128/26")};
  city.with(one);
  const std::vector<Remark> remarks = remarks_of(city);
  const Remark* remark = find(remarks, "entry-shadowed");
  ASSERT_NE(remark, nullptr) << told(remarks);
  EXPECT_NE(remark->message.find("\"EX-3\""), std::string::npos) << remark->message;
  EXPECT_NE(remark->message.find("EX-1"), std::string::npos) << remark->message;
  EXPECT_NE(remark->message.find("EX-2"), std::string::npos) << remark->message;
}

TEST(Check, LooksThroughALargeRegisterInReasonableTime) {
  City city{"alpha"};
  for (unsigned i = 0; i < 5000; ++i) {
    ExceptionOptions one = plain(city);
    one.id = "EX-" + std::to_string(i);
    one.source.addresses = {Prefix{IpAddress::ipv4(0x0a020000U + i), 32}};
    one.destination.addresses = {Prefix{IpAddress::ipv4(0x0a030000U + i % 1000), 32}};
    city.with(std::move(one));
  }
  const std::vector<Remark> none = remarks_of(city);
  EXPECT_TRUE(none.empty()) << none.size() << "\n" << told(none).substr(0, 400);
  city.options.exceptions[7].source = city.options.exceptions[3007].source;  // and the same destination
  const std::vector<Remark> twins = remarks_of(city);
  ASSERT_EQ(twins.size(), 1U) << told(twins).substr(0, 400);
  EXPECT_EQ(twins[0].rule, "entry-duplicate");
  EXPECT_NE(twins[0].message.find("\"EX-3007\""), std::string::npos) << twins[0].message;
}

}  // namespace
}  // namespace sekimori::policy

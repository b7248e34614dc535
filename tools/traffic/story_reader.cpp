// Reads a story file. yaml-cpp accepts doubled keys, octal numbers and unknown keys without a word; here all
// of them are errors, because a story that is not what its author thinks makes a test that proves nothing.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <string_view>

#include "tools/traffic/story.hpp"

namespace sekimori::traffic {
namespace {

constexpr std::size_t members_most = 65536;
constexpr std::uint64_t conversations_most = 1'000'000;

class Reader {
 public:
  Reader(const std::string& text, std::string name) : name_(std::move(name)) {
    try {
      root_ = YAML::Load(text);
    } catch (const YAML::Exception& error) {
      fail(error.mark, error.msg);
    }
  }

  Story read() {
    Story story;
    each_key(root_, "story",
             {"title", "start", "resolution", "tagged", "snaplen", "routers", "hosts", "events"},
             {"start", "hosts", "events"});
    if (const auto node = root_["title"]) story.title = scalar(node);
    story.start = date(root_["start"]);
    if (const auto node = root_["resolution"]) {
      story.nanoseconds = choice<bool>(node, {{"nanoseconds", true}, {"microseconds", false}});
    }
    if (const auto node = root_["tagged"]) story.tagged = yes(node);
    if (const auto node = root_["snaplen"]) story.snaplen = number<std::uint32_t>(node, 14, 262144);
    if (const auto node = root_["routers"]) routers(node, story);
    hosts(root_["hosts"], story);
    if (!root_["events"].IsSequence()) fail(root_["events"], "events: a list of events belongs here");
    for (const YAML::Node& node : root_["events"]) story.events.push_back(event(node, story));
    check_total(story);
    return story;
  }

 private:
  using Keys = std::vector<std::string_view>;

  [[noreturn]] void fail(const YAML::Mark& mark, const std::string& words) const {
    std::ostringstream out;
    out << name_;
    if (mark.line >= 0) out << ':' << mark.line + 1 << ':' << mark.column + 1;
    out << ": " << words;
    throw StoryError{out.str()};
  }
  [[noreturn]] void fail(const YAML::Node& node, const std::string& words) const { fail(node.Mark(), words); }

  void each_key(const YAML::Node& node, const std::string& what, const Keys& allowed,
                const Keys& needed) const {
    if (!node.IsMap()) fail(node, what + ": keys and values belong here");
    std::set<std::string> met;
    for (const auto& entry : node) {
      const std::string key = entry.first.IsScalar() ? entry.first.Scalar() : std::string{};
      if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) {
        std::string list;
        for (const std::string_view one : allowed) list += (list.empty() ? "" : ", ") + std::string{one};
        fail(entry.first, what + ": unknown key \"" + key + "\"; there are: " + list);
      }
      if (!met.insert(key).second) fail(entry.first, what + ": key \"" + key + "\" appears twice");
    }
    for (const std::string_view key : needed) {
      if (met.count(std::string{key}) == 0)
        fail(node, what + ": key \"" + std::string{key} + "\" is missing");
    }
  }

  std::string scalar(const YAML::Node& node) const {
    if (!node.IsScalar()) fail(node, "a single value belongs here");
    return node.Scalar();
  }

  // The scalar's text read as decimal: yaml-cpp takes 010 for 8.
  template <typename Number>
  Number number(const YAML::Node& node, std::uint64_t least, std::uint64_t most) const {
    const std::string text = scalar(node);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool leading_zero = text.size() > 1 && text[0] == '0';
    if (error != std::errc{} || end != text.data() + text.size() || leading_zero || value < least ||
        value > most) {
      fail(node, "\"" + text + "\": a number from " + std::to_string(least) + " to " + std::to_string(most) +
                     " belongs here");
    }
    return static_cast<Number>(value);
  }

  bool yes(const YAML::Node& node) const { return choice<bool>(node, {{"true", true}, {"false", false}}); }

  template <typename Value>
  Value choice(const YAML::Node& node, const std::vector<std::pair<std::string_view, Value>>& values) const {
    const std::string text = scalar(node);
    std::string list;
    for (const auto& [name, value] : values) {
      if (name == text) return value;
      list += (list.empty() ? "" : ", ") + std::string{name};
    }
    fail(node, "\"" + text + "\": one of " + list + " belongs here");
  }

  // "90s", "1h30m", "2.5ms"
  Duration duration(const YAML::Node& node) const {
    const std::string text = scalar(node);
    const auto wrong = [&] {
      fail(node, "\"" + text + "\": a duration belongs here, say 90s, 1h30m, 250ms, 40us");
    };
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> units{{{"ms", 1'000'000},
                                                                              {"us", 1'000},
                                                                              {"ns", 1},
                                                                              {"h", 3'600'000'000'000},
                                                                              {"m", 60'000'000'000},
                                                                              {"s", 1'000'000'000}}};
    std::int64_t total = 0;
    std::string_view rest = text;
    if (rest.empty()) wrong();
    while (!rest.empty()) {
      std::uint64_t whole = 0;
      auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), whole);
      if (error != std::errc{} || whole > 1'000'000'000) wrong();
      rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
      std::string_view decimals;
      if (rest.starts_with('.')) {
        const std::size_t size = std::min(rest.find_first_not_of("0123456789", 1), rest.size());
        decimals = rest.substr(1, size - 1);
        if (decimals.empty() || decimals.size() > 9) wrong();
        rest.remove_prefix(size);
      }
      const auto unit = std::find_if(units.begin(), units.end(),
                                     [&](const auto& one) { return rest.starts_with(one.first); });
      if (unit == units.end()) wrong();
      rest.remove_prefix(unit->first.size());
      std::int64_t part = 0;
      std::int64_t scale = unit->second;
      for (const char digit : decimals) {
        scale /= 10;
        part += (digit - '0') * scale;
      }
      // A billion hours would not fit; a story of more than a year is a mistake anyway.
      if (whole > 366ULL * 24 * 3'600'000'000'000ULL / static_cast<std::uint64_t>(unit->second)) wrong();
      total += static_cast<std::int64_t>(whole) * unit->second + part;
      if (total > 366LL * 24 * 3'600'000'000'000LL) wrong();
    }
    return Duration{total};
  }

  // RFC 3339 with seconds and a zone: 2026-04-01T08:30:00+09:00
  Time date(const YAML::Node& node) const {
    const std::string text = scalar(node);
    const auto wrong = [&] {
      fail(node, "\"" + text + "\": a time belongs here, as 2026-04-01T08:30:00+09:00");
    };
    const auto digits = [&](std::size_t at, std::size_t size) {
      int value = 0;
      const char* begin = text.data() + at;
      if (text.size() < at + size || text[at] < '0' || text[at] > '9') wrong();
      const auto [end, error] = std::from_chars(begin, begin + size, value);
      if (error != std::errc{} || end != begin + size) wrong();
      return value;
    };
    const bool zulu = text.size() == 20 && text[19] == 'Z';
    const bool offset = text.size() == 25 && (text[19] == '+' || text[19] == '-') && text[22] == ':';
    if ((!zulu && !offset) || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
        text[16] != ':') {
      wrong();
    }
    using namespace std::chrono;
    const year_month_day day{year{digits(0, 4)}, month{static_cast<unsigned>(digits(5, 2))},
                             std::chrono::day{static_cast<unsigned>(digits(8, 2))}};
    const int hour = digits(11, 2), minute = digits(14, 2), second = digits(17, 2);
    if (!day.ok() || hour > 23 || minute > 59 || second > 59) wrong();
    if (day.year() < year{1970} || day.year() > year{2105}) wrong();  // what a pcap file can say
    minutes zone{0};
    if (offset) zone = (text[19] == '-' ? -1 : 1) * (hours{digits(20, 2)} + minutes{digits(23, 2)});
    return time_point_cast<Duration>(sys_days{day} + hours{hour} + minutes{minute} + seconds{second} - zone);
  }

  IpAddress address(const YAML::Node& node, std::string_view text) const {
    const auto parsed = IpAddress::parse(text);
    if (!parsed) fail(node, "\"" + std::string{text} + "\": an IP address belongs here");
    return *parsed;
  }

  MacAddress mac(const YAML::Node& node) const {
    const auto parsed = MacAddress::parse(scalar(node));
    if (!parsed) fail(node, "\"" + scalar(node) + "\": a MAC address belongs here, as 02:00:5e:10:00:01");
    return *parsed;
  }

  std::vector<YAML::Node> one_or_many(const YAML::Node& node) const {
    if (node.IsScalar()) return {node};
    if (!node.IsSequence() || node.size() == 0) fail(node, "a value or a list of values belongs here");
    std::vector<YAML::Node> out;
    for (const YAML::Node& one : node) out.push_back(one);
    return out;
  }

  // "10.0.0.5" or "10.0.0.5-10.0.0.20"
  void range(const YAML::Node& node, std::vector<IpAddress>& ipv4, std::vector<IpAddress>& ipv6) const {
    const std::string text = scalar(node);
    const std::size_t dash = text.find('-');
    IpAddress first = address(node, std::string_view{text}.substr(0, dash));
    const IpAddress last =
        dash == std::string::npos ? first : address(node, std::string_view{text}.substr(dash + 1));
    if (first.family != last.family || last < first)
      fail(node, "\"" + text + "\": a range goes upwards in one family");
    auto& out = first.family == Family::ipv6 ? ipv6 : ipv4;
    while (true) {
      out.push_back(first);
      if (first == last) return;
      if (out.size() == members_most) fail(node, "\"" + text + "\": at most 65536 addresses");
      for (std::size_t i = first.bits() / 8; i-- > 0;) {
        if (++first.bytes[i] != 0) break;
      }
    }
  }

  // Locally administered, and readable: the address is in it.
  static MacAddress mac_of(const Member& member) {
    MacAddress mac{{0x02, 0x0a}};
    const IpAddress& address = member.ipv4 ? *member.ipv4 : *member.ipv6;
    const auto end = address.bytes.begin() + address.bits() / 8;
    std::copy(end - 4, end, mac.bytes.begin() + 2);
    return mac;
  }

  void routers(const YAML::Node& node, Story& story) const {
    if (!node.IsMap()) fail(node, "routers: names and their legs belong here");
    for (const auto& entry : node) {
      Router router;
      router.name = scalar(entry.first);
      for (const Router& other : story.routers) {
        if (other.name == router.name) fail(entry.first, "router \"" + router.name + "\" appears twice");
      }
      const std::string what = "router " + router.name;
      each_key(entry.second, what, {"legs"}, {"legs"});
      if (!entry.second["legs"].IsMap())
        fail(entry.second["legs"], what + ": VLANs and addresses belong here");
      for (const auto& one : entry.second["legs"]) {
        const auto vlan = number<std::uint16_t>(one.first, 0, 4094);
        Leg leg;
        leg.mac = {{0x02, 0xfe, static_cast<std::uint8_t>(story.routers.size() + 1), 0,
                    static_cast<std::uint8_t>(vlan >> 8U), static_cast<std::uint8_t>(vlan)}};
        each_key(one.second, what + ", leg", {"ip", "mac"}, {});
        if (const auto ip = one.second["ip"]) {
          for (const YAML::Node& text : one_or_many(ip)) {
            const IpAddress parsed = address(text, scalar(text));
            (parsed.family == Family::ipv6 ? leg.ipv6 : leg.ipv4) = parsed;
          }
        }
        if (const auto given = one.second["mac"]) leg.mac = mac(given);
        if (!router.legs.emplace(vlan, leg).second) fail(one.first, what + ": this VLAN appears twice");
      }
      story.routers.push_back(std::move(router));
    }
  }

  void hosts(const YAML::Node& node, Story& story) const {
    if (!node.IsMap()) fail(node, "hosts: names and what they are belong here");
    for (const auto& entry : node) {
      Host host;
      host.name = scalar(entry.first);
      for (const Host& other : story.hosts) {
        if (other.name == host.name) fail(entry.first, "host \"" + host.name + "\" appears twice");
      }
      const YAML::Node& body = entry.second;
      each_key(body, "host " + host.name, {"ip", "vlan", "mac", "ttl"}, {"ip"});
      std::vector<IpAddress> ipv4, ipv6;
      for (const YAML::Node& one : one_or_many(body["ip"])) range(one, ipv4, ipv6);
      if (!ipv4.empty() && !ipv6.empty() && ipv4.size() != ipv6.size()) {
        fail(body["ip"], "host " + host.name + ": as many IPv6 as IPv4 addresses, or only one kind");
      }
      host.members.resize(std::max(ipv4.size(), ipv6.size()));
      for (std::size_t i = 0; i < host.members.size(); ++i) {
        Member& member = host.members[i];
        if (i < ipv4.size()) member.ipv4 = ipv4[i];
        if (i < ipv6.size()) member.ipv6 = ipv6[i];
        member.mac = body["mac"] ? mac(body["mac"]) : mac_of(member);
      }
      if (const auto vlan = body["vlan"]) host.vlan = number<std::uint16_t>(vlan, 0, 4094);
      if (const auto ttl = body["ttl"]) host.ttl = number<std::uint8_t>(ttl, 1, 255);
      story.hosts.push_back(std::move(host));
    }
  }

  std::size_t host(const YAML::Node& node, const Story& story) const {
    const std::string name = scalar(node);
    for (std::size_t i = 0; i < story.hosts.size(); ++i) {
      if (story.hosts[i].name == name) return i;
    }
    fail(node, "no host \"" + name + "\"");
  }

  // 443, [80, 443], 1-1024
  std::vector<std::uint16_t> ports(const YAML::Node& node) const {
    std::vector<std::uint16_t> out;
    for (const YAML::Node& one : one_or_many(node)) {
      const std::string text = scalar(one);
      const std::size_t dash = text.find('-');
      if (dash == std::string::npos) {
        out.push_back(number<std::uint16_t>(one, 1, 65535));
        continue;
      }
      YAML::Node low{text.substr(0, dash)}, high{text.substr(dash + 1)};
      unsigned first = 0, last = 0;
      try {
        first = number<unsigned>(low, 1, 65535);
        last = number<unsigned>(high, first, 65535);
      } catch (const StoryError&) {
        fail(one, "\"" + text + "\": a range of ports belongs here, as 20-25");
      }
      for (; first <= last; ++first) out.push_back(static_cast<std::uint16_t>(first));
    }
    return out;
  }

  Event event(const YAML::Node& node, const Story& story) const {
    static const Keys allowed{
        "at",     "from",       "to",   "tcp",     "udp",    "icmp",   "arp",   "ndp",   "port",
        "family", "outcome",    "send", "receive", "rounds", "pause",  "tries", "begin", "retransmit",
        "close",  "round_trip", "via",  "seen",    "only",   "copies", "count", "every", "gap",
        "dhcp",   "ra",         "bpdu", "call",    "group",  "name",   "mac",   "ttl",   "on"};
    each_key(node, "event", allowed, {"at", "from"});
    Event event;
    event.line = node.Mark().line + 1;
    event.at = duration(node["at"]);
    event.from = host(node["from"], story);
    kind(node, event);
    if (!to_everybody(event)) {
      if (!node["to"]) fail(node, "event: key \"to\" is missing");
      for (const YAML::Node& one : one_or_many(node["to"])) event.to.push_back(host(one, story));
    } else if (node["to"]) {
      fail(node["to"], "event: this is said to everybody on the wire");
    }
    wire(node, event);
    if (const auto v = node["port"]) event.port = number<std::uint16_t>(v, 1, 65535);
    if (const auto v = node["outcome"]) {
      event.outcome = choice<Outcome>(v, {{"accepted", Outcome::accepted},
                                          {"unanswered", Outcome::unanswered},
                                          {"dropped", Outcome::dropped},
                                          {"refused", Outcome::refused},
                                          {"rejected", Outcome::rejected},
                                          {"prohibited", Outcome::prohibited}});
    }
    constexpr std::uint64_t payload_most = 100'000'000;
    const bool datagram = event.kind != Kind::tcp;
    if (datagram) event.send = 32;
    if (const auto v = node["send"]) event.send = number<std::uint32_t>(v, 0, datagram ? 1400 : payload_most);
    if (const auto v = node["receive"])
      event.receive = number<std::uint32_t>(v, 0, datagram ? 1400 : payload_most);
    if (const auto v = node["rounds"]) event.rounds = number<std::uint32_t>(v, 1, 1'000'000);
    if (const auto v = node["pause"]) event.pause = duration(v);
    if (const auto v = node["tries"]) event.tries = number<std::uint32_t>(v, 1, 10);
    if (const auto v = node["begin"]) {
      event.in_the_middle = choice<bool>(v, {{"handshake", false}, {"middle", true}});
    }
    if (const auto v = node["retransmit"]) event.retransmit = number<std::uint32_t>(v, 0, 1'000'000);
    if (const auto v = node["close"]) {
      event.close = choice<Close>(v, {{"fin", Close::fin}, {"rst", Close::rst}, {"open", Close::open}});
    }
    if (const auto v = node["round_trip"]) event.round_trip = duration(v);
    if (const auto v = node["seen"]) {
      const int points = choice<int>(v, {{"both", 3}, {"initiator", 1}, {"responder", 2}});
      event.seen_at_initiator = (points & 1) != 0;
      event.seen_at_responder = (points & 2) != 0;
    }
    if (const auto v = node["only"]) {
      event.only = choice<Side>(v, {{"initiator", Side::initiator}, {"responder", Side::responder}});
    }
    if (const auto v = node["copies"]) event.copies = number<std::uint32_t>(v, 1, 10);
    if (const auto v = node["count"]) event.count = number<std::uint32_t>(v, 1, conversations_most);
    if (const auto v = node["every"]) event.every = duration(v);
    if (const auto v = node["gap"]) event.gap = duration(v);
    family(node, event, story);
    way(node, event, story);
    sense(node, event, story);
    return event;
  }

  void kind(const YAML::Node& node, Event& event) const {
    int kinds = 0;
    const auto is = [&](const char* key, Kind kind) {
      if (!node[key]) return false;
      ++kinds;
      event.kind = kind;
      return true;
    };
    event.ports = {0};
    if (is("tcp", Kind::tcp)) event.ports = ports(node["tcp"]);
    if (is("udp", Kind::udp)) event.ports = ports(node["udp"]);
    if (is("icmp", Kind::icmp)) choice<bool>(node["icmp"], {{"echo", true}});
    if (is("arp", Kind::arp)) {
      event.gratuitous = choice<bool>(node["arp"], {{"request", false}, {"gratuitous", true}});
    }
    if (is("ndp", Kind::ndp)) choice<bool>(node["ndp"], {{"solicitation", true}});
    if (is("dhcp", Kind::dhcp)) event.messages = messages(node["dhcp"]);
    if (is("ra", Kind::ra)) {
      event.prefix = Prefix::parse(scalar(node["ra"]));
      if (!event.prefix || event.prefix->address.family != Family::ipv6) {
        fail(node["ra"], "\"" + scalar(node["ra"]) + "\": an IPv6 prefix belongs here, as \"fd10::/64\"");
      }
    }
    if (is("bpdu", Kind::bpdu)) event.root = mac(node["bpdu"]);
    if (is("call", Kind::call)) {
      event.call = choice<Call>(node["call"], {{"llmnr", Call::llmnr},
                                               {"nbns", Call::nbns},
                                               {"netbios", Call::netbios},
                                               {"mdns", Call::mdns},
                                               {"ssdp", Call::ssdp},
                                               {"wsd", Call::wsd}});
    }
    if (kinds != 1) {
      fail(node, "event: exactly one of tcp, udp, icmp, arp, ndp, dhcp, ra, bpdu, call belongs here");
    }
  }

  std::vector<DhcpMessage> messages(const YAML::Node& node) const {
    if (node.IsScalar() && node.Scalar() == "exchange") {
      return {DhcpMessage::discover, DhcpMessage::offer, DhcpMessage::request, DhcpMessage::ack};
    }
    std::vector<DhcpMessage> out;
    for (const YAML::Node& one : one_or_many(node)) {
      out.push_back(choice<DhcpMessage>(one, {{"discover", DhcpMessage::discover},
                                              {"offer", DhcpMessage::offer},
                                              {"request", DhcpMessage::request},
                                              {"ack", DhcpMessage::ack},
                                              {"nak", DhcpMessage::nak}}));
    }
    return out;
  }

  static bool to_everybody(const Event& event) {
    return event.gratuitous || event.kind == Kind::ra || event.kind == Kind::bpdu ||
           event.kind == Kind::call ||
           (event.kind == Kind::dhcp &&
            std::all_of(event.messages.begin(), event.messages.end(), asks_server));
  }

  // On which wire, with which address of a card.
  void wire(const YAML::Node& node, Event& event) const {
    const auto only_with = [&](const char* key, bool sensible, const char* with) {
      if (node[key] && !sensible)
        fail(node[key], std::string{"event: \""} + key + "\" has no meaning without " + with);
    };
    if (const auto v = node["on"]) event.on = number<std::uint16_t>(v, 0, 4094);
    if (const auto v = node["mac"]) event.mac = mac(v);
    if (const auto v = node["ttl"]) event.ttl = number<std::uint8_t>(v, 1, 255);
    if (const auto v = node["name"]) event.name = scalar(v);
    if (const auto v = node["group"]) event.group = address(v, scalar(v));
    const bool fixed = event.kind == Kind::arp || event.kind == Kind::ndp || event.kind == Kind::ra ||
                       event.kind == Kind::bpdu;
    only_with("ttl", !fixed, "a packet whose TTL hosts choose");
    only_with("group", event.kind == Kind::call, "call");
    only_with("name", event.kind == Kind::call || event.kind == Kind::dhcp, "call or dhcp");
    if (event.name.size() > 63) fail(node["name"], "event: a name has at most 63 characters");
  }

  void family(const YAML::Node& node, Event& event, const Story& story) const {
    std::vector<std::size_t> all = event.to;
    all.push_back(event.from);
    const auto everybody_has = [&](Family family) {
      return std::all_of(all.begin(), all.end(), [&](std::size_t index) {
        const auto& members = story.hosts[index].members;
        return std::all_of(members.begin(), members.end(),
                           [&](const Member& member) { return member.address(family).has_value(); });
      });
    };
    if (event.kind == Kind::bpdu || event.kind == Kind::ra) {  // hosts have at least one kind of address
      event.family = everybody_has(Family::ipv4) ? Family::ipv4 : Family::ipv6;
    } else if (event.kind == Kind::ndp) {
      event.family = Family::ipv6;
    } else if (const auto v = node["family"]) {
      event.family = choice<Family>(v, {{"ipv4", Family::ipv4}, {"ipv6", Family::ipv6}});
    } else if (!everybody_has(Family::ipv4) && event.kind != Kind::arp) {
      event.family = Family::ipv6;
    }
    if (event.kind == Kind::arp && event.family == Family::ipv6)
      fail(node, "event: ARP is for IPv4; write ndp");
    if (!everybody_has(event.family)) fail(node, "event: these hosts have no addresses of one family");
    const bool netbios =
        event.kind == Kind::call && (event.call == Call::nbns || event.call == Call::netbios);
    if (netbios && event.family == Family::ipv6) fail(node["call"], "event: NetBIOS is for IPv4");
    if (event.group && event.group->family != event.family)
      fail(node["group"], "event: the sender has no address of this family");
  }

  // Through which router, if any. All responders of one event are on the same way.
  void way(const YAML::Node& node, Event& event, const Story& story) const {
    if (event.to.empty() || event.on) {
      if (node["via"]) fail(node["via"], "event: no router is on this way");
      return;
    }
    const std::uint16_t here = story.hosts[event.from].vlan;
    const std::uint16_t there = story.hosts[event.to.front()].vlan;
    for (const std::size_t index : event.to) {
      if (story.hosts[index].vlan != there)
        fail(node["to"], "event: these hosts are on different VLANs: make two events");
    }
    const bool link_local = event.kind == Kind::arp || event.kind == Kind::ndp || event.kind == Kind::dhcp;
    if (here == there || link_local) {
      if (node["via"]) fail(node["via"], "event: no router is on this way");
      return;
    }
    for (std::size_t i = 0; i < story.routers.size(); ++i) {
      const Router& router = story.routers[i];
      const bool joins = router.legs.count(here) != 0 && router.legs.count(there) != 0;
      const auto named = node["via"];
      if (named && scalar(named) != router.name) continue;
      if (named && !joins) fail(named, "event: router \"" + router.name + "\" does not join these VLANs");
      if (!joins) continue;
      if (event.via) fail(node, "event: more than one router joins these VLANs; say which with via");
      event.via = i;
    }
    if (!event.via) {
      if (node["via"]) fail(node["via"], "no router \"" + scalar(node["via"]) + "\"");
      fail(node, "event: no router joins VLAN " + std::to_string(here) + " and " + std::to_string(there));
    }
  }

  // Words that would have no effect are errors too.
  void sense(const YAML::Node& node, const Event& event, const Story& story) const {
    const auto only_with = [&](const char* key, bool sensible, const char* with) {
      if (node[key] && !sensible)
        fail(node[key], std::string{"event: \""} + key + "\" has no meaning without " + with);
    };
    const bool tcp = event.kind == Kind::tcp;
    const bool talks = tcp || event.kind == Kind::udp || event.kind == Kind::icmp;
    const bool accepted = event.outcome == Outcome::accepted;
    only_with("begin", tcp && accepted, "an accepted TCP connection");
    only_with("retransmit", tcp && accepted, "an accepted TCP connection");
    only_with("close", tcp && accepted, "an accepted TCP connection");
    only_with("rounds", talks && accepted, "an accepted conversation");
    only_with("pause", talks, "a conversation");
    only_with("round_trip", talks || !event.to.empty(), "an answer");
    only_with("outcome", talks || event.kind == Kind::ndp || (event.kind == Kind::arp && !event.gratuitous),
              "somebody who may answer");
    only_with("send", talks && (accepted || !tcp), "an accepted TCP connection, UDP or ICMP");
    only_with("receive", (tcp || event.kind == Kind::udp) && accepted, "an accepted conversation");
    only_with("tries", !accepted, "an outcome that is no answer");
    only_with("port", tcp || event.kind == Kind::udp, "TCP or UDP");
    only_with("seen", event.via.has_value(), "a router on the way");
    only_with("every", event.count > 1, "count");
    const bool by_router = event.outcome == Outcome::dropped || event.outcome == Outcome::rejected ||
                           event.outcome == Outcome::prohibited;
    only_with("outcome", !by_router || event.via.has_value(), "a router on the way");
    only_with("outcome", event.outcome != Outcome::rejected || tcp, "TCP");
    only_with("outcome", event.outcome != Outcome::refused || tcp || event.kind == Kind::udp, "TCP or UDP");
    if (event.outcome == Outcome::prohibited) {
      const Leg& leg = story.routers[*event.via].legs.at(story.hosts[event.from].vlan);
      const bool has = event.family == Family::ipv6 ? leg.ipv6.has_value() : leg.ipv4.has_value();
      if (!has)
        fail(node["outcome"], "event: the router has no address of this family on the initiator's VLAN");
    }
  }

  void check_total(const Story& story) const {
    for (const Event& event : story.events) {
      std::uint64_t targets = 0;
      for (const std::size_t index : event.to) targets += story.hosts[index].members.size();
      targets = std::max<std::uint64_t>(targets, 1);
      std::uint64_t total = 1;
      for (const std::uint64_t factor :
           {std::uint64_t{event.count}, std::uint64_t{story.hosts[event.from].members.size()}, targets,
            std::uint64_t{event.ports.size()}}) {
        total = std::min(total * factor, conversations_most * conversations_most);
        if (total > conversations_most) break;
      }
      const auto refuse = [&](const char* words) {
        throw StoryError{name_ + ":" + std::to_string(event.line) + ":1: event: " + words};
      };
      if (total > conversations_most) refuse("more than a million conversations");
      if (event.port && *event.port + total > 65536)
        refuse("port: not enough ports above it for all conversations");
    }
  }

  std::string name_;
  YAML::Node root_;
};

}  // namespace

Story read_story_text(const std::string& text, const std::string& name) {
  return Reader{text, name}.read();
}

Story read_story(const std::string& path) {
  std::ifstream file{path, std::ios::binary};
  std::ostringstream text;
  // Reading a directory sets no error at opening, but here.
  if (!file || !(text << file.rdbuf())) throw StoryError{path + ": cannot be read, or is empty"};
  return read_story_text(text.str(), path);
}

}  // namespace sekimori::traffic

#include "daemon/control/query.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::size_t addresses_max = 32;

constexpr std::array<std::pair<std::string_view, std::uint8_t>, 13> protocols{{{"tcp", 6},
                                                                               {"udp", 17},
                                                                               {"icmp", 1},
                                                                               {"icmpv6", 58},
                                                                               {"sctp", 132},
                                                                               {"gre", 47},
                                                                               {"esp", 50},
                                                                               {"ah", 51},
                                                                               {"ipip", 4},
                                                                               {"ipv6", 41},
                                                                               {"igmp", 2},
                                                                               {"ospf", 89},
                                                                               {"vrrp", 112}}};

constexpr std::array<std::pair<std::string_view, FlowSort>, 4> sorts{{{"start", FlowSort::start},
                                                                      {"last", FlowSort::last},
                                                                      {"bytes", FlowSort::bytes},
                                                                      {"packets", FlowSort::packets}}};

constexpr std::array stages{capture::Stage::attempt, capture::Stage::refused, capture::Stage::answered,
                            capture::Stage::established, capture::Stage::data};

Problem bad(Text message, Language language, std::initializer_list<TextArgument> arguments,
            std::string hint = {}) {
  return Problem(400, "bad_parameter", say(message, language, arguments), std::move(hint));
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Well-formed UTF-8 (RFC 3629) without C0 and C1 controls: what we repeat in an answer must be fit for a
// terminal.
bool presentable(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x20 || lead == 0x7f) return false;
    if (lead < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc2 ? 2 : 0;
    if (length == 0 || lead > 0xf4 || text.size() - i < length) return false;
    std::uint32_t point = lead & (0x7fU >> length);
    for (std::size_t k = 1; k < length; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0U) != 0x80U) return false;
      point = (point << 6U) | (next & 0x3fU);
    }
    constexpr std::array<std::uint32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    if (point < smallest[length] || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    if (point >= 0x80 && point < 0xa0) return false;
    i += length;
  }
  return true;
}

std::string percent_decoded(std::string_view text, Language language) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? hex_digit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      throw Problem(400, "bad_request", say(Text::control_bad_encoding, language), {});
    }
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  if (!presentable(out)) throw Problem(400, "bad_request", say(Text::control_bad_encoding, language), {});
  return out;
}

template <class Number>
std::optional<Number> number(std::string_view text, Number lowest, Number highest) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < lowest || value > highest) {
    return std::nullopt;
  }
  return value;
}

// Reads each parameter once, in any order; throws for one that is unknown or doubled.
class Parameters {
 public:
  Parameters(const Asked& asked, std::vector<std::string_view> known, std::string_view repeatable,
             Language language)
      : asked_(asked), language_(language) {
    for (std::size_t i = 0; i < asked.parameters.size(); ++i) {
      const std::string& name = asked.parameters[i].first;
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        throw Problem(400, "unknown_parameter",
                      say(Text::control_unknown_parameter, language, {{"path", asked.path}, {"name", name}}),
                      known.empty() ? std::string{} : suggestion(name, known, language));
      }
      if (name == repeatable) continue;
      for (std::size_t before = 0; before < i; ++before) {
        if (asked.parameters[before].first != name) continue;
        throw Problem(400, "doubled_parameter",
                      say(Text::control_doubled_parameter, language, {{"name", name}}), {});
      }
    }
  }

  const std::string* find(std::string_view name) const {
    for (const auto& [key, value] : asked_.parameters) {
      if (key == name) return &value;
    }
    return nullptr;
  }

  template <class Number>
  std::optional<Number> get(std::string_view name, Number lowest, Number highest) const {
    const std::string* value = find(name);
    if (value == nullptr) return std::nullopt;
    const auto read = number(*value, lowest, highest);
    if (!read) {
      throw bad(Text::control_bad_number, language_,
                {{"name", name},
                 {"value", *value},
                 {"lowest", std::to_string(lowest)},
                 {"highest", std::to_string(highest)}});
    }
    return read;
  }

 private:
  const Asked& asked_;
  Language language_;
};

[[noreturn]] void throw_bad_word(std::string_view name, const std::string& value,
                                 const std::vector<std::string_view>& words, Language language) {
  throw bad(Text::control_bad_word, language, {{"name", name}, {"value", value}},
            suggestion(value, words, language));
}

std::optional<policy::SegmentId> segment(const Parameters& parameters, std::string_view name,
                                         const policy::Policy& policy, Language language) {
  const std::string* value = parameters.find(name);
  if (value == nullptr) return std::nullopt;
  const int index = policy.segment_index(*value);
  if (index < 0) {
    std::vector<std::string_view> words;
    for (const auto& each : policy.segments()) words.emplace_back(each.id);
    throw_bad_word(name, *value, words, language);
  }
  return static_cast<policy::SegmentId>(index);
}

std::optional<DomainId> domain(const Parameters& parameters, const policy::Policy& policy,
                               Language language) {
  const std::string* value = parameters.find("domain");
  if (value == nullptr) return std::nullopt;
  const int index = policy.domain_index(*value);
  if (index >= 0) return static_cast<DomainId>(index);
  std::vector<std::string_view> words;
  for (std::size_t i = 0; i < policy.domains_count(); ++i)
    words.push_back(policy.domain_name(static_cast<DomainId>(i)));
  throw_bad_word("domain", *value, words, language);
}

bool has_ports(std::uint8_t protocol) {
  return protocol == capture::protocol::tcp || protocol == capture::protocol::udp ||
         protocol == capture::protocol::sctp;
}

}  // namespace

Problem::Problem(unsigned status, std::string code, std::string message, std::string hint)
    : status_(status), code_(std::move(code)), message_(std::move(message)), hint_(std::move(hint)) {}

boost::json::object Problem::to_json() const {
  boost::json::object error;
  error["code"] = code_;
  error["message"] = message_;
  error["hint"] = hint_;
  boost::json::object out;
  out["error"] = std::move(error);
  return out;
}

Asked read_target(std::string_view target, Language language) {
  // Absolute form: the authority says nothing on a Unix socket.
  if (constexpr std::string_view scheme = "http://"; target.substr(0, scheme.size()) == scheme) {
    const std::size_t slash = target.find('/', scheme.size());
    target = slash == std::string_view::npos ? std::string_view("/") : target.substr(slash);
  }
  if (target.empty() || target.front() != '/') {
    throw Problem(400, "bad_request", say(Text::control_bad_target, language), {});
  }
  const std::size_t question = target.find('?');
  Asked asked;
  asked.path = percent_decoded(target.substr(0, question), language);
  if (question == std::string_view::npos) return asked;
  std::string_view rest = target.substr(question + 1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('&');
    const std::string_view pair = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
    if (pair.empty()) continue;
    if (asked.parameters.size() == parameters_max) {
      throw Problem(400, "bad_request",
                    say(Text::control_parameters_many, language, {{"most", std::to_string(parameters_max)}}),
                    {});
    }
    const std::size_t equals = pair.find('=');
    asked.parameters.emplace_back(percent_decoded(pair.substr(0, equals), language),
                                  equals == std::string_view::npos
                                      ? std::string{}
                                      : percent_decoded(pair.substr(equals + 1), language));
  }
  return asked;
}

FlowQuery read_flow_query(const Asked& asked, const policy::Policy& policy, std::uint32_t answer_max,
                          Language language) {
  const Parameters parameters{
      asked,
      {"from", "to", "segment", "address", "domain", "port", "proto", "stage", "verdict", "sort", "limit"},
      "address",
      language};
  FlowQuery query;
  query.from = segment(parameters, "from", policy, language);
  query.to = segment(parameters, "to", policy, language);
  query.segment = segment(parameters, "segment", policy, language);
  for (const auto& [name, value] : asked.parameters) {
    if (name != "address") continue;
    Prefix::Error error = Prefix::Error::none;
    const auto prefix = Prefix::parse(value, &error);
    if (!prefix) {
      throw bad(error == Prefix::Error::host_bits ? Text::control_host_bits : Text::control_bad_address,
                language, {{"value", value}});
    }
    if (query.addresses.size() == addresses_max) {
      throw bad(Text::control_addresses_many, language, {{"most", std::to_string(addresses_max)}});
    }
    query.addresses.push_back(*prefix);
  }
  query.domain = domain(parameters, policy, language);
  query.port = parameters.get<std::uint16_t>("port", 0, 65535);
  if (const std::string* value = parameters.find("proto")) {
    const int protocol = protocol_number(*value);
    if (protocol < 0) throw_bad_word("proto", *value, protocol_names(), language);
    query.protocol = static_cast<std::uint8_t>(protocol);
  }
  if (const std::string* value = parameters.find("stage")) {
    std::vector<std::string_view> words;
    for (const capture::Stage stage : stages) {
      words.push_back(capture::stage_name(stage));
      if (words.back() == *value) query.stage = stage;
    }
    if (!query.stage) throw_bad_word("stage", *value, words, language);
  }
  if (const std::string* value = parameters.find("verdict")) {
    const std::vector<std::string_view> words{policy::decision_name(policy::Decision::permit),
                                              policy::decision_name(policy::Decision::forbid)};
    if (*value == words[0]) query.verdict = policy::Decision::permit;
    if (*value == words[1]) query.verdict = policy::Decision::forbid;
    if (!query.verdict) throw_bad_word("verdict", *value, words, language);
  }
  if (const std::string* value = parameters.find("sort")) {
    std::vector<std::string_view> words;
    bool found = false;
    for (const auto& [word, sort] : sorts) {
      words.push_back(word);
      if (word != *value) continue;
      query.sort = sort;
      found = true;
    }
    if (!found) throw_bad_word("sort", *value, words, language);
  }
  query.limit = std::min(query.limit, answer_max);
  if (const auto limit = parameters.get<std::uint32_t>("limit", 1, answer_max)) query.limit = *limit;
  return query;
}

AlertQuery read_alert_query(const Asked& asked, std::uint32_t answer_max, Language language) {
  const Parameters parameters{asked, {"since", "incident", "limit"}, {}, language};
  AlertQuery query;
  query.since =
      parameters.get<std::uint64_t>("since", 0, std::numeric_limits<std::uint64_t>::max()).value_or(0);
  if (const std::string* value = parameters.find("incident")) {
    if (value->empty()) throw bad(Text::control_empty_value, language, {{"name", "incident"}});
    query.incident = *value;
  }
  query.limit = std::min(query.limit, answer_max);
  if (const auto limit = parameters.get<std::uint32_t>("limit", 1, answer_max)) query.limit = *limit;
  return query;
}

ExceptionQuery read_exception_query(const Asked& asked, std::uint32_t answer_max, Language language) {
  const Parameters parameters{asked, {"state", "limit"}, {}, language};
  ExceptionQuery query;
  if (const std::string* value = parameters.find("state")) {
    std::vector<std::string_view> words;
    for (std::size_t i = 0; i < static_cast<std::size_t>(policy::ExceptionState::count_); ++i) {
      const auto state = static_cast<policy::ExceptionState>(i);
      words.push_back(policy::state_name(state));
      if (words.back() == *value) query.state = state;
    }
    if (!query.state) throw_bad_word("state", *value, words, language);
  }
  query.limit = std::min(query.limit, answer_max);
  if (const auto limit = parameters.get<std::uint32_t>("limit", 1, answer_max)) query.limit = *limit;
  return query;
}

std::string read_alert_test(const Asked& asked, const std::vector<std::string>& known, Language language) {
  const Parameters parameters(asked, {"destination"}, {}, language);
  if (known.empty()) throw bad(Text::control_no_destinations, language, {});
  const std::string* name = parameters.find("destination");
  if (name == nullptr) return {};
  if (std::find(known.begin(), known.end(), *name) == known.end()) {
    throw bad(Text::control_no_destination, language, {{"value", *name}},
              suggestion(*name, {known.begin(), known.end()}, language));
  }
  return *name;
}

HoldQuery read_hold(const Asked& asked, Language language) {
  const Parameters parameters(asked, {"incident", "on"}, {}, language);
  const std::string* incident = parameters.find("incident");
  const std::string* on = parameters.find("on");
  for (const auto& [name, value] : {std::pair{"incident", incident}, std::pair{"on", on}}) {
    if (value == nullptr || value->empty()) throw bad(Text::control_empty_value, language, {{"name", name}});
  }
  const bool well = incident->size() <= 64 &&
                    incident->find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
  if (!well) throw_bad_word("incident", *incident, {}, language);
  const std::vector<std::string_view> words{"true", "false"};
  if (*on != words[0] && *on != words[1]) throw_bad_word("on", *on, words, language);
  return {*incident, *on == words[0]};
}

void expect_no_parameters(const Asked& asked, Language language) {
  Parameters{asked, {}, {}, language};
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  // Words and candidates are short; a longer one is no typing mistake and not worth quadratic work.
  constexpr std::size_t longest = 64;
  if (word.empty() || word.size() > longest) return {};
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > longest) continue;
    // Optimal string alignment: a swapped pair of letters counts as one mistake.
    std::array<std::array<std::size_t, longest + 1>, 3> rows{};
    auto *before = &rows[0], *above = &rows[1], *row = &rows[2];
    for (std::size_t j = 0; j <= candidate.size(); ++j) (*above)[j] = j;
    for (std::size_t i = 1; i <= word.size(); ++i) {
      (*row)[0] = i;
      for (std::size_t j = 1; j <= candidate.size(); ++j) {
        const std::size_t cost = word[i - 1] == candidate[j - 1] ? 0 : 1;
        (*row)[j] = std::min({(*above)[j] + 1, (*row)[j - 1] + 1, (*above)[j - 1] + cost});
        if (i > 1 && j > 1 && word[i - 1] == candidate[j - 2] && word[i - 2] == candidate[j - 1]) {
          (*row)[j] = std::min((*row)[j], (*before)[j - 2] + 1);
        }
      }
      std::swap(before, above);
      std::swap(above, row);
    }
    const std::size_t distance = (*above)[candidate.size()];
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates,
                       Language language) {
  if (const std::string_view found = nearest(word, candidates); !found.empty()) {
    return say(Text::control_did_you_mean, language, {{"word", found}});
  }
  std::string list;
  for (const std::string_view candidate : candidates) {
    if (!list.empty()) list.append(", ");
    list.append(candidate);
  }
  return say(Text::control_choices, language, {{"list", list}});
}

int protocol_number(std::string_view text) {
  for (const auto& [name, value] : protocols) {
    if (name == text) return value;
  }
  const auto read = number<unsigned>(text, 0U, 255U);
  return read ? static_cast<int>(*read) : -1;
}

std::vector<std::string_view> protocol_names() {
  std::vector<std::string_view> names;
  names.reserve(protocols.size());
  for (const auto& [name, value] : protocols) names.push_back(name);
  return names;
}

bool FlowQuery::matches(const capture::FlowFacts& facts, const policy::Verdict& judged) const {
  if (from && judged.from != *from) return false;
  if (to && judged.to != *to) return false;
  if (segment && judged.from != *segment && judged.to != *segment) return false;
  if (domain && facts.tuple.source.domain != *domain) return false;
  if (protocol && facts.tuple.protocol != *protocol) return false;
  if (stage && facts.stage < *stage) return false;
  if (verdict && judged.decision != *verdict) return false;
  if (port) {
    // In ICMP the tuple's ports are message types.
    if (!has_ports(facts.tuple.protocol) || !facts.ports_known) return false;
    if (facts.tuple.source_port != *port && facts.tuple.destination_port != *port) return false;
  }
  if (addresses.empty()) return true;
  const IpAddress source = facts.tuple.source.in(main_domain);
  const IpAddress destination = facts.tuple.destination.in(main_domain);
  return std::any_of(addresses.begin(), addresses.end(), [&](const Prefix& prefix) {
    return prefix.contains(source) || prefix.contains(destination);
  });
}

}  // namespace sekimori::daemon

// From the text of a request to a typed question. Strict: an unknown, doubled or ill-written parameter is a
// problem that names it, because a filter that is silently ignored shows an officer the wrong flows.
//
//   Asked asked = read_target("/v1/flows?from=mynumber&port=445");
//   FlowQuery query = read_flow_query(asked, policy, 10'000, Language::ja);
//
// Pure functions; any thread. All of them throw Problem, and nothing else but std::bad_alloc.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/control/questions.hpp"
#include "policy/policy.hpp"
#include "policy/text/language.hpp"

namespace sekimori::daemon {

// Why a request is refused, as a person and as a program read it.
class Problem : public std::exception {
 public:
  // `status`: of HTTP. `code`: ASCII machine word, e.g. "bad_parameter". `hint`: what to do; may be empty.
  Problem(unsigned status, std::string code, std::string message, std::string hint);
  const char* what() const noexcept override { return message_.c_str(); }
  unsigned status() const { return status_; }
  const std::string& code() const { return code_; }
  const std::string& message() const { return message_; }
  const std::string& hint() const { return hint_; }
  // {"error": {"code", "message", "hint"}}
  boost::json::object to_json() const;

 private:
  unsigned status_;
  std::string code_;
  std::string message_;
  std::string hint_;
};

// A request target, split and percent-decoded (RFC 3986 section 2.1; '+' means itself).
struct Asked {
  std::string path{};
  std::vector<std::pair<std::string, std::string>>
      parameters{};  // in the order of writing; at most parameters_max
};
inline constexpr std::size_t parameters_max = 64;

// Origin form ("/v1/flows?a=b") or absolute form (RFC 9112 section 3.2). Throws Problem 400 for anything
// else, for broken percent-encoding, octets that are no UTF-8, and control characters.
Asked read_target(std::string_view target, Language language);

// Parameters: from, to, segment (id or code of the policy's segments), address (address or prefix; may be
// repeated), domain (of the policy's), port, proto (name or number), stage (at least), verdict, sort, limit
// (1..answer_max).
FlowQuery read_flow_query(const Asked& asked, const policy::Policy& policy, std::uint32_t answer_max,
                          Language language);

struct AlertQuery {
  std::uint64_t since = 0;  // sequence; only records after it
  std::string incident{};
  std::uint32_t limit = 100;
};
// Parameters: since, incident, limit (1..answer_max).
AlertQuery read_alert_query(const Asked& asked, std::uint32_t answer_max, Language language);

// Parameters: state (a word of policy::state_name), limit (1..answer_max).
ExceptionQuery read_exception_query(const Asked& asked, std::uint32_t answer_max, Language language);
// Parameter: destination (one of `known`; without it all of them, and then it is empty).
std::string read_alert_test(const Asked& asked, const std::vector<std::string>& known, Language language);

struct HoldQuery {
  std::string incident{};
  bool on = true;
};
// Parameters: incident (lower-case letters, digits and hyphens, 1..64), on (true or false); both are needed.
HoldQuery read_hold(const Asked& asked, Language language);

// For questions that take no parameter.
void expect_no_parameters(const Asked& asked, Language language);

// The candidate that a mistyped word most probably meant: at most a third of its letters away, else empty.
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);
// "Did you mean ...?", or the list of what there is when nothing is near.
std::string suggestion(std::string_view word, const std::vector<std::string_view>& candidates,
                       Language language);

// Protocol names that people write: "tcp", "udp", "icmp", "icmpv6", "sctp", "gre", "esp", "ah", "ipip",
// "ipv6", "igmp", "ospf", "vrrp", or a decimal number 0..255. -1: neither.
int protocol_number(std::string_view text);
std::vector<std::string_view> protocol_names();

}  // namespace sekimori::daemon

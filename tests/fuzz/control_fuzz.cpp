// Any bytes as the target of a request: a typed question or a problem with a status; never a fault.
#include <cstdlib>

#include "daemon/control/query.hpp"
#include "tests/daemon/city.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekimori;
  static const auto policy = test::make_policy();
  const std::string_view target{reinterpret_cast<const char*>(data), size};
  const Language language = size % 2 == 0 ? Language::ja : Language::en;
  try {
    const daemon::Asked asked = daemon::read_target(target, language);
    if (asked.path == "/v1/alerts") {
      daemon::read_alert_query(asked, 1000, language);
    } else if (asked.path == "/v1/exceptions") {
      daemon::read_exception_query(asked, 1000, language);
    } else {
      const daemon::FlowQuery query = daemon::read_flow_query(asked, *policy, 1000, language);
      if (query.limit == 0 || query.limit > 1000) std::abort();
    }
  } catch (const daemon::Problem& problem) {
    if (problem.status() < 400 || problem.status() > 599 || problem.message().empty()) std::abort();
  }
  return 0;
}

namespace sekimori::fuzz {

std::vector<std::string> seeds() {
  return {
      "/v1/flows?from=mynumber&to=external&address=10.10.0.0/16&address=fd10::1&port=445&proto=tcp&stage=data"
      "&verdict=forbid&sort=bytes&limit=50",
      "/v1/alerts?since=12&incident=I0123&limit=5", "http://localhost/v1/flows?segment=LG",
      "/v1/exceptions?state=ending&limit=3", "/v1/flows?a=%e3%81%82"};
}

}  // namespace sekimori::fuzz

// Any bytes as a configuration: options, or located errors; never a fault.
#include <cstdlib>

#include "config/config.hpp"
#include "daemon/build_policy.hpp"
#include "policy/policy.hpp"
#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekimori;
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try {
    config::Config config = config::load_text(text, "fuzz.yaml", size % 2 == 0 ? Language::ja : Language::en);
    daemon::build_policy(std::move(config.policy), {}, {}, 1, Language::en);
  } catch (const config::ConfigError& error) {
    if (error.diagnostics().empty()) std::abort();
    for (const config::Diagnostic& diagnostic : error.diagnostics()) {
      if (diagnostic.message.empty() || diagnostic.to_string().empty()) std::abort();
    }
  } catch (const policy::PolicyError& error) {
    if (error.items().empty()) std::abort();
  }
  return 0;
}

namespace sekimori::fuzz {

std::vector<std::string> seeds() {
  return {
      std::string(config::builtin_example()),
      "profile: two-tier\nsegments:\n  mynumber: {prefixes: [192.168.10.0/24], vlans: [10]}\n"
      "  internet: {prefixes: [192.168.1.0/24]}\nswitches: {mn_exceptions: {clause: \"x\"}}\n",
      "profile: beta-prime\nsegments:\n  基幹系: {prefixes: [10.1.0.0/16]}\n  LG: {prefixes: [10.2.0.0/16]}\n"
      "overlay:\n  - {from: 内部情報系, to: SC, cell: L, reasons: [R4, R6], clause: \"12\"}\n"
      "  - {from: MN, to: EXT, cell: F, clause: \"13\"}\n"};
}

}  // namespace sekimori::fuzz

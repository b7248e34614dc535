#include "daemon/build_policy.hpp"

#include "daemon/digest.hpp"

namespace sekimori::daemon {

std::shared_ptr<const policy::Policy> build_policy(
    policy::PolicyOptions options, const std::vector<std::string>& tap_names,
    const std::vector<std::pair<std::string, std::string>>& sources, std::uint32_t generation,
    Language language) {
  std::string all;
  for (const auto& [path, content] : sources) {
    all.append(path).push_back('\0');
    all.append(content).push_back('\0');
  }
  return std::make_shared<const policy::Policy>(std::move(options), tap_names, hex(sha256(all)), generation,
                                                language);
}

}  // namespace sekimori::daemon

#include "daemon/build_policy.hpp"

#include "capture/source/source.hpp"
#include "daemon/digest.hpp"
#include "policy/text/text.hpp"

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

std::vector<std::string> filter_mistakes(const capture::CaptureOptions& options, const std::string& file,
                                         Language language) {
  std::vector<std::string> mistakes;
  for (std::size_t i = 0; i < options.taps.size(); ++i) {
    const std::string why = capture::filter_trouble(options.taps[i].filter, options.taps[i].snaplen);
    if (why.empty()) continue;
    mistakes.push_back(
        file + ": capture.taps[" + std::to_string(i) + "].filter: " +
        say(Text::daemon_bad_filter, language, {{"filter", options.taps[i].filter}, {"why", why}}));
  }
  return mistakes;
}

}  // namespace sekimori::daemon

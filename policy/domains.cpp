// The address spaces of a policy by their names, and entries in the ones that they speak of.
#include <algorithm>

#include "policy/compiled.hpp"

namespace sekimori::policy {

std::uint8_t domains_count(const PolicyOptions& options) {
  return static_cast<std::uint8_t>(std::clamp<std::size_t>(options.domains.size(), 1, domains_max));
}

std::string_view domain_name(const PolicyOptions& options, DomainId domain) {
  return domain < options.domains.size() ? std::string_view{options.domains[domain].name}
                                         : std::string_view{"main"};
}

EndpointOptions in_domains(const EndpointOptions& side, DomainSet domains) {
  return {sekimori::in_domains(side.addresses, domains), side.macs};
}

bool Policy::several_domains() const {
  return domains_count() > 1;
}

std::size_t Policy::domains_count() const {
  return policy::domains_count(options());
}

std::string_view Policy::domain_name(DomainId domain) const {
  return policy::domain_name(options(), domain);
}

int Policy::domain_index(std::string_view name) const {
  for (std::size_t i = 0; i < domains_count(); ++i) {
    if (domain_name(static_cast<DomainId>(i)) == name) return static_cast<int>(i);
  }
  return -1;
}

}  // namespace sekimori::policy

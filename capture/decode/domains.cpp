#include "capture/decode/domains.hpp"

#include <algorithm>

namespace sekimori::capture {

Domains::Domains(const std::vector<DomainOptions>& options) {
  if (options.empty()) return;
  for (const DomainOptions& domain : options) {
    for (const std::uint16_t tap : domain.taps) taps_ = std::max<std::size_t>(taps_, tap + std::size_t{1});
    for (const DomainOptions::Wire& wire : domain.wires)
      taps_ = std::max<std::size_t>(taps_, wire.tap + std::size_t{1});
  }
  by_wire_.assign((taps_ + 1) * vlans_count, main_domain);
  // What is nearer overwrites what is farther.
  for (const DomainOptions& domain : options) {
    for (const std::uint16_t tap : domain.taps) {
      const auto row = by_wire_.begin() + static_cast<std::ptrdiff_t>(tap * vlans_count);
      std::fill(row, row + static_cast<std::ptrdiff_t>(vlans_count), domain.id);
    }
  }
  for (const DomainOptions& domain : options) {
    for (const std::uint16_t vlan : domain.vlans) {
      for (std::size_t row = 0; row <= taps_; ++row)
        by_wire_[row * vlans_count + (vlan & 0xfffU)] = domain.id;
    }
  }
  for (const DomainOptions& domain : options) {
    for (const DomainOptions::Wire& wire : domain.wires)
      by_wire_[wire.tap * vlans_count + (wire.vlan & 0xfffU)] = domain.id;
  }
}

}  // namespace sekimori::capture

// Which address space a frame's addresses stand in, by the wire that it was seen on.
//
//   const Domains domains{options.domains};
//   if (domains.several()) address.domain = domains.at(frame.tap, outermost_vlan);
//
// One load for each frame, and none where the configuration knows `main` alone. Immutable; any thread may
// ask.
#pragma once

#include <cstdint>
#include <vector>

#include "capture/address.hpp"
#include "capture/options.hpp"

namespace sekimori::capture {

class Domains {
 public:
  Domains() = default;
  explicit Domains(const std::vector<DomainOptions>& options);

  bool several() const { return !by_wire_.empty(); }
  // `tap`: Frame::tap; `vlan`: the outermost id of the frame, 0 = untagged.
  DomainId at(std::uint16_t tap, std::uint16_t vlan) const {
    if (by_wire_.empty()) return main_domain;
    const std::size_t row = tap < taps_ ? tap : taps_;
    return by_wire_[row * vlans_count + (vlan & 0xfffU)];
  }

 private:
  static constexpr std::size_t vlans_count = 4096;

  std::size_t taps_ = 0;             // those that are named, up to the highest; one more row is all others'
  std::vector<DomainId> by_wire_{};  // taps_ + 1 rows of vlans_count
};

}  // namespace sekimori::capture

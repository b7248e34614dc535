// Who declares a service: found by the responder's address, however long the register is.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "policy/address_sieve.hpp"
#include "policy/entries.hpp"
#include "policy/options.hpp"

namespace sekimori::daemon {

enum class Declared : std::uint8_t { no, system, gateway, service, exception };
std::string_view declared_word(Declared declared);  // "no", "system", "gateway"...

// The gateways, services and exceptions of a policy by the prefixes of the side that serves. One that names
// no address there declares nobody's service. Immutable; any thread.
class DeclaredServices {
 public:
  struct Claim {
    Declared by = Declared::no;
    std::string id{};
  };

  DeclaredServices() = default;
  explicit DeclaredServices(const policy::PolicyOptions& options);
  // The first in the options' order, gateways before services before exceptions; `no`: nobody.
  Claim find(const IpAddress& host, std::uint8_t protocol, std::uint16_t port) const;
  Declared by(const IpAddress& host, std::uint8_t protocol, std::uint16_t port) const;

 private:
  struct Entry {
    Claim claim{};
    DomainSet domains = in_main;
    std::vector<policy::Ports> ports{};
  };

  // Index into entries_, or their number.
  std::size_t first_of(const IpAddress& host, std::uint8_t protocol, std::uint16_t port) const;

  std::vector<Entry> entries_{};  // in their order
  policy::AddressSieve sieve_{};  // what tree_ may know
  policy::PrefixTree tree_{};
  // By node: indexes into entries_ from first_[node] until before first_[node + 1], in order.
  std::vector<std::uint32_t> first_{0, 0};
  std::vector<std::uint32_t> filed_{};
};

}  // namespace sekimori::daemon

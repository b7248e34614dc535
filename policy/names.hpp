// Host names that the policy asks for, and what kind of name one seen on the wire is.
//
//   NameMap names{options};
//   const NameClass seen = names.find("files.example.jp");  // lower case, no dot at its end
//
// Names are long and flows are many, so a flow keeps a class of names instead of a name: all names that mean
// the same to every service of the policy are one class. "www.example.jp" fits that host alone,
// "*.example.jp" every host below example.jp but not example.jp itself. Immutable; find() never allocates.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/options.hpp"

namespace sekimori::policy {

using NameClass = std::uint8_t;
namespace name_class {
inline constexpr NameClass unknown = 0;   // nothing was seen that tells the name
inline constexpr NameClass unlisted = 1;  // a name that nothing in the policy asks for
inline constexpr NameClass hidden = 2;    // the conversation began without telling its name
inline constexpr NameClass first = 3;     // the first class of names that are asked for
inline constexpr NameClass last = 254;
inline constexpr NameClass any = 255;  // a question: would some name help? Never seen on the wire.
}  // namespace name_class

class NameMap {
 public:
  NameMap() = default;
  // Patterns of services and known services; those that is_name_pattern() refuses are left out. When there
  // are more classes than fit, full() is true and the policy is refused.
  explicit NameMap(const PolicyOptions& options);

  bool empty() const { return table_.empty(); }
  bool full() const { return full_; }
  // The class of a name of at most name_octets_max octets: `unlisted`, or `first` and above.
  NameClass find(std::string_view name) const;
  // Does the class belong to this service, by its index in PolicyOptions::services or ::known?
  bool is_of_service(NameClass name, std::uint32_t service) const;
  bool is_of_known(NameClass name, std::uint32_t known) const;
  // The first service that asks for the class; -1 if none does.
  std::int32_t service_of(NameClass name) const;
  // The pattern that the class was first met with, for people; empty below `first`.
  std::string_view pattern(NameClass name) const;
  std::size_t classes() const { return classes_.size(); }

 private:
  struct Class {
    std::vector<std::uint32_t> services{};  // in order
    std::vector<std::uint32_t> known{};
    std::string pattern{};
  };
  struct Slot {
    std::string text{};  // without "*."
    NameClass exact = name_class::unlisted;
    NameClass below = name_class::unlisted;
  };
  const Slot* slot(std::uint64_t hash, std::string_view text) const;
  const Class* class_of(NameClass name) const;

  std::vector<Slot> table_{};  // open addressing, a power of two, at most half full
  std::vector<Class> classes_{};
  bool full_ = false;
};

}  // namespace sekimori::policy

#include "policy/names.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace sekimori::policy {
namespace {

// Built from the end of a name, so that all its suffixes are hashed in one pass. The patterns come from the
// configuration: spreading them is enough, no secret is needed.
constexpr std::uint64_t hash_start = 0xcbf29ce484222325U;
constexpr std::uint64_t hash_step(std::uint64_t hash, char octet) {
  return (hash ^ static_cast<unsigned char>(octet)) * 0x100000001b3U;
}
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = hash_start;
  for (auto at = text.rbegin(); at != text.rend(); ++at) hash = hash_step(hash, *at);
  return hash;
}

bool is_label_octet(char octet) {
  return (octet >= 'a' && octet <= 'z') || (octet >= '0' && octet <= '9') || octet == '-' || octet == '_';
}

constexpr std::string_view everything_below = "*.";

struct Users {
  std::vector<std::uint32_t> services{};
  std::vector<std::uint32_t> known{};
  void add(const Users& others) {
    services.insert(services.end(), others.services.begin(), others.services.end());
    known.insert(known.end(), others.known.begin(), others.known.end());
  }
  void settle() {
    for (std::vector<std::uint32_t>* list : {&services, &known}) {
      std::sort(list->begin(), list->end());
      list->erase(std::unique(list->begin(), list->end()), list->end());
    }
  }
  auto operator<=>(const Users&) const = default;
};

// Who asks for a host itself, and for everything below it.
struct Asked {
  Users exact{};
  Users below{};
};

bool contains(const std::vector<std::uint32_t>& list, std::uint32_t value) {
  return std::binary_search(list.begin(), list.end(), value);
}

}  // namespace

bool is_name_pattern(std::string_view pattern) {
  if (pattern.substr(0, everything_below.size()) == everything_below) pattern.remove_prefix(2);
  if (pattern.empty() || pattern.size() > name_octets_max) return false;
  std::size_t labels = 0;
  std::size_t length = 0;
  for (std::size_t i = 0; i <= pattern.size(); ++i) {
    if (i == pattern.size() || pattern[i] == '.') {
      if (length == 0 || length > 63) return false;
      ++labels;
      length = 0;
    } else {
      if (!is_label_octet(pattern[i])) return false;
      ++length;
    }
  }
  return labels >= 2;
}

NameMap::NameMap(const PolicyOptions& options) {
  std::map<std::string, Asked, std::less<>> asked;
  const auto take = [&](const std::vector<std::string>& names, std::vector<std::uint32_t> Users::*list,
                        std::uint32_t index) {
    for (const std::string& name : names) {
      if (!is_name_pattern(name)) continue;
      const bool below = name.compare(0, everything_below.size(), everything_below) == 0;
      Asked& one = asked[below ? name.substr(everything_below.size()) : name];
      ((below ? one.below : one.exact).*list).push_back(index);
    }
  };
  for (std::uint32_t i = 0; i < options.services.size(); ++i)
    take(options.services[i].names, &Users::services, i);
  for (std::uint32_t i = 0; i < options.known.size(); ++i) take(options.known[i].names, &Users::known, i);
  if (asked.empty()) return;

  // The longest pattern is found; whoever asks for a shorter one that covers it asks for it as well.
  std::map<Users, NameClass> numbers;
  const auto number = [&](Users users, std::string pattern) {
    users.settle();
    if (users.services.empty() && users.known.empty()) return name_class::unlisted;
    const auto [known, fresh] = numbers.try_emplace(users, name_class::unlisted);
    if (fresh) {
      if (classes_.size() > std::size_t{name_class::last} - name_class::first) {
        full_ = true;
        return name_class::unlisted;
      }
      known->second = static_cast<NameClass>(name_class::first + classes_.size());
      classes_.push_back({users.services, users.known, std::move(pattern)});
    }
    return known->second;
  };
  std::size_t size = 4;
  while (size < asked.size() * 2) size *= 2;
  table_.resize(size);
  for (const auto& [text, own] : asked) {
    Users above;
    for (std::size_t dot = text.find('.'); dot != std::string::npos; dot = text.find('.', dot + 1)) {
      const auto shorter = asked.find(std::string_view{text}.substr(dot + 1));
      if (shorter != asked.end()) above.add(shorter->second.below);
    }
    Users exact = own.exact;
    exact.add(above);
    Users below = own.below;
    below.add(above);
    std::size_t at = hash_of(text) & (size - 1);
    while (!table_[at].text.empty()) at = (at + 1) & (size - 1);
    Slot& slot = table_[at];
    slot.text = text;
    slot.exact = number(std::move(exact), text);
    slot.below = number(std::move(below), std::string{everything_below} + text);
  }
}

const NameMap::Slot* NameMap::slot(std::uint64_t hash, std::string_view text) const {
  const std::size_t mask = table_.size() - 1;
  for (std::size_t at = hash & mask; !table_[at].text.empty(); at = (at + 1) & mask) {
    if (table_[at].text == text) return &table_[at];
  }
  return nullptr;
}

NameClass NameMap::find(std::string_view name) const {
  if (table_.empty() || name.empty() || name.size() > name_octets_max) return name_class::unlisted;
  std::uint64_t hash = hash_start;
  NameClass found = name_class::unlisted;
  // From the right: each dot ends a suffix that may be a pattern. The last one found is the longest.
  for (std::size_t at = name.size(); at-- > 0;) {
    if (name[at] == '.' && at + 1 < name.size()) {
      const Slot* const suffix = slot(hash, name.substr(at + 1));
      if (suffix != nullptr && suffix->below != name_class::unlisted) found = suffix->below;
    }
    hash = hash_step(hash, name[at]);
  }
  const Slot* const whole = slot(hash, name);
  if (whole != nullptr && whole->exact != name_class::unlisted) found = whole->exact;
  return found;
}

const NameMap::Class* NameMap::class_of(NameClass name) const {
  if (name < name_class::first || std::size_t{name} - name_class::first >= classes_.size()) return nullptr;
  return &classes_[std::size_t{name} - name_class::first];
}

bool NameMap::is_of_service(NameClass name, std::uint32_t service) const {
  const Class* const found = class_of(name);
  return found != nullptr && contains(found->services, service);
}

bool NameMap::is_of_known(NameClass name, std::uint32_t known) const {
  const Class* const found = class_of(name);
  return found != nullptr && contains(found->known, known);
}

std::int32_t NameMap::service_of(NameClass name) const {
  const Class* const found = class_of(name);
  return found == nullptr || found->services.empty() ? -1 : static_cast<std::int32_t>(found->services[0]);
}

std::string_view NameMap::pattern(NameClass name) const {
  const Class* const found = class_of(name);
  return found == nullptr ? std::string_view{} : std::string_view{found->pattern};
}

}  // namespace sekimori::policy

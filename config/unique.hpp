// The same value twice in a list of entries: says where the first is.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "config/reader.hpp"

namespace sekimori::config {

class Unique {
 public:
  void check(const Cursor& at, const std::string& value) {
    if (value.empty()) return;
    const auto [first, fresh] = seen_.emplace(value, at.place());
    if (fresh) return;
    const policy::Place& place = first->second;
    at.error(
        Text::config_duplicate_id,
        {{"id", shown(value)}, {"place", std::to_string(place.line) + ":" + std::to_string(place.column)}});
  }

 private:
  std::map<std::string, policy::Place> seen_{};
};

}  // namespace sekimori::config

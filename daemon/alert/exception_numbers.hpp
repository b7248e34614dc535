// Exceptions by numbers that stay theirs: by their ids, when the policy is read anew and counts them
// otherwise.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "policy/policy.hpp"

namespace sekimori::daemon {

class ExceptionNumbers {
 public:
  // From 1 on, of the exception that this policy has at `index`.
  std::uint32_t of(std::uint32_t index, const std::shared_ptr<const policy::Policy>& policy) {
    if (policy_ != policy) {
      here_.clear();
      for (const policy::ExceptionOptions& exception : policy->options().exceptions) {
        const auto next = static_cast<std::uint32_t>(numbers_.size() + 1);
        here_.push_back(numbers_.try_emplace(exception.id, next).first->second);
      }
      policy_ = policy;
    }
    // A verdict of another policy than the one that came with it: a number of its own.
    static constexpr std::uint32_t unknown = 0xffff'ffff;
    return index < here_.size() ? here_[index] : unknown;
  }

 private:
  std::map<std::string, std::uint32_t, std::less<>> numbers_{};
  std::vector<std::uint32_t> here_{};  // as the policy that judged last counts them
  std::shared_ptr<const policy::Policy> policy_{};
};

}  // namespace sekimori::daemon

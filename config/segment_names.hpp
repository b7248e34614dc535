// The names by which a configuration may call a segment: its id, its code, its Japanese name (in full or half
// width), or an alias of the profile, such as 基幹系. Whatever was written, the options hold the id.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/reader.hpp"
#include "policy/options.hpp"

namespace sekimori::config {

class SegmentNames {
 public:
  // `profile` has to outlive this. Without segments every name passes as it is: the profile's file could not
  // be read, and that was told.
  explicit SegmentNames(const policy::Profile& profile) : profile_{profile} {}

  bool known() const { return !profile_.segments.empty(); }
  // The segment's id. False, with a message: that the profile has no such segment and why, or what was meant.
  bool read(const Cursor& at, std::string& out) const;

 private:
  const policy::ProfileSegment* find(std::string_view name) const;
  void tell_unknown(const Cursor& at, std::string_view name) const;
  const policy::UndefinedSegment* find_undefined(std::string_view name) const;
  std::string reason(const policy::UndefinedSegment& undefined, const Report& report) const;

  const policy::Profile& profile_;
};

}  // namespace sekimori::config

// `assert:` of the configuration: sentences, or the same in fields.
//
//   assert:
//     - mynumber never reaches external
//     - lgwan から internet へは gateway だけ
//     - {from: lgwan, to: mynumber, only_by: [EX-1, service], ports: [tcp/443]}
#pragma once

#include <cstdint>
#include <vector>

#include "config/reader.hpp"
#include "policy/options.hpp"

namespace sekimori::config {

// Appends to `options.assertions`; the profile and the domains of `options` are read already.
// `utc_offset_minutes`: of bare dates.
void read_assertions(const Cursor& at, std::int16_t utc_offset_minutes, policy::PolicyOptions& options);

// `stage: draft` or `stage: active` of whatever may be either.
void read_stage(const Cursor& at, bool& draft);

}  // namespace sekimori::config

// Address spaces: `capture.domains` says which wires make one, `domain` elsewhere which one is meant.
#pragma once

#include <vector>

#include "capture/options.hpp"
#include "config/reader.hpp"
#include "policy/options.hpp"

namespace sekimori::config {

// capture.domains; the taps are read already. Fills the wires of each domain and the names of all, `main`
// first; both stay empty where the key is not written.
void read_capture_domains(const Cursor& at, const std::vector<capture::TapOptions>& taps,
                          std::vector<capture::DomainOptions>& wires, std::vector<policy::DomainName>& names);

// `domain: b`, or `domain: [a, b]`. Leaves `out` as it is where nothing is written. False with a message
// where there is no such domain.
bool read_domain(const Cursor& at, const std::vector<policy::DomainName>& names, DomainSet& out);

}  // namespace sekimori::config

// Known services and names, made ready for judging: what compile() does with PolicyOptions::known and with
// the names of services.
#pragma once

#include <vector>

#include "policy/compiled.hpp"
#include "policy/mistakes.hpp"

namespace sekimori::policy {

// Ports of known services of this use, from `ports` alone.
std::vector<Ports> known_ports(const PolicyOptions& options, ServiceUse use);
// `ports` without those of `cut`; protocol 0 in `ports` stands for every protocol and is divided where it
// must be.
std::vector<Ports> ports_without(const std::vector<Ports>& ports, const std::vector<Ports>& cut);
bool ports_meet(const std::vector<Ports>& a, const std::vector<Ports>& b);

// Fills names, name_targets, name_reach, name_ports and known. Segments are compiled already.
void compile_known(CompiledPolicy& policy);
// The classes of names that prove a service; empty where it asks for none.
std::vector<NameClass> names_of_service(const CompiledPolicy& policy, std::uint32_t service);

// What is wrong with them, and what is valid and yet not what was meant.
void tell_known_mistakes(const CompiledPolicy& policy, Mistakes& mistakes);
std::vector<PolicyError::Item> known_warnings(const CompiledPolicy& policy, Language language);

}  // namespace sekimori::policy

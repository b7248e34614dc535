// How verdicts are spelled for machines.
#include "policy/policy.hpp"

namespace sekimori::policy {

std::string_view decision_name(Decision decision) {
  return decision == Decision::permit ? "permit" : "forbid";
}

std::string_view basis_name(Basis basis) {
  switch (basis) {
    case Basis::cell:
      return "cell";
    case Basis::gateway:
      return "gateway";
    case Basis::service:
      return "service";
    case Basis::exception:
      return "exception";
  }
  return "";
}

std::string_view mismatch_name(Mismatch mismatch) {
  switch (mismatch) {
    case Mismatch::none:
      return "none";
    case Mismatch::not_yet:
      return "not_yet";
    case Mismatch::expired:
      return "expired";
    case Mismatch::port:
      return "port";
    case Mismatch::protocol:
      return "protocol";
    case Mismatch::source_address:
      return "source_address";
    case Mismatch::destination_address:
      return "destination_address";
    case Mismatch::source_mac:
      return "source_mac";
    case Mismatch::destination_mac:
      return "destination_mac";
    case Mismatch::direction:
      return "direction";
    case Mismatch::cell_forbids:
      return "cell_forbids";
    case Mismatch::not_approved:
      return "not_approved";
    case Mismatch::revoked:
      return "revoked";
    case Mismatch::out_of_hours:
      return "out_of_hours";
    case Mismatch::name:
      return "name";
  }
  return "";
}

}  // namespace sekimori::policy

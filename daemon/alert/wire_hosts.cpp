#include "daemon/alert/wire_hosts.hpp"

#include <algorithm>

namespace sekimori::daemon {

void WireHost::put(const WirePlace& place) {
  const auto known = std::find_if(places.begin(), places.end(), [&](const WirePlace& one) {
    return one.wire == place.wire && one.home == place.home;
  });
  if (known != places.end()) {
    *known = place;
    return;
  }
  if (places.size() >= places_most) {
    places.erase(std::min_element(places.begin(), places.end(),
                                  [](const WirePlace& a, const WirePlace& b) { return a.last < b.last; }));
  }
  places.push_back(place);
}

WireHost& WireHosts::at(const MacAddress& mac, Time time) {
  const auto [place, fresh] = hosts_.try_emplace(mac);
  WireHost& host = place->second;
  if (!fresh) {
    if (time <= host.last) return host;
    by_age_.erase({host.last, mac});
  }
  host.last = time;
  by_age_.emplace(time, mac);
  if (hosts_.size() > most_) {
    // The newcomer may be older than all others when time runs backwards: then the next one goes.
    auto stalest = by_age_.begin();
    if (stalest->second == mac) ++stalest;
    hosts_.erase(stalest->second);
    by_age_.erase(stalest);
    ++forgotten_;
  }
  return host;
}

const WireHost* WireHosts::find(const MacAddress& mac) const {
  const auto found = hosts_.find(mac);
  return found == hosts_.end() ? nullptr : &found->second;
}

WireHost* WireHosts::find(const MacAddress& mac) {
  const auto found = hosts_.find(mac);
  return found == hosts_.end() ? nullptr : &found->second;
}

void WireHosts::clear() {
  hosts_.clear();
  by_age_.clear();
}

}  // namespace sekimori::daemon

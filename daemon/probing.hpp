// Tables that are searched place by place from an entry's home on, up to the first free one; at most half of
// the places are taken, and there are a power of two of them.
#pragma once

#include <cstddef>

namespace sekimori::daemon {

// Frees a place: those behind it that would be nearer to their home there move up. `mask`: how many places
// there are less one; `home_of(place)`: of what stands there, modulo the mask. A `Place{}` is free.
template <class Place, class IsFree, class HomeOf>
void close_gap(Place* places, std::size_t mask, std::size_t gap, IsFree is_free, HomeOf home_of) {
  for (std::size_t next = (gap + 1) & mask; !is_free(places[next]); next = (next + 1) & mask) {
    const std::size_t home = home_of(places[next]) & mask;
    if (((next - home) & mask) < ((next - gap) & mask)) continue;
    places[gap] = places[next];
    gap = next;
  }
  places[gap] = {};
}

}  // namespace sekimori::daemon

// What flows leave the table for: their time is over, others need the room, or the table ends.
#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstring>

#include "capture/ahead.hpp"
#include "capture/flow/flow_table.hpp"

namespace sekimori::capture {
namespace {

// What to leave alone of the slots below `slot`.
std::uint32_t from_slot(unsigned slot) {
  return slot < 32 ? ~std::uint32_t{0} << slot : 0U;
}

}  // namespace

// ---- time

Duration FlowTable::timeout(const Flow& flow) const {
  const Duration own = own_timeout(flow);
  // Half-open flows make room first, and sooner than they would have.
  if (emergency_ && flow.FlowRecord::young != 0) {
    return std::min<Duration>({own, options_.timeouts.tcp_attempt, hurry});
  }
  return own;
}

Duration FlowTable::own_timeout(const Flow& flow) const {
  const FlowTimeouts& timeouts = options_.timeouts;
  if (flow.tcp()) {
    if (flow.stage() == Stage::refused) return timeouts.tcp_attempt;
    if (flow.state() == FlowState::closed) return timeouts.tcp_closed;
    return flow.stage() >= Stage::established ? timeouts.tcp_established : timeouts.tcp_attempt;
  }
  switch (flow.protocol()) {
    case protocol::udp:
      return timeouts.udp;
    case protocol::icmp:
    case protocol::icmpv6:
      return timeouts.icmp;
    default:
      return timeouts.other;
  }
}

bool FlowTable::expired(const Flow& flow, Time now) const {
  if (options_.no_timeouts || now <= flow.last()) return false;
  // Unsigned, so that two stamps at the ends of the range have a distance too.
  const auto idle = static_cast<std::uint64_t>(now.time_since_epoch().count()) -
                    static_cast<std::uint64_t>(flow.last().time_since_epoch().count());
  return idle > static_cast<std::uint64_t>(timeout(flow).count());
}

Time FlowTable::due(const Flow& flow) const {
  if (options_.no_timeouts) return Time::max();
  const Duration allowed = own_timeout(flow);
  return flow.last() > Time::max() - allowed ? Time::max() : flow.last() + allowed;
}

EndReason FlowTable::expiry(const Flow& flow) const {
  return flow.state() == FlowState::closed ? EndReason::closed : EndReason::timeout;
}

void FlowTable::advance(Time now, std::uint32_t steps) {
  newest_ = std::max(newest_, now);
  constexpr std::size_t at_once = 32;
  std::array<Flow*, at_once> over;
  std::uint64_t left = std::min<std::uint64_t>(steps, size_);
  while (left > 0 && size_ > 0) {
    // First whose time is over, then the ends: their places in the index are fetched all together.
    std::size_t count = 0;
    while (left > 0 && count < at_once) {
      Flow* flow = next_ageing(now, left);
      if (flow == nullptr) break;
      constexpr std::size_t ahead = 8 * sizeof(Flow);  // where a page ends, a wrong guess and no more
      fetch(reinterpret_cast<const std::byte*>(flow) + ahead);
      if (flow->notes.pending) {
        revisit(*flow);
      } else if (!expired(*flow, now)) {
        hasten(*flow);
        continue;
      }
      index_.prefetch(hash_of(*flow));
      over[count++] = flow;
    }
    for (std::size_t i = 0; i < count; ++i) {
      Flow& flow = *over[i];
      if (flow.notes.pending) ends_.flow_pending(flow);
      if (!flow.notes.pending && expired(flow, now)) {
        end(flow, expiry(flow));
      } else {
        hasten(flow);  // the ends before it may have ended an emergency
      }
    }
  }
}

// The next record that the ageing hand is to look at; takes what it came by from `left`. Null: there is none.
Flow* FlowTable::next_ageing(Time now, std::uint64_t& left) {
  const std::uint32_t begun = ageing_.page;
  if (ageing_.slot != 0) {
    if (const std::uint32_t rest = pages_[begun].used & from_slot(ageing_.slot); rest != 0) {
      return look_at(begun, rest, left);
    }
    ageing_ = {.page = begun + 1, .slot = 0};
  }
  while (left > 0) {
    std::uint32_t page = used_pages_.next(ageing_.page);
    if (page == PageSet::none) page = used_pages_.next(0);
    if (page == PageSet::none) return nullptr;
    // In an emergency half-open flows have less time than they had when their page was looked at.
    if (emergency_ || rests_.until(page) < now) {
      rests_.begin(page);
      return look_at(page, pages_[page].used, left);
    }
    if (page + 1 < pages_count_) ask_to_read(&pages_[page + 1]);
    left -= std::min<std::uint64_t>(left, static_cast<unsigned>(std::popcount(pages_[page].used)));
    ageing_ = {.page = page + 1, .slot = 0};
  }
  return nullptr;
}

// The first of these records of a page.
Flow* FlowTable::look_at(std::uint32_t page, std::uint32_t records, std::uint64_t& left) {
  const auto slot = static_cast<unsigned>(std::countr_zero(records));
  ageing_ = {.page = page, .slot = slot + 1};
  --left;
  return &pages_[page].flows[slot];
}

void FlowTable::tell_end(Flow& flow, EndReason reason) {
  flow.notes.graced = 0;  // there is no later
  if (flow.notes.pending) ends_.flow_pending(flow);
  ++counters_.ended[static_cast<std::size_t>(reason)];
  ends_.flow_ended(flow, reason);
}

void FlowTable::end(Flow& flow, EndReason reason) {
  tell_end(flow, reason);
  index_.erase(hash_of(flow), ref_of(flow));
  free(flow);
}

void FlowTable::free(Flow& flow) {
  if (flow.FlowRecord::young != 0) leave_young(flow);
  const std::uint32_t page_number = page_of(flow);
  FlowPage& page = pages_[page_number];
  if (page.used == slots_of(page_number)) free_pages_.insert(page_number);
  page.used &= ~(1U << FlowPage::slot(flow));
  if (page.used == 0) used_pages_.erase(page_number);
  forget(flow);
}

// All but what the page knows of it.
void FlowTable::forget(Flow& flow) {
  drop_trace(flow);
  flow.kind = 0;  // equals no key
  --size_;
  if (emergency_ && size_ < calm_) emergency_ = false;
}

void FlowTable::finish() {
  number_ = 0;
  finish_in_order(!ends_.wants_order());
  for (std::uint32_t page = used_pages_.next(0); page != PageSet::none; page = used_pages_.next(page + 1)) {
    finish_page(page);
  }
  std::memset(static_cast<void*>(buckets_), 0, buckets_count_ * sizeof(FlowBucket));
}

void FlowTable::finish(Flow& flow) {
  tell_end(flow, expired(flow, newest_) ? expiry(flow) : EndReason::shutdown);
  free(flow);
}

// All flows of a page in one go: as finish(flow) for each of them.
void FlowTable::finish_page(std::uint32_t number) {
  FlowPage& page = pages_[number];
  for (std::uint32_t rest = page.used; rest != 0; rest &= rest - 1U) {
    Flow& flow = page.flows[static_cast<unsigned>(std::countr_zero(rest))];
    tell_end(flow, expired(flow, newest_) ? expiry(flow) : EndReason::shutdown);
    forget(flow);
    flow.FlowRecord::young = 0;
  }
  young_count_ -= static_cast<unsigned>(std::popcount(page.young));
  if (page.young != 0) young_pages_.erase(number);
  if (page.used == slots_of(number)) free_pages_.insert(number);
  used_pages_.erase(number);
  page.used = page.young = 0;
}

void FlowTable::finish_in_order(bool pending_only) {
  // The index is not needed any more and offers 11 octets a flow: enough to sort in. The upper half of each
  // word is the start time, coarse enough to fit; ties are settled by the records themselves.
  auto* const order = reinterpret_cast<std::uint64_t*>(buckets_);
  std::uint64_t count = 0;
  const auto begun = [](const Flow& flow) {
    return static_cast<std::uint64_t>(flow.start().time_since_epoch().count()) ^ (std::uint64_t{1} << 63U);
  };
  std::uint64_t first = ~std::uint64_t{0};
  std::uint64_t last = 0;
  const auto counts = [&](const Flow& flow) { return !pending_only || flow.notes.pending; };
  scan(0, 0xffff'ffffU, [&](const Flow& flow) {
    if (!counts(flow)) return;
    first = std::min(first, begun(flow));
    last = std::max(last, begun(flow));
  });
  if (first > last) return;  // there are none
  unsigned shift = 0;
  while (first < last && ((last - first) >> shift) > 0xffff'ffffU) ++shift;
  scan(0, 0xffff'ffffU, [&](const Flow& flow) {
    if (!counts(flow)) return;
    order[count++] = (((begun(flow) - first) >> shift) << 32U) | ref_of(flow);
  });
  std::sort(order, order + count);
  const auto earlier = [&](std::uint64_t a, std::uint64_t b) {
    const Flow& x = at(static_cast<std::uint32_t>(a));
    const Flow& y = at(static_cast<std::uint32_t>(b));
    if (x.start() != y.start()) return x.start() < y.start();
    return x.full_key() < y.full_key();
  };
  for (std::uint64_t begin = 0; begin < count;) {
    std::uint64_t tie = begin + 1;
    while (tie < count && order[tie] >> 32U == order[begin] >> 32U) ++tie;
    std::sort(order + begin, order + tie, earlier);
    begin = tie;
  }
  for (std::uint64_t i = 0, ahead = 8; i < count; ++i) {
    if (i + ahead < count) ask_to_read(&at(static_cast<std::uint32_t>(order[i + ahead])));
    finish(at(static_cast<std::uint32_t>(order[i])));
  }
}

// ---- pressure

FlowTable::Rank FlowTable::rank(const Flow& flow) {
  if (flow.notes.pending) return Rank::never;
  const bool forbidden = (flow.notes.verdict & 1U) != 0;
  if (forbidden && flow.notes.told == 0) return Rank::never;
  if (!flow.half_open()) return Rank::established;
  return forbidden ? Rank::forbidden : Rank::half_open;
}

void FlowTable::evict(Flow& victim, Time now) {
  if (expired(victim, now)) return end(victim, expiry(victim));  // its time was over
  switch (rank(victim)) {
    case Rank::half_open:
      ++counters_.evicted_half_open;
      break;
    case Rank::forbidden:
      ++counters_.evicted_forbidden;
      break;
    default:
      ++counters_.evicted_established;
      break;
  }
  end(victim, EndReason::evicted);
}

bool FlowTable::make_room(Time now) {
  if (!emergency_) {
    emergency_ = true;
    ++counters_.emergencies;
  }
  unsigned looks = 0;
  // Half-open flows of which there are only a few are the handshakes of the moment: were they to go first, a
  // table full of long conversations would let no new one begin.
  Flow* victim = young_count_ > young_reserve_ ? oldest_young(looks) : nullptr;
  if (victim == nullptr) victim = least_of_some(looks);
  // Among established flows that may not go: rather a handshake than the newcomer.
  if (victim == nullptr && young_count_ <= young_reserve_) victim = oldest_young(looks);
  counters_.looks_max = std::max(counters_.looks_max, looks);
  if (victim == nullptr) return false;
  evict(*victim, now);
  return true;
}

// The hand goes round the pages, and the newest flow fills the place that it has just emptied, where it comes
// by last of all: nearly the oldest goes first, without a list to keep. Of those it meets, a compliant one
// goes first.
Flow* FlowTable::oldest_young(unsigned& looks) {
  Flow* forbidden = nullptr;
  Hand behind_it{};
  for (unsigned look = 0; look < young_looks_; ++look) {
    Flow* flow = next_young();
    if (flow == nullptr) break;
    ++looks;
    const Rank found = rank(*flow);
    if (found == Rank::half_open) {
      young_looks_ = looks_at_once;
      return flow;
    }
    if (found == Rank::forbidden && forbidden == nullptr) {
      forbidden = flow;
      behind_it = young_;
    }
  }
  if (forbidden == nullptr) return nullptr;
  // All that it met are forbidden: a flood of such. Next time it goes on behind the one that goes now, and
  // looks less far for a better one.
  young_ = behind_it;
  young_looks_ = std::max(young_looks_ / 2, 2U);
  return forbidden;
}

// Some that lie together are often of one age and kind, so this alone would not spare conversations in a
// flood: it is for tables in which hardly anything is half-open.
Flow* FlowTable::least_of_some(unsigned& looks) {
  Flow* least = nullptr;
  for (unsigned look = 0; look < looks_at_once; ++look) {
    Flow* flow = next_used(eviction_);
    if (flow == nullptr) break;
    ++looks;
    if (rank(*flow) == Rank::half_open && young_count_ <= young_reserve_) continue;
    least = lesser(least, flow);
  }
  return least;
}

Flow* FlowTable::lesser(Flow* known, Flow* other) {
  const Rank found = rank(*other);
  if (found == Rank::never) return known;
  if (known == nullptr || found < rank(*known)) return other;
  return found == rank(*known) && other->last() < known->last() ? other : known;
}

bool FlowTable::make_room_in_crowd(std::uint64_t hash, Time now) {
  Flow* least = nullptr;
  for (const std::uint32_t ref : index_.crowd(hash).refs) least = lesser(least, &at(ref));
  counters_.looks_max = std::max(counters_.looks_max, FlowBucket::entries);
  if (least == nullptr) return false;
  ++counters_.evicted_crowded;
  evict(*least, now);
  return true;
}

Flow* FlowTable::next_young() {
  return next_in(young_pages_, &FlowPage::young, young_);
}

Flow* FlowTable::next_used(Hand& hand) {
  return next_in(used_pages_, &FlowPage::used, hand);
}

Flow* FlowTable::next_in(const PageSet& pages, std::uint32_t FlowPage::*mask, Hand& hand) {
  std::uint32_t page = pages.next(hand.page);
  std::uint32_t rest = 0;
  if (page != PageSet::none && page == hand.page) {
    rest = pages_[page].*mask & from_slot(hand.slot);
    if (rest == 0) page = pages.next(page + 1);
  }
  if (page == PageSet::none) page = pages.next(0);
  if (page == PageSet::none) return nullptr;
  if (rest == 0) rest = pages_[page].*mask;
  const auto slot = static_cast<unsigned>(std::countr_zero(rest));
  hand = {.page = page, .slot = slot + 1};
  return &pages_[page].flows[slot];
}

}  // namespace sekimori::capture

// The stories behind incidents, and behind the uses of exceptions: found by who crossed which boundary, in
// the order of their last events, and in that of what they have to say next.
//
//   Stories stories;
//   Story* story = stories.find(key);              // null: open(key)
//   stories.touch(*story);                         // it has spoken: the freshest of its shelf
//   stories.wind(*story, when);                    // it has something to say at `when`
//   while (Story* story = stories.due(now)) ...    // in the order of time; wind() or close() it again
//
// A flood of initiators opens and closes a story with each packet: a closed story's memory is used again, and
// none of these calls allocates once as many were open as there ever will be. Each such packet meets stories
// that are in no cache: expect(), fetch() and fetch_beside() ask for them while others are worked on. One
// thread.
#pragma once

#include <array>
#include <boost/container/small_vector.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "capture/flow/flow_key.hpp"
#include "capture/flow/page_memory.hpp"
#include "daemon/alert/few.hpp"
#include "daemon/messages.hpp"

namespace sekimori::daemon {

// Initiator and boundary; for the use of an exception also which.
struct StoryKey {
  IpAddress initiator{};
  policy::PairId pair = 0;
  std::uint32_t exception = 0;  // 0: an incident; else a number that stands for the exception's id
  bool is(const StoryKey& other) const;
};

// What is known of one direction's way through the boundary. Not kept for each flow: the incident can say
// that nothing passed only if what enters that side was seen in every minute in which one of its flows spoke.
struct Trail {
  bool yes = false;
  bool spoke = false;
  bool blind = false;                                         // in some minute nobody was looking
  bool told = false;                                          // a line has said yes
  Time latest_start{};                                        // of the flows that did not pass
  boost::container::small_vector<std::int64_t, 1> minutes{};  // not settled yet, in order
};

struct StoryFigures {
  StoryKey key{};
  std::uint64_t number = 0;  // 1, 2, 3...: breaks ties in time
  Time opened{};
  Time last_event{};
  Time last_line{};
  std::size_t pause = 0;  // index into the pauses between summaries
  bool swept = false;
  // Another policy sees its latest conversation otherwise: why it closes if nothing forbidden comes any more.
  CloseReason settled = CloseReason::none;
  std::uint32_t settled_by = 0;  // generation
  capture::Stage stage_highest = capture::Stage::attempt;
  policy::Severity gravest = policy::Severity::debug;
  std::uint64_t events = 0;
  std::uint64_t suppressed = 0;  // since the last line
  std::uint64_t flows = 0;
  std::uint64_t bytes = 0;
  // As they were before a restart: who was among them is no longer known, so the totals begin there.
  std::uint64_t responders_before = 0;
  std::uint64_t services_before = 0;
};

// One incident, or one initiator's use of one exception.
struct alignas(64) Story : StoryFigures {
  struct Told {
    std::uint64_t service = 0;  // digest
    Time time{};
  };
  // What lies in place. Most stories of a flood have one event, and its cost is that of the memory it
  // touches.
  static constexpr std::size_t few = 4;

  std::uint32_t slot = 0;         // of Stories alone
  std::array<Trail, 2> trails{};  // to the server, to the client
  DigestSet<few> responders{};
  DigestSet<few> services{};
  DigestMap<few> flow_bytes{};  // by the digest of FlowFacts::id
  boost::container::small_vector<Told, few> told{};
  std::shared_ptr<const policy::Policy> policy{};
  std::string incident{};  // as AlertRecord's
  FlowEvent event{};       // the latest

  std::uint64_t remembered() const { return responders.size() + services.size() + flow_bytes.size(); }
};

// Room for stories, in blocks that stay where they are: of huge pages where the system has them, for stories
// are met in no order.
class StoryRoom {
 public:
  StoryRoom() = default;
  ~StoryRoom();
  StoryRoom(const StoryRoom&) = delete;
  StoryRoom& operator=(const StoryRoom&) = delete;

  Story& add();  // the next one
  std::size_t size() const { return size_; }
  Story& operator[](std::size_t slot) { return blocks_[slot / each][slot % each]; }
  const Story& operator[](std::size_t slot) const { return blocks_[slot / each][slot % each]; }

 private:
  static constexpr std::size_t block_bytes = std::size_t{2} << 20U;
  static constexpr std::size_t each = block_bytes / sizeof(Story);

  std::deque<capture::PageMemory> memory_{};
  std::vector<Story*> blocks_{};
  std::size_t size_ = 0;
};

class Stories {
 public:
  static constexpr std::uint32_t none = 0xffff'ffff;  // no slot
  enum class Shelf : std::uint8_t { incidents, exceptions };
  static Shelf shelf_of(const Story& story) {
    return story.key.exception == 0 ? Shelf::incidents : Shelf::exceptions;
  }

  Stories();
  Stories(const Stories&) = delete;
  Stories& operator=(const Stories&) = delete;

  // A reference is good until the story is closed.
  Story* find(const StoryKey& key);
  // A new one, the freshest of its shelf; `key` must not be there.
  Story& open(const StoryKey& key);
  void close(Story& story);

  // Another profile numbers the segments otherwise: all of them at once, so that none is in another's way.
  // Their new keys must be different from each other and from those of all other stories.
  void renumber(const std::vector<std::pair<Story*, policy::PairId>>& pairs);

  // Of a key that find() will be asked for soon, in three steps with other work between them: its place in
  // the index is asked for, then its story, then those beside it in the order of use. The hash is of this
  // key, by hash_of(); the slot is what fetch() said.
  std::uint32_t hash_of(const StoryKey& key) const;
  void expect(std::uint32_t hash) const;
  std::uint32_t fetch(std::uint32_t hash) const;
  void fetch_beside(std::uint32_t slot) const;

  void touch(Story& story);
  Story* stalest(Shelf shelf);  // null: the shelf is empty
  std::size_t size(Shelf shelf) const { return shelves_[static_cast<std::size_t>(shelf)].size; }
  // Of this shelf, in the order of opening.
  std::vector<Story*> all(Shelf shelf);

  // A timer that goes off too early is wound again by whoever hears it; only one that would go off too late
  // is moved.
  void wind(Story& story, Time when);
  struct Rung {
    Story* story = nullptr;
    Time planned{};
  };
  // The first that is due at `now`, by time, then by number; its timer is off. Null: none.
  Rung due(Time now);
  Time next_due();  // Time::max() if nothing waits

  // Keyed, so that nobody can choose addresses that meet; equal in one process only, and never told.
  std::uint64_t digest(const IpAddress& address, std::uint64_t first, std::uint64_t second) const;
  std::uint64_t digest(std::uint64_t number) const;

 private:
  struct Place {
    Time due{};
    std::uint64_t number = 0;  // of the story whose timer runs; 0 = no timer
    std::uint32_t hash = 0;
    std::uint32_t older = none;
    std::uint32_t newer = none;
  };
  // At most half of the index is taken: by hash, the first free one from there on.
  struct Entry {
    std::uint32_t hash = 0;
    std::uint32_t slot = none;
  };
  struct Row {
    std::uint32_t stalest = none;
    std::uint32_t freshest = none;
    std::size_t size = 0;
  };
  struct Timer {
    Time time{};
    std::uint64_t number = 0;
    std::uint32_t slot = 0;
    bool operator>(const Timer& other) const {
      return time != other.time ? time > other.time : number > other.number;
    }
  };
  std::uint32_t find_slot(const StoryKey& key, std::uint32_t hash) const;
  void insert(std::uint32_t hash, std::uint32_t slot);
  void erase(std::uint32_t hash, std::uint32_t slot);
  void widen_index();
  void fetch_stalest(const Row& row) const;
  Row& row_of(const Story& story) { return shelves_[static_cast<std::size_t>(shelf_of(story))]; }
  void append(Row& row, std::uint32_t slot);
  void unlink(Row& row, std::uint32_t slot);
  bool stale(const Timer& timer) const;
  void drop_stale_timers();

  const capture::FlowHash hash_;
  StoryRoom slots_{};
  std::vector<Place> places_{};  // of each slot, what is looked at without the story itself
  std::vector<std::uint32_t> free_{};
  std::vector<Entry> index_;
  std::array<Row, 2> shelves_{};
  std::vector<Timer> timers_{};  // a heap, the earliest first; a closed or moved one is left until it is met
  std::size_t running_ = 0;      // timers that are not stale
  std::uint64_t opened_ = 0;
};

}  // namespace sekimori::daemon

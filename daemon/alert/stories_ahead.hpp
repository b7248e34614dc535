// Asks for the memory of events that lie ready, and for that of their stories, while earlier ones are told:
// in a flood of initiators both are in no cache of this processor.
//
//   StoriesAhead ahead{stories};
//   ahead.look(at, events);   // before the event `at` of those that lie ready, in their order
//
// Changes nothing of what is told: an event that does not come, or comes later, has cost a look. One thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "daemon/alert/stories.hpp"
#include "daemon/messages.hpp"

namespace sekimori::daemon {

class StoriesAhead {
 public:
  explicit StoriesAhead(const Stories& stories) : stories_(stories) {}

  void look(std::size_t at, std::span<const FlowEvent* const> events);

 private:
  // What was asked for of an event.
  struct Expected {
    std::uint32_t hash = 0;
    std::uint32_t slot = Stories::none;
    bool forbidden = false;
  };
  Expected expect(const FlowEvent& event) const;

  const Stories& stories_;
  std::array<Expected, 32> expected_{};  // by the number of the event
};

}  // namespace sekimori::daemon

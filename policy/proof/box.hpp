// Boxes: sets of conversations that are a product of one set on each side, and the algebra on lists of them.
//
// Everything that a policy says can be written as a union of boxes, however many conversations that means:
// "these clients, those hosts, TCP 443, this year, any card" is one box. What changes between two policies,
// or is left over when all that an entry permits elsewhere is taken away, is one box less another: at most
// one piece for each side on which they differ.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "capture/address.hpp"
#include "policy/proof/range_set.hpp"

namespace sekimori::policy {

// The sides of a box: what the decision on a conversation may depend on. How each is numbered: see Universe.
enum class Side : std::uint8_t {
  source,           // initiator's address
  destination,      // responder's address
  service,          // protocol and responder's port
  time,             // packet time
  week,             // the same as minute of the week: hours come again
  source_mac,       // initiator's MAC, as a class
  destination_mac,  // responder's MAC, as a class
  next_hop,         // MAC to which frames for the responder go, as a class
  tunnel,           // what it carries
  domain            // the address space of both ends
};
inline constexpr std::size_t sides_count = 10;

struct Box {
  Family family = Family::none;
  std::array<RangeSet, sides_count> sides{};

  RangeSet& operator[](Side side) { return sides[static_cast<std::size_t>(side)]; }
  const RangeSet& operator[](Side side) const { return sides[static_cast<std::size_t>(side)]; }
  bool empty() const;
  bool operator==(const Box&) const = default;
  std::uint64_t digest() const;  // equal boxes have equal ones
};

bool meet(const Box& a, const Box& b);
bool covers(const Box& whole, const Box& part);
// Empty when they do not meet.
std::optional<Box> intersect(const Box& a, const Box& b);
// Appends the parts of `a` outside of `b`, which do not meet each other.
void subtract(const Box& a, const Box& b, std::vector<Box>& out);
// Joins those that differ on one side only, again and again, until none do. The union stays what it is.
void join(std::vector<Box>& boxes);

// Finds the boxes of a list that may meet another one, without trying them all: those that meet it between
// their first and last address.
class BoxIndex {
 public:
  BoxIndex() = default;
  // `boxes` must outlive the index.
  explicit BoxIndex(std::vector<const Box*> boxes);
  // Appends, in rising order, the positions in the list of all boxes that meet `box`.
  void find(const Box& box, std::vector<std::uint32_t>& out) const;

 private:
  struct Span {
    Number first = 0;
    Number last = 0;
    std::uint32_t box = 0;
  };
  struct Tree {
    std::vector<Span> spans{};       // ordered by `first`
    std::vector<Number> furthest{};  // greatest `last` in each node of the binary tree over spans

    void build();
    // False when there are more than `limit`.
    bool find(Number first, Number last, std::size_t limit, std::vector<std::uint32_t>& out) const;
  };
  const Tree& tree(Family family, Side side) const;

  std::vector<const Box*> boxes_{};
  std::array<Tree, 4> trees_{};  // IPv4 and IPv6, by source and by destination
};

// What is left of `box` when all `others` are taken away, in pieces that do not meet. None when there are
// more pieces than `limit`: then nothing is known.
std::optional<std::vector<Box>> remainder(const Box& box, const std::vector<const Box*>& others,
                                          std::size_t limit);

}  // namespace sekimori::policy

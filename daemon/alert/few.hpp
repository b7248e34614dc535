// Sets and maps that mostly hold a handful: the first few lie in place, without a search structure or memory
// of their own; only one that grows gets a hash table.
#pragma once

#include <array>
#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace sekimori::daemon {

// Keys are digests: one bit is as good as any other, so that they are their own hash.
struct DigestHash {
  using is_avalanching = void;
  std::size_t operator()(std::uint64_t digest) const { return digest; }
};

// The first `Few` digests, in the order in which they came.
template <std::size_t Few>
class FewDigests {
 public:
  static constexpr std::size_t none = Few;
  std::size_t find(std::uint64_t digest) const {
    std::size_t place = 0;
    while (place < count_ && digests_[place] != digest) ++place;
    return place < count_ ? place : none;
  }
  bool full() const { return count_ == Few; }
  std::size_t add(std::uint64_t digest) {
    digests_[count_] = digest;
    return count_++;
  }
  std::size_t size() const { return count_; }
  void clear() { count_ = 0; }

 private:
  std::size_t count_ = 0;
  std::array<std::uint64_t, Few> digests_{};
};

template <std::size_t Few>
class DigestSet {
 public:
  bool contains(std::uint64_t digest) const {
    return few_.find(digest) != few_.none || (many_ && many_->contains(digest));
  }
  void insert(std::uint64_t digest) {
    if (few_.find(digest) != few_.none) return;
    if (!few_.full()) {
      few_.add(digest);
      return;
    }
    if (!many_) many_ = std::make_unique<Many>();
    many_->insert(digest);
  }
  std::size_t size() const { return few_.size() + (many_ ? many_->size() : 0); }
  void clear() {
    few_.clear();
    many_.reset();
  }

 private:
  using Many = boost::unordered_flat_set<std::uint64_t, DigestHash>;
  FewDigests<Few> few_{};
  std::unique_ptr<Many> many_{};  // what came after the first few
};

// From digests to numbers.
template <std::size_t Few>
class DigestMap {
 public:
  // Null when it is not there; good until the next change.
  std::uint64_t* find(std::uint64_t digest) {
    const std::size_t place = few_.find(digest);
    if (place != few_.none) return &numbers_[place];
    if (!many_) return nullptr;
    const auto found = many_->find(digest);
    return found != many_->end() ? &found->second : nullptr;
  }
  // `digest` must not be there yet.
  void add(std::uint64_t digest, std::uint64_t number) {
    if (!few_.full()) {
      numbers_[few_.add(digest)] = number;
      return;
    }
    if (!many_) many_ = std::make_unique<Many>();
    many_->emplace(digest, number);
  }
  std::size_t size() const { return few_.size() + (many_ ? many_->size() : 0); }
  void clear() {
    few_.clear();
    many_.reset();
  }

 private:
  using Many = boost::unordered_flat_map<std::uint64_t, std::uint64_t, DigestHash>;
  FewDigests<Few> few_{};
  std::array<std::uint64_t, Few> numbers_{};
  std::unique_ptr<Many> many_{};
};

}  // namespace sekimori::daemon

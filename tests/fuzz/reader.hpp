// Numbers out of a fuzzer's bytes, one after the other; zeros when they are used up.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sekimori::fuzz {

class Reader {
 public:
  Reader(const std::uint8_t* data, std::size_t size) : data_{data}, size_{size} {}
  bool empty() const { return at_ >= size_; }
  std::uint8_t byte() { return empty() ? std::uint8_t{0} : data_[at_++]; }
  std::uint16_t word() {
    const unsigned high = byte();
    return static_cast<std::uint16_t>(high << 8U | byte());
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

}  // namespace sekimori::fuzz

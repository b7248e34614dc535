// The only way to outside bytes. A header is asked for by its size, once; what it gives back can then be read
// at offsets that the compiler holds against that size, so there is one branch a header and no read past its
// end.
//
//   if (const auto udp = reader.take<8>()) port = udp.be16<2>();
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace sekimori::capture {

// `Size` octets that are there, or nothing. Valid as long as the frame.
template <std::size_t Size>
class HeaderView {
 public:
  HeaderView() = default;
  explicit HeaderView(const std::byte* data) : data_(data) {}

  explicit operator bool() const { return data_ != nullptr; }

  template <std::size_t At>
  std::uint8_t u8() const {
    static_assert(At < Size, "read past the header");
    assert(data_ != nullptr);
    return std::to_integer<std::uint8_t>(data_[At]);
  }
  template <std::size_t At>
  std::uint16_t be16() const {
    return static_cast<std::uint16_t>(u8<At>() << 8U | u8<At + 1>());
  }
  template <std::size_t At>
  std::uint32_t be32() const {
    return static_cast<std::uint32_t>(be16<At>()) << 16U | be16<At + 2>();
  }
  template <std::size_t At>
  std::uint16_t le16() const {
    return static_cast<std::uint16_t>(u8<At + 1>() << 8U | u8<At>());
  }
  template <std::size_t At>
  std::uint32_t le32() const {
    return static_cast<std::uint32_t>(le16<At + 2>()) << 16U | le16<At>();
  }
  // Copies `Count` octets from offset `At` to the front of `out`.
  template <std::size_t At, std::size_t Count, typename Array>
  void copy(Array& out) const {
    static_assert(At + Count <= Size, "read past the header");
    static_assert(Count <= sizeof(Array), "written past the array");
    assert(data_ != nullptr);
    std::memcpy(out.data(), data_ + At, Count);
  }

 private:
  const std::byte* data_ = nullptr;
};

class ByteReader {
 public:
  ByteReader() = default;
  explicit ByteReader(std::span<const std::byte> bytes)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  // What is left, to be read as one piece.
  std::span<const std::byte> rest() const { return {at_, end_}; }
  std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  // The next `Size` octets without stepping over them; nothing when there are fewer.
  template <std::size_t Size>
  HeaderView<Size> peek() const {
    return left() >= Size ? HeaderView<Size>(at_) : HeaderView<Size>();
  }
  template <std::size_t Size>
  HeaderView<Size> take() {
    const auto header = peek<Size>();
    if (header) at_ += Size;
    return header;
  }
  // Steps over `count` octets, or to the end when there are fewer.
  void skip(std::size_t count) { at_ += count < left() ? count : left(); }
  // Forgets what lies beyond the next `count` octets.
  void limit(std::size_t count) {
    if (count < left()) end_ = at_ + count;
  }

 private:
  const std::byte* at_ = nullptr;
  const std::byte* end_ = nullptr;
};

}  // namespace sekimori::capture

#include "daemon/digest.hpp"

#include <openssl/evp.h>

#include <stdexcept>

namespace sekimori::daemon {
namespace {

template <typename Digest>
Digest digest(std::string_view bytes, const EVP_MD* algorithm) {
  Digest out{};
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &length, algorithm, nullptr) != 1 ||
      length != out.size()) {
    throw std::runtime_error("OpenSSL refuses to compute a digest");
  }
  return out;
}

}  // namespace

Sha1 sha1(std::string_view bytes) {
  return digest<Sha1>(bytes, EVP_sha1());
}

Sha256 sha256(std::string_view bytes) {
  return digest<Sha256>(bytes, EVP_sha256());
}

std::string hex(std::span<const std::uint8_t> bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    out += digits[byte >> 4U];
    out += digits[byte & 15U];
  }
  return out;
}

std::string base64(std::span<const std::uint8_t> bytes) {
  // Four characters for each three octets begun, and the terminating zero that OpenSSL writes.
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes.data(),
                                     static_cast<int>(bytes.size()));
  out.resize(static_cast<std::size_t>(length));
  return out;
}

}  // namespace sekimori::daemon

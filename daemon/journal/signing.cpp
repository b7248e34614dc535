#include "daemon/journal/signing.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <fstream>
#include <iterator>
#include <system_error>

namespace sekimori::daemon {
namespace {

constexpr const char* private_name = "journal.key";
constexpr const char* public_name = "journal.pub";
constexpr std::string_view purpose = "sekimori journal 1";

using Key = std::shared_ptr<EVP_PKEY>;
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Key own(EVP_PKEY* key) {
  return {key, &EVP_PKEY_free};
}

std::string openssl_words() {
  std::array<char, 256> buffer{};
  const unsigned long code = ERR_get_error();
  if (code == 0) return "no Ed25519 key";
  ERR_error_string_n(code, buffer.data(), buffer.size());
  ERR_clear_error();
  return buffer.data();
}

std::optional<PublicKey> public_of(EVP_PKEY* key) {
  PublicKey out{};
  std::size_t octets = out.size();
  if (key == nullptr || EVP_PKEY_get_base_id(key) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key, out.data(), &octets) != 1 || octets != out.size()) {
    return std::nullopt;
  }
  return out;
}

std::string content_of(BIO* bio) {
  char* data = nullptr;
  const long octets = BIO_get_mem_data(bio, &data);
  return octets > 0 ? std::string(data, static_cast<std::size_t>(octets)) : std::string{};
}

std::optional<std::string> content(const std::string& path, std::string& trouble) {
  std::ifstream file{path, std::ios::binary};
  if (!file) {
    trouble = path + ": " + std::system_category().message(errno);
    return std::nullopt;
  }
  return std::string{std::istreambuf_iterator<char>{file}, {}};
}

// Makes a pair and writes both files. The private one first: a public key without it would promise
// signatures.
Key make(JournalDisk& disk, const std::string& folder, std::string& trouble) {
  Key key = own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  const Bio secret{BIO_new(BIO_s_mem()), &BIO_free};
  const Bio open{BIO_new(BIO_s_mem()), &BIO_free};
  if (key == nullptr || secret == nullptr || open == nullptr ||
      PEM_write_bio_PrivateKey(secret.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1 ||
      PEM_write_bio_PUBKEY(open.get(), key.get()) != 1) {
    trouble = openssl_words();
    return nullptr;
  }
  int result = replace_file(disk, folder, private_name, content_of(secret.get()));
  if (result >= 0) result = replace_file(disk, folder, public_name, content_of(open.get()));
  if (result < 0) {
    trouble = folder + "/" + private_name + ": " + std::system_category().message(-result);
    return nullptr;
  }
  return key;
}

}  // namespace

std::optional<SigningKey> SigningKey::open(JournalDisk& disk, const std::string& folder,
                                           std::string& trouble) {
  const std::string path = folder + "/" + private_name;
  std::string unreadable;
  Key key;
  errno = 0;
  if (const auto pem = content(path, unreadable)) {
    const Bio bio{BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())), &BIO_free};
    key = own(bio == nullptr ? nullptr : PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
    if (key == nullptr) trouble = path + ": " + openssl_words();
  } else if (errno == ENOENT) {
    key = make(disk, folder, trouble);
  } else {
    trouble = unreadable;
  }
  if (key == nullptr) return std::nullopt;
  const auto known = public_of(key.get());
  if (!known) {
    trouble = path + ": " + openssl_words();
    return std::nullopt;
  }
  return SigningKey{key, *known};
}

std::optional<Signature> SigningKey::sign(std::string_view octets) const {
  Signature out{};
  std::size_t size = out.size();
  const Context context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  if (context == nullptr ||
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, static_cast<EVP_PKEY*>(key_.get())) != 1 ||
      EVP_DigestSign(context.get(), out.data(), &size, reinterpret_cast<const unsigned char*>(octets.data()),
                     octets.size()) != 1) {
    return std::nullopt;
  }
  return out;
}

std::optional<PublicKey> read_public_key(const std::string& path, std::string& trouble) {
  const auto pem = content(path, trouble);
  if (!pem) return std::nullopt;
  const Bio bio{BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())), &BIO_free};
  const Key key = own(bio == nullptr ? nullptr : PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  const auto out = public_of(key.get());
  if (!out) trouble = path + ": " + openssl_words();
  return out;
}

bool signature_good(const PublicKey& key, std::string_view octets, std::string_view signature) {
  const Key made = own(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, key.data(), key.size()));
  const Context context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
  const bool good = made != nullptr && context != nullptr &&
                    EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, made.get()) == 1 &&
                    EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()),
                                     signature.size(), reinterpret_cast<const unsigned char*>(octets.data()),
                                     octets.size()) == 1;
  ERR_clear_error();
  return good;
}

std::string signed_octets(const std::array<std::uint8_t, 16>& journal, std::uint64_t number,
                          const Sha256& hash) {
  std::string out{purpose};
  out.append(reinterpret_cast<const char*>(journal.data()), journal.size());
  for (unsigned shift = 0; shift < 64; shift += 8) out += static_cast<char>(number >> shift & 255U);
  out.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  return out;
}

}  // namespace sekimori::daemon

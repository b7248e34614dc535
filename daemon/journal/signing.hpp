// Ed25519 (RFC 8032): the journal's owner signs its chain from time to time, so that whoever has the public
// key can tell the journal from one that was written anew with all its hashes.
//
// The private key lies beside the journal, readable by the daemon alone: it protects from alterations of a
// copy and of the past, not from somebody who has the daemon's own rights. Keep the public key elsewhere.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/digest.hpp"
#include "daemon/journal/disk.hpp"

namespace sekimori::daemon {

using Signature = std::array<std::uint8_t, 64>;
using PublicKey = std::array<std::uint8_t, 32>;

class SigningKey {
 public:
  // Reads `folder`/journal.key, or makes it (0600) with journal.pub (PEM) beside it. None: `trouble` says
  // why.
  static std::optional<SigningKey> open(JournalDisk& disk, const std::string& folder, std::string& trouble);

  std::optional<Signature> sign(std::string_view octets) const;
  const PublicKey& public_key() const { return public_; }

 private:
  SigningKey(std::shared_ptr<void> key, const PublicKey& of) : key_(std::move(key)), public_(of) {}
  std::shared_ptr<void> key_;  // an EVP_PKEY
  PublicKey public_;
};

// A PEM file with an Ed25519 public key; none with the reason in `trouble`.
std::optional<PublicKey> read_public_key(const std::string& path, std::string& trouble);
bool signature_good(const PublicKey& key, std::string_view octets, std::string_view signature);

// What is signed: which journal, up to which frame, and its hash.
std::string signed_octets(const std::array<std::uint8_t, 16>& journal, std::uint64_t number,
                          const Sha256& hash);

}  // namespace sekimori::daemon

// Who we are and whom we believe on a TLS connection to a syslog receiver (RFC 5425): files read once, used
// for one connection or many. Inside of daemon/alert only.
//
//   const TlsContext context{options, "192.0.2.10", Language::ja, 540};   // throws TlsError
//   asio::ssl::stream<...> stream{io, context.native()};
//   context.prepare(stream.native_handle(), peer);
//
// The receiver's certificate has to be vouched for by an authority in `ca` and name `server_name` in its
// subjectAltName, or have one of the fingerprints, or both where both are set; never has it expired.
#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include "daemon/options.hpp"

namespace sekimori::daemon {

// In the configured language, with the file.
class TlsError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// What one connection learnt of the other side; outlives the connection's SSL.
struct TlsPeer {
  std::string refused{};  // why its certificate was not accepted, in words
  std::optional<std::chrono::system_clock::time_point> expires{};  // its certificate
  // TLS 1.3: the receiver has said something behind the handshake, so it has accepted our certificate.
  std::function<void()> ticket{};
};

class TlsContext {
 public:
  using Moment = std::chrono::system_clock::time_point;

  // `host`: the numeric address that stands for an empty server_name.
  TlsContext(const TlsOptions& options, const std::string& host, Language language, int utc_offset_minutes);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  boost::asio::ssl::context& native() { return context_; }
  // Before the handshake. `peer` is written to as long as `ssl` lives.
  void prepare(SSL* ssl, TlsPeer& peer);
  // The end of our own certificate, if we have one.
  std::optional<Moment> own_expires() const { return own_expires_; }
  // Certificates that have ended or will within 30 days of `now`, in words.
  std::string warning(const TlsPeer& peer, Moment now) const;
  // An error of the handshake or of a later read or write, in words.
  std::string words(const boost::system::error_code& error, const TlsPeer& peer) const;

 private:
  void load_own(const TlsOptions& options);
  bool verify(X509_STORE_CTX* store, TlsPeer& peer) const;
  bool verify_dates(X509_STORE_CTX* store, X509* certificate) const;
  std::string refusal(X509_STORE_CTX* store, X509* certificate) const;
  std::string date(Moment moment) const;

  const TlsOptions options_;
  const std::string name_;
  const Language language_;
  const int utc_offset_minutes_;
  boost::asio::ssl::context context_{boost::asio::ssl::context::tls_client};
  std::optional<Moment> own_expires_{};
};

}  // namespace sekimori::daemon

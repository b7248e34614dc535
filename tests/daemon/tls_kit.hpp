// Certificates made for one test, and a syslog receiver that speaks TLS, both with OpenSSL.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>

namespace sekimori::test {

// What a certificate says; written as NAME.pem and NAME.key into a folder.
struct CertificateRequest {
  std::string name{};
  std::string issuer{};  // name of one made before; empty: signs itself
  bool authority = false;
  std::string dns{};                 // subjectAltName
  std::string address{};             // subjectAltName
  std::chrono::seconds from{-3600};  // of now
  std::chrono::seconds until{90 * 86400};
  std::string passphrase{};  // of the key's file
};
void make_certificate(const std::string& folder, const CertificateRequest& request);
// "sha-256:AB:..." of FOLDER/NAME.pem.
std::string fingerprint(const std::string& folder, const std::string& name);

struct TlsServerOptions {
  std::string folder{};
  std::string certificate = "server";
  std::string client_authority{};  // name; set: clients without a certificate of it are refused
  int version_max = TLS1_3_VERSION;
  bool tickets = true;
};

// Listens on 127.0.0.1 and serves one connection at a time, without a thread of its own: step() does whatever
// can be done now.
class TlsServer {
 public:
  explicit TlsServer(const TlsServerOptions& options);
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  std::uint16_t port() const { return port_; }
  // Accepts, shakes hands and reads up to `octets` of what came; `received()` grows.
  void step(std::size_t octets = 65536);
  // As often as the connection ended by the client's farewell (close_notify), or without one.
  int farewells() const { return farewells_; }
  int cuts() const { return cuts_; }
  int connections() const { return connections_; }
  int handshakes() const { return handshakes_; }
  std::string& received() { return received_; }
  bool connected() const { return ssl_ != nullptr && shaken_; }
  // Ends the connection: with close_notify, or by a reset.
  void hang_up();
  void reset();
  // New keys for what the server sends (TLS 1.3), or a new handshake (TLS 1.2).
  void rekey();
  void use(const TlsServerOptions& options);  // for the next connection

 private:
  void drop();

  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  int listener_ = -1;
  int socket_ = -1;
  std::uint16_t port_ = 0;
  bool shaken_ = false;
  int farewells_ = 0;
  int cuts_ = 0;
  int connections_ = 0;
  int handshakes_ = 0;
  std::string received_{};
};

// ---- how it is done ----

namespace tls_kit {

inline void need(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string{"certificate kit: "} + what);
}

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* what) const {
    Free(what);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using File = std::unique_ptr<std::FILE, Freed<std::fclose>>;

inline File opened(const std::string& path, const char* mode) {
  File out{std::fopen(path.c_str(), mode)};
  need(out != nullptr, path.c_str());
  return out;
}

inline void extend(X509* certificate, X509* issuer, int id, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, Freed<X509_EXTENSION_free>> extension{
      X509V3_EXT_conf_nid(nullptr, &context, id, value.c_str())};
  need(extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1, value.c_str());
}

inline Certificate load(const std::string& folder, const std::string& name) {
  const File file = opened(folder + "/" + name + ".pem", "r");
  return Certificate{PEM_read_X509(file.get(), nullptr, nullptr, nullptr)};
}

}  // namespace tls_kit

inline void make_certificate(const std::string& folder, const CertificateRequest& request) {
  const tls_kit::Key key{EVP_EC_gen("P-256")};
  const tls_kit::Certificate certificate{X509_new()};
  static long serial = 1;
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_set_version(certificate.get(), 2);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), request.from.count());
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), request.until.count());
  X509_set_pubkey(certificate.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(request.name.c_str()), -1, -1, 0);
  tls_kit::Certificate issuer;
  tls_kit::Key issuer_key;
  if (!request.issuer.empty()) {
    issuer = tls_kit::load(folder, request.issuer);
    const tls_kit::File file = tls_kit::opened(folder + "/" + request.issuer + ".key", "r");
    issuer_key.reset(PEM_read_PrivateKey(file.get(), nullptr, nullptr, nullptr));
  }
  X509* const by = issuer ? issuer.get() : certificate.get();
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(by));
  tls_kit::extend(certificate.get(), by, NID_basic_constraints,
                  request.authority ? "critical,CA:TRUE" : "CA:FALSE");
  std::string names = request.dns.empty() ? "" : "DNS:" + request.dns;
  if (!request.address.empty()) names += (names.empty() ? "IP:" : ",IP:") + request.address;
  if (!names.empty()) tls_kit::extend(certificate.get(), by, NID_subject_alt_name, names);
  tls_kit::need(X509_sign(certificate.get(), issuer_key ? issuer_key.get() : key.get(), EVP_sha256()) > 0,
                "sign");
  PEM_write_X509(tls_kit::opened(folder + "/" + request.name + ".pem", "w").get(), certificate.get());
  const bool locked = !request.passphrase.empty();
  PEM_write_PrivateKey(tls_kit::opened(folder + "/" + request.name + ".key", "w").get(), key.get(),
                       locked ? EVP_aes_128_cbc() : nullptr,
                       locked ? reinterpret_cast<const unsigned char*>(request.passphrase.data()) : nullptr,
                       static_cast<int>(request.passphrase.size()), nullptr, nullptr);
}

inline std::string fingerprint(const std::string& folder, const std::string& name) {
  std::array<unsigned char, 32> digest{};
  unsigned size = 0;
  X509_digest(tls_kit::load(folder, name).get(), EVP_sha256(), digest.data(), &size);
  std::string out = "sha-256";
  for (const unsigned char octet : digest) {
    std::array<char, 4> hex{};
    std::snprintf(hex.data(), hex.size(), ":%02X", octet);
    out += hex.data();
  }
  return out;
}

inline TlsServer::TlsServer(const TlsServerOptions& options) {
  use(options);
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const int yes = 1;
  ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  tls_kit::need(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                    ::listen(listener_, 8) == 0 &&
                    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
                "listen");
  port_ = ntohs(address.sin_port);
}

inline TlsServer::~TlsServer() {
  drop();
  if (listener_ >= 0) ::close(listener_);
  SSL_CTX_free(context_);
}

inline void TlsServer::use(const TlsServerOptions& options) {
  SSL_CTX_free(context_);
  context_ = SSL_CTX_new(TLS_server_method());
  const std::string base = options.folder + "/" + options.certificate;
  tls_kit::need(SSL_CTX_use_certificate_chain_file(context_, (base + ".pem").c_str()) == 1 &&
                    SSL_CTX_use_PrivateKey_file(context_, (base + ".key").c_str(), SSL_FILETYPE_PEM) == 1,
                "server certificate");
  SSL_CTX_set_max_proto_version(context_, options.version_max);
  if (!options.tickets) SSL_CTX_set_num_tickets(context_, 0);
  if (!options.client_authority.empty()) {
    tls_kit::need(SSL_CTX_load_verify_file(
                      context_, (options.folder + "/" + options.client_authority + ".pem").c_str()) == 1,
                  "client authority");
    SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
}

inline void TlsServer::drop() {
  SSL_free(ssl_);
  ssl_ = nullptr;
  shaken_ = false;
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

inline void TlsServer::step(std::size_t octets) {
  if (socket_ < 0) {
    socket_ = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (socket_ < 0) return;
    ++connections_;
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, socket_);
    SSL_set_accept_state(ssl_);
  }
  ERR_clear_error();
  if (!shaken_) {
    const int done = SSL_do_handshake(ssl_);
    if (done == 1) {
      shaken_ = true;
      ++handshakes_;
    } else if (SSL_get_error(ssl_, done) != SSL_ERROR_WANT_READ) {
      drop();
      return;
    }
  }
  std::string buffer(octets, '\0');
  while (shaken_ && octets > 0) {
    const int got = SSL_read(ssl_, buffer.data(), static_cast<int>(octets));
    if (got > 0) {
      received_.append(buffer.data(), static_cast<std::size_t>(got));
      octets -= static_cast<std::size_t>(got);
      continue;
    }
    const int why = SSL_get_error(ssl_, got);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) return;
    ++(why == SSL_ERROR_ZERO_RETURN ? farewells_ : cuts_);
    drop();
  }
}

inline void TlsServer::hang_up() {
  if (ssl_ != nullptr) SSL_shutdown(ssl_);
  drop();
}

inline void TlsServer::reset() {
  const linger hard{1, 0};
  if (socket_ >= 0) ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  drop();
}

inline void TlsServer::rekey() {
  if (SSL_version(ssl_) == TLS1_3_VERSION) {
    SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED);
  } else {
    SSL_renegotiate(ssl_);
  }
  SSL_do_handshake(ssl_);
}

}  // namespace sekimori::test

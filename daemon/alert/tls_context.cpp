#include "daemon/alert/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cerrno>
#include <ctime>
#include <memory>
#include <system_error>
#include <vector>

#include "daemon/render.hpp"
#include "daemon/render/utf8.hpp"
#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

namespace asio = boost::asio;
using Moment = TlsContext::Moment;

constexpr std::chrono::hours notice_before{30 * 24};
constexpr std::size_t names_shown = 4;
constexpr std::size_t words_max = 160;  // octets of what another machine's certificate may say here

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* what) const {
    Free(what);
  }
};
using Bio = std::unique_ptr<BIO, Freed<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

// Where a connection's TlsPeer hangs on its SSL. Not SSL_set_app_data: Asio keeps something of its own there
// and deletes it.
int peer_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

TlsPeer* peer_of(const SSL* ssl) {
  return static_cast<TlsPeer*>(SSL_get_ex_data(ssl, peer_index()));
}

// A daemon has nobody to ask for a passphrase. Without this OpenSSL would ask the terminal. `asked`: a bool,
// or null.
int no_passphrase(char* /*out*/, int /*size*/, int /*writing*/, void* asked) {
  if (asked != nullptr) *static_cast<bool*>(asked) = true;
  return 0;
}

int new_session(SSL* ssl, SSL_SESSION* /*session*/) {
  if (TlsPeer* peer = peer_of(ssl); peer != nullptr && peer->ticket) peer->ticket();
  return 0;  // not kept: every connection shows its certificates anew
}

std::optional<Moment> moment_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

// What another machine sent, fit for a log.
std::string shown(std::string_view text) {
  const std::string safe = printable(text);
  return std::string{utf8_cut(safe, words_max)};
}

std::string name_text(const X509_NAME* name) {
  const Bio out{BIO_new(BIO_s_mem())};
  if (!out || name == nullptr) return "-";
  constexpr unsigned long readable = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  X509_NAME_print_ex(out.get(), name, 0, readable);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return size > 0 ? shown({data, static_cast<std::size_t>(size)}) : "-";
}

std::string_view octets_of(const ASN1_STRING* text) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(std::max(0, ASN1_STRING_length(text)))};
}

std::string address_text(std::string_view octets) {
  if (octets.size() == 4) {
    asio::ip::address_v4::bytes_type bytes{};
    std::copy(octets.begin(), octets.end(), bytes.begin());
    return asio::ip::address_v4{bytes}.to_string();
  }
  if (octets.size() == 16) {
    asio::ip::address_v6::bytes_type bytes{};
    std::copy(octets.begin(), octets.end(), bytes.begin());
    return asio::ip::address_v6{bytes}.to_string();
  }
  return "?";
}

// "log.city.example.jp, 192.0.2.10": what the certificate vouches for; "-" if nothing.
std::string names_of(const X509* certificate) {
  const Names names{
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr))};
  std::string out;
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  std::size_t told = 0;
  for (int i = 0; i < count; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    if (told++ == names_shown) {
      out += " ...";
      break;
    }
    if (!out.empty()) out += ", ";
    out += name->type == GEN_DNS ? shown(octets_of(name->d.dNSName))
                                 : address_text(octets_of(name->d.iPAddress));
  }
  return out.empty() ? "-" : out;
}

// "sha-256:AB:CD:..." (RFC 5425 section 4.2.2).
std::string fingerprint_of(const X509* certificate) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  std::string out = "sha-256";
  if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1) return out;
  static constexpr std::string_view digits = "0123456789ABCDEF";
  for (unsigned i = 0; i < size; ++i) {
    out += ':';
    out += digits[digest[i] >> 4U];
    out += digits[digest[i] & 15U];
  }
  return out;
}

[[noreturn]] void refuse_file(const std::string& file, const std::string& why, Language language) {
  ERR_clear_error();
  throw TlsError(say(Text::tls_file, language, {{"file", file}, {"why", why}}));
}

// Opens the file for reading, or says in the system's words why not.
Bio opened(const std::string& file, Language language) {
  errno = 0;
  Bio out{BIO_new_file(file.c_str(), "r")};
  if (!out) refuse_file(file, system_words(errno != 0 ? errno : EIO, language), language);
  return out;
}

bool is_address(const std::string& name) {
  boost::system::error_code error;
  asio::ip::make_address(name, error);
  return !error;
}

// Alerts by which a receiver says that it is our certificate that it does not want.
bool about_certificate(int reason) {
  static constexpr std::array reasons{
      SSL_R_SSLV3_ALERT_BAD_CERTIFICATE,      SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED,
      SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED,  SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN,
      SSL_R_SSLV3_ALERT_NO_CERTIFICATE,       SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
      SSL_R_TLSV1_ALERT_UNKNOWN_CA,           SSL_R_TLSV1_ALERT_ACCESS_DENIED,
      SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED};
  return std::find(reasons.begin(), reasons.end(), reason) != reasons.end();
}

}  // namespace

TlsContext::TlsContext(const TlsOptions& options, const std::string& host, Language language,
                       int utc_offset_minutes)
    : options_(options),
      name_(options.server_name.empty() ? host : options.server_name),
      language_(language),
      utc_offset_minutes_(utc_offset_minutes) {
  SSL_CTX* const context = context_.native_handle();
  ERR_clear_error();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, new_session);
  if (!options.ca.empty()) {
    opened(options.ca, language);  // its own words for a file that is not there
    if (SSL_CTX_load_verify_file(context, options.ca.c_str()) != 1) {
      refuse_file(options.ca, std::string{text(Text::tls_no_pem, language)}, language);
    }
  }
  if (!options.certificate.empty()) load_own(options);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(
      context,
      [](X509_STORE_CTX* store, void* self) -> int {
        const auto* ssl =
            static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
        TlsPeer* const peer = ssl != nullptr ? peer_of(ssl) : nullptr;
        return peer != nullptr && static_cast<const TlsContext*>(self)->verify(store, *peer) ? 1 : 0;
      },
      this);
}

void TlsContext::load_own(const TlsOptions& options) {
  SSL_CTX* const context = context_.native_handle();
  const Bio file = opened(options.certificate, language_);
  const Certificate own{PEM_read_bio_X509(file.get(), nullptr, no_passphrase, nullptr)};
  if (!own || SSL_CTX_use_certificate_chain_file(context, options.certificate.c_str()) != 1) {
    refuse_file(options.certificate, std::string{text(Text::tls_no_pem, language_)}, language_);
  }
  own_expires_ = moment_of(X509_get0_notAfter(own.get()));
  opened(options.key, language_);
  ERR_clear_error();
  bool asked = false;
  SSL_CTX_set_default_passwd_cb_userdata(context, &asked);
  const bool loaded = SSL_CTX_use_PrivateKey_file(context, options.key.c_str(), SSL_FILETYPE_PEM) == 1;
  SSL_CTX_set_default_passwd_cb_userdata(context, nullptr);
  if (!loaded) {
    const unsigned long code = ERR_peek_last_error();
    if (ERR_GET_LIB(code) == ERR_LIB_X509 && ERR_GET_REASON(code) == X509_R_KEY_VALUES_MISMATCH) {
      refuse_file(options.key, say(Text::tls_key_mismatch, language_, {{"file", options.certificate}}),
                  language_);
    }
    refuse_file(options.key, std::string{text(asked ? Text::tls_passphrase : Text::tls_no_pem, language_)},
                language_);
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    refuse_file(options.key, say(Text::tls_key_mismatch, language_, {{"file", options.certificate}}),
                language_);
  }
}

void TlsContext::prepare(SSL* ssl, TlsPeer& peer) {
  SSL_set_ex_data(ssl, peer_index(), &peer);
  if (is_address(name_)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name_.c_str());
    return;
  }
  // What has to be named stands in subjectAltName; the common name is no name of a host.
  SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  SSL_set1_host(ssl, name_.c_str());
  SSL_set_tlsext_host_name(ssl, name_.c_str());
}

bool TlsContext::verify(X509_STORE_CTX* store, TlsPeer& peer) const {
  X509* const certificate = X509_STORE_CTX_get0_cert(store);
  if (certificate == nullptr) return false;
  peer.expires = moment_of(X509_get0_notAfter(certificate));
  if (!options_.fingerprints.empty()) {
    const std::string seen = fingerprint_of(certificate);
    if (std::find(options_.fingerprints.begin(), options_.fingerprints.end(), seen) ==
        options_.fingerprints.end()) {
      X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_REJECTED);
      peer.refused = say(Text::tls_peer_fingerprint, language_, {{"seen", seen}});
      return false;
    }
  }
  const bool good = options_.ca.empty() ? verify_dates(store, certificate) : X509_verify_cert(store) == 1;
  if (!good) peer.refused = refusal(store, certificate);
  return good;
}

// A certificate that is known by its fingerprint alone needs nobody to vouch for it, but no other end than
// its own.
bool TlsContext::verify_dates(X509_STORE_CTX* store, X509* certificate) const {
  int error = X509_V_OK;
  if (X509_cmp_current_time(X509_get0_notBefore(certificate)) > 0) error = X509_V_ERR_CERT_NOT_YET_VALID;
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) error = X509_V_ERR_CERT_HAS_EXPIRED;
  X509_STORE_CTX_set_error(store, error);
  return error == X509_V_OK;
}

std::string TlsContext::refusal(X509_STORE_CTX* store, X509* certificate) const {
  const int error = X509_STORE_CTX_get_error(store);
  X509* const current = X509_STORE_CTX_get_current_cert(store);
  const X509* const which = current != nullptr ? current : certificate;
  const std::string why = X509_verify_cert_error_string(error);
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return say(Text::tls_peer_expired, language_,
                 {{"date", date(moment_of(X509_get0_notAfter(which)).value_or(Moment{}))}});
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return say(Text::tls_peer_not_yet, language_,
                 {{"date", date(moment_of(X509_get0_notBefore(which)).value_or(Moment{}))}});
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return say(Text::tls_peer_name, language_, {{"names", names_of(certificate)}, {"wanted", name_}});
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
      return say(Text::tls_peer_unknown, language_,
                 {{"issuer", name_text(X509_get_issuer_name(certificate))}, {"why", why}});
    default:
      return say(Text::tls_peer_other, language_, {{"why", why}});
  }
}

std::string TlsContext::date(Moment moment) const {
  return timestamp(std::chrono::time_point_cast<Duration>(moment), utc_offset_minutes_).substr(0, 10);
}

std::string TlsContext::warning(const TlsPeer& peer, Moment now) const {
  const auto near = [now](const std::optional<Moment>& end) { return end && *end - now < notice_before; };
  const auto days = [now](Moment end) {
    return std::to_string(std::chrono::floor<std::chrono::days>(end - now).count());
  };
  std::string out;
  if (near(own_expires_)) {
    out = *own_expires_ < now ? say(Text::tls_warn_own_expired, language_, {{"date", date(*own_expires_)}})
                              : say(Text::tls_warn_own, language_,
                                    {{"date", date(*own_expires_)}, {"days", days(*own_expires_)}});
  }
  if (near(peer.expires) && *peer.expires >= now) {
    if (!out.empty()) out += "; ";
    out +=
        say(Text::tls_warn_peer, language_, {{"date", date(*peer.expires)}, {"days", days(*peer.expires)}});
  }
  return out;
}

std::string TlsContext::words(const boost::system::error_code& error, const TlsPeer& peer) const {
  if (!peer.refused.empty()) return peer.refused;
  if (error == asio::ssl::error::stream_truncated) return std::string{text(Text::tls_cut, language_)};
  if (error == asio::error::eof) return std::string{text(Text::stream_closed, language_)};
  if (error.category() != asio::error::get_ssl_category()) return system_words(error, language_);
  const auto code = static_cast<unsigned long>(error.value());
  const int reason = ERR_GET_REASON(code);
  const char* const known = ERR_reason_error_string(code);
  const std::string alert = known != nullptr ? known : error.message();
  if (about_certificate(reason)) return say(Text::tls_refused_certificate, language_, {{"alert", alert}});
  if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
      reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_UNEXPECTED_MESSAGE) {
    return std::string{text(Text::tls_not_tls, language_)};
  }
  // An alert's reason is its number (RFC 8446 section 6) and a thousand.
  if (reason >= SSL_AD_REASON_OFFSET) return say(Text::tls_refused, language_, {{"alert", alert}});
  return say(Text::tls_failed, language_, {{"why", alert}});
}

}  // namespace sekimori::daemon

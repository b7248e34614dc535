// A TLS connection to a syslog receiver.
//
// In TLS 1.3 our side of the handshake ends before the receiver has looked at our certificate: a refusal
// comes as an alert behind it. So the connection counts as open only when the receiver has said something
// (session tickets, as nearly all do), or has said nothing bad for a while; else alerts would be poured into
// a connection that is about to be refused, and it would seem to work each time.
#include "daemon/alert/tls_wire.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::milliseconds settle_time{700};

class TlsWire final : public Wire {
 public:
  TlsWire(asio::io_context& io, std::shared_ptr<TlsContext> context, Language language)
      : context_(std::move(context)),
        stream_(io, context_->native()),
        settle_timer_(io),
        language_(language) {
    context_->prepare(stream_.native_handle(), peer_);
  }

  void open(const asio::ip::tcp::endpoint& endpoint, Done opened, Done ended) override {
    opened_ = std::move(opened);
    ended_ = std::move(ended);
    stream_.next_layer().async_connect(endpoint, [self = shared_from_this(), this](const error_code& error) {
      if (closed_) return;
      if (error) return finish(error);
      tune(stream_.next_layer());
      connected_ = true;
      shake_hands();
    });
  }

  void write(const std::string& bytes, Done written) override {
    writing_ = true;
    asio::async_write(stream_, asio::buffer(bytes),
                      [self = shared_from_this(), this, written = std::move(written)](const error_code& error,
                                                                                      std::size_t) {
                        writing_ = false;
                        if (closed_) return;
                        count();
                        written(error ? broken(error) : Broken{});
                      });
  }

  void close() override {
    if (closed_) return;
    closed_ = true;
    settle_timer_.cancel();
    peer_.ticket = {};
    opened_ = ended_ = {};
    error_code ignored;
    auto& socket = stream_.next_layer();
    if (shaken_ && !writing_) {
      // The farewell (close_notify) goes out at once or not at all: nobody waits here for the other's.
      socket.non_blocking(true, ignored);
      stream_.shutdown(ignored);
    }
    socket.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    socket.close(ignored);
  }

  std::uint64_t octets() const override { return octets_; }
  int handle() override { return stream_.next_layer().native_handle(); }
  std::string overdue(unsigned seconds) const override {
    return connected_ ? say(Text::tls_no_handshake, language_, {{"seconds", std::to_string(seconds)}})
                      : overdue_connect(seconds, language_);
  }
  std::string warning() const override {
    return shaken_ ? context_->warning(peer_, std::chrono::system_clock::now()) : std::string{};
  }

 private:
  Broken broken(const error_code& error) const {
    return {context_->words(error, peer_), error != asio::error::eof};
  }

  void shake_hands() {
    stream_.async_handshake(asio::ssl::stream_base::client,
                            [self = shared_from_this(), this](const error_code& error) {
                              if (closed_) return;
                              if (error) return finish(error);
                              shaken_ = true;
                              count();
                              settle();
                            });
  }

  void settle() {
    if (SSL_version(stream_.native_handle()) < TLS1_3_VERSION || ticket_seen_) {
      opened({});
    } else {
      settle_timer_.expires_after(settle_time);
      settle_timer_.async_wait([self = shared_from_this(), this](const error_code& error) {
        if (!error && !closed_) opened({});
      });
      // Called from within a read of Asio's: told afterwards.
      peer_.ticket = [this] {
        if (std::exchange(ticket_seen_, true)) return;
        asio::post(stream_.get_executor(), [weak = weak_from_this()] {
          const auto self = std::static_pointer_cast<TlsWire>(weak.lock());
          if (self && !self->closed_) self->opened({});
        });
      };
    }
    if (!closed_) listen();
  }

  // Once: `opened_` has been told when it is empty.
  void opened(const Broken& why) {
    settle_timer_.cancel();
    const Done tell = std::exchange(opened_, {});
    if (tell) tell(why);
  }

  void finish(const error_code& error) {
    const Broken why = broken(error);
    if (opened_) {
      opened(why);
    } else if (const Done tell = std::exchange(ended_, {}); tell) {
      tell(why);
    }
  }

  // A syslog receiver says nothing; what comes is TLS's own: tickets, new keys, alerts, the farewell.
  void listen() {
    stream_.async_read_some(asio::buffer(heard_),
                            [self = shared_from_this(), this](const error_code& error, std::size_t) {
                              if (closed_) return;
                              if (error) return finish(error);
                              listen();
                            });
  }

  // What the TLS layer has made so far, less what still waits to be given to the socket.
  void count() {
    BIO* const out = SSL_get_wbio(stream_.native_handle());
    octets_ = BIO_number_written(out) - static_cast<std::uint64_t>(BIO_wpending(out));
  }

  const std::shared_ptr<TlsContext> context_;
  TlsPeer peer_{};
  asio::ssl::stream<asio::ip::tcp::socket> stream_;
  asio::steady_timer settle_timer_;
  const Language language_;
  Done opened_{};
  Done ended_{};
  std::uint64_t octets_ = 0;
  std::array<char, 256> heard_{};
  bool connected_ = false;
  bool shaken_ = false;
  bool ticket_seen_ = false;
  bool writing_ = false;
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<Wire> make_tls_wire(asio::io_context& io, std::shared_ptr<TlsContext> context,
                                    Language language) {
  return std::make_shared<TlsWire>(io, std::move(context), language);
}

}  // namespace sekimori::daemon

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "daemon/alert/wire.hpp"
#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr unsigned silence_limit_ms = 60'000;  // unacknowledged for so long: the peer is gone

class TcpWire final : public Wire {
 public:
  TcpWire(asio::io_context& io, Language language) : socket_(io), language_(language) {}

  void open(const asio::ip::tcp::endpoint& endpoint, Done opened, Done ended) override {
    ended_ = std::move(ended);
    socket_.async_connect(
        endpoint, [self = shared_from_this(), this, opened = std::move(opened)](const error_code& error) {
          if (closed_) return;
          if (error) {
            opened({system_words(error, language_)});
          } else {
            tune(socket_);
            listen();
            opened({});
          }
        });
  }

  void write(const std::string& bytes, Done written) override {
    asio::async_write(socket_, asio::buffer(bytes),
                      [self = shared_from_this(), this, written = std::move(written)](const error_code& error,
                                                                                      std::size_t octets) {
                        if (closed_) return;
                        octets_ += octets;
                        written(error ? Broken{system_words(error, language_)} : Broken{});
                      });
  }

  void close() override {
    closed_ = true;
    ended_ = {};
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    socket_.close(ignored);
  }

  std::uint64_t octets() const override { return octets_; }
  int handle() override { return socket_.native_handle(); }
  std::string overdue(unsigned seconds) const override { return overdue_connect(seconds, language_); }

 private:
  // A syslog receiver says nothing; reading shows at once when it goes away.
  void listen() {
    socket_.async_read_some(asio::buffer(heard_), [self = shared_from_this(), this](const error_code& error,
                                                                                    std::size_t) {
      if (closed_) return;
      if (!error) return listen();
      // Kept alive over a call that may close us.
      const Done ended = std::move(ended_);
      const bool orderly = error == asio::error::eof;
      if (ended) {
        ended({orderly ? std::string{text(Text::stream_closed, language_)} : system_words(error, language_),
               !orderly});
      }
    });
  }

  asio::ip::tcp::socket socket_;
  const Language language_;
  Done ended_{};
  std::uint64_t octets_ = 0;
  std::array<char, 256> heard_{};
  bool closed_ = false;
};

}  // namespace

std::shared_ptr<Wire> make_tcp_wire(asio::io_context& io, Language language) {
  return std::make_shared<TcpWire>(io, language);
}

void tune(asio::ip::tcp::socket& socket) {
  error_code ignored;
  socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
  socket.set_option(asio::socket_base::keep_alive{true}, ignored);
  ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_limit_ms,
               sizeof silence_limit_ms);
}

std::string overdue_connect(unsigned seconds, Language language) {
  return say(Text::stream_no_answer, language, {{"seconds", std::to_string(seconds)}});
}

}  // namespace sekimori::daemon

// Syslog over TCP with octet counting (RFC 6587 section 3.4.1).
//
// A message that the kernel took is not yet at the receiver: it stays here until the peer's kernel has
// acknowledged it. When a connection breaks, what was not acknowledged is sent again in its order on the next
// one; the receiver may see the last messages twice, but misses none that its own kernel had not taken.
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <stdexcept>
#include <utility>

#include "daemon/alert/queue_sink.hpp"

namespace sekimori::daemon {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::seconds connect_limit{5};
constexpr std::chrono::milliseconds acknowledge_check{100};
constexpr unsigned silence_limit_ms = 60'000;  // unacknowledged for so long: the peer is gone

class StreamSink final : public QueueSink {
 public:
  StreamSink(asio::io_context& io, const DestinationOptions& destination, const AlertOptions& options,
             asio::ip::tcp::endpoint endpoint)
      : QueueSink(io, destination, options), endpoint_(std::move(endpoint)), socket_(io), timer_(io) {}

 private:
  // Handlers of an earlier connection find another number and leave.
  bool stale(std::uint64_t connection) const { return closed() || connection != connection_; }

  void connect() override {
    const std::uint64_t connection = ++connection_;
    socket_.async_connect(endpoint_, [self = shared_from_this(), this, connection](const error_code& error) {
      if (stale(connection)) return;
      timer_.cancel();
      if (error) {
        failed(error.message());
      } else {
        tune();
        written_ = 0;
        connected();
        listen();
      }
      kick();
    });
    timer_.expires_after(connect_limit);
    timer_.async_wait([self = shared_from_this(), this, connection](const error_code& error) {
      if (error || stale(connection)) return;
      failed("no answer to the connect");
      kick();
    });
  }

  void tune() {
    error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    socket_.set_option(asio::socket_base::keep_alive{true}, ignored);
    ::setsockopt(socket_.native_handle(), IPPROTO_TCP, TCP_USER_TIMEOUT, &silence_limit_ms,
                 sizeof silence_limit_ms);
  }

  // A syslog receiver says nothing; reading shows at once when it goes away.
  void listen() {
    socket_.async_read_some(asio::buffer(heard_), [self = shared_from_this(), this, connection = connection_](
                                                      const error_code& error, std::size_t) {
      if (stale(connection)) return;
      if (error) {
        failed(error == asio::error::eof ? "closed by the receiver" : error.message());
        kick();
      } else {
        listen();
      }
    });
  }

  void send() override {
    const std::string& bytes = queue().front().bytes;
    frame_ = std::to_string(bytes.size()) + ' ' + bytes;
    asio::async_write(socket_, asio::buffer(frame_),
                      [self = shared_from_this(), this, connection = connection_](const error_code& error,
                                                                                  std::size_t octets) {
                        if (stale(connection)) return;
                        if (error) {
                          failed(error.message());
                        } else {
                          written_ += octets;
                          unacknowledged_.push_back({{}, written_});
                          unacknowledged_.back().message = take_front();
                          check();
                          if (!unacknowledged_.empty()) watch();
                        }
                        kick();
                      });
  }

  // Drops what the peer has acknowledged.
  void check() {
    int outstanding = 0;
    if (!socket_.is_open() || ::ioctl(socket_.native_handle(), SIOCOUTQ, &outstanding) != 0) return;
    const auto open = static_cast<std::uint64_t>(outstanding);
    while (!unacknowledged_.empty() && unacknowledged_.front().end + open <= written_) {
      counted(unacknowledged_.front().message);
      unacknowledged_.pop_front();
    }
  }

  void watch() {
    if (watching_) return;
    watching_ = true;
    timer_.expires_after(acknowledge_check);
    timer_.async_wait([self = shared_from_this(), this, connection = connection_](const error_code& error) {
      if (stale(connection)) return;
      watching_ = false;
      if (error) return;
      check();
      if (!unacknowledged_.empty()) watch();
      kick();
    });
  }

  void disconnect() override {
    check();
    while (!unacknowledged_.empty()) {
      again(std::move(unacknowledged_.back().message));
      unacknowledged_.pop_back();
    }
    ++connection_;
    timer_.cancel();
    watching_ = false;
    error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    socket_.close(ignored);
  }

  std::size_t waiting() const override { return QueueSink::waiting() + unacknowledged_.size(); }

  std::string render(const AlertMessage& message) const override {
    return syslog_5424(message, alerts(), options().message_max);
  }
  std::string render_loss(const LossNotice& notice) const override {
    return loss_syslog(notice, alerts(), false, options().message_max);
  }

  struct Sent {
    Message message{};
    std::uint64_t end = 0;  // octets written on this connection up to and including it
  };

  const asio::ip::tcp::endpoint endpoint_;
  asio::ip::tcp::socket socket_;
  asio::steady_timer timer_;  // of the connect, then of the acknowledgements
  std::uint64_t connection_ = 0;
  std::uint64_t written_ = 0;
  std::deque<Sent> unacknowledged_{};
  std::string frame_{};
  std::array<char, 256> heard_{};
  bool watching_ = false;
};

}  // namespace

std::shared_ptr<QueueSink> make_stream_sink(asio::io_context& io, const DestinationOptions& destination,
                                            const AlertOptions& options) {
  error_code error;
  const auto address = asio::ip::make_address(destination.host, error);
  if (error) throw std::runtime_error(destination.name + ": no numeric address: " + destination.host);
  return std::make_shared<StreamSink>(io, destination, options,
                                      asio::ip::tcp::endpoint{address, destination.port});
}

}  // namespace sekimori::daemon

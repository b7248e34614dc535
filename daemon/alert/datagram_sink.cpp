// Syslog in datagrams: the local socket (RFC 3164 or 5424) and UDP (RFC 5426: one message a datagram).
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/datagram_protocol.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/local/datagram_protocol.hpp>
#include <optional>
#include <stdexcept>
#include <utility>

#include "daemon/alert/queue_sink.hpp"
#include "policy/text/system_words.hpp"

namespace sekimori::daemon {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

using Endpoint = asio::generic::datagram_protocol::endpoint;

class DatagramSink final : public QueueSink {
 public:
  DatagramSink(asio::io_context& io, const DestinationOptions& destination, const AlertOptions& options,
               Endpoint endpoint)
      : QueueSink(io, destination, options),
        local_(destination.kind == DestinationKind::syslog_local),
        endpoint_(std::move(endpoint)),
        socket_(io) {}

 private:
  void connect() override {
    error_code error;
    socket_.open(endpoint_.protocol(), error);
    if (!error) socket_.connect(endpoint_, error);
    if (error) {
      failed(system_words(error, alerts().language));
    } else {
      connected();
    }
  }

  void send() override {
    // The bytes stay in the queue until the handler has run.
    socket_.async_send(
        asio::buffer(queue().front().bytes),
        [self = shared_from_this(), this](const error_code& error, std::size_t) { done(error); });
  }

  void done(const error_code& error) {
    if (closed()) return;
    if (!error) {
      Message message = take_front();
      counted(message);
      // An ICMP error about this datagram is reported by a later call.
      if (!local_) last_ = std::move(message);
    } else if (error == asio::error::message_size) {
      too_big(system_words(error, alerts().language));
    } else {
      // Port unreachable: it was the datagram before this one that found nobody.
      if (error == asio::error::connection_refused && last_) {
        again(std::move(*last_));
        last_.reset();
      }
      failed(system_words(error, alerts().language));
    }
    kick();
  }

  void disconnect() override {
    error_code ignored;
    socket_.close(ignored);
    last_.reset();
  }

  const bool local_;
  const Endpoint endpoint_;
  asio::generic::datagram_protocol::socket socket_;
  std::optional<Message> last_{};
};

}  // namespace

std::shared_ptr<QueueSink> make_datagram_sink(asio::io_context& io, const DestinationOptions& destination,
                                              const AlertOptions& options) {
  if (destination.kind == DestinationKind::syslog_local) {
    const std::string path = destination.path.empty() ? "/dev/log" : destination.path;
    if (path.size() > 107)
      throw std::runtime_error(destination.name + ": path of the socket is too long: " + path);
    return std::make_shared<DatagramSink>(io, destination, options,
                                          Endpoint{asio::local::datagram_protocol::endpoint{path}});
  }
  error_code error;
  const auto address = asio::ip::make_address(destination.host, error);
  if (error) throw std::runtime_error(destination.name + ": no numeric address: " + destination.host);
  return std::make_shared<DatagramSink>(io, destination, options,
                                        Endpoint{asio::ip::udp::endpoint{address, destination.port}});
}

}  // namespace sekimori::daemon

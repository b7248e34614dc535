// Syslog over TCP (RFC 6587, both framings) and TLS (RFC 5425: octet counting).
//
// A message that the kernel took is not yet at the receiver: it stays here until the peer's kernel has
// acknowledged it. When a connection ends, what was not acknowledged is sent again in its order on the next
// one, and before it what was acknowledged and may not have been read (doubtful.hpp): the receiver may see
// the last messages twice, but misses none that its program had not read.
#include <algorithm>
#include <array>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <stdexcept>
#include <utility>

#include "daemon/alert/doubtful.hpp"
#include "daemon/alert/queue_sink.hpp"
#include "daemon/alert/tls_wire.hpp"
#include "daemon/alert/wire.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::chrono::seconds connect_limit{5};
constexpr std::chrono::milliseconds acknowledge_check{100};
// A connection that lives so long is one that works: until then the pauses keep growing and the trouble stays
// told, or a receiver that takes messages and hangs up would be hammered with them.
constexpr std::chrono::milliseconds proof_time{1000};

class StreamSink final : public QueueSink {
 public:
  StreamSink(asio::io_context& io, const DestinationOptions& destination, const AlertOptions& options,
             asio::ip::tcp::endpoint endpoint)
      : QueueSink(io, destination, options),
        endpoint_(std::move(endpoint)),
        tls_(destination.kind == DestinationKind::syslog_tls),
        timer_(io),
        proof_timer_(io) {
    if (tls_) {
      try {
        read_files();
      } catch (const TlsError&) {
        // Told by connect(), which tries again: the files may be on their way.
      }
    }
  }

  // Certificates are renewed: read anew, and used at once. What is wrong with them is a warning as long as
  // the old connection lasts.
  void reopen() override {
    if (!tls_ || closed()) return;
    try {
      read_files();
      files_trouble_.clear();
    } catch (const TlsError& error) {
      if (wire_ != nullptr) {
        files_trouble_ = say(Text::tls_warn_files, alerts().language, {{"why", error.what()}});
        return;
      }
    }
    if (writing_) {
      renew_ = true;
    } else {
      renew();
    }
    kick();
  }

  std::string warning() const override {
    if (!files_trouble_.empty()) return files_trouble_;
    return wire_ == nullptr ? std::string{} : wire_->warning();
  }

 private:
  // Handlers of an earlier connection find another number and leave.
  bool stale(std::uint64_t connection) const { return closed() || connection != connection_; }

  void read_files() {
    context_ = nullptr;
    context_ = std::make_shared<TlsContext>(options().tls, options().host, alerts().language,
                                            alerts().utc_offset_minutes);
  }

  void connect() override {
    const std::uint64_t connection = ++connection_;
    if (tls_) {
      try {
        // After a failure the files may have been put right.
        if (context_ == nullptr || failed_before_) read_files();
      } catch (const TlsError& error) {
        failed(error.what());
        return;
      }
      wire_ = make_tls_wire(io(), context_, alerts().language);
    } else {
      wire_ = make_tcp_wire(io(), alerts().language);
    }
    failed_before_ = true;
    // The wire is ours and keeps these: they must not keep us.
    wire_->open(
        endpoint_,
        [weak = weak_from_this(), this, connection](const Broken& why) {
          const auto self = weak.lock();
          if (self == nullptr || stale(connection)) return;
          timer_.cancel();
          why ? broke(why) : begun();
          kick();
        },
        [weak = weak_from_this(), this, connection](const Broken& why) {
          const auto self = weak.lock();
          if (self == nullptr || stale(connection)) return;
          broke(why);
          kick();
        });
    timer_.expires_after(connect_limit);
    timer_.async_wait([self = shared_from_this(), this, connection](const error_code& error) {
      if (error || stale(connection) || begun_) return;
      failed(wire_->overdue(static_cast<unsigned>(connect_limit.count())));
      kick();
    });
  }

  // What was acknowledged is read before our farewell is.
  void renew() {
    doubtful_.clear();
    restart();
  }

  void begun() {
    begun_ = true;
    files_trouble_.clear();
    written_ = wire_->octets();
    connected();
    proof_timer_.expires_after(proof_time);
    proof_timer_.async_wait(
        [self = shared_from_this(), this, connection = connection_](const error_code& error) {
          if (error || stale(connection)) return;
          failed_before_ = false;
          proven();
        });
  }

  void broke(const Broken& why) {
    abrupt_ = why.abrupt;
    failed(why.words);
    abrupt_ = true;
  }

  bool works_by_sending() const override { return false; }

  void send() override {
    frame_ = framed(options(), queue().front().bytes);
    writing_ = true;
    wire_->write(frame_, [self = shared_from_this(), this, connection = connection_](const Broken& why) {
      if (stale(connection)) return;
      writing_ = false;
      if (why) {
        broke(why);
      } else {
        written_ = wire_->octets();
        unacknowledged_.push_back({take_front(), written_});
        check();
        if (std::exchange(renew_, false)) {
          renew();
        } else if (!unacknowledged_.empty()) {
          watch();
        }
      }
      kick();
    });
  }

  // Drops what the peer has acknowledged.
  void check() {
    if (wire_ == nullptr) return;
    const std::int64_t outstanding = unacknowledged_octets(wire_->handle());
    if (outstanding < 0) return;
    doubtful_.window(peer_window(wire_->handle()));
    const auto open = static_cast<std::uint64_t>(outstanding);
    const auto now = std::chrono::steady_clock::now();
    while (!unacknowledged_.empty() && unacknowledged_.front().end + open <= written_) {
      Message message = std::move(unacknowledged_.front().message);
      unacknowledged_.pop_front();
      counted(message);
      doubtful_.add(std::move(message), now);
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
    std::vector<Message> doubtful = doubtful_.take(abrupt_, std::chrono::steady_clock::now());
    while (!unacknowledged_.empty()) {
      again(std::move(unacknowledged_.back().message));
      unacknowledged_.pop_back();
    }
    while (!doubtful.empty()) {
      again(std::move(doubtful.back()));
      doubtful.pop_back();
    }
    ++connection_;
    timer_.cancel();
    proof_timer_.cancel();
    begun_ = watching_ = writing_ = renew_ = false;
    if (wire_ != nullptr) wire_->close();
    wire_ = nullptr;
  }

  std::size_t waiting() const override { return QueueSink::waiting() + unacknowledged_.size(); }

  struct Sent {
    Message message{};
    std::uint64_t end = 0;  // octets written on this connection up to and including it
  };

  const asio::ip::tcp::endpoint endpoint_;
  const bool tls_;
  asio::steady_timer timer_;  // of the connect, then of the acknowledgements
  asio::steady_timer proof_timer_;
  std::shared_ptr<TlsContext> context_{};
  std::shared_ptr<Wire> wire_{};
  std::uint64_t connection_ = 0;
  std::uint64_t written_ = 0;
  std::deque<Sent> unacknowledged_{};
  Doubtful<Message> doubtful_{};
  std::string frame_{};
  std::string files_trouble_{};
  bool abrupt_ = true;
  bool begun_ = false;
  bool failed_before_ = false;
  bool watching_ = false;
  bool writing_ = false;
  bool renew_ = false;
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

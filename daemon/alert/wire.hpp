// One connection of a stream sink to a syslog receiver, from the connect to its end: plain TCP or TLS. Inside
// of daemon/alert only.
//
//   wire->open(endpoint, opened, ended);   // opened({}) once it can be written to; ended(why) once it is
//   over wire->write(bytes, written);           // one at a time; `bytes` stays where it is until then
//   wire->close();                         // no handler is called after this
//
// A connection that ended is thrown away; the next one is another wire.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "policy/text/language.hpp"

namespace sekimori::daemon {

// Why a connection did not come about or is over. No words: all is well.
struct Broken {
  std::string words{};
  // Ended by other than the receiver's orderly close: what its kernel had taken may never have been read.
  bool abrupt = true;
  explicit operator bool() const { return !words.empty(); }
};

class Wire : public std::enable_shared_from_this<Wire> {
 public:
  using Done = std::function<void(const Broken&)>;

  Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  virtual ~Wire() = default;

  // `opened` is called once; `ended` at most once, and only after `opened` had nothing to complain of.
  virtual void open(const boost::asio::ip::tcp::endpoint& endpoint, Done opened, Done ended) = 0;
  virtual void write(const std::string& bytes, Done written) = 0;
  // Says farewell where the protocol has one and no write is under way. Twice is as good as once.
  virtual void close() = 0;
  // Octets that had been given to the socket when the last write was done: more than was written where TLS
  // adds its own.
  virtual std::uint64_t octets() const = 0;
  virtual int handle() = 0;
  // What to say of an open() that takes `seconds`.
  virtual std::string overdue(unsigned seconds) const = 0;
  // What works and needs care (a certificate that ends soon), or nothing.
  virtual std::string warning() const { return {}; }
};

std::shared_ptr<Wire> make_tcp_wire(boost::asio::io_context& io, Language language);

// For a syslog receiver, which acknowledges nothing: small segments at once, dead peers noticed.
void tune(boost::asio::ip::tcp::socket& socket);
std::string overdue_connect(unsigned seconds, Language language);

// Octets that were written and not acknowledged by the peer's kernel (SIOCOUTQ); -1: unknown.
std::int64_t unacknowledged_octets(int socket);
// The receive window that the peer announced last, in octets (TCP_INFO); -1: unknown.
std::int64_t peer_window(int socket);

}  // namespace sekimori::daemon

// The control socket's server: HTTP/1.1 and JSON for the tool, for curl and for any other program.
//
//   ControlServer server{io, options.control, questions, language};
//   server.start();      // throws ControlError
//   io.run();            // every answer is made on this thread
//   server.stop();
//
// What can be asked is listed at GET /; the shapes of the answers are in daemon/control/questions.hpp.
// Everything has a limit, and each refusal is counted by its reason. Beast is used in server.cpp alone.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "daemon/control/listener.hpp"
#include "daemon/options.hpp"
#include "policy/text/language.hpp"

namespace boost::asio {
class io_context;
}

namespace sekimori::daemon {

class Questions;

struct ControlLimits {
  std::uint32_t header_bytes = 8 * 1024;
  std::uint32_t body_bytes = 64 * 1024;
  std::uint32_t connections = 32;
  std::chrono::milliseconds idle{30'000};    // to send a request whole, and to take an answer whole
  std::chrono::milliseconds answer{30'000};  // for the daemon itself to make an answer
};

struct ControlCounters {
  std::uint64_t connections = 0;  // accepted since the start
  std::uint64_t open = 0;         // now
  std::uint64_t answered = 0;     // requests with a good answer
  // Refusals by reason.
  std::uint64_t bad_request = 0;  // no HTTP, or a parameter that is wrong (400)
  std::uint64_t too_large = 0;    // header or body beyond the limit (413, 431)
  std::uint64_t forbidden = 0;    // peer's credentials (403)
  std::uint64_t too_many = 0;     // connections beyond the limit (503)
  std::uint64_t timeout = 0;      // cut: too slow in sending or taking; or no answer in time (504)
  std::uint64_t not_found = 0;    // 404
  std::uint64_t method = 0;       // 405
  std::uint64_t failed = 0;       // the answer could not be made (500, 503)

  // Name and value of each, for `status`.
  std::array<std::pair<std::string_view, std::uint64_t>, 11> named() const;
};

// One thread: that of the io_context. Answers that come after stop() or after the client went are dropped.
class ControlServer {
 public:
  // `questions` must live until stop(). `language` is that of error texts when a request's Accept-Language
  // names neither ja nor en.
  ControlServer(boost::asio::io_context& io, const ControlOptions& options, Questions& questions,
                Language language = Language::ja, ControlLimits limits = {});
  ~ControlServer();
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  // Makes the socket and begins to listen. Throws ControlError. Call before privileges are dropped when the
  // socket's directory or group needs them; set_owner() afterwards.
  void start();
  // The daemon's own user after it has changed: it too may change things.
  void set_owner(uid_t user);
  void stop();
  ControlCounters counters() const;

  struct State;  // server.cpp's own

 private:
  std::shared_ptr<State> state_;
};

}  // namespace sekimori::daemon

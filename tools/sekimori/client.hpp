// One question over the daemon's control socket: HTTP/1.1 on a Unix stream socket, with a time limit.
#pragma once

#include <chrono>
#include <stdexcept>
#include <string>

#include "policy/text/language.hpp"

namespace sekimori::tool {

enum class Unanswered : unsigned char {
  unreachable,  // nobody listens, or no such socket
  forbidden,    // the socket may not be opened by this user
  timeout,
  broken  // what came back is no HTTP
};

class ClientError : public std::runtime_error {
 public:
  ClientError(Unanswered kind, const std::string& words) : std::runtime_error(words), kind_(kind) {}
  Unanswered kind() const { return kind_; }

 private:
  Unanswered kind_;
};

struct Request {
  std::string socket;
  bool post = false;
  std::string target;  // "/v1/flows?port=445"
  Language language = Language::ja;
  std::chrono::milliseconds timeout{35'000};  // longer than the daemon's own, so that its words arrive
};

struct Response {
  unsigned status = 0;
  std::string body{};  // one line of JSON
};

// Throws ClientError with the system's words. Blocks.
Response ask(const Request& request);

// For a query part: everything but unreserved characters as %XX (RFC 3986 section 2.1).
std::string percent_encoded(std::string_view text);

}  // namespace sekimori::tool

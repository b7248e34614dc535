#include "tools/sekimori/client.hpp"

#include <sys/un.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <limits>

#include "policy/text/system_words.hpp"

namespace sekimori::tool {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;

Unanswered kind_of(const beast::error_code& error) {
  if (error == asio::error::access_denied || error == asio::error::no_permission)
    return Unanswered::forbidden;
  if (error == beast::error::timeout) return Unanswered::timeout;
  return Unanswered::unreachable;
}

}  // namespace

Response ask(const Request& request) {
  if (request.socket.empty() || request.socket.size() >= sizeof(sockaddr_un::sun_path)) {
    throw ClientError(Unanswered::unreachable, system_words(ENAMETOOLONG, request.language));
  }
  asio::io_context io;
  beast::basic_stream<Local> stream{io};
  beast::error_code failed;
  Unanswered failure = Unanswered::broken;
  stream.expires_after(request.timeout);
  stream.async_connect(Local::endpoint(request.socket), [&](beast::error_code error) { failed = error; });
  io.run();
  if (failed) throw ClientError(kind_of(failed), system_words(failed, request.language));

  http::request<http::empty_body> question{request.post ? http::verb::post : http::verb::get, request.target,
                                           11};
  question.set(http::field::host, "localhost");
  question.set(http::field::accept_language, request.language == Language::ja ? "ja" : "en");
  question.set(http::field::connection, "close");
  question.prepare_payload();
  beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(
      std::numeric_limits<std::uint64_t>::max());  // the daemon limits its answers; we asked for them
  stream.expires_after(request.timeout);
  // A daemon that refuses us may answer before it has read everything: so the answer counts, not the write.
  http::async_write(stream, question, [&](beast::error_code error, std::size_t) {
    if (error == beast::error::timeout) failed = error;
    http::async_read(stream, buffer, parser,
                     [&](beast::error_code read_error, std::size_t) { failed = read_error; });
  });
  io.restart();
  io.run();
  if (failed) {
    if (failed == beast::error::timeout) failure = Unanswered::timeout;
    throw ClientError(failure, system_words(failed, request.language));
  }
  return {.status = parser.get().result_int(), .body = std::move(parser.get().body())};
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                            c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(digits[octet >> 4U]);
      out.push_back(digits[octet & 15U]);
    }
  }
  return out;
}

}  // namespace sekimori::tool

#include "daemon/control/server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/control/query.hpp"
#include "daemon/control/questions.hpp"
#include "daemon/render.hpp"
#include "policy/text/text.hpp"

namespace sekimori::daemon {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace json = boost::json;
using Local = asio::local::stream_protocol;

// How much of an ill request is swallowed so that its sender can read our answer, and for how long.
constexpr std::size_t drain_bytes = 256U << 10U;
constexpr std::chrono::seconds drain_time{2};
// After a failed accept (no descriptors left): the kernel keeps the caller waiting meanwhile.
constexpr std::chrono::milliseconds accept_pause{100};

struct Route {
  std::string_view path;
  http::verb method;
  Text what;
  std::string_view parameters;
};
constexpr std::array routes{
    Route{"/", http::verb::get, Text::control_what_index, ""},
    Route{"/v1/status", http::verb::get, Text::control_what_status, ""},
    Route{"/v1/health", http::verb::get, Text::control_what_health, ""},
    Route{"/v1/flows", http::verb::get, Text::control_what_flows,
          "from to segment address port proto stage verdict sort limit"},
    Route{"/v1/matrix", http::verb::get, Text::control_what_matrix, ""},
    Route{"/v1/services", http::verb::get, Text::control_what_services, ""},
    Route{"/v1/alerts", http::verb::get, Text::control_what_alerts, "since incident limit"},
    Route{"/v1/exceptions", http::verb::get, Text::control_what_exceptions, "state limit"},
    Route{"/v1/reload", http::verb::post, Text::control_what_reload, ""},
    Route{"/v1/alert-test", http::verb::post, Text::control_what_alert_test, "destination"},
    Route{"/v1/hold", http::verb::post, Text::control_what_hold, "incident on"},
};

std::string_view std_view(beast::string_view text) {
  return {text.data(), text.size()};
}

json::object index_of(Language language) {
  json::array list;
  for (const Route& route : routes) {
    json::object each;
    each["method"] = std_view(http::to_string(route.method));
    each["path"] = route.path;
    each["what"] = text(route.what, language);
    json::array parameters;
    std::string_view rest = route.parameters;
    while (!rest.empty()) {
      const std::size_t space = rest.find(' ');
      parameters.emplace_back(rest.substr(0, space));
      rest = space == std::string_view::npos ? std::string_view{} : rest.substr(space + 1);
    }
    each["parameters"] = std::move(parameters);
    list.emplace_back(std::move(each));
  }
  json::object out;
  out["service"] = "sekimorid";
  out["version"] = SEKIMORI_VERSION;
  out["questions"] = std::move(list);
  return out;
}

}  // namespace

namespace {
class Session;
}

struct ControlServer::State : std::enable_shared_from_this<ControlServer::State> {
  State(asio::io_context& context, const ControlOptions& control, Questions& asked, Language speech,
        ControlLimits bounds)
      : io(context),
        options(control),
        questions(asked),
        language(speech),
        limits(bounds),
        acceptor(context),
        pause(context) {}

  void accept();
  void refuse_busy(Local::socket socket);

  asio::io_context& io;
  const ControlOptions options;
  Questions& questions;
  const Language language;
  const ControlLimits limits;
  ControlCounters counters{};
  ControlAccess access{};
  std::optional<ControlListener> listener{};
  Local::acceptor acceptor;
  asio::steady_timer pause;
  std::set<Session*> sessions{};  // those alive; each leaves in its destructor
  bool running = false;
};

namespace {

// One connection: reads a request, asks, answers, and again. Kept alive by whatever it waits for: the socket
// or the answer. A client that goes away is noticed at the write; a late answer finds its ticket gone.
class Session : public std::enable_shared_from_this<Session> {
 public:
  using State = ControlServer::State;

  Session(Local::socket socket, std::shared_ptr<State> state)
      : state_(std::move(state)),
        stream_(std::move(socket)),
        answer_timer_(state_->io),
        buffer_(state_->limits.header_bytes + state_->limits.body_bytes) {
    if (const auto peer = peer_of(stream_.socket().native_handle())) {
      may_ask_ = state_->access.may_ask(*peer);
      may_change_ = state_->access.may_change(*peer);
    }
    state_->sessions.insert(this);
    ++state_->counters.open;
  }
  ~Session() {
    state_->sessions.erase(this);
    --state_->counters.open;
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(state_->limits.header_bytes);
    parser_->body_limit(state_->limits.body_bytes);
    stream_.expires_after(state_->limits.idle);
    http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](beast::error_code error, std::size_t) { self->on_read(error); });
  }

  void close() {
    waiting_ = false;
    closed_ = true;
    answer_timer_.cancel();
    beast::error_code ignored;
    stream_.socket().close(ignored);
  }

 private:
  void on_read(beast::error_code error) {
    if (closed_) return;
    language_ = state_->language;
    head_ = false;
    keep_alive_ = false;
    ControlCounters& counters = state_->counters;
    if (!error) return on_request();
    if (error == http::error::end_of_stream || error == http::error::partial_message) return close();
    if (error == beast::error::timeout) {
      // A connection that is merely kept open between requests is closed without blame.
      if (parser_->got_some()) ++counters.timeout;
      return close();
    }
    if (error == http::error::body_limit || error == http::error::header_limit ||
        error == http::error::buffer_overflow) {
      ++counters.too_large;
      const bool body = error == http::error::body_limit;
      return refuse(Problem(
          body ? 413 : 431, "too_large",
          say(body ? Text::control_body_large : Text::control_header_large, language_,
              {{"most", std::to_string(body ? state_->limits.body_bytes : state_->limits.header_bytes)}}),
          {}));
    }
    static const auto& http_category = make_error_code(http::error::bad_method).category();
    if (error.category() == http_category) {
      ++counters.bad_request;
      return refuse(Problem(400, "bad_request", say(Text::control_no_http, language_), {}));
    }
    close();
  }

  void on_request() {
    const auto& request = parser_->get();
    keep_alive_ = request.keep_alive();
    head_ = request.method() == http::verb::head;
    version_ = request.version();
    const std::string_view accepted = std_view(request[http::field::accept_language]).substr(0, 2);
    if (const auto language = parse_language(accepted)) language_ = *language;
    ControlCounters& counters = state_->counters;
    try {
      ask(request);
    } catch (const Problem& problem) {
      waiting_ = false;
      switch (problem.status()) {
        case 403:
          ++counters.forbidden;
          break;
        case 404:
          ++counters.not_found;
          break;
        case 405:
          ++counters.method;
          break;
        default:
          ++counters.bad_request;
          break;
      }
      respond(problem.status(), problem.to_json());
    } catch (const std::exception& error) {
      waiting_ = false;
      ++counters.failed;
      respond(500,
              Problem(500, "failed", say(Text::control_failed, language_, {{"trouble", error.what()}}), {})
                  .to_json());
    }
  }

  // Throws Problem.
  void ask(const http::request<http::string_body>& request) {
    if (!may_ask_) throw Problem(403, "forbidden", say(Text::control_forbidden, language_), group_hint());
    if (request.version() >= 11 && request.count(http::field::host) != 1) {
      throw Problem(400, "bad_request", say(Text::control_no_host, language_), {});  // RFC 9112 section 3.2
    }
    if (!request.body().empty()) throw Problem(400, "bad_request", say(Text::control_no_body, language_), {});
    const Asked asked = read_target(std_view(request.target()), language_);
    const Route& route = find_route(asked, request.method());
    Questions& questions = state_->questions;
    const std::uint32_t answer_max = state_->options.answer_max;
    if (route.path == "/v1/flows") {
      const auto policy = questions.policy();
      questions.flows(read_flow_query(asked, *policy, answer_max, language_), expect_answer());
      return;
    }
    if (route.path == "/v1/alerts") {
      const AlertQuery query = read_alert_query(asked, answer_max, language_);
      questions.alerts(query.since, query.incident, query.limit, expect_answer());
      return;
    }
    if (route.path == "/v1/exceptions") {
      questions.exceptions(read_exception_query(asked, answer_max, language_), expect_answer());
      return;
    }
    if (route.path == "/v1/alert-test") {
      expect_admin();
      const std::string destination = read_alert_test(asked, questions.destinations(), language_);
      questions.alert_test(destination, expect_answer());
      return;
    }
    if (route.path == "/v1/hold") {
      expect_admin();
      const HoldQuery query = read_hold(asked, language_);
      questions.hold(query.incident, query.on, expect_answer());
      return;
    }
    expect_no_parameters(asked, language_);
    if (route.path == "/v1/reload") {
      expect_admin();
      questions.reload(expect_answer());
      return;
    }
    if (route.path == "/v1/status") return questions.status(expect_answer());
    if (route.path == "/v1/health") return questions.health(expect_answer());
    if (route.path == "/v1/matrix") return questions.matrix(expect_answer());
    if (route.path == "/v1/services") return questions.services(expect_answer());
    ++state_->counters.answered;
    respond(200, index_of(language_));
  }

  void expect_admin() const {
    if (may_change_) return;
    throw Problem(403, "forbidden", say(Text::control_admins_only, language_), admin_hint());
  }

  const Route& find_route(const Asked& asked, http::verb method) {
    for (const Route& route : routes) {
      if (route.path != asked.path) continue;
      if (method == route.method || (method == http::verb::head && route.method == http::verb::get))
        return route;
      allow_ = route.method == http::verb::get ? "GET, HEAD" : "POST";
      throw Problem(405, "method",
                    say(Text::control_method, language_, {{"path", asked.path}, {"allowed", allow_}}), {});
    }
    std::vector<std::string_view> paths;
    paths.reserve(routes.size());
    for (const Route& route : routes) paths.push_back(route.path);
    throw Problem(404, "not_found", say(Text::control_not_found, language_, {{"path", asked.path}}),
                  suggestion(asked.path, paths, language_));
  }

  std::string group_hint() const {
    const std::string& group = state_->options.group;
    return group.empty() ? std::string{} : say(Text::control_group_hint, language_, {{"group", group}});
  }
  std::string admin_hint() const {
    const std::string& group = state_->options.admin_group;
    return group.empty() ? say(Text::control_root_hint, language_)
                         : say(Text::control_group_hint, language_, {{"group", group}});
  }

  Questions::Json expect_answer() {
    waiting_ = true;
    const std::uint64_t ticket = ++ticket_;
    // Nobody reads or writes meanwhile: the stream's own timer must not end the wait.
    stream_.expires_never();
    answer_timer_.expires_after(state_->limits.answer);
    answer_timer_.async_wait([self = shared_from_this(), ticket](beast::error_code error) {
      if (error || !self->waiting_ || ticket != self->ticket_) return;
      self->waiting_ = false;
      ++self->state_->counters.timeout;
      self->respond(504,
                    Problem(504, "timeout", say(Text::control_no_answer, self->language_), {}).to_json());
    });
    // Not kept alive by the answer: whoever owes it may outlive the io_context that our socket belongs to.
    // The timer above keeps the session while it waits.
    return [weak = weak_from_this(), ticket](const json::object& answer) {
      const auto self = weak.lock();
      if (self && self->waiting_ && ticket == self->ticket_) self->answered(answer);
    };
  }

  void answered(const json::object& answer) {
    waiting_ = false;
    answer_timer_.cancel();
    if (answer.contains("error")) {
      ++state_->counters.failed;
      return respond(503, answer);
    }
    ++state_->counters.answered;
    // A reload that was refused is no success for a script that looks only at the status.
    const json::value* ok = answer.if_contains("ok");
    respond(ok != nullptr && ok->is_bool() && !ok->get_bool() ? 422 : 200, answer);
  }

  // Answers something that was no whole request: what follows it cannot be understood, so the connection
  // ends.
  void refuse(const Problem& problem) {
    version_ = 11;
    keep_alive_ = false;
    drain_ = true;
    respond(problem.status(), problem.to_json());
  }

  void respond(unsigned status, const json::object& body) {
    std::string line = to_line(body);
    line.push_back('\n');
    response_ = {};
    response_.version(version_ == 10 ? 10 : 11);
    response_.result(status);
    response_.set(http::field::content_type, "application/json");
    response_.set(http::field::cache_control, "no-store");
    if (status == 405) response_.set(http::field::allow, allow_);
    response_.keep_alive(keep_alive_);
    response_.content_length(line.size());
    if (!head_) response_.body() = std::move(line);
    stream_.expires_after(state_->limits.idle);
    serializer_.emplace(response_);
    if (head_) serializer_->split(true);
    auto done = [self = shared_from_this()](beast::error_code error, std::size_t) {
      self->on_written(error);
    };
    if (head_) {
      http::async_write_header(stream_, *serializer_, std::move(done));
    } else {
      http::async_write(stream_, *serializer_, std::move(done));
    }
  }

  void on_written(beast::error_code error) {
    if (closed_) return;
    if (error) {
      if (error == beast::error::timeout) ++state_->counters.timeout;
      return close();
    }
    serializer_.reset();
    response_ = {};
    if (keep_alive_) return read();
    beast::error_code ignored;
    stream_.socket().shutdown(Local::socket::shutdown_send, ignored);
    if (!drain_) return close();
    buffer_.clear();
    stream_.expires_after(drain_time);
    drain();
  }

  // Closing with unread octets would cut our answer on its way: swallow some.
  void drain() {
    stream_.async_read_some(buffer_.prepare(4096),
                            [self = shared_from_this()](beast::error_code error, std::size_t n) {
                              self->drained_ += n;
                              if (error || self->closed_ || self->drained_ > drain_bytes)
                                return self->close();
                              self->drain();
                            });
  }

  std::shared_ptr<State> state_;
  beast::basic_stream<Local> stream_;
  asio::steady_timer answer_timer_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_{};
  http::response<http::string_body> response_{};
  std::optional<http::response_serializer<http::string_body>> serializer_{};
  Language language_ = Language::ja;
  std::string allow_{};
  std::uint64_t ticket_ = 0;
  std::size_t drained_ = 0;
  unsigned version_ = 11;
  bool may_ask_ = false;
  bool may_change_ = false;
  bool waiting_ = false;
  bool closed_ = false;
  bool keep_alive_ = false;
  bool head_ = false;
  bool drain_ = false;
};

}  // namespace

void ControlServer::State::accept() {
  acceptor.async_accept([self = shared_from_this()](beast::error_code error, Local::socket socket) {
    if (!self->running) return;
    if (error) {
      self->pause.expires_after(accept_pause);
      self->pause.async_wait([self](beast::error_code stopped) {
        if (!stopped && self->running) self->accept();
      });
      return;
    }
    ++self->counters.connections;
    if (self->sessions.size() >= self->limits.connections) {
      self->refuse_busy(std::move(socket));
    } else {
      std::make_shared<Session>(std::move(socket), self)->read();
    }
    self->accept();
  });
}

// Said without waiting: the connection that is one too many gets no state of its own.
void ControlServer::State::refuse_busy(Local::socket socket) {
  ++counters.too_many;
  const std::string body =
      to_line(Problem(503, "too_many", say(Text::control_too_many, language), {}).to_json()) + "\n";
  const std::string answer =
      "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nConnection: "
      "close\r\nRetry-After: 1\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  [[maybe_unused]] const auto sent =
      ::send(socket.native_handle(), answer.data(), answer.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  beast::error_code ignored;
  socket.close(ignored);
}

std::array<std::pair<std::string_view, std::uint64_t>, 11> ControlCounters::named() const {
  return {{{"connections", connections},
           {"open", open},
           {"answered", answered},
           {"bad_request", bad_request},
           {"too_large", too_large},
           {"forbidden", forbidden},
           {"too_many", too_many},
           {"timeout", timeout},
           {"not_found", not_found},
           {"method", method},
           {"failed", failed}}};
}

ControlServer::ControlServer(asio::io_context& io, const ControlOptions& options, Questions& questions,
                             Language language, ControlLimits limits)
    : state_(std::make_shared<State>(io, options, questions, language, limits)) {}

ControlServer::~ControlServer() {
  stop();
}

void ControlServer::start() {
  State& state = *state_;
  state.access = resolve_access(state.options, state.language);
  state.listener.emplace(state.options, state.access, state.language);
  state.acceptor.assign(Local(), state.listener->release());
  state.running = true;
  state.accept();
}

void ControlServer::set_owner(uid_t user) {
  state_->access.owner = user;
}

void ControlServer::stop() {
  State& state = *state_;
  if (!state.running) return;
  state.running = false;
  beast::error_code ignored;
  state.acceptor.close(ignored);
  state.pause.cancel();
  const std::vector<Session*> sessions(state.sessions.begin(), state.sessions.end());
  for (Session* session : sessions) session->close();
  state.listener.reset();
}

ControlCounters ControlServer::counters() const {
  return state_->counters;
}

}  // namespace sekimori::daemon

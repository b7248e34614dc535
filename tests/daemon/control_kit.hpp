// A control server over a socket of its own, with questions whose answers a test decides, and a client that
// sends whatever octets it likes.
#pragma once

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "daemon/control/questions.hpp"
#include "daemon/control/server.hpp"

namespace sekimori::test {

// A folder of our own with a short path (a socket's has at most 107 octets), gone at the end.
class Folder {
 public:
  Folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "skm-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    path_ = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string operator/(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Used on the server's thread, or before it runs.
class FakeQuestions final : public daemon::Questions {
 public:
  std::shared_ptr<const policy::Policy> in_force{};
  boost::json::object status_answer{{"program", "sekimorid"}, {"watching", true}};
  boost::json::object health_answer{{"ok", true}, {"open", boost::json::array{}}};
  boost::json::object flows_answer{
      {"flows", boost::json::array{}}, {"matched", 0}, {"live", 0}, {"complete", true}};
  boost::json::object matrix_answer{{"event_type", "matrix"}};
  boost::json::object services_answer{{"event_type", "services"}};
  boost::json::object alerts_answer{{"alerts", boost::json::array{}}, {"last", 0}, {"complete", true}};
  boost::json::object reload_answer{{"ok", true}, {"generation", 2}, {"sha256", "00"}};
  bool stall = false;  // status: keep the answer back in `stalled`
  std::vector<Json> stalled{};
  std::string trouble{};  // status: throw it
  std::vector<daemon::FlowQuery> flow_queries{};
  struct AlertsAsked {
    std::uint64_t since;
    std::string incident;
    std::uint32_t limit;
  };
  std::vector<AlertsAsked> alerts_asked{};
  std::vector<daemon::ExceptionQuery> exception_queries{};
  boost::json::object exceptions_answer{{"exceptions", boost::json::array{}}, {"complete", true}};
  int reloads = 0;
  std::vector<std::string> tested{};
  std::vector<std::string> held{};
  std::vector<std::string> destination_names{"log-server", "eve"};

  void status(Json answer) override {
    if (!trouble.empty()) throw std::runtime_error(trouble);
    if (stall) {
      stalled.push_back(std::move(answer));
    } else {
      answer(status_answer);
    }
  }
  void health(Json answer) override { answer(health_answer); }
  void flows(daemon::FlowQuery query, Json answer) override {
    flow_queries.push_back(std::move(query));
    answer(flows_answer);
  }
  void matrix(Json answer) override { answer(matrix_answer); }
  void services(Json answer) override { answer(services_answer); }
  void alerts(std::uint64_t since, const std::string& incident, std::uint32_t limit, Json answer) override {
    alerts_asked.push_back({since, incident, limit});
    answer(alerts_answer);
  }
  void exceptions(const daemon::ExceptionQuery& query, Json answer) override {
    exception_queries.push_back(query);
    answer(exceptions_answer);
  }
  void alert_test(const std::string& destination, Json answer) override {
    tested.push_back(destination);
    answer({{"complete", true}, {"lines", boost::json::array{}}, {"troubles", boost::json::array{}}});
  }
  void hold(const std::string& incident, bool on, Json answer) override {
    held.push_back(incident + (on ? " on" : " off"));
    answer({{"incident", incident}, {"held", on}, {"known", true}, {"holds", 1}});
  }
  std::vector<std::string> destinations() const override { return destination_names; }
  void reload(Json answer) override {
    ++reloads;
    answer(reload_answer);
  }
  std::shared_ptr<const policy::Policy> policy() const override { return in_force; }
};

class RunningServer {
 public:
  using Prepare = std::function<void(FakeQuestions&, daemon::ControlOptions&, daemon::ControlLimits&)>;

  explicit RunningServer(const Prepare& prepare = {}) {
    options_.path = folder_ / "c.sock";
    daemon::ControlLimits limits;
    if (prepare) prepare(questions_, options_, limits);
    server_ = std::make_unique<daemon::ControlServer>(io_, options_, questions_, Language::en, limits);
    server_->start();
    thread_ = std::thread([this] { io_.run(); });
  }
  ~RunningServer() { stop(); }
  RunningServer(const RunningServer&) = delete;
  RunningServer& operator=(const RunningServer&) = delete;

  void stop() {
    if (!thread_.joinable()) return;
    boost::asio::post(io_, [this] {
      server_->stop();
      work_.reset();
    });
    thread_.join();
  }
  // Runs something on the server's thread and waits for it.
  template <class Work>
  auto on_server(Work work) {
    std::packaged_task<decltype(work(questions_))()> task([this, &work] { return work(questions_); });
    auto done = task.get_future();
    boost::asio::post(io_, [&task] { task(); });
    return done.get();
  }
  daemon::ControlCounters counters() {
    return on_server([this](FakeQuestions&) { return server_->counters(); });
  }
  // Waits until a condition over the counters holds; false after ten seconds.
  bool until(const std::function<bool(const daemon::ControlCounters&)>& holds) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (!holds(counters())) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    return true;
  }
  const std::string& path() const { return options_.path; }
  const Folder& folder() const { return folder_; }
  daemon::ControlServer& server() { return *server_; }

 private:
  Folder folder_;
  daemon::ControlOptions options_;
  FakeQuestions questions_;
  boost::asio::io_context io_;
  // Keeps io_ running while nothing is under way.
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  std::unique_ptr<daemon::ControlServer> server_;
  std::thread thread_;
};

// One connection; every wait ends after ten seconds.
class Wire {
 public:
  explicit Wire(const std::string& path) : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    connected_ = ::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~Wire() { close(); }
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  void end_of_sending() const { ::shutdown(descriptor_, SHUT_WR); }
  // False when the other side no longer takes it.
  bool send(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // Everything until the other side closes. `closed` false: it did not within the time limit.
  std::string rest(bool* closed = nullptr) {
    while (more()) {
    }
    if (closed != nullptr) *closed = ended_;
    return std::exchange(buffer_, {});
  }
  struct Reply {
    int status = 0;
    std::string head;
    std::string body;
  };
  // One response with Content-Length.
  Reply reply(bool head_only = false) {
    std::size_t end = std::string::npos;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!more()) return {};
    }
    Reply reply;
    reply.head = buffer_.substr(0, end + 4);
    buffer_.erase(0, end + 4);
    reply.status = std::atoi(reply.head.c_str() + 9);
    const std::size_t at = reply.head.find("Content-Length: ");
    const std::size_t length =
        at == std::string::npos || head_only ? 0 : std::strtoul(reply.head.c_str() + at + 16, nullptr, 10);
    while (buffer_.size() < length && more()) {
    }
    reply.body = buffer_.substr(0, length);
    buffer_.erase(0, length);
    return reply;
  }
  Reply get(std::string_view target) {
    send("GET " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    return reply();
  }

 private:
  bool more() {
    char octets[4096];
    const ssize_t got = ::recv(descriptor_, octets, sizeof(octets), 0);
    // A reset is an end too: the kernel tells so when we sent more than was read.
    ended_ = got == 0 || (got < 0 && errno == ECONNRESET);
    if (got <= 0) return false;
    buffer_.append(octets, static_cast<std::size_t>(got));
    return true;
  }

  int descriptor_;
  bool connected_ = false;
  bool ended_ = false;
  std::string buffer_;
};

}  // namespace sekimori::test

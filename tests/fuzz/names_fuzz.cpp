// Any octets as the beginning of a connection and as a DNS answer: a name or none, never a fault, and never a
// name that no host could have.
#include <cstdlib>
#include <span>

#include "capture/decode/names.hpp"
#include "policy/names.hpp"
#include "tests/fuzz/target.hpp"
#include "tests/kit/name_octets.hpp"

namespace {

const sekimori::policy::NameMap& names() {
  static const sekimori::policy::NameMap map = [] {
    sekimori::policy::PolicyOptions options;
    options.services.emplace_back().names = {"*.example.jp", "www.example.com", "*.a.b.example.jp"};
    return sekimori::policy::NameMap{options};
  }();
  return map;
}

void check(const sekimori::capture::HostName& name) {
  const std::string_view text = name.text();
  if (text.empty() || text.size() > sekimori::capture::HostName::octets_max) std::abort();
  if (text.front() == '.' || text.back() == '.' || text.find("..") != std::string_view::npos) std::abort();
  for (const char c : text) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
    if (!good) std::abort();
  }
  const auto found = names().find(text);
  if (found == sekimori::policy::name_class::unknown || found == sekimori::policy::name_class::hidden)
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sekimori::capture;
  const std::span payload{reinterpret_cast<const std::byte*>(data), size};
  HostName name;
  const GreetingResult greeting = read_greeting(payload, name);
  if (greeting.greeting == Greeting::named) check(name);
  if (greeting.cut && greeting.greeting != Greeting::none) std::abort();
  static NameAnswer answer;
  if (read_answer(payload, answer)) {
    check(answer.name);
    if (answer.count == 0 || answer.count > NameAnswer::addresses_max) std::abort();
    for (std::size_t i = 0; i < answer.count; ++i) {
      if (answer.addresses[i].address.family == sekimori::Family::none) std::abort();
      if (answer.addresses[i].ttl.count() < 0) std::abort();
    }
  }
  return 0;
}

namespace sekimori::fuzz {

std::vector<std::string> seeds() {
  std::vector<std::string> result;
  const auto add = [&](const kit::Octets& octets) {
    result.emplace_back(reinterpret_cast<const char*>(octets.data()), octets.size());
  };
  add(kit::client_hello("files.example.jp", 40));
  add(kit::client_hello(""));
  add(kit::http_request("www.example.com:8080"));
  add(kit::http_request("x", "http://user@www.example.com/a"));
  add(kit::octets("CONNECT a.b.example.jp:443 HTTP/1.1\r\n\r\n"));
  add(kit::dns_answer("cloud.example.jp", {{"", "203.0.113.9"}, {"", "2001:db8::9"}}));
  add(kit::dns_answer("cloud.example.jp",
                      {{"", "edge.example.net", 30}, {"edge.example.net", "203.0.113.9"}}));
  return result;
}

}  // namespace sekimori::fuzz

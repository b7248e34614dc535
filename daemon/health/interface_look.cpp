#include "daemon/health/interface_look.hpp"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>

namespace sekimori::daemon {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>{in}, {}};
}

// By ioctl: a closed service has no netlink. The interface's first IPv4 address, which is enough to know that
// there is one.
std::string ipv4_of(const std::string& interface) {
  int descriptor = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) descriptor = ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return {};
  ifreq request{};
  const std::size_t length = std::min(interface.size(), sizeof request.ifr_name - 1);
  std::memcpy(request.ifr_name, interface.data(), length);
  request.ifr_addr.sa_family = AF_INET;
  std::array<char, INET_ADDRSTRLEN> written{};
  if (::ioctl(descriptor, SIOCGIFADDR, &request) == 0) {
    sockaddr_in address{};
    std::memcpy(&address, &request.ifr_addr, sizeof address);
    if (address.sin_addr.s_addr != 0) ::inet_ntop(AF_INET, &address.sin_addr, written.data(), written.size());
  }
  ::close(descriptor);
  return written.data();
}

bool forwarding(const std::string& family, const std::string& interface) {
  return content_of("/proc/sys/net/" + family + "/conf/" + interface + "/forwarding").substr(0, 1) == "1";
}

// 32 hexadecimal digits.
std::string ipv6_text(const std::string& digits) {
  if (digits.size() != 32) return {};
  std::string colons;
  for (std::size_t i = 0; i < digits.size(); i += 4) {
    if (i != 0) colons += ':';
    colons += digits.substr(i, 4);
  }
  in6_addr address{};
  std::array<char, INET6_ADDRSTRLEN> written{};
  if (::inet_pton(AF_INET6, colons.c_str(), &address) != 1) return {};
  ::inet_ntop(AF_INET6, &address, written.data(), written.size());
  return written.data();
}

}  // namespace

std::uint64_t transmitted_of(const std::string& net_dev, const std::string& interface) {
  constexpr int before_transmitted = 9;  // eight figures of what was received, then octets sent
  std::istringstream lines(net_dev);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t first = line.find_first_not_of(' ');
    if (line.substr(first, colon - first) != interface) continue;
    std::istringstream figures(line.substr(colon + 1));
    std::uint64_t value = 0;
    for (int i = 0; i < before_transmitted; ++i) figures >> value;
    figures >> value;
    return figures ? value : 0;
  }
  return 0;
}

std::vector<std::string> ipv6_of(const std::string& if_inet6, const std::string& interface) {
  std::vector<std::string> out;
  std::istringstream lines(if_inet6);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string digits;
    std::string ignored;
    std::string name;
    words >> digits >> ignored >> ignored >> ignored >> ignored >> name;
    if (name != interface) continue;
    const std::string written = ipv6_text(digits);
    if (!written.empty()) out.push_back(written);
  }
  return out;
}

InterfaceVitals look_at_interface(const std::string& interface) {
  InterfaceVitals look;
  // A process sees its own network there, which the files under /sys need not show.
  look.transmitted = transmitted_of(content_of("/proc/self/net/dev"), interface);
  look.addresses = ipv6_of(content_of("/proc/self/net/if_inet6"), interface);
  const std::string ipv4 = ipv4_of(interface);
  if (!ipv4.empty()) look.addresses.insert(look.addresses.begin(), ipv4);
  look.forwards = forwarding("ipv4", interface) || forwarding("ipv6", interface);
  return look;
}

}  // namespace sekimori::daemon

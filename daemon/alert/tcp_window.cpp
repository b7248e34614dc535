// Apart from wire.cpp: linux/tcp.h knows the newer members of tcp_info and cannot stand beside the C
// library's netinet/tcp.h, which Asio includes.
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstddef>
#include <cstdint>

namespace sekimori::daemon {

std::int64_t unacknowledged_octets(int socket) {
  int octets = 0;
  return ::ioctl(socket, SIOCOUTQ, &octets) == 0 ? octets : -1;
}

std::int64_t peer_window(int socket) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return -1;
  // Since Linux 5.4; an older kernel returns less.
  if (size < offsetof(tcp_info, tcpi_snd_wnd) + sizeof info.tcpi_snd_wnd) return -1;
  return info.tcpi_snd_wnd;
}

}  // namespace sekimori::daemon

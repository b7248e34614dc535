#include "capture/source/ring.hpp"

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
//
#include <linux/ethtool.h>
#include <linux/sockios.h>

#include <array>
#include <cstddef>

namespace sekimori::capture {
namespace {

// A frame of the least size is 60 octets to the host and 84 on the wire (IEEE 802.3: with its checksum,
// preamble and the gap after it).
constexpr std::uint64_t least_captured = 60;
constexpr std::uint64_t least_on_wire = 84;
// What the kernel puts before each frame in a block: its header, the sender's address, room for a VLAN tag
// and alignment. Longer frames take more of the ring, but less for each bit of the wire.
constexpr std::uint64_t before_frame = 86;
constexpr std::uint64_t alignment = 8;
constexpr std::uint64_t least_in_ring =
    (before_frame + least_captured + alignment - 1) / alignment * alignment;

class Socket {
 public:
  Socket() : descriptor_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  bool ask(ifreq& request) const { return ::ioctl(descriptor_, SIOCETHTOOL, &request) == 0; }

 private:
  int descriptor_;
};

}  // namespace

std::optional<std::uint64_t> link_speed(const std::string& interface) {
  // The answer ends in three maps of link modes, of a size that the kernel tells first.
  constexpr std::size_t maps_most = std::size_t{3} * 127;
  std::array<std::uint32_t, sizeof(ethtool_link_settings) / 4 + maps_most> room{};
  auto& answer = *reinterpret_cast<ethtool_link_settings*>(room.data());
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  request.ifr_data = reinterpret_cast<char*>(room.data());
  const Socket socket;
  answer.cmd = ETHTOOL_GLINKSETTINGS;
  if (!socket.ask(request) || answer.link_mode_masks_nwords >= 0) return std::nullopt;
  const auto words = static_cast<std::int8_t>(-answer.link_mode_masks_nwords);
  room = {};
  answer.cmd = ETHTOOL_GLINKSETTINGS;
  answer.link_mode_masks_nwords = words;
  if (!socket.ask(request)) return std::nullopt;
  const std::uint32_t megabits = answer.speed;
  if (megabits == 0 || megabits == static_cast<std::uint32_t>(SPEED_UNKNOWN)) return std::nullopt;
  return std::uint64_t{megabits} * 1'000'000;
}

std::uint64_t ring_octets(std::chrono::milliseconds time, std::uint64_t bits_per_second) {
  const std::uint64_t frames_per_second = bits_per_second / (8 * least_on_wire);
  const std::uint64_t octets =
      frames_per_second * static_cast<std::uint64_t>(time.count()) / 1000 * least_in_ring;
  // Blocks have headers, and ends too short for another frame: 156 to 158 octets a frame were measured.
  return octets + octets / 16;
}

}  // namespace sekimori::capture

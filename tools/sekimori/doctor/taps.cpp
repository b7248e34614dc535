#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "daemon/descriptor.hpp"
#include "daemon/health/interface_look.hpp"
#include "policy/text/system_words.hpp"
#include "tools/sekimori/doctor/findings.hpp"

namespace sekimori::tool::doctor {
namespace {

// Questions to the kernel about one interface. Nothing is sent on it, and nothing changed.
class Interface {
 public:
  explicit Interface(const std::string& name)
      : name_(name), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  bool ask(unsigned long question, ifreq& request) const {
    const std::size_t length = std::min(name_.size(), sizeof request.ifr_name - 1);
    std::memcpy(request.ifr_name, name_.data(), length);
    return socket_.get() >= 0 && ::ioctl(socket_.get(), question, &request) == 0;
  }
  bool exists() const {
    ifreq request{};
    return ask(SIOCGIFINDEX, request);
  }
  unsigned flags() const {
    ifreq request{};
    return ask(SIOCGIFFLAGS, request) ? static_cast<unsigned short>(request.ifr_flags) : 0U;
  }
  // ARPHRD_*; ARPHRD_VOID where it cannot be asked.
  unsigned kind() const {
    ifreq request{};
    return ask(SIOCGIFHWADDR, request) ? request.ifr_hwaddr.sa_family : ARPHRD_VOID;
  }
  template <class Question>
  bool ethtool(Question& question) const {
    ifreq request{};
    request.ifr_data = reinterpret_cast<char*>(&question);
    return ask(SIOCETHTOOL, request);
  }
  bool offload(unsigned command, unsigned bits) const {
    ethtool_value value{};
    value.cmd = command;
    return ethtool(value) && (value.data & bits) != 0;
  }
  std::string driver() const {
    ethtool_drvinfo info{};
    info.cmd = ETHTOOL_GDRVINFO;
    if (!ethtool(info)) return {};
    return {info.driver, ::strnlen(info.driver, sizeof info.driver)};
  }
  // The bridge or bond that it belongs to.
  std::string master() const {
    std::error_code none;
    const auto link = std::filesystem::read_symlink("/sys/class/net/" + name_ + "/master", none);
    return none ? std::string{} : link.filename().string();
  }
  bool ipv6() const {
    std::ifstream in("/proc/sys/net/ipv6/conf/" + name_ + "/disable_ipv6");
    return in.get() == '0';
  }

 private:
  const std::string name_;
  const daemon::Descriptor socket_;
};

struct Offload {
  const char* name;
  const char* word;  // of ethtool -K
  unsigned command;
  unsigned bits;
};
// What merges received frames into one.
constexpr std::array<Offload, 2> merging{
    {{"GRO", "gro off", ETHTOOL_GGRO, 1}, {"LRO", "lro off", ETHTOOL_GFLAGS, ETH_FLAG_LRO}}};
// What splits frames that are sent: of no matter to a card that sends nothing. A virtual one is given by its
// host, unsplit, what another machine there was to split; there both ends' words count.
constexpr std::array<Offload, 2> splitting{
    {{"TSO", "tso off", ETHTOOL_GTSO, 1}, {"GSO", "gso off", ETHTOOL_GGSO, 1}}};
constexpr std::array<std::string_view, 6> virtual_drivers{"veth",      "virtio_net", "vmxnet3",
                                                          "hv_netvsc", "tun",        "bridge"};

std::string joined(const std::vector<std::string>& words, const char* between) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

// Why the sensor may become a path between segments.
void look_at_path(const capture::TapOptions& tap, const Interface& interface, Findings& findings) {
  const std::vector<TextArgument> base{{"tap", tap.name}, {"interface", tap.interface}};
  const daemon::InterfaceVitals look = daemon::look_at_interface(tap.interface);
  if (!look.addresses.empty()) {
    const std::string addresses = joined(look.addresses, ", ");
    findings.tell(Level::bad, "tap", tap.name, Text::doctor_tap_address, Text::notice_tap_address_do,
                  {base[0], base[1], {"addresses", addresses}});
  } else if (interface.ipv6()) {
    findings.tell(Level::look, "tap", tap.name, Text::doctor_tap_ipv6, Text::doctor_tap_ipv6_do, base);
  }
  if (look.forwards) {
    const Level level = look.addresses.empty() ? Level::look : Level::bad;
    findings.tell(level, "tap", tap.name, Text::doctor_tap_forwards, Text::notice_tap_forwards_do, base);
  }
  if (const std::string master = interface.master(); !master.empty()) {
    findings.tell(Level::bad, "tap", tap.name, Text::doctor_tap_member, Text::doctor_tap_member_do,
                  {base[0], base[1], {"master", master}});
  }
}

// Whether frames arrive as they were on the wire, and in time.
void look_at_card(const capture::TapOptions& tap, const Interface& interface, Findings& findings) {
  std::vector<std::string> names;
  std::vector<std::string> words;
  const auto look = [&](const Offload& offload) {
    if (!interface.offload(offload.command, offload.bits)) return;
    names.emplace_back(offload.name);
    words.emplace_back(offload.word);
  };
  std::for_each(merging.begin(), merging.end(), look);
  if (std::count(virtual_drivers.begin(), virtual_drivers.end(), interface.driver()) != 0) {
    std::for_each(splitting.begin(), splitting.end(), look);
  }
  if (!names.empty()) {
    const std::string all = joined(names, ", ");
    const std::string off = joined(words, " ");
    findings.tell(Level::look, "tap", tap.name, Text::doctor_tap_offload, Text::doctor_tap_offload_do,
                  {{"tap", tap.name}, {"interface", tap.interface}, {"names", all}, {"words", off}});
  }
  ethtool_ringparam ring{};
  ring.cmd = ETHTOOL_GRINGPARAM;
  if (interface.ethtool(ring) && ring.rx_pending < ring.rx_max_pending) {
    const std::string now = std::to_string(ring.rx_pending);
    const std::string most = std::to_string(ring.rx_max_pending);
    findings.tell(Level::look, "tap", tap.name, Text::doctor_tap_ring, Text::doctor_tap_ring_do,
                  {{"tap", tap.name}, {"interface", tap.interface}, {"now", now}, {"most", most}});
  }
}

std::string details_of(const Interface& interface) {
  std::string out = "link up";
  ethtool_channels channels{};
  channels.cmd = ETHTOOL_GCHANNELS;
  if (interface.ethtool(channels) && channels.combined_count + channels.rx_count > 0) {
    out += ", RSS " + std::to_string(channels.combined_count + channels.rx_count) + "/" +
           std::to_string(channels.max_combined + channels.max_rx);
  }
  ethtool_ringparam ring{};
  ring.cmd = ETHTOOL_GRINGPARAM;
  if (interface.ethtool(ring) && ring.rx_max_pending > 0) {
    out += ", ring " + std::to_string(ring.rx_pending) + "/" + std::to_string(ring.rx_max_pending);
  }
  return out;
}

void look_at_tap(const capture::TapOptions& tap, Findings& findings) {
  const std::vector<TextArgument> base{{"tap", tap.name}, {"interface", tap.interface}};
  const Interface interface { tap.interface };
  if (!interface.exists()) {
    if (errno == ENODEV) {
      findings.tell(Level::bad, "tap", tap.name, Text::doctor_tap_missing, Text::doctor_tap_missing_do, base);
    } else {
      const std::string why = system_words(errno, findings.language());
      findings.tell(Level::look, "tap", tap.name, Text::doctor_tap_unknown, Text::doctor_tap_missing_do,
                    {base[0], base[1], {"why", why}});
    }
    return;
  }
  const std::size_t before = findings.rows().size();
  if (const unsigned kind = interface.kind(); kind != ARPHRD_ETHER) {
    const std::string number = std::to_string(kind);
    findings.tell(Level::bad, "tap", tap.name, Text::doctor_tap_kind, Text::doctor_tap_kind_do,
                  {base[0], base[1], {"kind", number}});
  }
  const unsigned flags = interface.flags();
  if ((flags & IFF_UP) == 0) {
    findings.tell(Level::bad, "tap", tap.name, Text::doctor_tap_down, Text::doctor_tap_down_do, base);
  } else if ((flags & IFF_RUNNING) == 0) {
    findings.tell(Level::bad, "tap", tap.name, Text::doctor_tap_carrier, Text::doctor_tap_carrier_do, base);
  }
  look_at_path(tap, interface, findings);
  look_at_card(tap, interface, findings);
  if (findings.rows().size() != before) return;
  const std::string details = details_of(interface);
  findings.ok("tap", tap.name, Text::doctor_tap_good, {base[0], base[1], {"details", details}});
}

}  // namespace

void look_at_taps(const config::Config& config, Findings& findings) {
  for (const capture::TapOptions& tap : config.capture.taps) look_at_tap(tap, findings);
}

}  // namespace sekimori::tool::doctor

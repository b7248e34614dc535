// Any sequence of fragments, pauses and ends: the books of the fragment table close at each step, every
// packet comes out exactly once, and ports are those of a first fragment that was there.
#include <cstdlib>
#include <random>
#include <set>
#include <tuple>

#include "capture/flow/fragments.hpp"
#include "tests/fuzz/reader.hpp"
#include "tests/fuzz/target.hpp"

namespace {

using namespace sekimori;
using capture::FragmentCounters;
using capture::FragmentTable;
using capture::Packet;

void require(bool holds) {
  if (!holds) std::abort();
}

class Game {
 public:
  explicit Game(const capture::FragmentOptions& options) : table_{options} {}

  void play(fuzz::Reader& reader) {
    const std::uint8_t act = reader.byte();
    now_ += std::chrono::milliseconds{reader.byte()} * ((act & 0x40U) != 0 ? 200 : 1);
    if ((act & 0x80U) != 0) now_ -= std::chrono::milliseconds{reader.word()};
    out_ = 0;
    switch (act % 16) {
      case 0:
        table_.expire(now_, sink());
        require(out_ <= table_.waiting_most());
        break;
      case 1:
        if (reader.byte() % 16 == 0) finish();
        break;
      case 2:
        // Half of the range, as the sources hand it over (time_of() in pcap_records.cpp).
        now_ = Time{Duration{static_cast<std::int64_t>(std::uint64_t{reader.word()} << 48U) / 2}};
        break;
      case 3:
        if (added_ > 0) add(last_);  // a copy
        break;
      default:
        add(read(reader, act));
        break;
    }
    check();
  }
  void finish() {
    table_.finish(sink());
    require(table_.waiting() == 0 && table_.size() == 0);
    check();
    for (const bool out : came_out_) require(out);
  }

 private:
  Packet read(fuzz::Reader& reader, std::uint8_t act) {
    Packet p;
    const std::uint8_t what = reader.byte();
    const bool ipv6 = (act & 0x20U) != 0;
    p.tuple.source = p.tuple.destination = IpAddress::ipv4(0x0a000001U + what % 2);
    p.tuple.destination.bytes[1] = static_cast<std::uint8_t>(what / 2 % 4);
    if (ipv6) p.tuple.source.family = p.tuple.destination.family = Family::ipv6;
    constexpr std::uint8_t protocols[] = {6, 17, 1, 58, 132, 47, 60, 0};
    p.tuple.protocol = protocols[what / 8 % 8];
    p.fragment = true;
    p.cut = what >= 0xf0;
    p.fragment_id = reader.byte() % 32;
    const std::uint16_t place = reader.word();
    p.fragment_offset = static_cast<std::uint16_t>((place & 0x1fffU) % ((act & 0x10U) != 0 ? 8192 : 12) * 8U);
    p.fragment_more = (place & 0x2000U) != 0;
    p.fragment_bytes = (place & 0x4000U) != 0 ? reader.word() : reader.byte();
    p.fragment_first = p.fragment_offset == 0;
    if (p.fragment_first && (place & 0x8000U) == 0) {
      p.ports_known = true;
      p.tuple.source_port = static_cast<std::uint16_t>(1000 + reader.byte() % 4);
      p.tuple.destination_port = 53;
    }
    p.fingerprint = p.fragment_id + p.fragment_offset + p.tuple.source_port;
    return p;
  }
  void add(Packet p) {
    p.time = now_;
    p.number = added_++;
    came_out_.push_back(false);
    last_ = p;
    if (p.fragment_first && p.ports_known) firsts_.insert(ends(p));
    table_.add(p, sink());
    require(out_ <= 2 * FragmentTable::chain_most + FragmentTable::step_most + 2);
  }
  static std::tuple<IpAddress, IpAddress, std::uint32_t, std::uint16_t> ends(const Packet& p) {
    return {p.tuple.source, p.tuple.destination, p.fragment_id, p.tuple.source_port};
  }
  struct Sink {
    Game& game;
    void operator()(const Packet& p) const { game.came_out(p); }
  };
  Sink sink() { return {*this}; }
  void came_out(const Packet& p) {
    ++out_;
    ++all_out_;
    require(p.number < added_ && !came_out_[p.number]);
    came_out_[p.number] = true;
    if (!p.fragment_first && p.ports_known) require(firsts_.count(ends(p)) == 1);
    if (!p.ports_known) require(p.tuple.source_port == 0 && p.tuple.destination_port == 0);
  }
  void check() const {
    const FragmentCounters& c = table_.counters();
    require(c.seen == added_ && c.seen == c.firsts + c.joined + c.strays + table_.waiting());
    require(all_out_ + table_.waiting() == added_);
    require(c.crowded <= c.strays && c.held <= c.joined + c.strays);
    require(c.overlaps <= c.seen && c.tiny <= c.seen && c.too_long <= c.seen && c.repeated <= c.seen);
    require(c.datagrams <= c.seen && c.incomplete + c.untracked <= c.datagrams);
    require(table_.waiting() <= table_.waiting_most() && table_.size() <= table_.size_most());
  }

  FragmentTable table_;
  Time now_{std::chrono::seconds{1'700'000'000}};
  Packet last_{};
  std::uint64_t added_ = 0;
  std::uint64_t all_out_ = 0;
  std::uint64_t out_ = 0;
  std::vector<bool> came_out_{};
  std::set<std::tuple<IpAddress, IpAddress, std::uint32_t, std::uint16_t>> firsts_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Reader reader{data, size};
  const std::uint8_t sizes = reader.byte();
  Game game{{.datagrams = 8U << sizes % 4, .held = sizes / 4U}};
  while (!reader.empty()) game.play(reader);
  game.finish();
  return 0;
}

namespace sekimori::fuzz {

std::vector<std::string> seeds() {
  std::vector<std::string> result;
  std::mt19937 random{7};
  for (unsigned length : {60U, 600U, 4000U}) {
    std::string seed;
    for (unsigned i = 0; i < length; ++i) seed.push_back(static_cast<char>(random() % 256));
    result.push_back(seed);
    // Mostly in order: datagrams of four parts.
    seed.assign(1, '\xff');
    for (unsigned i = 0; i < length / 8; ++i) {
      seed += {'\x08',
               '\x01',
               '\x08',
               static_cast<char>(i / 4),
               static_cast<char>(i % 4 == 3 ? 0 : 0x20),
               static_cast<char>(i % 4),
               '\x08'};
      if (i % 4 == 0) seed += '\x01';
    }
    result.push_back(seed);
  }
  return result;
}

}  // namespace sekimori::fuzz

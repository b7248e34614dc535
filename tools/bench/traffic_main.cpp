// sekimori-bench-traffic: writes made-up traffic as a capture file and prints the truth about it.
//
//   sekimori-bench-traffic mixed --flows 1000000 --packets 10000000 /dev/shm/mixed.pcap
//   {"packets": 10000000, "bytes": 3611242910, "flows": 1003215}
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <stdexcept>

#include "tools/bench/traffic.hpp"

namespace {

using sekimori::bench::Traffic;

struct Close {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

void put(std::FILE* file, const void* data, std::size_t size) {
  if (std::fwrite(data, 1, size, file) != size) throw std::runtime_error{"cannot write"};
}

void write(Traffic& traffic, std::FILE* file) {
  // https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-05.html: microseconds, Ethernet, own byte order.
  const std::uint32_t head[] = {0xa1b2c3d4U, 2U | 4U << 16U, 0, 0, 65'535, 1};
  put(file, head, sizeof head);
  while (traffic.next()) {
    const auto octets = traffic.octets();
    const auto since =
        std::chrono::floor<std::chrono::microseconds>(traffic.time()).time_since_epoch().count();
    const auto size = static_cast<std::uint32_t>(octets.size());
    const std::uint32_t record[] = {static_cast<std::uint32_t>(since / 1'000'000),
                                    static_cast<std::uint32_t>(since % 1'000'000), size, size};
    put(file, record, sizeof record);
    put(file, octets.data(), octets.size());
  }
  if (std::fflush(file) != 0) throw std::runtime_error{"cannot write"};
}

}  // namespace

int main(int count, char** arguments) {
  try {
    std::vector<std::string> rest;
    Traffic traffic{sekimori::bench::read_traffic({arguments + 1, arguments + count}, rest)};
    if (rest.size() != 1 || rest[0].rfind("--", 0) == 0) {
      throw std::invalid_argument{"one file is needed, - for standard output"};
    }
    const bool piped = rest[0] == "-";
    const std::unique_ptr<std::FILE, Close> file{piped ? nullptr : std::fopen(rest[0].c_str(), "wb")};
    if (!piped && !file) throw std::runtime_error{"cannot open " + rest[0]};
    write(traffic, piped ? stdout : file.get());
    const auto& truth = traffic.truth();
    std::fprintf(piped ? stderr : stdout, "{\"packets\": %llu, \"bytes\": %llu, \"flows\": %llu}\n",
                 static_cast<unsigned long long>(truth.packets), static_cast<unsigned long long>(truth.bytes),
                 static_cast<unsigned long long>(truth.flows));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "sekimori-bench-traffic: %s\n", error.what());
    return 2;
  }
}

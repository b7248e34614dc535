// usage: TARGET_replay [MUTATIONS [CUTS [FILE...]]]
// Runs every seed and every FILE, CUTS cuts of each and MUTATIONS mutations of each, in a fixed order.
// With the environment variable SEKIMORI_SEEDS=FOLDER the seeds are written there instead, as a corpus for
// libFuzzer.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzz/target.hpp"

namespace {

std::uint64_t runs = 0;

void run(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
  ++runs;
}

std::string mutate(std::string input, std::mt19937& random) {
  const unsigned times = 1 + static_cast<unsigned>(random() % 4);
  for (unsigned i = 0; i < times && !input.empty(); ++i) {
    const std::size_t at = random() % input.size();
    switch (random() % 5) {
      case 0:
        input[at] = static_cast<char>(input[at] ^ (1 << (random() % 8)));
        break;
      case 1:
        input[at] = static_cast<char>(random());
        break;
      case 2:
        input.resize(at);
        break;
      case 3:
        input.insert(at, input.substr(at, random() % 32));
        break;
      default:
        input[at] = static_cast<char>(random() % 2 == 0 ? 0xff : 0x00);  // lengths and counts at their ends
        break;
    }
  }
  return input;
}

}  // namespace

int main(int argc, char** argv) {
  const unsigned long mutations = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 200;
  std::vector<std::string> inputs = sekimori::fuzz::seeds();
  const unsigned long cuts = argc > 2 ? std::strtoul(argv[2], nullptr, 10) : 2000;
  for (int i = 3; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  if (const char* folder = std::getenv("SEKIMORI_SEEDS"); folder != nullptr) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      std::ofstream(std::string(folder) + "/seed-" + std::to_string(i), std::ios::binary) << inputs[i];
    }
    return 0;
  }
  std::mt19937 random{20261120};
  for (const std::string& input : inputs) {
    run(input);
    const std::size_t step = input.size() / (cuts + 1) + 1;
    for (std::size_t size = 0; size < input.size(); size += step) run(input.substr(0, size));
    for (unsigned long i = 0; i < mutations; ++i) run(mutate(input, random));
  }
  std::printf("%llu inputs without fault (seed 20261120)\n", static_cast<unsigned long long>(runs));
  return inputs.empty() ? 1 : 0;
}

// A fuzz target has one body and two shapes: linked with libFuzzer (preset fuzz), and in the ordinary tests
// with replay_main.cpp, which feeds it its seeds, every cut of them and a fixed series of mutations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace sekimori::fuzz {

// Good inputs to start from.
std::vector<std::string> seeds();

}  // namespace sekimori::fuzz

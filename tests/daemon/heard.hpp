// What a city hall hears of some frames: replayed with one worker and with several, in small chunks and in
// large ones; the output is held to be the same.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/render.hpp"
#include "daemon/replay.hpp"
#include "tests/daemon/city.hpp"
#include "tests/daemon/replay_kit.hpp"
#include "tests/kit/capture_octets.hpp"

namespace sekimori::test {

// By the time since the capture's begin.
using TimedFrames = std::vector<std::pair<Duration, kit::Octets>>;

struct Heard final : daemon::ReplayOutput {
  void alert(const daemon::AlertRecord& record) override {
    all += daemon::to_line(daemon::alert_event(record, {})) + "\n";
    if (record.kind != daemon::AlertKind::closed) lines.push_back(record);
  }
  void flow(const capture::FlowFacts& facts, const policy::Verdict& verdict, const capture::Passage& passage,
            capture::EndReason reason) override {
    all += daemon::to_line(daemon::flow_event(facts, verdict, *policy, passage, reason, {})) + "\n";
  }
  std::shared_ptr<const policy::Policy> policy{};
  std::vector<daemon::AlertRecord> lines{};  // but for those that say the end
  std::string all{};
  daemon::ReplayResult result{};
};

inline Heard hear(const TimedFrames& frames, std::string_view city) {
  kit::CaptureOctets capture;
  for (const auto& [when, frame] : frames) {
    capture.add(kit::capture_begin + std::chrono::floor<std::chrono::microseconds>(when), frame);
  }
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("sekimori-heard-" + std::to_string(::getpid()) + ".pcap");
  std::ofstream(path, std::ios::binary) << capture.octets();
  std::optional<Heard> first;
  for (const std::uint16_t workers :
       {std::uint16_t{0}, std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{5}}) {
    for (const std::uint32_t chunk : {3U, 4096U}) {
      Heard heard;
      heard.policy = make_policy(city);
      daemon::ReplayOptions options;
      options.files = {path.string()};
      test::set_workers(options, workers);
      options.want_flows = true;
      options.chunk_frames = chunk;
      capture::CaptureOptions tables;
      tables.flows.flows_max = 10'000;
      heard.result = daemon::replay(options, tables, heard.policy, {}, heard);
      EXPECT_TRUE(heard.result.books.close());
      if (!first) {
        first = std::move(heard);
        continue;
      }
      EXPECT_EQ(heard.all, first->all) << workers << " workers, chunks of " << chunk;
      EXPECT_EQ(heard.result.forbidden_flows, first->result.forbidden_flows);
      EXPECT_EQ(heard.result.books.names.addresses, first->result.books.names.addresses);
      EXPECT_EQ(heard.result.books.names.greetings, first->result.books.names.greetings);
    }
  }
  std::filesystem::remove(path);
  return std::move(*first);
}

inline std::string finding_of(const daemon::AlertRecord& record) {
  return std::string{daemon::alert_event(record, {}).at("sekimori").at("finding").as_string()};
}

}  // namespace sekimori::test

// A journal's folder and one destination, a file that exists once its folder does: what was delivered is read
// there.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "daemon/options.hpp"
#include "tests/daemon/journal_kit.hpp"

namespace sekimori::test {

struct DeliveryTest : JournalTest {
  void SetUp() override {
    JournalTest::SetUp();
    daemon::DestinationOptions file;
    file.name = "eve";
    file.kind = daemon::DestinationKind::eve_file;
    file.path = folder + "-out/eve.json";
    file.queue_max = 16;
    alerts.destinations = {file};
  }
  // Until then the destination is down.
  void open_out() const { std::filesystem::create_directory(folder + "-out"); }
  std::vector<std::string> delivered() const {
    std::vector<std::string> out;
    std::ifstream lines{folder + "-out/eve.json"};
    for (std::string line; std::getline(lines, line);) out.push_back(line);
    return out;
  }
  // Lets `io` work until the condition holds; false if it does not by then.
  static bool until(boost::asio::io_context& io, const std::function<bool()>& condition,
                    std::chrono::milliseconds most = std::chrono::seconds{8}) {
    const auto end = std::chrono::steady_clock::now() + most;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      if (io.stopped()) io.restart();
      io.run_one_for(std::chrono::milliseconds{5});
    }
    return true;
  }

  daemon::AlertOptions alerts{};
};

}  // namespace sekimori::test

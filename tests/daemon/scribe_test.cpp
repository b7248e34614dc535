#include "daemon/health/scribe.hpp"

#include <gtest/gtest.h>

#include <future>
#include <vector>

namespace sekimori::daemon {
namespace {

TEST(Scribe, WhoAsksNeverWaitsForTheDiskAndOfOneNameTheNewestIsDone) {
  std::promise<void> disk;
  std::shared_future<void> freed = disk.get_future().share();
  std::promise<void> begun;
  std::vector<int> done;
  Scribe scribe;
  scribe.ask("day", [&, freed] {
    begun.set_value();
    freed.wait();
    done.push_back(1);
    return std::string{};
  });
  begun.get_future().wait();
  for (int job = 2; job <= 4; ++job) {
    scribe.ask("day", [&done, job] {
      done.push_back(job);
      return std::string{};
    });
  }
  disk.set_value();
  scribe.settle();
  EXPECT_EQ(done, (std::vector<int>{1, 4}));
}

TEST(Scribe, SaysWhatWentWrongUntilItGoesWell) {
  Scribe scribe;
  EXPECT_EQ(scribe.trouble("day"), "");
  scribe.ask("day", [] { return std::string{"no space"}; });
  scribe.ask("watch", [] { return std::string{}; });
  scribe.settle();
  EXPECT_EQ(scribe.trouble("day"), "no space");
  EXPECT_EQ(scribe.trouble("watch"), "");
  scribe.ask("day", [] { return std::string{}; });
  scribe.settle();
  EXPECT_EQ(scribe.trouble("day"), "");
}

TEST(Scribe, DoesWhatWaitsBeforeItGoes) {
  int done = 0;
  {
    Scribe scribe;
    for (const char* name : {"a", "b", "c"}) {
      scribe.ask(name, [&done] {
        ++done;
        return std::string{};
      });
    }
  }
  EXPECT_EQ(done, 3);
}

}  // namespace
}  // namespace sekimori::daemon

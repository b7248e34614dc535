// The digest of a day whose midnight nobody was there for, between the file that is kept and the journal.
#include "daemon/health/caretaker.hpp"

#include <boost/json.hpp>

#include "daemon/health/kept_file.hpp"
#include "tests/daemon/alert_city.hpp"
#include "tests/daemon/journal_kit.hpp"

namespace sekimori::daemon {
namespace {

using namespace std::chrono_literals;

struct CaretakerTest : test::JournalTest {
  void SetUp() override {
    test::JournalTest::SetUp();
    std::filesystem::create_directories(folder);
    for (const auto& segment : policy->segments()) segments.push_back(segment.id);
    options_.daemon.alerts.utc_offset_minutes = 0;
  }
  static Time now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }
  void yesterday() const {
    Day day{.date = date_of(now() - 24h, 0), .watched_ms = 3'600'000, .lines = 4};
    day.pairs[policy::pair_of(0, 1)] = {.packets = 10, .flows = 2, .flows_forbidden = 1};
    std::string why;
    ASSERT_TRUE(save_kept(folder + "/day", write_day(day, segments), why)) << why;
  }
  // A look, with so many alerts committed.
  std::vector<AlertMessage> look(Caretaker& caretaker, std::uint64_t committed) {
    OutletVitals outlets;
    outlets.journal.sequence = committed;
    std::vector<Notice> found;
    caretaker.look(std::move(outlets), *policy, found);
    auto digests = caretaker.digests(0, *policy, [this] { return ++number; });
    caretaker.settle();
    return digests;
  }
  std::string kept_date() const {
    const auto day = read_day(test::octets_of(folder + "/day"), segments);
    return day ? date_text(day->date) : "none";
  }

  const std::shared_ptr<const policy::Policy> policy = test::alert_policy();
  StationOptions options_{};
  std::vector<std::string> segments{};
  std::uint64_t number = 41;
};

TEST_F(CaretakerTest, TellsYesterdayAtTheStartAndKeepsItUntilThatIsCommitted) {
  yesterday();
  const std::string before = date_text(date_of(now() - 24h, 0));
  Caretaker caretaker{options_};
  caretaker.resume({}, folder, *policy, {.written = now() - 20h});
  const auto digests = look(caretaker, 41);
  ASSERT_EQ(digests.size(), 1U);
  EXPECT_EQ(digests[0].sequence, 42U);
  const auto event = boost::json::parse(digests[0].eve).at("sekimori").as_object();
  EXPECT_EQ(event.at("day").as_string(), before);
  EXPECT_EQ(event.at("late").as_string(), "1");
  EXPECT_EQ(event.at("watched").as_string(), "3600");
  EXPECT_EQ(event.at("packets").as_string(), "10");
  EXPECT_EQ(event.at("flows_forbidden").as_string(), "1");
  EXPECT_EQ(event.at("pairs").as_array().size(), 1U);
  EXPECT_FALSE(event.contains("taps")) << "they are of today";
  EXPECT_NE(digests[0].text.find("稼働1時間0分"), std::string::npos) << digests[0].text;
  EXPECT_NE(digests[0].text.find("起動時に報告"), std::string::npos) << digests[0].text;
  EXPECT_EQ(kept_date(), before) << "not yet committed: a crash now would tell it again, and lose nothing";
  EXPECT_TRUE(look(caretaker, 41).empty());
  EXPECT_EQ(kept_date(), before);
  EXPECT_TRUE(look(caretaker, 42).empty());
  EXPECT_NE(kept_date(), before);
}

TEST_F(CaretakerTest, FiguresThatCannotBeReadAreLaidAsideAndTheDigestSaysSo) {
  test::write_octets(folder + "/day", "sekimori day 1\nsomething\n");
  Caretaker caretaker{options_};
  caretaker.resume({}, folder, *policy, {.written = now() - 24h});
  const auto digests = look(caretaker, 41);
  ASSERT_EQ(digests.size(), 1U);
  EXPECT_NE(digests[0].text.find("件数は不明"), std::string::npos) << digests[0].text;
  EXPECT_FALSE(boost::json::parse(digests[0].eve).at("sekimori").as_object().contains("packets"));
  EXPECT_TRUE(std::filesystem::exists(folder + "/day.bad"));
}

TEST_F(CaretakerTest, TheDayIsWrittenDownAtTheEnd) {
  {
    Caretaker caretaker{options_};
    caretaker.resume({}, folder, *policy, {});
    EXPECT_TRUE(look(caretaker, 0).empty());
    std::filesystem::remove(folder + "/day");
    caretaker.finish(*policy);
  }
  EXPECT_NE(kept_date(), "none");
  std::filesystem::remove(folder + "/day");
  Caretaker nowhere{options_};
  nowhere.resume({}, "", *policy, {});
  EXPECT_TRUE(look(nowhere, 0).empty());
  nowhere.finish(*policy);
  EXPECT_FALSE(std::filesystem::exists(folder + "/day")) << "without a journal there is no folder of ours";
}

}  // namespace
}  // namespace sekimori::daemon

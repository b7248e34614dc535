// The register of exceptions as files: one record whole, and files and folders beside the configuration.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "config/config.hpp"
#include "policy/policy.hpp"

namespace sekimori::config {
namespace {

namespace fs = std::filesystem;

class Register : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ =
        fs::temp_directory_path() / ("sekimori-register-" + std::to_string(::getpid()) + "-" + test->name());
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "register");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream{folder_ / name} << text;
  }
  Config load(const std::string& from, const std::string& more = {}) const {
    write("sekimori.yaml", "profile: alpha\nsegments:\n  lgwan: {prefixes: [10.20.0.0/16]}\n" + more +
                               "exceptions_from: " + from + "\n");
    return load_file((folder_ / "sekimori.yaml").string(), Language::en);
  }
  std::string told(const std::string& from, const std::string& more = {}) const {
    try {
      load(from, more);
    } catch (const ConfigError& error) {
      std::string text = error.what();
      for (auto at = text.find(folder_.string()); at != std::string::npos; at = text.find(folder_.string())) {
        text.erase(at, folder_.string().size() + 1);
      }
      return text;
    }
    return {};
  }
  static std::string entry(const std::string& id) {
    return "  - {id: " + id +
           ", reason: r, approver: a, ticket: t, until: 2027-03-31, protocol: tcp, ports: [443],\n"
           "     source: {addresses: [10.20.0.1]}, destination: {addresses: [10.60.0.1]}}\n";
  }
  static std::string ids(const Config& config) {
    std::string out;
    for (const auto& exception : config.policy.exceptions) out += exception.id + " ";
    return out;
  }

  fs::path folder_;
};

TEST_F(Register, IsReadFromOneFileBesideTheConfiguration) {
  write("exceptions.yaml", "exceptions:\n" + entry("A") + entry("B"));
  const Config config = load("exceptions.yaml", "exceptions:\n" + entry("C"));
  EXPECT_EQ(ids(config), "C A B ");
  EXPECT_EQ(config.policy.exceptions[1].place.file, (folder_ / "exceptions.yaml").string());
  EXPECT_EQ(config.policy.exceptions[1].place.line, 2);
  EXPECT_EQ(config.sources.back().path, (folder_ / "exceptions.yaml").string())
      << "a source: what the policy's digest covers";
}

TEST_F(Register, IsReadFromAFolderInTheOrderOfTheNames) {
  write("register/20.yaml", "exceptions:\n" + entry("B"));
  write("register/10.yml", "exceptions:\n" + entry("A"));
  write("register/10.yml.orig", "no: yaml\n");
  write("register/form.pdf", "\x01\x02");
  EXPECT_EQ(ids(load("register")), "A B ");
}

TEST_F(Register, OfAFolderIsNeitherWhatIsHiddenNorWhatAnEditorLeft) {
  write("register/10.yaml", "exceptions:\n" + entry("A"));
  for (const char* name : {".old.yaml", ".#10.yaml", "10.yaml~", "#10.yaml#", ".10.yaml.swp", "README.md"})
    write(std::string{"register/"} + name, "exceptions:\n" + entry("X"));
  const Config config = load("register");
  EXPECT_EQ(ids(config), "A ");
  EXPECT_TRUE(config.policy.notes.empty()) << config.policy.notes.front().message;
}

TEST_F(Register, RefusesAFolderWithAFileThatIsMeantAndNotTaken) {
  write("register/10.yaml", "exceptions:\n" + entry("A"));
  for (const char* name : {"c.YAML", "c.Yml", "c．yaml"}) {
    write(std::string{"register/"} + name, "exceptions:\n" + entry("C"));
    const std::string text = told("register");
    EXPECT_NE(
        text.find(std::string{"sekimori.yaml:4:18: exceptions_from: register/"} + name + " is not read"),
        std::string::npos)
        << text;
    fs::remove(folder_ / "register" / name);
  }
  EXPECT_EQ(told("register"), "");
}

TEST_F(Register, WarnsOfCopiesAndFoldersInAFolder) {
  write("register/10.yaml", "exceptions:\n" + entry("A"));
  for (const char* name : {"b.yaml.bak", "c.yaml.txt", "d.ymal"})
    write(std::string{"register/"} + name, "exceptions:\n" + entry("X"));
  fs::create_directories(folder_ / "register" / "e");
  const Config config = load("register");
  EXPECT_EQ(ids(config), "A ");
  std::string said;
  for (const policy::ReadingNote& note : config.policy.notes) said += note.message + "\n";
  for (const char* part : {"register/b.yaml.bak is not read", "register/c.yaml.txt is not read",
                           "register/d.ymal is not read", "The folder register/e is not looked into"})
    EXPECT_NE(said.find(part), std::string::npos) << part << "\n" << said;
  const policy::Policy policy{config.policy, {}, "", 1, Language::en};
  for (const policy::ReadingNote& note : config.policy.notes) {
    EXPECT_EQ(note.place.line, 4);
    const auto& warnings = policy.warnings();
    EXPECT_TRUE(std::any_of(warnings.begin(), warnings.end(), [&](const auto& one) {
      return one.message == note.message && one.place == note.place;
    })) << note.message;
  }
  EXPECT_EQ(config.policy.notes.size(), 4U);
}

TEST_F(Register, TellsMistakesWithTheirOwnFileLineAndColumn) {
  write("register/1.yaml", "exceptions:\n" + entry("A"));
  write("register/2.yaml", "exceptions:\n" + entry("B") + entry("A") + "  - {id: C, colour: red}\n");
  const std::string text = told("register");
  EXPECT_NE(
      text.find(
          "register/2.yaml:4:10: exceptions[1].id: \"A\" is taken already (first at register/1.yaml:2:10)"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("register/2.yaml:6:13: exceptions[2].colour"), std::string::npos) << text;
}

TEST_F(Register, IsRefusedWhereItIsMissingEmptyOrNoRegister) {
  EXPECT_NE(told("register").find("exceptions_from: There is no .yaml or .yml file in register"),
            std::string::npos)
      << told("register");
  EXPECT_NE(told("nowhere.yaml").find("sekimori.yaml:4:18: exceptions_from: nowhere.yaml"), std::string::npos)
      << told("nowhere.yaml");
  write("other.yaml", "exception: []\n");
  const std::string other = told("other.yaml");
  EXPECT_NE(other.find("other.yaml:1:1"), std::string::npos) << other;
  EXPECT_NE(other.find("Did you mean \"exceptions\"?"), std::string::npos) << other;
}

TEST_F(Register, KeepsEveryFieldOfARecord) {
  write("whole.yaml", R"(exceptions:
  - id: EX-1
    applicant: 情報システム管理者
    section: 税務課
    clause: 第2章6(4)カ
    kind: omission
    reason: r
    status: approved
    applied_on: 2026-03-10
    approved_on: 2026-03-25
    approver: 最高情報統括責任者
    ticket: t
    papers:
      - {kept: 書庫3, sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855}
      - {kept: 文書管理システム}
    measure: m
    contractor: c
    review_on: 2026-10-01
    from: 2026-04-01
    until: 2027-03-31
    weekdays: [mon-wed, 土]
    hours: [08:30-17:15, 22:00-05:00]
    volume: {bytes: 2GiB, per: 1h}
    source: {addresses: [10.20.0.1], device: d, section: s}
    destination: {addresses: [10.60.0.1]}
    protocol: tcp
    ports: [443]
  - id: EX-2
    reason: r
    form: emergency
    report_by: 2026-04-10
    until: 2026-05-01
    source: {addresses: [10.20.0.1]}
    destination: {addresses: [10.60.0.1]}
    protocol: tcp
    ports: [443]
)");
  const Config config = load("whole.yaml");
  const policy::ExceptionOptions& one = config.policy.exceptions.at(0);
  const auto japan = [](int month, unsigned day) {
    return Time{std::chrono::sys_days{std::chrono::year{2026} / month / static_cast<int>(day)}} -
           std::chrono::hours{9};
  };
  EXPECT_EQ(one.applicant, "情報システム管理者");
  EXPECT_EQ(one.section, "税務課");
  EXPECT_EQ(one.clause, "第2章6(4)カ");
  EXPECT_EQ(one.kind, policy::ExceptionKind::omission);
  EXPECT_EQ(one.applied_on, japan(3, 10));
  EXPECT_EQ(one.approved_on, japan(3, 25));
  EXPECT_EQ(one.review_on, japan(10, 1));
  ASSERT_EQ(one.papers.size(), 2U);
  EXPECT_EQ(one.papers[0].kept, "書庫3");
  EXPECT_EQ(one.papers[0].sha256.size(), 64U);
  EXPECT_EQ(one.measure, "m");
  EXPECT_EQ(one.contractor, "c");
  EXPECT_EQ(one.hours, (policy::HoursOptions{0x27, {{510, 1035}, {1320, 300}}}));
  EXPECT_EQ(one.volume.bytes, 2ULL << 30U);
  EXPECT_EQ(one.volume.per, std::chrono::hours{1});
  EXPECT_EQ(one.source_party.device, "d");
  EXPECT_EQ(one.source_party.section, "s");
  const policy::ExceptionOptions& two = config.policy.exceptions.at(1);
  EXPECT_TRUE(two.emergency);
  EXPECT_EQ(two.report_by, japan(4, 11)) << "through the end of that day";
  EXPECT_TRUE(two.approver.empty()) << "an emergency gets its approval with the report";
  EXPECT_EQ(config.policy.utc_offset_minutes, 540);
}

}  // namespace
}  // namespace sekimori::config

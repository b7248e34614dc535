#include "config/exception_reader.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

#include "config/assertion_reader.hpp"
#include "config/domain_reader.hpp"
#include "config/suggest.hpp"
#include "config/values.hpp"
#include "config/week_reader.hpp"
#include "policy/text/system_words.hpp"
#include "policy/text/text.hpp"

namespace sekimori::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t files_max = 10'000;
constexpr std::size_t papers_max = 16;

// 例外措置: who approved what, why, on which paper, until when. Without these there is none.
void read_evidence(const Cursor& item, const Cursor& at, std::string_view key, std::string& out) {
  if (at.missing()) {
    item.error(Text::config_exception_evidence, {{"key", key}});
  } else {
    at.text(out);
  }
}

// False when something in it was wrong: nobody knows then what it was meant to limit.
bool read_side(const Cursor& at, policy::EndpointOptions& out, policy::PartyOptions& party) {
  const std::size_t before = at.report().count();
  at.map([&](Map& map) {
    map.optional("addresses")
        .list(
            [&](const Cursor& item) {
              Prefix prefix;
              if (read_prefix(item, prefix)) out.addresses.push_back(prefix);
            },
            Cursor::Size::some);
    map.optional("macs").list(
        [&](const Cursor& item) {
          MacAddress mac;
          if (read_mac(item, mac)) out.macs.push_back(mac);
        },
        Cursor::Size::some);
    map.optional("device").text(party.device, 128);
    map.optional("section").text(party.section, 128);
  });
  return at.report().count() == before;
}

bool limits(const policy::EndpointOptions& side) {
  const bool everywhere = std::any_of(side.addresses.begin(), side.addresses.end(),
                                      [](const Prefix& prefix) { return prefix.length == 0; });
  return !side.macs.empty() || (!side.addresses.empty() && !everywhere);
}

void read_papers(const Cursor& at, std::vector<policy::PaperOptions>& papers) {
  constexpr std::size_t digits = 64;
  at.list([&](const Cursor& item) {
    policy::PaperOptions paper;
    item.map([&](Map& map) {
      map.required("kept").text(paper.kept);
      const Cursor sha256 = map.optional("sha256");
      std::string written;
      if (!sha256.text(written)) return;
      if (written.size() != digits || written.find_first_not_of("0123456789abcdef") != std::string::npos) {
        sha256.error(Text::config_exception_sha256, {{"value", shown(written)}});
        return;
      }
      paper.sha256 = std::move(written);
    });
    papers.push_back(std::move(paper));
  });
  if (papers.size() > papers_max) at.error(Text::config_list_long, {{"max", std::to_string(papers_max)}});
}

// ---- hours ----

std::optional<policy::HoursOptions::Range> parse_hours(std::string_view text) {
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto begin = parse_minute(text.substr(0, dash));
  const auto end = parse_minute(text.substr(dash + 1));
  // 09:00-09:00 may mean never or always.
  if (!begin || !end || *begin == 24 * 60 || *begin == *end) return std::nullopt;
  return policy::HoursOptions::Range{*begin, *end};
}

// What 9:00〜17:15 was meant to be.
std::string better_hours(std::string_view text) {
  std::string narrow = half_width(text.substr(0, 64));
  for (const std::string_view wave : {"〜", "~", "–", " "}) {
    for (std::size_t at = narrow.find(wave); at != std::string::npos; at = narrow.find(wave)) {
      narrow.replace(at, wave.size(), wave == " " ? "" : "-");
    }
  }
  const std::size_t dash = narrow.find('-');
  if (dash == std::string::npos) return {};
  std::string begin = narrow.substr(0, dash);
  std::string end = narrow.substr(dash + 1);
  for (std::string* half : {&begin, &end}) {
    if (half->size() == 4) half->insert(0, "0");
  }
  const std::string better = begin + "-" + end;
  return better != text && parse_hours(better) ? better : std::string{};
}

void read_hours(Map& map, policy::HoursOptions& hours) {
  read_weekdays(map.optional("weekdays"), hours.weekdays);
  const Cursor ranges = map.optional("hours");
  ranges.list(
      [&](const Cursor& item) {
        const std::string_view text = item.scalar(Text::config_kind_text);
        if (!item.is_text()) return;
        if (const auto range = parse_hours(text)) {
          hours.ranges.push_back(*range);
        } else {
          item.error(Text::config_not_hours,
                     {{"value", shown(text)}, {"mean", did_you_mean(item.report(), better_hours(text))}});
        }
      },
      Cursor::Size::some);
  if (hours.ranges.size() > policy::hour_ranges_max) {
    ranges.error(Text::config_list_long, {{"max", std::to_string(policy::hour_ranges_max)}});
  }
}

void read_volume(const Cursor& at, policy::VolumeOptions& volume) {
  at.map([&](Map& map) {
    map.required("bytes").bytes(volume.bytes, {1024, 1ULL << 50U});
    map.optional("per").duration(volume.per, {1min, 744h});
  });
}

// As the configuration would name it: what a message has room for.
std::string short_name(const Cursor& at, const std::filesystem::path& path) {
  const std::filesystem::path folder = std::filesystem::path{at.place().file}.parent_path();
  const std::filesystem::path relative = path.lexically_relative(folder);
  return shown(relative.empty() ? path.string() : relative.string());
}

enum class Looks : std::uint8_t { otherwise, a_register, written_otherwise, like_a_copy };

// What a file in the folder is by its name.
Looks looks_of(const std::string& name) {
  // Hidden, or what editors leave behind.
  if (name.front() == '.' || name.front() == '#' || name.back() == '~') return Looks::otherwise;
  const std::string extension = std::filesystem::path{name}.extension().string();
  if (extension == ".yaml" || extension == ".yml") return Looks::a_register;
  std::string plain = half_width(name);
  std::transform(plain.begin(), plain.end(), plain.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  const std::string plain_extension = std::filesystem::path{plain}.extension().string();
  if (plain_extension == ".yaml" || plain_extension == ".yml") return Looks::written_otherwise;
  const bool inside = plain.find(".yaml") != std::string::npos || plain.find(".yml") != std::string::npos;
  return inside || edit_distance(plain_extension, ".yaml") <= 1 ? Looks::like_a_copy : Looks::otherwise;
}

void refuse(const Cursor& key, Text id) {
  if (key.present()) key.error(id);
}

}  // namespace

void ExceptionReader::read_list(const Cursor& at) {
  at.list([&](const Cursor& item) {
    policy::ExceptionOptions exception;
    exception.place = item.place();
    item.map([&](Map& map) { read_entry(item, map, exception); });
    exceptions_.push_back(std::move(exception));
  });
}

void ExceptionReader::read_files(const Cursor& at) {
  namespace fs = std::filesystem;
  std::string name;
  if (at.missing() || !at.text_or_empty(name) || name.empty()) return;
  const fs::path path = fs::path{at.place().file}.parent_path() / name;
  std::error_code error;
  if (!fs::is_directory(path, error)) return read_file(at, path.string());
  for (const std::string& file : registers_in(at, path.string())) read_file(at, file);
}

std::vector<std::string> ExceptionReader::registers_in(const Cursor& at, const std::string& folder) {
  namespace fs = std::filesystem;
  Report& report = at.report();
  std::error_code error;
  std::vector<fs::path> found;
  for (fs::directory_iterator entry{folder, error}, end; !error && entry != end; entry.increment(error)) {
    found.push_back(entry->path());
  }
  if (error) {
    report.add(
        at.place(), at.path(),
        short_name(at, folder) + ": " +
            report.say(Text::config_file_unreadable, {{"error", system_words(error, report.language())}}));
    return {};
  }
  std::sort(found.begin(), found.end());
  const std::size_t mistakes = report.count();
  std::vector<std::string> files;
  for (const fs::path& file : found) {
    const Looks looks = looks_of(file.filename().string());
    const std::string name = short_name(at, file);
    const bool hidden = file.filename().string().front() == '.';
    if (!hidden && fs::is_directory(file, error)) {
      notes_.push_back({at.place(), report.say(Text::config_folder_nested,
                                               {{"file", name}, {"folder", short_name(at, folder)}})});
    } else if (looks == Looks::a_register) {
      files.push_back(file.string());
    } else if (looks == Looks::written_otherwise) {
      at.error(Text::config_folder_letters, {{"file", name}});
    } else if (looks == Looks::like_a_copy) {
      notes_.push_back({at.place(), report.say(Text::config_folder_copy, {{"file", name}})});
    }
  }
  if (files.empty() && report.count() == mistakes) {
    at.error(Text::config_exceptions_none, {{"folder", short_name(at, folder)}});
  } else if (files.size() > files_max) {
    at.error(Text::config_list_long, {{"max", std::to_string(files_max)}});
    files.clear();
  }
  return files;
}

void ExceptionReader::read_file(const Cursor& at, const std::string& file) {
  Report& report = at.report();
  FileText text = read_text_file(file);
  if (!text.content) {
    report.add(at.place(), at.path(), short_name(at, file) + ": " + why_unread(text, report));
    return;
  }
  sources_.push_back({file, std::move(*text.content)});
  const auto tree = parse_yaml(sources_.back().content, file, report);
  if (!tree) return;
  const Origin origin{file, report};
  Cursor{origin, &*tree, "", ""}.map([&](Map& root) { read_list(root.required("exceptions")); });
}

void ExceptionReader::read_id(const Cursor& id, policy::ExceptionOptions& exception) {
  if (!id.identifier(exception.id)) return;
  const auto [first, fresh] = ids_.emplace(exception.id, id.place());
  if (fresh) return;
  const policy::Place& place = first->second;
  const std::string file = place.file == id.place().file ? std::string{} : place.file + ":";
  id.error(Text::config_duplicate_id,
           {{"id", shown(exception.id)},
            {"place", file + std::to_string(place.line) + ":" + std::to_string(place.column)}});
}

bool ExceptionReader::read_date(const Cursor& at, std::optional<Time>& out) const {
  Time time;
  if (!at.present() || !read_instant(at, DayEdge::start, context_.utc_offset_minutes, time)) return false;
  out = time;
  return true;
}

void ExceptionReader::read_entry(const Cursor& item, Map& map, policy::ExceptionOptions& exception) {
  read_id(map.required("id"), exception);
  map.optional("applicant").text(exception.applicant, 128);
  map.optional("section").text(exception.section, 128);
  map.optional("clause").text(exception.clause, 256);
  map.optional("kind").choice(exception.kind, {{"alternative", policy::ExceptionKind::alternative},
                                               {"omission", policy::ExceptionKind::omission}});
  read_evidence(item, map.optional("reason"), "reason", exception.reason);
  read_emergency(map, exception);
  read_decision(item, map, exception);
  read_papers(map.optional("papers"), exception.papers);
  map.optional("measure").text(exception.measure);
  map.optional("contractor").text(exception.contractor, 128);
  read_date(map.optional("review_on"), exception.review_on);
  read_period(item, map, exception);
  read_hours(map, exception.hours);
  read_volume(map.optional("volume"), exception.volume);

  read_domain(map.optional("domain"), domains_, exception.domains);
  const bool source = read_side(map.optional("source"), exception.source, exception.source_party);
  const bool destination =
      read_side(map.optional("destination"), exception.destination, exception.destination_party);
  read_protocol(map.required("protocol"), map.optional("ports"), exception.ports);
  read_stage(map.optional("stage"), exception.draft);
  for (const auto& [good, side, key] : {std::tuple{source, &exception.source, "source"},
                                        std::tuple{destination, &exception.destination, "destination"}}) {
    if (good && !limits(*side)) item.error(Text::config_exception_unlimited, {{"side", key}});
  }
}

void ExceptionReader::read_emergency(Map& map, policy::ExceptionOptions& exception) const {
  map.optional("form").choice(exception.emergency, {{"normal", false}, {"emergency", true}});
  const Cursor report_by = map.optional("report_by");
  const Cursor reported_on = map.optional("reported_on");
  Time due;
  if (report_by.present() && read_instant(report_by, DayEdge::end, context_.utc_offset_minutes, due)) {
    exception.report_by = due;
  }
  read_date(reported_on, exception.reported_on);
  if (exception.emergency) {
    map.required("report_by");
  } else {
    refuse(report_by, Text::config_exception_no_report);
    refuse(reported_on, Text::config_exception_no_report);
  }
}

// Who decided what, and when. What is only applied for has no approval yet, and an emergency gets its paper
// with the report.
void ExceptionReader::read_decision(const Cursor& item, Map& map, policy::ExceptionOptions& exception) const {
  using policy::ExceptionStatus;
  const Cursor status = map.optional("status");
  status.choice(exception.status, {{"applied", ExceptionStatus::applied},
                                   {"approved", ExceptionStatus::approved},
                                   {"revoked", ExceptionStatus::revoked}});
  const Cursor applied_on = map.optional("applied_on");
  const Cursor approved_on = map.optional("approved_on");
  const Cursor revoked_on = map.optional("revoked_on");
  read_date(applied_on, exception.applied_on);
  read_date(approved_on, exception.approved_on);
  read_date(revoked_on, exception.revoked_on);
  const bool applied = exception.status == ExceptionStatus::applied;
  const bool revoked = exception.status == ExceptionStatus::revoked;
  if (applied && applied_on.missing())
    item.error(Text::config_exception_date, {{"key", "applied_on"}, {"status", "applied"}});
  if (applied) refuse(approved_on, Text::config_exception_not_decided);
  if (revoked && revoked_on.missing())
    item.error(Text::config_exception_date, {{"key", "revoked_on"}, {"status", "revoked"}});
  if (!revoked) refuse(revoked_on, Text::config_exception_not_revoked);

  const bool waits = exception.emergency && !exception.reported_on;
  const Cursor approver = map.optional("approver");
  const Cursor ticket = map.optional("ticket");
  if (!approver.missing() || (!applied && !waits))
    read_evidence(item, approver, "approver", exception.approver);
  if (!ticket.missing() || !waits) read_evidence(item, ticket, "ticket", exception.ticket);
}

void ExceptionReader::read_period(const Cursor& item, Map& map, policy::ExceptionOptions& exception) const {
  const Cursor from = map.optional("from");
  const Cursor until = map.optional("until");
  read_instant(from, DayEdge::start, context_.utc_offset_minutes, exception.from);
  if (until.missing()) {
    item.error(Text::config_exception_evidence, {{"key", "until"}});
    return;
  }
  if (!read_instant(until, DayEdge::end, context_.utc_offset_minutes, exception.until)) return;
  if (exception.until <= exception.from) until.error(Text::config_exception_period);
  if (exception.approved_on && *exception.approved_on >= exception.until) {
    until.error(Text::config_exception_never);
  }
}

}  // namespace sekimori::config

#include "daemon/status.hpp"

#include <algorithm>
#include <cstdio>

#include "daemon/render.hpp"

namespace sekimori::daemon {
namespace {

namespace json = boost::json;

// Enough to see what is wrong; all of them are in `sekimori alerts`.
constexpr std::size_t open_notices_shown = 32;

std::string_view health_name(capture::SourceHealth health) {
  switch (health) {
    case capture::SourceHealth::running:
      return "running";
    case capture::SourceHealth::link_down:
      return "link_down";
    case capture::SourceHealth::gone:
      return "gone";
  }
  return "?";
}

// What several sockets of one tap saw, added up; the worst of their states.
TapReport tap_of(const std::vector<WorkerFigures>& workers, std::uint16_t tap) {
  TapReport sum;
  sum.tap = tap;
  for (const WorkerFigures& worker : workers) {
    for (const TapReport& report : worker.taps) {
      if (report.tap != tap) continue;
      sum.counters.received += report.counters.received;
      sum.counters.dropped_kernel += report.counters.dropped_kernel;
      sum.counters.dropped_interface =
          std::max(sum.counters.dropped_interface, report.counters.dropped_interface);
      sum.counters.delivered += report.counters.delivered;
      // Each worker meets the same outage.
      sum.counters.reopened = std::max(sum.counters.reopened, report.counters.reopened);
      sum.counters.outages = std::max(sum.counters.outages, report.counters.outages);
      sum.counters.ring_bytes = std::max(sum.counters.ring_bytes, report.counters.ring_bytes);
      sum.health = std::max(sum.health, report.health);
      if (sum.trouble.empty()) sum.trouble = report.trouble;
    }
  }
  return sum;
}

json::object policy_json(const policy::Policy& policy) {
  const policy::PolicyOptions& options = policy.options();
  std::size_t prefixes = 0;
  for (const policy::SegmentOptions& segment : options.segments) prefixes += segment.prefixes.size();
  json::array segments;
  for (const policy::ProfileSegment& segment : policy.segments()) segments.emplace_back(segment.id);
  return {{"profile", options.profile.id},
          {"generation", policy.generation()},
          {"sha256", policy.sha256()},
          {"segments", std::move(segments)},
          {"prefixes", prefixes},
          {"gateways", options.gateways.size()},
          {"services", options.services.size()},
          {"exceptions", options.exceptions.size()}};
}

json::object table_json(const TableFigures& table) {
  const capture::FlowCounters& counters = table.counters;
  return {{"live", table.size},
          {"half_open", table.half_open},
          {"capacity", table.capacity},
          {"memory_bytes", table.memory_bytes},
          {"traces_bytes", table.traces_bytes},
          {"fragments_bytes", table.fragments_bytes},
          {"huge_pages", table.huge_pages},
          {"emergency", table.emergency},
          {"emergencies", counters.emergencies},
          {"opened", counters.opened},
          {"refused", counters.refused},
          {"evicted",
           {{"half_open", counters.evicted_half_open},
            {"forbidden_told", counters.evicted_forbidden},
            {"established", counters.evicted_established},
            {"crowded", counters.evicted_crowded}}},
          {"icmp_errors_joined", counters.errors_joined},
          {"searches", counters.searches},
          {"search_lines", counters.lines},
          {"search_lines_max", counters.lines_max},
          {"eviction_looks_max", counters.looks_max}};
}

void add(TableFigures& sum, const TableFigures& part) {
  sum.size += part.size;
  sum.capacity += part.capacity;
  sum.half_open += part.half_open;
  sum.memory_bytes += part.memory_bytes;
  sum.traces_bytes += part.traces_bytes;
  sum.fragments_bytes += part.fragments_bytes;
  sum.emergency = sum.emergency || part.emergency;
  sum.counters.emergencies += part.counters.emergencies;
  sum.huge_pages = sum.huge_pages || part.huge_pages;
  sum.counters.opened += part.counters.opened;
  sum.counters.refused += part.counters.refused;
  sum.counters.evicted_half_open += part.counters.evicted_half_open;
  sum.counters.evicted_forbidden += part.counters.evicted_forbidden;
  sum.counters.evicted_established += part.counters.evicted_established;
  sum.counters.evicted_crowded += part.counters.evicted_crowded;
  sum.counters.errors_joined += part.counters.errors_joined;
  sum.counters.searches += part.counters.searches;
  sum.counters.lines += part.counters.lines;
  sum.counters.lines_max = std::max(sum.counters.lines_max, part.counters.lines_max);
  sum.counters.looks_max = std::max(sum.counters.looks_max, part.counters.looks_max);
}

}  // namespace

std::string domain_list(const policy::Policy& policy) {
  std::string list;
  for (std::size_t i = 0; i < policy.domains_count(); ++i) {
    if (i != 0) list += ", ";
    list += policy.domain_name(static_cast<DomainId>(i));
  }
  return list;
}

std::string segment_list(const policy::Policy& policy) {
  std::string list;
  for (const policy::ProfileSegment& segment : policy.segments())
    list += (list.empty() ? "" : " ") + segment.id;
  return list;
}

std::string tap_list(const std::vector<capture::TapOptions>& taps) {
  std::string list;
  for (const capture::TapOptions& tap : taps) {
    list += (list.empty() ? "" : ", ") + tap.name + "=" + tap.interface;
  }
  return list;
}

std::string fixed_point(double value, int decimals) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", decimals, value);
  return buffer;
}

json::object status_json(const StatusFacts& facts, const AlertOptions& options) {
  Books books;
  TableFigures table;
  json::array workers;
  Time newest{};
  for (const WorkerFigures& worker : facts.workers) {
    books += worker.books;
    add(table, worker.table);
    newest = std::max(newest, worker.newest);
    workers.push_back(table_json(worker.table));
  }
  json::array taps;
  bool watching = !facts.taps.empty();
  for (std::size_t i = 0; i < facts.taps.size(); ++i) {
    const TapReport report = tap_of(facts.workers, static_cast<std::uint16_t>(i));
    watching = watching && report.health == capture::SourceHealth::running;
    json::object tap{{"name", facts.taps[i].name},
                     {"interface", facts.taps[i].interface},
                     {"health", health_name(report.health)},
                     {"received", report.counters.received},
                     {"delivered", report.counters.delivered},
                     {"dropped_kernel", report.counters.dropped_kernel},
                     {"dropped_interface", report.counters.dropped_interface},
                     {"outages", report.counters.outages},
                     {"reopened", report.counters.reopened},
                     {"buffer_bytes", report.counters.ring_bytes},
                     {"snaplen", facts.taps[i].snaplen}};
    if (!report.trouble.empty()) tap["trouble"] = report.trouble;
    taps.push_back(std::move(tap));
  }
  json::object result{{"program", "sekimorid"},
                      {"version", facts.version},
                      {"sensor", options.sensor},
                      {"site", options.site},
                      {"organisation", options.organisation},
                      {"config", facts.config_path},
                      {"watching", watching},
                      {"uptime_seconds", facts.uptime.count()},
                      {"policy", policy_json(*facts.policy)},
                      {"taps", std::move(taps)},
                      {"loss_ppm_last_minute", static_cast<std::uint64_t>(facts.loss_ratio * 1e6)},
                      {"flows", table_json(table)},
                      {"packets", books_object(books, "packets_in_flows")},
                      {"workers", std::move(workers)}};
  result["packet_time"] =
      newest == Time{} ? json::value(nullptr) : json::value(timestamp(newest, options.utc_offset_minutes));
  return result;
}

json::value watch_gap_json(const std::optional<WatchGap>& gap, int utc_offset_minutes) {
  if (!gap) return nullptr;
  json::object out{{"since", timestamp(gap->since, utc_offset_minutes)},
                   {"until", timestamp(gap->until, utc_offset_minutes)}};
  const auto length = gap->length();
  out["seconds"] =
      length ? json::value(std::chrono::duration<double>(*length).count()) : json::value(nullptr);
  const std::string_view ended = watch_ended_name(gap->ended);
  out["ended"] = json::string{ended.data(), ended.size()};
  return out;
}

json::object name_waits_json(const NameWaits& waits, std::uint64_t untold) {
  const NameWaits::Counters& counters = waits.counters();
  return {{"waiting", waits.waiting()}, {"kept", counters.kept},           {"proved", counters.proved},
          {"told", counters.told},      {"displaced", counters.displaced}, {"joined", counters.joined},
          {"answers_untold", untold}};
}

json::object incidents_json(const Incidents& incidents) {
  const Incidents::Counters& counters = incidents.counters();
  return {{"open", incidents.open()},
          {"events_in", counters.events_in},
          {"told", counters.told},
          {"suppressed", counters.suppressed},
          {"lines", counters.lines},
          {"opened", counters.incidents_opened},
          {"closed", counters.incidents_closed},
          {"evicted", counters.incidents_evicted},
          {"sweeps", counters.sweeps},
          {"resumed", counters.incidents_resumed},
          {"exceptions_told", counters.exceptions_told},
          {"exceptions_evicted", counters.exceptions_evicted},
          {"events_permitted", counters.events_permitted},
          {"flows_untracked", counters.flows_untracked},
          {"responders_uncounted", counters.responders_uncounted}};
}

json::object notices_json(const Notices& notices) {
  const Notices::Counters& counters = notices.counters();
  json::array open;
  for (const auto& notice : notices.current()) {
    if (open.size() == open_notices_shown) break;
    const NoticeRow& row = notice_row(notice->kind);
    open.push_back(json::object{{"finding", std::string{row.code}},
                                {"category", std::string{notice_category_name(row.category)}},
                                {"subject", notice->subject}});
  }
  return {{"open", notices.open()},
          {"notices_in", counters.notices_in},
          {"told", counters.told},
          {"suppressed", counters.suppressed},
          {"lines", counters.lines},
          {"opened", counters.stories_opened},
          {"evicted", counters.stories_evicted},
          {"resumed", counters.stories_resumed},
          {"current", std::move(open)}};
}

json::object journal_json(const Journal& journal) {
  const JournalFigures figures = journal.figures();
  const auto& before = journal.lost_before();
  json::array holds;
  for (const std::string& hold : journal.holds()) holds.emplace_back(hold);
  json::object result{{"path", journal.folder()},
                      {"added", figures.added},
                      {"committed", figures.committed},
                      {"waiting", figures.waiting},
                      {"lost", figures.lost},
                      {"last_sequence", figures.sequence},
                      {"head", std::to_string(figures.head_number) + ":" + hex(figures.head)},
                      {"signed_number", figures.signed_number},
                      {"syncs", figures.syncs},
                      {"sync_longest_us", figures.sync_longest_us},
                      {"failures", figures.failures},
                      {"stalled", figures.stalled},
                      {"segments", figures.segments},
                      {"bytes", figures.octets},
                      {"held_bytes", figures.held_octets},
                      {"segments_removed", figures.segments_removed},
                      {"torn_bytes", journal.found().torn_octets},
                      {"damaged_bytes", journal.found().damaged_octets},
                      {"uncut_bytes", journal.found().uncut_octets},
                      {"records_missing", journal.found().missing},
                      {"lost_before", before ? before->second - before->first + 1 : 0},
                      {"holds", std::move(holds)}};
  if (!figures.trouble.empty()) result["trouble"] = figures.trouble;
  if (!figures.unsigned_because.empty()) result["unsigned"] = figures.unsigned_because;
  return result;
}

json::array destinations_json(const Sinks& sinks, const Courier* courier) {
  json::array result;
  std::size_t index = 0;
  for (const auto& sink : sinks.all()) {
    const SinkCounters counters = sink->counters();
    json::object row{{"name", sink->options().name},   {"connected", counters.connected},
                     {"queued", counters.queued},      {"accepted", counters.accepted},
                     {"sent", counters.sent},          {"dropped", counters.dropped},
                     {"failures", counters.failures},  {"resent", counters.resent},
                     {"truncated", counters.truncated}};
    if (is_file(sink->options().kind)) {
      row["rotated"] = counters.rotated;
      row["removed"] = counters.removed;
    }
    if (const std::string warning = sink->warning(); !warning.empty()) row["warning"] = warning;
    if (courier != nullptr) {
      const Courier::Figures figures = courier->figures(index++);
      row["delivered_sequence"] = figures.delivered;
      row["behind"] = figures.behind;
      row["lost"] = figures.lost;
    }
    const std::string trouble = sink->trouble();
    if (!trouble.empty()) row["trouble"] = trouble;
    result.push_back(std::move(row));
  }
  return result;
}

json::object flows_json(
    const FlowAnswer& answer,
    const std::function<std::shared_ptr<const policy::Policy>(std::uint32_t generation)>& policy_of,
    const Coverage& coverage, Time packet_now, const AlertOptions& options) {
  json::array rows;
  for (const FlowAnswer::Row& row : answer.rows) {
    json::object event = flow_event(row.facts, row.verdict, *policy_of(row.generation),
                                    coverage.passage(row.facts, row.verdict, packet_now),
                                    capture::EndReason::shutdown, options);
    event["flow"].as_object().erase("reason");  // it lives
    rows.push_back(std::move(event));
  }
  return {{"flows", std::move(rows)},
          {"matched", answer.matched},
          {"live", answer.live},
          {"complete", answer.complete}};
}

}  // namespace sekimori::daemon

#include "daemon/behaviour/unasked_watch.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "capture/digest.hpp"

namespace sekimori::daemon {
namespace {

constexpr std::chrono::minutes unasked_pause{1};
// Two cards stamp what they receive by so much more or less: within it nobody knows which came first.
constexpr std::chrono::microseconds stamp_doubt{200};

// The table hashes these with a secret of its own: whoever makes two of them equal hides himself alone.
std::uint64_t service_of(const capture::Tuple& tuple) {
  return digest(digest(1, tuple.destination_port), tuple.destination);
}
std::uint64_t client_of(std::uint64_t service, const capture::Tuple& tuple) {
  return digest(digest(service, 2), tuple.source);
}
std::uint64_t conversation_of(std::uint64_t client, const capture::Tuple& tuple) {
  return digest(client, tuple.source_port + std::uint64_t{3});
}

// Between two segments, and not to be begun by the other end.
bool one_way(const FlowStep& step, const policy::Policy& policy) {
  const policy::SegmentId from = policy::from_of(step.pair);
  const policy::SegmentId to = policy::to_of(step.pair);
  if (from == to || policy.cell(to, from) == policy::Cell::permit) return false;
  policy::Conversation back;
  back.initiator = step.tuple.destination;
  back.responder = step.tuple.source;
  back.initiator_port = step.tuple.destination_port;
  back.port = step.tuple.source_port;
  back.protocol = step.tuple.protocol;
  back.time = step.time;
  return policy.judge(back).decision == policy::Decision::forbid;
}

}  // namespace

UnaskedWatch::Counters UnaskedWatch::counters() const {
  Counters counters = counters_;
  counters.displaced +=
      conversations_.displaced() + clients_.displaced() + services_.displaced() + hosts_.displaced();
  return counters;
}

void UnaskedWatch::make_keys(const FlowStep& step, Keys& keys) const {
  keys.service = service_of(step.tuple);
  keys.service_hash = services_.hash(keys.service);
  if (step.kind != FlowStep::Kind::opened) return;
  keys.client = client_of(keys.service, step.tuple);
  keys.client_hash = clients_.hash(keys.client);
  keys.conversation = conversation_of(keys.client, step.tuple);
  keys.conversation_hash = conversations_.hash(keys.conversation);
}

void UnaskedWatch::expect(const FlowStep& step, const Keys& keys) const {
  services_.expect(keys.service_hash);
  if (step.kind != FlowStep::Kind::opened) return;
  conversations_.expect(keys.conversation_hash);
  if (step.bytes_to_server != 0) clients_.expect(keys.client_hash);
}

void UnaskedWatch::fetch(const FlowStep& step, const Keys& keys) const {
  services_.fetch(keys.service_hash);
  if (step.kind != FlowStep::Kind::opened) return;
  conversations_.fetch(keys.conversation_hash);
  if (step.bytes_to_server != 0) clients_.fetch(keys.client_hash);
}

void UnaskedWatch::follow(const FlowStep& step, const Keys& keys, const policy::Policy& policy) {
  if (step.kind == FlowStep::Kind::opened) opened(step, keys, policy);
  if (step.kind == FlowStep::Kind::answered) answered(step, services_.find(keys.service, keys.service_hash));
}

void UnaskedWatch::opened(const FlowStep& step, const Keys& keys, const policy::Policy& policy) {
  const bool known = std::exchange(conversations_.at(keys.conversation, keys.conversation_hash).before, true);
  Service& service = services_.at(keys.service, keys.service_hash);
  if (step.bytes_to_server != 0) {
    // Opened once more, because in between its way was in doubt: that it was not asked is known.
    if (step.bytes_to_client != 0 && answered(step, &service)) return;
    clients_.at(keys.client, keys.client_hash).asked = step.time;
    const std::int64_t part = step.time.time_since_epoch() / std::chrono::nanoseconds{window};
    if (part == service.part - 1) {  // a packet that came late
      ++service.asked[1];
      return;
    }
    if (part != service.part) {
      service.asked = {0, part == service.part + 1 ? service.asked[0] : 0};
      service.part = part;
    }
    ++service.asked[0];
    return;
  }
  if (known || step.time < *begun_ + learning || !one_way(step, policy)) return;
  ++counters_.unasked;
  if (due_.size() >= due_max) {
    ++counters_.displaced;
    return;
  }
  if (service.marks.size() >= marks_max) service.marks.erase(service.marks.begin());
  service.marks.push_back({step.tuple, step.pair, step.time, false, false});
  due_.push_back({step.tuple, step.time});
}

// By its ends: a flow's id may change when the client's wire is seen.
UnaskedWatch::Mark* UnaskedWatch::mark_of(Service* service, const capture::Tuple& tuple) {
  if (service == nullptr) return nullptr;
  const auto mark = std::find_if(service->marks.begin(), service->marks.end(),
                                 [&](const Mark& each) { return each.tuple == tuple; });
  return mark == service->marks.end() ? nullptr : &*mark;
}

// What the client sends in a conversation that the service's end seems to have begun. False: it is none.
bool UnaskedWatch::answered(const FlowStep& step, Service* service) {
  Mark* const mark = mark_of(service, step.tuple);
  if (mark == nullptr) return false;
  if (step.time <= mark->time + stamp_doubt) {
    // The question, read later than its answer.
    service->marks.erase(service->marks.begin() + (mark - service->marks.data()));
    return false;
  }
  mark->answered = true;
  return true;
}

void UnaskedWatch::tick(Time packet_now, const policy::Policy& policy, std::vector<Notice>& found) {
  if (due_.empty()) return;
  if (packet_now + clock_doubt < due_.front().since) {
    // The clock was set back: what waits will not be due for who knows how long.
    counters_.displaced += due_.size();
    due_.clear();
    return;
  }
  expire(packet_now - disorder, policy, found);
}

void UnaskedWatch::finish(const policy::Policy& policy, std::vector<Notice>& found) {
  expire(Time::max(), policy, found);
}

void UnaskedWatch::expire(Time limit, const policy::Policy& policy, std::vector<Notice>& found) {
  while (!due_.empty() && due_.front().since <= limit) {
    const Due due = due_.front();
    due_.pop_front();
    Service* const service = services_.find(service_of(due.tuple));
    Mark* const mark = mark_of(service, due.tuple);
    if (mark == nullptr) continue;
    mark->due = true;
    weigh(*service, Mark{*mark}, policy, found);
  }
}

void UnaskedWatch::weigh(Service& service, const Mark& newest, const policy::Policy& policy,
                         std::vector<Notice>& found) {
  std::erase_if(service.marks, [&](const Mark& each) { return each.time <= newest.time - window; });
  std::vector<const Mark*> peers;
  for (const Mark& each : service.marks) {
    if (suspect(each)) peers.push_back(&each);
  }
  if (peers.size() < peers_least || peers.size() * share < asked_in_window(service, newest.time)) return;
  if (service.told <= newest.time && newest.time < service.told + unasked_pause) return;
  service.told = newest.time;
  ++counters_.findings;
  const auto answers =
      std::count_if(peers.begin(), peers.end(), [](const Mark* each) { return each->answered; });
  const capture::Tuple& tuple = newest.tuple;
  // Of the many outside who may try it, one story.
  const bool outside = policy.classify(tuple.destination) == policy.external();
  const policy::SegmentId to = policy::from_of(newest.pair);
  const std::string whom = outside ? "outside" : host_subject(policy, tuple.destination);
  Notice notice{
      NoticeKind::unasked,
      whom + " " + (outside ? policy.segments()[to].id : "udp/" + std::to_string(tuple.destination_port)),
      newest.time,
      false,
      {},
      {}};
  notice.add_address("src", policy, tuple.destination)
      .add("src_port", std::to_string(tuple.destination_port))
      .add_address("dst", policy, tuple.source)
      .add("dst_port", std::to_string(tuple.source_port))
      .add_segment("from", policy, policy::to_of(newest.pair))
      .add_segment("to", policy, to)
      .add("peers", std::to_string(peers.size()))
      .add("answered", std::to_string(answers));
  found.push_back(std::move(notice));
}

// Some questions may be of the window that has begun since.
std::uint64_t UnaskedWatch::asked_in_window(const Service& service, Time now) const {
  const std::int64_t part = now.time_since_epoch() / std::chrono::nanoseconds{window};
  if (part == service.part || part == service.part - 1) return service.asked[0] + service.asked[1];
  return part == service.part + 1 ? service.asked[0] : 0;
}

// The question has not come, its client asks that service nothing else, and the mirror would have shown it:
// where it does not show what that client sends, all answers are unasked.
bool UnaskedWatch::suspect(const Mark& mark) {
  if (!mark.due) return false;
  const Client* const client = clients_.find(client_of(service_of(mark.tuple), mark.tuple));
  if (client != nullptr && client->asked > mark.time - memory) return false;
  const Client* const host = hosts_.find(mark.tuple.source);
  return mark.answered || (host != nullptr && host->asked > mark.time - window);
}

void UnaskedWatch::replaced() {
  counters_.displaced += due_.size();
  due_.clear();
  services_.visit([](std::uint64_t, Service& service) { service.marks.clear(); });
}

}  // namespace sekimori::daemon

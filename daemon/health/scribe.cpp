#include "daemon/health/scribe.hpp"

#include <utility>

namespace sekimori::daemon {

Scribe::Scribe() : thread_([this] { run(); }) {}

Scribe::~Scribe() {
  {
    const std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Scribe::ask(const std::string& name, Job job) {
  {
    const std::lock_guard guard{mutex_};
    waiting_[name] = std::move(job);
  }
  wake_.notify_one();
}

std::string Scribe::trouble(const std::string& name) const {
  const std::lock_guard guard{mutex_};
  const auto found = troubles_.find(name);
  return found == troubles_.end() ? std::string{} : found->second;
}

void Scribe::settle() {
  std::unique_lock lock{mutex_};
  done_.wait(lock, [this] { return waiting_.empty() && !busy_; });
}

void Scribe::run() {
  std::unique_lock lock{mutex_};
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const auto next = waiting_.extract(waiting_.begin());
    busy_ = true;
    lock.unlock();
    std::string trouble = next.mapped()();
    lock.lock();
    busy_ = false;
    troubles_[next.key()] = std::move(trouble);
    if (waiting_.empty()) done_.notify_all();
  }
}

}  // namespace sekimori::daemon

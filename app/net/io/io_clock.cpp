#include "relay_gateway/app/net/io/io_clock.hpp"

#include <boost/asio/post.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/group.hpp>

#include <utility>
#include <vector>

namespace relay::net {

template <class Set>
void io_clock::set(Set&& what) {
  std::lock_guard lock(mutex_);
  if (stopped_) return;
  what();
  arm_if_earlier();
}

void io_clock::set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                    std::uint64_t id) {
  set([&] { super::set_ordinary_timeout(t, self, type, id); });
}

void io_clock::set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                                 std::uint64_t id) {
  set([&] { super::set_multi_timeout(t, self, type, id); });
}

void io_clock::set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) {
  set([&] { super::set_request_timeout(t, self, id); });
}

void io_clock::schedule_message(time_point t, caf::strong_actor_ptr receiver,
                                caf::mailbox_element_ptr content) {
  set([&] { super::schedule_message(t, std::move(receiver), std::move(content)); });
}

void io_clock::schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                                caf::message content) {
  set([&] { super::schedule_message(t, std::move(target), std::move(sender), std::move(content)); });
}

void io_clock::cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) {
  std::lock_guard lock(mutex_);
  super::cancel_ordinary_timeout(self, type);
}

void io_clock::cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) {
  std::lock_guard lock(mutex_);
  super::cancel_request_timeout(self, id);
}

void io_clock::cancel_timeouts(caf::abstract_actor* self) {
  std::lock_guard lock(mutex_);
  super::cancel_timeouts(self);
}

void io_clock::cancel_all() {
  schedule_map dropped; // destroyed after the lock: that may end actors
  std::lock_guard lock(mutex_);
  dropped.swap(schedule_);
  actor_lookup_.clear();
}

void io_clock::stop() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  cancel_all();
  boost::asio::post(io_, [self = shared_from_this()] { self->timer_.cancel(); });
}

void io_clock::arm_if_earlier() {
  if (schedule_.empty()) return;
  auto due = schedule_.begin()->first;
  if (armed_ && *armed_ <= due) return; // that firing looks at everything anew
  armed_ = due;
  if (io_.get_executor().running_in_this_thread())
    arm(due);
  else
    boost::asio::post(io_, [self = shared_from_this(), due] { self->arm(due); });
}

void io_clock::arm(time_point due) {
  {
    std::lock_guard lock(mutex_);
    if (stopped_ || armed_ != due) return; // an earlier one has come in meanwhile
  }
  timer_.expires_at(due);
  timer_.async_wait([self = shared_from_this()](const boost::system::error_code& ec) {
    if (!ec) self->fire();
  });
}

void io_clock::fire() {
  std::vector<unique_delayed_event_ptr> due;
  {
    std::lock_guard lock(mutex_);
    armed_.reset();
    if (stopped_) return;
    auto t = now();
    while (!schedule_.empty() && schedule_.begin()->first <= t) {
      auto first = schedule_.begin();
      if (first->second->backlink != actor_lookup_.end()) actor_lookup_.erase(first->second->backlink);
      due.push_back(std::move(first->second));
      schedule_.erase(first);
    }
    arm_if_earlier();
  }
  // In order of time, and without the lock: delivering runs the receivers' code as far as their mailboxes.
  for (auto& expired : due) ship(*expired);
}

} // namespace relay::net

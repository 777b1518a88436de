#include "relay_gateway/actors/egress/core/chat_table.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

namespace relay::core {

namespace {

template <class T>
void cut_to(std::size_t size, std::vector<T>& x) {
  x.erase(x.begin() + static_cast<std::ptrdiff_t>(size), x.end());
}

template <class T>
auto from(std::size_t first, std::vector<T>& x) {
  return std::span{x}.subspan(first);
}

} // namespace

void chat_table_step::clear() {
  out.clear();
  sent.clear();
  done.clear();
  shown.clear();
  uploads.clear();
  intents.clear();
  waiting_chats.clear();
  failed.clear();
}

void chat_table::extent::restore(chat_queue_step& x) const {
  cut_to(out, x.out);
  cut_to(sent, x.sent);
  cut_to(done, x.done);
  cut_to(shown, x.shown);
  cut_to(uploads, x.uploads);
  cut_to(intents, x.intents);
}

std::pair<bool, bool> chat_table::activate_for(const chat_key& key, instant now) {
  const auto& chat = activated(key, now).value;
  return {chat.held == 0 && chat.queue.ready(), chat.held > 0};
}

chat_table::entry& chat_table::activated(const chat_key& key, instant now) {
  bool fresh = false;
  auto& x = chats_.put(key, fresh);
  x.value.used = now;
  chats_.touch(x);
  if (!fresh) return x;
  begin_queue(x);
  if (!sweep_at_) sweep_at_ = now + limits_.idle / 2;
  if (chats_.size() <= bound()) return x;
  auto& oldest = *chats_.oldest();
  if (oldest.value.idle() && &oldest != &x)
    remove(oldest);
  else
    chats_.touch(oldest); // a busy one stays; the next time another one is looked at
  return x;
}

bool chat_table::ready(const chat_key& key) const {
  const auto* x = chats_.find(key);
  return x != nullptr && x->value.held == 0 && x->value.queue.ready();
}

void chat_table::hold(const chat_key& key) {
  if (auto* x = chats_.find(key)) ++x->value.held;
}

bool chat_table::holds(const chat_key& key) const {
  const auto* x = chats_.find(key);
  return x != nullptr && x->value.held > 0;
}

void chat_table::release(const chat_key& key) {
  auto* x = chats_.find(key);
  if (x == nullptr || x->value.held == 0) return;
  --x->value.held;
  trim(*x);
}

void chat_table::push(const chat_key& key, chat_action&& x, bool held, instant now, chat_table_step& out) {
  auto* found = chats_.find(key);
  auto& known = found != nullptr ? *found : activated(key, now);
  auto& chat = known.value;
  if (held && chat.held > 0) --chat.held;
  chat.tokens.push_back(x.token);
  run(
      known,
      [&](chat_queue& queue, chat_queue_step& step) {
        queue.push(std::move(x), step);
        if (finishing_) queue.expire(instant::max(), step);
      },
      out);
}

void chat_table::link(const descriptors_ptr& what, bool abandoned, chat_table_step& out) {
  link_ = what;
  run_all(
      [&](chat_queue& queue, chat_queue_step& step) {
        if (abandoned) queue.abandon(step);
        queue.link(what, step);
      },
      out);
}

void chat_table::describe(const descriptors_ptr& what) {
  if (link_) link_ = what;
  chats_.for_each([&](entry& x) { x.value.queue.describe(what); });
}

void chat_table::settled(transmitted&& x, instant now, chat_table_step& out) {
  if (auto* chat = of_number(x.chat))
    run(
        *chat, [&](chat_queue& queue, chat_queue_step& step) { queue.settled(std::move(x), step, now); },
        out);
}

void chat_table::intent_committed(const write_intent& x, chat_table_step& out) {
  if (auto* chat = of_number(x.chat))
    run(
        *chat, [&](chat_queue& queue, chat_queue_step& step) { queue.intent_committed(x.number, step); },
        out);
}

void chat_table::uploaded(const upload& x, const media_reference& where, instant now, chat_table_step& out) {
  if (auto* chat = of_number(x.chat))
    run(
        *chat, [&](chat_queue& queue, chat_queue_step& step) { queue.uploaded(x.number, where, step, now); },
        out);
}

void chat_table::uploads_lost(chat_table_step& out) {
  run_all([](chat_queue& queue, chat_queue_step& step) { queue.upload_lost(step); }, out);
}

void chat_table::finish(chat_table_step& out) {
  finishing_ = true;
  run_all([](chat_queue& queue, chat_queue_step& step) { queue.expire(instant::max(), step); }, out);
}

void chat_table::expire(instant now, chat_table_step& out) {
  // Each once: what a chat leaves for later is due again at once, behind what else waits for the router.
  std::vector<std::uint64_t> late;
  while (auto number = deadlines_.pop(now)) late.push_back(*number);
  for (auto number : late)
    if (auto* chat = of_number(number))
      run(
          *chat, [&](chat_queue& queue, chat_queue_step& step) { queue.expire(now, step); }, out);
  if (sweep_at_ && *sweep_at_ <= now) sweep(now);
}

template <class Step>
void chat_table::run_all(const Step& step, chat_table_step& out) {
  // By number: a step may be the last one of its chat, or make room by removing another one.
  std::vector<std::uint64_t> numbers;
  numbers.reserve(chats_.size());
  chats_.for_each([&](const entry& x) { numbers.push_back(x.value.number); });
  for (auto number : numbers)
    if (auto* x = of_number(number)) run(*x, step, out);
}

void chat_table::take(entry& x, const extent& before, chat_table_step& out) {
  auto& chat = x.value;
  for (auto& y : from(before.out, out.out)) y.chat = chat.number;
  for (auto& y : from(before.intents, out.intents)) y.chat = chat.number;
  for (auto& y : from(before.uploads, out.uploads)) y.chat = chat.number;
  for (auto& y : from(before.done, out.done)) {
    const auto at = std::find(chat.tokens.begin(), chat.tokens.end(), y.token);
    if (at != chat.tokens.end()) chat.tokens.erase(at);
  }
  if (out.waits.count() > 0) out.waiting_chats.push_back({x.key(), out.waits});
  const bool settled = out.done.size() > before.done;
  count(x);
  if (remembered_ > limits_.remembered_bytes) forget_some();
  if (settled) trim(x);
}

/// Numbers are never used twice, so what is still on its way to a dropped queue reaches no other one.
void chat_table::begin_queue(entry& x) {
  x.value.number = ++numbers_;
  by_number_.emplace(x.value.number, &x);
  chat_queue_step nothing; // it is empty
  x.value.queue.link(link_, nothing);
}

void chat_table::drop_queue(entry& x, std::string what, chat_table_step& out) {
  auto& chat = x.value;
  by_number_.erase(chat.number);
  deadlines_.set(chat.number, std::nullopt);
  std::sort(chat.tokens.begin(), chat.tokens.end());
  for (auto token : chat.tokens)
    out.done.push_back(
        {token, action_result::ambiguous("the chat's queue failed before the outcome was known")});
  out.failed.push_back({x.key(), std::move(what)});
  chat.tokens.clear();
  chat.queue = chat_queue{};
  count(x);
  begin_queue(x);
  trim(x);
}

chat_table::entry* chat_table::of_number(std::uint64_t number) {
  auto it = by_number_.find(number);
  return it != by_number_.end() ? it->second : nullptr;
}

void chat_table::count(entry& x) {
  auto& chat = x.value;
  const auto now = chat.queue.remembered_bytes();
  remembered_ += now - chat.remembered;
  chat.remembered = now;
}

/// Down to half of the bound, so that not every further byte walks over all chats.
void chat_table::forget_some() {
  for (auto* x = chats_.oldest(); x != nullptr && remembered_ > limits_.remembered_bytes / 2;
       x = chats_.newer(*x)) {
    x->value.queue.forget();
    count(*x);
  }
}

/// One that stayed beyond the bound because it was busy makes room when it is not any more.
void chat_table::trim(entry& x) {
  if (chats_.size() <= bound() || !x.value.idle()) return;
  auto& oldest = *chats_.oldest();
  remove(oldest.value.idle() ? oldest : x);
}

void chat_table::remove(entry& x) {
  remembered_ -= x.value.remembered;
  by_number_.erase(x.value.number);
  deadlines_.set(x.value.number, std::nullopt);
  chats_.erase(x);
}

void chat_table::sweep(instant now) {
  for (auto* next = chats_.oldest(); next != nullptr && now - next->value.used >= limits_.idle;) {
    auto& x = *next;
    next = chats_.newer(x);
    if (x.value.idle()) remove(x);
  }
  sweep_at_ = chats_.size() == 0 ? deadline{} : now + limits_.idle / 2;
}

} // namespace relay::core

#include "actors/core/prompts.hpp"

#include <algorithm>
#include <string_view>

namespace relay::core {

namespace {

/// The number that a text consists of, 1 to 999; 0 = it is something else.
std::size_t number_of(std::string_view text) {
  constexpr std::string_view blank = " \t\r\n";
  const auto first = text.find_first_not_of(blank);
  if (first == std::string_view::npos) return 0;
  text = text.substr(first, text.find_last_not_of(blank) - first + 1);
  constexpr std::size_t most_digits = 3;
  if (text.size() > most_digits || text.front() == '0') return 0;
  std::size_t out = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return 0;
    out = out * 10 + static_cast<std::size_t>(c - '0');
  }
  return out;
}

/// A person's plain message: an edit is no new word, and a bot that counts approves nothing.
bool may_be_number(const inbound_event& x) {
  return x.type == message_type::text && !x.source.message_is_edit && !x.source.is_bot &&
         x.media_urls.empty() && number_of(x.text) != 0;
}

} // namespace

const char* to_string(prompt_verdict x) {
  switch (x) {
  case prompt_verdict::none: return "none";
  case prompt_verdict::taken: return "taken";
  case prompt_verdict::numbered: return "numbered";
  case prompt_verdict::foreign: return "foreign";
  case prompt_verdict::repeated: return "repeated";
  case prompt_verdict::no_option: return "no_option";
  case prompt_verdict::late: return "late";
  case prompt_verdict::late_again: return "late_again";
  }
  return "unknown";
}

std::string prompt_minter::next() {
  constexpr const char* digits = "0123456789abcdef";
  constexpr int width = 8;
  auto out = nonce_ + ".";
  for (int i = width - 1; i >= 0; --i) out += digits[(next_ >> (4 * i)) & 15];
  ++next_;
  return out;
}

void prompts::open(prompt_opened x, instant now) {
  trim(now);
  if (auto it = known_.find(x.prompt_id); it != known_.end()) forget(it);
  auto lifetime = rules_.lifetime;
  if (x.lifetime_ms > 0 && x.lifetime_ms < static_cast<std::uint64_t>(lifetime.count()))
    lifetime = milliseconds{static_cast<milliseconds::rep>(x.lifetime_ms)};
  entry fresh;
  fresh.chat = std::move(x.chat);
  fresh.options = std::move(x.options);
  fresh.until = now + lifetime;
  fresh.age = ages_.insert(ages_.end(), {now, x.prompt_id});
  touch(x.prompt_id);
  known_.emplace(std::move(x.prompt_id), std::move(fresh));
  trim(now);
}

void prompts::restore(prompt_kept x, instant now) {
  auto id = x.what.prompt_id;
  auto left = milliseconds{static_cast<milliseconds::rep>(x.what.lifetime_ms)};
  open(std::move(x.what), now);
  auto& one = known_.at(id);
  one.until = now + left;
  one.now = static_cast<stage>(std::min<std::uint8_t>(x.stage, 2));
  if (x.numbered && one.now == stage::open) {
    one.numbered = true;
    numbered_[one.chat.chat_id].push_back(id);
  }
}

std::vector<store_record> prompts::changes(instant now) {
  std::vector<store_record> out;
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (auto& id : touched_) {
    auto it = known_.find(id);
    if (it == known_.end()) {
      out.emplace_back(prompt_gone{id});
      continue;
    }
    auto& x = it->second;
    auto left = std::max(std::chrono::duration_cast<milliseconds>(x.until - now), milliseconds{0});
    out.emplace_back(prompt_kept{{id, x.chat, x.options, static_cast<std::uint64_t>(left.count())},
                                 static_cast<std::uint8_t>(x.now),
                                 x.numbered});
  }
  touched_.clear();
  return out;
}

void prompts::shown(const prompt_shown& x) {
  auto it = known_.find(x.prompt_id);
  if (it == known_.end() || it->second.now != stage::open) return;
  if (x.how == prompt_face::withdrawn) {
    forget(it);
    return;
  }
  auto& one = it->second;
  touch(it->first);
  unnumber(it->first, one);
  if (x.how != prompt_face::numbers) return;
  one.numbered = true;
  numbered_[one.chat.chat_id].push_back(it->first);
}

bool prompts::concerns(const inbound_event& x) const {
  if (x.prompt.present) return true;
  return !numbered_.empty() && may_be_number(x) && numbered_.count(x.source.chat_id) > 0;
}

prompt_hearing prompts::hear(const inbound_event& x, instant now) {
  trim(now);
  if (x.prompt.present) return pressed(x.prompt, now);
  return may_be_number(x) ? wrote(x, now) : prompt_hearing{};
}

prompt_hearing prompts::pressed(const prompt_response& x, instant now) {
  auto it = known_.find(x.prompt_id);
  if (it == known_.end()) {
    if (!minted_here(x.prompt_id)) return {prompt_verdict::foreign, {}};
    // Of an earlier life of this registry, or forgotten. Remembered now, so that it is told once.
    open({x.prompt_id, {}, {}, 0}, now);
    settle(x.prompt_id, known_.at(x.prompt_id), stage::told_late, now);
    return {prompt_verdict::late, {}};
  }
  auto& one = it->second;
  if (one.now == stage::answered) return {prompt_verdict::repeated, {}};
  if (one.now == stage::told_late) return {prompt_verdict::late_again, {}};
  if (one.until <= now) {
    settle(it->first, one, stage::told_late, now);
    return {prompt_verdict::late, {}};
  }
  // Without options of its own the prompt takes whatever the platform offers.
  if (!one.options.empty() &&
      std::none_of(one.options.begin(), one.options.end(), [&](auto& y) { return y.id == x.option_id; }))
    return {prompt_verdict::no_option, {}};
  settle(it->first, one, stage::answered, now);
  return {prompt_verdict::taken, {}};
}

prompt_hearing prompts::wrote(const inbound_event& x, instant now) {
  auto at = numbered_.find(x.source.chat_id);
  if (at == numbered_.end()) return {};
  // The newest one that still waits is what people see last and mean; the others keep waiting.
  for (auto id = at->second.rbegin(); id != at->second.rend(); ++id) {
    auto it = known_.find(*id);
    auto& one = it->second;
    const bool here = one.chat.platform.empty() || one.chat.platform == x.source.platform;
    if (!here || one.until <= now) continue;
    const auto number = number_of(x.text);
    if (number > one.options.size()) return {};
    auto& chosen = one.options[number - 1];
    prompt_hearing out{prompt_verdict::numbered, {it->first, chosen.id, chosen.label, {}, true}};
    settle(it->first, one, stage::answered, now); // ends the iteration: it changes the list
    return out;
  }
  return {};
}

void prompts::settle(const std::string& id, entry& x, stage next, instant now) {
  touch(id);
  unnumber(id, x);
  x.now = next;
  x.options.clear();
  x.age->first = now;
  ages_.splice(ages_.end(), ages_, x.age);
}

void prompts::unnumber(const std::string& id, entry& x) {
  if (!x.numbered) return;
  x.numbered = false;
  auto at = numbered_.find(x.chat.chat_id);
  std::erase(at->second, id);
  if (at->second.empty()) numbered_.erase(at);
}

void prompts::forget(std::unordered_map<std::string, entry>::iterator it) {
  touch(it->first);
  unnumber(it->first, it->second);
  ages_.erase(it->second.age);
  known_.erase(it);
}

void prompts::trim(instant now) {
  // An expired prompt is remembered as long again, so that its late answers are told from unknown ones.
  while (!ages_.empty() && (ages_.size() > rules_.max || now - ages_.front().first >= 2 * rules_.lifetime))
    forget(known_.find(ages_.front().second));
}

bool prompts::minted_here(const std::string& id) const {
  return !nonce_.empty() && id.size() > nonce_.size() + 1 && id.starts_with(nonce_) &&
         id[nonce_.size()] == '.';
}

std::size_t prompts::unanswered(instant now) const {
  return static_cast<std::size_t>(std::count_if(known_.begin(), known_.end(), [&](auto& x) {
    return x.second.now == stage::open && x.second.until > now;
  }));
}

} // namespace relay::core

#include "relay_gateway/actors/inbound/core/prompts.hpp"

#include "relay_gateway/messages/wire/http/hex.hpp"
#include "relay_gateway/messages/wire/json/utf8.hpp"

#include <algorithm>
#include <string_view>

namespace relay::core {

namespace {

/// One character of a text, and what follows it. Bytes that are no UTF-8 stand for themselves, beyond all
/// characters.
char32_t take_character(std::string_view& text) {
  const auto length = wire::utf8_length(text.data(), text.data() + text.size());
  const auto first = static_cast<unsigned char>(text.front());
  constexpr char32_t no_character = 0x110000;
  char32_t out = length == 0 ? no_character + first : length == 1 ? first : first & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) out = (out << 6) | (static_cast<unsigned char>(text[i]) & 0x3FU);
  text.remove_prefix(std::max<std::size_t>(length, 1));
  return out;
}

std::u32string characters_of(std::string_view text) {
  std::u32string out;
  while (!text.empty()) out += take_character(text);
  return out;
}

bool is_blank(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x2028 || c == 0x2029 ||
         c == 0x3000;
}

void trim_blanks(std::u32string& x) {
  while (!x.empty() && is_blank(x.back())) x.pop_back();
  x.erase(x.begin(), std::find_if_not(x.begin(), x.end(), is_blank));
}

bool within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

/// The small form of a Latin, Greek or Cyrillic capital, full-width ones included.
char32_t small(char32_t c) {
  if (within(c, 'A', 'Z') || (within(c, 0xC0, 0xDE) && c != 0xD7) || within(c, 0x391, 0x3AB) ||
      within(c, 0x410, 0x42F) || within(c, 0xFF21, 0xFF3A))
    return c + 32;
  if (within(c, 0x400, 0x40F)) return c + 80;
  const bool odd_pair = within(c, 0x139, 0x148) || within(c, 0x179, 0x17E);
  if (within(c, 0x100, 0x17E) && c != 0x130 && c != 0x138 && c != 0x149 && c != 0x178)
    return (c % 2 == 1) == odd_pair ? c + 1 : c;
  return c;
}

/// As labels are compared: on one line, without case and blanks around.
std::u32string folded(std::string_view text) {
  auto out = characters_of(text);
  trim_blanks(out);
  for (auto& c : out) c = is_blank(c) ? U' ' : small(c);
  return out;
}

/// A full-width form as its plain one.
char32_t narrow(char32_t c) { return within(c, 0xFF01, 0xFF5E) ? c - 0xFF00 + 0x20 : c; }

/// The number that a text consists of, 1 to 999, as `1`, `1.` or `1)`; 0 = it is something else.
std::size_t number_of(std::string_view text) {
  constexpr std::size_t longest = 64; // bytes, with blanks around
  if (text.size() > longest) return 0;
  auto digits = characters_of(text);
  trim_blanks(digits);
  for (auto& c : digits) c = narrow(c);
  if (!digits.empty() && (digits.back() == '.' || digits.back() == ')')) digits.pop_back();
  constexpr std::size_t most_digits = 3;
  if (digits.empty() || digits.size() > most_digits || digits.front() == '0') return 0;
  std::size_t out = 0;
  for (auto c : digits) {
    if (!within(c, '0', '9')) return 0;
    out = out * 10 + static_cast<std::size_t>(c - '0');
  }
  return out;
}

/// A person's plain message: an edit is no new word, and a bot that counts approves nothing.
bool may_be_answer(const inbound_event& x) {
  constexpr std::size_t longest = 4'096; // bytes; nobody types such a label
  return x.type == message_type::text && !x.source.message_is_edit && !x.source.is_bot &&
         x.media_urls.empty() && !x.text.empty() && x.text.size() <= longest;
}

/// The only option that is called so; null when none or several are.
const prompt_choice* option_called(const std::u32string& words, const std::vector<prompt_choice>& options) {
  const prompt_choice* out = nullptr;
  for (auto& x : options) {
    if (folded(x.label.empty() ? x.id : x.label) != words) continue;
    if (out != nullptr) return nullptr;
    out = &x;
  }
  return out;
}

std::string_view profile_of(const std::string& x) { return x == "default" ? std::string_view{} : x; }

/// Whether somebody wrote this in the session of the prompt.
bool is_there(const event_source& from, const prompt_opened& x) {
  const auto& thread = from.thread_id.empty() ? from.prospective_thread_id : from.thread_id;
  return from.chat_id == x.chat.chat_id && thread == x.thread_id &&
         (x.chat.platform.empty() || x.chat.platform == from.platform) &&
         profile_of(from.profile) == profile_of(x.profile);
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
  case prompt_verdict::bystander: return "bystander";
  }
  return "unknown";
}

std::string prompt_minter::next() { return nonce_ + "." + wire::hex(next_++, 8); }

std::size_t prompts::size_of(const prompt_opened& x) {
  constexpr std::size_t around = 512; // the nodes that it is in
  const auto place = x.chat.chat_id.size() + x.chat.platform.size() + x.thread_id.size() + x.profile.size();
  auto out = around + 5 * x.prompt_id.size() + 4 * place + x.decided_by.size(); // its key is in three of them
  for (const auto& option : x.options) out += sizeof option + option.id.size() + option.label.size();
  return out;
}

/// The prompt of this id that is in this place. One whose turn is forgotten means the newest in its chat, and
/// one without any place the newest of all.
prompts::known::entry* prompts::at_place(const prompt_opened& x) {
  if (auto* exact = known_.find(prompt_key(x))) return exact;
  const auto bare = x.chat.chat_id.empty();
  if (!bare && !x.turn_forgotten) return nullptr;
  const auto keys = by_id_.find(x.prompt_id);
  if (keys == by_id_.end()) return nullptr;
  for (auto key = keys->second.rbegin(); key != keys->second.rend(); ++key) {
    auto* it = known_.find(*key);
    const auto& chat = it->value.what.chat;
    if (bare || (chat.chat_id == x.chat.chat_id && chat.platform == x.chat.platform)) return it;
  }
  return nullptr;
}

/// The prompt that a press answers: of several with its id the newest in the session that it comes from, else
/// the newest in its chat, else the newest.
prompts::known::entry* prompts::meant_by(const inbound_event& x) {
  const auto keys = by_id_.find(x.prompt.prompt_id);
  if (keys == by_id_.end()) return nullptr;
  known::entry *in_chat = nullptr, *newest = nullptr;
  for (auto key = keys->second.rbegin(); key != keys->second.rend(); ++key) {
    auto* it = known_.find(*key);
    const auto& what = it->value.what;
    if (is_there(x.source, what)) return it;
    // An interaction in a thread may name the thread as its chat.
    const bool here = what.chat.chat_id == x.source.chat_id ||
                      (!what.thread_id.empty() && what.thread_id == x.source.chat_id);
    if (in_chat == nullptr && here && (what.chat.platform.empty() || what.chat.platform == x.source.platform))
      in_chat = it;
    if (newest == nullptr) newest = it;
  }
  return in_chat != nullptr ? in_chat : newest;
}

/// Who decides an approval that is asked again: while it waits, or by a router that has forgotten whose turn
/// it was, even after it was decided, it is the same person as before. Without its turn such an approval goes
/// to whichever platform wrote last in a chat of that id, where nobody else may decide it either.
std::string prompts::earlier_author(const prompt_opened& x) {
  const auto* old = at_place(x);
  const bool counts = old != nullptr && (old->value.now == stage::open || x.turn_forgotten);
  if (counts && old->value.what.chat.chat_id == x.chat.chat_id && !old->value.what.decided_by.empty())
    return old->value.what.decided_by;
  const auto keys = by_id_.find(x.prompt_id);
  if (!x.turn_forgotten || keys == by_id_.end()) return {};
  for (auto key = keys->second.rbegin(); key != keys->second.rend(); ++key) {
    const auto& what = known_.find(*key)->value.what;
    if (what.chat.chat_id == x.chat.chat_id && !what.decided_by.empty()) return what.decided_by;
  }
  return {};
}

bool prompts::open(prompt_opened x, instant now) { return !put(std::move(x), now).value.what.turn_forgotten; }

prompts::known::entry& prompts::put(prompt_opened x, instant now) {
  trim(now);
  if (x.approval && x.decided_by.empty()) x.decided_by = earlier_author(x);
  auto nobodys = x.approval && x.turn_forgotten && x.decided_by.empty() && !rules_.anyone_approves;
  if (auto* old = at_place(x)) {
    const auto& before = old->value.what;
    if (x.turn_forgotten && x.thread_id.empty()) x.thread_id = before.thread_id;
    if (x.turn_forgotten && x.profile.empty()) x.profile = before.profile;
    if (before.approval) nobodys = nobodys && before.turn_forgotten; // else it is known to have no author
    forget(*old);
  }
  x.turn_forgotten = nobodys;
  auto lifetime = rules_.lifetime;
  if (x.lifetime_ms > 0 && x.lifetime_ms < static_cast<std::uint64_t>(lifetime.count()))
    lifetime = milliseconds{static_cast<milliseconds::rep>(x.lifetime_ms)};
  bytes_ += size_of(x);
  auto key = prompt_key(x);
  if (auto* other = known_.find(key)) forget(*other);         // it has taken over this place
  if (auto* other = known_.find(x.prompt_id)) forget(*other); // a press of it came when it was not known
  touch(key);
  by_id_[x.prompt_id].push_back(key);
  auto& fresh = known_.put(std::move(key));
  fresh.value.what = std::move(x);
  fresh.value.until = now + lifetime;
  fresh.value.changed = now;
  known_.touch(fresh);
  trim(now);
  return fresh;
}

void prompts::resume(prompt_opened x, instant now) {
  trim(now);
  if (at_place(x) == nullptr) open(std::move(x), now);
}

void prompts::restore(prompt_kept x, instant now) {
  auto left = milliseconds{static_cast<milliseconds::rep>(x.what.lifetime_ms)};
  const auto nobodys = std::exchange(x.what.turn_forgotten, false); // its place is known
  auto& fresh = put(std::move(x.what), now);
  auto& one = fresh.value;
  one.what.turn_forgotten = nobodys;
  one.until = now + left;
  one.now = static_cast<stage>(std::min<std::uint8_t>(x.stage, 2));
  if (x.numbered && one.now == stage::open) {
    one.numbered = true;
    numbered_[one.what.chat.chat_id].push_back(fresh.key());
  }
}

std::vector<store_record> prompts::changes(instant now) {
  std::vector<store_record> out;
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (auto& key : touched_) {
    const auto* there = known_.find(key);
    if (!there) {
      out.emplace_back(prompt_gone{key});
      continue;
    }
    auto& x = there->value;
    auto left = std::max(std::chrono::duration_cast<milliseconds>(x.until - now), milliseconds{0});
    prompt_kept kept{x.what, static_cast<std::uint8_t>(x.now), x.numbered};
    kept.what.lifetime_ms = static_cast<std::uint64_t>(left.count());
    out.emplace_back(std::move(kept));
  }
  touched_.clear();
  return out;
}

void prompts::shown(const prompt_shown& x) {
  prompt_opened place{x.prompt_id, x.chat, {}};
  place.thread_id = x.thread_id;
  place.profile = x.profile;
  place.turn_forgotten = x.thread_id.empty() && x.profile.empty(); // it may have taken over another place
  auto* it = at_place(place);
  if (!it || it->value.now != stage::open) return;
  if (x.how == prompt_face::withdrawn) {
    forget(*it);
    return;
  }
  auto& one = it->value;
  touch(it->key());
  unnumber(*it);
  if (x.how != prompt_face::numbers) return;
  one.numbered = true;
  numbered_[one.what.chat.chat_id].push_back(it->key());
}

bool prompts::concerns(const inbound_event& x) const {
  if (x.prompt.present) return true;
  return !numbered_.empty() && may_be_answer(x) && numbered_.count(x.source.chat_id) > 0;
}

prompt_hearing prompts::hear(const inbound_event& x, instant now, std::string_view chat_type) {
  trim(now);
  const answerer by{x.source, chat_type};
  if (x.prompt.present) return pressed(x, by, now);
  return may_be_answer(x) ? wrote(x, by, now) : prompt_hearing{};
}

bool prompts::may_decide(const answerer& by, const prompt_opened& what) const {
  if (!what.approval || rules_.anyone_approves) return true;
  if (what.turn_forgotten) return by.chat_type == "dm";
  if (what.decided_by.empty()) return true;
  return by.who.user_id == what.decided_by || by.who.user_id_alt == what.decided_by;
}

prompt_hearing prompts::pressed(const inbound_event& event, const answerer& by, instant now) {
  auto& x = event.prompt;
  auto* it = meant_by(event);
  if (!it) {
    if (!minted_here(x.prompt_id)) return {prompt_verdict::foreign, {}};
    // Of an earlier life of this registry, or forgotten. Remembered now, so that it is told once.
    settle(put({x.prompt_id, {}, {}, 0}, now), stage::told_late, now);
    return {prompt_verdict::late, {}};
  }
  auto& one = it->value;
  if (one.now == stage::answered) return {prompt_verdict::repeated, {}};
  if (one.now == stage::told_late) return {prompt_verdict::late_again, {}};
  if (one.until <= now) {
    settle(*it, stage::told_late, now);
    return {prompt_verdict::late, {}};
  }
  if (!may_decide(by, one.what)) return {prompt_verdict::bystander, {}};
  // Without options of its own the prompt takes whatever the platform offers.
  auto& options = one.what.options;
  if (!options.empty() &&
      std::none_of(options.begin(), options.end(), [&](auto& y) { return y.id == x.option_id; }))
    return {prompt_verdict::no_option, {}};
  settle(*it, stage::answered, now);
  return {prompt_verdict::taken, {}};
}

prompt_hearing prompts::wrote(const inbound_event& x, const answerer& by, instant now) {
  auto at = numbered_.find(x.source.chat_id);
  if (at == numbered_.end()) return {};
  const auto number = number_of(x.text);
  const auto words = folded(x.text);
  // The newest one that still waits is what people see last and mean; the others keep waiting. A label says
  // by itself which one is meant.
  for (auto key = at->second.rbegin(); key != at->second.rend(); ++key) {
    auto* it = known_.find(*key);
    auto& one = it->value;
    auto& options = one.what.options;
    if (one.until <= now || !is_there(x.source, one.what) || !may_decide(by, one.what)) continue;
    const bool counts = number > 0 && number <= options.size();
    const auto* chosen = counts ? &options[number - 1] : option_called(words, options);
    if (chosen == nullptr && number > 0) return {};
    if (chosen == nullptr) continue;
    prompt_hearing out{prompt_verdict::numbered, {one.what.prompt_id, chosen->id, chosen->label, {}, true}};
    settle(*it, stage::answered, now); // ends the iteration: it changes the list
    return out;
  }
  return {};
}

void prompts::settle(known::entry& one, stage next, instant now) {
  auto& x = one.value;
  touch(one.key());
  unnumber(one);
  x.now = next;
  bytes_ -= size_of(x.what);
  x.what.options.clear();
  bytes_ += size_of(x.what);
  x.changed = now;
  known_.touch(one);
}

void prompts::unnumber(known::entry& x) {
  if (!x.value.numbered) return;
  x.value.numbered = false;
  auto at = numbered_.find(x.value.what.chat.chat_id);
  std::erase(at->second, x.key());
  if (at->second.empty()) numbered_.erase(at);
}

void prompts::forget(known::entry& x) {
  touch(x.key());
  unnumber(x);
  bytes_ -= size_of(x.value.what);
  auto of_id = by_id_.find(x.value.what.prompt_id);
  std::erase(of_id->second, x.key());
  if (of_id->second.empty()) by_id_.erase(of_id);
  known_.erase(x);
}

void prompts::trim(instant now) {
  // An expired prompt is remembered as long again, so that its late answers are told from unknown ones, and a
  // decided one for as long as its action may leave once more.
  while (auto* x = known_.oldest()) {
    const bool too_many = known_.size() > rules_.max || (bytes_ > rules_.max_bytes && known_.size() > 1);
    if (!too_many && now - x->value.changed < std::max(2 * rules_.lifetime, rules_.resumable)) break;
    forget(*x);
  }
}

bool prompts::minted_here(const std::string& id) const {
  return !nonce_.empty() && id.size() > nonce_.size() + 1 && id.starts_with(nonce_) &&
         id[nonce_.size()] == '.';
}

std::size_t prompts::unanswered(instant now) const {
  std::size_t out = 0;
  known_.for_each([&](const auto& x) { out += x.value.now == stage::open && x.value.until > now ? 1U : 0U; });
  return out;
}

} // namespace relay::core

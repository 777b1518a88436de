#include "relay_gateway/actors/inbound/core/dedupe_index.hpp"

#include "relay_gateway/messages/fnv.hpp"
#include "relay_gateway/messages/lengths.hpp"
#include "relay_gateway/messages/wire/http/hex.hpp"

#include <array>
#include <charconv>
#include <initializer_list>

namespace relay::core {

namespace {

// Neither letter begins a key of the first format, which had no profile and no origin.
constexpr char buffer_mark = 'B', message_mark = 'M';
constexpr char version_mark = '#';
constexpr std::size_t version_digits = 16;

void append_part(std::string& out, std::string_view part) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), part.size()).ptr;
  out.append(digits.data(), end).append(1, ':').append(part);
}

/// FNV-1a over parts that are kept apart by their lengths, then mixed. On disk, so never changed.
class digest {
public:
  digest& add(std::string_view part) {
    std::array<char, 21> size{};
    auto* end = std::to_chars(size.data(), size.data() + size.size(), part.size()).ptr;
    *end++ = ':';
    h_ = fnv1a({size.data(), static_cast<std::size_t>(end - size.data())}, h_);
    h_ = fnv1a(part, h_);
    return *this;
  }
  void add_hex(std::string& out) const {
    auto h = mixed(h_);
    if (h == 0) h = 1; // 0 stands for an unknown version
    wire::add_hex(out, h, version_digits);
  }
  std::string hex() const {
    std::string out;
    add_hex(out);
    return out;
  }

private:
  std::uint64_t h_ = fnv_start;
};

/// Text, media and their order: what a person sees of a message.
void append_version(std::string& key, const inbound_event& x) {
  digest out;
  out.add(x.text);
  for (const auto& url : x.media_urls) out.add(url);
  out.add("media");
  for (const auto& m : x.media)
    out.add(m.url).add(m.kind).add(m.mime).add(m.filename).add(m.caption).add(std::to_string(m.size));
  key += version_mark;
  out.add_hex(key);
}

const std::string& chat_or_participant(const event_source& from) {
  if (!from.chat_id.empty()) return from.chat_id;
  return from.user_id_alt.empty() ? from.user_id : from.user_id_alt;
}

void append_message(std::string& out, std::string_view platform, std::string_view profile,
                    std::string_view chat_id, std::string_view message_id) {
  append_part(out, platform);
  append_part(out, profile == "default" ? std::string_view{} : profile); // as in the session key
  append_part(out, chat_id);
  out.append(message_id);
}

void append_message(std::string& out, const inbound_event& x) {
  append_message(out, x.source.platform, x.source.profile, chat_or_participant(x.source), x.message_id);
}

bool has_version(std::string_view key) {
  return key.size() > version_digits + 2 && key.front() == message_mark &&
         key[key.size() - version_digits - 1] == version_mark;
}

} // namespace

std::string origin_name(std::string_view connector_url, std::string_view tenant) {
  return digest{}.add(connector_url).add(tenant).hex();
}

std::string buffer_key(const inbound_event& x, const buffered_id& buffered) {
  std::string key;
  if (buffered.empty()) return key;
  key += buffer_mark;
  append_part(key, buffered.origin);
  // A longer one is refused as an event, and yet acknowledged once: it is known by its digest.
  append_part(key, buffered.id.size() > longest_id ? digest{}.add(buffered.id).hex() : buffered.id);
  append_message(key, x);
  // An id that is given again may name another edit of the same message, or another nameless message.
  if (x.message_id.empty() || x.source.message_is_edit) append_version(key, x);
  return key;
}

std::string message_key(std::string_view platform, std::string_view profile, std::string_view chat_id,
                        std::string_view message_id) {
  std::string key(1, message_mark);
  append_message(key, platform, profile, chat_id, message_id);
  key.append(1, version_mark).append(version_digits, '0');
  return key;
}

std::vector<std::string> keys_of(const inbound_event& event, const buffered_id& buffered) {
  std::vector<std::string> keys;
  keys.reserve((buffered.empty() ? 0U : 1U) + (event.message_id.empty() ? 0U : 1U));
  if (!buffered.empty()) keys.push_back(buffer_key(event, buffered));
  if (event.message_id.empty()) return keys;
  auto& key = keys.emplace_back();
  constexpr std::size_t around = 48; // marks, lengths and the version
  key.reserve(around + event.source.platform.size() + event.source.profile.size() +
              chat_or_participant(event.source).size() + event.message_id.size());
  key += message_mark;
  append_message(key, event);
  append_version(key, event);
  return keys;
}

std::string_view name_of_key(std::string_view key) {
  if (has_version(key)) key.remove_suffix(version_digits + 1);
  return key;
}

std::uint64_t version_of_key(std::string_view key) {
  std::uint64_t out = 0;
  if (has_version(key)) std::from_chars(key.end() - version_digits, key.end(), out, 16);
  return out;
}

const char* to_string(repeat_reason x) {
  switch (x) {
  case repeat_reason::buffer_id: return "buffer_id";
  case repeat_reason::message_id: return "message_id";
  case repeat_reason::version: return "version";
  }
  return "unknown";
}

dedupe_index::finding dedupe_index::find(const std::vector<std::string>& keys, bool edit, instant now) {
  trim(now);
  finding unknown;
  for (auto& key : keys) {
    const auto* found = keys_.find(print(key));
    if (!found) continue;
    auto& x = found->value;
    const bool message = has_version(key);
    if (message && edit && (x.version == 0 || x.version != version_of_key(key))) {
      unknown.seq = x.seq;
      continue;
    }
    return {x.open ? verdict::open : verdict::settled, x.seq,
            !message ? repeat_reason::buffer_id
            : edit   ? repeat_reason::version
                     : repeat_reason::message_id};
  }
  return unknown;
}

/// It is open from now on.
void dedupe_index::own(known::entry& x, std::string_view key, std::uint64_t seq) {
  if (!x.value.open) {
    bytes_ -= known::bytes_each;
    keys_.leave(x);
  }
  x.value = {seq, version_of_key(key), true, {}};
}

void dedupe_index::claim(const std::vector<std::string>& keys, std::uint64_t seq) {
  for (auto& key : keys) (void)claim(key, seq);
}

bool dedupe_index::claim(std::string_view key, std::uint64_t seq) {
  bool first = false;
  auto& x = keys_.put(print(key), first);
  if (first || (has_version(key) && x.value.seq < seq)) own(x, key, seq);
  return first;
}

void dedupe_index::take_over(const std::vector<std::string>& keys, std::uint64_t seq) {
  for (auto& key : keys) {
    bool first = false;
    auto& x = keys_.put(print(key), first);
    if (first || x.value.open || (has_version(key) && x.value.seq < seq)) own(x, key, seq);
  }
}

void dedupe_index::settle(const std::vector<std::string>& keys, std::uint64_t seq, instant at, instant now) {
  for (auto& key : keys) {
    bool first = false;
    auto& x = keys_.put(print(key), first);
    if (!first && x.value.seq != seq && (x.value.open || x.value.seq > seq)) continue;
    if (!first && !x.value.open && !has_version(key)) continue;
    own(x, key, seq);
    x.value.open = false;
    x.value.at = at;
    keys_.touch(x);
    bytes_ += known::bytes_each;
  }
  trim(now);
}

void dedupe_index::release(const std::vector<std::string>& keys, std::uint64_t seq) {
  for (auto& key : keys)
    if (auto* x = keys_.find(print(key)); x && x->value.open && x->value.seq == seq) keys_.erase(*x);
}

void dedupe_index::trim(instant now) {
  while (auto* x = keys_.oldest()) {
    if (keys_.aged() <= max_ && bytes_ <= max_bytes_ && now - x->value.at < window_) break;
    bytes_ -= known::bytes_each;
    keys_.erase(*x);
  }
}

} // namespace relay::core

#include "relay_gateway/actors/egress/core/action_digest.hpp"

#include "relay_gateway/messages/fnv.hpp"
#include "relay_gateway/messages/wire/actions/action_forms.hpp"
#include "relay_gateway/messages/wire/http/hex.hpp"

#include <charconv>
#include <string_view>

namespace relay::core {

namespace {

constexpr std::string_view mark = "\n#";
constexpr std::size_t digits = 16;

/// FNV-1a over texts, each with its length: no choice of texts looks like another one.
class hasher {
public:
  void text(std::string_view x) {
    number(x.size());
    h_ = fnv1a(x, h_);
  }
  void number(std::uint64_t x) {
    if (x < 256) { // seven zero bytes follow, which only multiply
      h_ = (h_ ^ x) * prime_to_the_8th;
      return;
    }
    for (int shift = 0; shift < 64; shift += 8) byte(static_cast<unsigned char>(x >> shift));
  }
  std::uint64_t value() const { return h_ == 0 ? 1 : h_; }

private:
  static constexpr std::uint64_t prime_to_the_8th = [] {
    std::uint64_t out = 1;
    for (int i = 0; i < 8; ++i) out *= fnv_prime;
    return out;
  }();
  void byte(unsigned char c) { h_ = (h_ ^ c) * fnv_prime; }
  std::uint64_t h_ = fnv_start;
};

std::uint64_t digest_with(const action_request& x, const std::string& metadata, const std::string& rest) {
  static const follow_up_fields no_session;
  static const local_file no_file;
  const auto* found_session = follow_up_of(x.act);
  const auto* found_file = file_of(x.act);
  const auto& session = found_session != nullptr ? *found_session : no_session;
  const auto& file = found_file != nullptr ? *found_file : no_file;
  hasher h;
  h.text(to_string(x.act.kind));
  for (const auto* part :
       {&x.platform, &x.delivery_id, &x.act.chat_id, &x.act.content, &x.act.message_id, &x.act.reply_to,
        &session.session_key, &session.kind, &metadata, &rest, &file.path, &file.mime})
    h.text(*part);
  return h.value();
}

/// Whether there is but one way to write it: most objects have no member, or one.
bool is_plain(const std::string& json) { return json.find_first_of(",\\") == std::string::npos; }

} // namespace

std::uint64_t digest_of(const action_request& x) { return digest_with(x, x.act.metadata, x.act.rest.text()); }

action_digests digests_of(const action_request& x) {
  action_digests out;
  out.as_it_came = digest_of(x);
  const auto &metadata = x.act.metadata, &rest = x.act.rest.text();
  const bool one_form = is_plain(metadata) && is_plain(rest);
  out.sorted = out.as_it_came;
  if (one_form) return out;
  const auto sorted = wire::sorted_members_of(x.act);
  out.sorted = digest_with(x, sorted.metadata, sorted.rest);
  return out;
}

std::string text_of_digest(std::uint64_t x) { return wire::hex(x, digits); }

std::string with_digest(const std::string& id, std::uint64_t digest) {
  return id.empty() || digest == 0 ? id : id + std::string{mark} + text_of_digest(digest);
}

std::pair<std::string, std::uint64_t> without_digest(const std::string& stored) {
  constexpr auto tail = mark.size() + digits;
  if (stored.size() <= tail || stored.compare(stored.size() - tail, mark.size(), mark) != 0)
    return {stored, 0};
  std::uint64_t digest = 0;
  auto* last = stored.data() + stored.size();
  auto [end, err] = std::from_chars(last - digits, last, digest, 16);
  if (err != std::errc{} || end != last) return {stored, 0};
  return {stored.substr(0, stored.size() - tail), digest};
}

action_result id_conflict() {
  return action_result::failed("request_id_conflict",
                               "this request id was used for another action; nothing was sent");
}

} // namespace relay::core

#include "relay_gateway/actors/egress/core/idempotency_cache.hpp"

#include <string_view>
#include <utility>

namespace relay::core {

namespace {

// What nearly every connector says of a success is made again from the id.
constexpr std::string_view before_id = R"({"success":true,"message_id":")", behind_id = R"("})";

bool said_no_more(const action_result& x) {
  const std::string_view raw{x.raw};
  return raw.size() == before_id.size() + x.message_id.size() + behind_id.size() &&
         raw.starts_with(before_id) && raw.ends_with(behind_id) &&
         raw.substr(before_id.size(), x.message_id.size()) == x.message_id;
}

} // namespace

idempotency_cache::packed_result::packed_result(const action_result& x) {
  if (x.how != outcome::done || !x.message_ids.empty() || !x.error.empty() || !x.code.empty() ||
      !x.prompt_id.empty() || x.retry_after_ms != 0) {
    other_ = std::make_unique<const action_result>(x);
    return;
  }
  id_size_ = x.message_id.size();
  if (said_no_more(x)) {
    success_ = x.message_id;
    brief_ = true;
    return;
  }
  success_.reserve(id_size_ + x.raw.size());
  success_.append(x.message_id).append(x.raw);
}

action_result idempotency_cache::packed_result::unpacked() const {
  if (other_) return *other_;
  auto out = action_result::success();
  out.message_id.assign(success_, 0, id_size_);
  if (brief_)
    out.raw.append(before_id).append(success_).append(behind_id);
  else
    out.raw.assign(success_, id_size_, std::string::npos);
  return out;
}

std::size_t idempotency_cache::packed_result::bytes() const {
  if (!other_) return success_.size();
  const auto& x = *other_;
  auto out =
      sizeof x + x.message_id.size() + x.error.size() + x.code.size() + x.raw.size() + x.prompt_id.size();
  for (const auto& one : x.message_ids) out += sizeof(std::string) + one.size();
  return out;
}

idempotency_cache::verdict idempotency_cache::open(const std::string& id, instant now, std::uint64_t digest,
                                                   std::uint64_t before) {
  trim(now);
  bool fresh = false;
  auto& x = entries_.put(print(id), fresh).value;
  if (fresh) {
    x.digest = digest;
    return verdict::fresh;
  }
  if (digest != 0 && x.digest != 0 && digest != x.digest && before != x.digest) return verdict::conflict;
  return x.settled ? verdict::settled : verdict::pending;
}

void idempotency_cache::record(entries::entry& x, const action_result& result, instant at, instant now) {
  x.value.result = packed_result{result};
  x.value.settled = true;
  x.value.at = at;
  entries_.touch(x);
  bytes_ += entries::bytes_each + x.value.result.bytes();
  trim(now);
}

void idempotency_cache::settle(const std::string& id, const action_result& result, instant now) {
  auto* x = entries_.find(print(id));
  if (!x || x->value.settled) return;
  record(*x, result, now, now);
}

void idempotency_cache::restore(const std::string& id, const action_result& result, instant now,
                                milliseconds age, std::uint64_t digest) {
  bool fresh = false;
  auto& x = entries_.put(print(id), fresh);
  if (!fresh) return;
  x.value.digest = digest;
  record(x, result, now - age, now);
}

std::optional<action_result> idempotency_cache::recorded(const std::string& id) const {
  const auto* x = entries_.find(print(id));
  return x && x->value.settled ? std::optional{x->value.result.unpacked()} : std::nullopt;
}

void idempotency_cache::erase(entries::entry& x) {
  if (x.value.settled) bytes_ -= entries::bytes_each + x.value.result.bytes();
  entries_.erase(x);
}

void idempotency_cache::forget(const std::string& id) {
  if (auto* x = entries_.find(print(id))) erase(*x);
}

void idempotency_cache::trim(instant now) {
  while (auto* x = entries_.oldest()) {
    const bool large = bytes_ > max_bytes_ && entries_.aged() > 1; // whoever asked last may ask again
    if (entries_.aged() <= max_ && !large && now - x->value.at < window_) break;
    erase(*x);
  }
}

} // namespace relay::core

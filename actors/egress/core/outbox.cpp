#include "relay_gateway/actors/egress/core/outbox.hpp"

#include "relay_gateway/actors/egress/core/action_digest.hpp"
#include "relay_gateway/messages/contract/op_traits.hpp"
#include "relay_gateway/messages/errors.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace relay::core {

namespace {

/// The message, or draft, of which an action is a state; empty = it is none.
std::string state_of(const stored_action& x) {
  auto& act = x.what.act;
  const auto* draft = draft_of(act);
  const auto& name = draft != nullptr ? draft->id : act.message_id;
  if (!traits_of(act.kind).replaces || name.empty()) return {};
  return x.where.platform + "\n" + act.chat_id + (draft != nullptr ? "\nd" : "\nm") + name;
}

/// Tokens of states that a newer one took the frame of: sent again by themselves they would undo it.
std::set<std::uint64_t> overtaken(const std::vector<stored_action>& open) {
  std::map<std::string, std::uint64_t> newest; // of those whose frame may be out
  for (auto& x : open)
    if (auto state = state_of(x); x.maybe_written && !state.empty())
      newest[state] = std::max(newest[state], x.token);
  std::set<std::uint64_t> out;
  for (auto& x : open)
    if (auto it = newest.find(state_of(x)); it != newest.end() && x.token < it->second) out.insert(x.token);
  return out;
}

} // namespace

const char* to_string(resumption x) {
  switch (x) {
  case resumption::sent: return "sent";
  case resumption::unknown: return "unknown";
  case resumption::refused: break;
  }
  return "refused";
}

outbox_admission outbox::accept(std::uint64_t token, const action_request& asked, std::uint64_t digest,
                                const route& where, bool ready, bool behind, instant now,
                                std::int64_t wall_ms) {
  if (!rules_.durable) return {};
  if (!traits_of(asked.act.kind).recorded) return {action_record::none, behind};
  entry x;
  x.stored_id = with_digest(asked.request_id, digest);
  x.until = now + rules_.hold;
  x.resend = asked.resend_unknown;
  const bool at_once = ready && file_of(asked.act) == nullptr;
  stored_action what{token, asked, where, at_once, wall_ms + rules_.hold.count()};
  what.what.request_id = x.stored_id;
  add(action_taken{std::move(what)});
  open_.emplace(token, std::move(x));
  return {at_once ? action_record::maybe_written : action_record::not_written, true};
}

void outbox::wait(chat_action x, instant now) {
  waiting_.push_back({next_number(), now + rules_.hold, std::move(x)});
}

void outbox::intend(write_intent x) {
  for (auto token : x.tokens)
    if (open_.count(token) > 0) add(action_marked{token, x.maybe_written});
  if (x.maybe_written) intents_.push_back({next_number(), std::move(x)});
}

bool outbox::must_be_stored(const entry& x, const action_result& result, instant now) const {
  return result.how == outcome::definite && (x.resend || result.raw.empty()) && now < x.until;
}

bool outbox::settle(std::uint64_t token, const action_result& result, instant now) {
  auto it = open_.find(token);
  if (it == open_.end()) return true;
  auto& x = it->second;
  add(action_settled{token, x.stored_id, result});
  if (!must_be_stored(x, result, now)) {
    open_.erase(it);
    return true;
  }
  x.settled = true;
  x.result = result;
  deferred_.push_back({next_number(), token, x.until});
  return false;
}

bool outbox::is_settled(std::uint64_t token) const {
  auto it = open_.find(token);
  return it != open_.end() && it->second.settled;
}

std::optional<outbox_commit> outbox::next_commit() {
  if (batch_.empty() || !may_commit()) return std::nullopt;
  return outbox_commit{++commits_, std::exchange(batch_, {})};
}

void outbox::stored(std::uint64_t number, outbox_step& out) {
  commits_done_ = std::max(commits_done_, number);
  for (; !waiting_.empty() && waiting_.front().commit <= commits_done_; waiting_.pop_front()) {
    if (given_up_ > 0)
      --given_up_;
    else
      out.ready.push_back(std::move(waiting_.front().what));
  }
  for (; !intents_.empty() && intents_.front().commit <= commits_done_; intents_.pop_front())
    out.committed.push_back(std::move(intents_.front().what));
  tell_deferred(instant::min(), out);
}

void outbox::tell_deferred(instant now, outbox_step& out) {
  std::erase_if(deferred_, [&](const deferred_outcome& x) {
    if (x.commit > commits_done_ && x.until > now) return false;
    if (auto it = open_.find(x.token); it != open_.end()) {
      out.told.push_back({x.token, std::move(it->second.result)});
      open_.erase(it);
    }
    return true;
  });
}

void outbox::expire(instant now, outbox_step& out) {
  for (; given_up_ < waiting_.size() && waiting_[given_up_].until <= now; ++given_up_) {
    auto& x = waiting_[given_up_].what;
    out.not_stored.push_back(x.token);
    x.act = {}; // it stays only for its place in the line
  }
  tell_deferred(now, out);
}

deadline outbox::due() const {
  deadline at;
  if (given_up_ < waiting_.size()) at = waiting_[given_up_].until;
  if (!deferred_.empty()) at = earlier(at, deferred_.front().until);
  return at;
}

std::vector<resumed_action> outbox::resume(outbound_image& image,
                                           const std::function<bool(const std::string&)>& serves, instant now,
                                           std::int64_t wall_ms) {
  tokens_ = std::max(tokens_, image.last_token);
  const auto replaced = overtaken(image.open);
  std::vector<resumed_action> out;
  out.reserve(image.open.size());
  for (auto& stored : image.open) {
    resumed_action x;
    x.what = std::move(stored);
    auto& asked = x.what.what;
    if (replaced.count(x.what.token) > 0) asked.resend_unknown = false;
    entry known;
    known.stored_id = asked.request_id;
    known.resend = asked.resend_unknown;
    std::tie(asked.request_id, x.digest) = without_digest(known.stored_id);
    judge(x, serves(x.what.where.platform), now, wall_ms);
    known.until = x.until;
    open_.emplace(x.what.token, std::move(known));
    out.push_back(std::move(x));
  }
  return out;
}

void outbox::judge(resumed_action& x, bool served, instant now, std::int64_t wall_ms) const {
  const bool maybe_out = x.what.maybe_written;
  const auto end = [&](resumption how, action_result result) {
    x.how = how;
    x.result = std::move(result);
  };
  if (maybe_out && !x.what.what.resend_unknown)
    return end(resumption::unknown,
               action_result::ambiguous("the gateway was restarted while this was being sent; nobody "
                                        "knows whether it arrived"));
  if (!served && maybe_out)
    return end(resumption::unknown,
               action_result::ambiguous("the gateway was restarted while this was being sent, and its "
                                        "platform is not fronted any more"));
  if (!served)
    return end(resumption::refused,
               action_result::failed(to_string(ec::unknown_platform),
                                     "platform '" + x.what.where.platform +
                                         "' is not fronted by this gateway any more; nothing was sent"));
  // Whoever was told by then that it was not sent was told the truth.
  auto left = rules_.hold;
  if (x.what.until_ms != 0) left = std::min(left, milliseconds{x.what.until_ms - wall_ms});
  if (left.count() > 0) {
    x.until = now + left;
    return;
  }
  if (maybe_out)
    return end(resumption::unknown,
               action_result::ambiguous("the gateway was restarted while this was being sent, and it is "
                                        "too late to send it again"));
  end(resumption::refused,
      action_result::failed("not_connected", "not connected to the connector in time, also before "
                                             "a restart of the gateway; nothing was sent"));
}

} // namespace relay::core

#include "relay_gateway/tests/sim/models/connector/platform_side.hpp"

namespace relay::sim {

carried_out platform_side::read(const json& frame) {
  carried_out x;
  auto& act = member(frame, "action");
  auto& metadata = member(act, "metadata");
  x.request_id = text(frame, "requestId");
  x.platform_tag = text(frame, "platform");
  x.bot_tag = text(frame, "botId");
  x.op = text(act, "op");
  x.chat_id = id_text(act, "chat_id");
  x.content = text(act, "content");
  x.message_id = id_text(act, "message_id");
  x.reply_to = id_text(act, "reply_to");
  x.session_key = text(act, "session_key");
  x.kind = text(act, "kind");
  x.prompt_id = text(act, "prompt_id");
  x.draft_id = id_text(act, "draft_id");
  x.emoji = text(act, "emoji");
  x.final = flag(act, "final");
  x.scope_id = text(metadata, "scope_id");
  x.guild_id = text(metadata, "guild_id");
  x.user_id = text(metadata, "user_id");
  x.profile = text(metadata, "profile");
  x.mark = text(act, "q");
  return x;
}

answer_plan platform_side::carry_out(carried_out& x, milliseconds patience) {
  auto& faults = on_.faults;
  answer_plan out;
  out.delay = rng_.with_tail(usec{2'000});
  json_object result;
  auto fail = [&](const char* error, const char* code) {
    result.flag("success", false).text("error", error).maybe("code", code);
  };
  if (faults.hit(fault::rate_limited)) {
    auto& rng = faults.of(fault::rate_limited);
    constexpr std::int64_t beyond_all_patience = 3600;
    x.retry_after_s = rng.chance(0.1) ? beyond_all_patience : static_cast<std::int64_t>(rng.below(8)) + 1;
    fail("slow down", "");
    result.number(rng.chance(0.8) ? "retry_after" : "retryAfter", x.retry_after_s);
  } else if (faults.hit(fault::result_failed)) {
    constexpr std::array<const char*, 3> codes{"", "platform_error", "rate_limited"};
    fail("the platform said no", faults.of(fault::result_failed).one_of(codes));
  } else if (faults.hit(fault::result_declined)) {
    if (faults.of(fault::result_declined).chance(0.5)) {
      fail("declined", "egress_declined");
    } else {
      fail("Egress Declined: not for this tenant", "");
    }
  } else if (faults.hit(fault::result_ambiguous)) {
    x.applied = faults.of(fault::result_ambiguous).chance(0.5);
    result.flag("success", false).text("error", "timed out; egress declined: or not").flag("ambiguous", true);
  } else if (faults.hit(fault::result_unreadable)) {
    x.applied = faults.of(fault::result_unreadable).chance(0.5);
    out.result = "5";
  } else {
    x.applied = true;
    result.flag("success", true);
    auto makes = x.op == "send" || x.op == "send_media" || x.op == "prompt" || x.op == "follow_up" ||
                 x.op == "draft" || x.op == "task_card";
    if (makes) {
      x.new_message_id = fresh_message_id();
      result.text("message_id", x.new_message_id);
    }
    if (x.op == "thread_create") result.text("thread_id", "t" + std::to_string(++messages_));
    if (x.op == "get_chat_info") result.raw("chat_info", R"({"name":"a room","type":"group"})");
  }
  if (out.result.empty()) out.result = result.done();
  if (faults.hit(fault::result_missing)) {
    out.result.clear();
    return out;
  }
  out.twice = faults.hit(fault::result_twice);
  if (faults.hit(fault::result_late)) {
    auto& rng = faults.of(fault::result_late);
    out.delay = rng.between(usec{0}, usec{patience} * 3 / 2);
    out.next_link = rng.chance(0.3);
  }
  return out;
}

} // namespace relay::sim

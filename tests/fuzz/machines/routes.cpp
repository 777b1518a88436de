// Where actions go (protocol.md 6, routing 1, 2, 5 and 6): events are seen and actions routed in any order.
// No action leaves under another bot's name or with the tenant of somebody else (F35 to F41, F74), or to a
// thread of another chat.
#include "relay_gateway/actors/egress/core/routing/routes.hpp"

#include "relay_gateway/tests/fuzz/fuzz.hpp"

#include <algorithm>
#include <map>

namespace relay::fuzz {
namespace routes_target {

using namespace core;

constexpr std::size_t max_chats = 5, max_turns = 4;
const char* const platforms[] = {"discord", "telegram", "relay", "", "slack"};
const char* const chats[] = {"1", "2", "3", "t1", "t2", "p", ""};

class env {
public:
  void step(bytes& in) {
    switch (in.below(8)) {
    case 0: front(in); break;
    case 1:
    case 2:
    case 3: see(in); break;
    default: route_one(in); break;
    }
    require(table_.chats() <= max_chats && table_.turns() <= max_turns, "what is remembered has a bound");
  }

private:
  void front(bytes& in) {
    fronted_.clear();
    const auto mask = in.byte();
    if ((mask & 1) != 0) fronted_.push_back({"discord", "7", ""});
    if ((mask & 2) != 0) fronted_.push_back({"telegram", "", ""});
    if ((mask & 4) != 0) fronted_.push_back({generic_platform, "", ""});
    table_.fronted(fronted_);
  }

  void see(bytes& in) {
    route_seen x;
    x.chat = {platforms[in.below(5)], chats[in.below(6)]};
    if (in.flag()) x.thread_id = "th" + std::to_string(seen_.size());
    x.message_id = "m" + std::to_string(seen_.size());
    if (in.flag()) x.delivery_id = "d" + std::to_string(in.below(6));
    if (in.flag()) x.parent_chat_id = chats[in.below(6)];
    const auto who = in.below(4);
    if (who != 0) {
      // Every event has a tenant of its own, so that it can be told whose one comes back.
      x.who.user_id = "u" + std::to_string(seen_.size());
      if (who == 2) x.who.scope_id = "g" + std::to_string(seen_.size());
      if (who == 3) x.who.profile = "p";
    }
    seen_.push_back(x);
    table_.seen(x, now_);
  }

  const identity* identity_of(const std::string& platform) const {
    for (const auto& x : fronted_)
      if (x.platform == platform) return &x;
    return nullptr;
  }
  bool generic() const {
    return fronted_.empty() || (fronted_.size() == 1 && fronted_[0].platform == generic_platform);
  }

  void route_one(bytes& in) {
    constexpr op kinds[] = {op::send, op::send, op::follow_up, op::thread_rename, op::react};
    action_request x;
    x.platform = platforms[in.below(5)];
    if (in.flag()) x.delivery_id = "d" + std::to_string(in.below(6));
    x.act.kind = kinds[in.below(5)];
    x.act.chat_id = chats[in.below(7)];
    if (in.flag()) x.act.message_id = chats[in.below(6)];
    if (x.act.kind == op::follow_up)
      x.act.fields = follow_up_fields{{}, in.flag() ? "discord.reply" : "relay.reply"};
    const auto out = table_.resolve(x, now_);
    require(bool(out) == out.code.empty(), "a refusal has its code");
    if (!out) {
      require_line(out.error);
      require(identity_of(x.platform) == nullptr && !generic(),
              "only a platform that is not fronted is refused");
      return;
    }
    const auto& tag = out.where.platform;
    require(tag != generic_platform, "the generic name is no tag");
    const bool named = !x.platform.empty() && x.platform != generic_platform;
    require(!named || tag == x.platform, "a platform that is named is the tag (F39)");
    const auto* bot = identity_of(tag);
    require(out.where.bot_id == (bot != nullptr ? bot->bot_id : ""), "the bot is the platform's own (F39)");
    require(!out.untagged || (tag.empty() && fronted_.size() > 1), "untagged is told when it matters (F74)");
    if (!out.where.who.empty()) whose(x, out.where);
    if (!out.where.thread_id.empty()) in_its_chat(x, out.where);
  }

  /// The thread is that of an event of this very chat, or on Slack its message.
  void in_its_chat(const action_request& x, const route& where) const {
    const auto it = std::find_if(seen_.begin(), seen_.end(), [&](const route_seen& y) {
      return y.thread_id == where.thread_id || y.message_id == where.thread_id;
    });
    require(it != seen_.end(), "no thread is invented");
    require(x.act.chat_id.empty() ? it->delivery_id == x.delivery_id : it->chat.chat_id == x.act.chat_id,
            "a thread belongs to its chat");
    require(it->thread_id == where.thread_id || where.platform == "slack",
            "only on Slack a message is a thread");
    require(x.act.kind != op::thread_rename, "a thread action names its thread itself");
  }

  /// The tenant is that of the turn, or of an event of this very platform and chat (or its parent).
  void whose(const action_request& x, const route& where) const {
    const auto it =
        std::find_if(seen_.begin(), seen_.end(), [&](const route_seen& y) { return y.who == where.who; });
    require(it != seen_.end(), "no tenant is invented");
    const auto& from = *it;
    const bool turn = !x.delivery_id.empty() && from.delivery_id == x.delivery_id;
    const auto& thread = x.act.kind == op::thread_rename ? x.act.message_id : x.act.chat_id;
    const auto chat = from.chat.chat_id;
    bool about = chat == x.act.chat_id || chat == thread;
    // A thread's tenant may be its parent's (F37).
    for (const auto& y : seen_)
      if ((y.chat.chat_id == x.act.chat_id || y.chat.chat_id == thread) && y.parent_chat_id == chat)
        about = true;
    require(turn || about, "a tenant belongs to the turn or to the chat (F41)");
    const auto& theirs = from.chat.platform;
    require(theirs == where.platform || theirs == generic_platform || theirs.empty(),
            "a tenant stays on its platform (F40)");
  }

  route_table table_{{max_chats, max_turns}};
  instant now_{std::chrono::hours{1}};
  std::vector<identity> fronted_;
  std::vector<route_seen> seen_;
};

void run(std::string_view input) {
  env here;
  for (bytes in{input.substr(0, 400)}; in.more();) here.step(in);
}

const registration self{"routes", run};

} // namespace routes_target
} // namespace relay::fuzz

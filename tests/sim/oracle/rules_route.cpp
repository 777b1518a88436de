// The way out: platform, bot and tenant of each action, and what a platform can take (protocol.md 6,
// routing).
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/oracle/rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace relay::sim {

namespace {

/// Code points, or UTF-16 units.
std::size_t length_of(const std::string& text, bool utf16) {
  std::size_t n = 0;
  for (auto c : text) {
    auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) ++n;
    if (utf16 && byte >= 0xF0) ++n;
  }
  return n;
}

struct tags {
  std::string platform, bot, scope, guild, user, profile, thread;
};

tags tags_of(const json& frame) {
  auto& metadata = member(member(frame, "action"), "metadata");
  return {text(frame, "platform"),    text(frame, "botId"),      text(metadata, "scope_id"),
          text(metadata, "guild_id"), text(metadata, "user_id"), text(metadata, "profile"),
          text(metadata, "thread_id")};
}

bool fits(const tags& x, const told_event& of) {
  return x.scope == of.scope_id && x.guild == of.scope_id && x.user == of.user_id && x.profile == of.profile;
}

std::string show(const tags& x) {
  return x.platform + "/" + x.bot + " scope=" + x.scope + "/" + x.guild + " user=" + x.user +
         " profile=" + x.profile + " thread=" + x.thread;
}

/// Where in its chat an answer to this belongs (routing 5 and 6).
std::string thread_of(const told_event& x, bool slack_threads) {
  if (!x.thread_id.empty()) return x.thread_id;
  return x.platform == "slack" && slack_threads ? x.message_id : std::string{};
}

/// Every action carries what its own turn says; one without a turn what its chat said last.
class routes final : public rule {
public:
  explicit routes(checker& at) : rule(at, "routes") {}

  void settings_changed(const config::settings& x) override {
    for (auto& name : fronted_)
      if (std::none_of(x.relay.identities.begin(), x.relay.identities.end(),
                       [&](auto& who) { return who.platform == name; }))
        dropped_.insert(name);
    fronted_.clear();
    for (auto& who : x.relay.identities) {
      fronted_.insert(who.platform);
      bots_[who.platform].insert(who.bot_id);
    }
  }
  void happened(const told_event& x) override { by_chat_[x.chat_id].push_back(x.number); }

  void link_wrote(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "outbound") return;
    auto& act = member(frame.root, "action");
    auto x = tags_of(frame.root);
    look_at_bot(x);
    auto mark = text(act, "q");
    if (text(act, "chat_id").empty() && text(act, "op") != "follow_up")
      fail(text(act, "op") + " " + mark + " without a chat"); // protocol.md 6
    if (!mark.empty()) {
      of_agent(checker_.notes().actions[mark], act, x);
    } else if (auto* event = own(act, x.platform); event && !event->altered) {
      strict(event->what, x, "an own action of the gateway");
      placed(event->what, x, "an own action of the gateway");
    }
  }

private:
  void look_at_bot(const tags& x) {
    if (x.platform.empty()) {
      if (!x.bot.empty()) fail("a bot without a platform: " + x.bot);
      return;
    }
    auto it = bots_.find(x.platform);
    if (it == bots_.end()) return;
    auto dropped = x.bot.empty() && dropped_.count(x.platform) > 0; // asked for while it was not fronted
    if (it->second.count(x.bot) == 0 && !dropped)
      fail("platform " + x.platform + " with bot '" + x.bot + "'");
  }
  /// The event that a frame without a mark is about: an echo, or a reaction.
  event_record* own(const json& act, const std::string& platform) {
    auto& notes = checker_.notes();
    if (auto number = event_mark(text(act, "content")); number != 0) return &notes.events[number];
    if (text(act, "op") != "react") return nullptr;
    auto in = platform.empty() ? std::string{"relay"} : platform;
    auto it = notes.event_of_message.find(in + "/" + text(act, "chat_id") + "/" + text(act, "message_id"));
    return it == notes.event_of_message.end() ? nullptr : &notes.events[it->second];
  }
  void strict(const told_event& event, const tags& x, const std::string& what) {
    auto platform = event.platform == "relay" ? std::string{} : event.platform;
    if (x.platform != platform || !fits(x, event))
      fail(what + " answers e" + std::to_string(event.number) + " and carries " + show(x));
  }

  /// No agent here names a thread of its own.
  void placed(const told_event& event, const tags& x, const std::string& what) {
    auto thread = thread_of(event, checker_.what().settings.slack.reply_in_thread);
    if (x.thread != thread)
      fail(what + " answers e" + std::to_string(event.number) + ", belongs to thread '" + thread +
           "' and carries " + show(x));
  }

  void of_agent(const action_record& a, const json& act, const tags& x) {
    if (a.asks.empty()) return;
    auto named = a.platform;
    auto prefix = a.kind.substr(0, a.kind.find('.'));
    if (named.empty() && a.op == "follow_up" && fronted_.count(prefix) > 0) named = prefix;
    auto generic = fronted_.size() == 1 && fronted_.count("relay") > 0;
    if (!named.empty() && named != "relay" && !generic && bots_.count(named) == 0) {
      fail(a.mark + " was sent to platform '" + named + "', which is not fronted");
      return;
    }
    auto own_tenant = a.own_metadata.find("scope_id") != std::string::npos;
    if (own_tenant && x.scope != "its-own") {
      fail(a.mark + " lost its own scope_id");
      return;
    }
    auto* turn = checker_.notes().by_delivery(a.delivery_id);
    auto chat = text(act, "chat_id");
    if ((turn && turn->altered) || checker_.notes().altered_chat(chat))
      return; // whose turn it is, is not sure
    if (turn && known(*turn, a.delivery_id) && about(turn->what, chat, text(act, "message_id")) &&
        (named.empty() || named == turn->what.platform)) {
      if (!own_tenant) strict(turn->what, x, a.mark);
      if ((chat.empty() || chat == turn->what.chat_id) && a.op != "thread_create" && a.op != "thread_rename")
        placed(turn->what, x, a.mark);
      return;
    }
    if (!named.empty() && named != "relay" && x.platform != named) {
      fail(a.mark + " named " + named + " and carries " + show(x));
      return;
    }
    if (!own_tenant) loose(a, turn, chat, x);
  }
  /// The gateway remembers this turn.
  bool known(const event_record& x, const std::string& delivery) const {
    return std::any_of(x.deliveries.begin(), x.deliveries.end(), [&](auto& y) {
      // Handed out before the next router was there, and over by then: only the one that died heard of it.
      auto missed = y.acked && checker_.notes().lost_around(y.at, x.what.chat_id);
      return y.delivery_id == delivery && y.out_age == checker_.notes().outbound_age && !missed;
    });
  }
  static bool about(const told_event& x, const std::string& chat, const std::string& message) {
    return chat.empty() || chat == x.chat_id ||
           (!x.parent_id.empty() && chat == x.parent_id && message == x.chat_id);
  }
  /// Without a turn of its own: what was last said in its chat, or nothing.
  void loose(const action_record& a, const event_record* turn, const std::string& chat, const tags& x) {
    // The profile of a follow-up is its session key's (routing 4).
    auto nothing =
        x.scope.empty() && x.guild.empty() && x.user.empty() && (x.profile.empty() || a.op == "follow_up");
    std::vector<const told_event*> may;
    if (turn) may.push_back(&turn->what);
    for (auto* y : recent(chat.empty() && turn ? turn->what.chat_id : chat, a.asks.front().at))
      may.push_back(y);
    if (a.op == "thread_rename") // of a parent where nobody ever spoke: what its thread knows
      for (auto* y : recent(a.message_id, a.asks.front().at)) may.push_back(y);
    if (a.op == "thread_create" || a.op == "thread_rename") // the tenant of a thread is its parent's
      for (auto& where : checker_.what().places)
        if (where.chat_id == chat && !where.parent_id.empty())
          for (auto* y : recent(where.parent_id, a.asks.front().at)) may.push_back(y);
    auto same = [&](auto* y) {
      auto platform = y->platform == "relay" ? std::string{} : y->platform;
      return (x.platform.empty() || x.platform == platform || !a.platform.empty()) && fits(x, *y);
    };
    if (nothing || std::any_of(may.begin(), may.end(), same)) return;
    std::string said;
    for (auto* y : may) said += " e" + std::to_string(y->number);
    fail(a.mark + " (" + a.op + " to " + chat + ") carries " + show(x) + ", and what counts there is" + said);
  }
  /// The events of a chat that may count as its last one since a moment.
  std::vector<const told_event*> recent(const std::string& chat, usec asked) {
    if (chat.empty()) return {}; // who has no chat has none in common with others
    constexpr usec inside{2'000'000};
    struct counted {
      std::uint64_t read = 0; ///< the one that was read last, whatever is given out again
      usec at{0};
      const told_event* what = nullptr;
    };
    // By platform: what was said last. Sessions of one chat run side by side and are given out again, and of
    // many chats few may be kept: what was said last of all that was given out since a chat was forgotten.
    std::map<std::string, std::vector<counted>> sure_ones;
    std::vector<const told_event*> out;
    auto& notes = checker_.notes();
    for (auto number : by_chat_[chat]) {
      auto& x = notes.events[number];
      if (x.what.kind == event_kind::useless || x.what.kind == event_kind::poison) continue;
      usec touched{-1};
      for (auto& y : x.deliveries) touched = std::max(touched, y.at);
      if (checker_.what().agent == agent_choice::echo && x.was_read()) touched = x.reads.front().at;
      if (touched < usec{0} && !x.was_read()) continue;
      // One that was read and not given yet may be on its way; a press need not reach anybody.
      auto echoes_later = checker_.what().agent == agent_choice::echo && checker_.what().durable;
      auto just_read = x.was_read() && x.reads.back().at + inside >= asked; // again, perhaps by a new process
      // A router that dies soon after it heard of it may not have got it to a slow disk, and the next one has
      // what was there before.
      constexpr usec slowest{10'000'000};
      auto unwritten = std::any_of(notes.losses.begin(), notes.losses.end(),
                                   [&](auto lost) { return lost >= touched && lost < touched + slowest; });
      // Which of its reads was accepted is not known; what an operator has given out again is accepted anew.
      auto sure = x.reads.size() <= 1 && !x.retried && !echoes_later && !just_read &&
                  x.what.kind != event_kind::press && touched >= usec{0} && touched + inside < asked &&
                  notes.last_suspension + inside < asked && !unwritten;
      if (!sure) {
        out.push_back(&x.what);
        continue;
      }
      sure_ones[x.what.platform].push_back({x.was_read() ? x.reads.front().number : 0, touched, &x.what});
    }
    for (auto& [platform, all] : sure_ones) {
      std::stable_sort(all.begin(), all.end(), [](auto& a, auto& b) { return a.at < b.at; });
      const counted* best = nullptr;
      for (auto it = all.rbegin(); it != all.rend(); ++it)
        if (best == nullptr || it->read >= best->read) out.push_back((best = &*it)->what);
    }
    return out;
  }

  std::set<std::string> fronted_, dropped_;
  std::map<std::string, std::set<std::string>> bots_;
  std::map<std::string, std::vector<std::uint64_t>> by_chat_;
};

/// Nothing is sent that a platform cannot take.
class capability final : public rule {
public:
  explicit capability(checker& at) : rule(at, "capability") {}
  void link_read(std::uint64_t socket, const frame_view& frame) override {
    if (text(frame.root, "type") == "descriptor")
      told_[socket].emplace(text(member(frame.root, "descriptor"), "platform"), now());
  }
  /// Its word counts like the connector's.
  void altered_read(std::uint64_t socket, const frame_view& frame) override {
    auto& what = member(frame.root, "descriptor");
    if (text(frame.root, "type") == "descriptor" && what.IsObject()) altered_[socket].push_back(read(what));
  }
  void link_wrote(std::uint64_t socket, const frame_view& frame) override {
    if (text(frame.root, "type") != "outbound") return;
    auto& act = member(frame.root, "action");
    auto op = text(act, "op");
    auto content = text(act, "content");
    auto platform = text(frame.root, "platform");
    if (altered_[socket].empty()) sealed(act, platform);
    std::string why;
    for (auto& x : may_be(socket, platform)) {
      why = objection(x, op, content);
      if (why.empty()) return;
    }
    fail(text(frame.root, "requestId") + " to '" + platform + "': " + why);
  }

private:
  /// Outside Slack a sealed draft leaves no message: only one that its agent left open is sealed.
  void sealed(const json& act, const std::string& platform) {
    if (text(act, "op") != "draft" || !flag(act, "final") || platform.empty() || platform == "slack") return;
    auto it = checker_.notes().actions.find(text(act, "q"));
    if (it != checker_.notes().actions.end() && it->second.final)
      fail(it->first + ", a final draft, was sealed on " + platform);
  }
  static std::string objection(const platform_spec& x, const std::string& op, const std::string& content) {
    if (!x.supports(op)) return op + " is not supported";
    auto size = length_of(content, x.utf16);
    if (size > x.max_length)
      return "a text of " + std::to_string(size) + " where " + std::to_string(x.max_length) + " fit";
    return {};
  }
  /// protocol.md 4.
  static platform_spec read(const json& x) {
    platform_spec out;
    out.who.platform = text(x, "platform");
    auto& length = member(x, "max_message_length");
    if (length.IsNumber() && length.GetDouble() >= 1)
      out.max_length = static_cast<std::uint32_t>(std::min(length.GetDouble(), 4e9));
    out.utf16 = text(x, "len_unit") == "utf16";
    out.drafts = flag(x, "supports_draft_streaming");
    auto& ops = member(x, "supported_ops");
    if (ops.IsArray())
      for (auto& op : ops.GetArray())
        if (op.IsString()) out.ops.emplace_back(op.GetString());
    return out;
  }
  /// What the gateway may take the platform for: as told on this connection, the contract's defaults as long
  /// as it was not, or not for long.
  std::vector<platform_spec> may_be(std::uint64_t socket, const std::string& platform) {
    constexpr usec inside{2'000'000};
    std::vector<platform_spec> out;
    auto& told = told_[socket];
    auto add = [&](const std::string& name) {
      auto it = told.find(name);
      auto* known = checker_.what().platform(name); // of others the connector says the contract's defaults
      if (it == told.end() || it->second + inside > now() ||
          checker_.notes().suspended_until + inside > now())
        out.emplace_back();
      if (it != told.end()) out.push_back(known ? *known : platform_spec{});
    };
    if (!platform.empty()) {
      add(platform);
    } else {
      for (auto& [name, at] : told) add(name);
      if (told.empty()) out.emplace_back();
    }
    for (auto& x : altered_[socket])
      if (platform.empty() || x.who.platform == platform) out.push_back(x);
    return out;
  }
  std::map<std::uint64_t, std::map<std::string, usec>> told_;
  std::map<std::uint64_t, std::vector<platform_spec>> altered_;
};

} // namespace

void add_route_rules(rule_list& to, checker& at) {
  to.push_back(std::make_unique<routes>(at));
  to.push_back(std::make_unique<capability>(at));
}

} // namespace relay::sim

// What people do to what they wrote, and whose word counts (protocol.md 5.1, Repeats; 6, prompts).
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/oracle/rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace relay::sim {

namespace {

/// Of a message that is edited, also back to an older text, an agent gets the latest version last.
class latest_version final : public rule {
public:
  explicit latest_version(checker& at) : rule(at, "latest-version") {}
  void happened(const told_event& x) override {
    if (x.edit_of == 0) return;
    auto& all = versions_[x.edit_of];
    if (all.empty()) all.push_back(x.edit_of);
    all.push_back(x.number);
  }
  std::string unsettled() override {
    if (checker_.what().agent == agent_choice::echo) return {};
    auto& notes = checker_.notes();
    for (auto& [first, all] : versions_) {
      auto& latest = notes.events[all.back()];
      // Whether every version reaches an agent is another rule's business.
      if (latest.deliveries.empty() || latest.set_aside || latest.retried || latest.altered) continue;
      if (notes.lost_since(latest.reads.empty() ? usec{0} : latest.reads.front().at)) continue;
      for (auto number : all) {
        auto& older = notes.events[number];
        auto later = !older.deliveries.empty() && older.deliveries.back().at > latest.deliveries.back().at;
        if (number == all.back() || !later || older.retried) continue;
        // Lost with an inbound that died, while a later one was still to come: the connector brings it again
        // behind that.
        const bool came_late = older.deliveries.front().at > latest.deliveries.front().at;
        if (came_late && older.was_read() && notes.lost_since(older.reads.front().at)) continue;
        return "e" + std::to_string(number) + " came after the later version of its message, e" +
               std::to_string(all.back());
      }
    }
    return {};
  }

private:
  std::map<std::uint64_t, std::vector<std::uint64_t>> versions_; ///< by the first one's number: in order
};

/// An approval in a group is decided by whoever it answers: nobody else's word reaches the agent as an
/// answer, and what others press leaves it open.
class approvals final : public rule {
public:
  explicit approvals(checker& at) : rule(at, "approvals") {}
  void settings_changed(const config::settings& x) override {
    lifetime_ = x.limits.prompt_lifetime;
    by_asker_ = x.prompts.approval_by == config::approval_by::asker;
  }
  void agent_read(std::uint64_t, const frame_view& frame) override {
    auto& act = member(frame.root, "action");
    if (text(frame.root, "type") != "action" || text(act, "prompt_kind") != "approval") return;
    approval x;
    x.mark = text(act, "q");
    x.at = now();
    auto delivery = text(frame.root, "delivery_id");
    auto* turn = checker_.notes().by_delivery(delivery);
    auto direct = turn && looks_direct(*turn, delivery);
    if (!by_asker_ || !turn || direct || turn->altered || turn->what.chat_type == "dm" ||
        turn->what.user_id.empty() || turn->what.chat_id != text(act, "chat_id") ||
        !is_known(*turn, delivery))
      return;
    x.author = turn->what.user_id;
    all_.try_emplace(text(act, "prompt_id"), std::move(x));
  }
  void store_scarce(bool on) override { scarce_ = on; }
  void event_read(std::uint64_t event, const std::string&, std::uint64_t) override {
    if (scarce_) return; // it counts when the disk has room for it, which may be too late
    auto& x = checker_.notes().events[event];
    if (x.what.kind != event_kind::press || x.altered || x.what.option_id == "neither") return;
    auto it = all_.find(x.what.prompt_id);
    constexpr usec slack{1'000'000};
    if (it == all_.end() || !may_decide(x.what, it->second) || now() + slack > it->second.at + lifetime_)
      return;
    if (it->second.decided == usec{0}) it->second.decided = now();
  }
  void agent_wrote(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "inbound") return;
    auto* x = checker_.notes().by_delivery(text(frame.root, "delivery_id"));
    auto it = all_.find(text(member(member(frame.root, "event"), "prompt_response"), "prompt_id"));
    if (it == all_.end()) return;
    it->second.told = true;
    if (!x || x->altered) return;
    if (!may_decide(x->what, it->second))
      fail("e" + std::to_string(x->what.number) + " of " + x->what.user_id + " answers " + it->first +
           ", which is for " + it->second.author + " to decide");
  }
  std::string unsettled() override {
    auto& notes = checker_.notes();
    for (auto& [id, x] : all_) {
      if (x.decided == usec{0} || x.told || notes.lost_since(x.at - usec{1'000'000})) continue;
      auto& results = notes.actions[x.mark].results;
      auto shown = !results.empty() && std::all_of(results.begin(), results.end(),
                                                   [](auto& y) { return y.how == told_outcome::done; });
      if (shown && !notes.actions[x.mark].doubted) return "nobody hears how " + id + " was decided";
    }
    return {};
  }

private:
  struct approval {
    std::string mark, author;
    usec at{0}, decided{0}; ///< decided: its author pressed a button, in time
    bool told = false;
  };
  /// A forwarded request without a scope counts as a direct message (protocol.md 5.2), unless its gateway
  /// knows the place better, as its session says.
  static bool looks_direct(const event_record& x, const std::string& delivery) {
    auto is_dm = [&](const given& y) {
      return y.delivery_id == delivery && y.session.find(":" + x.what.platform + ":dm:") != std::string::npos;
    };
    return x.what.raw.empty() && x.what.scope_id.empty() &&
           std::any_of(x.deliveries.begin(), x.deliveries.end(), is_dm);
  }
  /// The gateway knows whose turn it is: it was told of it and has forgotten nothing since.
  bool is_known(const event_record& x, const std::string& delivery) const {
    constexpr usec unwired{1'000'000};
    auto& notes = checker_.notes();
    return std::any_of(x.deliveries.begin(), x.deliveries.end(), [&](auto& y) {
      return y.delivery_id == delivery && y.out_age == notes.outbound_age &&
             !notes.lost_since(y.at - unwired);
    });
  }
  static bool may_decide(const told_event& who, const approval& x) {
    return who.user_id == x.author || who.user_alt == x.author;
  }
  std::map<std::string, approval> all_; ///< by prompt
  usec lifetime_{0};
  bool by_asker_ = true, scarce_ = false;
};

/// Of all answers to one prompt at most one reaches an agent; a sibling gateway's never.
class prompt_answers final : public rule {
public:
  explicit prompt_answers(checker& at) : rule(at, "prompt-answers") {}
  /// Asked again of a router that knows nothing of the first time, it is another prompt: also when that
  /// router dies before the prompt leaves, for the answers to the earlier one still come.
  void agent_read(std::uint64_t peer, const frame_view& frame) override {
    auto& act = member(frame.root, "action");
    auto type = text(frame.root, "type");
    if (type == "hello" && has(frame.root, "name")) name_of_[peer] = text(frame.root, "name");
    if (type == "action" && text(act, "op") == "prompt")
      prompt_of_[name_of_[peer] + text(frame.root, "request_id")] = text(act, "prompt_id");
  }
  void noted(severity, std::string_view id, std::string_view fields) override {
    constexpr std::string_view request = "request=";
    if (id != "action.accepted" || !fields.starts_with(request)) return;
    fields.remove_prefix(request.size());
    fields = fields.substr(0, fields.find(" delivery="));
    // Of a named agent its name stands before the id, and before that how long it is.
    if (fields.starts_with('\n')) fields.remove_prefix(std::min(fields.find(':'), fields.size() - 1) + 1);
    auto it = prompt_of_.find(std::string{fields});
    if (it != prompt_of_.end()) asked_[it->second].insert(checker_.notes().outbound_age);
  }
  void link_wrote(std::uint64_t, const frame_view& frame) override {
    auto& act = member(frame.root, "action");
    if (text(frame.root, "type") == "outbound" && text(act, "op") == "prompt")
      asked_[text(act, "prompt_id")].insert(checker_.notes().outbound_age);
  }
  void agent_wrote(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "inbound") return;
    auto* x = checker_.notes().by_delivery(text(frame.root, "delivery_id"));
    if (!x || x->what.kind != event_kind::press || x->altered) return;
    auto& id = x->what.prompt_id;
    if (id.rfind("foreign", 0) == 0) fail("an answer to a sibling's prompt reached an agent: " + id);
    auto& taken = taken_[std::to_string(checker_.notes().inbound_age) + " " + id];
    taken.insert(x->what.number);
    if (taken.size() > std::max<std::size_t>(asked_[id].size(), 1))
      fail("two answers to prompt " + id + " reached an agent");
  }

private:
  std::map<std::uint64_t, std::string> name_of_;         ///< by peer
  std::map<std::string, std::string> prompt_of_;         ///< by its agent's name and its request id
  std::map<std::string, std::set<std::uint64_t>> taken_; ///< by prompt: the events that answered it
  std::map<std::string, std::set<std::uint64_t>> asked_; ///< of which ages of what routers know
};

} // namespace

void add_people_rules(rule_list& to, checker& at) {
  to.push_back(std::make_unique<latest_version>(at));
  to.push_back(std::make_unique<approvals>(at));
  to.push_back(std::make_unique<prompt_answers>(at));
}

} // namespace relay::sim

// The way out: every action has exactly one outcome, and it is true (protocol.md 6, agent-link.md, Promises).
#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/oracle/rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <vector>

namespace relay::sim {

namespace {

bool best_effort_send(const std::string& op) { return op == "typing" || op == "react"; }
bool collapses(const std::string& op) { return op == "edit" || op == "draft"; }

/// Which words of its content somebody on the platform can see, or the connector heard.
std::vector<std::size_t> words_of(const action_record& x, bool applied_only) {
  std::vector<std::size_t> out;
  for (auto& y : x.heard) // what is wanted again later does not count
    if (y.applied || (!applied_only && y.retry_after_s == 0))
      for (auto n : word_numbers(y.content, x.mark)) out.push_back(n);
  return out;
}

/// How often it was heard, but for what is wanted again later.
std::size_t hearings(const action_record& x) {
  return static_cast<std::size_t>(
      std::count_if(x.heard.begin(), x.heard.end(), [](auto& y) { return y.retry_after_s == 0; }));
}

/// How often it may be carried out: again only after a refusal at the edge, or by a gateway that has
/// forgotten it.
std::size_t tries(const action_record& x) {
  std::set<std::uint64_t> ages;
  auto kept = x.op != "typing" && x.op != "get_chat_info"; // these are not worth a write
  for (auto& y : x.asks) ages.insert(kept ? y.age : y.router);
  auto refused = static_cast<std::size_t>(
      std::count_if(x.results.begin(), x.results.end(), [](auto& y) { return y.refused(); }));
  return std::max<std::size_t>(ages.size(), 1) + refused;
}

/// How often one try may leave: an agent may want it again when nobody knows whether it arrived. Whoever
/// forgets that it was sent counts anew.
std::size_t allowed_sends(checker& at, const action_record& x) {
  constexpr std::size_t most = 3;
  if (!x.resend || x.asks.empty()) return 1;
  auto& losses = at.notes().losses;
  auto since = std::count_if(losses.begin(), losses.end(), [&](auto y) { return y >= x.asks.front().at; });
  return most * (1 + static_cast<std::size_t>(since));
}

/// What is heard is heard once.
class at_most_once final : public rule {
public:
  explicit at_most_once(checker& at) : rule(at, "at-most-once") {}
  void was_carried_out(const carried_out& x) override {
    if (!requests_.insert(x.request_id).second) fail("request id " + x.request_id + " came twice");
    if (x.mark.empty()) return;
    auto& y = checker_.notes().actions[x.mark];
    if (y.asks.empty()) {
      fail(x.mark + " was carried out and nobody had asked for it");
      return;
    }
    if (x.op == "draft" || y.op == "draft") { // a lost seal is sent once more, and then as a text
      constexpr std::size_t most = 6;         // and what its agent leaves open is sealed for it
      if (hearings(y) > most * tries(y))
        fail(x.mark + ", a draft, was sent " + std::to_string(hearings(y)) + " times");
      return;
    }
    auto all = words_of(y, false);
    auto most = tries(y) * sends(y);
    if (all.empty()) { // a message that goes on in further ones is deleted with all of them
      auto same = static_cast<std::size_t>(std::count_if(y.heard.begin(), y.heard.end(), [&](auto& z) {
        return z.retry_after_s == 0 && z.message_id == x.message_id;
      }));
      constexpr std::size_t removals = 3; // of those further ones, while nobody knows whether they are gone
      if (x.message_id != y.message_id) most *= removals;
      if (same > most) fail(x.mark + " was carried out " + std::to_string(same) + " times");
      return;
    }
    for (auto n : word_numbers(x.content, x.mark))
      if (static_cast<std::size_t>(std::count(all.begin(), all.end(), n)) > most)
        fail("word " + std::to_string(n) + " of " + x.mark + " was sent more than once");
  }

private:
  std::size_t sends(const action_record& x) { return allowed_sends(checker_, x); }
  std::set<std::string> requests_;
};

/// One result for each asking, and always the same one.
class one_outcome final : public rule {
public:
  explicit one_outcome(checker& at) : rule(at, "one-outcome") {}
  void agent_wrote(std::uint64_t peer, const frame_view& frame) override {
    if (text(frame.root, "type") == "result") look(peer, text(frame.root, "request_id"));
  }
  void one_shot_answered(const std::string& mark, const frame_view&) override { look(0, "r-" + mark); }
  std::string unsettled() override {
    auto& notes = checker_.notes();
    for (auto& [mark, x] : notes.actions)
      for (auto& ask : x.asks) {
        auto there = ask.peer == 0 || notes.peers.count(ask.peer) > 0;
        if (ask.life == notes.life && there && results_of(x, ask.peer) < asks_of(x, ask.peer))
          return mark + " (" + x.op + ") asked at " + std::to_string(ask.at.count()) + " has no result";
      }
    return {};
  }

private:
  static std::size_t results_of(const action_record& x, std::uint64_t peer) {
    return static_cast<std::size_t>(
        std::count_if(x.results.begin(), x.results.end(), [&](auto& y) { return y.peer == peer; }));
  }
  static std::size_t asks_of(const action_record& x, std::uint64_t peer) {
    return static_cast<std::size_t>(
        std::count_if(x.asks.begin(), x.asks.end(), [&](auto& y) { return y.peer == peer; }));
  }
  void look(std::uint64_t peer, const std::string& id) {
    auto mark = checker_.notes().mark_of(peer, id);
    if (mark.empty()) return;
    auto& x = checker_.notes().actions[mark];
    if (x.asks.empty()) {
      fail("a result for " + id + ", which nobody asked for");
      return;
    }
    if (results_of(x, peer) > asks_of(x, peer)) fail(mark + " has more results than it was asked for");
    auto& last = x.results.back();
    // What nobody had taken up when the router died is told as unknown, however long the process slept since.
    const auto asked = x.asks.front().at;
    for (auto& y : x.results)
      // What a crash kept from the disk counts as unknown afterwards.
      if (y.age == last.age && !y.of_a_repeat && !last.of_a_repeat && !y.refused() && !last.refused() &&
          !checker_.notes().lost_around(std::min(y.at, asked), x.chat_id) &&
          (y.how != last.how || y.message_id != last.message_id))
        fail(mark + " has two different outcomes");
  }
};

/// done: everything can be seen, once. definite: nothing can, or what can is named. unknown: something left.
class truth final : public rule {
public:
  explicit truth(checker& at) : rule(at, "truth") {}
  void agent_wrote(std::uint64_t peer, const frame_view& frame) override {
    if (text(frame.root, "type") != "result") return;
    auto mark = checker_.notes().mark_of(peer, text(frame.root, "request_id"));
    look(mark);
    if (!mark.empty()) informed(mark, member(frame.root, "result"));
  }
  void one_shot_answered(const std::string& mark, const frame_view&) override { look(mark); }
  void was_carried_out(const carried_out& x) override {
    if (!x.applied || x.mark.empty()) return;
    auto& y = checker_.notes().actions[x.mark];
    if (y.results.empty() || y.op == "draft" || y.doubted || y.may_come_back(checker_.clock_jumped)) return;
    auto all_definite = std::all_of(y.results.begin(), y.results.end(),
                                    [](auto& z) { return z.how == told_outcome::definite; });
    if (all_definite && y.results.size() >= y.asks.size())
      fail(x.mark + " was done after its agent was told that it was not");
  }

private:
  void look(const std::string& mark) {
    if (mark.empty()) return;
    auto& x = checker_.notes().actions[mark];
    if (x.asks.empty() || x.results.empty() || x.doubted) return;
    auto& r = x.results.back();
    switch (r.how) {
    case told_outcome::done: done(x, r); break;
    case told_outcome::definite: definite(x, r); break;
    case told_outcome::unknown: unknown(x); break;
    }
  }
  /// Who asks about a chat is told of it, wherever it is.
  void informed(const std::string& mark, const json& result) {
    auto& x = checker_.notes().actions[mark];
    if (x.asks.empty() || x.op != "get_chat_info" || x.doubted) return;
    auto& info = member(result, "chat_info");
    if (flag(result, "success") && (text(info, "name").empty() || text(info, "type").empty()))
      fail(mark + " is told as done and says nothing of its chat");
    if (text(result, "code") == "unsupported" && x.frames.empty()) fail(mark + " is told as not offered");
  }
  void done(const action_record& x, const told_result& r) {
    if (best_effort_send(x.op)) return; // skipped where they mean nothing any more
    if (collapses(x.op)) {
      if (!seen_or_newer(x)) fail(x.mark + " (" + x.op + ") is told as done and cannot be seen");
      return;
    }
    // Where it is not offered, perhaps on a later connection only, it is answered from what is known:
    // informed().
    if (x.op == "get_chat_info") return;
    auto seen = words_of(x, true);
    auto wanted = word_numbers(x.content, x.mark);
    std::sort(seen.begin(), seen.end());
    if (x.resend) seen.erase(std::unique(seen.begin(), seen.end()), seen.end()); // perhaps twice
    std::sort(wanted.begin(), wanted.end());
    if (x.applied() == 0) {
      fail(x.mark + " (" + x.op + ") is told as done and cannot be seen");
    } else if (seen != wanted && tries(x) == 1) {
      fail(x.mark + " is told as done and shows " + std::to_string(seen.size()) + " of " +
           std::to_string(wanted.size()) + " words");
    }
    auto mine = [&](auto& y) { return y.new_message_id == r.message_id; };
    if (!r.message_id.empty() && std::none_of(x.heard.begin(), x.heard.end(), mine))
      fail(x.mark + " got the message id of another action: " + r.message_id);
  }
  /// A newer state of the same message or draft stands for the older ones.
  bool seen_or_newer(const action_record& x) const {
    if (x.applied() > 0) return true;
    auto& all = checker_.notes().actions;
    return std::any_of(all.begin(), all.end(), [&](auto& entry) {
      auto& y = entry.second;
      return y.op == x.op && y.message_id == x.message_id && y.draft_id == x.draft_id &&
             (y.applied() > 0 || y.doubted) && !y.asks.empty() &&
             y.asks.back().number > x.asks.front().number;
    });
  }
  void definite(const action_record& x, const told_result& r) {
    if (x.op == "draft") return;
    auto declined = r.code == "egress_declined" || r.error.find("gress ") != std::string::npos;
    if (x.resend && x.frames.size() > 1 && declined) return; // handed on word for word
    auto others = std::any_of(x.results.begin(), x.results.end(),
                              [](auto& y) { return y.how != told_outcome::definite; });
    if (others || x.results.size() < x.asks.size() || x.applied() == 0 || x.op == "delete") return;
    if (x.resend) return named(x, r.message_ids);
    // Asked again of a router that has forgotten the first time, it is sent again; that time was told, too.
    std::set<std::string> seen, told;
    for (auto& y : x.results) told.insert(y.message_ids.begin(), y.message_ids.end());
    for (auto& y : x.heard) // what an edit takes away is nothing to see
      if (y.applied && y.op != "delete" && !(y.op == "edit" && word_numbers(y.content, x.mark).empty()))
        seen.insert(shown_as(y));
    if (seen != told) fail(x.mark + " (" + x.op + ") is told as not done and can be seen: " + r.error);
  }
  /// The message that somebody sees it in.
  static const std::string& shown_as(const carried_out& x) {
    return x.op == "edit" ? x.message_id : x.new_message_id;
  }
  /// What may be there twice: of each word that can be seen one copy is named.
  void named(const action_record& x, const std::vector<std::string>& told) {
    std::set<std::size_t> of_told;
    for (auto& y : x.heard)
      if (y.applied && std::find(told.begin(), told.end(), shown_as(y)) != told.end())
        for (auto n : word_numbers(y.content, x.mark)) of_told.insert(n);
    for (auto n : words_of(x, true))
      if (of_told.count(n) == 0) {
        fail(x.mark + " (" + x.op + ") may be there twice, is told as not done and can be seen");
        return;
      }
  }
  void unknown(const action_record& x) {
    auto outside = x.asks.front().peer == 0; // its asker waits only so long
    auto since = x.asks.front().at;
    auto& notes = checker_.notes();
    auto repeat = x.results.size() < x.asks.size(); // the first one's outcome is still to come
    if (x.frames.empty() && !collapses(x.op) && !outside && !repeat &&
        !notes.lost_around(since, x.chat_id) && // what was told to somebody who was gone
        !notes.link_ended_since(since))
      fail(x.mark + " (" + x.op + ") is told as unknown and never left");
  }
};

/// While nobody is connected an action waits for as long as the settings say before it is told as not sent.
class patience final : public rule {
public:
  explicit patience(checker& at) : rule(at, "patience") {}
  void life_begins(std::uint64_t) override { hopeless_ = false; }
  void commanded(command x) override { hopeless_ = hopeless_ || x == command::drain; }
  void noted(severity, std::string_view id, std::string_view) override {
    hopeless_ = hopeless_ || id == "link.revoked"; // nobody dials any more
  }
  void agent_wrote(std::uint64_t peer, const frame_view& frame) override {
    if (text(frame.root, "type") != "result" || hopeless_) return;
    if (text(member(frame.root, "result"), "code") != "not_connected") return;
    auto mark = checker_.notes().mark_of(peer, text(frame.root, "request_id"));
    if (mark.empty()) return;
    auto& x = checker_.notes().actions[mark];
    if (x.asks.empty() || !x.file.empty() || checker_.notes().lost_since(x.asks.front().at, x.chat_id))
      return;
    usec hold = checker_.what().settings.limits.egress_hold;
    if (now() < x.asks.front().at + hold)
      fail(x.mark + " is told as not connected after " +
           std::to_string((now() - x.asks.front().at).count() / 1000) + " ms");
  }

private:
  bool hopeless_ = false;
};

/// What the connector says in time is what the agent is told.
class word_for_word final : public rule {
public:
  explicit word_for_word(checker& at) : rule(at, "word-for-word") {}
  void link_read(std::uint64_t socket, const frame_view& frame) override {
    if (text(frame.root, "type") != "outbound_result") return;
    auto id = text(frame.root, "requestId");
    auto it = checker_.notes().frame_of_request.find(id);
    if (it == checker_.notes().frame_of_request.end() || it->second.second != socket) return;
    auto& result = member(frame.root, "result");
    auto waits = member(result, "retry_after").IsNumber() || member(result, "retryAfter").IsNumber();
    answers_.try_emplace(id, answer{now(), waits,
                                    !result.IsObject()          ? told_outcome::unknown
                                    : flag(result, "ambiguous") ? told_outcome::unknown
                                    : flag(result, "success")   ? told_outcome::done
                                                                : told_outcome::definite});
  }
  void agent_wrote(std::uint64_t peer, const frame_view& frame) override {
    if (text(frame.root, "type") != "result") return;
    auto mark = checker_.notes().mark_of(peer, text(frame.root, "request_id"));
    if (mark.empty()) return;
    auto& x = checker_.notes().actions[mark];
    if (x.frames.empty() || x.asks.empty() || collapses(x.op) || x.op == "prompt" || x.doubted) return;
    auto& last = x.frames.back();
    auto it = answers_.find(last.request_id);
    // Of several answers; after a crash the gateway has to take what it was about to write for written.
    auto several =
        x.frames.size() > 1 || (x.resend && checker_.notes().lost_since(x.asks.front().at, x.chat_id));
    if ((x.resend || x.op == "delete") && several) return;
    if (x.resend && x.op == "get_chat_info") return; // not offered any more when it is wanted again
    if (it != answers_.end() && it->second.waits && (best_effort_send(x.op) || x.op == "get_chat_info"))
      return; // not offered any more after the wait
    // Too many ask already, while it waits for its next try, or its outcome for a slow disk.
    if (x.asks.size() > 1 && x.results.back().error.starts_with("it is under way")) return;
    if (it == answers_.end() || (it->second.how == told_outcome::done && !last.last)) return;
    auto& notes = checker_.notes();
    usec patience = checker_.what().settings.limits.outbound_timeout;
    auto in_time = it->second.at + slack < last.at + patience && notes.last_suspension < last.at;
    if (!in_time || notes.lost_since(last.at - slack, x.chat_id) || x.results.size() > 1) return;
    if (x.results.back().how != it->second.how)
      fail(x.mark + " is not told as the connector said it (" + last.request_id + ")");
  }

private:
  static constexpr usec slack{1'000'000};
  struct answer {
    usec at;
    bool waits; ///< to go on then, not the outcome
    told_outcome how;
  };
  std::map<std::string, answer> answers_;
};

/// What may be sent again is, before it is told as unknown: three times in all, as long as it is held.
class resending final : public rule {
public:
  explicit resending(checker& at) : rule(at, "resending") {}
  void life_begins(std::uint64_t) override { hopeless_ = false; }
  void commanded(command x) override { hopeless_ = hopeless_ || x == command::drain; }
  void noted(severity, std::string_view id, std::string_view) override {
    hopeless_ = hopeless_ || id == "link.revoked";
  }
  void link_read(std::uint64_t, const frame_view& frame) override {
    auto& result = member(frame.root, "result");
    if (result.IsObject() && !flag(result, "ambiguous")) said_.insert(text(frame.root, "requestId"));
  }
  void agent_wrote(std::uint64_t peer, const frame_view& frame) override {
    if (text(frame.root, "type") != "result" || hopeless_) return;
    auto mark = checker_.notes().mark_of(peer, text(frame.root, "request_id"));
    if (!flag(member(frame.root, "result"), "ambiguous") || mark.empty()) return;
    auto& x = checker_.notes().actions[mark];
    if (!x.frames.empty() && said_.count(x.frames.back().request_id) > 0) return; // failed in the end
    auto offered = text(member(frame.root, "result"), "error").find("is not supported") == std::string::npos;
    if (!offered) return; // nor will it be on this connection
    if (!x.resend || x.doubted || x.asks.size() != 1 || collapses(x.op) || best_effort_send(x.op)) return;
    auto& asked = x.asks.front();
    if (checker_.notes().lost_around(asked.at, x.chat_id)) return;
    constexpr std::size_t most = 3;
    usec hold = checker_.what().settings.limits.egress_hold;
    if (x.frames.size() < most && now() < asked.at + hold)
      fail(x.mark + " is told as unknown after it was sent " + std::to_string(x.frames.size()) + " times");
  }

private:
  std::set<std::string> said_; ///< requests that the connector knew the outcome of
  bool hopeless_ = false;
};

/// Of a message that was edited only its newest text can be seen: what an older one had too much was edited,
/// too, or is gone.
class newest_text final : public rule {
public:
  explicit newest_text(checker& at) : rule(at, "newest-text") {}
  void was_carried_out(const carried_out& x) override {
    if (x.mark.empty()) return;
    auto& y = checker_.notes().actions[x.mark];
    if (y.op != "edit") return;
    auto& root = roots_[{x.platform, x.chat_id, y.message_id}];
    root_of_[x.mark] = &root;
    if (root.since == usec{0}) root.since = now();
    // One that its agent would rather have twice may go on in a message that nobody was told of.
    auto twice = [&](std::size_t n) {
      auto all = words_of(y, true);
      return std::count(all.begin(), all.end(), n) > 1;
    };
    auto words = word_numbers(x.content, x.mark);
    root.unsure = root.unsure || !x.applied || (y.resend && std::any_of(words.begin(), words.end(), twice));
    if (!x.applied) return;
    auto id = x.op == "send" ? x.new_message_id : x.message_id;
    if (x.op == "delete" || word_numbers(x.content, x.mark).empty())
      root.shows.erase(id);
    else
      root.shows[id] = x.mark;
  }
  void agent_wrote(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "result") return;
    auto id = text(frame.root, "request_id");
    if (id.rfind("r-", 0) != 0) return;
    auto it = root_of_.find(id.substr(2));
    if (it == root_of_.end()) return;
    auto& root = *it->second;
    auto& notes = checker_.notes();
    auto& x = notes.actions[it->first];
    if (x.results.empty()) return;
    root.unsure = root.unsure || x.doubted || x.asks.size() > 1 || x.results.back().how != told_outcome::done;
    if (root.unsure || forgets() || notes.lost_since(root.since - slack, x.chat_id)) return;
    // A removal that was lost with its connection three times may be given up.
    auto removals = std::count_if(x.frames.begin(), x.frames.end(), [](auto& y) { return y.op == "delete"; });
    constexpr std::ptrdiff_t most_attempts = 3;
    if (removals >= most_attempts) return;
    for (auto& [id_shown, mark] : root.shows)
      if (mark != it->first && surely_before(notes.actions[mark], x))
        fail(id_shown + " shows what is left of " + mark + " after " + it->first + " is done");
  }

private:
  static constexpr usec slack{15'000'000};
  struct message {
    std::map<std::string, std::string> shows; ///< by message id: the edit whose text it has
    usec since{0};
    bool unsure = false; ///< not everything was done, so something may be left
  };
  /// Its outcome is known, so the gateway knows its messages, too.
  static bool surely_before(const action_record& x, const action_record& y) {
    return x.asks.front().number < y.asks.front().number && !x.results.empty() &&
           x.results.back().how == told_outcome::done;
  }
  /// A chat that is idle, or one too many, forgets.
  bool forgets() const {
    constexpr milliseconds long_enough{1'800'000};
    auto& l = checker_.what().settings.limits;
    return l.chat_idle < long_enough || l.max_chats < 100;
  }
  std::map<std::tuple<std::string, std::string, std::string>, message> roots_;
  std::map<std::string, message*> root_of_;
};

/// A queue that fails is the affair of its own chat: what was in it is told as unknown, and nothing else is.
class failed_queues final : public rule {
public:
  explicit failed_queues(checker& at) : rule(at, "failed-queues") {}
  void agent_wrote(std::uint64_t peer, const frame_view& frame) override {
    if (text(frame.root, "type") != "result") return;
    look(checker_.notes().mark_of(peer, text(frame.root, "request_id")), member(frame.root, "result"));
  }
  void one_shot_answered(const std::string& mark, const frame_view& frame) override {
    look(mark, frame.root);
  }

private:
  void look(const std::string& mark, const json& result) {
    if (mark.empty() || text(result, "error").find("queue failed") == std::string::npos) return;
    const auto& notes = checker_.notes();
    const auto it = notes.actions.find(mark);
    if (it == notes.actions.end() || it->second.asks.empty()) return;
    const auto& x = it->second;
    const auto own = std::any_of(notes.chat_losses.begin(), notes.chat_losses.end(), [&](auto& y) {
      return y.first >= x.asks.front().at && (x.chat_id.empty() || y.second == x.chat_id);
    });
    if (!own) fail(mark + " is told as lost with a queue, and that of its chat never failed");
    if (!flag(result, "ambiguous"))
      fail(mark + " was in a queue that failed and is told as if its fate were known");
  }
};

} // namespace

void add_outcome_rules(rule_list& to, checker& at) {
  to.push_back(std::make_unique<at_most_once>(at));
  to.push_back(std::make_unique<one_outcome>(at));
  to.push_back(std::make_unique<truth>(at));
  to.push_back(std::make_unique<patience>(at));
  to.push_back(std::make_unique<word_for_word>(at));
  to.push_back(std::make_unique<resending>(at));
  to.push_back(std::make_unique<newest_text>(at));
  to.push_back(std::make_unique<failed_queues>(at));
}

} // namespace relay::sim

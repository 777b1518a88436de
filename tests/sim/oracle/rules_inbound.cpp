// The way in (agent-link.md, Promises; protocol.md 3 and 5).
#include "relay_gateway/tests/sim/models/interaction.hpp"
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/oracle/rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace relay::sim {

namespace {

bool for_agents(event_kind x) { return x == event_kind::message || x == event_kind::interaction; }

std::string name_of(const event_record& x) {
  return "e" + std::to_string(x.what.number) + " of " + x.what.platform + "/" + x.what.chat_id;
}

/// It may be set aside: it was given out as often as it may be. An attempt or two may have been made while
/// the agent was already gone.
bool spent(checker& at, const event_record& x) {
  auto& limits = at.what().settings.limits;
  auto most = limits.agent_max_deliveries;
  if (x.deliveries.size() >= most) return true;
  // By the agents of the inbound that is there now: one before it may have had better luck.
  auto never_taken = x.deliveries_in(at.notes().inbound_age) == 0 && at.notes().set_aside_unseen();
  if (!x.was_read() || !(x.set_aside || never_taken)) return false;
  // One that takes nothing does not see each attempt; then they take their time, from what it saw last on.
  auto since = x.deliveries.empty() ? x.reads.front().at : x.deliveries.back().at;
  auto untaken = static_cast<std::uint64_t>((at.on().time.now() - since) / usec{limits.agent_ack_timeout});
  auto hung = at.on().time.now() - x.reads.front().at >= (most - 1) * usec{limits.agent_ack_timeout};
  return hung || x.deliveries.size() + std::max<std::uint64_t>(untaken, 2) >= most;
}

/// A message that comes behind one of its edits is a repeat of it by its message id (protocol.md 5.1), while
/// that is remembered. Who has the edit, has the message.
template <class Had>
bool edit_came_first(checker& at, const event_record& x, Had had) {
  if (x.what.message_id.empty() || x.what.edit_of != 0) return false;
  const auto& last = x.reads.back();
  auto before = [&](const event_seen& y) { return y.age == last.age && y.number < last.number; };
  auto& all = at.notes().events;
  return std::any_of(all.begin(), all.end(), [&](auto& numbered) {
    auto& y = numbered.second;
    return y.what.edit_of == x.what.number && std::any_of(y.reads.begin(), y.reads.end(), before) && had(y);
  });
}

/// An edit back to the first text is a repeat of that where no version between the two was read (protocol.md
/// 5.1): by a life that has forgotten both, when the connector brings what was not acknowledged.
template <class Had>
bool shows_the_first_again(checker& at, const event_record& x, Had had) {
  if (x.what.edit_of == 0) return false;
  const auto& last = x.reads.back();
  const event_record* newest = nullptr;
  std::uint64_t newest_read = 0;
  for (auto& [number, y] : at.notes().events) {
    if (&y == &x || (number != x.what.edit_of && y.what.edit_of != x.what.edit_of)) continue;
    for (auto& seen : y.reads)
      if (seen.age == last.age && seen.number < last.number && seen.number > newest_read)
        newest = &y, newest_read = seen.number;
  }
  return newest != nullptr && newest->what.text == x.what.text && had(*newest);
}

/// What counts as another event, which was read before it: whoever has that, has this.
template <class Had>
bool same_as_another(checker& at, const event_record& x, Had had) {
  return edit_came_first(at, x, had) || shows_the_first_again(at, x, had);
}

/// Every event that the gateway has accepted reaches an agent, and what is buffered is acknowledged.
class reach final : public rule {
public:
  explicit reach(checker& at) : rule(at, "reach") {}
  std::string unsettled() override {
    auto& notes = checker_.notes();
    if (checker_.what().agent == agent_choice::echo) return {};
    for (auto& [number, x] : notes.events) {
      if (!for_agents(x.what.kind) || !x.was_read() || x.altered) continue;
      auto taken = [](auto& y) {
        return std::any_of(y.deliveries.begin(), y.deliveries.end(), [](auto& z) { return z.acked; });
      };
      if (taken(x) || spent(checker_, x) || same_as_another(checker_, x, taken)) continue;
      // The connector keeps it, unless it was taken for what cannot be read: that is acknowledged, too.
      auto kept = std::any_of(x.buffer_ids.begin(), x.buffer_ids.end(),
                              [&](auto& id) { return !notes.altered_line_names(id); });
      if (kept || !notes.lost_since(x.reads.front().at)) return name_of(x) + " was read and no agent has it";
    }
    return {};
  }
};

/// Nothing is given to an agent as new twice, and a repeat says that it is one.
class once final : public rule {
public:
  explicit once(checker& at) : rule(at, "once") {}
  void agent_wrote(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "inbound") return;
    auto id = text(frame.root, "delivery_id");
    auto* x = checker_.notes().by_delivery(id);
    if (!x || x->what.number == 0) {
      fail("a delivery of an event that never happened: " + id);
      return;
    }
    auto age = checker_.notes().inbound_age;
    std::size_t fresh = 0;
    if (x->retried || x->altered) return; // operator_asks has an eye on it; any copy may be the first
    if (x->is_nameless() && x->reads.size() > 1) return nameless(*x);
    for (auto& y : x->deliveries) {
      if (y.age != age) continue;
      if (y.delivery_id != id) fail(name_of(*x) + " was delivered as " + y.delivery_id + " and as " + id);
      if (!y.redelivered) ++fresh;
    }
    if (fresh > 1) fail(name_of(*x) + " was given as new twice");
    auto before = x->deliveries_in(age) - 1;
    if (before == 0) return;
    auto acked = x->acked_in(age);
    auto acked_at = last_ack(*x);
    auto forgot = checker_.notes().lost_since(acked_at - just_before); // the disk may not have had it
    if (acked && now() > std::max(acked_at, checker_.notes().suspended_until) + inside && !forgot)
      fail(name_of(*x) + " was given again after its ack");
  }
  void agent_read(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "ack") return;
    acks_.emplace(text(frame.root, "delivery_id"), now());
  }

private:
  /// As many deliveries as it was read times, each of them new once.
  void nameless(const event_record& x) {
    std::map<std::string, std::size_t> ids;
    for (auto& y : x.deliveries)
      if (auto& fresh = ids[y.delivery_id]; !y.redelivered && ++fresh > 1)
        fail(name_of(x) + " was given as new twice, as " + y.delivery_id);
    if (ids.size() > x.reads.size())
      fail(name_of(x) + " was read " + std::to_string(x.reads.size()) + " times and delivered as " +
           std::to_string(ids.size()));
  }
  /// The ack may have been on its way through the gateway when the repeat was decided.
  usec last_ack(const event_record& x) const {
    usec out = usec::max() - inside;
    for (auto& y : x.deliveries)
      if (auto it = acks_.find(y.delivery_id); it != acks_.end()) out = std::min(out, it->second);
    return out;
  }
  static constexpr usec inside{2'000'000}, just_before{50'000};
  std::map<std::string, usec> acks_;
};

/// Events of one session come in the order in which the gateway read them, one at a time.
class chat_order final : public rule {
public:
  explicit chat_order(checker& at) : rule(at, "chat-order") {}
  void life_ends(std::uint64_t, ending how) override {
    if (how == ending::killed) forget();
  }
  void actor_killed(const std::string& name) override {
    if (name == "inbound") forget();
  }
  /// What comes while it is being started again may be lost.
  void noted(severity, std::string_view id, std::string_view fields) override {
    if (id == "event.repeated") return shown_already(fields);
    constexpr std::string_view next = "started again in ";
    auto at = fields.find(next);
    if (id != "child.down" || at == std::string_view::npos || fields.find("child=inbound ") == fields.npos)
      return;
    constexpr usec spawned{5'000};
    absent_until_ =
        now() + spawned + usec{milliseconds{std::stoll(std::string{fields.substr(at + next.size())})}};
  }
  void event_read(std::uint64_t event, const std::string&, std::uint64_t) override {
    auto& x = checker_.notes().events[event];
    if (now() >= absent_until_ || checker_.durably_taken(event)) return;
    forgotten_[&x] = x.reads.back().number;
    perhaps_.try_emplace(&x, x.reads.back().number);
  }
  void agent_wrote(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "inbound") return;
    auto* x = checker_.notes().by_delivery(text(frame.root, "delivery_id"));
    if (!x) return;
    auto age = checker_.notes().inbound_age;
    auto session = text(frame.root, "session_key"); // verbatim looks whether it is the right one
    session_of_[x] = session; // an interaction's can be another one for a gateway that has forgotten its chat
    if (x->deliveries_in(age) > 1 || x->retried || x->altered) return;
    auto& queue = queues_[session];
    std::erase_if(queue, [&](auto* y) { return y == x || y->deliveries_in(age) == 0; });
    for (auto* y : queue) {
      if (y->altered || session_of_[y] != session) continue;
      auto read = first_read(*x, age); // 0: at a moment when nobody took it in order
      if (y->what.order > x->what.order && read != 0 && read < earliest(*y, age))
        fail(name_of(*x) + " came after " + name_of(*y));
      auto& last = y->deliveries.back();
      auto gone = checker_.notes().peers.count(last.peer) == 0;
      if (last.age == age && !y->acked_in(age) && !gone && !spent(checker_, *y))
        fail(name_of(*x) + " was given while " + name_of(*y) + " was not acknowledged");
    }
    queue.push_back(x);
  }

private:
  /// An edit back whose former version was lost with inbound is what is shown already. When that version has
  /// come again, it is news, behind all that was read meanwhile.
  void shown_already(std::string_view fields) {
    constexpr std::string_view buffer = "buffer_id=";
    const auto at = fields.find(buffer);
    if (fields.find("reason=version ") == fields.npos || at == fields.npos) return;
    fields.remove_prefix(at + buffer.size());
    auto& notes = checker_.notes();
    const auto it = notes.event_of_buffer.find(std::string{fields.substr(0, fields.find(' '))});
    if (it == notes.event_of_buffer.end()) return;
    auto& x = notes.events[it->second];
    if (x.what.edit_of != 0 && x.was_read() && notes.lost_since(x.reads.front().at))
      forgotten_[&x] = x.reads.back().number;
  }
  std::uint64_t first_read(const event_record& x, std::uint64_t age) const {
    auto it = forgotten_.find(&x);
    auto after = it == forgotten_.end() ? 0 : it->second;
    for (auto& y : x.reads)
      if (y.age == age && y.number > after) return y.number;
    return 0;
  }
  /// If it was not lost.
  std::uint64_t earliest(const event_record& x, std::uint64_t age) const {
    auto it = perhaps_.find(&x);
    return it == perhaps_.end() ? first_read(x, age) : std::min(it->second, first_read(x, age));
  }
  /// What was in memory only is as if it had not been read: the connector's replay brings it again.
  void forget() {
    perhaps_.clear();
    for (auto& [number, x] : checker_.notes().events)
      if (x.was_read() && !checker_.durably_taken(number)) forgotten_[&x] = x.reads.back().number;
  }
  std::map<std::string, std::vector<event_record*>> queues_;
  std::map<const event_record*, std::string> session_of_;
  std::map<const event_record*, std::uint64_t> forgotten_; ///< up to which read
  std::map<const event_record*, std::uint64_t> perhaps_;   ///< read while nobody knows whether it arrived
  usec absent_until_{-1};                                  ///< inbound, after its death
};

/// What was set aside is given out again when an operator says so, as a repeat, and never once it was
/// dropped.
class operator_asks final : public rule {
public:
  explicit operator_asks(checker& at) : rule(at, "dead-letters") {}
  void dead_letter_decided(std::uint64_t event, bool, bool) override {
    auto& x = checker_.notes().events[event];
    if (event == 0 || !(x.was_read() || x.altered)) fail("an event was set aside that never happened");
  }
  void agent_wrote(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "inbound") return;
    auto* x = checker_.notes().by_delivery(text(frame.root, "delivery_id"));
    if (!x || !(x->retried || x->dropped) || x->altered) return;
    // Whoever forgets may take it for new; it comes again when the connector brings it again.
    auto& notes = checker_.notes();
    auto brought = x->reads.size() > 1 || notes.inbound_age > 1;
    if (!flag(frame.root, "redelivered") && !brought) fail(name_of(*x) + " is given out again as new");
    if (x->dropped && !x->retried && !brought && !notes.lost_since(usec{0}))
      fail(name_of(*x) + " is given out although it was dropped");
  }
  std::string unsettled() override {
    constexpr usec slowest{35'000'000};
    auto& notes = checker_.notes();
    for (auto& [number, x] : notes.events) {
      if (x.retried_at == usec{0} || x.altered || notes.lost_since(x.retried_at - slowest)) continue;
      auto asked = x.retried_at;
      auto again = std::any_of(x.deliveries.begin(), x.deliveries.end(),
                               [&](auto& y) { return y.at + usec{5'000'000} >= asked; });
      // This very one was: it waited for a child that hung, until it was set aside once more.
      auto waited = checker_.what().agent == agent_choice::exec && notes.was_set_aside_unseen(x.retried_as);
      if (!again && waited) continue;
      if (!again) return name_of(x) + " was to be given out again, and was not";
    }
    return {};
  }
};

/// An ack leaves only when the event is somebody else's: an agent's, or the disk's.
class acks final : public rule {
public:
  explicit acks(checker& at) : rule(at, "acks") {}
  void link_wrote(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "inbound_ack") return;
    auto id = text(frame.root, "bufferId");
    if (checker_.notes().altered_line_names(id)) return; // such a line is acknowledged, whatever it says
    auto& read = read_as_[id];
    if (read.empty()) {
      fail("an ack for " + id + ", which was never read");
      return;
    }
    // A connector that counts anew gives the id to another event while acks of the former are on their way.
    auto it = std::find_if(read.begin(), read.end(), [&](auto number) { return may_be_acked(number); });
    if (it == read.end())
      fail(name_of(checker_.notes().events[read.back()]) + " was acknowledged as " + id +
           " while nobody else had it");
    else if (std::next(it) != read.end())
      read.erase(it);
  }
  void event_read(std::uint64_t event, const std::string& id, std::uint64_t) override {
    if (!id.empty()) read_as_[id].push_back(event);
  }
  void ack_heard(const std::string& id) override { heard_.insert(id); }
  void buffered(std::uint64_t, const std::string& id) override {
    heard_.erase(id);
  } // perhaps another's before
  std::string unsettled() override {
    for (auto& [id, number] : checker_.notes().event_of_buffer)
      if (heard_.count(id) == 0) return id + " (e" + std::to_string(number) + ") is not acknowledged";
    return {};
  }

private:
  bool may_be_acked(std::uint64_t number) {
    auto& notes = checker_.notes();
    auto& x = notes.events[number];
    if (!for_agents(x.what.kind) || checker_.what().agent == agent_choice::echo || x.altered) return true;
    auto age = notes.inbound_age;
    auto had = [&](auto& y) { return y.acked_in(age) || checker_.durably_taken(y.what.number); };
    if (had(x)) return true;
    constexpr usec inside{2'000'000}; // on its way when inbound died
    if (x.acked_in(age - 1) && notes.lost_since(now() - inside)) return true;
    return spent(checker_, x) || same_as_another(checker_, x, had); // set aside
  }
  /// By buffer id: the events that the gateway read under it and has not acknowledged; the newest in any
  /// case.
  std::map<std::string, std::vector<std::uint64_t>> read_as_;
  std::set<std::string> heard_;
};

/// An event reaches the agent as it came.
class verbatim final : public rule {
public:
  explicit verbatim(checker& at) : rule(at, "verbatim") {}
  void agent_wrote(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "inbound") return;
    auto* x = checker_.notes().by_delivery(text(frame.root, "delivery_id"));
    if (!x) return;
    auto& event = member(frame.root, "event");
    if (x->altered) {
      if (!x->unclear && !is_a_version(*x, event)) fail(name_of(*x) + " came to its agent as nobody sent it");
      return;
    }
    if (x->what.kind == event_kind::interaction) interaction(*x, event, text(frame.root, "session_key"));
    if (x->what.raw.empty()) return;
    json_text came{x->what.raw};
    if (!flag(event, "delivered_via_upstream_relay"))
      fail(name_of(*x) + " is not marked as one of the authenticated link");
    if (auto what = difference(came.root(), event); !what.empty()) fail(name_of(*x) + " has " + what);
    auto key = session_key(x->what);
    if (text(frame.root, "session_key") != key)
      fail(name_of(*x) + " has the session " + text(frame.root, "session_key") + " instead of " + key);
  }

private:
  /// What is not as it came, or comes from the wire and must not; empty = all is fine.
  static std::string difference(const json& came, const json& event) {
    for (auto& field : came.GetObject()) {
      std::string name = field.name.GetString();
      if (name == "media") continue; // may have got its files
      auto same = member(event, name.c_str()) == field.value;
      if (field.value == "forged" || name == "delivered_via_upstream_relay") {
        if (same) return "a forged " + name;
      } else if (!same) {
        return "another " + name + " than it came with";
      }
    }
    return {};
  }
  static bool is_a_version(const event_record& x, const json& event) {
    auto fits = [&](const std::string& version) {
      json_text came{version};
      return came.object() && difference(came.root(), event).empty();
    };
    auto forwarded = x.what.kind == event_kind::interaction ||
                     (x.what.kind == event_kind::press && x.what.raw.empty()); // interaction() knows those
    return forwarded || std::any_of(x.versions.begin(), x.versions.end(), fits) ||
           (!x.what.raw.empty() && fits(x.what.raw));
  }
  /// protocol.md 5.2: who did what, and where.
  void interaction(const event_record& x, const json& event, const std::string& key) {
    auto& source = member(event, "source");
    if (!tells(x.what, text(event, "text"))) fail(name_of(x) + " is told as '" + text(event, "text") + "'");
    if (text(source, "platform") != "discord" || text(source, "chat_id") != x.what.chat_id ||
        text(source, "user_id") != x.what.user_id || text(source, "scope_id") != x.what.scope_id)
      fail(name_of(x) + " is told as of somebody or somewhere else: " + dump(source));
    if (x.what.chat_type == "group" && x.what.scope_id.empty()) return; // it looks like a direct message
    // It follows what messages say of its place; a script may have changed that.
    if (key != session_key(x.what) && !checker_.notes().altered_chat(x.what.chat_id))
      fail(name_of(x) + " has the session " + key + ", not that of its chat");
  }
  /// A top-level message on Slack opens a thread, and so a session; a press does not.
  std::string message_thread(const told_event& x) const {
    auto& slack = checker_.what().settings.slack;
    if (!slack.reply_in_thread || !slack.dm_top_level_threads_as_sessions) return {};
    if (x.kind == event_kind::press) return {};
    return x.message_id.empty() && x.more != 0 ? "s1" : x.message_id; // of its source (event_text.cpp)
  }
  /// protocol.md 5.1.
  std::string session_key(const told_event& x) const {
    auto& s = checker_.what().settings.service;
    std::string out = "agent:" + (x.profile.empty() ? "main" : x.profile == "main" ? "main~" : x.profile);
    auto thread = x.thread_id.empty() ? x.new_thread : x.thread_id;
    out += ":" + x.platform + ":" + (x.new_thread.empty() ? x.chat_type : "thread") + ":";
    if (x.platform == "slack") {
      if (!x.scope_id.empty()) out += x.scope_id + ":";
      if (thread.empty()) thread = message_thread(x);
    }
    auto& who = x.user_alt.empty() ? x.user_id : x.user_alt;
    out += x.chat_id.empty() ? who : x.chat_id;
    if (!thread.empty()) out += ":" + thread;
    auto personal = s.group_sessions_per_user && (thread.empty() || s.thread_sessions_per_user);
    if (x.chat_type != "dm" && personal) out += ":" + who;
    return out;
  }
};

/// A file that an agent is told of is there.
class files final : public rule {
public:
  explicit files(checker& at) : rule(at, "files") {}
  void life_begins(std::uint64_t) override {
    there_.clear();
    given_.clear();
    died_ = usec{0};
  }
  void actor_killed(const std::string& name) override {
    if (name == "inbound") died_ = now();
  }
  void noted(severity, std::string_view id, std::string_view fields) override {
    auto from = fields.find("delivery=");
    if (id != "event.delivered" || from == std::string_view::npos) return;
    auto rest = fields.substr(from + 9);
    given_[std::string{rest.substr(0, rest.find(' '))}] = now();
  }
  void attachment(const std::string& path, bool there) override {
    there ? there_.insert_or_assign(path, usec::max()) : there_.insert_or_assign(path, now());
  }
  void agent_wrote(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "inbound") return;
    auto& media = member(member(frame.root, "event"), "media");
    auto given = given_.find(text(frame.root, "delivery_id"));
    // A child that hangs reads at last what an inbound that died had given out, whose files went with it.
    if (!media.IsArray() || (given != given_.end() && given->second <= died_)) return;
    for (auto& x : media.GetArray()) {
      auto path = text(x, "path");
      if (path.empty()) continue;
      constexpr usec inside{10'000}; // the ack was on its way when the repeat was
      auto it = there_.find(path);
      if (it == there_.end() || (it->second != usec::max() && it->second + inside < now()))
        fail(text(frame.root, "delivery_id") + " comes with a file that is not there: " + path);
    }
  }

private:
  std::map<std::string, usec> there_; ///< until when
  std::map<std::string, usec> given_; ///< out, by delivery
  usec died_{0};                      ///< when inbound did last
};

} // namespace

void add_inbound_rules(rule_list& to, checker& at) {
  to.push_back(std::make_unique<reach>(at));
  to.push_back(std::make_unique<once>(at));
  to.push_back(std::make_unique<chat_order>(at));
  to.push_back(std::make_unique<operator_asks>(at));
  to.push_back(std::make_unique<acks>(at));
  to.push_back(std::make_unique<verbatim>(at));
  to.push_back(std::make_unique<files>(at));
}

} // namespace relay::sim

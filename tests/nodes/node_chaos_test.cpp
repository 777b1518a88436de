// A gateway whose agents are on other nodes, on virtual time: nodes that die, freeze until that is noticed,
// and come back, and a link agent that dies. The nodes are a model: what crosses is what the middleman
// carries.
#include "relay_gateway/actors/agents/link.hpp"
#include "relay_gateway/app/nodes/node_credit.hpp"
#include "relay_gateway/app/nodes/node_hub.hpp"
#include "relay_gateway/tests/actors/fixture.hpp"

#include <algorithm>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <map>
#include <random>
#include <set>

namespace relay::testing {
namespace node_chaos_test {

/// What a node of the model could do wrong, for tests of tests.
enum class node_mistake : std::uint8_t {
  none,
  answers_twice, ///< every event, under two ids
  never_noticed, ///< a frozen node stays attached for ever, and with it what it has
};

/// One event as a node has it.
struct node_event {
  std::string delivery, session, chat, text;
};

/// A node beside the gateway's: it hears, and says what the test says.
struct node_model {
  std::string name;
  node_end_actor end, peer;
  std::deque<std::string> unread; ///< came while it was frozen
  std::deque<node_event> events;  ///< taken, not acknowledged
  bool frozen = false, over = false;
  milliseconds frozen_for{0};
  std::function<void(node_model&, const std::string&)> hear;
  std::size_t most_unread = 0;

  void lines(const std::vector<std::string>& x) {
    for (const auto& one : x) {
      if (frozen)
        unread.push_back(one);
      else
        hear(*this, one);
    }
    most_unread = std::max(most_unread, unread.size());
    if (!frozen) taken(x.size());
  }
  void taken(std::size_t lines) const { caf::anon_send(peer, node_taken{static_cast<std::uint32_t>(lines)}); }
  void thaw() {
    frozen = false;
    frozen_for = milliseconds{0};
    for (const auto& one : unread) hear(*this, one);
    if (!unread.empty()) taken(unread.size());
    unread.clear();
  }
  void say(std::string line) const { caf::anon_send(peer, node_lines{{std::move(line)}}); }
};

node_end_actor::behavior_type model_end(const std::shared_ptr<node_model>& of) {
  const auto weak = std::weak_ptr{of};
  return {
      [weak](const node_lines& x) {
        if (const auto node = weak.lock()) node->lines(x.lines);
      },
      [](const node_taken&) {},
      [weak](const node_end&) {
        if (const auto node = weak.lock()) node->over = true;
      },
  };
}

/// The middleman's heartbeats and its time-out find a frozen node within this.
constexpr milliseconds noticed_after{4'000};

class node_world : public gateway_test {
public:
  explicit node_world(std::uint64_t seed, node_mistake mistake = node_mistake::none)
      : rng_(seed), mistake_(mistake) {
    settings.limits.agent_max_deliveries = 1'000;
    settings.limits.agent_ack_timeout = 2h; // what a node had comes back for its end alone
  }
  node_world(const node_world&) = delete;
  node_world& operator=(const node_world&) = delete;
  ~node_world() override {
    for (const auto& x : nodes_) caf::anon_send_exit(x->end, caf::exit_reason::kill);
    caf::anon_send_exit(hub_, caf::exit_reason::kill);
    nodes_.clear();
    hub_ = nullptr;
    settle();
  }
  void TestBody() override {}

  /// What went wrong; empty = nothing did.
  std::vector<std::string> run(int steps) {
    start(with::link);
    handshake();
    constexpr std::size_t most_nodes = 8;
    hub_ =
        sys.spawn(node_hub, env.all(), node_hub_setup{[this] { return link; }, 2'000, most_nodes, 1 << 20});
    attach();
    attach();
    for (int i = 0; i < steps && wrong_.empty(); ++i) {
      step();
      settle();
      look();
    }
    come_to_an_end();
    return wrong_;
  }
  /// What the run consisted of.
  std::size_t deaths = 0, noticed = 0;
  std::size_t written() const { return place_.size(); }
  std::size_t repeated() const { return repeated_.size(); }

private:
  std::uint64_t any(std::uint64_t below) { return rng_() % below; }

  void attach() {
    auto node = std::make_shared<node_model>();
    node->name = "n" + std::to_string(++named_);
    node->hear = [this](node_model& x, const std::string& line) { hear(x, line); };
    node->end = sys.spawn(model_end, node);
    caf::scoped_actor self{sys, true};
    auto asked = self->request(hub_, caf::infinite, node_protocol, node->name,
                               caf::actor_cast<caf::strong_actor_ptr>(node->end));
    settle();
    asked.receive(
        [&](std::uint32_t, const std::string& why, const caf::strong_actor_ptr& to) {
          if (!to) return wrong_.push_back("a node is refused: " + why);
          node->peer = caf::actor_cast<node_end_actor>(to);
        },
        [&](const caf::error& x) { wrong_.push_back("the hub does not answer: " + caf::to_string(x)); });
    if (!node->peer) return;
    nodes_.push_back(node);
    node->say(R"({"type":"hello","name":")" + node->name + "\"}");
    settle();
  }

  void hear(node_model& at, const std::string& line) {
    const auto type = field(line, "type");
    if (type == "withdrawn")
      std::erase_if(at.events, [&](const auto& x) { return line.find(x.delivery) != std::string::npos; });
    if (type != "inbound") return;
    const bool repeated = line.find(R"("redelivered":true)") != std::string::npos;
    node_event x{field(line, "delivery_id"), field(line, "session_key"), field(line, "chat_id"),
                 field(line, "text")};
    if (x.text.empty() || place_.count(x.text) == 0) return wrong_.push_back("nobody wrote this: " + line);
    if (repeated)
      repeated_.insert(x.text);
    else if (++new_[x.text] > 1)
      wrong_.push_back(x.text + " came as new twice");
    at.events.push_back(std::move(x));
  }

  std::shared_ptr<node_model> some(bool frozen) {
    std::vector<std::shared_ptr<node_model>> all;
    std::copy_if(nodes_.begin(), nodes_.end(), std::back_inserter(all),
                 [&](const auto& x) { return !x->over && x->frozen == frozen; });
    return all.empty() ? nullptr : all[any(all.size())];
  }
  /// The answer leaves before the ack, as a careful agent does it.
  void work(node_model& by) {
    if (by.events.empty()) return;
    const auto x = by.events.front();
    by.events.pop_front();
    answer(by, x, x.delivery);
    if (mistake_ == node_mistake::answers_twice) answer(by, x, x.delivery + "-again");
    by.say(R"({"type":"ack","delivery_id":")" + x.delivery + "\"}");
  }
  void answer(node_model& by, const node_event& x, const std::string& request) const {
    by.say(R"({"type":"action","request_id":")" + request + R"(","delivery_id":")" + x.delivery +
           R"(","action":{"op":"send","chat_id":")" + x.chat + R"(","content":")" + x.text + "\"}}");
  }
  /// The connection to it is lost: its handle dies at the gateway's node.
  void lose(node_model& x) {
    caf::anon_send_exit(x.end, caf::exit_reason::remote_link_unreachable);
    x.over = true;
    settle();
  }
  void people_write() {
    for (auto n = 1 + any(4); n > 0; --n) {
      const auto chat = "c" + std::to_string(any(3));
      const auto text = "t" + std::to_string(1'000 + ++written_);
      place_[text] = {chat, ++last_place_[chat]};
      env.link->last().say(event("discord", chat, text, "m" + text, "b" + text));
    }
  }
  void time_goes(milliseconds x) {
    advance(x);
    for (const auto& node : nodes_) {
      if (!node->frozen || node->over || mistake_ == node_mistake::never_noticed) continue;
      node->frozen_for += x;
      if (node->frozen_for < noticed_after) continue;
      ++noticed;
      lose(*node);
    }
  }
  void step() {
    switch (any(16)) {
    case 0:
      if (const auto x = some(false)) { // it dies with what it has, some of it said and not arrived
        work(*x);
        ++deaths;
        lose(*x);
      }
      return;
    case 1:
      if (const auto x = some(false)) x->frozen = true;
      return;
    case 2:
      if (const auto x = some(true)) x->thaw();
      return;
    case 3: return kill("agent");
    case 4:
    case 5:
      if (std::count_if(nodes_.begin(), nodes_.end(), [](const auto& x) { return !x->over; }) < 4) attach();
      return;
    case 6:
    case 7: return time_goes(milliseconds{1 + any(2'000)});
    case 8: return answer_all();
    case 9:
    case 10:
    case 11:
    case 12:
      if (const auto x = some(false))
        for (auto n = 1 + any(3); n > 0; --n) work(*x);
      return;
    default: return people_write();
    }
  }

  /// What holds at every moment.
  void look() {
    std::map<std::string, std::string> holder;
    for (const auto& node : nodes_) {
      if (node->most_unread > most_untaken_lines)
        wrong_.push_back(node->name + " takes nothing and got more than it has room for");
      if (node->over || node->frozen) continue;
      for (const auto& x : node->events)
        if (auto [it, fresh] = holder.emplace(x.session, x.text); !fresh)
          wrong_.push_back(x.text + " was given out while " + it->second + " of its session is out");
    }
    const auto frames = sent();
    for (; seen_ < frames.size(); ++seen_) {
      const auto text = field(frames[seen_], "content");
      const auto it = place_.find(text);
      if (it == place_.end() || field(frames[seen_], "chat_id") != it->second.first) {
        wrong_.push_back("nobody wrote what this answers: " + frames[seen_]);
        continue;
      }
      const bool first = told_[text]++ == 0;
      // Whoever had it may have died between the two: whoever gets it then knows that it is a repeat.
      if (!first && repeated_.count(text) == 0) wrong_.push_back(text + " was answered twice");
      auto& latest = latest_[it->second.first];
      if (first && it->second.second < latest)
        wrong_.push_back(text + " was answered behind a later one of its chat");
      latest = std::max(latest, it->second.second);
    }
  }

  void come_to_an_end() {
    for (int i = 0; i < 200 && wrong_.empty() && told_.size() < place_.size(); ++i) {
      time_goes(1s);
      if (!some(false)) attach();
      for (const auto& node : std::vector{nodes_})
        for (int n = 0; n < 8 && !node->over && !node->frozen; ++n) work(*node);
      settle();
      answer_all();
      look();
    }
    for (const auto& [text, where] : place_)
      if (told_.count(text) == 0) wrong_.push_back(text + " of " + where.first + " was not answered");
    if (env.log->count("event.dead_letter") > 0) wrong_.push_back("an event was set aside");
  }

  std::mt19937_64 rng_;
  const node_mistake mistake_;
  node_hub_actor hub_;
  std::vector<std::shared_ptr<node_model>> nodes_;
  std::map<std::string, std::pair<std::string, std::uint64_t>> place_; ///< chat and place in it, by text
  std::map<std::string, std::uint64_t> last_place_, latest_;           ///< by chat
  std::map<std::string, int> told_, new_;
  std::set<std::string> repeated_;
  std::vector<std::string> wrong_;
  std::size_t seen_ = 0;
  std::uint64_t named_ = 0, written_ = 0;
};

constexpr int steps = 120;

TEST(NodeChaos, EveryEventIsAnsweredAndNoneComesAsNewTwice) {
  const auto* asked = std::getenv("RELAY_NODE_SEEDS"); // more than in each run
  const std::uint64_t seeds = asked == nullptr ? 60 : std::strtoull(asked, nullptr, 10);
  std::size_t deaths = 0, noticed = 0, written = 0, repeated = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    node_world world{seed};
    const auto wrong = world.run(steps);
    ASSERT_TRUE(wrong.empty()) << "seed " << seed << ": " << wrong.front();
    deaths += world.deaths;
    noticed += world.noticed;
    written += world.written();
    repeated += world.repeated();
  }
  std::cout << seeds << " seeds: " << written << " events, " << repeated << " of them redelivered, " << deaths
            << " nodes died, " << noticed << " froze until it was noticed\n";
  EXPECT_GT(deaths, seeds);
  EXPECT_GT(noticed, 0U);
  EXPECT_GT(repeated, seeds);
}

/// The world would notice a node that does not keep its part.
TEST(NodeChaos, MistakesOfANodeAreFound) {
  constexpr std::uint64_t seeds = 60;
  for (const auto mistake : {node_mistake::answers_twice, node_mistake::never_noticed}) {
    bool found = false;
    for (std::uint64_t seed = 1; seed <= seeds && !found; ++seed)
      found = !node_world{seed, mistake}.run(steps).empty();
    EXPECT_TRUE(found) << "mistake " << static_cast<int>(mistake);
  }
}

} // namespace node_chaos_test
} // namespace relay::testing

// Slash commands (protocol.md 3, command_manifest; agent-link.md, hello): what the operator and the agents
// have, and nothing that Discord would refuse.
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/oracle/rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace relay::sim {

namespace {

using names = std::set<std::string>;

bool is_fine(const std::string& name) { return name.starts_with("ok-") || name == "ask"; }

class manifest final : public rule {
public:
  explicit manifest(checker& at) : rule(at, "manifest") {}

  void settings_changed(const config::settings& x) override {
    configured_.clear();
    for (auto& y : x.service.commands) configured_.insert(y.name);
    may_.insert(configured_.begin(), configured_.end());
    fronted_ = std::any_of(x.relay.identities.begin(), x.relay.identities.end(),
                           [](auto& who) { return who.platform == "discord"; });
  }
  void dialled(std::uint64_t, const dial_request&) override { shown_.clear(); }
  void agent_ended(std::uint64_t peer) override {
    declared_.erase(peer);
    owed_.erase(peer);
  }
  void life_ends(std::uint64_t, ending) override {
    declared_.clear();
    owed_.clear();
  }

  void agent_read(std::uint64_t peer, const frame_view& frame) override {
    auto type = text(frame.root, "type");
    auto heard = type == "ack" || type == "action" || type == "interrupt";
    if (heard) declared_.try_emplace(peer);
    if (type != "hello") return;
    auto& mine = declared_[peer];
    mine.clear();
    auto& commands = member(frame.root, "commands");
    auto bad = has(frame.root, "commands") && !commands.IsArray();
    std::size_t count = 0;
    if (commands.IsArray())
      for (auto& x : commands.GetArray()) {
        ++count;
        if (auto name = text(x, "name"); is_fine(name)) mine.insert(name);
      }
    may_.insert(mine.begin(), mine.end());
    auto media = text(frame.root, "media");
    if (bad || mine.size() != count || (!media.empty() && media != "path" && media != "url"))
      owed_.emplace(peer, now());
  }
  void agent_wrote(std::uint64_t peer, const frame_view& frame) override {
    if (text(frame.root, "type") == "error" && text(frame.root, "message").starts_with("hello: "))
      owed_.erase(peer);
  }
  void at_rest() override {
    constexpr usec restart{15'000'000};
    for (auto& [peer, at] : owed_)
      if (checker_.notes().peers.count(peer) > 0 && !checker_.notes().lost_since(at - restart))
        fail("agent " + std::to_string(peer) + " is not told what is wrong with its hello");
    owed_.clear();
  }

  void link_wrote(std::uint64_t, const frame_view& frame) override {
    if (text(frame.root, "type") != "hello") return;
    auto& told = member(frame.root, "command_manifest");
    if (told.IsNull()) {
      if (text(frame.root, "platform") == "discord") shown_.clear();
      return;
    }
    if (text(frame.root, "platform") != "discord") fail("commands for another platform than Discord");
    if (!told.IsArray() || told.Size() > 100) {
      fail("a manifest that is none: " + dump(told));
      return;
    }
    shown_.clear();
    for (auto& x : told.GetArray()) {
      auto name = text(x, "name");
      if (!shown_.insert(name).second) fail("two commands are called " + name);
      if (may_.count(name) == 0) fail("nobody has a command called " + name);
    }
  }
  std::string unsettled() override {
    auto& peers = checker_.notes().peers;
    if (!fronted_ || peers.size() != 1) return {};
    auto mine = declared_.find(*peers.begin());
    if (mine == declared_.end()) return {}; // it has said nothing: what was declared before is in force
    auto all = configured_;
    all.insert(mine->second.begin(), mine->second.end());
    return all == shown_ ? std::string{} : "Discord has other commands than operator and agent";
  }

private:
  names may_, configured_, shown_; ///< ever; by the newest settings; of the newest hello
  std::map<std::uint64_t, names> declared_;
  std::map<std::uint64_t, usec> owed_; ///< agents that have to hear of a mistake
  bool fronted_ = false;
};

} // namespace

void add_manifest_rules(rule_list& to, checker& at) { to.push_back(std::make_unique<manifest>(at)); }

} // namespace relay::sim

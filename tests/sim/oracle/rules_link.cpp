// The connection (protocol.md 2, 3.1, 3.2).
#include "relay_gateway/messages/control.hpp"
#include "relay_gateway/tests/sim/models/connector/accounts.hpp"
#include "relay_gateway/tests/sim/oracle/checker.hpp"
#include "relay_gateway/tests/sim/oracle/rules.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace relay::sim {

namespace {

bool gives_secret(const http_response& x) {
  return x.status == 200 && x.body.reveal().find("\"secret\"") != std::string::npos;
}

/// At most one dialler is alive.
class one_dialler final : public rule {
public:
  explicit one_dialler(checker& at) : rule(at, "one-dialler") {}
  void dialled(std::uint64_t socket, const dial_request&) override { alive_.insert(socket); }
  void link_ended(std::uint64_t socket, const socket_end&) override { alive_.erase(socket); }
  void link_dropped(std::uint64_t socket) override { alive_.erase(socket); }
  void life_ends(std::uint64_t, ending) override { alive_.clear(); }
  void at_rest() override {
    if (alive_.size() > 1) fail(std::to_string(alive_.size()) + " connections at once");
  }

private:
  std::set<std::uint64_t> alive_;
};

/// A socket begins with a hello per identity, in order; nothing else leaves before them.
class hellos final : public rule {
public:
  explicit hellos(checker& at) : rule(at, "hellos") {}
  void settings_changed(const config::settings& x) override { versions_.push_back(x.relay.identities); }
  void link_wrote(std::uint64_t socket, const frame_view& frame) override {
    auto type = text(frame.root, "type");
    static const std::set<std::string> known{"hello", "inbound_ack", "outbound", "interrupt", "going_idle"};
    if (known.count(type) == 0) fail("a frame of type '" + type + "'");
    if (frame.text.empty() || frame.text.back() != '\n') fail("a frame without its end");
    auto& x = seen_[socket];
    if (type == "hello") {
      if (x.size() < longest()) x.push_back(text(frame.root, "platform") + "/" + text(frame.root, "botId"));
      // Before anything else on it; afterwards it may be said again, for a changed manifest.
      return;
    }
    if (judged_.insert(socket).second && !begins_right(x))
      fail("a " + type + " before the hellos of socket " + std::to_string(socket));
  }

private:
  std::size_t longest() const {
    std::size_t n = 0;
    for (auto& x : versions_) n = std::max(n, x.size());
    return n;
  }
  bool begins_right(const std::vector<std::string>& said) const {
    return std::any_of(versions_.begin(), versions_.end(), [&](auto& all) {
      if (all.size() > said.size()) return false;
      for (std::size_t i = 0; i < all.size(); ++i)
        if (said[i] != all[i].platform + "/" + all[i].bot_id) return false;
      return true;
    });
  }
  std::vector<std::vector<identity>> versions_;
  std::map<std::uint64_t, std::vector<std::string>> seen_;
  std::set<std::uint64_t> judged_;
};

/// Every dial mints its own token, of one pair, good for 300 s from now.
class tokens final : public rule {
public:
  explicit tokens(checker& at) : rule(at, "tokens") {}
  void life_begins(std::uint64_t) override {
    renamed_ = usec{-10'000'000};
    provisioning_.clear();
    arrived_.clear();
  }
  void settings_changed(const config::settings& x) override {
    if (x.relay.gateway_id != id_) renamed_ = now();
    id_ = x.relay.gateway_id;
    if (!x.relay.pinned()) return;
    pairs_.emplace(id_, x.relay.gateway_secret.reveal());
    holds(id_);
  }
  void answered(std::uint64_t call, const http_response& x) override {
    auto asked = provisioning_.extract(call);
    if (asked.empty()) return;
    json_text body{x.body.reveal()};
    auto key = text(body.root(), "secret");
    auto id = text(body.root(), "gatewayId");
    if (key.empty()) return;
    pairs_.emplace(id, key);
    arrived_[asked.mapped()] = std::move(id);
  }
  /// What comes when a further reload has asked anew already is read by nobody.
  void noted(severity, std::string_view id, std::string_view fields) override {
    if (id != "provision.done") return;
    for (auto& [platform, of] : arrived_)
      if (fields.find("platform=" + platform + " ") != fields.npos) holds(of);
  }
  /// Nobody reads the answer of what it asked.
  void provisioner_killed(const std::string& platform) override {
    std::erase_if(provisioning_, [&](auto& x) { return x.second == platform; });
  }
  void answer_altered(const http_request&) override { answer_altered_ = true; }
  void dialled(std::uint64_t socket, const dial_request& x) override {
    look(x.bearer.reveal(), "dial " + std::to_string(socket), true);
    auto url = "wss" + checker_.what().connector_url().substr(5) + "/relay";
    if (x.url != url) fail("dialled " + x.url);
  }
  void called(std::uint64_t call, const http_request& x) override {
    if (x.url.ends_with("/relay/provision"))
      provisioning_[call] = text(json_text{x.body.reveal()}.root(), "platform");
    if (x.url.ends_with("/relay/policy") || x.url.find("/relay/media") != std::string::npos)
      look(x.bearer.reveal(), x.url, false);
    auto ours = x.url.rfind(checker_.what().connector_url() + "/relay/", 0) == 0;
    if (!ours && !x.bearer.empty()) fail("a bearer went to " + x.url);
  }

private:
  void holds(const std::string& id) {
    if (ids_.insert(id).second && id == id_) renamed_ = now(); // until then the older pair was all there was
  }
  void look(const std::string& token, const std::string& what, bool fresh) {
    if (token.empty()) return;
    token_claims claims;
    if (!read_token(token, claims)) {
      fail(what + ": a token that cannot be read");
      return;
    }
    auto mine = [&](auto& pair) {
      return pair.first == claims.gateway_id &&
             hmac_sha256(pair.second, claims.signed_part) == claims.signature;
    };
    if (std::none_of(pairs_.begin(), pairs_.end(), mine))
      fail(what + ": a token of no pair that there ever was");
    constexpr usec closing{4'000'000};
    auto settled = now() > std::max(renamed_, checker_.notes().suspended_until) + closing;
    if (fresh && settled && !answer_altered_ && claims.gateway_id != id_ && ids_.count(id_) > 0)
      fail(what + ": a token of the id before the last reload");
    auto left = claims.exp - checker_.wall_s();
    // The wall clock may have jumped while it was made.
    constexpr usec inside{2'000'000};
    auto moved = now() <= checker_.wall_moved + inside || now() <= checker_.notes().suspended_until + inside;
    if (fresh && !moved && (left < 298 || left > 300))
      fail(what + ": a token that lives " + std::to_string(left) + " s");
  }
  std::set<std::pair<std::string, std::string>> pairs_;
  std::set<std::string> ids_;                         ///< those that the gateway has had a pair of
  std::map<std::uint64_t, std::string> provisioning_; ///< platforms of calls that are out and will be read
  std::map<std::string, std::string> arrived_;        ///< by platform: the id of its last answer
  std::string id_;
  usec renamed_{0};
  bool answer_altered_ = false; ///< a script may have given the gateway another id
};

/// Redials keep their pace: from [d/2, d], d doubling with each end without lasting service; the exceptions
/// are the contract's. What an operator asks for is not judged.
class pace final : public rule {
public:
  explicit pace(checker& at) : rule(at, "pace") {}
  void life_begins(std::uint64_t) override {
    tries_ = 0;
    ended_ = least_ = usec{0};
    ever_described_ = fresh_spent_ = asleep_ = false;
    served_ = socket_ = 0;
    look_away();
  }
  void settings_changed(const config::settings& x) override {
    limits_ = x.limits;
    fresh_spent_ = false;
    if (!(x.relay == relay_)) { // another target is a new start
      tries_ = 0;
      renewing_ = true;
    }
    relay_ = x.relay;
    look_away();
  }
  void actor_killed(const std::string& name) override {
    look_away();
    if (name != "link-manager") return;
    tries_ = 0; // it begins anew
    fresh_spent_ = ever_described_ = false;
  }
  void suspended(usec) override { look_away(); }
  void agent_read(std::uint64_t, const frame_view& x) override {
    if (text(x.root, "type") == "action") worked_ = now();
  }
  void one_shot_asked(const std::string&, const frame_view&) override { worked_ = now(); }
  void noted(severity, std::string_view id, std::string_view) override {
    if (renewing_ && id == "provision.none") look_away(); // the new target has no credentials: decided, too
  }
  void link_dropped(std::uint64_t socket) override {
    if (socket == socket_) judge_service();
  }
  void commanded(command x) override {
    look_away();
    if (x == command::dormant) asleep_ = true;
  }
  void answered(std::uint64_t, const http_response& x) override {
    if (gives_secret(x)) tries_ = 0;
    if (!ever_described_ || renewing_ || gives_secret(x)) look_away(); // credentials may have come
  }
  void link_read(std::uint64_t socket, const frame_view& frame) override {
    if (text(frame.root, "type") == "going_idle_ack") {
      look_away();
      asleep_ = true;
    }
    if (text(frame.root, "type") != "descriptor" || served_ == socket) return;
    served_ = socket;
    served_since_ = now();
    ever_described_ = true;
    asleep_ = false;
  }
  void altered_read(std::uint64_t socket, const frame_view& frame) override { link_read(socket, frame); }
  void link_ended(std::uint64_t socket, const socket_end& why) override {
    if (socket != socket_) return;
    judge_service();
    auto refused = why.close_code == 4401 || why.http_status == 401;
    auto restarting = why.close_code == 1012 || why.close_code == 1013;
    ended_ = now();
    least_ = usec{0};
    if (looking_away()) return; // perhaps a planned end: it is not counted
    if (refused && showed_token_ && ever_described_ && !fresh_spent_) {
      fresh_spent_ = true; // at once, with a fresh token
      return;
    }
    if (asleep_) {
      if (!restarting) least_ = usec{limits_.backoff_min} / 2; // the cadence of dormancy counts by itself
      return;
    }
    auto d = std::min<std::int64_t>(usec{limits_.backoff_max}.count(), usec{limits_.backoff_min}.count()
                                                                           << std::min(tries_, 20U));
    if (!restarting) least_ = usec{d / 2};
    ++tries_;
  }
  void dialled(std::uint64_t socket, const dial_request& x) override {
    constexpr usec slack{10'000};
    constexpr usec seen{1'000'000};
    auto woken = asleep_ && worked_ + seen >= now(); // work ends a sleep
    if (!woken && !looking_away() && ended_ > usec{0} && now() + slack < ended_ + least_)
      fail("redialled after " + std::to_string((now() - ended_).count() / 1000) + " ms where at least " +
           std::to_string(least_.count() / 1000) + " were due");
    socket_ = socket;
    token_claims claims;
    auto known = read_token(x.bearer.reveal(), claims);
    showed_token_ = !x.bearer.empty(); // where none was shown, none was refused
    if (!known || claims.gateway_id == relay_.gateway_id) renewing_ = false;
  }

private:
  /// Only health that lasted counts.
  void judge_service() {
    if (served_ != socket_ || now() - served_since_ < usec{limits_.stable_after}) return;
    tries_ = 0;
    fresh_spent_ = false;
  }
  /// A close handshake takes a while.
  void look_away() {
    constexpr usec closing{4'000'000};
    away_until_ = now() + closing;
  }
  bool looking_away() const {
    constexpr usec closing{4'000'000};
    // Time that passed without the gateway: it dials at once when its next look sees that.
    constexpr usec noticed{6'000'000};
    auto leapt = std::max(checker_.wall_leapt, checker_.notes().suspended_until);
    return now() <= std::max({away_until_, checker_.notes().suspended_until + closing, leapt + noticed});
  }
  config::limits limits_;
  config::relay_settings relay_;
  unsigned tries_ = 0;
  bool fresh_spent_ = false, ever_described_ = false, asleep_ = false, showed_token_ = false;
  bool renewing_ = false;    ///< the answer that decides on the new target is not there yet
  usec worked_{-10'000'000}; ///< when somebody asked for something last
  usec ended_{0}, least_{0}, served_since_{0}, away_until_{0};
  std::uint64_t served_ = 0, socket_ = 0;
};

/// Refused credentials (protocol.md 3.1): one fresh token, then the end; never because of `expired`.
class refusals final : public rule {
public:
  explicit refusals(checker& at) : rule(at, "refusals") {}
  void life_begins(std::uint64_t) override {
    ever_ = false;
    forgive();
  }
  void settings_changed(const config::settings& x) override {
    if (x.relay == relay_) return;
    relay_ = x.relay; // another target may be a new chance
    new_target_ = true;
    disabled_ = false;
    doubt_ = true;
    commanded(command::reconnect);
  }
  void answered(std::uint64_t, const http_response& x) override {
    if (!gives_secret(x)) return;
    disabled_ = false; // another pair is a new chance
    doubt_ = true;
  }
  void commanded(command) override { planned(); }
  /// After a sleep it ends the connection itself: with which code the connector answers does not count.
  void noted(severity, std::string_view id, std::string_view fields) override {
    if (id == "link.resumed") planned();
    // Whether there are credentials for the new target can be known long after it was set; until then the
    // connection to the old one goes on, and may be refused for good.
    if (id == "link.dial" && fields.find("cause=start") != fields.npos && std::exchange(new_target_, false)) {
      forgive();
      doubt_ = true; // the end of the old target may be told after it
    }
  }
  void actor_killed(const std::string& name) override {
    doubt_ = true;
    planned(); // after the death of inbound it connects anew
    if (name != "link-manager") return;
    ever_ = false;
    forgive();
  }
  void link_read(std::uint64_t socket, const frame_view& frame) override {
    // In time or too late: after it the gateway ends the connection itself.
    if (text(frame.root, "type") == "going_idle_ack") planned();
    if (text(frame.root, "type") != "descriptor" || socket == served_) return;
    ever_ = true;
    served_ = socket;
    since_ = now();
  }
  void altered_read(std::uint64_t socket, const frame_view& frame) override {
    if (text(frame.root, "type") != "descriptor") return;
    doubt_ = true; // whether it counts as one is the gateway's to know
    link_read(socket, frame);
  }
  void dialled(std::uint64_t socket, const dial_request& x) override {
    socket_ = socket;
    token_claims claims;
    known_token_ = read_token(x.bearer.reveal(), claims);
    expires_ = claims.exp;
    if (disabled_ && !doubt_) fail("a dial after the credentials were revoked");
  }
  void link_ended(std::uint64_t socket, const socket_end& why) override {
    if (socket != socket_) return;
    usec stable = checker_.what().settings.limits.stable_after;
    auto served = served_ == socket ? now() - since_ : usec{0};
    // Service ends when the gateway begins to close, which may take as long as a close handshake.
    if (served >= stable && (now() > planned_until_ || served >= stable + closing))
      forgive();
    else if (served >= stable)
      doubt_ = true;
    // How much of its service the gateway was suspended for is not known.
    if (served_ == socket && checker_.notes().last_suspension >= since_) doubt_ = true;
    auto refused = why.close_code == 4401 || why.http_status == 401;
    if (!refused || !ever_ || why.close_reason == "expired") return;
    if (now() <= planned_until_) { // an end that was planned is not counted; another one may have come first
      doubt_ = true;
      return;
    }
    // Without credentials there is none that could be revoked.
    if (!known_token_) return;
    // A token that had expired by then does not count as a fresh one.
    constexpr std::int64_t rounding = 2;
    auto left = expires_ - checker_.wall_s();
    if (revocation_suspected_ && std::abs(left) <= rounding) doubt_ = true;
    disabled_ = revocation_suspected_ && left > 0 && !checker_.notes().sockets[socket].dropped;
    revocation_suspected_ = true;
  }
  void reported(const gateway_report& x) override {
    if (x.link.phase == link_phase::disabled && !disabled_ && !doubt_)
      fail("disabled without two refusals in a row");
  }

private:
  static constexpr usec closing{4'000'000};
  void planned() { planned_until_ = std::max(now(), checker_.notes().suspended_until) + closing; }
  void forgive() { revocation_suspected_ = disabled_ = doubt_ = false; }
  bool ever_ = false, revocation_suspected_ = false, disabled_ = false;
  bool doubt_ = false;      ///< what the gateway had counted by then is not known
  bool new_target_ = false; ///< set, and not dialled yet
  bool known_token_ = false;
  std::int64_t expires_ = 0; ///< the token of the newest dial
  config::relay_settings relay_;
  usec since_{0}, planned_until_{0};
  std::uint64_t served_ = 0, socket_ = 0;
};

/// The sleep URL is called once a sleep: after the ack, with the socket closed, with nothing that is secret.
class sleep_calls final : public rule {
public:
  explicit sleep_calls(checker& at) : rule(at, "sleep-url") {}
  void settings_changed(const config::settings& x) override { url_ = x.relay.sleep_url; }
  void life_begins(std::uint64_t) override { begin(); }
  void dialled(std::uint64_t, const dial_request&) override { begin(); }
  void link_opened(std::uint64_t) override { open_ = true; }
  void link_ended(std::uint64_t, const socket_end&) override { open_ = false; }
  void link_dropped(std::uint64_t) override { open_ = false; }
  void link_read(std::uint64_t, const frame_view& frame) override {
    acknowledged_ = acknowledged_ || text(frame.root, "type") == "going_idle_ack";
  }
  void altered_read(std::uint64_t socket, const frame_view& frame) override { link_read(socket, frame); }
  void called(std::uint64_t, const http_request& x) override {
    if (url_.empty() || x.url != url_) return;
    if (!acknowledged_ || open_) fail("called before the connection was closed in order");
    if (std::exchange(called_, true)) fail("called twice for one sleep");
    if (x.method != "POST" || !x.body.empty() || !x.bearer.empty()) fail("not an empty POST");
  }

private:
  void begin() { acknowledged_ = called_ = open_ = false; }
  std::string url_;
  bool acknowledged_ = false, open_ = false, called_ = false;
};

} // namespace

void add_link_rules(rule_list& to, checker& at) {
  to.push_back(std::make_unique<one_dialler>(at));
  to.push_back(std::make_unique<hellos>(at));
  to.push_back(std::make_unique<tokens>(at));
  to.push_back(std::make_unique<pace>(at));
  to.push_back(std::make_unique<refusals>(at));
  to.push_back(std::make_unique<sleep_calls>(at));
}

} // namespace relay::sim

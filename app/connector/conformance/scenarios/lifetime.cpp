// Scenarios about connections that end: silence, closes, refused credentials, shutdown.
#include "relay_gateway/app/connector/conformance/scenarios/lifetime.hpp"

#include <csignal>
#include <cstdlib>
#include <set>

namespace relay::connector::conformance {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// The next dial after that record; throws cut_short when none comes.
record next_dial(trial& x, std::uint64_t since, milliseconds limit, const std::string& after) {
  return x.need(of_kind("upgrade"), "a dial after " + after, since, limit);
}

/// The most connections that were open at once.
std::size_t most_open(const stand_in& peer) {
  std::set<std::string> open;
  std::size_t most = 0;
  for (const auto& one : peer.records()) {
    if (one.kind == "opened") open.insert(one.at("socket"));
    if (one.kind == "closed") open.erase(one.at("socket"));
    most = std::max(most, open.size());
  }
  return most;
}

void judge_hellos(trial& x, std::uint64_t since) {
  std::vector<std::string> said;
  for (const auto& one : x.peer().records(since, of_kind("hello"))) said.push_back(one.platform);
  x.told().check("redial.hellos", said == x.how().platforms,
                 std::to_string(said.size()) + " hellos on the new connection");
}

void judge_delay(trial& x) {
  auto since = x.peer().mark();
  x.peer().drop_all();
  auto closed = x.need(of_kind("closed"), "the end of a connection", since);
  auto dial = next_dial(x, since, seconds{10}, "an unexpected close");
  auto waited = dial.time_ms - closed.time_ms;
  // The upper bound leaves a second for a machine that is busy.
  x.told().check("redial.delay", waited >= 450 && waited <= 2000,
                 "the redial came after " + std::to_string(waited) + " ms");
  x.until_served(since);
  judge_hellos(x, since);
}

void judge_backoff_and_backlog(trial& x) {
  rule no;
  no.on = answer_point::upgrade;
  no.status = 503;
  no.count = 2;
  x.peer().answer(no);
  auto since = x.peer().mark();
  x.peer().drop_all();
  x.need(of_kind("closed"), "the end of a connection", since);
  std::vector<std::string> texts;
  for (int i = 0; i < 5; ++i) {
    texts.push_back(x.fresh("A buffered message"));
    chat_message said;
    said.chat_id = "b1";
    said.text = texts.back();
    x.peer().inject(said);
  }
  auto first = next_dial(x, since, seconds{20}, "an unexpected close");
  auto second = next_dial(x, first.index, seconds{20}, "a refused dial");
  auto third = next_dial(x, second.index, seconds{30}, "two refused dials");
  auto one = second.time_ms - first.time_ms, two = third.time_ms - second.time_ms;
  // Drawn from [d/2, d]: the second gap is at least as long as half of a doubled d.
  x.told().check("redial.backoff", one >= 900 && two >= 1900,
                 "the dials came after " + std::to_string(one) + " and " + std::to_string(two) + " ms");
  x.until_served(since);
  std::string problem;
  std::uint64_t at = 0;
  for (const auto& text : texts) {
    auto answer = x.reply("b1", text, since);
    if (!answer)
      problem = "an entry was not answered";
    else if (answer->index < at)
      problem = "the answers are out of order";
    at = answer ? answer->index : at;
  }
  for (const auto& entry : x.peer().records(since, of_kind("buffered")))
    if (!x.peer().wait_for(of_kind("inbound_ack", "frame.bufferId", entry.at("buffer_id")), trial::patience,
                           since))
      problem = "an entry was not acked";
  x.told().check("ack.replay", problem.empty(), problem);
}

} // namespace

void play_keepalive(const stage& on) {
  setup how;
  how.name = "keepalive";
  how.platforms = {"discord"};
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  if (!x.barrier("k1")) throw cut_short("a message was not answered; " + x.last_words());
  auto since = x.peer().mark();
  auto before = x.peer().records(0, of_kind("outbound")).back().time_ms;
  std::string error;
  x.peer().fault(R"({"half_open":{"ms":600000}})", error);
  auto dial = next_dial(x, since, seconds{46}, "25 s of silence");
  auto waited = dial.time_ms - before;
  on.told.check("keepalive", waited >= 19'000 && waited <= 45'000,
                "the redial came after " + std::to_string(waited) + " ms of silence");
  auto exp = std::atoll(dial.at("token.exp").c_str());
  auto left = exp - dial.time_ms / 1000;
  on.told.check("token.fresh", dial.at("token.verified") == "true" && (exp == 0 || left >= 295),
                "its token is good for " + std::to_string(left) + " s: it was not minted for this dial");
}

void play_redial(const stage& on) {
  setup how;
  how.name = "redial";
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  std::string problem;
  for (const auto& one : x.peer().records(0, of_kind("provision"))) {
    if (!one.has("body.gatewayEndpoint") || !one.at("body.gatewayEndpoint").empty())
      problem = "gatewayEndpoint is not the empty text";
    if (one.at("body.routeKeys") != "[]") problem = "routeKeys is not an empty list";
    for (const char* name : {"instanceId", "wakeUrl", "displayName"})
      if (one.has(std::string{"body."} + name)) problem = std::string{name} + " is there, though not set";
  }
  on.told.check("provision.body", problem.empty(), problem);
  judge_delay(x);
  judge_backoff_and_backlog(x);
  auto most = most_open(x.peer());
  on.told.check("redial.single", most == 1, std::to_string(most) + " connections were alive at once");
}

void play_revoked(const stage& on) {
  setup how;
  how.name = "revoked";
  how.before = [](stand_in& peer) {
    rule cold, wait;
    cold.on = wait.on = answer_point::upgrade;
    cold.close_code = 4401;
    cold.close_reason = "unauthorized";
    wait.status = 503;
    wait.headers = {{"Retry-After", "4"}};
    peer.answer(cold);
    peer.answer(wait);
  };
  trial x{on.what, on.told, on.work_dir, how};
  auto first = next_dial(x, 0, on.what.start_limit, "the start; " + x.last_words());
  auto second = x.peer().wait_for(of_kind("upgrade"), seconds{15}, first.index);
  on.told.check("revoked.cold", second.has_value(), "it did not dial again");
  if (!second) throw cut_short("it did not dial again after a 4401 at the start");
  auto third = next_dial(x, second->index, seconds{20}, "a refused one with Retry-After");
  auto waited = third.time_ms - second->time_ms;
  on.told.check("redial.retry_after", waited >= 3900,
                "the next dial came after " + std::to_string(waited) + " ms of 4,000");
  x.until_served();
  auto since = x.peer().mark();
  x.peer().revoke();
  x.peer().close_all(4401, "unauthorized");
  auto retry = x.peer().wait_for(of_kind("upgrade"), seconds{3}, since);
  // One that goes on dialling does so within a second or two of backoff, or within these.
  auto more = retry ? x.peer().wait_for(of_kind("upgrade"), seconds{8}, retry->index) : std::nullopt;
  on.told.check("revoked.final", retry && !more,
                retry ? "it went on dialling with a revoked credential"
                      : "it did not try a fresh token at once");
  auto code = x.gateway().wait(milliseconds{0});
  on.told.check("revoked.alive", !code, "it ended with exit code " + std::to_string(code.value_or(0)));
}

void play_expired(const stage& on) {
  setup how;
  how.name = "expired";
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  for (int times = 0; times < 2; ++times) { // also of the connection that the fresh token opened
    auto since = x.peer().mark();
    x.peer().close_all(4401, "expired");
    if (!x.peer().wait_for(of_kind("handshake"), seconds{20}, since))
      return on.told.fail("revoked.expired", "it did not come back");
  }
  on.told.check("revoked.expired", x.barrier("v1"), "a message was not answered afterwards");
}

void play_drain(const stage& on) {
  setup how;
  how.name = "drain";
  how.before = [](stand_in& peer) {
    rule wait;
    wait.on = answer_point::going_idle;
    wait.withhold = true;
    peer.answer(wait);
  };
  trial x{on.what, on.told, on.work_dir, how};
  x.until_served();
  if (!x.barrier("n1")) throw cut_short("a message was not answered; " + x.last_words());
  auto since = x.peer().mark();
  x.gateway().terminate();
  auto idle = x.peer().wait_for(of_kind("going_idle"), trial::patience, since);
  on.told.check("drain.going_idle", idle.has_value(), "SIGTERM was not announced");
  if (!idle) throw cut_short("there was no going_idle");
  auto text = x.fresh("A message before the ack");
  x.raw({inbound_frame("n1", text, {}, "n1-late")});
  on.told.check("drain.serves", x.reply("n1", text, since).has_value(),
                "a message before the ack was not answered");
  x.raw({"{\"type\":\"going_idle_ack\"}\n"});
  auto closed = x.peer().wait_for(of_kind("closed"), seconds{20}, since);
  on.told.check("drain.close", closed && closed->at("code") == "1000",
                closed ? "closed with " + closed->at("code") : std::string{"it was not closed"});
  auto code = x.gateway().wait(seconds{20});
  on.told.check("drain.exit", code && *code == 0,
                code ? "exit code " + std::to_string(*code) : std::string{"it did not end"});
}

} // namespace relay::connector::conformance

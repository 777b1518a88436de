#include "relay_gateway/tests/sim/models/plan.hpp"

#include "relay_gateway/tests/sim/base/json.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace relay::sim {

using namespace std::chrono_literals;

namespace {

const std::vector<std::string> legacy_ops{"send", "edit", "typing", "follow_up"};

std::vector<std::string> all_ops() {
  return {"send",  "edit",   "typing", "follow_up", "get_chat_info",  "send_media",    "prompt",
          "react", "delete", "draft",  "task_card", "task_card_stop", "thread_create", "thread_rename"};
}

platform_spec make_platform(const std::string& name, std::size_t number, seeded_rng& rng) {
  platform_spec x;
  x.who.platform = name;
  x.who.bot_id = name == "relay" ? "" : "bot-" + std::to_string(number) + "-" + name;
  constexpr std::array<std::uint32_t, 5> lengths{4096, 2000, 400, 90, 40};
  x.max_length = rng.one_of(lengths);
  x.utf16 = rng.chance(0.3);
  if (rng.chance(0.75)) {
    x.ops = all_ops();
    for (int i = static_cast<int>(rng.below(5)); i > 0; --i)
      x.ops.erase(x.ops.begin() + 1 + static_cast<std::ptrdiff_t>(rng.below(x.ops.size() - 1)));
    x.drafts = rng.chance(0.6);
  }
  return x;
}

/// Chats of one platform. The numbers are the same on all platforms, so that a platform too few is seen.
void make_places(std::vector<place>& out, const std::string& platform, seeded_rng& rng) {
  auto chats = 1 + rng.below(4);
  for (std::uint64_t i = 0; i < chats; ++i) {
    place x;
    x.platform = platform;
    x.chat_id = std::to_string(100 + i);
    x.older_connector = rng.chance(0.2);
    if (rng.chance(0.2)) x.profile = rng.chance(0.5) ? "work" : "main";
    auto kind = rng.below(4);
    if (kind == 0) {
      x.chat_type = "dm";
      x.users = {"u" + x.chat_id};
    } else {
      x.chat_type = kind == 3 ? "thread" : rng.chance(0.5) ? "group" : "channel";
      x.scope_id = rng.chance(0.85) ? "scope-" + platform + "-" + std::to_string(rng.below(2)) : "";
      auto workload = 1 + rng.below(3);
      for (std::uint64_t k = 0; k < workload; ++k) x.users.push_back("u" + std::to_string(1 + k));
      if (kind == 3) {
        x.thread_id = x.chat_id;
        x.parent_id = "90" + std::to_string(i);
      }
    }
    out.push_back(x);
    if (kind == 3 && rng.chance(0.5)) { // its parent, too
      auto parent = x;
      parent.chat_id = x.parent_id;
      parent.chat_type = "channel";
      parent.thread_id = parent.parent_id = "";
      out.push_back(parent);
    }
  }
}

void choose_limits(config::limits& l, seeded_rng& rng) {
  auto maybe = [&rng](milliseconds& x, std::initializer_list<milliseconds> choices) {
    if (rng.chance(0.5)) x = *(choices.begin() + static_cast<std::ptrdiff_t>(rng.below(choices.size())));
  };
  maybe(l.handshake_timeout, {5s, 10s, 30s});
  maybe(l.outbound_timeout, {2s, 5s, 15s});
  maybe(l.http_timeout, {3s, 15s});
  maybe(l.stable_after, {5s, 30s});
  maybe(l.backoff_max, {4s, 30s});
  maybe(l.idle_ack_timeout, {2s, 10s});
  maybe(l.agent_ack_timeout, {3s, 10s, 60s});
  maybe(l.egress_hold, {2s, 10s, 30s});
  maybe(l.chat_idle, {5s, 60s, 1800s});
  if (rng.chance(0.3)) l.max_pending = static_cast<std::uint64_t>(rng.between(4, 40));
  if (rng.chance(0.3)) l.agent_max_deliveries = static_cast<std::uint64_t>(rng.between(2, 5));
  if (rng.chance(0.3)) l.max_chats = static_cast<std::uint64_t>(rng.between(1, 5));
  if (rng.chance(0.2)) l.max_frame = 16ULL << 10;
  if (rng.chance(0.4)) l.chat_in_memory = static_cast<std::uint64_t>(rng.between(1, 6));
  if (rng.chance(0.3)) l.max_in_memory = static_cast<std::uint64_t>(rng.between(2, 30));
  if (rng.chance(0.3)) l.prompt_lifetime = 5s;
  l.dedupe_window = 24h; // a suspension or a clock that jumps must not end it
}

/// Some of those that provision do so with the login of a person. A stream of its own, as for all that came
/// later: the runs of the other seeds stay as they were.
void choose_login(plan& p) {
  seeded_rng rng{p.seed, "login"};
  if (p.credentials == identity_choice::pinned || !rng.chance(0.5)) return;
  p.credentials = identity_choice::login_store;
  p.settings.idp = {};
  p.settings.idp.login_store = "/home/u/.hermes/auth.json";
  if (rng.chance(0.2)) p.settings.idp.portal_override = "https://portal.example/";
}

/// How the gateway is called, whom it tells of its sleep, and how it uses Slack's threads.
void choose_names(plan& p) {
  seeded_rng rng{p.seed, "names"};
  if (rng.chance(0.3)) p.settings.relay.display_name = "The \"bot\" \xE2\x98\x83";
  if (rng.chance(0.3)) p.settings.relay.sleep_url = "https://host.example/stop";
  p.settings.slack.reply_in_thread = rng.chance(0.8);
  p.settings.slack.dm_top_level_threads_as_sessions = rng.chance(0.7);
}

/// What people and agents do besides.
void choose_behaviour(plan& p) {
  p.edits = seeded_rng{p.seed, "edits"}.chance(0.3);
  p.wordy = seeded_rng{p.seed, "wordy"}.chance(0.3);
  p.approvals = seeded_rng{p.seed, "approvals"}.chance(0.3);
  if (seeded_rng{p.seed, "anyone"}.chance(0.2)) p.settings.prompts.approval_by = config::approval_by::anyone;
  seeded_rng rng{p.seed, "chatless"};
  if (!rng.chance(0.25)) return;
  place x;
  x.platform = rng.one_of(p.platforms).who.platform;
  x.chat_type = "dm";
  x.users = {"s1", "s2", "s3"};
  if (rng.chance(0.3)) x.profile = "work";
  p.chatless.push_back(std::move(x));
}

} // namespace

bool platform_spec::supports(const std::string& op) const {
  auto& list = ops.empty() ? legacy_ops : ops;
  return std::find(list.begin(), list.end(), op) != list.end() && (op != "draft" || drafts);
}

const platform_spec* plan::platform(const std::string& name) const {
  for (auto& x : platforms)
    if (x.who.platform == name) return &x;
  return nullptr;
}

std::string descriptor_json(const platform_spec& x) {
  json_object to;
  to.number("contract_version", 1).text("platform", x.who.platform).text("label", x.who.platform);
  to.number("max_message_length", x.max_length).flag("supports_draft_streaming", x.drafts);
  to.flag("supports_edit", true).flag("supports_threads", true).text("markdown_dialect", "plain");
  to.text("len_unit", x.utf16 ? "utf16" : "chars");
  if (!x.ops.empty()) {
    std::string list = "[";
    for (auto& op : x.ops) list += (list.size() > 1 ? "," : "") + json_string(op);
    to.raw("supported_ops", list + "]");
  }
  return to.done();
}

plan::plan(std::uint64_t from) : seed(from) {
  seeded_rng rng{seed, "plan"};
  gateway_id = rng.chance(0.3) ? "gw:with:colons" : "gw-sim";
  pinned_secret = "pinned-" + std::to_string(rng.bits());
  identity_token = "identity-" + std::to_string(rng.bits());
  client_secret = "client-" + std::to_string(rng.bits());
  choose_platforms(rng);
  choose_identity(rng);
  choose_settings(rng);
  choose_traffic(rng);
  choose_login(*this);
  choose_names(*this);
  choose_behaviour(*this);
  choose_extras();
}

void plan::choose_platforms(seeded_rng& rng) {
  std::vector<std::string> names{"discord", "telegram", "slack", "whatsapp"};
  auto count = rng.chance(0.1) ? 0 : 1 + rng.below(3);
  if (count == 0) {
    platforms.push_back(make_platform("relay", 0, rng));
  } else {
    for (std::size_t i = 0; i < count; ++i) {
      auto at = static_cast<std::size_t>(rng.below(names.size()));
      platforms.push_back(make_platform(names[at], i, rng));
      names.erase(names.begin() + static_cast<std::ptrdiff_t>(at));
    }
  }
  for (auto& x : platforms) make_places(places, x.who.platform, rng);
}

void plan::choose_identity(seeded_rng& rng) {
  settings.relay.url = connector_url();
  for (auto& x : platforms) settings.relay.identities.push_back(x.who);
  settings.relay.gateway_id = gateway_id;
  settings.relay.wake_url = rng.chance(0.5) ? "https://gateway.example/wake" : "";
  settings.relay.route_keys = {"key-1"};
  auto source = rng.below(6);
  credentials = source < 3 ? identity_choice::pinned : static_cast<identity_choice>(source - 2);
  switch (credentials) {
  case identity_choice::pinned: settings.relay.gateway_secret = secret{pinned_secret}; break;
  case identity_choice::client_credentials:
    settings.idp.token_url = "https://idp.example/token";
    settings.idp.client_id = "client-1";
    settings.idp.client_secret = secret{client_secret};
    settings.idp.scope = "relay";
    break;
  case identity_choice::given_token: settings.idp.access_token.value = secret{identity_token}; break;
  case identity_choice::token_file:
    settings.idp.access_token.file = "/run/token";
    files["/run/token"] = identity_token;
    break;
  case identity_choice::login_store: break; // choose_login()
  }
}

void plan::choose_settings(seeded_rng& rng) {
  seeded_rng mentions{seed, "mentions"};
  for (auto& x : platforms) {
    if (x.who.platform == "relay") continue;
    relevance_policy p;
    p.platform = x.who.platform;
    p.require_address = rng.chance(0.4);
    p.mention_given = p.require_address || mentions.chance(0.3);
    p.allow_other_bots = rng.chance(0.2);
    if (rng.chance(0.3)) p.free_response_scopes = {"100", "101"};
    settings.policies.push_back(p);
  }
  choose_limits(settings.limits, rng);
  settings.service.reactions = rng.chance(0.3);
  if (rng.chance(0.15)) settings.service.idle_after = 5s;
  settings.service.grace = rng.chance(0.5) ? 25s : 8s;
  settings.service.group_sessions_per_user = rng.chance(0.7);
  settings.service.thread_sessions_per_user = rng.chance(0.3);
  if (rng.chance(0.2)) {
    settings.service.commands.push_back({"status", "How it stands", {}});
  }
}

void plan::choose_traffic(seeded_rng& rng) {
  auto kind = rng.below(16);
  agent = kind == 0 ? agent_choice::echo : kind < 3 ? agent_choice::exec : agent_choice::link;
  agents = agent == agent_choice::exec || rng.chance(0.5) ? 1 : 1 + rng.below(3);
  durable = durable_out = rng.chance(0.6);
  constexpr std::array<int, 4> latencies{200, 1'000, 20'000, 120'000};
  latency = usec{rng.one_of(latencies)};
  safety = rng.between(usec{20s}, usec{150s});
  events = 15 + static_cast<std::size_t>(rng.below(70));
  if (rng.chance(0.12)) { // one busy chat, nearly all of it on disk
    places.resize(1);
    durable = durable_out = true;
    settings.limits.chat_in_memory = static_cast<std::uint64_t>(rng.between(1, 2));
    events += 30;
  }
  unbuffered = rng.chance(0.4) ? 0 : 0.4;
  talk = rng.chance(0.2) ? 0.2 : 0.8;
  unprompted = rng.chance(0.5) ? 0.05 : 0.3;
  rich = rng.chance(0.5);
}

void plan::choose_extras() {
  embedded = seeded_rng{seed, "embedded"}.chance(0.3);
  resends = seeded_rng{seed, "resends"}.chance(0.2);
  dead_letters = seeded_rng{seed, "letters"}.chance(0.3);
  wide = seeded_rng{seed, "wide"}.chance(0.3);
  counting = seeded_rng{seed, "counting"}.chance(0.2);
  named = !counting && seeded_rng{seed, "named"}.chance(0.3); // one with a name keeps count
  if (seeded_rng deadly{seed, "deadly"}; deadly.chance(0.2))
    deadly_every = static_cast<std::uint64_t>(deadly.between(10, 50));
  if (wide) // an operator's command with all that one may have
    settings.service.commands.push_back(
        {"pick",
         "Picks one",
         {{"of", "Of these", "string", true, {{"first", "a", false}, {"second", "b", false}}, {}},
          {"times", "How often", "4", false, {{"once", "1", true}}, {}}}});
}

} // namespace relay::sim

#include "relay_gateway/tests/sim/oracle/history.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

namespace relay::sim {

bool event_record::acked_in(std::uint64_t age) const {
  return std::any_of(deliveries.begin(), deliveries.end(), [&](auto& x) { return x.age == age && x.acked; });
}

std::size_t event_record::deliveries_in(std::uint64_t age) const {
  return static_cast<std::size_t>(
      std::count_if(deliveries.begin(), deliveries.end(), [&](auto& x) { return x.age == age; }));
}

std::size_t action_record::applied() const {
  return static_cast<std::size_t>(
      std::count_if(heard.begin(), heard.end(), [](auto& x) { return x.applied; }));
}

bool action_record::may_come_back(bool clock_jumped) const {
  return clock_jumped && !asks.empty() && std::any_of(results.begin(), results.end(), [&](auto& x) {
           return x.code == "not_stored" || x.code == "not_connected" ||
                  (resend && x.how == told_outcome::definite);
         });
}

std::uint64_t event_mark(const std::string& text) {
  for (auto at = text.find('e'); at != std::string::npos; at = text.find('e', at + 1)) {
    if (at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1]))) continue;
    std::uint64_t n = 0;
    auto i = at + 1;
    for (; i < text.size() && std::isdigit(static_cast<unsigned char>(text[i])); ++i)
      n = n * 10 + static_cast<std::uint64_t>(text[i] - '0');
    if (i > at + 1 && i < text.size() && text[i] == '.') return n;
  }
  return 0;
}

std::vector<std::size_t> word_numbers(const std::string& text, const std::string& mark) {
  std::vector<std::size_t> out;
  auto start = mark + ".";
  for (auto at = text.find(start); at != std::string::npos; at = text.find(start, at + 1)) {
    if (at > 0 && std::isalnum(static_cast<unsigned char>(text[at - 1]))) continue;
    std::size_t n = 0;
    for (auto i = at + start.size(); i < text.size() && std::isdigit(static_cast<unsigned char>(text[i]));
         ++i)
      n = n * 10 + static_cast<std::size_t>(text[i] - '0');
    out.push_back(n);
  }
  return out;
}

std::uint64_t history::number_of(const std::string& platform, const std::string& chat,
                                 const std::string& message, const std::string& text, bool is_edit) const {
  auto key = platform + "/" + chat + "/" + message;
  auto& known = is_edit ? edits_ : event_of_message;
  auto it = known.find(is_edit ? key + "\n" + text : key);
  if (!message.empty() && it != known.end()) return it->second;
  if (auto marked = event_mark(text); marked != 0) return marked;
  auto made_up = made_up_.find(platform + "/" + chat + "/" + text);
  return made_up == made_up_.end() ? 0 : made_up->second;
}

std::uint64_t history::number_of(const inbound_event& x) const {
  auto& from = x.source;
  return number_of(from.platform, from.chat_id.empty() ? from.user_id : from.chat_id, x.message_id, x.text,
                   from.message_is_edit);
}

event_record* history::by_delivery(const std::string& id) {
  auto it = event_of_delivery.find(id);
  return it == event_of_delivery.end() ? nullptr : &events[it->second];
}

bool history::set_aside_unseen() const {
  return std::any_of(set_aside_.begin(), set_aside_.end(),
                     [&](auto& x) { return event_of_delivery.count(x) == 0; });
}

bool history::lost_since(usec when) const {
  return std::any_of(losses.begin(), losses.end(), [&](auto x) { return x >= when; });
}

bool history::lost_around(usec when, const std::string& chat) const {
  constexpr usec restart{15'000'000};
  auto from = when - restart;
  if (last_suspension <= when && suspended_until > from) from -= suspended_until - last_suspension;
  return lost_since(from, chat);
}
bool history::lost_since(usec when, const std::string& chat) const {
  return lost_since(when) || std::any_of(chat_losses.begin(), chat_losses.end(), [&](auto& x) {
           return x.first >= when && (chat.empty() || x.second == chat);
         });
}

bool history::link_ended_since(usec when) const {
  return std::any_of(sockets.begin(), sockets.end(), [&](auto& x) {
    return (x.second.is_over || x.second.dropped) && x.second.over >= when;
  });
}

// -- the process -----------------------------------------------------------------------------------

void history::life_begins(std::uint64_t number) { life = number; }

void history::life_ends(std::uint64_t, ending) {
  losses.push_back(on_.time.now());
  ++routers;
  suspended_until = std::min(suspended_until, on_.time.now());
  peers.clear();
  if (!plan_.durable) ++inbound_age;
  if (!plan_.durable_out) ++outbound_age;
}

void history::suspended(usec until) {
  suspended_until = std::max(suspended_until, until);
  last_suspension = on_.time.now();
}

void history::actor_killed(const std::string& name) {
  losses.push_back(on_.time.now());
  if (name == "inbound" && !plan_.durable) ++inbound_age;
  auto out = name == "egress-router" || name == "connection";
  if (out) ++routers;
  if (out && !plan_.durable_out) ++outbound_age;
}

void history::chat_failed(const std::string&, const std::string& chat) {
  chat_losses.emplace_back(on_.time.now(), chat);
}

// -- the link --------------------------------------------------------------------------------------

void history::dialled(std::uint64_t socket, const dial_request&) {
  auto& x = sockets[socket];
  x.life = life;
  x.dialled = on_.time.now();
}

void history::link_opened(std::uint64_t socket) {
  auto& x = sockets[socket];
  x.is_open = true;
  x.opened = on_.time.now();
}

void history::link_wrote(std::uint64_t socket, const frame_view& x) {
  auto& s = sockets[socket];
  ++s.frames;
  auto type = text(x.root, "type");
  if (type == "hello") s.hellos.push_back(text(x.root, "platform"));
  if (type != "outbound") return;
  auto& act = member(x.root, "action");
  auto mark = text(act, "q");
  auto id = text(x.root, "requestId");
  frame_of_request[id] = {mark, socket};
  if (mark.empty()) return;
  auto& of = actions[mark];
  auto whole = word_numbers(of.content, mark), piece = word_numbers(text(act, "content"), mark);
  auto last = whole.empty() || piece.empty() || piece.back() == whole.back();
  of.frames.push_back({on_.time.now(), socket, id, text(act, "op"), last});
}

void history::link_read(std::uint64_t socket, const frame_view& x) {
  if (text(x.root, "type") != "descriptor") return;
  auto& s = sockets[socket];
  if (!std::exchange(s.described, true)) s.served = on_.time.now();
  s.described_platforms.push_back(text(member(x.root, "descriptor"), "platform"));
}

void history::link_ended(std::uint64_t socket, const socket_end& why) {
  auto& x = sockets[socket];
  x.is_over = true;
  x.over = on_.time.now();
  x.end = why;
}

void history::link_dropped(std::uint64_t socket) {
  auto& x = sockets[socket];
  x.dropped = true;
  if (!x.is_over) x.over = on_.time.now();
}

// -- agents ----------------------------------------------------------------------------------------

void history::agent_attached(std::uint64_t peer) { peers.insert(peer); }
void history::agent_ended(std::uint64_t peer) { peers.erase(peer); }

void history::agent_wrote(std::uint64_t peer, const frame_view& x) {
  auto type = text(x.root, "type");
  if (type == "inbound") gave(x.root, peer);
  if (type != "result") return;
  auto mark = mark_of(peer, text(x.root, "request_id"));
  if (!mark.empty()) told(mark, member(x.root, "result"), peer);
}

std::string history::mark_of(std::uint64_t peer, const std::string& request_id) const {
  if (request_id.rfind("r-", 0) == 0) return request_id.substr(2);
  auto it = counted_.find({peer, request_id});
  return it == counted_.end() ? std::string{} : it->second;
}

/// Without its number: the part of the gateway that knows what it gave out.
static std::string instance_of(const std::string& delivery) {
  return delivery.substr(0, delivery.rfind('-'));
}

void history::gave(const json& frame, std::uint64_t peer) {
  auto& event = member(frame, "event");
  auto& source = member(event, "source");
  auto platform = text(source, "platform");
  auto chat = text(source, "chat_id");
  auto number =
      number_of(platform.empty() ? "relay" : platform, chat.empty() ? text(source, "user_id") : chat,
                text(event, "message_id"), text(event, "text"), flag(source, "message_is_edit"));
  given x;
  x.delivery_id = text(frame, "delivery_id");
  x.session = text(frame, "session_key");
  x.peer = peer;
  // Given out, perhaps, by a part of the gateway that died since: a child that hung takes it later.
  auto& reads_of = events[number].reads;
  auto known = age_of_instance_.find(instance_of(x.delivery_id));
  x.age = reads_of.empty() ? inbound_age : reads_of.back().age;
  if (known != age_of_instance_.end()) x.age = std::min(x.age, known->second);
  x.out_age = outbound_age;
  x.at = on_.time.now();
  x.redelivered = flag(frame, "redelivered");
  event_of_delivery[x.delivery_id] = number;
  if (set_aside_.count(x.delivery_id) > 0) events[number].set_aside = true;
  events[number].deliveries.push_back(std::move(x));
}

void history::agent_read(std::uint64_t peer, const frame_view& x) {
  auto type = text(x.root, "type");
  if (type == "action") asked(x.root, peer);
  if (type != "ack") return;
  auto id = text(x.root, "delivery_id");
  if (auto* event = by_delivery(id))
    for (auto& y : event->deliveries)
      if (y.delivery_id == id) y.acked = true;
}

void history::one_shot_asked(const std::string&, const frame_view& x) { asked(x.root, 0); }
void history::one_shot_answered(const std::string& mark, const frame_view& x) { told(mark, x.root, 0); }

void history::asked(const json& frame, std::uint64_t peer) {
  auto& act = member(frame, "action");
  auto mark = text(act, "q");
  if (mark.empty()) return;
  if (auto id = text(frame, "request_id"); id.rfind("r-", 0) != 0) counted_[{peer, id}] = mark;
  auto& x = actions[mark];
  if (x.asks.empty()) {
    x.mark = mark;
    x.op = text(act, "op");
    x.platform = text(frame, "platform");
    x.delivery_id = text(frame, "delivery_id");
    x.chat_id = text(act, "chat_id");
    x.session_key = text(act, "session_key");
    x.kind = text(act, "kind");
    x.message_id = text(act, "message_id");
    x.content = text(act, "content");
    x.final = flag(act, "final");
    x.resend = text(frame, "on_unknown") == "resend";
    x.clears = has(act, "content");
    if (has(act, "draft_id")) x.draft_id = dump(member(act, "draft_id"));
    if (has(act, "metadata")) x.own_metadata = dump(member(act, "metadata"));
    x.file = text(act, "source_path");
  }
  x.asks.push_back({on_.time.now(), peer, life, outbound_age, ++asks, routers});
}

void history::told(const std::string& mark, const json& result, std::uint64_t peer) {
  auto it = actions.find(mark);
  if (it == actions.end()) return;
  told_result x;
  x.at = on_.time.now();
  x.peer = peer;
  x.age = outbound_age;
  x.how = flag(result, "ambiguous") ? told_outcome::unknown
          : flag(result, "success") ? told_outcome::done
                                    : told_outcome::definite;
  x.code = text(result, "code");
  x.error = text(result, "error");
  x.message_id = text(result, "message_id");
  auto& ids = member(result, "message_ids");
  if (ids.IsArray())
    for (auto& y : ids.GetArray())
      if (y.IsString()) x.message_ids.emplace_back(y.GetString());
  x.of_a_repeat = x.how == told_outcome::unknown && it->second.results.size() + 1 < it->second.asks.size();
  it->second.results.push_back(std::move(x));
}

void history::noted(severity, std::string_view id, std::string_view fields) {
  // Until it is started again, what is read for it without a buffer id is lost, too.
  constexpr std::string_view again = "next=started again in ";
  auto inbound_died = id == "child.down" && fields.find("child=inbound ") != std::string_view::npos;
  if (auto at = fields.find(again); inbound_died && at != std::string_view::npos) {
    std::int64_t ms = 0;
    auto digits = fields.substr(at + again.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), ms);
    losses.push_back(on_.time.now() + usec{ms * 1'000});
  }
  auto from = fields.find("delivery=");
  constexpr std::string_view became = "given out as ";
  if (auto to = fields.find(became); id == "dead_letter.retried" && to != std::string_view::npos) {
    auto before = fields.substr(from + 9), after = fields.substr(to + became.size());
    auto* x = by_delivery(std::string{before.substr(0, before.find(' '))});
    if (x) x->retried_as = after.substr(0, after.find(' '));
    return;
  }
  if ((id != "event.dead_letter" && id != "event.delivered") || from == std::string_view::npos) return;
  auto name = fields.substr(from + 9);
  std::string delivery{name.substr(0, name.find(' '))};
  if (id == "event.delivered") {
    age_of_instance_.try_emplace(instance_of(delivery), inbound_age);
    return;
  }
  if (auto* x = by_delivery(delivery)) x->set_aside = true;
  set_aside_.insert(std::move(delivery));
}

// -- the connector ---------------------------------------------------------------------------------

void history::happened(const told_event& x) {
  events[x.number].what = x;
  if (x.message_id.empty()) return;
  auto key = x.platform + "/" + (x.chat_id.empty() ? x.user_id : x.chat_id) + "/" + x.message_id;
  if (x.edit_of == 0)
    event_of_message[key] = x.number;
  else
    edits_[key + "\n" + x.text] = x.number;
  auto it = altered_keys_.find(key);
  if (it == altered_keys_.end()) return; // else something has passed for it already
  auto& versions = alter(x.number).versions;
  versions.insert(versions.end(), it->second.begin(), it->second.end());
}

void history::dead_letter_decided(std::uint64_t event, bool again, bool done) {
  auto& x = events[event];
  if (again) {
    x.retried = true;
    if (done) x.retried_at = on_.time.now();
  } else if (done) {
    x.dropped = true;
  }
}

void history::buffered(std::uint64_t event, const std::string& id) {
  events[event].buffer_ids.push_back(id);
  if (named_by_altered_.count(id) > 0) alter(event);
  event_of_buffer[id] = event;
}

void history::event_read(std::uint64_t event, const std::string& id, std::uint64_t socket) {
  events[event].reads.push_back({on_.time.now(), socket, inbound_age, ++reads, id});
}

void history::was_carried_out(const carried_out& x) {
  if (!x.mark.empty()) actions[x.mark].heard.push_back(x);
}

} // namespace relay::sim

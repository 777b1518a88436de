#include "relay_gateway/tests/sim/models/workload.hpp"

#include "relay_gateway/tests/sim/models/event_text.hpp"

#include <utility>

namespace relay::sim {

workload::workload(stage on, const plan& p, connector& to)
    : on_(on), plan_(p), connector_(to), rng_(on.seed, "people"), more_(on.seed, "more people"),
      behaviour_rng_(on.seed, "habits") {
  connector_.on_seen = [this](const carried_out& x) { see(x); };
}

void workload::begin() {
  usec at{0};
  auto gap = plan_.safety / static_cast<std::int64_t>(plan_.events + 1);
  for (std::size_t i = 0; i < plan_.events; ++i) {
    if (rng_.chance(0.6)) at += rng_.between(usec{0}, gap * 3); // the others come in one breath
    auto where = static_cast<std::size_t>(rng_.below(plan_.places.size()));
    on_.time.at(std::min(at, plan_.safety), [this, where] { speak(plan_.places[where]); });
  }
  for (auto& where : plan_.chatless)
    for (auto n = behaviour_rng_.between(5, 25); n > 0; --n)
      on_.time.at(behaviour_rng_.between(usec{0}, plan_.safety), [this, &where] { speak(where); });
}

std::uint64_t workload::next_order(const told_event& x) {
  return ++orders_[x.platform + "/" + (x.chat_id.empty() ? x.user_id : x.chat_id)];
}

told_event workload::from(const place& where) {
  told_event x;
  x.number = ++numbers_;
  x.platform = where.platform;
  x.chat_id = where.chat_id;
  x.chat_type = where.chat_type;
  x.thread_id = where.thread_id;
  x.parent_id = where.parent_id;
  x.scope_id = where.scope_id;
  x.profile = where.profile;
  x.user_id = where.users[static_cast<std::size_t>(rng_.below(where.users.size()))];
  x.order = next_order(x);
  x.message_id = "in" + std::to_string(x.order); // the same in every chat
  return x;
}

void workload::speak(const place& where) {
  auto x = from(where);
  auto mark = "e" + std::to_string(x.number);
  constexpr std::array<std::size_t, 4> lengths{1, 20, 120, 700};
  x.text = words(mark, rng_.one_of(lengths));
  auto interaction = where.platform == "discord" && !where.chat_id.empty() && where.chat_type != "channel" &&
                     rng_.chance(0.15);
  if (interaction) {
    x.kind = event_kind::interaction;
    x.text = mark + ".0";
  } else if (rng_.chance(0.05)) {
    x.message_id.clear();
  }
  auto edited =
      plan_.edits && x.kind == event_kind::message && !x.message_id.empty() && behaviour_rng_.chance(0.3);
  if (edited && !connector_.plays_script()) { // a script may lose one version and keep the next
    x.message_id = "ed" + std::to_string(x.order);
    edit(x, where);
  } else if (plan_.wide) {
    widen(x);
  }
  connector_.happen(std::move(x), where);
}

/// To another text, and mostly back to the first one.
void workload::edit(const told_event& first, const place& where) {
  constexpr usec soon{50'000}, late{20'000'000};
  auto change = [this, first, &where](bool back) {
    if (on_.faults.is_calm()) return;
    auto x = first;
    x.number = ++numbers_;
    x.order = next_order(x);
    x.edit_of = first.number;
    constexpr std::size_t about = 20;
    if (!back) x.text = words("e" + std::to_string(x.number), about);
    connector_.happen(std::move(x), where);
  };
  auto other = behaviour_rng_.between(soon, late);
  on_.time.after(other, [change] { change(false); });
  if (behaviour_rng_.chance(0.7))
    on_.time.after(other + behaviour_rng_.between(soon, late), [change] { change(true); });
}

/// The same, in another form.
void workload::widen(told_event& x) {
  constexpr std::array<interaction_form, 5> forms{interaction_form::plain, interaction_form::of_a_user,
                                                  interaction_form::modal, interaction_form::button,
                                                  interaction_form::rich};
  if (x.kind == event_kind::interaction) {
    x.form = more_.one_of(forms);
    return;
  }
  if (x.kind == event_kind::press && more_.chance(0.3)) x.form = interaction_form::modal;
  if (more_.chance(0.5)) return;
  x.more = more_.bits() | 1;
  if (more_.chance(0.3) && !x.chat_id.empty()) x.user_alt = "alt-" + x.user_id;
  if (x.thread_id.empty() && x.chat_type != "dm" && more_.chance(0.2))
    x.new_thread = "thread-of-" + x.message_id;
}

void workload::poison() {
  auto& where = rng_.one_of(plan_.places);
  told_event x;
  x.number = ++numbers_;
  x.kind = event_kind::poison;
  x.platform = where.platform;
  x.chat_id = where.chat_id;
  connector_.happen(std::move(x), where);
}

void workload::useless() {
  auto& where = rng_.one_of(plan_.places);
  told_event x;
  x.number = ++numbers_;
  x.kind = event_kind::useless;
  x.platform = rng_.chance(0.5) ? "slack" : "discord";
  x.chat_id = where.chat_id;
  connector_.happen(std::move(x), where);
}

void workload::see(const carried_out& x) {
  constexpr usec soon{500'000}, late{30'000'000};
  if (x.op == "prompt") {
    press(x, rng_.between(soon, late));
    if (rng_.chance(0.3)) press(x, rng_.between(soon, late)); // twice, or somebody else
    if (plan_.approvals || on_.faults.armed(fault::router_crash))
      for (auto n = behaviour_rng_.below(3); n > 0; --n) press(x, behaviour_rng_.between(soon, late));
    if (rng_.chance(0.1)) {
      auto sibling = x;
      sibling.prompt_id = "foreign." + std::to_string(rng_.below(1000));
      press(sibling, soon);
    }
    return;
  }
  if (x.op != "send" || x.content.find("\n\n1. ") == std::string::npos || !rng_.chance(0.7)) return;
  on_.time.after(rng_.between(soon, late), [this, x] { // a prompt as a text: by its number, or its words
    for (auto& where : plan_.places) {
      if (where.platform != x.platform || where.chat_id != x.chat_id) continue;
      auto y = from(where);
      y.text = rng_.chance(0.5) ? "2" : rng_.chance(0.5) ? "Yes" : "7";
      connector_.happen(std::move(y), where);
      return;
    }
  });
}

void workload::press(const carried_out& prompt, usec after) {
  on_.time.after(after, [this, prompt] {
    if (on_.faults.is_calm()) return;
    for (auto& where : plan_.places) {
      if (where.platform != prompt.platform || where.chat_id != prompt.chat_id) continue;
      auto y = from(where);
      y.kind = event_kind::press;
      y.prompt_id = prompt.prompt_id;
      constexpr std::array<const char*, 3> options{"yes", "no", "neither"};
      y.option_id = options[static_cast<std::size_t>(rng_.below(20)) % (rng_.chance(0.1) ? 3 : 2)];
      if (plan_.wide) widen(y);
      connector_.happen(std::move(y), where);
      return;
    }
  });
}

} // namespace relay::sim

#include "relay_gateway/tests/sim/models/workload.hpp"

#include "relay_gateway/tests/sim/models/event_text.hpp"

#include <utility>

namespace relay::sim {

workload::workload(stage on, const plan& p, connector& to)
    : on_(on), plan_(p), connector_(to), luck_(on.seed, "people"), more_(on.seed, "more people") {
  connector_.on_seen = [this](const carried_out& x) { see(x); };
}

void workload::begin() {
  usec at{0};
  auto gap = plan_.safety / static_cast<std::int64_t>(plan_.events + 1);
  for (std::size_t i = 0; i < plan_.events; ++i) {
    if (luck_.chance(0.6)) at += luck_.between(usec{0}, gap * 3); // the others come in one breath
    auto where = static_cast<std::size_t>(luck_.below(plan_.places.size()));
    on_.time.at(std::min(at, plan_.safety), [this, where] { speak(where); });
  }
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
  x.user_id = where.users[static_cast<std::size_t>(luck_.below(where.users.size()))];
  x.order = ++orders_[where.platform + "/" + where.chat_id];
  x.message_id = "in" + std::to_string(x.order); // the same in every chat
  return x;
}

void workload::speak(std::size_t place_number) {
  auto& where = plan_.places[place_number];
  auto x = from(where);
  auto mark = "e" + std::to_string(x.number);
  constexpr std::array<std::size_t, 4> lengths{1, 20, 120, 700};
  x.text = words(mark, luck_.one_of(lengths));
  auto interaction = where.platform == "discord" && where.chat_type != "channel" && luck_.chance(0.15);
  if (interaction) {
    x.kind = event_kind::interaction;
    x.text = mark + ".0";
  } else if (luck_.chance(0.05)) {
    x.message_id.clear();
  }
  if (plan_.wide) widen(x);
  connector_.happen(std::move(x), where);
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
  if (more_.chance(0.3)) x.user_alt = "alt-" + x.user_id;
  if (x.thread_id.empty() && x.chat_type != "dm" && more_.chance(0.2))
    x.new_thread = "thread-of-" + x.message_id;
}

void workload::poison() {
  auto& where = luck_.one_of(plan_.places);
  told_event x;
  x.number = ++numbers_;
  x.kind = event_kind::poison;
  x.platform = where.platform;
  x.chat_id = where.chat_id;
  connector_.happen(std::move(x), where);
}

void workload::useless() {
  auto& where = luck_.one_of(plan_.places);
  told_event x;
  x.number = ++numbers_;
  x.kind = event_kind::useless;
  x.platform = luck_.chance(0.5) ? "slack" : "discord";
  x.chat_id = where.chat_id;
  connector_.happen(std::move(x), where);
}

void workload::see(const carried_out& x) {
  constexpr usec soon{500'000}, late{30'000'000};
  if (x.op == "prompt") {
    press(x, luck_.between(soon, late));
    if (luck_.chance(0.3)) press(x, luck_.between(soon, late)); // twice, or somebody else
    if (luck_.chance(0.1)) {
      auto sibling = x;
      sibling.prompt_id = "foreign." + std::to_string(luck_.below(1000));
      press(sibling, soon);
    }
    return;
  }
  if (x.op != "send" || x.content.find("\n\n1. ") == std::string::npos || !luck_.chance(0.7)) return;
  on_.time.after(luck_.between(soon, late), [this, x] { // a prompt as a text: by its number, or its words
    for (auto& where : plan_.places) {
      if (where.platform != x.platform || where.chat_id != x.chat_id) continue;
      auto y = from(where);
      y.text = luck_.chance(0.5) ? "2" : luck_.chance(0.5) ? "Yes" : "7";
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
      y.option_id = options[static_cast<std::size_t>(luck_.below(20)) % (luck_.chance(0.1) ? 3 : 2)];
      if (plan_.wide) widen(y);
      connector_.happen(std::move(y), where);
      return;
    }
  });
}

} // namespace relay::sim

#include "relay_gateway/tests/sim/models/interaction.hpp"

#include "relay_gateway/tests/sim/base/json.hpp"

namespace relay::sim {

namespace {

json_object person(const told_event& x) {
  json_object user;
  user.text("id", x.user_id).text("username", "handle-" + x.user_id);
  return user;
}

void add_place(json_object& to, const told_event& x) {
  if (x.chat_type == "thread") {
    to.raw("channel",
           R"({"id":")" + x.chat_id + R"(","type":11,"name":"a thread","parent_id":")" + x.parent_id + "\"}");
  } else if (x.form != interaction_form::plain) { // a category is no parent
    to.raw("channel",
           R"({"id":")" + x.chat_id + R"(","type":0,"name":"a room","topic":"t","parent_id":"77"})");
  }
}

std::string press_token(const told_event& x) { return "hp1:" + x.prompt_id + ":" + x.option_id; }

/// What was filled in stands in rows, or in labels.
std::string modal(const told_event& x) {
  auto token = x.kind == event_kind::press ? press_token(x) : std::string{"form"};
  json_object first, second;
  first.number("type", 4).text("custom_id", "a").text("value", x.text);
  second.number("type", 4).text("custom_id", "b").text("value", "more");
  return json_object{}
      .text("custom_id", token)
      .raw("components", R"([{"type":1,"components":[)" + first.done() + R"(]},{"type":18,"component":)" +
                             second.done() + R"(},{"type":1,"components":[{"type":4,"value":7}]}])")
      .done();
}

std::string rich_command(const told_event& x) {
  return json_object{}
      .text("name", x.text)
      .raw("options", R"([{"name":"group","type":2,"options":[{"name":"sub","type":1,"options":[
        {"name":"n","type":3,"value":"v"},{"name":"m","type":4,"value":7},{"name":"b","type":5,"value":true},
        {"name":"z","type":3,"value":null},{"name":"y","type":3}]}]}])")
      .done();
}

} // namespace

std::string interaction_json(const told_event& x, seeded_rng& rng) {
  auto press = x.kind == event_kind::press;
  json_object data;
  if (press) {
    data.text("custom_id", press_token(x)).number("component_type", 2);
  } else {
    data.text("name", x.text);
    if (rng.chance(0.3))
      data.raw("options", R"([{"name":"sub","type":1,"options":[{"name":"n","type":3,"value":"v"}]}])");
  }
  json_object to;
  auto type = press ? 3 : 2;
  auto body = data.done();
  switch (x.form) {
  case interaction_form::plain:
  case interaction_form::of_a_user: break;
  case interaction_form::modal:
    type = 5;
    body = modal(x);
    break;
  case interaction_form::button:
    type = 3;
    body = json_object{}.text("custom_id", x.text).done();
    break;
  case interaction_form::rich: body = rich_command(x); break;
  }
  to.text("id", x.message_id)
      .number("type", type)
      .text("channel_id", x.chat_id)
      .maybe("guild_id", x.scope_id);
  if (x.form == interaction_form::of_a_user) {
    to.raw("user", person(x).text("global_name", "Name of " + x.user_id).flag("bot", false).done());
  } else {
    to.raw("member", json_object{}.raw("user", person(x).done()).text("nick", "Nick").done());
  }
  to.raw("data", body);
  if (x.form == interaction_form::button) to.raw("message", R"({"id":"with-the-button"})");
  add_place(to, x);
  return to.done();
}

std::string autocomplete_json(const told_event& x) {
  json_object to;
  to.text("id", "typing-" + std::to_string(x.number)).number("type", 4).text("channel_id", x.chat_id);
  to.raw("user", R"({"id":"u1","username":"ann"})");
  to.raw("data", R"({"name":"e0","options":[{"name":"q","type":3,"value":"wh","focused":true}]})");
  return to.done();
}

bool tells(const told_event& x, const std::string& text) {
  switch (x.form) {
  case interaction_form::plain:
  case interaction_form::of_a_user: return text == "/" + x.text || text == "/" + x.text + " sub v";
  case interaction_form::modal: return text == x.text + "\nmore";
  case interaction_form::button: return text == x.text;
  case interaction_form::rich: return text == "/" + x.text + " group sub v 7 true";
  }
  return false;
}

} // namespace relay::sim

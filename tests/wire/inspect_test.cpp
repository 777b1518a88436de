// Every message struct with an `inspect` survives CAF's binary serialisation, so that a member forgotten in
// it is noticed. Actions have none: they never leave the process.
#include "relay_gateway/messages/control.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <gtest/gtest.h>

namespace relay {
namespace inspect_test {

/// Fills every member with something else than its default.
struct filler {
  int next = 1;
  std::string text() { return "text-" + std::to_string(next++); }
};
template <class T>
T made(filler& f) {
  return full(f, static_cast<T*>(nullptr));
}

event_source full(filler& f, event_source*) {
  event_source x;
  for (auto* s :
       {&x.platform, &x.chat_id, &x.chat_type, &x.chat_name, &x.user_id, &x.user_name, &x.thread_id,
        &x.chat_topic, &x.user_display_name, &x.user_handle, &x.user_id_alt, &x.chat_id_alt, &x.scope_id,
        &x.parent_chat_id, &x.message_id, &x.profile, &x.auto_thread_initial_name, &x.prospective_thread_id})
    *s = f.text();
  x.is_bot = x.message_is_edit = x.one_to_one_verified = x.auto_thread_created = true;
  return x;
}
media_wanted full(filler& f, media_wanted*) { return {f.text(), {f.text()}, f.text()}; }
media_released full(filler& f, media_released*) { return {{f.text()}, true}; }
media_forgotten full(filler& f, media_forgotten*) { return {f.text(), {f.text()}}; }
media_item full(filler& f, media_item*) { return {f.text(), f.text(), f.text(), f.text(), f.text(), 7}; }
replied_message full(filler& f, replied_message*) { return {f.text(), f.text(), true, true}; }
prompt_response full(filler& f, prompt_response*) { return {f.text(), f.text(), f.text(), f.text(), true}; }
inbound_event full(filler& f, inbound_event*) {
  return {f.text(),
          message_type::sticker,
          made<event_source>(f),
          f.text(),
          f.text(),
          made<replied_message>(f),
          {f.text(), f.text()},
          {made<media_item>(f)},
          made<prompt_response>(f),
          f.text(),
          f.text(),
          f.text(),
          true,
          true};
}
event_ref full(filler& f, event_ref*) { return event_ref{made<inbound_event>(f)}; }
chat_key full(filler& f, chat_key*) { return {f.text(), f.text()}; }
identity full(filler& f, identity*) { return {f.text(), f.text(), f.text()}; }
discriminators full(filler& f, discriminators*) { return {f.text(), f.text(), f.text()}; }
descriptor full(filler& f, descriptor*) {
  return {2,        f.text(), f.text(), f.text(), 77,   length_unit::utf16, true,    true, true, f.text(),
          f.text(), true,     true,     true,     true, {f.text()},         f.text()};
}
action_result full(filler& f, action_result*) {
  return {outcome::unknown, f.text(), {f.text(), f.text()}, f.text(), f.text(), f.text(), f.text()};
}
relevance_policy full(filler& f, relevance_policy*) { return {f.text(), true, {f.text()}, true}; }
delivery full(filler& f, delivery*) { return {f.text(), f.text(), made<event_ref>(f), true, {}, f.text()}; }
delivery_ack full(filler& f, delivery_ack*) { return {f.text()}; }
turn_interrupt full(filler& f, turn_interrupt*) { return {f.text(), f.text(), f.text()}; }
action_outcome full(filler& f, action_outcome*) { return {f.text(), made<action_result>(f)}; }
session_interrupt full(filler& f, session_interrupt*) { return {f.text(), f.text(), true}; }
route_seen full(filler& f, route_seen*) {
  return {f.text(), made<chat_key>(f), made<discriminators>(f), f.text(), f.text(), f.text(),
          f.text(), f.text()};
}
transmitted full(filler& f, transmitted*) { return {7, made<action_result>(f), false, 8}; }
prompt_choice full(filler& f, prompt_choice*) { return {f.text(), f.text()}; }
prompt_opened full(filler& f, prompt_opened*) {
  return {f.text(), made<chat_key>(f), {made<prompt_choice>(f)}, 7, f.text(), f.text(), true, f.text(), true};
}
prompt_shown full(filler& f, prompt_shown*) {
  return {f.text(), prompt_face::withdrawn, made<chat_key>(f), f.text(), f.text()};
}

platform_progress full(filler& f, platform_progress*) { return {f.text(), platform_step::failed, f.text()}; }
descriptor_set full(filler& f, descriptor_set*) { return {{made<descriptor>(f)}, f.text()}; }
link_status full(filler& f, link_status*) { return {link_phase::draining, f.text(), 7, true}; }
link_gone full(filler& f, link_gone*) { return {7, 4401, f.text(), 503, f.text()}; }
gateway_announcement full(filler& f, gateway_announcement*) {
  return {f.text(), {made<descriptor>(f)}, f.text()};
}
agent_presence full(filler&, agent_presence*) { return {7, true}; }
dormancy_order full(filler&, dormancy_order*) { return {std::chrono::milliseconds{7}, true}; }
dormancy_outcome full(filler& f, dormancy_outcome*) { return {true, f.text()}; }
delivery_returned full(filler& f, delivery_returned*) { return {{f.text()}, true}; }
delivery_withdrawn full(filler& f, delivery_withdrawn*) { return {{f.text()}, f.text()}; }
inbound_item full(filler& f, inbound_item*) { return {made<event_ref>(f), f.text()}; }
inbound_batch full(filler& f, inbound_batch*) { return {7, {made<inbound_item>(f)}, f.text()}; }
buffer_acks full(filler& f, buffer_acks*) { return {{f.text(), f.text()}}; }
platform_report full(filler& f, platform_report*) {
  return {made<identity>(f), made<platform_progress>(f), made<platform_progress>(f), true,
          made<descriptor>(f)};
}
inbound_report full(filler&, inbound_report*) { return {1, 2, 3, 4, 5}; }
egress_report full(filler&, egress_report*) { return {1, 2, 3, 4}; }
gateway_report full(filler& f, gateway_report*) {
  return {made<link_status>(f),
          true,
          true,
          -7,
          f.text(),
          f.text(),
          f.text(),
          f.text(),
          true,
          {made<platform_report>(f)},
          made<inbound_report>(f),
          made<egress_report>(f),
          {false, f.text()},
          9,
          {f.text()},
          true};
}

template <class T>
class inspection : public ::testing::Test {};
using message_structs =
    ::testing::Types<event_source, media_wanted, media_released, media_forgotten, media_item, replied_message,
                     prompt_response, inbound_event, event_ref, chat_key, identity, discriminators,
                     descriptor, action_result, relevance_policy, delivery, delivery_ack, turn_interrupt,
                     action_outcome, session_interrupt, route_seen, transmitted, prompt_choice, prompt_opened,
                     prompt_shown, platform_progress, descriptor_set, link_status, link_gone, dormancy_order,
                     dormancy_outcome, gateway_announcement, agent_presence, delivery_returned,
                     delivery_withdrawn, inbound_item, inbound_batch, buffer_acks, platform_report,
                     inbound_report, egress_report, gateway_report>;
TYPED_TEST_SUITE(inspection, message_structs);

TYPED_TEST(inspection, keeps_every_member) {
  filler f;
  auto x = made<TypeParam>(f);
  ASSERT_NE(x, TypeParam{});
  std::vector<char> bytes;
  caf::binary_serializer sink{nullptr, bytes};
  ASSERT_FALSE(sink(x));
  TypeParam y;
  caf::binary_deserializer source{nullptr, bytes};
  ASSERT_FALSE(source(y));
  EXPECT_EQ(x, y);
}

} // namespace inspect_test
} // namespace relay

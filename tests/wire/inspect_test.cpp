// Every message struct survives CAF's binary serialisation, so that a member forgotten in `inspect` is
// noticed.
#include "messages/flow.hpp"
#include "messages/policy.hpp"

#include <caf/binary_deserializer.hpp>
#include <caf/binary_serializer.hpp>
#include <gtest/gtest.h>

namespace relay {
namespace {

/// Fills every member with something else than its default.
struct filler {
  int next = 1;
  std::string text() { return "text-" + std::to_string(next++); }
};

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
media_item full(filler& f, media_item*) { return {f.text(), f.text(), f.text(), f.text(), f.text(), 7}; }
replied_message full(filler& f, replied_message*) { return {f.text(), f.text(), true, true}; }
prompt_response full(filler& f, prompt_response*) { return {f.text(), f.text(), f.text(), f.text(), true}; }
inbound_event full(filler& f, inbound_event*) {
  return {f.text(),
          message_type::sticker,
          full(f, static_cast<event_source*>(nullptr)),
          f.text(),
          f.text(),
          full(f, static_cast<replied_message*>(nullptr)),
          {f.text(), f.text()},
          {full(f, static_cast<media_item*>(nullptr))},
          full(f, static_cast<prompt_response*>(nullptr)),
          f.text(),
          f.text(),
          f.text(),
          true};
}
event_ref full(filler& f, event_ref*) { return event_ref{full(f, static_cast<inbound_event*>(nullptr))}; }
chat_key full(filler& f, chat_key*) { return {f.text(), f.text()}; }
identity full(filler& f, identity*) { return {f.text(), f.text(), f.text()}; }
action full(filler& f, action*) {
  return {op::draft, f.text(), f.text(), f.text(), f.text(), f.text(), f.text(), f.text(), f.text()};
}
discriminators full(filler& f, discriminators*) { return {f.text(), f.text(), f.text()}; }
route full(filler& f, route*) { return {f.text(), f.text(), full(f, static_cast<discriminators*>(nullptr))}; }
descriptor full(filler& f, descriptor*) {
  return {2,        f.text(), f.text(), f.text(), 77,   length_unit::utf16, true,    true, true, f.text(),
          f.text(), true,     true,     true,     true, {f.text()},         f.text()};
}
action_result full(filler& f, action_result*) {
  return {outcome::unknown, f.text(), {f.text(), f.text()}, f.text(), f.text(), f.text()};
}
relevance_policy full(filler& f, relevance_policy*) { return {f.text(), true, {f.text()}, true}; }
delivery full(filler& f, delivery*) {
  return {f.text(), f.text(), full(f, static_cast<event_ref*>(nullptr)), true};
}
delivery_ack full(filler& f, delivery_ack*) { return {f.text()}; }
turn_interrupt full(filler& f, turn_interrupt*) { return {f.text(), f.text()}; }
action_request full(filler& f, action_request*) {
  return {f.text(), f.text(), f.text(), full(f, static_cast<action*>(nullptr))};
}
action_outcome full(filler& f, action_outcome*) {
  return {f.text(), full(f, static_cast<action_result*>(nullptr))};
}
session_interrupt full(filler& f, session_interrupt*) { return {f.text(), f.text(), true}; }
route_seen full(filler& f, route_seen*) {
  return {f.text(), full(f, static_cast<chat_key*>(nullptr)), full(f, static_cast<discriminators*>(nullptr)),
          f.text()};
}
chat_action full(filler& f, chat_action*) {
  return {7, full(f, static_cast<action*>(nullptr)), full(f, static_cast<route*>(nullptr)), -8};
}
chat_outcome full(filler& f, chat_outcome*) { return {7, full(f, static_cast<action_result*>(nullptr))}; }
transmit full(filler& f, transmit*) {
  return {7, full(f, static_cast<action*>(nullptr)), full(f, static_cast<route*>(nullptr))};
}
transmitted full(filler& f, transmitted*) {
  return {7, full(f, static_cast<action_result*>(nullptr)), false};
}

template <class T>
class inspection : public ::testing::Test {};
using message_structs =
    ::testing::Types<event_source, media_item, replied_message, prompt_response, inbound_event, event_ref,
                     chat_key, identity, action, discriminators, route, descriptor, action_result,
                     relevance_policy, delivery, delivery_ack, turn_interrupt, action_request, action_outcome,
                     session_interrupt, route_seen, chat_action, chat_outcome, transmit, transmitted>;
TYPED_TEST_SUITE(inspection, message_structs);

TYPED_TEST(inspection, keeps_every_member) {
  filler f;
  auto x = full(f, static_cast<TypeParam*>(nullptr));
  ASSERT_NE(x, TypeParam{});
  std::vector<char> bytes;
  caf::binary_serializer sink{nullptr, bytes};
  ASSERT_FALSE(sink(x));
  TypeParam y;
  caf::binary_deserializer source{nullptr, bytes};
  ASSERT_FALSE(source(y));
  EXPECT_EQ(x, y);
}

} // namespace
} // namespace relay

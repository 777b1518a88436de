"""Section 5: what an agent gets of an event, and the session keys."""
import base64
import json
import os

from harness.events import event, inbound, source
from harness.scenario import PINNED, Scenario

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vectors.json")


def keys(group, thread):
    with open(VECTORS) as file:
        return [x for x in json.load(file)["session_keys"]
                if (x["group_sessions_per_user"], x["thread_sessions_per_user"]) == (group, thread)]


class Keys(Scenario):
    async def every_vector(self, group, thread):
        connector, home = await self.connector(), self.home()
        self.config(home, f"gateway:\n  group_sessions_per_user: {str(group).lower()}\n"
                          f"  thread_sessions_per_user: {str(thread).lower()}\n")
        gateway = await self.gateway(connector, home=home, GATEWAY_RELAY_PLATFORMS="discord,telegram")
        link = await connector.link(1, 2)
        agent = await self.agent(gateway)
        vectors = keys(group, thread)
        # Without message ids: on Slack a top-level message would be a session of its own (class Slack).
        link.send(*({"type": "inbound", "event": event(f"v{n}", message_id="", origin=x["source"])} for n, x in enumerate(vectors)))
        await agent.until(lambda: len(agent.deliveries) >= len(vectors), f"{len(vectors)} deliveries", 20)
        got = {x["event"]["text"]: x["session_key"] for x in agent.deliveries}
        self.assertEqual([got[f"v{n}"] for n in range(len(vectors))], [x["key"] for x in vectors])

    async def test_every_vector_by_default(self):
        await self.every_vector(True, False)

    async def test_every_vector_with_thread_sessions_per_user(self):
        await self.every_vector(True, True)

    async def test_every_vector_without_group_sessions_per_user(self):
        await self.every_vector(False, False)

    async def test_event_without_source_fields(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        link.send({"type": "inbound", "event": {"text": "bare", "source": {}}})
        self.assertEqual((await agent.delivery("bare"))["session_key"], "agent:main:relay:dm")


class Slack(Scenario):
    """5.1: the workspace in the key; 6, routing 5: a top-level message is a session of its own."""

    async def keys_of(self, config, events):
        connector, home = await self.connector(), self.home()
        self.config(home, config)
        gateway = await self.gateway(connector, PINNED, home=home, GATEWAY_RELAY_PLATFORMS="slack")
        link = await connector.link(1)
        agent = await self.agent(gateway)
        link.send(*(inbound(f"s{n}", message_id=message_id, platform="slack", user_id="U1", **where)
                    for n, (message_id, where) in enumerate(events)))
        await agent.until(lambda: len(agent.deliveries) >= len(events), "the deliveries")
        got = {x["event"]["text"]: x["session_key"] for x in agent.deliveries}
        return [got[f"s{n}"] for n in range(len(events))]

    EVENTS = [("17.1", dict(chat_id="D1", chat_type="dm", scope_id="W1")),
              ("17.2", dict(chat_id="D1", chat_type="dm", scope_id="W1")),
              ("17.3", dict(chat_id="D1", chat_type="dm", scope_id="W1", thread_id="17.1")),
              ("18.1", dict(chat_id="C1", chat_type="group", scope_id="W1")),
              ("18.2", dict(chat_id="C1", chat_type="group", scope_id="W2")),
              ("18.3", dict(chat_id="C1", chat_type="group", guild_id="W1")),
              ("19.1", dict(chat_id="D2", chat_type="dm"))]
    SHARED = ["dm:W1:D1", "dm:W1:D1", "dm:W1:D1:17.1", "group:W1:C1:U1", "group:W2:C1:U1", "group:W1:C1:U1", "dm:D2"]

    async def test_by_default_each_top_level_message_is_a_session(self):
        keys = await self.keys_of("", self.EVENTS)
        self.assertEqual(keys, ["agent:main:slack:" + x for x in (
            "dm:W1:D1:17.1", "dm:W1:D1:17.2", "dm:W1:D1:17.1", "group:W1:C1:18.1", "group:W2:C1:18.2", "group:W1:C1:18.3", "dm:D2:19.1")])

    async def test_one_session_a_chat_when_that_is_turned_off(self):
        keys = await self.keys_of("platforms: {relay: {extra: {slack: {dm_top_level_threads_as_sessions: false}}}}\n", self.EVENTS)
        self.assertEqual(keys, ["agent:main:slack:" + x for x in self.SHARED])

    async def test_one_session_a_chat_where_replies_stay_out_of_threads(self):
        keys = await self.keys_of("gateway: {slack: {reply_in_thread: 'no'}}\n", self.EVENTS)
        self.assertEqual(keys, ["agent:main:slack:" + x for x in self.SHARED])

    async def test_an_interrupt_of_an_older_connector_reaches_the_agent(self):
        connector, gateway, link = await self.connected(GATEWAY_RELAY_PLATFORMS="slack")
        agent = await self.agent(gateway)
        link.send(inbound("hi", message_id="17.1", platform="slack", chat_id="D1", chat_type="dm", scope_id="W1"))
        await agent.delivery("hi")
        link.send({"type": "interrupt_inbound", "session_key": "agent:main:slack:dm:D1", "chat_id": "D1"})
        self.assertEqual((await agent.frame("interrupt"))["chat_id"], "D1", "its key has no workspace")


class Events(Scenario):
    async def delivered(self, frame):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        link.send(frame)
        return await agent.frame("inbound")

    async def test_event_arrives_as_on_the_wire(self):
        sent = event("hello", origin=source(chat_id="7", scope_id="g", user_id="u", thread_id="t"), extra={
            "reply_to_message_id": "m-0", "reply_to": {"text": "before", "author": "bo", "is_own": True},
            "media_urls": ["http://m.example/1"], "media": [{"url": "http://m.example/1", "kind": "image", "mime": "image/png"}]})
        got = await self.delivered({"type": "inbound", "event": sent})
        self.assertTrue(got["delivery_id"])
        self.assertIs(got["redelivered"], False)
        for key in ("text", "message_type", "message_id", "reply_to_message_id", "media_urls"):
            self.assertEqual(got["event"][key], sent[key])
        self.assertEqual(got["event"]["reply_to"]["text"], "before")
        self.assertEqual(got["event"]["media"][0]["url"], "http://m.example/1")
        for key in ("platform", "chat_id", "chat_type", "user_id", "user_name", "thread_id", "scope_id"):
            self.assertEqual(got["event"]["source"][key], sent["source"][key])

    async def test_display_name_prefers_the_display_name(self):
        got = await self.delivered(inbound("x", user_display_name="Ana B.", user_name="ana", user_handle="@ana"))
        self.assertEqual(got["display_name"] if "display_name" in got else got["event"]["display_name"], "Ana B.")

    async def test_context_is_rendered_as_background(self):
        context = [event("first", user_name="bo"), event("", user_name="silent"),
                   event("second", origin=source(user_name=None, user_id="u-2")),
                   event("third", origin={"platform": "discord", "chat_id": "1"})]
        got = await self.delivered({"type": "inbound", "event": event("now", extra={"context": context})})
        text = got.get("channel_context", got["event"].get("channel_context"))
        self.assertEqual(text, "[Recent channel messages]\nbo: first\nu-2: second\nthird")

    async def test_upstream_mark_is_never_taken_from_the_wire(self):
        got = await self.delivered({"type": "inbound", "event": event("x", extra={"delivered_via_upstream_relay": False})})
        self.assertIs(got["event"].get("delivered_via_upstream_relay", got.get("delivered_via_upstream_relay", True)), True)


class Passthrough(Scenario):
    def forward(self, body, platform="discord", buffer_id=None, **more):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        frame = {"type": "passthrough_forward", "forward": {
            "platform": platform, "botId": "bot-d", "method": "POST", "path": "/interactions",
            "headers": [["content-type", "application/json"], ["bad"], 5, ["n", 7]],
            "bodyB64": base64.b64encode(raw).decode(), **more}}
        if buffer_id:
            frame["bufferId"] = buffer_id
        return frame

    async def test_command_in_a_guild_becomes_an_event(self):
        _, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        link.send(self.forward({"type": 2, "id": "i-1", "channel_id": "77", "guild_id": "g", "data": {"name": "ask"},
                                "member": {"user": {"id": "u-7", "username": "ana"}}}))
        got = await agent.delivery("/ask")
        origin = got["event"]["source"]
        self.assertEqual((origin["platform"], origin["chat_id"], origin["chat_type"], origin["user_id"], origin["scope_id"],
                          got["event"]["message_id"]), ("discord", "77", "group", "u-7", "g", "i-1"))
        self.assertEqual(got["session_key"], "agent:main:discord:group:77:u-7")

    async def test_command_in_a_dm_becomes_an_event(self):
        _, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        link.send(self.forward({"type": 2, "id": "i-2", "channel_id": "78", "data": {"name": "ask"}, "user": {"id": "u-8"}}))
        got = await agent.delivery("/ask")
        self.assertEqual((got["event"]["source"]["chat_type"], got["event"]["source"]["user_id"]), ("dm", "u-8"))

    async def test_component_press_carries_its_custom_id(self):
        _, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        link.send(self.forward({"type": 3, "id": "i-3", "channel_id": "78", "data": {"custom_id": "press-me"}, "user": {"id": "u"}}))
        await agent.delivery("press-me")

    async def test_f23_taken_and_dropped_ones_are_acked(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        link.send(self.forward({"type": 2, "id": "i-1", "channel_id": "7", "data": {"name": "taken"}, "user": {"id": "u"}}, buffer_id="b-taken"),
                  self.forward({"type": 1, "id": "i-2"}, buffer_id="b-ping"),
                  self.forward(b"no json", buffer_id="b-garbage"),
                  self.forward({"type": 2}, buffer_id="b-base64", bodyB64="%%%"),
                  self.forward({"update_id": 1}, platform="telegram", buffer_id="b-telegram"),
                  self.forward({"type": 4, "id": "i-3", "channel_id": "7", "user": {"id": "u"}, "data": {"name": "ask", "options": [
                      {"type": 3, "name": "q", "value": "wh", "focused": True}]}}, buffer_id="b-autocomplete"))
        await agent.delivery("/taken")
        await connector.until(lambda: len(link.of("inbound_ack")) >= 6, "six acks")
        self.assertEqual({x["bufferId"] for x in link.of("inbound_ack")},
                         {"b-taken", "b-ping", "b-garbage", "b-base64", "b-telegram", "b-autocomplete"})
        self.assertEqual(len(link.of("inbound_ack")), 6)
        self.assertEqual(len(agent.deliveries), 1)

"""Section 5.2 in full: Discord interactions as events, and the sessions that they share with texts."""
import base64
import json

from harness.events import inbound
from harness.scenario import Scenario

USER = {"id": "u-7", "username": "ana", "global_name": "Ana B."}


class Interactions(Scenario):
    async def start(self):
        connector, gateway, link = await self.connected()
        await gateway.ready()
        return connector, gateway, link, await self.agent(gateway)

    @staticmethod
    def forward(kind, data=None, number="i-1", guild="g-1", channel="c-1", member=None, buffer_id=None, profile=None, **more):
        body = {"type": kind, "id": number, "channel_id": channel, "data": data or {}, **more}
        if guild:
            body.update(guild_id=guild, member=member or {"user": USER})
        else:
            body["user"] = USER
        forward = {"platform": "discord", "botId": "bot-d", "method": "POST", "path": "/interactions", "headers": [],
                   "bodyB64": base64.b64encode(json.dumps(body).encode()).decode()}
        if profile:
            forward["profile"] = profile
        frame = {"type": "passthrough_forward", "forward": forward}
        return {**frame, "bufferId": buffer_id} if buffer_id else frame

    async def got(self, link, agent, *frames):
        before = len(agent.deliveries)
        link.send(*frames)
        await agent.until(lambda: len(agent.deliveries) >= before + len(frames), "deliveries")
        return agent.deliveries[before:]

    async def test_options_and_nested_sub_commands(self):
        _, _, link, agent = await self.start()
        options = [{"type": 2, "name": "admin", "options": [{"type": 1, "name": "stop", "options": [
            {"type": 3, "name": "why", "value": "too loud"}, {"type": 4, "name": "n", "value": 3}, {"type": 5, "name": "now", "value": True}]}]}]
        bare, full = await self.got(link, agent, self.forward(2, {"name": "job"}, "i-1"),
                                    self.forward(2, {"name": "job", "options": options}, "i-2"))
        self.assertEqual((bare["event"]["text"], full["event"]["text"]), ("/job", "/job admin stop too loud 3 true"))
        self.assertEqual(full["event"]["message_type"], "command")

    async def test_a_form_gives_its_values_one_a_line(self):
        _, _, link, agent = await self.start()
        data = {"custom_id": "feedback", "components": [{"type": 1, "components": [{"type": 4, "custom_id": "a", "value": "first"}]},
                                                        {"type": 18, "component": {"type": 4, "custom_id": "b", "value": "second"}}]}
        (got,) = await self.got(link, agent, self.forward(5, data))
        self.assertEqual(got["event"]["text"], "first\nsecond")

    async def test_a_form_may_answer_a_prompt(self):
        connector, _, link, agent = await self.start()
        asked = await agent.result(agent.act({"op": "prompt", "chat_id": "c-1", "prompt_kind": "clarify", "content": "Why?",
                                              "options": [{"id": "other", "label": "Other"}]}, platform="discord"))
        data = {"custom_id": f"hp1:{asked['prompt_id']}:other", "components": [{"type": 1, "components": [{"type": 4, "value": "because"}]}]}
        (got,) = await self.got(link, agent, self.forward(5, data, message={"id": "m-9"}))
        self.assertEqual(got["event"]["prompt_response"]["option_id"], "other")
        self.assertEqual(got["event"]["text"], "because")

    async def test_a_press_of_ours_is_an_answer_and_another_one_is_its_text(self):
        connector, _, link, agent = await self.start()
        asked = await agent.result(agent.act({"op": "prompt", "chat_id": "c-1", "prompt_kind": "approval", "content": "May I?",
                                              "options": [{"id": "yes", "label": "Yes"}]}, platform="discord"))
        ours, other = await self.got(link, agent, self.forward(3, {"custom_id": f"hp1:{asked['prompt_id']}:yes"}, "i-1", message={"id": "m-9"}),
                                     self.forward(3, {"custom_id": "somebody-elses"}, "i-2", message={"id": "m-8"}))
        answer = ours["event"]["prompt_response"]
        self.assertEqual((answer["prompt_id"], answer["option_id"], answer["prompt_message_id"]), (asked["prompt_id"], "yes", "m-9"))
        self.assertEqual(other["event"]["text"], "somebody-elses")
        self.assertNotIn("prompt_response", other["event"])

    async def test_the_interactions_id_and_that_of_its_message_stay_apart(self):
        _, _, link, agent = await self.start()
        (got,) = await self.got(link, agent, self.forward(3, {"custom_id": "x"}, "i-5", message={"id": "m-5"}))
        self.assertEqual((got["event"]["message_id"], got["event"]["source"]["message_id"]), ("i-5", "m-5"))

    async def test_names_of_its_user(self):
        _, _, link, agent = await self.start()
        nick, none = await self.got(link, agent, self.forward(2, {"name": "a"}, "i-1", member={"nick": "Annie", "user": USER}),
                                    self.forward(2, {"name": "b"}, "i-2", member={"nick": None, "user": USER}))
        of = lambda x: tuple(x["event"]["source"].get(k) for k in ("user_id", "user_display_name", "user_name", "user_handle"))
        self.assertEqual(of(nick), ("u-7", "Annie", "Ana B.", "ana"))
        self.assertEqual(of(none), ("u-7", "Ana B.", "Ana B.", "ana"))

    async def test_f26_text_and_interaction_of_one_place_share_a_session(self):
        _, _, link, agent = await self.start()
        places = [
            ("a channel", dict(chat_id="c-1", chat_type="group", scope_id="g-1", user_id="u-7"), dict(channel="c-1")),
            ("a channel of an older connector", dict(chat_id="c-2", chat_type="channel", guild_id="g-1", user_id="u-7"), dict(channel="c-2")),
            ("a dm", dict(chat_id="d-1", chat_type="dm", user_id="u-7"), dict(channel="d-1", guild=None)),
            ("a thread by its own id", dict(chat_id="t-1", chat_type="thread", thread_id="t-1", parent_chat_id="c-1", scope_id="g-1", user_id="u-7"),
             dict(channel="t-1", **{"channel_": {"id": "t-1", "type": 11, "parent_id": "c-1"}})),
            ("a thread by its parent", dict(chat_id="c-3", chat_type="channel", thread_id="t-3", scope_id="g-1", user_id="u-7"),
             dict(channel="t-3", **{"channel_": {"id": "t-3", "type": 12, "parent_id": "c-3"}})),
        ]
        for n, (name, text, press) in enumerate(places):
            with self.subTest(place=name):
                more = {"channel": press.pop("channel_")} if "channel_" in press else {}
                where = press.pop("channel")
                frame = self.forward(2, {"name": f"cmd{n}"}, f"i-{n}", channel=where, **press)
                body = json.loads(base64.b64decode(frame["forward"]["bodyB64"]))
                body.update(more)
                frame["forward"]["bodyB64"] = base64.b64encode(json.dumps(body).encode()).decode()
                said, did = await self.got(link, agent, inbound(f"text{n}", message_id=f"m-{n}", **text), frame)
                self.assertEqual(said["session_key"], did["session_key"])

    async def test_f26_the_first_interaction_after_a_start_has_the_session_of_the_texts(self):
        _, _, link, agent = await self.start()
        (did,) = await self.got(link, agent, self.forward(2, {"name": "ask"}))
        (said,) = await self.got(link, agent, inbound("text", message_id="m-1", chat_id="c-1", chat_type="group", scope_id="g-1", user_id="u-7"))
        self.assertEqual(did["session_key"], "agent:main:discord:group:c-1:u-7")
        self.assertEqual(said["session_key"], did["session_key"])

    async def test_f66_a_thread_that_a_message_opens_is_its_session(self):
        _, _, link, agent = await self.start()
        one, two, later = await self.got(
            link, agent,
            inbound("one", message_id="m-1", chat_id="c-1", chat_type="channel", prospective_thread_id="t-1", auto_thread_created=True,
                    auto_thread_initial_name="one..."),
            inbound("two", message_id="m-2", chat_id="c-1", chat_type="channel", prospective_thread_id="t-2"),
            inbound("in the thread", message_id="m-3", chat_id="c-1", chat_type="thread", thread_id="t-1"))
        self.assertNotEqual(one["session_key"], two["session_key"], "siblings have a thread each")
        self.assertEqual(one["session_key"], later["session_key"])
        self.assertEqual((one["event"]["source"]["auto_thread_created"], one["event"]["source"]["auto_thread_initial_name"]), (True, "one..."))

    async def test_a_profile_of_the_forward_counts(self):
        _, _, link, agent = await self.start()
        (got,) = await self.got(link, agent, self.forward(2, {"name": "x"}, profile="coder"))
        self.assertTrue(got["session_key"].startswith("agent:coder:"), got["session_key"])

    async def test_its_answer_goes_out_with_the_tenant_of_its_place(self):
        connector, _, link, agent = await self.start()
        (got,) = await self.got(link, agent, self.forward(2, {"name": "x"}))
        await agent.result(agent.say("here", chat_id="c-1", delivery=got))
        frame = connector.outbound[0]
        self.assertEqual((frame["platform"], frame["botId"]), ("discord", "bot-d"))
        metadata = frame["action"]["metadata"]
        self.assertEqual((metadata["scope_id"], metadata["guild_id"], metadata["user_id"]), ("g-1", "g-1", "u-7"))

    async def test_a_buffered_one_is_acked_when_it_is_taken(self):
        connector, _, link, agent = await self.start()
        await self.got(link, agent, self.forward(2, {"name": "x"}, buffer_id="b-1"))
        await connector.until(lambda: link.of("inbound_ack"), "its ack")
        self.assertEqual(link.of("inbound_ack")[0]["bufferId"], "b-1")

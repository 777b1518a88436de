"""Section 6, routing 3 to 6: an answer stands in the thread of its question; Slack's anchors; the profile of a session; chat info
without a frame."""
from harness.events import descriptor, inbound
from harness.scenario import ECHO, PINNED, QUICK, TWO, Scenario

THREE = {"GATEWAY_RELAY_PLATFORMS": "discord,telegram,slack"}


class Threads(Scenario):
    async def start(self, *settings, home=None):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, supported_ops=["send", "edit", "typing", "follow_up", "react"])
        gateway = await self.gateway(connector, PINNED, TWO, QUICK, THREE, *settings, home=home)
        link = await connector.link(1, 3)
        await gateway.ready()
        return connector, gateway, link, None if ECHO in settings else await self.agent(gateway)

    async def turn(self, link, agent, text, **where):
        link.send(inbound(text, **{"chat_id": "1", **where}))
        return await agent.delivery(text)

    async def thread_of(self, connector, agent, action, delivery, **more):
        before = len(connector.outbound)
        await agent.result(agent.act({"chat_id": "1", **action}, delivery=delivery, **more))
        self.assertEqual(len(connector.outbound), before + 1)
        return connector.outbound[-1]["action"].get("metadata", {}).get("thread_id")

    async def test_an_answer_goes_to_the_thread_of_its_delivery(self):
        connector, _, link, agent = await self.start()
        one = await self.turn(link, agent, "one", thread_id="th-1")
        two = await self.turn(link, agent, "two", thread_id="th-2")
        root = await self.turn(link, agent, "root")
        for delivery, thread in ((one, "th-1"), (two, "th-2"), (root, None)):
            self.assertEqual(await self.thread_of(connector, agent, {"op": "send", "content": "x"}, delivery), thread)
            self.assertEqual(await self.thread_of(connector, agent, {"op": "typing"}, delivery), thread)
            self.assertEqual(await self.thread_of(connector, agent, {"op": "edit", "message_id": "m", "content": "x"}, delivery), thread)

    async def test_unless_it_says_otherwise(self):
        connector, _, link, agent = await self.start()
        one = await self.turn(link, agent, "one", thread_id="th-1")
        say = {"op": "send", "content": "x"}
        self.assertEqual(await self.thread_of(connector, agent, {**say, "metadata": {"thread_id": "own"}}, one), "own")
        self.assertEqual(await self.thread_of(connector, agent, {**say, "chat_id": "another"}, one), None)
        self.assertEqual(await self.thread_of(connector, agent, say, None, platform="discord"), None)

    async def test_the_echo_answers_in_the_thread(self):
        connector, _, link, _ = await self.start(ECHO)
        link.send(inbound("in a thread", chat_id="1", thread_id="th-1"))
        self.assertEqual((await connector.reply("in a thread"))["action"]["metadata"]["thread_id"], "th-1")
        link.send(inbound("on slack", platform="slack", chat_id="C1", message_id="171.5"))
        self.assertEqual((await connector.reply("on slack"))["action"]["metadata"]["thread_id"], "171.5")

    async def test_slack_answers_in_the_thread_of_the_message(self):
        connector, _, link, agent = await self.start()
        top = await self.turn(link, agent, "top", platform="slack", message_id="171.1", scope_id="W")
        inside = await self.turn(link, agent, "inside", platform="slack", message_id="171.2", thread_id="170.0", scope_id="W")
        for delivery, thread in ((top, "171.1"), (inside, "170.0")):
            self.assertEqual(await self.thread_of(connector, agent, {"op": "send", "content": "x"}, delivery), thread)
            self.assertEqual(await self.thread_of(connector, agent, {"op": "typing"}, delivery), thread)
        reply = {"op": "send", "content": "x", "reply_to": "171.1"}
        self.assertEqual(await self.thread_of(connector, agent, reply, None, platform="slack"), "171.1")
        self.assertEqual(connector.outbound[-1]["action"]["reply_to"], "171.1")

    async def test_flat_slack(self):
        home = self.home()
        self.config(home, "gateway:\n  slack:\n    reply_in_thread: false\n")
        connector, _, link, agent = await self.start(home=home)
        reply = {"op": "send", "content": "x", "reply_to": "171.1", "metadata": {"reply_to_message_id": "171.1"}}
        channel = await self.turn(link, agent, "channel", platform="slack", message_id="171.1")
        self.assertEqual(await self.thread_of(connector, agent, reply, channel), None)
        self.assertEqual(connector.outbound[-1]["action"]["reply_to"], "171.1")
        dm = await self.turn(link, agent, "dm", platform="slack", message_id="172.1", chat_id="1", chat_type="dm")
        self.assertEqual(await self.thread_of(connector, agent, reply, dm), None)
        sent = connector.outbound[-1]["action"]
        self.assertIsNone(sent["reply_to"])
        self.assertNotIn("reply_to_message_id", sent["metadata"])
        inside = await self.turn(link, agent, "inside", platform="slack", message_id="173.1", thread_id="170.0")
        self.assertEqual(await self.thread_of(connector, agent, reply, inside), "170.0")

    async def test_f34_a_thread_is_known_after_a_crash(self):
        home = self.home()
        connector, gateway, link, agent = await self.start(home=home)
        one = await self.turn(link, agent, "one", thread_id="th-1")
        top = await self.turn(link, agent, "top", platform="slack", message_id="171.1", chat_id="C1")
        await agent.result(agent.act({"op": "typing", "chat_id": "1"}, delivery=one))
        gateway.signal(9)
        await gateway.exited()
        again = await self.gateway(connector, PINNED, TWO, QUICK, THREE, home=home)
        await connector.link(2, 3)
        await again.ready()
        agent = await self.agent(again)
        self.assertEqual(await self.thread_of(connector, agent, {"op": "send", "content": "x"}, one), "th-1")
        self.assertEqual(await self.thread_of(connector, agent, {"op": "send", "chat_id": "C1", "content": "x"}, top), "171.1")

    async def test_a_follow_up_carries_the_profile_of_its_session(self):
        connector, _, link, agent = await self.start()
        got = await self.turn(link, agent, "one", profile="ops")
        for key, profile in (("agent:work:discord:group:1", "work"), ("agent:main~:discord:group:1", "main"),
                             (got["session_key"], "ops")):
            await agent.result(agent.act({"op": "follow_up", "session_key": key, "kind": "discord.x", "content": "f"}, delivery=got))
            self.assertEqual(connector.outbound[-1]["action"]["metadata"]["profile"], profile)
        await agent.result(agent.act({"op": "follow_up", "session_key": "agent:main:discord:group:1", "kind": "discord.x", "content": "f"},
                                     delivery=got))
        self.assertNotIn("profile", connector.outbound[-1]["action"]["metadata"])

    async def test_chat_info_that_is_not_offered_is_what_is_known_and_no_frame(self):
        connector, _, link, agent = await self.start()
        got = await self.turn(link, agent, "one", chat_name="general", chat_type="channel")
        for chat, more, info in (("1", {}, {"name": "general", "type": "channel"}),
                                 ("1", {"delivery": got}, {"name": "general", "type": "channel"}),
                                 ("other", {"platform": "discord"}, {"name": "other", "type": "dm"}),
                                 ("1", {"platform": "telegram"}, {"name": "1", "type": "dm"})):
            result = await agent.result(agent.act({"op": "get_chat_info", "chat_id": chat}, **more))
            self.assertEqual((result["success"], result["chat_info"]), (True, info))
        self.assertEqual(connector.outbound, [])

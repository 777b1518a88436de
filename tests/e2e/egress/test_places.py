"""Where what leaves belongs: every frame of an answer goes to the thread, the bot and the person of its turn, whatever becomes of it on the way."""
from harness.events import descriptor, inbound
from harness.scenario import ECHO, PINNED, QUICK, TWO, Scenario

OPS = ["send", "edit", "typing", "follow_up", "react", "delete", "get_chat_info", "send_media", "prompt", "draft"]
PLACE = {"chat_id": "7", "chat_type": "thread", "thread_id": "t-7", "scope_id": "guild-1", "user_id": "u-1", "profile": "work"}
WORDS = " ".join(f"w{n}" for n in range(60))


class Places(Scenario):
    async def start(self, *settings, ops=OPS, **more):
        self.peer, self.house, self.more = await self.connector(), self.home(), settings
        self.peer.descriptor_of = lambda platform: descriptor(platform, max_message_length=60, supported_ops=ops, supports_draft_streaming=True)
        return await self.again(1)

    async def again(self, number):
        gateway = await self.gateway(self.peer, PINNED, TWO, QUICK, *self.more, home=self.house)
        link = await self.peer.link(number, 2)
        await gateway.ready()
        return gateway, link

    def at_home(self, count):
        self.assertGreaterEqual(len(self.peer.outbound), count, self.peer.outbound)
        for x in self.peer.outbound:
            metadata = x["action"].get("metadata") or {}
            found = {k: metadata.get(k) for k in ("thread_id", "scope_id", "guild_id", "user_id", "profile")}
            self.assertEqual(found, {"thread_id": "t-7", "scope_id": "guild-1", "guild_id": "guild-1", "user_id": "u-1", "profile": "work"}, x)
            self.assertEqual((x["platform"], x["botId"]), ("discord", "bot-d"))
        self.peer.outbound.clear()

    async def turn(self, link, agent, **others):
        """The turn, and what others say in the same place meanwhile."""
        link.send(inbound("go", message_id="m-1", buffer_id="b-1", **PLACE))
        delivery = await agent.delivery("go")
        for number, other in enumerate(({"user_id": "u-2"}, {"thread_id": "t-8"}, {"profile": None}, {"scope_id": "guild-2"},
                                        {"platform": "telegram"})):
            link.send(inbound(f"other {number}", message_id=f"o-{number}", buffer_id=f"o-{number}", **{**PLACE, **other}))
            await agent.delivery(f"other {number}")
        return delivery

    async def every_op(self, agent, delivery, number=""):
        async def act(action):
            result = await agent.result(agent.act({"chat_id": "7", **action}, delivery=delivery, request_id=number + str(action)[:200]))
            self.assertTrue(result["success"], (action, result))
            return result
        sent = await act({"op": "send", "content": WORDS})
        self.at_home(3)
        await act({"op": "edit", "message_id": sent["message_ids"][0], "content": WORDS + WORDS})
        await act({"op": "edit", "message_id": sent["message_ids"][0], "content": "short"})
        await act({"op": "delete", "message_id": sent["message_ids"][0]})
        self.at_home(10)
        await act({"op": "prompt", "prompt_kind": "approval", "content": WORDS, "options": [{"id": "a", "label": "A"}]})
        self.at_home(3)
        await act({"op": "send_media", "media_kind": "image", "source_url": "https://pictures.example/a.png", "content": WORDS})
        self.at_home(3)
        await act({"op": "typing"})
        await act({"op": "react", "message_id": "m-1", "emoji": "\U0001F44D"})
        await act({"op": "draft", "draft_id": 1, "content": "grows", "final": False})
        await act({"op": "draft", "draft_id": 1, "content": WORDS, "final": True})
        self.at_home(5)
        result = await agent.result(agent.act({"op": "follow_up", "session_key": delivery["session_key"], "kind": "discord.ephemeral", "content": WORDS},
                                              delivery=delivery, request_id=number + "f"))
        self.assertTrue(result["success"], result)
        for x in self.peer.outbound:
            self.assertEqual(x["action"]["metadata"]["profile"], "work")
        self.peer.outbound.clear()

    async def test_every_op_of_a_turn(self):
        gateway, link = await self.start()
        agent = await self.agent(gateway)
        await self.every_op(agent, await self.turn(link, agent))

    async def test_every_op_of_a_turn_after_a_kill(self):
        gateway, link = await self.start()
        agent = await self.agent(gateway)
        delivery = await self.turn(link, agent)
        gateway.signal(9)
        await gateway.exited()
        gateway, link = await self.again(2)
        agent = await self.agent(gateway)
        await self.every_op(agent, delivery)

    async def test_after_the_link_was_lost_in_the_middle(self):
        gateway, link = await self.start()
        agent = await self.agent(gateway)
        delivery = await self.turn(link, agent)
        self.peer.result_of = lambda frame: None
        agent.act({"op": "send", "chat_id": "7", "content": WORDS}, delivery=delivery)
        await self.peer.actions(1)
        link.reset()
        link = await self.peer.link(2, 2)
        self.peer.result_of = self.peer.success
        await self.every_op(agent, delivery, "after ")

    async def test_the_echo(self):
        gateway, link = await self.start(ECHO)
        link.send(inbound(WORDS, message_id="m-1", buffer_id="b-1", **PLACE))
        await self.peer.actions(3)
        self.at_home(3)

    async def test_the_notice_of_a_late_answer(self):
        gateway, link = await self.start({"GATEWAY_PROMPT_LIFETIME": "1s"})
        agent = await self.agent(gateway)
        delivery = await self.turn(link, agent)
        mine = (await agent.result(agent.act({"op": "prompt", "chat_id": "7", "prompt_kind": "choice", "content": "Which?",
                                              "options": [{"id": "a", "label": "A"}]}, delivery=delivery)))["prompt_id"]
        self.peer.outbound.clear()
        press = inbound("", message_id="p-1", **PLACE, extra={"prompt_response": {"prompt_id": mine.split(".")[0] + ".ffffffff", "option_id": "a"}})
        link.send(press)
        await self.peer.actions(1)
        self.at_home(1)

    async def test_a_numbered_prompt_and_its_answer(self):
        gateway, link = await self.start(ops=["send", "edit"])
        agent = await self.agent(gateway)
        delivery = await self.turn(link, agent)
        result = await agent.result(agent.act({"op": "prompt", "chat_id": "7", "prompt_kind": "choice", "content": WORDS,
                                               "options": [{"id": "a", "label": "A"}, {"id": "b", "label": "B"}]}, delivery=delivery))
        self.assertTrue(result["success"], result)
        self.at_home(3)
        link.send(inbound("2", message_id="m-2", **PLACE))
        await agent.until(lambda: [x for x in agent.deliveries if x["event"].get("prompt_response", {}).get("option_id") == "b"], "the answer")

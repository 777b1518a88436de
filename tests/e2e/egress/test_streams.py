"""Section 6: texts that grow under the user's eyes: edits, typing, drafts, and their finals."""
import asyncio

from harness.events import descriptor, inbound
from harness.scenario import PINNED, QUICK, TWO, Scenario


class Streams(Scenario):
    async def start(self, *settings):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(
            platform, supports_draft_streaming=platform != "telegram",
            supported_ops=["send", "edit", "typing"] + (["draft"] if platform != "telegram" else []))
        gateway = await self.gateway(connector, PINNED, TWO, QUICK, {"GATEWAY_RELAY_PLATFORMS": "discord,telegram,slack"}, *settings)
        link = await connector.link(1, 3)
        await gateway.ready()
        return connector, gateway, link, await self.agent(gateway)

    @staticmethod
    def draft(content, final=False, number=7, chat_id="1"):
        return {"op": "draft", "chat_id": chat_id, "draft_id": number, "content": content, "final": final}

    def slowly(self, connector):
        """The connector answers one frame at a time, when told to."""
        turns = asyncio.Semaphore(0)

        async def answer(frame):
            await turns.acquire()
            return connector.success(frame)
        connector.result_of = answer
        return turns

    async def arrived(self, gateway, count):
        """Until the gateway has that many actions, and none waits for the disk on its way to its chat."""
        async def probe():
            found = await gateway.metrics()
            return found["relay_gateway_actions_accepted_total"] == count and found["relay_gateway_actions_unstored"] == 0
        await gateway.changes.poll(probe, f"{count} actions accepted")

    async def turn(self, link, agent, text="go", number="m-1"):
        link.send(inbound(text, chat_id="1", message_id=number))
        return await agent.delivery(text)

    async def test_edits_of_two_messages_do_not_collapse_into_one(self):
        connector, gateway, _, agent = await self.start()
        turns = self.slowly(connector)
        first = agent.say("hold the chat", chat_id="1", platform="discord")
        await connector.actions(1)
        edits = [agent.act({"op": "edit", "chat_id": "1", "message_id": f"m-{n % 2}", "content": f"{n}"}, platform="discord") for n in range(20)]
        await self.arrived(gateway, 21)
        for _ in range(3):
            turns.release()
        for number in (first, *edits):
            self.assertIs((await agent.result(number))["success"], True)
        self.assertEqual([(x["action"]["message_id"], x["action"]["content"]) for x in connector.sent("edit")], [("m-0", "18"), ("m-1", "19")])

    async def test_a_final_is_not_starved_by_edits(self):
        connector, gateway, _, agent = await self.start()
        turns = self.slowly(connector)
        agent.say("hold the chat", chat_id="1", platform="discord")
        await connector.actions(1)
        for n in range(200):
            agent.act({"op": "edit", "chat_id": "1", "message_id": "m-0", "content": f"{n}"}, platform="discord")
        final = agent.say("final", chat_id="1", platform="discord")
        for n in range(200, 400):
            agent.act({"op": "edit", "chat_id": "1", "message_id": "m-0", "content": f"{n}"}, platform="discord")
        await self.arrived(gateway, 402)
        for _ in range(4):
            turns.release()
        await agent.result(final)
        before = connector.outbound.index(next(x for x in connector.outbound if x["action"].get("content") == "final"))
        self.assertEqual(before, 1, "those before it collapsed into the newest, which stands behind it")

    async def test_typing_that_waits_is_dropped_and_a_clear_is_not(self):
        connector, _, _, agent = await self.start()
        turns = self.slowly(connector)
        agent.say("hold the chat", chat_id="1", platform="discord")
        await connector.actions(1)
        waits = [agent.act({"op": "typing", "chat_id": "1"}, platform="discord") for _ in range(5)]
        for number in waits:
            self.assertIs((await agent.result(number))["success"], True)
        clear = agent.act({"op": "typing", "chat_id": "1", "content": ""}, platform="discord")
        turns.release()
        turns.release()
        await agent.result(clear)
        self.assertEqual([x["action"].get("content") for x in connector.sent("typing")], [""])

    async def test_f60_a_turn_has_one_open_draft(self):
        connector, _, link, agent = await self.start()
        got = await self.turn(link, agent)
        await agent.result(agent.act(self.draft("one", number=1), delivery=got))
        second = await agent.result(agent.act(self.draft("two", number=2), delivery=got))
        self.assertIs(second["success"], False)
        self.assertIn("draft", second["error"])
        other = await self.turn(link, agent, "another turn", "m-2")
        self.assertIs((await agent.result(agent.act(self.draft("three", number=3), delivery=other)))["success"], True)
        await agent.result(agent.act(self.draft("one, done", True, 1), delivery=got))
        self.assertIs((await agent.result(agent.act(self.draft("four", number=4), delivery=got)))["success"], True)

    async def test_f59_what_is_sent_beside_a_draft_does_not_seal_it(self):
        connector, _, link, agent = await self.start()
        got = await self.turn(link, agent)
        await agent.result(agent.act(self.draft("so far"), delivery=got))
        await agent.result(agent.say("approved", chat_id="1", delivery=got))
        await agent.result(agent.act(self.draft("so far, and on"), delivery=got))
        await agent.result(agent.act(self.draft("all of it", True), delivery=got))
        self.assertEqual([(x["action"]["op"], x["action"]["content"]) for x in connector.outbound],
                         [("draft", "so far"), ("send", "approved"), ("draft", "so far, and on"), ("send", "all of it")])

    async def test_f61_on_slack_a_lost_seal_is_sent_once_more_and_then_as_text(self):
        connector, _, _, agent = await self.start({"GATEWAY_OUTBOUND_TIMEOUT": "400ms"})
        connector.result_of = lambda frame: None if frame["action"]["op"] == "draft" else connector.success(frame)
        result = await agent.result(agent.act(self.draft("the answer", True), platform="slack"))
        self.assertIs(result["success"], True)
        self.assertEqual([x["action"]["op"] for x in connector.outbound], ["draft", "draft", "send"])
        self.assertEqual({x["action"]["content"] for x in connector.outbound}, {"the answer"})
        self.assertNotIn("draft_id", connector.outbound[-1]["action"])

    async def test_f61_on_slack_the_second_seal_is_enough(self):
        connector, _, _, agent = await self.start({"GATEWAY_OUTBOUND_TIMEOUT": "400ms"})
        connector.result_of = lambda frame: None if len(connector.outbound) == 1 else connector.success(frame)
        self.assertIs((await agent.result(agent.act(self.draft("the answer", True), platform="slack")))["success"], True)
        self.assertEqual([x["action"]["op"] for x in connector.outbound], ["draft", "draft"])

    async def test_on_slack_a_seal_that_fails_becomes_a_text(self):
        connector, _, _, agent = await self.start()
        connector.result_of = lambda frame: ({"success": False, "error": "draft expired"} if frame["action"]["op"] == "draft"
                                             else connector.success(frame))
        self.assertIs((await agent.result(agent.act(self.draft("the answer", True), platform="slack")))["success"], True)
        self.assertEqual([x["action"]["op"] for x in connector.outbound], ["draft", "send"])

    async def test_f54_a_declined_seal_goes_out_as_no_other_op(self):
        connector, _, _, agent = await self.start()
        refusal = {"success": False, "code": "egress_declined", "error": "policy 7 forbids", "policy": {"id": 7}}
        connector.result_of = lambda frame: refusal
        result = await agent.result(agent.act(self.draft("the answer", True), platform="slack"))
        self.assertLessEqual(refusal.items(), result.items())
        self.assertEqual([x["action"]["op"] for x in connector.outbound], ["draft"])

    async def test_outside_slack_a_final_is_a_text_of_its_own(self):
        connector, _, link, agent = await self.start()
        got = await self.turn(link, agent)
        await agent.result(agent.act(self.draft("so"), delivery=got))
        result = await agent.result(agent.act({**self.draft("so far", True), "metadata": {"k": 1}}, delivery=got))
        self.assertEqual((result["success"], result["message_id"]), (True, "sent-2"))
        final = connector.outbound[-1]["action"]
        self.assertEqual((final["op"], final["content"], final["metadata"]["k"]), ("send", "so far", 1))
        for gone in ("draft_id", "final"):
            self.assertNotIn(gone, final)

    async def test_outside_slack_a_lost_final_is_unknown_and_not_sent_again(self):
        connector, _, _, agent = await self.start({"GATEWAY_OUTBOUND_TIMEOUT": "400ms"})
        connector.result_of = lambda frame: None
        result = await agent.result(agent.act(self.draft("the answer", True), platform="discord"))
        self.assertEqual((result["success"], result["ambiguous"]), (False, True))
        self.assertEqual([x["action"]["op"] for x in connector.outbound], ["send"])

    async def test_f62_drafts_go_by_the_chats_platform(self):
        connector, _, _, agent = await self.start()
        result = await agent.result(agent.act(self.draft("x"), platform="telegram"))
        self.assertIs(result["success"], False)
        self.assertEqual(connector.outbound, [])

    async def test_f63_an_agent_that_goes_leaves_no_open_draft(self):
        connector, gateway, link, agent = await self.start()
        got = await self.turn(link, agent)
        await agent.result(agent.act(self.draft("half a sent"), delivery=got))
        await agent.detach()
        await connector.until(lambda: [x for x in connector.sent("draft") if x["action"]["final"]], "the seal")
        self.assertEqual(connector.sent("draft")[-1]["action"]["content"], "half a sent")

    async def test_f65_a_cleared_status_is_said_on_the_wire(self):
        connector, _, link, agent = await self.start()
        got = await self.turn(link, agent)
        await agent.result(agent.act({"op": "typing", "chat_id": "1", "metadata": {"thread_id": "t-1"}}, delivery=got))
        await agent.result(agent.act({"op": "typing", "chat_id": "1", "content": "", "metadata": {"thread_id": "t-1"}}, delivery=got))
        said = [x["action"] for x in connector.sent("typing")]
        self.assertNotIn("content", said[0])
        self.assertEqual(said[1]["content"], "")
        self.assertEqual({x["metadata"]["thread_id"] for x in said}, {"t-1"})

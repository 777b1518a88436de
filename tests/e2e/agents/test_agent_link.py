"""agent-link.md: what an agent on the local link may rely on."""
import asyncio
import json

from harness import websocket
from harness.events import inbound
from harness.gateway import TERM
from harness.scenario import GATEWAY_ID, QUICK, Scenario


class Linked(Scenario):
    async def start(self, *settings, **more):
        connector, gateway, link = await self.connected(*settings, **more)
        await gateway.ready()
        return connector, gateway, link, await self.agent(gateway)


class Attach(Linked):
    async def test_ready_names_the_gateway_and_its_platforms(self):
        _, _, _, agent = await self.start()

        def whole():
            return [x for x in agent.of("ready") if len(x["platforms"]) == 2]
        ready = (await agent.until(whole, "ready with two platforms"))[-1]
        self.assertEqual(ready["gateway_id"], GATEWAY_ID)
        self.assertEqual([x["platform"] for x in ready["platforms"]], ["discord", "telegram"])
        self.assertEqual([x["max_message_length"] for x in ready["platforms"]], [2000, 4096])

    async def test_attached_before_the_connection_hears_ready_again(self):
        connector = await self.connector()
        waits = asyncio.Event()
        connector.gate = lambda dial: waits.wait()
        gateway = await self.gateway(connector, {"GATEWAY_RELAY_PLATFORMS": "discord", "GATEWAY_RELAY_ID": "a",
                                                 "GATEWAY_RELAY_SECRET": "b"})
        agent = await self.agent(gateway)
        connector.gate = lambda dial: None
        waits.set()
        await connector.dial(1)

        def whole():
            return [x for x in agent.of("ready") if x["platforms"] and x["platforms"][0].get("max_message_length") == 2000]
        # the first dial was answered with a status that is none: it is tried again
        await agent.until(whole, "ready with the descriptor")

    async def test_delivery_ack_action_result(self):
        connector, _, link, agent = await self.start()
        link.send(inbound("question", chat_id="5", scope_id="g", user_id="u"))
        delivery = await agent.delivery("question")
        number = agent.act({"op": "send", "chat_id": "5", "content": "answer", "reply_to": delivery["event"]["message_id"],
                            "metadata": {}}, delivery=delivery)
        result = await agent.result(number)
        self.assertEqual((result["success"], result["message_id"]), (True, "sent-1"))
        found = connector.sent()[0]
        self.assertEqual((found["platform"], found["botId"], found["action"]["reply_to"]),
                         ("discord", "bot-d", delivery["event"]["message_id"]))

    async def test_plain_get_is_not_a_link(self):
        _, gateway, _, _ = await self.start()
        self.assertIn((await gateway.get("/v1/agent")).status, (400, 405, 426))


class BadFrames(Linked):
    async def test_error_frame_and_the_link_lives_on(self):
        connector, _, _, agent = await self.start()
        bad = [b"{\n", b"[]\n", b"null\n", b"{}\n", b'{"type":"nonsense"}\n', b'{"type":"action"}\n', b'{"type":"action","request_id":"a"}\n',
               b'{"type":"action","request_id":"b","action":null}\n', b'{"type":"action","request_id":"c","action":{}}\n',
               b'{"type":"action","request_id":5,"action":{"op":"send"}}\n', b'{"type":"ack"}\n', b'{"type":"interrupt"}\n',
               b"[" * 100_000 + b"\n"]
        for number, raw in enumerate(bad, start=1):
            agent.send_raw(raw)
            frame = await agent.frame("error", number, limit=3)
            self.assertTrue(frame["message"], raw[:60])
        self.assertEqual(connector.outbound, [])
        self.assertTrue((await agent.result(agent.say("fine", platform="discord")))["success"])

    async def test_error_names_the_request(self):
        _, _, _, agent = await self.start()
        agent.send({"type": "action", "request_id": "r-bad", "action": {"op": 7}})
        self.assertEqual((await agent.frame("error"))["request_id"], "r-bad")

    async def test_ack_of_an_unknown_delivery_harms_nothing(self):
        _, _, _, agent = await self.start()
        agent.send({"type": "ack", "delivery_id": "no-such"})
        self.assertTrue((await agent.result(agent.say("fine", platform="discord")))["success"])

    async def test_glued_and_split_frames(self):
        connector, _, _, agent = await self.start()
        lines = b"".join(json.dumps({"type": "action", "request_id": f"g{n}", "platform": "discord", "action": {
            "op": "send", "chat_id": str(n), "content": f"ü{n}"}}, ensure_ascii=False).encode() + b"\n" for n in range(10))
        # A message may hold several lines and may come in fragments that are cut anywhere; its end ends its line.
        agent.socket.send(websocket.TEXT, lines[:155], fin=False)
        for number in range(155, len(lines), 33):
            agent.socket.send(0, lines[number:number + 33], fin=number + 33 >= len(lines))
        for number in range(10):
            self.assertTrue((await agent.result(f"g{number}"))["success"])

    async def test_the_end_of_a_message_ends_its_line(self):
        connector, _, _, agent = await self.start()
        for number in range(3):
            agent.send_raw(json.dumps({"type": "action", "request_id": f"n{number}", "platform": "discord",
                                       "action": {"op": "send", "chat_id": "1", "content": f"{number}"}}).encode())
        for number in range(3):
            self.assertTrue((await agent.result(f"n{number}"))["success"])

    async def test_invalid_utf8_costs_at_most_the_link(self):
        connector, gateway, link, agent = await self.start()
        agent.send_raw(b'{"type":"\xff\xfe"}\n', websocket.BINARY)
        agent.send_raw(b'{"type":"\xff\xfe"}\n')
        other = await self.agent(gateway)
        self.assertTrue((await other.result(other.say("fine", platform="discord")))["success"])
        self.assertEqual(len(connector.dials), 1)

    async def test_endless_line_of_an_agent_is_bounded(self):
        connector, gateway, link, agent = await self.start()
        before = gateway.rss()
        sent = 0
        try:
            while sent < 64 << 20 and agent.over is None:
                agent.send_raw(b"x" * (256 << 10))
                await agent.socket.flushed()
                sent += 256 << 10
        except ConnectionError:
            pass
        other = await self.agent(gateway)
        self.assertLess(gateway.rss() - before, 60 << 20)
        self.assertTrue((await other.result(other.say("fine", platform="discord")))["success"])


class Requests(Linked):
    async def test_same_request_id_returns_the_recorded_result_and_sends_nothing(self):
        connector, _, _, agent = await self.start()
        first = await agent.result(agent.say("once", platform="discord", request_id="same"))
        agent.say("once", platform="discord", request_id="same")
        second = await agent.result("same", 2)
        self.assertEqual(first, second)
        self.assertEqual(len(connector.sent()), 1)

    async def test_two_agents_that_count_from_one_and_a_conflict(self):
        connector, gateway, _, one = await self.start()
        other = await self.agent(gateway)
        for agent, chat in ((one, "1"), (other, "2")):
            agent.send({"type": "hello", "name": f"agent {chat}"})
            agent.send({"type": "action", "request_id": "1", "platform": "discord",
                        "action": {"op": "send", "chat_id": chat, "content": "hi"}})
            self.assertTrue((await agent.result("1"))["success"])
        self.assertEqual([x["action"]["chat_id"] for x in await connector.actions(2)], ["1", "2"])
        one.send({"type": "action", "request_id": "1", "platform": "discord",
                  "action": {"op": "send", "chat_id": "3", "content": "hi"}})
        await one.changes.poll(lambda: sum(x["type"] == "result" for x in one.frames) == 2, "the second result", 10.0)
        refused = [x for x in one.frames if x["type"] == "result"][1]["result"]
        self.assertEqual((refused["success"], refused["code"]), (False, "request_id_conflict"))
        self.assertNotIn("ambiguous", refused)

    async def test_agents_without_a_name_share_their_ids(self):
        connector, gateway, _, one = await self.start()
        other = await self.agent(gateway)
        for agent, chat in ((one, "1"), (other, "2")):
            agent.send({"type": "action", "request_id": "1", "platform": "discord",
                        "action": {"op": "send", "chat_id": chat, "content": "hi"}})
            result = await agent.result("1")
            self.assertEqual(result["success"], agent is one)
        self.assertEqual(result["code"], "request_id_conflict")
        self.assertEqual(len(await connector.actions(1)), 1)

    async def test_same_request_id_while_the_first_is_under_way(self):
        connector, _, _, agent = await self.start()
        hold = asyncio.Event()

        async def later():
            await hold.wait()
            return {"success": True, "message_id": "one"}
        connector.result_of = lambda frame: later()
        agent.say("once", platform="discord", request_id="same")
        agent.say("once", platform="discord", request_id="same")
        await connector.actions(1)
        hold.set()
        await agent.result("same", 1)
        await connector.never(lambda: len(connector.sent()) > 1, "a second send", 0.4)
        self.assertTrue(all(x == {"success": True, "message_id": "one"} for x in agent.results("same")), agent.results("same"))

    async def test_order_of_one_chat_one_at_a_time(self):
        connector, _, _, agent = await self.start()
        for number in range(50):
            agent.say(f"n{number}", chat_id="1", platform="discord")
        sent = await connector.actions(50)
        self.assertEqual([x["action"]["content"] for x in sent], [f"n{n}" for n in range(50)])

    async def test_edits_that_pile_up_collapse_into_the_newest(self):
        # In memory an action is in its chat by the time that the next frame is answered.
        connector, _, _, agent = await self.start(GATEWAY_STATE_DIR="none")
        hold = asyncio.Event()

        async def later():
            await hold.wait()
            return {"success": True, "message_id": "m"}
        connector.result_of = lambda frame: later() if not hold.is_set() else connector.success(frame)
        agent.say("first", platform="discord")
        await connector.actions(1)
        numbers = [agent.act({"op": "edit", "chat_id": "100", "message_id": "m", "content": f"e{n}"}, platform="discord") for n in range(10)]
        agent.act({"op": "edit", "chat_id": "100", "message_id": "other", "content": "of another message"}, platform="discord")
        agent.send({"type": "nonsense"})
        await agent.frame("error")
        hold.set()
        for number in numbers:
            self.assertTrue((await agent.result(number))["success"])
        await connector.actions(2, "edit")
        self.assertEqual([x["action"]["content"] for x in connector.sent("edit")], ["e9", "of another message"])

    async def test_typing_that_waits_is_dropped(self):
        connector, _, _, agent = await self.start()
        hold = asyncio.Event()

        async def later():
            await hold.wait()
            return {"success": True, "message_id": "m"}
        connector.result_of = lambda frame: later() if not hold.is_set() else connector.success(frame)
        agent.say("first", platform="telegram")
        await connector.actions(1)
        agent.act({"op": "typing", "chat_id": "100"}, platform="telegram")
        agent.say("second", platform="telegram")
        agent.send({"type": "nonsense"})
        await agent.frame("error")
        hold.set()
        await connector.reply("second")
        self.assertEqual(connector.sent("typing"), [])

    async def test_f16_action_from_within_a_delivery_does_not_wedge(self):
        connector, _, link, agent = await self.start()
        agent.on_delivery = lambda frame: agent.say(f"to {frame['event']['text']}", chat_id=frame["event"]["source"]["chat_id"], delivery=frame)
        link.send(*(inbound(f"n{n}", chat_id=str(n % 4)) for n in range(100)))
        await connector.actions(100)


class Several(Linked):
    async def test_chats_are_spread_and_stick(self):
        connector, gateway, link, first = await self.start()
        second = await self.agent(gateway)
        link.send(*(inbound(f"{chat}-{turn}", chat_id=str(chat)) for turn in range(5) for chat in range(20)))
        await connector.changes.poll(lambda: len(first.deliveries) + len(second.deliveries) == 100, "100 deliveries")
        chats = [{x["event"]["source"]["chat_id"] for x in agent.deliveries} for agent in (first, second)]
        self.assertEqual(chats[0] & chats[1], set())
        self.assertTrue(5 <= len(chats[0]) <= 15, [len(x) for x in chats])

    async def test_unacked_events_move_when_an_agent_goes(self):
        connector, gateway, link, first = await self.start()
        first.acks = False
        link.send(inbound("orphan", buffer_id="b-1", chat_id="7"))
        await first.delivery("orphan")
        second = await self.agent(gateway)
        await first.detach()
        moved = await second.delivery("orphan")
        self.assertIs(moved["redelivered"], True)
        self.assertEqual((await connector.frame("inbound_ack"))["bufferId"], "b-1")

    async def test_unacked_events_wait_when_the_last_agent_goes(self):
        connector, gateway, link, first = await self.start()
        first.acks = False
        link.send(inbound("orphan", buffer_id="b-1"), inbound("after"))
        await first.delivery("orphan")
        await first.detach()
        second = await self.agent(gateway)
        await second.delivery("after")
        self.assertEqual([x["event"]["text"] for x in second.deliveries], ["orphan", "after"])

    async def test_events_before_any_agent_wait_in_order(self):
        connector, gateway, link = await self.connected()
        link.send(*(inbound(f"n{n}") for n in range(50)))
        agent = await self.agent(gateway)
        await agent.delivery("n49")
        self.assertEqual([x["event"]["text"] for x in agent.deliveries], [f"n{n}" for n in range(50)])

    async def test_a_stuck_agent_does_not_hold_up_another(self):
        connector, gateway, link, first = await self.start()
        second = await self.agent(gateway)
        first.socket.reader._transport.pause_reading()
        link.send(*(inbound(f"n{n}", chat_id=str(n)) for n in range(40)))
        await second.until(lambda: len(second.deliveries) >= 10, "its share")

    async def test_interrupt_reaches_the_agent_of_the_chat(self):
        connector, gateway, link, first = await self.start()
        second = await self.agent(gateway)
        link.send(*(inbound(f"n{n}", chat_id=str(n)) for n in range(6)))
        await connector.changes.poll(lambda: len(first.deliveries) + len(second.deliveries) == 6, "six deliveries")
        for agent in (first, second):
            delivery = agent.deliveries[0]
            link.send({"type": "interrupt_inbound", "session_key": delivery["session_key"],
                       "chat_id": delivery["event"]["source"]["chat_id"]})
            frame = await agent.until(lambda: [x for x in agent.of("interrupt") if x["session_key"] == delivery["session_key"]], "interrupt")
            self.assertEqual(frame[0]["chat_id"], delivery["event"]["source"]["chat_id"])


class Draining(Linked):
    async def test_draining_frame_at_shutdown_and_clean_close(self):
        connector, gateway, _, agent = await self.start()
        gateway.signal(TERM)
        await agent.frame("draining")
        self.assertEqual(await gateway.exited(), 0)
        await agent.until(lambda: agent.over, "the end of the link")

    async def test_until_the_idle_ack_the_agent_is_served_as_ever(self):
        connector, gateway, link, agent = await self.start()
        connector.acks_idle = False
        gateway.signal(TERM)
        await connector.frame("going_idle")
        link.send(inbound("last question", chat_id="5"))
        delivery = await agent.delivery("last question")
        self.assertTrue((await agent.result(agent.say("last answer", chat_id="5", delivery=delivery)))["success"])
        link.send({"type": "going_idle_ack"})
        self.assertEqual(await gateway.exited(), 0)

    async def test_agent_may_finish_what_it_holds_after_the_draining_frame(self):
        connector, gateway, link, agent = await self.start()
        agent.acks = False
        link.send(inbound("slow question", chat_id="5", buffer_id="b-1"))
        delivery = await agent.delivery("slow question")
        gateway.signal(TERM)
        await agent.frame("draining")
        number = agent.say("slow answer", chat_id="5", delivery=delivery)
        agent.ack(delivery)
        self.assertTrue((await agent.result(number))["success"])
        self.assertEqual(await gateway.exited(), 0)
        self.assertEqual([x["bufferId"] for x in link.of("inbound_ack")], ["b-1"])

    async def test_link_survives_reconnects_of_the_relay(self):
        connector, gateway, link, agent = await self.start(QUICK)
        for number in (2, 3, 4):
            link.reset()
            link = await connector.link(number, 2)
            link.send(inbound(f"n{number}"))
            await agent.delivery(f"n{number}")
        self.assertIsNone(agent.over)

"""Buffered events, duplicates, interrupts: what reaches the agent, and when the connector may forget. In memory only, so
that the agent's ack is what counts; with a disk see test_durable.py."""
from harness.events import event, inbound
from harness.scenario import ECHO, QUICK, Scenario


class Buffered(Scenario):
    async def start(self, **settings):
        connector, gateway, link = await self.connected(**{"GATEWAY_STATE_DIR": "none", **settings})
        agent = await self.agent(gateway)
        agent.acks = False
        return connector, gateway, link, agent

    async def test_f24_acked_only_after_the_agents_ack(self):
        connector, _, link, agent = await self.start()
        link.send(inbound("kept", buffer_id="b-1"))
        delivery = await agent.delivery("kept")
        await connector.never(lambda: link.of("inbound_ack"), "an ack before the agent took it", 0.7)
        agent.ack(delivery)
        ack = await connector.frame("inbound_ack")
        self.assertEqual(ack, {"type": "inbound_ack", "bufferId": "b-1"})
        await connector.never(lambda: len(link.of("inbound_ack")) > 1, "a second ack", 0.3)

    async def test_without_buffer_id_nothing_is_acked(self):
        connector, _, link, agent = await self.start()
        agent.acks = True
        link.send(inbound("live"))
        await agent.delivery("live")
        await connector.never(lambda: link.of("inbound_ack"), "an ack of a live event", 0.5)

    async def test_each_is_acked_by_its_own_id(self):
        connector, _, link, agent = await self.start()
        link.send(*(inbound(f"e{n}", buffer_id=f"b-{n}", chat_id=str(n)) for n in range(10)))
        deliveries = [await agent.delivery(f"e{n}") for n in range(10)]
        for number in (7, 2, 9):
            agent.ack(deliveries[number])
        await connector.until(lambda: len(link.of("inbound_ack")) >= 3, "three acks")
        self.assertEqual([x["bufferId"] for x in link.of("inbound_ack")], ["b-7", "b-2", "b-9"])

    async def test_without_an_agent_nothing_is_acked_until_one_came(self):
        connector, gateway, link = await self.connected(GATEWAY_STATE_DIR="none")
        link.send(inbound("early", buffer_id="b-1"))
        await connector.never(lambda: link.of("inbound_ack"), "an ack without an agent", 0.7)
        agent = await self.agent(gateway)
        await agent.delivery("early")
        self.assertEqual((await connector.frame("inbound_ack"))["bufferId"], "b-1")

    async def test_echo_agent_acks_and_answers(self):
        connector, _, link = await self.connected(ECHO)
        link.send(inbound("echoed", buffer_id="b-1"))
        await connector.reply("echoed")
        self.assertEqual((await connector.frame("inbound_ack"))["bufferId"], "b-1")

    async def test_f22_replay_in_flight_reaches_the_agent_once(self):
        connector, _, link, agent = await self.start()
        link.send(inbound("once", buffer_id="b-1", message_id="m-1"))
        delivery = await agent.delivery("once")
        link.drop()
        second = await connector.link(2, 2)
        second.send(inbound("once", buffer_id="b-1", message_id="m-1"), inbound("next", chat_id="other"))
        await agent.delivery("next")
        self.assertEqual(len([x for x in agent.deliveries if x["event"]["text"] == "once"]), 1)
        self.assertEqual(second.of("inbound_ack"), [])
        agent.ack(delivery)
        await connector.until(lambda: second.of("inbound_ack"), "the ack on the new socket")
        self.assertEqual(second.of("inbound_ack")[0]["bufferId"], "b-1")

    async def test_f22_replay_of_a_settled_one_is_acked_and_not_delivered(self):
        connector, _, link, agent = await self.start()
        agent.acks = True
        link.send(inbound("once", buffer_id="b-1", message_id="m-1"))
        await connector.frame("inbound_ack")
        link.drop()
        second = await connector.link(2, 2)
        second.send(inbound("once", buffer_id="b-1", message_id="m-1"))
        await connector.until(lambda: second.of("inbound_ack"), "the replay's ack")
        second.send(inbound("last"))
        await agent.delivery("last")
        self.assertEqual([x["event"]["text"] for x in agent.deliveries], ["once", "last"])

    async def test_f22_same_message_with_another_buffer_id(self):
        connector, _, link, agent = await self.start()
        agent.acks = True
        link.send(inbound("once", buffer_id="b-1", message_id="m-1"), inbound("once", buffer_id="b-2", message_id="m-1"))
        await connector.until(lambda: len(link.of("inbound_ack")) >= 2, "two acks")
        self.assertEqual({x["bufferId"] for x in link.of("inbound_ack")}, {"b-1", "b-2"})
        self.assertEqual(len(agent.deliveries), 1)

    async def test_f22_live_duplicate_of_a_message_id(self):
        _, _, link, agent = await self.start()
        agent.acks = True
        link.send(inbound("a", message_id="m-1"), inbound("a", message_id="m-1"), inbound("b", message_id="m-2"))
        await agent.delivery("b")
        self.assertEqual([x["event"]["text"] for x in agent.deliveries], ["a", "b"])

    async def test_same_message_id_in_another_chat_or_platform_is_another_message(self):
        _, _, link, agent = await self.start()
        agent.acks = True
        link.send(inbound("a", message_id="m-1", chat_id="1"), inbound("b", message_id="m-1", chat_id="2"),
                  inbound("c", message_id="m-1", chat_id="1", platform="telegram"))
        await agent.until(lambda: len(agent.deliveries) == 3, "three deliveries")

    async def test_events_without_message_id_are_never_duplicates(self):
        _, _, link, agent = await self.start()
        agent.acks = True
        bare = event("same")
        del bare["message_id"]
        link.send(*({"type": "inbound", "event": bare} for _ in range(3)))
        await agent.until(lambda: len(agent.deliveries) == 3, "three deliveries")

    async def test_f22_acked_by_the_agent_while_the_socket_is_down(self):
        connector, gateway, link, agent = await self.start()
        link.send(inbound("once", buffer_id="b-1", message_id="m-1"))
        delivery = await agent.delivery("once")
        connector.gate = lambda dial: 503
        link.drop()
        await connector.dial(2)
        agent.ack(delivery)
        agent.send({"type": "nonsense"})
        await agent.frame("error")
        connector.gate = lambda dial: None
        second = await connector.link(2, 2)
        second.send(inbound("once", buffer_id="b-1", message_id="m-1"))
        await connector.until(lambda: [x for x in second.of("inbound_ack") if x["bufferId"] == "b-1"], "the replay's ack")
        second.send(inbound("last"))
        await agent.delivery("last")
        self.assertEqual([x["event"]["text"] for x in agent.deliveries], ["once", "last"])

    async def test_f28_redelivery_with_changed_text_keeps_the_first(self):
        connector, _, link, agent = await self.start()
        link.send(inbound("first text", buffer_id="b-1", message_id="m-1"))
        await agent.delivery("first text")
        link.send(inbound("changed text", buffer_id="b-1", message_id="m-1"), inbound("end", chat_id="2"))
        await agent.delivery("end")
        self.assertEqual([x["event"]["text"] for x in agent.deliveries], ["first text", "end"])

    async def test_order_of_a_replayed_backlog(self):
        connector, _, link, agent = await self.start()
        agent.acks = True
        link.send(*(inbound(f"e{n}", buffer_id=f"b-{n}") for n in range(200)))
        await connector.until(lambda: len(link.of("inbound_ack")) == 200, "200 acks")
        self.assertEqual([x["event"]["text"] for x in agent.deliveries], [f"e{n}" for n in range(200)])

    async def test_not_acked_in_time_is_delivered_again_marked(self):
        connector, gateway, link, agent = await self.start(GATEWAY_AGENT_ACK_TIMEOUT="500ms")
        link.send(inbound("again", buffer_id="b-1"))
        first = await agent.frame("inbound", 1)
        second = await agent.frame("inbound", 2)
        self.assertEqual((first["redelivered"], second["redelivered"]), (False, True))
        self.assertEqual(second["event"]["text"], "again")
        agent.ack(second)
        await connector.frame("inbound_ack")
        await connector.never(lambda: len(agent.deliveries) > 2, "a delivery after the ack", 0.8)

    async def test_never_acked_is_set_aside_and_visible(self):
        connector, gateway, link, agent = await self.start(GATEWAY_AGENT_ACK_TIMEOUT="200ms", GATEWAY_AGENT_MAX_DELIVERIES="3")
        link.send(inbound("poison", buffer_id="b-1"))
        await agent.frame("inbound", 3)

        async def visible():
            counted = await gateway.metrics()
            return [k for k, v in counted.items() if "dead_letter" in k and v > 0]
        await gateway.changes.poll(visible, "a dead letter in the metrics")
        self.assertEqual(len(agent.deliveries), 3)
        agent.acks = True
        link.send(inbound("next"))
        await agent.delivery("next")


class Interrupts(Scenario):
    async def test_from_the_connector_to_the_agent(self):
        _, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        link.send({"type": "interrupt_inbound", "session_key": "agent:main:discord:dm:5", "chat_id": "5"})
        frame = await agent.frame("interrupt")
        self.assertEqual((frame["session_key"], frame["chat_id"]), ("agent:main:discord:dm:5", "5"))

    async def test_overtakes_events_that_wait(self):
        _, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        agent.acks = False
        link.send(*(inbound(f"w{n}", chat_id="5") for n in range(100)),
                  {"type": "interrupt_inbound", "session_key": "k", "chat_id": "5"})
        await agent.frame("interrupt", limit=3)

    async def test_from_the_agent_with_and_without_reason(self):
        connector, gateway, _ = await self.connected()
        agent = await self.agent(gateway)
        agent.send({"type": "interrupt", "session_key": "k1", "reason": "stop it"})
        agent.send({"type": "interrupt", "session_key": "k2"})
        await connector.frame("interrupt", 2)
        self.assertEqual(connector.frames("interrupt"), [{"type": "interrupt", "session_key": "k1", "reason": "stop it"},
                                                         {"type": "interrupt", "session_key": "k2", "reason": None}])

    async def test_f20_from_the_agent_while_disconnected_harms_nothing(self):
        connector, gateway, link = await self.connected(QUICK)
        agent = await self.agent(gateway)
        connector.gate = lambda dial: 503
        link.drop()
        await connector.dial(2)
        agent.send({"type": "interrupt", "session_key": "k"})
        number = agent.say("x", platform="discord")
        connector.gate = lambda dial: None
        self.assertTrue((await agent.result(number))["success"])
        self.assertIsNone(agent.over)

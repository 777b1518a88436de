"""Sections 3 and agent-link.md: interrupts both ways. They overtake whatever waits, and bind nobody who does not know them."""
from harness.events import inbound
from harness.scenario import Scenario


class Interrupts(Scenario):
    async def start(self, **more):
        connector, gateway, link = await self.connected(**more)
        await gateway.ready()
        return connector, gateway, link, await self.agent(gateway)

    async def test_from_the_user_overtakes_the_events_that_wait(self):
        _, gateway, link, agent = await self.start()
        agent.acks = False
        link.send(inbound("work", chat_id="1", message_id="m-0"))
        got = await agent.delivery("work")
        link.send(*(inbound(f"waits {n}", chat_id="1", message_id=f"m-{n + 1}") for n in range(500)),
                  {"type": "interrupt_inbound", "session_key": got["session_key"], "chat_id": "1"})
        stop = await agent.frame("interrupt")
        self.assertEqual((stop["session_key"], stop["chat_id"]), (got["session_key"], "1"))
        self.assertEqual(len(agent.deliveries), 1, "it did not queue up behind them")

    async def test_of_an_unknown_session_answers_nothing_and_is_counted(self):
        connector, gateway, link, agent = await self.start()
        before = len(link.frames)
        link.send({"type": "interrupt_inbound", "session_key": "agent:main:discord:dm:nobody", "chat_id": "9"}, inbound("after"))
        await agent.delivery("after")
        self.assertEqual(len(agent.of("interrupt")), 1, "it may know the session from before the gateway's start")
        self.assertEqual(connector.outbound, [])
        self.assertEqual(len(link.frames), before, "nothing is answered")
        counts = await gateway.metrics()
        self.assertEqual(counts["relay_gateway_interrupts_unknown_total"], 1)

    async def test_from_the_agent_reaches_the_connector_with_and_without_a_reason(self):
        connector, _, link, agent = await self.start()
        agent.send({"type": "interrupt", "session_key": "agent:main:discord:dm:1", "reason": "enough"})
        agent.send({"type": "interrupt", "session_key": "agent:main:discord:dm:2"})
        await connector.frame("interrupt", 2)
        self.assertEqual([(x["session_key"], x["reason"]) for x in link.of("interrupt")],
                         [("agent:main:discord:dm:1", "enough"), ("agent:main:discord:dm:2", None)])

    async def test_from_the_agent_overtakes_the_actions_that_wait(self):
        connector, _, link, agent = await self.start()
        connector.result_of = lambda frame: None        # the first action of the chat waits for its result
        for n in range(50):
            agent.say(f"{n}", chat_id="1", platform="discord")
        await connector.until(lambda: connector.outbound, "the first action")
        agent.send({"type": "interrupt", "session_key": "agent:main:discord:dm:1"})
        await connector.frame("interrupt")
        self.assertEqual(len(connector.outbound), 1)

    async def test_one_without_a_session_is_refused_by_name(self):
        connector, _, link, agent = await self.start()
        agent.send({"type": "interrupt", "reason": "x"})
        self.assertIn("session_key", (await agent.frame("error"))["message"])
        self.assertEqual(link.of("interrupt"), [])

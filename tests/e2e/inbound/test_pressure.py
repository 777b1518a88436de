"""Floods: every queue has a bound, and what waits is not lost."""
import asyncio

from harness.events import inbound
from harness.scenario import ECHO, Scenario
from harness.waiting import ended

MIB = 1 << 20


class Floods(Scenario):
    async def test_flood_without_an_agent_is_bounded_and_nothing_is_lost(self):
        connector, gateway, link = await self.connected(GATEWAY_MAX_PENDING="1000")
        await gateway.ready()
        before, count, padding = gateway.rss(), 20_000, "x" * 4000

        async def flood():
            for number in range(count):
                link.send(inbound(f"{number} {padding}", chat_id=str(number % 10)))
                await link.socket.flushed()
        sender = asyncio.ensure_future(flood())
        try:
            await connector.never(lambda: link.over, "the end of the link", 4)
            self.assertLess(gateway.rss() - before, 60 * MIB)
            self.assertEqual((await gateway.get("/livez")).status, 200)
            agent = await self.agent(gateway)
            await agent.until(lambda: len(agent.deliveries) >= count, f"{count} deliveries", 40)
        finally:
            await ended(sender)
        seen = [int(x["event"]["text"].split()[0]) for x in agent.deliveries]
        self.assertEqual(sorted(seen), list(range(count)))
        for chat in range(10):
            own = [x for x in seen if x % 10 == chat]
            self.assertEqual(own, sorted(own))
        self.assertEqual(len(connector.dials), 1)

    async def test_f2_link_whose_reading_is_stopped_is_not_held_for_dead(self):
        connector, gateway, link = await self.connected(GATEWAY_MAX_PENDING="100", GATEWAY_PING_INTERVAL="300ms",
                                                        GATEWAY_PING_TIMEOUT="1500ms")
        agent = await self.agent(gateway)
        agent.acks = False

        async def flood():
            for number in range(5000):
                link.send(inbound(f"n{number}", chat_id=str(number % 50)))
                await link.socket.flushed()
        sender = asyncio.ensure_future(flood())
        try:
            await connector.never(lambda: link.over, "a healthy link held for dead under a flood", 4)
            agent.acks = True
            for delivery in list(agent.deliveries):
                agent.ack(delivery)
            await agent.until(lambda: len({x["delivery_id"] for x in agent.deliveries}) == 5000, "5,000 deliveries")
            self.assertTrue((await agent.result(agent.say("after the flood", platform="discord")))["success"])
        finally:
            await ended(sender)
        self.assertEqual(len(connector.dials), 1)

    async def test_connector_that_stops_reading_bounds_what_waits(self):
        connector, gateway, link = await self.connected(GATEWAY_MAX_PENDING="500", GATEWAY_OUTBOUND_TIMEOUT="3s")
        await gateway.ready()
        agent = await self.agent(gateway)
        before = gateway.rss()
        link.socket.reader._transport.pause_reading()
        numbers = [agent.say("x" * 1500, chat_id=str(n), platform="discord") for n in range(8000)]
        await agent.until(lambda: len(agent.of("result")) >= len(numbers), "a result for each", 20)
        outcomes = [x["result"] for x in agent.of("result")]
        self.assertTrue(all(x["success"] is False for x in outcomes))
        self.assertTrue(any(not x.get("ambiguous") for x in outcomes), "the surplus is a definite failure")
        self.assertLess(gateway.rss() - before, 60 * MIB)

    async def test_many_chats_are_passivated_not_kept(self):
        connector, gateway, link = await self.connected(ECHO, GATEWAY_CHAT_IDLE="1s")
        await gateway.ready()
        for number in range(2000):
            link.send(inbound(f"n{number}", chat_id=f"chat-{number}"))
        await connector.actions(2000, limit=20)

        async def gone():
            return (await gateway.metrics())["relay_gateway_chats_active"] == 0
        await gateway.changes.poll(gone, "no active chat", 6)
        link.send(inbound("again", chat_id="chat-5"))
        self.assertEqual((await connector.reply("again"))["action"]["chat_id"], "chat-5")

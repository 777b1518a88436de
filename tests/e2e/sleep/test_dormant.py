"""Section 3.2: asleep on purpose, and awake again."""
import asyncio

from harness.events import inbound
from harness.gateway import now
from harness.scenario import ECHO, Scenario

SLOW = {"GATEWAY_BACKOFF_MIN": "20s", "GATEWAY_BACKOFF_MAX": "30s"}


class Dormant(Scenario):
    async def asleep(self, *settings, **more):
        connector, gateway, link = await self.connected(ECHO, *settings, **more)
        await gateway.ready()
        self.assertEqual((await gateway.get("/v1/dormant", method="POST", body={})).status, 202)
        await connector.frame("going_idle")
        return connector, gateway, link

    async def test_closes_after_the_ack_and_stays_ready(self):
        connector, gateway, link = await self.asleep(SLOW)
        await connector.until(lambda: link.over, "the close")
        self.assertEqual(link.over[0], 1000)
        status = await gateway.state("dormant")
        self.assertEqual(status["state"], "dormant")
        self.assertEqual((await gateway.get("/readyz")).status, 200)
        self.assertEqual((await gateway.get("/livez")).status, 200)

    async def test_a_wake_dials_at_once(self):
        connector, gateway, link = await self.asleep(SLOW)
        await gateway.state("dormant")
        begun = now()
        await gateway.get("/wake")
        second = await connector.link(2, 2, limit=3)
        self.assertLess(second.dial.at - begun, 1)
        second.send(inbound("awake", buffer_id="b-1"))
        await connector.reply("awake")
        await gateway.state("connected")

    async def test_without_the_ack_it_stays_connected(self):
        connector, gateway, link = await self.connected(ECHO, GATEWAY_IDLE_ACK_TIMEOUT="700ms")
        await gateway.ready()
        connector.acks_idle = False
        await gateway.get("/v1/dormant", method="POST", body={})
        await connector.frame("going_idle")
        await connector.never(lambda: link.over, "a close without the ack", 1.5)
        link.send(inbound("still awake"))
        await connector.reply("still awake")
        self.assertEqual(len(connector.dials), 1)

    async def test_it_dials_by_itself_on_the_dormant_cadence(self):
        connector, gateway, link = await self.asleep()
        await connector.until(lambda: link.over, "the close")
        second = await connector.link(2, 2, limit=4)
        self.assertGreater(second.dial.at - link.over_at, 0.04)

    async def test_failed_dials_do_not_end_it(self):
        connector, gateway, link = await self.asleep()
        connector.gate = lambda dial: 503
        await connector.dial(4)
        await gateway.state("dormant")
        connector.gate = lambda dial: None
        await connector.link(2, 2)
        await gateway.state("connected")

    async def test_f73_a_dial_under_way_does_not_end_it_only_a_successful_one(self):
        connector, gateway, link = await self.asleep()
        hold = asyncio.Event()
        connector.gate = lambda dial: hold.wait()
        await connector.dial(2)
        ready = await gateway.get("/readyz")
        self.assertEqual((ready.status, (await gateway.status())["state"]), (200, "dormant"))
        connector.gate = lambda dial: None
        hold.set()
        await gateway.state("connected")

"""F70: asleep because a suspend follows. The connector has been told, and no dial may take that back before its time."""
import signal

from harness.events import inbound
from harness.gateway import HUP, USR1, now
from harness.scenario import BOTS, ECHO, PINNED, QUICK, Scenario

# The dormant cadence of QUICK is 100 to 400 ms: whatever stays away for longer is held.
HELD = 1.5


class Hold(Scenario):
    async def dormant(self, gateway, hold, limit=10.0, **more):
        return await gateway.get(f"/v1/dormant?hold={hold}", method="POST", body=b"", limit=limit, **more)

    async def asleep(self, hold="60s", *settings):
        connector, gateway, link = await self.connected(ECHO, *settings)
        await gateway.ready()
        answer = await self.dormant(gateway, hold)
        self.assertEqual(answer.status, 202, answer.body)
        self.assertTrue(answer.json()["accepted"])
        return connector, gateway, link

    async def stays_away(self, connector, dials=1):
        await connector.never(lambda: len(connector.dials) > dials, "a dial while it is held", HELD)

    async def test_the_answer_comes_once_the_flip_is_acknowledged_and_the_socket_closed(self):
        connector, gateway, link = await self.asleep()
        self.assertEqual(len(connector.frames("going_idle")), 1)
        await connector.until(lambda: link.over, "the close")
        self.assertEqual(link.over[0], 1000)
        status = await gateway.status()
        self.assertEqual((status["state"], status["held"]), ("dormant", True))
        self.assertEqual((await gateway.get("/readyz")).status, 200)
        await self.stays_away(connector)

    async def test_a_wake_releases_it_at_once_and_the_backlog_comes(self):
        connector, gateway, _ = await self.asleep()
        begun = now()
        await gateway.get("/wake")
        second = await connector.link(2, 2, limit=3)
        self.assertLess(second.dial.at - begun, 1)
        second.send(inbound("the first message after the sleep", buffer_id="b-1"))
        await connector.reply("the first message after the sleep")
        self.assertFalse((await gateway.state("connected"))["held"])

    async def test_sigusr1_releases_it_at_once(self):
        connector, gateway, _ = await self.asleep()
        gateway.signal(USR1)
        await connector.link(2, 2, limit=3)

    async def test_the_hold_is_bounded(self):
        connector, gateway, link = await self.asleep("2s")
        await connector.until(lambda: link.over, "the close")
        second = await connector.link(2, 2, limit=6)
        self.assertGreater(second.dial.at - link.over_at, 1.8)

    async def test_frozen_and_thawed_it_dials_at_once_with_a_fresh_token(self):
        connector, gateway, _ = await self.asleep()
        gateway.signal(signal.SIGSTOP)
        try:
            await connector.never(lambda: len(connector.dials) > 1, "a dial of a frozen process", 4.5)
        finally:
            gateway.signal(signal.SIGCONT)
        thawed = now()
        second = await connector.link(2, 2, limit=5)
        self.assertLess(second.dial.at - thawed, 3)
        first, fresh = (x.claims.exp for x in connector.dials)
        self.assertGreater(fresh, first)

    async def test_f69_with_work_in_hand_it_stays_awake_and_says_so(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        agent.acks = False
        link.send(inbound("not taken yet"))
        await agent.delivery("not taken yet")
        answer = await self.dormant(gateway, "60s")
        self.assertEqual(answer.status, 409)
        self.assertIn("in hand", answer.json()["reason"])
        self.assertEqual(connector.frames("going_idle"), [])

    async def test_without_the_ack_it_stays_connected_and_says_so(self):
        connector, gateway, link = await self.connected(ECHO, GATEWAY_IDLE_ACK_TIMEOUT="700ms")
        await gateway.ready()
        connector.acks_idle = False
        answer = await self.dormant(gateway, "60s")
        self.assertEqual(answer.status, 409)
        self.assertIn("acknowledge", answer.json()["reason"])
        link.send(inbound("still here"))
        await connector.reply("still here")
        self.assertEqual(len(connector.dials), 1)

    async def test_work_that_crosses_going_idle_connects_again(self):
        connector, gateway, link = await self.connected(ECHO)
        await gateway.ready()

        def cross(frame):
            if frame["type"] == "going_idle":     # under way before the flip was seen; the ack comes behind it
                link.send(inbound("crossed"))
        connector.on_frame = cross
        answer = await self.dormant(gateway, "60s")
        self.assertEqual(answer.status, 409)
        self.assertIn("work came", answer.json()["reason"])
        await connector.link(2, 2, limit=3)
        await connector.reply("crossed")

    async def test_an_action_while_asleep_wakes(self):
        connector, gateway, _ = await self.connected()
        agent = await self.agent(gateway)
        self.assertEqual((await self.dormant(gateway, "60s")).status, 202)
        request = agent.say("a scheduled job", platform="discord")
        await connector.link(2, 2, limit=5)
        self.assertTrue((await agent.result(request))["success"])

    async def test_a_reload_while_held_neither_dials_nor_loses_the_hold(self):
        connector, gateway, _ = await self.asleep()
        gateway.signal(HUP)
        await gateway.said("reload.done")
        await self.stays_away(connector)
        self.assertTrue((await gateway.status())["held"])

    async def test_asked_again_the_hold_begins_anew(self):
        connector, gateway, link = await self.asleep("2s")
        await connector.until(lambda: link.over, "the close")
        self.assertEqual((await self.dormant(gateway, "60s")).status, 202)
        await connector.never(lambda: len(connector.dials) > 1, "a dial although the hold was asked for anew", 3)

    async def test_a_hold_may_come_in_the_body(self):
        connector, gateway, _ = await self.connected(ECHO)
        await gateway.ready()
        answer = await gateway.get("/v1/dormant", method="POST", body={"hold": "60s"})
        self.assertEqual((answer.status, answer.json()["hold"]), (202, "1m"))
        await self.stays_away(connector)

    async def test_a_bad_hold_is_refused_by_name_and_changes_nothing(self):
        connector, gateway, _ = await self.connected(ECHO)
        await gateway.ready()
        for body in ({"hold": "soon"}, {"hold": "6m"}, {"hold": -1}, {"hold": []}, b"no json"):
            answer = await gateway.get("/v1/dormant", method="POST", body=body)
            self.assertEqual(answer.status, 400, body)
        self.assertEqual((await self.dormant(gateway, "x")).status, 400)
        self.assertEqual(connector.frames("going_idle"), [])

    async def test_before_the_handshake_it_is_refused(self):
        connector = await self.connector()
        connector.gate = lambda dial: 503
        gateway = await self.gateway(connector, PINNED, QUICK, ECHO)
        await connector.dial(1)
        answer = await self.dormant(gateway, "60s")
        self.assertEqual(answer.status, 409)
        self.assertIn("not connected", answer.json()["reason"])

    async def test_the_idle_policy_holds_as_its_setting_says_and_a_reload_changes_it(self):
        home = self.home()
        text = """
gateway:
  relay_platforms: [discord]
  relay_bot_ids: {discord: {botId: %s}}
  relay_wake_url: https://wake.example/x
  idle: {after: 1s, hold: %s}
"""
        self.config(home, text % (BOTS["discord"]["botId"], "60s"))
        connector = await self.connector()
        gateway = await self.gateway(connector, PINNED, QUICK, ECHO, home=home)
        await connector.link(1, 1)
        await connector.frame("going_idle")
        await gateway.state("dormant")
        await self.stays_away(connector)
        self.config(home, text % (BOTS["discord"]["botId"], "2s"))
        gateway.signal(HUP)
        await gateway.said("reload.done")
        await gateway.get("/wake")
        second = await connector.link(2, 1)
        await connector.frame("going_idle", 2)
        await connector.until(lambda: second.over, "the close")
        third = await connector.link(3, 1, limit=6)
        self.assertGreater(third.dial.at - second.over_at, 1.8)

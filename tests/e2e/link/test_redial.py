"""Section 3.1: when the gateway dials again, and when it holds the line for dead."""
import asyncio
import os

from harness import websocket
from harness.events import inbound
from harness.gateway import now
from harness.scenario import ECHO, PINNED, QUICK, Scenario

SLACK = 0.35        # what a loaded machine may add to a delay
DEFAULTS = {"GATEWAY_BACKOFF_MIN": None, "GATEWAY_BACKOFF_MAX": None}


class Delays(Scenario):
    def check(self, delay, low, high):
        self.assertTrue(low - 0.02 <= delay <= high + SLACK, f"{delay:.3f} s is not in [{low}, {high}]")

    async def test_one_second_doubling_with_jitter_by_default(self):
        connector, _, link = await self.connected(DEFAULTS)
        connector.gate = lambda dial: 503
        link.drop()
        await connector.dial(2)
        self.check(connector.dials[1].at - link.closed_at, 0.5, 1)
        await connector.dial(5, limit=25)
        for number, most in ((2, 2), (3, 4), (4, 8)):
            self.check(connector.dials[number].at - connector.dials[number - 1].at, most / 2, most)

    async def test_the_delay_has_a_ceiling(self):
        connector, _, link = await self.connected(GATEWAY_BACKOFF_MIN="100ms", GATEWAY_BACKOFF_MAX="400ms")
        connector.gate = lambda dial: 503
        link.drop()
        await connector.dial(9)
        for before, after in zip(connector.dials[4:], connector.dials[5:]):
            self.check(after.at - before.at, 0.2, 0.4)

    async def test_delays_are_jittered(self):
        connector, _, link = await self.connected(GATEWAY_BACKOFF_MIN="400ms", GATEWAY_BACKOFF_MAX="400ms")
        connector.gate = lambda dial: 503
        link.drop()
        await connector.dial(10)
        gaps = [b.at - a.at for a, b in zip(connector.dials[1:], connector.dials[2:])]
        self.assertGreater(max(gaps) - min(gaps), 0.02, gaps)
        for gap in gaps:
            self.check(gap, 0.2, 0.4)

    async def test_f11_handshake_alone_does_not_reset_the_delay(self):
        connector, _, link = await self.connected(GATEWAY_BACKOFF_MIN="200ms", GATEWAY_BACKOFF_MAX="10s")
        for number, most in ((1, 0.2), (2, 0.4), (3, 0.8), (4, 1.6)):
            link = await connector.link(number, 2)
            link.drop()
            dial = await connector.dial(number + 1)
            self.check(dial.at - link.closed_at, most / 2, most)

    async def test_f11_service_for_the_stable_time_resets_the_delay(self):
        connector, _, link = await self.connected(GATEWAY_BACKOFF_MIN="400ms", GATEWAY_BACKOFF_MAX="10s",
                                                  GATEWAY_STABLE_AFTER="1s")
        for number in (1, 2, 3):
            (await connector.link(number, 2)).drop()
        link = await connector.link(4, 2)
        await connector.never(lambda: link.over, "the end of a quiet link", 1.3)
        link.drop()
        dial = await connector.dial(5)
        self.check(dial.at - link.closed_at, 0.2, 0.4)

    async def test_refused_tcp_connection_is_retried(self):
        connector, gateway, link = await self.connected(ECHO)
        port = connector.port
        await connector.stop()
        await gateway.said("link.dial", limit=5)
        await connector.start(port)
        second = await connector.link(2, 2)
        second.send(inbound("served again"))
        await connector.reply("served again")
        self.assertEqual(gateway.running, True)

    async def test_connector_restarts_three_times(self):
        connector, gateway, _ = await self.connected(ECHO)
        for number in range(1, 4):
            link = await connector.link(number, 2)
            link.send(inbound(f"round {number}", platform="telegram"))
            self.assertEqual((await connector.reply(f"round {number}"))["botId"], "bot-t")
            port = connector.port
            await connector.stop()
            await connector.start(port)
        await connector.link(4, 2)
        await gateway.ready()

    async def test_only_one_connection_is_alive_at_a_time(self):
        connector, gateway, link = await self.connected(GATEWAY_BACKOFF_MIN="20ms", GATEWAY_BACKOFF_MAX="40ms")
        for number in range(1, 12):
            current = await connector.link(number, 2)
            alive = [x for x in connector.links if x.over is None]
            self.assertEqual(alive, [current])
            (current.reset if number % 2 else current.drop)()

    async def test_sixty_reconnects_leave_nothing_behind(self):
        connector, gateway, link = await self.connected(GATEWAY_BACKOFF_MIN="5ms", GATEWAY_BACKOFF_MAX="10ms")
        files = lambda: len(os.listdir(f"/proc/{gateway.process.pid}/fd"))
        for number in range(1, 11):
            (await connector.link(number, 2)).reset()
        await connector.link(11, 2)
        await gateway.ready()
        before, memory = files(), gateway.rss()
        for number in range(11, 71):
            current = await connector.link(number, 2)
            (current.reset, current.drop, lambda: current.close(1001))[number % 3]()
        await connector.link(71, 2)
        await gateway.ready()
        await gateway.changes.poll(lambda: files() <= before + 1, "no more open files than before")
        self.assertLess(gateway.rss() - memory, 4 << 20)

    async def test_host_name_that_has_more_than_one_address(self):
        connector = await self.connector()
        await self.gateway(None, PINNED, QUICK, GATEWAY_RELAY_URL=f"http://localhost:{connector.port}")
        await connector.link(1)

    async def test_name_that_does_not_resolve_is_tried_again(self):
        gateway = await self.gateway(None, PINNED, QUICK, GATEWAY_RELAY_URL="http://no-such-host.invalid", GATEWAY_LOG_LEVEL="debug")
        await gateway.changes.until(lambda: len([x for x in gateway.output if "link.dial" in x]) >= 3, "three dials", 15)
        self.assertEqual((await gateway.get("/livez")).status, 200)

    async def test_close_1000_of_the_connector_redials(self):
        connector, _, link = await self.connected()
        link.close(1000)
        await connector.link(2, 2)

    async def test_f21_unknown_44xx_is_backoff_not_revocation(self):
        connector, gateway, link = await self.connected(ECHO)
        for number, code in enumerate((4429, 4400, 4499, 4999, 3000, 1008, 1011), start=1):
            link = await connector.link(number, 2)
            link.close(code, "go away")
        link = await connector.link(8, 2)
        link.send(inbound("still"))
        await connector.reply("still")
        self.assertNotEqual((await gateway.status())["state"], "disabled")

    async def test_readyz_follows_the_connection(self):
        connector, gateway, link = await self.connected(GATEWAY_BACKOFF_MIN="300ms")
        await gateway.ready()
        connector.gate = lambda dial: 503
        link.drop()

        async def down():
            return (await gateway.get("/readyz")).status == 503
        await gateway.changes.poll(down, "/readyz 503")
        self.assertEqual((await gateway.get("/livez")).status, 200)
        connector.gate = lambda dial: None
        await gateway.ready()


class Spread(Scenario):
    async def spread(self, code):
        async def one():
            connector, _, link = await self.connected(DEFAULTS)
            link.close(code, "restart")
            dial = await connector.dial(2, limit=17)
            return dial.at - link.closed_at
        delays = sorted(await asyncio.gather(*(one() for _ in range(8))))
        self.assertLessEqual(delays[-1], 15 + SLACK)
        self.assertGreater(delays[-1], 3, delays)
        self.assertGreater(delays[-1] - delays[0], 2, delays)

    async def test_f11_close_1012_spreads_a_fleet(self):
        await self.spread(1012)

    async def test_f11_close_1013_spreads_a_fleet(self):
        await self.spread(1013)


class Silence(Scenario):
    SHORT = {"GATEWAY_PING_INTERVAL": "200ms", "GATEWAY_PING_TIMEOUT": "800ms"}

    async def test_silent_peer_is_dropped_and_redialled(self):
        connector, gateway, link = await self.connected(self.SHORT, ECHO)
        await gateway.ready()
        link.socket.answers_pings = False
        begun = now()
        second = await connector.link(2, 2)
        self.assertTrue(0.6 <= second.dial.at - begun <= 2.5, second.dial.at - begun)
        second.send(inbound("again"))
        await connector.reply("again")

    async def test_peer_that_answers_pings_stays(self):
        connector, _, link = await self.connected(self.SHORT)
        await connector.never(lambda: link.over or len(connector.dials) > 1, "a drop of a peer that answers", 3)
        self.assertGreaterEqual(len(link.socket.pings), 8)

    async def test_any_byte_counts_as_life(self):
        connector, _, link = await self.connected(self.SHORT)
        link.socket.answers_pings = False
        until = now() + 2.5
        while now() < until:
            link.send_raw(b'{"ty')
            await connector.never(lambda: link.over, "a drop of a peer that talks", 0.3)
        self.assertEqual(len(connector.dials), 1)

    async def test_half_open_peer_that_stops_reading_is_dropped(self):
        connector, gateway, link = await self.connected(self.SHORT)
        link.socket.reader._transport.pause_reading()
        await connector.link(2, 2)

    async def test_ping_every_ten_seconds_by_default(self):
        connector, _, link = await self.connected()
        await connector.link(1, 2)
        begun = now()

        async def pinged():
            return link.socket.pings
        await connector.changes.poll(pinged, "a ping", 12.5)
        self.assertTrue(8 <= link.socket.pings[0][0] - begun <= 11.5, link.socket.pings[0][0] - begun)

    async def test_pings_of_the_connector_are_answered_with_their_payload(self):
        connector, _, link = await self.connected()
        link.send_raw(b"payload", websocket.PING)

        async def answered():
            return link.socket.pongs
        await connector.changes.poll(answered, "a pong")
        self.assertEqual(link.socket.pongs[0][1], b"payload")

    async def test_f17_ping_is_answered_while_the_agent_is_stuck(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        agent.acks = False
        link.send(*(inbound(f"n{n}") for n in range(200)))
        link.send_raw(b"now", websocket.PING)

        async def answered():
            return link.socket.pongs
        await connector.changes.poll(answered, "a pong", 2)


class Losing(Scenario):
    async def test_f6_loss_settles_what_was_written_as_ambiguous_at_once(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        connector.result_of = lambda frame: None
        numbers = [agent.say(f"x{n}", chat_id=str(n), platform="discord") for n in range(5)]
        await connector.actions(5)
        begun = now()
        link.drop()
        for number in numbers:
            result = await agent.result(number, limit=3)
            self.assertEqual((result["success"], result.get("ambiguous")), (False, True))
            self.assertTrue(result["error"])
        self.assertLess(now() - begun, 2)
        await connector.link(2, 2)
        await connector.never(lambda: len(connector.sent()) > 5, "a blind resend", 0.7)

    async def test_what_queued_behind_the_ambiguous_one_follows_in_order(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        connector.result_of = lambda frame: None
        numbers = [agent.say(f"q{n}", chat_id="1", platform="discord") for n in range(5)]
        agent.send({"type": "nonsense"})
        await agent.frame("error")
        await connector.actions(1)
        connector.result_of = connector.success
        link.drop()
        self.assertIs((await agent.result(numbers[0]))["ambiguous"], True)
        for number in numbers[1:]:
            self.assertTrue((await agent.result(number))["success"])
        self.assertEqual([x["action"]["content"] for x in connector.sent()], [f"q{n}" for n in range(5)])

    async def test_f3_what_was_never_written_goes_after_the_next_handshake(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        await gateway.ready()
        connector.gate = lambda dial: 503
        link.drop()
        await connector.until(lambda: link.over, "loss")
        await connector.dial(2)
        number = agent.say("held", platform="discord")
        await connector.never(lambda: agent.results(number), "a result while it is held", 0.5)
        connector.gate = lambda dial: None
        self.assertIs((await agent.result(number))["success"], True)
        self.assertEqual(len(connector.sent()), 1)

    async def test_f3_held_too_long_is_a_definite_failure(self):
        connector, gateway, link = await self.connected(GATEWAY_EGRESS_HOLD="700ms")
        agent = await self.agent(gateway)
        await gateway.ready()
        connector.gate = lambda dial: 503
        link.drop()
        await connector.dial(2)
        result = await agent.result(agent.say("never", platform="discord"), limit=4)
        self.assertIs(result["success"], False)
        self.assertFalse(result.get("ambiguous", False))
        connector.gate = lambda dial: None
        await connector.link(2, 2)
        await connector.never(lambda: connector.sent(), "what was reported as not delivered", 0.5)

    async def test_result_that_never_comes_is_ambiguous_and_a_late_one_is_dropped(self):
        connector, gateway, link = await self.connected(GATEWAY_OUTBOUND_TIMEOUT="600ms")
        agent = await self.agent(gateway)
        connector.result_of = lambda frame: None
        begun = now()
        number = agent.say("x", platform="discord")
        result = await agent.result(number)
        self.assertTrue(0.5 <= now() - begun <= 2.5)
        self.assertEqual((result["success"], result.get("ambiguous")), (False, True))
        connector.settle(connector.sent()[0], {"success": True, "message_id": "late"})
        connector.result_of = connector.success
        self.assertTrue((await agent.result(agent.say("y", platform="discord")))["success"])
        self.assertEqual(len(agent.results(number)), 1)
        self.assertEqual(len(connector.dials), 1)

    async def test_result_of_the_old_socket_that_comes_on_the_new_one_is_dropped(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        connector.result_of = lambda frame: None
        number = agent.say("x", platform="discord")
        (frame,) = await connector.actions(1)
        link.drop()
        await agent.result(number)
        second = await connector.link(2, 2)
        second.send({"type": "outbound_result", "requestId": frame["requestId"], "result": {"success": True}})
        connector.result_of = connector.success
        self.assertTrue((await agent.result(agent.say("y", platform="discord")))["success"])
        self.assertEqual(len(agent.results(number)), 1)

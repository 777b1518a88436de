"""Section 3.2 and the signals: going_idle, serving until its ack, exit codes, all within the grace."""
import asyncio

from harness.events import inbound
from harness.gateway import INT, TERM, now
from harness.scenario import ECHO, PINNED, QUICK, TWO, Scenario


class Serving(Scenario):
    async def serving(self, *settings, **more):
        """Connected, with the handshake complete on the gateway's side too: before that there is nothing to drain."""
        connector, gateway, link = await self.connected(*settings, **more)
        await gateway.ready()
        return connector, gateway, link


class Drain(Serving):
    async def test_sigterm_says_going_idle_closes_1000_and_exits_0(self):
        connector, gateway, link = await self.serving(ECHO)
        begun = now()
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(), 0)
        self.assertLess(now() - begun, 3)
        self.assertEqual(link.of("going_idle"), [{"type": "going_idle"}])
        await connector.until(lambda: link.over, "the close")
        self.assertEqual(link.over[0], 1000)
        self.assertEqual(len(connector.dials), 1)

    async def test_sigint_drains_the_same(self):
        connector, gateway, link = await self.serving(ECHO)
        gateway.signal(INT)
        self.assertEqual(await gateway.exited(), 0)
        await connector.until(lambda: link.over, "the close")
        self.assertEqual((len(link.of("going_idle")), link.over[0]), (1, 1000))

    async def test_f18_serves_on_until_the_ack(self):
        connector, gateway, link = await self.serving(ECHO)
        connector.acks_idle = False
        gateway.signal(TERM)
        await connector.frame("going_idle")
        link.send(inbound("late but served", buffer_id="b-1"))
        await connector.reply("late but served")
        self.assertEqual((await connector.frame("inbound_ack"))["bufferId"], "b-1")
        self.assertTrue(gateway.running)
        link.send({"type": "going_idle_ack"})
        self.assertEqual(await gateway.exited(), 0)
        self.assertEqual(link.over[0], 1000)

    async def test_pending_outbound_is_finished_after_the_ack(self):
        connector, gateway, link = await self.serving(ECHO)
        hold = asyncio.Event()

        async def later():
            await hold.wait()
            return {"success": True, "message_id": "late"}
        connector.result_of = lambda frame: later()
        link.send(inbound("in flight"))
        await connector.reply("in flight")
        gateway.signal(TERM)
        await connector.frame("going_idle")
        await connector.never(lambda: link.over, "a close with an outbound in flight", 1)
        hold.set()
        self.assertEqual(await gateway.exited(), 0)
        self.assertEqual(link.over[0], 1000)

    async def test_action_of_the_agent_in_flight_gets_its_result(self):
        connector, gateway, link = await self.serving()
        agent = await self.agent(gateway)
        hold = asyncio.Event()

        async def later():
            await hold.wait()
            return {"success": True, "message_id": "late"}
        connector.result_of = lambda frame: later()
        number = agent.say("x", platform="discord")
        await connector.actions(1)
        gateway.signal(TERM)
        await agent.frame("draining")
        hold.set()
        self.assertTrue((await agent.result(number))["success"])
        self.assertEqual(await gateway.exited(), 0)

    async def test_without_the_ack_it_goes_after_the_idle_ack_timeout(self):
        connector, gateway, link = await self.serving(ECHO, GATEWAY_IDLE_ACK_TIMEOUT="1s")
        connector.acks_idle = False
        begun = now()
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(), 0)
        self.assertTrue(0.9 <= now() - begun <= 4, now() - begun)
        await connector.until(lambda: link.over, "the close")
        self.assertEqual(link.over[0], 1000)

    async def test_outbound_that_never_settles_is_bounded_by_the_grace(self):
        connector, gateway, link = await self.serving(ECHO, GATEWAY_GRACE="2s")
        connector.result_of = lambda frame: None
        link.send(inbound("never answered"))
        await connector.reply("never answered")
        begun = now()
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(), 0)
        self.assertLess(now() - begun, 4)

    async def test_f19_connector_that_ignores_everything_is_bounded_by_the_grace(self):
        connector, gateway, link = await self.serving(ECHO, GATEWAY_GRACE="2s")
        link.socket.reader._transport.pause_reading()
        begun = now()
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(), 0)
        self.assertLess(now() - begun, 4)

    async def test_while_disconnected_it_exits_soon(self):
        connector, gateway, link = await self.serving(ECHO)
        connector.gate = lambda dial: 503
        link.drop()
        await connector.dial(2)
        begun = now()
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(), 0)
        self.assertLess(now() - begun, 3)

    async def test_during_a_hanging_boot_it_exits_soon(self):
        connector = await self.connector()

        async def hangs(_):
            await asyncio.Event().wait()
        connector.answers["/relay/provision"] = hangs
        gateway = await self.gateway(connector, TWO, GATEWAY_RELAY_ACCESS_TOKEN="t")
        await connector.until(lambda: connector.provisions, "a provision under way")
        begun = now()
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(), 0)
        self.assertLess(now() - begun, 4)

    async def test_during_a_hanging_dial_it_exits_soon(self):
        connector = await self.connector()
        connector.gate = lambda dial: asyncio.Event().wait()
        gateway = await self.gateway(connector, TWO, PINNED)
        await connector.until(lambda: connector.dials, "a dial under way")
        begun = now()
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(), 0)
        self.assertLess(now() - begun, 4)

    async def test_socket_lost_while_draining(self):
        connector, gateway, link = await self.serving(ECHO, GATEWAY_GRACE="5s")
        connector.acks_idle = False
        gateway.signal(TERM)
        await connector.frame("going_idle")
        link.reset()
        self.assertEqual(await gateway.exited(7), 0)

    async def test_nothing_is_lost_between_going_idle_and_the_ack(self):
        connector, gateway, link = await self.serving(ECHO)
        connector.acks_idle = False
        gateway.signal(TERM)
        await connector.frame("going_idle")
        link.send(*(inbound(f"n{n}", chat_id=str(n % 7), buffer_id=f"b-{n}") for n in range(100)), {"type": "going_idle_ack"})
        self.assertEqual(await gateway.exited(), 0)
        acked = {x["bufferId"] for x in link.of("inbound_ack")}
        replied = {x["action"]["content"] for x in connector.sent()}
        self.assertEqual(replied, {f"n{n}" for n in range(100)})
        self.assertEqual(acked, {f"b-{n}" for n in range(100)})

    async def test_readyz_is_503_while_draining_and_livez_200(self):
        connector, gateway, link = await self.serving()
        connector.acks_idle = False
        gateway.signal(TERM)
        await connector.frame("going_idle")
        self.assertEqual((await gateway.get("/livez")).status, 200)
        self.assertEqual((await gateway.get("/readyz")).status, 503)

    async def test_drain_by_the_admin_endpoint(self):
        connector, gateway, link = await self.serving()
        answer = await gateway.get("/v1/drain", method="POST", body={})
        self.assertEqual(answer.status, 202)
        answer.json()
        await connector.frame("going_idle")
        self.assertEqual(await gateway.exited(), 0)
        self.assertEqual(link.over[0], 1000)


class Forced(Serving):
    async def forced(self, first, second, code):
        connector, gateway, link = await self.serving()
        connector.acks_idle = False
        gateway.signal(first)
        await connector.frame("going_idle")
        begun = now()
        gateway.signal(second)
        self.assertEqual(await gateway.exited(), code)
        self.assertLess(now() - begun, 1)

    async def test_second_sigterm_exits_143_at_once(self):
        await self.forced(TERM, TERM, 143)

    async def test_second_sigint_exits_130_at_once(self):
        await self.forced(INT, INT, 130)

    async def test_sigint_after_sigterm_exits_130(self):
        await self.forced(TERM, INT, 130)

    async def test_sigpipe_and_closed_stdout_harm_nothing(self):
        connector, gateway, link = await self.serving(ECHO, QUICK)
        gateway.process._transport.get_pipe_transport(1).close()
        gateway.signal(13)
        link.drop()
        second = await connector.link(2, 2)
        second.send(inbound("alive"))
        await connector.reply("alive")


class Restart(Scenario):
    async def test_two_runs_one_after_the_other_serve_the_same_connector(self):
        connector, home = await self.connector(), self.home()
        for run in (1, 2):
            gateway = await self.gateway(connector, TWO, PINNED, ECHO, home=home)
            link = await connector.link(run, 2)
            link.send(inbound(f"run {run}"))
            await connector.reply(f"run {run}")
            gateway.signal(TERM)
            self.assertEqual(await gateway.exited(), 0)

    async def test_kill_minus_nine_and_start_again_replays_what_was_not_acked(self):
        connector, home = await self.connector(), self.home()
        gateway = await self.gateway(connector, TWO, PINNED, home=home, GATEWAY_STATE_DIR="none")
        link = await connector.link(1, 2)
        agent = await self.agent(gateway)
        agent.acks = False
        link.send(inbound("unfinished", buffer_id="b-1"))
        await agent.delivery("unfinished")
        self.assertEqual(link.of("inbound_ack"), [])
        gateway.signal(9)
        self.assertEqual(await gateway.exited(), -9)
        again = await self.gateway(connector, TWO, PINNED, home=home, GATEWAY_STATE_DIR="none")
        second = await connector.link(2, 2)
        second.send(inbound("unfinished", buffer_id="b-1"))
        taker = await self.agent(again)
        await taker.delivery("unfinished")
        await connector.until(lambda: second.of("inbound_ack"), "the ack")

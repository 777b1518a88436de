"""Section 3.1, close 4401: cold start, provisional, revoked, expired."""
from harness.events import inbound
from harness.gateway import now
from harness.scenario import ECHO, PINNED, QUICK, TWO, Scenario
from harness.tokens import genuine

PIN = PINNED["GATEWAY_RELAY_SECRET"]
SLOW = {"GATEWAY_BACKOFF_MIN": "3s", "GATEWAY_BACKOFF_MAX": "6s"}


class Refused(Scenario):
    def refuse(self, connector, links, reason="revoked"):
        """The links of these numbers are closed with 4401 in place of an answer to their hellos."""
        connector.on_frame = lambda frame: (
            frame.link.close(4401, reason) if frame.get("type") == "hello" and connector.links.index(frame.link) + 1 in links
            and not frame.link.socket.close_sent else None)
        known = connector.descriptor_of
        connector.descriptor_of = lambda platform: None if len(connector.links) in links else known(platform)

    async def assert_disabled(self, connector, gateway, dials):
        status = await gateway.state("disabled")
        await connector.never(lambda: len(connector.dials) > dials, "dialling although revoked", 4)
        ready = await gateway.get("/readyz")
        self.assertEqual((ready.status, ready.json()["state"]), (503, "disabled"))
        self.assertTrue(ready.json()["reason"])
        self.assertEqual((await gateway.get("/livez")).status, 200)
        self.assertEqual((await gateway.get("/healthz")).status, 200)
        self.assertTrue(gateway.running)
        self.assertEqual(status["state"], "disabled")
        gateway.signal(15)
        self.assertEqual(await gateway.exited(), 0)

    async def test_f10_cold_start_4401_is_retried(self):
        connector = await self.connector()
        self.refuse(connector, {1, 2, 3, 4})
        gateway = await self.gateway(connector, TWO, PINNED, QUICK, ECHO)
        link = await connector.link(5, 2)
        link.send(inbound("in at last"))
        await connector.reply("in at last")
        await gateway.ready()
        self.assertTrue(all(genuine(x.token, PIN, x.request.unix) for x in connector.dials))

    async def test_f10_cold_start_upgrade_401_is_retried(self):
        connector = await self.connector()
        connector.gate = lambda dial: 401 if len(connector.dials) < 5 else None
        gateway = await self.gateway(connector, TWO, PINNED, QUICK)
        await connector.link(1, 2)
        await gateway.ready()

    async def test_f8_first_4401_after_a_handshake_redials_at_once_with_a_fresh_token(self):
        connector, gateway, link = await self.connected(ECHO, SLOW)
        await gateway.ready()
        await connector.never(lambda: link.over, "the end of the link", 1.1)      # the next second, so that tokens differ
        link.close(4401, "refused")
        second = await connector.link(2, 2, limit=2)
        self.assertLess(second.dial.at - link.closed_at, 1)
        self.assertGreater(second.dial.claims.exp, link.dial.claims.exp)
        self.assertTrue(genuine(second.dial.token, PIN, second.dial.request.unix))
        second.send(inbound("healed"))
        await connector.reply("healed")
        await gateway.ready()

    async def test_f9_second_4401_on_the_fresh_token_disables(self):
        connector, gateway, link = await self.connected(QUICK)
        await gateway.ready()
        self.refuse(connector, {2})
        link.close(4401, "revoked")
        await connector.link(2, 1)
        await self.assert_disabled(connector, gateway, 2)

    async def test_f9_upgrade_401_of_the_fresh_token_disables(self):
        connector, gateway, link = await self.connected(QUICK)
        await gateway.ready()
        connector.gate = lambda dial: 401
        link.close(4401, "revoked")
        await connector.dial(2)
        await self.assert_disabled(connector, gateway, 2)

    async def test_f9_4401_without_a_reason_counts_the_same(self):
        connector, gateway, link = await self.connected(QUICK)
        await gateway.ready()
        self.refuse(connector, {2}, reason="")
        link.close(4401)
        await connector.link(2, 1)
        await self.assert_disabled(connector, gateway, 2)

    async def test_f8_reason_expired_is_never_a_revocation(self):
        connector, gateway, link = await self.connected(ECHO)
        await gateway.ready()
        for number in range(1, 7):
            link = await connector.link(number, 2)
            link.close(4401, "expired")
        link = await connector.link(7, 2)
        link.send(inbound("alive"))
        await connector.reply("alive")

    async def test_f8_expired_on_the_fresh_token_neither(self):
        connector, gateway, link = await self.connected(ECHO)
        await gateway.ready()
        self.refuse(connector, {2, 3, 4}, reason="expired")
        link.close(4401, "refused")
        fifth = await connector.link(5, 2)
        fifth.send(inbound("alive"))
        await connector.reply("alive")

    async def test_network_failure_does_not_use_up_the_fresh_token_retry(self):
        connector, gateway, link = await self.connected(ECHO)
        await gateway.ready()
        connector.gate = lambda dial: "hang up" if 2 <= len(connector.dials) <= 4 else None
        link.close(4401, "refused")
        second = await connector.link(2, 2)
        self.assertEqual(len(connector.dials), 5)
        second.send(inbound("through"))
        await connector.reply("through")

    async def test_network_failure_then_refusal_disables(self):
        connector, gateway, link = await self.connected(QUICK)
        await gateway.ready()
        connector.gate = lambda dial: 503 if len(connector.dials) == 2 else 401
        link.close(4401, "refused")
        await connector.dial(3)
        await self.assert_disabled(connector, gateway, 3)

    async def test_f8_4401_after_the_fresh_token_has_served_is_provisional_again(self):
        connector, gateway, link = await self.connected(ECHO, GATEWAY_STABLE_AFTER="500ms")
        for number in (1, 2, 3):
            link = await connector.link(number, 2)
            link.send(inbound(f"served {number}"))
            await connector.reply(f"served {number}")
            await connector.never(lambda: link.over, "the end of a link that serves", 0.8)
            link.close(4401, "refused")
        link = await connector.link(4, 2)
        link.send(inbound("served on"))
        await connector.reply("served on")

    async def test_f9_4401_right_after_the_fresh_tokens_handshake_disables(self):
        connector, gateway, link = await self.connected(QUICK)
        await gateway.ready()
        link.close(4401, "refused")
        second = await connector.link(2, 2)
        second.close(4401, "refused")
        await self.assert_disabled(connector, gateway, 2)

    async def test_upgrade_401_after_a_plain_loss_is_tried_again(self):
        connector, gateway, link = await self.connected(ECHO)
        await gateway.ready()
        connector.gate = lambda dial: 401 if len(connector.dials) == 2 else None
        link.drop()
        second = await connector.link(2, 2)
        second.send(inbound("alive"))
        await connector.reply("alive")

    async def test_pending_outbound_is_settled_by_a_4401(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        connector.result_of = lambda frame: None
        number = agent.say("x", platform="discord")
        await connector.actions(1)
        begun = now()
        link.close(4401, "refused")
        result = await agent.result(number)
        self.assertIs(result["ambiguous"], True)
        self.assertLess(now() - begun, 2)

    async def test_action_while_disabled_is_a_definite_failure(self):
        connector, gateway, link = await self.connected(GATEWAY_EGRESS_HOLD="1s")
        agent = await self.agent(gateway)
        await gateway.ready()
        connector.gate = lambda dial: 401
        link.close(4401, "revoked")
        await gateway.state("disabled")
        result = await agent.result(agent.say("x", platform="discord"), limit=5)
        self.assertIs(result["success"], False)
        self.assertFalse(result.get("ambiguous", False))

"""Sections 1, 2 and 3: URLs, upgrade tokens, hellos and the handshake."""
import asyncio

from harness.events import inbound
from harness.gateway import HUP, USR1, now
from harness.scenario import BOTS, ECHO, GATEWAY_ID, PINNED, QUICK, TWO, Scenario
from harness.tokens import claims_of, genuine

PIN = PINNED["GATEWAY_RELAY_SECRET"]


class Token(Scenario):
    async def test_signed_and_good_for_300_seconds(self):
        _, _, link = await self.connected()
        claims = link.dial.claims
        self.assertEqual(claims.gateway_id, GATEWAY_ID)
        self.assertTrue(genuine(link.dial.token, PIN, link.dial.request.unix))
        self.assertTrue(298 <= claims.exp - link.dial.request.unix <= 301, claims.exp - link.dial.request.unix)
        self.assertRegex(claims.signature, "^[0-9a-f]{64}$")

    async def test_minted_anew_for_every_dial(self):
        connector, _, link = await self.connected(GATEWAY_BACKOFF_MIN="2500ms", GATEWAY_BACKOFF_MAX="3s")
        link.drop()
        second = await connector.link(2, 2)
        self.assertGreater(second.dial.claims.exp, link.dial.claims.exp)
        self.assertTrue(298 <= second.dial.claims.exp - second.dial.request.unix <= 301)
        self.assertTrue(genuine(second.dial.token, PIN, second.dial.request.unix))

    async def test_id_and_secret_beyond_ascii(self):
        connector = await self.connector()
        await self.gateway(connector, GATEWAY_RELAY_ID="gw-ümläut:1", GATEWAY_RELAY_SECRET="päss✓")
        link = await connector.link(1)
        self.assertEqual(link.dial.claims.gateway_id, "gw-ümläut:1")
        self.assertTrue(genuine(link.dial.token, "päss✓", link.dial.request.unix))


class Urls(Scenario):
    async def dialled(self, suffix, scheme="http"):
        connector, home = await self.connector(), self.home()
        self.config(home, "require_mention: true\n")
        await self.gateway(None, TWO, PINNED, home=home,
                           GATEWAY_RELAY_URL=f"{scheme}://127.0.0.1:{connector.port}{suffix}")
        dial = await connector.dial(1)
        await connector.until(lambda: connector.requests, "a policy call")
        return dial.request.path, connector.requests[0].path

    async def test_bare(self):
        self.assertEqual(await self.dialled(""), ("/relay", "/relay/policy"))

    async def test_ws_scheme_with_relay_and_slash(self):
        self.assertEqual(await self.dialled("/relay/", "ws"), ("/relay", "/relay/policy"))

    async def test_base_path(self):
        self.assertEqual(await self.dialled("/base/"), ("/base/relay", "/base/relay/policy"))

    async def test_base_path_with_relay(self):
        self.assertEqual(await self.dialled("/base/relay"), ("/base/relay", "/base/relay/policy"))

    async def test_surrounding_blanks(self):
        connector = await self.connector()
        await self.gateway(None, PINNED, GATEWAY_RELAY_URL=f"  {connector.url}/relay  ")
        self.assertEqual((await connector.dial(1)).request.path, "/relay")


class Hello(Scenario):
    async def test_one_per_platform_in_configured_order_with_bot_ids(self):
        _, _, link = await self.connected(GATEWAY_RELAY_PLATFORMS="telegram, slack,discord", hellos=3)
        got = [(x["platform"], x["botId"]) for x in link.hellos]
        self.assertEqual(got, [("telegram", BOTS["telegram"]["botId"]), ("slack", ""), ("discord", BOTS["discord"]["botId"])])
        self.assertEqual([x["type"] for x in link.frames[:3]], ["hello"] * 3)

    async def test_generic_identity_without_platforms(self):
        _, _, link = await self.connected(GATEWAY_RELAY_PLATFORMS=None)
        self.assertEqual([(x["platform"], x["botId"]) for x in link.hellos], [("relay", "")])

    async def test_said_again_on_every_redial(self):
        connector, _, link = await self.connected()
        link.drop()
        second = await connector.link(2, 2)
        self.assertEqual([(x["platform"], x["botId"]) for x in second.hellos],
                         [(x["platform"], x["botId"]) for x in link.hellos])

    async def test_all_hellos_are_said_before_any_descriptor_comes(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: None
        gateway = await self.gateway(connector, TWO, PINNED)
        link = await connector.link(1, 2)
        self.assertEqual((await gateway.get("/readyz")).status, 503)
        link.send({"type": "descriptor", "descriptor": {"contract_version": 1, "platform": "telegram", "label": "T"}})
        await gateway.ready()


class Handshake(Scenario):
    async def test_without_descriptor_the_attempt_fails_and_is_tried_again(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: None
        gateway = await self.gateway(connector, TWO, PINNED, QUICK, ECHO, GATEWAY_HANDSHAKE_TIMEOUT="600ms")
        first = await connector.link(1, 2)
        begun = first.dial.at
        await connector.until(lambda: first.over, "the first attempt given up")
        self.assertTrue(0.5 <= first.over_at - begun <= 2, first.over_at - begun)
        connector.descriptor_of = lambda platform: {"platform": platform}
        second = await connector.link(2, 2)
        second.send(inbound("now"))
        await connector.reply("now")
        await gateway.ready()

    async def test_upgrade_that_never_answers_is_given_up(self):
        connector = await self.connector()
        waits = asyncio.Event()
        connector.gate = lambda dial: waits.wait() if len(connector.dials) == 1 else None
        await self.gateway(connector, TWO, PINNED, QUICK, GATEWAY_HANDSHAKE_TIMEOUT="600ms")
        await connector.link(1, 2)
        self.assertEqual(len(connector.dials), 2)
        waits.set()

    async def test_upgrade_answered_with_an_error_is_tried_again(self):
        connector = await self.connector()
        statuses = [500, 404, 429, "hang up", 200]
        connector.gate = lambda dial: statuses.pop(0) if statuses else None
        await self.gateway(connector, TWO, PINNED, QUICK)
        await connector.link(1, 2)
        self.assertEqual(len(connector.dials), 6)

    async def test_f48_redirect_of_the_upgrade_is_not_followed(self):
        connector, elsewhere = await self.connector(), await self.connector()
        moved = f"HTTP/1.1 307 Moved\r\nLocation: {elsewhere.url}/relay\r\nContent-Length: 0\r\n\r\n".encode()
        connector.gate = lambda dial: moved if len(connector.dials) < 4 else None
        await self.gateway(connector, TWO, PINNED, QUICK)
        await connector.link(1, 2)
        self.assertEqual(elsewhere.dials, [])

    async def test_upgrade_answers_that_are_none_are_tried_again(self):
        connector = await self.connector()
        answers = [b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n",
                   b"\xff" * 4096, b"HTTP/1.1 101 Switching\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000 + b"\r\n"]
        connector.gate = lambda dial: answers.pop(0) if answers else None
        gateway = await self.gateway(connector, TWO, PINNED, QUICK)
        await connector.link(1, 2)
        await gateway.ready()
        self.assertEqual(len(connector.dials), 5)

    async def test_f42_second_descriptor_missing_does_not_block_the_first(self):
        connector = await self.connector()
        known = connector.descriptor_of
        connector.descriptor_of = lambda platform: known(platform) if platform == "discord" else None
        gateway = await self.gateway(connector, TWO, PINNED, ECHO)
        link = await connector.link(1, 2)
        await gateway.ready()
        link.send(inbound("primary"), inbound("other", platform="telegram"))
        await connector.reply("primary")
        self.assertEqual((await connector.reply("other"))["platform"], "telegram")

    async def test_descriptor_in_the_other_order(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: None
        await self.gateway(connector, TWO, PINNED, ECHO)
        link = await connector.link(1, 2)
        for platform, most in (("telegram", 4096), ("discord", 2000)):
            link.send({"type": "descriptor", "descriptor": {"platform": platform, "max_message_length": most}})
        link.send(inbound("x" * 3000, platform="telegram"))
        await connector.actions(1)
        link.send(inbound("y" * 3000, platform="discord"))
        sent = await connector.actions(3)
        self.assertEqual([x["platform"] for x in sent], ["telegram", "discord", "discord"])

    async def test_sigusr1_reconnects_now(self):
        connector, gateway, link = await self.connected(ECHO, GATEWAY_BACKOFF_MIN="5s", GATEWAY_BACKOFF_MAX="9s")
        await gateway.ready()
        begun = now()
        gateway.signal(USR1)
        second = await connector.link(2, 2)
        self.assertLess(second.dial.at - begun, 2)
        await connector.until(lambda: link.over, "the old link is closed")
        second.send(inbound("fresh"))
        await connector.reply("fresh")

    async def test_storm_of_sighup_and_sigusr1_settles_on_one_connection(self):
        connector, gateway, link = await self.connected(ECHO)
        await gateway.ready()
        for _ in range(100):
            gateway.signal(HUP)
        link.send(inbound("after reloads"))
        await connector.reply("after reloads")
        self.assertEqual(len(connector.dials), 1)
        for _ in range(30):
            gateway.signal(USR1)
        await connector.until(lambda: link.over, "a new connection")
        await gateway.ready()
        await connector.until(lambda: len([x for x in connector.links if x.over is None]) == 1, "one connection")

    async def test_reload_adds_a_platform_on_the_live_socket(self):
        connector, home = await self.connector(), self.home()
        self.config(home, "gateway:\n  relay_platforms: [discord]\n")
        gateway = await self.gateway(connector, PINNED, ECHO, home=home)
        link = await connector.link(1, 1)
        await gateway.ready()
        self.config(home, "gateway:\n  relay_platforms: [discord, telegram]\n")
        gateway.signal(HUP)
        await connector.link(1, 2)
        self.assertEqual([x["platform"] for x in link.hellos], ["discord", "telegram"])
        self.assertEqual(len(connector.dials), 1)
        link.send(inbound("new", platform="telegram"))
        await connector.reply("new")

    async def test_reload_with_fewer_platforms_redials(self):
        connector, home = await self.connector(), self.home()
        self.config(home, "gateway:\n  relay_platforms: [discord, telegram]\n")
        gateway = await self.gateway(connector, PINNED, QUICK, home=home)
        await connector.link(1, 2)
        await gateway.ready()
        self.config(home, "gateway:\n  relay_platforms: [telegram]\n")
        gateway.signal(HUP)
        second = await connector.link(2, 1)
        await gateway.ready()
        self.assertEqual([x["platform"] for x in second.hellos], ["telegram"])

    async def test_reload_with_another_url_moves_over(self):
        connector, other, home = await self.connector(), await self.connector(), self.home()
        self.config(home, f"gateway:\n  relay_url: {connector.url}\n")
        gateway = await self.gateway(None, PINNED, QUICK, home=home)
        link = await connector.link(1)
        self.config(home, f"gateway:\n  relay_url: {other.url}\n")
        gateway.signal(HUP)
        await other.link(1)
        await connector.until(lambda: link.over, "the old link is closed")

    async def test_reload_of_a_bad_file_keeps_what_runs(self):
        connector, home = await self.connector(), self.home()
        self.config(home, f"gateway:\n  relay_url: {connector.url}\n  agent: echo\n")
        gateway = await self.gateway(None, PINNED, home=home)
        link = await connector.link(1)
        self.config(home, "gateway: [unclosed\n")
        gateway.signal(HUP)
        await gateway.said("config.yaml")
        link.send(inbound("same as before"))
        await connector.reply("same as before")
        self.assertEqual(len(connector.dials), 1)

    async def test_reload_with_a_bad_value_keeps_what_runs(self):
        connector, home = await self.connector(), self.home()
        good = (f"discord:\n  require_mention: true\ngateway:\n  relay_url: {connector.url}\n  relay_id: a\n"
                "  relay_secret: b\n  relay_platforms: [discord]\n  agent: echo\n")
        self.config(home, good)
        gateway = await self.gateway(None, home=home)
        link = await connector.link(1)
        await gateway.ready()
        for was, slip in (("http://", "htp://"), ("require_mention: true", "require_mention: maybe"),
                          ("relay_platforms:", "relay_platfroms:"), ("relay_secret: b", "relay_secret: ${NOT_SET}")):
            with self.subTest(slip=slip):
                self.config(home, good.replace(was, slip))
                answer = (await gateway.get("/v1/reload", method="POST", body={})).json()
                self.assertFalse(answer["accepted"])
                self.assertIn("the running settings stay", answer["problems"][0])
                link.send(inbound(f"as before {slip}"))
                await connector.reply(f"as before {slip}")
        self.config(home, good.replace("true", "false"))
        self.assertTrue((await gateway.get("/v1/reload", method="POST", body={})).json()["accepted"])
        await connector.until(lambda: len(connector.policies) == 2, "the policy of the good file alone")
        self.assertEqual((len(connector.dials), connector.policies[1].json()["requireAddress"]), (1, False))

    async def test_token_is_not_sent_in_the_url(self):
        _, _, link = await self.connected()
        self.assertEqual(link.dial.request.path, "/relay")
        self.assertEqual(claims_of(link.dial.token).gateway_id, GATEWAY_ID)

"""Section 2.1: what is asked for, in which order, and what every partial failure leads to."""
import asyncio
import socket

from harness.connector import SECRET
from harness.events import inbound
from harness.http import Answer
from harness.provisioning import ISSUED, by_platform, fails_first, hangs, issues
from harness.scenario import BOTS, ECHO, GATEWAY_ID, PROVISIONED, QUICK, TOKEN, TWO, Scenario
from harness.tokens import genuine


class Requests(Scenario):
    async def test_bodies_headers_and_order(self):
        connector = await self.connector()
        await self.gateway(connector, TWO, PROVISIONED)
        await connector.link(1, 2)
        await connector.until(lambda: len(connector.provisions) >= 2, "two provisions")
        for request, platform in zip(connector.provisions, ("discord", "telegram")):
            self.assertEqual(request.method, "POST")
            self.assertEqual(request.headers["authorization"], f"Bearer {TOKEN}")
            self.assertEqual(request.headers["content-type"].split(";")[0], "application/json")
            self.assertEqual(request.headers["accept"], "application/json")
            self.assertEqual(request.json(), {"gatewayId": GATEWAY_ID, "platform": platform,
                                              "botId": BOTS[platform]["botId"], "gatewayEndpoint": "", "routeKeys": []})
        self.assertEqual(len(connector.provisions), 2)
        self.assertLess(connector.provisions[0].at, connector.dials[0].at)

    async def test_optional_fields_when_set(self):
        connector = await self.connector()
        await self.gateway(connector, TWO, PROVISIONED, GATEWAY_RELAY_ENDPOINT="https://gw.example/in/",
                           GATEWAY_RELAY_ROUTE_KEYS=" a, b ,,c", GATEWAY_RELAY_INSTANCE_ID="inst-7",
                           GATEWAY_RELAY_WAKE_URL="https://gw.example/wake", GATEWAY_RELAY_DISPLAY_NAME=" Ana's bot \u2603 ")
        await connector.link(1, 2)
        for request in connector.provisions:
            body = request.json()
            self.assertEqual(body["routeKeys"], ["a", "b", "c"])
            self.assertEqual(body["gatewayEndpoint"], "https://gw.example/in")
            self.assertEqual(body["instanceId"], "inst-7")
            self.assertEqual(body["wakeUrl"], "https://gw.example/wake")
            self.assertEqual(body["displayName"], "Ana's bot \u2603")

    async def test_a_display_name_is_cut_to_64_characters(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, PROVISIONED, GATEWAY_RELAY_DISPLAY_NAME="\u00e9" * 65)
        await connector.link(1, 2)
        self.assertEqual(connector.provisions[0].json()["displayName"], "\u00e9" * 64)
        await gateway.said("GATEWAY_RELAY_DISPLAY_NAME")

    async def test_default_gateway_id_is_the_hostname_for_every_platform(self):
        connector = await self.connector()
        await self.gateway(connector, TWO, PROVISIONED, GATEWAY_RELAY_ID=None)
        await connector.link(1, 2)
        await connector.until(lambda: len(connector.provisions) >= 2, "two provisions")
        self.assertEqual({x.json()["gatewayId"] for x in connector.provisions}, {f"gw-{socket.gethostname()}"})
        self.assertEqual(connector.dials[0].claims.gateway_id, f"gw-{socket.gethostname()}")

    async def test_generic_identity_without_platforms(self):
        connector = await self.connector()
        await self.gateway(connector, PROVISIONED)
        await connector.link(1)
        body = connector.provisions[0].json()
        self.assertEqual((body["platform"], body["botId"]), ("relay", ""))

    async def test_settings_from_yaml_reach_the_body(self):
        connector, home = await self.connector(), self.home()
        self.config(home, f"""
gateway:
  relay_url: {connector.url}/relay/
  relay_platforms: [telegram, discord]
  relay_bot_ids: {{telegram: {{botId: t1, username: "@x"}}, discord: {{botId: d1}}}}
  relay_id: gw-yaml
  relay_access_token: {TOKEN}
  relay_route_keys: "r1, r2"
""")
        await self.gateway(home=home)
        link = await connector.link(1, 2)
        await connector.until(lambda: len(connector.provisions) >= 2, "two provisions")
        bodies = [x.json() for x in connector.provisions]
        self.assertEqual([(x["platform"], x["botId"], x["gatewayId"], x["routeKeys"]) for x in bodies],
                         [("telegram", "t1", "gw-yaml", ["r1", "r2"]), ("discord", "d1", "gw-yaml", ["r1", "r2"])])
        self.assertEqual([x["platform"] for x in link.hellos], ["telegram", "discord"])

    async def test_environment_wins_over_yaml(self):
        connector, home = await self.connector(), self.home()
        self.config(home, "gateway:\n  relay_url: http://127.0.0.1:9\n  relay_platforms: [slack]\n")
        await self.gateway(connector, TWO, PROVISIONED, home=home)
        link = await connector.link(1, 2)
        self.assertEqual([x["platform"] for x in link.hellos], ["discord", "telegram"])

    async def test_bad_bot_ids_count_as_empty(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, PROVISIONED, GATEWAY_RELAY_BOT_IDS="{not json")
        link = await connector.link(1, 2)
        self.assertEqual([x["botId"] for x in link.hellos], ["", ""])
        self.assertIn("GATEWAY_RELAY_BOT_IDS", gateway.text)


class PartialFailure(Scenario):
    async def first_fails(self, broken, **settings):
        """The first platform fails once in that way: the second one supplies, the first heals without a restart."""
        connector = await self.connector()
        connector.answers["/relay/provision"] = by_platform(discord=fails_first(broken, "secret-d"),
                                                            telegram=issues("secret-t"))
        gateway = await self.gateway(connector, TWO, PROVISIONED, QUICK, ECHO, **settings)
        link = await connector.link(1, 2)
        self.assertEqual([x.json()["platform"] for x in connector.provisions[:2]], ["discord", "telegram"])
        self.assertTrue(genuine(link.dial.token, "secret-t", link.dial.request.unix))
        self.assertEqual([x["platform"] for x in link.hellos], ["discord", "telegram"])

        async def healed():
            status = await gateway.status()
            return [x["provisioned"] for x in status["platforms"]] == [True, True]
        await gateway.changes.poll(healed, "both platforms provisioned")
        self.assertEqual([x.json()["platform"] for x in connector.provisions], ["discord", "telegram", "discord"])
        link.send(inbound("still here"))
        await connector.reply("still here")
        self.assertEqual(len(connector.dials), 1)
        return gateway

    async def test_status_500(self):
        await self.first_fails(lambda _: Answer(500, b"oops"))

    async def test_status_401(self):
        await self.first_fails(lambda _: Answer(401, {"error": "unknown identity"}))

    async def test_status_403_with_the_reason_in_the_log(self):
        gateway = await self.first_fails(lambda _: Answer(403, {"error": "tenant is suspended"}))
        self.assertIn("tenant is suspended", gateway.text)

    async def test_status_404_without_body(self):
        await self.first_fails(lambda _: Answer(404))

    async def test_time_out(self):
        await self.first_fails(hangs, GATEWAY_HTTP_TIMEOUT="500ms")

    async def test_connection_dropped(self):
        await self.first_fails(lambda _: None)

    async def test_body_that_is_an_array(self):
        await self.first_fails(lambda _: Answer(200, [1]))

    async def test_body_that_is_not_json(self):
        await self.first_fails(lambda _: Answer(200, b"<html>welcome</html>"))

    async def test_empty_body(self):
        await self.first_fails(lambda _: Answer(200, b""))

    async def test_no_secret(self):
        await self.first_fails(lambda _: Answer(200, {"tenant": "t"}))

    async def test_empty_secret(self):
        await self.first_fails(lambda _: Answer(200, {**ISSUED, "secret": ""}))

    async def test_secret_of_another_type(self):
        await self.first_fails(lambda _: Answer(200, {**ISSUED, "secret": {"a": 1}}))

    async def test_body_cut_short(self):
        await self.first_fails(lambda _: Answer(200, b'{"secret":', {"Content-Length": "500"}))

    async def test_f48_redirect_is_not_followed(self):
        elsewhere = await self.connector()
        await self.first_fails(lambda _: Answer(307, b"", {"Location": f"{elsewhere.url}/relay/provision"}))
        self.assertEqual(elsewhere.requests, [])

    async def test_f51_success_body_over_one_mebibyte(self):
        await self.first_fails(lambda _: Answer(200, {**ISSUED, "padding": "x" * (2 << 20)}))

    async def test_f51_error_body_over_64_kibibytes(self):
        await self.first_fails(lambda _: Answer(500, {"error": "x" * (8 << 20)}))

    async def test_f51_endless_body_is_cut(self):
        async def endless(_):
            yield b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            while True:
                yield b"10000\r\n" + b" " * 65536 + b"\r\n"
        gateway = await self.first_fails(endless)
        self.assertLess(gateway.rss(), 100 << 20)

    async def test_chunked_success_body_is_read(self):
        connector = await self.connector()

        async def chunked(_):
            yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            for part in (b'{"secret": "sec', b'ret-c", "gatewayId": "gw-c"', b"}"):
                yield f"{len(part):x}\r\n".encode() + part + b"\r\n"
            yield b"0\r\n\r\n"
        connector.answers["/relay/provision"] = chunked
        await self.gateway(connector, PROVISIONED)
        link = await connector.link(1)
        self.assertTrue(genuine(link.dial.token, "secret-c", link.dial.request.unix))

    async def test_success_body_of_900_kibibytes_is_read(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = by_platform(discord=issues("secret-big", padding="x" * (900 << 10)),
                                                            telegram=issues("other"))
        await self.gateway(connector, TWO, PROVISIONED)
        link = await connector.link(1, 2)
        self.assertTrue(genuine(link.dial.token, "secret-big", link.dial.request.unix))

    async def test_first_success_in_configured_order_supplies_the_pair(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = by_platform(
            a=lambda r, n: Answer(500), b=issues("secret-b"), c=issues("secret-c"), d=issues("secret-d"))
        await self.gateway(connector, PROVISIONED, GATEWAY_RELAY_PLATFORMS="a,b,c,d")
        link = await connector.link(1, 4)
        self.assertTrue(genuine(link.dial.token, "secret-b", link.dial.request.unix))
        link.drop()
        second = await connector.link(2, 4)
        self.assertTrue(genuine(second.dial.token, "secret-b", second.dial.request.unix))

    async def test_second_platform_fails_and_heals(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = by_platform(
            discord=issues("secret-d"), telegram=fails_first(lambda _: Answer(503), "secret-t"))
        gateway = await self.gateway(connector, TWO, PROVISIONED, QUICK)
        link = await connector.link(1, 2)
        self.assertTrue(genuine(link.dial.token, "secret-d", link.dial.request.unix))

        async def healed():
            return all(x["provisioned"] for x in (await gateway.status())["platforms"])
        await gateway.changes.poll(healed, "telegram provisioned")
        self.assertEqual(len(connector.dials), 1)

    async def test_failed_platform_is_retried_with_growing_delay(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = by_platform(discord=issues("secret-d"), telegram=lambda r, n: Answer(500))
        await self.gateway(connector, TWO, PROVISIONED, GATEWAY_BACKOFF_MIN="200ms", GATEWAY_BACKOFF_MAX="2s")
        await connector.until(lambda: len(connector.provisions) >= 6, "five requests for telegram")
        times = [x.at for x in connector.provisions if x.json()["platform"] == "telegram"]
        gaps = [b - a for a, b in zip(times, times[1:])]
        self.assertGreaterEqual(gaps[0], 0.09)
        self.assertGreater(gaps[3], gaps[0])
        self.assertGreaterEqual(gaps[3], 0.79)

    async def test_slow_platform_does_not_hold_up_the_dial(self):
        connector = await self.connector()
        waits = asyncio.Event()

        async def slow(request):
            await waits.wait()
            return Answer(200, {**ISSUED, "secret": "late"})
        connector.answers["/relay/provision"] = by_platform(discord=issues("secret-d"), telegram=lambda r, n: slow(r))
        gateway = await self.gateway(connector, TWO, PROVISIONED, ECHO)
        link = await connector.link(1, 2, limit=4)
        link.send(inbound("hello", platform="telegram"))
        await connector.reply("hello")
        waits.set()

        async def healed():
            return all(x["provisioned"] for x in (await gateway.status())["platforms"])
        await gateway.changes.poll(healed, "telegram provisioned")

    async def test_the_rest_goes_concurrently_once_credentials_are_held(self):
        connector = await self.connector()
        waits = asyncio.Event()

        async def slow(request):
            await waits.wait()
            return Answer(200, ISSUED)
        connector.answers["/relay/provision"] = by_platform(
            a=lambda r, n: Answer(500), b=issues(SECRET), c=lambda r, n: slow(r), d=lambda r, n: slow(r))
        await self.gateway(connector, PROVISIONED, GATEWAY_RELAY_PLATFORMS="a,b,c,d")
        await connector.until(lambda: {"c", "d"} <= {x.json()["platform"] for x in connector.provisions}, "c and d asked")
        self.assertEqual([x.json()["platform"] for x in connector.provisions[:2]], ["a", "b"])
        waits.set()

    async def test_one_by_one_until_the_first_success(self):
        connector = await self.connector()
        waits = asyncio.Event()

        async def slow(request):
            await waits.wait()
            return Answer(200, {**ISSUED, "secret": "secret-d"})
        connector.answers["/relay/provision"] = by_platform(discord=lambda r, n: slow(r), telegram=issues("secret-t"))
        await self.gateway(connector, TWO, PROVISIONED)
        await connector.until(lambda: connector.provisions, "first provision")
        await connector.never(lambda: len(connector.provisions) > 1 or connector.dials, "second before the first ended", 0.7)
        waits.set()
        link = await connector.link(1, 2)
        self.assertTrue(genuine(link.dial.token, "secret-d", link.dial.request.unix))

    async def test_all_fail_then_dials_without_credentials_and_heals(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = lambda _: Answer(503, {"error": "later"})
        connector.gate = lambda dial: None if dial.token else 401
        gateway = await self.gateway(connector, TWO, PROVISIONED, QUICK, ECHO)
        dial = await connector.dial(1)
        self.assertNotIn("authorization", dial.request.headers)
        self.assertTrue(gateway.running)
        del connector.answers["/relay/provision"]
        connector.answers["/relay/provision"] = connector.provision
        link = await connector.link(1, 2)
        self.assertTrue(genuine(link.dial.token, SECRET, link.dial.request.unix))
        link.send(inbound("healed"))
        await connector.reply("healed")

    async def test_all_fail_and_the_connector_admits_it_anyway(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = lambda _: Answer(500)
        await self.gateway(connector, TWO, PROVISIONED, ECHO)
        link = await connector.link(1, 2)
        self.assertNotIn("authorization", link.dial.request.headers)
        link.send(inbound("open door"))
        await connector.reply("open door")

    async def test_absent_connector_at_boot_heals(self):
        connector = await self.connector()
        port = connector.port
        await connector.stop()
        gateway = await self.gateway(connector, TWO, PROVISIONED, QUICK, ECHO)
        self.assertEqual((await gateway.get("/livez")).status, 200)
        self.assertEqual((await gateway.get("/readyz")).status, 503)
        await connector.start(port)

        def good():
            return [x for x in connector.links if len(x.hellos) == 2
                    and genuine(x.dial.token, SECRET, x.dial.request.unix)]
        (link, *_) = await connector.until(good, "a link with issued credentials")
        link.send(inbound("came late"))
        await connector.reply("came late")


    async def test_credentials_that_come_late_redial_a_link_that_has_none(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = lambda _: Answer(500)
        await self.gateway(connector, TWO, PROVISIONED, QUICK)
        link = await connector.link(1, 2)
        self.assertIsNone(link.dial.token)
        connector.answers["/relay/provision"] = connector.provision
        second = await connector.link(2, 2)
        self.assertTrue(genuine(second.dial.token, SECRET, second.dial.request.unix))

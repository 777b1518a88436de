"""Section 2.1: what is asked for, in which order, and what every partial failure leads to."""
import asyncio
import os
import socket
import urllib.parse

from harness.connector import SECRET
from harness.events import inbound
from harness.http import Answer
from harness.scenario import BOTS, ECHO, GATEWAY_ID, PINNED, PROVISIONED, QUICK, TOKEN, TWO, Scenario
from harness.tokens import genuine

ISSUED = {"secret": SECRET, "deliveryKey": "k", "tenant": "t", "gatewayId": GATEWAY_ID, "routeKeys": []}


def by_platform(**handlers):
    """Answers of /relay/provision by platform; each gets (request, how many came for that platform)."""
    counts = {}

    def handler(request):
        platform = request.json()["platform"]
        counts[platform] = counts.get(platform, 0) + 1
        return handlers[platform](request, counts[platform])
    return handler


def issues(secret, **more):
    return lambda request, count: Answer(200, {**ISSUED, "gatewayId": request.json()["gatewayId"], "secret": secret, **more})


def fails_first(broken, secret):
    """The broken answer at the first request, then a good one."""
    return lambda request, count: broken(request) if count == 1 else issues(secret)(request, count)


async def hangs(_):
    await asyncio.Event().wait()


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


class Withheld(Scenario):
    async def test_f52_withheld_secret_counts_as_provisioned_without_credentials(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = by_platform(
            discord=lambda r, n: Answer(200, {"secretIssued": False, "tenant": "t"}), telegram=issues("secret-t"))
        gateway = await self.gateway(connector, TWO, PROVISIONED, QUICK)
        link = await connector.link(1, 2)
        self.assertTrue(genuine(link.dial.token, "secret-t", link.dial.request.unix))
        await gateway.ready()
        self.assertEqual([x["provisioned"] for x in (await gateway.status())["platforms"]], [True, True])
        await connector.never(lambda: len(connector.provisions) > 2, "a retry of what is provisioned", 1)

    async def test_f52_blanks_never_overwrite_what_is_held(self):
        connector = await self.connector()
        blank = {"secretIssued": False, "secret": "", "deliveryKey": "", "tenant": "", "gatewayId": "", "routeKeys": []}
        connector.answers["/relay/provision"] = by_platform(discord=issues("secret-d"),
                                                            telegram=lambda r, n: Answer(200, blank))
        gateway = await self.gateway(connector, TWO, PROVISIONED, QUICK)
        link = await connector.link(1, 2)

        async def both():
            return all(x["provisioned"] for x in (await gateway.status())["platforms"])
        await gateway.changes.poll(both, "both provisioned")
        link.drop()
        second = await connector.link(2, 2)
        self.assertTrue(genuine(second.dial.token, "secret-d", second.dial.request.unix))
        self.assertEqual(second.dial.claims.gateway_id, GATEWAY_ID)

    async def test_f52_second_platform_without_secret_is_provisioned(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = by_platform(discord=issues("secret-d"), telegram=lambda r, n: Answer(201, {}))
        gateway = await self.gateway(connector, TWO, PROVISIONED, QUICK)
        await connector.link(1, 2)

        async def both():
            return all(x["provisioned"] for x in (await gateway.status())["platforms"])
        await gateway.changes.poll(both, "both provisioned")

    async def test_f52_all_withheld_dials_without_credentials(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = lambda _: Answer(200, {"secretIssued": False})
        await self.gateway(connector, TWO, PROVISIONED, QUICK)
        link = await connector.link(1, 2)
        self.assertNotIn("authorization", link.dial.request.headers)

    async def test_later_secret_of_another_platform_does_not_replace_the_first(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = by_platform(discord=issues("secret-d"), telegram=issues("secret-t"))
        gateway = await self.gateway(connector, TWO, PROVISIONED, QUICK)
        link = await connector.link(1, 2)
        await connector.until(lambda: len(connector.provisions) == 2, "second provision")
        await gateway.ready()
        link.drop()
        second = await connector.link(2, 2)
        self.assertTrue(genuine(second.dial.token, "secret-d", second.dial.request.unix))

    async def test_gateway_id_of_the_answer_is_used(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = by_platform(discord=issues(SECRET, gatewayId="gw-assigned"),
                                                            telegram=issues(SECRET, gatewayId="gw-assigned"))
        await self.gateway(connector, TWO, PROVISIONED)
        link = await connector.link(1, 2)
        self.assertEqual(link.dial.claims.gateway_id, "gw-assigned")
        self.assertTrue(genuine(link.dial.token, SECRET, link.dial.request.unix))


class Credentials(Scenario):
    async def test_pinned_pair_means_no_provisioning(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, PINNED, ECHO, GATEWAY_RELAY_ACCESS_TOKEN=TOKEN)
        link = await connector.link(1, 2)
        self.assertTrue(genuine(link.dial.token, PINNED["GATEWAY_RELAY_SECRET"], link.dial.request.unix))
        self.assertEqual(link.dial.claims.gateway_id, GATEWAY_ID)
        link.send(inbound("hi"))
        await connector.reply("hi")
        await gateway.ready()
        self.assertEqual(connector.provisions, [])

    async def test_pinned_secret_from_a_file(self):
        connector, home = await self.connector(), self.home()
        path = os.path.join(home, "secret")
        with open(path, "w") as file:
            file.write("  secret-in-file\n")
        await self.gateway(connector, TWO, home=home, GATEWAY_RELAY_ID="gw:with:colons", GATEWAY_RELAY_SECRET_FILE=path)
        link = await connector.link(1, 2)
        self.assertEqual(link.dial.claims.gateway_id, "gw:with:colons")
        self.assertTrue(genuine(link.dial.token, "secret-in-file", link.dial.request.unix))

    async def test_only_the_id_pinned_provisions_with_it(self):
        connector = await self.connector()
        await self.gateway(connector, TWO, GATEWAY_RELAY_ID="gw-half", GATEWAY_RELAY_ACCESS_TOKEN=TOKEN)
        link = await connector.link(1, 2)
        self.assertEqual({x.json()["gatewayId"] for x in connector.provisions}, {"gw-half"})
        self.assertTrue(genuine(link.dial.token, SECRET, link.dial.request.unix))

    async def test_only_the_secret_pinned_is_never_mixed_with_the_issued_pair(self):
        connector = await self.connector()
        await self.gateway(connector, TWO, GATEWAY_RELAY_SECRET="half-secret", GATEWAY_RELAY_ACCESS_TOKEN=TOKEN)
        link = await connector.link(1, 2)
        self.assertGreaterEqual(len(connector.provisions), 1)
        self.assertTrue(genuine(link.dial.token, SECRET, link.dial.request.unix))
        self.assertFalse(genuine(link.dial.token, "half-secret", link.dial.request.unix))

    async def test_no_identity_token_warns_skips_and_goes_on(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, ECHO)
        link = await connector.link(1, 2)
        self.assertEqual(connector.provisions, [])
        self.assertNotIn("authorization", link.dial.request.headers)
        link.send(inbound("anyway"))
        await connector.reply("anyway")
        self.assertTrue(any("token" in x.lower() and "warn" in x.lower() for x in gateway.output), gateway.text)

    async def test_token_file_is_read_anew_at_each_use(self):
        connector, home = await self.connector(), self.home()
        path = os.path.join(home, "token")

        def write(text):
            with open(path + ".new", "w") as file:
                file.write(text)
            os.replace(path + ".new", path)
        write("first-token\n")
        connector.answers["/relay/provision"] = lambda r: (
            connector.provision(r) if r.bearer == "second-token" else Answer(401, {"error": "expired"}))
        await self.gateway(connector, TWO, QUICK, home=home, GATEWAY_RELAY_ID=GATEWAY_ID,
                           GATEWAY_RELAY_ACCESS_TOKEN_FILE=path)
        await connector.until(lambda: connector.provisions, "a first try")
        self.assertEqual(connector.provisions[0].bearer, "first-token")
        write("second-token\n")
        good = await connector.until(lambda: [x for x in connector.links if x.dial.token], "a dial with credentials")
        self.assertTrue(genuine(good[0].dial.token, SECRET, good[0].dial.request.unix))

    async def test_token_cannot_smuggle_a_header(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, QUICK, GATEWAY_RELAY_ACCESS_TOKEN="abc\r\nX-Smuggled: 1")
        await connector.dial(1)
        self.assertEqual([x for x in connector.requests if "x-smuggled" in x.headers], [])
        self.assertTrue(gateway.running)

    async def test_token_file_that_appears_later(self):
        connector, home = await self.connector(), self.home()
        path = os.path.join(home, "token")
        await self.gateway(connector, TWO, QUICK, home=home, GATEWAY_RELAY_ID=GATEWAY_ID,
                           GATEWAY_RELAY_ACCESS_TOKEN_FILE=path)
        await connector.dial(1)
        self.assertEqual(connector.provisions, [])
        with open(path, "w") as file:
            file.write("mounted-late")
        await connector.until(lambda: connector.provisions, "provisioning once the token is there")
        self.assertEqual(connector.provisions[0].bearer, "mounted-late")


class ClientCredentials(Scenario):
    def settings(self, connector, **more):
        return {"GATEWAY_RELAY_ID": GATEWAY_ID, "GATEWAY_RELAY_IDP_TOKEN_URL": f"{connector.url}/oauth/token",
                "GATEWAY_RELAY_IDP_CLIENT_ID": "client-1", "GATEWAY_RELAY_IDP_CLIENT_SECRET": "client secret/+&=9",
                "GATEWAY_RELAY_IDP_SCOPE": "relay:provision other", **more}

    async def test_form_post_and_precedence_over_a_given_token(self):
        connector = await self.connector()
        connector.answers["/oauth/token"] = lambda _: Answer(200, {"access_token": "from-idp", "expires_in": 300})
        await self.gateway(connector, TWO, self.settings(connector), GATEWAY_RELAY_ACCESS_TOKEN="given")
        await connector.link(1, 2)
        asked = connector.calls("/oauth/token")[0]
        self.assertEqual(asked.method, "POST")
        self.assertEqual(asked.headers["content-type"].split(";")[0], "application/x-www-form-urlencoded")
        form = dict(urllib.parse.parse_qsl(asked.body.decode(), strict_parsing=True))
        self.assertEqual(form["grant_type"], "client_credentials")
        self.assertEqual(form["client_id"], "client-1")
        self.assertEqual(form["client_secret"], "client secret/+&=9")
        self.assertEqual(form["scope"], "relay:provision other")
        self.assertEqual({x.bearer for x in connector.provisions}, {"from-idp"})

    async def test_refused_then_healed(self):
        connector = await self.connector()
        connector.answers["/oauth/token"] = lambda _: Answer(401, {"error": "invalid_client"})
        gateway = await self.gateway(connector, TWO, QUICK, self.settings(connector))
        dial = await connector.dial(1)
        self.assertNotIn("authorization", dial.request.headers)
        self.assertEqual(connector.provisions, [])
        self.assertTrue(gateway.running)
        connector.answers["/oauth/token"] = lambda _: Answer(200, {"access_token": "from-idp"})
        await connector.until(lambda: connector.provisions, "provisioning")
        self.assertEqual(connector.provisions[0].bearer, "from-idp")

    async def test_redirect_is_not_followed(self):
        connector, elsewhere = await self.connector(), await self.connector()
        connector.answers["/oauth/token"] = lambda _: Answer(307, b"", {"Location": f"{elsewhere.url}/oauth/token"})
        await self.gateway(connector, TWO, QUICK, self.settings(connector))
        await connector.dial(1)
        self.assertEqual(elsewhere.requests, [])

    async def test_token_url_without_secret_is_reported_and_stops_nothing(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, self.settings(connector, GATEWAY_RELAY_IDP_CLIENT_SECRET=""))
        await connector.link(1, 2)
        self.assertEqual(connector.calls("/oauth/token"), [])
        self.assertRegex(gateway.text, "GATEWAY_RELAY_IDP_.*client_secret|GATEWAY_RELAY_IDP_CLIENT_SECRET")


class Off(Scenario):
    async def test_relay_off_without_a_url_serves_health_only(self):
        gateway = await self.gateway(None, TWO, PROVISIONED)
        self.assertEqual((await gateway.get("/livez")).status, 200)
        self.assertEqual((await gateway.get("/healthz")).status, 200)
        ready = await gateway.get("/readyz")
        self.assertEqual(ready.status, 503)
        self.assertIn("reason", ready.json())
        await gateway.said("relay.off")
        gateway.signal(15)
        self.assertEqual(await gateway.exited(), 0)

    async def vetoed(self, word):
        connector, home = await self.connector(), self.home()
        self.config(home, f"platforms:\n  relay:\n    enabled: {word}\n")
        gateway = await self.gateway(connector, TWO, PROVISIONED, home=home)
        await connector.never(lambda: connector.requests or connector.dials, "a side effect of a vetoed relay", 1)
        self.assertEqual((await gateway.get("/livez")).status, 200)
        self.assertEqual((await gateway.get("/readyz")).status, 503)

    async def test_f45_veto_false(self):
        await self.vetoed("false")

    async def test_f45_veto_string_no(self):
        await self.vetoed('"No"')

    async def test_f45_veto_string_off(self):
        await self.vetoed('"OFF"')

    async def test_f45_veto_string_zero(self):
        await self.vetoed('"0"')

    async def test_enabled_true_vetoes_nothing(self):
        connector, home = await self.connector(), self.home()
        self.config(home, 'platforms:\n  relay:\n    enabled: "yes"\n')
        await self.gateway(connector, TWO, PROVISIONED, home=home)
        await connector.link(1, 2)

"""The listener: health, status, metrics, the origin and the token rule."""
import asyncio
import re

from harness.agent import Refused
from harness.events import inbound
from harness.http import Answer
from harness.scenario import ECHO, GATEWAY_ID, PINNED, PROVISIONED, QUICK, TWO, Scenario

ADMIN = "admin-token-2b7e"
OPEN = ("/livez", "/healthz", "/readyz", "/startupz", "/wake")
CLOSED = ("/metrics", "/v1/status", "/")


class Health(Scenario):
    async def test_connected(self):
        _, gateway, _ = await self.connected()
        await gateway.ready()
        for path in ("/livez", "/healthz", "/startupz", "/readyz"):
            self.assertEqual((await gateway.get(path)).status, 200, path)

    async def test_not_connected(self):
        connector = await self.connector()
        connector.gate = lambda dial: 503
        gateway = await self.gateway(connector, TWO, PINNED, QUICK)
        await connector.dial(2)
        self.assertEqual((await gateway.get("/livez")).status, 200)
        self.assertEqual((await gateway.get("/healthz")).status, 200)
        self.assertEqual((await gateway.get("/startupz")).status, 200)
        ready = await gateway.get("/readyz")
        self.assertEqual(ready.status, 503)
        self.assertIsInstance(ready.json()["state"], str)
        self.assertTrue(ready.json()["reason"])

    async def test_startupz_waits_for_the_first_provisioning_attempt(self):
        connector = await self.connector()
        waits = asyncio.Event()

        async def slow(request):
            await waits.wait()
            return connector.provision(request)
        connector.answers["/relay/provision"] = slow
        gateway = await self.gateway(connector, TWO, PROVISIONED)
        await connector.until(lambda: connector.provisions, "a provision under way")
        self.assertEqual((await gateway.get("/startupz")).status, 503)
        self.assertEqual((await gateway.get("/livez")).status, 200)
        waits.set()

        async def started():
            return (await gateway.get("/startupz")).status == 200
        await gateway.changes.poll(started, "/startupz 200")

    async def test_startupz_stays_once_it_was_reached(self):
        connector, other, home = await self.connector(), await self.connector(), self.home()
        waits = asyncio.Event()

        async def slow(request):
            await waits.wait()
            return other.provision(request)
        other.answers["/relay/provision"] = slow
        self.config(home, f"gateway:\n  relay_url: {connector.url}\n")
        gateway = await self.gateway(None, TWO, PROVISIONED, home=home)
        await gateway.ready()
        self.config(home, f"gateway:\n  relay_url: {other.url}\n")
        await gateway.get("/v1/reload", method="POST", body={})
        await other.until(lambda: other.provisions, "a provision under way")
        self.assertEqual((await gateway.get("/startupz")).status, 200)
        waits.set()

    async def test_unknown_path_and_method(self):
        _, gateway, _ = await self.connected()
        self.assertEqual((await gateway.get("/nothing-here")).status, 404)
        self.assertEqual((await gateway.get("/livez", method="DELETE")).status, 405)
        self.assertEqual((await gateway.get("/v1/drain")).status, 405)
        self.assertTrue(gateway.running)

    async def test_wake_reveals_nothing(self):
        _, gateway, _ = await self.connected()
        answer = await gateway.get("/wake")
        self.assertIn(answer.status, (200, 202, 204))
        self.assertLess(len(answer.body), 40)

    async def test_status_page(self):
        _, gateway, _ = await self.connected()
        answer = await gateway.get("/")
        self.assertEqual(answer.status, 200)
        self.assertIn("text/html", answer.headers["content-type"])

    async def test_five_hundred_idle_connections_do_not_shut_out_the_probe(self):
        _, gateway, _ = await self.connected()
        host, port = re.match(r"http://(.*):(\d+)", gateway.url).groups()
        opened = [await asyncio.open_connection(host, int(port)) for _ in range(500)]
        for _, writer in opened[::2]:
            writer.write(b"GET /livez HT")
        self.assertEqual((await gateway.get("/livez", limit=3)).status, 200)
        for _, writer in opened:
            writer.close()

    async def test_bad_requests_harm_nothing(self):
        connector, gateway, link = await self.connected(ECHO)
        host, port = re.match(r"http://(.*):(\d+)", gateway.url).groups()
        for raw in (b"\r\n\r\n", b"GET\r\n\r\n", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/9.9\r\n\r\n", b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n\r\n",
                    b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", b"POST /v1/drain HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                    b"POST /v1/actions HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999999\r\n\r\n"):
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(raw)
            writer.close()
        link.send(inbound("alive"))
        await connector.reply("alive")
        self.assertEqual((await gateway.get("/livez")).status, 200)


class Status(Scenario):
    async def test_contents(self):
        connector, home = await self.connector(), self.home()
        self.config(home, "discord:\n  require_mention: true\n")
        gateway = await self.gateway(connector, TWO, PROVISIONED, ECHO, home=home)
        link = await connector.link(1, 2)
        link.send(inbound("one"))
        await connector.reply("one")

        async def complete():
            found = await gateway.status()
            return found if all(x["provisioned"] and x["descriptor"] for x in found["platforms"]) else None
        status = await gateway.changes.poll(complete, "both platforms whole")
        self.assertEqual(status["state"], "connected")
        for key in ("since", "connector", "agent", "chats", "pending", "store", "counters", "tenant"):
            self.assertIn(key, status)
        self.assertIn(GATEWAY_ID, str(status.get("gateway_id")))
        self.assertEqual(status["tenant"], "tenant-1")
        self.assertIn(str(connector.port), str(status["connector"]))
        self.assertEqual([(x["name"], x["bot_id"]) for x in status["platforms"]], [("discord", "bot-d"), ("telegram", "bot-t")])
        for entry in status["platforms"]:
            self.assertIn("policy", entry)
            self.assertEqual(entry["descriptor"]["platform"], entry["name"])

    async def test_failed_platform_shows_as_not_provisioned(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = lambda r: (
            Answer(403, {"error": "not yours"}) if r.json()["platform"] == "telegram" else connector.provision(r))
        gateway = await self.gateway(connector, TWO, PROVISIONED)
        await connector.link(1, 2)
        await gateway.ready()
        await connector.until(lambda: len(connector.provisions) >= 2, "telegram asked")

        async def told():
            return [bool(x["provisioned"]) for x in (await gateway.status())["platforms"]] == [True, False]
        await gateway.changes.poll(told, "discord provisioned, telegram not")

    async def test_f72_pinned_says_so_plainly(self):
        _, gateway, _ = await self.connected()
        await gateway.ready()
        self.assertIn("pinned", str(await gateway.status()))

    async def test_metrics_are_prometheus_text(self):
        connector, gateway, link = await self.connected(ECHO)
        link.send(*(inbound(f"n{n}") for n in range(5)))
        await connector.actions(5)
        answer = await gateway.get("/metrics")
        self.assertTrue(answer.headers["content-type"].startswith("text/plain"))
        lines = answer.body.decode().splitlines()
        sample = re.compile(r'^[a-zA-Z_:][\w:]*(\{([a-zA-Z_]\w*="(\\.|[^"\\])*",?)*\})? -?[\w.+-]+( \d+)?$')
        self.assertEqual([x for x in lines if x and not x.startswith("#") and not sample.match(x)], [])
        typed = {x.split()[2]: x.split()[3] for x in lines if x.startswith("# TYPE")}
        self.assertTrue(any(x.startswith("relay_gateway_") for x in typed))
        self.assertEqual([x for x, kind in typed.items() if kind == "counter" and not x.endswith("_total")], [])
        self.assertEqual([x for x in typed if not x.startswith(("relay_gateway_", "process_"))], [])
        counted = await gateway.metrics()
        self.assertEqual(counted["relay_gateway_events_received_total"], 5)
        self.assertEqual(counted["relay_gateway_events_delivered_total"], 5)


class Access(Scenario):
    async def test_foreign_origin_is_refused(self):
        connector, gateway, link = await self.connected()
        for path in ("/v1/status", "/metrics", "/"):
            for origin in ("http://evil.example", "https://evil.example:9480", "null", "http://127.0.0.1.evil.example"):
                self.assertIn((await gateway.get(path, headers={"Origin": origin})).status, (401, 403), (path, origin))
        answer = await gateway.get("/v1/drain", method="POST", body={}, headers={"Origin": "http://evil.example"})
        self.assertIn(answer.status, (401, 403))
        with self.assertRaises(Refused):
            await self.agent(gateway, {"Origin": "http://evil.example"})
        self.assertEqual(link.of("going_idle"), [])

    async def test_own_origin_is_allowed(self):
        _, gateway, _ = await self.connected()
        self.assertEqual((await gateway.get("/v1/status", headers={"Origin": gateway.url})).status, 200)
        await self.agent(gateway, {"Origin": gateway.url})

    async def test_foreign_host_header_of_a_rebound_name_is_refused(self):
        _, gateway, _ = await self.connected()
        headers = {"Host": "evil.example", "Origin": "http://evil.example"}
        self.assertIn((await gateway.get("/v1/status", headers=headers)).status, (400, 401, 403, 421))

    async def open_listener(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, PINNED, QUICK, GATEWAY_LISTEN="0.0.0.0:0", GATEWAY_ADMIN_TOKEN=ADMIN)
        gateway.url = re.sub("//[^:]*:", "//127.0.0.1:", gateway.url)
        await gateway.ready()
        return connector, gateway

    async def test_token_rule_on_an_open_listener(self):
        _, gateway = await self.open_listener()
        for path in OPEN:
            self.assertIn((await gateway.get(path)).status, (200, 202, 204), path)
        for path in CLOSED:
            self.assertEqual((await gateway.get(path)).status, 401, path)
            for wrong in ("Bearer nope", f"Bearer {ADMIN}x", "Bearer ", f"Basic {ADMIN}", ADMIN):
                self.assertEqual((await gateway.get(path, headers={"Authorization": wrong})).status, 401, (path, wrong))
            self.assertEqual((await gateway.get(path, headers={"Authorization": f"Bearer {ADMIN}"})).status, 200, path)
        for path in ("/v1/reload", "/v1/drain", "/v1/dormant", "/v1/actions"):
            self.assertEqual((await gateway.get(path, method="POST", body={})).status, 401, path)
        self.assertTrue(gateway.running)

    async def test_agent_link_on_an_open_listener_needs_the_token(self):
        _, gateway = await self.open_listener()
        with self.assertRaises(Refused) as refused:
            await self.agent(gateway)
        self.assertEqual(refused.exception.status, 401)
        await self.agent(gateway, {"Authorization": f"Bearer {ADMIN}"})

    async def test_reload_endpoint(self):
        connector, home = await self.connector(), self.home()
        self.config(home, "gateway:\n  relay_platforms: [discord]\n")
        gateway = await self.gateway(connector, PINNED, home=home)
        await connector.link(1, 1)
        await gateway.ready()
        self.config(home, "gateway:\n  relay_platforms: [discord, telegram]\n")
        answer = await gateway.get("/v1/reload", method="POST", body={})
        self.assertEqual(answer.status, 202)
        answer.json()
        await connector.link(1, 2)


class OneShot(Scenario):
    async def post(self, gateway, body, limit=10.0):
        return await gateway.get("/v1/actions", method="POST", body=body, limit=limit)

    def send(self, text="hi", **more):
        return {"platform": "discord", "action": {"op": "send", "chat_id": "1", "content": text}, **more}

    async def test_f43_done(self):
        connector, gateway, _ = await self.connected()
        answer = await self.post(gateway, self.send())
        self.assertEqual((answer.status, answer.json()["success"], answer.json()["message_id"]), (200, True, "sent-1"))
        self.assertEqual((connector.sent()[0]["platform"], connector.sent()[0]["botId"]), ("discord", "bot-d"))

    async def test_definite_failure_is_409(self):
        connector, gateway, _ = await self.connected()
        connector.result_of = lambda frame: {"success": False, "error": "no such chat"}
        answer = await self.post(gateway, self.send())
        self.assertEqual((answer.status, answer.json()["error"]), (409, "no such chat"))

    async def test_ambiguous_is_504(self):
        connector, gateway, _ = await self.connected(GATEWAY_OUTBOUND_TIMEOUT="500ms")
        connector.result_of = lambda frame: None
        answer = await self.post(gateway, self.send())
        self.assertEqual((answer.status, answer.json()["ambiguous"]), (504, True))

    async def test_bad_actions_are_400(self):
        connector, gateway, _ = await self.connected()
        for body in (b"", b"{", b"[]", b"null", {}, {"action": None}, {"action": {}}, {"action": {"op": 5}}, {"action": "send"}):
            self.assertEqual((await self.post(gateway, body)).status, 400, body)
        self.assertEqual(connector.outbound, [])

    async def test_not_connected_within_the_hold_is_503(self):
        connector = await self.connector()
        connector.gate = lambda dial: 503
        gateway = await self.gateway(connector, TWO, PINNED, QUICK, GATEWAY_EGRESS_HOLD="500ms")
        self.assertEqual((await self.post(gateway, self.send())).status, 503)

    async def test_same_request_id_sends_once(self):
        connector, gateway, _ = await self.connected()
        first = await self.post(gateway, self.send(request_id="r-1"))
        second = await self.post(gateway, self.send(request_id="r-1"))
        self.assertEqual((first.status, second.status), (200, 200))
        self.assertEqual(first.json()["message_id"], second.json()["message_id"])
        self.assertEqual(len(connector.sent()), 1)

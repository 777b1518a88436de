"""Tokens, the login form, the metrics listener: who sees what."""
import re

from harness.http import fetch
from harness.scenario import PINNED, TWO, Scenario

ADMIN, READER = "admin-token-17", "read-token-23"
OPEN = {"GATEWAY_LISTEN": "0.0.0.0:0", "GATEWAY_ADMIN_TOKEN": ADMIN, "GATEWAY_READ_TOKEN": READER}


async def request(method, url, headers=None, body=None):
    return await fetch(url, method=method, headers=headers, body=body)


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


class Access(Scenario):
    async def started(self, **more):
        connector = await self.connector()
        gateway = await self.gateway(connector, PINNED, TWO, OPEN, **more)
        gateway.url = gateway.url.replace("0.0.0.0", "127.0.0.1")
        await connector.link(1)
        return gateway

    async def test_the_read_token_sees_and_does_not_command(self):
        gateway = await self.started()
        for path in ("/metrics", "/v1/status", "/v1/log", "/"):
            self.assertEqual((await gateway.get(path, headers=bearer(READER))).status, 200, path)
            self.assertEqual((await gateway.get(path, headers=bearer("wrong"))).status, 401, path)
        for method, path in (("POST", "/v1/reload"), ("POST", "/v1/drain"), ("POST", "/v1/actions"), ("GET", "/v1/dlq"),
                             ("POST", "/v1/dormant")):
            answer = await request(method, gateway.url + path, headers=bearer(READER))
            self.assertEqual(answer.status, 403, path)
            self.assertIn(b"admin token", answer.body)
        self.assertEqual((await gateway.get("/v1/dlq", headers=bearer(ADMIN))).status, 200)

    async def test_a_person_logs_in_with_a_form_and_out_again(self):
        gateway = await self.started()
        form = await gateway.get("/")
        self.assertEqual(form.status, 401)
        self.assertIn(b'type="password"', form.body)
        post = {"Content-Type": "application/x-www-form-urlencoded"}
        wrong = await request("POST", gateway.url + "/login", headers=post, body=b"token=guess")
        self.assertEqual(wrong.status, 401)
        self.assertNotIn("set-cookie", wrong.headers)
        right = await request("POST", gateway.url + "/login", headers=post, body=f"token={READER}".encode())
        self.assertEqual(right.status, 303)
        cookie = right.headers["set-cookie"]
        self.assertRegex(cookie, r"HttpOnly")
        self.assertRegex(cookie, r"SameSite=Strict")
        self.assertNotIn(READER, cookie)
        session = {"Cookie": cookie.split(";")[0]}
        page = await gateway.get("/", headers=session)
        self.assertEqual(page.status, 200)
        self.assertIn(b"Log out", page.body)
        self.assertEqual((await gateway.get("/v1/status", headers=session)).status, 200)
        self.assertEqual((await request("POST", gateway.url + "/v1/drain", headers=session)).status, 403)
        foreign = await request("POST", gateway.url + "/login", headers={**post, "Origin": "http://evil.example"},
                                body=f"token={ADMIN}".encode())
        self.assertEqual(foreign.status, 403)
        out = await request("POST", gateway.url + "/logout", headers=session)
        self.assertEqual(out.status, 303)
        self.assertEqual((await gateway.get("/v1/status", headers=session)).status, 401)

    async def test_guessing_is_slowed_down(self):
        gateway = await self.started()
        post = {"Content-Type": "application/x-www-form-urlencoded"}
        answers = [(await request("POST", gateway.url + "/login", headers=post, body=f"token={n}".encode())).status for n in range(25)]
        self.assertEqual(answers[:20], [401] * 20)
        self.assertEqual(answers[20:], [429] * 5)

    async def test_without_scripts_the_page_is_a_table(self):
        gateway = await self.started()
        page = (await gateway.get("/", headers=bearer(READER))).body.decode()
        table = re.search(r"<noscript>(.*)</noscript>", page, re.S).group(1)
        self.assertIn(PINNED["GATEWAY_RELAY_ID"], table)
        self.assertIn("discord: ", table)
        self.assertNotIn("<script", table)


class MetricsListener(Scenario):
    async def test_it_shows_metrics_and_cannot_command(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, PINNED, TWO, arguments=("run", "--metrics-listen", "127.0.0.1:0"))
        await connector.link(1)
        said = await gateway.said("metrics on http://")
        url = re.search(r"metrics on (http://\S+)", said if isinstance(said, str) else gateway.text).group(1)
        answer = await request("GET", url + "/metrics")
        self.assertEqual(answer.status, 200)
        self.assertIn(b"relay_gateway_", answer.body)
        for path in ("/v1/status", "/livez", "/readyz", "/"):
            self.assertIn((await request("GET", url + path)).status, (200, 503), path)
        for method, path in (("POST", "/v1/drain"), ("POST", "/v1/reload"), ("GET", "/v1/dlq"), ("GET", "/wake"), ("GET", "/v1/agent")):
            self.assertEqual((await request(method, url + path)).status, 404, path)
        self.assertEqual((await gateway.get("/livez")).status, 200, "the gateway was not told to end")

    async def test_with_a_read_token_metrics_need_it_beyond_loopback(self):
        connector = await self.connector()
        for token, without in ((None, 200), (READER, 401)):
            gateway = await self.gateway(connector, PINNED, TWO, GATEWAY_METRICS_LISTEN="0.0.0.0:0", GATEWAY_READ_TOKEN=token)
            await gateway.said("metrics on http://")
            url = re.search(r"metrics on (http://\S+)", gateway.text).group(1).replace("0.0.0.0", "127.0.0.1")
            self.assertEqual((await request("GET", url + "/metrics")).status, without)
            self.assertEqual((await request("GET", url + "/metrics", headers=bearer(READER))).status, 200)
            self.assertEqual((await request("GET", url + "/v1/status")).status, 401, "a status is never open to others")
            await gateway.finish()

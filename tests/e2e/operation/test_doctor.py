"""`relay-gateway doctor`: a walk from the settings to the connector, each step one line with what to do."""
import asyncio
import datetime
import email.utils
import json
import os
import time
import unittest

from harness.certificates import Authority, available
from harness.http import Answer
from harness.model_server import ModelServer
from harness.scenario import ECHO, PINNED, TOKEN, TWO, Scenario

QUIET = {"GATEWAY_LISTEN": "127.0.0.1:1"}      # nobody listens there


class Doctor(Scenario):
    async def examine(self, connector=None, *settings, home=None, **more):
        """Exit code and the steps by name."""
        merged = {**QUIET, "GATEWAY_RELAY_URL": connector.url if connector else None}
        for layer in (*settings, more):
            merged.update(layer)
        code, out, err = await self.command("doctor", "--json", home=home, limit=30, **merged)
        report = json.loads(out)
        self.assertEqual(report["ok"], code == 0, (out, err))
        self.assertEqual(report["ok"], all(x["verdict"] != "FAIL" for x in report["steps"]))
        return code, {x["step"]: x for x in report["steps"]}

    def told(self, connector, ahead=0):
        """Lets the connector tell its time."""
        connector.answers["/relay"] = lambda request: Answer(
            404, {}, {"Date": email.utils.formatdate(time.time() + ahead, usegmt=True)})

    def failed(self, steps, only):
        self.assertEqual([name for name, x in steps.items() if x["verdict"] == "FAIL"], [only], steps)
        self.assertTrue(steps[only].get("next"), "what to do about it is not said")
        return steps[only]

    async def test_a_healthy_setup(self):
        connector = await self.connector()
        self.told(connector)
        code, steps = await self.examine(connector, PINNED, TWO)
        self.assertEqual(code, 0)
        self.assertEqual(list(steps), ["settings", "gateway", "dns", "tcp", "proxy", "tls", "clock", "tokens", "websocket", "state"])
        for name in ("settings", "dns", "tcp", "clock", "tokens", "websocket", "state"):
            self.assertEqual(steps[name]["verdict"], "ok", steps[name])
        self.assertEqual(connector.provisions, [])
        self.assertEqual(connector.policies, [])
        self.assertEqual(len(connector.dials), 1)
        await connector.until(lambda: connector.links[0].over, "the close")
        self.assertEqual(connector.links[0].frames, [], "a hello would have made the connector think that a gateway is there")

    async def test_for_a_person_one_line_a_step_and_no_secret(self):
        connector = await self.connector()
        code, out, _ = await self.command("doctor", limit=30, **QUIET, **PINNED, **TWO, GATEWAY_RELAY_URL=connector.url)
        self.assertEqual(code, 0)
        lines = out.splitlines()
        self.assertEqual(len(lines), 10)
        self.assertTrue(all(x.split()[0] in ("ok", "skip", "warn") for x in lines), out)
        self.assertNotIn(PINNED["GATEWAY_RELAY_SECRET"], out)

    async def test_no_relay_url(self):
        code, steps = await self.examine()
        self.assertEqual(code, 1)
        self.assertIn("GATEWAY_RELAY_URL", self.failed(steps, "relay")["next"])

    async def test_bad_settings_are_a_warning_with_the_way_to_all_of_them(self):
        connector = await self.connector()
        code, steps = await self.examine(connector, PINNED, TWO, GATEWAY_GRACE="soon")
        self.assertEqual((code, steps["settings"]["verdict"]), (0, "warn"))
        self.assertIn("GATEWAY_GRACE", steps["settings"]["what"])
        self.assertIn("check", steps["settings"]["next"])

    async def test_the_connector_is_down(self):
        connector = await self.connector()
        await connector.stop()
        code, steps = await self.examine(connector, PINNED, TWO)
        self.assertEqual(code, 1)
        self.failed(steps, "tcp")
        for name in ("clock", "websocket"):
            self.assertEqual(steps[name]["verdict"], "skip")

    async def test_a_name_that_nobody_knows(self):
        code, steps = await self.examine(None, PINNED, TWO, GATEWAY_RELAY_URL="https://no-such-host.invalid")
        self.assertEqual(code, 1)
        self.assertIn("no-such-host.invalid", self.failed(steps, "dns")["what"])

    async def test_a_refused_token(self):
        for gate in (lambda dial: 401, None):
            connector = await self.connector()
            if gate:
                connector.gate = gate
            else:       # admitted, and then refused with a close frame
                real = connector._upgrade

                async def refuse(request, reader, writer):
                    task = asyncio.ensure_future(real(request, reader, writer))
                    await connector.until(lambda: connector.links, "the upgrade")
                    connector.links[0].close(4401, "unauthorized")
                    await task
                connector._upgrade = refuse
            code, steps = await self.examine(connector, PINNED, TWO)
            self.assertEqual(code, 1)
            self.assertIn("GATEWAY_RELAY_SECRET", self.failed(steps, "websocket")["next"])

    async def test_without_credentials_a_refusal_is_as_it_should_be(self):
        connector = await self.connector()
        connector.gate = lambda dial: 401
        code, steps = await self.examine(connector, TWO, GATEWAY_RELAY_ACCESS_TOKEN=TOKEN)
        self.assertEqual((code, steps["websocket"]["verdict"], steps["tokens"]["verdict"]), (0, "ok", "ok"))
        self.assertEqual(connector.provisions, [], "provisioning would rotate what a gateway holds")

    async def test_something_else_answers(self):
        connector = await self.connector()
        connector.gate = lambda dial: 404
        code, steps = await self.examine(connector, PINNED, TWO)
        self.assertEqual(code, 1)
        self.assertIn("404", self.failed(steps, "websocket")["what"])

    async def test_clocks_that_differ(self):
        connector = await self.connector()
        self.told(connector, ahead=3600)
        code, steps = await self.examine(connector, PINNED, TWO)
        self.assertEqual(code, 1)
        self.assertIn("behind", self.failed(steps, "clock")["what"])
        self.told(connector, ahead=-100)
        code, steps = await self.examine(connector, PINNED, TWO)
        self.assertEqual((code, steps["clock"]["verdict"]), (0, "warn"))

    async def test_a_fresh_token_that_is_called_expired_is_the_clocks_fault(self):
        connector = await self.connector()
        real = connector._upgrade

        async def refuse(request, reader, writer):
            task = asyncio.ensure_future(real(request, reader, writer))
            await connector.until(lambda: connector.links, "the upgrade")
            connector.links[0].close(4401, "expired")
            await task
        connector._upgrade = refuse
        code, steps = await self.examine(connector, PINNED, TWO)
        self.assertEqual(code, 1)
        found = self.failed(steps, "websocket")
        self.assertIn("clock", found["what"])
        self.assertIn("NTP", found["next"])

    async def test_a_dead_proxy_is_not_taken_for_a_dead_connector(self):
        connector, proxy = await self.connector(), await self.connector()
        await proxy.stop()
        code, steps = await self.examine(connector, PINNED, TWO, HTTP_PROXY=proxy.url)
        self.assertEqual(code, 1)
        found = self.failed(steps, "proxy")
        self.assertIn(f"the proxy 127.0.0.1:{proxy.port}", found["what"])
        self.assertIn("HTTPS_PROXY", found["next"])

    async def test_plain_text_behind_an_https_url_is_named(self):
        async def plain(reader, writer):
            await reader.read(64)
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            writer.close()
        server = await asyncio.start_server(plain, "127.0.0.1", 0)
        self._stack.callback(server.close)
        port = server.sockets[0].getsockname()[1]
        code, steps = await self.examine(None, PINNED, TWO, GATEWAY_RELAY_URL=f"https://127.0.0.1:{port}")
        self.assertEqual(code, 1)
        found = self.failed(steps, "tls")
        self.assertIn("does not speak TLS", found["what"])
        self.assertIn("http URL", found["next"])

    @unittest.skipUnless(available, "no openssl command to make certificates with")
    async def test_an_expired_certificate_is_named(self):
        authority = Authority(self.home())
        connector = await self.connector(tls=authority.server("IP:127.0.0.1", days=-1))
        code, steps = await self.examine(connector, PINNED, TWO, GATEWAY_TLS_CA_FILE=authority.file)
        self.assertEqual(code, 1)
        found = self.failed(steps, "tls")
        self.assertIn("certificate has expired", found["what"])
        self.assertIn("renew", found["next"])

    async def test_a_bad_identity_token_is_told_by_the_gateway_that_tried_it(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = lambda request: Answer(401, {"error": "invalid_token"})
        gateway = await self.gateway(connector, TWO, GATEWAY_RELAY_ACCESS_TOKEN=TOKEN)

        async def refused():
            status = await gateway.status()
            return all(x.get("provisioning_error") for x in status["platforms"])
        await gateway.changes.poll(refused, "the refusals")
        code, steps = await self.examine(connector, TWO, GATEWAY_RELAY_ACCESS_TOKEN=TOKEN,
                                         GATEWAY_LISTEN=gateway.url.removeprefix("http://"))
        self.assertEqual(code, 1)
        self.assertIn("401", steps["provision"]["what"])
        self.assertIn("identity token", steps["provision"]["next"])
        self.assertNotIn(TOKEN, json.dumps(steps))

    async def test_a_bundle_holds_what_helps_and_no_secret(self):
        connector = await self.connector()
        home = self.home()
        secrets = {"GATEWAY_RELAY_SECRET": "canary-one-secret", "GATEWAY_RELAY_DELIVERY_KEY": "canary-two-secret",
                   "GATEWAY_RELAY_ACCESS_TOKEN": "canary-three-secret", "GATEWAY_ADMIN_TOKEN": "canary-four-secret"}
        gateway = await self.gateway(connector, PINNED, TWO, secrets, home=home)
        path = os.path.join(home, "bundle.json")
        merged = {**PINNED, **TWO, **secrets, "GATEWAY_RELAY_URL": connector.url, "GATEWAY_LISTEN": gateway.url.removeprefix("http://")}
        await connector.link(1)
        _, out, err = await self.command("doctor", "--bundle", path, home=home, limit=30, **merged)
        self.assertTrue(os.path.exists(path), err)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        self.assertNotIn("canary-", text + out + err)
        bundle = json.loads(text)
        self.assertEqual(bundle["status"]["gateway_id"], PINNED["GATEWAY_RELAY_ID"])
        self.assertIn("relay_gateway_", bundle["metrics"])
        self.assertIn("libraries", bundle["version"])
        self.assertRegex(bundle["system"]["kernel"], r"^Linux \d")
        for name in ("memory_bytes", "max_files", "processors"):
            self.assertGreater(bundle["system"][name], 0, name)
        self.assertIn("link.dial", [x["event"] for x in bundle["log"]["events"]])
        self.assertIn({"key": "gateway.relay_secret", "value": "***", "source": "environment GATEWAY_RELAY_SECRET"},
                      bundle["settings"]["settings"])
        self.assertEqual([x["step"] for x in bundle["doctor"]["steps"]][:2], ["settings", "gateway"])

    async def test_a_bundle_that_cannot_be_written_is_said(self):
        connector = await self.connector()
        code, _, err = await self.command("doctor", "--bundle", "/nonexistent/bundle", limit=30, **QUIET, **PINNED, **TWO,
                                          GATEWAY_RELAY_URL=connector.url)
        self.assertEqual(code, 1)
        self.assertIn("/nonexistent/bundle", err)

    @unittest.skipUnless(available, "no openssl command to make certificates with")
    async def test_a_certificate_of_an_unknown_or_another_ca_and_of_another_name(self):
        authority = Authority(self.home())
        other = Authority(self.home())
        connector = await self.connector(tls=authority.server("IP:127.0.0.1"))
        code, steps = await self.examine(connector, PINNED, TWO, GATEWAY_TLS_CA_FILE=authority.file)
        self.assertEqual((code, steps["tls"]["verdict"]), (0, "ok"), steps)
        self.assertIn("valid until", steps["tls"]["what"])
        for wrong in ({"GATEWAY_TLS_CA_FILE": other.file}, {}):
            code, steps = await self.examine(connector, PINNED, TWO, wrong)
            self.assertEqual(code, 1)
            self.assertIn("GATEWAY_TLS_CA_FILE", self.failed(steps, "tls")["next"])
        misnamed = await self.connector(tls=authority.server("DNS:other.example"))
        code, steps = await self.examine(misnamed, PINNED, TWO, GATEWAY_TLS_CA_FILE=authority.file)
        self.assertIn("certificate", self.failed(steps, "tls")["what"])

    async def test_a_ca_file_that_is_gone(self):
        connector = await self.connector()
        code, steps = await self.examine(connector, PINNED, TWO, GATEWAY_TLS_CA_FILE="/nonexistent/ca.pem")
        self.assertEqual(code, 1)
        self.assertEqual(steps["settings"]["verdict"], "FAIL", steps)

    async def test_a_proxy_is_on_the_way(self):
        connector, proxy = await self.connector(), await self.connector()
        code, steps = await self.examine(connector, PINNED, TWO, HTTP_PROXY=proxy.url)
        self.assertEqual(code, 1)
        self.assertIn("404", self.failed(steps, "proxy")["what"])     # what answers there is no proxy
        self.assertEqual(connector.dials, [])

    async def test_a_state_directory_that_cannot_be_written(self):
        connector, home = await self.connector(), self.home()
        blocker = os.path.join(home, "a-file")
        with open(blocker, "w") as file:
            file.write("x")
        code, steps = await self.examine(connector, PINNED, TWO, GATEWAY_STATE_DIR=os.path.join(blocker, "relay"))
        self.assertEqual(code, 1)
        self.assertIn("GATEWAY_STATE_DIR", self.failed(steps, "state")["next"])
        code, steps = await self.examine(connector, PINNED, TWO, GATEWAY_STATE_DIR="none")
        self.assertEqual((code, steps["state"]["verdict"]), (0, "skip"))

    async def test_a_state_directory_that_another_gateway_holds(self):
        connector, gateway, _ = await self.connected(ECHO)
        await gateway.ready()
        held = os.path.join(gateway.home, "hermes", "relay")
        code, steps = await self.examine(connector, PINNED, TWO, GATEWAY_STATE_DIR=held)      # of another listener
        self.assertEqual(code, 1)
        self.assertIn(str(gateway.process.pid), self.failed(steps, "state")["what"])
        code, steps = await self.examine(connector, PINNED, TWO, GATEWAY_STATE_DIR=held, GATEWAY_LISTEN=gateway.url.removeprefix("http://"))
        self.assertEqual((code, steps["state"]["verdict"]), (0, "ok"), steps)
        self.assertTrue(gateway.running)

    async def test_an_identity_provider_that_refuses(self):
        connector = await self.connector()
        connector.answers["/token"] = lambda request: Answer(401, {"error": "invalid_client"})
        code, steps = await self.examine(connector, TWO, GATEWAY_RELAY_IDP_TOKEN_URL=connector.url + "/token",
                                         GATEWAY_RELAY_IDP_CLIENT_ID="c", GATEWAY_RELAY_IDP_CLIENT_SECRET="s3cret")
        self.assertEqual(code, 1)
        self.assertIn("invalid_client", self.failed(steps, "tokens")["what"])

    async def test_the_login_store_is_looked_at_and_never_renewed(self):
        connector, home = await self.connector(), self.home()
        path = os.path.join(home, "hermes", "auth.json")
        code, steps = await self.examine(connector, TWO, home=home)
        self.assertEqual((code, steps["tokens"]["verdict"]), (0, "warn"))
        os.makedirs(os.path.dirname(path), exist_ok=True)

        def write(seconds, **more):
            until = datetime.datetime.fromtimestamp(time.time() + seconds, datetime.timezone.utc).isoformat()
            with open(path, "w") as file:
                json.dump({"providers": {"nous": {"access_token": "acc", "expires_at": until, "portal_base_url": connector.url, **more}}}, file)
        write(3600)
        code, steps = await self.examine(connector, TWO, home=home)
        self.assertIn("good until", steps["tokens"]["what"])
        write(0, refresh_token="ref")
        code, steps = await self.examine(connector, TWO, home=home)
        self.assertEqual((code, steps["tokens"]["verdict"]), (0, "ok"))
        self.assertIn("renewed", steps["tokens"]["what"])
        write(0)
        code, steps = await self.examine(connector, TWO, home=home)
        self.assertIn("log in", self.failed(steps, "tokens")["next"])
        self.assertEqual(connector.calls("/api/oauth/token"), [])

    async def test_f21_beside_a_running_gateway_it_dials_no_second_connection(self):
        connector, gateway, _ = await self.connected(ECHO)
        await gateway.ready()
        code, steps = await self.examine(connector, PINNED, TWO, GATEWAY_LISTEN=gateway.url.removeprefix("http://"))
        self.assertEqual(code, 0, steps)
        self.assertIn("connected", steps["gateway"]["what"])
        self.assertIn("running gateway", steps["websocket"]["what"])
        self.assertEqual(len(connector.dials), 1)


class ModelServers(Scenario):
    """`--agent openai:URL`: the server of the model is a step of its own."""
    examine = Doctor.examine

    async def judged(self, reply, *settings, tls=None, url=None, **more):
        """Exit code and that step."""
        server = await ModelServer().start(tls=tls)
        self._stack.push_async_callback(server.stop)
        server.reply = reply
        code, steps = await self.examine(await self.connector(), PINNED, TWO, {"GATEWAY_AGENT": "openai:" + (url or server.url),
                                                                               "GATEWAY_OPENAI_MODEL": "tiny"}, *settings, **more)
        return code, steps["model"], server

    @staticmethod
    async def lists(exchange):
        await exchange.answer(200, {"object": "list", "data": [{"id": "tiny", "object": "model"}, {"id": "large"}]})

    async def test_a_model_that_is_there(self):
        code, step, server = await self.judged(self.lists, GATEWAY_OPENAI_API_KEY="canary-model-key")
        self.assertEqual((code, step["verdict"], step["what"]), (0, "ok", "the server has tiny"))
        asked, = server.exchanges
        self.assertEqual((asked.request.method, asked.request.path, asked.request.headers["authorization"]),
                         ("GET", "/v1/models", "Bearer canary-model-key"))
        self.assertNotIn("canary", json.dumps(step))

    async def test_a_model_that_is_not_there(self):
        code, step, _ = await self.judged(self.lists, GATEWAY_OPENAI_MODEL="tony")
        self.assertEqual((code, step["verdict"]), (0, "warn"))
        self.assertIn("does not list tony; it has tiny, large", step["what"])
        self.assertIn("gateway.openai.model", step["next"])

    async def test_a_key_that_is_refused_and_one_that_cannot_be_read(self):
        async def refuse(exchange):
            await exchange.answer(401, {"error": {"message": "Incorrect API key provided: canary-wrong-key"}})
        code, step, _ = await self.judged(refuse, GATEWAY_OPENAI_API_KEY="canary-wrong-key")
        self.assertEqual((code, step["verdict"]), (1, "FAIL"))
        self.assertIn("refuses the key", step["what"])
        self.assertNotIn("canary", json.dumps(step))
        code, step, server = await self.judged(self.lists, GATEWAY_OPENAI_API_KEY_FILE="/nonexistent/key")
        self.assertEqual((code, step["verdict"], server.exchanges), (1, "FAIL", []))
        self.assertIn("/nonexistent/key", step["what"])
        self.assertIn("api_key_file", step["next"])

    async def test_a_server_that_is_down_and_one_that_is_another(self):
        closed = await self.connector()
        await closed.stop()
        code, step, _ = await self.judged(self.lists, url=closed.url + "/v1")
        self.assertEqual((code, step["verdict"]), (1, "FAIL"))
        self.assertIn("cannot be reached (tcp)", step["what"])

        async def page(exchange):
            await exchange.answer(200, b"<html>", Content_Type="text/html")
        code, step, _ = await self.judged(page)
        self.assertEqual((code, step["verdict"]), (1, "FAIL"))
        self.assertIn("no OpenAI-compatible server", step["what"])
        self.assertIn("/v1", step["next"])

    @unittest.skipUnless(available, "no openssl command to make certificates with")
    async def test_a_certificate_of_an_unknown_ca(self):
        authority = Authority(self.home())
        code, step, server = await self.judged(self.lists, tls=authority.server("IP:127.0.0.1"))
        self.assertEqual((code, step["verdict"], server.exchanges), (1, "FAIL", []))
        self.assertIn("(tls)", step["what"])
        self.assertIn("the URL in gateway.agent", step["next"])
        code, step, _ = await self.judged(self.lists, tls=authority.server("IP:127.0.0.1"), GATEWAY_TLS_CA_FILE=authority.file)
        self.assertEqual((code, step["verdict"]), (0, "ok"), step)

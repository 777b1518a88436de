"""The command line: exit codes, check, probe, status, send."""
import asyncio
import json
import os
import re

from harness.events import inbound
from harness.gateway import now
from harness.scenario import ECHO, PINNED, TWO, Scenario, binary



class Usage(Scenario):
    async def test_version(self):
        code, out, _ = await self.command("--version")
        self.assertEqual(code, 0)
        self.assertRegex(out, r"^relay-gateway \d+\.\d+")

    async def test_help_on_each(self):
        code, out, _ = await self.command("--help")
        self.assertEqual(code, 0)
        for name in ("run", "demo", "check", "status", "probe"):
            self.assertIn(name, out)
            code, text, _ = await self.command(name, "--help")
            self.assertEqual((code, bool(text)), (0, True), name)

    async def test_unknown_flag_command_and_missing_value_exit_2(self):
        for arguments in (("run", "--no-such-flag"), ("--no-such-flag",), ("fly",), ("run", "--listen"), ("probe", "maybe"), ("run", "extra")):
            code, out, err = await self.command(*arguments)
            self.assertEqual(code, 2, arguments)
            self.assertEqual(len(err.strip().splitlines()), 1, err)

    async def test_secrets_are_no_flags(self):
        code, out, _ = await self.command("run", "--help")
        self.assertEqual(re.findall(r"--[a-z-]*(?:secret|password|admin-token|access-token|delivery-key)[a-z-]*", out), [])


class Boot(Scenario):
    async def test_missing_config_file_named_by_flag_exits_78(self):
        for command in ("run", "check"):
            code, out, err = await self.command(command, "--config", "not-there.yaml")
            self.assertEqual(code, 78, command)
            self.assertIn("not-there.yaml", out + err)

    async def test_missing_usual_config_file_is_an_empty_one(self):
        gateway = await self.gateway()
        self.assertEqual((await gateway.get("/livez")).status, 200)

    async def test_unsafe_listener_exits_78(self):
        for listen in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
            code, out, err = await self.command("run", GATEWAY_LISTEN=listen)
            self.assertEqual(code, 78, listen)
            self.assertRegex(out + err, "GATEWAY_ADMIN_TOKEN|admin.token|GATEWAY_LISTEN")

    async def test_port_in_use_exits_with_one_clear_line(self):
        first = await self.gateway()
        code, out, err = await self.command("run", GATEWAY_LISTEN=first.url.removeprefix("http://"))
        self.assertEqual(code, 1)
        self.assertIn(first.url.rsplit(":", 1)[1], out + err)

    async def test_bad_values_never_crash_a_boot(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, PINNED, ECHO, GATEWAY_HANDSHAKE_TIMEOUT="soon", GATEWAY_MAX_FRAME="-1",
                                     GATEWAY_LOG_LEVEL="shout", GATEWAY_GRACE="?", GATEWAY_BACKOFF_MIN="1 lightyear",
                                     GATEWAY_SCHEDULER="magic")
        await connector.link(1, 2)
        for name in ("GATEWAY_HANDSHAKE_TIMEOUT", "GATEWAY_MAX_FRAME", "GATEWAY_LOG_LEVEL", "GATEWAY_GRACE", "GATEWAY_BACKOFF_MIN",
                     "GATEWAY_SCHEDULER"):
            self.assertEqual(len([x for x in gateway.output if name in x]), 1, name)

    async def test_broken_yaml_never_crashes_a_boot(self):
        connector, home = await self.connector(), self.home()
        self.config(home, "gateway: [unclosed\n  nonsense: {\n")
        gateway = await self.gateway(connector, TWO, PINNED, home=home)
        await connector.link(1, 2)
        self.assertIn("config.yaml", gateway.text)

    async def test_bad_url_is_reported_and_dials_nothing(self):
        for url in ("ftp://c.example", "not a url", "http://"):
            gateway = await self.gateway(GATEWAY_RELAY_URL=url)
            self.assertIn("GATEWAY_RELAY_URL", gateway.text)
            self.assertEqual((await gateway.get("/livez")).status, 200)

    async def test_command_line_wins_over_environment(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, PINNED, GATEWAY_LISTEN="0.0.0.0:1",
                                     arguments=("run", "--listen", "127.0.0.1:0", "--agent", "echo"))
        await connector.link(1)
        self.assertIn("echo", str((await gateway.status())["agent"]))

    async def test_dot_env_beside_the_config_file(self):
        connector, home = await self.connector(), self.home()
        self.config(home, "{}\n")
        with open(os.path.join(home, "hermes", ".env"), "w") as file:
            file.write(f"# comment\nGATEWAY_RELAY_URL={connector.url}\nGATEWAY_RELAY_ID=gw-env\nGATEWAY_RELAY_SECRET='from env file'\n")
        await self.gateway(home=home, GATEWAY_RELAY_ID="gw-process")
        link = await connector.link(1)
        self.assertEqual(link.dial.claims.gateway_id, "gw-process")

    async def test_pool_scheduler_serves_too(self):
        connector, gateway, link = await self.connected(ECHO, GATEWAY_SCHEDULER="pool")
        link.send(*(inbound(f"n{n}", chat_id=str(n % 3)) for n in range(30)))
        await connector.actions(30)
        gateway.signal(15)
        self.assertEqual(await gateway.exited(), 0)


class Check(Scenario):
    async def test_good_settings_with_sources_and_masked_secrets(self):
        home = self.home()
        self.config(home, "gateway:\n  relay_platforms: [discord]\n")
        code, out, err = await self.command("check", home=home, GATEWAY_RELAY_URL="https://c.example", **PINNED)
        self.assertEqual(code, 0, out + err)
        self.assertIn("https://c.example", out)
        self.assertIn("***", out)
        self.assertIn("GATEWAY_RELAY_URL", out)
        self.assertIn("config.yaml", out)
        self.assertNotIn(PINNED["GATEWAY_RELAY_SECRET"], out + err)

    async def test_json(self):
        code, out, _ = await self.command("check", "--json", GATEWAY_RELAY_URL="https://c.example", **PINNED)
        self.assertEqual(code, 0)
        self.assertIsInstance(json.loads(out), dict)
        self.assertNotIn(PINNED["GATEWAY_RELAY_SECRET"], out)

    async def problem(self, text, *parts, **settings):
        home = self.home()
        self.config(home, text)
        code, out, err = await self.command("check", home=home, **settings)
        self.assertEqual(code, 78, out + err)
        for part in parts:
            self.assertIn(part, out + err)

    async def test_unknown_relay_key_names_the_nearest(self):
        await self.problem("gateway:\n  relay_platform: [discord]\n", "relay_platform", "relay_platforms", "config.yaml:2")

    async def test_key_within_two_edits_names_the_nearest(self):
        await self.problem("gateway:\n  lissten: 127.0.0.1:0\n", "lissten", "listen")

    async def test_foreign_keys_are_fine(self):
        home = self.home()
        self.config(home, "model: x\ngateway:\n  something_of_the_agent: 1\nagents: [a]\n")
        code, out, err = await self.command("check", home=home)
        self.assertEqual(code, 0, out + err)

    async def test_bad_boolean(self):
        await self.problem("gateway:\n  group_sessions_per_user: maybe\n", "group_sessions_per_user")

    async def test_unset_variable_in_yaml(self):
        await self.problem("gateway:\n  relay_secret: ${NOT_SET_ANYWHERE}\n", "relay_secret", "NOT_SET_ANYWHERE")

    async def test_bad_bot_ids(self):
        await self.problem("{}\n", "GATEWAY_RELAY_BOT_IDS", GATEWAY_RELAY_BOT_IDS="{")

    async def test_every_problem_is_listed(self):
        await self.problem("gateway:\n  relay_platfroms: x\n  grace: never\n  limits:\n    max_frame: huge\n",
                           "relay_platfroms", "grace", "max_frame", "GATEWAY_LOG_LEVEL", GATEWAY_LOG_LEVEL="shout")

    async def test_broken_yaml(self):
        await self.problem("gateway: [\n", "config.yaml")

    async def test_token_url_without_secret(self):
        await self.problem("{}\n", "GATEWAY_RELAY_IDP_TOKEN_URL", GATEWAY_RELAY_IDP_TOKEN_URL="https://idp.example/t",
                           GATEWAY_RELAY_IDP_CLIENT_ID="x")


class Asking(Scenario):
    def at(self, gateway):
        return {"GATEWAY_LISTEN": gateway.url.removeprefix("http://")}

    async def test_probe_live_and_ready(self):
        connector, gateway, link = await self.connected()
        await gateway.ready()
        for arguments in (("probe",), ("probe", "live"), ("probe", "ready")):
            code, out, err = await self.command(*arguments, **self.at(gateway))
            self.assertEqual(code, 0, out + err)
        connector.gate = lambda dial: 503
        link.drop()
        await connector.dial(2)
        self.assertEqual((await self.command("probe", "live", **self.at(gateway)))[0], 0)
        self.assertEqual((await self.command("probe", "ready", **self.at(gateway)))[0], 1)

    async def test_probe_without_a_gateway_is_1_and_quick(self):
        gateway = await self.gateway()
        where = self.at(gateway)
        gateway.signal(9)
        await gateway.exited()
        begun = now()
        code, out, err = await self.command("probe", **where)
        self.assertEqual(code, 1)
        self.assertEqual(len(err.strip().splitlines()), 1, err)
        self.assertLess(now() - begun, 6)

    async def test_status_for_people_and_as_json(self):
        _, gateway, _ = await self.connected()
        await gateway.ready()
        code, out, _ = await self.command("status", **self.at(gateway))
        self.assertEqual(code, 0)
        self.assertIn("connected", out)
        code, out, _ = await self.command("status", "--json", **self.at(gateway))
        self.assertEqual((code, json.loads(out)["state"]), (0, "connected"))

    async def test_status_on_an_open_listener_uses_the_admin_token(self):
        gateway = await self.gateway(GATEWAY_LISTEN="0.0.0.0:0", GATEWAY_ADMIN_TOKEN="admin-x")
        port = gateway.url.rsplit(":", 1)[1]
        code, out, err = await self.command("status", "--json", GATEWAY_LISTEN=f"0.0.0.0:{port}", GATEWAY_ADMIN_TOKEN="admin-x")
        self.assertEqual(code, 0, out + err)

    async def test_f43_send(self):
        connector, gateway, _ = await self.connected()
        code, out, err = await self.command("send", "--platform", "telegram", "--chat", "9", "hello", **self.at(gateway))
        self.assertEqual(code, 0, out + err)
        self.assertEqual((connector.sent()[0]["platform"], connector.sent()[0]["action"]["content"]), ("telegram", "hello"))
        code, _, _ = await self.command("send", "--platform", "telegram", "--chat", "9", "-", stdin=b"from stdin", **self.at(gateway))
        self.assertEqual((code, connector.sent()[1]["action"]["content"]), (0, "from stdin"))
        connector.result_of = lambda frame: {"success": False, "error": "no such chat"}
        code, out, err = await self.command("send", "--platform", "telegram", "--chat", "9", "x", **self.at(gateway))
        self.assertEqual(code, 1)
        self.assertIn("no such chat", out + err)


class Demo(Scenario):
    async def test_once_plays_both_platforms_and_exits_0(self):
        code, out, err = await self.command("demo", "--once", limit=30)
        self.assertEqual(code, 0, out + err)
        self.assertIn("discord", out.lower())
        self.assertIn("telegram", out.lower())


class StandInCommand(Scenario):
    async def test_usage_is_one_line(self):
        for arguments in (["--nope"], ["extra"], ["--listen", "nonsense"], ["--listen"], ["--require-client-cert", __file__],
                          ["conformance"], ["conformance", "--gateway", "true", "--only", "nothing.such"], ["conformance", "--jobs", "0"]):
            with self.subTest(arguments=arguments):
                process = await asyncio.create_subprocess_exec(
                    binary("relay-connector"), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
                out, err = await asyncio.wait_for(process.communicate(), 10)
                self.assertEqual((process.returncode, out, err.count(b"\n")), (2, b"", 1))
                self.assertTrue(err.startswith(b"relay-connector: "), err)

"""A reload compares with what runs, says no with a status of its own, and what waits for a restart stays visible."""
import asyncio
import json
import os

from harness.gateway import HUP, now
from harness.scenario import PINNED, Scenario
from harness.tokens import genuine


class Reload(Scenario):
    async def reload(self, gateway):
        return await gateway.get("/v1/reload", method="POST", body={})

    async def waiting(self, gateway):
        return (await gateway.get("/v1/status")).json()["waiting_for_restart"]

    def write(self, home, connector, extra=""):
        self.config(home, f"gateway:\n  relay_url: {connector.url}\n  agent: echo\n{extra}")

    async def start(self):
        connector, home = await self.connector(), self.home()
        self.write(home, connector)
        gateway = await self.gateway(None, PINNED, home=home)
        await connector.link(1)
        await gateway.ready()
        return connector, gateway, home

    async def test_a_refused_reload_answers_422_with_the_reason(self):
        connector, gateway, home = await self.start()
        self.config(home, "gateway: [unclosed\n")
        answer = await self.reload(gateway)
        self.assertEqual(answer.status, 422)
        self.assertFalse(answer.json()["accepted"])
        self.assertTrue(answer.json()["problems"])
        self.write(home, connector)
        answer = await self.reload(gateway)
        self.assertEqual((answer.status, answer.json()), (202, {"accepted": True, "problems": []}))

    async def test_what_waits_for_a_restart_is_shown_until_it_is_undone(self):
        connector, gateway, home = await self.start()
        self.assertEqual(await self.waiting(gateway), [])
        self.write(home, connector, "  reactions: true\n")
        answer = (await self.reload(gateway)).json()
        self.assertIn("gateway.reactions", answer["problems"][0])
        self.assertEqual(await self.waiting(gateway), ["gateway.reactions"])
        self.assertIn("relay_gateway_restart_pending 1", (await gateway.get("/metrics")).body.decode())
        self.assertIn("gateway.reactions", (await self.reload(gateway)).json()["problems"][0])
        self.write(home, connector)
        self.assertEqual((await self.reload(gateway)).json()["problems"], [])
        self.assertEqual(await self.waiting(gateway), [])

    async def test_media_settings_count(self):
        connector, gateway, home = await self.start()
        self.write(home, connector, "  media: {wait: 5s}\n")
        gateway.signal(HUP)
        await gateway.said('"changed":"media"')

    async def test_a_secret_file_that_is_replaced_is_used_without_a_reload(self):
        connector, home = await self.connector(), self.home()
        secret = os.path.join(home, "relay-secret")

        def put(text):
            with open(secret + ".new", "w") as file:
                file.write(text + "\n")
            os.replace(secret + ".new", secret)

        put("first-secret")
        self.write(home, connector)
        gateway = await self.gateway(None, {"GATEWAY_RELAY_ID": "gw-files", "GATEWAY_RELAY_SECRET_FILE": secret}, home=home)
        await connector.link(1)
        put("second-secret")
        await gateway.said("files.changed")
        await connector.link(2)
        self.assertTrue(genuine(connector.dials[0].token, "first-secret", now()))
        self.assertTrue(genuine(connector.dials[1].token, "second-secret", now()))

    async def renewed_while_it_starts(self, arguments, **settings):
        """A process whose token file is renewed all the while takes the newest one."""
        connector, path = await self.connector(), os.path.join(self.home(), "token")

        def renew(token):
            with open(path + ".new", "w") as file:
                file.write(token)
            os.replace(path + ".new", path)

        for attempt in range(6):
            newest = f"first-{attempt}"
            renew(newest)
            starting = asyncio.ensure_future(self.gateway(connector, PINNED | settings, GATEWAY_LISTEN="0.0.0.0:0",
                                                          GATEWAY_ADMIN_TOKEN_FILE=path, arguments=arguments))
            while not starting.done():
                newest += "+"
                renew(newest)
                await asyncio.wait([starting], timeout=0.001)
            gateway = await starting
            gateway.url = gateway.url.replace("0.0.0.0", "127.0.0.1")

            async def taken():
                return (await gateway.get("/v1/status", headers={"Authorization": f"Bearer {newest}"})).status == 200
            await gateway.changes.poll(taken, "the newest token is taken")

    async def test_a_token_file_that_is_renewed_while_it_starts_is_followed(self):
        await self.renewed_while_it_starts(("run",))

    async def test_one_of_a_fleet_that_is_renewed_while_it_starts_is_followed(self):
        directory = os.path.join(self.home(), "fleet")
        os.mkdir(directory)
        with open(os.path.join(directory, "a.yaml"), "w") as file:
            json.dump({"gateway": {"agent": "echo", "relay_platforms": "discord"}}, file)
        await self.renewed_while_it_starts(("run", "--fleet", directory))


OTHER_VALUES = {
    "gateway.relay_url": "http://127.0.0.1:1", "gateway.relay_platforms": "discord", "gateway.relay_bot_ids": {"relay": {"botId": "7"}},
    "gateway.relay_id": "gw-other", "gateway.relay_endpoint": "https://gw.example", "gateway.relay_route_keys": "a,b",
    "gateway.relay_sleep_url": "http://127.0.0.1:1/sleep", "gateway.relay_wake_url": "http://127.0.0.1:1/wake",
    "gateway.idp.token_url": "http://127.0.0.1:1/token", "gateway.prompts.approval_by": "anyone", "gateway.agent": "echo",
    "gateway.listen": "127.0.0.1:1", "gateway.metrics_listen": "127.0.0.1:1", "gateway.log.level": "debug", "gateway.log.format": "text",
    "gateway.scheduler": "pool", "gateway.idle.action": "exit", "gateway.idle.after": "1h", "gateway.state_dir": "none",
    "gateway.nats.url": "nats://127.0.0.1:1", "gateway.nats.prefix": "other", "gateway.nats.replicas": 3,
    "gateway.commands": [{"name": "ask", "description": "Ask"}], "gateway.limits.route_age": "100h", "gateway.limits.turn_age": "10h"}


def other_value(setting):
    """A valid value that is not the default."""
    usual = setting["default"]
    if setting["key"] in OTHER_VALUES:
        return OTHER_VALUES[setting["key"]]
    if usual in ("true", "false"):
        return usual == "false"
    if usual and usual.isdigit():
        return int(usual) - 1
    if usual:
        digits = len(usual) - len(usual.lstrip("0123456789"))
        return str(int(usual[:digits]) + 1) + usual[digits:]
    return "a-word-of-sixteen-letters"


class EverySetting(Scenario):
    async def test_what_is_said_to_need_a_restart_does_and_nothing_else(self):
        _, listed, _ = await self.command("settings", "--json")
        home = self.home()
        self.config(home, "{}")
        gateway = await self.gateway(None, home=home)
        tried = 0
        for setting in json.loads(listed)["settings"]:
            key = setting["yaml"]
            if key is None or key.endswith("_file") or key.startswith("gateway.idp."):
                continue        # of the environment alone; files that would have to be there; what is valid together only
            tree = other_value(setting)
            for name in reversed(key.split(".")):
                tree = {name: tree}
            self.config(home, json.dumps(tree))
            answer = await gateway.get("/v1/reload", method="POST", body={})
            self.assertEqual(answer.status, 202, (key, answer.json()))
            waits = (await gateway.status())["waiting_for_restart"]
            overridden = key == "gateway.listen"        # by the variable of this test
            self.assertEqual(bool(waits), setting["applies"] == "at restart" and not overridden, (key, tree, waits, answer.json()))
            tried += 1
        self.assertGreater(tried, 50)

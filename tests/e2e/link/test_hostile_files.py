"""Files that are no files: pipes, endless devices, directories and links that lead to themselves, wherever a path may be given. No
thread of the gateway hangs; it lives and says what is wrong, or ends with the exit code of the fault."""
import json
import os

from harness.scenario import PINNED, QUICK, TOKEN, TWO, Scenario


def pipe(path):
    os.mkfifo(path)


def endless(path):
    os.symlink("/dev/zero", path)


def directory(path):
    os.mkdir(path)


def loop(path):
    os.symlink(os.path.basename(path), path)


def huge(path):
    with open(path, "w") as file:
        file.truncate(64 << 30)


KINDS = (pipe, endless, directory, loop, huge)
MIB = 1 << 20


class Paths(Scenario):
    async def lives(self, gateway, exit_codes):
        """It answers and ends in order when it is told to; or it has ended by itself with one of these."""
        listening = lambda: [x for x in gateway.stdout if x.startswith("listening on http://")]
        await gateway.changes.poll(lambda: listening() or gateway.process.returncode is not None, "a listener, or the end", 10)
        if not listening():
            self.assertIn(await gateway.exited(), exit_codes, gateway.text)
            return
        await gateway.listening()
        self.assertEqual((await gateway.get("/livez", limit=3.0)).status, 200)
        self.assertLess(gateway.rss(), 40 * MIB)
        gateway.signal(15)
        self.assertEqual(await gateway.exited(15), 0)

    async def each(self, where, settings, said, exit_codes=(), kinds=KINDS):
        """`said`: a part of what it must have said of the path, whatever is there."""
        for kind in kinds:
            with self.subTest(path=where, kind=kind.__name__):
                home = self.home()
                path = os.path.join(home, where)
                os.makedirs(os.path.dirname(path), exist_ok=True)
                kind(path)
                connector = await self.connector()
                gateway = await self.gateway(connector, TWO, QUICK, settings(path), home=home, listening=False)
                await gateway.said(said, 10)
                await self.lives(gateway, exit_codes)

    async def test_secrets(self):
        token = lambda path: {"GATEWAY_RELAY_ID": "gw-e2e", "GATEWAY_RELAY_ACCESS_TOKEN_FILE": path}
        await self.each("token", token, "the access token file cannot be read", kinds=(pipe, endless, directory, loop))
        await self.each("token", lambda path: {"GATEWAY_RELAY_ID": "gw-e2e", "GATEWAY_RELAY_SECRET_FILE": path}, "gateway.relay_secret")
        await self.each("token", lambda path: {**PINNED, "GATEWAY_ADMIN_TOKEN_FILE": path}, "gateway.admin_token")

    async def test_tls(self):
        https = {**PINNED, "GATEWAY_RELAY_URL": "https://127.0.0.1:1"}
        await self.each("ca.pem", lambda path: {**https, "GATEWAY_TLS_CA_FILE": path}, "link.lost")
        await self.each("ca.pem", lambda path: {**https, "GATEWAY_TLS_CERT_FILE": path, "GATEWAY_TLS_KEY_FILE": path}, "link.lost")

    async def test_configuration(self):
        await self.each("hermes/config.yaml", lambda path: PINNED, "hermes/config.yaml")
        await self.each("hermes/.env", lambda path: PINNED, "hermes/.env")

    async def test_login_store(self):
        def with_login(path):
            with open(os.path.join(os.path.dirname(path), "auth.json"), "w") as file:
                json.dump({"providers": {"nous": {"access_token": "a", "refresh_token": "r", "expires_at": "2020-01-01T00:00:00Z",
                                                  "portal_base_url": "http://127.0.0.1:1"}}}, file)
            return {"GATEWAY_RELAY_ID": "gw-e2e"}
        await self.each("hermes/auth.json", lambda path: {"GATEWAY_RELAY_ID": "gw-e2e"}, "provision.no_identity")
        await self.each("hermes/auth.lock", with_login, "provision.no_identity")

    async def test_state_directory(self):
        await self.each("state", lambda path: {**PINNED, "GATEWAY_STATE_DIR": path}, "state", (73,))
        for part in ("relay.db", "relay.lock"):
            await self.each(f"state/{part}", lambda path: {**PINNED, "GATEWAY_STATE_DIR": os.path.dirname(path)}, "state", (1, 73))
        for part in ("relay.db-wal", "relay.db-journal", "relay.db.new", "media"):
            await self.each(f"state/{part}", lambda path: {**PINNED, "GATEWAY_STATE_DIR": os.path.dirname(path)}, "link.up")

    async def test_one_of_a_fleet_troubles_no_other(self):
        for kind in KINDS:
            with self.subTest(kind=kind.__name__):
                fleet = os.path.join(self.home(), "fleet")
                os.mkdir(fleet)
                kind(os.path.join(fleet, "bad.yaml"))
                with open(os.path.join(fleet, "good.yaml"), "w") as file:
                    json.dump({"gateway": {"relay_id": "gw-good", "agent": "echo", "relay_platforms": "discord"}}, file)
                connector = await self.connector()
                gateway = await self.gateway(connector, QUICK, arguments=("run", "--fleet", fleet), GATEWAY_RELAY_ACCESS_TOKEN=TOKEN)
                await connector.link(1, 1)
                self.assertEqual((await gateway.get("/livez", limit=3.0)).status, 200)
                await gateway.said("fleet.gateway_failed")

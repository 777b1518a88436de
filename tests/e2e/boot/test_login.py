"""settings.md, Identity token, third row: the login store that other programs of the machine keep."""
import asyncio
import datetime
import fcntl
import json
import os
import stat
import time
import urllib.parse

from harness.http import Answer
from harness.scenario import ECHO, QUICK, TOKEN, Scenario

ONE = {"GATEWAY_RELAY_PLATFORMS": "discord", "GATEWAY_RELAY_ID": "gw-login"}


def stamp(seconds):
    return datetime.datetime.fromtimestamp(time.time() + seconds, datetime.timezone.utc).isoformat()


class Login(Scenario):
    async def begin(self, expires_in=3600, portal=True, **changes):
        """A home with a login whose portal is a connector's HTTP side: (home, portal, connector)."""
        home, portal_side, connector = self.home(), await self.connector(), await self.connector()
        entry = {"access_token": "acc-1", "refresh_token": "ref-1", "expires_at": stamp(expires_in),
                 "client_id": "my-cli", "agent_key": "kept", **changes}
        if portal:
            entry["portal_base_url"] = portal_side.url
        self.write(home, {"version": 1, "providers": {"other": {"x": 1.5}, "nous": {k: v for k, v in entry.items() if v is not None}}})
        portal_side.answers["/api/oauth/token"] = lambda request: Answer(
            200, {"access_token": "acc-2", "refresh_token": "ref-2", "expires_in": 3600})
        return home, portal_side, connector

    def path(self, home):
        return os.path.join(home, "hermes", "auth.json")

    def write(self, home, store):
        os.makedirs(os.path.join(home, "hermes"), exist_ok=True)
        with open(self.path(home), "w") as file:
            json.dump(store, file, indent=2)

    def stored(self, home):
        with open(self.path(home)) as file:
            return json.load(file)

    async def run_on(self, connector, home, *settings):
        return await self.gateway(connector, ONE, QUICK, ECHO, *settings, home=home)

    async def provision(self, connector, number=1):
        await connector.until(lambda: len(connector.provisions) >= number, "a provision")
        return connector.provisions[number - 1]

    async def skipped(self, gateway):
        async def probe():
            found = (await gateway.status())["platforms"][0]
            return found if found["provisioning"] == "skipped" else None
        return (await gateway.changes.poll(probe, "provisioning skipped"))["provisioning_error"]

    async def test_a_fresh_access_token_provisions_and_nothing_is_written(self):
        home, portal, connector = await self.begin()
        before = os.stat(self.path(home)).st_mtime_ns
        gateway = await self.run_on(connector, home)
        self.assertEqual((await self.provision(connector)).bearer, "acc-1")
        await gateway.ready()
        self.assertEqual(portal.requests, [])
        self.assertEqual(os.stat(self.path(home)).st_mtime_ns, before)

    async def test_a_stale_one_is_renewed_and_written_before_it_is_used(self):
        home, portal, connector = await self.begin(expires_in=60)
        seen = []
        usual = connector.answers["/relay/provision"]

        def provision(request):
            seen.append(self.stored(home)["providers"]["nous"]["access_token"])
            return usual(request)
        connector.answers["/relay/provision"] = provision
        gateway = await self.run_on(connector, home)
        self.assertEqual((await self.provision(connector)).bearer, "acc-2")
        self.assertEqual(seen, ["acc-2"])
        self.assertEqual(len(portal.requests), 1)
        call = portal.requests[0]
        self.assertEqual((call.method, call.path), ("POST", "/api/oauth/token"))
        self.assertEqual(call.headers["x-nous-refresh-token"], "ref-1")
        self.assertEqual(call.headers["content-type"].split(";")[0], "application/x-www-form-urlencoded")
        self.assertEqual(dict(urllib.parse.parse_qsl(call.body.decode())), {"grant_type": "refresh_token", "client_id": "my-cli"})
        self.assertNotIn("authorization", call.headers)
        kept = self.stored(home)
        nous = kept["providers"]["nous"]
        self.assertEqual((nous["refresh_token"], nous["agent_key"], kept["providers"]["other"]), ("ref-2", "kept", {"x": 1.5}))
        left = datetime.datetime.fromisoformat(nous["expires_at"]).timestamp() - time.time()
        self.assertTrue(3500 < left <= 3600, left)
        self.assertEqual(stat.S_IMODE(os.stat(self.path(home)).st_mode), 0o600)
        await gateway.ready()
        for token in ("acc-1", "acc-2", "ref-1", "ref-2"):
            self.assertNotIn(token, gateway.text)

    async def test_no_readable_expiry_means_renewal(self):
        home, portal, connector = await self.begin(expires_at="some day")
        await self.run_on(connector, home)
        self.assertEqual((await self.provision(connector)).bearer, "acc-2")

    async def test_without_a_login_it_says_so_goes_on_and_notices_a_login(self):
        home, connector = self.home(), await self.connector()
        gateway = await self.run_on(connector, home)
        await connector.dial(1)
        self.assertIn("nobody is logged in", await self.skipped(gateway))
        self.assertFalse(os.path.exists(self.path(home)))
        self.write(home, {"providers": {"nous": {"access_token": "acc-7", "expires_at": stamp(3600)}}})
        self.assertEqual((await self.provision(connector)).bearer, "acc-7")

    async def test_no_refresh_token_means_that_somebody_must_log_in(self):
        home, portal, connector = await self.begin(expires_in=-10, refresh_token=None)
        gateway = await self.run_on(connector, home)
        self.assertIn("no refresh token", await self.skipped(gateway))
        self.assertEqual(portal.requests, [])

    async def test_a_refused_refresh_is_sent_once(self):
        home, portal, connector = await self.begin(expires_in=0)
        portal.answers["/api/oauth/token"] = lambda request: Answer(400, {"error": "invalid_grant"})
        gateway = await self.run_on(connector, home)
        self.assertIn("invalid_grant", await self.skipped(gateway))
        await portal.never(lambda: len(portal.requests) > 1, "a second refresh with the same token", 1.5)
        self.assertEqual(connector.provisions, [])

    async def test_a_refresh_that_is_hung_up_on_is_sent_once(self):
        home, portal, connector = await self.begin(expires_in=0)
        portal.answers["/api/oauth/token"] = lambda request: None
        gateway = await self.run_on(connector, home)
        self.assertIn("never came", await self.skipped(gateway))
        await portal.never(lambda: len(portal.requests) > 1, "a second refresh with the same token", 1.5)

    async def test_a_redirect_of_the_portal_is_not_followed(self):
        home, portal, connector = await self.begin(expires_in=0)
        elsewhere = await self.connector()
        portal.answers["/api/oauth/token"] = lambda request: Answer(307, b"", {"Location": elsewhere.url + "/api/oauth/token"})
        gateway = await self.run_on(connector, home)
        await self.skipped(gateway)
        self.assertEqual(elsewhere.requests, [])

    async def test_a_portal_that_comes_later_is_asked_again(self):
        home, portal, connector = await self.begin(expires_in=0)
        await portal.stop()
        gateway = await self.run_on(connector, home)
        await gateway.said("could not be asked")
        await portal.start(portal.port)
        self.assertEqual((await self.provision(connector)).bearer, "acc-2")

    async def test_the_environments_portal_wins(self):
        home, portal, connector = await self.begin(expires_in=0, portal=False, portal_base_url="http://127.0.0.1:1")
        await self.run_on(connector, home, {"HERMES_PORTAL_BASE_URL": portal.url + "/"})
        self.assertEqual((await self.provision(connector)).bearer, "acc-2")

    async def test_a_stored_portal_elsewhere_gets_nothing(self):
        home, portal, connector = await self.begin(expires_in=0, portal=False, portal_base_url="http://portal.example:1")
        proxy = await self.connector()      # nothing of this leaves the machine
        gateway = await self.run_on(connector, home, {"HTTPS_PROXY": proxy.url, "HTTP_PROXY": None})
        await gateway.said("could not be asked")
        self.assertEqual({(x.method, x.path) for x in proxy.requests}, {("CONNECT", "portal.nousresearch.com:443")})

    async def test_another_programs_lock_is_waited_for_and_its_renewal_taken(self):
        home, portal, connector = await self.begin(expires_in=0)
        with open(os.path.join(home, "hermes", "auth.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            gateway = await self.run_on(connector, home)
            await connector.never(lambda: connector.provisions or portal.requests, "anything under another program's lock", 0.7)
            store = self.stored(home)
            store["providers"]["nous"].update(access_token="acc-theirs", refresh_token="ref-theirs", expires_at=stamp(3600))
            self.write(home, store)
        self.assertEqual((await self.provision(connector)).bearer, "acc-theirs")
        self.assertEqual(portal.requests, [])
        await gateway.ready()

    async def test_two_gateways_renew_once(self):
        home, portal, connector = await self.begin(expires_in=0)
        asked = asyncio.Event()

        async def slow(request):
            asked.set()
            await connector.changes.next(0.5)
            return Answer(200, {"access_token": "acc-2", "refresh_token": "ref-2", "expires_in": 3600})
        portal.answers["/api/oauth/token"] = slow
        await self.run_on(connector, home, {"GATEWAY_STATE_DIR": "none"})
        await asked.wait()
        await self.run_on(connector, home, {"GATEWAY_STATE_DIR": "none"})
        await self.provision(connector, 2)
        self.assertEqual({x.bearer for x in connector.provisions}, {"acc-2"})
        self.assertEqual(len(portal.requests), 1)

    async def test_a_given_token_wins_and_the_store_is_left_alone(self):
        home, portal, connector = await self.begin(expires_in=0)
        await self.run_on(connector, home, {"GATEWAY_RELAY_ACCESS_TOKEN": TOKEN})
        self.assertEqual((await self.provision(connector)).bearer, TOKEN)
        self.assertEqual(portal.requests, [])

    async def test_enroll_uses_it_too(self):
        home, portal, connector = await self.begin(expires_in=0)
        connector.answers["/relay/enroll"] = lambda request: Answer(
            200, {"secret": "s", "deliveryKey": "d", "tenant": "t", "gatewayId": "gw-e"})
        code, out, err = await self.command("enroll", "--token", "once", "--connector-url", connector.url, home=home)
        self.assertEqual(code, 0, err)
        self.assertEqual(connector.calls("/relay/enroll")[0].bearer, "acc-2")
        self.assertEqual(self.stored(home)["providers"]["nous"]["refresh_token"], "ref-2")

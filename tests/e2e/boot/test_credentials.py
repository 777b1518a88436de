"""Section 2.1: which credentials count: withheld, pinned, stored or fetched ones, and none at all."""
import os
import urllib.parse

from harness.connector import SECRET
from harness.events import inbound
from harness.http import Answer
from harness.provisioning import by_platform, issues
from harness.scenario import ECHO, GATEWAY_ID, PINNED, PROVISIONED, QUICK, TOKEN, TWO, Scenario
from harness.tokens import genuine


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

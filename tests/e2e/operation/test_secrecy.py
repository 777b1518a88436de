"""No credential in any output: logs at debug level, status, metrics, page, error texts."""
import os

from harness.connector import DELIVERY_KEY, SECRET
from harness.events import inbound
from harness.http import Answer
from harness.scenario import ECHO, GATEWAY_ID, PINNED, QUICK, TOKEN, TWO, Scenario

ADMIN = "admin-token-2b7e"
DEBUG = {"GATEWAY_LOG_LEVEL": "debug", "GATEWAY_ADMIN_TOKEN": ADMIN}


class Absent(Scenario):
    async def everything_said(self, gateway):
        headers = {"Authorization": f"Bearer {ADMIN}"}
        said = [gateway.text]
        for path in ("/v1/status", "/metrics", "/", "/readyz", "/startupz", "/livez", "/wake"):
            said.append((await gateway.get(path, headers=headers)).body.decode())
        gateway.signal(15)
        self.assertEqual(await gateway.exited(), 0)
        return "\n".join([*said, gateway.text])

    def assert_silent(self, text, connector, *secrets):
        tokens = {x.token for x in connector.dials} | {x.bearer for x in connector.requests}
        for secret in {*secrets, ADMIN, *filter(None, tokens)}:
            self.assertTrue(len(secret) > 3)
            self.assertNotIn(secret, text)
        signatures = {x.claims.signature for x in connector.dials if x.token}
        for signature in signatures:
            self.assertNotIn(signature, text)

    async def test_pinned_pair_and_upgrade_tokens(self):
        connector, home = await self.connector(), self.home()
        self.config(home, "require_mention: true\n")
        connector.answers["/relay/policy"] = lambda r: Answer(500, {"error": "later"}) if len(connector.policies) < 3 else Answer(200, {})
        gateway = await self.gateway(connector, TWO, PINNED, ECHO, QUICK, DEBUG, home=home,
                                     GATEWAY_RELAY_DELIVERY_KEY="pinned-delivery-key-1")
        link = await connector.link(1, 2)
        link.send(inbound("hello"))
        await connector.reply("hello")
        link.close(4401, "refused")
        await connector.link(2, 2)
        self.assert_silent(await self.everything_said(gateway), connector, PINNED["GATEWAY_RELAY_SECRET"], "pinned-delivery-key-1")

    async def test_issued_pair_and_access_token(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, ECHO, QUICK, DEBUG, GATEWAY_RELAY_ID=GATEWAY_ID,
                                     GATEWAY_RELAY_ACCESS_TOKEN=TOKEN)
        link = await connector.link(1, 2)
        link.send(inbound("hello"))
        await connector.reply("hello")
        await gateway.ready()
        self.assert_silent(await self.everything_said(gateway), connector, SECRET, DELIVERY_KEY, TOKEN)

    async def test_client_secret_and_its_token(self):
        connector = await self.connector()
        connector.answers["/oauth/token"] = lambda _: Answer(200, {"access_token": "from-idp-88", "refresh_token": "refresh-99"})
        gateway = await self.gateway(connector, TWO, QUICK, DEBUG, GATEWAY_RELAY_IDP_TOKEN_URL=f"{connector.url}/oauth/token",
                                     GATEWAY_RELAY_IDP_CLIENT_ID="client-1", GATEWAY_RELAY_IDP_CLIENT_SECRET="client-secret-5d")
        await connector.link(1, 2)
        await gateway.ready()
        self.assert_silent(await self.everything_said(gateway), connector, "client-secret-5d", "from-idp-88", "refresh-99", SECRET)

    async def test_answers_that_fail_do_not_put_secrets_into_the_log(self):
        connector = await self.connector()
        bodies = [Answer(200, b'{"secret":"half-open-secret-1"'), Answer(500, b"secret=half-open-secret-2"),
                  Answer(200, [{"secret": "half-open-secret-3"}]), Answer(403, {"secret": "half-open-secret-4", "error": "no"})]
        connector.answers["/relay/provision"] = lambda _: bodies.pop(0) if bodies else Answer(401, {"error": "no"})
        gateway = await self.gateway(connector, TWO, QUICK, DEBUG, GATEWAY_RELAY_ACCESS_TOKEN=TOKEN)
        await connector.until(lambda: len(connector.provisions) >= 6, "six tries")
        self.assert_silent(await self.everything_said(gateway), connector, TOKEN, *(f"half-open-secret-{n}" for n in range(1, 5)))

    async def test_what_a_peer_repeats_of_a_credential_is_not_logged(self):
        connector = await self.connector()
        connector.answers["/relay/provision"] = lambda request: Answer(403, {"error": f"do not know {request.bearer}!"})
        gateway = await self.gateway(connector, TWO, QUICK, DEBUG, GATEWAY_RELAY_ACCESS_TOKEN=TOKEN)
        await connector.until(lambda: len(connector.provisions) >= 3, "tries")
        self.assert_silent(await self.everything_said(gateway), connector, TOKEN)
        self.assertIn("do not know ***!", gateway.text)

    async def test_what_the_link_repeats_of_its_token_is_not_logged(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, PINNED, TWO, QUICK, DEBUG)
        link = await connector.link(1, 2)
        await gateway.ready()
        link.close(4409, f"bad {link.dial.token}")
        await connector.link(2, 2)
        self.assert_silent(await self.everything_said(gateway), connector, PINNED["GATEWAY_RELAY_SECRET"])
        self.assertIn("(bad ***)", gateway.text)

    async def test_password_in_the_url(self):
        connector = await self.connector()
        gateway = await self.gateway(None, TWO, PINNED, DEBUG,
                                     GATEWAY_RELAY_URL=f"http://user:url-password-3@127.0.0.1:{connector.port}")
        await gateway.said("config.")
        self.assert_silent(await self.everything_said(gateway), connector, "url-password-3")

    async def test_secret_file_and_yaml_secret(self):
        connector, home = await self.connector(), self.home()
        path = os.path.join(home, "pin")
        with open(path, "w") as file:
            file.write("secret-in-file-7\n")
        self.config(home, "gateway:\n  relay_delivery_key: yaml-delivery-key-8\n  relay_access_token: yaml-token-9\n")
        gateway = await self.gateway(connector, TWO, DEBUG, home=home, GATEWAY_RELAY_ID=GATEWAY_ID, GATEWAY_RELAY_SECRET_FILE=path)
        await connector.link(1, 2)
        await gateway.ready()
        self.assert_silent(await self.everything_said(gateway), connector, "secret-in-file-7", "yaml-delivery-key-8", "yaml-token-9")

    async def test_message_texts_are_not_logged_at_info(self):
        connector, gateway, link = await self.connected(ECHO)
        link.send(inbound("private words of a user"))
        await connector.reply("private words of a user")
        gateway.signal(15)
        await gateway.exited()
        self.assertNotIn("private words", gateway.text)

    async def test_secrets_are_not_on_the_command_line_nor_readable_in_check(self):
        for command in (("check",), ("check", "--json")):
            code, out, err = await self.command(*command, GATEWAY_RELAY_URL="https://c.example", GATEWAY_RELAY_ACCESS_TOKEN=TOKEN,
                                                GATEWAY_RELAY_IDP_TOKEN_URL="https://i.example", GATEWAY_RELAY_IDP_CLIENT_ID="c",
                                                GATEWAY_RELAY_IDP_CLIENT_SECRET="client-secret-5d", GATEWAY_RELAY_DELIVERY_KEY="dk-77", **PINNED, **DEBUG)
            for secret in (TOKEN, "client-secret-5d", "dk-77", ADMIN, PINNED["GATEWAY_RELAY_SECRET"]):
                self.assertNotIn(secret, out + err)

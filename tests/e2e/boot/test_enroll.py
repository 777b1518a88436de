"""Section 2.3 of the contract and agent-link.md: `enroll` redeems a token once and keeps what it got beside the config file."""
import os
import stat
import time

from harness.http import Answer
from harness.scenario import TWO, Scenario
from harness.tokens import genuine

IDENTITY = {"GATEWAY_RELAY_ACCESS_TOKEN": "who-asks-0a1b"}
GIVEN = {"secret": "enrolled s#cret $x", "deliveryKey": "enrolled-key", "tenant": "t"}


class Enroll(Scenario):
    async def enroll(self, answer, *arguments, home=None, **settings):
        """(exit code, stdout, stderr, the .env or None, the connector)"""
        connector, home = await self.connector(), home or self.home()
        connector.answers["/relay/enroll"] = answer
        arguments = [x.replace("CONNECTOR", connector.url) for x in arguments]
        done = await self.command("enroll", *arguments, home=home, **{**IDENTITY, **settings})
        path = os.path.join(home, "hermes", ".env")
        text = None
        if os.path.exists(path):
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            with open(path) as file:
                text = file.read()
        return *done, text, connector

    @staticmethod
    def good(request):
        return Answer(200, {**GIVEN, "gatewayId": request.json()["gatewayId"]})

    async def test_what_it_got_serves_the_next_run(self):
        home = self.home()
        self.config(home, "{}")
        with open(os.path.join(home, "hermes", ".env"), "w") as file:
            file.write("# mine\nOTHER=1\nGATEWAY_RELAY_SECRET=old\n")
        code, out, err, text, connector = await self.enroll(
            self.good, "--token", "once", "--connector-url", "CONNECTOR", "--gateway-id", "gw-9", "--wake-url", "https://w.example/wake", home=home)
        self.assertEqual((code, err), (0, ""))
        self.assertIn("gw-9", out)
        (call,) = connector.calls("/relay/enroll")
        self.assertEqual((call.bearer, call.json()), ("who-asks-0a1b", {"enrollmentToken": "once", "gatewayId": "gw-9"}))
        self.assertTrue(text.startswith("# mine\nOTHER=1\n"))
        self.assertNotIn("=old", text)
        self.assertIn("GATEWAY_RELAY_WAKE_URL", text)
        self.assertNotIn(GIVEN["secret"], out)
        self.assertEqual(os.listdir(os.path.join(home, "hermes")).count(".env"), 1)
        await self.gateway(None, TWO, home=home)
        link = await connector.link(1, 2)
        self.assertEqual(link.dial.claims.gateway_id, "gw-9")
        self.assertTrue(genuine(link.dial.token, GIVEN["secret"], time.time()))

    async def test_the_token_may_come_from_the_environment(self):
        code, _, _, text, connector = await self.enroll(self.good, "--connector-url", "CONNECTOR", GATEWAY_RELAY_ENROLL_TOKEN="of-the-environment")
        self.assertEqual((code, connector.calls("/relay/enroll")[0].json()["enrollmentToken"]), (0, "of-the-environment"))
        self.assertIn("GATEWAY_RELAY_URL", text)

    async def test_each_failure_is_one_line_that_says_what_to_do_and_writes_nothing(self):
        no_redirect = await self.connector()
        for answer, said in ((Answer(401, {"error": "who are you"}), ("401", "who are you", "log in")),
                             (Answer(403, {"error": "used already"}), ("403", "used already", "new token")),
                             (Answer(500, b"oops"), ("500", "try again")), (Answer(200, {"tenant": "t"}), ("no secret",)),
                             (Answer(302, b"", {"Location": no_redirect.url}), ("302",)), (None, ("could not be asked", "check"))):
            with self.subTest(said=said):
                code, out, err, text, _ = await self.enroll(lambda request: answer, "--token", "once", "--connector-url", "CONNECTOR")
                self.assertEqual((code, out, text, err.count("\n")), (1, "", None, 1))
                for part in said:
                    self.assertIn(part, err)
        self.assertEqual(no_redirect.requests, [])

    async def test_what_is_missing_is_said_before_the_token_is_spent(self):
        for arguments, settings, code, said in (
                (["--connector-url", "CONNECTOR"], {}, 2, "--token"), (["--token", "once"], {}, 2, "--connector-url"),
                (["--token", "once", "--connector-url", "nonsense"], {}, 2, "no URL"),
                (["--token", "once", "--connector-url", "CONNECTOR"], {"GATEWAY_RELAY_ACCESS_TOKEN": None}, 1, "GATEWAY_RELAY_ACCESS_TOKEN")):
            with self.subTest(said=said):
                got, _, err, text, connector = await self.enroll(self.good, *arguments, **settings)
                self.assertEqual((got, text, err.count("\n"), connector.requests), (code, None, 1, []))
                self.assertIn(said, err)

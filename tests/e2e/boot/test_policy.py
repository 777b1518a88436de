"""Section 2.2: what is declared, with which bearer, and that a refusal holds nothing up."""
import asyncio
import json
import os

from harness.connector import SECRET
from harness.events import inbound
from harness.gateway import HUP
from harness.http import Answer
from harness.scenario import ECHO, GATEWAY_ID, PINNED, PROVISIONED, QUICK, TWO, Scenario
from harness.tokens import claims_of, genuine

VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "vectors.json")
MENTION = "require_mention: true\n"


class Declared(Scenario):
    async def test_body_and_bearer_after_credentials(self):
        connector, home = await self.connector(), self.home()
        self.config(home, MENTION + "telegram:\n  require_mention: false\n  free_response_channels: [a, 7, ' b ']\n")
        await self.gateway(connector, TWO, PROVISIONED, home=home, DISCORD_ALLOW_BOTS="Mentions")
        await connector.link(1, 2)
        await connector.until(lambda: len(connector.policies) >= 2, "two policies")
        bodies = {x.json()["platform"]: x.json() for x in connector.policies}
        self.assertEqual(bodies["discord"], {"platform": "discord", "requireAddress": True, "freeResponseScopes": [],
                                             "allowOtherBots": True})
        self.assertEqual(bodies["telegram"], {"platform": "telegram", "requireAddress": False,
                                              "freeResponseScopes": ["a", "7", "b"], "allowOtherBots": False})
        for request in connector.policies:
            self.assertEqual(request.method, "POST")
            self.assertEqual(request.headers["content-type"].split(";")[0], "application/json")
            self.assertTrue(genuine(request.bearer, SECRET, request.unix))
            self.assertEqual(claims_of(request.bearer).gateway_id, GATEWAY_ID)
            self.assertTrue(295 <= claims_of(request.bearer).exp - request.unix <= 301)
        self.assertLess(connector.provisions[0].at, connector.policies[0].at)

    async def test_every_vector(self):
        with open(VECTORS) as file:
            vectors = json.load(file)["policies"]
        for number, vector in enumerate(vectors):
            with self.subTest(number=number, vector=vector):
                connector, home = await self.connector(), self.home()
                self.config(home, json.dumps(vector["config"]))
                await self.gateway(connector, PINNED, ECHO, vector["environment"], home=home,
                                   GATEWAY_RELAY_PLATFORMS=vector["platform"])
                link = await connector.link(1)
                link.send(inbound("through", platform=vector["platform"]))
                await connector.reply("through")
                if vector["policy"]:
                    await connector.until(lambda: connector.policies, "a policy")
                self.assertEqual([x.json() for x in connector.policies], [vector["policy"]] if vector["policy"] else [])

    async def test_pinned_credentials_declare_at_every_boot(self):
        connector, home = await self.connector(), self.home()
        self.config(home, MENTION)
        for boot in (1, 2):
            gateway = await self.gateway(connector, TWO, PINNED, home=home)
            await connector.until(lambda: len(connector.policies) >= 2 * boot, f"policies of boot {boot}")
            await connector.link(boot, 2)
            gateway.signal(15)
            self.assertEqual(await gateway.exited(), 0)
        self.assertTrue(all(genuine(x.bearer, PINNED["GATEWAY_RELAY_SECRET"], x.unix) for x in connector.policies))

    async def test_f47_require_mention_string_false(self):
        await self.declares_false('require_mention: "false"\n')

    async def test_an_explicit_false_is_declared(self):
        await self.declares_false("require_mention: false\n")

    async def declares_false(self, config):
        connector, home = await self.connector(), self.home()
        self.config(home, config)
        await self.gateway(connector, TWO, PINNED, home=home)
        await connector.until(lambda: len(connector.policies) >= 2, "two policies")
        self.assertEqual([x.json() for x in sorted(connector.policies, key=lambda x: x.json()["platform"])],
                         [{"platform": platform, "requireAddress": False, "freeResponseScopes": [], "allowOtherBots": False}
                          for platform in ("discord", "telegram")])

    async def test_where_nothing_is_set_nothing_is_declared(self):
        for config in ("", "require_mention:\n", "require_mention: ''\n", "require_mention: perhaps\n"):
            with self.subTest(config=config):
                connector, home = await self.connector(), self.home()
                self.config(home, config)
                gateway = await self.gateway(connector, TWO, PINNED, ECHO, home=home)
                link = await connector.link(1, 2)
                await gateway.ready()
                link.send(inbound("through"))
                await connector.reply("through")
                self.assertEqual(connector.policies, [])

    def assert_quiet(self, requests):
        """The quiet default, of each platform once."""
        bodies = sorted((x.json() for x in requests), key=lambda x: x["platform"])
        self.assertEqual(bodies, [{"platform": platform, "requireAddress": True, "freeResponseScopes": [], "allowOtherBots": False}
                                  for platform in ("discord", "telegram")])

    async def test_f46_what_is_not_set_any_more_is_withdrawn_once_and_opens_nothing(self):
        connector, home = await self.connector(), self.home()
        self.config(home, "require_mention: false\nfree_response_channels: [a]\n")
        gateway = await self.gateway(connector, TWO, PINNED, QUICK, home=home)
        await connector.until(lambda: len(connector.policies) >= 2, "two policies")
        self.config(home, "")
        gateway.signal(HUP)
        await connector.until(lambda: len(connector.policies) >= 4, "the quiet default")
        self.assert_quiet(connector.policies[2:4])
        gateway.signal(HUP)
        await connector.never(lambda: len(connector.policies) > 4, "the default once more", 1)

    async def test_f46_an_earlier_processes_policy_is_withdrawn_at_the_next_boot_and_not_again(self):
        connector, home = await self.connector(), self.home()
        self.config(home, "require_mention: false\n")
        for boot, config in ((1, ""), (2, ""), (3, None)):
            before = len(connector.policies)
            gateway = await self.gateway(connector, TWO, PINNED, QUICK, ECHO, home=home)
            link = await connector.link(boot, 2)
            link.send(inbound(f"through {boot}", message_id=f"m-{boot}"))
            await connector.reply(f"through {boot}")
            if boot < 3:
                await connector.until(lambda: len(connector.policies) >= before + 2, f"policies of boot {boot}")
            if config is not None:
                self.config(home, config)
            gateway.signal(15)
            self.assertEqual(await gateway.exited(), 0)
        self.assertEqual(len(connector.policies), 4, "the third boot has nothing to withdraw")
        self.assert_quiet(connector.policies[2:])


class Refused(Scenario):
    async def declared_when(self, answer, **settings):
        """Discord's policy is answered like that at first: serving and the other platform do not care, it is retried."""
        connector, home = await self.connector(), self.home()
        self.config(home, MENTION)
        counts = {}

        def handler(request):
            platform = request.json()["platform"]
            counts[platform] = counts.get(platform, 0) + 1
            return answer(request) if platform == "discord" and counts[platform] == 1 else Answer(200, {})
        connector.answers["/relay/policy"] = handler
        await self.gateway(connector, TWO, PINNED, ECHO, QUICK, settings, home=home)
        link = await connector.link(1, 2)
        link.send(inbound("served"))
        await connector.reply("served")
        await connector.until(lambda: counts.get("telegram") == 1 and counts.get("discord") == 2, "retried, and telegram once")

    async def test_status_500(self):
        await self.declared_when(lambda _: Answer(500, {"error": "later"}))

    async def test_status_204_is_not_accepted(self):
        await self.declared_when(lambda _: Answer(204))

    async def test_dropped_connection(self):
        await self.declared_when(lambda _: None)

    async def test_time_out(self):
        async def hangs(_):
            await asyncio.Event().wait()
        await self.declared_when(hangs, GATEWAY_HTTP_TIMEOUT="500ms")

    async def test_f48_redirect_is_not_followed(self):
        elsewhere = await self.connector()
        await self.declared_when(lambda _: Answer(308, b"", {"Location": f"{elsewhere.url}/relay/policy"}))
        self.assertEqual(elsewhere.requests, [])

    async def test_policy_that_never_answers_does_not_hold_up_serving(self):
        connector, home = await self.connector(), self.home()
        self.config(home, MENTION)

        async def hangs(_):
            await asyncio.Event().wait()
        connector.answers["/relay/policy"] = hangs
        gateway = await self.gateway(connector, TWO, PINNED, ECHO, home=home)
        link = await connector.link(1, 2, limit=4)
        link.send(inbound("served"))
        await connector.reply("served", limit=4)
        await gateway.ready()

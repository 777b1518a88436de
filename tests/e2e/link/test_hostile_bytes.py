"""What a hostile peer says in one frame: many names, many platforms, one name twice, ids at their bound. It costs the gateway no more
than the frame's size, and is read the same by gateway and agent."""
import base64
import json

from harness.events import descriptor, event, inbound
from harness.scenario import Scenario

MIB = 1 << 20
LONG, FITS = "x" * 513, "x" * 512
INTERACTION = {"id": "1", "application_id": "2", "type": 2, "token": "t", "channel_id": "77", "guild_id": "9",
               "data": {"name": "ask"}, "member": {"user": {"id": "5", "username": "ana"}}}


def forward(body, buffer_id):
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return {"type": "passthrough_forward", "bufferId": buffer_id,
            "forward": {"platform": "discord", "botId": "bot-d", "method": "POST", "path": "/interactions", "headers": [],
                        "bodyB64": base64.b64encode(raw).decode()}}


class Ids(Scenario):
    async def test_every_id_of_an_action_has_a_length(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        metadata = lambda name: lambda x: {"op": "send", "chat_id": "1", "content": "x", "metadata": {name: x}}
        makers = {f"metadata.{x}": metadata(x) for x in ("thread_id", "scope_id", "guild_id", "user_id", "profile")}
        makers["chat_id"] = lambda x: {"op": "send", "chat_id": x, "content": "x"}
        makers["message_id"] = lambda x: {"op": "edit", "chat_id": "1", "message_id": x, "content": "x"}
        makers["reply_to"] = lambda x: {"op": "send", "chat_id": "1", "content": "x", "reply_to": x}
        makers["emoji"] = lambda x: {"op": "react", "chat_id": "1", "message_id": "2", "emoji": x}
        makers["thread_name"] = lambda x: {"op": "thread_create", "chat_id": "1", "thread_name": x}
        for name, make in makers.items():
            with self.subTest(name):
                agent.act(make(LONG), platform="discord", request_id=f"long-{name}")
                agent.act(make(FITS), platform="discord", request_id=f"fits-{name}")
                self.assertTrue((await agent.result(f"fits-{name}"))["success"])
                self.assertEqual([x["message"] for x in agent.of("error") if x["request_id"] == f"long-{name}"],
                                 [f"action: {name} is longer than 512 bytes"])
                answer = await gateway.get("/v1/actions", method="POST", body={"platform": "discord", "action": make(LONG)})
                self.assertEqual(answer.status, 400)
        sent = json.dumps([x["action"] for x in connector.outbound])
        self.assertNotIn(LONG, sent)
        refused = (await gateway.metrics())['relay_gateway_actions_refused_total{reason="long_id"}']
        self.assertEqual(refused, 2 * len(makers), "of the agent, and over HTTP")

    async def test_ids_of_an_interaction_have_one_too(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        link.send(forward({**INTERACTION, "channel_id": LONG}, "b-1"), forward({**INTERACTION, "id": LONG}, "b-2"),
                  forward({**INTERACTION, "channel_id": "x" + "\u00e9" * 40_000}, "b-3"),     # cut within a character
                  forward({**INTERACTION, "channel_id": FITS}, "b-4"))
        await agent.frame("inbound")
        await connector.until(lambda: len(link.of("inbound_ack")) == 4, "an ack for each")
        letters = (await gateway.get("/v1/dlq")).json()["letters"]
        self.assertEqual(len(letters), 3)
        for letter in letters:
            self.assertIn("long_id", letter["error"])
            shown = await gateway.get(f"/v1/dlq?id={letter['id']}")
            self.assertEqual(shown.status, 200)
            shown.body.decode()
        self.assertEqual(agent.deliveries[0]["event"]["source"]["chat_id"], FITS)

    async def test_one_name_twice_in_an_interaction_reads_the_same_for_all(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        twice = json.dumps(INTERACTION)[:-1] + ', "channel_id": "78", "member": {"user": {"id": "6"}}}'
        link.send(forward(twice.encode(), "b-1"))
        delivery = await agent.frame("inbound")
        self.assertEqual((delivery["event"]["source"]["chat_id"], delivery["event"]["source"]["user_id"]), ("77", "5"))
        self.assertIn(":77", delivery["session_key"])


class Cost(Scenario):
    alone = True        # it measures

    async def test_many_platforms_and_profiles_stay_bounded(self):
        connector, gateway, link = await self.connected(GATEWAY_AGENT="echo")
        series, before, count = len(await gateway.metrics()), gateway.rss(), 20_000
        for number in range(count):
            link.send(inbound("x", buffer_id=f"b-{number}", message_id=f"m-{number}", platform=f"p{number}", profile=f"f{number}",
                              chat_id=str(number), user_id=f"u{number}", scope_id=f"s{number}"))
            if number % 500 == 0:
                await link.socket.flushed()
        await connector.until(lambda: len(link.of("inbound_ack")) == count, "an ack for each", 60)
        self.assertEqual(len(await gateway.metrics()), series, "a peer's words are no labels")
        self.assertLess(len((await gateway.get("/v1/status")).body), 16 << 10)
        self.assertLess(gateway.rss() - before, 80 * MIB)

    async def test_one_frame_costs_what_its_size_does(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        deep = "1"
        for _ in range(40):
            deep = '{"a":' + deep + ',"b":1,"a":2,"b":3,' + ",".join(f'"k{n}":1' for n in range(15_000)) + "}"
        odd = {"wide": "{" + ",".join(f'"k{n % 200_000}":1' for n in range(450_000)) + "}",
               "same": "{" + ",".join('"k":1' for n in range(900_000)) + "}",
               "nested": "{" + ",".join(f'"k{n}":{{"a":1,"a":2}}' for n in range(250_000)) + "}",
               "deep": deep[:7 * MIB] if len(deep) > 7 * MIB else deep}
        frames = {name: '{"type":"inbound","event":{"text":"' + name + '","source":{"platform":"discord","chat_id":"1"},"extra":' + x + "}}\n"
                  for name, x in odd.items()}
        urls = [f"http://127.0.0.1:1/{n}" for n in range(120_000)]
        frames["urls"] = json.dumps({"type": "inbound", "event": event("urls", chat_id="1", extra={
            "media_urls": urls, "media": [{"url": x} for x in reversed(urls)]})}) + "\n"
        for name, text in frames.items():
            with self.subTest(name):
                cpu = gateway.cpu()
                link.socket.send_text(text)
                link.send(inbound(f"after {name}", chat_id="2"))
                await agent.delivery(f"after {name}", 30)
                self.assertLess(gateway.cpu() - cpu, 4, "what grows faster than the frame takes minutes")

    async def test_a_prompt_with_very_many_options_is_refused_and_a_long_one_is_cheap(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)

        def prompt(count, label, content="which?"):
            return {"op": "prompt", "chat_id": "1", "prompt_kind": "choice", "content": content,
                    "options": [{"id": str(n), "label": label} for n in range(count)]}
        cpu = gateway.cpu()
        agent.act(prompt(150_000, "one"), platform="telegram", request_id="many")
        error = await agent.frame("error")
        self.assertEqual((error["request_id"], error["message"]), ("many", "action: options has more than 1000 entries"))
        self.assertEqual((await gateway.metrics())['relay_gateway_actions_refused_total{reason="too_many"}'], 1)
        # Telegram has no buttons here, so these are a thousand messages of text.
        agent.act(prompt(1000, "l" * 500, "w " * 1_800_000), platform="telegram", request_id="long")
        self.assertTrue((await agent.result("long", limit=60))["success"])
        self.assertGreater(len(connector.outbound), 900)
        self.assertLess(gateway.cpu() - cpu, 3)

    async def test_a_limit_of_one_makes_no_million_messages(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        link.send({"type": "descriptor", "descriptor": descriptor("discord", max_message_length=1)})
        link.send(inbound("behind it", chat_id="2"))
        await agent.delivery("behind it")
        before = gateway.rss()
        agent.act({"op": "send", "chat_id": "1", "content": "x" * (7 * MIB)}, platform="discord", request_id="long")
        result = await agent.result("long", limit=30)
        self.assertIn("more than 10000 messages of 1", result["error"])
        self.assertNotIn("ambiguous", result)
        self.assertLess(gateway.peak() - before, 64 * MIB)

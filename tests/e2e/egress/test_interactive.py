"""Sections 5.2 and 6: prompts, interactions, reactions, the command manifest, drafts."""
import base64
import json

from harness.events import descriptor, inbound
from harness.scenario import Scenario

EYES, DONE = "\U0001F440", "\u2705"


class Linked(Scenario):
    async def start(self, *settings, **more):
        connector, gateway, link = await self.connected(*settings, **more)
        await gateway.ready()
        return connector, gateway, link, await self.agent(gateway)


class Prompts(Linked):
    ASK = {"op": "prompt", "chat_id": "1", "prompt_kind": "choice", "content": "Which?",
           "options": [{"id": "a", "label": "Apple"}, {"id": "b", "label": "Banana"}]}

    def press(self, prompt_id, option="a", number="p1"):
        return inbound("", chat_id="1", message_id=number,
                       extra={"prompt_response": {"prompt_id": prompt_id, "option_id": option}})

    async def test_f58_one_answer_wins_and_carries_what_was_chosen(self):
        connector, _, link, agent = await self.start()
        result = await agent.result(agent.act(self.ASK, platform="discord"))
        self.assertRegex(result["prompt_id"], r"^[0-9a-f]+\.[0-9a-f]{8}$")
        self.assertEqual((await connector.actions(1, "prompt"))[0]["action"]["prompt_id"], result["prompt_id"])
        link.send(self.press(result["prompt_id"], "b", "p1"), self.press(result["prompt_id"], "a", "p2"), inbound("after", chat_id="1"))
        await agent.delivery("after")
        answers = [x["event"]["prompt_response"]["option_id"] for x in agent.deliveries if "prompt_response" in x["event"]]
        self.assertEqual(answers, ["b"])

    async def test_f57_foreign_answers_are_consumed_silently_and_acked(self):
        connector, _, link, agent = await self.start()
        frame = self.press("siblings.00000001")
        frame["bufferId"] = "b-9"
        link.send(frame, inbound("after", chat_id="1"))
        await agent.delivery("after")
        self.assertEqual(len(agent.deliveries), 1)
        await connector.until(lambda: [x for x in link.of("inbound_ack") if x["bufferId"] == "b-9"], "its ack")
        self.assertEqual(connector.outbound, [])

    async def test_late_answers_of_ours_are_told_once(self):
        connector, _, link, agent = await self.start()
        mine = (await agent.result(agent.act(self.ASK, platform="discord")))["prompt_id"].split(".")[0]
        link.send(self.press(mine + ".ffffffff", number="p1"), self.press(mine + ".ffffffff", number="p2"), inbound("after", chat_id="1"))
        await agent.delivery("after")
        await connector.actions(1, "send")
        self.assertEqual(len(connector.sent("send")), 1)


class Interactions(Linked):
    @staticmethod
    def forward(body):
        return {"type": "passthrough_forward", "forward": {
            "platform": "discord", "botId": "x", "method": "POST", "path": "/interactions", "headers": [],
            "bodyB64": base64.b64encode(json.dumps(body).encode()).decode()}}

    async def test_options_and_sub_commands_are_written_out(self):
        _, _, link, agent = await self.start()
        link.send(self.forward({"type": 2, "id": "i1", "channel_id": "7", "guild_id": "g", "member": {"user": {"id": "u"}},
                                "data": {"name": "remind", "options": [{"type": 1, "name": "add", "options": [
                                    {"type": 3, "name": "what", "value": "milk"}]}]}}))
        got = await agent.delivery("/remind add milk")
        self.assertEqual(got["event"]["source"]["scope_id"], "g")

    async def test_f27_its_reply_goes_to_discord(self):
        connector, _, link, agent = await self.start()
        link.send(self.forward({"type": 2, "id": "i1", "channel_id": "7", "user": {"id": "u"}, "data": {"name": "help"}}))
        got = await agent.delivery("/help")
        await agent.result(agent.say("here", chat_id="7", delivery=got))
        self.assertEqual((await connector.actions(1))[0]["platform"], "discord")


class Reactions(Linked):
    async def test_eyes_while_it_works_then_the_outcome(self):
        connector, gateway, link, agent = await self.start(GATEWAY_REACTIONS="true")
        link.send(inbound("hi", chat_id="1", message_id="m-1"))
        got = await agent.delivery("hi")
        await connector.actions(1, "react")
        await agent.result(agent.say("hello", chat_id="1", delivery=got))
        reactions = [x["action"] for x in await connector.actions(3, "react")]
        self.assertEqual([(x["emoji"], x.get("remove", False)) for x in reactions], [(EYES, False), (EYES, True), (DONE, False)])
        self.assertEqual({x["message_id"] for x in reactions}, {"m-1"})

    async def reacting(self, platform):
        connector = await self.connector()
        connector.descriptor_of = lambda x: descriptor(x, supported_ops=["send", "react"])
        gateway = await self.gateway(connector, {"GATEWAY_RELAY_PLATFORMS": platform, "GATEWAY_RELAY_ID": "a", "GATEWAY_RELAY_SECRET": "b",
                                                 "GATEWAY_REACTIONS": "true"})
        link = await connector.link(1)
        await gateway.ready()
        return connector, link, await self.agent(gateway)

    async def test_f64_telegram_has_its_own_vocabulary(self):
        connector, link, agent = await self.reacting("telegram")
        link.send(inbound("hi", platform="telegram", chat_id="1", message_id="m-1"))
        await agent.result(agent.say("hello", chat_id="1", delivery=await agent.delivery("hi")))
        self.assertEqual([x["action"]["emoji"] for x in await connector.actions(3, "react")], [EYES, EYES, "\U0001F44D"])

    async def test_a_failed_answer_shows_as_a_failure(self):
        for platform, sign in (("discord", "\u274C"), ("telegram", "\U0001F44E")):
            connector, link, agent = await self.reacting(platform)
            connector.result_of = lambda frame: ({"success": False, "error": "no"} if frame["action"]["op"] == "send" else {"success": True})
            link.send(inbound("hi", platform=platform, chat_id="1", message_id="m-1"))
            await agent.result(agent.say("hello", chat_id="1", delivery=await agent.delivery("hi")))
            self.assertEqual((await connector.actions(3, "react"))[-1]["action"]["emoji"], sign)

    async def test_an_old_connector_that_never_answers_reactions_holds_nothing_up(self):
        connector, link, agent = await self.reacting("discord")
        connector.result_of = lambda frame: None if frame["action"]["op"] == "react" else connector.success(frame)
        for n in range(5):
            link.send(inbound(f"hi {n}", chat_id="1", message_id=f"m-{n}"))
            result = await agent.result(agent.say("hello", chat_id="1", delivery=await agent.delivery(f"hi {n}")), limit=5)
            self.assertIs(result["success"], True)

    async def test_an_agents_own_reactions_hold_nothing_up_either(self):
        connector, link, agent = await self.reacting("discord")
        connector.result_of = lambda frame: None if frame["action"]["op"] == "react" else connector.success(frame)
        for n in range(5):
            agent.act({"op": "react", "chat_id": "1", "message_id": f"m-{n}", "emoji": "x"}, platform="discord")
            result = await agent.result(agent.say(f"hello {n}", chat_id="1", platform="discord"), limit=5)
            self.assertIs(result["success"], True)
        self.assertEqual([x["action"]["op"] for x in connector.outbound], ["react", "send"] * 5, "each in its turn")

    async def test_none_unless_asked_for(self):
        connector, _, link, agent = await self.start()
        link.send(inbound("hi", chat_id="1", message_id="m-1"))
        await agent.result(agent.say("hello", chat_id="1", delivery=await agent.delivery("hi")))
        self.assertEqual(connector.sent("react"), [])


class Commands(Linked):
    async def test_the_agents_commands_are_on_discords_hello_only(self):
        connector, _, link, agent = await self.start()
        agent.send({"type": "hello", "commands": [{"name": "remind", "description": "Remind me"}]})
        await connector.until(lambda: [x for x in link.hellos if x.get("command_manifest")], "a hello with commands")
        told = [x for x in link.hellos if x.get("command_manifest")]
        self.assertEqual([x["platform"] for x in told], ["discord"])
        self.assertEqual(told[0]["command_manifest"][0]["name"], "remind")

    async def test_the_operators_commands_are_on_the_first_hello_and_the_agents_join_them(self):
        home, connector = self.home(), await self.connector()
        self.config(home, """
gateway:
  relay_platforms: [discord, telegram]
  commands:
    - {name: ask, description: Ask me, options: [{name: q, description: What, type: string, required: true}]}
    - {name: "Not Good", description: x}
""")
        gateway = await self.gateway(connector, {"GATEWAY_RELAY_ID": "a", "GATEWAY_RELAY_SECRET": "b"}, home=home)
        link = await connector.link(1, 2)
        first = {x["platform"]: x.get("command_manifest") for x in link.hellos}
        self.assertIsNone(first["telegram"])
        self.assertEqual([(x["name"], x["options"][0]["name"]) for x in first["discord"]], [("ask", "q")])
        self.assertIn("commands", gateway.text)
        agent = await self.agent(gateway)
        agent.send({"type": "hello", "commands": [{"name": "remind", "description": "Remind me"}]})
        await connector.until(lambda: len(link.hellos) > 2, "a hello with both")
        self.assertEqual([x["name"] for x in link.hellos[-1]["command_manifest"]], ["ask", "remind"])

    async def test_a_reload_of_the_operators_commands_is_said_on_the_live_socket(self):
        home, connector = self.home(), await self.connector()
        text = "gateway: {relay_platforms: [discord], commands: [{name: %s, description: d}]}\n"
        self.config(home, text % "one")
        gateway = await self.gateway(connector, {"GATEWAY_RELAY_ID": "a", "GATEWAY_RELAY_SECRET": "b"}, home=home)
        link = await connector.link(1, 1)
        await gateway.ready()
        self.config(home, text % "two")
        await gateway.get("/v1/reload", method="POST", body={})
        await connector.until(lambda: len(link.hellos) > 1, "the second hello")
        self.assertEqual(link.hellos[-1]["command_manifest"][0]["name"], "two")
        self.assertEqual(len(connector.dials), 1)

    async def test_a_bad_command_is_told_and_not_published(self):
        _, _, link, agent = await self.start()
        agent.send({"type": "hello", "commands": [{"name": "Bad Name", "description": "x"}]})
        await agent.frame("error")
        self.assertEqual([x for x in link.hellos if x.get("command_manifest")], [])

    async def test_a_description_beyond_100_utf16_units_costs_its_command_only(self):
        connector, _, link, agent = await self.start()
        agent.send({"type": "hello", "commands": [{"name": "fits", "description": "\U0001F680" * 50}, {"name": "too-long", "description": "\U0001F680" * 51},
                                                  {"name": "umlauts", "description": "\u00fc" * 100}]})
        self.assertIn("UTF-16", (await agent.frame("error"))["message"])
        await connector.until(lambda: [x for x in link.hellos if x.get("command_manifest")], "a hello with commands")
        self.assertEqual([x["name"] for x in link.hellos[-1]["command_manifest"]], ["fits", "umlauts"])


class Drafts(Linked):
    async def test_states_collapse_and_the_final_is_sealed(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, supports_draft_streaming=True, supported_ops=["send", "draft"])
        gateway = await self.gateway(connector, {"GATEWAY_RELAY_PLATFORMS": "slack", "GATEWAY_RELAY_ID": "a", "GATEWAY_RELAY_SECRET": "b"})
        await connector.link(1)
        await gateway.ready()
        agent = await self.agent(gateway)
        numbers = [agent.act({"op": "draft", "chat_id": "1", "draft_id": 7, "content": "x" * n, "final": n == 9}, platform="slack")
                   for n in range(1, 10)]
        for number in numbers:
            self.assertIs((await agent.result(number))["success"], True)
        sent = [x["action"] for x in connector.sent("draft")]
        lengths = [len(x["content"]) for x in sent]
        self.assertEqual(lengths, sorted(set(lengths)))
        self.assertEqual((sent[-1]["content"], sent[-1]["final"]), ("x" * 9, True))

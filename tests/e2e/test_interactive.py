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
        got = await agent.delivery("help")
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

    async def test_a_bad_command_is_told_and_not_published(self):
        _, _, link, agent = await self.start()
        agent.send({"type": "hello", "commands": [{"name": "Bad Name", "description": "x"}]})
        await agent.frame("error")
        self.assertEqual([x for x in link.hellos if x.get("command_manifest")], [])


class Drafts(Linked):
    async def test_states_collapse_and_the_final_is_sealed(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, supports_draft_streaming=True, supported_ops=["send", "draft"])
        gateway = await self.gateway(connector, {"GATEWAY_RELAY_PLATFORMS": "telegram", "GATEWAY_RELAY_ID": "a", "GATEWAY_RELAY_SECRET": "b"})
        await connector.link(1)
        await gateway.ready()
        agent = await self.agent(gateway)
        numbers = [agent.act({"op": "draft", "chat_id": "1", "draft_id": 7, "content": "x" * n, "final": n == 9}, platform="telegram")
                   for n in range(1, 10)]
        for number in numbers:
            self.assertIs((await agent.result(number))["success"], True)
        sent = [x["action"] for x in connector.sent("draft")]
        lengths = [len(x["content"]) for x in sent]
        self.assertEqual(lengths, sorted(set(lengths)))
        self.assertEqual((sent[-1]["content"], sent[-1]["final"]), ("x" * 9, True))

"""Section 6: every op to the wire, what is refused at the edge, gating by the destination, final and unknown outcomes,
connectors older than this contract."""
import random

from harness.events import descriptor, inbound
from harness.scenario import PINNED, QUICK, TWO, Scenario

ALL = ["send", "edit", "typing", "follow_up", "get_chat_info", "send_media", "prompt", "react", "delete", "draft", "task_card",
       "task_card_stop", "thread_create", "thread_rename"]
META = {"scope_id": "mine", "note": {"deep": [1]}}
OPTIONS = [{"id": "a", "label": "Apple", "style": "primary"}, {"id": "b", "label": "Banana"}]

# One of each, with every field of the table.
ACTIONS = [
    {"op": "send", "chat_id": "1", "content": "text", "reply_to": "m-0", "metadata": META},
    {"op": "edit", "chat_id": "1", "message_id": "m-1", "content": "text", "metadata": META},
    {"op": "typing", "chat_id": "1", "content": "", "metadata": META},
    {"op": "follow_up", "session_key": "agent:main:discord:dm:1", "kind": "discord.ephemeral", "content": "text", "metadata": META},
    {"op": "get_chat_info", "chat_id": "1"},
    {"op": "send_media", "chat_id": "1", "media_kind": "image", "source_url": "https://m.example/a.png", "content": "text",
     "filename": "a.png", "reply_to": "m-0", "metadata": META},
    {"op": "prompt", "chat_id": "1", "prompt_kind": "approval", "prompt_id": "n.0000000a", "content": "text", "options": OPTIONS,
     "timeout_s": 60, "reply_to": "m-0", "metadata": META},
    {"op": "react", "chat_id": "1", "message_id": "m-1", "emoji": "👀", "remove": True, "metadata": META},
    {"op": "delete", "chat_id": "1", "message_id": "m-1", "metadata": META},
    {"op": "draft", "chat_id": "1", "draft_id": 7, "content": "text", "final": False, "metadata": META},
    {"op": "task_card", "chat_id": "1", "card_id": "c-1", "chunks": [{"t": "plan"}], "metadata": META},
    {"op": "task_card_stop", "chat_id": "1", "card_id": "c-1", "metadata": META},
    {"op": "thread_create", "chat_id": "1", "thread_name": "name", "message_id": "m-1", "metadata": META},
    {"op": "thread_rename", "chat_id": "1", "message_id": "t-1", "thread_name": "name", "only_if_current_name": "old",
     "only_if_connector_created": True, "metadata": META},
]

# What is wrong, and the field that the complaint has to name.
BAD = [
    ({"op": "send", "chat_id": "1"}, "content"), ({"op": "send", "content": "x"}, "chat_id"),
    ({"op": "send", "chat_id": "", "content": "x"}, "chat_id"), ({"op": "send", "chat_id": "1", "content": 7}, "content"),
    ({"op": "send", "chat_id": "1", "content": "x", "reply_to": []}, "reply_to"),
    ({"op": "send", "chat_id": "1", "content": "x", "metadata": "m"}, "metadata"),
    ({"op": "edit", "chat_id": "1", "content": "x"}, "message_id"),
    ({"op": "typing", "chat_id": "1", "content": False}, "content"),
    ({"op": "follow_up", "kind": "discord.x", "content": "x"}, "session_key"),
    ({"op": "follow_up", "session_key": "s", "content": "x"}, "kind"),
    ({"op": "get_chat_info"}, "chat_id"),
    ({"op": "send_media", "chat_id": "1", "media_kind": "hologram", "source_url": "https://m.example/a"}, "media_kind"),
    ({"op": "send_media", "chat_id": "1", "media_kind": "image"}, "source_url"),
    ({"op": "send_media", "chat_id": "1", "media_kind": "image", "source_url": "ftp://m.example/a"}, "source_url"),
    ({"op": "send_media", "chat_id": "1", "media_kind": "image", "source_path": "relative.png"}, "source_path"),
    ({"op": "prompt", "chat_id": "1", "prompt_kind": "quiz", "content": "x", "options": OPTIONS}, "prompt_kind"),
    ({"op": "prompt", "chat_id": "1", "prompt_kind": "choice", "content": "x", "options": [{"id": "no good", "label": "x"}]}, "options"),
    ({"op": "prompt", "chat_id": "1", "prompt_kind": "choice", "content": "x", "options": OPTIONS, "prompt_id": "a:b"}, "prompt_id"),
    ({"op": "prompt", "chat_id": "1", "prompt_kind": "choice", "content": "x", "options": OPTIONS, "timeout_s": -1}, "timeout_s"),
    ({"op": "react", "chat_id": "1", "message_id": "m", "emoji": ""}, "emoji"),
    ({"op": "react", "chat_id": "1", "message_id": "m", "emoji": "x", "remove": "yes"}, "remove"),
    ({"op": "delete", "chat_id": "1"}, "message_id"),
    ({"op": "draft", "chat_id": "1", "draft_id": "7", "content": "x", "final": False}, "draft_id"),
    ({"op": "draft", "chat_id": "1", "draft_id": 7, "content": "x"}, "final"),
    ({"op": "task_card", "chat_id": "1", "card_id": "c", "chunks": {}}, "chunks"),
    ({"op": "task_card_stop", "chat_id": "1"}, "card_id"),
    ({"op": "thread_create", "chat_id": "1"}, "thread_name"),
    ({"op": "thread_rename", "chat_id": "1", "thread_name": "n"}, "message_id"),
    ({"op": "thread_rename", "chat_id": "1", "message_id": "t", "thread_name": "n", "only_if_connector_created": 1},
     "only_if_connector_created"),
    ({"chat_id": "1", "content": "x"}, "op"),
]


def streaming(platform):
    """Everything on Discord, texts alone on Telegram."""
    return descriptor(platform, supports_draft_streaming=platform == "discord", supported_ops=ALL if platform == "discord" else ["send"])


class Linked(Scenario):
    descriptor_of = staticmethod(streaming)

    async def start(self, *settings):
        connector = await self.connector()
        connector.descriptor_of = self.descriptor_of
        gateway = await self.gateway(connector, PINNED, TWO, QUICK, *settings)
        link = await connector.link(1, 2)
        await gateway.ready()
        return connector, gateway, link, await self.agent(gateway)


class Ops(Linked):
    async def test_every_op_reaches_the_wire_with_all_its_fields(self):
        connector, _, _, agent = await self.start()
        self.assertEqual(sorted(x["op"] for x in ACTIONS), sorted(ALL))
        for action in ACTIONS:
            with self.subTest(op=action["op"]):
                before = len(connector.outbound)
                result = await agent.result(agent.act(action, platform="discord"))
                self.assertIs(result["success"], True, result)
                self.assertEqual(len(connector.outbound), before + 1)
                frame = connector.outbound[-1]
                self.assertEqual((frame["platform"], frame["botId"]), ("discord", "bot-d"))
                metadata = frame["action"].pop("metadata", None)
                self.assertEqual(frame["action"], {k: v for k, v in action.items() if k != "metadata"})
                if "metadata" in action:
                    self.assertEqual((metadata["scope_id"], metadata["note"]), ("mine", {"deep": [1]}))

    async def test_members_of_a_newer_contract_pass(self):
        connector, _, _, agent = await self.start()
        await agent.result(agent.act({"op": "send", "chat_id": "1", "content": "x", "silent": True, "n": 5}, platform="discord"))
        self.assertEqual((connector.outbound[0]["action"]["silent"], connector.outbound[0]["action"]["n"]), (True, 5))

    async def test_a_bad_field_is_named_and_nothing_is_sent(self):
        connector, _, _, agent = await self.start()
        for action, field in BAD:
            with self.subTest(action=action):
                before = len(agent.of("error"))
                number = agent.act(action, platform="discord")
                error = await agent.frame("error", before + 1)
                self.assertEqual(error["request_id"], number)
                self.assertIn(field, error["message"])
        self.assertEqual(connector.outbound, [])
        self.assertIs((await agent.result(agent.say("still here", platform="discord")))["success"], True)

    async def test_gating_goes_by_the_destination_not_by_the_session_default(self):
        connector, _, _, agent = await self.start()
        silent = {"react", "typing", "get_chat_info"}
        for action in ACTIONS:
            if action["op"] in ("send", "prompt"):
                continue
            with self.subTest(op=action["op"]):
                action = {**action, "kind": "telegram.x"} if action["op"] == "follow_up" else action
                result = await agent.result(agent.act(action, platform="telegram"))
                self.assertIs(result["success"], action["op"] in silent, result)
                if action["op"] not in silent:
                    self.assertIn("telegram", result["error"])
        self.assertEqual(connector.outbound, [])


class Outcomes(Linked):
    async def test_f54_egress_declined_is_handed_on_whole_and_goes_out_as_no_other_op(self):
        connector, _, _, agent = await self.start()
        refusal = {"success": False, "code": "egress_declined", "error": "policy 7 forbids", "policy": {"id": 7}}
        connector.result_of = lambda frame: refusal
        for action in ({"op": "draft", "chat_id": "1", "draft_id": 7, "content": "x", "final": False},
                       {"op": "send", "chat_id": "1", "content": "x"},
                       {"op": "prompt", "chat_id": "1", "prompt_kind": "choice", "content": "x", "options": OPTIONS}):
            result = await agent.result(agent.act(action, platform="discord"))
            self.assertLessEqual(refusal.items(), result.items())
        self.assertEqual([x["action"]["op"] for x in connector.outbound], ["draft", "send", "prompt"])

    async def test_f55_ambiguity_wins_over_the_decline_phrase(self):
        connector, _, _, agent = await self.start()
        connector.result_of = lambda frame: {"success": False, "ambiguous": True, "error": "ack lost: egress declined: perhaps"}
        result = await agent.result(agent.say("x", platform="discord"))
        self.assertEqual((result["success"], result["ambiguous"]), (False, True))
        self.assertNotEqual(result.get("code"), "egress_declined")
        await connector.never(lambda: len(connector.outbound) > 1, "a repeat of what nobody knows", 0.5)

    async def test_a_plain_failure_is_definite(self):
        connector, _, _, agent = await self.start()
        connector.result_of = lambda frame: {"success": False, "error": "not there", "limit": 3}
        result = await agent.result(agent.say("x", platform="discord"))
        self.assertEqual((result["success"], result["error"], result["limit"]), (False, "not there", 3))
        self.assertFalse(result.get("ambiguous", False))

    async def test_no_result_in_time_is_ambiguous_and_never_repeated(self):
        connector, _, _, agent = await self.start({"GATEWAY_OUTBOUND_TIMEOUT": "500ms"})
        connector.result_of = lambda frame: None if frame["action"].get("content") == "lost" else connector.success(frame)
        result = await agent.result(agent.say("lost", platform="discord"))
        self.assertIs(result["ambiguous"], True)
        self.assertIs((await agent.result(agent.say("next", platform="discord")))["success"], True)
        self.assertEqual(len(connector.outbound), 2)


class OldConnectors(Linked):
    """No `supported_ops`: the legacy set send, edit, typing, follow_up."""

    @staticmethod
    def descriptor_of(platform):
        found = descriptor(platform)
        found.pop("supported_ops", None)
        return found

    async def test_the_legacy_ops_go_out_and_no_other(self):
        connector, _, _, agent = await self.start()
        legacy, silent = {"send", "edit", "typing", "follow_up"}, {"react", "get_chat_info"}
        for action in ACTIONS:
            if action["op"] == "prompt":
                continue
            if action["op"] == "typing":    # the clear among them is younger than these connectors: below
                action = {k: v for k, v in action.items() if k != "content"}
            with self.subTest(op=action["op"]):
                before = len(connector.outbound)
                result = await agent.result(agent.act(action, platform="discord"))
                self.assertIs(result["success"], action["op"] in legacy | silent, result)
                self.assertEqual(len(connector.outbound) - before, int(action["op"] in legacy))

    async def test_f65_a_clear_that_they_would_take_for_a_status_is_left_out(self):
        connector, _, _, agent = await self.start()
        for text, sent in (({}, 1), ({"content": ""}, 1), ({}, 2)):
            result = await agent.result(agent.act({"op": "typing", "chat_id": "1", **text}, platform="discord"))
            self.assertIs(result["success"], True)
            self.assertEqual(len(connector.sent("typing")), sent)

    async def test_an_empty_list_is_the_legacy_set_too(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, supported_ops=[])
        gateway = await self.gateway(connector, PINNED, TWO)
        await connector.link(1, 2)
        await gateway.ready()
        agent = await self.agent(gateway)
        self.assertIs((await agent.result(agent.act(ACTIONS[1], platform="discord")))["success"], True)
        self.assertIs((await agent.result(agent.act(ACTIONS[8], platform="discord")))["success"], False)

    async def test_a_prompt_becomes_a_numbered_text(self):
        connector, _, link, agent = await self.start()
        result = await agent.result(agent.act(
            {"op": "prompt", "chat_id": "1", "prompt_kind": "choice", "content": "Which?", "options": OPTIONS}, platform="discord"))
        self.assertIs(result["success"], True)
        self.assertEqual(connector.outbound[0]["action"]["op"], "send")
        link.send(inbound("1", chat_id="1"))
        answer = await agent.delivery("1")
        self.assertEqual(answer["event"]["prompt_response"], {**answer["event"]["prompt_response"], "prompt_id": result["prompt_id"], "option_id": "a"})

    async def test_reactions_that_are_asked_for_are_left_out(self):
        connector, _, link, agent = await self.start({"GATEWAY_REACTIONS": "true"})
        link.send(inbound("hi", chat_id="1", message_id="m-1"))
        await agent.result(agent.say("hello", chat_id="1", delivery=await agent.delivery("hi")))
        self.assertEqual([x["action"]["op"] for x in connector.outbound], ["send"])

    async def test_only_guild_id_is_read_as_the_scope_and_both_are_written(self):
        connector, _, link, agent = await self.start()
        link.send(inbound("hi", chat_id="1", guild_id="g-1"))
        got = await agent.delivery("hi")
        await agent.result(agent.say("hello", chat_id="1", delivery=got))
        metadata = connector.outbound[0]["action"]["metadata"]
        self.assertEqual((metadata["scope_id"], metadata["guild_id"]), ("g-1", "g-1"))


class Splitting(Linked):
    @staticmethod
    def descriptor_of(platform):
        return descriptor(platform, max_message_length=41 if platform == "discord" else 53)

    async def test_random_texts_lose_nothing_and_every_piece_fits_in_the_platforms_unit(self):
        connector, _, _, agent = await self.start()
        seed = random.randrange(1 << 32)
        rng = random.Random(seed)
        words = ["a", "word", "longer-word", "🥊", "🥊🥊🥊", "漢字", "é", "x" * 30, "`code`"]
        sizes = {"discord": len, "telegram": lambda text: len(text.encode("utf-16-le")) // 2}
        for platform, limit in (("discord", 41), ("telegram", 53)):
            for _ in range(15):
                # Numbered, so that an order shows; separated by what a split may stand in for.
                text = "".join(f"{n}{rng.choice(words)}" + rng.choice([" ", " ", "\n", "\n\n"]) for n in range(rng.randint(1, 60))).rstrip()
                before = len(connector.outbound)
                result = await agent.result(agent.say(text, platform=platform))
                self.assertIs(result["success"], True)
                pieces = [x["action"]["content"] for x in connector.outbound[before:]]
                why = f"seed {seed}: {text!r} -> {pieces!r}"
                self.assertTrue(all(0 < sizes[platform](x) <= limit for x in pieces), why)
                self.assertEqual("".join("".join(pieces).split()), "".join(text.split()), why)
                self.assertEqual(len(result.get("message_ids", [result["message_id"]])), len(pieces), why)

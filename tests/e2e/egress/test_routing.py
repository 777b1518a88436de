"""Section 6: tags and tenant discriminators of what goes out, limits and splitting per platform."""
import asyncio
import base64
import json
import re

from harness.events import descriptor, event, inbound, source
from harness.scenario import ECHO, PINNED, TWO, Scenario


def units(text):
    return len(text.encode("utf-16-le")) // 2


class Replies(Scenario):
    async def echoed(self, link, connector, text, **where):
        link.send(inbound(text, **where))
        return await connector.reply(text)

    async def test_reply_carries_platform_bot_chat_and_content(self):
        connector, _, link = await self.connected(ECHO)
        for platform, bot in (("discord", "bot-d"), ("telegram", "bot-t")):
            found = await self.echoed(link, connector, f"on {platform}", platform=platform, chat_id=f"c-{platform}")
            self.assertEqual((found["platform"], found["botId"]), (platform, bot))
            self.assertEqual(found["action"]["op"], "send")
            self.assertEqual(found["action"]["chat_id"], f"c-{platform}")
            self.assertTrue(found["requestId"])

    async def test_request_ids_are_never_used_twice(self):
        connector, _, link = await self.connected(ECHO)
        link.send(*(inbound(f"t{n}", chat_id=str(n % 5)) for n in range(40)))
        sent = await connector.actions(40)
        self.assertEqual(len({x["requestId"] for x in sent}), 40)

    async def test_f40_same_chat_id_on_two_platforms(self):
        connector, _, link = await self.connected(ECHO)
        link.send(inbound("d1", platform="discord", chat_id="42", scope_id="guild"),
                  inbound("t1", platform="telegram", chat_id="42", chat_type="dm", user_id="777"),
                  inbound("d2", platform="discord", chat_id="42", scope_id="guild"),
                  inbound("t2", platform="telegram", chat_id="42", chat_type="dm", user_id="777"))
        await connector.actions(4)
        tags = {x["action"]["content"]: (x["platform"], x["botId"], x["action"]["metadata"].get("scope_id"))
                for x in connector.sent()}
        self.assertEqual(tags, {"d1": ("discord", "bot-d", "guild"), "d2": ("discord", "bot-d", "guild"),
                                "t1": ("telegram", "bot-t", None), "t2": ("telegram", "bot-t", None)})

    async def test_f35_dm_reply_carries_the_user(self):
        connector, _, link = await self.connected(ECHO)
        found = await self.echoed(link, connector, "dm", platform="telegram", chat_id="9", chat_type="dm", user_id="777")
        self.assertEqual(found["action"]["metadata"]["user_id"], "777")
        self.assertNotIn("scope_id", found["action"]["metadata"])
        self.assertNotIn("guild_id", found["action"]["metadata"])

    async def test_f36_guild_reply_carries_scope_twice_and_author(self):
        connector, _, link = await self.connected(ECHO)
        found = await self.echoed(link, connector, "guild", chat_id="9", scope_id="g-1", user_id="u-9")
        metadata = found["action"]["metadata"]
        self.assertEqual((metadata["scope_id"], metadata["guild_id"], metadata["user_id"]), ("g-1", "g-1", "u-9"))

    async def test_event_with_only_the_older_guild_id(self):
        connector, _, link = await self.connected(ECHO)
        found = await self.echoed(link, connector, "older", chat_id="9", guild_id="g-old", user_id="u")
        self.assertEqual(found["action"]["metadata"]["scope_id"], "g-old")
        self.assertEqual(found["action"]["metadata"]["guild_id"], "g-old")

    async def test_scope_id_wins_over_guild_id(self):
        connector, _, link = await self.connected(ECHO)
        found = await self.echoed(link, connector, "both", chat_id="9", guild_id="g-old", scope_id="g-new")
        self.assertEqual(found["action"]["metadata"]["scope_id"], "g-new")
        self.assertEqual(found["action"]["metadata"]["guild_id"], "g-new")

    async def test_profile_travels_with_the_reply(self):
        connector, _, link = await self.connected(ECHO)
        found = await self.echoed(link, connector, "as coder", chat_id="9", profile="coder")
        self.assertEqual(found["action"]["metadata"]["profile"], "coder")

    async def test_f41_each_reply_carries_the_author_of_its_own_event(self):
        connector, _, link = await self.connected(ECHO)
        link.send(*(inbound(f"by {n}", chat_id="g", scope_id="s", user_id=f"u-{n}") for n in range(10)))
        sent = await connector.actions(10)
        self.assertEqual({x["action"]["content"]: x["action"]["metadata"]["user_id"] for x in sent},
                         {f"by {n}": f"u-{n}" for n in range(10)})

    async def test_generic_identity_emits_untagged_frames(self):
        connector, _, link = await self.connected(ECHO, GATEWAY_RELAY_PLATFORMS=None)
        link.send({"type": "inbound", "event": {"text": "plain", "source": {"chat_id": "1", "chat_type": "dm", "user_id": "u"}}})
        found = await connector.reply("plain")
        self.assertNotIn("platform", found)
        self.assertNotIn("botId", found)
        self.assertEqual(found["action"]["metadata"]["user_id"], "u")

    async def test_generic_identity_with_platform_relay_in_the_event(self):
        connector, _, link = await self.connected(ECHO, GATEWAY_RELAY_PLATFORMS=None)
        found = await self.echoed(link, connector, "plain", platform="relay", chat_id="1")
        self.assertNotIn("platform", found)

    async def test_generic_identity_behind_which_a_platform_shows(self):
        connector, _, link = await self.connected(ECHO, GATEWAY_RELAY_PLATFORMS=None)
        found = await self.echoed(link, connector, "tagged", platform="discord", chat_id="1")
        self.assertEqual(found["platform"], "discord")
        self.assertNotIn("botId", found)

    async def test_event_without_platform_on_a_gateway_of_two_is_answered_untagged(self):
        connector, _, link = await self.connected(ECHO)
        found = await self.echoed(link, connector, "no platform", origin={"chat_id": "5", "chat_type": "dm", "user_id": "u"})
        self.assertNotIn("platform", found)
        self.assertNotIn("botId", found)
        self.assertEqual(found["action"]["metadata"]["user_id"], "u")

    async def test_bot_id_is_absent_when_empty(self):
        connector, _, link = await self.connected(ECHO, GATEWAY_RELAY_BOT_IDS="{}")
        found = await self.echoed(link, connector, "no bot", platform="discord")
        self.assertEqual(found["platform"], "discord")
        self.assertNotIn("botId", found)

    async def test_empty_scope_and_user_are_not_attached(self):
        connector, _, link = await self.connected(ECHO)
        found = await self.echoed(link, connector, "bare", origin={"platform": "discord", "chat_id": "5"})
        metadata = found["action"].get("metadata") or {}
        self.assertEqual([k for k in ("scope_id", "guild_id", "user_id", "profile") if k in metadata], [])

    async def test_f27_interaction_reply_goes_to_the_logical_platform(self):
        connector, _, link = await self.connected(ECHO)
        body = {"type": 2, "id": "int-1", "channel_id": "77", "guild_id": "g-7", "data": {"name": "ask"},
                "member": {"user": {"id": "u-7", "username": "ana"}}}
        link.send({"type": "passthrough_forward", "bufferId": "p1", "forward": {
            "platform": "discord", "botId": "bot-d", "method": "POST", "path": "/i", "headers": [["a", "b"]],
            "bodyB64": base64.b64encode(json.dumps(body).encode()).decode()}})
        found = await connector.reply("/ask")
        self.assertEqual((found["platform"], found["botId"], found["action"]["chat_id"]), ("discord", "bot-d", "77"))
        metadata = found["action"]["metadata"]
        self.assertEqual((metadata["scope_id"], metadata["guild_id"], metadata["user_id"]), ("g-7", "g-7", "u-7"))

    async def test_order_within_a_chat_and_no_wait_between_chats(self):
        connector, _, link = await self.connected(ECHO)
        hold = asyncio.Event()

        async def later():
            await hold.wait()
            return {"success": True, "message_id": "late"}
        connector.result_of = lambda frame: later() if frame["action"]["chat_id"] == "slow" else connector.success(frame)
        link.send(*(inbound(f"slow {n}", chat_id="slow") for n in range(5)),
                  *(inbound(f"fast {n}", chat_id="fast") for n in range(20)))
        await connector.until(lambda: len([x for x in connector.sent() if x["action"]["chat_id"] == "fast"]) == 20, "20 fast ones")
        self.assertEqual([x["action"]["content"] for x in connector.sent() if x["action"]["chat_id"] == "slow"], ["slow 0"])
        hold.set()
        await connector.actions(25)
        for chat, count in (("slow", 5), ("fast", 20)):
            self.assertEqual([x["action"]["content"] for x in connector.sent() if x["action"]["chat_id"] == chat],
                             [f"{chat} {n}" for n in range(count)])


class FromAnAgent(Scenario):
    async def start(self, **settings):
        connector, gateway, link = await self.connected(**settings)
        agent = await self.agent(gateway)
        return connector, gateway, link, agent

    async def test_platform_named_by_the_agent(self):
        connector, _, _, agent = await self.start()
        agent.say("hi", chat_id="never-seen", platform="telegram")
        found = await connector.reply("hi")
        self.assertEqual((found["platform"], found["botId"]), ("telegram", "bot-t"))
        metadata = found["action"].get("metadata") or {}
        self.assertEqual([k for k in ("scope_id", "guild_id", "user_id", "profile") if k in metadata], [])

    async def test_f74_chat_never_seen_goes_untagged(self):
        connector, gateway, _, agent = await self.start()
        agent.say("anyone", chat_id="unknown")
        found = await connector.reply("anyone")
        self.assertNotIn("platform", found)
        self.assertNotIn("botId", found)
        counted = await gateway.metrics()
        self.assertEqual(sum(v for k, v in counted.items() if "untagged" in k), 1)

    async def test_unprompted_action_takes_the_chats_last_route(self):
        connector, _, link, agent = await self.start()
        link.send(inbound("seen", platform="telegram", chat_id="55", chat_type="dm", user_id="777"))
        await agent.delivery("seen")
        agent.say("later", chat_id="55")
        found = await connector.reply("later")
        self.assertEqual((found["platform"], found["botId"]), ("telegram", "bot-t"))
        self.assertEqual(found["action"]["metadata"]["user_id"], "777")

    async def test_f41_delivery_id_binds_the_discriminators_to_the_event(self):
        connector, _, link, agent = await self.start()
        link.send(inbound("one", chat_id="g", scope_id="s", user_id="first"),
                  inbound("two", chat_id="g", scope_id="s", user_id="second"))
        first = await agent.delivery("one")
        await agent.delivery("two")
        agent.say("answer one", chat_id="g", delivery=first)
        agent.say("unprompted", chat_id="g", platform="discord")
        self.assertEqual((await connector.reply("answer one"))["action"]["metadata"]["user_id"], "first")
        self.assertEqual((await connector.reply("unprompted"))["action"]["metadata"]["user_id"], "second")

    async def test_f40_delivery_id_decides_between_platforms_with_the_same_chat_id(self):
        connector, _, link, agent = await self.start()
        link.send(inbound("d", platform="discord", chat_id="42", user_id="ud"),
                  inbound("t", platform="telegram", chat_id="42", user_id="ut"))
        discord, telegram = await agent.delivery("d"), await agent.delivery("t")
        agent.say("to d", chat_id="42", delivery=discord)
        agent.say("to t", chat_id="42", delivery=telegram)
        self.assertEqual((await connector.reply("to d"))["platform"], "discord")
        self.assertEqual((await connector.reply("to t"))["action"]["metadata"]["user_id"], "ut")

    async def test_metadata_of_the_agent_wins(self):
        connector, _, link, agent = await self.start()
        link.send(inbound("x", chat_id="g", scope_id="s", user_id="u"))
        delivery = await agent.delivery("x")
        agent.act({"op": "send", "chat_id": "g", "content": "own", "metadata": {"user_id": "mine", "extra": [1, {"a": None}]}},
                  delivery=delivery)
        metadata = (await connector.reply("own"))["action"]["metadata"]
        self.assertEqual((metadata["user_id"], metadata["scope_id"], metadata["guild_id"]), ("mine", "s", "s"))
        self.assertEqual(metadata["extra"], [1, {"a": None}])

    async def test_f39_platform_that_is_not_fronted_is_a_structured_failure(self):
        connector, _, _, agent = await self.start()
        number = agent.say("nobody", platform="matrix")
        result = await agent.result(number)
        self.assertIs(result["success"], False)
        self.assertTrue(result["error"])
        self.assertFalse(result.get("ambiguous", False))
        self.assertEqual(connector.sent(), [])

    async def test_f37_thread_rename_takes_the_parent_chats_discriminators(self):
        connector, _, link, agent = await self.start()
        link.send(inbound("x", chat_id="parent", scope_id="s", user_id="u"))
        await agent.delivery("x")
        agent.act({"op": "thread_rename", "chat_id": "parent", "message_id": "thread-1", "thread_name": "new"})
        (found,) = await connector.actions(1, "thread_rename")
        self.assertEqual(found["platform"], "discord")
        self.assertEqual((found["action"]["metadata"]["scope_id"], found["action"]["metadata"]["user_id"]), ("s", "u"))

    async def test_follow_up_is_tagged_by_the_prefix_of_its_kind(self):
        connector, _, _, agent = await self.start()
        agent.act({"op": "follow_up", "session_key": "agent:main:discord:dm:5", "kind": "discord.interaction_token", "content": "f"})
        (found,) = await connector.actions(1, "follow_up")
        self.assertEqual((found["platform"], found["botId"]), ("discord", "bot-d"))
        self.assertEqual(found["action"]["session_key"], "agent:main:discord:dm:5")

    async def test_f38_limits_of_each_platform(self):
        connector, _, link, agent = await self.start()
        link.send(inbound("d", chat_id="1"), inbound("t", platform="telegram", chat_id="2"))
        discord, telegram = await agent.delivery("d"), await agent.delivery("t")
        text = " ".join(f"word{n}" for n in range(430))         # about 3,300 characters
        number = agent.say(text, chat_id="1", delivery=discord)
        result = await agent.result(number)
        pieces = [x["action"] for x in connector.sent()]
        self.assertEqual(len(pieces), 2)
        self.assertTrue(all(len(x["content"]) <= 2000 for x in pieces))
        self.assertEqual(" ".join(x["content"].strip() for x in pieces), text)
        self.assertTrue(result["success"])
        self.assertEqual(result["message_ids"], ["sent-1", "sent-2"])
        self.assertEqual(result["message_id"], "sent-2")
        agent.say(text, chat_id="2", delivery=telegram)
        await connector.actions(3)
        self.assertEqual(connector.sent()[2]["action"]["content"], text)
        self.assertEqual(connector.sent()[2]["platform"], "telegram")

    async def test_pieces_only_the_first_replies(self):
        connector, _, _, agent = await self.start()
        number = agent.act({"op": "send", "chat_id": "1", "content": "line of text\n" * 400, "reply_to": "m-1"}, platform="discord")
        await agent.result(number)
        self.assertGreaterEqual(len(connector.sent()), 3)
        self.assertEqual([x["action"].get("reply_to") for x in connector.sent()], ["m-1"] + [None] * (len(connector.sent()) - 1))
        self.assertTrue(all(x["platform"] == "discord" and x["botId"] == "bot-d" for x in connector.sent()))

    async def test_utf16_units_never_inside_a_surrogate_pair(self):
        connector, _, _, agent = await self.start()
        text = "🥊" * 5000
        number = agent.say(text, chat_id="1", platform="telegram")
        await agent.result(number)
        pieces = [x["action"]["content"] for x in connector.sent()]
        self.assertEqual("".join(pieces), text)
        self.assertTrue(all(units(x) <= 4096 for x in pieces), [units(x) for x in pieces])
        self.assertEqual(len(pieces), 3)

    async def test_chars_count_code_points(self):
        connector, _, _, agent = await self.start()
        number = agent.say("🥊" * 2000, chat_id="1", platform="discord")
        await agent.result(number)
        self.assertEqual(len(connector.sent()), 1)
        number = agent.say("ß" * 2001, chat_id="1", platform="discord")
        await agent.result(number)
        self.assertEqual(len(connector.sent()), 3)

    async def test_code_fence_is_closed_and_reopened(self):
        connector, _, _, agent = await self.start()
        code = "\n".join(f"x{n} = {n}" for n in range(500))
        number = agent.say(f"Look:\n```python\n{code}\n```\ndone", chat_id="1", platform="discord")
        await agent.result(number)
        pieces = [x["action"]["content"] for x in connector.sent()]
        self.assertGreater(len(pieces), 2)
        for piece in pieces:
            self.assertLessEqual(len(piece), 2000)
            self.assertEqual(len(re.findall(r"^```", piece, re.M)) % 2, 0, piece[:60] + "..." + piece[-60:])
        lines = [x for piece in pieces for x in piece.splitlines() if re.match(r"x\d+ = ", x)]
        self.assertEqual(lines, code.split("\n"))

    async def test_unsplittable_word_is_cut_anyway(self):
        connector, _, _, agent = await self.start()
        number = agent.say("x" * 4100, chat_id="1", platform="discord")
        await agent.result(number)
        self.assertEqual("".join(x["action"]["content"] for x in connector.sent()), "x" * 4100)

    async def test_descriptor_without_a_usable_limit_means_4096_code_points(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, max_message_length=0 if platform == "discord" else "many",
                                                              len_unit="furlongs")
        gateway = await self.gateway(connector, PINNED, TWO)
        await connector.link(1, 2)
        await gateway.ready()
        agent = await self.agent(gateway)
        for platform in ("discord", "telegram"):
            before = len(connector.sent())
            await agent.result(agent.say("🥊" * 4096, platform=platform))
            self.assertEqual(len(connector.sent()) - before, 1)
            await agent.result(agent.say("🥊" * 4097, platform=platform))
            self.assertEqual(len(connector.sent()) - before, 3)

    async def test_piece_that_fails_stops_the_rest(self):
        connector, _, _, agent = await self.start()
        connector.result_of = lambda frame: ({"success": False, "error": "no"} if len(connector.sent()) == 2
                                             else connector.success(frame))
        number = agent.say("word " * 1200, chat_id="1", platform="discord")
        result = await agent.result(number)
        self.assertIs(result["success"], False)
        self.assertEqual(len(connector.sent()), 2)

    async def test_unsupported_op_is_never_sent(self):
        connector, _, _, agent = await self.start()
        number = agent.act({"op": "delete", "chat_id": "1", "message_id": "m"}, platform="telegram")
        result = await agent.result(number)
        self.assertIs(result["success"], False)
        self.assertIn("unsupported", (result.get("error", "") + result.get("code", "")).lower())
        self.assertEqual(connector.outbound, [])

    async def test_prompt_without_buttons_becomes_a_numbered_text_and_a_number_answers_it(self):
        connector, gateway, link, agent = await self.start()
        number = agent.act({"op": "prompt", "chat_id": "1", "prompt_kind": "choice", "prompt_id": "n.00000001", "content": "Which?",
                            "options": [{"id": "a", "label": "Apple"}, {"id": "b", "label": "Banana"}]}, platform="telegram")
        self.assertIs((await agent.result(number))["success"], True)
        sent = connector.outbound[0]["action"]
        self.assertEqual(sent["op"], "send")
        for part in ("Which?", "1. Apple", "2. Banana"):
            self.assertIn(part, sent["content"])
        link.send(inbound("2", chat_id="1", platform="telegram"))
        delivery = await agent.delivery("2")
        self.assertEqual(delivery["event"]["prompt_response"]["option_id"], "b")

    async def test_unsupported_react_succeeds_silently(self):
        connector, _, _, agent = await self.start()
        number = agent.act({"op": "react", "chat_id": "1", "message_id": "m", "emoji": "👀"}, platform="telegram")
        self.assertIs((await agent.result(number))["success"], True)
        self.assertEqual(connector.outbound, [])

    async def test_unsupported_typing_succeeds_silently(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, supported_ops=["send"])
        gateway = await self.gateway(connector, {"GATEWAY_RELAY_PLATFORMS": "discord"})
        await connector.link(1)
        agent = await self.agent(gateway)
        number = agent.act({"op": "typing", "chat_id": "1"}, platform="discord")
        self.assertIs((await agent.result(number))["success"], True)
        self.assertEqual(connector.outbound, [])

    async def test_ops_pass_with_their_fields(self):
        connector, _, _, agent = await self.start()
        actions = [{"op": "edit", "chat_id": "1", "message_id": "m", "content": "e"},
                   {"op": "react", "chat_id": "1", "message_id": "m", "emoji": "👀", "remove": True},
                   {"op": "delete", "chat_id": "1", "message_id": "m"},
                   {"op": "thread_create", "chat_id": "1", "thread_name": "t", "message_id": "m"},
                   {"op": "get_chat_info", "chat_id": "1"}]
        for action in actions:
            number = agent.act(action, platform="discord")
            self.assertTrue((await agent.result(number))["success"])
            self.assertLessEqual(action.items(), {**connector.outbound[-1]["action"]}.items())

    async def test_result_of_the_connector_comes_whole(self):
        connector, _, _, agent = await self.start()
        connector.result_of = lambda frame: {"success": True, "chat_info": {"name": "general", "type": "channel"}, "new": [1]}
        result = await agent.result(agent.act({"op": "get_chat_info", "chat_id": "1"}, platform="discord"))
        self.assertEqual(result["chat_info"], {"name": "general", "type": "channel"})

    async def test_f54_decline_is_final_and_verbatim(self):
        connector, _, _, agent = await self.start()
        connector.result_of = lambda frame: {"success": False, "error": "Egress Declined: tenant says no"}
        result = await agent.result(agent.say("x", platform="discord"))
        self.assertIs(result["success"], False)
        self.assertEqual(result["error"], "Egress Declined: tenant says no")
        await connector.never(lambda: len(connector.outbound) > 1, "a retry of what was declined", 0.7)

    async def test_op_unknown_to_the_contract_is_a_result_or_an_error(self):
        connector, _, _, agent = await self.start()
        number = agent.act({"op": "launch_rocket", "chat_id": "1"}, platform="discord")
        await agent.until(lambda: agent.results(number) or agent.of("error"), "an answer")
        self.assertEqual(connector.outbound, [])


class Content(Scenario):
    async def test_echo_returns_the_text_unchanged(self):
        connector, _, link = await self.connected(ECHO)
        for text in ("  leading and trailing  ", "tab\tand\nlines\n", "quote \" back \\ slash /", "\u2028 \u0001 \u007f", "🥊é漢字",
                     "</script>", "%s {} $x"):
            link.send({"type": "inbound", "event": event(text, origin=source(chat_id="1"))})
            await connector.reply(text)


class Overflow(Scenario):
    """What is longer than its platform takes, whatever the op."""
    async def start(self, ops, **more):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, max_message_length=100, supported_ops=ops, **more)
        gateway = await self.gateway(connector, PINNED, {"GATEWAY_RELAY_PLATFORMS": "slack,discord"})
        link = await connector.link(1, 2)
        await gateway.ready()
        return connector, gateway, link, await self.agent(gateway)

    @staticmethod
    def text(words):
        return " ".join(f"word{n:03}" for n in range(words))

    async def act(self, connector, agent, action, platform="discord"):
        """The frames of an action, and its result."""
        before = len(connector.outbound)
        result = await agent.result(agent.act({"chat_id": "1", **action}, platform=platform))
        frames = [x["action"] for x in connector.outbound[before:]]
        self.assertTrue(all(len(x.get("content", "")) <= 100 for x in frames), [len(x.get("content", "")) for x in frames])
        return frames, result

    def whole(self, frames, words):
        self.assertEqual(" ".join(x["content"] for x in frames), self.text(words))

    async def test_a_long_follow_up_is_split_like_a_send(self):
        connector, _, _, agent = await self.start(["send", "follow_up"])
        number = agent.act({"op": "follow_up", "session_key": "agent:main:discord:dm:1", "kind": "discord.x", "content": self.text(30)})
        result = await agent.result(number)
        frames = [x["action"] for x in connector.outbound]
        self.assertEqual({x["op"] for x in frames}, {"follow_up"})
        self.whole(frames, 30)
        self.assertEqual(result["message_ids"], [f"sent-{n + 1}" for n in range(len(frames))])

    async def test_an_edit_that_grows_goes_on_in_messages_that_its_next_one_edits(self):
        connector, _, _, agent = await self.start(["send", "edit", "delete"])
        screen = {}

        def answer(frame):
            x = frame["action"]
            result = connector.success(frame)
            if x["op"] == "delete":
                screen.pop(x["message_id"])
            else:
                screen[x["message_id"] if x["op"] == "edit" else result["message_id"]] = x["content"]
            return result
        connector.result_of = answer
        _, first = await self.act(connector, agent, {"op": "send", "content": "..."})
        made = first["message_id"]
        for words in (5, 20, 33, 40, 60):
            _, result = await self.act(connector, agent, {"op": "edit", "message_id": made, "content": self.text(words)})
            self.assertIs(result["success"], True)
            self.assertEqual(" ".join(screen.values()), self.text(words), "what is on the screen")
        self.assertEqual(result["message_ids"], list(screen))
        await self.act(connector, agent, {"op": "edit", "message_id": made, "content": "done"})
        self.assertEqual(screen, {made: "done"})

    async def test_the_overflow_of_a_prompt_stands_before_it(self):
        connector, _, _, agent = await self.start(["send", "prompt"])
        frames, result = await self.act(connector, agent, {"op": "prompt", "prompt_kind": "choice", "content": self.text(30), "reply_to": "m-0",
                                                           "options": [{"id": "a", "label": "A"}], "metadata": {"k": 1}})
        self.assertEqual([x["op"] for x in frames], ["send"] * (len(frames) - 1) + ["prompt"])
        self.whole(frames, 30)
        self.assertEqual([x.get("reply_to") for x in frames], ["m-0"] + [None] * (len(frames) - 1))
        self.assertTrue(all(x["metadata"]["k"] == 1 and ("options" in x) == (x["op"] == "prompt") for x in frames))
        self.assertEqual((len(result["message_ids"]), result["message_id"]), (len(frames), result["message_ids"][-1]))

    async def test_the_overflow_of_a_caption_stands_behind_it(self):
        connector, _, _, agent = await self.start(["send", "send_media"])
        frames, result = await self.act(connector, agent, {"op": "send_media", "media_kind": "image", "source_url": "https://m.example/a.png",
                                                           "content": self.text(30)})
        self.assertEqual([x["op"] for x in frames], ["send_media"] + ["send"] * (len(frames) - 1))
        self.whole(frames, 30)
        self.assertFalse(any("source_url" in x for x in frames[1:]))
        self.assertEqual(len(result["message_ids"]), len(frames))

    async def test_a_draft_shows_what_fits_and_its_seal_carries_on(self):
        connector, _, _, agent = await self.start(["send", "draft"], supports_draft_streaming=True)
        draft = {"op": "draft", "draft_id": 7, "content": self.text(30), "final": False}
        frames, _ = await self.act(connector, agent, draft, "slack")
        self.assertEqual([x["op"] for x in frames], ["draft"])
        frames, result = await self.act(connector, agent, {**draft, "final": True}, "slack")
        self.assertEqual([x["op"] for x in frames], ["draft"] + ["send"] * (len(frames) - 1))
        self.whole(frames, 30)
        self.assertEqual(len(result["message_ids"]), len(frames))

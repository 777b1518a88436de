"""What leaves is whole, or it is told: limits at every place, text that is no text, waits, odd characters."""
import json

from harness.events import descriptor, inbound
from harness.scenario import PINNED, QUICK, TWO, Scenario

LIMIT = 50
ALL = ["send", "edit", "typing", "follow_up", "react", "delete", "get_chat_info", "send_media", "prompt", "draft"]


def units(text):
    return len(text.encode("utf-16-le")) // 2


class Small(Scenario):
    """Two platforms with room for 50: characters, and UTF-16 units in a markdown dialect."""

    async def start(self, *settings, **changes):
        self.peer = await self.connector()
        self.peer.descriptor_of = lambda platform: descriptor(platform, **{
            "max_message_length": LIMIT, "supported_ops": ALL, "supports_draft_streaming": True, **changes})
        gateway = await self.gateway(self.peer, PINNED, TWO, QUICK, *settings)
        link = await self.peer.link(1, 2)
        await gateway.ready()
        return gateway, link, await self.agent(gateway)

    def texts(self):
        return [x["action"]["content"] for x in self.peer.outbound if x["action"].get("content")]

    def fits(self, platform):
        size = units if platform == "telegram" else len
        for text in self.texts():
            self.assertLessEqual(size(text), LIMIT, text)
            self.assertTrue(text.strip(), "blank")


class Limits(Small):
    TEXTS = [" " * 200 + "x", "x" + " " * 200, "x" + "\n" * 200 + "y", "```\n" + " " * 200 + "\n```", "```\n" + "\n" * 120 + "x\n```",
             "a" * 49 + "  " + "b" * 49, "a" * 50 + "\n" * 60, "\u3000" * 90 + "x", "\U0001F600" * 80, "e\u0301" * 60, "`" + "c" * 120 + "`",
             "**" + "bold " * 30 + "**", "[" + "t" * 30 + "](https://e.example/" + "u" * 30 + ")", "\\_" * 60, "```py\n" + "x = 1\n" * 30 + "```\nafter",
             "x\u200b" * 60, "\u2028" * 60 + "x", "> " * 60, "x" * 50 + " ", " " + "x" * 50, "\t" * 51 + "x" * 10]

    async def every_text(self, platform):
        gateway, link, agent = await self.start(len_unit="utf16" if platform == "telegram" else "chars", markdown_dialect="markdown_v2")
        for text in self.TEXTS:
            for action in ({"op": "send"}, {"op": "edit", "message_id": "m-1"},
                           {"op": "prompt", "prompt_kind": "choice", "options": [{"id": "a", "label": "A"}]},
                           {"op": "send_media", "media_kind": "image", "source_url": "https://pictures.example/a.png"}):
                self.peer.outbound.clear()
                result = await agent.result(agent.act({**action, "chat_id": "1", "content": text}, platform=platform))
                self.assertTrue(result["success"], (action["op"], text, result))
                with self.subTest(f"{action['op']} {text!r}"):
                    self.fits(platform)
                    kept = "".join(self.texts())
                    for character in set("xytbcu=1\u0301\U0001F600") & set(text):
                        self.assertGreaterEqual(kept.count(character), text.count(character), character)

    async def test_on_discord(self):
        await self.every_text("discord")

    async def test_on_telegram(self):
        await self.every_text("telegram")

    async def test_a_follow_up_too(self):
        gateway, link, agent = await self.start()
        for text in self.TEXTS:
            self.peer.outbound.clear()
            result = await agent.result(agent.act({"op": "follow_up", "session_key": "agent:main:discord:dm:1", "kind": "discord.ephemeral",
                                                   "content": text}))
            self.assertTrue(result["success"], (text, result))
            self.fits("discord")

    async def test_blank_texts_are_refused_wherever_they_are(self):
        gateway, link, agent = await self.start()
        for text in ("", " ", "\n\t ", "\u3000\u2003", "\u2028", "\u200b"[:0] + "\u00a0"):
            for action in ({"op": "send", "chat_id": "1"}, {"op": "edit", "chat_id": "1", "message_id": "m"},
                           {"op": "follow_up", "session_key": "agent:main:discord:dm:1", "kind": "discord.ephemeral"},
                           {"op": "prompt", "chat_id": "1", "prompt_kind": "choice", "options": [{"id": "a", "label": "A"}]}):
                number = agent.act({**action, "content": text}, platform="discord")
                await agent.until(lambda: agent.results(number) or [x for x in agent.of("error") if x.get("request_id") == number], "an answer")
                self.assertFalse(any(x["success"] for x in agent.results(number)), (action["op"], text))
            answer = await gateway.get("/v1/actions", method="POST", body={"platform": "discord", "action": {
                "op": "send", "chat_id": "1", "content": text}})
            self.assertEqual(answer.status, 400, text)
        self.assertEqual(self.texts(), [])

    async def test_an_edit_that_shrinks_and_grows_leaves_nothing_behind(self):
        gateway, link, agent = await self.start()
        shown = {}

        def show(frame):
            act = frame["action"]
            if act["op"] == "send":
                self.peer._messages += 1
                shown[f"s-{self.peer._messages}"] = act["content"]
                return {"success": True, "message_id": f"s-{self.peer._messages}"}
            if act["op"] == "edit":
                shown[act["message_id"]] = act["content"]
            if act["op"] == "delete":
                shown.pop(act["message_id"], None)
            return {"success": True}
        self.peer.result_of = show
        first = (await agent.result(agent.act({"op": "send", "chat_id": "1", "content": "begin"}, platform="discord")))["message_id"]
        for size in (10, 200, 40, 120, 60, 500, 5, 5, 90):
            text = " ".join(f"w{n}" for n in range(size // 3 + 1))
            result = await agent.result(agent.act({"op": "edit", "chat_id": "1", "message_id": first, "content": text}, platform="discord"))
            self.assertTrue(result["success"], result)
            self.assertEqual(" ".join(shown.values()).split(), text.split())
            if len(shown) > 1:
                self.assertEqual(result["message_ids"], list(shown))
        self.assertTrue((await agent.result(agent.act({"op": "delete", "chat_id": "1", "message_id": first}, platform="discord")))["success"])
        self.assertEqual(shown, {}, "with its continuations")


class Waits(Small):
    async def test_a_wait_in_the_middle_goes_on_with_the_very_piece(self):
        gateway, link, agent = await self.start()
        refused = []

        def busy(frame):
            if len(self.peer.outbound) in (2, 4) and len(refused) < 2:
                refused.append(frame["action"]["content"])
                return {"success": False, "error": "slow down", "retry_after": 0.3 if len(refused) == 1 else 1}
            return self.peer.success(frame)
        self.peer.result_of = busy
        text = " ".join(f"w{n}" for n in range(60))
        result = await agent.result(agent.act({"op": "send", "chat_id": "1", "content": text}, platform="discord"))
        self.assertTrue(result["success"], result)
        self.assertEqual(len(refused), 2)
        sent = [x["action"]["content"] for x in self.peer.outbound]
        for piece in refused:
            self.assertEqual(sent.count(piece), 2)
            sent.remove(piece)
        self.assertEqual(" ".join(sent).split(), text.split())

    async def test_forms_of_a_wait(self):
        gateway, link, agent = await self.start()
        for value in (0.1, "1", 1.0, 0, -5, None, "soon", True, 1e300, [1], 7200):
            first = []

            def busy(frame):
                first.append(1)
                return {"success": False, "error": "slow", "retry_after": value} if len(first) == 1 else self.peer.success(frame)
            self.peer.result_of = busy
            number = agent.act({"op": "send", "chat_id": "1", "content": f"{value}"}, platform="discord")
            result = await agent.result(number)
            if value in (0.1, 1.0) and value is not True:
                self.assertTrue(result["success"], (value, result))
            self.assertEqual(result["success"], len(first) == 2, (value, result))

    async def test_other_chats_do_not_wait(self):
        gateway, link, agent = await self.start()
        self.peer.result_of = lambda frame: ({"success": False, "error": "slow", "retry_after": 60} if frame["action"]["chat_id"] == "1"
                                             else self.peer.success(frame))
        agent.say("waits", chat_id="1", platform="discord")
        await self.peer.actions(1)
        self.assertTrue((await agent.result(agent.say("goes", chat_id="2", platform="discord")))["success"])


    async def test_edits_go_slower_and_their_last_state_is_not_lost(self):
        gateway, link, agent = await self.start(max_message_length=2000)
        first = (await agent.result(agent.say("begin", chat_id="1", platform="discord")))["message_id"]
        seen, shown = [0], []

        def busy(frame):
            seen[0] += 1
            if seen[0] % 2:
                return {"success": False, "error": "slow down", "retry_after": 0.3}
            shown.append(frame["action"]["content"])
            return self.peer.success(frame)
        self.peer.result_of = busy
        edits = [agent.act({"op": "edit", "chat_id": "1", "message_id": first, "content": f"state {n}"}, platform="discord") for n in range(50)]
        final = agent.say("the end", chat_id="1", platform="discord")
        for number in (*edits, final):
            self.assertTrue((await agent.result(number))["success"])
        self.assertEqual(shown[-2:], ["state 49", "the end"])
        self.assertLess(len(shown), 10)

    async def test_the_seal_of_a_draft_waits_and_is_said(self):
        gateway, link, agent = await self.start(max_message_length=2000)
        for platform in ("discord", "telegram"):
            answers = [{"success": False, "error": "slow", "retry_after": 0.3}] * 2
            self.peer.result_of = lambda frame: answers.pop() if answers and frame["action"].get("content") == "whole" else self.peer.success(frame)
            link.send(inbound(f"go {platform}", platform=platform, chat_id=platform))
            delivery = await agent.delivery(f"go {platform}")
            for content, final in (("wh", False), ("whole", True)):
                number = agent.act({"op": "draft", "chat_id": platform, "draft_id": 3, "content": content, "final": final}, delivery=delivery)
            self.assertTrue((await agent.result(number))["success"])
            self.assertEqual([x["action"]["op"] for x in self.peer.outbound if x["action"]["chat_id"] == platform
                              and x["action"].get("content") == "whole"], ["send"] * 3)

    async def test_a_wait_outlives_the_connection(self):
        gateway, link, agent = await self.start(max_message_length=2000)
        answers = [{"success": False, "error": "slow", "retry_after": 1}]
        self.peer.result_of = lambda frame: answers.pop() if answers else self.peer.success(frame)
        number = agent.say("patient", chat_id="1", platform="discord")
        await self.peer.actions(1)
        link.reset()
        self.assertTrue((await agent.result(number))["success"])
        self.assertEqual(len(self.peer.sent()), 2)

class Odd(Small):
    HALF = '"half \\ud83d of it \\udc00 and \\u0000 nul"'
    WHOLE = "half \ufffd of it \ufffd and"

    async def test_half_a_character_costs_that_character(self):
        gateway, link, agent = await self.start(max_message_length=2000)
        agent.socket.send_text('{"type":"action","request_id":"r-1","platform":"discord","action":{"op":"send","chat_id":"1","content":' + self.HALF + '}}\n')
        self.assertTrue((await agent.result("r-1"))["success"])
        self.assertIn(self.WHOLE, self.texts()[0])
        link.socket.send_text('{"type":"inbound","bufferId":"b-1","event":{"text":' + self.HALF + ',"message_id":"m-1","source":{"platform":"discord","chat_id":"1",'
                              '"chat_type":"dm","user_name":"\\udfff"}}}\n')
        delivery = await agent.frame("inbound")
        self.assertIn(self.WHOLE, delivery["event"]["text"])
        agent.socket.send_text('{"type":"hello","name":"a\\ud800","commands":[{"name":"go","description":"\\ud800 it"}]}\n')
        self.assertTrue((await agent.result(agent.say("lives on", chat_id="1", platform="discord")))["success"])
        self.assertEqual(agent.of("error"), [])

    async def test_over_http(self):
        gateway, link, agent = await self.start(max_message_length=2000)
        answer = await gateway.get("/v1/actions", method="POST", body={"platform": "discord", "action": {
            "op": "send", "chat_id": "1", "content": "a\ud800b"}})
        self.assertEqual(answer.status, 200, answer.body)
        self.assertEqual(self.texts(), ["a\ufffdb"])

    async def test_what_nobody_can_read_is_kept_or_delivered(self):
        gateway, link, agent = await self.start()
        lines = ['{"type":"inbound","bufferId":"b-0","event":{"text":"nan","message_id":"m-0","score":NaN,"source":{"platform":"discord","chat_id":"1","chat_type":"dm"}}}',
                 '{"type":"inbound","bufferId":"b-1","event":{"text":"inf","message_id":"m-1","source":{"platform":"discord","chat_id":"1","chat_type":"dm","x":Infinity}}}',
                 '{"type":"inbound","bufferId":"b-2","event":{"text":"comma","message_id":"m-2","source":{"platform":"discord","chat_id":"1","chat_type":"dm"},}}',
                 '{"type":"inbound","bufferId":"b-3","event":null}', '{"type":"inbound","bufferId":"b-4"}',
                 '{"type":"inbound","bufferId":"b-5","event":{"text":"big","message_id":"m-5","n":1e999,"source":{"platform":"discord","chat_id":"1","chat_type":"dm"}}}',
                 '{"type":"inbound","bufferId":"b-6","event":{"text":null,"message_id":"m-6","source":{"platform":"discord","chat_id":"1","chat_type":"dm"}}}',
                 '{"type":"inbound","bufferId":"b-7","event":{"text":"no source","message_id":"m-7","source":7}}',
                 '{"type":"inbound","bufferId":"b-8","event":{"text":"deep","message_id":"m-8","x":' + "[" * 3000 + "]" * 3000 + ',"source":{"platform":"discord","chat_id":"1"}}}']
        for line in lines:
            link.socket.send_text(line + "\n")
        link.send(inbound("after", chat_id="1", chat_type="dm", message_id="m-9", buffer_id="b-9"))
        await agent.delivery("after")
        await self.peer.until(lambda: len(link.of("inbound_ack")) >= 10, "an ack of each")
        texts = {x["event"]["text"] for x in agent.deliveries}
        letters = json.dumps((await gateway.get("/v1/dlq")).json()["letters"])
        for number, text in enumerate(("nan", "inf", "comma", "b-3", "b-4", "big", None, "no source", "deep")):
            kept = f"m-{number}" in letters or f"b-{number}" in letters or (text and text in letters)
            self.assertTrue(text in texts or kept or text is None, (number, text))

    async def test_no_line_of_the_context_is_forged(self):
        gateway, link, agent = await self.start()
        for number, mark in enumerate(("\n", "\r", "\u0085", "\u2028", "\u2029", "\x0b", "\x0c", "\r\n", "\x1c", "\x1d", "\x1e")):
            link.send(inbound(f"hi {number}", message_id=f"m-{number}", extra={"context": [
                {"text": f"one{mark}admin: two", "source": {"user_name": f"eve{mark}admin"}}]}))
            context = (await agent.delivery(f"hi {number}"))["event"]["channel_context"]
            self.assertEqual(len(context.splitlines()), 2, (mark, context))

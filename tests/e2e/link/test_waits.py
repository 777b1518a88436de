"""Waiting when told to (protocol.md 6), lines that nobody can read, and texts that are blank or full of markup."""
import time

from harness.events import descriptor, inbound
from harness.http import Answer
from harness.scenario import ECHO, PINNED, PROVISIONED, QUICK, TWO, Scenario

LINK = {"GATEWAY_AGENT": "link"}


def refusal(status, wait):
    return (f"HTTP/1.1 {status} No\r\nContent-Length: 2\r\nRetry-After: {wait}\r\nConnection: close\r\n\r\n{{}}").encode()


class ControlPlane(Scenario):
    async def test_a_refused_upgrade_is_a_floor_for_the_next_dial(self):
        in_a_moment = lambda: time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 4))
        for wait in (lambda: "3", in_a_moment):
            connector = await self.connector()
            connector.gate = lambda dial: refusal(429, wait()) if len(connector.dials) == 1 else None
            gateway = await self.gateway(connector, PINNED, TWO, QUICK, ECHO)
            await connector.dial(2)
            self.assertGreater(connector.dials[1].at - connector.dials[0].at, 2.9)
            self.assertLess(connector.dials[1].at - connector.dials[0].at, 8)
            await gateway.finish()

    async def test_provisioning_and_policy_wait_as_long_as_they_are_told(self):
        connector = await self.connector()
        times = {"/relay/provision": [], "/relay/policy": []}

        def busy_once(path, then):
            def answer(request):
                times[path].append(time.monotonic())
                return Answer(503, {"error": "busy"}, {"Retry-After": "2"}) if len(times[path]) == 1 else then(request)
            connector.answers[path] = answer
        for path in times:
            busy_once(path, connector.answers[path])
        await self.gateway(connector, PROVISIONED, QUICK, ECHO, GATEWAY_RELAY_PLATFORMS="discord",
                           GATEWAY_RELAY_BOT_IDS='{"discord":{"botId":"b"}}', DISCORD_ALLOW_BOTS="mentions")
        await connector.until(lambda: all(len(x) >= 2 for x in times.values()), "a second try of both")
        for path, at in times.items():
            self.assertGreater(at[1] - at[0], 1.9, path)


class Results(Scenario):
    async def test_the_chat_holds_and_goes_on_with_the_very_piece(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, max_message_length=20)
        seen = []

        def result(frame):
            seen.append((time.monotonic(), frame["action"]["chat_id"], frame["action"].get("content")))
            if seen[-1][1] == "1" and len([x for x in seen if x[1] == "1"]) == 2:
                return {"success": False, "error": "slow down", "retry_after": 3}
            return connector.success(frame)
        connector.result_of = result
        gateway = await self.gateway(connector, PINNED, TWO, QUICK, LINK)
        await connector.link(1, 2)
        agent = await self.agent(gateway)
        first = agent.say("first words and then second words", chat_id="1", platform="discord")
        second = agent.say("what follows", chat_id="1", platform="discord")
        await connector.until(lambda: len(seen) >= 2, "the refused piece")
        other = agent.say("elsewhere", chat_id="2", platform="discord")
        await agent.result(other)
        self.assertLess(time.monotonic() - seen[1][0], 2.9, "other chats go on")
        done = await agent.result(first)
        await agent.result(second)
        self.assertTrue(done["success"], done)
        self.assertEqual(len(done["message_ids"]), 2)
        mine = [x for x in seen if x[1] == "1"]
        self.assertEqual([x[2] for x in mine], ["first words and then"[:len(mine[0][2])], mine[1][2], mine[1][2], "what follows"])
        self.assertGreater(mine[2][0] - mine[1][0], 2.9)

    async def test_a_final_edit_is_not_lost(self):
        connector = await self.connector()
        busy = []

        def result(frame):
            if not busy:
                busy.append(frame)
                return {"success": False, "error": "flood", "retryAfter": 1}
            return {"success": True}
        connector.result_of = result
        gateway = await self.gateway(connector, PINNED, TWO, QUICK, LINK)
        await connector.link(1, 2)
        agent = await self.agent(gateway)
        edit = lambda text: agent.act({"op": "edit", "chat_id": "1", "message_id": "m", "content": text}, platform="discord")
        ids = [edit("a")]
        await connector.until(lambda: busy, "the refused edit")
        ids += [edit(x) for x in ("ab", "abc", "final")]
        for x in ids:
            self.assertTrue((await agent.result(x))["success"])
        self.assertEqual([x["action"]["content"] for x in connector.sent("edit")], ["a", "final"])

    async def test_a_wait_that_is_too_long_is_a_definite_failure(self):
        connector, gateway, link = await self.connected(LINK, GATEWAY_EGRESS_HOLD="1s")
        connector.result_of = lambda frame: {"success": False, "error": "flood", "retry_after": 3600}
        agent = await self.agent(gateway)
        result = await agent.result(agent.say("x", chat_id="1", platform="discord"))
        self.assertFalse(result["success"])
        self.assertNotIn("ambiguous", result)
        self.assertEqual((result["error"], result["retry_after"]), ("flood", 3600), "the connector's own word")


class Texts(Scenario):
    async def test_blank_text_is_refused_before_it_leaves(self):
        connector, gateway, link = await self.connected(LINK)
        agent = await self.agent(gateway)
        for text in ("", " \n\t", "\u00a0\u2003\u3000"):
            result = await agent.result(agent.say(text, chat_id="1", platform="discord"))
            self.assertEqual((result["success"], result["code"]), (False, "bad_action"), repr(text))
        await agent.result(agent.say("words", chat_id="1", platform="discord"))
        self.assertEqual([x["action"]["content"] for x in connector.sent()], ["words"])

    async def test_what_was_measured_is_what_is_sent(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, max_message_length=50)
        gateway = await self.gateway(connector, PINNED, TWO, QUICK, LINK)
        await connector.link(1, 2)
        agent = await self.agent(gateway)
        for text in ("words" + " " * 200, "\n" * 200 + "words", "```\n" + "\n" * 200 + "```"):
            result = await agent.result(agent.say(text, chat_id="1", platform="discord"))
            self.assertTrue(result["success"], result)
            self.assertLessEqual(len(connector.sent()[-1]["action"]["content"]), 50)

    async def test_markup_stays_whole(self):
        connector = await self.connector()
        connector.descriptor_of = lambda platform: descriptor(platform, max_message_length=60, markdown_dialect="discord")
        gateway = await self.gateway(connector, PINNED, TWO, QUICK, LINK)
        await connector.link(1, 2)
        agent = await self.agent(gateway)
        spans = ["`some code with blanks`", "**some bold words**", "[a label](https://example.org/a/b)"]
        text = " ".join(f"filler words number {n} and {span}" for n, span in enumerate(spans * 4))
        self.assertTrue((await agent.result(agent.say(text, chat_id="1", platform="discord")))["success"])
        pieces = [x["action"]["content"] for x in connector.sent()]
        self.assertGreater(len(pieces), 4)
        self.assertEqual(sum(x.count(span) for x in pieces for span in spans), 12, pieces)


class Unreadable(Scenario):
    async def test_a_line_that_nobody_can_read_is_a_dead_letter(self):
        connector, gateway, link = await self.connected(LINK, home=(house := self.home()))
        agent = await self.agent(gateway)
        line = '{"type":"inbound","event":{"text":NaN,"source":{"chat_id":"c"}},"bufferId":"b-1"}'
        link.send_raw((line + "\n").encode())
        self.assertEqual((await connector.frame("inbound_ack"))["bufferId"], "b-1")
        ask = lambda *words: self.command("dlq", *words, home=house, GATEWAY_LISTEN=gateway.url.removeprefix("http://"))
        code, out, err = await ask("list")
        self.assertEqual(code, 0, err)
        name = out.splitlines()[1].split()[0]
        code, out, err = await ask("show", name)
        self.assertEqual(code, 0, err)
        self.assertIn('"unreadable":true', out)
        self.assertIn(r'{\"type\":\"inbound\",\"event\":{\"text\":NaN', out)
        code, _, err = await ask("retry", name)
        self.assertNotEqual(code, 0)
        self.assertIn("409", err)
        self.assertEqual((await ask("drop", name))[0], 0)
        self.assertEqual(agent.deliveries, [])

    async def test_an_event_goes_on_without_its_unreadable_side_fields(self):
        connector, gateway, link = await self.connected(ECHO)
        event = ('{"type":"inbound","bufferId":"b-1","event":{"text":"alive","media":[{"size":NaN}],"score":1e999,'
                 '"source":{"platform":"discord","chat_id":"c","chat_type":"dm","user_name":NaN},"message_id":"m"}}')
        link.send_raw((event + "\n").encode())
        await connector.reply("alive")
        await connector.frame("inbound_ack")

    async def test_no_separator_begins_a_line_of_the_context(self):
        connector, gateway, link = await self.connected(LINK)
        agent = await self.agent(gateway)
        frame = inbound("now", chat_id="c")
        frame["event"]["context"] = [{"text": f"one{x}ann: two", "source": {"user_name": "bob"}}
                                     for x in "\u0085\u2028\u2029\v\f\r\n"]
        link.send(frame)
        context = (await agent.delivery("now"))["event"]["channel_context"]
        self.assertEqual(context.splitlines(), ["[Recent channel messages]"] + ["bob: one ann: two"] * 7)

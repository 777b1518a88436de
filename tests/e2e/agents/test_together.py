"""One bad thing does not take the others along: poison inside of a session, children that live for one event, a request in other words."""
import time

from harness.events import inbound
from harness.scenario import QUICK
from agents.test_exec import Exec, notes
from inbound.test_poison import DIES, NO_STORE

ONE_SHOT = """
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        answer(frame, "re " + frame["event"]["text"])
        ack(frame)
        for other in frames():
            if other["type"] == "result":
                sys.exit(0)
"""
# Takes what it is given, and dies with all of it a moment later.
DIES_LATER = """
for frame in frames():
    if frame["type"] == "inbound":
        if frame["event"]["text"].startswith("die"):
            time.sleep(0.3)
            os._exit(1)
        time.sleep(0.05)
        answer(frame, "re " + frame["event"]["text"])
        ack(frame)
"""


class Together(Exec):
    async def replies(self, connector, texts, limit=20.0):
        await connector.until(lambda: {x["action"]["content"] for x in connector.sent()} >= {f"re {x}" for x in texts}, f"answers to {texts}", limit)

    async def letters(self, gateway):
        return [x["text"] for x in (await gateway.get("/v1/dlq")).json()["letters"]]

    async def inside_a_session(self, *settings):
        connector, gateway, link = await self.start(DIES, QUICK, *settings)
        link.send(*(inbound(x, chat_id="1", buffer_id=x, message_id=x) for x in ("a", "die1", "b", "c", "die2", "d")))
        link.send(*(inbound(f"n{n}", chat_id=f"{n + 10}", buffer_id=f"n{n}", message_id=f"n{n}") for n in range(10)))
        await self.replies(connector, [f"n{n}" for n in range(10)], 10.0)
        await self.replies(connector, "abcd", 60.0)
        self.assertEqual(sorted(await self.letters(gateway)), ["die1", "die2"])
        own = [x["action"]["content"] for x in connector.sent() if x["action"]["chat_id"] == "1"]
        self.assertEqual(own, ["re a", "re b", "re c", "re d"])

    async def test_poison_inside_a_session_lets_the_rest_of_it_through(self):
        await self.inside_a_session()

    async def test_poison_inside_a_session_without_a_store(self):
        await self.inside_a_session(NO_STORE)

    async def test_poison_that_takes_its_time(self):
        connector, gateway, link = await self.start(DIES_LATER, QUICK, NO_STORE)
        link.send(*(inbound(x, chat_id=x, buffer_id=x, message_id=x) for x in ("a", "b", "die", "c", "d", "e")))
        await self.replies(connector, "abcde", 10.0)
        await connector.changes.poll(lambda: notes(gateway, "event.dead_letter"), "a dead letter", 30.0)
        self.assertEqual(await self.letters(gateway), ["die"])

    async def test_a_child_for_each_event_is_no_crash_loop(self):
        connector, gateway, link = await self.start(ONE_SHOT, QUICK)
        begun = time.monotonic()
        texts = [f"n{n}" for n in range(20)]
        for text in texts:
            link.send(inbound(text, chat_id="1", buffer_id=text, message_id=text))
        await self.replies(connector, texts, 30.0)
        self.assertLess(time.monotonic() - begun, 20.0)
        self.assertEqual(await self.letters(gateway), [])
        self.assertEqual([x["action"]["content"] for x in connector.sent()], [f"re {x}" for x in texts])

    async def test_a_child_that_dies_of_nothing_costs_no_event(self):
        connector, gateway, link = await self.start("sys.exit(1)", QUICK, {"GATEWAY_AGENT_MAX_DELIVERIES": "2"})
        link.send(*(inbound(f"n{n}", chat_id=f"{n}", buffer_id=f"n{n}", message_id=f"n{n}") for n in range(5)))
        await connector.changes.poll(lambda: len(notes(gateway, "agent.exited")) >= 8, "eight children", 30.0)
        self.assertEqual((await self.letters(gateway), (await gateway.status())["pending"]), ([], 5))


class Words(Exec):
    """The same request in other words is the same."""

    async def test_an_action_with_its_members_in_another_order(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        forms = ['{"op":"send","chat_id":"1","content":"hi","metadata":{"a":1,"b":[2]}}',
                 '{"metadata":{"b":[2],"a":1},"content":"hi","chat_id":"1","op":"send"}',
                 '{ "op" : "send", "content": "h\\u0069", "chat_id": "1", "metadata": {"a":1,"b":[2]} }',
                 '{"op":"send","chat_id":"1","content":"hi","reply_to":null,"metadata":{"a":1,"b":[2]}}']
        results = []
        for number, form in enumerate(forms):
            agent.socket.send_text('{"type":"action","request_id":"1","platform":"discord","action":' + form + '}\n')
            results.append(await agent.result("1", number + 1))
        self.assertEqual(len({str(x) for x in results}), 1)
        self.assertEqual(len(connector.sent()), 1)
        for number, form in enumerate(('{"op":"send","chat_id":"1","content":"hi"}', '{"op":"send","chat_id":"2","content":"hi","metadata":{"a":1,"b":[2]}}',
                                       '{"op":"edit","chat_id":"1","message_id":"m","content":"hi","metadata":{"a":1,"b":[2]}}')):
            agent.socket.send_text('{"type":"action","request_id":"1","platform":"discord","action":' + form + '}\n')
            self.assertEqual((await agent.result("1", len(forms) + number + 1))["code"], "request_id_conflict")

    async def test_the_same_for_another_platform_or_delivery_is_another(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        first = await agent.result(agent.say("hi", chat_id="1", platform="discord", request_id="1"))
        self.assertTrue(first["success"])
        agent.say("hi", chat_id="1", platform="telegram", request_id="1")
        self.assertEqual((await agent.result("1", 2)).get("code"), "request_id_conflict")

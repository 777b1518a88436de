"""agent-link.md: whose request id it is, who gets what was not acked in time, and what may be in a frame of an agent."""
import json

from harness.events import inbound
from harness.scenario import PINNED, QUICK, TWO, Scenario
from agents.test_agent_link import Linked
from agents.test_exec import Exec, notes

HALF = "\ud83d"     # json.dumps writes it as an escape


def send(chat_id, content, request_id):
    return {"type": "action", "request_id": request_id, "platform": "discord",
            "action": {"op": "send", "chat_id": chat_id, "content": content}}


class Asking(Scenario):
    async def asks(self, agent, chat_id, content="hi", request_id="1"):
        """The result of a send under that id."""
        before = len(agent.results(request_id))
        agent.send(send(chat_id, content, request_id))
        return await agent.result(request_id, before + 1)

    def conflicts(self, result):
        self.assertEqual((result["success"], result["code"]), (False, "request_id_conflict"))
        self.assertNotIn("ambiguous", result)


class Named(Linked, Asking):
    async def named(self, gateway, name):
        agent = await self.agent(gateway)
        agent.send({"type": "hello", "name": name})
        return agent

    async def test_ids_are_its_own_over_reconnects(self):
        connector, gateway, _, _ = await self.start({"GATEWAY_LOG_FORMAT": "json"})
        alice, bob = await self.named(gateway, "alice"), await self.named(gateway, "bob")
        first = await self.asks(alice, "1")
        self.assertTrue((await self.asks(bob, "1"))["success"])
        self.assertEqual(len(connector.sent()), 2)
        await alice.detach()
        alice = await self.named(gateway, "alice")
        self.assertEqual(await self.asks(alice, "1"), first)
        self.conflicts(await self.asks(alice, "2"))
        self.assertEqual(len(connector.sent()), 2)
        self.assertEqual(len(notes(gateway, "egress.request_id_conflict")), 1)
        counted = await gateway.metrics()
        self.assertEqual(counted['relay_gateway_actions_refused_total{reason="request_id_conflict"}'], 1)

    async def test_a_one_shot_send_too(self):
        connector, gateway, _, _ = await self.start()

        async def post(text):
            return await gateway.get("/v1/actions", method="POST", body={
                "platform": "discord", "request_id": "one", "action": {"op": "send", "chat_id": "1", "content": text}})
        self.assertEqual((await post("hi")).status, 200)
        self.assertEqual((await post("hi")).status, 200)
        refused = await post("another")
        self.assertEqual((refused.status, refused.json()["code"]), (409, "request_id_conflict"))
        self.assertEqual(len(connector.sent()), 1)


class OverRestarts(Asking):
    async def test_ids_outlive_kill_9(self):
        connector, home = await self.connector(), self.home()

        async def life(number):
            gateway = await self.gateway(connector, TWO, PINNED, QUICK, home=home)
            await connector.link(number, 2)
            named, plain = await self.agent(gateway), await self.agent(gateway)
            named.send({"type": "hello", "name": "alice"})
            return gateway, named, plain
        gateway, named, plain = await life(1)
        first, second = await self.asks(named, "1"), await self.asks(plain, "2")
        await self.asks(plain, "3", request_id="flush")     # it leaves once what came before is on disk
        gateway.signal(9)
        await gateway.exited()
        gateway, named, plain = await life(2)
        self.assertEqual(await self.asks(named, "1"), first)
        self.conflicts(await self.asks(named, "2"))
        self.assertEqual(await self.asks(plain, "2"), second)
        self.conflicts(await self.asks(plain, "1"))
        self.assertEqual(len(connector.sent()), 3)


class Child(Exec, Asking):
    async def test_a_child_that_starts_again_at_one_is_heard_under_a_new_name(self):
        connector, gateway, link = await self.start("""
import os
say(type="hello", name=f"run {os.getpid()}")
for frame in frames():
    if frame["type"] == "inbound":
        say(type="action", request_id="1", delivery_id=frame["delivery_id"],
            action={"op": "send", "chat_id": frame["event"]["source"]["chat_id"], "content": "re " + frame["event"]["text"]})
        ack(frame)
    elif frame["type"] == "result":
        sys.exit(0)
""")
        for text in ("one", "two"):
            link.send(inbound(text, chat_id=text))
            await connector.reply("re " + text)
        self.assertEqual(notes(gateway, "egress.request_id_conflict"), [])


class Hung(Linked):
    async def begin(self, *settings):
        connector, gateway, link, hung = await self.start({"GATEWAY_AGENT_ACK_TIMEOUT": "500ms"}, *settings)
        hung.acks = False
        return connector, gateway, link, hung

    async def test_its_sessions_move_to_a_healthy_agent(self):
        for store in ({}, {"GATEWAY_STATE_DIR": "none"}):
            with self.subTest(store=store):
                connector, gateway, link, hung = await self.begin(store)
                healthy = await self.agent(gateway)
                link.send(*(inbound(f"n{n}", chat_id=str(n), buffer_id=f"b-{n}") for n in range(6)))
                for number in range(6):
                    self.assertEqual((await healthy.delivery(f"n{number}"))["event"]["text"], f"n{number}")

                async def taken():
                    return (await gateway.status())["pending"] == 0
                await gateway.changes.poll(taken, "nothing pending")
                had = len(hung.deliveries)
                link.send(*(inbound(f"again{n}", chat_id=str(n)) for n in range(6)))
                for number in range(6):
                    await healthy.delivery(f"again{number}")
                self.assertEqual(len(hung.deliveries), had, "its sessions stay with the healthy one")

    async def test_alone_it_is_tried_again(self):
        _, _, link, hung = await self.begin()
        link.send(inbound("one"))
        await hung.until(lambda: len(hung.deliveries) >= 2, "the same event again")
        self.assertIs(hung.deliveries[1]["redelivered"], True)


class Status(Exec):
    async def test_what_a_dead_link_shows_is_cleared(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        number = agent.act({"op": "typing", "chat_id": "1", "content": "thinks", "metadata": {"thread_id": "9"}}, platform="discord")
        await agent.result(number)
        await agent.detach()
        clear = (await connector.actions(2, "typing"))[1]["action"]
        self.assertEqual((clear["content"], clear["chat_id"], clear["metadata"]["thread_id"]), ("", "1", "9"))

    async def test_what_a_dead_child_shows_is_cleared(self):
        connector, gateway, link = await self.start("""
for frame in frames():
    if frame["type"] == "inbound":
        say(type="action", request_id="t", delivery_id=frame["delivery_id"],
            action={"op": "typing", "chat_id": frame["event"]["source"]["chat_id"], "content": "thinks"})
        ack(frame)
    elif frame["type"] == "result":
        os.kill(os.getpid(), signal.SIGKILL)
""")
        link.send(inbound("hi", chat_id="5"))
        clear = (await connector.actions(2, "typing"))[1]["action"]
        self.assertEqual((clear["content"], clear["chat_id"]), ("", "5"))


class HalfSurrogates(Exec):
    """What cuts texts by UTF-16 units leaves half pairs; JSON can carry them, and so must every reader."""
    def frame(self, request_id="r" + HALF):
        return {"type": "action", "request_id": request_id, "platform": "discord", "action": {
            "op": "send", "chat_id": "1", "content": "cut " + HALF, "metadata": {"note": HALF}}}

    def whole(self, connector):
        action = connector.sent()[-1]["action"]
        self.assertEqual((action["content"], action["metadata"]["note"]), ("cut \ufffd", "\ufffd"))

    async def test_on_the_link_and_in_its_hello(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        hello = {"type": "hello", "name": "a" + HALF, "commands": [{"name": "ask", "description": "Ask " + HALF}]}
        for frame in (hello, self.frame()):
            agent.send_raw(json.dumps(frame).encode())
        self.assertTrue((await agent.result("r\ufffd"))["success"])
        self.whole(connector)
        await link.connector.until(lambda: any("ask" in json.dumps(x.get("command_manifest", "")) for x in link.hellos),
                                   "the command on a hello")
        self.assertEqual(agent.of("error"), [])

    async def test_from_a_child(self):
        connector, _, link = await self.start("""
for frame in frames():
    if frame["type"] == "inbound":
        say(type="action", request_id="1", delivery_id=frame["delivery_id"],
            action={"op": "send", "chat_id": "1", "content": "cut \\ud83d", "metadata": {"note": "\\ud83d"}})
        ack(frame)
""")
        link.send(inbound("hi", chat_id="1"))
        await connector.actions(1)
        self.whole(connector)

    async def test_over_http(self):
        connector, gateway, _ = await self.connected()
        answer = await gateway.get("/v1/actions", method="POST", body=json.dumps(self.frame()).encode())
        self.assertEqual(answer.status, 200, answer.body)
        self.whole(connector)
        for body, why in ((b'{"a":"\xff"}', "UTF-8"), (b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}", "deep")):
            answer = await gateway.get("/v1/actions", method="POST", body=body)
            self.assertEqual(answer.status, 400)
            self.assertIn(why, answer.json()["error"])
            self.assertNotIn("not a JSON object", answer.json()["error"])

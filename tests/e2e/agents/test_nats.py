"""`nats:` agents: workers of other processes, over a real nats-server with JetStream."""
import json
import shlex
import os
import signal

from harness.events import inbound
from harness.gateway import TERM, Gateway
from harness.http import fetch
from harness.nats_server import NatsServer, free_port
from harness.scenario import BINARIES, PINNED, QUICK, TWO, Scenario
from agents.test_exec import ECHO, PRELUDE, notes

JSON = {"GATEWAY_LOG_FORMAT": "json"}

# Answers with its process and whether the event is a repeat; "wait" is never acknowledged.
REPORTER = """
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        if frame["event"]["text"].startswith("wait"):
            continue
        report(frame, text=frame["event"]["text"], redelivered=frame["redelivered"])
        ack(frame)
"""


class Pool(Scenario):
    """A NATS server, gateways and workers."""

    async def nats(self, **more):
        found = NatsServer(self.home(), **more)
        self._stack.push_async_callback(found.stop)
        return await found.start()

    async def worker(self, nats, agent="echo", *settings, **more):
        layers = {"GATEWAY_NATS_URL": nats.url, "GATEWAY_AGENT": agent, "GATEWAY_STATE_DIR": "none", **JSON}
        found = await self.gateway(None, layers, *settings, arguments=("worker",), listening=False, **more)
        await found.said("worker.started")
        return found

    def exec_agent(self, text):
        home = self.home()
        with open(home + "/agent.py", "w") as file:
            file.write(PRELUDE + text)
        return f"exec:/usr/bin/python3 -u {shlex.quote(home + '/agent.py')}"

    async def fronted(self, nats, *settings, **more):
        """(connector, gateway, link) of a gateway whose agents are on the queue."""
        return await self.connected({"GATEWAY_AGENT": f"nats:{nats.url}", **JSON}, *settings, **more)

    async def workers(self, gateway, number, limit=15.0):
        async def there():
            return (await gateway.metrics()).get("relay_gateway_agents") == number
        await gateway.changes.poll(there, f"{number} workers", limit)

    def texts(self, connector):
        return sorted(x["action"]["content"] for x in connector.sent())


class Working(Pool):
    async def test_an_event_goes_to_a_worker_and_its_answer_comes_back(self):
        nats = await self.nats()
        connector, gateway, link = await self.fronted(nats)
        await self.worker(nats)
        link.send(inbound("hello", chat_id="1"), inbound("hi", platform="telegram", chat_id="2"))
        sent = await connector.actions(2)
        self.assertEqual(sorted((x["platform"], x["botId"], x["action"]["chat_id"], x["action"]["content"]) for x in sent),
                         [("discord", "bot-d", "1", "hello"), ("telegram", "bot-t", "2", "hi")])
        await self.workers(gateway, 1)

        async def both_taken():
            return (await gateway.metrics()).get("relay_gateway_events_acked_total") == 2
        await gateway.changes.poll(both_taken, "two acks: the second one's message leaves after the first one's receipt")

    async def test_without_a_worker_events_wait(self):
        nats = await self.nats()
        connector, gateway, link = await self.fronted(nats, GATEWAY_AGENT_ACK_TIMEOUT="300ms")
        await gateway.said("queue.connected")
        link.send(inbound("early", chat_id="1"))
        await connector.never(connector.sent, "an answer of nobody", within=1.5)     # five missed acks would be over
        await self.worker(nats)
        self.assertEqual((await connector.actions(1))[0]["action"]["content"], "early")

    async def test_an_exec_agent_gets_its_outcomes_and_order_holds(self):
        nats = await self.nats()
        connector, gateway, link = await self.fronted(nats)
        for _ in range(2):
            await self.worker(nats, self.exec_agent(ECHO))
        await self.workers(gateway, 2)
        texts = [f"{chat}:{n}" for n in range(20) for chat in "abc"]
        link.send(*[inbound(x, chat_id=x[0]) for x in texts])
        sent = await connector.actions(len(texts), limit=20)
        for chat in "abc":
            self.assertEqual([x["action"]["content"] for x in sent if x["action"]["chat_id"] == chat],
                             [x for x in texts if x[0] == chat])

    async def test_two_gateways_feed_one_pool(self):
        nats = await self.nats()
        first = await self.fronted(nats)
        second = await self.fronted(nats, GATEWAY_RELAY_ID="gw-other")
        worker = await self.worker(nats, self.exec_agent(ECHO))
        # The same session on both: two tenants that must not meet.
        first[2].send(inbound("of the first", chat_id="1"))
        second[2].send(inbound("of the second", chat_id="1"))
        self.assertEqual((await first[0].actions(1))[0]["action"]["content"], "of the first")
        self.assertEqual((await second[0].actions(1))[0]["action"]["content"], "of the second")
        worker.signal(TERM)
        self.assertEqual(await worker.exited(), 0)
        await self.workers(first[1], 0, limit=5)    # it said goodbye: nobody had to miss it
        self.assertEqual(len(notes(first[1], "worker.detached")), 1)

    async def test_a_stop_of_the_user_reaches_the_agent(self):
        nats = await self.nats()
        connector, gateway, link = await self.fronted(nats)
        await self.worker(nats, self.exec_agent("""
for frame in frames():
    if frame["type"] == "inbound":
        key = frame["session_key"]
        answer(frame, key)
        ack(frame)
    if frame["type"] == "interrupt":
        say(type="action", request_id="i", action={"op": "send", "chat_id": frame["chat_id"], "content": "stopped"})
"""))
        link.send(inbound("go", chat_id="1"))
        key = (await connector.actions(1))[0]["action"]["content"]
        link.send({"type": "interrupt_inbound", "session_key": key, "chat_id": "1"})
        self.assertEqual((await connector.actions(2))[1]["action"]["content"], "stopped")


class Failing(Pool):
    QUICK_WAIT = {"GATEWAY_NATS_ACK_WAIT": "1s"}

    async def test_a_killed_worker_loses_nothing(self):
        nats = await self.nats()
        connector, gateway, link = await self.fronted(nats, self.QUICK_WAIT)
        doomed = await self.worker(nats, self.exec_agent(REPORTER.replace('startswith("wait")', 'startswith("")')),
                                   self.QUICK_WAIT)
        await self.workers(gateway, 1)
        link.send(*[inbound(f"n{i}", chat_id=str(i)) for i in range(5)])
        async def all_out():
            return (await gateway.metrics())["relay_gateway_queue_out"] == 5
        await gateway.changes.poll(all_out, "five events with the worker")
        doomed.signal(signal.SIGKILL)
        await doomed.exited()
        await self.worker(nats, self.exec_agent(REPORTER), self.QUICK_WAIT)
        sent = await connector.actions(5, limit=20)
        told = [json.loads(x["action"]["content"]) for x in sent]
        self.assertEqual(sorted(x["text"] for x in told), [f"n{i}" for i in range(5)])
        await gateway.said("it was silent", limit=15)

    async def test_a_killed_server_comes_back_with_everything(self):
        nats = await self.nats()
        connector, gateway, link = await self.fronted(nats)
        worker = await self.worker(nats)
        link.send(inbound("before", chat_id="1"))
        await connector.actions(1)
        await nats.kill()
        await self.workers(gateway, 0)
        link.send(*[inbound(f"during {i}", chat_id=str(i)) for i in range(3)])
        await connector.never(lambda: len(connector.sent()) > 1, "an answer without a queue", within=0.5)
        await nats.start()
        await connector.actions(4, limit=20)
        self.assertEqual(self.texts(connector), ["before", "during 0", "during 1", "during 2"])
        self.assertTrue(worker.running)

    async def test_what_a_worker_does_while_the_server_is_away_is_not_lost(self):
        nats = await self.nats()
        connector, gateway, link = await self.fronted(nats)
        await self.worker(nats, self.exec_agent("""
import os
for frame in frames():
    if frame["type"] == "inbound":
        say(type="action", request_id="b-" + frame["delivery_id"], delivery_id=frame["delivery_id"],
            action={"op": "typing", "chat_id": "1"})
        while not os.path.exists(%r):
            time.sleep(0.02)
        answer(frame, frame["event"]["text"])
        ack(frame)
""" % (nats.home + "/go on")))
        link.send(inbound("slow", chat_id="1"))
        await connector.until(lambda: connector.sent("typing"), "the worker has begun", 15)
        await nats.kill()
        open(nats.home + "/go on", "w").close()
        await self.workers(gateway, 0)
        await nats.start()
        self.assertEqual((await connector.actions(1, limit=20))[0]["action"]["content"], "slow")
        await connector.never(lambda: len(connector.sent()) > 1, "a second answer", within=1)

    async def test_a_restarted_gateway_does_nothing_twice(self):
        nats, home = await self.nats(), self.home()
        connector, gateway, link = await self.fronted(nats, home=home)
        worker = await self.worker(nats, self.exec_agent("""
import os
for frame in frames():
    if frame["type"] == "inbound":
        while not os.path.exists(%r):
            time.sleep(0.02)
        answer(frame, frame["event"]["text"])
        ack(frame)
""" % (nats.home + "/go on")))
        await self.workers(gateway, 1)
        link.send(*[inbound(f"n{i}", chat_id=str(i)) for i in range(3)])
        async def all_out():
            return (await gateway.metrics())["relay_gateway_queue_out"] == 3
        await gateway.changes.poll(all_out, "three events with the worker")
        gateway.signal(signal.SIGKILL)
        await gateway.exited()
        open(nats.home + "/go on", "w").close()
        gateway = await self.gateway(connector, PINNED, TWO, QUICK, {"GATEWAY_AGENT": f"nats:{nats.url}"}, JSON, home=home)
        await connector.actions(3, limit=20)
        self.assertEqual(self.texts(connector), ["n0", "n1", "n2"])
        await connector.never(lambda: len(connector.sent()) > 3, "a second answer", within=2)
        self.assertTrue(worker.running)

    async def test_answers_keep_their_order_when_a_gateway_is_killed(self):
        """The answer is on its way to a gateway that dies before it reads it; the ack comes to the next one."""
        nats, home = await self.nats(http=f"127.0.0.1:{(monitor := free_port())}"), self.home()
        connector, gateway, link = await self.fronted(nats, home=home)
        worker = await self.worker(nats, self.exec_agent("""
import os
for frame in frames():
    if frame["type"] == "inbound":
        for step in ("answer", "ack"):
            while not os.path.exists(%r + step):
                time.sleep(0.02)
            answer(frame, frame["event"]["text"]) if step == "answer" else ack(frame)
""" % (nats.home + "/may ")))
        await self.workers(gateway, 1)
        link.send(inbound("one", chat_id="1"), inbound("two", chat_id="1"))

        async def out():
            return (await gateway.metrics())["relay_gateway_queue_out"] == 1
        await gateway.changes.poll(out, "an event with the worker")

        async def given():
            said = await fetch(f"http://127.0.0.1:{monitor}/jsz?streams=1&consumers=1&accounts=1", "GET")
            return any(y["num_ack_pending"] for x in said.json()["account_details"] for stream in x["stream_detail"]
                       if "_OUT_" in stream["name"] for y in stream.get("consumer_detail", []))

        async def nothing():
            return not await given()
        await gateway.changes.poll(nothing, "everything settled", 10)      # the probe, first of all
        gateway.signal(signal.SIGSTOP)
        open(nats.home + "/may answer", "w").close()
        await gateway.changes.poll(given, "the answer given to the frozen gateway", 10)
        gateway.signal(signal.SIGKILL)
        await gateway.exited()
        gateway = await self.gateway(connector, PINNED, TWO, QUICK, {"GATEWAY_AGENT": f"nats:{nats.url}"}, JSON, home=home)
        open(nats.home + "/may ack", "w").close()
        sent = await connector.actions(2, limit=30)
        self.assertEqual([x["action"]["content"] for x in sent], ["one", "two"])
        await connector.never(lambda: len(connector.sent()) > 2, "a second answer", within=2)
        self.assertTrue(worker.running)

    async def test_an_event_that_kills_its_agent_is_set_aside_alone(self):
        nats = await self.nats()
        connector, gateway, link = await self.fronted(nats, GATEWAY_AGENT_MAX_DELIVERIES="2")
        await self.worker(nats, self.exec_agent("""
for frame in frames():
    if frame["type"] == "inbound":
        if frame["event"]["text"] == "poison":
            os.kill(os.getpid(), 9)
        answer(frame, frame["event"]["text"])
        ack(frame)
"""), QUICK)
        link.send(inbound("poison", chat_id="1"))
        await gateway.said("event.dead_letter", limit=20)
        link.send(inbound("fine", chat_id="2"), inbound("as well", chat_id="1"))
        await connector.actions(2, limit=20)
        self.assertEqual(self.texts(connector), ["as well", "fine"])

    async def test_a_frozen_worker_is_left_behind(self):
        nats = await self.nats()
        connector, gateway, link = await self.fronted(nats, self.QUICK_WAIT)
        frozen = await self.worker(nats, "echo", self.QUICK_WAIT)
        await self.workers(gateway, 1)
        frozen.signal(signal.SIGSTOP)
        self._stack.callback(lambda: frozen.running and frozen.signal(signal.SIGCONT))
        link.send(inbound("somebody?", chat_id="1"))
        await self.worker(nats, "echo", self.QUICK_WAIT)
        self.assertEqual((await connector.actions(1, limit=20))[0]["action"]["content"], "somebody?")
        frozen.signal(signal.SIGCONT)
        await connector.never(lambda: len(connector.sent()) > 1, "a second answer", within=2)


class Credentials(Pool):
    USERS = {"authorization": {"users": [{"user": "relay", "password": "s3cr3t-p4ss"}]}}

    async def test_the_right_ones_are_let_in_and_told_to_nobody(self):
        nats = await self.nats(**self.USERS)
        given = {"GATEWAY_NATS_USER": "relay", "GATEWAY_NATS_PASSWORD": "s3cr3t-p4ss"}
        connector, gateway, link = await self.fronted(nats, given, GATEWAY_LOG_LEVEL="debug")
        worker = await self.worker(nats, "echo", given, GATEWAY_LOG_LEVEL="debug")
        link.send(inbound("hello", chat_id="1"))
        await connector.actions(1)
        code, out, err = await self.command("check", **{**given, "GATEWAY_AGENT": f"nats:{nats.url}"})
        for text in (gateway.text, worker.text, out, err):
            self.assertNotIn("s3cr3t-p4ss", text)
        self.assertIn("gateway.nats.password", out)

    async def test_wrong_ones_are_refused_until_their_file_is_right(self):
        nats = await self.nats(**self.USERS)
        path = self.home() + "/password"
        with open(path, "w") as file:
            file.write("wrong")
        given = {"GATEWAY_NATS_USER": "relay", "GATEWAY_NATS_PASSWORD_FILE": path}
        connector, gateway, link = await self.fronted(nats, given)
        await gateway.said("uthorization", limit=15)
        link.send(inbound("hello", chat_id="1"))
        await self.worker(nats, "echo", GATEWAY_NATS_USER="relay", GATEWAY_NATS_PASSWORD="s3cr3t-p4ss")
        await connector.never(connector.sent, "an answer", within=0.5)
        with open(path, "w") as file:
            file.write("s3cr3t-p4ss")
        self.assertEqual((await connector.actions(1, limit=20))[0]["action"]["content"], "hello")


class Command(Pool):
    async def test_a_worker_says_what_it_lacks(self):
        code, _, err = await self.command("worker", GATEWAY_AGENT="echo")
        self.assertEqual(code, 78)
        self.assertIn("--nats", err)
        code, _, err = await self.command("worker", "--nats", "nats://127.0.0.1:1", "--agent", "link")
        self.assertEqual(code, 78)
        self.assertIn("a worker hosts", err)

    async def test_it_ends_in_order_without_a_server(self):
        worker = await self.worker(NatsServer(self.home()))
        await worker.said("queue.unavailable")
        worker.signal(TERM)
        self.assertEqual(await worker.exited(), 0)


class Example(Scenario):
    """tests/examples/worker_pool, as the README says."""

    async def test_it_answers(self):
        ports = {name: free_port() for name in ("NATS_PORT", "CONNECTOR_PORT", "GATEWAY_PORT")}
        example = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "worker_pool", "run")
        shown = Gateway(os.path.abspath(example), self.home(), ports, (os.path.abspath(BINARIES["directory"]),))
        self._gateways.append(shown)
        await shown.start()
        self._stack.push_async_callback(shown.finish)

        async def end():        # in order: what it started would outlive it otherwise
            if shown.running:
                shown.signal(TERM)
                await shown.exited(40)
        self._stack.push_async_callback(end)
        connector = f"http://127.0.0.1:{ports['CONNECTOR_PORT']}/control/"

        async def told():
            if len([x for x in shown.output if "worker.started" in x]) < 2:
                return False
            try:
                said = await fetch(connector + "inject", "POST", body={"text": "hello", "platform": "discord", "chat_id": "c"})
            except OSError:
                return False
            return said.status == 200
        await shown.changes.poll(told, "an event for the example", 20)
        answer = await fetch(connector + "records?kind=outbound&count=1&wait=20000", "GET", limit=25)
        self.assertIn("hello (worker process", json.dumps(answer.json()["records"]))
        shown.signal(TERM)
        self.assertEqual(await shown.exited(40), 0)

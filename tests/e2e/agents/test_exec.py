"""agent-link.md, `exec:`: the agent as a child process of the real gateway. The children are small scripts made here."""
import json
import os
import shlex

from harness.events import inbound
from harness.gateway import TERM
from harness.scenario import GATEWAY_ID, TOKEN, Scenario

# What every child below begins with. `say` writes a frame, `frames` yields those that come.
PRELUDE = """
import json, os, signal, sys, time
def say(**frame):
    sys.stdout.write(json.dumps(frame) + "\\n")
    sys.stdout.flush()
def frames():
    for line in sys.stdin:
        yield json.loads(line)
def ack(frame):
    say(type="ack", delivery_id=frame["delivery_id"])
def answer(frame, text):
    say(type="action", request_id="a-" + frame["delivery_id"], delivery_id=frame["delivery_id"],
        action={"op": "send", "chat_id": frame["event"]["source"]["chat_id"], "content": text})
def report(frame, **what):
    answer(frame, json.dumps(what))
"""

ECHO = """
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        answer(frame, frame["event"]["text"])
        ack(frame)
"""


def alive(pid):
    """Whether that process runs: a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def children_of(parent):
    """Zombies, too."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as file:
                if int(file.read().rpartition(")")[2].split()[1]) == parent:
                    found.append(int(pid))
        except OSError:
            pass
    return found


class Exec(Scenario):
    def script(self, text):
        path = os.path.join(self.home(), "my agent.py")     # a blank in its name: it has to be quoted
        with open(path, "w") as file:
            file.write(PRELUDE + text)
        return path

    async def start(self, text, *settings, **more):
        agent = f"exec:/usr/bin/python3 -u {shlex.quote(self.script(text))}"
        return await self.connected({"GATEWAY_AGENT": agent, "GATEWAY_LOG_FORMAT": "json"}, *settings, **more)

    async def told(self, connector, number=1, **limits):
        """What a child reported in its n-th message."""
        sent = await connector.actions(number, **limits)
        return json.loads(sent[number - 1]["action"]["content"])

    async def gone(self, pid, what, limit=10.0):
        await self._connectors[0].changes.poll(lambda: not alive(pid), what, limit)


def notes(gateway, event):
    found = []
    for line in gateway.stderr:
        try:
            note = json.loads(line)
        except ValueError:
            continue
        if note.get("event") == event:
            found.append(note)
    return found


class Conversation(Exec):
    async def test_echo_through_a_child(self):
        connector, gateway, link = await self.start(ECHO)
        for number in range(20):
            link.send(inbound(f"n{number}", chat_id=str(number % 3), buffer_id=f"b-{number}"))
        for number in range(20):
            self.assertEqual((await connector.reply(f"n{number}"))["platform"], "discord")
        await connector.frame("inbound_ack", 20)
        status = await gateway.status()
        self.assertEqual((status["agent"], status["agents"]), ("exec", 1))

    async def test_ready_result_and_what_it_declares(self):
        connector, gateway, link = await self.start("""
say(type="hello", commands=[{"name": "ask", "description": "Ask the child"}])
seen = {}
for frame in frames():
    if frame["type"] == "ready":
        seen["id"], seen["platforms"] = frame["gateway_id"], sorted(x["platform"] for x in frame["platforms"])
    elif frame["type"] == "inbound" and frame["event"]["text"] == "first":
        first = frame
        answer(frame, "hello")
        ack(frame)
    elif frame["type"] == "result" and "result" not in seen:
        seen["result"] = frame["result"]
        say(type="action", request_id="second", delivery_id=first["delivery_id"],
            action={"op": "send", "chat_id": "100", "content": json.dumps(seen)})
""")
        link.send(inbound("first"))
        seen = await self.told(connector, 2)
        self.assertEqual(seen, {"id": GATEWAY_ID, "platforms": ["discord", "telegram"],
                                "result": {**seen["result"], "success": True}})
        await link.connector.until(lambda: any("ask" in json.dumps(x.get("command_manifest", "")) for x in link.hellos),
                                   "the child's command on a hello")

    async def test_the_link_has_no_place_for_others(self):
        _, gateway, _ = await self.start(ECHO)
        with self.assertRaises(Exception) as refused:
            await self.agent(gateway)
        self.assertEqual(refused.exception.status, 409)

    async def test_garbage_on_standard_output_is_answered_and_the_child_lives_on(self):
        connector, gateway, link = await self.start("""
print("Traceback (most recent call last):", flush=True)
sys.stdout.buffer.write(b"\\xff\\xfe\\n" + b"x" * 3_000_000 + b"\\n{}\\n[" + b"[" * 50_000 + b"\\n")
sys.stdout.flush()
errors = 0
for frame in frames():
    errors += frame["type"] == "error"
    if frame["type"] == "inbound":
        report(frame, errors=errors, pid=os.getpid())
        ack(frame)
""", {"GATEWAY_MAX_FRAME": "1MiB"})
        link.send(inbound("one"))
        first = await self.told(connector)
        link.send(inbound("two"))
        second = await self.told(connector, 2)
        self.assertEqual(second["errors"], 5)
        self.assertEqual(first["pid"], second["pid"])


class Deaths(Exec):
    async def test_child_that_dies_mid_event_and_the_same_event_for_the_next_one(self):
        connector, gateway, link = await self.start("""
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        if not frame["redelivered"]:
            sys.exit(3)
        report(frame, text=frame["event"]["text"], redelivered=frame["redelivered"])
        ack(frame)
""")
        link.send(inbound("fatal", buffer_id="b-1"))
        self.assertEqual(await self.told(connector), {"text": "fatal", "redelivered": True})
        self.assertEqual((await connector.frame("inbound_ack"))["bufferId"], "b-1")
        self.assertEqual(len(connector.sent()), 1)
        found = notes(gateway, "agent.exited")
        self.assertEqual((len(found), found[0]["why"], found[0]["unacked"]), (1, "exited with code 3", 1))
        self.assertEqual((await gateway.metrics())["relay_gateway_agent_restarts_total"], 1)

    async def test_nothing_is_left_of_dead_children(self):
        connector, gateway, link = await self.start("""
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        report(frame, pid=os.getpid())
        ack(frame)
""")
        for number in range(1, 4):
            link.send(inbound(f"n{number}", chat_id=str(number)))
            os.kill((await self.told(connector, number, limit=20.0))["pid"], 9)
            await self._connectors[0].changes.poll(lambda: len(notes(gateway, "agent.exited")) == number, "its end")
        link.send(inbound("last"))
        await self.told(connector, 4, limit=20.0)
        self.assertEqual(len(children_of(gateway.process.pid)), 1, "the keeper of the child")

    async def test_killed_child_is_started_again(self):
        connector, gateway, link = await self.start("""
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        report(frame, pid=os.getpid())
        ack(frame)
""")
        link.send(inbound("one"))
        first = (await self.told(connector))["pid"]
        os.kill(first, 9)
        await gateway.said("ended by SIGKILL")
        link.send(inbound("two"))
        self.assertNotEqual((await self.told(connector, 2))["pid"], first)

    async def test_f11_crash_loop_backs_off(self):
        connector, gateway, link = await self.start("sys.exit(1)", {"GATEWAY_STATE_DIR": "none"})
        await gateway.changes.until(lambda: len(notes(gateway, "agent.exited")) >= 6, "six deaths", 15)
        pauses = [int(x["next"].split()[-2]) for x in notes(gateway, "agent.exited")[:6]]
        for number, top in enumerate([100, 200, 400, 400, 400, 400]):
            self.assertTrue(top / 2 <= pauses[number] <= top, pauses)
        link.send(inbound("waits", buffer_id="b-1"))
        await connector.never(lambda: link.of("inbound_ack"), "an ack", 0.3)
        self.assertEqual((await gateway.status())["agents"], 0)

    async def test_program_that_is_not_there_is_said_and_tried_again(self):
        connector, gateway, _ = await self.connected({"GATEWAY_AGENT": "exec:no-such-agent --x"})
        await gateway.said("there is no program no-such-agent on PATH")
        await gateway.changes.until(lambda: sum("agent.exited" in x for x in gateway.stderr) >= 3, "three tries")
        self.assertEqual((await gateway.get("/livez")).status, 200)

    async def test_what_a_dead_child_left_in_its_group_is_killed(self):
        connector, gateway, link = await self.start("""
import subprocess
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        if frame["redelivered"]:
            ack(frame)
            continue
        other = subprocess.Popen(["sleep", "600"])
        report(frame, other=other.pid)
        # once the connector has it, the next frame is the result
    elif frame["type"] == "result":
        os._exit(1)
""")
        link.send(inbound("one"))
        other = (await self.told(connector))["other"]
        await self.gone(other, "the end of what the child had started")


class Secrets(Exec):
    async def test_environment_holds_no_secret(self):
        self.config(home := self.home(), "gateway:\n  relay_secret: a-${PART}-b\n")
        hidden = {"GATEWAY_RELAY_SECRET": None, "GATEWAY_RELAY_ID": GATEWAY_ID, "PART": "hidden-part",
                  "GATEWAY_RELAY_DELIVERY_KEY": "hidden-delivery", "GATEWAY_RELAY_ACCESS_TOKEN": TOKEN,
                  "GATEWAY_RELAY_IDP_CLIENT_SECRET": "hidden-client", "GATEWAY_ADMIN_TOKEN": "hidden-admin",
                  "GATEWAY_RELAY_ENROLL_TOKEN": "hidden-enroll", "COPY_OF_IT": "Bearer hidden-admin",
                  "https_proxy": "http://user:hidden-word@127.0.0.1:1", "NO_PROXY": "127.0.0.1", "MY_KEY": "of the agent"}
        connector, gateway, link = await self.start("""
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        report(frame, env=dict(os.environ), argv=sys.argv)
        ack(frame)
""", hidden, home=home)
        link.send(inbound("one"))
        told = await self.told(connector)
        for word in ("hidden", TOKEN, "GATEWAY_"):
            self.assertNotIn(word, json.dumps(told))
        self.assertEqual(told["env"]["MY_KEY"], "of the agent")
        self.assertEqual(told["env"]["HERMES_HOME"], os.path.join(home, "hermes"))
        self.assertNotIn("PART", told["env"])

    async def test_standard_error_reaches_the_log_without_secrets_and_bounded(self):
        connector, gateway, link = await self.start("""
print("started with pinned-secret-5e6f", file=sys.stderr)
print("x" * 100_000, file=sys.stderr)
for number in range(20_000):
    print("line", number, file=sys.stderr)
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        print("now", frame["event"]["text"], file=sys.stderr, flush=True)
        ack(frame)
""")
        link.send(inbound("this", buffer_id="b-1"))
        await connector.frame("inbound_ack")
        await gateway.said("started with ***")
        lines = notes(gateway, "agent.stderr")
        self.assertLess(len(lines), 1_000)
        self.assertLess(max(len(x["line"]) for x in lines), 1_100)
        self.assertNotIn("pinned-secret", gateway.text)
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(), 0)
        dropped = sum(int(x["lines"]) for x in notes(gateway, "agent.stderr_dropped"))
        self.assertEqual(dropped + len(notes(gateway, "agent.stderr")), 20_003)

    async def test_child_has_a_group_of_its_own_and_no_file_of_the_gateway(self):
        connector, gateway, link = await self.start("""
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        open_ones = [x for x in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + x)]
        report(frame, pid=os.getpid(), group=os.getpgid(0), files=sorted(open_ones))
        ack(frame)
""")
        link.send(inbound("one"))
        told = await self.told(connector)
        self.assertEqual(told["pid"], told["group"])
        self.assertNotEqual(told["group"], os.getpgid(gateway.process.pid))
        self.assertEqual(told["files"], ["0", "1", "2"])


class Stops(Exec):
    async def test_stop_is_draining_then_the_end_of_its_input(self):
        connector, gateway, link = await self.start("""
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        held = frame
        report(frame, pid=os.getpid())
    elif frame["type"] == "draining":
        say(type="action", request_id="last", delivery_id=held["delivery_id"],
            action={"op": "send", "chat_id": "100", "content": "finished"})
        ack(held)
print("saw the end", file=sys.stderr, flush=True)
""")
        link.send(inbound("slow", buffer_id="b-1"))
        pid = (await self.told(connector))["pid"]
        gateway.signal(TERM)
        await connector.reply("finished")
        self.assertEqual(await gateway.exited(), 0)
        self.assertEqual([x["bufferId"] for x in link.of("inbound_ack")], ["b-1"])
        self.assertIn("saw the end", gateway.text)
        self.assertFalse(alive(pid))
        self.assertEqual(notes(gateway, "agent.exited"), [])

    async def test_child_that_ignores_everything_is_killed_within_the_grace(self):
        connector, gateway, link = await self.start("""
import subprocess
signal.signal(signal.SIGTERM, signal.SIG_IGN)
other = subprocess.Popen([sys.executable, "-c", "import signal\\nsignal.signal(15, 1)\\nwhile True: signal.pause()"])
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        report(frame, pid=os.getpid(), other=other.pid)
        ack(frame)
while True:
    signal.pause()
""", {"GATEWAY_GRACE": "6s"})
        link.send(inbound("one"))
        told = await self.told(connector)
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(6), 0)
        self.assertFalse(alive(told["pid"]))
        await self.gone(told["other"], "the end of the whole group")
        self.assertEqual((link.over or (0,))[0], 1000)

    async def test_no_child_outlives_a_gateway_that_is_killed(self):
        connector, gateway, link = await self.start("""
signal.signal(signal.SIGTERM, signal.SIG_IGN)
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        report(frame, pid=os.getpid())
        ack(frame)
while True:
    signal.pause()
""")
        link.send(inbound("one"))
        pid = (await self.told(connector))["pid"]
        gateway.process.kill()
        await gateway.exited()
        await self.gone(pid, "the child's end")

    async def test_a_wrapped_agent_does_not_outlive_a_gateway_that_is_killed(self):
        text = """
for x in (signal.SIGTERM, signal.SIGPIPE, signal.SIGHUP):
    signal.signal(x, signal.SIG_IGN)
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        report(frame, pid=os.getpid(), parent=os.getppid())
        ack(frame)
while True:
    signal.pause()
"""
        inner = f"/usr/bin/python3 -u {shlex.quote(self.script(text))}; exit 7"     # a shell that stays
        connector, gateway, link = await self.connected(
            {"GATEWAY_AGENT": f"exec:/bin/sh -c {shlex.quote(inner)}", "GATEWAY_LOG_FORMAT": "json"})
        link.send(inbound("one"))
        told = await self.told(connector)
        self.assertNotEqual(told["parent"], gateway.process.pid)
        gateway.process.kill()
        await gateway.exited()
        await self.gone(told["pid"], "the end of the child's child")
        await self.gone(told["parent"], "the end of the shell")

    async def test_second_signal_takes_the_child_along(self):
        connector, gateway, link = await self.start("""
signal.signal(signal.SIGTERM, signal.SIG_IGN)
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        report(frame, pid=os.getpid())
""")
        link.send(inbound("never acked"))
        pid = (await self.told(connector))["pid"]
        gateway.signal(TERM)
        await gateway.said("drain.begin")
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(), 143)
        await self.gone(pid, "the child's end")


class Hangs(Exec):
    alone = True

    async def test_child_that_never_reads_does_not_grow_memory(self):
        connector, gateway, link = await self.start("""
say(type="hello")
while True:
    signal.pause()
""", {"GATEWAY_MAX_PENDING": "40", "GATEWAY_STATE_DIR": "none"})
        await gateway.changes.poll(self.agents(gateway, 1), "the child")
        link.send(*(inbound("x" * 200_000, chat_id=str(n)) for n in range(80)))     # as much as is taken in at all
        await gateway.changes.poll(lambda: self.delivered(gateway, 40), "its deliveries")
        before = gateway.rss()
        link.send(*(inbound("x" * 200_000, chat_id=f"more-{n}") for n in range(300)))
        await connector.never(lambda: gateway.rss() - before > 40 << 20, "growth", 2)
        self.assertTrue(gateway.running)

    async def test_child_that_floods_and_never_reads_does_not_grow_memory(self):
        connector, gateway, link = await self.start("""
say(type="hello")
junk = b"".join(b'{"type":"nonsense","n":%d}\\n' % n for n in range(10_000))
while True:
    sys.stdout.buffer.write(junk)
""")
        await gateway.changes.poll(self.agents(gateway, 1), "the child")
        await connector.never(lambda: gateway.rss() > 150 << 20, "growth", 3)
        self.assertEqual((await gateway.get("/livez")).status, 200)

    async def test_child_that_hangs_is_killed_and_another_one_gets_its_events(self):
        flag = os.path.join(self.home(), "second")
        connector, gateway, link = await self.start(f"""
say(type="hello")
if not os.path.exists({flag!r}):
    open({flag!r}, "w").close()
    while True:
        signal.pause()
for frame in frames():
    if frame["type"] == "inbound":
        ack(frame)
""", {"GATEWAY_AGENT_ACK_TIMEOUT": "2s", "GATEWAY_STATE_DIR": "none"})
        await gateway.changes.poll(self.agents(gateway, 1), "the child")
        link.send(*(inbound("x" * 50_000, chat_id=str(n), buffer_id=f"b-{n}") for n in range(40)))
        await connector.frame("inbound_ack", 40, limit=20)
        self.assertIn("has not read its standard input for 2000 ms", gateway.text)

    def agents(self, gateway, number):
        async def probe():
            return (await gateway.status())["agents"] == number
        return probe

    async def delivered(self, gateway, number):
        return (await gateway.metrics()).get("relay_gateway_events_delivered_total", 0) >= number


class Configured(Exec):
    async def test_open_quote_is_refused_with_78(self):
        for command in ("run", "check"):
            code, out, err = await self.command(command, "--agent", "exec:agent --key 'sesame")
            self.assertEqual(code, 78, command)
            self.assertIn("quote", err)
            self.assertNotIn("sesame", out + err)
            self.assertEqual(len(err.strip().splitlines()), 1 if command == "run" else 2, err)

    async def test_check_shows_the_program_without_its_arguments(self):
        code, out, err = await self.command("check", "--agent", "exec:agent --key sesame")
        self.assertEqual(code, 0, err)
        self.assertIn("exec:agent ***", out)


class LastLine(Exec):
    async def test_the_end_of_the_output_ends_its_line(self):
        _, gateway, link = await self.start("""
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        sys.stdout.write(json.dumps({"type": "ack", "delivery_id": frame["delivery_id"]}))
        sys.stdout.flush()
        sys.exit(0)
""")
        link.send(inbound("one", buffer_id="b-1"))
        await link.connector.until(lambda: link.of("inbound_ack"), "the ack of the last line")
        await gateway.said("agent.exited")
        self.assertIn('"unacked":0,', gateway.text)

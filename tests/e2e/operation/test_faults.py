"""relay-connector --faults against the real gateway: whatever goes wrong on the way, once it stops a conversation works.

One row per kind of fault in KINDS; the ready scripts of tests/faults and what they promise stand below.
"""
import asyncio
import collections
import json
import os
import socket
import tempfile

from harness.gateway import TERM
from harness.scenario import ECHO, PROVISIONED, QUICK, TWO, Scenario, binary

SCRIPTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "faults")
IMPATIENT = {"GATEWAY_PING_INTERVAL": "300ms", "GATEWAY_PING_TIMEOUT": "1s", "GATEWAY_OUTBOUND_TIMEOUT": "1s",
             "GATEWAY_HANDSHAKE_TIMEOUT": "1500ms", "GATEWAY_HTTP_TIMEOUT": "1s"}
OUT_EVENTS = {"type": "inbound", "direction": "out"}
RESULTS = {"type": "outbound_result"}


def every(n, when, **then):
    return {"when": {**when, "every_n": n}, "then": then}


def once_open(**then):
    """After a part of the conversation, on the clock: to the connections that there are."""
    return {"when": {"on": "time", "after_ms": 100}, "then": then}


def upgrades(*nth, **then):
    return {"when": {"on": "upgrade", "nth": list(nth)}, "then": then}


def calls(path, *nth, **then):
    return {"when": {"on": "call", "path": path, "nth": list(nth)}, "then": then}


class Kind:
    """`rules` from the start, `uses` of them awaited while people write; then `seen`: metric -> the least that it grew to.
    `breaks`: the connection is lost by it, and a new one must be there afterwards. `loses`: events that only a new
    connection brings again."""

    def __init__(self, *rules, uses=1, breaks=False, loses=False, **seen):
        self.rules, self.uses, self.breaks, self.loses, self.seen = rules, uses, breaks, loses, seen


KINDS = {
    # frames to the gateway
    "lost_events": Kind(every(3, OUT_EVENTS, drop=True), uses=5, loses=True),
    "late_events": Kind(every(2, OUT_EVENTS, delay={"ms": [10, 200]}), uses=5),
    "doubled_events": Kind(every(2, OUT_EVENTS, duplicate=True), uses=5, events_duplicate=5),
    "reordered_events": Kind(every(3, OUT_EVENTS, reorder={"by": [1, 3], "within_ms": 300}), uses=5),
    "torn_events": Kind(every(3, OUT_EVENTS, truncate=True), uses=5, loses=True, frames_refused=5),
    "dirty_events": Kind(every(3, OUT_EVENTS, corrupt={"bytes": [1, 9], "kind": "utf8"}), uses=5, loses=True,
                         frames_refused=4),     # one of the five has its dirt in a side field, which costs that field only
    "split_events": Kind(every(1, OUT_EVENTS, split={"into": [2, 9]}), uses=10),
    "fragmented_events": Kind(every(1, OUT_EVENTS, split={"into": [2, 9], "as": "fragments", "every_ms": 2}), uses=10),
    "merged_events": Kind(every(5, OUT_EVENTS, merge={"frames": 5, "within_ms": 100}), uses=3),
    "binary_events": Kind(every(1, OUT_EVENTS, binary=True), uses=10),
    "unknown_frames": Kind(every(2, OUT_EVENTS, insert={"frame": {"type": "from_the_future"}}), uses=5, frames_unknown=5),
    # results
    "late_results": Kind(every(3, RESULTS, delay={"ms": 1500}), uses=3, results_unmatched=1, actions_settled=1),
    "doubled_results": Kind(every(2, RESULTS, duplicate=True), uses=5, results_unmatched=5),
    "foreign_results": Kind(every(2, RESULTS, rewrite={"/requestId": "nobody's"}), uses=3, results_unmatched=3),
    "missing_results": Kind(every(4, RESULTS, drop=True), uses=2),
    # frames of the gateway
    "lost_actions": Kind(every(4, {"type": "outbound"}, drop=True), uses=2),
    "lost_hello": Kind({"when": {"type": "hello", "nth": [1, 2]}, "then": {"drop": True}}, uses=2, dials=2),
    "torn_descriptor": Kind({"when": {"type": "descriptor", "nth": [1, 2]}, "then": {"truncate": True}}, uses=2, dials=2),
    # connections
    "closed_1012": Kind(once_open(close={"code": 1012, "reason": "deploy"}), breaks=True),
    "closed_4429": Kind(once_open(close={"code": 4429, "reason": "replaced"}), breaks=True),
    "cut": Kind(once_open(cut=True), breaks=True),
    "reset": Kind(once_open(reset=True), breaks=True),
    "reset_in_the_middle": Kind({"when": {"type": "outbound", "nth": 5}, "then": {"drop": True, "reset": True}}, breaks=True),
    "not_reading": Kind(once_open(stall_reading=True), breaks=True),
    "not_writing": Kind(once_open(stall_writing=True), breaks=True),
    "stalling_for_a_moment": Kind(once_open(stall_reading={"ms": 400}, stall_writing={"ms": 400})),
    "half_open": Kind(once_open(half_open=True), breaks=True),
    "broken_framing": Kind(once_open(raw={"hex": "c1 01 41"}), breaks=True),
    "outage": Kind(once_open(outage={"ms": 400}), breaks=True),
    # upgrades
    "refused_upgrades": Kind(upgrades(1, refuse={"status": 503}), upgrades(2, refuse={"status": 429}),
                             upgrades(3, refuse={"status": 302, "headers": {"Location": "http://127.0.0.1:1/"}}), uses=3, dials=4),
    "silent_upgrade": Kind(upgrades(1, silence=True), dials=2),
    "cut_upgrades": Kind(upgrades(1, cut=True), upgrades(2, reset=True), upgrades(3, close={"code": 1013}), uses=3, dials=4),
    # credentials
    "expired_tokens": Kind(once_open(expire_tokens=True), breaks=True),
    "a_clock_ahead": Kind({"when": {"on": "time", "after_ms": 100}, "then": {"shift_clock": {"seconds": 900, "ms": 600}, "cut": True}},
                          breaks=True),
    # calls
    "broken_provisioning": Kind(calls("/relay/provision", 1, answer={"status": 200, "body": "{"}),
                                calls("/relay/provision", 2, answer={"status": 500}),
                                calls("/relay/provision", 3, corrupt={"bytes": 200, "kind": "utf8"}), uses=3, provision_attempts=4),
    "lost_provisioning": Kind(calls("/relay/provision", 1, cut=True), calls("/relay/provision", 2, reset=True),
                              calls("/relay/provision", 3, truncate=True), uses=3, provision_attempts=4),
    "silent_provisioning": Kind(calls("/relay/provision", 1, silence=True), provision_attempts=2),
    "slow_provisioning": Kind(calls("/relay/provision", 1, drip={"bytes": 1, "every_ms": 100}),
                              calls("/relay/provision", 2, delay={"ms": 500}), uses=2, provision_attempts=2),
    "huge_provisioning": Kind(calls("/relay/provision", 1, pad={"bytes": 30_000_000}), provision_attempts=2),
    "broken_policy": Kind(calls("/relay/policy", 1, reset=True), calls("/relay/policy", 2, answer={"status": 418, "body": "<tea>"}),
                          uses=1, policy_attempts=1),
    # storms
    "replay_storm": Kind(once_open(replay={"events": 300, "chats": 20, "repeat": 1}), events_duplicate=300, buffer_acks=600),
}


class Storm(Scenario):
    async def start(self, faults, *settings, **more):
        stand_in = await self.stand_in(faults)
        await stand_in.behaviour(buffer_all=True)
        home = self.home()
        self.config(home, "discord:\n  require_mention: true\n")
        # In memory, so that whatever was not answered yet has to come again.
        gateway = await self.gateway(stand_in, PROVISIONED, TWO, QUICK, IMPATIENT, ECHO, {"GATEWAY_STATE_DIR": "none"},
                                     *settings, home=home, **more)
        return stand_in, gateway

    async def conversation(self, stand_in, text):
        """One in each platform; what is said once both work."""
        for platform in ("discord", "telegram"):
            await stand_in.tell(f"{text} {platform}", platform, chat_id=f"after-{platform}")
        for platform in ("discord", "telegram"):
            await stand_in.echoed(f"{text} {platform}", limit=20)

    async def fine(self, stand_in, gateway, **seen):
        """Peace came: the gateway serves both platforms, owes nothing, has counted what it saw, and ends cleanly."""
        await gateway.state("connected", 30)
        await self.conversation(stand_in, "after the storm")

        async def provisioned():
            return all(x["provisioning"] == "done" for x in (await gateway.status())["platforms"])
        await gateway.changes.poll(provisioned, "both platforms provisioned", limit=20)
        status = await gateway.state("connected")
        self.assertTrue(status["ready"])
        self.assertEqual(status["restarts"], 0, "no actor died of it")

        async def settled():
            return (await gateway.status())["actions"]["pending"] == 0
        await gateway.changes.poll(settled, "no action that waits")

        async def acked():
            return all(x["buffered"] == 0 for x in (await stand_in.status())["gateways"])
        await gateway.changes.poll(acked, "every buffered event acked")
        for name, least in seen.items():
            async def counted():
                return self.total(await gateway.metrics(), name) >= least
            await gateway.changes.poll(counted, f"{name} of {least}")
        metrics = await gateway.metrics()
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(30), 0)
        self.assertTrue(stand_in.running)
        return metrics

    @staticmethod
    def total(metrics, name):
        return sum(v for k, v in metrics.items() if k.split("{")[0] == f"relay_gateway_{name}_total")



class Faults(Storm):
    async def survive(self, kind):
        rules = list(kind.rules)
        stand_in, gateway = await self.start({"clock": "first_open", "rules": rules})
        # Before the first handshake these wait in the buffer, so the first ones are a replay.
        await stand_in.records("provision", limit=20)
        await stand_in.tell("{n}", count=30, chats=3, every_ms=10)
        await stand_in.records("fault", kind.uses, limit=20)
        if kind.breaks:
            await stand_in.records("handshake", 2, limit=20)
        await stand_in.peace()
        if kind.loses:      # a connector sends again what was never acked, on the next connection
            since = await stand_in.mark()
            await stand_in.fire(cut=True)
            await stand_in.records("handshake", since=since, limit=20)
        metrics = await self.fine(stand_in, gateway, **kind.seen)
        if kind.breaks:
            self.assertGreaterEqual(self.total(metrics, "links_ended"), 1)


def add_rows():
    for name, kind in KINDS.items():
        async def test(self, kind=kind):
            await self.survive(kind)
        test.__name__ = f"test_survives_{name}"
        setattr(Faults, test.__name__, test)


add_rows()


class Scripts(Storm):
    """The ready ones in tests/faults, and what a gateway must do under each."""

    async def under(self, script, *settings):
        return await self.start(os.path.join(SCRIPTS, script), *settings)

    async def talk(self, stand_in, count=40):
        await stand_in.records("handshake", limit=20)
        await stand_in.tell("{n}", count=count, chats=4, every_ms=10)

    async def test_flaky_link(self):
        stand_in, gateway = await self.under("flaky-link.json")
        await self.talk(stand_in, 100)
        await stand_in.records("fault", 3, "rule", "break", limit=20)
        await stand_in.peace()
        metrics = await self.fine(stand_in, gateway)
        self.assertGreaterEqual(self.total(metrics, "links_ended"), 3)
        heard = {x["frame"]["action"]["content"] for x in stand_in.written("outbound")}
        self.assertLessEqual({str(n) for n in range(100)}, heard, "every event was answered, however often it had to come")

    async def test_mangled_frames(self):
        stand_in, gateway = await self.under("mangled-frames.json")
        await self.talk(stand_in, 80)
        await stand_in.records("fault", 80, limit=20)
        await stand_in.peace()
        await self.conversation(stand_in, "in between")
        self.assertEqual(self.total(await gateway.metrics(), "links_ended"), 0, "none of it is a reason to hang up")
        await stand_in.fire(cut=True)       # what was torn comes again on the next connection
        await self.fine(stand_in, gateway, frames_refused=8, frames_unknown=5)

    async def test_lost_results(self):
        stand_in, gateway = await self.under("lost-results.json")
        await self.talk(stand_in, 20)
        for rule in ("foreign", "twice", "missing", "late"):
            await stand_in.records("fault", 2, "rule", rule, limit=20)
        await stand_in.peace()
        metrics = await self.fine(stand_in, gateway)
        self.assertGreaterEqual(self.total(metrics, "results_unmatched"), 4)
        self.assertGreaterEqual(metrics.get('relay_gateway_actions_settled_total{outcome="unknown"}', 0), 2)
        requests = [x["frame"]["requestId"] for x in stand_in.written("outbound")]
        self.assertEqual(len(requests), len(set(requests)), "what may have been done is never sent again")

    async def test_half_open(self):
        stand_in, gateway = await self.under("half-open.json")
        await self.talk(stand_in, 20)
        await stand_in.records("fault", limit=20)
        await stand_in.records("handshake", 2, limit=20)
        await self.fine(stand_in, gateway)
        self.assertEqual(sum("no byte from the peer" in x for x in gateway.output), 1)

    async def test_rolling_restarts(self):
        stand_in, gateway = await self.under("rolling-restarts.json")
        await self.talk(stand_in, 20)
        await stand_in.records("outage", path="down", value="false", limit=20)
        metrics = await self.fine(stand_in, gateway)
        self.assertGreaterEqual(self.total(metrics, "dials"), 4)

    async def test_slow_provision(self):
        stand_in, gateway = await self.under("slow-provision.json")
        await stand_in.records("handshake", limit=30)
        self.assertLess(gateway.peak(), 150 << 20, "a huge answer is not kept")
        metrics = await self.fine(stand_in, gateway)
        self.assertGreaterEqual(metrics.get('relay_gateway_provision_attempts_total{outcome="failed"}', 0), 5)
        self.assertEqual(metrics.get('relay_gateway_provision_attempts_total{outcome="done"}'), 2)
        rules = [x["rule"] for x in stand_in.written("fault")]
        self.assertEqual(rules[:5], ["broken", "huge", "lost answer", "silent", "byte by byte"])

    async def test_expired(self):
        stand_in, gateway = await self.under("expired.json")
        await stand_in.records("fault", 2, limit=20)
        await stand_in.records("handshake", 3, limit=20)
        await self.fine(stand_in, gateway)

    async def test_f9_revoked(self):
        stand_in, gateway = await self.under("revoked.json")
        await stand_in.records("fault", limit=20)
        status = await gateway.state("disabled", limit=20)
        self.assertIn("revoked", status["reason"])
        upgrades_so_far = len(await stand_in.records("upgrade"))
        self.assertLessEqual(upgrades_so_far, 3, "one try with a fresh token, then no more")
        self.assertEqual((await gateway.get("/livez")).status, 200, "it stays up to say so")
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(30), 0)

    async def test_f22_replay_storm(self):
        stand_in, gateway = await self.under("replay-storm.json")
        await stand_in.records("fault", 1, "rule", "break", limit=20)
        await stand_in.records("handshake", 2, limit=20)
        metrics = await self.fine(stand_in, gateway)
        actions = [x["frame"]["action"] for x in stand_in.written("outbound")]
        answers = [(x["chat_id"], x["content"]) for x in actions if x["content"].startswith("replayed ")]
        self.assertEqual(len(answers), len(set(answers)), "none is answered twice")
        # An answer that was on its way when the connection broke may have arrived or not: it is told as unknown and, because
        # of that, never sent again. Each chat has one in flight at most, so it misses one at most, and only if it was told.
        settled = [json.loads(x) for x in gateway.output if '"event":"action.settled"' in x]
        unknown = collections.Counter(x["chat"] for x in settled if x["outcome"] == "unknown")
        self.assertEqual(metrics.get('relay_gateway_actions_settled_total{outcome="unknown"}', 0), unknown.total())
        answered = collections.Counter(chat for chat, _ in answers)
        for chat in {f"storm-{n}" for n in range(20)}:
            self.assertLessEqual(unknown[chat], 1, chat)
            self.assertGreaterEqual(answered[chat], 15 - unknown[chat], f"{chat}: none is lost untold")
        self.assertEqual(set(answered), {f"storm-{n}" for n in range(20)})


class Pokes(Storm):
    async def test_a_storm_of_wake_pokes_harms_nothing(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        stand_in, gateway = await self.start(None, {"GATEWAY_LISTEN": f"127.0.0.1:{port}",
                                                    "GATEWAY_RELAY_WAKE_URL": f"http://127.0.0.1:{port}/wake"})
        await stand_in.records("handshake", limit=20)
        await stand_in.add_faults({"when": {"on": "poke", "nth": 3}, "then": {"drop": True}},
                                  {"when": {"on": "poke", "nth": 4}, "then": {"duplicate": {"copies": 3}}})
        await stand_in.fire(poke={"times": 50, "every_ms": 2})
        pokes = await stand_in.records("poke", 53, limit=20)
        self.assertEqual(sum(1 for x in pokes if x["status"] == 0), 1)
        self.assertTrue(all(x["status"] < 400 for x in pokes), pokes[0])
        await self.fine(stand_in, gateway)


class Media(Storm):
    async def test_uploads_that_are_lost_torn_or_slow_fail_alone(self):
        rules = [calls("/relay/media", 1, cut=True), calls("/relay/media", 2, truncate=True),
                 calls("/relay/media", 3, answer={"status": 500, "body": "<html>"})]
        stand_in, gateway = await self.start(rules, {"GATEWAY_AGENT": "link"})
        await gateway.ready()
        agent = await self.agent(gateway)
        with tempfile.NamedTemporaryFile(suffix=".png") as file:
            file.write(b"\x89PNG" * 5000)
            file.flush()
            send = lambda: agent.act({"op": "send_media", "chat_id": "c1", "media_kind": "image", "source_path": file.name},
                                     platform="discord")
            for _ in range(3):
                self.assertFalse((await agent.result(send(), limit=20))["success"])
            self.assertTrue((await agent.result(send(), limit=20))["success"])
        self.assertTrue((await agent.result(agent.say("words"), limit=20))["success"])


class CommandLine(Scenario):
    async def run_it(self, *arguments):
        process = await asyncio.create_subprocess_exec(binary("relay-connector"), *arguments, stdout=asyncio.subprocess.PIPE,
                                                       stderr=asyncio.subprocess.PIPE)
        out, err = await asyncio.wait_for(process.communicate(), 10)
        return process.returncode, out.decode(), err.decode()

    def script(self, text):
        path = os.path.join(self.home(), "script.json")
        with open(path, "w") as file:
            file.write(text)
        return path

    async def test_a_bad_script_is_one_line_and_78(self):
        path = self.script('{"rules": [{"then": {"dorp": true}}, {"when": {"tpye": "a"}, "then": {"cut": true}}]}')
        code, out, err = await self.run_it("--faults", path)
        self.assertEqual((code, out, err.count("\n")), (78, "", 1))
        self.assertIn("/rules/0/then/dorp: unknown key; did you mean 'drop'? (and 1 more", err)
        code, out, err = await self.run_it("--check-faults", path)
        self.assertEqual((code, out, err.count("\n")), (78, "", 2))
        self.assertIn("/rules/1/when/tpye: unknown key; did you mean 'type'?", err)

    async def test_a_good_script_is_said_to_be_one(self):
        code, out, err = await self.run_it("--check-faults", os.path.join(SCRIPTS, "flaky-link.json"))
        self.assertEqual((code, err), (0, ""))
        self.assertIn("5 rules, seed 1", out)

    async def test_a_script_that_is_not_there_is_2(self):
        code, _, err = await self.run_it("--faults", "/nowhere/x.json")
        self.assertEqual((code, err.count("\n")), (2, 1))

"""The log: bursts of one event, outages, the last lines, the way of a turn."""
import json

from harness.events import inbound
from harness.scenario import Scenario
from agents.test_exec import ECHO as CHILD, Exec


def lines_of(gateway, event):
    found = []
    for line in gateway.output:
        if f'"{event}"' not in line:
            continue
        entry = json.loads(line[line.index("{"):])
        if entry.get("event") == event:
            found.append(entry)
    return found


class Logs(Scenario):
    async def test_three_thousand_bad_frames_are_a_few_lines_and_a_count(self):
        connector, gateway, link = await self.connected(GATEWAY_LOG_FORMAT="json")
        for _ in range(3000):
            link.send_raw(b"{broken\n")

        async def read():
            counted = await gateway.metrics()
            return sum(v for k, v in counted.items() if k.startswith("relay_gateway_frames_refused_total")) >= 3000
        await gateway.changes.poll(read, "3000 bad frames counted")
        gateway.signal(15)
        self.assertEqual(await gateway.exited(), 0)
        warned = lines_of(gateway, "frame.refused")
        self.assertLessEqual(len(warned), 40)
        self.assertGreaterEqual(len(warned), 1)
        repeated = [x for x in lines_of(gateway, "log.repeated") if x["of"] == "frame.refused"]
        self.assertEqual(len(warned) + sum(x["count"] for x in repeated), 3000)

    async def test_an_outage_is_a_line_at_its_start_and_one_at_its_end(self):
        connector, gateway, link = await self.connected(GATEWAY_LOG_FORMAT="json")
        port = connector.port
        await connector.stop()
        await gateway.said("link.lost", limit=10)

        async def tried():
            counted = await gateway.metrics()
            return sum(v for k, v in counted.items() if k.startswith("relay_gateway_dials_total")) >= 5
        await gateway.changes.poll(tried, "five dials")
        again = await self.connector(port=port)
        await again.link(1, 2)
        await gateway.changes.until(lambda: len(lines_of(gateway, "link.up")) == 2, "connected again")
        self.assertEqual(len(lines_of(gateway, "link.lost")), 1)
        self.assertLessEqual(len(lines_of(gateway, "link.still_down")), 1)
        self.assertEqual(len(lines_of(gateway, "link.dial")), 1)
        back = lines_of(gateway, "link.up")[-1]
        self.assertGreater(back["down_ms"], 0)
        self.assertGreaterEqual(back["failures"], 3)

    async def test_the_last_lines_are_told_as_json(self):
        _, gateway, _ = await self.connected(GATEWAY_LOG_FORMAT="text")
        await gateway.ready()
        answer = await gateway.get("/v1/log")
        self.assertEqual(answer.status, 200)
        events = json.loads(answer.body)["events"]
        self.assertIn("link.up", [x["event"] for x in events])
        for x in events:
            self.assertEqual([name for name, value in x.items() if value == ""], [], x)
        self.assertIsInstance([x for x in events if x["event"] == "link.up"][-1]["down_ms"], int)


class WithoutAHome(Scenario):
    async def test_memory_only_has_to_be_said(self):
        code, _, err = await self.command("run", HOME=None, HERMES_HOME=None, GATEWAY_STATE_DIR=None)
        self.assertEqual(code, 78, err)
        self.assertIn("gateway.state_dir", err)
        self.assertIn("none", err)
        code, _, err = await self.command("check", HOME=None, HERMES_HOME=None, GATEWAY_STATE_DIR="none")
        self.assertEqual(code, 0, err)


ASKED, SAID = "canary-of-a-question", "canary-of-an-answer"
NUMBERS = {"attempt", "epoch", "ms", "piece", "pieces"}
TURN = ("event.received", "event.delivered", "action.accepted", "action.sent", "action.settled", "event.acked")


class Turns(Exec):
    """A turn can be followed from the connector to the agent and back by its ids, without a word of what was said."""

    def entries(self, gateway):
        found = [json.loads(x) for x in gateway.stderr if x.startswith("{")]
        for entry in found:
            self.assertEqual([k for k, v in entry.items() if v in ("", None)], [], entry)
            self.assertEqual([k for k, v in entry.items() if isinstance(v, str) and v.isdigit()
                              and k not in ("chat", "message", "buffer_id")], [], entry)
            for name in NUMBERS & entry.keys():
                self.assertIs(type(entry[name]), int, entry)
        self.assertNotIn("canary", gateway.text)
        return found

    async def turn(self, gateway, delivery, request, level="debug"):
        """The lines of that turn by their event."""
        await gateway.changes.until(
            lambda: [x for x in lines_of(gateway, "action.settled") if x.get("request") == request]
            and [x for x in lines_of(gateway, "event.acked") if x["delivery"] == delivery], "the end of the turn")
        lines = {}
        for entry in self.entries(gateway):
            if entry.get("delivery") == delivery and entry.get("request", request) == request:
                self.assertNotIn(entry["event"], lines, "each step of an undisturbed turn is one line")
                lines[entry["event"]] = entry
        self.assertEqual(set(lines), set(TURN))
        at = {name: list(lines).index(name) for name in TURN}
        for before, after in (("event.received", "event.delivered"), ("event.delivered", "event.acked"),
                              ("event.delivered", "action.accepted"), ("action.accepted", "action.sent"),
                              ("action.sent", "action.settled")):
            self.assertLess(at[before], at[after])
        for entry in lines.values():
            self.assertEqual((entry["platform"], entry["chat"], entry["epoch"]), ("telegram", "100", 1), entry)
            self.assertEqual(entry["level"], level if entry["event"] == "action.settled" else "debug")
        for name in TURN[2:5]:
            self.assertEqual((lines[name]["request"], lines[name]["op"]), (request, "send"))
        for name in ("event.delivered", "event.acked", "action.sent"):
            self.assertEqual(lines[name]["attempt"], 1)
        for name in ("event.delivered", "event.acked", "action.sent", "action.settled"):
            self.assertGreaterEqual(lines[name]["ms"], 0)
        self.assertEqual(lines["event.received"]["session"], lines["event.delivered"]["session"])
        return lines

    async def test_a_turn_of_an_agent_on_the_link(self):
        connector, gateway, link = await self.connected(GATEWAY_LOG_FORMAT="json", GATEWAY_LOG_LEVEL="debug")
        agent = await self.agent(gateway)
        link.send(inbound(ASKED, platform="telegram", chat_id="100", buffer_id="b-17"))
        delivery = await agent.delivery(ASKED)
        agent.say(SAID, delivery=delivery, request_id="turn-1")
        await agent.result("turn-1")
        lines = await self.turn(gateway, delivery["delivery_id"], "turn-1")
        self.assertEqual(lines["event.received"]["buffer_id"], "b-17")
        self.assertEqual(lines["action.settled"]["outcome"], "done")
        await gateway.changes.until(lambda: lines_of(gateway, "buffer.acked"), "the ack to the connector")
        self.assertEqual([x["buffer_id"] for x in lines_of(gateway, "buffer.acked")], ["b-17"])

    async def test_a_turn_of_a_child(self):
        connector, gateway, link = await self.start(CHILD, GATEWAY_LOG_LEVEL="debug")
        link.send(inbound(ASKED, platform="telegram", chat_id="100", buffer_id="b-1"))
        await connector.reply(ASKED)
        await gateway.said('"event.acked"')
        delivery = lines_of(gateway, "event.acked")[0]["delivery"]
        await self.turn(gateway, delivery, f"a-{delivery}")

    async def test_what_failed_or_may_have_is_a_warning_at_any_level(self):
        connector, gateway, link = await self.connected(GATEWAY_LOG_FORMAT="json", GATEWAY_LOG_LEVEL="warn")
        agent = await self.agent(gateway)
        link.send(inbound(ASKED, platform="telegram", chat_id="100"))
        delivery = await agent.delivery(ASKED)
        connector.result_of = lambda frame: {"success": False, "error": "chat not found"}
        agent.say(SAID, delivery=delivery, request_id="fails")
        await agent.result("fails")
        connector.result_of = lambda frame: None
        sent = len(connector.outbound)
        agent.say(SAID, delivery=delivery, request_id="unknown")
        await connector.changes.until(lambda: len(connector.outbound) > sent, "the frame")
        link.reset()
        await agent.result("unknown")
        agent.act({"op": "send", "chat_id": "100", "content": " "}, platform="telegram", request_id="refused")
        await agent.result("refused")
        await gateway.said('"action.refused"')
        settled = {x["request"]: x for x in lines_of(gateway, "action.settled")}
        self.assertEqual(set(settled), {"fails", "unknown"})
        for request, outcome in (("fails", "definite"), ("unknown", "unknown")):
            entry = settled[request]
            self.assertEqual((entry["level"], entry["outcome"], entry["delivery"], entry["attempt"]),
                             ("warn", outcome, delivery["delivery_id"], 1))
            self.assertTrue(entry["error"])
        self.assertEqual(settled["fails"]["error"], "chat not found")
        self.assertEqual([(x["request"], x["code"]) for x in lines_of(gateway, "action.refused")],
                         [("refused", "bad_action")])
        self.assertTrue(self.entries(gateway))

"""The log: bursts of one event, outages, the last lines."""
import json

from harness.scenario import Scenario


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

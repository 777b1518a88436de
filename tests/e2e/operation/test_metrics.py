"""What Prometheus sees: names and types, values at the time of the scrape, times as histograms, few series."""
import shutil
import subprocess
import unittest

from harness.events import inbound
from harness.scenario import ECHO, PINNED, TOKEN, TWO, Scenario


class Metrics(Scenario):
    @unittest.skipUnless(shutil.which("promtool"), "promtool is not installed")
    async def test_promtool_finds_nothing(self):
        connector, gateway, link = await self.connected(ECHO)
        link.send(inbound("hello"))
        await connector.reply("hello")
        text = (await gateway.get("/metrics")).body
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False, timeout=30)
        self.assertEqual((done.returncode, done.stdout + done.stderr), (0, b""))

    async def test_gauges_are_as_fresh_as_the_scrape(self):
        _, gateway, _ = await self.connected(ECHO, GATEWAY_STATE_DIR="none")
        await gateway.ready()
        now = await gateway.metrics()
        self.assertEqual(now["relay_gateway_connected"], 1)
        self.assertEqual(now["relay_gateway_agents"], 1, "the echo agent is one")
        self.assertEqual(now["relay_gateway_store_ok"], 1, "memory takes events")
        self.assertGreater(now["relay_gateway_link_last_up_timestamp_seconds"], 1.7e9)
        self.assertEqual(now["relay_gateway_link_next_dial_timestamp_seconds"], 0)

    async def test_a_turn_is_measured_and_leaves_nothing_open(self):
        connector, gateway, link = await self.connected(ECHO)
        link.send(inbound("hello", buffer_id="b1"))
        await connector.reply("hello")

        async def settled():
            now = await gateway.metrics()
            return now["relay_gateway_actions_settled_total{outcome=\"done\"}"] >= 1 and now["relay_gateway_turns_open"] == 0
        await gateway.changes.poll(settled, "the turn is over")
        now = await gateway.metrics()
        self.assertEqual(now["relay_gateway_dial_seconds_count"], 1)
        self.assertGreaterEqual(now["relay_gateway_store_commit_seconds_count"], 1)
        for name in ("receive_to_ack", "delivery_to_ack", "action_to_result"):
            self.assertEqual(now[f"relay_gateway_{name}_seconds_count"], 1, name)

    async def test_every_series_is_born_at_zero(self):
        connector = await self.connector()
        await connector.stop()
        gateway = await self.gateway(connector, PINNED, TWO)
        now = await gateway.metrics()
        for name in ('relay_gateway_frames_refused_total{reason="too_long"}', 'relay_gateway_links_ended_total{reason="refused"}',
                     'relay_gateway_store_failures_total{reason="full"}', 'relay_gateway_media_fetched_total{outcome="failed"}'):
            self.assertEqual(now[name], 0, name)

    async def test_each_platform_tells_its_stage(self):
        connector = await self.connector()
        gateway = await self.gateway(connector, TWO, GATEWAY_RELAY_ACCESS_TOKEN=TOKEN)
        await connector.link(1, 2)
        await gateway.ready()
        now = await gateway.metrics()
        for platform in ("discord", "telegram"):
            self.assertEqual(now[f'relay_gateway_platform_state{{platform="{platform}",stage="done"}}'], 1)
            self.assertEqual(now[f'relay_gateway_platform_state{{platform="{platform}",stage="failed"}}'], 0)

    async def test_ten_thousand_chats_make_no_series(self):
        connector, gateway, link = await self.connected(ECHO)
        for n in range(10_000):
            link.send(inbound(f"m{n}", chat_id=f"c{n}", message_id=f"m{n}"))
        await connector.until(lambda: len(connector.sent()) >= 10_000, "all answers", limit=60)
        self.assertLess(len(await gateway.metrics()), 400)

"""What Prometheus sees: names and types, values at the time of the scrape, times as histograms, few series."""
import os
import shutil
import ssl
import subprocess
import time
import unittest

from harness.certificates import Authority, available
from harness.events import inbound
from harness.scenario import ECHO, PINNED, PROVISIONED, TOKEN, TWO, Scenario


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

    async def test_the_age_of_what_nobody_takes_is_told_until_somebody_does(self):
        _, gateway, link = await self.connected()
        agent = await self.agent(gateway, acks=False)
        link.send(inbound("stays"))
        held = await agent.delivery("stays")

        async def aged():
            return (await gateway.metrics())["relay_gateway_events_oldest_age_seconds"] >= 1
        await gateway.changes.poll(aged, "an age of a second")
        status = await gateway.status()
        self.assertGreaterEqual(status["events"]["oldest_age_ms"], 1000)
        agent.ack(held)

        async def taken():
            return (await gateway.metrics())["relay_gateway_events_oldest_age_seconds"] == 0
        await gateway.changes.poll(taken, "no age")

    async def test_a_gateway_without_its_connector_tells_when_it_dials_next(self):
        connector = await self.connector()
        await connector.stop()
        gateway = await self.gateway(connector, PINNED, TWO, GATEWAY_BACKOFF_MIN="20s", GATEWAY_BACKOFF_MAX="30s")
        await gateway.state("waiting")
        now = await gateway.metrics()
        self.assertGreater(now["relay_gateway_link_next_dial_timestamp_seconds"], time.time() - 1)
        self.assertTrue((await gateway.status())["next_dial"])
        _, out, _ = await self.command("status", GATEWAY_LISTEN=gateway.url.removeprefix("http://"))
        self.assertIn("next dial", out)

    async def test_equal_settings_have_an_equal_hash_and_a_reload_makes_another(self):
        def hash_of(metrics):
            return metrics["relay_gateway_config_hash"]
        home, twin = self.home(), self.home()
        self.config(home, "gateway: {limits: {max_chats: 5000}}")
        self.config(twin, "gateway: {limits: {max_chats: 5000}, relay_secret: of-the-other-one}")
        same = {"GATEWAY_RELAY_ID": "gw-1", "GATEWAY_STATE_DIR": "none"}
        first, second = await self.gateway(None, same, home=home), await self.gateway(None, same, home=twin)
        before = hash_of(await first.metrics())
        self.assertNotEqual(before, 0)
        self.config(home, "gateway: {limits: {max_chats: 6000}}")
        self.assertEqual((await first.get("/v1/reload", method="POST", body={})).status, 202)
        self.assertNotEqual(hash_of(await first.metrics()), before)
        self.config(home, "gateway: {limits: {max_chats: 5000}}")
        await first.get("/v1/reload", method="POST", body={})
        self.assertEqual(hash_of(await first.metrics()), before)
        self.assertNotEqual(hash_of(await second.metrics()), 0)

    async def test_the_disk_is_looked_at_while_nothing_is_written(self):
        gateway = await self.gateway(None, PINNED)

        async def told():
            free = os.statvfs(gateway.home)
            return abs((await gateway.metrics())["relay_gateway_state_free_bytes"] - free.f_bavail * free.f_frsize) < 1 << 30
        await gateway.changes.poll(told, "the free bytes")

    @unittest.skipUnless(available, "no openssl command to make certificates with")
    async def test_certificates_are_told_with_their_end(self):
        authority = Authority(self.home())
        connector = await self.connector(tls=authority.server("IP:127.0.0.1", days=30))
        pair = [os.path.join(authority.folder, name) for name in ("server.pem", "server.key")]
        gateway = await self.gateway(connector, TWO, PROVISIONED, GATEWAY_TLS_CA_FILE=authority.file, GATEWAY_TLS_CERT_FILE=pair[0],
                                     GATEWAY_TLS_KEY_FILE=pair[1])
        await gateway.ready()
        now = await gateway.metrics()
        shown = ssl._ssl._test_decode_cert(pair[0])     # pylint: disable=protected-access
        end = ssl.cert_time_to_seconds(shown["notAfter"])
        for which in ("connector", "client"):
            self.assertEqual(now[f"relay_gateway_{which}_certificate_expiry_timestamp_seconds"], end)
        self.assertAlmostEqual(end, time.time() + 30 * 86400, delta=3600)

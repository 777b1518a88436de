"""A real Prometheus scrapes real gateways, and the shipped alert rules fire on what they are for."""
import asyncio
import errno
import json
import os
import re
import shutil
import socket
import unittest

from harness.events import inbound
from harness.http import fetch
from harness.scenario import ECHO, PINNED, QUICK, TWO, Scenario
from inbound.test_disk import NAMESPACES, on_tmpfs

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
READER = "read-token-of-prometheus"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def impatient_rules():
    """The shipped rules, which wait for a second where they wait for some minutes. What they ask for stays the same."""
    with open(os.path.join(ROOT, "deploy", "monitoring", "alerts.yaml"), encoding="utf-8") as file:
        return re.sub(r"\bfor: [1-9]m\b", "for: 1s", file.read())


@unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed (deploy/setup deploy)")
@unittest.skipUnless(NAMESPACES, "needs mount namespaces")
class Alerts(Scenario):
    async def prometheus(self, targets):
        """Scrapes each of these (instance -> host:port) every second; its URL."""
        home = self.home()
        jobs = [{"targets": [at], "labels": {"instance": name}} for name, at in targets.items()]
        settings = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                    "rule_files": ["alerts.yaml"],
                    "scrape_configs": [{"job_name": "relay-gateway", "authorization": {"credentials_file": "token"},
                                        "static_configs": jobs}]}
        for name, text in (("prometheus.yml", json.dumps(settings)), ("alerts.yaml", impatient_rules()), ("token", READER)):
            with open(os.path.join(home, name), "w", encoding="utf-8") as file:
                file.write(text)
        port = free_port()
        with open(os.path.join(home, "log"), "wb") as log:
            process = await asyncio.create_subprocess_exec(
                "prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data", "--log.level=warn",
                f"--web.listen-address=127.0.0.1:{port}", cwd=home, stdout=log, stderr=log)

        async def end():
            if process.returncode is None:
                process.kill()
            await process.wait()
        self._stack.push_async_callback(end)
        return f"http://127.0.0.1:{port}"

    async def asked(self, path):
        """What the API of Prometheus answers; None until it does."""
        try:
            answer = await fetch(self.url + path)
        except OSError:
            return None
        return answer.json()["data"] if answer.status == 200 else None

    async def firing(self):
        """Alerts that fire by their instance."""
        found = {}
        for alert in (await self.asked("/api/v1/alerts") or {"alerts": []})["alerts"]:
            if alert["state"] == "firing":
                found.setdefault(alert["labels"]["instance"], set()).add(alert["labels"]["alertname"])
        return found

    async def wait_for(self, what, probe, limit=40):
        async def look():
            return probe(await self.firing())
        await self._gateways[0].changes.poll(look, what, limit, pace=0.25)

    async def with_full_disk(self, connector):
        program, state, home = on_tmpfs(self, "size=3m")
        gateway = await self.gateway(connector, TWO, PINNED, QUICK, self.own, home=home, program=program,
                                     GATEWAY_STATE_DIR=state)
        await connector.link(1, 2)
        with open(f"/proc/{gateway.process.pid}/root{state}/filler", "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError as full:
                self.assertEqual(full.errno, errno.ENOSPC)
        return gateway, f"/proc/{gateway.process.pid}/root{state}/filler"

    own = {"GATEWAY_METRICS_LISTEN": "127.0.0.1:0", "GATEWAY_READ_TOKEN": READER}

    async def test_they_fire_on_a_broken_link_a_stuck_event_and_a_full_disk_and_only_there(self):
        gateways, links, peers = {}, {}, {}
        for name, more in (("well", ECHO), ("cut", ECHO), ("stuck", {})):
            peers[name] = await self.connector()
            gateways[name] = await self.gateway(peers[name], TWO, PINNED, QUICK, self.own, more)
            links[name] = await peers[name].link(1, 2)
        peers["full"] = await self.connector()
        gateways["full"], filler = await self.with_full_disk(peers["full"])
        links["full"] = await peers["full"].link(1, 2)
        await self.agent(gateways["full"])
        agent = await self.agent(gateways["stuck"], acks=False)
        links["stuck"].send(inbound("nobody takes it", buffer_id="b-1"))
        held = await agent.delivery("nobody takes it")
        links["full"].send(*(inbound(f"e{n} " + "y" * 2000, buffer_id=f"b-{n}", chat_id=str(n % 7)) for n in range(150)))
        links["well"].send(inbound("fine", buffer_id="b-1"))
        await peers["well"].reply("fine")
        port = peers["cut"].port
        await peers["cut"].stop()

        at = {}
        for name, gateway in gateways.items():
            line = await gateway.said("metrics on http://")
            at[name] = re.search(r"http://([^/\s]+)", line).group(1)
        self.url = await self.prometheus(at)
        await self.wait_for("an alert for each fault", lambda now: "RelayGatewayNotConnected" in now.get("cut", ()) and
                            "RelayGatewayEventsStuck" in now.get("stuck", ()) and "RelayGatewayStoreNotOk" in now.get("full", ()))
        now = await self.firing()
        self.assertEqual(now.get("well", set()), set())
        self.assertEqual((now["cut"], now["stuck"]), ({"RelayGatewayNotConnected"}, {"RelayGatewayEventsStuck"}))
        self.assertIn("RelayGatewayStoreNotOk", now["full"])
        up = await self.asked("/api/v1/query?query=up")
        self.assertEqual({x["metric"]["instance"]: x["value"][1] for x in up["result"]}, dict.fromkeys(gateways, "1"))
        rules = [rule for group in (await self.asked("/api/v1/rules"))["groups"] for rule in group["rules"]]
        self.assertEqual([x["lastError"] for x in rules if x["health"] == "err"], [])
        self.assertGreater(len(rules), 15)

        # They end with what they were for.
        await peers["cut"].start(port)
        agent.ack(held)
        os.unlink(filler)
        await self.wait_for("the end of the alerts", lambda now: not (
            {"RelayGatewayNotConnected"} & now.get("cut", set()) or {"RelayGatewayEventsStuck"} & now.get("stuck", set()) or
            {"RelayGatewayStoreNotOk"} & now.get("full", set())))

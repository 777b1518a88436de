"""`relay-gateway top` and `log`: what the running gateway does, on a terminal and in a pipe."""
import asyncio
import json
import os
import pty
import re

from harness.events import inbound
from harness.gateway import Gateway
from harness.scenario import ECHO, PINNED, TWO, Scenario, binary


class Top(Scenario):
    async def watcher(self, gateway, *arguments, **settings):
        """`top` of that gateway, in a pipe."""
        listen = gateway.url.removeprefix("http://")
        return await self.gateway(None, settings, GATEWAY_LISTEN=listen, arguments=("top", *arguments), listening=False)

    async def test_rates_follow_the_traffic(self):
        connector, gateway, link = await self.connected(ECHO)
        await gateway.ready()
        top = await self.watcher(gateway, "--interval", "200ms")
        await top.said("PLATFORM")
        for n in range(3):
            link.send(inbound(f"hello {n}", message_id=f"m{n}"))
        await connector.actions(3)
        rate = lambda name, x: re.fullmatch(rf"{name} +([1-9][0-9]*\.[0-9]|0\.[1-9]) +3", x)
        for name in ("events received", "events taken", "actions accepted", "actions settled"):
            await top.changes.until(lambda: any(rate(name, x) for x in top.stdout), f"a rate of {name}")
        await top.changes.until(lambda: any(re.fullmatch(r"action to result +[0-9.]+ m?s +[0-9.]+ m?s +.* +3", x) for x in top.stdout),
                                "latencies of the interval")
        text = top.text
        self.assertIn("state       connected", text)
        for platform in ("discord", "telegram"):
            self.assertRegex(text, rf"(?m)^{platform} +bot-[dt] +pinned +skipped$")
        self.assertNotIn("\x1b", text)
        self.assertIn("echo, 1 attached", text)

    async def test_once_is_one_page(self):
        _, gateway, _ = await self.connected(ECHO)
        await gateway.ready()
        listen = gateway.url.removeprefix("http://")
        code, out, err = await self.command("top", "--once", "--interval", "100ms", "--listen", listen)
        self.assertEqual((code, err), (0, ""))
        for title in ("PLATFORM", "RATES", "LATENCY", "QUEUES"):
            self.assertEqual(len(re.findall(f"(?m)^{title}", out)), 1, title)

    async def test_what_waits_for_a_restart_is_shown(self):
        home = self.home()
        self.config(home, "gateway: {}\n")
        _, gateway, _ = await self.connected(ECHO, home=home)
        await gateway.ready()
        self.config(home, "gateway: {scheduler: pool}\n")
        self.assertEqual((await gateway.get("/v1/reload", method="POST")).status, 202)
        listen = gateway.url.removeprefix("http://")
        _, out, _ = await self.command("top", "--once", "--interval", "100ms", "--listen", listen)
        self.assertIn("waits for a restart: gateway.scheduler", out)

    async def test_a_read_token_is_enough_also_at_the_metrics_listener(self):
        _, gateway, _ = await self.connected(ECHO, GATEWAY_READ_TOKEN="reader", GATEWAY_METRICS_LISTEN="0.0.0.0:0",
                                             GATEWAY_ADMIN_TOKEN="admin", GATEWAY_LISTEN="0.0.0.0:0")
        metrics = await gateway.said("metrics on http://")
        for url in (gateway.url, metrics.rstrip("/")):
            await self.seen_with_the_read_token("127.0.0.1:" + url.rsplit(":", 1)[1])

    async def seen_with_the_read_token(self, listen):
        at = ("top", "--once", "--interval", "100ms", "--listen", listen)
        code, out, err = await self.command(*at, GATEWAY_READ_TOKEN="reader")
        self.assertEqual(code, 0, err)
        self.assertIn("QUEUES", out)
        code, out, err = await self.command(*at, GATEWAY_READ_TOKEN="wrong")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("GATEWAY_READ_TOKEN", err)
        code, out, err = await self.command("status", "--listen", listen, GATEWAY_READ_TOKEN="reader")
        self.assertEqual(code, 0, err)

    async def test_nobody_there_and_a_wrong_interval_are_said(self):
        code, out, err = await self.command("top", "--once", "--listen", "127.0.0.1:1")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("no gateway answers", err)
        for wrong in ("0", "50ms", "soon"):
            code, _, err = await self.command("top", "--interval", wrong)
            self.assertEqual(code, 2, wrong)
            self.assertIn("--interval", err)

    async def test_a_gateway_that_comes_back_is_shown_again(self):
        _, gateway, _ = await self.connected(ECHO)
        await gateway.ready()
        top = await self.watcher(gateway, "--interval", "100ms")
        await top.said("QUEUES")
        gateway.signal(15)
        await gateway.exited()
        await top.said("no gateway answers")
        seen = len(top.stdout)
        await self.gateway(None, gateway.environment, GATEWAY_LISTEN=gateway.url.removeprefix("http://"))
        await top.changes.until(lambda: "QUEUES" in top.stdout[seen:], "the next page")

    async def on_a_terminal(self, gateway, **more):
        """What `top` writes to a terminal of its own until its second page is there."""
        ours, theirs = pty.openpty()
        environment = Gateway(binary(), self.home(), {"GATEWAY_LISTEN": gateway.url.removeprefix("http://"),
                                                      "TERM": "xterm", **more}).environment
        process = await asyncio.create_subprocess_exec(binary(), "top", "--interval", "100ms", env=environment,
                                                       stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        loop, text, enough = asyncio.get_running_loop(), bytearray(), asyncio.Event()

        def take():
            text.extend(os.read(ours, 65536))
            if text.count(b"\x1b[J") >= 2:
                enough.set()
        loop.add_reader(ours, take)
        try:
            await asyncio.wait_for(enough.wait(), 10)
        finally:
            loop.remove_reader(ours)
            process.terminate()
            await process.wait()
            os.close(ours)
        return text.decode("utf-8", "replace")

    async def test_a_terminal_is_drawn_over_in_colours_unless_they_are_unwanted(self):
        _, gateway, _ = await self.connected(ECHO)
        await gateway.ready()
        coloured, plain = await self.on_a_terminal(gateway), await self.on_a_terminal(gateway, NO_COLOR="1")
        for text in (coloured, plain):
            self.assertIn("\x1b[H", text)
        self.assertRegex(coloured, r"\x1b\[32mstate       connected")
        self.assertNotRegex(plain, r"\x1b\[[0-9;]*m")


class Log(Scenario):
    async def following(self, gateway, *arguments, **settings):
        listen = gateway.url.removeprefix("http://")
        return await self.gateway(None, settings, GATEWAY_LISTEN=listen, arguments=("log", *arguments), listening=False)

    async def test_the_last_lines_for_a_person_and_as_json(self):
        _, gateway, _ = await self.connected(ECHO)
        await gateway.ready()
        at = ("--listen", gateway.url.removeprefix("http://"))
        code, out, err = await self.command("log", *at)
        self.assertEqual((code, err), (0, ""))
        self.assertRegex(out, r"(?m)^\d{4}-\S+Z info  link\.up epoch=1 ")
        code, out, _ = await self.command("log", "--json", *at)
        lines = [json.loads(x) for x in out.splitlines()]
        self.assertIn("link.up", [x["event"] for x in lines])
        written = [json.loads(x) for x in gateway.stderr if x.startswith("{")]
        self.assertEqual(lines, written[-len(lines):])

    async def test_a_turn_is_followed_by_its_ids_at_debug_after_a_reload(self):
        home = self.home()
        self.config(home, "gateway: {log: {level: info}}\n")
        connector, gateway, link = await self.connected(ECHO, home=home)
        await gateway.ready()
        log = await self.following(gateway, "--follow", "--json")
        await log.said('"link.up"')
        self.config(home, "gateway: {log: {level: debug}}\n")
        self.assertEqual((await gateway.get("/v1/reload", method="POST")).status, 202)
        await log.said('"settings.applied"')
        link.send(inbound("canary-text", message_id="m1"))
        await connector.reply("canary-text")
        await log.said('"action.settled"')
        lines = [json.loads(x) for x in log.stdout]
        delivery, = [x["delivery"] for x in lines if x["event"] == "event.delivered"]
        turn = [x["event"] for x in lines if x.get("delivery") == delivery]
        for event in ("event.delivered", "event.acked", "action.accepted", "action.settled"):
            self.assertEqual(turn.count(event), 1, event)
        self.assertNotIn("canary-text", log.text)

    async def test_a_gateway_that_comes_back_is_followed_on(self):
        connector, gateway, _ = await self.connected(ECHO)
        await gateway.ready()
        log = await self.following(gateway, "-f")
        await log.said("link.up")
        gateway.signal(15)
        await gateway.exited()
        await log.said("no gateway answers")
        await self.gateway(connector, PINNED, TWO, ECHO, GATEWAY_LISTEN=gateway.url.removeprefix("http://"))
        await log.changes.until(lambda: sum("service.started" in x for x in log.stdout) == 2, "the second life's lines", 15)
        await log.changes.until(lambda: sum("link.up" in x for x in log.stdout) == 2, "and those that follow", 15)
        self.assertNotIn("too fast", log.text)

    async def test_a_read_token_is_needed_and_enough(self):
        _, gateway, _ = await self.connected(ECHO, GATEWAY_READ_TOKEN="reader", GATEWAY_ADMIN_TOKEN="admin", GATEWAY_LISTEN="0.0.0.0:0")
        at = ("--listen", "127.0.0.1:" + gateway.url.rsplit(":", 1)[1])
        code, out, err = await self.command("log", *at, GATEWAY_READ_TOKEN="reader")
        self.assertEqual((code, err), (0, ""))
        self.assertIn("service.started", out)
        code, out, err = await self.command("log", "--follow", *at, GATEWAY_READ_TOKEN="wrong")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("GATEWAY_READ_TOKEN", err)
        self.assertEqual((await gateway.get("/v1/log?after=x", headers={"Authorization": "Bearer reader"})).status, 400)

"""Peers that mean harm, or are broken as if they did: what is kept of what they offer is bounded, and the others are served."""
import asyncio
import json
import os
import shlex
import socket
import urllib.parse

from harness import websocket
from harness.events import inbound
from harness.http import read_head
from harness.scenario import PINNED, QUICK, TWO, Scenario, binary
from harness.waiting import ended

MIB = 1 << 20
IMPATIENT = {"GATEWAY_PING_INTERVAL": "300ms", "GATEWAY_PING_TIMEOUT": "1500ms"}


def frames(*texts):
    """Text frames of a client, masked with nothing, as bytes."""
    out = bytearray()
    for text in texts:
        raw = text.encode()
        out += websocket.encode(websocket.TEXT, raw, mask=b"\0\0\0\0")
    return bytes(out)


class Deaf(Scenario):
    alone = True        # it measures

    async def deaf(self, gateway):
        """An agent that attaches and never reads: its writer, and the transport to let it read after all."""
        parts = urllib.parse.urlsplit(gateway.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 16)
        writer.write((f"GET /v1/agent HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
        self.assertIn("101", (await read_head(reader))[0])
        writer.transport.pause_reading()
        self._stack.callback(writer.transport.abort)
        return reader, writer

    async def offer(self, writer, piece, size, patience=10):
        """Sends that many bytes, or until the peer goes or takes nothing for so many seconds; the bytes that were taken."""
        taken = 0
        try:
            while taken < size:
                writer.write(piece)
                await asyncio.wait_for(writer.drain(), patience)
                taken += len(piece)
        except (ConnectionError, asyncio.TimeoutError):
            pass
        return taken

    async def test_one_letter_lines_are_answered_at_a_rate(self):
        connector, gateway, link = await self.connected()
        reader, writer = await self.deaf(gateway)
        before = gateway.rss()
        offered = await self.offer(writer, frames("x") * 10_000, 20 * MIB)
        self.assertGreaterEqual(offered, 20 * MIB, "nothing waits for it, so it is read from")
        self.assertLess(gateway.rss() - before, 24 * MIB)
        good = await self.agent(gateway)
        self.assertTrue((await good.result(good.say("still there", platform="discord")))["success"])

    async def test_a_deaf_agent_is_not_read_from_and_then_goes(self):
        connector, gateway, link = await self.connected(IMPATIENT)
        reader, writer = await self.deaf(gateway)
        before = gateway.rss()
        # Each of these is answered: somebody may wait for the result.
        lines = [json.dumps({"type": "action", "request_id": f"r{n}", "action": {"op": "none"}}) for n in range(2000)]
        offered = await self.offer(writer, frames(*lines), 200 * MIB)
        self.assertLess(offered, 100 * MIB, "it was read from all the same")
        self.assertLess(gateway.peak() - before, 48 * MIB)
        self.assertIn("has not read", await gateway.said("agent.detached", 40))
        good = await self.agent(gateway)
        self.assertTrue((await good.result(good.say("still there", platform="discord")))["success"])

    async def test_a_deaf_connector_is_given_up_and_dialled_again(self):
        connector, gateway, link = await self.connected(IMPATIENT, GATEWAY_AGENT="echo", GATEWAY_MAX_PENDING="2000")
        before = gateway.rss()
        link.socket.reader._transport.pause_reading()
        text = "y" * 1000

        async def flood():
            # Until it is given up: how much its acks need to fill what the kernel keeps depends on the machine.
            for number in range(5_000_000):
                link.send(inbound(text, chat_id=str(number % 50), buffer_id=f"b-{number}"))
                await link.socket.flushed()
        sender = asyncio.ensure_future(flood())
        try:
            await connector.link(2, 2, limit=90.0)
            self.assertLess(gateway.peak() - before, 120 * MIB)
            self.assertIn("has not read", await gateway.said("link.lost"))
        finally:
            link.socket.reset()
            await ended(sender)

    async def test_interrupts_do_not_pile_up_for_a_connector_that_does_not_read(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        before = gateway.rss()
        link.socket.reader._transport.pause_reading()
        line = json.dumps({"type": "interrupt", "session_key": "agent:main:discord:dm:42", "reason": "r" * 400})
        reader, writer = await self.deaf(gateway)
        offered = await self.offer(writer, frames(*[line] * 1000), 60 * MIB)
        self.assertGreaterEqual(offered, 60 * MIB)
        self.assertLess(gateway.peak() - before, 24 * MIB)
        self.assertGreater((await gateway.metrics())['relay_gateway_interrupts_sent_total{outcome="dropped"}'], 50_000)
        link.socket.reader._transport.resume_reading()
        self.assertTrue((await agent.result(agent.say("still there", platform="discord")))["success"])

    async def test_acks_of_made_up_deliveries_are_bounded(self):
        connector, gateway, link = await self.connected(GATEWAY_SCHEDULER="pool")
        good = await self.agent(gateway)
        reader, writer = await self.deaf(gateway)
        before = gateway.rss()
        line = json.dumps({"type": "ack", "delivery_id": "d" * 500})
        offered = await self.offer(writer, frames(*[line] * 1000), 60 * MIB)
        self.assertGreaterEqual(offered, 60 * MIB)
        self.assertLess(gateway.peak() - before, 32 * MIB)
        metrics = await gateway.metrics()
        dropped = metrics["relay_gateway_acks_dropped_total"]
        self.assertGreater(dropped, 60_000)
        self.assertGreater(dropped + metrics["relay_gateway_acks_unknown_total"], 100_000)
        for number in range(20):        # the others' acks count all the same
            link.send(inbound(f"e{number}", buffer_id=f"b-{number}", message_id=f"m-{number}"))
        await connector.until(lambda: len(link.of("inbound_ack")) == 20, "an ack for each", 20)
        self.assertTrue((await good.result(good.say("still there", platform="discord")))["success"])

    async def test_descriptors_and_stops_of_the_connector_are_bounded(self):
        connector, gateway, link = await self.connected(GATEWAY_SCHEDULER="pool")
        agent = await self.agent(gateway)
        before = gateway.rss()
        for number in range(20_000):
            link.send({"type": "descriptor", "descriptor": {"platform": f"p{number}", "max_message_length": 4096,
                                                            "platform_hint": "h" * 2000}},
                      {"type": "interrupt_inbound", "session_key": "agent:main:discord:dm:42", "chat_id": "42"})
            if number % 100 == 0:
                await link.socket.flushed()
        await link.socket.flushed()
        link.send(inbound("after all of them", buffer_id="b-1"))
        await agent.delivery("after all of them")
        self.assertLess(gateway.peak() - before, 64 * MIB)
        metrics = await gateway.metrics()
        self.assertGreater(metrics['relay_gateway_frames_refused_total{reason="too_many"}'], 30_000)
        self.assertLess(len(agent.of("interrupt")), 5_000)

    async def test_actors_that_are_slower_than_the_sockets_hold_agents_up(self):
        connector, gateway, link = await self.connected(GATEWAY_SCHEDULER="pool")
        before = gateway.rss()
        writers = [(await self.deaf(gateway))[1] for _ in range(4)]
        offered = await asyncio.gather(*(self.offer(x, frames("x") * 10_000, 10 * MIB, 60) for x in writers))
        self.assertGreaterEqual(min(offered), 10 * MIB)
        self.assertLess(gateway.peak() - before, 48 * MIB)
        good = await self.agent(gateway)
        self.assertTrue((await good.result(good.say("still there", platform="discord")))["success"])


class Lengths(Scenario):
    alone = True

    async def test_long_ids_are_refused_counted_and_set_aside(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        before = gateway.rss()
        count = 100
        for number in range(count):
            link.send(inbound(f"n{number}", chat_id=str(number) + "c" * MIB, buffer_id=f"b-{number}"))
            await link.socket.flushed()
        await connector.until(lambda: len(link.of("inbound_ack")) == count, "an ack for each", 30)
        self.assertLess(gateway.rss() - before, 60 * MIB)
        metrics = await gateway.metrics()
        self.assertEqual(metrics['relay_gateway_frames_refused_total{reason="long_id"}'], count)
        letters = (await gateway.get("/v1/dlq")).json()["letters"]
        self.assertEqual(len(letters), count)
        link.send(inbound("good", chat_id="c" * 512))
        await agent.delivery("good")
        self.assertEqual(len(agent.deliveries), 1)

    async def test_agents_and_scripts_are_told_which_id_is_too_long(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        agent.act({"op": "send", "chat_id": "c" * 513, "content": "x"}, request_id="r-1")
        error = await agent.frame("error")
        self.assertEqual((error["request_id"], error["message"]), ("r-1", "action: chat_id is longer than 512 bytes"))
        agent.act({"op": "send", "chat_id": "c", "content": "x"}, request_id="r" * 257)
        self.assertIn("request_id is longer than 256 bytes", (await agent.frame("error", 2))["message"])
        answer = await gateway.get("/v1/actions", method="POST", body={"request_id": "r" * 257,
                                   "action": {"op": "send", "chat_id": "c", "content": "x"}})
        self.assertEqual(answer.status, 400)
        self.assertEqual((await gateway.metrics())['relay_gateway_actions_refused_total{reason="long_id"}'], 3)
        answer = await gateway.get("/v1/actions", method="POST", body={"action": {"op": "fly", "chat_id": "c"}})
        self.assertEqual(answer.status, 400)
        self.assertEqual((await gateway.metrics())['relay_gateway_actions_refused_total{reason="bad_action"}'], 1)

    async def test_large_events_wait_on_disk_not_in_memory(self):
        connector, gateway, link = await self.connected()
        before = gateway.rss()
        count, padding = 150, "z" * (2 * MIB)
        for number in range(count):
            link.send(inbound(f"{number} {padding}", chat_id=str(number % 75), buffer_id=f"b-{number}"))
            await link.socket.flushed()
        await connector.until(lambda: len(link.of("inbound_ack")) == count, "an ack for each", 60)
        self.assertLess(gateway.rss() - before, 200 * MIB, "300 MiB were offered")
        agent = await self.agent(gateway)
        await agent.until(lambda: len({x["delivery_id"] for x in agent.deliveries}) == count, "every event", 150)
        for chat in range(75):
            own = [int(x["event"]["text"].split()[0]) for x in agent.deliveries if int(x["event"]["text"].split()[0]) % 75 == chat]
            self.assertEqual(own, sorted(own))


class Slow(Scenario):
    """Connections that say nothing, or little."""
    alone = True

    def with_few_files(self, files):
        program = os.path.join(self.home(), "gateway")
        with open(program, "w") as file:
            file.write(f"#!/bin/sh\nulimit -n {files}\nexec {shlex.quote(binary())} \"$@\"\n")
        os.chmod(program, 0o755)
        return program

    async def test_slow_connections_lock_nobody_out(self):
        program = self.with_few_files(256)
        connector, gateway, link = await self.connected(program=program)
        parts = urllib.parse.urlsplit(gateway.url)
        slow = []
        self._stack.callback(lambda: [x.close() for x in slow])
        for number in range(600):
            one = socket.create_connection((parts.hostname, parts.port))
            one.sendall(b"GET /livez HTTP/1.1\r\nX-Slow: " if number % 2 else b"")
            slow.append(one)
        for path in ("/livez", "/readyz", "/metrics"):
            self.assertEqual((await gateway.get(path, limit=2.0)).status, 200)
        link.socket.reset()         # a file remains for the redial, too
        await connector.link(2, 2)
        await gateway.ready()

    async def test_a_head_has_five_seconds(self):
        connector, gateway, link = await self.connected()
        parts = urllib.parse.urlsplit(gateway.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        self._stack.callback(writer.close)
        writer.write(b"GET /livez HTTP/1.1\r\nX-Slow: ")
        begun = asyncio.get_running_loop().time()
        self.assertEqual(await asyncio.wait_for(reader.read(), 10), b"")
        self.assertLess(abs(asyncio.get_running_loop().time() - begun - 5), 1.5)


class Trickle(Scenario):
    """A frame that never ends, a byte of it for each ping, so that the link is never silent."""
    PIECES = [b"\x81\x7e\x10\x00"] + [b"x"] * 400

    async def test_a_connector_that_trickles_a_frame_is_dialled_again(self):
        connector, gateway, link = await self.connected(IMPATIENT)
        socket = link.socket
        socket.answers_pings = False
        for piece in self.PIECES:
            seen = len(socket.pings)
            socket.writer.write(piece)
            await connector.changes.poll(lambda: len(socket.pings) > seen or socket.closed, "a ping, or the end", 20)
            if socket.closed:
                break
        self.assertIn("has begun a frame", await gateway.said("link.lost"))
        await connector.link(2, 2)
        await gateway.ready()


class Ambiguous(Scenario):
    """What two readers may read differently."""

    async def raw(self, gateway, text):
        parts = urllib.parse.urlsplit(gateway.url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        writer.write(text.encode())
        try:
            return await asyncio.wait_for(reader.read(), 5)     # to the end: it closes
        finally:
            writer.close()

    async def test_transfer_codings_other_than_chunked_are_400_and_close(self):
        connector, gateway, link = await self.connected()
        for coding in ("gzip, chunked", "identity", "chunked, chunked", "xchunked"):
            answer = await self.raw(gateway, f"POST /v1/actions HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: {coding}\r\n\r\n"
                                             "0\r\n\r\nGET /livez HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            self.assertTrue(answer.startswith(b"HTTP/1.1 400 "), answer[:80])
            self.assertEqual(answer.count(b"HTTP/1.1"), 1, coding)

    async def test_an_escaped_slash_is_no_separator(self):
        connector, gateway, link = await self.connected()
        self.assertEqual((await gateway.get("/v1%2fstatus")).status, 404)
        self.assertEqual((await gateway.get("/%76%31/status")).status, 200)

    async def test_a_repeated_key_reads_the_same_for_gateway_and_agent(self):
        connector, gateway, link = await self.connected()
        agent = await self.agent(gateway)
        link.socket.send_text('{"type":"inbound","event":{"text":"first","text":"second","message_id":"m-1",'
                              '"source":{"platform":"discord","chat_id":"1","chat_id":"2","chat_type":"channel"},'
                              '"extra":{"a":1,"\\u0061":2,"b":[{"c":10000000000000000000001,"c":0}]}}}\n')
        delivery = await agent.frame("inbound")
        self.assertEqual(delivery["event"]["text"], "first")
        self.assertEqual(delivery["event"]["source"]["chat_id"], "1")
        self.assertEqual(delivery["event"]["extra"], {"a": 1, "b": [{"c": 10000000000000000000001}]})
        self.assertIn(":1", delivery["session_key"])
        agent.act({"op": "send", "chat_id": "1", "content": "back"}, delivery=delivery)
        self.assertEqual((await connector.reply("back"))["action"]["chat_id"], "1")

"""An agent on the local link, as agent-link.md describes it."""
import asyncio
import base64
import itertools
import json
import os
import time
import urllib.parse

from . import websocket
from .http import read_head
from .waiting import Changes, ended


class Refused(Exception):
    """The link's upgrade was answered with another status than 101."""

    def __init__(self, status):
        super().__init__(str(status))
        self.status = status


class Agent:
    def __init__(self):
        self.changes = Changes()
        self.frames = []
        self.over = None
        self.acks = True            # every delivery is acknowledged as it comes
        self.on_delivery = None     # callable(frame), before the ack
        self._numbers = itertools.count(1)

    async def attach(self, url, headers=None, query=""):
        parts = urllib.parse.urlsplit(url)
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=1 << 22)
        key = base64.b64encode(os.urandom(16)).decode()
        named = {"Host": parts.netloc, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Key": key,
                 "Sec-WebSocket-Version": "13", **(headers or {})}
        lines = [f"GET {parts.path}/v1/agent{query} HTTP/1.1"] + [f"{k}: {v}" for k, v in named.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        head = await read_head(reader)
        status = int(head[0].split()[1]) if head else 0
        if status != 101:
            writer.close()
            raise Refused(status)
        self.socket = websocket.Socket(reader, writer, client=True)
        self._task = asyncio.ensure_future(self._read())
        return self

    async def _read(self):
        partial = b""
        try:
            while True:
                _, payload = await self.socket.receive()
                *lines, partial = (partial + payload).split(b"\n")
                for line in filter(None, lines):
                    self._take(json.loads(line))
        except (websocket.Closed, ConnectionError) as gone:
            self.over = (getattr(gone, "code", 1006), getattr(gone, "reason", ""))
            self.changes.notify()

    def _take(self, frame):
        frame["at"] = time.monotonic()
        self.frames.append(frame)
        if frame.get("type") == "inbound":
            if self.on_delivery:
                self.on_delivery(frame)
            if self.acks:
                self.ack(frame)
        self.changes.notify()

    def send(self, frame):
        self.socket.send_text(json.dumps(frame, ensure_ascii=False) + "\n")

    def send_raw(self, payload, opcode=websocket.TEXT):
        self.socket.send(opcode, payload)

    def ack(self, delivery):
        self.send({"type": "ack", "delivery_id": delivery["delivery_id"]})

    def act(self, action, platform=None, delivery=None, request_id=None):
        """Sends an action; its request id."""
        number = request_id or f"r-{next(self._numbers)}"
        frame = {"type": "action", "request_id": number, "action": action}
        if platform is not None:
            frame["platform"] = platform
        if delivery is not None:
            frame["delivery_id"] = delivery["delivery_id"]
        self.send(frame)
        return number

    def say(self, text, chat_id="100", **more):
        return self.act({"op": "send", "chat_id": chat_id, "content": text}, **more)

    def of(self, kind):
        return [x for x in self.frames if x.get("type") == kind]

    @property
    def deliveries(self):
        return self.of("inbound")

    async def until(self, probe, what, limit=10.0):
        return await self.changes.until(probe, what, limit)

    async def frame(self, kind, count=1, limit=10.0):
        await self.until(lambda: len(self.of(kind)) >= count, f"{count} frame(s) {kind} for the agent", limit)
        return self.of(kind)[count - 1]

    async def delivery(self, text, limit=10.0):
        """The delivery of the event with that text."""
        found = lambda: [x for x in self.deliveries if x["event"].get("text") == text]
        return (await self.until(found, f"delivery of {text!r}", limit))[0]

    def results(self, request_id):
        return [x["result"] for x in self.of("result") if x["request_id"] == request_id]

    async def result(self, request_id, count=1, limit=10.0):
        await self.until(lambda: len(self.results(request_id)) >= count, f"result {request_id}", limit)
        return self.results(request_id)[count - 1]

    async def detach(self):
        self.socket.drop()
        await ended(self._task)

"""The connector's side of the relay: HTTP calls and the WebSocket on one port, every answer scriptable, all recorded."""
import asyncio
import inspect
import json
import time
from dataclasses import dataclass

from . import events, websocket
from .http import Answer, Request, read_body, read_head
from .tokens import claims_of
from .waiting import Changes, ended

SECRET = "issued-secret-9f1c"
DELIVERY_KEY = "issued-delivery-key-77ab"
TENANT = "tenant-1"


class Received(dict):
    """A frame of the gateway, with the time and the link that it came on."""
    at = 0.0
    link = None


@dataclass
class Dial:
    """One WebSocket upgrade that the gateway asked for."""
    request: Request
    at: float
    accepted: bool = False

    @property
    def token(self):
        return self.request.bearer

    @property
    def claims(self):
        return claims_of(self.token)


class Link:
    """One open relay socket as the connector sees it."""

    def __init__(self, connector, socket, dial):
        self.connector, self.socket, self.dial = connector, socket, dial
        self.frames, self.counts = [], {}
        self.faults = socket.faults
        self.partial = b""
        self.over = None            # (code, reason) as the gateway closed it, or 1006
        self.over_at = None

    def of(self, kind):
        return [x for x in self.frames if x.get("type") == kind]

    @property
    def hellos(self):
        return self.of("hello")

    def send(self, *frames):
        """Each frame in a message of its own."""
        for frame in frames:
            self.socket.send_text(json.dumps(frame, ensure_ascii=False) + "\n")

    def send_raw(self, payload, opcode=websocket.TEXT, fin=True):
        self.socket.send(opcode, payload, fin)

    def close(self, code, reason=""):
        self.closed_at = time.monotonic()
        self.socket.close(code, reason)

    def reset(self):
        self.closed_at = time.monotonic()
        self.socket.reset()

    def drop(self):
        self.closed_at = time.monotonic()
        self.socket.drop()


class Connector:
    """Answers like a well-behaved connector until a scenario says otherwise.

    answers[path]   callable(Request) -> Answer, or None to hang up; may be a coroutine function
    gate            callable(Dial) -> None to accept, or the HTTP status to refuse with, or "hang up", or raw bytes
    descriptor_of   callable(platform) -> descriptor or None (none is sent)
    result_of       callable(frame) -> result or None (none is sent); may be a coroutine function
    acks_idle       whether going_idle is acknowledged
    """

    def __init__(self):
        self.changes = Changes()
        self.requests, self.dials, self.links = [], [], []
        self.outbound = []              # outbound frames over all links, in order
        self.answers = {"/relay/provision": self.provision, "/relay/policy": lambda request: Answer(200, {"ok": True})}
        self.gate = lambda dial: None
        self.descriptor_of = events.descriptor
        self.result_of = self.success
        self.acks_idle = True
        self.on_frame = None            # callable(frame), before anything else
        self.server, self.host, self.port = None, "127.0.0.1", 0
        self._tasks, self._writers = set(), set()
        self._messages = 0

    # -- life ---------------------------------------------------------------------------------------------------------

    async def start(self, port=0, tls=None, bound=None):
        """`bound`: a socket that is bound already, perhaps in another network namespace."""
        self.tls = tls
        where = {"sock": bound} if bound else {"host": "127.0.0.1", "port": port}
        self.server = await asyncio.start_server(self._serve, limit=1 << 22, ssl=tls, **where)
        self.host, self.port = self.server.sockets[0].getsockname()[:2]
        return self

    async def stop(self):
        """Stops listening and cuts every connection; `start(self.port)` brings it back."""
        if self.server:
            self.server.close()
            self.server = None
        for writer in list(self._writers):
            writer.transport.abort()
        for task in list(self._tasks):
            await ended(task)

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    # -- what came ----------------------------------------------------------------------------------------------------

    def calls(self, path):
        return [x for x in self.requests if x.path == path]

    @property
    def provisions(self):
        return self.calls("/relay/provision")

    @property
    def policies(self):
        return self.calls("/relay/policy")

    def frames(self, kind):
        return [frame for link in self.links for frame in link.of(kind)]

    def sent(self, op="send"):
        return [x for x in self.outbound if x["action"].get("op") == op]

    async def until(self, probe, what, limit=10.0):
        return await self.changes.until(probe, what, limit)

    async def never(self, probe, what, within):
        await self.changes.never(probe, what, within)

    async def link(self, number=1, hellos=1, limit=10.0):
        """The link of the given number (from 1), once it has said that many hellos."""
        ready = lambda: len(self.links) >= number and len(self.links[number - 1].hellos) >= hellos
        await self.until(ready, f"link {number} with {hellos} hello(s)", limit)
        return self.links[number - 1]

    async def dial(self, number=1, limit=10.0):
        await self.until(lambda: len(self.dials) >= number, f"dial {number}", limit)
        return self.dials[number - 1]

    async def actions(self, count=1, op="send", limit=10.0):
        await self.until(lambda: len(self.sent(op)) >= count, f"{count} outbound {op}", limit)
        return self.sent(op)

    async def reply(self, text, limit=10.0):
        """The outbound send with that content."""
        matches = lambda: [x for x in self.sent() if x["action"].get("content") == text]
        return (await self.until(matches, f"a reply {text!r}", limit))[0]

    async def frame(self, kind, count=1, limit=10.0):
        await self.until(lambda: len(self.frames(kind)) >= count, f"{count} frame(s) {kind}", limit)
        return self.frames(kind)[count - 1]

    # -- usual answers ------------------------------------------------------------------------------------------------

    def provision(self, request):
        body = request.json()
        return Answer(200, {"secret": SECRET, "deliveryKey": DELIVERY_KEY, "tenant": TENANT,
                            "gatewayId": body["gatewayId"], "routeKeys": body["routeKeys"]})

    def success(self, frame):
        self._messages += 1
        return {"success": True, "message_id": f"sent-{self._messages}"}

    # -- the port -----------------------------------------------------------------------------------------------------

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        self._writers.add(writer)
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            self._writers.discard(writer)
            writer.close()

    async def _talk(self, reader, writer):
        head = await read_head(reader)
        if head is None:
            return
        method, path, _ = head[0].split(" ", 2)
        request = Request(method, path, head[1], await read_body(reader, head[1]))
        if request.headers.get("upgrade", "").lower() == "websocket":
            return await self._upgrade(request, reader, writer)
        self.requests.append(request)
        self.changes.notify()
        handler = self.answers.get(path, lambda _: Answer(404, {"error": "no such path"}))
        answer = handler(request)
        if inspect.isawaitable(answer):
            answer = await answer
        if inspect.isasyncgen(answer):
            async for piece in answer:
                writer.write(piece)
                await writer.drain()
        elif answer is not None:
            writer.write(answer.encoded())
            await writer.drain()

    async def _upgrade(self, request, reader, writer):
        dial = Dial(request, time.monotonic())
        self.dials.append(dial)
        self.changes.notify()
        verdict = self.gate(dial)
        if inspect.isawaitable(verdict):
            verdict = await verdict
        if verdict == "hang up":
            return
        if isinstance(verdict, bytes):
            writer.write(verdict)
            return await writer.drain()
        if verdict is not None:
            writer.write(Answer(verdict, {"error": "refused"}).encoded())
            return await writer.drain()
        accept = websocket.accept_of(request.headers["sec-websocket-key"])
        writer.write((f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      f"Sec-WebSocket-Accept: {accept}\r\n\r\n").encode())
        dial.accepted = True
        link = Link(self, websocket.Socket(reader, writer, client=False), dial)
        self.links.append(link)
        self.changes.notify()
        try:
            while True:
                self._take(link, *await link.socket.receive())
                await link.socket.flushed()
        except websocket.Closed as gone:
            link.over = (gone.code, gone.reason)
        except ConnectionError:
            link.over = (1006, "")
        finally:
            link.over = link.over or (1006, "")
            link.over_at = time.monotonic()
            self.changes.notify()

    def _take(self, link, opcode, payload):
        """Section 3: text messages, each one JSON object and a newline. Anything else is written down as a fault."""
        if opcode != websocket.TEXT:
            link.faults.append(f"message of opcode {opcode}")
        if not payload.endswith(b"\n") or payload.count(b"\n") != 1:
            link.faults.append(f"not one line: {payload[:80]!r}")
        for line in payload.split(b"\n"):
            if not line:
                continue
            try:
                frame = Received(json.loads(line))
            except ValueError:
                link.faults.append(f"not JSON: {line[:80]!r}")
                continue
            frame.at, frame.link = time.monotonic(), link
            self._record(link, frame)
        self.changes.notify()

    def _record(self, link, frame):
        link.frames.append(frame)
        kind = frame.get("type")
        if self.on_frame:
            self.on_frame(frame)
        if kind == "hello":
            found = self.descriptor_of(frame["platform"])
            if found is not None:
                link.send({"type": "descriptor", "descriptor": found})
        elif kind == "outbound":
            self.outbound.append(frame)
            self._answer(frame)
        elif kind == "going_idle" and self.acks_idle:
            link.send({"type": "going_idle_ack"})

    def _answer(self, frame):
        result = self.result_of(frame)
        if inspect.isawaitable(result):
            task = asyncio.ensure_future(result)
            self._tasks.add(task)
            task.add_done_callback(lambda task: self._answered(frame, task))
        elif result is not None:
            self.settle(frame, result)

    def _answered(self, frame, task):
        self._tasks.discard(task)
        if not task.cancelled() and task.result() is not None:
            self.settle(frame, task.result())

    def settle(self, frame, result):
        """Answers an outbound frame on the link that it came on."""
        frame.link.send({"type": "outbound_result", "requestId": frame["requestId"], "result": result})

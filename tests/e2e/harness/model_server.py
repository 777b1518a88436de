"""An OpenAI-compatible server made of bytes: what it does with each request is the scenario's doing."""
import asyncio
import json

from .http import Request, read_body, read_head
from .waiting import Changes, ended

SSE_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


def chunk(text, finish=None, **more):
    """One server-sent event of a streamed answer."""
    data = {"id": "c", "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"content": text, **more}, "finish_reason": finish}]}
    return b"data: " + json.dumps(data, ensure_ascii=False).encode() + b"\n\n"


def whole(text):
    return {"id": "c", "object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}]}


class Exchange:
    """One request and its connection."""

    def __init__(self, server, request, writer):
        self.server, self.request, self.writer = server, request, writer
        self.gone = False           # the client has hung up

    @property
    def body(self):
        return self.request.json()

    @property
    def messages(self):
        return self.body["messages"]

    @property
    def question(self):
        return self.messages[-1]["content"]

    async def raw(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def begin(self, head=SSE_HEAD):
        await self.raw(head)

    async def piece(self, data):
        """One HTTP chunk."""
        await self.raw(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    async def say(self, *texts):
        for text in texts:
            await self.piece(chunk(text))

    async def end(self):
        await self.piece(chunk("", "stop") + b"data: [DONE]\n\n")
        await self.raw(b"0\r\n\r\n")

    async def stream(self, *texts):
        await self.begin()
        await self.piece(chunk("", role="assistant"))
        await self.say(*texts)
        await self.end()

    async def answer(self, status, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {"Content-Type": "application/json", "Content-Length": len(data), **{k.replace("_", "-"): v for k, v in headers.items()}}
        await self.raw(f"HTTP/1.1 {status} X\r\n".encode() + "".join(f"{k}: {v}\r\n" for k, v in named.items()).encode() + b"\r\n" + data)

    async def hung_up(self, limit=10.0):
        await self.server.changes.until(lambda: self.gone, "the gateway hung up on the model", limit)


class ModelServer:
    """`reply`: coroutine function of an Exchange; when it returns, the connection ends."""

    def __init__(self):
        self.changes = Changes()
        self.exchanges = []
        self.reply = self.echo
        self.server = None
        self._tasks = set()

    async def echo(self, exchange):
        question = exchange.question
        await exchange.stream("You said: ", question if isinstance(question, str) else question[0]["text"])

    async def start(self, port=0, tls=None):
        self.tls = tls
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=1 << 26, ssl=tls)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        if self.server:
            self.server.close()
            self.server = None
        for task in list(self._tasks):
            await ended(task)

    @property
    def url(self):
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}/v1"

    async def exchange(self, number=1, limit=10.0):
        await self.changes.until(lambda: len(self.exchanges) >= number, f"request {number} to the model", limit)
        return self.exchanges[number - 1]

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        watch = None
        try:
            head = await read_head(reader)
            if head is None:
                return
            method, path, _ = head[0].split(" ", 2)
            found = Exchange(self, Request(method, path, head[1], await read_body(reader, head[1])), writer)
            self.exchanges.append(found)
            self.changes.notify()

            async def watching():
                while await reader.read(1024):
                    pass
                found.gone = True
                self.changes.notify()
            watch = asyncio.ensure_future(watching())
            await self.reply(found)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            if watch:
                watch.cancel()
            self._tasks.discard(task)
            writer.close()

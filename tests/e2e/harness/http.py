"""HTTP/1.1: a head and body reader for the connector's side, and a small client for the gateway's listener."""
import asyncio
import json
import time
import urllib.parse
from dataclasses import dataclass, field


@dataclass
class Request:
    method: str
    path: str
    headers: dict
    body: bytes
    at: float = field(default_factory=time.monotonic)
    unix: float = field(default_factory=time.time)

    def json(self):
        return json.loads(self.body)

    @property
    def bearer(self):
        scheme, _, token = self.headers.get("authorization", "").partition(" ")
        return token if scheme.lower() == "bearer" else None


@dataclass
class Answer:
    status: int = 200
    body: object = b""
    headers: dict = field(default_factory=dict)

    def encoded(self):
        body = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        lines = [f"HTTP/1.1 {self.status} Answer"]
        named = {"Content-Type": "application/json", "Content-Length": str(len(body)), "Connection": "close"}
        lines += [f"{k}: {v}" for k, v in {**named, **self.headers}.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def json(self):
        return json.loads(self.body)


async def read_head(reader):
    """First line and headers (names in lower case); None when the peer went without a word."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    return first, {name.strip().lower(): value.strip() for name, _, value in pairs}


async def read_body(reader, headers, to_end=False):
    if "chunked" in headers.get("transfer-encoding", "").lower():
        body = b""
        while True:
            size = int((await reader.readline()).split(b";")[0], 16)
            body += await reader.readexactly(size)
            await reader.readline()
            if size == 0:
                return body
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    return await reader.read() if to_end else b""


async def fetch(url, method="GET", headers=None, body=None, limit=10.0):
    """One request on a connection of its own; an Answer whose body is bytes."""
    parts = urllib.parse.urlsplit(url)

    async def talk():
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            named = {"Host": parts.netloc, "Connection": "close", "Content-Length": str(len(raw))}
            if body is not None:
                named["Content-Type"] = "application/json"
            lines = [f"{method} {path} HTTP/1.1"] + [f"{k}: {v}" for k, v in {**named, **(headers or {})}.items()]
            writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + raw)
            head = await read_head(reader)
            if head is None:
                raise ConnectionError("closed without an answer")
            status = int(head[0].split()[1])
            return Answer(status, await read_body(reader, head[1], to_end=True), head[1])
        finally:
            writer.close()

    return await asyncio.wait_for(talk(), limit)

"""RFC 6455 for both ends, low enough to send what no library would send: halves, fragments, resets, any close code."""
import asyncio
import base64
import contextlib
import hashlib
import os
import socket
import struct
import time

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA
GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Closed(Exception):
    """The peer is gone: its close code and reason, 1006 without a close frame."""

    def __init__(self, code, reason=""):
        super().__init__(f"{code} {reason}".strip())
        self.code, self.reason = code, reason


def accept_of(key):
    return base64.b64encode(hashlib.sha1(key.encode() + GUID).digest()).decode()


def masked(data, mask):
    size = len(data)
    stream = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "little") ^ int.from_bytes(stream, "little")).to_bytes(size, "little")


def encode(opcode, payload, fin=True, mask=None):
    head = bytearray([(0x80 if fin else 0) | opcode])
    bit = 0x80 if mask else 0
    if len(payload) < 126:
        head.append(bit | len(payload))
    elif len(payload) < 65536:
        head += bytes([bit | 126]) + struct.pack("!H", len(payload))
    else:
        head += bytes([bit | 127]) + struct.pack("!Q", len(payload))
    return bytes(head) + (mask + masked(payload, mask) if mask else payload)


class Socket:
    """One end of an open WebSocket."""

    def __init__(self, reader, writer, client):
        self.reader, self.writer, self.client = reader, writer, client
        self.answers_pings = True
        self.pings, self.pongs = [], []     # (time, payload) of what came
        self.faults = []                    # what the peer sent against the RFC
        self.close_sent = False
        self.closed = None                  # (code, reason) once the peer is gone

    def send(self, opcode, payload, fin=True):
        mask = os.urandom(4) if self.client else None
        self.writer.write(encode(opcode, payload, fin, mask))

    def send_text(self, text):
        self.send(TEXT, text.encode())

    async def flushed(self):
        await self.writer.drain()

    async def _frame(self):
        first, second = await self.reader.readexactly(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", await self.reader.readexactly(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", await self.reader.readexactly(8))
        mask = await self.reader.readexactly(4) if second & 0x80 else None
        if (mask is None) != self.client:
            self.faults.append("unmasked frame of a client" if mask is None else "masked frame of a server")
        if first & 0x70:
            self.faults.append("reserved bits set")
        payload = await self.reader.readexactly(size)
        return bool(first & 0x80), first & 0x0F, masked(payload, mask) if mask else payload

    async def receive(self):
        """The next message as (opcode, bytes); raises Closed at the end. Pings are answered on the way."""
        kind, parts = None, []
        while True:
            try:
                fin, opcode, payload = await self._frame()
            except (asyncio.IncompleteReadError, ConnectionError, OSError):
                self.closed = self.closed or (1006, "")
                raise Closed(*self.closed) from None
            if opcode == PING:
                self.pings.append((time.monotonic(), payload))
                if self.answers_pings:
                    self.send(PONG, payload)
            elif opcode == PONG:
                self.pongs.append((time.monotonic(), payload))
            elif opcode == CLOSE:
                code = struct.unpack("!H", payload[:2])[0] if len(payload) >= 2 else 1005
                self.closed = (code, payload[2:].decode("utf-8", "replace"))
                if not self.close_sent:
                    self.close_sent = True
                    self.send(CLOSE, payload[:2])
                raise Closed(*self.closed)
            else:
                kind = opcode if kind is None else kind
                parts.append(payload)
                if fin:
                    return kind, b"".join(parts)

    def close(self, code=1000, reason=""):
        """Sends the close frame; the reader of this socket sees the rest."""
        self.close_sent = True
        self.send(CLOSE, struct.pack("!H", code) + reason.encode())

    def drop(self):
        """Ends the TCP connection without a close frame."""
        self.writer.close()

    def reset(self):
        """Ends the TCP connection with RST."""
        raw = self.writer.get_extra_info("socket")
        if raw is not None:
            with contextlib.suppress(OSError):      # the peer was faster
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

"""A server that speaks as much of NATS as one session needs to be content, and whose consumer gives nothing out: messages and requests
wait there (nats-server 2.9 does that now and then, not when a test wants it)."""
import asyncio
import json

from .waiting import Changes

INFO = {"server_id": "STANDS", "server_name": "n0", "version": "2.9.10", "proto": 1, "headers": True, "max_payload": 1 << 20,
        "jetstream": True}


class StandingNats:
    """`others`: further servers that could lead the consumer. `stored`: last message of each stream. `left`: which of those before are
    there; the consumer had given out `delivered`."""

    def __init__(self, others=2, stored=3, delivered=0, left=()):
        self.others, self.stored, self.delivered, self.left = others, stored, delivered, left
        self.asked, self.settled, self.changes = [], [], Changes()      # who is to step down; messages

    async def start(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = "nats://127.0.0.1:%d" % self.server.sockets[0].getsockname()[1]
        return self

    async def stop(self):
        self.server.close()
        await self.server.wait_closed()

    async def _serve(self, reader, writer):
        listens = {}        # subject before its last token -> number of the subscription
        writer.write(b"INFO " + json.dumps(INFO).encode() + b" \r\n")
        try:
            while line := await reader.readline():
                word, *rest = line.decode().split()
                if word == "PING":
                    writer.write(b"PONG\r\n")
                elif word == "SUB":
                    listens[rest[0].rpartition(".")[0]] = rest[-1]
                elif word in ("PUB", "HPUB"):
                    body = await reader.readexactly(int(rest[-1]) + 2)
                    subject, reply = rest[0], rest[1] if len(rest) == (3 if word == "PUB" else 4) else ""
                    said = self._answer(subject, body)
                    if said is not None and reply.rpartition(".")[0] in listens:
                        body = json.dumps(said).encode()
                        writer.write(f"MSG {reply} {listens[reply.rpartition('.')[0]]} {len(body)}\r\n".encode() + body + b"\r\n")
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _answer(self, subject, body):
        parts = subject.split(".")
        if "STEPDOWN" in parts:
            self.asked.append(subject)
            self.changes.notify()
            return {"success": True}
        if parts[:2] == ["$JS", "ACK"]:
            self.settled.append(int(parts[5]))
        if parts[:5] == ["$JS", "API", "STREAM", "MSG", "GET"]:
            found = [x for x in [*self.left, self.stored] if x >= json.loads(body)["seq"]]
            return ({"message": {"subject": "relay.in.gw.discord", "seq": found[0], "data": "e30=", "time": "2026-01-01T00:00:00Z"}} if found
                    else {"error": {"code": 404, "err_code": 10037, "description": "no message found"}})
        if parts[:4] == ["$JS", "API", "STREAM", "INFO"]:
            return {"config": {"name": parts[4], "retention": "workqueue", "storage": "file", "num_replicas": self.others + 1},
                    "created": "2026-01-01T00:00:00Z",
                    "state": {"messages": self.stored, "bytes": 9, "first_seq": 1, "last_seq": self.stored, "consumer_count": 1}}
        if parts[:4] == ["$JS", "API", "CONSUMER", "INFO"]:
            none, so_far = ({"consumer_seq": x, "stream_seq": x} for x in (0, self.delivered))
            return {"stream_name": parts[4], "name": parts[5], "created": "2026-01-01T00:00:00Z",
                    "config": {"durable_name": parts[5], "ack_policy": "explicit"}, "delivered": so_far, "ack_floor": none,
                    "num_waiting": 1, "num_pending": self.stored, "cluster": {"name": "pool", "leader": "n0", "replicas": [
                        {"name": f"n{x + 1}", "current": True, "active": 1} for x in range(self.others)]}}
        return None

"""nats-server with JetStream as a child process: killed and started again on the same port and files."""
import asyncio
import json
import os
import shutil
import socket

from .waiting import Changes

PROGRAM = shutil.which("nats-server") or "/usr/sbin/nats-server"


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class NatsServer:
    """`more`: what else its configuration says, as a dictionary (the format takes JSON). `host` and `inside`: where it listens, and what
    puts a command there."""

    def __init__(self, home, port=None, host="127.0.0.1", inside=(), **more):
        self.home, self.port, self.more = home, port or free_port(), more
        self.host, self.inside = host, tuple(inside)
        self.process, self.output, self.changes = None, [], Changes()
        self._readers = []

    @property
    def url(self):
        return f"nats://{self.host}:{self.port}"

    async def start(self, ready="Server is ready"):
        path = os.path.join(self.home, f"nats-{self.port}.conf")
        settings = {"host": self.host, "port": self.port,
                    "jetstream": {"store_dir": os.path.join(self.home, f"js-{self.port}"), "max_file_store": 1 << 30},
                    **self.more}
        with open(path, "w") as file:
            json.dump(settings, file)
        before = len(self.output)
        self.process = await asyncio.create_subprocess_exec(
            *self.inside, PROGRAM, "-c", path, cwd=self.home, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE)
        self._readers.append(asyncio.ensure_future(self._read(self.process.stderr)))
        await self.changes.until(lambda: any(ready in x for x in self.output[before:]), f"nats-server: {ready}", 15)
        return self

    async def _read(self, stream):
        async for line in stream:
            self.output.append(line.decode("utf-8", "replace").rstrip())
            self.changes.notify()

    async def kill(self):
        if self.process and self.process.returncode is None:
            self.process.kill()
        if self.process:
            await self.process.wait()

    async def stop(self):
        await self.kill()
        await asyncio.gather(*self._readers)

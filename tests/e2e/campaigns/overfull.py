"""The gateway's own backlog fills its disk while the agent is silent; then the agent takes everything. It shows what is not
mended yet (tests/README.md), so no ordinary run plays it."""
import os
import subprocess

from .conduct import conduct
from .disk import Disk, impossible  # noqa: F401

ROUNDS = SHORT = 1


class Overfull(Disk):
    size = "6m"
    most_open = 0           # nobody talks but the flood

    def room(self):
        found = os.statvfs(self.root)
        sizes = {x.name: x.stat().st_size // 1024 for x in os.scandir(self.root)}
        return f"{found.f_bavail * found.f_frsize // 1024} KiB free, files {sizes}"

    async def one(self, number):
        self.silent = True

        async def full():
            for _ in range(10 if self.count < 2000 else 0):
                self.event(long=8000)
            return (await self.gateway.get("/readyz")).status == 503
        if not await self.within(self.patience, full, "a full disk that is told"):
            return
        self.did("told")
        print(f"after {self.count} events of 8 KB: {self.room()}", flush=True)
        self.resume()
        over = lambda: not self.buffer and not self.oracle.missing
        if not await self.within(self.patience, over, "the end of the backlog"):
            print(f"{self.oracle.missing} not delivered, {len(self.buffer)} not acked: {self.room()}", flush=True)
            subprocess.run(["nsenter", "-t", str(self.gateway.process.pid), "-m", "mount", "-o", "remount,size=16m", self.folder],
                           check=True)
            await self.within(self.patience, over, "the end of the backlog on a larger disk")
            print(f"with more room {self.oracle.missing} not delivered, {len(self.buffer)} not acked", flush=True)


async def run(binary, rounds, seed):
    world = Overfull(binary, seed, "overfull")
    return [await conduct(world, rounds, world.one)]

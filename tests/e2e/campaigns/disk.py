"""A small disk that fills up and empties again, over and over, under load: while it is full nothing is acked that is not
kept, and once there is room everything that was held goes on."""
import asyncio
import errno
import os
import shlex
import subprocess
import time

from .conduct import conduct
from .world import World

ROUNDS = 60
SHORT = 4
FLOOD = 150         # events of 8 KB


def impossible():
    made = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    return None if made.returncode == 0 else "it needs a mount namespace and a tmpfs"


class Disk(World):
    definite = True     # an action that the disk does not take may be refused
    settings = {"GATEWAY_EGRESS_HOLD": "2s"}
    size = "24m"        # more than all that is ever under way: room goes and comes back by the filler alone

    async def begin(self):
        await super().begin()
        self.silent, self.unacked = False, []
        self.folder = os.path.join(self.home, "state")
        os.mkdir(self.folder)
        self._program = os.path.join(self.home, "gateway")
        inner = f"mount -t tmpfs -o size={self.size} none {shlex.quote(self.folder)} && exec {shlex.quote(self.binary)} \"$@\""
        with open(self._program, "w") as file:
            file.write(f"#!/bin/sh\nexec unshare -m /bin/sh -c {shlex.quote(inner)} gateway \"$@\"\n")
        os.chmod(self._program, 0o755)

    def ack(self, agent, frame):
        if self.silent:
            self.unacked.append((agent, frame))
        else:
            super().ack(agent, frame)

    def resume(self):
        """The agent acks again."""
        self.silent, unacked, self.unacked = False, self.unacked, []
        for agent, frame in unacked:
            self.ack(agent, frame)

    @property
    def program(self):
        return self._program

    @property
    def root(self):
        """The state directory, as the gateway's namespace has it."""
        return f"/proc/{self.gateway.process.pid}/root{self.folder}"

    @property
    def filler(self):
        return self.root + "/filler"

    def fill(self, left):
        """Takes all the room but `left` bytes."""
        with open(self.filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 4096)
            except OSError as full:
                if full.errno != errno.ENOSPC:
                    raise
            file.truncate(max(0, os.fstat(file.fileno()).st_size - left))


class Fillings:
    def __init__(self, world):
        self.world, self.rng = world, world.rng("fillings")

    async def one(self, number, full=False):
        world, rng = self.world, self.rng
        await world.random_point(rng)
        if rng.random() < 0.6 or full:
            world.fill(0)
            world.did("full")
            await self.felt()
        else:
            world.fill(rng.choice([0, 4096, 32768]))
            world.did("hardly any room")
        if rng.random() < 0.3:
            world.link.reset()
            world.did("cut meanwhile")
        if rng.random() < 0.3:
            world.detach(world.agents[0])
            world.did("agent died meanwhile")
        await world.random_point(rng)
        os.unlink(world.filler)
        world.resume()
        await world.staffed()
        await world.answered(world.event())

    async def felt(self):
        """The journal has room of its own, so the agent falls silent and long events come. Either all of them are kept, and
        acked, or it is told that the disk is full."""
        world = self.world
        world.silent = True
        for _ in range(FLOOD):
            world.event(long=8000)

        async def refused():
            return not world.buffer or (await world.gateway.get("/readyz")).status == 503
        if await world.within(world.patience, refused, "a full disk that is told"):
            world.did("told" if world.buffer else "room in its files")


async def lives(world, rounds):
    """A fresh process on a fresh disk each time, for only new files have no room inside: each full disk is told."""
    begun = time.monotonic()
    await world.begin()
    fillings = Fillings(world)
    number = 0
    try:
        while number < rounds and not world.violations:
            number += 1
            await world.up()
            async with world.traffic():
                await fillings.one(number, full=True)
            if not await world.quiet():
                break
            await world.stop()
            world.agents.clear()
            world.prune()
        if world.counts.get("told", 0) < number:
            world.wrong(f"{number} full disks, {world.counts.get('told', 0)} told")
        world.oracle.verdict()
    finally:
        await world.finish()
    return {"world": world, "rounds": number, "seconds": time.monotonic() - begun}


async def run(binary, rounds, seed):
    one, many = Disk(binary, seed, "disk, one life"), Disk(binary, seed, "disk, many lives")
    return await asyncio.gather(conduct(one, rounds - rounds // 2, Fillings(one).one), lives(many, rounds // 2))

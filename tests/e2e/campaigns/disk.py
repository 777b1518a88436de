"""A small disk that fills up and empties again, over and over, under load: while it is full nothing is acked that is not
kept, and once there is room everything that was held goes on."""
import errno
import os
import shlex
import subprocess

from .conduct import conduct
from .world import World

ROUNDS = 60
SHORT = 3


def impossible():
    made = subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True)
    return None if made.returncode == 0 else "it needs a mount namespace and a tmpfs"


class Disk(World):
    definite = True     # an action that the disk does not take may be refused
    settings = {"GATEWAY_EGRESS_HOLD": "2s"}

    async def begin(self):
        await super().begin()
        self.state = os.path.join(self.home, "state")
        os.mkdir(self.state)
        self._program = os.path.join(self.home, "gateway")
        inner = f"mount -t tmpfs -o size=6m none {shlex.quote(self.state)} && exec {shlex.quote(self.binary)} \"$@\""
        with open(self._program, "w") as file:
            file.write(f"#!/bin/sh\nexec unshare -m /bin/sh -c {shlex.quote(inner)} gateway \"$@\"\n")
        os.chmod(self._program, 0o755)

    @property
    def program(self):
        return self._program

    @property
    def filler(self):
        return f"/proc/{self.gateway.process.pid}/root{self.state}/filler"

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
        self.world, self.dice = world, world.dice("fillings")

    async def one(self, number):
        world, dice = self.world, self.dice
        await world.moment(dice)
        left = dice.choice([0, 0, 4096, 32768])
        world.fill(left)

        async def refused():
            return (await world.gateway.get("/readyz")).status == 503
        felt = False
        if left == 0:
            felt = await world.within(world.patience, refused, "a full disk that is told")
        world.did("felt" if felt else "nearly full")
        if dice.random() < 0.3:
            world.link.reset()
            world.did("cut while full")
        if dice.random() < 0.3:
            world.detach(world.agents[0])
            world.did("agent died while full")
        await world.moment(dice)
        os.unlink(world.filler)
        await world.staffed()
        await world.answered(world.event())


async def run(binary, rounds, seed):
    world = Disk(binary, seed, "disk")
    return [await conduct(world, rounds, Fillings(world).one)]

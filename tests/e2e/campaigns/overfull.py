"""The gateway's own backlog fills its disk while the agent is silent: it says so, and takes no more. Then the agent takes
everything, and the disk has room again without anybody's help."""
from .conduct import conduct
from .disk import Disk, impossible  # noqa: F401

ROUNDS = 12
SHORT = 2


class Overfull(Disk):
    size = "6m"
    most_open = 0           # nobody talks but the flood

    async def one(self, number):
        self.silent = True

        async def full():
            for _ in range(10 if self.count < 4000 * number else 0):
                self.event(long=8000)
            return (await self.gateway.get("/readyz")).status == 503
        if not await self.within(self.patience, full, "a nearly full disk that is told"):
            return
        self.did("told")
        if number % 2 == 0:
            self.link.reset()
            self.did("cut meanwhile")
        self.resume()
        await self.within(self.patience, lambda: not self.buffer and not self.oracle.missing, "the end of the backlog")


async def run(binary, rounds, seed):
    world = Overfull(binary, seed, "overfull")
    return [await conduct(world, rounds, world.one)]

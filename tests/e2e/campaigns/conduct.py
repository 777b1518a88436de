"""What all campaigns have in common: begin, rounds of faults under load, stillness in between, the verdict."""
import time


class Plan:
    """`rounds` in all; every `every` of them all must settle, and a sample is taken. The first stillness is the warm-up's."""

    def __init__(self, rounds, stills=8, warm=0.15):
        self.rounds, self.warm = rounds, max(1, int(rounds * warm))
        self.every = max(1, (rounds - self.warm) // stills)

    def parts(self):
        """How many rounds to the next stillness, time and again."""
        left, part = self.rounds, self.warm
        while left > 0:
            yield min(left, part)
            left, part = left - part, self.every


async def conduct(world, rounds, one):
    """Rounds of `one(number)` in that world; what came of it."""
    begun = time.monotonic()
    await world.begin()
    try:
        await world.up()
        number = 0
        if await world.quiet():
            await world.sample()
            for part in Plan(rounds).parts():
                async with world.traffic():
                    for _ in range(part):
                        number += 1
                        await one(number)
                        world.prune()
                        if world.violations or not world.gateway.running:
                            break
                if not world.gateway.running:
                    world.wrong(f"the gateway ended by itself with {world.gateway.process.returncode}: {world.said()}")
                if world.violations or not await world.quiet():
                    break
                await world.sample()
        if not world.violations:
            world.flat()
            await world.stop()
        world.oracle.verdict()
    finally:
        await world.finish()
    return {"world": world, "rounds": number, "seconds": time.monotonic() - begun}

"""What a process must not gather over many faults: memory, file descriptors, threads, dead children.

A sample is taken when everything has settled. The gateway remembers the keys of events and actions on purpose, the
last GATEWAY_DEDUPE_ENTRIES of each, so memory may grow with the events until there are as many.
"""
import os
import statistics
from dataclasses import dataclass

ENTRIES = 2000          # what the worlds set
A_KEY = 2 << 10         # bytes that one remembered turn may cost: an event's keys, its action's record, its store's page
SLACK = 3 << 20         # free lists, page cache of the store, buffers that grew once


@dataclass
class Sample:
    events: int         # so far
    rss: int            # bytes
    files: int
    threads: int
    zombies: int
    children: int


def stat_of(pid):
    """State and parent; ("X", 0) when there is none."""
    try:
        with open(f"/proc/{pid}/stat") as file:
            state, parent = file.read().rpartition(")")[2].split()[:2]
        return state, int(parent)
    except (OSError, ValueError):
        return "X", 0


def children_of(pid):
    found = [stat_of(x) for x in os.listdir("/proc") if x.isdigit()]
    return [state for state, parent in found if parent == pid]


def take(gateway, events):
    pid = gateway.process.pid
    children = children_of(pid)
    return Sample(events, gateway.rss(), len(os.listdir(f"/proc/{pid}/fd")), len(os.listdir(f"/proc/{pid}/task")),
                  children.count("Z"), len(children))


def growth(samples):
    """Bytes between the middle of the first third and that of the last."""
    third = max(1, len(samples) // 3)
    middle = lambda of: statistics.median(x.rss for x in of)
    return middle(samples[-third:]) - middle(samples[:third])


def allowed(samples):
    remembered = lambda sample: min(ENTRIES, sample.events)
    return SLACK + A_KEY * (remembered(samples[-1]) - remembered(samples[0]))


def judge(fresh, samples):
    """What is wrong: `fresh` is the process before any fault, `samples` begin after the warm-up."""
    found = [f"{x.zombies} dead children that nobody waited for" for x in samples if x.zombies][:1]
    if len(samples) < 2:
        return found + ["too few samples to compare"]
    for what, base in (("files", fresh), ("children", fresh), ("threads", samples[0])):
        first, most = getattr(base, what), max(getattr(x, what) for x in samples)
        if most > first:
            found.append(f"{what} grew from {first} to {most}: {[getattr(x, what) for x in samples]}")
    if growth(samples) > allowed(samples):
        found.append(f"memory grew by {growth(samples) / 1024:.0f} KiB, {allowed(samples) / 1024:.0f} allowed: "
                     f"{[x.rss // 1024 for x in samples]} KiB")
    return found


def told(fresh, samples):
    first, last = samples[0], samples[-1]
    return (f"{len(samples)} samples, resident {first.rss / 2**20:.1f} -> {last.rss / 2**20:.1f} MiB (growth "
            f"{growth(samples) / 1024:.0f} KiB, {allowed(samples) / 1024:.0f} allowed), files {fresh.files} -> {last.files}, "
            f"threads {first.threads} -> {last.threads}")

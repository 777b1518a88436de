"""What a turn costs: instructions, allocations and actor messages, counted by callgrind, against tests/bench/turn_cost.txt.

    python3 tests/bench/turn_cost.py BIN_DIR [--write]     # --write: keep what was counted

Fails where a figure grew by more than a tenth. Nothing here is time, so a busy machine counts the same.
Two runs of different length are subtracted: what the start and the end take falls out.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

KEPT = pathlib.Path(__file__).with_suffix(".txt")
ALLOWED = 1.10
SKIPPED = 77
# name -> options, turns of the shorter and of the longer run
LOADS = {
    "window-256": (["--window", "256"], 512, 2048),
    "window-1": (["--window", "1", "--read", "1"], 100, 600),
}
FIGURES = ("instructions", "allocations", "messages")
ALLOCATIONS = {"malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign"}
MESSAGE = "caf::scheduled_actor::reactivate(caf::mailbox_element&)"


def parse(profile: pathlib.Path) -> dict[str, int]:
    """Totals of a callgrind file."""
    names: dict[str, str] = {}
    out = dict.fromkeys(FIGURES, 0)
    called = ""
    for line in profile.read_text(errors="replace").splitlines():
        if match := re.match(r"c?fn=\((\d+)\)(?: (.*))?$", line):
            number, name = match.groups()
            if name:
                names[number] = re.sub(r"'\d+$", "", name)
            if line.startswith("c"):
                called = names[number]
        elif line.startswith("calls="):
            count = int(line[len("calls=") :].split()[0])
            if called in ALLOCATIONS:
                out["allocations"] += count
            elif called == MESSAGE:
                out["messages"] += count
        elif match := re.match(r"(?:summary|totals): (\d+)", line):
            out["instructions"] = int(match.group(1))
    return out


def count(program: str, options: list[str], turns: int, where: str) -> dict[str, int]:
    profile = pathlib.Path(where) / f"{turns}.out"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={profile}", program, "--turns", str(turns), *options]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if ran.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{ran.stdout}{ran.stderr}")
    return parse(profile)


def measure(program: str) -> dict[str, dict[str, float]]:
    out = {}
    with tempfile.TemporaryDirectory() as where:
        for load, (options, fewer, more) in LOADS.items():
            few, many = (count(program, options, turns, where) for turns in (fewer, more))
            out[load] = {x: (many[x] - few[x]) / (more - fewer) for x in FIGURES}
    return out


def kept() -> dict[str, dict[str, float]]:
    lines = [x.split() for x in KEPT.read_text().splitlines() if x and not x.startswith("#")]
    return {x[0]: dict(zip(FIGURES, map(float, x[1:]), strict=True)) for x in lines}


def write(now: dict[str, dict[str, float]]) -> None:
    head = [x for x in KEPT.read_text().splitlines() if x.startswith("#")] if KEPT.exists() else []
    rows = [f"{load} {x['instructions']:.0f} {x['allocations']:.1f} {x['messages']:.2f}" for load, x in now.items()]
    KEPT.write_text("\n".join(head + rows) + "\n")


def main() -> int:
    if not shutil.which("valgrind"):
        print("skipped: valgrind is not installed (deploy/setup test)")
        return SKIPPED
    now = measure(f"{sys.argv[1]}/relay-turn-cost")
    if "--write" in sys.argv[2:]:
        write(now)
    before = kept()
    grown = []
    for load, figures in now.items():
        for name, value in figures.items():
            limit = before[load][name] * ALLOWED
            print(f"{load:12} {name:13} {value:10.2f} a turn, kept {before[load][name]:.2f}")
            if value <= 0 or value > limit:
                grown.append(f"{load}: {name} {value:.2f} a turn, at most {limit:.2f} are allowed")
    for line in grown:
        print("FAILED", line)
    if grown:
        print(f"mend it, or say in the change why it is worth it and run {sys.argv[0]} {sys.argv[1]} --write")
    return 1 if grown else 0


if __name__ == "__main__":
    sys.exit(main())

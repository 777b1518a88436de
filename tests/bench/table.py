"""The gateway beside the bare loop (bare_loop.cpp), as one table.

    python3 tests/bench/table.py BIN_DIR [--rounds N] [--part P] [--only TEXT] [--write]

Each row is measured in pairs, bare loop and gateway in turn, and shows medians: what else the machine does meets both.
--part 0.1: a tenth of the turns. --only: rows with that text. --write: keeps the table in tests/bench/README.md.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).parent
README = HERE / "README.md"
BEGIN, END = "<!-- table.py writes this -->", "<!-- end of the table -->"
# name -> options of relay-bench, turns, figure that the row is about, whether the bare loop has it
ROWS = {
    "window 256": (["--window", "256"], 200_000, "turns_s", True),
    "window 16": (["--window", "16"], 100_000, "turns_s", True),
    "window 1": (["--window", "1"], 20_000, "p50_us", True),
    "1,000 events a second": (["--rate", "1000"], 3_000, "p50_us", True),
    "50,000 events a second": (["--rate", "50000"], 100_000, "p99_us", True),
    "4 KB of text, window 256": (["--window", "256", "--bytes", "4096"], 60_000, "turns_s", True),
    "TLS, window 256": (["--window", "256", "--tls", "{tls}"], 100_000, "turns_s", True),
    "on disk, window 256": (["--window", "256", "--state-dir", "{state}"], 60_000, "turns_s", False),
    "on disk, 2,000 events a second: frame to ack": (["--rate", "2000", "--state-dir", "{state}"], 6_000, "ack_p99_us", False),
    "10,000 chats, window 256": (["--window", "256", "--chats", "10000"], 200_000, "turns_s", True),
    "200,000 chats, window 256": (["--window", "256", "--chats", "200000"], 400_000, "turns_s", True),
    "connected, 5 s with nothing to do": (["--idle", "5"], 0, "hello_ms", True),
}
UNITS = {"turns_s": "turns/s", "p50_us": "us, p50", "p99_us": "us, p99", "ack_p99_us": "us, p99", "hello_ms": "ms to the first hello"}


def run(program: str, options: list[str]) -> dict[str, float] | None:
    """None: turns were lost, because the load is more than the program can take on this machine now."""
    ran = subprocess.run([program, *options, "--json"], capture_output=True, text=True, timeout=400, check=False)
    if ran.returncode == 0:
        return json.loads(ran.stdout)
    if "--rate" in options and "not all turns came back" in ran.stderr:
        return None
    sys.exit(f"{program} {' '.join(options)}\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")


def certificate(where: str) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
         "subjectAltName=IP:127.0.0.1", "-keyout", f"{where}/key.pem", "-out", f"{where}/cert.pem"],
        capture_output=True, check=True)  # fmt: skip


def median(rounds: list[dict[str, float] | None]) -> dict[str, float]:
    """Of those rounds that kept up, when most did."""
    kept_up = [x for x in rounds if x is not None]
    return {x: statistics.median(r[x] for r in kept_up) for x in kept_up[0]} if len(kept_up) * 2 > len(rounds) else {}


def measure(bin_dir: str, name: str, rounds: int, part: float) -> tuple[dict[str, float], dict[str, float]]:
    options, turns, _, has_bare = ROWS[name]
    got: dict[str, list[dict[str, float] | None]] = {"bare": [], "gateway": []}
    for _ in range(rounds):
        for program, all_of_it in got.items():
            if program == "bare" and not has_bare:
                continue
            with tempfile.TemporaryDirectory() as tls, tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_DIR")) as state:
                if "{tls}" in options:
                    certificate(tls)
                filled = [x.format(tls=tls, state=state) for x in options]
                all_of_it.append(run(f"{bin_dir}/relay-bench", ["--program", program, "--pin", *filled]
                                     + (["--turns", str(max(1_000, int(turns * part)))] if turns else [])))  # fmt: skip
    return median(got["bare"]), median(got["gateway"])


def figure(x: float | None) -> str:
    if x is None:
        return ""
    return f"{x:,.0f}" if x >= 100 else f"{x:.1f}"


def ratio(ours: float, bare: float | None) -> str:
    return f"{ours / bare:.2f}" if bare else ""


def line(name: str, bare: dict[str, float], ours: dict[str, float]) -> str:
    what = ROWS[name][2]
    cpu = "cpu_us" if ROWS[name][1] else "cpu_s"
    if not ours:
        return f"| {name}, {UNITS[what]} | {figure(bare.get(what))} | sheds load | | {figure(bare.get(cpu))} | | | |"
    cells = [f"{name}, {UNITS[what]}", figure(bare.get(what)), figure(ours[what]), ratio(ours[what], bare.get(what)),
             figure(bare.get(cpu)), figure(ours[cpu]), ratio(ours[cpu], bare.get(cpu)) if cpu == "cpu_us" else "",
             f"{ours['rss_kib'] / 1024:.0f}"]  # fmt: skip
    return "| " + " | ".join(cells) + " |"


def commit() -> str:
    said = subprocess.run(["git", "-C", str(HERE), "describe", "--always", "--dirty", "--abbrev=10"], capture_output=True, text=True,
                          check=False)  # fmt: skip
    return said.stdout.strip() or "unknown"


def machine(before: tuple[float, float, float]) -> str:
    model = next((x.split(":", 1)[1].strip() for x in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if x.startswith("model name")),
                 platform.machine())  # fmt: skip
    return f"{os.cpu_count()} processors ({model}), load {before[0]:.1f} before and {os.getloadavg()[0]:.1f} after"


def counted() -> str:
    rows = [x.split() for x in (HERE / "turn_cost.txt").read_text().splitlines() if x and not x.startswith("#")]
    said = [f"{x[0].replace('-', ' ')}: {float(x[1]):,.0f} instructions, {x[2]} allocations, {x[3]} messages" for x in rows]
    return "Counted, in the actors alone (`turn_cost.txt`): " + "; ".join(said) + "."


def keep(text: str) -> None:
    old = README.read_text()
    begin, end = old.index(BEGIN) + len(BEGIN), old.index(END)
    README.write_text(old[:begin] + "\n" + text + "\n" + old[end:])


def main() -> int:
    said = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    said.add_argument("bin_dir")
    said.add_argument("--rounds", type=int, default=3)
    said.add_argument("--part", type=float, default=1.0)
    said.add_argument("--only", default="")
    said.add_argument("--write", action="store_true")
    args = said.parse_args()
    before = os.getloadavg()
    lines = [
        "| | bare loop | gateway | ratio | CPU, us a turn: bare | gateway | ratio | gateway, MiB |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    print("\n".join(lines), flush=True)
    for name in ROWS:
        if args.only in name:
            lines.append(line(name, *measure(args.bin_dir, name, args.rounds, args.part)))
            print(lines[-1], flush=True)
    if args.only in "1,000 gateways in one process":
        many = median([run(f"{args.bin_dir}/relay-bench-many", ["--gateways", "1000"]) for _ in range(args.rounds)])
        lines.append(f"| 1,000 gateways in one process, s of CPU until all said hello | | {many['cpu_s']:.2f} | | | | "
                     f"| {many['rss_kib'] / 1024:.0f} |")  # fmt: skip
        print(lines[-1])
    head = f"Commit {commit()}, {args.rounds} rounds, medians; {machine(before)}."
    text = "\n".join([head, "", *lines, "", counted()])
    print("\n" + head + "\n" + counted())
    if args.write:
        keep(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())

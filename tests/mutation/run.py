#!/usr/bin/python3
"""Changes one line of the gateway at a time and tells which changes no test notices.

usage: run.py --changes N [--seed S] [--work FOLDER] [--jobs N] [--minutes M] [--sim-seeds N] [--only PATH] [--list]

It works in a copy of the tree (--work, kept for the next time), never in the tree itself, and each change is taken back before
the next. Suites are built and run one after another, those nearest to the change first, until one fails: then the change is
found. What all of them miss lives, and is printed; so it is in FOLDER/results.jsonl, where a later run goes on.
"""
import argparse
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import changes  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
EQUIVALENT = pathlib.Path(__file__).with_name("equivalent.txt")
SUITES = ["core_test", "wire_test", "config_test", "store_test", "actors_test", "relay-sim"]
NEAREST = {"messages": "wire_test", "config": "config_test", "app/store": "store_test"}


def suites_for(path):
    """All of them, the one for this folder first."""
    first = next((suite for folder, suite in NEAREST.items() if path.startswith(folder + "/")), None)
    return sorted(SUITES, key=lambda x: x != first) if first else SUITES


class Copy:
    """A copy of the tree, with a build of its own."""

    def __init__(self, work, jobs, sim_seeds):
        self.tree, self.build = work / "tree", work / "tree/build/release"
        self.jobs, self.sim_seeds = jobs, sim_seeds

    def sync(self):
        """Makes it what the tree is now. An equal file keeps its time, so that nothing is compiled for nothing."""
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True,
                                capture_output=True).stdout.decode().split("\0")
        wanted = {x for x in listed if x and (ROOT / x).is_file()}
        if self.tree.exists():
            for file in [x for x in self.tree.rglob("*") if x.is_file() or x.is_symlink()]:
                name = file.relative_to(self.tree).as_posix()
                if not name.startswith("build/") and name not in wanted:
                    file.unlink()
        for name in wanted:
            source, target = ROOT / name, self.tree / name
            if not target.exists() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)

    def configure(self):
        return run(["cmake", "--preset", "release"], self.tree, 120)[0] == 0

    @contextlib.contextmanager
    def changed(self, change):
        """The copy with this change, for as long as it lasts."""
        file = self.tree / change.path
        text = file.read_text()
        try:
            file.write_text(changes.applied(text, change))
            yield
        finally:
            file.write_text(text)

    def build_target(self, target, seconds):
        """(how it ended, whether it is another program than before, output)"""
        binary = self.build / "bin" / target
        before = binary.stat().st_mtime_ns if binary.exists() else 0
        code, text = run(["ninja", f"-j{self.jobs}", "-C", str(self.build), target], self.tree, seconds)
        how = "late" if code is None else "built" if code == 0 else "broken"
        return how, binary.exists() and binary.stat().st_mtime_ns != before, text

    def play(self, target, seconds):
        """None = too late, else the exit code; and the output."""
        binary = str(self.build / "bin" / target)
        if target == "relay-sim":
            how = [binary, "--seeds", str(self.sim_seeds), "--jobs", str(self.jobs), "--stop-after", "1", "--patience", "30"]
        else:
            how = [binary, "--gtest_brief=1", "--gtest_fail_fast"]
        return run(how, self.tree, seconds)


def run(command, folder, seconds):
    """(exit code or None, output). What is late ends with all its children."""
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", start_new_session=True) as child:
        try:
            text = child.communicate(timeout=max(seconds, 1))[0]
            return child.returncode, text
        except subprocess.TimeoutExpired:
            return None, "too late"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def judge(copy, change, seconds):
    """(`found`, `lived`, `no code` or `late`, by which suite, seconds)."""
    began = time.monotonic()
    left = lambda: seconds - (time.monotonic() - began)  # noqa: E731
    verdict, by = "lived", ""
    with copy.changed(change):
        for suite in suites_for(change.path):
            how, another, text = copy.build_target(suite, left())
            if how != "built":
                # What compiles nowhere is no change; a warning is an error here, as everywhere.
                verdict, by = ("late" if how == "late" else "no code"), suite
                break
            if not another:
                continue
            code, text = copy.play(suite, min(left(), 180))
            if code is None and left() <= 0:
                verdict, by = "late", suite
                break
            if code != 0:  # also one that hangs
                verdict, by = "found", suite
                break
    return verdict, by, round(time.monotonic() - began)


def known_equivalent():
    """Changes that change nothing that anybody can see: `path | old line | new line`, each with a reason above it."""
    out = set()
    if EQUIVALENT.exists():
        for line in EQUIVALENT.read_text().splitlines():
            parts = [x.strip() for x in line.split(" | ")]
            if not line.startswith("#") and len(parts) == 3:
                out.add(tuple(parts))
    return out


def candidates(only):
    out = []
    for folder in changes.FOLDERS:
        for file in sorted((ROOT / folder).rglob("*.cpp")):
            name = file.relative_to(ROOT).as_posix()
            if not only or name.startswith(only):
                out += changes.changes_of(name, file.read_text())
    known = known_equivalent()
    return [x for x in out if (x.path, x.old.strip(), x.new.strip()) not in known]


def prepare(copy):
    """Builds everything once and sees it pass: of tests that fail anyway nothing can be learned."""
    copy.sync()
    if not copy.configure():
        sys.exit("the copy cannot be configured")
    for suite in SUITES:
        how, _, text = copy.build_target(suite, 3600)
        if how != "built":
            sys.exit(f"{suite} cannot be built in the copy:\n{text[-2000:]}")
        code, text = copy.play(suite, 900)
        if code != 0:
            sys.exit(f"{suite} fails without a change:\n{text[-2000:]}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--changes", type=int, default=20, help="how many that compile")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--work", type=pathlib.Path, default=ROOT / "build/mutation")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--minutes", type=float, default=10, help="at most for each change")
    parser.add_argument("--sim-seeds", type=int, default=300)
    parser.add_argument("--only", default="", help="changes below this path only")
    parser.add_argument("--list", action="store_true", help="print the changes and do nothing")
    how = parser.parse_args()
    chosen = changes.choose(candidates(how.only), random.Random(how.seed), how.changes * 3)
    if how.list:
        print("\n".join(x.text() for x in chosen))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the change is taken back
    copy = Copy(how.work.resolve(), how.jobs, how.sim_seeds)
    copy.tree.mkdir(parents=True, exist_ok=True)
    results = how.work / "results.jsonl"
    done = [json.loads(x) for x in results.read_text().splitlines()] if results.exists() else []
    seen = {(x["path"], x["old"], x["new"]): x for x in done}
    prepare(copy)
    tally = {"found": 0, "lived": 0, "late": 0, "no code": 0}
    lived = []
    for change in chosen:
        if tally["found"] + tally["lived"] >= how.changes:
            break
        known = seen.get((change.path, change.old, change.new))
        verdict, by, seconds = (known["verdict"], known["by"], known["seconds"]) if known else judge(copy, change, how.minutes * 60)
        tally[verdict] += 1
        if not known:
            with results.open("a") as to:
                to.write(json.dumps({**vars(change), "verdict": verdict, "by": by, "seconds": seconds}) + "\n")
        if verdict == "lived":
            lived.append(change)
        print(f"{verdict:8} {by:12} {seconds:4} s  {change.text()}", flush=True)
    print(f"\n{tally['found']} found, {tally['lived']} lived, {tally['late']} took too long, {tally['no code']} did not compile")
    for x in lived:
        print("lived:", x.text())
    return 1 if lived else 0


if __name__ == "__main__":
    sys.exit(main())

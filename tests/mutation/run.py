#!/usr/bin/python3
"""Changes one line of the gateway at a time and tells which changes no test notices.

usage: run.py --changes N [--seed S] [--work FOLDER] [--jobs N] [--minutes M] [--sim-seeds N] [--only PATH] [--list]

It works in a copy of the tree (--work, kept for the next time), never in the tree itself. Most changes are compiled into it at
once, each behind a switch that the environment turns on (switched.py); the others are made alone and taken back before the
next. Suites that reach the change are run one after another, the nearest first, until one fails: then the change is found.
What all of them miss lives, and is printed; so it is in FOLDER/results.jsonl, where a later run goes on.
"""
import argparse
import collections
import concurrent.futures
import contextlib
import dataclasses
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import changes  # noqa: E402
import switched  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
EQUIVALENT = pathlib.Path(__file__).with_name("equivalent.txt")
SUITES = ["core_test", "wire_test", "config_test", "store_test", "actors_test", "relay-sim"]
NEAREST = {"messages/": "wire_test", "config/": "config_test", "app/store/": "store_test", "actors/": "actors_test"}


def suites_for(path):
    """All of them, the one for this folder first."""
    if path.startswith("actors/") and "/core/" in path:
        return SUITES
    first = next((suite for folder, suite in NEAREST.items() if path.startswith(folder)), None)
    return sorted(SUITES, key=lambda x: x != first)


class Copy:
    """A copy of the tree, with a build of its own."""

    def __init__(self, work, jobs, sim_seeds):
        self.tree, self.build = work / "tree", work / "tree/build/release"
        self.jobs, self.sim_seeds = jobs, sim_seeds
        self.alone_file = work / "alone.jsonl"
        self.numbers = {}  # of the changes that have a switch
        self.reached = {}  # suite -> number -> filter that names its test cases that reach it
        self.takes = {}  # suite -> seconds

    def put_switches(self, wanted):
        """Builds all suites with a switch for each of these changes, but for those with which it does not compile."""
        alone = {changes.Change(**x).key() for x in lines_of(self.alone_file)}
        for _ in range(20):
            self.numbers = {x: number for number, x in enumerate(wanted, 1)
                            if x.key() not in alone and switched.switched(x, number) is not None}
            self.sync()
            if not self.configure():
                sys.exit("the copy cannot be configured")
            code, text = run(["ninja", "-k0", f"-j{self.jobs}", "-C", str(self.build), *SUITES], self.tree, 7200)
            if code == 0:
                return
            named = set(re.findall(r"((?:%s)/[\w/]+\.cpp):(\d+)" % "|".join(changes.FOLDERS), text))
            faulty = [x for x in self.numbers if (x.path, str(x.line)) in named]
            if not faulty:  # named is a neighbour of the line that is wrong
                files = {path for path, _ in named}
                faulty = [x for x in self.numbers if x.path in files]
            if not faulty:
                sys.exit(f"the copy cannot be built:\n{text[-2000:]}")
            print(f"{len(faulty)} changes have to be compiled alone", flush=True)
            alone |= {x.key() for x in faulty}
            with self.alone_file.open("a") as to:
                to.writelines(json.dumps(vars(x)) + "\n" for x in faulty)
        sys.exit("the copy cannot be built")

    def text_of(self, name):
        """What a file of the tree is here: as it is there, with its switches."""
        numbered = [(number, x) for x, number in self.numbers.items() if x.path == name]
        source = (ROOT / name).read_bytes()
        return switched.with_switches(source.decode(), numbered).encode() if numbered else source

    def sync(self):
        """Makes it what the tree is now. An equal file keeps its time, so that nothing is compiled for nothing."""
        listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True,
                                capture_output=True).stdout.decode().split("\0")
        wanted = {x for x in listed if x and (ROOT / x).is_file()}
        header = self.tree / "relay_change.hpp"
        if self.tree.exists():
            for file in [x for x in self.tree.rglob("*") if x.is_file() or x.is_symlink()]:
                name = file.relative_to(self.tree).as_posix()
                if not name.startswith("build/") and name not in wanted and file != header:
                    file.unlink()
        for name in wanted:
            source, target = ROOT / name, self.tree / name
            text = self.text_of(name)
            if not target.exists() or target.read_bytes() != text:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(text)
                shutil.copymode(source, target)
        if not header.exists() or header.read_text() != switched.HEADER:
            header.write_text(switched.HEADER)

    def configure(self):
        linker = next((f"-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld={x}" for x in ("mold", "lld") if shutil.which(x)), None)
        return run(["cmake", "--preset", "release", *([linker] if linker else [])], self.tree, 120)[0] == 0

    @contextlib.contextmanager
    def changed(self, change):
        """The copy with this change, for as long as it lasts."""
        file = self.tree / change.path
        text = file.read_text()
        shift = text.count("\n") - (ROOT / change.path).read_text().count("\n")  # switches have lines of their own above
        try:
            file.write_text(changes.applied(text, dataclasses.replace(change, line=change.line + shift)))
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

    def play(self, target, seconds, only="*", **environment):
        """None = too late, else the exit code; and the output."""
        binary = str(self.build / "bin" / target)
        if target == "relay-sim":
            how = [binary, "--seeds", str(self.sim_seeds), "--jobs", "1", "--stop-after", "1", "--patience", "30"]
        else:
            how = [binary, "--gtest_brief=1", "--gtest_fail_fast", f"--gtest_filter={only}"]
        return run(how, self.tree, seconds, environment)

    def cases(self, target):
        """Filters that take the whole of it one after the other."""
        if target == "relay-sim":
            return ["*"]
        listed = run([str(self.build / "bin" / target), "--gtest_list_tests"], self.tree, 60)[1].splitlines()
        return [x.split("#")[0].strip() + "*" for x in listed if re.match(r"\S+\.(\s*#|$)", x)]

    def explore(self, target):
        """Sees it pass: of tests that fail anyway nothing can be learned. Notes what each part reaches."""
        file = self.alone_file.with_name("reached")
        reached, began = {}, time.monotonic()
        for case in self.cases(target):
            file.unlink(missing_ok=True)
            code, text = self.play(target, 900, only=case, RELAY_CHANGES_REACHED=str(file))
            if code != 0:
                sys.exit(f"{target} fails without a change:\n{text[-2000:]}")
            for x in file.read_text().split() if file.exists() else []:
                reached.setdefault(int(x), []).append(case)
        self.takes[target] = time.monotonic() - began
        self.reached[target] = {number: ":".join(cases) for number, cases in reached.items()}

    def patience(self, target):
        """What takes this long hangs."""
        return 4 * self.takes[target] + 30


def lines_of(file):
    return [json.loads(x) for x in file.read_text().splitlines()] if file.exists() else []


def run(command, folder, seconds, environment=None):
    """(exit code or None, output). What is late ends with all its children."""
    with subprocess.Popen(command, cwd=folder, env=os.environ | (environment or {}), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          start_new_session=True) as child:
        try:
            text = child.communicate(timeout=max(seconds, 1))[0]
            return child.returncode, text
        except subprocess.TimeoutExpired:
            return None, "too late"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def judge(copy, change):
    """(`found` or `lived`, by which suite, seconds) of a change that has a switch."""
    began = time.monotonic()
    number = copy.numbers[change]
    verdict, by = "lived", ""
    for suite in suites_for(change.path):
        if number not in copy.reached[suite]:
            continue
        by = by or "reached"
        code, text = copy.play(suite, copy.patience(suite), only=copy.reached[suite][number], RELAY_CHANGE=str(number))
        if code != 0:  # also one that hangs
            verdict, by = "found", suite
            break
    return verdict, by, round(time.monotonic() - began)


def judge_alone(copy, change, seconds):
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
            code, text = copy.play(suite, min(left(), copy.patience(suite)))
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
    return out


def prepare(copy, wanted):
    copy.put_switches(wanted)
    for suite in SUITES:
        copy.explore(suite)
        print(f"{suite} reaches {len(copy.reached[suite])} of {len(copy.numbers)}, {copy.takes[suite]:.0f} s", flush=True)


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
    chosen = changes.choose(candidates(how.only), how.seed, how.changes * 3)
    if how.list:
        print("\n".join(x.text() for x in chosen))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the change is taken back
    copy = Copy(how.work.resolve(), how.jobs, how.sim_seeds)
    copy.tree.mkdir(parents=True, exist_ok=True)
    results = how.work / "results.jsonl"
    seen = {(x["path"], x["old"], x["nth"], x["new"]): x for x in lines_of(results)}
    equivalent = {x.key() for x in chosen if (x.path, x.old.strip(), x.new.strip() or "(nothing)") in known_equivalent()}
    # Those that are equivalent have a switch, too: the numbers of the others stay when one more is listed, and with them the build.
    prepare(copy, chosen[:how.changes + how.changes // 10])

    def keep(change, verdict, by, seconds):
        seen[change.key()] = one = {**vars(change), "verdict": verdict, "by": by, "seconds": seconds}
        with results.open("a") as to:
            to.write(json.dumps(one) + "\n")
        print(f"{verdict:8} {by:12} {seconds:4} s  {change.text()}", flush=True)

    # A change that lived is tried again: tests may have been written for it.
    todo = [x for x in copy.numbers
            if x.key() not in equivalent and seen.get(x.key(), {"verdict": "lived"})["verdict"] == "lived"]
    with concurrent.futures.ThreadPoolExecutor(how.jobs) as pool:
        for future, change in [(pool.submit(judge, copy, x), x) for x in todo]:
            keep(change, *future.result())
    tally, suites, lived = collections.Counter(), collections.Counter(), []
    for change in chosen:
        if tally["found"] + tally["lived"] + tally["equivalent"] >= how.changes:
            break
        if change.key() in equivalent:
            tally["equivalent"] += 1
            continue
        if (key := change.key()) not in seen or (change not in copy.numbers and seen[key]["verdict"] == "lived"):
            keep(change, *judge_alone(copy, change, how.minutes * 60))
        verdict = seen[key]["verdict"]
        tally[verdict] += 1
        if verdict == "found":
            suites[seen[key]["by"]] += 1
        if verdict == "lived":
            lived.append(change)
    print(f"\n{tally['found']} found, {tally['equivalent']} are equivalent, {tally['lived']} lived, {tally['late']} took too long, "
          f"{tally['no code']} did not compile")
    print("found by", ", ".join(f"{suite}: {count}" for suite, count in suites.most_common()))
    for x in lived:
        print("lived:", x.text())
    return 1 if lived else 0


if __name__ == "__main__":
    sys.exit(main())

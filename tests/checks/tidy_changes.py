"""clang-tidy on the lines that changed since a commit, the latest files first, until the time is up.

tidy_changes.py BUILD_FOLDER BASE MINUTES"""
import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor


def git(*words):
    return subprocess.run(["git", *words], capture_output=True, text=True, check=True).stdout


def changed_lines(base):
    """File -> list of [first, last], the files in the order of their last change, newest first."""
    lines, name = {}, None
    for line in git("diff", "-U0", base, "HEAD", "--", "*.cpp", "*.hpp").splitlines():
        if line.startswith("+++ "):
            name = line[6:] if line.startswith("+++ b/") else None
        elif name and (hunk := re.match(r"@@ -\S+ \+(\d+)(?:,(\d+))? @@", line)):
            first, count = int(hunk[1]), int(hunk[2] or 1)
            if count > 0:
                lines.setdefault(name, []).append([first, first + count - 1])
    order = dict.fromkeys(git("log", "--format=", "--name-only", f"{base}..HEAD").split())
    return {name: lines[name] for name in order if name in lines}


def main():
    build, base, minutes = sys.argv[1], sys.argv[2], float(sys.argv[3])
    lines = changed_lines(base)
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        known = {os.path.relpath(x["file"]) for x in json.load(file)}
    # A header's lines are seen through the .cpp of the same name.
    units = [x for x in dict.fromkeys(re.sub(r"\.hpp$", ".cpp", name) for name in lines) if x in known]
    units = [x for x in units if not x.startswith("tests/")]  # what ships
    # All lines of every changed file, for headers are read by other units.
    line_filter = json.dumps([{"name": name, "lines": ranges} for name, ranges in lines.items()])
    end = time.monotonic() + 60 * minutes

    def check(unit):
        if time.monotonic() > end:
            return unit, None, ""
        done = subprocess.run(["clang-tidy-14", "-p", build, "--quiet",
                               f"--line-filter={line_filter}", unit], capture_output=True, text=True, check=False)
        return unit, done.returncode, done.stdout

    failed, reached, late = 0, 0, []
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for unit, status, output in pool.map(check, units):
            if status is None:
                late.append(unit)
                continue
            reached += 1
            if output:
                print(output)
            failed += 1 if status != 0 else 0
    print(f"checks: clang-tidy read {reached} of {len(units)} changed files, {failed} with findings")
    if late:
        print("checks: not reached in time: " + " ".join(late))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

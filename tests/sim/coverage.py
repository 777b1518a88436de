"""Lines of actors/ and messages/ that the simulator reaches. Run by `tests/run --coverage` on a coverage build.

usage: coverage.py BUILD_FOLDER [--least PERCENT] [--missing]
"""
import collections
import gzip
import json
import pathlib
import subprocess
import sys
import tempfile


def measured(build, root):
    """{file: {line: times}} of the sources under actors/ and messages/."""
    lines = collections.defaultdict(dict)
    data = [x for folder in ("actors", "messages") for x in sorted((build / folder).rglob("*.gcda"))]
    with tempfile.TemporaryDirectory() as out:
        for file in data:
            subprocess.run(["gcov", "--json-format", str(file)], cwd=out, check=True, capture_output=True)
            for report in pathlib.Path(out).glob("*.gcov.json.gz"):
                for source in json.loads(gzip.decompress(report.read_bytes()))["files"]:
                    path = (build / source["file"]).resolve()
                    if root not in path.parents or path.relative_to(root).parts[0] not in ("actors", "messages"):
                        continue
                    seen = lines[str(path.relative_to(root))]
                    for line in source["lines"]:
                        seen[line["line_number"]] = max(seen.get(line["line_number"], 0), line["count"])
                report.unlink()
    return lines


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    root = pathlib.Path(__file__).resolve().parents[2]
    least = float(sys.argv[sys.argv.index("--least") + 1]) if "--least" in sys.argv else 0.0
    total = hit = 0
    for name, lines in sorted(measured(build, root).items()):
        reached = sum(1 for times in lines.values() if times > 0)
        total, hit = total + len(lines), hit + reached
        print(f"{100 * reached / max(len(lines), 1):6.1f} % of {len(lines):5d}  {name}")
        if "--missing" in sys.argv:
            print("       not reached:", *sorted(n for n, times in lines.items() if times == 0))
    share = 100 * hit / max(total, 1)
    print(f"{share:6.1f} % of {total:5d}  lines of actors/ and messages/")
    return 0 if share >= least else 1


if __name__ == "__main__":
    sys.exit(main())

"""Compiles the files of a compilation database one by one, without code generation; prints what failed.

each_file.py DATABASE FOLDER..."""
import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor


def syntax_only(entry):
    """The entry's command without its output, its dependency file and ccache."""
    words = entry.get("arguments") or shlex.split(entry["command"])
    while words and not os.path.basename(words[0]).startswith("clang++"):
        words = words[1:]
    kept, skip = [], False
    for word in words:
        if skip:
            skip = False
        elif word in ("-o", "-MF", "-MT", "-MQ"):
            skip = True
        elif word not in ("-c", "-MD", "-MMD"):
            kept.append(word)
    return kept + ["-fsyntax-only"]


def compile_one(entry):
    done = subprocess.run(syntax_only(entry), cwd=entry["directory"], capture_output=True, text=True, check=False)
    return entry["file"], done.returncode, done.stderr


def main():
    folders = tuple(os.path.abspath(x) + os.sep for x in sys.argv[2:])
    with open(sys.argv[1], encoding="utf-8") as file:
        entries = {x["file"]: x for x in json.load(file) if x["file"].startswith(folders)}.values()
    failed = 0
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        for name, status, output in pool.map(compile_one, entries):
            if status != 0:
                failed += 1
                print(f"checks: clang refuses {name}\n{output}", file=sys.stderr)
    print(f"checks: clang compiled {len(entries)} files, {failed} of them with errors")
    return 1 if failed or not entries else 0


if __name__ == "__main__":
    sys.exit(main())

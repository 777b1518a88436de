#!/usr/bin/env python3
"""Runs `relay-gateway demo` and drives its console page in real Chromium (console_page.py).

    console_run.py BIN_DIR [--screenshots DIR]
"""
import pathlib
import re
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent


def main():
    binary = pathlib.Path(sys.argv[1]) / "relay-gateway"
    demo = subprocess.Popen([str(binary), "demo", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
    try:
        url = None
        for line in demo.stdout:
            print(line, end="", flush=True)
            found = re.match(r"connector\s+(http://\S+)", line)
            if found:
                url = found.group(1)
            if line.startswith("connected"):
                break
        if url is None:
            print("the demo printed no connector URL", file=sys.stderr)
            return 1
        page = subprocess.run([sys.executable, str(HERE / "console_page.py"), url, *sys.argv[2:]], timeout=120)
        return page.returncode
    finally:
        demo.send_signal(signal.SIGTERM)
        try:
            demo.wait(timeout=30)
        except subprocess.TimeoutExpired:
            demo.kill()
            demo.wait()


if __name__ == "__main__":
    sys.exit(main())

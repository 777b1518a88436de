#!/usr/bin/env python3
"""Uses the library as somebody else would: installs a build, builds this folder's programs against the installed files with
find_package and with pkg-config, and against the source tree with add_subdirectory and FetchContent, and runs them.

    run.py BUILD_DIR [--source]      --source: the two ways that compile the library's first layer again
"""
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent


def run(*command, **more):
    print("+", *command, flush=True)
    return subprocess.run([str(x) for x in command], check=True, text=True, **more)


def output(*command, **more):
    text = run(*command, stdout=subprocess.PIPE, **more).stdout
    print(text, end="", flush=True)
    return text


def expect_key(program):
    text = output(program)
    assert re.fullmatch(r"relay_gateway \d+\.\d+\.\d+ agent:main:telegram:dm:1\n", text), text


def ask(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data, {"Content-Type": "application/json"}), timeout=30) as answer:
        return json.load(answer)


@contextlib.contextmanager
def running(*command, **more):
    """A program and the first line that it writes."""
    print("+", *command, flush=True)
    program = subprocess.Popen([str(x) for x in command], stdout=subprocess.PIPE, text=True, **more)
    try:
        yield program, program.stdout.readline()
    finally:
        program.kill()
        program.wait()


def expect_conversation(program, connector):
    """The example talks to the connector stand-in and ends in order when it is told to."""
    with running(connector, "--listen", "127.0.0.1:0") as (_, first):
        url = first.split(" on ")[1].split()[0]
        with running(program, url, env={**os.environ, "RELAY_TOKEN": "a-token"}) as (embedded, first):
            assert first == "ready\n", first
            ask(url + "/control/inject", {"platform": "discord", "chat_id": "c1", "text": "hello"})
            wanted = urllib.parse.urlencode({"kind": "outbound", "path": "frame.action.content", "value": "You said: hello",
                                             "wait": 20000})
            assert ask(f"{url}/control/records?{wanted}")["records"], "no answer"
            embedded.send_signal(signal.SIGTERM)
            assert embedded.wait(30) == 0


def configure(build, *options):
    run("cmake", "-S", HERE, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", *options, stdout=subprocess.DEVNULL)


def from_package(prefix, work, connector):
    configure(work / "package", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", work / "package")
    expect_key(work / "package/read_keys")
    expect_conversation(work / "package/embedded", connector)
    run(work / "package/own_actor_test")


def from_pkg_config(prefix, work, connector):
    (found,) = prefix.rglob("relay_gateway.pc")
    flags = output("pkg-config", "--cflags", "--libs", "relay_gateway", env={
        "PKG_CONFIG_PATH": str(found.parent), "PATH": "/usr/bin:/bin"}).split()
    run("g++", "-std=c++20", TREE / "tests/examples/embedded.cpp", "-o", work / "embedded", *flags)
    expect_conversation(work / "embedded", connector)


def headers_stand_alone(prefix):
    """Everything that an installed header includes is installed, too."""
    root = prefix / "include"
    for header in root.rglob("*.hpp"):
        for name in re.findall(r'#\s*include "([^"]+)"', header.read_text()):
            assert (root / name).is_file(), f"{header.relative_to(root)} includes {name}, which is not installed"


def from_source(work):
    for way in ("subdirectory", "fetch"):
        configure(work / way, f"-DRELAY_GATEWAY_FROM={way}", f"-DRELAY_GATEWAY_TREE={TREE}")
        run("cmake", "--build", work / way, "--target", "read_keys")
        expect_key(work / way / "read_keys")


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        if "--source" in sys.argv:
            from_source(work)
            return
        prefix = work / "prefix"
        run("cmake", "--install", build, "--prefix", prefix, stdout=subprocess.DEVNULL)
        headers_stand_alone(prefix)
        connector = build / "bin/relay-connector"
        from_package(prefix, work, connector)
        from_pkg_config(prefix, work, connector)


if __name__ == "__main__":
    main()

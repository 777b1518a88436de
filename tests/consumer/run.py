#!/usr/bin/env python3
"""Uses the library as somebody else would: installs a build, builds this folder's programs against the installed files with
find_package and with pkg-config, and against the source tree with add_subdirectory and FetchContent, and runs them.

    run.py BUILD_DIR [--source]      --source: the two ways that compile the library's first layer again
"""
import pathlib
import re
import subprocess
import sys
import tempfile

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


def configure(build, *options):
    run("cmake", "-S", HERE, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", *options, stdout=subprocess.DEVNULL)


def from_package(build, prefix, work):
    configure(work / "package", f"-DCMAKE_PREFIX_PATH={prefix}")
    run("cmake", "--build", work / "package")
    expect_key(work / "package/read_keys")
    run(work / "package/embed")
    run(work / "package/own_actor_test")


def from_pkg_config(prefix, work):
    (found,) = prefix.rglob("relay_gateway.pc")
    flags = output("pkg-config", "--cflags", "--libs", "relay_gateway", env={
        "PKG_CONFIG_PATH": str(found.parent), "PATH": "/usr/bin:/bin"}).split()
    run("g++", "-std=c++20", HERE / "embed.cpp", "-o", work / "embed", *flags)
    run(work / "embed")


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
        from_package(build, prefix, work)
        from_pkg_config(prefix, work)


if __name__ == "__main__":
    main()

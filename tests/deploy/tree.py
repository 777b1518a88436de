"""Where things are, and what several checks read from the sources."""
import importlib.machinery
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLACE = {"build": None}


def path(*parts):
    return os.path.join(ROOT, *parts)


def read(*parts):
    with open(path(*parts), encoding="utf-8") as file:
        return file.read()


def program(name):
    return os.path.join(PLACE["build"], "bin", name)


def version():
    return re.search(r"^project\(relay_gateway VERSION ([0-9.]+)", read("CMakeLists.txt"), re.M).group(1)


def sources(*folders):
    """Name and text of every .cpp and .hpp file under these folders."""
    for folder in folders:
        for place, _, names in os.walk(path(folder)):
            for name in sorted(names):
                if name.endswith((".cpp", ".hpp")):
                    where = os.path.join(place, name)
                    with open(where, encoding="utf-8") as file:
                        yield os.path.relpath(where, ROOT), file.read()


def metric_names():
    """Every metric that the code names."""
    found = set()
    for _, text in sources("actors", "app"):
        found.update(re.findall(r'"((?:relay_gateway|process)_[a-z_]+)"', text))
        for name in re.findall(r'histogram::\w+,\s*\{"(relay_gateway_[a-z_]+)"', text):
            found.update(name + part for part in ("_bucket", "_sum", "_count"))
    return found


def reference():
    """deploy/reference/make as a module: what it reads from the sources serves several checks."""
    loader = importlib.machinery.SourceFileLoader("reference", path("deploy", "reference", "make"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("reference", loader))
    sys.dont_write_bytecode = True      # beside a script there would be no place for it
    loader.exec_module(module)
    return module


def run(*command, **more):
    """Standard output and error together; the command must succeed."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **more)
    if done.returncode != 0:
        raise AssertionError(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


def needs(tool):
    return unittest.skipUnless(shutil.which(tool), f"{tool} is not installed (deploy/setup deploy)")


try:
    import yaml
except ImportError:
    yaml = None
needs_yaml = unittest.skipUnless(yaml, "python3-yaml is not installed (deploy/setup deploy)")

"""podman as this kind of machine permits it, and the connector stand-in's control API."""
import datetime
import json
import re
import socket
import subprocess
import time
import unittest
import urllib.error
import urllib.parse
import urllib.request

IMAGES = {"gateway": None, "exec-agent": None, "package": None, "base": None}   # names, once there are such images

# runc, for crun cannot cope with a machine without cgroup controllers; limits of our own, for the engine's would be raised.
RUN = ["--runtime", "runc", "run", "--detach", "--network", "host", "--ulimit", "nofile=1024:4096", "--ulimit", "nproc=1024:1024",
       "--no-healthcheck", "--read-only", "--cap-drop=all", "--security-opt", "no-new-privileges", "--tmpfs", "/tmp"]


def podman(*arguments, check=True, limit=120):
    """Standard output of podman."""
    done = subprocess.run(["podman", *arguments], capture_output=True, text=True, check=False, timeout=limit)
    if check and done.returncode != 0:
        raise AssertionError(f"podman {' '.join(arguments)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def parse_time(text):
    """Seconds of a time like 2026-01-02T03:04:05.678901234Z, whose digits and zone vary."""
    whole, rest = text[:19], text[19:]
    fraction = re.match(r"\.(\d+)", rest)
    zone = re.search(r"(Z|[+-]\d\d:\d\d)$", rest).group(1).replace("Z", "+00:00")
    return datetime.datetime.fromisoformat(whole + zone).timestamp() + (float("0." + fraction.group(1)) if fraction else 0)


def logs(name):
    """Both streams of a container's program."""
    return subprocess.run(["podman", "logs", name], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout


def call(url, body=None, method=None, token=None, limit=30):
    """Status and text."""
    request = urllib.request.Request(url, data=None if body is None else json.dumps(body).encode(), method=method)
    if body is not None:
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        with urllib.request.urlopen(request, timeout=limit) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as fault:
        return fault.code, fault.read().decode()
    except OSError as fault:
        return 0, str(fault)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Containers(unittest.TestCase):
    """Starts containers and leaves none behind."""

    def setUp(self):
        self.names = []
        self.addCleanup(self.remove)

    def remove(self):
        if self.names:
            podman("--runtime", "runc", "rm", "--force", "--ignore", "--time", "0", "--volumes", *self.names, check=False)

    def start(self, name, image, *options, command=()):
        name = f"relay-image-test-{name}-{free_port()}"
        self.names.append(name)
        podman(*RUN, "--name", name, *options, image, *command)
        return name

    def until(self, probe, what, limit=20.0):
        """The first true value of `probe`; each of its looks takes its own time, so there is no pause in between."""
        end = time.monotonic() + limit
        while time.monotonic() < end:
            value = probe()
            if value:
                return value
        said = "\n".join(f"--- {x}\n{logs(x)}" for x in self.names)
        raise AssertionError(f"not within {limit:g} s: {what}\n{said}")

    def exec(self, name, *command):
        """Exit code and output of a program in a running container."""
        done = subprocess.run(["podman", "--runtime", "runc", "exec", name, *command], capture_output=True, text=True, check=False,
                              timeout=60)
        return done.returncode, done.stdout + done.stderr

    def stop(self, name):
        """Exit code of a gateway's container, and the seconds from the signal, as the gateway logged it, to the container's end. What
        podman itself needs before and after belongs to the machine."""
        podman("--runtime", "runc", "stop", "--time", "40", name)
        state = json.loads(podman("inspect", name))[0]["State"]
        signal = next(x["ts"] for x in map(json.loads, filter(lambda x: x.startswith("{"), logs(name).splitlines()))
                      if x["event"] == "service.signal")
        return state["ExitCode"], parse_time(state["FinishedAt"]) - parse_time(signal)

    # -- the pair ---------------------------------------------------------------------------------------------------

    def connector(self):
        """The stand-in, from the same image; its URL."""
        port = free_port()
        self.start("connector", IMAGES["gateway"], "--entrypoint", '["/usr/bin/relay-connector"]',
                   command=("--listen", f"127.0.0.1:{port}"))
        url = f"http://127.0.0.1:{port}"
        self.until(lambda: call(url + "/healthz")[0] == 200, "the stand-in answers")
        return url

    def gateway(self, connector, *options, image="gateway", command=("run",), **settings):
        """A gateway at that connector: container, URL."""
        port = free_port()
        usual = {"GATEWAY_RELAY_URL": connector, "GATEWAY_RELAY_PLATFORMS": "discord,telegram",
                 "GATEWAY_RELAY_ACCESS_TOKEN": "a-token", "GATEWAY_RELAY_ID": "gw-image", "GATEWAY_AGENT": "echo",
                 "GATEWAY_LISTEN": f"127.0.0.1:{port}"}
        usual.update(settings)
        given = [x for name, value in usual.items() if value is not None for x in ("--env", f"{name}={value}")]
        name = self.start("gateway", IMAGES[image], *options, *given, command=command)
        url = f"http://127.0.0.1:{port}"
        self.until(lambda: call(url + "/readyz")[0] == 200, "the gateway is ready")
        return name, url

    def tell(self, connector, text, chat="c1"):
        status, said = call(connector + "/control/inject", {"platform": "discord", "chat_id": chat, "text": text})
        self.assertEqual(status, 200, said)

    def echoed(self, connector, text):
        asked = urllib.parse.urlencode({"kind": "outbound", "path": "frame.action.content", "value": text, "wait": 20000})
        status, said = call(f"{connector}/control/records?{asked}")
        self.assertEqual(status, 200, said)
        records = json.loads(said)["records"]
        self.assertTrue(records, f"nobody answered {text!r}")
        return records[0]

"""The real binary as a child process with a clean environment, and what can be asked of it."""
import asyncio
import os
import signal
import time

from .http import fetch
from .waiting import Changes


class Gateway:
    def __init__(self, binary, home, settings, arguments=("run",)):
        self.binary, self.home = binary, home
        self.arguments = list(arguments)
        self.changes = Changes()
        self.output = []            # lines of both streams, in the order in which they were read
        self.stdout, self.stderr = [], []
        self.process, self.url, self._readers = None, None, []
        self.environment = {"PATH": "/usr/bin:/bin", "HOME": home, "HERMES_HOME": os.path.join(home, "hermes"),
                            "LANG": "C.UTF-8", "GATEWAY_LISTEN": "127.0.0.1:0"}
        self.environment.update({k: str(v) for k, v in settings.items() if v is not None})
        for name in [k for k, v in settings.items() if v is None]:
            self.environment.pop(name, None)
        if "HERMES_HOME" in self.environment:
            os.makedirs(self.environment["HERMES_HOME"], exist_ok=True)

    # -- life ---------------------------------------------------------------------------------------------------------

    async def start(self):
        self.process = await asyncio.create_subprocess_exec(
            self.binary, *self.arguments, env=self.environment, cwd=self.home, limit=1 << 24,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
        self._readers = [asyncio.ensure_future(self._collect(self.process.stdout, self.stdout)),
                         asyncio.ensure_future(self._collect(self.process.stderr, self.stderr))]
        return self

    async def listening(self, limit=10.0):
        def found():
            for line in self.stdout:
                if line.startswith("listening on http://"):
                    return line.split()[-1].rstrip("/")
            if self.process.returncode is not None and all(x.done() for x in self._readers):
                raise AssertionError(f"ended with {self.process.returncode} before it listened")
            return None
        self.url = await self.changes.until(found, "the line 'listening on http://...'", limit)
        return self

    async def _collect(self, stream, lines):
        async for raw in stream:
            line = raw.decode("utf-8", "replace").rstrip("\n")
            lines.append(line)
            self.output.append(line)
            self.changes.notify()
        self.changes.notify()

    def signal(self, number):
        self.process.send_signal(number)

    async def exited(self, limit=10.0):
        """The exit code, once the process is gone and its output is read; -N when a signal ended it."""
        try:
            code = await asyncio.wait_for(self.process.wait(), limit)
        except asyncio.TimeoutError:
            raise AssertionError(f"still running after {limit:g} s") from None
        await asyncio.gather(*self._readers)
        return code

    async def finish(self):
        if self.process is None:
            return
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await asyncio.gather(*self._readers)

    @property
    def running(self):
        return self.process.returncode is None

    @property
    def text(self):
        return "\n".join(self.output)

    async def said(self, part, limit=10.0):
        """The first line of output with that part."""
        found = lambda: [x for x in self.output if part in x]
        return (await self.changes.until(found, f"output with {part!r}", limit))[0]

    # -- questions ----------------------------------------------------------------------------------------------------

    async def get(self, path, **more):
        return await fetch(self.url + path, **more)

    async def status(self):
        return (await self.get("/v1/status")).json()

    async def ready(self, limit=10.0):
        async def probe():
            return (await self.get("/readyz")).status == 200
        await self.changes.poll(probe, "/readyz 200", limit)
        return self

    async def state(self, name, limit=10.0):
        """The status, once its state has that name."""
        async def probe():
            found = await self.status()
            return found if found.get("state") == name else None
        return await self.changes.poll(probe, f"state {name}", limit)

    async def metrics(self):
        """Prometheus samples: 'name{labels}' -> value."""
        found = {}
        for line in (await self.get("/metrics")).body.decode().splitlines():
            if line and not line.startswith("#"):
                name, _, value = line.rpartition(" ")
                found[name] = float(value)
        return found

    # -- /proc --------------------------------------------------------------------------------------------------------

    def rss(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/status") as lines:
            return next(int(x.split()[1]) * 1024 for x in lines if x.startswith("VmRSS"))

    def peak(self):
        """The most bytes that were ever resident."""
        with open(f"/proc/{self.process.pid}/status") as lines:
            return next(int(x.split()[1]) * 1024 for x in lines if x.startswith("VmHWM"))

    def cpu(self):
        """Seconds of processor time used so far."""
        with open(f"/proc/{self.process.pid}/stat") as line:
            fields = line.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def run_command(binary, home, settings, *arguments, stdin=None, limit=10.0):
    """A command that ends by itself: (exit code, stdout, stderr)."""
    gateway = Gateway(binary, home, settings, arguments)
    process = await asyncio.create_subprocess_exec(
        binary, *arguments, env=gateway.environment, cwd=home,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    try:
        out, err = await asyncio.wait_for(process.communicate(stdin), limit)
    except asyncio.TimeoutError:
        process.kill()
        await process.wait()
        raise AssertionError(f"{' '.join(arguments)}: still running after {limit:g} s") from None
    return process.returncode, out.decode(), err.decode()


TERM, INT, HUP, USR1 = signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1
now = time.monotonic

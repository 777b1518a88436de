"""relay-connector as a child process: the connector's side with faults, driven over its control API."""
import asyncio
import json
import os
import urllib.parse

from .http import fetch
from .waiting import Changes, ended


class StandIn:
    def __init__(self, binary, home, arguments=(), port=0):
        self.binary, self.home, self.port = binary, home, port
        self.arguments = list(arguments)
        self.process, self.url, self.output = None, None, []
        self.changes = Changes()
        self.record_path = os.path.join(home, "records.jsonl")

    async def start(self, faults=None):
        """`faults`: the path of a script, or the script itself."""
        arguments = ["--listen", f"127.0.0.1:{self.port}", "--record", self.record_path, *self.arguments]
        if faults is not None:
            path = faults
            if not isinstance(faults, str):
                path = os.path.join(self.home, "faults.json")
                with open(path, "w") as file:
                    json.dump(faults, file)
            arguments += ["--faults", path]
        self.process = await asyncio.create_subprocess_exec(
            self.binary, *arguments, cwd=self.home, env={"PATH": "/usr/bin:/bin", "HOME": self.home},
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
        first = (await asyncio.wait_for(self.process.stdout.readline(), 10)).decode()
        if " on http" not in first:
            raise AssertionError(f"relay-connector: {first}{(await self.process.stdout.read()).decode()}")
        self.url = first.split(" on ")[1].split()[0]
        self._reader = asyncio.ensure_future(self._read())
        return self

    async def _read(self):
        async for line in self.process.stdout:
            self.output.append(line.decode().rstrip())

    async def stop(self):
        if self.process.returncode is None:
            self.process.terminate()
        code = await asyncio.wait_for(self.process.wait(), 10)
        await ended(self._reader)
        return code

    @property
    def running(self):
        return self.process.returncode is None

    # -- control ------------------------------------------------------------------------------------------------------

    async def control(self, path, body=None, method="POST", limit=10.0):
        """The answer's JSON; an answer that is no success is a failure of the scenario."""
        answer = await fetch(f"{self.url}/control/{path}", method, body=body, limit=limit)
        if answer.status != 200:
            raise AssertionError(f"control {path}: {answer.status} {answer.body.decode()}")
        return answer.json()

    async def status(self):
        return await self.control("status", method="GET")

    async def behaviour(self, **changes):
        await self.control("behaviour", changes)

    async def add_faults(self, *rules):
        return (await self.control("faults", list(rules)))["ids"]

    async def peace(self):
        """No rule any more, and nothing stalls."""
        await self.control("faults", method="DELETE")
        await self.control("fault", {"resume": True})

    async def fire(self, **actions):
        return (await self.control("fault", actions))["did"]

    async def tell(self, text, platform="discord", chat_id="c1", **more):
        return await self.control("inject", {"text": text, "platform": platform, "chat_id": chat_id, **more})

    # -- what it saw --------------------------------------------------------------------------------------------------

    async def records(self, kind, count=1, path=None, value=None, since=0, limit=10.0, enough=True):
        """Records of that kind, `count` of them at least; `path` and `value` as in `frame.action.op`."""
        asked = {"kind": kind, "count": count, "since": since, "limit": 100000}
        if path is not None:
            asked.update(path=path, value=value)
        clock = asyncio.get_running_loop().time
        deadline = clock() + limit

        async def ask():
            wait = max(0.0, deadline - clock())
            asked["wait"] = int(wait * 1000)
            try:
                return (await self.control("records?" + urllib.parse.urlencode(asked), method="GET", limit=wait + 5))["records"]
            except OSError:
                return None         # an outage ends our calls, too
        found = None
        while found is None and clock() < deadline:
            found = await ask()
            if found is None:
                await self.changes.next(0.05)
        found = found or []
        if enough and len(found) < count:
            raise AssertionError(f"not within {limit:g} s: {count} records {kind} {path or ''}={value or ''}; "
                                 f"there were {len(found)}")
        return found

    async def mark(self):
        return (await self.status())["last"]

    async def echoed(self, text, since=0, limit=15.0):
        """The action of the agent that says that text."""
        return (await self.records("outbound", path="frame.action.content", value=text, since=since, limit=limit))[0]

    def written(self, kind=None):
        """The record file, as whoever looks at the run afterwards reads it."""
        with open(self.record_path) as lines:
            found = [json.loads(x) for x in lines]
        return [x for x in found if kind is None or x["kind"] == kind]

"""A fleet: each file of a directory a gateway of its own, in one process."""
import json
import os

from agents.test_exec import PRELUDE
from harness.agent import Agent, Refused
from harness.events import inbound
from harness.gateway import HUP, TERM
from harness.scenario import QUICK, TOKEN, Scenario


def file_of(name, agent="echo", **more):
    """A gateway that provisions itself under an id of its own."""
    return {"gateway": {"relay_id": f"gw-{name}", "agent": agent, "relay_platforms": "discord",
                        "relay_bot_ids": {"discord": {"botId": f"bot-{name}"}}, **more}}


class FleetScenario(Scenario):
    async def fleet(self, connector, files, home=None, **more):
        """A process with these files; texts are written as they are."""
        self.directory = os.path.join(self.home(), "fleet")
        os.mkdir(self.directory)
        for name, what in files.items():
            self.write(name, what)
        return await self.gateway(connector, QUICK, {"GATEWAY_RELAY_ACCESS_TOKEN": TOKEN}, home=home,
                                  arguments=("run", "--fleet", self.directory), **more)

    def write(self, name, what):
        """As programs replace files: whole or not at all."""
        path = os.path.join(self.directory, name)
        with open(path + ".new~", "w") as file:
            file.write(what if isinstance(what, str) else json.dumps(what))
        os.rename(path + ".new~", path)

    async def until(self, gateway, probe, what, limit=15.0):
        async def look():
            return probe({x["name"]: x for x in (await gateway.status())["gateways"]})
        return await gateway.changes.poll(look, what, limit)

    async def ready(self, gateway, *names, limit=15.0):
        def all_ready(found):
            return found if all(found.get(name, {}).get("ready") for name in names) else None
        return await self.until(gateway, all_ready, f"{', '.join(names)} ready", limit)

    def link_of(self, connector, name):
        """The open link of that gateway."""
        for link in reversed(connector.links):
            if not link.over and link.dial.claims.gateway_id == f"gw-{name}" and link.hellos:
                return link
        return None

    async def linked(self, connector, name, limit=15.0):
        return await connector.until(lambda: self.link_of(connector, name), f"a link of {name}", limit)


class Start(FleetScenario):
    async def test_each_file_is_a_gateway_and_a_bad_one_troubles_no_other(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {
            "acme.yaml": file_of("acme"), "beta.yml": file_of("beta"), "gamma.yaml": file_of("gamma"),
            "broken.yaml": "gateway: [", "no name.yaml": "{}", "notes.txt": "not a gateway", ".hidden.yaml": "gateway: ["})
        all = await self.ready(gateway, "acme", "beta", "gamma")
        self.assertEqual(sorted(all), ["acme", "beta", "broken", "gamma"])
        self.assertEqual(all["broken"]["state"], "failed")
        self.assertIn("broken.yaml:1", all["broken"]["reason"])
        status = await gateway.status()
        self.assertEqual([x["file"] for x in status["refused"]], ["no name.yaml"])
        self.assertEqual((status["counts"]["total"], status["counts"]["ready"], status["counts"]["failed"]), (4, 3, 1))
        self.assertEqual((await gateway.get("/readyz")).status, 200)
        self.assertEqual((await gateway.get("/startupz")).status, 200)
        self.assertEqual((await gateway.get("/livez")).status, 200)

        for name in ("acme", "beta", "gamma"):
            link = await self.linked(connector, name)
            link.send(inbound(f"hi {name}"))
            answer = await connector.reply(f"hi {name}")
            self.assertEqual((answer.link, answer["botId"]), (link, f"bot-{name}"))
            self.assertEqual((await gateway.get(f"/g/{name}/readyz")).status, 200)
            found = (await gateway.get(f"/g/{name}/v1/status")).json()
            self.assertEqual((found["gateway"], found["gateway_id"], found["state"]), (name, f"gw-{name}", "connected"))
            self.assertTrue(found["store"].endswith(f"/relay/{name}"), found["store"])

        self.assertEqual((await gateway.get("/g/broken/readyz")).status, 503)
        found = await gateway.get("/g/broken/v1/status")
        self.assertEqual((found.status, found.json()["state"]), (200, "failed"))
        self.assertIn("broken.yaml:1", found.json()["reason"])
        self.assertEqual((await gateway.get("/g/nobody/v1/status")).status, 404)
        told = json.loads(await gateway.said("fleet.gateway_failed"))
        self.assertEqual(told["gateway"], "broken")
        self.assertEqual(json.loads(await gateway.said("fleet.file_refused"))["file"], "no name.yaml")

        metrics = await gateway.metrics()
        for name in ("acme", "beta", "gamma"):
            self.assertEqual(metrics[f'relay_gateway_connected{{gateway="{name}"}}'], 1)
            self.assertEqual(metrics[f'relay_gateway_events_acked_total{{gateway="{name}"}}'], 1)
        self.assertEqual(metrics['relay_gateway_fleet_failures_total{gateway="broken",cause="file"}'], 1)
        self.assertEqual(metrics['relay_gateway_fleet_gateways{state="failed"}'], 1)
        alone = (await gateway.get("/g/acme/metrics")).body.decode()
        self.assertIn("\nrelay_gateway_events_acked_total 1\n", alone)

    async def test_lines_of_a_gateway_say_whose_they_are(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": file_of("a"), "b.yaml": file_of("b")})
        await self.ready(gateway, "a", "b")
        lines = [json.loads(x) for x in gateway.stderr]
        for name in ("a", "b"):
            self.assertTrue([x for x in lines if x["event"] == "fleet.gateway_started" and x["gateway"] == name])
        of_one = (await gateway.get("/g/a/v1/log")).json()["events"]
        self.assertTrue(of_one)
        self.assertEqual({x["gateway"] for x in of_one}, {"a"})
        everything = (await gateway.get("/v1/log")).json()["events"]
        self.assertLess(len(of_one), len(everything))

    async def test_two_with_one_id_do_not_take_turns(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": file_of("same"), "b.yaml": file_of("same")})
        def one_of_both(found):
            states = sorted(x["state"] for x in found.values())
            return found if states == ["failed", "running"] else None
        found = await self.until(gateway, one_of_both, "one runs, one failed")
        failed = next(x for x in found.values() if x["state"] == "failed")
        self.assertIn("relay_id", failed["reason"])

    async def test_a_directory_that_is_none_ends_the_process_with_78(self):
        code, _, said = await self.command("run", "--fleet", "/no/such/directory")
        self.assertEqual(code, 78)
        self.assertIn("/no/such/directory", said)
        code, _, said = await self.command("run", "--fleet", self.home(), "--state-reset")
        self.assertEqual(code, 2, said)


class Files(FleetScenario):
    async def test_files_that_come_change_and_go_are_followed(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"stays.yaml": file_of("stays"), "goes.yaml": file_of("goes"), "turns.yaml": file_of("turns")})
        await self.ready(gateway, "stays", "goes", "turns")
        undisturbed = await self.linked(connector, "stays")

        self.write("comes.yaml", file_of("comes"))
        await self.ready(gateway, "comes")
        os.remove(os.path.join(self.directory, "goes.yaml"))
        await self.until(gateway, lambda found: "goes" not in found, "it is gone")
        self.assertIsNone(self.link_of(connector, "goes"))
        self.assertEqual((await gateway.get("/g/goes/v1/status")).status, 404)
        self.assertNotIn('gateway="goes"', (await gateway.get("/metrics")).body.decode())

        # A new platform gets its hello on the live socket.
        turns = await self.linked(connector, "turns")
        self.write("turns.yaml", file_of("turns", relay_platforms="discord,telegram"))
        await connector.until(lambda: len(turns.hellos) == 2, "the second hello")
        self.assertEqual([x["platform"] for x in turns.hellos], ["discord", "telegram"])

        # What takes effect at a start only restarts that gateway, and no other.
        self.write("turns.yaml", file_of("turns", agent="link"))
        await connector.until(lambda: turns.over, "the end of its link")
        again = await self.linked(connector, "turns")
        self.assertIsNot(again, turns)
        self.assertIsNone(undisturbed.over)
        self.assertEqual(len([x for x in connector.links if x.dial.claims.gateway_id == "gw-stays"]), 1)

    async def test_a_change_for_the_worse_is_refused_and_mended(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": file_of("a"), "b.yaml": file_of("b")})
        await self.ready(gateway, "a", "b")
        link = await self.linked(connector, "a")
        self.write("a.yaml", "gateway: [")
        found = await self.until(gateway, lambda x: x["a"] if "file_problem" in x["a"] else None, "the file's problem")
        self.assertTrue(found["ready"])
        self.assertIn("a.yaml:1", found["file_problem"])
        self.assertIn("a.yaml:1", (await gateway.get("/g/a/v1/status")).json()["file_problem"])
        self.assertEqual(json.loads(await gateway.said("fleet.file_not_taken"))["gateway"], "a")
        self.write("a.yaml", file_of("a", relay_platforms="discord,telegram"))
        await connector.until(lambda: len(link.hellos) == 2, "the second hello")
        await self.until(gateway, lambda x: "file_problem" not in x["a"], "no problem any more")
        self.assertIsNone(link.over)

    async def test_a_failed_one_starts_when_its_file_is_mended(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": "- a list"})
        await self.until(gateway, lambda x: x.get("a", {}).get("state") == "failed", "it failed")
        self.assertEqual((await gateway.get("/readyz")).status, 503)
        self.write("a.yaml", file_of("a"))
        await self.ready(gateway, "a")

    async def test_a_file_of_another_name_is_followed(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yml": file_of("a")})
        await self.ready(gateway, "a")
        os.rename(os.path.join(self.directory, "a.yml"), os.path.join(self.directory, "a.yaml"))
        await self.until(gateway, lambda x: x["a"].get("file") == "a.yaml", "its new name")
        self.write("a.yaml", file_of("a", agent="link"))
        await gateway.said("fleet.gateway_restarts")
        await self.until(gateway, lambda x: x["a"]["state"] == "running", "it started again")

    async def test_no_agent_sees_what_another_gateways_secret_is_made_of(self):
        connector = await self.connector()
        script = os.path.join(self.home(), "agent.py")
        with open(script, "w") as file:
            file.write(PRELUDE + """
say(type="hello")
for frame in frames():
    if frame["type"] == "inbound":
        report(frame, names=sorted(os.environ))
        ack(frame)
""")
        files = {"a.yaml": file_of("a", openai={"api_key": "${KEY_OF_A}"}), "b.yaml": file_of("b", agent=f"exec:/usr/bin/python3 -u {script}")}
        gateway = await self.fleet(connector, files, KEY_OF_A="a-key-of-somebody-else", KEY_OF_B="for-b")
        await self.ready(gateway, "a", "b")
        (await self.linked(connector, "b")).send(inbound("who"))
        names = (await connector.actions(1))[0]["action"]["content"]
        self.assertIn("KEY_OF_B", names)
        self.assertNotIn("KEY_OF_A", names)

    async def test_a_reload_does_not_take_the_id_of_another_gateway(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": file_of("one"), "b.yaml": file_of("two")})
        await self.ready(gateway, "a", "b")
        links = [await self.linked(connector, name) for name in ("one", "two")]
        self.write("b.yaml", file_of("one"))
        told = json.loads(await gateway.said("fleet.file_not_taken"))
        self.assertEqual(told["gateway"], "b")
        self.assertIn("gateway.relay_id", told["why"])
        self.assertIn("is the one of a", told["why"])
        await self.until(gateway, lambda x: x["b"].get("file_problem"), "the status tells it")
        self.assertEqual([x.over for x in links], [None, None])
        answer = await gateway.get("/g/b/v1/reload", method="POST", body={})
        self.assertEqual((answer.status, answer.json()["accepted"]), (422, False))
        # The other one gets a new id: now it is free, and taken without a further change.
        self.write("a.yaml", file_of("three"))
        await self.linked(connector, "three")
        await connector.until(lambda: links[1].over, "b leaves its old id")
        await self.ready(gateway, "a", "b")
        (await connector.until(lambda: next((x for x in connector.links if not x.over and x.dial.claims.gateway_id == "gw-one" and x.hellos), None),
                               "b has the id")).send(inbound("to b"))
        await connector.reply("to b")
        await self.until(gateway, lambda x: not x["b"].get("file_problem"), "nothing is wrong any more")

    async def test_a_token_file_of_the_process_is_followed(self):
        connector = await self.connector()
        path = os.path.join(self.home(), "token")
        def renew(token):
            with open(path + ".new", "w") as file:
                file.write(token)
            os.rename(path + ".new", path)
        renew("admin-token-1")
        gateway = await self.fleet(connector, {"a.yaml": file_of("a")}, GATEWAY_LISTEN="0.0.0.0:0", GATEWAY_ADMIN_TOKEN_FILE=path)
        gateway.url = gateway.url.replace("0.0.0.0", "127.0.0.1")
        async def status(token):
            return (await gateway.get("/v1/status", headers={"Authorization": f"Bearer {token}"})).status
        self.assertEqual(await status("admin-token-1"), 200)
        renew("admin-token-2")
        async def taken():
            return await status("admin-token-2") == 200
        await gateway.changes.poll(taken, "the new token is taken")
        self.assertEqual(await status("admin-token-1"), 401)
        await gateway.said("files.changed")

    async def test_a_signal_and_a_call_read_it_anew(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": file_of("a")})
        await self.ready(gateway, "a")
        link = await self.linked(connector, "a")
        # What a variable of the file refers to changes without the file.
        gateway.signal(HUP)
        await gateway.said("reload.")
        answer = await gateway.get("/v1/reload", method="POST", body={})
        self.assertEqual((answer.status, answer.json()["accepted"]), (202, True))
        answer = await gateway.get("/g/a/v1/reload", method="POST", body={})
        self.assertEqual((answer.status, answer.json()["accepted"]), (202, True))
        self.assertIsNone(link.over)

    async def test_a_secret_file_that_is_renewed_is_used(self):
        connector = await self.connector()
        path = os.path.join(self.home(), "secret")
        with open(path, "w") as file:
            file.write("first-secret-0001")
        pinned = file_of("a", relay_secret="${SECRET_OF_A}")
        gateway = await self.fleet(connector, {"a.yaml": pinned, ".env": "SECRET_OF_A=first-secret-0001"})
        await self.ready(gateway, "a")
        first = await self.linked(connector, "a")
        self.write(".env", "SECRET_OF_A=second-secret-0002")
        await connector.until(lambda: first.over, "the link with the old secret ends")
        await self.ready(gateway, "a")
        self.assertNotEqual((await self.linked(connector, "a")).dial.claims.signature, first.dial.claims.signature)


class Life(FleetScenario):
    async def test_a_dead_connector_comes_back_and_redials_are_spread(self):
        connector = await self.connector()
        names = [f"g{n}" for n in range(20)]
        gateway = await self.fleet(connector, {f"{name}.yaml": file_of(name) for name in names})
        await self.ready(gateway, *names)
        port = connector.port
        dials = len(connector.dials)
        await connector.stop()
        await self.until(gateway, lambda x: not any(one["ready"] for one in x.values()), "nobody is ready")
        self.assertEqual((await gateway.get("/readyz")).status, 503)
        await connector.start(port)
        await self.ready(gateway, *names)
        moments = sorted(x.at for x in connector.dials[dials:] if x.accepted)
        self.assertGreater(moments[-1] - moments[0], 0.03, "all of them came at one moment")
        for name in names:
            (await self.linked(connector, name)).send(inbound(f"again {name}"))
            await connector.reply(f"again {name}")

    async def test_the_end_drains_all(self):
        connector = await self.connector()
        names = ["a", "b", "c"]
        gateway = await self.fleet(connector, {f"{name}.yaml": file_of(name) for name in names})
        await self.ready(gateway, *names)
        links = [await self.linked(connector, name) for name in names]
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(), 0)
        await connector.until(lambda: all(x.over for x in links), "every link ends")
        for link in links:
            self.assertEqual(len(link.of("going_idle")), 1)
            self.assertEqual(link.over[0], 1000)

    async def test_the_end_may_come_while_files_change(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {f"a{number}.yaml": file_of(f"a{number}") for number in range(20)})
        await self.ready(gateway, "a0")
        for number in range(20):
            self.write(f"b{number}.yaml", file_of(f"b{number}"))
        gateway.signal(HUP)
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(), 0)

    async def test_an_agent_that_never_ends_its_turn_does_not_outlast_the_grace(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": file_of("a", agent="link"), "b.yaml": file_of("b")}, GATEWAY_GRACE="1s")
        await self.ready(gateway, "b")
        link = await self.linked(connector, "a")
        agent = await self.attach(gateway, "a")
        agent.acks = False
        link.send(inbound("never done"))
        await agent.frame("inbound")
        gateway.signal(TERM)
        self.assertEqual(await gateway.exited(6), 0)

    async def attach(self, gateway, name):
        found = Agent()
        await found.attach(f"{gateway.url}/g/{name}")
        self._stack.push_async_callback(found.detach)
        await found.frame("ready")
        return found

    async def test_an_agent_attaches_to_one_gateway(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": file_of("a", agent="link"), "b.yaml": file_of("b", agent="link")})
        links = {name: await self.linked(connector, name) for name in ("a", "b")}
        agents = {name: await self.attach(gateway, name) for name in ("a", "b")}
        for name, link in links.items():
            link.send(inbound(f"to {name}"))
            self.assertEqual((await agents[name].frame("inbound"))["event"]["text"], f"to {name}")
        for name, agent in agents.items():
            self.assertEqual(len([x for x in agent.frames if x["type"] == "inbound"]), 1, name)
        with self.assertRaises(Refused) as refused:
            await Agent().attach(gateway.url)
        self.assertEqual(refused.exception.status, 404)

    async def test_one_is_drained_by_itself_and_started_again(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": file_of("a"), "b.yaml": file_of("b")})
        await self.ready(gateway, "a", "b")
        self.assertEqual((await gateway.get("/g/a/v1/drain", method="POST", body={})).status, 202)
        await self.until(gateway, lambda x: x["a"]["state"] == "stopped", "a is stopped")
        self.assertEqual((await gateway.get("/g/b/readyz")).status, 200)
        self.assertEqual((await gateway.get("/g/a/readyz")).status, 503)
        self.assertEqual((await gateway.get("/g/a/v1/reload", method="POST", body={})).status, 202)
        await self.ready(gateway, "a")


    async def test_one_that_is_idle_ends_and_is_woken(self):
        connector = await self.connector()
        idle = {"idle": {"after": "1s", "action": "exit"}, "relay_wake_url": "https://wake.example/g/a/wake"}
        gateway = await self.fleet(connector, {"a.yaml": file_of("a", **idle), "b.yaml": file_of("b")})
        await self.ready(gateway, "b")
        first = await self.linked(connector, "a")
        await self.until(gateway, lambda x: x["a"]["state"] == "asleep", "a is asleep")
        self.assertEqual((await gateway.get("/g/a/readyz")).status, 503)
        self.assertEqual((await gateway.get("/g/a/wake")).status, 204)
        second = await connector.until(lambda: next((x for x in connector.links if x is not first and not x.over
                                                     and x.dial.claims.gateway_id == "gw-a" and x.hellos), None), "a is back")
        second.send(inbound("for a", buffer_id="b-1"))
        await connector.reply("for a")
        await self.until(gateway, lambda x: x["a"]["state"] == "asleep", "a is asleep again")
        self.assertEqual((await gateway.get("/wake")).status, 204)
        await self.until(gateway, lambda x: x["a"]["state"] == "running", "who wakes the process wakes all")
        # Anybody may call it; what an operator has stopped stays so.
        self.assertEqual((await gateway.get("/g/b/v1/drain", method="POST", body={})).status, 202)
        await self.until(gateway, lambda x: x["b"]["state"] == "stopped", "b is stopped")
        self.assertEqual((await gateway.get("/g/b/wake")).status, 503)
        self.assertEqual((await gateway.get("/g/nobody/wake")).status, 404)


class Commands(FleetScenario):
    async def test_doctor_examines_every_file(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": file_of("a"), "b.yaml": "- bad", "c d.yaml": "{}"})
        await self.ready(gateway, "a")
        where = {"GATEWAY_LISTEN": gateway.url.partition("//")[2], "GATEWAY_RELAY_URL": connector.url,
                 "GATEWAY_RELAY_ACCESS_TOKEN": TOKEN}
        code, said, _ = await self.command("doctor", "--fleet", self.directory, "--json", **where, limit=30)
        report = json.loads(said)
        self.assertEqual((code, report["ok"]), (1, False))
        self.assertIn("c d.yaml", json.dumps(report["steps"]))
        found = {x["gateway"]: x for x in report["gateways"]}
        self.assertEqual(sorted(found), ["a", "b"])
        steps = {name: {x["step"]: x for x in one["steps"]} for name, one in found.items()}
        self.assertTrue(found["a"]["ok"], found["a"])
        self.assertIn("is connected", steps["a"]["gateway"]["what"])
        self.assertFalse(found["b"]["ok"])
        self.assertEqual(steps["b"]["gateway"]["verdict"], "FAIL")
        self.assertEqual(steps["b"]["settings"]["verdict"], "FAIL")
        code, said, _ = await self.command("doctor", "--fleet", self.directory, "--gateway", "a", **where, limit=30)
        self.assertIn("# gateway a\n", said)
        self.assertNotIn("# gateway b\n", said)
        code, _, wrong = await self.command("doctor", "--gateway", "a", **where, limit=30)
        self.assertEqual(code, 2)
        self.assertIn("--fleet", wrong)

    async def test_commands_name_the_gateway_that_they_mean(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": file_of("a"), "b.yaml": "- bad"})
        await self.ready(gateway, "a")
        where = {"GATEWAY_LISTEN": gateway.url.partition("//")[2]}
        code, said, _ = await self.command("status", **where)
        self.assertEqual(code, 0)
        self.assertRegex(said, r"(?m)^a +ready$")
        self.assertRegex(said, r"(?m)^b +failed \(.*not a map")
        code, said, _ = await self.command("status", "--gateway", "a", **where)
        self.assertEqual(code, 0)
        self.assertRegex(said, r"(?m)^gateway +gw-a$")
        code, _, _ = await self.command("probe", "ready", **where)
        self.assertEqual(code, 0)
        code, _, _ = await self.command("probe", "ready", "--gateway", "b", **where)
        self.assertEqual(code, 1)
        code, said, wrong = await self.command("send", "--gateway", "a", "--chat", "7", "from a script", **where)
        self.assertEqual(code, 0, wrong)
        self.assertEqual((await connector.reply("from a script"))["action"]["chat_id"], "7")
        code, said, wrong = await self.command("send", "--chat", "7", "to whom", **where)
        self.assertEqual(code, 1)
        self.assertIn("--gateway NAME", wrong)
        code, said, _ = await self.command("dlq", "list", "--gateway", "a", **where)
        self.assertEqual((code, said), (0, "nothing is set aside\n"))
        code, said, wrong = await self.command("top", "--once", "--interval", "100ms", "--gateway", "a", **where)
        self.assertEqual(code, 0, wrong)
        self.assertIn("connected", said)
        code, _, wrong = await self.command("status", "--gateway", "a/b", **where)
        self.assertEqual(code, 2)

    async def test_check_looks_at_every_file(self):
        directory = self.home()
        for name, text in {"a.yaml": "gateway: {agent: echo}", "b.yaml": "gateway: {relay_ulr: x}"}.items():
            with open(os.path.join(directory, name), "w") as file:
                file.write(text)
        code, said, wrong = await self.command("check", "--fleet", directory, "--json")
        self.assertEqual(code, 78)
        self.assertEqual([(x["gateway"], x["settings"]["ok"]) for x in json.loads(said)["fleet"]], [("a", True), ("b", False)])
        code, said, wrong = await self.command("check", "--fleet", directory)
        self.assertEqual(code, 78)
        self.assertIn("# gateway a:", said)
        self.assertIn("b.yaml:1", wrong)
        os.remove(os.path.join(directory, "b.yaml"))
        code, said, wrong = await self.command("check", "--fleet", directory)
        self.assertEqual(code, 0, wrong)

    async def test_the_page_lists_the_gateways(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": file_of("a")})
        await self.ready(gateway, "a")
        page = (await gateway.get("/")).body.decode()
        self.assertIn('<a href="g/a/">a</a>', page)
        self.assertEqual((await gateway.get("/g/a")).status, 303)
        self.assertIn("<h2>Platforms</h2>", (await gateway.get("/g/a/")).body.decode())

    async def test_a_token_is_asked_for_by_every_gateway(self):
        connector = await self.connector()
        gateway = await self.fleet(connector, {"a.yaml": file_of("a")}, GATEWAY_LISTEN="0.0.0.0:0", GATEWAY_ADMIN_TOKEN="admin-token-1",
                                   GATEWAY_READ_TOKEN="read-token-1")
        gateway.url = gateway.url.replace("0.0.0.0", "127.0.0.1")
        for path in ("/v1/status", "/g/a/v1/status", "/g/nobody/v1/status"):
            self.assertEqual((await gateway.get(path)).status, 401, path)
        async def starts():
            return (await gateway.get("/g/a/readyz")).status == 200
        await gateway.changes.poll(starts, "probes need no token")
        for path, status in (("/v1/status", 200), ("/g/a/v1/status", 200), ("/g/nobody/v1/status", 404)):
            answer = await gateway.get(path, headers={"Authorization": "Bearer admin-token-1"})
            self.assertEqual(answer.status, status, path)
        answer = await gateway.get("/g/a/v1/drain", method="POST", body={}, headers={"Authorization": "Bearer read-token-1"})
        self.assertEqual(answer.status, 403)

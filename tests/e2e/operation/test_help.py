"""What the program says about itself: help, settings, versions, completion, man page, suggestions."""
import asyncio
import json
import os
import shutil
import unittest

from harness.scenario import Scenario, binary


async def output_of(*words, stdin=None):
    process = await asyncio.create_subprocess_exec(*words, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                                                   stderr=asyncio.subprocess.PIPE)
    out, err = await process.communicate(stdin.encode() if stdin else None)
    return process.returncode, out.decode(), err.decode()


class Help(Scenario):
    async def test_help_shows_what_the_command_needs(self):
        code, out, _ = await self.command("run", "--help")
        self.assertEqual(code, 0)
        for flag in ("--config", "--agent", "--listen", "--state-dir", "--log-level", "--grace", "--state-reset"):
            self.assertIn(flag, out)
        self.assertNotIn("--limits-max-frame", out)
        self.assertIn("relay-gateway settings", out)

    async def test_help_all_lists_every_setting(self):
        code, settings, _ = await self.command("settings", "--json")
        self.assertEqual(code, 0)
        keys = [x["key"] for x in json.loads(settings)["settings"]]
        self.assertIn("gateway.limits.max_frame", keys)
        for words in (("--help-all",), ("run", "--help-all")):
            code, out, _ = await self.command(*words)
            self.assertEqual(code, 0)
            self.assertEqual([x for x in keys if x not in out], [])

    async def test_settings_are_those_that_check_prints(self):
        _, settings, _ = await self.command("settings", "--json")
        _, checked, _ = await self.command("check", "--json")
        listed = {x["key"]: x for x in json.loads(settings)["settings"]}
        shown = {x["key"]: x["value"] for x in json.loads(checked)["settings"]}
        self.assertEqual([key for key in listed if key not in shown], [])
        for key, x in listed.items():
            if x["default"] is not None and key != "gateway.listen":  # which the scenario sets
                self.assertEqual(shown[key], x["default"], key)
            self.assertIn(x["applies"], ("at reload", "at restart"), key)

    async def test_every_flag_of_a_setting_is_taken(self):
        _, settings, _ = await self.command("settings", "--json")
        for x in json.loads(settings)["settings"]:
            if x["flag"] and x["default"]:
                code, _, err = await self.command("check", x["flag"], x["default"])
                self.assertEqual(code, 0, f"{x['flag']}: {err}")

    async def test_commands_about_a_running_gateway_take_only_what_they_use(self):
        for words in (("status",), ("probe", "live"), ("dlq", "list"), ("send", "--chat", "c", "hello")):
            code, _, err = await self.command(*words, "--agent", "echo")
            self.assertEqual(code, 2, words)
            self.assertIn("there is no option '--agent'", err)
            code, _, err = await self.command(*words, "--listen", "127.0.0.1:1")
            self.assertEqual(code, 1, f"{words}: {err}")

    async def test_a_mistyped_word_is_answered_with_what_was_meant(self):
        for words, near in ((("--versoin",), "--version"), (("stauts",), "status"), (("run", "--log-levl", "info"), "--log-level"),
                            (("check", "--jsno"), "--json")):
            code, _, err = await self.command(*words)
            self.assertEqual(code, 2, words)
            self.assertIn(f"did you mean {near}?", err)
            self.assertEqual(len(err.strip().splitlines()), 1, err)


class Version(Scenario):
    async def test_version_as_json_names_revision_compiler_and_libraries(self):
        code, out, _ = await self.command("version", "--json")
        self.assertEqual(code, 0)
        told = json.loads(out)
        _, plain, _ = await self.command("--version")
        self.assertEqual(plain.strip(), "relay-gateway " + told["version"])
        self.assertRegex(told["revision"], r"^([0-9a-f]{7,40}|unknown)$")
        self.assertRegex(told["compiler"], r"^(gcc|clang) \d+")
        for name in ("caf", "boost", "openssl", "sqlite", "rapidjson", "spdlog", "cli11", "nats"):
            self.assertRegex(told["libraries"][name], r"^\d+\.\d+", name)


class Shells(Scenario):
    async def complete(self, *words):
        """What bash offers after these words, the last of which is begun."""
        script = (f"source <({binary()} completion bash)\n"
                  f"COMP_WORDS=({' '.join(words)}) COMP_CWORD={len(words) - 1}\n"
                  "_relay_gateway\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n")
        code, out, err = await output_of("bash", "--norc", "-c", script)
        self.assertEqual((code, err), (0, ""))
        return out.split()

    async def test_bash_completes_commands_options_and_choices(self):
        self.assertEqual(await self.complete("relay-gateway", "pro"), ["probe"])
        self.assertEqual(await self.complete("relay-gateway", "probe", "re"), ["ready"])
        self.assertEqual(await self.complete("relay-gateway", "run", "--state-r"), ["--state-reset"])
        self.assertEqual(await self.complete("relay-gateway", "status", "--agent"), [])

    async def test_zsh_reads_its_script(self):
        code, script, _ = await self.command("completion", "zsh")
        self.assertEqual(code, 0)
        self.assertTrue(script.startswith("#compdef relay-gateway\n"))
        if shutil.which("zsh") is None:
            raise unittest.SkipTest("zsh is not installed")
        path = os.path.join(self.home(), "_relay-gateway")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        code, _, err = await output_of("zsh", "-n", path)
        self.assertEqual((code, err), (0, ""))

    async def test_fish_completes_commands_options_and_choices(self):
        code, script, _ = await self.command("completion", "fish")
        self.assertEqual(code, 0)
        for line in ("complete -c relay-gateway -n __fish_use_subcommand -a probe -d ",
                     "complete -c relay-gateway -n '__fish_seen_subcommand_from probe' -a 'live ready'",
                     "complete -c relay-gateway -n '__fish_seen_subcommand_from run' -l config -r -F -d "):
            self.assertTrue(any(x.startswith(line) for x in script.splitlines()), line)
        if shutil.which("fish") is None:
            raise unittest.SkipTest("fish is not installed")
        path = os.path.join(self.home(), "relay-gateway.fish")
        with open(path, "w", encoding="utf-8") as file:
            file.write(script)
        for words, found in (("pro", ["probe"]), ("probe re", ["ready"]), ("run --state-r", ["--state-reset"]),
                             ("status --agent", [])):
            code, out, err = await output_of("fish", "--no-config", "-c", f"source {path}; complete -C 'relay-gateway {words}'")
            self.assertEqual((code, err), (0, ""))
            self.assertEqual([x.split("\t")[0] for x in out.splitlines()], found, words)

    async def test_a_shell_that_is_not_known_is_refused(self):
        code, _, err = await self.command("completion", "csh")
        self.assertEqual(code, 2)
        self.assertIn("bash", err)

    async def test_the_man_page_is_clean_and_whole(self):
        code, page, _ = await self.command("man")
        self.assertEqual(code, 0)
        code, text, warnings = await output_of("groff", "-man", "-Tutf8", "-ww", "-z", stdin=page)
        self.assertEqual((code, text, warnings), (0, "", ""))
        for word in ("gateway.limits.max_frame", "GATEWAY_RELAY_SECRET_FILE", "78 configuration"):
            self.assertIn(word.replace("-", "\\-"), page)


class Warnings(Scenario):
    async def test_a_secret_for_every_user_and_an_unknown_variable_are_warnings(self):
        home = self.home()
        path = os.path.join(home, "token")
        with open(path, "w", encoding="utf-8") as file:
            file.write("canary-token")
        os.chmod(path, 0o644)
        settings = {"GATEWAY_ADMIN_TOKEN_FILE": path, "GATEWAY_RELAY_PLATFROMS": "discord"}
        code, out, err = await self.command("check", home=home, **settings)
        self.assertEqual(code, 0, err)
        self.assertIn("may be read by every user", err)
        self.assertIn("did you mean GATEWAY_RELAY_PLATFORMS?", err)
        self.assertNotIn("canary-token", out + err)
        os.chmod(path, 0o640)
        _, _, err = await self.command("check", home=home, **{"GATEWAY_ADMIN_TOKEN_FILE": path})
        self.assertEqual(err, "")

"""`cmake --build BUILD --target package`: what is in the Debian package, the archive and the SBOM."""
import glob
import hashlib
import json
import os
import subprocess
import tarfile
import tempfile
import unittest

from tree import PLACE, needs, program, run, version

MADE = {}


def packages():
    """Builds them once; the programs are there already, so that only packing is left."""
    if not MADE:
        run("cmake", "--build", PLACE["build"], "--target", "package")
        MADE["folder"] = os.path.join(PLACE["build"], "packages")
    return MADE["folder"]


def only(pattern):
    found, = glob.glob(os.path.join(packages(), pattern))
    return found


@needs("dpkg-shlibdeps")
class Package(unittest.TestCase):
    def field(self, name):
        return run("dpkg-deb", "--field", only("*.deb"), name).strip()

    def test_debian_package_names_version_and_libraries(self):
        self.assertEqual(self.field("Version"), version())
        self.assertEqual(os.path.basename(only("*.deb")), f"relay-gateway_{version()}_{self.field('Architecture')}.deb")
        depends = self.field("Depends")
        for name in ("ca-certificates", "libc6", "libssl3", "libcaf-core", "libsqlite3-0"):
            self.assertIn(name, depends)

    def test_debian_package_holds_what_an_operator_needs(self):
        inside = run("dpkg-deb", "--contents", only("*.deb"))
        for name in ("/usr/bin/relay-gateway", "/usr/bin/relay-connector", "/lib/systemd/system/relay-gateway.service",
                     "/etc/relay-gateway/config.yaml", "/usr/share/doc/relay-gateway/runbook.md",
                     "/usr/share/doc/relay-gateway/sbom.spdx.json", "/usr/share/relay-gateway/alerts.yaml",
                     "/usr/share/relay-gateway/grafana-dashboard.json", "/usr/share/doc/relay-gateway/changelog.gz",
                     "/usr/share/man/man1/relay-gateway.1.gz", "/usr/share/bash-completion/completions/relay-gateway",
                     "/usr/share/zsh/vendor-completions/_relay-gateway", "/usr/share/fish/vendor_completions.d/relay-gateway.fish"):
            self.assertIn(f".{name}\n", inside)

    @needs("lintian")
    def test_lintian_knows_no_tag_that_is_not_listed(self):
        root = ["--allow-root"] if os.geteuid() == 0 else []
        self.assertEqual(run("lintian", *root, "--fail-on", "error,warning", only("*.deb")).strip(), "")

    def test_archive_has_one_folder_and_programs_that_run(self):
        with tempfile.TemporaryDirectory() as folder:
            with tarfile.open(only("*.tar.gz")) as archive:
                archive.extractall(folder)
            top, = os.listdir(folder)
            self.assertTrue(top.startswith(f"relay-gateway-{version()}-linux-"))
            for name in ("relay-gateway", "relay-connector"):
                self.assertEqual(run(os.path.join(folder, top, "bin", name), "--version").strip(), f"{name} {version()}")
            for name in ("LICENSE", "doc/README.md", "doc/runbook.md", "doc/sbom.spdx.json", "share/config.example.yaml",
                         "share/systemd/relay-gateway.service", "share/kubernetes/kustomization.yaml"):
                self.assertTrue(os.path.exists(os.path.join(folder, top, name)), name)

    def test_checksums_are_right(self):
        for name in glob.glob(os.path.join(packages(), "*.sha256")):
            run("sha256sum", "--check", "--quiet", os.path.basename(name), cwd=packages())
        self.assertEqual(len(glob.glob(os.path.join(packages(), "*.sha256"))), 2)


@needs("dpkg-shlibdeps")
class Sbom(unittest.TestCase):
    def setUp(self):
        with open(only("*.spdx.json")) as file:
            self.sbom = json.load(file)

    def test_it_is_spdx(self):
        for name in ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo"):
            self.assertIn(name, self.sbom)
        self.assertEqual((self.sbom["spdxVersion"], self.sbom["dataLicense"]), ("SPDX-2.3", "CC0-1.0"))
        known = {"SPDXRef-DOCUMENT"} | {x["SPDXID"] for x in self.sbom["packages"] + self.sbom["files"]}
        self.assertEqual(len(known), 1 + len(self.sbom["packages"]) + len(self.sbom["files"]), "each id once")
        for x in self.sbom["packages"]:
            self.assertRegex(x["SPDXID"], r"^SPDXRef-[A-Za-z0-9.-]+$")
            self.assertTrue(x["name"] and x["versionInfo"] and x["downloadLocation"])
        for x in self.sbom["relationships"]:
            self.assertIn(x["spdxElementId"], known)
            self.assertIn(x["relatedSpdxElement"], known)

    def test_every_library_that_is_loaded_is_in_it_with_its_version(self):
        versions = {x["name"]: x["versionInfo"] for x in self.sbom["packages"]}
        loaded = {line.split("=>")[1].split()[0] for line in run("ldd", program("relay-gateway")).splitlines() if "=> /" in line}
        self.assertGreater(len(loaded), 8)
        asked = [x for file in loaded for x in {file, "/usr" + file, os.path.realpath(file)}]
        told = subprocess.run(["dpkg", "-S", *asked], capture_output=True, text=True, check=False).stdout
        owners = {where: name.split(":")[0] for name, where in (x.split(": ", 1) for x in told.splitlines())}
        installed = dict(x.split("\t") for x in run("dpkg-query", "-W", "-f=${Package}\t${Version}\n").splitlines())
        for file in loaded:
            name = next(owners[x] for x in (file, "/usr" + file, os.path.realpath(file)) if x in owners)
            self.assertEqual(versions.get(name), installed[name], file)

    def test_checksums_are_those_of_the_shipped_programs(self):
        with tarfile.open(only("*.tar.gz")) as archive:
            shipped = {os.path.basename(x.name): hashlib.sha256(archive.extractfile(x).read()).hexdigest()
                       for x in archive if "/bin/" in x.name and x.isfile()}
        told = {os.path.basename(x["fileName"]): x["checksums"][0]["checksumValue"] for x in self.sbom["files"]}
        self.assertEqual(told, shipped)

"""An operator of NATS with accounts and users, as `nsc` makes them: signed with keys of Ed25519, by the openssl command."""
import base64
import hashlib
import json
import os
import subprocess
import time

OPERATOR, ACCOUNT, USER, SEED = 14 << 3, 0, 20 << 3, 18 << 3


def crc16(data):
    found = 0
    for byte in data:
        found ^= byte << 8
        for _ in range(8):
            found = ((found << 1) ^ 0x1021 if found & 0x8000 else found << 1) & 0xFFFF
    return found.to_bytes(2, "little")


def base32(data):
    return base64.b32encode(data + crc16(data)).decode().rstrip("=")


class Key:
    def __init__(self, folder, kind):
        self.path = os.path.join(folder, f"{time.monotonic_ns()}.pem")
        self._openssl("genpkey", "-algorithm", "ed25519", "-out", self.path)
        private = self._openssl("pkey", "-in", self.path, "-outform", "DER")[-32:]
        public = self._openssl("pkey", "-in", self.path, "-pubout", "-outform", "DER")[-32:]
        self.public = base32(bytes([kind]) + public)
        self.seed = base32(bytes([SEED | kind >> 5, (kind & 31) << 3]) + private)

    def _openssl(self, *arguments):
        return subprocess.run(["openssl", *arguments], check=True, capture_output=True).stdout

    def token(self, name, subject, **claims):
        """A JWT about `subject`, signed with this key."""
        encoded = lambda x: base64.urlsafe_b64encode(x).decode().rstrip("=")
        body = {"iat": int(time.time()), "iss": self.public, "name": name, "sub": subject, "nats": {"version": 2, **claims}}
        body["jti"] = base64.b32encode(hashlib.sha256(json.dumps(body).encode()).digest()).decode().rstrip("=")
        text = ".".join(encoded(json.dumps(x).encode()) for x in ({"typ": "JWT", "alg": "ed25519-nkey"}, body))
        with open(self.path + ".text", "w") as file:
            file.write(text)
        return text + "." + encoded(self._openssl("pkeyutl", "-sign", "-rawin", "-inkey", self.path, "-in", self.path + ".text"))


class Operator:
    """`settings`: what a server's configuration needs of it."""

    def __init__(self, folder):
        self.folder, self.key = folder, Key(folder, OPERATOR)
        self.account, system = Key(folder, ACCOUNT), Key(folder, ACCOUNT)
        anything = {"subs": -1, "data": -1, "payload": -1, "imports": -1, "exports": -1, "wildcards": True, "conn": -1, "leaf": -1}
        streams = {"mem_storage": -1, "disk_storage": -1, "streams": -1, "consumer": -1}
        self.settings = {
            "operator": self.key.token("op", self.key.public, type="operator", system_account=system.public),
            "system_account": system.public, "resolver": "MEMORY", "resolver_preload": {
                self.account.public: self.key.token("relay", self.account.public, type="account", limits={**anything, **streams}),
                system.public: self.key.token("SYS", system.public, type="account", limits=anything)}}

    def credentials(self, name):
        """The path of a `.creds` file of a user."""
        user = Key(self.folder, USER)
        token = self.account.token(name, user.public, type="user", subs=-1, data=-1, payload=-1)
        path = os.path.join(self.folder, name + ".creds")
        with open(path, "w") as file:
            file.write(f"-----BEGIN NATS USER JWT-----\n{token}\n------END NATS USER JWT------\n\n"
                       f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n")
        return path

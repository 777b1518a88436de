"""A CA of one's own and server certificates of it, made with the openssl command."""
import os
import shutil
import ssl
import subprocess

available = shutil.which("openssl") is not None


class Authority:
    """Makes its files in `folder`."""

    def __init__(self, folder):
        self.folder = folder
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
                      "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA", "-addext", "basicConstraints=critical,CA:TRUE")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=self.folder)

    @property
    def file(self):
        return os.path.join(self.folder, "ca.pem")

    def server(self, names, days=1):
        """A server context with a certificate for those names (`IP:127.0.0.1,DNS:a.example`); negative days: it has expired."""
        with open(os.path.join(self.folder, "ext"), "w") as file:
            file.write(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "server.key",
                      "-out", "server.csr", "-subj", "/CN=server")
        self._openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", str(days),
                      "-extfile", "ext", "-out", "server.pem")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder, "server.pem"), os.path.join(self.folder, "server.key"))
        return context

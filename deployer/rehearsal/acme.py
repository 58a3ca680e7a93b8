"""A test ACME server for one machine: it really asks the machine's port 80, and all names lead there."""

import json
import shlex
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from ssl import create_default_context
from types import TracebackType
from typing import Any, Self

from deployer.errors import DeployError
from deployer.rehearsal import processes
from deployer.rehearsal.authority import make_certificate
from deployer.rehearsal.commands import PATIENCE
from deployer.rehearsal.machine import Machine

DAYS = 90  # as long as those of Let's Encrypt
# No random pauses or errors, and each name is validated each time: a test must fail for its own reasons.
PEBBLE = {
    "PEBBLE_VA_NOSLEEP": "1",
    "PEBBLE_WFE_NONCEREJECT": "0",
    "PEBBLE_AUTHZREUSE": "0",  # which is still once in a hundred (its wfe.go: Intn(100) > 0)
    "PEBBLE_WFE_ORDERS_PER_PAGE": "1000",
}
# Run on the machine by Certbot's library, as its account: what it was allowed for the names no longer counts.
DEACTIVATE = """
import sys, tempfile
from pathlib import Path

from acme.client import ClientNetwork, ClientV2
from acme.messages import RegistrationResource, UpdateAuthorization
from josepy import JWK

directory, account, *names = sys.argv[1:]
key = JWK.json_loads(Path(account, "private_key.json").read_text())
known = RegistrationResource.json_loads(Path(account, "regr.json").read_text())
with tempfile.NamedTemporaryFile("w") as trusted:
    trusted.write(sys.stdin.read())
    trusted.flush()
    network = ClientNetwork(key, account=known, verify_ssl=trusted.name)
    client = ClientV2(ClientV2.get_directory(directory, network), network)
    for order in client._post(client._post(known.uri, None).json()["orders"], None).json()["orders"]:
        for url in client._post(order, None).json()["authorizations"]:
            found = client._post(url, None).json()
            if found["identifier"]["value"] in names and found["status"] == "valid":
                client._post(url, UpdateAuthorization(status="deactivated"))
"""


@dataclass
class AcmeServer:
    """Pebble and its DNS server, on this side of the machine's link, so that several run side by side."""

    machine: Machine
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list, repr=False)

    @classmethod
    def start(cls, machine: Machine) -> Self:
        """Start the server; as a context manager it stops at the end, unless the machine is kept."""
        server = cls(machine)
        server.folder.mkdir(exist_ok=True)
        make_certificate(server.folder, server.host)
        server._configure()
        try:
            server._start()
        except BaseException:
            server.stop()
            raise
        return server

    @classmethod
    def attach(cls, machine: Machine) -> Self:
        """The server that was started for a kept machine; it stops with the machine."""
        return cls(machine)

    @property
    def host(self) -> str:
        """Its address: this side of the machine's link."""
        return self.machine.network.host

    @property
    def directory(self) -> str:
        """The directory URL, for `certbot --server`."""
        return f"https://{self.host}:14000/dir"

    @property
    def folder(self) -> Path:
        """Its keys, settings and logs (pebble.log says why it refused a name)."""
        return self.machine.slot.run / "acme"

    @property
    def ca(self) -> Path:
        """PEM of the CA that the directory URL is trusted by."""
        return self.folder / "ca.pem"

    @property
    def root(self) -> Path:
        """PEM of the root of the certificates that it issues, for `curl --cacert`."""
        return self.folder / "root.pem"

    def refuse(self, *names: str) -> None:
        """Make certificates for the names fail, as without a DNS entry, also where they had one before."""
        for name in names:
            self._tell_dns("set-servfail", host=f"{name}.")
        for account in self.machine.root.glob(f"etc/letsencrypt/accounts/{self.host}:14000/dir/*"):
            inside = f"/{account.relative_to(self.machine.root)}"
            argv = ["python3", "-c", DEACTIVATE, self.directory, inside, *names]
            self.machine.run(shlex.join(argv), input=self.ca.read_text())

    def allow(self, *names: str) -> None:
        """Undo `refuse`."""
        for name in names:
            self._tell_dns("clear-servfail", host=f"{name}.")

    def stop(self) -> None:
        """Stop the processes that `start` has started."""
        for process in self.processes:
            process.kill()
            process.wait()
        self.processes.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.machine.kept:
            self.stop()

    @property
    def _dns(self) -> str:
        return f"http://{self.host}:8055"

    def _configure(self) -> None:
        settings = {
            "listenAddress": f"{self.host}:14000",
            "managementListenAddress": f"{self.host}:15000",
            "certificate": str(self.folder / "certificate.pem"),
            "privateKey": str(self.folder / "key.pem"),
            "httpPort": 80,
            "tlsPort": 443,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": False,
            "certificateValidityPeriod": DAYS * 86400,
        }
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": settings}, indent=2))

    def _start(self) -> None:
        listeners = ["-dns01", f"{self.host}:8053", "-management", f"{self.host}:8055"]
        answers = ["-defaultIPv4", self.machine.address, "-defaultIPv6", ""]
        unused = ["-http01", "", "-https01", "", "-tlsalpn01", ""]
        self._spawn("dns.log", "pebble-challtestsrv", *listeners, *answers, *unused)
        configuration = ["-config", str(self.folder / "pebble.json"), "-dnsserver", f"{self.host}:8053"]
        self._spawn("pebble.log", "pebble", *configuration, **PEBBLE)
        self.root.write_bytes(self._wait_for(f"https://{self.host}:15000/roots/0"))
        self._be_trusted()
        self._wait_for(self.directory)
        self._wait_for(f"{self._dns}/set-default-ipv4", json.dumps({"ip": self.machine.address}).encode())

    def _be_trusted(self) -> None:
        """The machine trusts what it issues, as every machine trusts Let's Encrypt's certificates."""
        with open(self.machine.root / "etc/ssl/certs/ca-certificates.crt", "ab") as trusted:
            trusted.write(self.root.read_bytes())

    def _spawn(self, log_name: str, *argv: str, **variables: str) -> None:
        with open(self.folder / log_name, "wb") as log:
            self.processes.append(processes.start(self.machine.name, *argv, log=log, **variables))

    def _wait_for(self, url: str, data: bytes | None = None) -> bytes:
        deadline = time.monotonic() + PATIENCE
        while all(process.poll() is None for process in self.processes):
            try:
                return self._ask(url, data)
            except OSError as error:
                if time.monotonic() > deadline:
                    raise DeployError(f"The ACME test server does not answer at {url}: {error}") from error
            time.sleep(0.02)
        logs = [line for log in self.folder.glob("*.log") for line in log.read_text().splitlines()[-5:]]
        raise DeployError("\n".join(["The ACME test server did not start. It said:", *logs]))

    def _tell_dns(self, action: str, **parameters: Any) -> None:
        self._ask(f"{self._dns}/{action}", json.dumps(parameters).encode())

    def _ask(self, url: str, data: bytes | None = None) -> bytes:
        trusted = create_default_context(cafile=self.ca)
        direct = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted)
        )
        with direct.open(url, data, timeout=30) as answer:
            return bytes(answer.read())

"""A throwaway VPS: an overlay on a base image, booted with systemd-nspawn."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from deployer.errors import DeployError
from deployer.rehearsal import cgroups, disk, processes, sweep
from deployer.rehearsal.base import base_image
from deployer.rehearsal.network import Network
from deployer.rehearsal.places import Place

BOOT_SECONDS = 60
NSPAWN = (
    "systemd-nspawn --quiet --boot --register=no --network-veth --capability=all "
    "--resolv-conf=off --timezone=off --link-journal=no --console=pipe"
).split()
SYSTEM_CALLS = "--system-call-filter=@keyring bpf add_key keyctl"


@dataclass
class Machine:
    """A running throwaway VPS: `ssh -i key user@address` works, and its host key is known."""

    place: Place
    network: Network
    host_key: str
    lock: IO[str] | None = field(default=None, repr=False)
    port: int = 22
    user: str = "root"

    @classmethod
    def boot(
        cls,
        release: str = "debian-13",
        packages: Iterable[str] = (),
        keep: bool = False,
        say: Callable[[str], None] = print,
    ) -> Self:
        """Boot a machine with the packages in its base image, and wait for its sshd.

        As a context manager it stops at the end, unless `keep`: then it outlives this process.
        """
        image = base_image(release, packages, say)
        place, network, lock = sweep.claim()
        try:
            machine = cls(place, network, disk.prepare(place, network, image), lock)
            place.save(release=release, kept=keep, host_key=machine.host_key)
            machine._start()
        except BaseException:
            sweep.remove(place)
            raise
        return machine

    @property
    def name(self) -> str:
        """The machine's name here and inside, like vps-1."""
        return self.place.name

    @property
    def address(self) -> str:
        """The IPv4 address, reachable from this machine."""
        return self.network.address

    @property
    def key(self) -> Path:
        """The private key that root inside accepts."""
        return self.place.run / "key"

    @property
    def root(self) -> Path:
        """The machine's file system, to look at and to damage from outside."""
        return self.place.root

    def _start(self) -> None:
        prefix = cgroups.entering(self.name)
        unit = ["--keep-unit"] if prefix else []
        docker = f"--bind={self.place.disk}/docker:/var/lib/docker"
        place = [f"--directory={self.root}", f"--machine={self.name}", docker, SYSTEM_CALLS]
        with open(self.place.run / "console.log", "wb") as log:
            boot = processes.start(self.name, *prefix, *NSPAWN, *unit, *place, log=log)
        try:
            self.network.open()
            self._wait_for_sshd(boot)
        except DeployError as failure:
            console = (self.place.run / "console.log").read_text(errors="replace").splitlines()[-15:]
            raise DeployError("\n".join([failure.message, "Its console said:", *console])) from failure

    def _wait_for_sshd(self, boot: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + BOOT_SECONDS
        while boot.poll() is None and time.monotonic() < deadline:
            try:
                with socket.create_connection((self.address, self.port), timeout=1) as connection:
                    if connection.recv(4) == b"SSH-":
                        return
            except OSError:
                time.sleep(0.02)
        raise DeployError(f"The machine {self.name} did not boot.")

    def run(
        self, command: str, *, check: bool = True, input: str | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command inside, as root; a failure raises AssertionError-like CalledProcessError."""
        options = ["IdentitiesOnly=yes", "StrictHostKeyChecking=yes", "BatchMode=yes", "LogLevel=ERROR"]
        options += [f"UserKnownHostsFile={self.place.run}/known_hosts", "ServerAliveInterval=15"]
        argv = ["ssh", "-F", "none", "-i", str(self.key), *(word for option in options for word in ("-o", option))]
        done = subprocess.run(
            [*argv, f"{self.user}@{self.address}", command],
            input=input,
            stdin=subprocess.DEVNULL if input is None else None,
            capture_output=True,
            text=True,
            timeout=timeout,
            env=processes.marked_environment(self.name),
            check=False,
        )
        if check and done.returncode:
            raise DeployError(
                f"{self.name}: {command!r} ended with {done.returncode}:\n{done.stdout}{done.stderr}".rstrip()
            )
        return done

    def cut(self) -> None:
        """Cut the machine's line: packets are lost without a word, in both directions."""
        self.network.cut()

    def mend(self) -> None:
        """Undo `cut`."""
        self.network.mend()

    def stop(self) -> None:
        """Pull the plug and remove every trace."""
        sweep.remove(self.place)
        if self.lock:
            self.lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.place.state().get("kept"):
            self.stop()

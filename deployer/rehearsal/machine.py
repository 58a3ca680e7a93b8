"""A throwaway VPS: an overlay on a base image, booted with systemd-nspawn."""

import shlex
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from deployer.errors import DeployError
from deployer.rehearsal import boot, disk, processes, shell, sweep
from deployer.rehearsal.base import base_image
from deployer.rehearsal.network import Network
from deployer.rehearsal.requirements import require
from deployer.rehearsal.slots import Slot, slots
from deployer.seen.releases import USUAL, named


@dataclass
class Machine:
    """A running throwaway VPS: `ssh -i key user@address` works, and its host key is known."""

    slot: Slot
    network: Network
    host_key: str
    lock: IO[str] | None = field(default=None, repr=False)
    port: int = 22
    user: str = "root"
    stopped: bool = False

    @classmethod
    def boot(
        cls,
        release: str = named(*USUAL),
        packages: Iterable[str] = (),
        keep: bool = False,
        masked: Iterable[str] = (),
        files: Mapping[str, str] | None = None,
        say: Callable[[str], None] = print,
    ) -> Self:
        """Boot a machine with the packages in its base image, and wait for its sshd.

        As a context manager it stops at the end, unless `keep`: then it outlives this process. Units of
        systemd that are `masked` never start, though their package is there; `files` are its from the start.
        """
        require()
        layers = base_image(release, packages, say)
        slot, network, lock = sweep.claim()
        try:
            machine = cls(slot, network, disk.prepare(slot, network, layers), lock)
            slot.save(release=release, image=layers[0].parent.name, host_key=machine.host_key)
            disk.write(slot, files or {})
            boot.boot(slot, network, masked)
            slot.save(kept=keep)
        except BaseException:
            sweep.remove(slot)
            raise
        return machine

    @classmethod
    def attach(cls, name: str) -> Self:
        """A kept machine that runs, whoever booted it."""
        machines = {machine.name: machine for machine in cls.kept_machines()}
        if name not in machines:
            running = ", ".join(machines) or "none"
            raise DeployError(f"No kept machine {name} runs.", f"There are: {running}.")
        return machines[name]

    @classmethod
    def kept_machines(cls) -> list[Self]:
        """Every kept machine that runs."""
        running = [slot for slot in slots() if slot.state().get("kept") and processes.of(slot.name)]
        return [cls(slot, Network.of(slot.name), slot.state()["host_key"]) for slot in running]

    @property
    def name(self) -> str:
        """The machine's name here and inside, like vps-1."""
        return self.slot.name

    @property
    def address(self) -> str:
        """The IPv4 address, reachable from this machine."""
        return self.network.address

    @property
    def key(self) -> Path:
        """The private key that root inside accepts."""
        return self.slot.run / "key"

    @property
    def known_hosts(self) -> Path:
        """A known_hosts file with the machine's host key."""
        return self.slot.run / "known_hosts"

    @cached_property
    def leader(self) -> int:
        """The number that its first process has on this side, until it restarts."""
        return processes.leader(self.name)

    @property
    def kept(self) -> bool:
        """Whether the machine outlives the process that has booted it."""
        return bool(self.slot.state().get("kept"))

    @property
    def release(self) -> str:
        """The Debian release, like debian-13."""
        return str(self.slot.state()["release"])

    @property
    def root(self) -> Path:
        """The machine's file system, to look at and to damage from outside."""
        return self.slot.root

    def run(
        self, command: str, *, check: bool = True, input: str | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a shell command inside, as root; with `check`, a failure is an error. Timeout in seconds."""
        return shell.run(self.name, self.leader, command, check, input, timeout)

    def add_hosts(self, addresses: Mapping[str, str]) -> None:
        """Make names lead to addresses inside the machine, before any DNS."""
        with open(self.root / "etc/hosts", "a") as hosts:
            hosts.writelines(f"{address} {name}\n" for name, address in addresses.items())

    def mount_small(self, path: str, megabytes: int) -> None:
        """Mount an empty file system of that size over a folder inside, to fill it; `umount` ends it.

        It is seen inside only, not under `root`.
        """
        folder = shlex.quote(path)
        mode = f"size={megabytes}m,mode=$(stat -c %a {folder})"
        self.run(f"mkdir -p {folder} && mount -t tmpfs -o {mode} tmpfs {folder}")

    def cut(self) -> None:
        """Cut the machine's line: packets are lost without a word, in both directions."""
        self.network.cut()

    def mend(self) -> None:
        """Undo `cut`."""
        self.network.mend()

    def restart(self) -> None:
        """Pull the plug, and boot again from what is on the disk."""
        sweep.pull_the_plug(self.slot)
        self.__dict__.pop("leader", None)
        boot.boot(self.slot, self.network)

    def stop(self) -> None:
        """Pull the plug and remove every trace, once: its name may be another's after that."""
        if self.stopped:
            return
        self.stopped = True
        sweep.remove(self.slot)
        if self.lock:
            self.lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self.kept:
            self.stop()

"""What is said of a VPS that stays: how to go on there, and how to begin."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deployer.errors import DeployError
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.handover import authority, hand_keys, hand_over
from deployer.rehearsal.invocation import invocation
from deployer.rehearsal.machine import Machine
from deployer.report import complain, say
from deployer.suggested import file_option


def invite(file: Path, machine: Machine, acme: AcmeServer, site: str | None) -> None:
    """Say what to try once all is there; `site` is one with HTTPS, if there is one."""
    with _staying(machine):
        sites = hand_over(file, machine, acme)
        say(f"{machine.name} stays. {sites} is your {file.name} with it as the server:")
        say(f"  deploy status -c {shlex.quote(str(sites))}")
        say(f"  {login(sites.parent, machine)}")
        if site:
            root = shlex.quote(str(sites.parent / f".{machine.name}" / "root.pem"))
            say(f"  curl --cacert {root} --resolve {site}:443:{machine.address} https://{site}/")


def invite_to_begin(file: Path, machine: Machine, acme: AcmeServer) -> None:
    """Say how a first day begins: with the sites.yaml that is there, or with one that is to come."""
    with _staying(machine):
        if file.exists():
            sites = hand_over(file, machine, acme)
            say(f"{machine.name} stays, and nothing was done there. {sites} has it as the server:")
            say(f"  deploy plan -c {shlex.quote(str(sites))}")
            return
        hand_keys(file, machine, acme)
        key = shlex.quote(str(file.parent / f".{machine.name}" / "key"))
        console = "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"
        line = ", ".join(f"{key}: {value}" for key, value in authority(machine, acme).items())
        say(f"{machine.name} stays, and nothing was done there. Begin as with a server that you were given:")
        say(f"  deploy init{file_option()} --host {machine.address} --key {key}")
        say(f"The fingerprint that a provider's console shows: {login(file.parent, machine)} {console}")
        say("Its certificates come from a test authority: add to sites.yaml")
        say(f"  acme: {{{line}}}")


def login(folder: Path, machine: Machine) -> str:
    """The command line that logs in, without a question."""
    config = folder / f".{machine.name}" / "ssh_config"
    return f"ssh -F {shlex.quote(str(config))} {machine.name}"


@contextmanager
def _staying(machine: Machine) -> Iterator[None]:
    """What cannot be handed over is told, and how the machine is reached all the same; then how it ends."""
    try:
        yield
    except DeployError as error:
        complain(error)
        say(f"{machine.name} stays: ssh -i {machine.key} root@{machine.address}")
    say(f"Stop it: {invocation('rehearse', '--stop', machine.name)}")

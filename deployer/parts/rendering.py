"""Templates and constant scripts as files of a server."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from deployer.files import File
from deployer.shares.share import Share
from deployer.templates import rendered as rendered

SCRIPTS = "/usr/local/lib/deploy"
PROGRAMS = f"{SCRIPTS}/bin"
"""What is called: by a person, a unit, cron, sshd, or another program; lib has what they source."""
UNITS = "/etc/systemd/system"


def system(name: str, mode: int = 0o644, **values: object) -> File:
    """A file of templates/system."""
    return rendered(f"system/{name}", mode, **values)


def timed(what: str, domain: str = "", **values: object) -> Share:
    """What templates/system has by this name, of a site or of all: a service, and the timer that runs it."""
    unit = f"deploy-{what}{domain and f'-{domain}'}"
    files = {
        f"{UNITS}/{unit}.{half}": rendered(f"system/{what}.{half}", domain=domain, **values)
        for half in ("service", "timer")
    }
    return Share(files=files, units=frozenset({f"{unit}.timer"}))


def script(name: str) -> dict[str, File]:
    """A constant script of the package at its path on the server; what is only sourced is not executable."""
    return {f"{SCRIPTS}/{name}": File(scripts()[name], mode=0o644 if name.startswith("lib/") else 0o755)}


def program(name: str) -> dict[str, File]:
    """A program that is there without all the others, with what reads its arguments."""
    return script(f"bin/{name}") | script("lib/common/program")


@cache
def scripts() -> dict[str, bytes]:
    """The constant scripts of the package, by path below their folder."""
    return dict(sorted(_below(files("deployer") / "server" / "installed")))


def _below(folder: Traversable, prefix: str = "") -> list[tuple[str, bytes]]:
    found = []
    for entry in folder.iterdir():
        if entry.is_dir():
            found += _below(entry, f"{prefix}{entry.name}/")
        else:
            found.append((prefix + entry.name, entry.read_bytes()))
    return found

"""The way to a server: what ~/.ssh/config says of it, as OpenSSH itself reads that."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

from deployer.errors import UsageError

DEFAULTS = tuple(
    f"id_{kind}" for kind in ("rsa", "ecdsa", "ecdsa_sk", "ed25519", "ed25519_sk", "xmss", "dsa")
)
KNOWN_HOSTS = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
ALL_KNOWN_HOSTS = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")


@dataclass(frozen=True, slots=True)
class Way:
    """Where and as whom to log in, with which keys, through what, and which files know its own.

    `name` is what the user calls the server, `alias` what known_hosts calls it, where not by its address.
    `named` are key files that somebody wrote down, `usual` those that are tried without a word.
    """

    name: str
    host: str
    port: int
    user: str
    alias: str = ""
    named: tuple[Path, ...] = ()
    usual: tuple[Path, ...] = ()
    named_only: bool = False
    agent: str = "SSH_AUTH_SOCK"
    jumps: tuple[str, ...] = ()
    command: str = ""
    known_hosts: tuple[str, ...] = KNOWN_HOSTS + ALL_KNOWN_HOSTS

    @property
    def where(self) -> str:
        """As messages call it."""
        return f"{self.user}@{self.name}:{self.port}"


def way_to(name: str, port: int | None = None, user: str | None = None) -> Way:
    """The way to a server that the user calls so; raises UsageError where it cannot be understood."""
    said = _settings(name, port, user)
    if said is None:
        return Way(name, name, port or 22, user or getuser(), usual=_usual(Path.home()))
    return read_way(name, said, Path.home(), _account())


def read_way(name: str, text: str, home: Path, account: Path) -> Way:
    """What `ssh -G` says of a host (pure); files below the account's home are those below `home`."""
    lines: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, _, value = line.partition(" ")
        lines.setdefault(key.lower(), []).append(value)
    one = {key: values[-1] for key, values in lines.items()}
    tokens = {
        "h": one["hostname"],
        "p": one["port"],
        "r": one["user"],
        "n": name,
        "d": str(home),
        "u": getuser(),
    }
    files = [Path(_below(home, _filled(each, tokens))) for each in lines.get("identityfile", ())]
    usual = set(files) <= set(_usual(home))
    known = f"{one.get('userknownhostsfile', '')} {one.get('globalknownhostsfile', '')}".split()
    jump, command = one.get("proxyjump", "none"), one.get("proxycommand", "none")
    alias = one.get("hostkeyalias", "none")
    return Way(
        name=name,
        host=one["hostname"],
        port=int(one["port"]),
        user=one["user"],
        alias="" if alias == "none" else alias,
        named=() if usual else tuple(files),
        usual=tuple(files) if usual else (),
        named_only=one.get("identitiesonly") == "yes",
        agent=_below(home, _filled(one.get("identityagent", "SSH_AUTH_SOCK"), tokens)),
        jumps=() if jump == "none" else tuple(jump.split(",")),
        command="" if command == "none" else _filled(command, tokens),
        known_hosts=tuple(each.replace(f"{account}/.ssh/", f"{home}/.ssh/", 1) for each in known),
    )


def parts_of(jump: str) -> tuple[str, int | None, str | None]:
    """The host, port and user of one jump, as ProxyJump writes it: [user@]host[:port]."""
    user, _, place = jump.removeprefix("ssh://").rpartition("@")
    host, _, port = place.rpartition(":") if place.count(":") == 1 or "]:" in place else (place, "", "")
    return host.strip("[]"), int(port) if port.isdigit() else None, user or None


def _below(home: Path, text: str) -> str:
    return f"{home}{text[1:]}" if text.startswith("~/") else text


def _filled(text: str, tokens: Mapping[str, str]) -> str:
    pieces = text.split("%%")
    for letter, value in tokens.items():
        pieces = [piece.replace(f"%{letter}", value) for piece in pieces]
    return "%".join(pieces)


def _usual(home: Path) -> tuple[Path, ...]:
    return tuple(home / ".ssh" / each for each in DEFAULTS)


def _account() -> Path:
    """The home that the system knows, which OpenSSH takes whatever HOME is; HOME where there is none."""
    try:
        import pwd

        return Path(pwd.getpwuid(os.getuid()).pw_dir)
    except (ImportError, KeyError):
        return Path.home()


def _settings(name: str, port: int | None, user: str | None) -> str | None:
    """What `ssh -G` says; None where there is neither OpenSSH nor a file for it to read."""
    file = Path("~/.ssh/config").expanduser()
    if not shutil.which("ssh"):
        if file.is_file():
            raise UsageError(
                f"{file} is there, but not the program that reads it: ssh",
                "Install it: apt-get install openssh-client",
            )
        return None
    options = [*(["-p", str(port)] if port else []), *(["-l", user] if user else [])]
    if _account() == Path.home():
        done = _asked([*options, "--", name])
    else:
        with tempfile.NamedTemporaryFile("w", suffix=".conf") as both:
            both.write(f'Include "{file}"\nInclude /etc/ssh/ssh_config\n')
            both.flush()
            done = _asked(["-F", both.name, *options, "--", name])
    if "No user exists" in done.stderr:  # an account without a name, as in a container
        return None
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if line.strip()] or [
            f"it ends with {done.returncode}"
        ]
        raise UsageError(
            f"~/.ssh/config (or /etc/ssh/ssh_config) cannot be understood: {words[0]}",
            f"What does this say? ssh -G {name}",
        )
    return done.stdout


def _asked(arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ssh", "-G", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )

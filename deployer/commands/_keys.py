"""Changes of `keys:` in sites.yaml, proved by reading the file anew before it counts."""

import os
import shlex
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.errors import ConfigError, DeployError, UsageError

if TYPE_CHECKING:
    from deployer.config.keys import RestrictedKey
    from deployer.config.model import Config

THERE = (
    "Does the server not have it yet (deploy key list)? Then: deploy apply\n"
    "For another one of that name, revoke this one first: deploy key revoke {name}"
)


def save(path: Path, text: str, wanted: "Config", by_hand: str) -> None:
    """Replace sites.yaml by this text, if it says just what is wanted; else DeployError with what to do."""
    from deployer.config.loader import load

    file = path.resolve()
    descriptor, name = tempfile.mkstemp(prefix=".sites-", suffix=".yaml", dir=file.parent)
    new = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        if load(new) != wanted:
            raise DeployError(f"{path} is written in a way that cannot be changed here", by_hand)
        new.chmod(file.stat().st_mode & 0o7777)
        new.replace(file)
    except ConfigError as error:
        problems = "\n".join(problem.message for problem in error.problems)
        raise DeployError(f"{path} cannot be changed here: {problems}", by_hand) from error
    finally:
        new.unlink(missing_ok=True)


def with_keys(config: "Config", keys: "Mapping[str, RestrictedKey]") -> "Config":
    """The configuration with these keys in place of its own."""
    return config.model_copy(update={"keys": dict(keys)})


def read_public(path: Path) -> str:
    """The public half in this file, as `type base64`; raises UsageError."""
    from deployer.values.access import login_key

    try:
        return login_key(path.read_text("utf-8").strip())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def command_line(name: str, asked: Mapping[str, str], yes: bool, no_apply: bool) -> str:
    """The same `deploy key add` once more, as it is advised where a new pair has no room."""
    what = " ".join(f"--{key} {shlex.quote(each)}" for key, each in asked.items() if each) or "--pull-backups"
    return f"deploy key add {name} {what}{' --yes' if yes else ''}{' --no-apply' if no_apply else ''}"


def made_public(private: Path | None, name: str, again: str) -> str:
    """The public half of a new pair, whose private half is told; that is `write_pair`'s."""
    from deployer.report import say

    place = private or Path.home() / ".ssh" / f"deploy-{name}"
    line = write_pair(place, name, again)
    say(f"Made {place}: only whoever shall use this key may have that file.")
    return line


def write_pair(path: Path, name: str, again: str) -> str:
    """Make a key pair without a passphrase, the private half only for its owner; the public half.

    `again` is the command that is advised where something is there already.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    made = Ed25519PrivateKey.generate()
    private = made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    public = made.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise DeployError(
            f"{path} is already there and stays as it is",
            "It may be a key that was revoked because somebody else has it, so it is not used again.\n"
            f"Remove it: rm -f {path} {path}.pub, then: {again}\n"
            f"Or make the new pair elsewhere: {again} --private {path}-2",
        ) from error
    except OSError as error:
        raise DeployError(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(private)
    path.with_name(f"{path.name}.pub").write_text(f"{public} {name}\n")
    return public


def will_apply(config: "Config", yes: bool, no_apply: bool) -> bool:
    """Whether the change is applied at once; raises UsageError when there is nobody to agree to it."""
    if no_apply or not config.server:
        return False
    if not yes and not sys.stdin.isatty():
        raise UsageError(
            "nothing was changed: there is no terminal to ask on",
            "Use --yes to apply it unasked, or --no-apply to write sites.yaml only",
        )
    return True


def use_of(key: "RestrictedKey") -> str:
    """What comes next for a new key: one that pushes, sends or shields sites, or one that fetches backups."""
    if key.push:
        return f"deploy workflow {key.push[0]} writes a CI job for it"
    if key.send:
        return f"whoever has it: deploy push {key.send[0]} --from public/, or tar and ssh (deploy docs keys)"
    if key.shield:
        return f"whoever has it: ssh deploy@SERVER shield {key.shield[0]} on"
    return "on the home server: deploy backup --init, then deploy backup --install"


def apply(path: Path, yes: bool, then: str = "") -> int:
    """Make sites.yaml count on the server; what fails says that sites.yaml is changed all the same."""
    from deployer.commands.apply import converge, convergence
    from deployer.config.loader import load
    from deployer.report import next_step
    from deployer.report.progress import progress
    from deployer.tasks import server_of

    loaded = load(path)
    try:
        with progress() as shown, server_of(loaded) as server:
            code = converge(convergence(server, loaded, None, shown), yes)
        if then and code == 0:
            next_step(then)
        return code
    except DeployError as error:
        changed = f"{path} is changed all the same; it counts after: deploy apply"
        error.advice = "\n".join(filter(None, (error.advice, changed)))
        raise


def later() -> int:
    """Say how sites.yaml comes to count; the exit code."""
    from deployer.report import say

    say("It counts after: deploy apply")
    return 0


def tell_what_stays(name: str, public: str) -> None:
    """Say where the private half of a revoked key still is on this machine."""
    from deployer.report import say

    path = Path.home() / ".ssh" / f"deploy-{name}"
    half = path.with_name(f"{path.name}.pub")
    if path.exists() and half.exists() and half.read_text("utf-8", "replace").startswith(public):
        say(f"Its private half stays on this machine, of no use any more: rm {path} {half}")

"""Changes of `keys:` in sites.yaml, proved by reading the file anew before it counts."""

import os
import tempfile
from collections.abc import Mapping, Sequence
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
ADDRESS = "A key pushes what sites.yaml gives by address: repository: https://… or git@…"


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


def sites_to_push(config: "Config", name: str, text: str) -> tuple[str, ...]:
    """The sites of `--push`; raises UsageError for one that cannot be pushed, and for a name that is none."""
    from deployer.config.key_checks import unfit
    from deployer.values.service_names import key

    sites = tuple(dict.fromkeys(site.strip() for site in text.split(",") if site.strip()))
    try:
        key(name)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if reasons := [reason for site in sites if (reason := unfit(config, site))]:
        unknown = any(site not in config.everything for site in sites)
        raise UsageError("\n".join(reasons), config.advice() if unknown else ADDRESS)
    return sites


def sites_of(config: "Config", name: str, push: str, shield: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The sites of `--push`, and those of `--shield`; raises UsageError for what a key cannot do."""
    return sites_to_push(config, name, push), sites_to_shield(config, shield)


def sites_to_shield(config: "Config", text: str) -> tuple[str, ...]:
    """The sites of `--shield`; raises UsageError for one that the server cannot shield by itself."""
    from deployer.config.shield_checks import unshieldable

    sites = tuple(dict.fromkeys(site.strip() for site in text.split(",") if site.strip()))
    if reasons := [reason for site in sites if (reason := unshieldable(config, site))]:
        raise UsageError("\n".join(reasons), "What a shield needs: deploy docs shield")
    return sites


def read_public(path: Path) -> str:
    """The public half in this file, as `type base64`; raises UsageError."""
    from deployer.values.access import login_key

    try:
        return login_key(path.read_text("utf-8").strip())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def command_line(name: str, push: str, shield: str, yes: bool, no_apply: bool) -> str:
    """The same `deploy key add` once more, as it is advised where a new pair has no room."""
    import shlex

    lists = {"--push": push, "--shield": shield}
    what = " ".join(f"{option} {shlex.quote(each)}" for option, each in lists.items() if each)
    what = what or "--pull-backups"
    return f"deploy key add {name} {what}{' --yes' if yes else ''}{' --no-apply' if no_apply else ''}"


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
    import sys

    if no_apply or not config.server:
        return False
    if not yes and not sys.stdin.isatty():
        raise UsageError(
            "nothing was changed: there is no terminal to ask on",
            "Use --yes to apply it unasked, or --no-apply to write sites.yaml only",
        )
    return True


def use_of(sites: Sequence[str], shielded: Sequence[str]) -> str:
    """What comes next for a new key: one that pushes or shields sites, or one that fetches backups."""
    if shielded and not sites:
        return f"whoever has it: ssh deploy@SERVER shield {shielded[0]} on"
    if sites:
        return f"deploy workflow {sites[0]} writes a CI job for it"
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

"""Changes of `keys:` in sites.yaml, proved by reading the file anew before it counts."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.errors import ConfigError, DeployError, UsageError

if TYPE_CHECKING:
    from deployer.config.keys import Key
    from deployer.config.model import Config


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


def with_keys(config: "Config", keys: "Mapping[str, Key]") -> "Config":
    """The configuration with these keys in place of its own."""
    return config.model_copy(update={"keys": dict(keys)})


def sites_to_push(config: "Config", name: str, text: str) -> tuple[str, ...]:
    """The sites of `--push`; raises UsageError for one that cannot be pushed, and for a name that is none."""
    from deployer.config.key_checks import unfit
    from deployer.config.service_names import key

    sites = tuple(dict.fromkeys(site.strip() for site in text.split(",") if site.strip()))
    try:
        key(name)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if reasons := [reason for site in sites if (reason := unfit(config, site))]:
        raise UsageError("\n".join(reasons), config.advice())
    return sites


def read_public(path: Path) -> str:
    """The public half in this file, as `type base64`; raises UsageError."""
    from deployer.config.access import login_key

    try:
        return login_key(path.read_text("utf-8").strip())
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: {getattr(error, 'strerror', None) or error}") from error


def write_pair(path: Path, name: str) -> str:
    """Make a key pair without a passphrase, the private half only for its owner; the public half."""
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
            f"Use it: deploy key add {name} --public {path}.pub",
        ) from error
    except OSError as error:
        raise DeployError(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(private)
    path.with_name(f"{path.name}.pub").write_text(f"{public} {name}\n")
    return public

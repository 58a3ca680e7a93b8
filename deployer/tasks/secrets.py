"""The values of secrets that come from this side: the environment, files that gpg decrypts, sites.yaml."""

import os
import subprocess
from collections.abc import Iterable

from deployer.errors import DeployError, UsageError
from deployer.secrets import FromEnvironment, FromFile, Generated, Given, Secret


def resolve(secrets: Iterable[Secret]) -> dict[Secret, str]:
    """The value of each secret that does not come from the server; UsageError names all that are missing."""
    wanted = {secret for secret in secrets if not isinstance(secret, Generated)}
    missing = sorted(s.name for s in wanted if isinstance(s, FromEnvironment) and s.name not in os.environ)
    if missing:
        raise UsageError(
            f"the environment has no {', '.join(missing)}, which sites.yaml takes a secret from",
            f"Set it for this command, for example: read -rs {missing[0]} && export {missing[0]}",
        )
    return {secret: _value(secret) for secret in wanted}


def _value(secret: Secret) -> str:
    match secret:
        case FromEnvironment(name):
            return _one_line(os.environ[name], name)
        case FromFile(path):
            return _one_line(_decrypted(path), path)
        case Given(value):
            return value
    raise AssertionError(secret)


def _decrypted(path: str) -> str:
    try:
        done = subprocess.run(["gpg", "--quiet", "--decrypt", path], stdout=-1, stderr=-1, check=False)
    except FileNotFoundError as error:
        raise DeployError("gpg is not installed here", "Install it: apt install gpg") from error
    if done.returncode:
        raise DeployError(f"gpg cannot decrypt {path}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode(errors="replace")


def _one_line(value: str, source: str) -> str:
    line = value.removesuffix("\n").removesuffix("\r")
    if not line or any(character in line for character in "\0\n\r"):
        raise UsageError(f"the value of {source} is {'empty' if not line else 'not one line'}")
    return line

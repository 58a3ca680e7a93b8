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
            return _whole(os.environ[name], name)
        case FromFile(path):
            return _whole(_decrypted(path), path)
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
    try:
        return done.stdout.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"what gpg decrypts from {path} is no text in UTF-8") from error


def _whole(value: str, source: str) -> str:
    """One line without its end, or several (a key in PEM, say) as they are."""
    line = value.removesuffix("\n").removesuffix("\r")
    text = value if "\n" in line else line
    if not line or "\0" in text:
        raise UsageError(f"the value of {source} {'has a NUL in it' if line else 'is empty'}")
    return text

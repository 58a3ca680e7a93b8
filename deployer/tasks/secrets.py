"""The values of secrets that come from this side: the environment, files, commands, sites.yaml."""

import os
import re
import subprocess
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TypeGuard

from deployer.config.model import Config
from deployer.errors import DeployError, UsageError
from deployer.parts.certbot import challenge_tokens
from deployer.parts.passwords import asked_for
from deployer.parts.shield import shield_tokens
from deployer.planning.plan import Plan
from deployer.values.secrets import (
    FromAge,
    FromCommand,
    FromDotenv,
    FromEnvironment,
    FromFile,
    Generated,
    Given,
    Secret,
)


def in_scope(config: Config, scope: Collection[str] | None) -> dict[str, Mapping[str, Secret]]:
    """Where each value comes from, of each site and service in scope (None: all)."""
    chosen = config.everything.items()
    logins = {name: each.password for name, each in config.docker.registries.items()}
    of_zones = {
        "dns:": challenge_tokens(config),
        "dns.shield": shield_tokens(config),
        "docker.registries": logins,
    }
    found: dict[str, Mapping[str, Secret]] = {what: tokens for what, tokens in of_zones.items() if tokens}
    found |= {asked.key: asked.users for asked in asked_for(config)}
    return found | {name: each.variables() for name, each in chosen if scope is None or name in scope}


def resolve(secrets: Iterable[Secret]) -> dict[Secret, str]:
    """The value of each secret that comes from here; without those that the environment has not."""
    here = (each for each in set(secrets) if not isinstance(each, Generated) and not is_unset(each))
    return {secret: _value(secret) for secret in here}


def values_in_scope(config: Config, scope: Collection[str] | None) -> dict[Secret, str]:
    """The value of each that comes from here; UsageError names a provider's token that is none."""
    wanted = in_scope(config, scope)
    values = resolve(secret for each in wanted.values() for secret in each.values())
    for what in ("dns:", "dns.shield"):
        for secret in wanted.get(what, {}).values():
            if secret in values:
                token(values[secret], f"the token of {what} ({secret})")
    return values


def token(value: str, name: str) -> str:
    """One word without syntax, as what goes into a header has to be."""
    if not re.fullmatch(r"[!#-\[\]-~]+", value):
        raise UsageError(f"{name} is no token: it has quotes or backslashes, or more than one word")
    return value


def with_all_values(plan: Plan) -> Plan:
    """The same plan; UsageError names the variables that it needs and the environment has not."""
    needed = {change.secret for change in plan.secrets}
    if missing := sorted(each.name for each in needed if is_unset(each)):
        raise UsageError(
            f"the environment has no {', '.join(missing)}, which sites.yaml takes a secret from",
            f"Set it for this command, for example: read -rs {missing[0]} && export {missing[0]}",
        )
    return plan


def those_kept(secrets: Mapping[str, Mapping[str, Secret]], held: Collection[str]) -> Iterator[str]:
    """Which values are not compared, by the name of the service: the environment has none of them.

    Of those that are held nobody knows whether the server has one; the others have passed `with_all_values`.
    """
    for name, wanted in secrets.items():
        if name in held:
            continue
        if unset := sorted({each.name for each in wanted.values() if is_unset(each)}):
            these = ", ".join(unset)
            yield f"{name} keeps the {these} that it has: the environment has none to compare it with"


def is_unset(secret: object) -> TypeGuard[FromEnvironment]:
    """Whether it shall come from the environment, which has none."""
    return isinstance(secret, FromEnvironment) and secret.name not in os.environ


def _value(secret: Secret) -> str:
    match secret:
        case FromEnvironment(name):
            return _whole(os.environ[name], name)
        case FromFile(path):
            return _whole(_said(["gpg", "--quiet", "--decrypt", path], f"gpg cannot decrypt {path}"), path)
        case FromAge(path):
            identity = os.environ.get("AGE_IDENTITY")
            key = ["--identity", identity] if identity else []
            return _whole(_said(["age", "--decrypt", *key, path], f"age cannot decrypt {path}"), path)
        case FromCommand(words, folder):
            return _whole(_said(words, f"{words[0]} gives no secret", folder), f"cmd:{words[0]}")
        case Given(value) | FromDotenv(_, value):
            return value
    raise AssertionError(secret)


def _said(words: Sequence[str], failed: str, folder: str = "") -> str:
    """What a program prints on this machine; where it fails, DeployError says so with its own words."""
    try:
        done = subprocess.run(words, stdout=-1, stderr=-1, check=False, cwd=folder or None)
    except OSError as error:
        if words[0] in ("gpg", "age"):
            raise DeployError(
                f"{words[0]} is not installed here", f"Install it: apt install {words[0]}"
            ) from error
        raise DeployError(f"{failed}: it cannot be run: {error.strerror}", "Is it installed here?") from error
    if done.returncode:
        raise DeployError(f"{failed}: {done.stderr.decode(errors='replace').strip() or 'it says nothing'}")
    try:
        return done.stdout.decode()
    except UnicodeDecodeError as error:
        raise UsageError(f"{failed}: what it prints is no text in UTF-8") from error


def _whole(value: str, source: str) -> str:
    """One line without its end, or several (a key in PEM, say) as they are."""
    line = value.removesuffix("\n").removesuffix("\r")
    text = value if "\n" in line else line
    if not line or "\0" in text:
        raise UsageError(f"the value of {source} {'has a NUL in it' if line else 'is empty'}")
    return text

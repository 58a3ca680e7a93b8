"""How a CI job reaches the server: the environment instead of sites.yaml and of SSH's own files."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from deployer.errors import UsageError
from deployer.values import access
from deployer.values.access import LOGIN
from deployer.values.quantities import Plain, whole_number

NAMES = ("SSH_HOST", "SSH_USER", "SSH_PRIVATE_KEY", "SSH_PORT", "SSH_KNOWN_HOSTS")
JOBS = ("CI", "GITHUB_ACTIONS", "GITEA_ACTIONS")
"""Variables that a forge sets in every job."""
USUAL = {"SSH_USER": LOGIN, "SSH_PORT": "22"}
OPTIONAL = tuple(USUAL)
ADVICE = "Set it as a secret of the repository, and hand it to the step: env: {%s: ${{ secrets.%s }}}"


@dataclass(frozen=True, slots=True)
class Credentials:
    """Where to log in, as whom, with which private key, and which host keys count (lines of known_hosts)."""

    host: str
    user: str
    private_key: str = field(repr=False)
    known_hosts: str
    port: int = 22


def credentials(environment: Mapping[str, str]) -> Credentials | None:
    """The credentials where there is no sites.yaml; None where there are none, and this is no CI job.

    Raises UsageError naming what is missing.
    """
    given = {name: value for name in NAMES if (value := environment.get(name, "").strip())}
    if "SSH_HOST" not in given and "SSH_PRIVATE_KEY" not in given:
        if not any(environment.get(name, "").lower() in ("true", "1") for name in JOBS):
            return None
        given = {}
    if missing := [name for name in NAMES if name not in given and name not in OPTIONAL]:
        advice = "\n".join(ADVICE % (name, name) for name in missing)
        reason = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set"
        raise UsageError(reason if given else f"there is no sites.yaml here, and {reason}", advice)
    given = USUAL | given
    return Credentials(
        _read("SSH_HOST", access.host, given),
        _read("SSH_USER", access.user, given),
        given["SSH_PRIVATE_KEY"].replace("\r\n", "\n") + "\n",
        _read("SSH_KNOWN_HOSTS", known_hosts, given),
        int(_read("SSH_PORT", lambda text: str(whole_number(1, 65535)(Plain(text))), given)),
    )


def known_hosts(text: str) -> str:
    """Lines of known_hosts, each a host with its key, or ValueError."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    for line in lines:
        name, *key = line.split()
        if access.KEY_TYPES.fullmatch(name) or len(key) < 2 or name.startswith("@"):
            raise ValueError(
                "expected lines such as 'vps.example.org ssh-ed25519 AAAA…': the host, then its key"
            )
        access.host_key(" ".join(key))
    return "\n".join(lines)


def _read(name: str, parse: Callable[[str], str], given: Mapping[str, str]) -> str:
    try:
        return parse(given[name])
    except ValueError as error:
        raise UsageError(f"{name}: {error}") from error

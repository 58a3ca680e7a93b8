"""Private keys that are only in memory."""

import io
from dataclasses import dataclass, field
from pathlib import Path

import paramiko

from deployer.errors import UsageError

KINDS = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


def private_key(text: str, name: str) -> paramiko.PKey:
    """The key in this text, which a message calls by that name; raises UsageError. It is written nowhere."""
    for kind in KINDS:
        try:
            return kind.from_private_key(io.StringIO(text))
        except paramiko.PasswordRequiredException as error:
            raise UsageError(
                f"{name} has a passphrase, which nobody can type here",
                "Make a key without one: deploy key add",
            ) from error
        except (paramiko.SSHException, ValueError, IndexError):
            continue
    raise UsageError(
        f"{name} is not a private key", "It is the whole file, from -----BEGIN to the end of the last line"
    )


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A private key as its file has it, and its public half as `type base64`."""

    text: str = field(repr=False)
    public: str


def read_private_key(path: Path) -> PrivateKey:
    """The private key in this file, which has no passphrase; raises UsageError."""
    try:
        text = path.expanduser().read_text("ascii")
    except (OSError, UnicodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no private key"
        raise UsageError(f"{path}: {reason}", "Name the private key's file with --key.") from error
    key = private_key(text, str(path))
    return PrivateKey(text, f"{key.get_name()} {key.get_base64()}")

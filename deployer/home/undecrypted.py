"""What gpg says of an archive that it does not read, as a failure: by its status, which has no language."""

import re

from deployer.errors import DeployError

NO_KEY = "Do this where the private key is (gpg --list-secret-keys shows which are here)"
NO_PASSPHRASE = (
    "In a terminal: export GPG_TTY=$(tty), and try again. Without one, a key without a passphrase is needed,"
    " or one that gpg-agent knows already"
)
NO_AGENT = (
    "gpg-agent, which has the private keys, did not do it. Try again; gpg --list-secret-keys starts it, too"
)
PINENTRY, BESIDE = 5, (4, 6)  # gpg-error's sources: who asks for the passphrase; the agent, and that of cards
PASSPHRASE = (11, 31, 62, 85, 86, 99, 177, 198)  # wrong, too late, no pinentry, cancelled, none given
UNANSWERED = (77, 78, 16383, *range(257, 282))  # no agent, one that broke off, or speaks otherwise


class NoKey(DeployError):
    """The private key is not here, or cannot be used: nothing is said of the archive."""


def failure(said: str) -> DeployError:
    """What gpg or zstd said, as a failure."""
    words = [line for line in said.splitlines() if line and not line.startswith("[GNUPG:]")]
    last = words[-1] if words else "it said nothing"
    if "[GNUPG:] DECRYPTION_FAILED" in said and "[GNUPG:] DECRYPTION_INFO" not in said:
        why = re.search(r"(?:^gpg: (.*)\n)?^\[GNUPG:\] ERROR pkdecrypt_failed ([0-9]+)", said, re.MULTILINE)
        if not why:
            return _unasked(said)
        last = why[1] or last
        if refused := _refused(int(why[2]), last):
            return refused
    return DeployError(
        f"the archive cannot be decrypted and unpacked: {last}",
        "It is damaged, or not whole. Take another one (--at), or one from another place (--from)",
    )


def _unasked(said: str) -> NoKey:
    """No key was tried: there is none, or no agent that could tell."""
    keys = re.findall(r"^\[GNUPG:\] ENC_TO ([0-9A-F]+)", said, re.MULTILINE)
    _, _, looked = said.partition("[GNUPG:] ENC_TO ")
    for line in looked.splitlines():
        if line.startswith("[GNUPG:] BEGIN_DECRYPTION"):
            break
        if line.startswith("gpg: ") and not any(key in line for key in keys):  # what it was encrypted with
            return _unused(line)
    return NoKey("the private key that the archive is encrypted for is not here", NO_KEY)


def _refused(error: int, reason: str) -> NoKey | None:
    """Why a key that is here did not do it; nothing where it was tried, and does not fit what came."""
    source, code = error >> 24 & 0x7F, error & 0xFFFF
    if source == PINENTRY or code in PASSPHRASE:
        return NoKey("gpg did not get the passphrase of the private key", NO_PASSPHRASE)
    if source in BESIDE or code in UNANSWERED or code & 0x8000:  # the last is an error of the system
        return _unused(reason)
    return None


def _unused(reason: str) -> NoKey:
    return NoKey(f"gpg could not use the private key: {reason.removeprefix('gpg: ')}", NO_AGENT)

"""What files such as ~/.ssh/known_hosts say of a host, read as OpenSSH reads them (pure)."""

import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase

MARKERS = {"@cert-authority": "authority", "@revoked": "revoked"}


@dataclass(frozen=True, slots=True)
class KnownHost:
    """A line: which hosts it is about, the key as `type base64`, and what that key is to them."""

    names: str
    key: str
    role: str = "own"

    def is_about(self, name: str) -> bool:
        """Whether its patterns, or the hash of one name, fit this name."""
        if self.names.startswith("|1|"):
            return _is_hash_of(self.names, name)
        patterns = self.names.lower().split(",")
        refused = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
        return _fits(patterns, name.lower()) and not _fits(refused, name.lower())


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """The lines that could be read, and the names in those that could not."""

    lines: tuple[KnownHost, ...] = ()
    damaged: tuple[KnownHost, ...] = ()

    def keys(self, names: Iterable[str], role: str = "own") -> tuple[str, ...]:
        """The keys under the first of the names that has one."""
        for name in names:
            if found := tuple(each.key for each in self.lines if each.role == role and each.is_about(name)):
                return found
        return ()

    def revokes(self, names: Iterable[str], key: str) -> bool:
        """Whether the key counts no more, under any of the names."""
        revoked = [each for each in self.lines if each.role == "revoked" and each.key == key]
        return any(each.is_about(name) for each in revoked for name in names)

    def spoilt(self, names: Iterable[str]) -> bool:
        """Whether a line about one of the names could not be read."""
        return any(each.is_about(name) for each in self.damaged for name in names)


def read_known_hosts(text: str) -> KnownHosts:
    """Read lines as OpenSSH writes them; one that is damaged harms no other."""
    good: list[KnownHost] = []
    damaged: list[KnownHost] = []
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        role = MARKERS.get(words[0], "own")
        names, kind, encoded = [*words[words[0].startswith("@") :], "", "", ""][:3]
        unknown = words[0].startswith("@") and words[0] not in MARKERS
        whole = not unknown and kind_of(encoded) == kind != ""
        (good if whole else damaged).append(KnownHost(names, f"{kind} {encoded}", role))
    return KnownHosts(tuple(good), tuple(damaged))


def kind_of(encoded: str) -> str:
    """The type that a public key, as base64, says to be of; empty when it is none."""
    try:
        blob = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return ""
    length = int.from_bytes(blob[:4])
    return blob[4 : 4 + length].decode("ascii", "replace") if len(blob) > 4 + length else ""


def _fits(patterns: Iterable[str], name: str) -> bool:
    return any(each == name or (("*" in each or "?" in each) and _matches(each, name)) for each in patterns)


def _matches(pattern: str, name: str) -> bool:
    # fnmatch knows sets in brackets, which are part of a name here: [host]:port
    return fnmatchcase(name, pattern.replace("[", "[[]"))


def _is_hash_of(hashed: str, name: str) -> bool:
    try:
        salt, digest = (base64.b64decode(part, validate=True) for part in hashed.split("|")[2:4])
    except (binascii.Error, ValueError):
        return False
    return hmac.compare_digest(hmac.digest(salt, name.lower().encode(), "sha1"), digest)

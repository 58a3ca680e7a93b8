"""Restricted keys as a table, and as JSON."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from deployer.report import harmless, out, say
from deployer.report.table import show_table
from deployer.suggested import with_file

if TYPE_CHECKING:
    from deployer.config.keys import RestrictedKey

COMMIT = re.compile(r"\b([0-9a-f]{7})[0-9a-f]{33}\b")


class Seen(Protocol):
    """What a server says of its keys: `type base64 name` of each, the last uses, and what was refused."""

    @property
    def known(self) -> frozenset[str] | None: ...
    @property
    def uses(self) -> Mapping[str, Mapping[str, str]]: ...
    @property
    def refusals(self) -> Sequence[Mapping[str, str]]: ...


def show_keys(keys: "Mapping[str, RestrictedKey]", seen: Seen) -> None:
    """Print one row for each key, then what is not as sites.yaml says, and the last refusal."""
    if keys:
        rows = []
        for name, key in keys.items():
            use = seen.uses.get(name, {})
            refused = sum(each["key"] == name for each in seen.refusals)
            done = f"{asked(use)} ({use['result']})" if use else "–"
            rows.append((name, may(key), fingerprint(key.public), moment(use), str(refused or "–"), done))
        show_table(("key", "may", "fingerprint", "last used", "refused", "last command"), rows)
    else:
        out.print(with_file("There are no restricted keys: deploy key add NAME --push SITE makes one."))
    for name in missing(keys, seen):
        say(f"! the server does not have the key {name} yet: deploy apply", style="yellow")
    for name in left_over(keys, seen):
        say(
            f"! the server still lets a key {name} in that is not in sites.yaml: deploy apply", style="yellow"
        )
    if seen.refusals:
        last = seen.refusals[-1]
        what = (
            f"{len(seen.refusals)} refused in the log; the last: {last['key']} from {last.get('from') or '?'}"
        )
        say(harmless(f"{what} at {moment(last)}: {asked(last)}"))


def as_json(keys: "Mapping[str, RestrictedKey]", seen: Seen) -> str:
    """The keys as one JSON document."""
    absent = missing(keys, seen)
    rows = [
        {
            "name": name,
            **key.lists,
            "pull_backups": key.pull_backups,
            "public": key.public,
            "fingerprint": fingerprint(key.public),
            "on_server": None if seen.known is None else name not in absent,
            "last_use": seen.uses.get(name),
            "refused": sum(each["key"] == name for each in seen.refusals),
        }
        for name, key in keys.items()
    ]
    last = seen.refusals[-1] if seen.refusals else None
    document = {"keys": rows, "left_over": left_over(keys, seen), "last_refusal": last}
    return json.dumps(document, indent=2)


def missing(keys: "Mapping[str, RestrictedKey]", seen: Seen) -> list[str]:
    """The names of keys that the server does not have yet."""
    if seen.known is None:
        return []
    return [name for name, key in keys.items() if f"{key.public} {name}" not in seen.known]


def left_over(keys: "Mapping[str, RestrictedKey]", seen: Seen) -> list[str]:
    """The names of keys that the server lets in, and sites.yaml does not have."""
    ours = {f"{key.public} {name}" for name, key in keys.items()}
    return sorted(line.split()[-1] for line in (seen.known or frozenset()) - ours)


def asked(use: Mapping[str, str]) -> str:
    """What was asked for, on one short line; what is cut ends with `…`."""
    text = COMMIT.sub(r"\1…", use.get("command", "")) or "no command"
    if text.startswith("rsync --server --sender ") and use.get("result") == "accepted":
        text = "fetched backups"
    return harmless(text if len(text) <= 60 else f"{text[:59]}…")


def moment(use: Mapping[str, str]) -> str:
    """When that was, in UTC."""
    return use.get("time", "–").replace("T", " ").removesuffix("Z")


def may(key: "RestrictedKey") -> str:
    """What a key may do, in words."""
    return (
        "fetch backups"
        if key.pull_backups
        else ", ".join(f"{what} {', '.join(each)}" for what, each in key.lists.items() if each)
    )


def fingerprint(public: str) -> str:
    """The fingerprint of a public key, as OpenSSH writes it."""
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

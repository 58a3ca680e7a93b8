"""Restricted keys as a table, and as JSON."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from deployer.report import harmless, out

if TYPE_CHECKING:
    from deployer.config.keys import Key

Uses = Mapping[str, Mapping[str, str]]


def show_keys(keys: "Mapping[str, Key]", uses: Uses) -> None:
    """Print one row for each key."""
    if not keys:
        out.print("There are no restricted keys: deploy key add NAME --push SITE makes one.")
        return
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in ("key", "may", "fingerprint", "last used", "for"):
        table.add_column(column, no_wrap=True)
    for name, key in keys.items():
        use = uses.get(name, {})
        when = use.get("time", "–").replace("T", " ").removesuffix("Z")
        done = f"{use['command'][:60]} ({use['result']})" if use else "–"
        table.add_row(name, may(key), fingerprint(key.public), when, harmless(done))
    out.print(table)


def as_json(keys: "Mapping[str, Key]", uses: Uses) -> str:
    """The keys as one JSON document."""
    rows = [
        {
            "name": name,
            "push": key.push,
            "pull_backups": key.pull_backups,
            "public": key.public,
            "fingerprint": fingerprint(key.public),
            "last_use": uses.get(name),
        }
        for name, key in keys.items()
    ]
    return json.dumps({"keys": rows}, indent=2)


def may(key: "Key") -> str:
    """What a key may do, in words."""
    return "fetch backups" if key.pull_backups else f"push {', '.join(key.push)}"


def fingerprint(public: str) -> str:
    """The fingerprint of a public key, as OpenSSH writes it."""
    digest = hashlib.sha256(base64.b64decode(public.split()[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")

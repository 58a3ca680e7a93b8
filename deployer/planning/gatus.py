"""The file of a Gatus, and what changes of it; pure."""

import json
import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from deployer.files import File
from deployer.planning.monitors import (
    MonitorChange,
    digest_of,
    mark,
    monitors,
    read_mark,
    server_of,
    silence,
)
from deployer.planning.plan import Change, Surprise
from deployer.templates import render

if TYPE_CHECKING:
    from deployer.config.model import Config
    from deployer.config.monitoring import Monitoring

KEY = "gatus"
SPECIAL = re.compile(r"[*?\[\]\\]")
OTHERWISE = re.compile(r"[/_., #+&]")
SYNTAX = re.compile(r"[=!<>&|]")


def gatus_text(config: "Config", monitoring: "Monitoring") -> str:
    """The file, with a line that says whose it is, and a digest of all others."""
    gatus, wanted = monitoring.gatus, [*monitors(config)]
    assert gatus
    server = server_of(config)
    body = render(
        "monitors/gatus.yaml",
        server=server,
        every=monitoring.every,
        slow=monitoring.slow,
        ntfy=gatus.ntfy,
        token=gatus.token,
        silence=silence(config),
        pages=[each for each in wanted if each.url],
        heartbeats=[each for each in wanted if not each.url and gatus.token],
        called=names_of(each.key for each in wanted),
        quoted=quoted,
        from_environment=from_environment,
        on_page=on_page,
    )
    return f"# {mark(KEY, server, digest_of(body))}\n{body}"


def gatus_change(config: "Config", monitoring: "Monitoring", there: File | None) -> MonitorChange | None:
    """What changes of the file, of which `there` is what it is; None: nothing."""
    gatus = monitoring.gatus
    assert gatus
    after = File(gatus_text(config, monitoring).encode())
    if there and there.content == after.content:
        return None
    surprise = (
        _surprise(there.content.decode(errors="replace"), server_of(config)) if there else Surprise.NONE
    )
    return MonitorChange(KEY, Change(f"{KEY}:{gatus.file}", there, after, None, surprise))


def _surprise(there: str, server: str) -> Surprise:
    first, _, body = there.partition("\n")
    key, digest = read_mark(first.removeprefix("# "), server)
    if not key:
        return Surprise.TAKEN_OVER
    return Surprise.NONE if digest == digest_of(body) else Surprise.EDITED


def names_of(keys: Iterable[str]) -> dict[str, str]:
    """What each is called there, by its key, GROUP/NAME: those that Gatus takes for one have a number."""
    called: dict[str, str] = {}
    taken: set[str] = set()
    for key in sorted({*keys}):
        group, _, name = key.partition("/")
        told, number = name, 1
        while f"{group}/{_without_marks(told)}" in taken:
            number += 1
            told = f"{name} {number}"
        taken.add(f"{group}/{_without_marks(told)}")
        called[key] = told
    return called


def keys_of(keys: Iterable[str], server: str) -> dict[str, str]:
    """What Gatus has heartbeats by, by the key of what each is about."""
    named = names_of(keys)
    return {
        key: "_".join(_without_marks(word) for word in (f"{server} {key.partition('/')[0]}", name))
        for key, name in named.items()
    }


def _without_marks(word: str) -> str:
    return OTHERWISE.sub("-", word.lower())


def quoted(text: str) -> str:
    """A text as one YAML string, in which Gatus puts no variable of its environment."""
    return json.dumps(text, ensure_ascii=False).replace("$", "$$")


def from_environment(written: str) -> str:
    """What stands in Gatus' environment under the name of env:NAME."""
    return '"${' + written.removeprefix("env:") + '}"'


def on_page(words: str) -> str:
    """The condition that these words stand on the page; letters of its own syntax may be any."""
    escaped = SYNTAX.sub("?", SPECIAL.sub(lambda found: f"\\{found[0]}", words))
    return quoted(f"[BODY] == pat(*{escaped}*)")

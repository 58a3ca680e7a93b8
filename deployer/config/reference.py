"""docs/sites.md: the reference of every key, made from the models."""

from typing import Any

from deployer.config.model import Acme, Config, Server
from deployer.config.wording import fields, section
from deployer.kinds import kinds
from deployer.kinds.base import Section, Site
from deployer.kinds.publication import Publication

BEGINNING = """# sites.yaml

Every key, made from the models by `scripts/reference`. [sites.yaml](../sites.yaml) has all of them in one
example. `deploy check` finds every mistake with its line and column, without asking the server; an editor
finds them while you type with `deploy schema`.

A key that is not known here is an error, so a misspelt one cannot be overlooked. Text needs no quotes:
a value is taken as it stands in the file, `1.10` and `no` included. Switches are `true` or `false`,
durations `90s`, `10m`, `2h` or `7d`, sizes `512K`, `200M` or `2G`. Anchors, aliases and `<<` work.
Paths of this machine begin at the folder of sites.yaml.
"""


def reference() -> str:
    """The whole page in Markdown."""
    parts = [
        BEGINNING,
        part("##", "The file", Config),
        part("##", "server", Server),
        part("##", "acme", Acme),
    ]
    parts.append(part("##", "sites", Site, "These keys are known to every kind."))
    for kind, model in kinds().items():
        parent = Publication if issubclass(model, Publication) else Site
        more = "Its other keys are below." if parent is Publication else ""
        parts.append(part("###", f"kind: {kind}", model, more, without=fields(parent)))
    parts.append(part("###", "Keys of hugo and static", Publication, without=fields(Site)))
    for name in fields(Publication):
        if model := section(Publication, (name,)):
            parts.append(part("####", name, model))
    return "\n".join(parts)


def part(level: str, title: str, model: type[Section], more: str = "", without: Any = ("kind",)) -> str:
    """The heading, the docstring and the table of keys of one model."""
    own = {key: field for key, field in fields(model).items() if key not in without and key != "kind"}
    words = " ".join([*(model.__doc__ or "").split(), more]).strip()
    lines = [f"{level} {title}", "", words, ""]
    if own:
        rows = [f"| `{key}` | {default(field)} | {field.description} |" for key, field in own.items()]
        lines += ["| Key | Default | Meaning |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def default(field: Any) -> str:
    """The default as it would be written in sites.yaml."""
    if field.is_required():
        return "**required**"
    value = field.default
    if isinstance(value, Section) or value in (None, "", (), {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"

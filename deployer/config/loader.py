"""sites.yaml → Config, or every problem that it has, each with its line and column."""

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from deployer.config import checks, wording
from deployer.config.model import Config
from deployer.config.narrowed import model_of
from deployer.config.rehearsed import is_of_a_rehearsal, without_real_names
from deployer.config.wording import Finding
from deployer.documents import syntax, text
from deployer.documents.nodes import Node
from deployer.errors import ConfigError, Problem


def load(path: Path, content: str | None = None) -> Config:
    """The configuration in this file; raises UsageError (no file) or ConfigError (all problems at once).

    `content` is its text, where it was read before: what comes out of a pipe does so once.
    """
    root, problems = syntax.parse(text.read(path) if content is None else content, str(path))
    config, findings = validate(root.plain(), path.absolute().parent)
    problems += [located(finding, root, str(path)) for finding in findings]
    problems += [
        problem for one in (config.compositions.values() if config else ()) for problem in one.problems()
    ]
    if problems or config is None:
        raise ConfigError(list(dict.fromkeys(problems)))
    if is_of_a_rehearsal(config):
        return without_real_names(config)
    return config


def validate(document: dict[str, Any], folder: Path) -> tuple[Config | None, list[Finding]]:
    """The configuration and what is wrong with it; what has no mistakes is checked as a whole."""
    findings: list[Finding] = []
    config: Config | None
    try:
        config = model_of(document).model_validate(document, context={"folder": folder})
    except ValidationError as error:
        mistakes = error.errors(include_url=False)
        findings = wording.findings(mistakes, Config)
        config = remainder(document, [mistake["loc"] for mistake in mistakes], folder)
    unread = {str(finding.path[0]) for finding in findings if finding.path}
    return config, findings + (checks.check(config, unread) if config else [])


def remainder(document: dict[str, Any], wrong: list[Any], folder: Path) -> Config | None:
    """The configuration without what has mistakes; of a site, what others meet of it stays."""
    from deployer.config.remains import stand_ins

    named = ("sites", "services")
    dropped = {location[:2] if location[0] in named else location[:1] for location in wrong}
    kept = {key: value for key, value in document.items() if (key,) not in dropped and key not in named}
    for section in named:
        if isinstance(entries := document.get(section), dict):
            kept[section] = {key: entry for key, entry in entries.items() if (section, key) not in dropped}
    met = stand_ins(document["sites"], kept["sites"]) if "sites" in kept else {}
    for sites in (met, {}):
        try:
            return Config.model_validate(
                kept | {"sites": {**kept.get("sites", {}), **sites}}, context={"folder": folder}
            )
        except ValidationError:
            continue
    return None


def located(finding: Finding, root: Node, file: str) -> Problem:
    """The finding with its place in the file: its own, or that of the nearest section around it."""
    key = node = root
    at_key = finding.at_key
    for step in finding.path:
        if isinstance(node.value, dict) and step in node.value:
            key, node = node.value[step]
        elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
            key = node = node.value[step]
        else:
            at_key = True
            break
    place = key if at_key else node
    prefix = f"{finding.where}: " if finding.where else ""
    return Problem(file, place.line, place.column, printable(prefix + finding.message))


def printable(message: str) -> str:
    """The message on one line, without what would change a terminal."""
    return "".join(letter if letter.isprintable() else "�" for letter in message)

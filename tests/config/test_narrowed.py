"""A model with those kinds alone that a file names says what the one with all of them says."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deployer.config.model import Config
from deployer.config.narrowed import model_of
from deployer.documents import syntax
from deployer.kinds import kinds, service_kinds

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "tests/golden").glob("*/sites.yaml")), ROOT / "sites.yaml"]
ODD: list[dict[str, Any]] = [
    {"sites": {"a.example.org": {"kind": "nosuch"}}},
    {"sites": {"a.example.org": {"kind": ["static"]}, "b.example.org": {"kind": "proxy"}}},
    {"sites": {"a.example.org": {}, "b.example.org": None, "c.example.org": "static"}},
    {"sites": {"a.example.org": {"kind": "watchtower"}}, "services": {"static": None}},
    {"sites": [], "services": "wireguard"},
    {"services": {"wireguard": None, "x": {"kind": "compose"}, "y": {"kind": {}}}},
    *({"sites": {"a.example.org": {"kind": kind, "surplus": 1}}} for kind in kinds()),
    *({"services": {"a": {"kind": kind, "surplus": 1}}} for kind in service_kinds()),
]


def said(model: type[Config], document: dict[str, Any]) -> Any:
    """What a model makes of a document, or all that it finds wrong."""
    try:
        return model.model_validate(document, context={"folder": ROOT}).model_dump()
    except ValidationError as error:
        return [(each["type"], each["loc"], each["input"]) for each in error.errors(include_url=False)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)
def test_a_whole_file(file: Path) -> None:
    document = syntax.parse(file.read_text(), str(file))[0].plain()
    assert said(model_of(document), document) == said(Config, document)


@pytest.mark.parametrize("document", ODD, ids=str)
def test_what_is_wrong(document: dict[str, Any]) -> None:
    assert said(model_of(document), document) == said(Config, document)


def test_no_other_kind_is_built() -> None:
    model = model_of(
        {"sites": {"a.example.org": {"kind": "static", "repository": "https://git.example.org/a"}}}
    )
    assert "wordpress" not in str(model.model_fields["sites"].annotation).lower()

"""Whatever is in the file, load gives a Config or says what is wrong, and where."""

import tempfile
from pathlib import Path
from typing import Any

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.config.wording import fields
from deployer.errors import ConfigError
from deployer.kinds import kinds

EXAMPLE = Path(__file__).parents[2].joinpath("sites.yaml").read_text()
KEYS = sorted({*fields(Config), "host", "ca", *(key for kind in kinds().values() for key in fields(kind))})
DOMAINS = ["a.example.org", "b.example.org", "*.example.org", "localhost", "A.example.org"]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.dates(),
    st.text(max_size=8),
    st.sampled_from([*kinds(), *DOMAINS, "./a", "~", "7d", "2G", "git@h:p", "https://a.example.org", "off"]),
)
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*KEYS, *DOMAINS]) | st.text(max_size=6), inner, max_size=6)
    ),
    max_leaves=40,
)
SITES = st.builds(
    lambda kind, more: {**more, "kind": kind},
    st.sampled_from(list(kinds())),
    st.dictionaries(st.sampled_from(KEYS), SCALARS | DOCUMENTS, max_size=8),
)


def outcome(content: bytes) -> Config | None:
    """The Config, or None when load explained itself; anything else fails the test."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sites.yaml")
        path.write_bytes(content)
        try:
            return load(path)
        except ConfigError as error:
            problems = error.problems
    assert problems
    assert problems == sorted(problems)
    for problem in problems:
        assert problem.file == str(path)
        assert 1 <= problem.line <= content.count(b"\n") + content.count(b"\r") + 2
        assert problem.column >= 1
        assert problem.message.isprintable()
    return None


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf")
@example(b"%YAML 3.0\n---\na: b")
@example(b"a: " + b"[" * 50_000)
@example(b"- " * 50_000)
@example(b"? " * 50_000)
@example(b"&a " * 50_000)
@example(b"!!map " * 50_000)
def test_any_bytes(content: bytes) -> None:
    outcome(content)


@given(st.text(alphabet=" \n\t:-[]{}&*!|>'\"%@`#?,~<a1é\x85\u2028", max_size=60))
@settings(max_examples=250)
def test_any_text_of_the_characters_of_yaml(text: str) -> None:
    outcome(text.encode())


@given(DOCUMENTS)
def test_any_structure(document: Any) -> None:
    outcome(yaml.safe_dump(document, allow_unicode=True).encode())


@given(st.dictionaries(st.sampled_from(DOMAINS), SITES, max_size=4))
@settings(max_examples=100)
def test_any_sites(sites: dict[str, Any]) -> None:
    config = outcome(yaml.safe_dump({"sites": sites}).encode())
    assert config is None or list(config.sites) == sorted(sites)


@given(st.data())
@settings(max_examples=100)
def test_the_example_with_something_cut_or_put_in(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(EXAMPLE)))
    length = data.draw(st.integers(0, 40))
    new = data.draw(st.text(alphabet=" \n\t:-[]{}&*!|>'\"#ax9é\0\x1b;$", max_size=5))
    outcome((EXAMPLE[:start] + new + EXAMPLE[start + length :]).encode())

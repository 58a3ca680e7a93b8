"""Redirects and headers by path: what is accepted, what it becomes, and what is refused with a reason."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from deployer.kinds.by_path import leads_to, with_its_file
from deployer.kinds.proxy import Proxy
from deployer.values.paths import destination, header_name, header_value, matching, pattern

SAFE = re.compile(r"[A-Za-z0-9._~!&()*+,=:@/?#%|\[\]^$<>{}\\ -]*")


def site(**more: object) -> Proxy:
    return Proxy(kind="proxy", port=80, **more)


@pytest.mark.parametrize(
    ("source", "target", "code_and_target"),
    [
        ("/old", "/new", "301 /new"),
        ("/café", "/naïve 302", "302 /na%C3%AFve"),
        ("/blog/*", "https://blog.example.org:8080/:splat 308", "308 https://blog.example.org:8080/:splat"),
        ("/a/:id", "/b?id=:id#:id", "301 /b?id=:id#:id"),
        ("/gone", "410", "410"),
    ],
)
def test_what_is_accepted(source: str, target: str, code_and_target: str) -> None:
    assert list(site(redirects={source: target}).redirects.values()) == [code_and_target]


@pytest.mark.parametrize(
    ("source", "target", "why"),
    [
        ("old", "/new", "is not a path such as"),
        ("/a//b", "/new", "is not a path such as"),
        ("/../a", "/new", "is not a path such as"),
        ("/a*", "/new", "behind the last slash"),
        ("/*/a", "/new", "behind the last slash"),
        ("/:a/:a", "/new", "names such as :id, each once"),
        ("/:splat", "/new", "none is :splat"),
        ("/a", "/b 200", "is no code of a redirect"),
        ("/a", "/b to there", "is no code of a redirect"),
        ("/a", "//evil.example", "does not say where to"),
        ("/a", "javascript:alert", "does not say where to"),
        ("/a", "https://user@example.org", "does not say where to"),
        ("/a", "/b/:id", "there is no :id in it"),
        ("/a", "/b/:splat", "there is no :splat in it"),
        ("/a", "/a/", "leads round in a circle"),
        ("/*", "/under/:splat", "leads round in a circle"),
    ],
)
def test_what_is_refused(source: str, target: str, why: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(why)):
        site(redirects={source: target})


def test_two_that_lead_to_each_other_are_refused() -> None:
    with pytest.raises(ValidationError, match="/a leads round in a circle"):
        site(redirects={"/a": "/b", "/b/": "/a"})
    assert site(redirects={"/a": "/b", "/b": "https://example.org/a"}).redirects


@given(st.text(max_size=40))
def test_no_path_carries_syntax(text: str) -> None:
    for made in (lambda: matching(pattern(f"/{text}")), lambda: leads_to(destination(text))):
        try:
            written = made()
        except ValueError:
            continue
        assert SAFE.fullmatch(written), written
        assert written.isascii()


@pytest.mark.parametrize(
    "name", ["Content-Type", "SET-COOKIE", "Strict-Transport-Security", "X Y", "a:b", "é", ""]
)
def test_headers_that_are_not_for_sites(name: str) -> None:
    with pytest.raises(ValueError, match=r"header|hsts:|NGINX sends its own"):
        header_name(name)


@pytest.mark.parametrize("value", ["$host", "a\nb", "é", " ", "x" * 2001])
def test_values_that_no_header_has(value: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        header_value(value)


@pytest.mark.parametrize(
    "origin", ["https://a.example.org/", "a.example.org", "https://*.example.org", "null"]
)
def test_who_may_read_is_an_origin(origin: str) -> None:
    with pytest.raises(ValidationError, match="is not an origin"):
        site(cors=[origin])


def test_browsers_are_told_how_long_they_insist() -> None:
    assert site(hsts="2h").insists == "max-age=7200"
    assert site(hsts="preload").insists == "max-age=63072000; includeSubDomains; preload"


@pytest.mark.parametrize(
    ("path", "files", "others"),
    [
        ("/", ["/", "/index.html", "/index.html.br"], ["/x", "/x/index.html"]),
        ("/x", ["/x", "/x/", "/x.html", "/x/index.html", "/x.html.gz", "/x.webp"], ["/xy", "/x/y", "/"]),
        ("/x.html", ["/x", "/x.html", "/x.html.gz"], ["/xhtml", "/y.html"]),
        ("/x/*", ["/x", "/x.html", "/x/y", "/x/y.html.gz"], ["/xy", "/y/x"]),
        ("/x/:id", ["/x/1", "/x/1.html", "/x/1/index.html"], ["/x", "/x/1/y"]),
    ],
)
def test_who_is_asked_for_a_path_is_asked_for_its_file(
    path: str, files: list[str], others: list[str]
) -> None:
    asked = re.compile(with_its_file(path))
    assert all(asked.search(each) for each in files)
    assert not any(asked.search(each) for each in others)

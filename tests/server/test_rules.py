"""`_redirects` and `_headers` of strangers: what becomes of them is a few forms, whatever stands there."""

import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import deployer

RULES = Path(deployer.__file__).parent / "server/installed/lib/publication/rules.awk"
PART = r"\$\{deploy_part_[a-z0-9_]+\}"
PATH = r"(?:[]\[ |A-Za-z0-9._~!&()+,=:@%/*?<>^$'-]|\\[.+()x])*"
VALUE = rf"(?:[\] !#%-\[^-~]|\\\"|{PART}|\$is_args\$args)*"
FORMS = re.compile(
    rf"maps\t(?:map \$deploy_asked \$deploy_(?:forced|rules|sent_[0-9]+)_x \{{|    default \"\";|\}}"
    r"|map \"\$deploy_spoken \$deploy_asked\" \$deploy_(?:forced|rules)_spoken_x \{"
    r"|    default \$deploy_(?:forced|rules)_x;"
    rf'|    "{PATH}" "{VALUE}";)'
    r"|(?:server|missing|headers)\t(?:set \$deploy_leads \$deploy_(?:forced|rules)_(?:spoken_)?x;"
    r"|include /etc/nginx/deploy/leading\.conf;|error_page 404 \$deploy_lost;"
    r"|add_header Vary Accept-Language always;"
    r"|add_header [A-Za-z][A-Za-z0-9-]* \$deploy_sent_[0-9]+_x always;)"
    r"|(?:told|refused)\t_(?:redirects|headers)[ -~]*"
)
WORDS = [
    "/a",
    "/a/*",
    "/:id",
    "/*",
    ":splat",
    "https://x.test",
    "301!",
    "200",
    "404",
    "#",
    "Language=de",
    "Role=a",
]
WORDS += [
    "\n",
    "\n  ",
    "X-A: ",
    "! X-A",
    "$host",
    '"',
    "\\",
    ";",
    "{",
    "}",
    "\t",
    "\r\n",
    "\ufeff",
    "é",
    "%2F",
    "..",
    "?a=b",
]
LINES = st.lists(st.sampled_from(WORDS) | st.text(max_size=6), max_size=30).map(" ".join)


def read(redirects: str = "", headers: str = "", files: str = "") -> list[str]:
    """What becomes of them."""
    argv = ["awk", "-f", RULES, "name=x", "domain=x.test", "pretty=", "taken_names=", "kind=files", "-"]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
    with TemporaryDirectory() as folder:
        for kind, text in {"redirects": redirects, "headers": headers}.items():
            if text:
                Path(folder, kind).write_bytes(text.encode())
                argv += [f"kind={kind}", f"{folder}/{kind}"]
        done = subprocess.run(
            ["prlimit", "--cpu=20", *argv],
            input=files.encode(),
            env=environment,
            capture_output=True,
            check=True,
        )
    assert not done.stderr, done.stderr
    return done.stdout.decode("latin-1").splitlines()


def rows(lines: list[str]) -> list[str]:
    """The lines of maps with a path."""
    return [line.removeprefix("maps\t    ") for line in lines if line.startswith('maps\t    "')]


@settings(deadline=None, max_examples=150)
@given(LINES, LINES)
def test_whatever_stands_there_a_few_forms_come_of_it(redirects: str, headers: str) -> None:
    texts = (text.replace("\0", "").encode("utf-8", "replace").decode() for text in (redirects, headers))
    for line in read(*texts):
        assert FORMS.fullmatch(line), line


def test_what_is_exact_counts_no_more_below_a_pattern() -> None:
    found = rows(read("/a/x /first\n/a/* /all/:splat\n/a/y /never\n/b /b2\n"))
    splat = '"~^/a(?:/(?![/\\x5c])(?<deploy_part_splat>.*))?$"'
    assert [row.split()[0] for row in found] == ['"/a/x"', '"/a/x/"', splat, '"/b"', '"/b/"']


def test_the_first_of_two_counts_and_letter_case_makes_no_third() -> None:
    assert len(rows(read("/a /x\n/A /y\n/a/ /z\n"))) == 2, "NGINX refuses a path that is there twice"


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ("/a /b\n/b /a\n", ["1: leads round in a circle", "2: leads round in a circle"]),
        ("/a /a/\n", ["1: leads round in a circle"]),
        ("/a/* /a/b 301!\n", ["1: leads round in a circle"]),
        ("/a /b\n/b /c\n/c /b\n", [f"{line}: leads round in a circle" for line in (1, 2, 3)][1:]),
        ("/:a/:a /b\n", ["1: ':a' is no name of a part of a path"]),
        ("/:splat /b\n", ["1: ':splat' is no name of a part of a path"]),
        ("/a //evil.example\n", ["1: '//evil.example' is no address"]),
        ("/a /\\evil.example\n", ["1: '/\\evil.example' is no address"]),
        ("/a javascript:alert(1)\n", ["1: 'javascript:alert(1)' is no address"]),
        ("/a/* 200\n", ["1: has no address to lead to"]),
        ("/a /../b 200\n", ["1: '/../b' leads out of the site"]),
        ("/a /b/.. 200!\n", ["1: '/b/..' leads out of the site"]),
        ("/a /./b?c 404\n", ["1: '/./b?c' leads out of the site"]),
        ("/a*b* /c\n", ["1: there is more than one * in '/a*b*'"]),
    ],
)
def test_what_is_left_out_is_told_with_its_line(rules: str, why: list[str]) -> None:
    told = [line.removeprefix("told\t_redirects, line ") for line in read(rules) if line.startswith("told")]
    assert [each for each in told if each in why] == why


def test_what_leads_into_a_circle_of_others_stays() -> None:
    """hook0/hook0, documentation/static/_redirects: addresses of before, and each new one led to itself."""
    lines = read("/docs/security /explanation/security\n/explanation/security/ /explanation/security\n")
    assert [row.split()[0] for row in rows(lines)] == ['"/docs/security"', '"/docs/security/"']


def test_a_star_stands_anywhere_in_a_path_and_what_is_below_it_comes_later() -> None:
    """babel/website, _redirects; vuejs/docs, src/public/_redirects."""
    found = rows(read("/docs/preset-* /docs/babel-:splat\n/*.txt /:splat.md\n/docs/preset-env /never\n"))
    splat = r"(?![/\x5c])(?<deploy_part_splat>.*)"
    assert [row.split()[0] for row in found] == [
        f'"~^/docs/preset-{splat}$"',
        f'"~^/{splat}\\.txt/?$"',
        '"~^/docs/preset-env/?$"',
    ]


def test_a_path_of_headers_may_be_further_in_than_they_are() -> None:
    """netlify/build, packages/headers-parser/tests/fixtures/headers_file/trim_line_path."""
    assert rows(read(headers="  /a\nX-A: b\n")) == ['"~^/a/?$" "b";']


def test_a_page_that_is_there_leads_round_in_no_circle() -> None:
    assert not [line for line in read("/a /b\n/b /a\n", files="a/index.html\n") if line.startswith("told")]


def test_many_headers_of_one_path_that_cost_much_are_refused() -> None:
    assert any("more than one *" in line for line in read(headers="/*a*a*a*a*a*b\n  X-A: b\n"))
    assert any(line.startswith("refused") for line in read(headers="/*\n  basic-auth: me:secret\n"))

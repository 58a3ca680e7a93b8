"""`_redirects` and `_headers` of strangers: what becomes of them is a few forms, whatever stands there."""

import re
import shutil
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


def forms(asked: str, leads: str, more: str) -> re.Pattern[str]:
    """What a line can be."""
    return re.compile(
        rf"maps\t(?:map {asked} \$deploy_(?:forced|rules|varies|sent_[0-9]+)_x \{{|    default \"\";|\}}"
        rf"|map \"\$deploy_spoken {asked}\" \$deploy_(?:forced|rules)_spoken_x \{{"
        r"|    default \$deploy_(?:forced|rules)_x;"
        rf'|    "{PATH}" "{VALUE}";)'
        rf"|(?:server|missing)\tset \$deploy_leads {leads}\$deploy_(?:forced|rules)_(?:spoken_)?x;"
        r"|headers\tadd_header [A-Za-z][A-Za-z0-9-]* \$deploy_(?:varies|sent_[0-9]+)_x always;"
        rf"|(?:told|refused)\t_(?:redirects|headers)[ -~]*|{more}"
    )


OF_LIVE = forms(
    r"\$deploy_asked",
    "",
    r"(?:server|missing)\tinclude /etc/nginx/deploy/leading\.conf;|missing\terror_page 404 \$deploy_lost;",
)
OF_PREVIEW = forms(
    r"\$deploy_asked_x",
    r"\$deploy_leads",
    r'maps\tmap \$deploy_preview_y \$deploy_asked_x \{|maps\t    "~\^menu\$" \$deploy_asked;',
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


def read(redirects: str = "", headers: str = "", files: str = "", preview: str = "") -> list[str]:
    """What becomes of them."""
    given = ["name=x", "domain=x.test", "pretty=", "taken_names=", f"preview={preview}", "site=y"]
    argv = ["awk", "-f", RULES, *given, "kind=files", "-"]
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
    texts = tuple(texts)
    for preview, known in {"": OF_LIVE, "menu": OF_PREVIEW}.items():
        for line in read(*texts, preview=preview):
            assert known.fullmatch(line), line


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


EVERY = """/old /new
/forced /x 301!
/in/:a/* /b?a=:a#:splat 302
/app/* /app.html 200
/lost /lost.html 404
/gone 410
/hello /hallo 302! Language=de,at
"""
CHECK = """
set -euo pipefail
source {lib}/common/site
source {lib}/publication/preview
source {lib}/publication/rules
unprivileged() {{ "${{@:2}}"; }}
INSTALLED={installed} STEP=rules PHP_USER= PRETTY=0 HEADERS=
WORK=$PWD/work PLACE=$PWD RELEASES=$PWD/releases ENTRY_PLACE=$PWD
PREVIEW={preview} ENTRY=a-b.test DOMAIN=${{PREVIEW:+$PREVIEW.}}a-b.test
mkdir work
if [[ -n "{odd}" ]]; then RULES=$(declare -f check_rules); eval "check_it ${{RULES#check_rules}}"
    check_rules() {{ printf '%s\\n' "{odd}" >>"$1/{file}.conf"; check_it "$1"; }}
fi
read_rules now
"""


def checked(folder: Path, preview: str, odd: str = "", file: str = "") -> tuple[int, str]:
    """What the push says of rules of every form, and of a line more that somebody has had awk write."""
    shutil.rmtree(folder / "work", ignore_errors=True)
    release = folder / "releases/now"
    release.mkdir(parents=True, exist_ok=True)
    (release / "_redirects").write_text(EVERY)
    (release / "_headers").write_text('/*\n  X-A: "a"\n/x/\n  ! X-A\n')
    installed = RULES.parent.parent.parent
    script = CHECK.format(lib=installed / "lib", installed=installed, preview=preview, odd=odd, file=file)
    done = subprocess.run(["bash", "-c", script], cwd=folder, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


@pytest.mark.parametrize("preview", ["", "menu", "default", "a--b"])
def test_what_is_read_is_what_is_let_in(tmp_path: Path, preview: str) -> None:
    code, said = checked(tmp_path, preview)
    assert (code, said.splitlines()[0]) == (0, "▸ rules"), said
    written = {path.stem: path.read_text() for path in (tmp_path / "rules/now").iterdir()}
    variable = {"": "a__b_test", "a--b": "a____b___a__b_test"}.get(preview, f"{preview}___a__b_test")
    assert f"$deploy_rules_spoken_{variable};" in written["missing"]
    assert ("leading.conf" in written["server"]) == (not preview)
    assert (f'    "~^{preview}$" $deploy_asked;\n' in written["maps"]) == bool(preview)


@pytest.mark.parametrize("preview", ["", "menu"])
@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("maps", "include /etc/passwd;"),
        ("maps", "map \\$deploy_preview_a__b_test \\$deploy_asked_other___a__b_test {"),
        ("maps", "    other \\$deploy_asked;"),
        ("maps", "map \\$deploy_asked \\$deploy_rules_c_test {"),
        ("server", "set \\$deploy_leads \\$deploy_forced_c_test;"),
        ("server", "return 301 /x;"),
        ("headers", "add_header X-A \\$deploy_sent_1_other___a__b_test always;"),
        ("headers", "add_header X-A b;"),
        ("missing", "alias /;"),
    ],
)
def test_a_line_more_is_let_in_nowhere(tmp_path: Path, preview: str, file: str, line: str) -> None:
    code, said = checked(tmp_path, preview, line, file)
    assert (code, "no line of NGINX's can be made of" in said) == (1, True), said


def test_a_preview_is_left_out_by_search_engines_whatever_it_says() -> None:
    headers = "/*\n  X-Robots-Tag: all\n"
    assert read(headers=headers, preview="menu") == [
        "told\t_headers, line 2: a preview is left out by search engines, whatever it says"
    ]
    assert len(read(headers=headers)) == 5


def test_the_rules_of_all_previews_together_have_an_end(tmp_path: Path) -> None:
    other = tmp_path / "previews/other/rules/live/maps.conf"
    other.parent.mkdir(parents=True)
    other.write_text('    default "";\n' * 99_990)
    code, said = checked(tmp_path, "menu")
    assert (code, "make more than 100000 lines of NGINX's: take one away" in said) == (1, True), said
    other.write_text('    default "";\n' * 90_000)
    assert checked(tmp_path, "menu")[0] == 0


@pytest.mark.parametrize("place", ["rules", "previews/menu/rules"])
def test_rules_of_a_site_that_is_renamed_are_of_its_new_name(tmp_path: Path, place: str) -> None:
    checked(tmp_path, "menu" if "menu" in place else "")
    before = (tmp_path / "rules/now/maps.conf").read_text()
    folder = tmp_path / "new" / place / "now"
    shutil.copytree(tmp_path / "rules/now", folder)
    other = tmp_path / "new/builder/rules/a.conf"
    other.parent.mkdir(parents=True)
    other.write_text("$deploy_rules_a__b_test")
    script = (
        f"set -euo pipefail; . {RULES.parents[4] / 'parts/publication.sh'}; rename_rules a-b.test c.test new"
    )
    subprocess.run(["bash", "-c", script], cwd=tmp_path, check=True)
    assert (folder / "maps.conf").read_text() == before.replace("a__b_test", "c_test")
    assert other.read_text() == "$deploy_rules_a__b_test"

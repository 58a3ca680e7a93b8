"""Whatever a value of sites.yaml is, it stays a value in the files that it reaches."""

import subprocess
from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from deployer.config.model import Config
from deployer.desired import desired_files
from deployer.desired.facts import Certificate, Facts
from nginx.structure import Directive, parse

PLAIN = "abcXYZ019-_./"
SYNTAX = " '\"`$(){}[];|&<>\\#*?!~=%@:,^+\n\t\0\u2028é"
ATTACKS = (
    "$(>canary)",
    "`>canary`",
    "'; >canary; '",
    '"; >canary; "',
    "\n>canary\n",
    "\\",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "; return 200; #",
    "} server { listen 1; ",
    "$request_uri",
    "${IFS}",
    "'",
    '"',
    "#",
)
CHUNKS = st.text(PLAIN, min_size=1, max_size=6) | st.sampled_from(ATTACKS) | st.text(SYNTAX, max_size=2)
HOSTILE = st.lists(CHUNKS, min_size=1, max_size=5).map("".join)

DOMAIN = "site.example.org"
ALIAS = "www.example.org"
SITES: Mapping[str, dict[str, Any]] = {
    "hugo": {
        "kind": "hugo",
        "repository": "https://git.example.org/a.git",
        "branch": "main",
        "hugo": "0.100.0",
        "build": "build.sh",
        "output": "public",
        "environment": {"NAME": "value"},
        "aliases": [ALIAS],
        "before": "true",
        "after": "true",
    },
    "static": {
        "kind": "static",
        "repository": "https://git.example.org/a.git",
        "build": "build.sh",
        "output": "public",
    },
    "proxy": {"kind": "proxy", "port": 9000, "max_upload": "1G", "aliases": [ALIAS]},
    "redirect": {"kind": "redirect", "to": "https://example.org/path", "aliases": [ALIAS]},
}
FIELDS = [(kind, field) for kind, site in SITES.items() for field in site if field != "kind"]


def accepted(site: dict[str, Any], domain: str = DOMAIN) -> bool:
    """Whether the models let it pass; what they refuse reaches no file."""
    try:
        return bool(Config.model_validate({"sites": {domain: site}}))
    except ValidationError:
        return False


def rendered(site: dict[str, Any], domain: str = DOMAIN) -> dict[str, str]:
    """The files of one site, by path."""
    config = Config.model_validate({"sites": {domain: site}})
    names = frozenset({domain, *config.sites[domain].aliases})
    facts = Facts("debian", "13", certificates={domain: Certificate(names, 0, "")})
    desired = desired_files(config, facts)
    return {path: desired.files[path].content.decode() for path in desired.site_of}


def variation(kind: str, field: str, value: str) -> dict[str, Any]:
    values = {"aliases": [value], "environment": {"NAME": value}}
    return {**SITES[kind], field: values.get(field, value)}


def shapes(directives: list[Directive]) -> list[tuple]:
    return [directive.shape for directive in directives]


def nginx_file(files: dict[str, str], domain: str = DOMAIN) -> list[Directive]:
    return parse(files[f"/etc/nginx/conf.d/{domain}.conf"])


@cache
def meant(kind: str, **more: str) -> list[Directive]:
    """The NGINX file of a site that is not hostile."""
    return nginx_file(rendered({**SITES[kind], **more}))


@pytest.mark.parametrize(("kind", "field"), FIELDS)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=HOSTILE)
def test_nginx_sees_the_same_directives(kind: str, field: str, value: str) -> None:
    site = variation(kind, field, value)
    if accepted(site):
        assert shapes(nginx_file(rendered(site))) == shapes(meant(kind))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(domain=HOSTILE.map(lambda text: text + ".example.org"))
def test_a_domain_is_one_word_everywhere(domain: str) -> None:
    if not accepted(SITES["hugo"], domain):
        return
    changed = nginx_file(rendered(SITES["hugo"], domain), domain)
    assert shapes(changed) == shapes(meant("hugo"))
    named = [d.words[1:] for server in changed for d in server.block or () if d.words[0] == "server_name"]
    assert named == [[domain, ALIAS], [ALIAS], [domain]]


PATH = st.lists(st.text("abAB09._~!&()*+,=:@-", max_size=8), max_size=4).map(
    lambda parts: "/" + "/".join(parts)
)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(path=PATH, keep_path=st.booleans())
def test_visitors_are_sent_to_exactly_the_address_that_is_written(path: str, keep_path: bool) -> None:
    to = f"https://example.org{path}"
    servers = nginx_file(rendered({"kind": "redirect", "to": to, "keep_path": keep_path}))
    home = next(d for d in servers[-1].block or () if d.words[0] == "location").block
    assert home is not None
    assert home[0].words == ["return", "301", to.rstrip("/") + "$request_uri" if keep_path else to]


SNIPPETS = st.recursive(
    st.sampled_from(["gzip off;", "set $a '}';", 'set $b "{ # ;";', "# a } comment\n", "return 200 a\\;b;"])
    | st.lists(st.text(PLAIN + "'\"$", min_size=1, max_size=4), min_size=1, max_size=3).map(
        lambda words: " ".join(words) + ";"
    ),
    lambda inner: st.lists(inner, max_size=3).map(lambda lines: "location /x {\n" + "\n".join(lines) + "\n}"),
    max_leaves=6,
)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(snippet=st.lists(SNIPPETS | HOSTILE, min_size=1, max_size=3).map("\n".join))
def test_a_snippet_stays_in_its_server_block(snippet: str) -> None:
    if not accepted({**SITES["hugo"], "nginx": snippet}):
        return
    *others, main = nginx_file(rendered({**SITES["hugo"], "nginx": snippet}))
    *others_before, main_before = meant("hugo", nginx="marker;")
    assert shapes(others) == shapes(others_before)
    at = next(i for i, d in enumerate(main_before.block or ()) if d.words == ["marker"])
    wanted = shapes(main_before.block or [])
    wanted[at : at + 1] = shapes(parse(snippet))
    assert shapes(main.block or []) == wanted


READ_BACK = """
set -euo pipefail
source "$1"
printf '%s\\0' "$DOMAIN" "$REPOSITORY" "$BRANCH" "$BUILD" "$OUTPUT" "$HUGO" "${ENVIRONMENT[@]}"
"""


@pytest.mark.parametrize("field", ["repository", "branch", "build", "output", "hugo", "environment"])
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=HOSTILE)
def test_bash_reads_back_exactly_the_value_and_runs_nothing(
    field: str, value: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site = variation("hugo", field, value)
    if not accepted(site):
        return
    folder = tmp_path_factory.mktemp("bash")
    (folder / "values").write_text(rendered(site)[f"/etc/deploy/sites/{DOMAIN}.conf"])
    said = subprocess.run(
        ["bash", "-c", READ_BACK, "bash", folder / "values"],
        cwd=folder,
        env={},
        capture_output=True,
        text=True,
    )
    kept = Config.model_validate({"sites": {DOMAIN: site}}).sites[DOMAIN]
    repository = "" if kept.is_local else kept.repository
    environment = [f"{name}={content}" for name, content in kept.environment.items()]
    wanted = [DOMAIN, repository, kept.branch, kept.build, kept.output, kept.hugo, *environment]
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.split("\0")[:-1] == wanted
    assert [path.name for path in folder.iterdir()] == ["values"]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(script=HOSTILE)
def test_a_hook_is_in_its_own_file_as_it_is_written(script: str) -> None:
    if not script.strip() or not accepted({**SITES["hugo"], "before": script}):
        return
    files = rendered({**SITES["hugo"], "before": script})
    before = files.pop(f"/etc/deploy/hooks/{DOMAIN}.before")
    assert before.endswith(f"\nset -e -o pipefail\n\n{script.strip()}\n")
    harmless = rendered(SITES["hugo"])
    del harmless[f"/etc/deploy/hooks/{DOMAIN}.before"]
    assert files == harmless


def test_the_reader_of_nginx_text_sees_what_escapes() -> None:
    assert len(parse("server {\n    server_name a; } server { listen 1; # ;\n}\n")) == 2
    assert parse("a \"; }\" '# {' \\; b${c}d;\n# } {\ne { f; }\n") == [
        Directive(["a", "; }", "# {", "\\;", "b${c}d"]),
        Directive(["e"], [Directive(["f"])]),
    ]

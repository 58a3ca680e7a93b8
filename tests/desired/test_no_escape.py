"""Whatever a value of sites.yaml is, it stays a value in the files that it reaches."""

import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from chance import chance
from deployer.config.model import Config
from deployer.seen.facts import Certificate, Facts
from desired.hostile import PLAIN, hostile_values, text
from nginx.structure import Directive, parse

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
    "php": {
        "kind": "php",
        "front": "index.php",
        "writable": ["media"],
        "version": "8.3",
        "settings": {"date.timezone": "Europe/Berlin"},
        "memory": "64M",
        "max_upload": "20M",
    },
    "dokuwiki": {"kind": "dokuwiki", "title": "Wiki", "user": "me", "version": "8.3"},
    "wordpress": {
        "kind": "wordpress",
        "archive": "/root/wordpress.tar.gz",
        "sha256": "0" * 64,
        "cache": "true",
        "cache_time": "1m",
        "memory": "64M",
        "aliases": [ALIAS],
    },
    "phpbb": {
        "kind": "phpbb",
        "archive": "/root/phpbb.zip",
        "sha256": "0" * 64,
        "title": "Forum",
        "email": "me@example.org",
        "user": "alma",
        "version": "8.3",
        "aliases": [ALIAS],
    },
    "redirect": {"kind": "redirect", "to": "https://example.org/path", "aliases": [ALIAS]},
    "status": {"kind": "status", "hidden": ["hidden.example.org"], "aliases": [ALIAS]},
    "gitea": {
        "kind": "gitea",
        "version": "1.26.0",
        "sha256": "0" * 64,
        "email": "me@example.org",
        "binary": "/root/gitea",
        "owner": "me",
        "aliases": [ALIAS],
    },
    "forgejo": {"kind": "forgejo", "version": "15.0.9", "sha256": "0" * 64, "email": "me@example.org"},
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
    return {path: file.content.decode() for path, file in config.sites[domain].files(domain, facts).items()}


def variation(kind: str, field: str, value: str) -> dict[str, Any]:
    values = {"aliases": [value], "environment": {"NAME": value}}
    values |= {"writable": [value], "settings": {"date.timezone": value}}
    return {**SITES[kind], field: values.get(field, value)}


def shapes(directives: list[Directive]) -> list[tuple]:
    return [directive.shape for directive in directives]


def nginx_file(files: dict[str, str], domain: str = DOMAIN) -> list[Directive]:
    return parse(files[f"/etc/nginx/conf.d/{domain}.conf"])


@cache
def meant(kind: str, **more: str) -> list[Directive]:
    """The NGINX file of a site that is not hostile."""
    return nginx_file(rendered({**SITES[kind], **more}))


@pytest.mark.in_turns
@pytest.mark.parametrize(("kind", "field"), FIELDS)
def test_nginx_sees_the_same_directives(kind: str, field: str) -> None:
    for value in hostile_values(70):
        site = variation(kind, field, value)
        if accepted(site):
            assert shapes(nginx_file(rendered(site))) == shapes(meant(kind)), value


def test_a_domain_is_one_word_everywhere() -> None:
    early = nginx_file(rendered(SITES["hugo"], "0.example.org"), "0.example.org")
    for value in hostile_values(200):
        domain = f"{value}.example.org"
        if not accepted(SITES["hugo"], domain):
            continue
        changed = nginx_file(rendered(SITES["hugo"], domain), domain)
        # what NGINX reads before our format of logs has its own
        like = meant("hugo") if f"{domain}.conf" > "00-deploy.conf" else early
        assert shapes(changed) == shapes(like), domain
        named = [d.words[1:] for server in changed for d in server.block or () if d.words[0] == "server_name"]
        assert named == [[domain, ALIAS], [ALIAS], [domain]]


@pytest.mark.parametrize("keep_path", [False, True])
def test_visitors_are_sent_to_exactly_the_address_that_is_written(keep_path: bool) -> None:
    for _ in range(60):
        parts = [text("abAB09._~!&()*+,=:@-", 0, 8) for _ in range(chance.randint(0, 4))]
        to = f"https://example.org/{'/'.join(parts)}"
        servers = nginx_file(rendered({"kind": "redirect", "to": to, "keep_path": keep_path}))
        home = next(d for d in servers[-1].block or () if d.words[0] == "location").block
        assert home is not None
        assert home[0].words == ["return", "301", to.rstrip("/") + "$request_uri" if keep_path else to]


LINES = ("gzip off;", "set $a '}';", 'set $b "{ # ;";', "# a } comment\n", "return 200 a\\;b;")


def snippet(depth: int = 2) -> str:
    """Lines of NGINX, with blocks in blocks."""
    how = chance.randrange(3 if depth else 2)
    if how == 0:
        return chance.choice(LINES)
    if how == 1:
        return " ".join(text(PLAIN + "'\"$", 1, 4) for _ in range(chance.randint(1, 3))) + ";"
    inner = "\n".join(snippet(depth - 1) for _ in range(chance.randint(0, 3)))
    return f"location /x {{\n{inner}\n}}"


def test_a_snippet_stays_in_its_server_block() -> None:
    *others_before, main_before = meant("hugo", nginx="marker;")
    at = next(i for i, d in enumerate(main_before.block or ()) if d.words == ["marker"])
    tried = 0
    for value in hostile_values(600):
        lines = "\n".join(chance.sample([value, snippet(), snippet()], k=chance.randint(1, 3)))
        if not accepted({**SITES["hugo"], "nginx": lines}):
            continue
        tried += 1
        *others, main = nginx_file(rendered({**SITES["hugo"], "nginx": lines}))
        assert shapes(others) == shapes(others_before), lines
        wanted = shapes(main_before.block or [])
        wanted[at : at + 1] = shapes(parse(lines))
        assert shapes(main.block or []) == wanted, lines
    assert tried > 50


def test_a_setting_of_php_stays_one_line_with_one_value() -> None:
    tried = 0
    for value in hostile_values(400):
        site = variation("php", "settings", value)
        if not accepted(site):
            continue
        tried += 1
        pool = rendered(site)[f"/etc/php/8.3/fpm/pool.d/{DOMAIN}.conf"].splitlines()
        assert pool[-1] == f'php_value[date.timezone] = "{value}"'
        assert len(pool) == len(rendered(SITES["php"])[f"/etc/php/8.3/fpm/pool.d/{DOMAIN}.conf"].splitlines())
        assert not {*'"\\'} & set(value), value
    assert tried > 20


READ_BACK = """
set -euo pipefail
for values; do
    (
        source "./$values"
        printf '%s\\0' "$DOMAIN" "$REPOSITORY" "$BRANCH" "$BUILD" "$OUTPUT" "$HUGO" "${ENVIRONMENT[@]}"
    )
done
"""


@pytest.mark.parametrize("field", ["repository", "branch", "build", "output", "hugo", "environment"])
def test_bash_reads_back_exactly_the_value_and_runs_nothing(field: str, tmp_path: Path) -> None:
    wanted: dict[str, list[str]] = {}
    for value in hostile_values(200):
        site = variation("hugo", field, value)
        if not accepted(site):
            continue
        kept = Config.model_validate({"sites": {DOMAIN: site}}).sites[DOMAIN]
        repository = "" if kept.is_local else kept.repository
        environment = [f"{name}={content}" for name, content in kept.environment.items()]
        name = f"values-{len(wanted)}"
        wanted[name] = [DOMAIN, repository, kept.branch, kept.build, kept.output, kept.hugo, *environment]
        (tmp_path / name).write_text(rendered(site)[f"/etc/deploy/sites/{DOMAIN}.conf"])
    said = subprocess.run(
        ["bash", "-c", READ_BACK, "bash", *wanted], cwd=tmp_path, env={}, capture_output=True, text=True
    )
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.split("\0")[:-1] == [word for words in wanted.values() for word in words]
    assert {path.name for path in tmp_path.iterdir()} == wanted.keys()


def test_a_hook_is_in_its_own_file_as_it_is_written() -> None:
    harmless = rendered(SITES["hugo"])
    del harmless[f"/etc/deploy/hooks/{DOMAIN}.before"]
    for script in hostile_values(60):
        if not script.strip() or not accepted({**SITES["hugo"], "before": script}):
            continue
        files = rendered({**SITES["hugo"], "before": script})
        before = files.pop(f"/etc/deploy/hooks/{DOMAIN}.before")
        assert before.endswith(f"\nset -e -o pipefail\n\n{script.strip()}\n")
        assert files == harmless, script


def test_the_reader_of_nginx_text_sees_what_escapes() -> None:
    assert len(parse("server {\n    server_name a; } server { listen 1; # ;\n}\n")) == 2
    assert parse("a \"; }\" '# {' \\; b${c}d;\n# } {\ne { f; }\n") == [
        Directive(["a", "; }", "# {", "\\;", "b${c}d"]),
        Directive(["e"], [Directive(["f"])]),
    ]

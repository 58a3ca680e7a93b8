"""What load says of a wrong file: every problem, where it is, in plain words."""

import subprocess
from pathlib import Path

import pytest

from deployer.config.loader import load
from deployer.errors import ConfigError, DeployError, UsageError
from deployer.kinds import kinds

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAILVaSSSRiGapRzyLF14/nGUCgr9psSmf8rZCrrz4/M0d"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sites.yaml"


def problems(file: Path, text: str) -> list[str]:
    """The problems as they are printed, without the folder."""
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert caught.value.exit_code == 2
    return [str(problem).removeprefix(f"{file.parent}/") for problem in caught.value.problems]


def test_a_complete_file_becomes_a_config(file: Path) -> None:
    file.write_text(
        f"server: {{host: vps.example.org, host_key: {KEY} me@vps}}\n"
        "sites:\n"
        "  rogs.me:\n"
        "    kind: hugo\n"
        "    repository: https://git.rogs.me/roger/rogs.me.git\n"
        "    hugo: 0.120\n"
        "    branch: 2024\n"
        "    aliases: [www.rogs.me]\n"
        "    environment: {DEBUG: no, AT: 22:22, VERSION: 1.10, DAY: 2026-11-21, MODE: 010}\n"
    )
    config = load(file)
    assert config.server is not None
    assert config.server.host_key == KEY
    site = config.sites["rogs.me"]
    assert (site.hugo, site.branch, site.aliases) == ("0.120", "2024", ("www.rogs.me",))
    assert site.environment == {
        "DEBUG": "no",
        "AT": "22:22",
        "VERSION": "1.10",
        "DAY": "2026-11-21",
        "MODE": "010",
    }
    assert (site.hsts, site.limits.time, site.limits.memory, site.keep) == (604800, 600, 2 << 30, 5)


def test_every_problem_at_once_in_the_order_of_the_lines(file: Path) -> None:
    text = """\
server:
  host: vps.example.org
  prot: 22
emial: me@example.org
sites:
  rogs.me:
    kind: hugo
    repositry: https://git.rogs.me/roger/rogs.me.git
    gate: {links: of}
    limits: {time: 10}
  a.example.org: {kind: prxy, port: 3000}
  b.example.org: {kind: proxy, port: 70000}
  c.example.org: {kind: proxy}
  d.example.org: {port: 3000}
  e.example.org:
  f.example.org: [proxy]
  g.example.org: {kind: static, repository: https://git.example.org/g.git, aliases: www.g.example.org}
"""
    assert problems(file, text) == [
        "sites.yaml:3:3: server: unknown key 'prot' (did you mean 'port'?)",
        "sites.yaml:4:1: unknown key 'emial' (did you mean 'email'?)",
        "sites.yaml:8:5: sites.rogs.me: unknown key 'repositry' (did you mean 'repository'?)",
        "sites.yaml:9:19: sites.rogs.me.gate.links: expected 'warn', 'error' or 'off', not 'of'",
        "sites.yaml:10:20: sites.rogs.me.limits.time: expected a duration such as "
        "90s, 10m, 2h or 7d, not '10'",
        "sites.yaml:11:25: sites.a.example.org.kind: unknown kind 'prxy' (did you mean 'proxy'?), "
        f"kinds are {', '.join(kinds())}",
        "sites.yaml:12:38: sites.b.example.org.port: 70000 is not between 1 and 65535",
        "sites.yaml:13:3: sites.c.example.org: 'port' is missing "
        "(port on 127.0.0.1 where the program listens)",
        f"sites.yaml:14:3: sites.d.example.org: 'kind' is missing (one of {', '.join(kinds())})",
        "sites.yaml:14:25: sites.d.example.org.port: port 3000 is already used by 'a.example.org' "
        "(for a second name: aliases)",
        "sites.yaml:15:17: sites.e.example.org: expected a section with keys, not nothing",
        "sites.yaml:16:18: sites.f.example.org: expected a section with keys, not a list",
        "sites.yaml:17:85: sites.g.example.org.aliases: expected a list such as [one, two], "
        "not 'www.g.example.org'",
    ]


def test_a_kind_that_seems_to_be_there_is_told_how_to_write_it(file: Path) -> None:
    text = "sites:\n  a.test: proxy\n  b.test: {kind proxy, port: 8080}\n  c.test: nonsense\n"
    section = "expected a section with keys, such as {kind: proxy}, not"
    assert problems(file, text) == [
        f"sites.yaml:2:11: sites.a.test: {section} 'proxy'",
        "sites.yaml:3:12: sites.b.test: 'kind proxy' has no value: is a ':' missing after 'kind'?",
        f"sites.yaml:4:11: sites.c.test: {section} 'nonsense'",
    ]


def test_a_key_that_is_like_no_other_is_told_the_known_ones(file: Path) -> None:
    text = "sites:\n  a.example.org: {kind: proxy, port: 8080, repository: x}\n"
    assert problems(file, text) == [
        "sites.yaml:2:44: sites.a.example.org: unknown key 'repository' "
        "(known here: kind, aliases, https, certificate, shield, maintenance, hsts, http3, redirects, "
        "headers, cors, auth, robots, paths, nginx, hold, port, max_upload)"
    ]


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("env: {A: b}", "environment"),
        ("mem: 1G", "memory"),
        ("domains: [b.example.org]", "aliases"),
        ("healthcheck: /health", "probe"),
        ("cron: {}", "jobs"),
    ],
)
def test_a_key_as_other_tools_call_it_is_told_its_name_here(file: Path, key: str, meant: str) -> None:
    app = "kind: app, repository: https://git.example.org/a.git, port: 3000"
    name = key.partition(":")[0]
    assert problems(file, f"sites:\n  a.example.org: {{{app}, {key}}}\n") == [
        f"sites.yaml:2:85: sites.a.example.org: unknown key '{name}' (did you mean '{meant}'?)"
    ]


def test_a_key_under_the_name_of_another_tool_is_not_missing_as_well(file: Path) -> None:
    for name in ("git", "repo"):
        assert problems(file, f"sites:\n  a.example.org: {{kind: hugo, {name}: x}}\n") == [
            f"sites.yaml:2:31: sites.a.example.org: unknown key '{name}' (did you mean 'repository'?)"
        ]


@pytest.mark.parametrize("entry", ["{kind: proxy, port: 8080, X}", "{kind: umami, X}", "{kind: php, X}"])
def test_what_is_renamed_by_other_keys_is_told_which(file: Path, entry: str) -> None:
    text = f"sites:\n  a.example.org: {entry.replace('X', 'renamed_from: b.example.org')}\n"
    told = [problem.partition(": sites.a.example.org: ")[2] for problem in problems(file, text)]
    assert [each for each in told if "renamed_from" in each] == [
        "unknown key 'renamed_from': static and hugo have it. Elsewhere the old domain belongs under "
        "aliases:, and of containers deploy plan says which keys keep the data of the old name "
        "(deploy docs everyday)"
    ]


def test_duplicate_keys_name_the_first(file: Path) -> None:
    text = """\
sites:
  a.example.org:
    kind: proxy
    port: 1
    port: 2
  a.example.org: {kind: proxy, port: 3}
sites: {}
"""
    assert problems(file, text) == [
        "sites.yaml:5:5: sites.a.example.org: 'port' is here twice (first on line 4)",
        "sites.yaml:6:3: sites: 'a.example.org' is here twice (first on line 2)",
        "sites.yaml:7:1: 'sites' is here twice (first on line 1)",
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("port: 22:22", "port: expected a whole number from 1 to 65535, not '22:22'"),
        ("port: 010", "port: expected a whole number from 1 to 65535, not '010'"),
        ("port: 0x50", "port: expected a whole number from 1 to 65535, not '0x50'"),
        ("port: 80.0", "port: expected a whole number from 1 to 65535, not '80.0'"),
        ("port: 1_000", "port: expected a whole number from 1 to 65535, not '1_000'"),
        ("port: true", "port: expected a whole number from 1 to 65535, not 'true'"),
        ("port: '80'", "port: write this number without quotes"),
        ("port: 0", "port: 0 is not between 1 and 65535"),
        ("port: [80]", "port: expected a whole number from 1 to 65535, not a list"),
        ("port: 8080, https: yes", "https: expected true or false, not 'yes'"),
        ("port: 8080, https: 'true'", "https: expected true or false, not 'true'"),
        ("port: 8080, https: 1", "https: expected true or false, not '1'"),
        ("port: 8080, hsts: 3600", "hsts: expected a duration such as 90s, 10m, 2h or 7d, not '3600'"),
        ("port: 8080, max_upload: 1GB", "max_upload: expected a size such as 512K, 200M or 2G, not '1GB'"),
        ("port: 8080, nginx: [a]", "nginx: expected text, not a list"),
    ],
)
def test_values_that_yaml_reads_as_something_else_are_refused(file: Path, value: str, message: str) -> None:
    found = problems(file, f"sites:\n  a.example.org: {{kind: proxy, {value}}}\n")
    assert [problem.split(" ", 1)[1] for problem in found] == [f"sites.a.example.org.{message}"]


def test_a_site_that_has_mistakes_meets_the_others_all_the_same(file: Path) -> None:
    text = """\
sites:
  a.example.org: {kind: proxy, port: 443, aliases: [b.example.org, d.example.org], hsts: 5x}
  b.example.org: {kind: redirect, to: https://example.org, alias: x}
  c.example.org: {kind: proxy, port: 443, aliases: [1, a.example.org], hsts: 5x}
  d.example.org: {kind: hugo, aliases: [c.example.org]}
"""
    hsts = "hsts: expected a duration such as 90s, 10m, 2h or 7d, not '5x'"
    found = [
        problem.removeprefix("sites.yaml:").replace(".example.org", "").partition(" (Git ")[0]
        for problem in problems(file, text)
    ]
    assert found == [
        "2:38: sites.a.port: port 443 is that of NGINX itself: name another one",
        "2:53: sites.a.aliases: 'b' is already the name of site 'b'",
        "2:68: sites.a.aliases: 'd' is already the name of site 'd'",
        f"2:90: sites.a.{hsts}",
        "3:60: sites.b: unknown key 'alias' (did you mean 'aliases'?)",
        "4:38: sites.c.port: port 443 is that of NGINX itself: name another one",
        "4:53: sites.c.aliases: '1' is not a domain such as www",
        "4:56: sites.c.aliases: 'a' is already the name of site 'a'",
        f"4:78: sites.c.{hsts}",
        "5:3: sites.d: 'repository' is missing",
        "5:41: sites.d.aliases: 'c' is already the name of site 'c'",
    ]


def test_a_domain_that_is_called_key_is_a_mistake_like_any_other(file: Path) -> None:
    assert problems(file, '"[key]":\n')[0].startswith("sites.yaml:1:1: unknown key '[key]'")


def test_a_name_that_no_waiting_room_has(file: Path) -> None:
    fits = "a." * 36 + "example.info"
    sites = {fits: "port: 8080", f"b{fits}": "port: 8081, hold: 0", f"c{fits}": "port: 8082"}
    text = "sites:\n" + "".join(f"  {name}: {{kind: proxy, {more}}}\n" for name, more in sites.items())
    assert problems(file, text) == [
        f"sites.yaml:4:90: sites.c{fits}: a name of 85 letters is too long for a waiting room, "
        "whose limit is 84: write hold: 0"
    ]


def test_domains_and_ports_belong_to_one_site(file: Path) -> None:
    text = """\
sites:
  a.example.org: {kind: proxy, port: 8080, aliases: [a.example.org, www.example.org, www.example.org]}
  b.example.org: {kind: proxy, port: 8080, aliases: [a.example.org, www.example.org]}
"""
    assert problems(file, text) == [
        "sites.yaml:2:54: sites.a.example.org.aliases: 'a.example.org' is the site's own name, "
        "which needs no alias",
        "sites.yaml:2:86: sites.a.example.org.aliases: 'www.example.org' is listed twice",
        "sites.yaml:3:38: sites.b.example.org.port: port 8080 is already used by 'a.example.org' "
        "(for a second name: aliases)",
        "sites.yaml:3:54: sites.b.example.org.aliases: 'a.example.org' is already the name of site "
        "'a.example.org'",
        "sites.yaml:3:69: sites.b.example.org.aliases: 'www.example.org' is already an alias of site "
        "'a.example.org'",
    ]


def test_a_port_of_the_server_itself_is_nobody_elses(file: Path) -> None:
    (file.parent / "own.yml").write_text(
        "services: {web: {image: x, ports: ['127.0.0.1:443:443', '443:443/udp', '127.0.0.1:22:22']}}\n"
    )
    text = """\
server: {host: vps.example.org, port: 2222}
sites:
  a.example.org: {kind: proxy, port: 80}
  b.example.org: {kind: proxy, port: 2222}
  c.example.org: {kind: proxy, port: 8443}
services:
  own: {kind: compose, public: true, file: own.yml}
"""
    assert problems(file, text) == [
        "sites.yaml:3:38: sites.a.example.org.port: port 80 is that of NGINX itself: name another one",
        "sites.yaml:4:38: sites.b.example.org.port: port 2222 is that of SSH itself: name another one",
        "sites.yaml:7:44: services.own.file: port 443 is that of NGINX itself "
        '(publish: {NUMBER: "SERVICE:PORT"} in sites.yaml gives it another)',
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "server:\n  host:vps.example.org\n",
            "2:3: server: expected a section with keys, not 'host:vps.example.org': "
            "is a blank missing after the ':'?",
        ),
        ("sites:\n  a.example.org:\n    kind:static\n\n    branch: x\n", "3:10: a blank is"),
        ("sites:\n  a.example.org:\n    kind: static\n    branch:x\n", "4:12: a blank is"),
        ("server: {host: x}\nemail:me@example.org\nsites: {}\n", "2:7: a blank is"),
        ("sites:\n  a.example.org:{kind: proxy, port: 8080}\n", "2:17: a blank is"),
        ("sites:\n  a.example.org:\n    kind: static\n      branch: x\n", "4:13: a ':' is not expected"),
        (
            "sites:\n  a.example.org: {kind: proxy, port: 8080}\nb.example.org:\n  kind: proxy\n",
            "3:1: unknown key 'b.example.org': a domain stands below sites:, indented like every other",
        ),
        (
            "sites:\n  a.example.org:\n    kind: redirect\n    to: https://example.org/\n"
            "    b.example.org:\n      kind: redirect\n      to: https://example.org/\n",
            "5:5: sites.a.example.org: unknown key 'b.example.org': a domain stands below sites:, indented "
            "like every other",
        ),
    ],
)
def test_a_missing_blank_and_a_wrong_indentation_are_told_as_such(
    file: Path, text: str, message: str
) -> None:
    (found,) = problems(file, text)
    assert found.startswith(f"sites.yaml:{message}")


def test_keys_beside_their_domain_are_told_to_be_indented(file: Path) -> None:
    assert problems(file, "sites:\n  a.example.org:\n  kind: proxy\n  port: 8080\n") == [
        "sites.yaml:2:17: sites.a.example.org: expected a section with keys, not nothing",
        "sites.yaml:3:3: sites: 'kind' is a key of a site: indent it more than the domain",
        "sites.yaml:4:3: sites: 'port' is a key of a site: indent it more than the domain",
    ]


def test_sites_without_mistakes_are_compared_although_others_have_some(file: Path) -> None:
    text = """\
email: nobody
sites:
  a.example.org: {kind: proxy, port: 8080}
  b.example.org: {kind: proxy, port: 8080}
  c.example.org: {kind: proxy, port: eighty}
"""
    found = problems(file, text)
    assert [problem.split(" ")[0] for problem in found] == [
        "sites.yaml:1:8:",
        "sites.yaml:4:38:",
        "sites.yaml:5:38:",
    ]


def test_redirects_that_never_end_are_refused(file: Path) -> None:
    text = """\
sites:
  a.example.org: {kind: redirect, to: "https://b.example.org"}
  b.example.org: {kind: redirect, to: "http://www.a.example.org:80/x"}
  c.example.org: {kind: redirect, to: "https://c.example.org/x"}
  d.example.org: {kind: redirect, to: "https://d.example.org:8443"}
  e.example.org: {kind: redirect, to: "https://a.example.org"}
  f.example.org: {kind: redirect, to: "https://elsewhere.example.org"}
"""
    text = text.replace(
        '{kind: redirect, to: "https://b', '{kind: redirect, aliases: [www.a.example.org], to: "https://b'
    )
    circle = "visitors would be redirected in a circle"
    assert [problem.split(" ", 1)[1] for problem in problems(file, text)] == [
        f"sites.a.example.org.to: {circle}: a.example.org → b.example.org → a.example.org",
        f"sites.b.example.org.to: {circle}: b.example.org → a.example.org → b.example.org",
        f"sites.c.example.org.to: {circle}: c.example.org → c.example.org",
    ]


def test_a_host_key_of_a_git_server_that_is_none_has_its_place(file: Path) -> None:
    text = """\
git_hosts:
  git.example.org: ssh-ed25519 AAAA
  git.lan: [ssh-ed25519 AAAA]
  https://git.example.org: ssh-ed25519 AAAA
"""
    assert [problem.split(" ")[0] for problem in problems(file, text)] == [
        "sites.yaml:2:20:",
        "sites.yaml:3:13:",
        "sites.yaml:4:3:",
        "sites.yaml:4:28:",
    ]


def test_a_local_repository_is_there_and_is_one(file: Path) -> None:
    (file.parent / "plain").mkdir()
    (file.parent / "work" / ".git").mkdir(parents=True)
    text = """\
sites:
  a.example.org: {kind: static, repository: ./gone}
  b.example.org: {kind: static, repository: plain}
  c.example.org: {kind: static, repository: work}
"""
    assert problems(file, text) == [
        f"sites.yaml:2:45: sites.a.example.org.repository: no such folder: {file.parent}/gone",
        f"sites.yaml:3:45: sites.b.example.org.repository: {file.parent}/plain is not a Git repository: "
        "run git init there",
    ]
    file.write_text("sites:\n  c.example.org: {kind: static, repository: work}\n")
    site = load(file).sites["c.example.org"]
    assert site.repository == str(file.parent / "work")
    assert site.is_local


def test_a_local_repository_has_a_commit(file: Path) -> None:
    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=Alma", "-c", "user.email=alma@example.org"]
        subprocess.run(
            ["git", *identity, "-C", str(file.parent), *arguments], check=True, capture_output=True
        )

    git("init", "--initial-branch=main", "work")
    git("init", "--bare", "bare.git")
    text = """\
sites:
  a.example.org: {kind: static, repository: work}
  b.example.org: {kind: static, repository: bare.git}
"""
    advice = "has no commit yet: commit there what shall be published"
    assert problems(file, text) == [
        f"sites.yaml:2:45: sites.a.example.org.repository: {file.parent}/work {advice}",
        f"sites.yaml:3:45: sites.b.example.org.repository: {file.parent}/bare.git {advice}",
    ]
    git("-C", "work", "commit", "--allow-empty", "-m", "Begin")
    git("-C", "work", "push", "../bare.git", "main")
    assert len(load(file).sites) == 2
    git("-C", "work", "pack-refs", "--all")
    git("-C", "work", "worktree", "add", "--detach", "../beside")
    git("-C", "bare.git", "symbolic-ref", "HEAD", "refs/heads/nothing")
    file.write_text(text.replace("work", "beside"))
    assert len(load(file).sites) == 2


def test_the_certificate_of_a_private_ca_is_read(file: Path) -> None:
    pem = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    (file.parent / "ca.pem").write_text(pem)
    file.write_text("acme: {server: https://ca.example.org:14000/dir, ca: ca.pem}\n")
    assert load(file).acme.ca_certificate == pem
    assert problems(file, "acme: {ca: gone.pem}\n") == [
        f"sites.yaml:1:12: acme.ca: {file.parent}/gone.pem cannot be read: No such file or directory"
    ]
    (file.parent / "key.pem").write_text("no certificate")
    assert problems(file, "acme: {ca: key.pem}\n") == [
        f"sites.yaml:1:12: acme.ca: {file.parent}/key.pem is not a certificate in PEM format"
    ]
    assert problems(file, "acme: {ca_certificate: x}\n")[0].startswith(
        "sites.yaml:1:8: acme: unknown key 'ca_certificate'"
    )


def test_keys_without_a_value_count_as_not_written(file: Path) -> None:
    file.write_text("server:\nemail:\nacme:\nsites:\n")
    config = load(file)
    assert (config.server, config.email, config.acme.server, config.sites) == (None, None, "letsencrypt", {})
    assert problems(file, "srver:\n") == ["sites.yaml:1:1: unknown key 'srver' (did you mean 'server'?)"]


def test_anchors_and_merge_keys_work(file: Path) -> None:
    file.write_text("""\
sites:
  a.example.org: &blog
    kind: hugo
    repository: https://git.example.org/a.git
    limits: &limits {memory: 1G}
  b.example.org:
    <<: *blog
    repository: https://git.example.org/b.git
  c.example.org: {kind: static, repository: https://git.example.org/c.git, limits: *limits}
""")
    sites = load(file).sites
    assert [sites[name].limits.memory for name in sites] == [1 << 30] * 3
    assert sites["b.example.org"].repository == "https://git.example.org/b.git"
    assert sites["b.example.org"].kind == "hugo"


def test_the_line_is_right_after_a_byte_order_mark_and_windows_line_ends(file: Path) -> None:
    file.write_bytes(b"\xef\xbb\xbfemail: me@example.org\r\nsites:\r\n  a.example.org: {kind: prox}\r\n")
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert [(problem.line, problem.column) for problem in caught.value.problems] == [(3, 25)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "sites.yaml:1:1: the file is empty: deploy init writes an example"),
        (b"# only a comment\n", "sites.yaml:1:1: the file is empty: deploy init writes an example"),
        (b"email: \xff\n", "sites.yaml:1:8: this is not UTF-8 text"),
        (b"email: a\n\x00", "sites.yaml:2:1: the control character U+0000 is not allowed"),
        (b"\xff\xfee\x00", "sites.yaml:1:1: this is not UTF-8 text"),
        (b"sites:\n\ta: b\n", "sites.yaml:2:1: a tab is here: YAML is indented with spaces"),
        (b"email: @me\n", "sites.yaml:1:8: '@' cannot stand here: put the text in quotes"),
        (b"sites: [a\n", "sites.yaml:1:8: a bracket is opened here and not closed"),
        (b"email: 'me\n", "sites.yaml:1:8: a quote is opened here and never closed"),
        (b"sites:\n  a: 1\n b: 2\n", "sites.yaml:3:2: this line is not indented like the ones before it"),
        (b"- a\n", "sites.yaml:1:1: expected keys such as 'server:' and 'sites:' at the beginning of lines"),
        (
            b"hello\n",
            "sites.yaml:1:1: expected keys such as 'server:' and 'sites:' at the beginning of lines",
        ),
        (b"a: *b\n", "sites.yaml:1:4: the alias *b has no anchor before it"),
        (
            b"a: [b, *.example.org]\n",
            'sites.yaml:1:8: a text that begins with * stands in quotes, such as "*.example.org"',
        ),
        (
            b"a:\n  - *\n",
            'sites.yaml:2:5: a text that begins with * stands in quotes, such as "*.example.org"',
        ),
        (b"a: &b [*b]\n", "sites.yaml:1:8: the alias *b stands inside itself"),
    ],
)
def test_what_is_not_even_a_mapping(file: Path, content: bytes, message: str) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(file)
    assert [str(problem).removeprefix(f"{file.parent}/") for problem in caught.value.problems] == [message]


@pytest.mark.parametrize("nest", [b"[", b"{a: ", b"[{a: ", b"? ", b"- "])
def test_depth_is_limited_whoever_notices_it_first(file: Path, nest: bytes) -> None:
    # PyYAML reads ahead, and its newer versions have a limit of their own, whose column tells nothing
    file.write_bytes(b"a:\n " + nest * 100_000)
    with pytest.raises(ConfigError) as caught:
        load(file)
    (problem,) = caught.value.problems
    assert (problem.line, problem.message) == (2, "nested too deeply")


@pytest.mark.parametrize(
    "content", [b"%YAML 3.0\n---\na: b\n", b"a: !<b\n", b"a: &\n", b"a: |x\n", b"%TAG ! a\n%TAG ! b\n---\n"]
)
def test_no_words_of_the_yaml_library_are_shown(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        load(file)
    (problem,) = caught.value.problems
    assert problem.message == "this cannot be read as YAML: check the quotes, brackets and indentation here"


def test_tags_other_documents_and_odd_keys_are_refused(file: Path) -> None:
    text = "email: !!python/object:os.system x@example.org\n[a]: b\n---\nsites: {}\n"
    assert [problem.split(" ", 1)[1] for problem in problems(file, text)] == [
        "email: YAML tags such as 'tag:yaml.org,2002:python/object:os.system' are not used here",
        "a key must be text",
        "a second document begins here: sites.yaml is one document",
    ]


def test_an_alias_bomb_is_refused(file: Path) -> None:
    layers = [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 20)]
    found = problems(file, "\n".join(["a0: &a0 [x, x]", *layers]))
    assert "more than 100000 values: is an alias repeated?" in found[-1]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"#" * 1_000_001)
    for name, words in {"gone": "no such file", "": "Is a directory", "large": "larger than 1 MB"}.items():
        with pytest.raises(UsageError, match=words) as caught:
            load(tmp_path / name)
        assert not isinstance(caught.value, ConfigError)
    with pytest.raises(DeployError):
        load(Path("a\0b"))


def test_select_knows_what_was_meant(file: Path) -> None:
    file.write_text(
        "sites:\n  rogs.me: {kind: proxy, port: 8080, aliases: [www.rogs.me]}\n"
        "  b.example.org: {kind: proxy, port: 81}\n"
    )
    config = load(file)
    assert list(config.select()) == ["rogs.me", "b.example.org"]
    assert list(config.select(["b.example.org", "b.example.org"])) == ["b.example.org"]
    with pytest.raises(UsageError, match=r"^www.rogs.me is an alias of the site rogs.me$"):
        config.select(["www.rogs.me"])
    with pytest.raises(UsageError, match=r"^no site 'rog.me' in sites.yaml \(did you mean 'rogs.me'\?\)$"):
        config.select(["rog.me"])


def test_files_that_are_sent_need_no_repository_and_have_nothing_of_one(file: Path) -> None:
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH+xBkKSLuDFQCCJYvP4fIfcVKi5JEdc6+LXdbJXwKUk"
    key = f"keys: {{ci: {{public: {public}, send: [a.example.org]}}}}\n"
    file.write_text("sites:\n  a.example.org: {kind: static}\n" + key)
    site = load(file).sites["a.example.org"]
    assert site.pushed
    assert not site.is_local
    told = []
    for keys in ("tools: {node: 22}", "branch: main", "folder: docs", "build: b.sh", "environment: {A: b}"):
        told += problems(file, f"sites:\n  a.example.org: {{kind: static, {keys}}}\n")
    words = "is for what comes from a repository: write repository:, too"
    assert [line.partition("a.example.org: ")[2] for line in told] == [
        f"{name}: {words}" for name in ("tools", "branch", "folder", "build", "environment")
    ]
    (pushes,) = problems(file, "sites:\n  a.example.org: {kind: static}\n" + key.replace("send", "push"))
    assert pushes.endswith("a.example.org has no repository: what is sent is let in by `send:`")


def test_a_key_pushes_an_application_whatever_that_comes_from(file: Path) -> None:
    public = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH+xBkKSLuDFQCCJYvP4fIfcVKi5JEdc6+LXdbJXwKUk"
    key = f"keys: {{ci: {{public: {public}, push: [a.example.org]}}}}\n"
    site = "sites:\n  a.example.org: {{kind: app, port: 3000, {}}}\n"
    for source in ("image: registry.example.org/me/a:1", "repository: https://git.example.org/me/a.git"):
        file.write_text(site.format(source) + key)
        assert load(file).keys["ci"].push == ("a.example.org",)

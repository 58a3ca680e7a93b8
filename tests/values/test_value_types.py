"""What each type of value accepts and refuses; nothing accepted can carry syntax into a rendered file."""

import json
from functools import cache
from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chance import chance
from deployer.values import names, quantities, types
from deployer.values.quantities import Plain

LONG = "a" * 63
KEY = "AAAAC3NzaC1lZDI1NTE5AAAAILVaSSSRiGapRzyLF14/nGUCgr9psSmf8rZCrrz4/M0d"

ACCEPTED: dict[str, list[str]] = {
    "Boolean": ["true", "false", "True"],
    "Domain": ["a.b", "rogs.me", "xn--bcher-kva.example", "1.example.org", f"{LONG}.org", "a.xn--p1ai"],
    "Port": ["1", "8080", "65535"],
    "Percent": ["0", "100"],
    "Count": ["1", "1000"],
    "RedirectCode": ["301", "308"],
    "Duration": ["0", "90s", "10m", "2h", "7d", "365d"],
    "Size": ["0", "512K", "2G", "20m"],
    "TimeLimit": ["1s", "2h"],
    "MemoryLimit": ["1K", "2g"],
    "Url": [
        "https://rogs.me",
        "http://a.example.org:8080/x/y_z~1/%20",
        "https://10.0.0.1/",
        "https://a/b:c@d,e=f+g&h!(i)*j",
    ],
    "AcmeServer": ["letsencrypt", "staging", "https://10.0.0.1:14000/dir"],
    "Email": ["me@example.org", "first.last+tag@mail.example.org"],
    "RelativePath": ["build.sh", "scripts/build.sh", "a+b@c=d,e", "2024", "größe/x", "_site"],
    "GitReference": ["main", "feature/new-home", "v1.2", "2024", "1.10", "größe", "a@b", "3f2a1c9"],
    "Version": ["0.161.1", "0.120", "1.10"],
    "Repository": [
        "https://git.rogs.me/roger/rogs.me.git",
        "https://git.example.org:8443/a",
        "ssh://git@git.example.org:2222/~me/a.git",
        "ssh://git.example.org/a",
        "git@git.example.org:me/a.git",
        "git@git.example.org:/srv/git/a.git",
        "git.example.org:a",
        "http://192.168.1.5:3000/me/a.git",
        "https://[2001:db8::1]:3000/me/a.git",
        "ssh://git@[2001:db8::1]:2222/me/a.git",
        "git@[2001:db8::1]:me/a.git",
        "https://dev.azure.com/me/My%20Project/_git/My%20Site",
        "git@ssh.dev.azure.com:v3/me/My%20Project/a%20b",
        "/srv/git/a",
        "./a",
        "../a b",
        "~/sites/a",
        "a",
        "größe",
    ],
    "GitHost": [
        "git.example.org",
        "git.example.org:2222",
        "192.168.1.5",
        "2001:db8::1",
        "[2001:db8::1]:2222",
    ],
    "EnvironmentName": ["HUGO_ENV", "_x", "path"],
    "EnvironmentValue": [
        "",
        "env:",
        "environment: x",
        "1.10",
        "true",
        "22:22",
        'it\'s; $(fine) here: it is "quoted" later',
        "größe",
    ],
    "NginxText": ["", "Gone for good.", '"it\'s" \\ 100 %; {here}', "größe"],
    "Hook": ["", "systemctl reload nginx\n\tx=1\n"],
    "NginxSnippet": ["", "location /x/ { return 204; }\n"],
    "Host": ["vps.example.org", "10.0.0.1", "2001:db8::1", "vps", "VPS"],
    "User": ["root", "deploy-user", "_x"],
    "HostKey": [f"ssh-ed25519 {KEY}"],
    "CertificateFile": ["-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"],
    "ServiceName": ["runner", "a", "web-2", "3d"],
    "ContainerVariable": ["PATH", "DEBUG", "_x1", "LD_SUPERUSER_NAME"],
    "SecretName": ["DB_PASSWORD", "token", "DOCKER_VOLUME_STORAGE", "DOCKER_HOST_IP"],
    "ImageTag": ["latest", "2", "v2.29.0", "1.10", "3-alpine_x"],
    "UrlPath": ["/", "/v1/health", "/a%20b", "/~x/@y"],
    "ClockTime": ["00:00", "04:30", "23:59"],
    "RunnerLabel": [
        "deploy:host",
        "linux",
        "ubuntu-latest:docker://docker.gitea.com/runner-images:ubuntu-latest",
    ],
}
REFUSED: dict[str, list[str]] = {
    "Boolean": ["yes", "on", "1", "", "off", "y"],
    "Domain": [
        *("localhost", "Rogs.me", "*.rogs.me", "rogs.me.", ".rogs.me", "a..b", "-a.org", "a-.org", "a_b.org"),
        *("10.0.0.1", "a.1", "bücher.example", "straße.de", f"{LONG}a.org", f"{LONG}.{LONG}.{LONG}.{LONG}"),
        *("a b.org", "a.org/", "a.org:80", "a.org;", "", "a.b\n", "[::1]"),
    ],
    "Port": ["0", "65536", "-1", "080", "8_0", "80.0", "22:22", "true", "", "٣"],
    "Percent": ["-1", "101", "50%"],
    "Count": ["0", "1001"],
    "RedirectCode": ["200", "true", "301.0"],
    "Duration": ["10", "1w", "-1s", "1.5h", "10 m", "1D", "", "1234567s", "٣s"],
    "Size": ["1", "1GB", "1T", "-1M", "1.5G", "", "2 G"],
    "TimeLimit": ["0", "0s", "10"],
    "MemoryLimit": ["0", "0M", "1T"],
    "Url": [
        *("rogs.me", "ftp://rogs.me", "https://", "https:///x", "https://a/?q", "https://a/#x", "//rogs.me"),
        *("https://me:secret@rogs.me", "https://rogs.me/$x", "https://rogs.me/a b", 'https://rogs.me/"'),
        *(
            "https://rogs.me/;",
            "https://rogs.me/{",
            "https://rogs.me/\n",
            "https://rogs.me/%2",
            "https://é.org",
        ),
        "javascript:alert(1)",
    ],
    "AcmeServer": ["letsencrypt2", "http://ca.example.org/dir", "https://ca.example.org/dir?x", ""],
    "Email": [
        "me",
        "@example.org",
        "me@",
        "-me@example.org",
        "me@localhost",
        "a b@c.org",
        "me@example.org\n",
        "'@a.b",
    ],
    "RelativePath": [
        *(
            "/etc/passwd",
            "../x",
            "a/../b",
            "-x",
            "~/x",
            "",
            ".",
            "./",
            "a//b",
            "a/./b",
            ".git",
            "a/.git/hooks",
        ),
        *("a b", "a;b", "$x", "a\nb", "a'b", "a\\b"),
    ],
    "GitReference": [
        *(
            "-d",
            "a..b",
            "a b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[",
            "a\\b",
            "/a",
            "a/",
            "a//b",
            ".a",
            "a/.b",
            "",
        ),
        *(
            "a.lock",
            "a.lock/b",
            "a.",
            "@",
            "@{1}",
            "a@{u}",
            "a;b",
            "$(x)",
            "a`b",
            "a'b",
            'a"b',
            "a\nb",
            "a{b}",
        ),
    ],
    "Version": ["1", "v1.2", "1.2.3.4", "latest", "1.2-rc1", "1.2;", "", "1.2\n"],
    "Repository": [
        *("", "-x", "--upload-pack=x", "ext::sh -c x", "git://git.example.org/a", "https://[::g]/a"),
        *("file:///srv/git", "https://me:token@git.example.org/a", "https://token@git.example.org/a"),
        *("ssh://git:secret@git.example.org/a", "git@host:", "git@host:-x", "-oProxyCommand=x:y", "a\nb"),
        *(
            "https://git.example.org",
            "https://git.example.org/a b",
            "https://git.example.org/$(x)",
            "ssh://-x/a",
        ),
        *("git@host:a;b", "fd::17/foo", "host:/a'b", "c:/a", "git@host://a", "git@host:/"),
        *("http://me:token@git.lan/a", "https://git.example.org/a%00", "https://git.example.org/a%0a"),
        *("https://git.example.org/a%7Fb", "https://git.example.org/a%2", "git@[::1:a", "https://[]/a"),
    ],
    "GitHost": [
        "",
        "git@host",
        "host:0",
        "host:99999",
        "host:a",
        "a b",
        "*",
        "!host",
        "|1|x",
        "a,b",
        "[a",
        "@a",
    ],
    "EnvironmentName": ["PATH", "LD_PRELOAD", "DEPLOY_OUTPUT", "BASH_ENV", "1a", "a-b", "", "a=b", "a\n"],
    "EnvironmentValue": ["env:API_TOKEN", "gpg:token.gpg", "a\nb", "a\0", "\x1b[0m", "\u2028", "\x85"],
    "NginxText": ["5 $", "$uri", "${x}", "a\nb", "a\0"],
    "Hook": ["a\0", "a\rb", "\x1b"],
    "NginxSnippet": ["}", "a"],
    "Host": ["-oProxyCommand=x", "a b", "", "a..b", "a_b", "fe80::1%eth0", ":::", "a;b", "a:22"],
    "User": ["Root", "-x", "a b", "", "a" * 33, "a:b"],
    "HostKey": [
        "",
        "ssh-ed25519",
        "ssh-ed25519 AAAA",
        f"ssh-rsa {KEY}",
        f"ssh-ed25519 {KEY[:-4]}",
        f"ssh-dss {KEY}",
    ],
    "CertificateFile": ["/nowhere/ca.pem", "a\0b"],
    "ServiceName": ["a.b", "A", "-a", "a-", "", "a_b", "hugo", "containerd", "a/b", "../a", "a\n"],
    "ContainerVariable": ["1a", "a-b", "", "a=b", "a b", "a\n", "é"],
    "SecretName": ["PATH", "COMPOSE_FILE", "DOCKER_HOST", "DOCKER_TLS_VERIFY", "LD_PRELOAD", "a-b", "", "a$"],
    "ImageTag": ["", "-x", ".x", "a b", "a/b", "a:b", "a@sha256:b", "a" * 129, "$x", "a\n"],
    "UrlPath": ["", "health", "/a?b", "/a#b", "/a b", "/$x", "//x'", "/\n", "http://a/"],
    "ClockTime": ["4:00", "24:00", "04:60", "0400", "04:00:00", "", "04:00\n"],
    "RunnerLabel": ["", "a b", "a:docker://", "a:ssh://x", "a,b", "a:host,b", "$x:host", "a:docker://x'y"],
}
CASES = [(name, text) for name in ACCEPTED for text in ACCEPTED[name]]
# What must never be in an accepted value; one_line and script texts are free, and quoted where they are used.
SYNTAX = frozenset("'\"`$;{}<>|\\ \t\n\r\0\x7f\x85\u2028")
NAMES = sorted(
    set(ACCEPTED) - {"EnvironmentValue", "NginxText", "Hook", "NginxSnippet", "CertificateFile", "HostKey"}
)


@cache
def adapter(name: str) -> TypeAdapter[Any]:
    """What judges values of the type; to make one takes longer than to ask it."""
    return TypeAdapter(getattr(types, name))


def accept(name: str, text: str) -> Any:
    """The value that the type makes of a scalar as it is written in the file."""
    return adapter(name).validate_python(Plain(text))


def accepts(name: str, text: str) -> bool:
    try:
        accept(name, text)
    except ValidationError:
        return False
    return True


def as_an_editor_reads(text: str) -> Any:
    """The value of a scalar without quotes by YAML 1.2."""
    if text in ("true", "True", "false"):
        return text.lower() == "true"
    try:
        return json.loads(text) if text[:1].isdigit() else text
    except ValueError:
        return text


@pytest.mark.parametrize(("name", "text"), CASES)
def test_what_is_accepted(name: str, text: str) -> None:
    value = accept(name, text)
    assert type(value) in (str, int, bool)
    schema = adapter(name).json_schema()
    jsonschema.validate(as_an_editor_reads(text), schema)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name in REFUSED for text in REFUSED[name]])
def test_what_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        accept(name, text)
    (error,) = caught.value.errors()
    assert error["type"] == "value_error"
    message = str(error["ctx"]["error"])
    assert message
    assert message[0].islower() or not message[0].isalpha() or message.split()[0] in text


@pytest.mark.parametrize("value", [None, [], {}, ["a"], {"a": "b"}])
@pytest.mark.parametrize("name", sorted(ACCEPTED))
def test_what_is_no_scalar_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError):
        adapter(name).validate_python(value)


def test_no_accepted_value_looks_like_an_option() -> None:
    accepted = [(name, f"-{text}") for name, text in CASES if name in NAMES and accepts(name, f"-{text}")]
    assert not [case for case in accepted if str(accept(*case)).startswith("-")]


def strange_letter() -> str:
    """Any letter but half of a surrogate pair; one of few that stand for something more often than others."""
    places = ((0, 0x100), (0x2000, 0x2100), (0x100, 0xD800), (0xE000, 0x110000))
    return chr(chance.randrange(*chance.choice(places)))


@pytest.mark.parametrize("name", NAMES)
def test_no_accepted_value_carries_syntax(name: str) -> None:
    for text in ACCEPTED[name]:
        for position in range(len(text) + 1):
            for inserted in (*SYNTAX, strange_letter()):
                changed = text[:position] + inserted + text[position:]
                try:
                    value = str(accept(name, changed))
                except ValidationError:
                    continue
                local_path = name == "Repository" and ":" not in value.partition("/")[0]
                assert not SYNTAX & set(value) or local_path, value
                assert not value.startswith("-")
                assert value.isprintable()
                assert ".." not in value.split("/") or name in ("Repository", "Url")


@given(st.sampled_from(["EnvironmentValue", "NginxText", "Hook", "NginxSnippet"]), st.text(max_size=30))
def test_free_text_has_no_control_characters(name: str, text: str) -> None:
    if accepts(name, text):
        kept = accept(name, text)
        assert kept == text
        assert len(kept.splitlines()) <= kept.count("\n") + 1
        assert "\0" not in kept
        kept.encode()


@given(st.integers(0, 999_999), st.sampled_from("smhd"))
@example(0, "d")
@example(60, "s")
def test_a_duration_survives_being_written(count: int, unit: str) -> None:
    seconds = quantities.duration(f"{count}{unit}")
    assert seconds == count * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
    assert quantities.duration(quantities.duration_text(seconds)) == seconds


@given(st.integers(0, 999_999), st.sampled_from("KMGkmg"))
@example(0, "G")
def test_a_size_survives_being_written(count: int, unit: str) -> None:
    size = quantities.size(f"{count}{unit}")
    assert size == count * {"K": 1024, "M": 1024**2, "G": 1024**3}[unit.upper()]
    assert quantities.size(quantities.size_text(size)) == size


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("Domain", "bücher.example", "write an international domain as punycode: xn--bcher-kva.example"),
        ("Domain", "straße.de", "write an international domain as punycode"),
        ("Domain", "*.rogs.me", "a site has a name of its own: a wildcard can be one of its aliases"),
        ("Domain", "Rogs.ME", "write domains in lower case: 'rogs.me'"),
        ("Version", "v0.161.1", "write the version without the v: 0.161.1"),
        ("Repository", "https://a:b@c/d", "no password or token: use a deploy key"),
        ("Repository", "http://a:b@c/d", "no password or token: use a deploy key"),
        ("Repository", "https://dev.azure.com/me/My Project", "write a space as %20"),
        ("GitHost", "https://git.example.org/", "only its name or address, and a port that is not 22"),
        ("EnvironmentValue", "env:API_TOKEN", "'env:API_TOKEN' would be taken as that text"),
        ("Url", "https://a:b@c/d", "secrets do not belong in sites.yaml"),
    ],
)
def test_refusals_say_what_to_write_instead(name: str, text: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        accept(name, text)
    assert message in str(caught.value.errors()[0]["ctx"]["error"])


def test_a_star_alone_is_no_alias() -> None:
    with pytest.raises(ValueError, match=r"^a wildcard has its domain behind it: \*\.example\.org$"):
        names.alias("*")

"""Which keys a host may show, by known_hosts as OpenSSH reads it; what cannot be read harms no other line."""

import subprocess
from pathlib import Path

import pytest

from deployer.errors import UnreachableError
from deployer.server.hostkeys import Trust, line_of
from deployer.server.hostkeys import trust as trust_on
from deployer.server.way import Way, read_way, way_to

ONE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4"
TWO = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIH+xBkKSLuDFQCCJYvP4fIfcVKi5JEdc6+LXdbJXwKUk"
HOST = "vps.example.org"


def trust(host: str, port: int, pinned: str | None, lines: str) -> Trust:
    return trust_on(Way(host, host, port, "root"), pinned, lines)


@pytest.mark.parametrize(
    ("lines", "port", "trusted"),
    [
        ([f"{HOST} {ONE}"], 22, ONE),
        ([f"{HOST} {ONE}"], 2222, ONE),
        ([f"{HOST} {ONE}", f"[{HOST}]:2222 {TWO}"], 2222, TWO),
        ([f"{HOST} {ONE}", f"[{HOST}]:2222 {TWO}"], 22, ONE),
        ([f"[{HOST}]:2222 {TWO}"], 22, ""),
        ([f"[{HOST}]:2222 {TWO}"], 2223, ""),
        ([f"other.example.org {ONE}"], 2222, ""),
        ([f"  VPS.example.org,192.0.2.1\t{ONE}  a comment"], 22, ONE),
        ([f"*.example.org {ONE}"], 22, ONE),
        ([f"*.example.org,!{HOST} {ONE}"], 22, ""),
        ([f"[*.example.org]:2222 {ONE}"], 2222, ONE),
        ([f"@revoked * {TWO}", f"{HOST} {ONE}"], 22, ONE),
        ([f"@unheard-of {HOST} {TWO}", f"{HOST} {ONE}"], 22, ONE),
    ],
)
def test_a_line_counts_for_whom_it_names(
    lines: list[str], port: int, trusted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/known_hosts").write_text("".join(f"{line}\n" for line in lines))
    monkeypatch.setenv("HOME", str(tmp_path))
    name = HOST if port == 22 else f"[{HOST}]:{port}"
    assert line_of(HOST, port, None) == (f"{name} {trusted}" if trusted else "")
    for given in (trust(HOST, port, None, "\n".join(lines)), trust_on(way_to(HOST, port), None)):
        assert [key for key in (ONE, TWO) if not refused(given, key)] == ([trusted] if trusted else [])


def test_a_revoked_key_is_given_to_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    lines = [
        f"{HOST} {ONE}",
        f"{HOST} {TWO}",
        f"@cert-authority {HOST} {ONE}",
        f"@revoked [{HOST}]:2222 {ONE}",
    ]
    (tmp_path / ".ssh/known_hosts").write_text("".join(f"{line}\n" for line in lines))
    assert line_of(HOST, 2222, None) == f"[{HOST}]:2222 {TWO}"
    assert line_of(HOST, 2222, ONE) == ""


def refused(given, shown: str) -> str:
    """Why a host with this key is refused, or nothing."""
    try:
        given.judge(*shown.split()[:2])
    except UnreachableError as error:
        return error.message
    return ""


DAMAGED = (
    "",
    "# a comment",
    "vps.example.org",
    "vps.example.org ssh-ed25519",
    "vps.example.org ssh-ed25519 ====",
    "vps.example.org ssh-ed25519 AAAA",
    "vps.example.org ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4",
    "vps.example.org 1024 35 1530",  # of SSH 1
    "@cert-authority",
    "@cert-authority * ssh-ed25519",
    "@revoked * ssh-ed25519 AAAAC3",
    "|1|nothing ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4",
    "|1|F1E1KeoE/eEWhi10WpGv4OdiO6Y=|not=base64 ssh-ed25519 "
    "AAAAC3NzaC1lZDI1NTE5AAAAIKP2a4GLhYE4o27f+SMCxfHR5hSVVl5QqLN5YVHYHtk4",
    "<<<<<<< HEAD",
    "\ufffd\x00\x01",
)


@pytest.mark.parametrize("line", DAMAGED)
def test_a_damaged_line_harms_no_other(line: str) -> None:
    assert not refused(trust(HOST, 22, None, f"{line}\n{HOST} {TWO}\n{line}\n"), TWO)
    assert "is not known" in refused(trust(HOST, 22, None, f"{line}\nelsewhere {TWO}\n"), ONE)


def test_a_damaged_line_about_the_host_is_told() -> None:
    said = refused(trust(HOST, 22, None, f"{HOST} ssh-ed25519 AAAA\n"), ONE)
    assert said.endswith("nothing was sent to it. The line of known_hosts that is about it is damaged")


def test_a_hashed_name_counts_as_openssh_writes_it(tmp_path: Path) -> None:
    file = tmp_path / "known_hosts"
    file.write_text(f"{HOST} {ONE}\n[{HOST}]:2222 {TWO}\n")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)
    assert HOST not in file.read_text()
    assert not refused(trust(HOST, 22, None, file.read_text()), ONE)
    assert not refused(trust(HOST, 2222, None, file.read_text()), TWO)
    assert refused(trust(HOST, 22, None, file.read_text()), TWO)


def test_a_second_key_of_the_same_type_counts_too() -> None:
    given = trust(HOST, 22, None, f"{HOST} {ONE}\n{HOST} {TWO}\n")
    assert not refused(given, ONE)
    assert not refused(given, TWO)


@pytest.mark.parametrize("pinned", [None, ONE])
@pytest.mark.parametrize("names", ["*", HOST])
def test_a_revoked_key_is_refused(names: str, pinned: str | None) -> None:
    given = trust(HOST, 2222, pinned, f"{HOST} {ONE}\n@revoked {names} {ONE}\n")
    assert "revoked (@revoked in known_hosts): ssh-ed25519 SHA256:" in refused(given, ONE)


def key(path: Path, kind: str = "ed25519") -> str:
    """A new key; its public half."""
    bits = ["-b", "1024"] if kind == "rsa" else []  # a large one takes seconds
    subprocess.run(["ssh-keygen", "-q", "-t", kind, *bits, "-N", "", "-C", "", "-f", path], check=True)
    return path.with_name(f"{path.name}.pub").read_text().strip()


def signed(folder: Path, *options: str, authority: str = "ca", kind: str = "ed25519") -> str:
    """The certificate of a new key; `options` are those of ssh-keygen."""
    for old in folder.glob("host*"):
        old.unlink()
    key(folder / "host", kind)
    argv = ["ssh-keygen", "-q", "-s", folder / authority, "-I", "vps", *options, folder / "host.pub"]
    subprocess.run(argv, check=True, capture_output=True)
    return (folder / "host-cert.pub").read_text().strip()


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_certificate_of_a_trusted_authority_is_enough(kind: str, tmp_path: Path) -> None:
    authority = key(tmp_path / "ca", kind)
    shown = signed(tmp_path, "-h", "-n", HOST, kind=kind)
    given = trust(HOST, 2222, None, f"@cert-authority *.example.org {authority}\n")
    assert not refused(given, shown)
    assert given.kinds()[0] == "ssh-ed25519-cert-v01@openssh.com"
    assert line_of(HOST, 2222, None) == ""
    bare = " ".join((tmp_path / "host.pub").read_text().split()[:2])
    assert not refused(trust(HOST, 22, None, f"{HOST} {bare}\n"), shown), "as its key alone"
    assert "is not known" in refused(trust("other.test", 22, None, f"{HOST} {authority}\n"), shown)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["-h", "-n", "other.example.org"], "it is for other.example.org"),
        (["-n", HOST], "it is one of a user"),
        (["-h", "-n", HOST, "-V", "20200101:20200102"], "it is not valid any more"),
        (["-h", "-n", HOST, "-V", "20900101:20900102"], "it is not valid yet"),
        (["-n", HOST, "-h", "-O", "critical:x@example.org=1"], "options that are not known"),
    ],
)
def test_a_certificate_that_does_not_count(options: list[str], why: str, tmp_path: Path) -> None:
    authority = key(tmp_path / "ca")
    shown = signed(tmp_path, *options)
    assert why in refused(trust(HOST, 22, None, f"@cert-authority * {authority}\n"), shown)


def test_a_certificate_of_nobody_and_a_forged_one(tmp_path: Path) -> None:
    authority = key(tmp_path / "ca")
    other = key(tmp_path / "other")
    shown = signed(tmp_path, "-h", "-n", HOST, authority="other")
    assert "is not known" in refused(trust(HOST, 22, None, f"@cert-authority * {authority}\n"), shown)
    kind, encoded = shown.split()[:2]
    forged = f"{kind} {encoded[:-48]}{encoded[-48:-40][::-1]}{encoded[-40:]}"
    assert "its signature is wrong" in refused(trust(HOST, 22, None, f"@cert-authority * {other}\n"), forged)
    lines = f"@cert-authority * {other}\n@revoked * {other}\n"
    assert "is revoked" in refused(trust(HOST, 22, None, lines), shown)


def test_an_authority_that_signs_by_sha_1_is_not_believed(tmp_path: Path) -> None:
    authority = key(tmp_path / "ca", "rsa")
    shown = signed(tmp_path, "-h", "-n", HOST, "-t", "ssh-rsa")
    given = trust(HOST, 22, None, f"@cert-authority * {authority}\n")
    assert "its signature is wrong" in refused(given, shown)


def test_the_wildcard_of_a_principal_counts(tmp_path: Path) -> None:
    authority = key(tmp_path / "ca")
    given = trust(HOST, 22, None, f"@cert-authority * {authority}\n")
    assert not refused(given, signed(tmp_path, "-h", "-n", "*.example.org"))


def test_what_ssh_says_is_taken_by_the_letter() -> None:
    said = (
        "hostname vps\nport 22\nuser root\nhostkeyalias nonesuch.none\n"
        "identityfile ~/.ssh/a~b\nidentityfile /keys/~/c\nidentityagent /run/a~b"
    )
    way = read_way("vps", said, Path("/home/alma"), Path("/home/alma"))
    assert way.alias == "nonesuch.none"
    assert way.named == (Path("/home/alma/.ssh/a~b"), Path("/keys/~/c"))
    assert way.agent == "/run/a~b"
    assert read_way("vps", f"{said}\nhostkeyalias none", Path("/home/alma"), Path("/home/alma")).alias == ""

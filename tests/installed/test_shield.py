"""Who is turned away by NGINX, and a shield that cannot be turned."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from installed.conftest import INSTALLED, Root

LIST = "/var/lib/deploy/shield/denied"


def denied(root: Root) -> list[str]:
    return root.path(LIST).read_text().splitlines()


def test_who_is_shut_out_by_two_goes_free_when_both_let_go(root: Root) -> None:
    root.run("deny", "add", "198.51.100.9", "--jail", "passwords")
    root.run("deny", "add", "198.51.100.9", "--jail", "searches")
    root.run("deny", "add", "2001:db8::9", "--jail", "searches")
    root.run("deny", "add", "198.51.100.9", "--jail", "passwords")
    assert denied(root) == ["198.51.100.9 searches", "2001:db8::9 searches", "198.51.100.9 passwords"]
    root.run("deny", "remove", "198.51.100.9", "--jail", "passwords")
    root.run("deny", "remove", "198.51.100.99", "--jail", "passwords")
    assert denied(root) == ["198.51.100.9 searches", "2001:db8::9 searches"]
    root.run("deny", "none", "--jail", "searches")
    assert denied(root) == []


def test_who_comes_while_nginx_is_told_of_others_is_shut_out_too(root: Root) -> None:
    slow = root.path("/slow/tail")
    slow.write_text(f'#!/bin/sh\nsleep 1.3\nexec {shutil.which("tail")} "$@"\n')
    slow.chmod(0o755)
    root.run("deny", "add", "198.51.100.9")  # a second later, NGINX is told
    root.run("deny", "add", "192.0.2.7", PATH=f"{slow.parent}:{os.environ['PATH']}")
    assert denied(root) == ["198.51.100.9 hand", "192.0.2.7 hand"]


def test_a_list_that_could_not_be_read_stays(root: Root) -> None:
    root.run("deny", "add", "198.51.100.9", "--jail", "passwords")
    root.write("/programs", "grep() { return 2; }\n")
    root.run(
        "deny", "add", "198.51.100.7", "--jail", "passwords", code=1, BASH_ENV=str(root.path("/programs"))
    )
    assert denied(root) == ["198.51.100.9 passwords"]


@pytest.mark.parametrize("address", ["", "1.2.3.4 1; }", "1.2.3.4\n", "a/b", "$(id)", "x" * 50, "*"])
def test_what_is_no_address_gets_nowhere(root: Root, address: str) -> None:
    assert "is no address" in root.run("deny", "add", address, code=2)
    assert not root.path(LIST).exists()


def test_the_newest_are_kept(root: Root) -> None:
    root.write(LIST, "".join(f"192.0.{each // 250}.{each % 250} jail\n" for each in range(6000)))
    root.run("deny", "add", "198.51.100.9", "--jail", "jail")
    assert len(denied(root)) == 5001
    assert denied(root)[-1] == "198.51.100.9 jail"


def test_a_shield_that_no_apply_has_prepared(root: Root) -> None:
    said = root.run("shield", "www.example.org", "on", code=69)
    assert "www.example.org has no shield on this server yet: run deploy apply" in said
    assert "is not the name of a site" in root.run("shield", "../etc", "on", code=2)
    root.write("/etc/deploy/shields/www.example.org.conf", "NAMES=www.example.org\nCERTIFICATE=/nowhere\n")
    assert "'maybe' is not on or off" in root.run("shield", "www.example.org", "maybe", code=2)
    said = root.run("shield", "www.example.org", "on", code=1)
    assert "✗ certificate: www.example.org has no certificate yet" in said


@pytest.mark.parametrize(("address", "asked"), [("", False), ("198.51.100.7", True)])
def test_that_a_shield_is_closed_is_said_only_where_somebody_has_asked(
    tmp_path: Path, address: str, asked: bool
) -> None:
    for name, answer in (("ip", f"192.0.2.1 via x src {address}" if address else ""), ("curl", "52 000 ")):
        (tmp_path / name).write_text(f"#!/bin/sh\necho '{answer}'\n")
        (tmp_path / name).chmod(0o755)
    script = (
        'say() { echo "$1"; }; find_way() { WAY="" ADDRESS=""; }; source "$1/page"; source "$2"; all_holds'
    )
    done = subprocess.run(
        ["bash", "-euc", script, "-", INSTALLED / "lib/common", INSTALLED / "lib/shield/sight"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin", "NAME": "www.example.org"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ("✓ closed" in done.stdout, "! closed, and not looked at" in done.stdout) == (asked, not asked)


@pytest.mark.parametrize("former", ["medium", ""])
def test_what_a_raised_zone_was_before_is_kept_until_somebody_puts_it_back(root: Root, former: str) -> None:
    state, name = "/var/lib/deploy/shield", "www.example.org"
    root.write(f"/etc/deploy/shields/{name}.conf", f"NAMES={name}\nCHOSEN=off\n")
    root.write(f"{state}/closed/{name}.conf", "include /etc/nginx/deploy/shield.conf;\n")
    root.write(f"{state}/memory/{name}", f"ZONE=example.org\nFORMER={former}\nCHANGED={name}\n")
    programs = root.path("/programs")
    programs.write_text("nginx() { false; }; systemctl() { false; }\n")
    assert "✗ open: " in root.run("shield", "--settle", code=1, BASH_ENV=str(programs))
    assert root.path(f"{state}/closed/{name}.conf").exists(), "NGINX has not taken that it is open"
    assert all(root.path(f"{state}/{place}/{name}").exists() for place in ("memory", "half"))
    programs.write_text("nginx() { :; }; systemctl() { :; }\n")
    said = root.run("shield", "--settle", BASH_ENV=str(programs))
    assert not root.path(f"{state}/closed/{name}.conf").exists()
    kept = [root.path(f"{state}/{place}/{name}").exists() for place in ("memory", "half")]
    assert kept == [bool(former)] * 2
    assert ("deploy shield www.example.org off puts back" in said) == bool(former)


def test_a_site_is_not_opened_where_nobody_could_know_of_it_afterwards(root: Root) -> None:
    state, name = "/var/lib/deploy/shield", "www.example.org"
    root.write(f"/etc/deploy/shields/{name}.conf", f"NAMES={name}\nCHOSEN=off\n")
    root.write(f"{state}/closed/{name}.conf", "include /etc/nginx/deploy/shield.conf;\n")
    root.path(f"{state}/half/{name}").mkdir()
    root.write("/programs", "nginx() { :; }; systemctl() { :; }\n")
    assert "usage:" not in root.run("shield", "--settle", code=1, BASH_ENV=str(root.path("/programs")))
    assert root.path(f"{state}/closed/{name}.conf").exists()


def test_a_certificate_is_said_to_come_as_sites_yaml_says_not_as_it_came(tmp_path: Path) -> None:
    request = ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", "/dev/null"]
    subprocess.run(
        [*request, "-subj", "/CN=a.test", "-days", "90", "-out", tmp_path / "fullchain.pem"],
        check=True,
        capture_output=True,
    )
    script = (
        f'DEPLOY_ROOT= CERTIFICATE={tmp_path} NAME=a.test RENEWED=dns; say() {{ echo "$1"; }}; '
        f"source {INSTALLED}/lib/shield/certificate; look_after_certificate"
    )
    done = subprocess.run(["bash", "-euc", script], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("✓ certificate renewed by DNS records: it lasts ")

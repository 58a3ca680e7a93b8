"""Mirrors of a Gitea, real or the stand-in of the tests, on another Git host that refuses as such hosts do."""

import hashlib
import json
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from deployer.rehearsal.machine import Machine
from vps.gitea.conftest import programs
from vps.project import GIT, Project
from vps.waiting import until_listening

pytestmark = [pytest.mark.takes_turns("module"), pytest.mark.in_turns("kinds", of="modules")]
HOME = "/opt/git.test"
ELSEWHERE = Path(__file__).with_name("elsewhere.py")
TOKEN = "token-of-the-other-side"


@dataclass
class Forge:
    """A user's folder, the Gitea that it brings up by HTTP, and what is on the other side."""

    project: Project
    tokens: dict[str, str] = field(default_factory=lambda: {"TOKEN": TOKEN})

    @property
    def mirror(self) -> dict[str, Any]:
        return self.project.sites["git.test"]["mirrors"]["there"]

    def deploy(self, *words: str, code: int = 0) -> str:
        done = self.project.deploy(*words, **self.tokens)
        said = done.stdout + done.stderr
        assert done.returncode == code, said[-3000:]
        assert TOKEN not in said
        return said

    def compared(self, *words: str, code: int = 0) -> dict[str, dict[str, Any]]:
        """What `deploy mirrors` tells of each, by the name of the repository."""
        done = self.project.deploy("mirrors", "--json", *words, **self.tokens)
        assert done.returncode == code, done.stdout + done.stderr
        return {each["repository"].partition("/")[2]: each for each in json.loads(done.stdout)}

    def api(self, method: str, path: str, **value: object) -> Any:
        """What Gitea answers to its first user."""
        password = self.deploy("secret", "show", "git.test", "PASSWORD").strip()
        ask = ["curl", "-s", "--fail-with-body", "-u", f"owner:{password}", "-X", method]
        ask += ["-H", "Content-Type: application/json", *(["-d", json.dumps(value)] if value else [])]
        vps = self.project.vps
        done = subprocess.run(
            [*ask, "--resolve", f"git.test:80:{vps.address}", f"http://git.test/api/v1/{path}"],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout or "null")

    def has(self, name: str, there: bool = True) -> None:
        """A repository with a commit, and its empty one on the other side."""
        self.api("POST", "user/repos", name=name)
        self.project.repository(name, {"page.html": "one\n"})
        self.push(name)
        if there:
            self.project.vps.run(f"git init -q --bare -b main /srv/elsewhere/me/{name}.git")
            self.project.vps.run(f"git -C /srv/elsewhere/me/{name}.git config http.receivepack true")

    def push(self, name: str) -> None:
        password = self.deploy("secret", "show", "git.test", "PASSWORD").strip()
        where = f"http://owner:{password}@git.test/owner/{name}.git"
        option = f"http.curloptResolve=git.test:80:{self.project.vps.address}"
        subprocess.run(
            [*GIT, "-c", option, "-C", self.project.folder / name, "push", "-q", where, "main"], check=True
        )

    def made(self, name: str) -> list[dict[str, Any]]:
        return self.api("GET", f"repos/owner/{name}/push_mirrors")


@pytest.fixture(scope="module")
def forge(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Forge:
    vps.add_hosts({"git.test": "127.0.0.1"})
    program = programs()["new"]
    vps.root.joinpath("srv/gitea").write_bytes(program)
    vps.run("mkdir -p /srv/elsewhere/me && echo me:$TOKEN >/srv/elsewhere/tokens".replace("$TOKEN", TOKEN))
    vps.root.joinpath("srv/elsewhere.py").write_text(ELSEWHERE.read_text())
    site = {
        "kind": "gitea",
        "version": "1.26.0",
        "binary": "/srv/gitea",
        "sha256": hashlib.sha256(program).hexdigest(),
        "email": "me@git.test",
        "https": False,
        "mirrors": {"there": {"address": "http://127.0.0.1:9020", "owner": "me", "token": "env:TOKEN"}},
    }
    return Forge(Project(tmp_path_factory.mktemp("user"), vps, None, {"git.test": site}))


def test_a_private_address_has_to_be_allowed(forge: Forge) -> None:
    forge.mirror["repositories"] = ["owner/one"]
    forge.deploy("apply", "--yes")
    forge.project.vps.run("systemd-run --unit elsewhere python3 /srv/elsewhere.py")
    until_listening(forge.project.vps, 9020)
    assert forge.compared("--check", code=1)["one"]["fault"] == "no such repository here"
    forge.has("one")
    assert "~ git.test: owner/one is not mirrored to http" in forge.deploy("plan", code=4)
    said = forge.deploy("apply", "--yes", code=1)
    assert "does not take the mirror to http://127.0.0.1:9020/me/one.git: 401" in said
    assert "local: true" in said


def test_all_of_them_are_mirrored(forge: Forge) -> None:
    forge.mirror.update(local=True, repositories=[])
    forge.has("two")
    forge.deploy("apply", "--yes")
    assert "Nothing to change" in forge.deploy("plan")
    (one,) = forge.made("one")
    assert (one["interval"], one["sync_on_commit"]) == ("8h0m0s", True)
    vps, syncs = forge.project.vps, "pgrep -f '[b]in/mirrors sync'"
    vps.run("systemctl kill --signal=STOP elsewhere")
    told = forge.project.interrupted(syncs, "mirrors", **forge.tokens)
    assert f"! mirrors: {vps.address} goes on with it. How far each mirror is: deploy mirrors --check" in told
    vps.run(f"systemctl kill --signal=CONT elsewhere; while {syncs}; do sleep 0.1; done", check=False)
    found = forge.compared("--check")
    assert {name: (each["differing"], each["fault"]) for name, each in found.items()} == {
        "one": (0, ""),
        "two": (0, ""),
    }
    assert "the same" in forge.deploy("mirrors", "git.test", "--check")


def test_nobody_reads_the_token(forge: Forge) -> None:
    vps = forge.project.vps
    where = "/etc /var/log /var/lib/deploy /run/log /usr/local/lib/deploy"
    assert vps.run(f"grep -rlaF {TOKEN} {where}", check=False).stdout == ""
    assert TOKEN not in vps.run("journalctl").stdout
    modes = vps.run(f"stat -c '%a %U' {HOME}/secrets/mirrors {HOME}/secrets/mirrors-token {HOME}/.env").stdout
    assert modes.split("\n")[:3] == ["600 root"] * 3
    assert vps.run(f"grep -c {TOKEN} {HOME}/secrets/mirrors", check=False).stdout == "0\n"


def test_what_a_person_has_made_stays(forge: Forge) -> None:
    by_hand = {"remote_address": "http://127.0.0.1:9020/me/other.git", "interval": "24h"}
    secret = {"remote_username": "me", "remote_password": TOKEN}
    forge.api("POST", "repos/owner/one/push_mirrors", **by_hand, **secret)
    assert "Nothing to change" in forge.deploy("plan")
    forge.mirror.update(interval="1h", on_push=False)
    forge.deploy("apply", "--yes")
    assert {(each["remote_address"], each["interval"]) for each in forge.made("one")} == {
        ("http://127.0.0.1:9020/me/one.git", "1h0m0s"),
        ("http://127.0.0.1:9020/me/other.git", "24h0m0s"),
    }
    (two,) = forge.made("two")
    forge.api("DELETE", f"repos/owner/two/push_mirrors/{two['remote_name']}")
    forge.api(
        "POST",
        "repos/owner/two/push_mirrors",
        **{**by_hand, **secret, "remote_address": two["remote_address"]},
    )
    assert "Nothing to change" in forge.deploy("plan")
    assert forge.compared("--check")["two"]["there"] == "by-hand"
    forge.mirror.update(repositories=["owner/one"])
    forge.deploy("apply", "--yes")
    assert len(forge.made("two")) == 1


def test_what_a_power_cut_has_left_half_made_is_ours(forge: Forge) -> None:
    record = f"{HOME}/secrets/mirrors"
    forge.project.vps.run(f"sed -i 's/^[^\\t]*\\t\\([^\\t]*\\t[^\\t]*\\).*/-\\t\\1/' {record}")
    assert forge.project.vps.run(f"cut -f 1 {record}").stdout == "-\n"
    forge.deploy("apply", "--yes")
    addresses = [each["remote_address"].rpartition("/")[2] for each in forge.made("one")]
    assert sorted(addresses) == ["one.git", "other.git"]
    assert "Nothing to change" in forge.deploy("plan")


def test_another_token_is_handed_on(forge: Forge) -> None:
    vps, (before,) = (
        forge.project.vps,
        [each for each in forge.made("one") if "one" in each["remote_address"]],
    )
    forge.tokens["TOKEN"] = f"{TOKEN}-2"
    vps.run(f"echo me:{TOKEN}-2 >/srv/elsewhere/tokens")
    assert forge.compared("--check", code=1)["one"]["fault"] == "token not taken"
    forge.deploy("apply", "--yes")
    assert forge.compared("--check")["one"]["fault"] == ""
    config = vps.run(f"cat {HOME}/data/repositories/owner/one.git/config").stdout
    assert before["remote_name"] not in config
    assert f"{TOKEN}-2@" in config


@pytest.mark.in_turns
@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("gone", "repository missing there"),
        ("busy", "rate limit"),
        ("second", "two-factor"),
        ("guarded", "protected branch"),
        ("reading", "token without right"),
        ("silent", "network"),
    ],
)
def test_each_fault_has_its_words(forge: Forge, name: str, fault: str) -> None:
    vps = forge.project.vps
    forge.has(name, there=name != "gone")
    forge.mirror.update(repositories=[f"owner/{name}"])
    hook = f"/srv/elsewhere/me/{name}.git/hooks/pre-receive"
    if name == "guarded":
        vps.run(f"printf '#!/bin/sh\necho GH006: Protected branch update failed >&2\nexit 1\n' >{hook}")
        vps.run(f"chmod +x {hook}")
    if name == "reading":
        forge.tokens["TOKEN"] = "reading-only"
        vps.run("echo me:reading-only >>/srv/elsewhere/tokens")
    if name == "silent":
        forge.mirror["address"] = "http://127.0.0.1:9021"
    forge.deploy("apply", "--yes")
    assert forge.compared(code=1)[name]["fault"] == fault
    said = forge.deploy("mirrors", "--check", code=1)
    assert f"owner/{name} to there: {fault}" in said
    found = json.loads(forge.project.deploy("doctor", "--json", **forge.tokens).stdout)["checks"]
    (mirrors,) = [each for each in found if each["name"] == "mirrors"]
    assert [each["what"] for each in mirrors["findings"]] == [
        f"owner/{name} is not mirrored to there: {fault}"
    ]


def test_none_of_ours_is_left(forge: Forge) -> None:
    (last,) = forge.mirror["repositories"]
    forge.project.sites["git.test"].pop("mirrors")
    forge.deploy("apply", "--yes")
    assert [each["remote_address"] for each in forge.made("one")] == ["http://127.0.0.1:9020/me/other.git"]
    assert len(forge.made("two")) == 1
    assert forge.made(last.partition("/")[2]) == []
    assert forge.project.vps.run("ls /etc/deploy/mirrors", check=False).stdout == ""
    assert "Nothing to change" in forge.deploy("plan")

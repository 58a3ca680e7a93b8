"""Logins to registries: what sites.yaml may say of them, and what becomes of Docker's own file, offline."""

import base64
import json
import os
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import deployer
from deployer.config.model import Config
from deployer.parts import registries
from deployer.planning.comparing import make_plan
from deployer.planning.stages import NOT_LOOKED_AT, in_the_end
from deployer.report.changes import plan_lines
from deployer.seen.observation import Observation
from deployer.values.registries import password_name

PACKAGE = Path(deployer.__file__).parent
HUB = "https://index.docker.io/v1/"
HOSTILE = "p:a\"s\\s $(no) é\n'{"
ADA = {"user": "ada", "password": "env:TOKEN"}
ENV = registries.ENV


def config(**names: Any) -> Config:
    logins = {name.replace("_", "."): login for name, login in names.items()}
    return Config.model_validate({"docker": {"registries": logins}, "security": False})


@pytest.mark.parametrize(
    "name", ["ghcr.io", "docker.io", "registry.example.org:5000", "127.0.0.1:5000", "localhost", "local:1"]
)
def test_what_is_a_registry(name: str) -> None:
    assert config(**{name: ADA}).docker.registries.keys() == {name.replace("_", ".")}


@pytest.mark.parametrize(
    ("name", "login", "words"),
    [
        ("https://ghcr.io", ADA, "not a registry as images name it"),
        ("ghcr.io/ada", ADA, "not a registry as images name it"),
        ("GHCR.io", ADA, "its host in lower case"),
        ("ghcr.io:0", ADA, "not a registry as images name it"),
        ("ghcr.io:", ADA, "not a registry as images name it"),
        ("ghcr.io $(id)", ADA, "not a registry as images name it"),
        ("::1", ADA, "not a registry as images name it"),
        ("registry", ADA, "a registry has a dot or a port"),
        ("index.docker.io", ADA, "from docker.io: write that"),
        ("ghcr.io", {"user": "ada"}, "password"),
        ("ghcr.io", {"password": "env:TOKEN"}, "user"),
        ("ghcr.io", ADA | {"user": "a:b"}, "not the name of a user of a registry"),
        ("ghcr.io", ADA | {"user": "a b"}, "not the name of a user of a registry"),
        ("ghcr.io", ADA | {"password": "generate"}, "the registry has this password"),
        ("ghcr.io", ADA | {"password": "hunter2"}, "does not belong in sites.yaml"),
    ],
)
def test_what_cannot_be_is_refused(name: str, login: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        config(**{name: login})


def test_two_registries_never_share_a_password() -> None:
    names = ("a-b.io", "a.b.io", "a--b.io", "a.b.io:5000", "a.b.io.5000", "a.b.io-5000", "a---b.io", "a:1")
    assert len({*map(password_name, names)}) == len(names)


def seen(wanted: Config, **states: str) -> Observation:
    """A server as it shall be, but for its logins."""
    known = replace(NOT_LOOKED_AT, registries={name.replace("_", "."): each for name, each in states.items()})
    later = in_the_end(wanted, known)
    written = {path: file.digest for path, file in later.files.items()}
    values = {ENV: dict.fromkeys(later.secrets.get(ENV, {}), "0" * 64)}
    ready = replace(
        known, packages=frozenset(later.packages), units=dict.fromkeys(later.units, "active enabled")
    )
    return Observation(ready, dict(later.files), written, secrets=values)


def test_what_a_person_has_changed_is_put_back_and_told() -> None:
    wanted = config(ghcr_io=ADA, quay_io=ADA)
    there = seen(wanted, ghcr_io="changed", quay_io="gone")
    plan = make_plan(in_the_end(wanted, there.facts), there, "")
    assert [handler.live for handler in plan.handlers] == ["log_in_to_registries"]
    told = "\n".join(plan_lines(plan, "vps"))
    assert "~ docker.registries: ghcr.io: the login in /root/.docker/config.json was changed by hand" in told
    assert "~ docker.registries: quay.io: there is no login any more" in told
    there = seen(wanted, ghcr_io="ours", quay_io="ours")
    plan = make_plan(in_the_end(wanted, there.facts), there, "")
    assert (plan.changes, plan.secrets, plan.drift) == ((), (), {})


def test_a_login_made_by_hand_is_told_where_ours_takes_its_place() -> None:
    there = replace(seen(config()), facts=replace(NOT_LOOKED_AT, registries={"ghcr.io": "by-hand"}))
    plan = make_plan(in_the_end(config(ghcr_io=ADA), there.facts), there, "")
    told = "\n".join(plan_lines(plan, "vps"))
    assert "! the login to ghcr.io in /root/.docker/config.json was made by hand: sites.yaml's takes" in told
    assert "+ secret REGISTRY_ghcr_io in /etc/deploy/registries/.env (from the environment: TOKEN)" in told
    assert plan.owners[ENV] == plan.owners[registries.LOGINS] == "docker.registries:"
    other = make_plan(in_the_end(config(quay_io=ADA), there.facts), there, "")
    assert "by hand" not in "\n".join(plan_lines(other, "vps"))


@pytest.mark.parametrize("after", [config(), config(ghcr_io=ADA)])
def test_a_password_goes_with_its_login(after: Config) -> None:
    there = seen(config(ghcr_io=ADA, quay_io=ADA), ghcr_io="ours", quay_io="changed")
    plan = make_plan(in_the_end(after, there.facts), there, "")
    told = "\n".join(plan_lines(plan, "vps"))
    assert "- value REGISTRY_quay_io in /etc/deploy/registries/.env (no longer in sites.yaml)" in told
    assert "! the login to quay.io in /root/.docker/config.json was changed by hand, and stays" in told
    assert ("- value REGISTRY_ghcr_io" in told) == (not after.docker.registries)


@dataclass(frozen=True)
class Server:
    """A folder with those paths of a server that the functions know."""

    folder: Path

    @property
    def docker(self) -> Path:
        return self.folder / "root/.docker/config.json"

    def logins(self, passwords: dict[str, str]) -> None:
        """What apply has put there: `ada` logs in to these."""
        there = self.folder / "etc/registries"
        there.mkdir(parents=True, exist_ok=True)
        (self.folder / "var").mkdir(exist_ok=True)
        lines = (f"{name} ada {password_name(name)}\n" for name in passwords)
        (there / "logins").write_text("".join(["# who\n", *lines])) if passwords else (
            there / "logins"
        ).unlink()
        values = "".join(f"{password_name(name)}\t{value}\0" for name, value in passwords.items())
        (there / ".env").unlink(missing_ok=True)
        self.bash(
            'while IFS=$\'\\t\' read -r -d "" name value; do set_secret "$1" "$name" "$value"; done',
            values,
            there / ".env",
        )

    def bash(self, script: str, given: str = "", *words: object, **environment: str) -> str:
        """What it says, with its exit code at the end if that is not 0."""
        text = "".join(
            (PACKAGE / "parts" / each).read_text() for each in ("registries.sh", "registries.look.sh")
        )
        for path, here in {
            "/usr/local/lib/deploy": str(PACKAGE / "server/installed"),
            "/etc/deploy": f"{self.folder}/etc",
            "/var/lib/deploy": f"{self.folder}/var",
            "/root/": f"{self.folder}/root/",
            "/run/docker.pid": f"{self.folder}/docker.pid",
            "/run/docker.sock": f"{self.folder}/docker.sock",
        }.items():
            text = text.replace(path, here)
        text += f"\nstate={self.folder}/var; . {PACKAGE}/server/installed/lib/composition/secrets\n{script}"
        done = subprocess.run(
            ["bash", "-c", text, "test", *map(str, words)],
            input=given,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return done.stdout.replace(str(self.folder), "") + (
            f"exit {done.returncode}" if done.returncode else ""
        )

    def apply(self, **passwords: str) -> str:
        """As apply does it: check, then let count."""
        self.logins({name.replace("_", "."): each for name, each in passwords.items()})
        return self.bash("check_registries && log_in_to_registries")

    def states(self) -> dict[str, str]:
        return dict(line.split()[1:] for line in self.bash("look_registries").splitlines())

    def kept(self) -> Any:
        return json.loads(self.docker.read_text())


@pytest.fixture
def server(tmp_path: Path) -> Server:
    (tmp_path / "root").mkdir()
    return Server(tmp_path)


def auth(password: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"ada:{password}".encode()).decode()}


def by_hand(server: Server, **keys: Any) -> dict[str, Any]:
    """Docker's file as a person has left it."""
    server.docker.parent.mkdir(exist_ok=True)
    server.docker.write_text(json.dumps(keys))
    return keys


def test_a_login_is_there_for_docker_and_for_root_alone(server: Server) -> None:
    passwords = {"docker.io": HOSTILE, "local:5000": "one"}
    assert server.apply(**passwords) == ""
    assert server.kept() == {"auths": {HUB: auth(HOSTILE), "local:5000": auth("one")}}
    assert server.docker.stat().st_mode & 0o777 == 0o600
    assert server.docker.parent.stat().st_mode & 0o777 == 0o700
    assert (server.folder / "var/registries").stat().st_mode & 0o777 == 0o600
    assert server.states() == {"docker.io": "ours", "local:5000": "ours"}
    before = server.docker.read_bytes()
    assert server.bash("log_in_to_registries; log_in_to_registries") == ""
    assert server.docker.read_bytes() == before


def test_no_argument_of_a_program_has_a_password(server: Server) -> None:
    programs, seen = server.folder / "programs", server.folder / "seen"
    programs.mkdir()
    for name in ("jq", "base64", "sha256sum", "curl", "cut", "install", "sync", "cat", "mv"):
        (programs / name).write_text(
            f'#!/bin/bash\nprintf "%s\\n" "$0" "$@" >>{seen}\nPATH={os.environ["PATH"]} exec {name} "$@"\n'
        )
        (programs / name).chmod(0o755)
    server.logins({"ghcr.io": "hunter2"})
    (server.folder / "docker.pid").touch()
    path = f"{programs}:{os.environ['PATH']}"
    assert (
        server.bash("check_registries && log_in_to_registries; look_registries", PATH=path)
        == "registry ghcr.io ours\n"
    )
    told = seen.read_text()
    assert "http://docker/auth" in told
    assert "--rawfile" in told
    assert "hunter2" not in told
    assert auth("hunter2")["auth"] not in told


def test_all_else_in_the_file_stays(server: Server) -> None:
    keys = by_hand(
        server,
        auths={"quay.io": auth("hand"), "ghcr.io": {"auth": "b2xk", "identitytoken": "x"}},
        unknown=[1],
    )
    assert server.states() == {"quay.io": "by-hand", "ghcr.io": "by-hand"}
    assert server.apply(ghcr_io="one") == ""
    assert server.kept() == {**keys, "auths": {"quay.io": auth("hand"), "ghcr.io": auth("one")}}
    assert server.states() == {"quay.io": "by-hand", "ghcr.io": "ours"}
    assert server.apply(ghcr_io="two") == ""
    assert server.kept()["auths"]["ghcr.io"] == auth("two")
    assert server.apply() == ""
    assert server.kept() == {**keys, "auths": {"quay.io": auth("hand")}}
    assert not (server.folder / "var/registries").exists()
    assert not (server.folder / "etc/registries").exists()
    assert server.bash("log_in_to_registries") == ""


def test_what_somebody_has_changed_is_not_taken_away(server: Server) -> None:
    server.apply(ghcr_io="one", quay_io="one")
    kept = server.kept()
    del kept["auths"]["quay.io"]
    by_hand(server, auths=kept["auths"] | {"ghcr.io": auth("hand")})
    assert server.states() == {"ghcr.io": "changed", "quay.io": "gone"}
    assert server.apply() == ""
    assert server.kept() == {"auths": {"ghcr.io": auth("hand")}}


def test_who_was_killed_before_the_file_was_written_knows_what_is_ours(server: Server) -> None:
    server.apply(ghcr_io="one")
    server.logins({"ghcr.io": "two"})
    assert server.bash("write_logins() { return 1; }; log_in_to_registries") == "exit 1"
    assert server.states() == {"ghcr.io": "ours"}, "one of those that we have written"
    assert server.apply() == ""
    assert server.kept() == {"auths": {}}


def test_where_a_program_keeps_logins_ours_count_all_the_same(server: Server) -> None:
    keys = by_hand(server, credsStore="pass", credHelpers={"quay.io": "ecr-login"})
    assert server.apply(ghcr_io="one") == ""
    assert server.kept() == {
        **keys,
        "auths": {"ghcr.io": auth("one")},
        "credHelpers": {"quay.io": "ecr-login", "ghcr.io": ""},
    }
    assert server.apply() == ""
    assert server.kept() == {**keys, "auths": {}}


def test_a_helper_for_just_this_registry_is_no_business_of_ours(server: Server) -> None:
    by_hand(server, credHelpers={"ghcr.io": "ecr-login"})
    before = server.docker.read_bytes()
    said = server.apply(ghcr_io="one")
    assert said.startswith(
        "/root/.docker/config.json has ecr-login ask for the login to ghcr.io (credHelpers)"
    )
    assert said.endswith("exit 1")
    assert server.docker.read_bytes() == before


@pytest.mark.parametrize("text", ["{", "[]", '{"auths": []}', "{} {}", '"x"', '{"credHelpers": "x"}'])
def test_a_file_that_is_not_docker_s_is_left_alone(server: Server, text: str) -> None:
    by_hand(server)
    server.docker.write_text(text)
    for command in ("check_registries", "log_in_to_registries"):
        server.logins({"ghcr.io": "one"})
        assert "is not what Docker writes there, a JSON object: mend it" in server.bash(command)
    assert server.docker.read_text() == text


@pytest.mark.parametrize("which", ["root/.docker", "root/.docker/config.json"])
def test_no_password_goes_where_a_link_leads(server: Server, which: str) -> None:
    elsewhere = server.folder / "elsewhere"
    elsewhere.mkdir() if which.endswith(".docker") else elsewhere.write_text("{}")
    link = server.folder / which
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(elsewhere)
    assert "is a link, and passwords belong into a file of root's own" in server.apply(ghcr_io="one")
    assert "is a link" in server.bash("log_in_to_registries")
    assert link.is_symlink()
    assert not (elsewhere / "config.json").exists() if elsewhere.is_dir() else elsewhere.read_text() == "{}"


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ('Get "https://ghcr.io/v2/": unauthorized: incorrect username or password', True),
        ("login attempt to http://ghcr.io/v2/ failed with status: 401 Unauthorized", True),
        ("denied: requested access to the resource is denied", True),
        ("dial tcp: lookup ghcr.io: no such host", False),
        ("login attempt to https://ghcr.io/v2/ failed with status: 502 Bad Gateway", False),
        ("", False),
    ],
)
def test_only_a_no_of_the_registry_counts(server: Server, said: str, refused: bool) -> None:
    server.logins({"ghcr.io": "one"})
    told = server.bash('ask_to_log_in() { printf "%s\\n" "$SAID"; }; check_registries', SAID=said)
    expected = (
        f"ghcr.io does not take the login of ada (sites.yaml: docker: registries: ghcr.io): {said}\nexit 1"
    )
    assert told == (expected if refused else "")

"""The file of a Gatus: what it says, and what becomes of one that somebody edits."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployer.config.loader import load
from deployer.planning.gatus import keys_of
from deployer.planning.plan import Plan
from deployer.report.changes import plan_lines
from deployer.tasks.monitors import Monitors

SITES = {
    "www.example.org": {"kind": "proxy", "port": 9000},
    "plain.example.org": {"kind": "proxy", "port": 9001, "https": False},
    "inside.example.org": {"kind": "proxy", "port": 9002},
}
GATUS = {
    "file": "gatus/deploy.yaml",
    "token": "env:GATUS_TOKEN",
    "ntfy": {"topic": "env:NTFY_TOPIC", "token": "env:NTFY_TOKEN"},
}


class Run:
    """One look at the file, and what becomes of it."""

    def __init__(
        self,
        folder: Path,
        words: str = "Welcome",
        gatus: dict[str, Any] = GATUS,
        sites: dict[str, Any] = SITES,
    ) -> None:
        document = {
            "server": {"host": "vps.example.org"},
            "sites": sites,
            "updates": {"at": "04:00"},
            "watch": {"every": "10m", "ignore": ["inside.example.org"]},
            "monitoring": {"words": {"www.example.org": words}, "slow": "5s", "gatus": gatus},
        }
        (folder / "sites.yaml").write_text(json.dumps(document))
        config = load(folder / "sites.yaml")
        assert config.monitoring
        self.file = folder / "gatus/deploy.yaml"
        self.monitors = Monitors(config, config.monitoring)
        self.plan = self.monitors.planned(Plan(), None)
        self.said: list[str] = []

    def apply(self) -> bool:
        return self.monitors.write(self.plan, self.said.append)

    @property
    def lines(self) -> list[str]:
        return [*plan_lines(self.plan, "vps.example.org")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "gatus").mkdir()
    return tmp_path


def test_the_file_has_sites_and_heartbeats_and_no_secret(folder: Path) -> None:
    run = Run(folder)
    assert run.lines[0] == f"+ gatus:{run.file}"
    assert run.lines[-1] == "vps.example.org: 1 monitor to add."
    assert run.apply(), run.said
    document = yaml.safe_load(run.file.read_text())
    plain, www = document["endpoints"]
    assert (www["name"], www["group"], www["interval"]) == ("www.example.org", "vps.example.org", "60s")
    assert www["conditions"] == [
        "[STATUS] == any(200, 204, 301, 302, 303, 307, 308, 401)",
        "[BODY] == pat(*Welcome*)",
        "[RESPONSE_TIME] < 5000",
        "[CERTIFICATE_EXPIRATION] > 336h",
    ]
    assert www["client"] == {"timeout": "5s"}, "words stand where the front page leads to"
    assert plain["client"] == {"timeout": "5s", "ignore-redirect": True}
    assert "[CERTIFICATE_EXPIRATION] > 336h" not in plain["conditions"]
    updates, watch = document["external-endpoints"]
    assert (watch["name"], watch["group"]) == ("watch", "vps.example.org watch")
    assert (updates["token"], updates["heartbeat"]) == ("${GATUS_TOKEN}", {"interval": "1800s"})
    assert document["alerting"]["ntfy"]["topic"] == "${NTFY_TOPIC}"
    assert {each["alerts"][0]["type"] for each in (plain, www, updates)} == {"ntfy"}
    assert Run(folder).plan.empty


def test_what_gatus_would_take_for_one_has_two_names(folder: Path) -> None:
    alike = ["a.b.example.org", "a-b.example.org", "a.b-example.org"]
    sites = {name: {"kind": "proxy", "port": 9100 + at} for at, name in enumerate(alike)}
    assert Run(folder, sites=SITES | sites).apply()
    names = [each["name"] for each in yaml.safe_load((folder / "gatus/deploy.yaml").read_text())["endpoints"]]
    assert names[:3] == ["a-b.example.org", "a.b-example.org 2", "a.b.example.org 3"]
    keys = keys_of(["backups/a.b", "backups/a-b", "services/a-b", "backups/a-b-2"], "vps.example.org")
    assert keys == {
        "backups/a-b": "vps-example-org-backups_a-b",
        "backups/a-b-2": "vps-example-org-backups_a-b-2",
        "backups/a.b": "vps-example-org-backups_a-b-3",
        "services/a-b": "vps-example-org-services_a-b",
    }


def test_without_a_token_there_are_no_heartbeats_and_without_ntfy_no_alerts(folder: Path) -> None:
    run = Run(folder, gatus={"file": "gatus/deploy.yaml"})
    assert run.apply()
    document = yaml.safe_load(run.file.read_text())
    assert document.keys() == {"endpoints"}
    assert "alerts" not in document["endpoints"][0]


def test_an_edit_by_hand_is_told_and_put_right(folder: Path) -> None:
    assert Run(folder).apply()
    file = Run(folder).file
    text = file.read_text()
    file.write_text(text.replace("interval: 60s", "interval: 1h"))
    edited = Run(folder)
    assert edited.lines[0] == f"~ gatus:{file} (edited by hand)"
    assert "    -    interval: 1h" in edited.lines
    assert edited.apply()
    assert file.read_text() == text
    assert Run(folder, words="Hello").lines[0] == f"~ gatus:{file}", "that is no edit by hand"
    assert [path.name for path in file.parent.iterdir()] == ["deploy.yaml"]


def test_no_link_of_others_is_followed_and_the_mode_stays(folder: Path) -> None:
    assert Run(folder).apply()
    file = Run(folder).file
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    file.chmod(0o640)
    (folder / "theirs").write_text("theirs")
    for name in ("new", "tmp"):
        (file.parent / f".{file.name}.{name}").symlink_to(folder / "theirs")
    assert Run(folder, words="Hello").apply()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert (folder / "theirs").read_text() == "theirs"


def test_a_file_that_is_not_ours_is_taken_over_only_as_the_plan_says(folder: Path) -> None:
    file = folder / "gatus/deploy.yaml"
    file.write_text("endpoints: []\n")
    run = Run(folder)
    assert run.lines[0] == f"~ gatus:{file} (takes over a file made by hand)"
    file.write_text("endpoints: [mine]\n")
    assert not run.apply()
    assert "has changed since the plan was made" in run.said[0]
    assert file.read_text() == "endpoints: [mine]\n"


def test_a_folder_that_is_elsewhere_is_told_and_stops_nothing(tmp_path: Path) -> None:
    run = Run(tmp_path)
    assert run.plan.empty
    assert "deploy.yaml is not on this machine. Make it; or, where Gatus is on another" in run.plan.blind[0]
    assert not run.apply()


def test_words_carry_no_syntax(folder: Path) -> None:
    words = 'a*b "c" $HOME \\ [STATUS] == ü'
    assert Run(folder, words).apply()
    text = (folder / "gatus/deploy.yaml").read_text()
    assert "$$HOME" in text, "Gatus would put its own HOME there"
    condition = yaml.safe_load(text.replace("$$", "$"))["endpoints"][1]["conditions"][1]
    assert condition == '[BODY] == pat(*a\\*b "c" $HOME \\\\ \\[STATUS\\] ?? ü*)'


SSH = """#!/bin/sh
# What OpenSSH does with these words, where that is this very machine.
[ "$1 $2 $3 $4 $5 $6" = "-T -o BatchMode=yes -o ConnectTimeout=5 --" ] || exit 254
[ "$7" = me@nas ] || { echo "ssh: connect to host $7: Connection refused" >&2; exit 255; }
exec sh -c "$8"
"""


def test_a_file_of_another_machine_goes_there_by_ssh(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = folder / "ssh"
    program.write_text(SSH)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    place = folder / "a 'place' $HOME"
    there = {**GATUS, "file": f"me@nas:{place}/deploy.yaml"}
    missing = Run(folder, gatus=there)
    assert "me@nas has no folder for" in missing.plan.blind[0]
    place.mkdir()
    run = Run(folder, gatus=there)
    assert run.lines[0] == f"+ gatus:me@nas:{place}/deploy.yaml"
    assert run.apply(), run.said
    text = (place / "deploy.yaml").read_text()
    assert yaml.safe_load(text)["endpoints"]
    assert [path.name for path in place.iterdir()] == ["deploy.yaml"]
    assert Run(folder, gatus=there).plan.empty
    (place / "deploy.yaml").write_text(text + "# mine\n")
    (place / "deploy.yaml").chmod(0o640)
    (folder / "theirs").write_text("theirs")
    (place / ".deploy.yaml.new").symlink_to(folder / "theirs")
    edited = Run(folder, gatus=there)
    assert "(edited by hand)" in edited.lines[0]
    assert edited.apply(), edited.said
    assert ((place / "deploy.yaml").read_text(), (folder / "theirs").read_text()) == (text, "theirs")
    assert stat.S_IMODE((place / "deploy.yaml").stat().st_mode) == 0o640
    lost = Run(folder, gatus={**GATUS, "file": "lost.example.org:/srv/deploy.yaml"})
    assert lost.plan.blind == (
        "lost.example.org cannot be reached by SSH: ssh: connect to host lost.example.org: Connection "
        "refused. Try it: ssh lost.example.org",
    )

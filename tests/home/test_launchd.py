"""Timers where there is no systemd: a Mac's launchd, a stand-in that refuses what it would."""

import os
import plistlib
import subprocess
from pathlib import Path

import pytest

from deployer.config.home import Home
from deployer.errors import DeployError, UsageError
from deployer.home import launchd, timers
from deployer.home.jobs import of_backups
from deployer.home.schedule import Call, agents, moment

# bootstrap, bootout and print as `man launchctl` has them: a label is loaded once, and only from a good file
LAUNCHCTL = """#!/bin/sh
echo "$*" >>"$STATE/calls"
case $1 in
bootstrap)
    [ "$2" = "$DOMAIN" ] || { echo "Bootstrap failed: 125: Domain does not support this" >&2; exit 125; }
    label=$(/usr/bin/sed -n '/<key>Label/{n;s/.*<string>\\(.*\\)<.*/\\1/p;}' "$3")
    [ -n "$label" ] && [ ! -e "$STATE/$label" ] || { echo "Bootstrap failed: 5: I/O error" >&2; exit 5; }
    : >"$STATE/$label" ;;
bootout)
    [ -e "$STATE/${2##*/}" ] || { echo "Boot-out failed: 3: No such process" >&2; exit 3; }
    /usr/bin/rm "$STATE/${2##*/}" ;;
print)
    [ -e "$STATE/${2##*/}" ] || { echo "Could not find service" >&2; exit 113; } ;;
*) exit 64 ;;
esac
"""
DIRECTORY = {"directory": "/Volumes/backups", "at": "22:15"}


class Mac:
    """The folder of its user, and what launchd has loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.call = Call("/opt/homebrew/bin/deploy", folder / "my sites/sites.yaml", system=False)

    @property
    def agents(self) -> Path:
        return self.folder / "Library/LaunchAgents"

    @property
    def loaded(self) -> list[str]:
        return sorted(path.name for path in self.folder.glob("state/deploy-*"))

    def install(self, **section: object) -> bool:
        """Whether there was anything to do."""
        home = Home.model_validate(DIRECTORY | section)
        return self.settle(home)

    def settle(self, home: Home | None) -> bool:
        change = timers.wanted(of_backups(home), self.call)
        timers.carry_out(change, self.call.system)
        return bool(change)


@pytest.fixture
def mac(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Mac:
    monkeypatch.setattr(timers, "RUNNING", tmp_path / "no systemd")
    monkeypatch.setattr("sys.platform", "darwin")
    for name in ("bin", "state"):
        (tmp_path / name).mkdir()
    (tmp_path / "bin/launchctl").write_text(LAUNCHCTL)
    (tmp_path / "bin/launchctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("STATE", str(tmp_path / "state"))
    monkeypatch.setenv("DOMAIN", f"gui/{os.geteuid()}")
    return Mac(tmp_path)


def test_agents_come_follow_and_go(mac: Mac) -> None:
    assert mac.install(verify="weekly")
    assert mac.loaded == ["deploy-backup-pull", "deploy-backup-verify"]
    assert not mac.install(verify="weekly"), "a second time there is nothing to do"
    (mac.folder / "state/deploy-backup-pull").unlink()
    assert mac.install(verify="weekly"), "somebody has unloaded it"
    assert mac.loaded == ["deploy-backup-pull", "deploy-backup-verify"]
    assert mac.install(verify="never")
    assert mac.loaded == ["deploy-backup-pull"]
    assert [path.name for path in mac.agents.iterdir()] == ["deploy-backup-pull.plist"]
    assert mac.settle(None)
    assert (mac.loaded, list(mac.agents.iterdir())) == ([], [])
    assert not mac.settle(None)


def test_what_launchd_refuses_leaves_nothing(mac: Mac, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOMAIN", "system")
    with pytest.raises(DeployError, match="Domain does not support") as error:
        mac.install()
    assert "logged in at the screen" in error.value.advice
    assert (mac.loaded, list(mac.agents.iterdir())) == ([], [])


def test_what_an_agent_says(mac: Mac) -> None:
    found = agents(of_backups(Home.model_validate(DIRECTORY | {"verify": "weekly"})), mac.call, "/tmp/log")
    pull, verify = (plistlib.loads(text.encode()) for text in found.values())
    assert (pull["Label"], verify["Label"]) == ("deploy-backup-pull", "deploy-backup-verify")
    assert pull["StartCalendarInterval"] == {"Hour": 22, "Minute": 15}
    assert verify["StartCalendarInterval"] == {"Hour": 1, "Minute": 15, "Weekday": 0}
    shell, option, line = pull["ProgramArguments"]
    (mac.folder / "my sites").mkdir()
    (mac.folder / "my sites/home.env").write_text("TOLD=you\n")
    played = line.replace("/opt/homebrew/bin/deploy", "printf '%s|' \"$TOLD\"")
    said = subprocess.run([shell, option, played], capture_output=True, text=True, check=True).stdout
    assert said == f"you|backup|--pull|--config|{mac.folder}/my sites/sites.yaml|"


@pytest.mark.parametrize(
    ("when", "said"),
    [("0 3 1 * *", {"Minute": 0, "Hour": 3, "Day": 1}), ("5 0 * * *", {"Minute": 5, "Hour": 0})],
)
def test_a_line_of_cron_as_a_moment(when: str, said: dict[str, int]) -> None:
    assert moment(when) == said


def test_a_machine_with_nothing_of_the_kind_is_told_what_to_call(
    mac: Mac, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "linux")
    assert not mac.settle(None), "there is nothing to be taken away"
    with pytest.raises(UsageError, match="neither systemd nor launchd nor a crontab") as error:
        mac.install(verify="monthly")
    config = f"--config '{mac.folder}/my sites/sites.yaml'"
    assert error.value.advice.splitlines()[1:] == [
        f"  daily at 22:15: /opt/homebrew/bin/deploy backup --pull {config}",
        f"  monthly at 01:15: /opt/homebrew/bin/deploy backup --verify {config}",
    ]


def test_where_daemons_of_root_are() -> None:
    assert launchd.places(system=True)[0] == Path("/Library/LaunchDaemons")
    assert launchd.domain(system=True) == "system"

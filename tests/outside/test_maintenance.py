"""Maintenance in an Uptime Kuma while a push, an update or a restore is at work."""

import subprocess
import sys
from pathlib import Path

import pytest

from deployer.commands._elsewhere import during
from deployer.outside.monitors.maintenance import begin
from deployer.outside.monitors.uptime_kuma import Login
from outside.kuma import PASSWORD, USER, Kuma
from outside.monitored import KEEPER, Run

NAMES = ["www.example.org"]


def test_it_is_open_for_those_at_work_as_long_as_they_are(tmp_path: Path, kuma: Kuma) -> None:
    run = Run(tmp_path, kuma.address)
    assert run.apply(), run.said
    copied = kuma.named("www.example.org")["description"].replace("vps.example.org", "other.example.org")
    kuma.by_hand("theirs", description=copied)
    with during(run.monitors.config, NAMES, "push"):
        kuma.until(lambda: kuma.windows)
        assert kuma.windows == [("deploy: push of www.example.org", NAMES)]
        (open_now,) = kuma.maintenances.values()
        assert open_now["dateRange"][0] < open_now["dateRange"][1]
    assert kuma.maintenances == {}
    assert kuma.asked[-2:] == ["loginByToken", "deleteMaintenance"]

    def interrupted() -> None:
        with during(run.monitors.config, NAMES, "update"):
            kuma.until(lambda: len(kuma.windows) == 2)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert kuma.maintenances == {}


def test_work_that_is_done_by_then_needs_none(tmp_path: Path, kuma: Kuma) -> None:
    run = Run(tmp_path, kuma.address)
    assert run.apply()
    login = Login(kuma.address, USER, PASSWORD)
    assert begin(login, "vps.example.org", NAMES, "push", 1, lambda: False) == (None, login)
    assert kuma.windows == []


def test_what_it_does_not_know_needs_none(
    tmp_path: Path, kuma: Kuma, capfd: pytest.CaptureFixture[str]
) -> None:
    config = Run(tmp_path, kuma.address).monitors.config
    with during(config, NAMES, "push"):
        pass
    assert kuma.windows == []
    assert capfd.readouterr().err == ""


@pytest.mark.fault("a kill while a maintenance is open")
def test_what_a_kill_has_left_is_taken_away_when_it_is_over(tmp_path: Path, kuma: Kuma) -> None:
    run = Run(tmp_path, kuma.address)
    assert run.apply()
    ours = "deploy: maintenance on vps.example.org, 00000000"
    theirs = ours.replace("vps", "other")
    left = [(ours, "ended"), (ours, "under-maintenance"), (theirs, "ended"), ("mine", "ended")]
    kuma.maintenances = {
        number: {"id": number, "title": "x", "description": description, "status": status}
        for number, (description, status) in enumerate(left, 1000)
    }
    with during(run.monitors.config, NAMES, "restore"):
        kuma.until(lambda: kuma.windows)
    assert {*kuma.maintenances} == {1001, 1002, 1003}


@pytest.mark.fault("an Uptime Kuma that is broken while a push is at work")
def test_one_that_is_broken_is_one_line_and_stops_nothing(
    tmp_path: Path, kuma: Kuma, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    work = []
    gone = Run(tmp_path, "http://127.0.0.1:9").monitors.config
    with during(gone, NAMES, "push"):
        work.append("done")
    assert capfd.readouterr().err.startswith(
        "! no maintenance in Uptime Kuma: Uptime Kuma at 127.0.0.1:9 cannot be reached."
    )
    kuma.user = "another"
    with during(Run(tmp_path, kuma.address).monitors.config, NAMES, "push"):
        work.append("done")
    assert "does not take the password of me" in capfd.readouterr().err
    monkeypatch.delenv(KEEPER["password"].removeprefix("env:"))
    with during(Run(tmp_path, kuma.address).monitors.config, NAMES, "push"):
        work.append("done")
    assert "the environment has no KUMA_PASSWORD" in capfd.readouterr().err
    assert work == ["done"] * 3


def test_without_monitoring_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "sites.yaml").write_text("server: {host: vps.example.org}\n")
    program = (
        "import sys; from pathlib import Path\n"
        "from deployer.commands._elsewhere import during, monitors_of\n"
        "from deployer.config.loader import load\n"
        "config = load(Path('sites.yaml'))\n"
        "with during(config, ['x'], 'push'): assert monitors_of(config) is None\n"
        "print([name for name in sys.modules if name == 'httpx' or 'outside' in name or 'monitors' in name])"
    )
    argv = [sys.executable, "-c", program]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

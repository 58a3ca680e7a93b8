"""What the timers of the home server say; whether systemd and cron understand it is seen on a real one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.config.home import Home
from deployer.home.jobs import Jobs, of_backups
from deployer.home.schedule import Call, crontab, marks, units

CALL = Call("/usr/local/bin/deploy", Path("/home/me/vps/sites.yaml"), system=True)
LINES = st.lists(
    st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=30).filter(
        lambda line: line not in marks(of_backups(None))
    ),
    max_size=8,
)


def home(**values: object) -> Jobs:
    return of_backups(Home.model_validate({"directory": "/mnt/nas/backups", **values}))


def test_a_timer_for_each() -> None:
    found = units(home(at="00:30", verify="weekly"), CALL)
    assert sorted(found) == [
        f"deploy-backup-{n}.{k}" for n in ("pull", "verify") for k in ("service", "timer")
    ]
    assert "OnCalendar=*-*-* 00:30:00\n" in found["deploy-backup-pull.timer"]
    assert "OnCalendar=Sun *-*-* 03:30:00\n" in found["deploy-backup-verify.timer"]
    assert "RequiresMountsFor=/mnt/nas/backups\n" in found["deploy-backup-pull.service"]
    started = "ExecStart=/usr/local/bin/deploy backup --pull --config /home/me/vps/sites.yaml\n"
    assert started in found["deploy-backup-pull.service"]


def test_no_timer_for_what_is_never() -> None:
    assert len(units(home(verify="never"), CALL)) == 2
    assert crontab("", home(verify="never"), CALL).count("deploy backup --") == 1


def test_hostile_paths_stay_one_word() -> None:
    call = Call("/opt/my tools/deploy", Path('/home/me/100% "mine" $HOME/sites.yaml'), system=False)
    found = units(home(directory="/mnt/my disk"), call)["deploy-backup-pull.service"]
    assert (
        '"/opt/my tools/deploy" backup --pull --config "/home/me/100%% \\"mine\\" $$HOME/sites.yaml"' in found
    )
    assert "RequiresMountsFor=/mnt/my\\x20disk\n" in found
    assert '100\\% "mine" $HOME/sites.yaml\'' in crontab("", home(), call)


@given(LINES)
def test_lines_of_others_stay_in_a_crontab(lines: list[str]) -> None:
    before = "".join(f"{line}\n" for line in lines)
    with_ours = crontab(before, home(), CALL)
    assert with_ours.startswith(before)
    assert with_ours != before
    assert crontab(with_ours, home(), CALL) == with_ours
    assert crontab(with_ours, of_backups(None), CALL) == before


@pytest.mark.parametrize("at", ["00:00", "22:15"])
def test_the_verification_comes_later(at: str) -> None:
    text = crontab("", home(at=at, verify="monthly"), CALL)
    assert {"00:00": "0 3 1 * *", "22:15": "15 1 1 * *"}[at] in text

"""What php sites may say: schedules of cron as systemd has them, settings that stay inside their line."""

import pytest

from deployer.values import php


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("* * * * *", "*-*-* *:*:00"),
        ("*/5 * * * *", "*-*-* *:0/5:00"),
        ("10,40 */2 1 * *", "*-*-1 0/2:10,40:00"),
        ("0-30/10 1 * 3 *", "*-3-* 1:0..30/10:00"),
        ("0 3 * * 0-2", "Sun,Mon,Tue *-*-* 3:0:00"),
        ("0 3 * * 5-7", "Fri,Sat,Sun *-*-* 3:0:00"),
    ],
)
def test_a_schedule_of_cron_is_one_of_systemd(written: str, meant: str) -> None:
    assert php.calendar(php.schedule(written)) == meant


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("* * * *", "five fields"),
        ("60 * * * *", "'60' is no minute"),
        ("0 24 * * *", "'24' is no hour"),
        ("0 0 0 * *", "'0' is no day"),
        ("*/0 * * * *", "'*/0' is no minute"),
        ("30-10 * * * *", "'30-10' is no minute"),
        ("0 0 1 * 1", "write it as two jobs"),
        ("@daily", "five fields"),
        ("0 0 * * mon", "'mon' is no day of the week"),
    ],
)
def test_what_systemd_could_not_keep_to_is_refused(written: str, why: str) -> None:
    with pytest.raises(ValueError, match=r".*") as refused:
        php.schedule(written)
    assert why in str(refused.value)


def test_a_setting_that_is_no_sites_own_is_refused_and_says_what_to_write() -> None:
    for name, why in {
        "memory_limit": "write memory:",
        "open_basedir": "own folders",
        "opcache.enable": "together",
    }.items():
        with pytest.raises(ValueError, match=why):
            php.setting_name(name)
    for value in ('a"', "a\\", "${PATH}", "a\nb"):
        with pytest.raises(ValueError, match=r"."):
            php.setting_value(value)
    assert php.setting_value("E_ALL & ~E_NOTICE") == "E_ALL & ~E_NOTICE"

"""Who is told of what, and that a failure to tell is only a warning without the secret address."""

import pytest

from deployer.config.home import Notify
from deployer.home import notify
from deployer.home.notify import tell
from home.listener import Listener


def test_who_is_told_of_what() -> None:
    with Listener() as listener:
        section = Notify.model_validate(listener.section())
        for event, text in (("start", ""), ("success", "3 new archives"), ("failure", "größer\nund mehr")):
            assert tell(section, event, text) == []
        assert listener.heard == [
            ("healthchecks", "start", ""),
            ("uptime_kuma", "up", "3 new archives"),
            ("healthchecks", "success", "3 new archives"),
            ("ntfy", "failure", "größer\nund mehr"),
            ("uptime_kuma", "down", "größer"),
            ("healthchecks", "failure", "größer\nund mehr"),
        ]


def test_nobody_is_told_when_nobody_is_named() -> None:
    assert tell(Notify(), "failure", "text") == []


def test_a_long_text_is_cut() -> None:
    with Listener() as listener:
        assert tell(Notify.model_validate(listener.section()), "failure", "ä" * 100_000) == []
        assert {who for who, _, _ in listener.heard} == {"ntfy", "uptime_kuma", "healthchecks"}


def test_an_address_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    section = Notify.model_validate({"ntfy": "env:TOPIC"})
    assert tell(section, "failure", "x") == ["ntfy could not be told: TOPIC is not set in the environment"]
    with Listener() as listener:
        monkeypatch.setenv("TOPIC", listener.section()["ntfy"])
        assert tell(section, "failure", "x") == []
        monkeypatch.setenv("TOPIC", "no address")
        assert tell(section, "failure", "x") == ["ntfy could not be told: ValueError"]


def test_what_cannot_be_told_is_a_warning_without_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    with Listener(status=404) as listener:
        section = Notify.model_validate(listener.section())
        warnings = tell(section, "failure", "x")
    assert warnings == [
        f"{name} could not be told: it answers 404" for name in ("ntfy", "uptime_kuma", "healthchecks")
    ]
    gone = tell(section, "failure", "x")
    assert len(gone) == 3
    assert not [warning for warning in gone if "secret" in warning or "127.0.0.1" in warning]
    monkeypatch.setattr(notify, "SECONDS", 0.3)
    with Listener(delay=30) as listener:
        (late,) = tell(Notify.model_validate({"ntfy": listener.section()["ntfy"]}), "failure", "x")
    assert late == "ntfy could not be told: it does not answer in time"

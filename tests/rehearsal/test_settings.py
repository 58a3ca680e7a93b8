from pathlib import Path

import pytest

from deployer.rehearsal import settings


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Two settings with a least value each: one is below it, one above."""
    found = {"low": tmp_path / "low", "high": tmp_path / "high"}
    found["low"].write_text("128\n")
    found["high"].write_text("9000\n")
    monkeypatch.setattr(settings, "SETTINGS", dict.fromkeys(found.values(), 8192))
    monkeypatch.setattr(settings, "RUN", tmp_path)
    monkeypatch.setattr(settings, "SYSTEMD", tmp_path / "systemd does not run here")
    return found


def test_settings_are_raised_and_never_lowered(kernel: dict[str, Path]) -> None:
    settings.begin()
    assert {name: int(file.read_text()) for name, file in kernel.items()} == {"low": 8192, "high": 9000}


def test_what_was_found_comes_back_however_often_it_began(kernel: dict[str, Path]) -> None:
    settings.begin()
    settings.begin()
    settings.end()
    settings.end()
    assert {name: int(file.read_text()) for name, file in kernel.items()} == {"low": 128, "high": 9000}

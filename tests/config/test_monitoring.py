"""The section `monitoring` of sites.yaml."""

from pathlib import Path

import pytest

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.errors import ConfigError

KUMA = "  uptime_kuma:\n    url: http://nas:3001\n"
LOGIN = "    user: me\n    password: env:P\n"


def loaded(folder: Path, monitoring: str) -> Config:
    (folder / "sites.yaml").write_text(f"monitoring:\n{monitoring}")
    return load(folder / "sites.yaml")


def gatus_file(folder: Path, written: str) -> str | None:
    monitoring = loaded(folder, f"  gatus: {{file: '{written}'}}\n").monitoring
    assert monitoring
    assert monitoring.gatus
    return monitoring.gatus.file


@pytest.mark.parametrize(
    ("monitoring", "said"),
    [
        ("  every: 1m\n", "2: monitoring: write who watches: gatus: or uptime_kuma:"),
        (KUMA, "3: monitoring.uptime_kuma: write user: and password:, or a token:"),
        (KUMA + "    user: me\n", "3: monitoring.uptime_kuma: write user: and password:, or a token:"),
        (
            KUMA + "    user: me\n    password: geheim\n",
            "5: monitoring.uptime_kuma.password: expected generate, env:NAME or gpg:FILE",
        ),
        (
            KUMA + "    user: me\n    password: generate\n",
            "5: monitoring.uptime_kuma.password: Uptime Kuma has this already: hand it over as env:NAME",
        ),
        (
            "  uptime_kuma:\n    url: ws://nas\n" + LOGIN,
            "3: monitoring.uptime_kuma.url: ",
        ),
        (KUMA + LOGIN + "  every: 10s\n", "2: monitoring: every: Uptime Kuma asks every 20 s at most"),
        ("  every: 5s\n  gatus: {file: a}\n", "2: monitoring: every: expected 20s or more"),
        (KUMA + LOGIN + "  every: 30s\n  slow: 30s\n", "2: monitoring: slow: must be less than every"),
        ("  gatus: {}\n", "2: monitoring.gatus: write its file:, the url: at which it answers, or both"),
        (
            "  gatus: {url: http://nas:8080}\n",
            "2: monitoring.gatus: 'token' is missing (token of heartbeats, as env:NAME)",
        ),
        ("  gatus: {file: a, token: geheim}\n", "2: monitoring.gatus.token: expected env:NAME: a secret"),
        (
            "  gatus: {file: a, ntfy: {}}\n",
            "2: monitoring.gatus.ntfy: 'topic' is missing (topic, as env:NAME of Gatus' own environment)",
        ),
    ],
)
def test_what_cannot_work_is_told_with_its_line(tmp_path: Path, monitoring: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, monitoring)
    told = [f"{each.line}: {each.message}" for each in refused.value.problems]
    assert any(each.startswith(said) for each in told), told
    assert "geheim" not in " ".join(told)


@pytest.mark.parametrize("there", ["nas:/srv/a.yaml", "me@nas.example.org:/volume1/x y/a.yaml"])
def test_a_file_elsewhere_stays_as_it_is_written(tmp_path: Path, there: str) -> None:
    assert gatus_file(tmp_path, there) == there


@pytest.mark.parametrize(
    "here", ["a.yaml", "./b/a.yaml", "C:/gatus/a.yaml", "-oProxyCommand=x:/a", "nas:a.yaml"]
)
def test_all_else_is_a_path_of_this_machine(tmp_path: Path, here: str) -> None:
    assert gatus_file(tmp_path, here) == str((tmp_path / here).resolve())

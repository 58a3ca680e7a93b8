from pathlib import Path

import pytest

from deployer.rehearsal import host


@pytest.fixture(autouse=True)
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for option in host.PIP_INDEXES:
        monkeypatch.delenv(f"PIP_{option.upper().replace('-', '_')}", raising=False)
    file = tmp_path / "pip.conf"
    monkeypatch.setattr(host, "PIP_FILES", (str(file),))
    return file


def test_indexes_are_taken_over_but_not_folders_of_this_machine(settings: Path) -> None:
    settings.write_text(
        "[global]\nindex-url = https://index.example/simple\n"
        "extra-index-url = file:///srv/simple\n    https://extra.example/simple\nfind-links = /srv/wheels\n"
    )
    assert host.pip().splitlines() == [
        "[global]",
        "cert = /etc/ssl/certs/ca-certificates.crt",
        "index-url = https://index.example/simple",
        "extra-index-url = https://extra.example/simple",
    ]


def test_the_environment_wins_over_the_file(settings: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.write_text("[global]\nindex-url = https://file.example/simple\n")
    monkeypatch.setenv("PIP_INDEX_URL", "https://environment.example/simple")
    assert "index-url = https://environment.example/simple" in host.pip()
    assert "file.example" not in host.pip()


def test_without_settings_only_the_certificates_are_named() -> None:
    assert host.pip() == "[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n"


def test_a_resolver_on_loopback_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub, real = tmp_path / "stub", tmp_path / "real"
    stub.write_text("nameserver 127.0.0.53\n")
    real.write_text("nameserver 192.0.2.53\n")
    monkeypatch.setattr(host, "RESOLVERS", (stub, real))
    assert host.resolver() == "nameserver 192.0.2.53\n"
    real.unlink()
    assert host.resolver() == "nameserver 127.0.0.53\n"
    stub.unlink()
    assert host.resolver() == ""

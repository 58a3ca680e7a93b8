"""`deploy init --host`: nothing is sent to a server whose key nobody has compared."""

import io
import sys
from pathlib import Path

import pytest
import yaml

from deployer.cli import deploy
from deployer.config.loader import load
from deployer.errors import UnreachableError, UsageError
from deployer.server.hostkeys import named
from server.hostile_sshd import HostileSshd, client_key


@pytest.fixture
def sshd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostileSshd:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    monkeypatch.chdir(tmp_path)
    client_key(tmp_path)
    return HostileSshd("answers nothing")


def init(sshd: HostileSshd, *options: str) -> None:
    argv = ["init", "--host", "127.0.0.1", "--port", str(sshd.port), "--key", "key", *options]
    deploy.main(argv, standalone_mode=False)


def test_a_key_that_nobody_has_compared_is_shown_and_refused(sshd: HostileSshd) -> None:
    with pytest.raises(UsageError) as caught:
        init(sshd)
    fingerprint = named(sshd.host_key).split()[1]
    again = f"deploy init --host 127.0.0.1 --port {sshd.port} --key key --fingerprint {fingerprint}"
    assert again in caught.value.advice
    with pytest.raises(UsageError) as caught:
        init(sshd, "-c", "other.yaml", "--user", "alma")
    again = f"-c other.yaml --host 127.0.0.1 --user alma --port {sshd.port} --key key --fingerprint"
    assert f"deploy init {again} {fingerprint}" in caught.value.advice
    assert "ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub" in caught.value.advice
    assert not Path("sites.yaml").exists()
    with pytest.raises(UsageError, match="shows another host key than SHA256:other"):
        init(sshd, "--fingerprint", "SHA256:other")
    assert not Path("sites.yaml").exists()


def test_a_key_that_was_compared_is_pinned(sshd: HostileSshd, capsys: pytest.CaptureFixture[str]) -> None:
    init(sshd, "--fingerprint", named(sshd.host_key).split()[1])
    server = load(Path("sites.yaml")).server
    assert server
    assert (server.host, server.port, server.host_key) == ("127.0.0.1", sshd.port, sshd.host_key)
    said = capsys.readouterr()
    assert "→ put your sites in, then: deploy check" in said.err
    assert "written all the same" in said.err, "this server cannot be looked at"


class Terminal(io.StringIO):
    """Somebody who types."""

    def isatty(self) -> bool:
        return True


def test_an_answer_to_the_question_that_comes_later_is_no_name(
    sshd: HostileSshd, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("y\nalma\ny\n"))
    init(sshd)
    assert yaml.safe_load(Path("sites.yaml").read_text())["server"]["user"] == "alma"
    said = capsys.readouterr().err
    assert "'y' is no name: root, or the user with sudo that your provider made." in said


def test_a_key_that_is_known_here_is_taken(sshd: HostileSshd, tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    known = tmp_path / ".ssh/known_hosts"
    known.write_text(f"[127.0.0.1]:{sshd.port} {sshd.host_key}\n")
    init(sshd, "--user", "alma")
    assert yaml.safe_load(Path("sites.yaml").read_text())["server"]["user"] == "alma"
    Path("sites.yaml").unlink()
    known.write_text(f"[127.0.0.1]:{sshd.port} {HostileSshd().host_key}\n")
    with pytest.raises(UnreachableError, match="shows another host key than expected"):
        init(sshd)


def test_a_key_without_a_certificate_is_not_known_by_an_authority(sshd: HostileSshd, tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    known = tmp_path / ".ssh/known_hosts"
    known.write_text(f"@cert-authority * {HostileSshd().host_key}\n")
    with pytest.raises(UsageError, match="nobody has compared that key"):
        init(sshd)
    with known.open("a") as lines:
        lines.write(f"[127.0.0.1]:{sshd.port} {HostileSshd().host_key}\n")
    with pytest.raises(UnreachableError, match="shows another host key than expected"):
        init(sshd)


def test_a_revoked_key_is_refused_whoever_has_compared_it(sshd: HostileSshd, tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/known_hosts").write_text(f"@revoked * {sshd.host_key}\n")
    with pytest.raises(UnreachableError, match="is revoked"):
        init(sshd, "--fingerprint", named(sshd.host_key).split()[1])
    assert not Path("sites.yaml").exists()


@pytest.mark.parametrize("options", [["--user", "Nobody Here"], ["--host", "no host"]])
def test_what_sites_yaml_would_refuse_is_refused_before(options: list[str], sshd: HostileSshd) -> None:
    with pytest.raises(UsageError, match=r"server\.(user|host)"):
        init(sshd, *options)


def test_nothing_is_asked_of_a_server_when_the_file_is_there(sshd: HostileSshd) -> None:
    Path("sites.yaml").write_text("mine\n")
    sshd.close()
    with pytest.raises(Exception, match="is already there"):
        init(sshd)

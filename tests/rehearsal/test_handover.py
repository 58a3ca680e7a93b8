"""What a VPS that stays hands over: a way in without a question."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.commands._elsewhere import names_of
from deployer.config.loader import load
from deployer.errors import UsageError
from deployer.parts.certbot import proved_by_dns, wanted_certificates
from deployer.rehearsal import slots
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.handover import ssh_config, take_back
from deployer.rehearsal.invitation import invite_to_begin
from deployer.rehearsal.machine import Machine
from deployer.rehearsal.network import Network
from deployer.rehearsal.performance import moved


def asked(folder: Path, host: str) -> dict[str, str]:
    """What OpenSSH makes of the file for this host."""
    file = folder / "ssh_config"
    file.write_text(ssh_config("vps-1", "10.213.1.2", folder))
    said = subprocess.run(["ssh", "-G", "-F", file, host], capture_output=True, text=True, check=True).stdout
    return dict(line.split(" ", 1) for line in said.splitlines() if " " in line)


def test_ssh_finds_key_and_host_key_by_name_and_by_address(tmp_path: Path) -> None:
    folder = tmp_path / "my sites" / "100%"
    folder.mkdir(parents=True)
    for host in ("vps-1", "10.213.1.2"):
        found = asked(folder, host)
        assert (found["hostname"], found["user"], found["port"]) == ("10.213.1.2", "root", "22")
        assert found["identityfile"].replace("%%", "%") == f"{folder}/key"
        assert found["userknownhostsfile"].replace("%%", "%") == f"{folder}/known_hosts"
        assert (found["stricthostkeychecking"], found["identitiesonly"]) == ("true", "yes")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """What is known here of a VPS that was booted; none was."""
    monkeypatch.setattr(slots, "RUN", tmp_path / "run")
    monkeypatch.chdir(tmp_path)
    slot = slots.Slot("vps-1")
    (slot.run / "acme").mkdir(parents=True)
    for name in ("key", "key.pub", "known_hosts", "acme/ca.pem", "acme/root.pem"):
        (slot.run / name).write_text(f"{name}\n")
    return Machine(slot, Network.of("vps-1"), f"ssh-ed25519 {'A' * 68}")


def test_an_empty_vps_is_begun_with_as_a_new_server(
    machine: Machine, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    invite_to_begin(Path("sites.yaml"), machine, AcmeServer.attach(machine))
    said = capsys.readouterr().err
    assert f"  deploy init --host {machine.address} --key .vps-1/key\n" in said
    assert "ssh -F .vps-1/ssh_config vps-1 ssh-keygen -lf" in said
    (line,) = [line.strip() for line in said.splitlines() if line.startswith("  acme:")]
    Path("sites.yaml").write_text(f"{line}\n")
    Path(".vps-1/acme-ca.pem").write_text("-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n")
    assert load(Path("sites.yaml")).acme.server == AcmeServer.attach(machine).directory
    assert not list(tmp_path.glob("sites.vps-*.yaml"))
    assert take_back(machine) is None
    assert not Path(".vps-1").exists()


def test_an_empty_vps_gets_the_sites_that_there_are(
    machine: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("my.yaml").write_text("server: {host: vps.example.org}\nsites: {}\n")
    invite_to_begin(Path("my.yaml"), machine, AcmeServer.attach(machine))
    assert "  deploy plan -c my.vps-1.yaml\n" in capsys.readouterr().err
    assert machine.address in Path("my.vps-1.yaml").read_text()


def test_no_record_is_written_for_a_throwaway_vps(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acme = AcmeServer.attach(machine)
    acme.ca.write_text("-----BEGIN CERTIFICATE-----\nQQ==\n-----END CERTIFICATE-----\n")
    site = "{kind: proxy, port: 3000, aliases: ['*.app.test', www.test], certificate: {dns: true}}"
    dns = "{provider: cloudflare, token: env:A, renewal: env:B, address: 203.0.113.7}"
    Path("sites.yaml").write_text(f"sites:\n  app.test: {site}\ndns: {dns}\n")
    config = load(Path("sites.yaml"))
    public = (Path(__file__).parents[2] / "sites.yaml").read_text().partition("host_key: ")[2].splitlines()[0]
    there = moved(config, replace(machine, host_key=public), acme)
    assert there.server
    assert there.dns is None
    assert there.sites["app.test"].aliases == ("www.test",)
    assert wanted_certificates(there) == {"app.test": ("app.test", "www.test")}
    assert not proved_by_dns(there)
    monkeypatch.delenv("A", raising=False)
    host, key = there.server.host, tmp_path / ".vps-1/key"
    text = Path("sites.yaml").read_text()
    Path("kept.yaml").write_text(f"server: {{host: {host}, key: {key}}}\n{text}")
    assert names_of(load(Path("kept.yaml"))) is None, "nor by who goes on with one that was kept"
    with pytest.raises(UsageError):
        names_of(config)

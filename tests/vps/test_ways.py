"""Odd logins on a real server: what it prints, which shell it starts, what its host key is, what leads to it."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from deployer.config.home import Home
from deployer.config.server import Server
from deployer.errors import UnreachableError
from deployer.home.link import Link
from deployer.rehearsal.machine import Machine
from deployer.server.login import connect
from typed import typed

pytestmark = pytest.mark.takes_turns("module")

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def deploy(vps: Machine, tmp_path: Path) -> Command:
    """The command line, where sites.yaml names this server."""
    server = {"host": vps.address, "host_key": vps.host_key, "key": str(vps.key)}
    sites = {"old.test": {"kind": "redirect", "to": "https://new.test", "https": False}}
    text = yaml.safe_dump({"server": server, "sites": sites, "security": False})
    (tmp_path / "sites.yaml").write_text(text)
    return lambda *arguments: typed(arguments, tmp_path, os.environ)


@pytest.mark.parametrize(
    "bashrc", ["echo hello; echo oops >&2", "echo hello; exec zsh", "trap 'echo bye' EXIT", "zsh; exit 0"]
)
def test_what_a_login_prints_or_starts_does_not_matter(vps: Machine, deploy: Command, bashrc: str) -> None:
    if "zsh" in bashrc:
        vps.run("which zsh || apt-get install --quiet=2 --yes --no-install-recommends zsh >/dev/null")
    vps.run("cat > /root/.bashrc", input=f"{bashrc}\n")
    try:
        done = deploy("plan", "--json")
        assert json.loads(done.stdout)["empty"] is False, done.stderr
        with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
            said = server.ask("cat; echo oops >&2; exit 75", bytes(range(256)) * 5000)
            assert (said.status, said.output, said.errors) == (75, bytes(range(256)) * 5000, "oops\n")
            lines: list[str] = []
            assert server.follow("echo one; echo two >&2; printf three; exit 3", lines.append) == 3
            assert lines == ["one", "two", "three"]
    finally:
        vps.run("rm /root/.bashrc")


def pulled_as_root(vps: Machine, folder: Path) -> str:
    """What is on the server, as root's rsync tells it."""
    server = {"host": vps.address, "host_key": vps.host_key, "key": str(vps.key)}
    home = Home.model_validate({"directory": str(folder), "user": "root"})
    with Link(Server.model_validate(server), home) as link:
        return link.listing()


def test_rsync_says_that_a_login_greets(vps: Machine, tmp_path: Path) -> None:
    vps.run("echo 'echo Willkommen' > /root/.bashrc")
    with pytest.raises(UnreachableError, match=r"prints something, .* answer: Willkommen"):
        pulled_as_root(vps, tmp_path)
    vps.run("rm /root/.bashrc")


def test_a_cloud_image_says_who_is_to_log_in(vps: Machine, deploy: Command, tmp_path: Path) -> None:
    """The option that cloud-init writes before root's keys: canonical/cloud-init, cloudinit/ssh_util.py."""
    instead = """command="echo 'Please login as the user \\"debian\\" rather than the user \\"root\\".';echo;sleep 1;exit 142" """
    keys = vps.root / "root/.ssh/authorized_keys"
    before = keys.read_text()
    keys.write_text("".join(f"{instead}{line}\n" for line in before.splitlines() if line))
    try:
        for command in ("plan", "status"):
            done = deploy(command)
            assert done.returncode == 3
            assert "it says to log in as debian" in done.stderr
            assert "user: debian" in done.stderr
        with pytest.raises(UnreachableError, match="it says to log in as debian"):
            pulled_as_root(vps, tmp_path)
    finally:
        keys.write_text(before)


def test_a_host_certificate_is_enough(vps: Machine, tmp_path: Path) -> None:
    """Without it, the key of that server is not known here."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "ca"], check=True)
    shutil.copy(vps.root / "etc/ssh/ssh_host_ed25519_key.pub", tmp_path / "host.pub")
    sign = ["ssh-keygen", "-q", "-s", tmp_path / "ca", "-h", "-I", "vps", "-n", vps.address]
    subprocess.run([*sign, tmp_path / "host.pub"], check=True)
    shutil.copy(tmp_path / "host-cert.pub", vps.root / "etc/ssh/vps-cert.pub")
    drop_in = vps.root / "etc/ssh/sshd_config.d/certificate.conf"
    drop_in.write_text("HostCertificate /etc/ssh/vps-cert.pub\n")
    vps.run("systemctl restart ssh")
    authority = f"@cert-authority {vps.address} {(tmp_path / 'ca.pub').read_text()}"
    try:
        with connect(vps.address, vps.port, "root", None, vps.key, authority) as server:
            assert server.ask("echo there").output == b"there\n"
        for lines in (
            f"elsewhere {vps.host_key}",
            f"{authority}{authority.replace('@cert-authority', '@revoked')}",
        ):
            with pytest.raises(UnreachableError), connect(vps.address, 22, "root", None, vps.key, lines):
                pass
        with connect(vps.address, vps.port, "root", vps.host_key, vps.key):
            pass  # the pinned key, without its certificate
    finally:
        drop_in.unlink()
        vps.run("systemctl restart ssh")


def test_an_agent_with_more_keys_than_a_login_may_try(
    vps: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MaxAuthTries is 6, and the right key the last of eleven; who names it, logs in."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
    for number in range(10):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / f"{number}"], check=True
        )
    others = [tmp_path / f"{number}" for number in range(10)]
    public = subprocess.run(["ssh-keygen", "-y", "-f", vps.key], check=True, capture_output=True, text=True)
    (tmp_path / "right.pub").write_text(public.stdout)
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", tmp_path / "agent"], stdout=subprocess.PIPE)
    try:
        agent.stdout.readline()
        subprocess.run(["ssh-add", "-q", *others, vps.key], check=True)
        with (
            pytest.raises(UnreachableError, match="refused 6 keys, and takes no more in one login"),
            connect(vps.address, 22, "root", vps.host_key, None),
        ):
            pass
        with connect(vps.address, 22, "root", vps.host_key, tmp_path / "right.pub") as server:
            assert server.ask("echo there").output == b"there\n"
    finally:
        agent.terminate()
        agent.wait()


def test_a_jump_and_the_alias_of_a_host_key(
    vps: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From this server to itself."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh/known_hosts").write_text(f"one {vps.host_key}\n@cert-authority * ssh-rsa AAAA\n")
    (tmp_path / ".ssh/hosts").write_text(
        f"Host inside\n  HostName 127.0.0.1\n  ProxyJump jump\nHost jump\n  HostName {vps.address}\n"
        f"Host *\n  User root\n  IdentityFile {vps.key}\n  HostKeyAlias one\n"
    )
    (tmp_path / ".ssh/config").write_text(f"Include {tmp_path}/.ssh/hosts\n")
    with connect("inside", 22, "root", None, None) as server:
        assert server.ask("echo $SSH_CONNECTION").output.startswith(b"127.0.0.1 ")
    with (
        pytest.raises(UnreachableError, match=r"cannot be reached from jump, the jump to it: "),
        connect("inside", 9, "root", None, None),
    ):
        pass

"""Each way in which a login can fail says what it is; what ~/.ssh/config says counts, as for OpenSSH."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.errors import DeployError, RefusedLoginError, UnreachableError, UsageError
from deployer.server.login import connect
from server.hostile_sshd import HostileSshd, client_key


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without an agent, who has a key that no other program knows of."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    (tmp_path / ".ssh").mkdir(mode=0o700)
    client_key(tmp_path)
    return tmp_path


@pytest.fixture
def agent(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An agent that holds nothing yet."""
    path = home / "agent"
    process = subprocess.Popen(["ssh-agent", "-D", "-a", path], stdout=subprocess.PIPE)
    assert process.stdout
    process.stdout.readline()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(path))
    yield
    process.terminate()
    process.wait()


def keygen(path: Path, passphrase: str = "") -> Path:
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", path.name, "-f", path]
    subprocess.run(argv, check=True)
    return path


def failure(
    fault: str, key: Path | None, host: str = "127.0.0.1", pinned: bool = True, known_hosts: str = ""
) -> DeployError | None:
    """How a login ends at a server with this fault."""
    sshd = HostileSshd(fault)
    try:
        with connect(host, sshd.port, "root", sshd.host_key if pinned else None, key, known_hosts):
            return None
    except DeployError as error:
        return error
    finally:
        sshd.close()


def test_a_key_with_a_passphrase_and_no_agent(home: Path) -> None:
    """Nothing was refused: nobody was asked."""
    locked = keygen(home / "locked", "secret")
    found = failure("refuses every key", locked)
    assert type(found) is UnreachableError
    assert found.message.startswith(
        f"the key {locked} has a passphrase, and no agent holds it, so root@127.0.0.1"
    )
    assert found.advice == f"Start one: eval $(ssh-agent); ssh-add {locked}"
    usual = keygen(home / ".ssh/id_ed25519", "secret")
    assert f"the key {usual} has a passphrase" in failure("refuses every key", None).message
    refused = failure("refuses every key", home / "key")
    assert isinstance(refused, RefusedLoginError)
    assert refused.advice.endswith(f"not tried, as they have a passphrase: ssh-add {usual}")


def test_a_key_with_a_passphrase_in_the_agent(home: Path, agent: None) -> None:
    locked = keygen(home / "locked", "secret")
    assert failure("", locked).advice == f"Give it the key: ssh-add {locked}"
    ask = home / "ask"
    ask.write_text("#!/bin/sh\necho secret\n")
    ask.chmod(0o700)
    given = {**os.environ, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
    subprocess.run(["ssh-add", "-q", locked], check=True, env=given)
    assert failure("", locked) is None
    locked.unlink()  # its public half is enough
    assert failure("", locked.with_name("locked.pub")) is None


def test_a_line_that_is_cut_during_the_login(home: Path) -> None:
    found = failure("is lost in the login", home / "key")
    assert type(found) is UnreachableError
    assert "was lost during the login" in found.message


def test_no_key_at_all(home: Path) -> None:
    assert failure("", None).message.startswith("there is no key to log in to root@127.0.0.1:")
    (home / "none").write_text("no key")
    assert failure("", home / "none").message == f"the key {home}/none cannot be read: it is no private key"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("cloudflared access ssh --hostname %h", "the program cloudflared is not installed here"),
        ("sh -c 'echo no such tunnel >&2; exit 4'", "ended with 4: no such tunnel"),
        ("/bin/false", "/bin/false ended with 1"),
    ],
)
def test_a_proxy_command_that_does_not_work(command: str, said: str, home: Path) -> None:
    (home / ".ssh/config").write_text(f"Host *\n  ProxyCommand {command}\n")
    found = failure("", home / "key")
    assert type(found) is UnreachableError
    assert "cannot be reached through the ProxyCommand of ~/.ssh/config: " in found.message
    assert said in found.message
    assert "fail2ban" not in found.advice


CARRY = """
import os, select, socket, sys
there = socket.create_connection((sys.argv[1], int(sys.argv[2])))
while True:
    for source in select.select([there, 0], [], [])[0]:
        data = there.recv(65536) if source is there else os.read(0, 65536)
        if not data:
            sys.exit()
        there.sendall(data) if source == 0 else os.write(1, data)
"""


def test_a_proxy_command_that_works_is_told_of_our_port(home: Path) -> None:
    (home / "carry").write_text(CARRY)
    (home / ".ssh/config").write_text(f"Host *\n  ProxyCommand {sys.executable} {home}/carry %h %p | cat\n")
    assert failure("", home / "key") is None


def test_what_is_included_and_the_alias_of_the_host_key_count(home: Path) -> None:
    (home / ".ssh/more").mkdir()
    include = f"Host vps\n  HostName 127.0.0.1\n  HostKeyAlias known\n  IdentityFile {home}/key\n"
    (home / ".ssh/more/one.conf").write_text(include)
    (home / ".ssh/config").write_text(f"Include {home}/.ssh/more/*.conf\n")
    sshd = HostileSshd()
    (home / ".ssh/known_hosts").write_text(f"known {sshd.host_key}\n")
    with connect("vps", sshd.port, "root", None, None) as server:
        assert server.host == "vps"
    (home / ".ssh/known_hosts").write_text(f"[127.0.0.1]:{sshd.port} {sshd.host_key}\n")
    with (
        pytest.raises(UnreachableError, match="is not known"),
        connect("vps", sshd.port, "root", None, None),
    ):
        pass
    sshd.close()


def test_a_jump_on_the_same_host_is_made(home: Path) -> None:
    (home / ".ssh/config").write_text("Host inner\n  HostName 127.0.0.1\n  ProxyJump 127.0.0.1:1\n")
    error = failure("", home / "key", "inner")
    assert error
    assert "127.0.0.1:1 " in error.message


def test_a_jump_to_itself_is_none(home: Path) -> None:
    sshd = HostileSshd()
    (home / ".ssh/config").write_text(
        f"Host jump\n  HostName 127.0.0.1\n  Port {sshd.port}\nHost *\n  ProxyJump jump\n"
    )
    with connect("127.0.0.1", sshd.port, "root", sshd.host_key, home / "key") as server:
        assert server.host == "127.0.0.1"
    sshd.close()


@pytest.mark.parametrize("fault", ["falls silent", "thinks for long"])
def test_a_server_that_says_nothing_for_long(fault: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its TCP still answers, as a jump does for a server behind it that is gone."""
    monkeypatch.setattr("deployer.server.transport.SILENCE_SECONDS", 1)
    monkeypatch.setattr("deployer.server.transport.ASK_SECONDS", 0.2)
    sshd = HostileSshd(fault)
    with connect("127.0.0.1", sshd.port, "root", sshd.host_key, home / "key") as server:
        with pytest.raises(DeployError) as found:
            server.ask("true")
        assert ("was lost (nothing came from it for 1 s)" in found.value.message) == ("silent" in fault)
        assert ("does not run what it is asked" in found.value.message) == ("thinks" in fault)
    sshd.close()


def test_a_configuration_that_openssh_does_not_understand(home: Path) -> None:
    (home / ".ssh/config").write_text("Host *\n  Nonsense yes\n")
    found = failure("", home / "key")
    assert isinstance(found, UsageError)
    assert "cannot be understood" in found.message
    assert "nonsense" in found.message.lower()


def test_an_agent_that_ssh_config_names(home: Path, agent: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As 1Password has it written there."""
    key = keygen(home / "held")
    subprocess.run(["ssh-add", "-q", key], check=True)
    key.unlink()
    monkeypatch.delenv("SSH_AUTH_SOCK")
    assert "there is no key" in failure("", None).message
    (home / ".ssh/config").write_text(f"Host *\n  IdentityAgent {home}/agent\n")
    assert failure("", None) is None

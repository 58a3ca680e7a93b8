"""What a restricted key cannot do, asked for through a real sshd."""

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import paramiko
import pytest

from vps.keys.conftest import Guarded
from vps.keys.hostile import CANARY, COMMANDS

pytestmark = pytest.mark.takes_turns("module")


@pytest.fixture(scope="module")
def transport(project: Guarded) -> Iterator[paramiko.Transport]:
    """One connection with the key ci; each command has a session of its own."""
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(project.vps.known_hosts))
        key = paramiko.Ed25519Key.from_private_key_file(project.folder / "ci")
        client.connect(
            project.vps.address, username="deploy", pkey=key, allow_agent=False, look_for_keys=False
        )
        yield client.get_transport()


def ask(transport: paramiko.Transport, command: str) -> tuple[int, str]:
    """The exit code and all that is said."""
    channel = transport.open_session()
    channel.set_combine_stderr(True)
    channel.exec_command(command.encode())
    said = channel.makefile("rb").read().decode()
    code = channel.recv_exit_status()
    channel.close()
    return code, said


@pytest.fixture
def nothing_ran(project: Guarded) -> Iterator[None]:
    """No canary, no push, no file of the user: before and after."""
    project.vps.run("truncate -s 0 /var/log/deploy/keys.log 2>/dev/null || true")
    pushes = project.vps.run("cat /var/log/deploy/push.log 2>/dev/null | wc -l").stdout
    yield
    found = (
        "find / -xdev \\( -name 'canary*' -o -newer /etc/deploy/keys/ci -user deploy \\) -not -path '/proc/*'"
    )
    assert project.vps.run(f"{found}; ls /tmp /dev/shm /var/tmp | grep -i canary || true").stdout == ""
    assert project.vps.run("cat /var/log/deploy/push.log 2>/dev/null | wc -l").stdout == pushes


@pytest.mark.fault("a restricted key asks for what it may not")
def test_hostile_commands_are_refused_and_logged(
    project: Guarded, transport: paramiko.Transport, nothing_ran: None
) -> None:
    assert len(COMMANDS) > 550
    commands = COMMANDS if project.vps.release == "debian-13" else COMMANDS[::8]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda command: ask(transport, command), commands))
    for command, (code, said) in zip(commands, answers, strict=True):
        assert code == 2, command
        assert said.startswith("✗ refused: "), command
        assert said.count("\n") == 1, command
    uses = project.uses()
    assert len(uses) == len(commands)
    assert {(use["key"], use["result"]) for use in uses} == {("ci", "refused")}
    logged = {use["command"] for use in uses}
    plain = [text for text in commands if text.isascii() and text.isprintable()]
    assert {text[:1000] for text in plain} <= logged
    assert len(logged) > len(commands) * 0.9
    assert len({use["from"] for use in uses}) == 1


def test_a_command_longer_than_the_kernel_takes_runs_nothing(
    transport: paramiko.Transport, nothing_ran: None
) -> None:
    code, _ = ask(transport, "push page.test " + "a" * 200_000)
    assert code != 0


def test_a_command_with_a_nul_ends_the_connection(project: Guarded, nothing_ran: None) -> None:
    with paramiko.SSHClient() as client:
        client.load_host_keys(str(project.vps.known_hosts))
        key = paramiko.Ed25519Key.from_private_key_file(project.folder / "ci")
        client.connect(
            project.vps.address, username="deploy", pkey=key, allow_agent=False, look_for_keys=False
        )
        channel = client.get_transport().open_session()
        with pytest.raises((paramiko.SSHException, EOFError)):
            channel.exec_command(f"push page.test\0; touch {CANARY}")


def test_no_shell_no_terminal_no_forwarding(project: Guarded, nothing_ran: None) -> None:
    shell = project.ssh()
    assert (shell.returncode, shell.stdout) == (2, "")
    assert "\n✗ refused: the key ci may run" in shell.stderr
    terminal = project.ssh("status", options=("-tt",))
    assert "PTY allocation request failed" in terminal.stderr

    through = project.ssh(options=("-W", "127.0.0.1:80"))
    assert through.returncode != 0
    assert "administratively prohibited" in through.stderr
    back = project.ssh("status", options=("-o", "ExitOnForwardFailure=yes", "-R", "39999:127.0.0.1:80"))
    assert back.returncode == 255
    assert "remote port forwarding failed" in back.stderr
    tunnel = project.ssh("status", options=("-w", "any", "-o", "ExitOnForwardFailure=yes"))
    assert tunnel.returncode != 0


def test_no_agent_and_no_x11(
    project: Guarded, transport: paramiko.Transport, tmp_path: Path, nothing_ran: None
) -> None:
    options = project.ssh("status", options=("-v", "-A")).stderr
    granted = [line for line in options.splitlines() if "key options:" in line]
    assert granted
    for word in ("agent-forwarding", "port-forwarding", "pty", "user-rc", "x11-forwarding"):
        assert not any(word in line for line in granted), granted
    agent = subprocess.run(
        ["ssh-agent", "sh", "-c", f"ssh-add -q {project.folder}/ci && ssh-add -l"],
        capture_output=True,
        text=True,
    )
    assert "ED25519" in agent.stdout
    channel = transport.open_session()
    with pytest.raises(paramiko.SSHException):
        channel.request_x11()


def test_no_file_transfer(project: Guarded, tmp_path: Path, nothing_ran: None) -> None:
    (tmp_path / "canary").write_text("x")
    reach = ["-F", "none", "-i", f"{project.folder}/ci", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes"]
    reach += ["-o", f"UserKnownHostsFile={project.vps.known_hosts}"]
    there = f"deploy@{project.vps.address}"
    calls = [
        ["sftp", *reach, "-b", "/dev/stdin", there],
        ["scp", *reach, f"{tmp_path}/canary", f"{there}:/tmp/canary"],
        ["scp", "-O", *reach, f"{tmp_path}/canary", f"{there}:/tmp/canary"],
        ["scp", "-O", *reach, f"{there}:/etc/passwd", f"{tmp_path}/passwd"],
        ["rsync", "-O", "-e", f"ssh {' '.join(reach)}", f"{tmp_path}/canary", f"{there}:/tmp/canary"],
        ["rsync", "-O", "-e", f"ssh {' '.join(reach)}", f"{there}:/home/backups/", f"{tmp_path}/backups"],
    ]
    for call in calls:
        done = subprocess.run(call, input="ls\n", capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode != 0, call
        assert "✗ refused: the key ci may run" in done.stderr or "-O" not in call, call  # sftp swallows it
    assert len([use for use in project.uses() if use["result"] == "refused"]) == len(calls)
    assert not (tmp_path / "passwd").exists()


def test_the_environment_of_the_client_does_nothing(project: Guarded, nothing_ran: None) -> None:
    """Not even where sshd takes any variable, as no Debian does."""
    drop_in = project.vps.root / "etc/ssh/sshd_config.d/accept.conf"
    drop_in.write_text("AcceptEnv *\n")
    project.vps.run("systemctl restart ssh")  # comes back when it listens
    hostile = {
        "BASH_ENV": f"$(touch {CANARY})",
        "ENV": f"$(touch {CANARY})",
        "BASH_FUNC_sudo%%": f"() {{ touch {CANARY}; }}",
        "SHELLOPTS": "xtrace",
        "PS4": f"$(touch {CANARY})",
        "PATH": "/tmp",
        "IFS": "p",
        "SSH_ORIGINAL_COMMAND": "push page.test",
        "LC_ALL": f"$(touch {CANARY})",
        "KEY": "home",
        "DEPLOY_ROOT": "/var/tmp/made",
    }
    vps, keys = project.vps, "/var/tmp/made/etc/deploy/keys"
    vps.run(f"mkdir -p {keys}; echo other.test >{keys}/ci; echo pull_backups >{keys}/home")
    careless = vps.root / "etc/sudoers.d/careless"
    careless.write_text("Defaults !env_reset\n")
    try:
        for name, value in hostile.items():
            done = project.ssh("push", "other.test", options=("-o", f'SetEnv={name}="{value}"'))
            assert done.returncode == 2, (name, done.stdout + done.stderr)
            assert done.stderr.endswith("may not push that site; it may push: page.test\n")
    finally:
        drop_in.unlink()
        careless.unlink()
        project.vps.run("systemctl restart ssh")  # comes back when it listens


def test_the_user_has_nothing_of_its_own(project: Guarded) -> None:
    run = project.vps.run
    assert run("passwd -S deploy").stdout.split()[1] == "L"
    keys = "/var/lib/deploy-keys/.ssh/authorized_keys"
    assert run(f"stat -c '%U %a' /var/lib/deploy-keys /var/lib/deploy-keys/.ssh {keys}").stdout == (
        "root 755\nroot 755\nroot 644\n"
    )
    assert run("find / -xdev -user deploy -not -path '/proc/*' 2>/dev/null").stdout == ""
    allowed = run("sudo -l -U deploy").stdout
    assert allowed.strip().splitlines()[-1].strip() == (
        "(root) NOPASSWD: /usr/local/lib/deploy/bin/admit, /usr/local/lib/deploy/admit"
    )
    assert run("runuser -u deploy -- sudo -n id", check=False).returncode != 0

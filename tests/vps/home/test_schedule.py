"""A throwaway machine is the home server: the tool is installed there, and its timers bring archives home."""

import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from deployer.backups.archives import Archive
from deployer.rehearsal.machine import Machine
from home.sample import Keyring, lay, now, tar_of
from vps.conftest import PREINSTALLED

pytestmark = pytest.mark.in_turns("home", of="modules")

ROOT = Path(__file__).parents[3]
ARCHIVE = Archive("a.example.org", now())
DEPLOY = "/opt/deploy/bin/deploy"


@pytest.fixture(scope="module")
def machine(throwaway: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A home server with the tool and a private key, which is its own VPS too, and a user `roger`."""
    wheels, keyring = tmp_path_factory.mktemp("wheel"), Keyring(tmp_path_factory.mktemp("k") / "h")
    argv = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*argv, "--wheel-dir", wheels, ROOT], check=True)
    with Machine.boot("debian-13", PREINSTALLED) as booted:
        (wheel,) = wheels.iterdir()
        (booted.root / "root" / wheel.name).write_bytes(wheel.read_bytes())
        booted.run(
            f"python3 -m venv /opt/deploy && /opt/deploy/bin/pip install -q /root/{wheel.name}", timeout=300
        )
        (booted.root / "root/private.asc").write_bytes(keyring.gpg("--armor", "--export-secret-keys"))
        lay(
            booted.root / "home/backups",
            ARCHIVE,
            keyring.encrypt(tar_of(ARCHIVE.name, {"f": b"x"}), keyring.folder),
        )
        booted.run(
            "useradd --create-home --shell /bin/bash roger; loginctl enable-linger roger;"
            " systemctl start user@$(id -u roger)"
        )
        for home, user in (("/root", "root"), ("/home/roger", "roger")):
            settle(booted, home, user)
        yield booted
    keyring.stop()


def settle(machine: Machine, home: str, user: str) -> None:
    """Give a user sites.yaml, a key, and the private key of the backups."""
    config = {
        "server": {"host": "127.0.0.1", "host_key": machine.host_key},
        "home": {
            "directory": f"{home}/archives",
            "user": "root",
            "key": f"{home}/backups",
            "verify": "weekly",
        },
        "watch": {"every": "15m"},
    }
    (machine.root / home.lstrip("/") / "sites.yaml").write_text(yaml.safe_dump(config))
    machine.run(
        f"cd {home}; mkdir archives; ssh-keygen -q -t ed25519 -N '' -f backups;"
        f"cat backups.pub >>/root/.ssh/authorized_keys; cp -n /root/private.asc .; chown -R {user}: {home};"
        f"runuser -u {user} -- env HOME={home} gpg --batch --quiet --import {home}/private.asc"
    )


def as_user(command: str) -> str:
    """The command as the user who is not root, with a way to its systemd."""
    return f"cd /home/roger; XDG_RUNTIME_DIR=/run/user/$(id -u roger) HOME=/home/roger runuser -u roger -- {command}"


def test_an_install_that_fails_leaves_nothing(machine: Machine) -> None:
    """A user whose systemd cannot be asked, as after `su`: no unit stays that nobody starts."""
    call = f"cd /home/roger; HOME=/home/roger runuser -u roger -- {DEPLOY} backup --install --yes"
    done = machine.run(f"unset XDG_RUNTIME_DIR DBUS_SESSION_BUS_ADDRESS; {call}", check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "systemctl --user" in done.stderr
    assert machine.run("find /home/roger/.config -name 'deploy-*'", check=False).stdout == ""
    assert "+ " in machine.run(as_user(f"{DEPLOY} backup --install </dev/null"), check=False).stderr


def test_timers_of_root(machine: Machine) -> None:
    shown = machine.run(f"{DEPLOY} backup --install </dev/null", check=False)
    assert shown.returncode == 2
    assert "+ /etc/systemd/system/deploy-backup-pull.timer" in shown.stderr
    machine.run(f"{DEPLOY} backup --install --yes")
    assert "nothing to do" in machine.run(f"{DEPLOY} backup --install --yes").stderr
    machine.run("systemd-analyze verify /etc/systemd/system/deploy-backup-*.{service,timer}")
    waiting = machine.run("systemctl list-timers --no-legend 'deploy-backup-*'").stdout
    assert waiting.count("00:00:00") == 1
    assert waiting.count("03:00:00") == 1
    machine.run("systemctl start deploy-backup-pull.service")
    assert (machine.root / "root/archives" / ARCHIVE.path).exists()
    machine.run("systemctl start deploy-backup-verify.service")
    assert '"result": "ok"' in (machine.root / "root/archives/.deploy/verified.jsonl").read_text()


def test_timers_follow_the_configuration_and_go(machine: Machine) -> None:
    machine.run(
        f"{DEPLOY} backup --install --yes; sed -i 's/verify: .*/verify: never\\n  at: \"01:30\"/' sites.yaml"
    )
    said = machine.run(f"{DEPLOY} backup --install --yes").stderr
    assert "- /etc/systemd/system/deploy-backup-verify.timer" in said
    waiting = machine.run("systemctl list-timers --no-legend 'deploy-backup-*'").stdout
    assert waiting.count("01:30:00") == waiting.count(".timer") == 1
    drop_in = "/etc/systemd/system/deploy-backup-pull.timer.d"  # usually, it is the sixth within ten seconds
    limit = "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=1\n"
    machine.run(f"install -D -m 644 /dev/stdin {drop_in}/often.conf", input=limit)
    for minute in (31, 32):
        machine.run(f"sed -i 's/at: .*/at: \"01:{minute}\"/' sites.yaml; {DEPLOY} backup --install --yes")
    assert "01:32:00" in machine.run("systemctl list-timers --no-legend 'deploy-backup-*'").stdout
    machine.run(f"rm -r {drop_in}")
    machine.run(f"{DEPLOY} backup --uninstall --yes")
    assert machine.run("ls /etc/systemd/system | grep -c deploy-backup", check=False).stdout == "0\n"
    assert not machine.run("systemctl list-timers --all --no-legend 'deploy-backup-*'").stdout
    assert "nothing to do" in machine.run(f"{DEPLOY} backup --uninstall --yes").stderr


def test_timers_of_a_user(machine: Machine) -> None:
    said = machine.run(as_user(f"{DEPLOY} backup --install --yes")).stderr
    assert "enable-linger" in said
    assert "nothing to do" in machine.run(as_user(f"{DEPLOY} backup --install --yes")).stderr
    machine.run(as_user("systemctl --user start deploy-backup-pull.service"))
    assert (machine.root / "home/roger/archives" / ARCHIVE.path).exists()
    machine.run(as_user("systemctl --user start deploy-backup-verify.service"))
    machine.run(as_user(f"{DEPLOY} backup --uninstall --yes"))
    assert not list((machine.root / "home/roger/.config/systemd/user").glob("deploy-*"))


def test_the_timer_of_a_watch_beside_those_of_backups(machine: Machine) -> None:
    machine.run(f"{DEPLOY} backup --install --yes; {DEPLOY} watch --install --yes")
    assert "nothing to do" in machine.run(f"{DEPLOY} watch --install --yes").stderr
    machine.run("systemd-analyze verify /etc/systemd/system/deploy-watch.{service,timer}")
    assert machine.run("systemctl list-timers --no-legend 'deploy-*'").stdout.count(".timer") >= 2
    machine.run("systemctl start deploy-watch.service; ! systemctl --quiet is-failed deploy-watch.service")
    assert "does not tell how it is" in machine.run(f"{DEPLOY} watch", check=False).stdout
    machine.run(f"{DEPLOY} watch --uninstall --yes")
    assert machine.run("systemctl list-timers --no-legend 'deploy-watch*'").stdout == ""
    assert machine.run("systemctl list-timers --no-legend 'deploy-backup-pull*'").stdout
    machine.run(f"{DEPLOY} backup --uninstall --yes")


def test_a_crontab_where_there_is_no_systemd(machine: Machine) -> None:
    without = "mount -t tmpfs tmpfs /run/systemd"
    machine.run("echo '5 5 * * * true' | crontab -")
    machine.run(f"unshare -m sh -c '{without}; {DEPLOY} backup --install --yes'")
    lines = machine.run("crontab -l").stdout.splitlines()
    assert lines[0] == "5 5 * * * true"
    (line,) = [line for line in lines if "--pull" in line]
    (machine.root / "root/archives" / ARCHIVE.path).unlink(missing_ok=True)
    machine.run("env -i HOME=/root PATH=/usr/bin:/bin sh -c " + shlex.quote(line.split(None, 5)[5]))
    assert (machine.root / "root/archives" / ARCHIVE.path).exists()
    again = machine.run(f"unshare -m sh -c '{without}; {DEPLOY} backup --install --yes'").stderr
    assert "nothing to do" in again
    machine.run(f"unshare -m sh -c '{without}; {DEPLOY} backup --uninstall --yes'")
    assert machine.run("crontab -l").stdout == "5 5 * * * true\n"

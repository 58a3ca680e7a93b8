import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.errors import DeployError
from deployer.rehearsal import acme as acme_servers
from deployer.rehearsal import mirror, processes
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.commands import call
from deployer.rehearsal.machine import Machine
from deployer.rehearsal.network import Network
from deployer.rehearsal.shell import ssh
from deployer.rehearsal.slots import DISKS, RUN, Slot, alone
from deployer.rehearsal.sweep import LIMIT, unmount
from vps.waiting import client, started, until, until_it_says

pytestmark = pytest.mark.takes_turns

BOOT = """
import sys, time
from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
machine = Machine.boot(sys.argv[1], keep=sys.argv[2] == "keep", say=lambda message: None)
AcmeServer.start(machine)
print(machine.name, flush=True)
time.sleep(0 if machine.kept else 600)
"""


def traces(name: str) -> set[str]:
    """What a machine leaves on this one while it runs."""
    rules = [line for table in ("filter", "nat") for line in call("iptables-save", "-t", table).splitlines()]
    found = {
        "link": Path("/sys/class/net", f"ve-{name}").exists(),
        "rules": any(Network.of(name).tag in line.replace('"', " ").split() for line in rules),
        "mount": f" {DISKS}/{name}/root " in Path("/proc/mounts").read_text(),
        "disk": (DISKS / name).exists(),
        "state": (RUN / name).exists(),
        "processes": bool(processes.of(name)),
    }
    return {trace for trace, there in found.items() if there}


def is_gone(name: str, host_key: str) -> bool:
    """Whether it has left nothing; its name may be another's by now, whose host key is another."""
    with alone():
        return not traces(name) or ((RUN / name).is_dir() and Slot(name).state().get("host_key") != host_key)


EVERYTHING = {"link", "rules", "mount", "disk", "state", "processes"}


def run_owner(release: str, keep: bool) -> tuple[subprocess.Popen[str], str]:
    """Another process that boots a machine and an ACME server; with its machine's name."""
    argv = [sys.executable, "-c", BOOT, release, "keep" if keep else "throwaway"]
    owner = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    return owner, owner.stdout.readline().strip()


def test_it_is_the_debian_that_was_asked_for(vps: Machine, release: str) -> None:
    assert vps.run(". /etc/os-release; echo $ID-$VERSION_ID").stdout.strip() == release
    assert vps.run("systemctl is-system-running --wait").stdout.strip() == "running"


def test_systemd_of_root_stays_when_root_logs_out(vps: Machine) -> None:
    assert started(vps, "loginctl show-user root --property Linger").communicate()[0] == "Linger=yes\n"


def test_input_output_and_exit_code_of_a_command(vps: Machine) -> None:
    done = vps.run("cat; echo said >&2; exit 7", input="given\n", check=False)
    assert (done.stdout, done.stderr, done.returncode) == ("given\n", "said\n", 7)
    with pytest.raises(DeployError, match="ended with code 7"):
        vps.run("exit 7")
    with pytest.raises(DeployError, match="not done after 1 s"):
        vps.run("sleep 20", timeout=1)


def test_the_host_key_is_known_before_the_first_connection(vps: Machine) -> None:
    offered = call("ssh-keyscan", "-T", "30", "-t", "ed25519,rsa,ecdsa", vps.address).splitlines()
    assert [line for line in offered if not line.startswith("#")] == [f"{vps.address} {vps.host_key}"]


def test_its_files_are_reached_from_both_sides(vps: Machine) -> None:
    (vps.root / "srv/outside").write_text("from outside\n")
    assert vps.run("cat /srv/outside; echo from inside > /srv/inside").stdout == "from outside\n"
    assert (vps.root / "srv/inside").read_text() == "from inside\n"


def test_the_preinstalled_one_serves_to_this_machine(vps: Machine) -> None:
    assert "Welcome to nginx" in call("curl", "-sS", "--noproxy", "*", f"http://{vps.address}/")


def test_a_sandbox_is_read_only_and_its_time_is_limited(vps: Machine) -> None:
    sandbox = "systemd-run --quiet --pipe --wait --collect --uid=nobody -p ProtectSystem=strict"
    done = vps.run(f"{sandbox} -p PrivateTmp=yes sh -c 'id -un; touch /srv/x'", check=False)
    assert done.stdout == "nobody\n"
    assert "Read-only file system" in done.stderr
    ended = vps.run(
        f"{sandbox} -p RuntimeMaxSec=1 sleep infinity", check=False
    )  # which waits two minutes at most
    assert ended.returncode


@pytest.fixture
def clients() -> Iterator[list[subprocess.Popen[str]]]:
    """What has ended when the fixtures of a test are taken down, of which a server may be one."""
    begun: list[subprocess.Popen[str]] = []
    yield begun
    assert [each.poll() for each in begun] == [-signal.SIGKILL]


def test_clients_end_before_their_servers(clients: list[subprocess.Popen[str]], vps: Machine) -> None:
    clients.append(started(vps, "echo here; sleep 1000"))
    until_it_says(clients[0], "here")


def test_names_can_lead_anywhere(vps: Machine) -> None:
    vps.add_hosts({"blog.example.org": "192.0.2.7"})
    assert vps.run("getent hosts blog.example.org").stdout.split()[0] == "192.0.2.7"


def test_a_small_file_system_gets_full(vps: Machine) -> None:
    vps.run("install -d -m 0711 /srv/small")
    vps.mount_small("/srv/small", megabytes=2)
    full = vps.run("stat -c %a /srv/small; head -c 3M /dev/zero > /srv/small/file", check=False)
    assert full.stdout == "711\n"
    assert "No space left" in full.stderr
    vps.run("umount /srv/small")


def test_a_cut_line_loses_packets_until_it_is_mended(vps: Machine) -> None:
    reach = [*ssh(vps.key, vps.known_hosts), "-o", "ConnectTimeout=3", f"root@{vps.address}"]
    before = client([*reach, "echo began; sleep 2; echo survived"], stdout=subprocess.PIPE)
    assert before.stdout is not None
    assert before.stdout.readline() == "began\n"
    vps.cut()
    assert subprocess.run([*reach, "true"], capture_output=True, check=False).returncode == 255
    vps.mend()
    assert before.communicate(timeout=60)[0] == "survived\n"
    assert call(*reach, "echo mended") == "mended\n"
    vps.mend()


def test_nothing_for_a_machine_that_is_gone_leaves_this_one(vps: Machine) -> None:
    gone = Network.of(f"vps-{LIMIT}").address
    asked = subprocess.run(["ip", "route", "get", gone], capture_output=True, text=True, check=False)
    assert "No route to host" in asked.stderr, asked
    assert f"dev {Network.of(vps.name).link}" in call("ip", "route", "get", vps.address)


@pytest.fixture
def acme(vps: Machine, monkeypatch: pytest.MonkeyPatch) -> Iterator[AcmeServer]:
    """One that does not ask again what it has allowed within the hour, as Let's Encrypt does not."""
    monkeypatch.setitem(acme_servers.PEBBLE, "PEBBLE_AUTHZREUSE", "100")
    with AcmeServer.start(vps) as server:
        yield server


def test_certificates_are_issued_after_a_real_question(vps: Machine, acme: AcmeServer) -> None:
    shutil.copy(acme.ca, vps.root / "root/ca.pem")
    shutil.copy(acme.root, vps.root / "root/root.pem")
    certbot = (
        "REQUESTS_CA_BUNDLE=/root/ca.pem certbot certonly --non-interactive --agree-tos -m me@example.org"
        f" --webroot -w /var/www/html --server {acme.directory} --cert-name test"
    )
    acme.refuse("second.example.org")
    refused = vps.run(f"{certbot} -d first.example.org -d second.example.org", check=False)
    assert refused.returncode
    assert "second.example.org" in refused.stdout + refused.stderr
    assert not (vps.root / "etc/letsencrypt/live/test").exists()

    acme.allow("second.example.org")
    vps.run(f"{certbot} -d first.example.org -d second.example.org")
    acme.refuse("first.example.org")
    again = vps.run(f"{certbot} --force-renewal -d first.example.org -d second.example.org", check=False)
    assert again.returncode, "it was allowed before"
    live = "/etc/letsencrypt/live/test"
    vps.run(f"openssl verify -CAfile /root/root.pem -untrusted {live}/chain.pem {live}/cert.pem")
    vps.run("systemctl stop nginx")
    assert vps.run(f"{certbot} -d third.example.org --cert-name third", check=False).returncode
    vps.run("systemctl start nginx")


def test_two_side_by_side_do_not_meet(release: str) -> None:
    with Machine.boot(release) as one, Machine.boot(release) as two:
        assert one.address != two.address
        assert one.host_key != two.host_key
        with AcmeServer.start(one) as first, AcmeServer.start(two) as second:
            assert first.directory != second.directory
        one.run(f"curl --silent --http0.9 --max-time 60 http://{two.address}:22", check=False)
        heard = f"journalctl --quiet --grep 'banner exchange: Connection from {one.address} '"
        # not as this machine; of any unit, for some end before journald sees of which they were
        until(two, heard)
        two.run("systemctl is-active cron")
        one.run("systemctl kill --signal=KILL cron; systemctl stop cron; touch /srv/mark")
        assert two.run("systemctl is-active cron; ls /srv").stdout == "active\n"
        assert traces(one.name) == traces(two.name) == EVERYTHING
        one.stop()
        assert is_gone(one.name, one.host_key)
        replace(two, stopped=True).stop()  # one that was stopped before its name became another's
        assert two.run("echo still here").stdout == "still here\n"
        assert traces(two.name) == EVERYTHING


def test_what_a_killed_run_left_is_swept_by_the_next(release: str) -> None:
    owner, name = run_owner(release, keep=False)
    host_key = Slot(name).state()["host_key"]
    with Machine.boot(release) as living:
        assert traces(name) == EVERYTHING
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        assert traces(name) == EVERYTHING
        with Machine.boot(release) as following:
            assert following.name == name or is_gone(name, host_key)
            assert living.run("echo untouched").stdout == "untouched\n"
            assert traces(living.name) == EVERYTHING


def test_a_kept_one_outlives_its_process_until_it_is_stopped(release: str) -> None:
    owner, name = run_owner(release, keep=True)
    assert owner.wait(30) == 0
    with Machine.boot(release):
        pass
    with Machine.attach(name) as kept:
        assert kept.run("hostname").stdout.strip() == name
        AcmeServer.attach(kept).refuse("a.example.org")
        assert name in {machine.name for machine in Machine.kept_machines()}
    assert traces(name) == EVERYTHING
    kept.stop()
    assert is_gone(name, kept.host_key)
    with pytest.raises(DeployError, match=f"No kept machine {name}"):
        Machine.attach(name)


def test_an_unknown_release_or_a_mirror_that_is_down_is_one_clear_error(
    throwaway: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DeployError, match="No such release: debian-99"):
        Machine.boot("debian-99")
    monkeypatch.setattr(mirror, "sources", lambda release: ("deb http://127.0.0.1:9/debian trixie main",))
    with pytest.raises(DeployError, match="mmdebstrap") as failure:
        Machine.boot("debian-13", say=lambda message: None)
    assert "127.0.0.1:9" in str(failure.value)


def test_a_disk_that_somebody_still_uses_is_waited_for(tmp_path: Path) -> None:
    call("mount", "-t", "tmpfs", "tmpfs", str(tmp_path))
    with subprocess.Popen(["sleep", "0.5"], cwd=tmp_path) as user:
        unmount(tmp_path)
        assert user.wait(5) == 0
    assert not tmp_path.is_mount()

"""What the program `doctor` tells, where there is no server."""

import fcntl
import socket
import subprocess
import time

from installed.conftest import INSTALLED, Root

CONF = """server {
    listen 80;
    server_name www.example.org example.org;
}
server {
    listen 443 ssl;
    server_name www.example.org;
    ssl_certificate /etc/letsencrypt/live/www.example.org/fullchain.pem;
}
"""


def told(root: Root, word: str) -> list[str]:
    """The lines that begin so."""
    return [line for line in root.run("doctor").splitlines() if line.startswith(word + " ")]


def test_the_sites_are_those_that_nginx_has_of_ours(root: Root) -> None:
    root.write("/etc/nginx/conf.d/www.example.org.conf", CONF)
    root.write("/etc/nginx/conf.d/other.example.org.conf", CONF)
    root.write("/etc/deploy/sites/www.example.org.conf", "PROBE=/start\n")
    root.write("/var/lib/deploy/manifest", f"{'0' * 64}  /etc/nginx/conf.d/www.example.org.conf\n")
    assert told(root, "site") == [
        "site www.example.org https /start www.example.org",
        "site example.org https / www.example.org",
    ]


def test_nobody_waits_for_a_program_that_listens_nowhere(root: Root) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    root.write("/.curlrc", f'connect-to = "::127.0.0.1:{listener.getsockname()[1]}"\nmax-time = 1\n')
    dead = CONF.replace("www.example.org", "dead.example.org").replace(
        "example.org;", "dead2.example.org;", 1
    )
    for name, text in (("www.example.org", CONF), ("dead.example.org", dead)):
        room = f"# waiting room: PORT={port} HOLD=60 PROBE=/\n" if name == "dead.example.org" else ""
        root.write(f"/etc/nginx/conf.d/{name}.conf", room + text)
    paths = (f"/etc/nginx/conf.d/{name}.conf" for name in ("www.example.org", "dead.example.org"))
    root.write("/var/lib/deploy/manifest", "".join(f"{'0' * 64}  {path}\n" for path in paths))
    with listener:
        answers = dict(line.split(" ", 2)[1:] for line in told(root, "answer"))
    assert answers["dead.example.org"] == "503 0 "
    assert answers["www.example.org"].startswith("000 ")


def test_what_is_free_is_noted_once_a_day(root: Root) -> None:
    assert told(root, "room")
    first = root.path("/var/lib/deploy/room").read_text()
    assert told(root, "noted") == [f"noted {first.strip()}"]
    assert root.path("/var/lib/deploy/room").read_text() == first
    root.write("/var/lib/deploy/room", f"{int(time.time()) - 90000} 100 50\n")
    assert len(told(root, "noted")) == 2


def test_a_note_that_a_power_cut_has_left_half_is_no_reason_to_stop(root: Root) -> None:
    root.write("/var/lib/deploy/room", f"{int(time.time()) - 90000} 100 50\n17\0\0\0")
    assert told(root, "noted")[0].endswith(" 100 50")
    assert len(told(root, "noted")) == 2
    root.write("/var/lib/deploy/room", f"{int(time.time()) + 900000} 100 50\n")
    assert len(told(root, "noted")) == 2, "a clock that was ahead is not waited for"


def test_no_more_than_three_months_are_kept(root: Root) -> None:
    begin = int(time.time()) - 200 * 86400
    root.write("/var/lib/deploy/room", "".join(f"{begin + day * 86400} 100 50\n" for day in range(150)))
    assert len(told(root, "noted")) == 90


def test_services_and_updates_are_named_for_heartbeats(root: Root) -> None:
    assert told(root, "service") == []
    assert "updates" not in root.run("doctor").splitlines()
    for name in ("www.example.org", "runner", "worker"):
        root.write(f"/etc/deploy/sites/{name}.conf", "KIND=compose\n")
    root.write("/etc/systemd/system/deploy-update.timer", "[Timer]\n")
    assert told(root, "service") == ["service runner", "service worker"]
    assert "updates" in root.run("doctor").splitlines()


def test_what_is_being_changed_is_told(root: Root) -> None:
    lock = root.path("/srv/deploy/www.example.org/lock")
    lock.touch()
    root.write("/srv/deploy/www.example.org/work/holder", "me@laptop\t2026-11-30\n")
    assert told(root, "busy") == []
    with lock.open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert told(root, "busy") == ["busy www.example.org me@laptop"]
    root.path("/var/lib/deploy/backup.lock").touch()
    with root.path("/var/lib/deploy/backup.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert told(root, "busy") == ["busy +backups"]
    root.path("/var/lib/deploy/lock").touch()
    with root.path("/var/lib/deploy/lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert told(root, "busy") == ["busy * "]


def certificate(root: Root, name: str, days: int) -> str:
    """One that lasts so long."""
    path = root.path(f"/etc/letsencrypt/live/{name}/cert.pem")
    request = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    names = ["-subj", f"/CN={name}", "-days", str(days), "-keyout", "/dev/null", "-out", path]
    subprocess.run([*request, *names], check=True, capture_output=True)
    return path.read_text()


def days_left(root: Root) -> dict[str, int]:
    """Of each certificate, by its name."""
    ends = (line.split()[1:] for line in told(root, "certificate"))
    return {name: round((int(end) - time.time()) / 86400) for name, end in ends}


def test_many_certificates_and_archives_cost_little_more_than_one(root: Root) -> None:
    lasting = {f"site-{number:02}.example.org": 30 + number * 7 % 60 for number in range(6)}
    texts = [certificate(root, name, days) for name, days in lasting.items()]
    root.write("/etc/nginx/deploy/certificates/own.example.org/fullchain.pem", texts[2] + "\n" + texts[0])
    assert days_left(root) == lasting | {"own.example.org": lasting["site-02.example.org"]}
    root.write("/etc/letsencrypt/live/broken.example.org/cert.pem", "no certificate\n")
    assert days_left(root) == lasting | {"own.example.org": lasting["site-02.example.org"]}
    root.path("/etc/letsencrypt/live/broken.example.org/cert.pem").unlink()
    few = root.processes("doctor")
    for number in range(40):
        root.write(f"/etc/letsencrypt/live/more-{number}.example.org/cert.pem", texts[number % 6])
        root.write(f"/home/backups/name-{number}/backup-name-{number}-2026-11-21-230000.tar.zst.gpg", "")
    assert root.processes("doctor") < few + 10
    assert len(days_left(root)) == 47
    root.path("/home/backups/empty/x")
    assert len([line for line in told(root, "backup") if len(line.split()) == 3]) == 40
    assert "backup empty " in told(root, "backup")


def test_certificates_archives_and_a_restart(root: Root) -> None:
    certificate(root, "www.example.org", 30)
    root.write("/home/backups/forum/backup-forum-2026-11-21-230000.tar.zst.gpg", "")
    root.write("/etc/deploy/backup/forum", "")
    root.write("/run/reboot-required", "")
    root.write("/run/reboot-required.pkgs", "linux-image\nlibc6\nlinux-image\n")
    lines = root.run("doctor").splitlines()
    (line,) = [line for line in lines if line.startswith("certificate ")]
    _, name, end = line.split()
    assert name == "www.example.org"
    assert abs(int(end) - time.time() - 30 * 86400) < 60
    assert [line for line in lines if line.startswith("backup forum ")]
    assert "backed_up forum" in lines
    assert "reboot libc6 linux-image" in lines


def test_silence_of_who_was_killed_while_he_looked_at_services_is_not_that_all_are_well(root: Root) -> None:
    assert told(root, "unwell") == told(root, "stopped") == []
    root.write("/kill", "if [[ $0 == */bin/well ]]; then kill -KILL $$; fi\n")
    said = root.run("doctor", BASH_ENV=str(root.path("/kill")))
    assert "unwell * whoever looks at them did not come to the end" in said.splitlines()


def test_what_was_never_live_waits_for_its_first_push(root: Root) -> None:
    root.site("www.test")
    root.site("sent.test", SENT="1")
    root.site("pages.test", KIND="php")
    root.service("shop.test", APPLICATION="shop.test")
    root.service("stack.test", STACK="1")
    root.service("image.test", APPLICATION="", IMAGE="registry.test/shop:1")
    root.service("forum.test")
    push = "deploy push"
    assert told(root, "waits") == [
        f"waits sent.test {push} sent.test --from FOLDER",
        f"waits shop.test {push} shop.test",
        f"waits stack.test {push} stack.test",
        f"waits www.test {push} www.test",
    ]
    for name in ("shop.test", "stack.test"):
        root.write(f"/srv/deploy/{name}/images/live", "")
    root.write("/srv/deploy/www.test/releases/20261130-000000/index.html", "")
    root.write("/var/www/sent.test/index.html", "")
    assert told(root, "waits") == []


LIMIT = "oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=x,oom_memcg={0},task_memcg={0},task=x"
OF_SERVER = "oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=x,global_oom,task_memcg=/x,task=x"
KILLED = "Memory cgroup out of memory: Killed process 7 (x) total-vm:1kB"


def test_what_was_killed_by_the_limit_of_a_container_is_counted_by_itself(root: Root) -> None:
    ours, gone, theirs = ("a" * 64, "b" * 64, "c" * 64)
    groups = [f"/system.slice/docker-{ours}.scope", f"/docker/{gone}", f"/docker/{theirs}"]
    log = [OF_SERVER, "Out of memory: Killed process 3 (x) total-vm:1kB"]
    for group in (groups[0], *groups, "/deploybuild-shop.slice"):
        log += [LIMIT.format(group), KILLED]
    root.write("/log", "\n".join([*log, KILLED, ""]))
    root.service("shop.test", PROJECT="shop-test")
    inspected = f"{theirs}|1048576|mine|web|/mine\n{ours}|536870912|shop-test|app|/shop-test-app-1\n"
    root.write("/inspected", inspected)
    stubs = f"journalctl() {{ cat {root.path('/log')}; }}; docker() {{ cat {root.path('/inspected')}; }}"
    tell = f"{stubs}; source {INSTALLED}/lib/doctor/room; limits_tell"
    env = {"PATH": "/usr/bin:/bin", "DEPLOY_ROOT": str(root.folder)}
    done = subprocess.run(["bash", "-uc", tell], env=env, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "killed_by_limit 6",
        "killed_in 2 536870912 app shop.test",
        "killed_in 1 1048576 - mine",
    ]
    quiet = f"journalctl() {{ :; }}; source {INSTALLED}/lib/doctor/room; limits_tell"
    assert subprocess.run(["bash", "-uc", quiet], env=env, capture_output=True, check=True).stdout == b""

"""One transaction, whatever happens to it: on a real server, with the real script."""

import re
import shlex
import socket
import threading
from collections.abc import Iterator

import pytest

from deployer.config.model import Config
from deployer.errors import DeployError, UnreachableError
from deployer.files import File
from deployer.kinds.redirect import Redirect
from deployer.parts.undo import undo_files
from deployer.planning.plan import Change, Plan, Surprise
from deployer.rehearsal.machine import Machine
from deployer.seen import manifest
from deployer.seen.facts import Facts
from deployer.server.connection import Server, script_command
from deployer.server.login import connect
from deployer.shares.question import Question
from deployer.tasks.apply import apply_script, parcel, transact
from deployer.tasks.converge import Convergence
from deployer.tasks.observe import observe
from deployer.templates import render
from vps.services.conftest import install_scripts
from vps.waiting import until, until_free

pytestmark = [pytest.mark.takes_turns, pytest.mark.vps]

CONF = "/etc/nginx/conf.d"
STEPS = (
    "lock",
    "recover",
    "receive",
    "enough_space",
    "as_the_plan_saw",
    "install_packages",
    "begin",
    "write",
)


def clean(vps: Machine) -> None:
    vps.run(
        f"rm -rf {CONF}/*.conf /etc/nginx/deploy /var/lib/deploy /etc/deploy /usr/local/lib/deploy; mkdir -p /etc/deploy;"
        "rm -rf /etc/systemd/system/deploy-* /etc/systemd/system/multi-user.target.d; systemctl daemon-reload;"
        "systemctl reset-failed; systemctl reload-or-restart nginx"
    )


@pytest.fixture
def server(vps: Machine) -> Iterator[Server]:
    clean(vps)
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
        yield server


def vhost(name: str, body: str = "return 204;") -> File:
    return File(f"server {{\n    listen 80;\n    server_name {name};\n    {body}\n}}\n".encode())


def change(path: str, before: File | None, after: File | None) -> Change:
    return Change(path, before, after)


def plan(*changes: Change, written: dict[str, File] | None = None) -> Plan:
    old = manifest.write({path: file.digest for path, file in (written or {}).items()}) if written else None
    kept = dict(written or {}) | {c.path: c.after for c in changes}
    new = manifest.write({path: file.digest for path, file in kept.items() if file})
    owners = {c.path: c.path.rpartition("/")[2].removesuffix(".conf") for c in changes if CONF in c.path}
    return Plan(changes=changes, manifest=Change(manifest.PATH, old, new), owners=owners)


def answer(vps: Machine, name: str) -> str:
    return vps.run(f"curl -s -o /dev/null -w '%{{http_code}}' -H 'Host: {name}' http://127.0.0.1/").stdout


def content(vps: Machine, path: str) -> bytes | None:
    file = vps.root / path.lstrip("/")
    return file.read_bytes() if file.exists() else None


def test_writes_removes_and_reloads_in_one_go(vps: Machine, server: Server) -> None:
    one, two = f"{CONF}/one.test.conf", f"{CONF}/two.test.conf"
    lines: list[str] = []
    assert transact(server, plan(change(one, None, vhost("one.test"))), lines.append)
    assert answer(vps, "one.test") == "204"

    changes = [change(one, vhost("one.test"), None), change(two, None, vhost("two.test", "return 206;"))]
    assert transact(server, plan(*changes, written={one: vhost("one.test")}), lines.append)
    assert answer(vps, "two.test") == "206"
    assert content(vps, one) is None
    assert vps.run("sha256sum --check --quiet /var/lib/deploy/manifest").returncode == 0
    assert vps.run("find /var/lib/deploy/before -name one.test.conf").stdout.count("\n") == 1


def test_files_have_their_mode_and_owner(vps: Machine, server: Server) -> None:
    file = File(b"x", mode=0o640, owner="root", group="www-data")
    assert transact(server, plan(change("/etc/deploy/some/deep/file", None, file)), print)
    assert vps.run("stat -c '%a %U %G' /etc/deploy/some/deep/file").stdout == "640 root www-data\n"


def test_more_sites_than_a_login_may_open_files(vps: Machine, server: Server) -> None:
    many, limit = f"{CONF}/many.test.conf", "/etc/systemd/system/nginx.service.d/deploy.conf"
    logs = "".join(f"access_log /var/log/nginx/many-{number}.log;\n" for number in range(1100))
    site = vhost("many.test", f"return 204; location /never {{ {logs} }}")
    drop_in = File(render("system/nginx.service.conf").encode())
    vps.run(f"mkdir -p {limit.rpartition('/')[0]}")
    there = content(vps, limit)
    before = None if there is None else File(there)
    try:
        changes = [change(many, None, site), change(limit, before, drop_in)]
        done = transact(server, plan(*changes), print)  # its words are enough where it fails
        assert done
        assert answer(vps, "many.test") == "204"
        renewal = render("system/reload-nginx")
        vps.run(f"ulimit -S -n 1024; bash -c {shlex.quote(renewal)}")
    finally:
        clean(vps)
        vps.run("rm -f /var/log/nginx/many-*.log")


@pytest.mark.fault("NGINX refuses a file of one site")
def test_one_refused_file_stays_as_it_was_and_the_rest_goes_live(vps: Machine, server: Server) -> None:
    good, bad = f"{CONF}/good.test.conf", f"{CONF}/bad.test.conf"
    assert transact(server, plan(change(bad, None, vhost("bad.test", "return 201;"))), print)
    lines: list[str] = []
    changes = [
        change(bad, vhost("bad.test", "return 201;"), vhost("bad.test", "retrun 202;")),
        change(good, None, vhost("good.test", "return 203;")),
    ]
    written = {bad: vhost("bad.test", "return 201;")}
    assert not transact(server, plan(*changes, written=written), lines.append)
    assert (answer(vps, "bad.test"), answer(vps, "good.test")) == ("201", "203")
    told = "\n".join(lines)
    assert f"bad.test: NGINX refuses {bad}, line 4" in told
    assert 'unknown directive "retrun"' in told
    assert "4 |     retrun 202;" in told
    assert vps.run("sha256sum --check --quiet /var/lib/deploy/manifest").returncode == 0


@pytest.mark.in_turns("refused")
def test_two_refused_files_of_three(vps: Machine, server: Server) -> None:
    changes = [
        change(f"{CONF}/a.test.conf", None, vhost("a.test", "nonsense;")),
        change(f"{CONF}/b.test.conf", None, vhost("b.test")),
        change(
            f"{CONF}/c.test.conf", None, vhost("c.test", "ssl_certificate /etc/letsencrypt/live/c.test/x;")
        ),
    ]
    changes[2] = change(
        changes[2].path,
        None,
        File(
            b"server { listen 443 ssl; server_name c.test;\n"
            b"ssl_certificate /etc/letsencrypt/live/c.test/f.pem;\n"
            b"ssl_certificate_key /etc/letsencrypt/live/c.test/k.pem; }\n"
        ),
    )
    lines: list[str] = []
    assert not transact(server, plan(*changes), lines.append)
    assert answer(vps, "b.test") == "204"
    assert content(vps, f"{CONF}/a.test.conf") is None
    assert content(vps, f"{CONF}/c.test.conf") is None
    assert manifest.read(content(vps, manifest.PATH)).keys() == {f"{CONF}/b.test.conf"}


@pytest.mark.in_turns("refused")
def test_everything_is_put_back_when_what_is_wrong_is_not_ours(vps: Machine, server: Server) -> None:
    vps.run(f"echo 'nonsense;' > {CONF}/zz-hand.conf")
    lines: list[str] = []
    with pytest.raises(DeployError, match="nothing was changed"):
        transact(server, plan(change(f"{CONF}/x.test.conf", None, vhost("x.test"))), lines.append)
    assert content(vps, f"{CONF}/x.test.conf") is None
    assert content(vps, manifest.PATH) is None
    assert any("zz-hand.conf:1" in line for line in lines)


class Versioned(Redirect):
    """A site with a file whose path tells the release, as PHP's and PostgreSQL's do."""

    def files(self, domain: str, facts: Facts) -> dict[str, File]:
        return {f"/etc/deploy/for-{facts.codename}-only": File(b"ours\n")}


def test_a_hand_made_file_at_a_path_that_depends_on_the_release_is_taken_over(
    vps: Machine, server: Server
) -> None:
    codename = {"debian-12": "bookworm", "debian-13": "trixie"}[vps.release]
    path = f"/etc/deploy/for-{codename}-only"
    vps.run(f"echo theirs >{path}")
    site = Versioned(kind="redirect", to="https://example.org", https=False)
    config = Config(security=False).model_copy(update={"sites": {"old.example.org": site}})
    run = Convergence(server, config, None, print, print)
    seen = run.look()
    (found,) = [change for change in run.plan(seen).changes if change.path == path]
    assert found.surprise is Surprise.TAKEN_OVER
    assert found.before == File(b"theirs\n")
    assert run.apply(run.plan(seen), seen)
    assert run.plan(run.look()).empty


def test_any_unit_that_is_wanted_is_asked_for(vps: Machine, server: Server) -> None:
    names = ("not-there.service", "cron.service")
    facts = observe(server, [Question("unit", unit) for unit in names]).facts
    assert facts.units["cron.service"] == "active enabled"
    assert facts.units["not-there.service"].split() == ["inactive"]
    assert facts.missing == {"not-there.service"}


@pytest.mark.fault("a file changes between plan and apply")
def test_refuses_when_the_server_is_not_what_the_plan_saw(vps: Machine, server: Server) -> None:
    path = f"{CONF}/x.test.conf"
    transact(server, plan(change(path, None, vhost("x.test"))), print)
    vps.run(f"echo '# by hand' >> {path}")
    lines: list[str] = []
    with pytest.raises(DeployError, match="has changed since"):
        transact(
            server, plan(change(path, vhost("x.test"), None), written={path: vhost("x.test")}), lines.append
        )
    assert b"# by hand" in content(vps, path)
    assert any(path in line for line in lines)


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("the parcel of an apply is cut off", rounds=4)
def test_half_a_parcel_changes_nothing(vps: Machine, server: Server) -> None:
    apply = apply_script()
    data = parcel(plan(change(f"{CONF}/x.test.conf", None, vhost("x.test"))), "test")
    lines: list[str] = []
    for length in (0, 100, len(data) // 2, len(data) - 1):
        assert server.follow(script_command(apply), lines.append, apply + data[:length]) == 1
    assert content(vps, f"{CONF}/x.test.conf") is None
    assert "nothing was changed" in "\n".join(lines)


@pytest.mark.fault("the disk is full when an apply begins")
def test_a_full_disk_changes_nothing(vps: Machine, server: Server) -> None:
    vps.run("mkdir -p /var/lib/deploy")
    vps.mount_small("/var/lib/deploy", megabytes=8)
    try:
        lines: list[str] = []
        with pytest.raises(DeployError, match="nothing was changed"):
            transact(server, plan(change(f"{CONF}/x.test.conf", None, vhost("x.test"))), lines.append)
        assert any("MB free" in line for line in lines)
        assert content(vps, f"{CONF}/x.test.conf") is None
    finally:
        vps.run("umount /var/lib/deploy")


@pytest.mark.in_turns
@pytest.mark.fault("there are no inodes, or a disk is read-only, when an apply begins")
@pytest.mark.parametrize(
    ("place", "options", "told"),
    [
        (
            "/var/lib/deploy",
            "nr_inodes=60",
            r"files and folders more, and 1\d\d are needed; nothing was changed \(df -i /var/lib/deploy\)",
        ),
        ("/srv", "ro", "✗ /srv is read-only on this server; nothing was changed"),
        ("/var/lib", "ro", "✗ /var/lib is read-only on this server; nothing was changed"),
    ],
)
def test_a_disk_that_takes_no_files_is_told_as_that(
    vps: Machine, server: Server, place: str, options: str, told: str
) -> None:
    vps.run(f"mkdir -p {place} && mount -t tmpfs -o size=99m,mode=755,{options} tmpfs {place}")
    try:
        lines: list[str] = []
        with pytest.raises(DeployError, match="nothing was changed"):
            transact(server, plan(change(f"{CONF}/x.test.conf", None, vhost("x.test"))), lines.append)
        assert re.search(told, "\n".join(lines))
        assert content(vps, f"{CONF}/x.test.conf") is None
    finally:
        vps.run(f"umount {place}")


@pytest.mark.in_turns
@pytest.mark.parametrize("step", [*STEPS, "check", "go_live", "remember_what_is_ours"])
@pytest.mark.fault("an apply is killed after each of its steps")
def test_killed_at_any_step_the_next_run_restores_first(vps: Machine, server: Server, step: str) -> None:
    old, new = vhost("x.test", "return 201;"), vhost("x.test", "return 202;")
    path, other = f"{CONF}/x.test.conf", f"{CONF}/y.test.conf"
    transact(server, plan(change(path, None, old)), print)

    dying = died_after(step)
    data = parcel(
        plan(change(path, old, new), change(other, None, vhost("y.test")), written={path: old}), "test"
    )
    with pytest.raises(UnreachableError):
        server.follow(script_command(dying), print, dying + data)

    assert transact(server, Plan(), print)
    assert content(vps, path) == old.content
    assert content(vps, other) is None
    assert manifest.read(content(vps, manifest.PATH)) == {path: old.digest}
    assert answer(vps, "x.test") == "201"
    assert vps.run("ls -d /var/lib/deploy/incoming* /var/lib/deploy/transaction", check=False).stdout == ""


def died_after(step: str) -> bytes:
    """The real script, which kills itself just after a step of its main part."""
    head, _, main = apply_script().decode().partition("\nlock\n")
    main = "lock\n" + main
    patched = {
        "begin": main.replace("begin ||", "begin && kill -9 $$ ||"),
        "write": main.replace("if ! write;", "if ! { write && kill -9 $$; };"),
        "check": main.replace("if ! check ||", "if ! { check && kill -9 $$; } ||"),
        "go_live": main.replace("! go_live;", "! { go_live && kill -9 $$; };"),
    }.get(step) or main.replace(f"{step}\n", f"{step}\nkill -9 $$\n", 1)
    assert patched != main
    return f"{head}\n{patched}".encode()


SHARED = "/etc/nginx/deploy/static.conf"
REPEATED = (  # each is in one of the files that all sites share, too
    "location = /404.html { internal; }",
    "gzip_vary on;",
    "absolute_redirect off;",
    "etag on;",
)


def including(name: str, body: str = "") -> File:
    return vhost(name, f"{body}\n    include {SHARED};")


@pytest.mark.in_turns("refused")
@pytest.mark.fault("a site repeats a line of a shared NGINX file", rounds=len(REPEATED))
def test_a_line_that_a_shared_file_has_too_leaves_out_only_its_site(vps: Machine, server: Server) -> None:
    shared = File(("\n".join(REPEATED) + "\n").encode())
    names = [f"site{number}.test" for number in range(9)]
    old = including("site3.test", "return 201;")
    assert transact(
        server, plan(change(f"{CONF}/site3.test.conf", None, old), change(SHARED, None, shared)), print
    )
    bad = dict(zip(("site0.test", "site3.test", "site4.test", "site8.test"), REPEATED, strict=True))
    files = {name: including(name, bad.get(name, "return 204;")) for name in names}
    before = {f"{CONF}/site3.test.conf": old, SHARED: shared}
    changes = [
        change(path, before.get(path), files[name]) for name in names for path in [f"{CONF}/{name}.conf"]
    ]
    lines: list[str] = []
    assert not transact(server, plan(*changes, written=before), lines.append)
    nobody = answer(vps, "nobody.test")  # whatever NGINX answers for a name that it does not know
    assert {name: answer(vps, name) for name in names} == {
        name: "201" if name == "site3.test" else nobody if name in bad else "204" for name in names
    }
    told = "\n".join(lines)
    for name in bad:
        assert f"✗ {name}: NGINX refuses {CONF}/{name}.conf together with {SHARED}, line" in told
    assert told.count("✗") == len(bad)
    assert "duplicate" in told
    assert vps.run("nginx -t -q; sha256sum --check --quiet /var/lib/deploy/manifest").returncode == 0


@pytest.mark.in_turns("refused")
@pytest.mark.fault("a site has a line of which NGINX does not say where it stands")
def test_a_line_without_a_place_leaves_out_only_its_site(vps: Machine, server: Server) -> None:
    names = ("well.test", "wrong.test", "fine.test")
    bodies = {"wrong.test": "limit_req zone=nobody_made_it;"}
    files = {name: vhost(name, bodies.get(name, "return 204;")) for name in names}
    lines: list[str] = []
    done = transact(
        server, plan(*(change(f"{CONF}/{name}.conf", None, files[name]) for name in names)), lines.append
    )
    assert not done
    assert [answer(vps, name) for name in ("well.test", "fine.test")] == ["204", "204"]
    told = "\n".join(lines)
    assert f"✗ wrong.test: NGINX refuses {CONF}/wrong.test.conf" in told
    assert "nobody_made_it" in told
    assert not (vps.root / f"{CONF}/wrong.test.conf".lstrip("/")).exists()


@pytest.mark.in_turns("refused")
def test_a_shared_file_that_is_wrong_in_itself_is_no_site_s_fault(vps: Machine, server: Server) -> None:
    good, wrong = File(b"etag on;\n"), File(b"etag on;\netag on;\n")
    old, new, path = including("old.test"), including("x.test"), f"{CONF}/x.test.conf"
    assert transact(
        server, plan(change(SHARED, None, good), change(f"{CONF}/old.test.conf", None, old)), print
    )
    changes = change(SHARED, good, wrong), change(path, None, new)
    lines: list[str] = []
    with pytest.raises(DeployError):
        transact(server, plan(*changes, written={SHARED: good, f"{CONF}/old.test.conf": old}), lines.append)
    assert (content(vps, path), content(vps, SHARED)) == (None, good.content)
    assert f"{SHARED}:2" in "\n".join(lines)
    assert "x.test" not in "\n".join(lines)


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("the power goes between write and check of an apply")
def test_a_power_cut_between_write_and_check_does_not_outlast_the_restart(vps: Machine) -> None:
    path, more = f"{CONF}/x.test.conf", f"{CONF}/y.test.conf"
    old = vhost("x.test", "return 201;")
    files = undo_files()
    clean(vps)
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
        first = [change(each, None, file) for each, file in {path: old, **files}.items()]
        transact(server, plan(*first), print)
        dying = died_after("write")
        changes = (
            change(path, old, vhost("x.test", "gzip_vary on; gzip_vary on;")),
            change(more, None, vhost("y.test")),
        )
        data = parcel(plan(*changes, written={path: old, **files}), "test")
        with pytest.raises(UnreachableError):
            server.follow(script_command(dying), print, dying + data)
    assert b"gzip_vary" in content(vps, path)
    vps.restart()
    until(vps, "systemctl is-active --quiet nginx")
    assert answer(vps, "x.test") == "201"
    assert content(vps, more) is None
    assert "nginx" not in vps.run("systemctl --failed --no-legend").stdout
    with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as server:
        assert not observe(server, []).facts.interrupted
        assert vps.run("sha256sum --check --quiet /var/lib/deploy/manifest").returncode == 0


BEFORE = """
mkdir -p /var/lib/deploy/transaction/before{conf}
cd /var/lib/deploy/transaction && echo {path} >paths && : >folders && cp -a {path} before{path}
cat >back <<'end'
systemctl daemon-reload
false
if [ -e /root/none ]; then set_jails /root/none; else echo ran >/root/ran; fi
reload_nginx
end
sed -i s/201/202/ {path}
"""


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("an apply of the version before was killed, and lines of bash are to be undone")
def test_what_the_version_before_has_left_half_done_is_undone(vps: Machine, server: Server) -> None:
    path = f"{CONF}/x.test.conf"
    assert transact(server, plan(change(path, None, vhost("x.test", "return 201;"))), print)
    vps.run(BEFORE.format(conf=CONF, path=path))
    vps.run("systemctl reload nginx")
    lines: list[str] = []
    assert transact(server, Plan(), lines.append)
    assert "the last apply was interrupted: 1 files are put back first" in "\n".join(lines)
    assert answer(vps, "x.test") == "201"
    assert vps.run("cat /root/ran; rm /root/ran").stdout == "ran\n"


@pytest.mark.in_turns("cut off")
@pytest.mark.fault("the line is cut in the middle of an apply")
def test_a_connection_that_is_cut_in_the_middle(vps: Machine, server: Server) -> None:
    path = f"{CONF}/x.test.conf"
    apply = apply_script().replace(b"\ngo_live() {", b"\ngo_live() {\n    say cut\n    sleep 2")
    data = parcel(plan(change(path, None, vhost("x.test"))), "test")
    try:
        transport = server.transport
        transport.set_keepalive(1)
        transport.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 2000)
        with pytest.raises(UnreachableError, match="was lost"):
            server.follow(script_command(apply), lambda line: vps.cut(), apply + data)
    finally:
        vps.mend()
    until_free(vps, "/var/lib/deploy/lock")
    assert answer(vps, "x.test") == "204"


@pytest.mark.fault("two applies at once")
def test_two_at_once(vps: Machine, server: Server) -> None:
    waits = b"\ngo_live() {\n    until [ -e /root/go ]; do sleep 0.05; done"
    slow = apply_script().replace(b"\ngo_live() {", waits)
    first = f"{CONF}/one.test.conf"
    data = parcel(plan(change(first, None, vhost("one.test"))), "roger@laptop, since 12:00:00,")

    def apply_slowly() -> None:
        with connect(vps.address, vps.port, "root", vps.host_key, vps.key) as other:
            other.follow(script_command(slow), print, slow + data)

    thread = threading.Thread(target=apply_slowly)
    thread.start()
    until(vps, "[ -s /var/lib/deploy/holder ]")
    lines: list[str] = []
    with pytest.raises(DeployError, match="another apply is running"):
        transact(server, Plan(), lines.append)
    assert lines == ["! roger@laptop, since 12:00:00, is applying"]
    second = Change(f"{CONF}/two.test.conf", None, vhost("two.test"))
    assert transact(server, Plan(changes=(second,)), lambda line: vps.run("touch /root/go"), wait=True)
    thread.join()
    vps.run("rm /root/go")
    assert (answer(vps, "one.test"), answer(vps, "two.test")) == ("204", "204")


def test_a_user_with_sudo_and_one_whose_sudo_wants_a_password(vps: Machine, server: Server) -> None:
    vps.run(
        "id roger || useradd -m -s /bin/bash roger; mkdir -p ~roger/.ssh;"
        "cp ~/.ssh/authorized_keys ~roger/.ssh/; chown -R roger: ~roger/.ssh; rm -f /etc/sudoers.d/roger"
    )
    with (
        connect(vps.address, vps.port, "roger", vps.host_key, vps.key) as user,
        pytest.raises(UnreachableError, match=r"roger on .* may not use sudo without a password"),
    ):
        user.ask("id -u")
    vps.run("echo 'roger ALL=(ALL) NOPASSWD: ALL' > /etc/sudoers.d/roger")
    with connect(vps.address, vps.port, "roger", vps.host_key, vps.key) as user:
        assert user.ask("id -u").output == b"0\n"
        assert transact(user, plan(change(f"{CONF}/x.test.conf", None, vhost("x.test"))), print)
    assert answer(vps, "x.test") == "204"


@pytest.mark.fault("a user of the server holds the lock that applies wait for")
def test_nobody_else_can_hold_the_lock(vps: Machine, server: Server) -> None:
    lock = "/var/lib/deploy/lock"
    hold = f"setpriv --reuid=65534 --regid=65534 --clear-groups flock --nonblock --shared {lock} true"
    vps.run(f"mkdir -p /var/lib/deploy; touch {lock}; chmod 644 {lock}; {hold}")
    assert transact(server, Plan(), print)
    assert vps.run(hold, check=False).returncode == 66
    install_scripts(vps)
    for each in ("undo --at-start", "resume"):
        vps.run(f"rm {lock}; touch /var/lib/deploy/containers")
        vps.run(f"umask 022; /usr/local/lib/deploy/bin/{each}")
        assert vps.run(hold, check=False).returncode == 66


@pytest.mark.in_turns("cut off")
def test_the_lock_is_free_after_a_kill(vps: Machine, server: Server) -> None:
    dying = died_after("lock")
    with pytest.raises(UnreachableError):
        server.follow(script_command(dying), print, dying)
    assert transact(server, Plan(), print)

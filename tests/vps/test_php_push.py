"""Sites of PHP whose files come from a repository: pushed, refused, taken back, and asked for all the while."""

import json
import re
from collections.abc import Iterator

import pytest

from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, key
from vps.conftest import PREINSTALLED
from vps.project import Project
from vps.visitors import Visitors
from vps.waiting import until

__all__ = ["key"]
pytestmark = pytest.mark.takes_turns("commit")
SITE = {
    "kind": "php",
    "https": False,
    "repository": "shop",
    "root": "public",
    "front": "index.php",
    "writable": ["public/uploads", "cache"],
}
INDEX = """<?php const OUTER = '{}'; usleep(10000); require "$_SERVER[DOCUMENT_ROOT]/../inside.php"; echo OUTER, INNER;"""
WRITE = """<?php file_put_contents(__DIR__ . '/uploads/photo.txt', 'photo');
file_put_contents(__DIR__ . '/../cache/a', exec('id -un'));
echo file_get_contents(__DIR__ . '/../cache/a');"""


def saying(says: str) -> dict[str, str]:
    """The files of a front page that says this twice, once by each."""
    return {"public/index.php": INDEX.format(says), "inside.php": f"<?php const INNER = '{says}';"}


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    with Machine.boot(release, (*PREINSTALLED, "cron", "curl", "gnupg", "php-fpm", "sqlite3")) as machine:
        yield machine


@pytest.fixture(scope="module")
def project(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A server with a site of PHP from a repository, which was pushed once."""
    project = Project(tmp_path_factory.mktemp("user"), vps, None, {"shop.test": dict(SITE)})
    project.repository(
        "shop",
        {
            **saying("one"),
            "public/write.php": WRITE,
            "public/style.css": "body {}",
            "public/uploads/first.txt": "first",
        },
    )
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "shop.test answers 404 until it is pushed." in applied.stderr
    assert get(project)[0] == 404
    push(project)
    return project


def push(project: Project, *options: str) -> str:
    """What a push says that goes live."""
    done = project.deploy("push", "shop.test", *options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def refused(project: Project) -> str:
    """What a push says that does not."""
    done = project.deploy("push", "shop.test")
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout + done.stderr


def get(project: Project, path: str = "/") -> tuple[int, str]:
    return project.get("shop.test", path, scheme="http")


def test_a_push_changes_the_next_answer(project: Project) -> None:
    assert get(project) == (200, "oneone")
    for number in range(2):
        project.commit("shop", saying(f"push {number} "))
        push(project)
        assert get(project) == (200, f"push {number} push {number} ")
    assert get(project, "/any/page") == (200, "push 1 push 1 ")
    assert get(project, "/style.css") == (200, "body {}")
    assert get(project, "/inside.php")[0] == 404
    assert "Nothing to change" in project.deploy("plan").stdout


def test_no_request_fails_or_gets_half_of_two_releases(project: Project) -> None:
    pages = {f"v{number}v{number}" for number in range(4)}
    with Visitors(project.vps.address, ["shop.test"], pause=0) as visitors:
        for number in range(4):
            project.commit("shop", saying(f"v{number}"))
            push(project)
        assert project.deploy("rollback", "shop.test").returncode == 0
    assert get(project) == (200, "v2v2")
    assert visitors.failed["shop.test"] == 0, visitors.seen
    assert visitors.pages("shop.test") <= {"push 1 push 1", *pages}
    assert pages <= visitors.pages("shop.test")


def test_no_request_fails_while_php_is_told_of_a_change(project: Project) -> None:
    with Visitors(project.vps.address, ["shop.test"], pause=0) as visitors:
        for processes in (7, 8):
            project.sites["shop.test"]["processes"] = processes
            applied = project.apply()
            assert applied.returncode == 0, applied.stdout + applied.stderr
    assert visitors.failed["shop.test"] == 0, visitors.seen


PHP = "setpriv --reuid=php-shop_test --regid=php-shop_test --clear-groups"
NOBODY = "setpriv --reuid=nobody --regid=nogroup --clear-groups"


def test_what_php_writes_outlives_releases(project: Project) -> None:
    vps, uploads = project.vps, "/opt/shop.test/writable/public/uploads"
    assert get(project, "/uploads/first.txt") == (200, "first")
    assert get(project, "/write.php") == (200, "php-shop_test")
    vps.run(f"{PHP} ln -s /etc/hostname {uploads}/name.txt; {PHP} cp {uploads}/photo.txt {uploads}/shell.php")
    project.commit("shop", {**saying("new"), "public/uploads/second.txt": "second"})
    push(project)
    assert project.deploy("rollback", "shop.test").returncode == 0
    for path in ("/uploads/photo.txt", "/uploads/first.txt"):
        assert get(project, path)[0] == 200, path
    for path in ("/uploads/second.txt", "/uploads/name.txt", "/uploads/shell.php"):
        assert get(project, path)[0] in (403, 404), path
    owners = vps.run(
        f"stat -c %U:%a /opt/shop.test/writable{{,/public,/cache}} {uploads} /srv/deploy/shop.test/releases"
    ).stdout
    assert owners.split() == ["root:750", "root:750", "php-shop_test:750", "php-shop_test:750", "root:750"]


def test_nobody_else_reads_what_is_pushed(project: Project) -> None:
    said = project.vps.run(f"{NOBODY} cat /var/www/shop.test/inside.php 2>&1; echo").stdout
    assert "Permission denied" in said


@pytest.mark.parametrize(
    ("inside", "words"),
    [
        ("<?php\n\nfunction {", ("✗ gate: PHP 8", "syntax error", "in inside.php on line 3")),
        (
            "<?php\nconst INNER = PHP_VERSION;\nno_such_function();",
            ("answers 500: Fatal error", "no_such_function()", "in inside.php:3"),
        ),
    ],
)
def test_what_php_does_not_take_goes_not_live(project: Project, inside: str, words: tuple[str, ...]) -> None:
    before, releases = get(project), project.deploy("releases", "shop.test").stdout
    project.commit("shop", {"inside.php": inside})
    said = refused(project)
    for word in words:
        assert word in said
    assert get(project) == before
    assert project.deploy("releases", "shop.test").stdout == releases


def test_a_site_that_was_put_there_by_hand_is_pushed_from_then_on(project: Project) -> None:
    by_hand = {"kind": "php", "https": False, "root": "public", "writable": ["public/uploads"]}
    project.sites["hand.test"] = by_hand
    assert project.apply().returncode == 0
    project.vps.run(
        "cd /var/www/hand.test/public && echo '<?php echo \"by hand\";' >index.php && echo kept >uploads/kept.txt"
        " && chown php-hand_test:php-hand_test uploads/kept.txt"
    )

    def look(path: str) -> tuple[int, str]:
        status, body = project.get("hand.test", path, scheme="http")
        return status, body.strip()

    assert look("/") == (200, "by hand")
    project.repository("hand", {"public/index.php": "<?php echo 'pushed';"})
    project.sites["hand.test"] = by_hand | {"repository": "hand"}
    assert project.apply().returncode == 0
    assert (look("/"), look("/uploads/kept.txt")) == ((200, "by hand"), (200, "kept"))
    done = project.deploy("push", "hand.test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (look("/"), look("/uploads/kept.txt")) == ((200, "pushed"), (200, "kept"))
    done = project.deploy("rollback", "hand.test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (look("/"), look("/uploads/kept.txt")) == ((200, "by hand"), (200, "kept"))


def test_audit_names_what_gives_secrets_of_php_away(project: Project) -> None:
    project.sites["hand.test"]["settings"] = {"display_errors": True}
    assert project.apply().returncode == 0
    project.vps.run(
        "install -D -m 644 /dev/stdin /var/www/blog/wp-config.php <<<\"<?php define('DB_PASSWORD', 'tea');\";"
        " install -D -m 640 /dev/stdin /var/www/blog/settings.php <<<'<?php $password = 1;'"
    )
    said = project.deploy("audit").stdout
    assert "everybody on the server can read /var/www/blog/wp-config.php" in said
    assert "settings.php" not in said
    assert "PHP shows its errors to visitors: display_errors in /etc/php/" in said
    assert said.count("display_errors in") == 1
    assert "gets no security updates" not in said


def services(project: Project) -> dict[str, tuple[str, str]]:
    """The state and the words of each service that `deploy services` shows."""
    said = project.deploy("services", "--json")
    assert said.returncode in (0, 1), said.stderr
    return {each["composition"]: (each["state"], each["service"]) for each in json.loads(said.stdout)}


def test_a_site_is_stopped_and_started(project: Project) -> None:
    assert project.deploy("stop", "shop.test").returncode == 0
    assert get(project)[0] == get(project, "/style.css")[0] == 503
    assert project.get("hand.test", scheme="http")[0] == 200
    assert services(project)["shop.test"][0] == "exited"
    assert "shop.test is stopped on purpose, by " in project.deploy("status").stdout
    assert "Nothing to change" in project.deploy("plan").stdout
    assert project.vps.run("pgrep -f '[p]hp-fpm: pool shop.test' | wc -l").stdout == "0\n"
    assert project.deploy("start", "shop.test").returncode == 0
    assert get(project)[0] == 200
    state, words = services(project)["shop.test"]
    assert state == "running"
    assert re.search("1 of [58] processes", words)
    working = "pgrep -f '[p]hp-fpm: pool shop.test'"
    project.vps.run(f"kill -STOP $({working})")
    told = project.interrupted("[ -e /srv/deploy/shop.test/stopped ]", "stop", "shop.test")
    assert f"! shop.test: {project.vps.address} goes on with it. What runs: deploy services shop.test" in told
    project.vps.run(f"kill -CONT $({working})")
    until(project.vps, 'tail -n 1 /var/log/deploy/push.log | grep \'"action":"stop"\'')
    project.commit("shop", saying("after a stop"))
    push(project)
    assert get(project) == (200, "after a stopafter a stop")


def test_a_restart_ends_the_processes_of_one_site(project: Project) -> None:
    find = "pgrep -f '[p]hp-fpm: pool {}'"
    get(project)
    project.get("hand.test", scheme="http")
    mine, others = (project.vps.run(find.format(name)).stdout for name in ("shop.test", "hand.test"))
    assert project.deploy("restart", "shop.test").returncode == 0
    assert get(project)[0] == 200
    assert not {*mine.split()} & {*project.vps.run(find.format("shop.test")).stdout.split()}
    assert {*others.split()} & {*project.vps.run(f"{find.format('hand.test')}; true").stdout.split()}


def test_its_words_are_those_of_nginx_php_jobs_and_visitors(project: Project) -> None:
    job = {"*/5 * * * *": "echo the job of hand"}
    project.sites["hand.test"] |= {"jobs": job}
    assert project.apply().returncode == 0
    project.vps.run("echo '<?php no_such_function();' >/var/www/hand.test/public/bad.php")
    project.get("hand.test", "/bad.php?x=1", scheme="http")
    get(project, "/any/page")
    project.vps.run("systemctl start deploy-job-hand.test-1.service")
    said = project.deploy("logs", "hand.test").stdout
    for word in ("no_such_function()", "bad.php:1", "GET /bad.php?x=1", "the job of hand"):
        assert word in said, said
    assert "/any/page" not in said
    assert len(project.deploy("logs", "hand.test", "--lines", "2").stdout.splitlines()) == 2


def test_code_of_earlier_releases_makes_way_in_the_cache(project: Project) -> None:
    vps, folder = project.vps, "/usr/local/lib/deploy/lib"
    vps.run(
        f"cat >{folder}/opcache/look.php",
        input="<?php echo opcache_get_status()['memory_usage']['wasted_memory'];",
    )
    ask = (
        f"perl {folder}/publication/fastcgi.pl /run/php/*-php-shop_test.sock 10 REQUEST_METHOD=GET"
        f" SCRIPT_FILENAME={folder}/opcache/look.php | tail -n 1"
    )
    vps.run(
        "find /var/www/shop.test/ -name '*.php' -exec touch -d '1 hour ago' {} +"
    )  # the young are not kept
    assert get(project)[0] == 200
    before = int(vps.run(ask).stdout)
    project.commit("shop", saying("last"))
    push(project)
    assert int(vps.run(ask).stdout) > before
    vps.run(f"rm {folder}/opcache/look.php")


def test_what_php_wrote_comes_back_from_a_backup_and_pushes_go_on(project: Project, key: Key) -> None:
    (project.folder / "key.asc").write_bytes(key.public.read_bytes())
    project.more["backups"] = {"recipient": "key.asc"}
    assert project.apply().returncode == 0
    assert get(project, "/write.php")[0] == 200
    done = project.deploy("backup", "shop.test")
    assert done.returncode == 0, done.stdout + done.stderr
    project.vps.run("rm /opt/shop.test/writable/public/uploads/*")
    assert get(project, "/uploads/photo.txt")[0] == 404
    done = project.deploy("restore", "shop.test", "--yes", GNUPGHOME=str(key.home))
    assert done.returncode == 0, done.stdout + done.stderr
    assert get(project, "/uploads/photo.txt") == (200, "photo")
    project.commit("shop", saying("restored "))
    push(project)
    assert get(project) == (200, "restored restored ")
    assert get(project, "/write.php") == (200, "php-shop_test")
    assert "Nothing to change" in project.deploy("plan").stdout

"""WordPress on the server itself: set up and written in a browser, read, attacked, saved, restored and removed."""

import base64
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.rehearsal.acme import AcmeServer
from deployer.rehearsal.machine import Machine
from vps.backup.conftest import Key, key
from vps.browser import Browser, browser
from vps.project import Project
from vps.test_php import PACKAGES

__all__ = ["key"]
pytestmark = [pytest.mark.takes_turns("module"), pytest.mark.in_turns("kinds", of="modules")]
PHP = {"debian-12": "8.2", "debian-13": "8.4"}
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
SITES = {
    "blog.test": {"kind": "wordpress", "cache": True},
    "two.test": {"kind": "php", "https": False},
}


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    """What the first apply finds there is what sites on PHP have; WordPress is not yet there."""
    with Machine.boot(release, PACKAGES) as machine:
        yield machine


@pytest.fixture(scope="module")
def project(vps: Machine, acme: AcmeServer, key: Key, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A server with a WordPress that nobody has set up."""
    vps.add_hosts({"blog.test": "127.0.0.1"})
    folder = tmp_path_factory.mktemp("user")
    (folder / "key.asc").write_bytes(key.public.read_bytes())
    (folder / "photo.png").write_bytes(PICTURE)
    project = Project(folder, vps, acme, dict(SITES), {"backups": {"recipient": "key.asc"}})
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "Nothing to change" in project.deploy("plan").stdout
    return project


@pytest.fixture(scope="module")
def author(project: Project) -> Iterator[Browser]:
    """Who sets it up, and then writes there."""
    with browser(project.vps, "blog.test") as window:
        secret = project.deploy("secret", "show", "blog.test", "SETUP").stdout.strip()
        window.open(f"https://setup:{secret}@blog.test/wp-admin/install.php")
        window.type("#weblog_title", "Alma's tea")
        window.type("#user_login", "alma")
        window.type("#admin_email", "alma@example.org")
        window.wait_for("document.querySelector('#pass1').value")  # the page's own script fills it in
        password = window.script("return document.querySelector('#pass1').value")
        window.click("#submit", "document.body.innerText.includes('Success')")
        log_in(window, password)
        yield window


def log_in(window: Browser, password: str) -> None:
    window.open("https://blog.test/wp-login.php")
    window.script("document.querySelector('#user_login').value = 'alma'")
    window.script("document.querySelector('#user_pass').value = arguments[0]", password)
    window.click("#wp-submit", "document.body.innerText.includes('Dashboard')")


def write(window: Browser, title: str, text: str) -> str:
    """Publish a post as the editor does; its address."""
    return str(
        window.script(
            "return wp.apiFetch({path: '/wp/v2/posts', method: 'POST', data: {title: arguments[0],"
            " content: arguments[1], status: 'publish'}}).then(post => post.link)",
            title,
            text,
        )
    )


def ask(project: Project, path: str, *more: str) -> tuple[int, str, str]:
    """The status, the headers and the body that a stranger gets."""
    words = [
        "curl",
        "-s",
        "-i",
        "-k",
        "--resolve",
        "blog.test:443:127.0.0.1",
        *more,
        f"https://blog.test{path}",
    ]
    head, _, body = project.vps.run(shlex.join(words)).stdout.replace("\r", "").partition("\n\n")
    return int(head.split()[1]), head.lower(), body


def cached(project: Project, path: str, *more: str) -> str:
    """What the header tells of the cache."""
    lines = [line for line in ask(project, path, *more)[1].splitlines() if line.startswith("x-cache: ")]
    return lines[0].partition(": ")[2] if lines else ""


def test_nobody_but_its_owner_sets_it_up(project: Project) -> None:
    status, head, _ = ask(project, "/")
    assert (status, "location: https://blog.test/wp-admin/install.php" in head) == (302, True)
    for more in ((), ("-u", "setup:setup"), ("-d", "weblog_title=Mine")):
        assert ask(project, "/wp-admin/install.php?step=2", *more)[0] == 401
    assert ask(project, "/wp-admin/setup-config.php")[0] == 404


def test_a_post_with_an_image_is_seen_by_a_visitor(project: Project, author: Browser) -> None:
    author.open("https://blog.test/wp-admin/media-new.php?browser-uploader")
    author.type("#async-upload", str(project.folder / "photo.png"))
    author.click("#html-upload", "location.pathname.endsWith('/upload.php')")
    author.open("https://blog.test/wp-admin/post-new.php")
    image = author.script("return wp.apiFetch({path: '/wp/v2/media'}).then(found => found[0].source_url)")
    assert image.startswith("https://blog.test/wp-content/uploads/")
    link = write(author, "Green tea", f'<p>It is hot.</p><img class="tea" src="{image}">')
    with browser(project.vps, "blog.test") as visitor:
        visitor.open(link)
        assert "It is hot." in visitor.text()
        assert visitor.script("return document.querySelector('img.tea').naturalWidth") == 1
        visitor.open("https://blog.test/")
        assert "Green tea" in visitor.text()
    assert ask(project, "/wp-admin/install.php")[0] == 401


def test_its_own_code_is_all_in_its_folder_and_no_secret_is_readable(
    project: Project, author: Browser
) -> None:
    vps = project.vps
    assert vps.run("stat -c '%a %U %G' /opt/blog.test/salts.php").stdout == "640 root php-blog_test\n"
    assert vps.run("find /etc /opt /var/www -name '*blog.test*' -user php-blog_test").stdout == ""
    assert "define('DB_PASSWORD', '');" in vps.run("cat /etc/wordpress/config-blog.test.php").stdout
    salt = vps.run("grep -o \"'AUTH_KEY', '[^']*\" /opt/blog.test/salts.php | cut -c 14-").stdout.strip()
    assert len(salt) == 64
    assert (
        vps.run(f"grep -rlF -e {shlex.quote(salt)} /etc /var/lib/deploy /var/log", check=False).stdout == ""
    )
    assert "Nothing to change" in project.deploy("plan").stdout


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/xmlrpc.php",
            "/readme.html",
            "/license.txt",
            "/wp-config.php",
            "/wp-config.php~",
            "/wp-config.php.bak",
        ),
        *("/.git/config", "/.htaccess", "/index.php/more", "/wp-login.php/x", "/wp-content/debug.log"),
        *("/wp-includes/version.php", "/wp-content/uploads/..;/x.php", "/wp-content/index.php/x"),
        *(
            f"/wp-content/uploads/{name}"
            for name in ("shell.php", "shell.phtml", "shell.phar", "shell.php.jpg", "SHELL.PHP", ".htaccess")
        ),
        "/wp-content/uploads/shell.php/x.jpg",
    ],
)
def test_what_an_attacker_asks_for_is_not_there(project: Project, author: Browser, path: str) -> None:
    name = path.removesuffix("/x.jpg").removesuffix("/x")
    if name.startswith("/wp-content/") and "..;" not in name:
        file = project.vps.root / f"var/www/blog.test{name}"
        file.write_text("<?php echo 'attack';")
    status, _, body = ask(project, path)
    assert (status, "attack" in body) == (404, False)


@pytest.mark.parametrize(
    "path", ["/wp-json/wp/v2/users", "/?rest_route=/wp/v2/users", "/wp-json/wp/v2/users/1"]
)
def test_users_are_not_listed_to_strangers(project: Project, author: Browser, path: str) -> None:
    for more in ((), ("-H", "Cookie: wordpress_logged_in_x=alma")):
        status, _, body = ask(project, path, *more)
        assert (status, "alma" in body.lower().replace("alma's", "")) == (404, False)
    for numbered in ("/?author=1", "/?aut%68or=1"):
        assert ask(project, numbered)[0] == 404
    assert "author/alma" not in ask(project, "/index.php?author=1")[1]
    assert "author/alma" not in ask(project, "/wp-sitemap-users-1.xml")[2]
    author.open("https://blog.test/wp-admin/post-new.php")
    listed = author.script("return wp.apiFetch({path: '/wp/v2/users'}).then(found => found[0].slug)")
    assert listed == "alma"


def test_a_page_comes_from_the_cache_for_strangers_alone(project: Project, author: Browser) -> None:
    cached(project, "/")
    assert cached(project, "/") == "hit"
    for more in (
        ("-H", "Cookie: wordpress_logged_in_0123=alma"),
        ("-H", "Cookie: comment_author_0123=alma"),
        ("-H", "Authorization: Basic eDp5"),
    ):
        assert cached(project, "/", *more) == "bypass", more
    assert cached(project, "/?s=tea") == "bypass"
    assert cached(project, "/", "-d", "x=1") == ""
    assert cached(project, "/wp-login.php") == ""
    author.open("https://blog.test/")
    assert author.script("return !!document.querySelector('#wpadminbar')")
    assert "wpadminbar" not in ask(project, "/")[2]
    assert (
        "https://evil"
        not in ask(project, "/", "-H", "X-Forwarded-Host: evil.test", "-H", "Host: evil.test")[2]
    )


WRITE = "return wp.apiFetch({path: arguments[0], method: 'POST', data: arguments[1]}).then(made => made.id)"


def test_what_is_published_is_there_for_strangers_at_once(project: Project, author: Browser) -> None:
    author.open("https://blog.test/wp-admin/post-new.php")
    post = author.script(WRITE, "/wp/v2/posts", {"title": "White tea", "status": "draft"})
    own = "return wp.apiFetch({path: arguments[0]}).then(post => new URL(post.link).pathname)"
    comment = {"post": post, "content": "I like it."}
    changes = (
        ("/", "White tea", f"/wp/v2/posts/{post}", {"status": "publish"}),
        ("/", "White and mild", f"/wp/v2/posts/{post}", {"title": "White and mild"}),
        ("/", "Our tea", "/wp/v2/settings", {"title": "Our tea"}),
        ("the post", "I like it.", "/wp/v2/comments", comment),
    )
    for page, words, place, values in changes:
        path = page if page == "/" else author.script(own, f"/wp/v2/posts/{post}")
        cached(project, path)
        assert cached(project, path) == "hit"
        assert words not in ask(project, path)[2]
        author.script(WRITE, place, values)
        assert words in ask(project, path)[2], words
        assert cached(project, path) == "hit"
    author.script(WRITE, f"/wp/v2/posts/{post}", {"status": "draft"})
    assert "White and mild" not in ask(project, "/")[2]
    author.script(WRITE, "/wp/v2/settings", {"title": "Alma's tea"})


def test_what_changes_nothing_for_strangers_leaves_the_cache(project: Project, author: Browser) -> None:
    author.open("https://blog.test/wp-admin/post-new.php")
    cached(project, "/")
    author.script(WRITE, "/wp/v2/posts", {"title": "Not yet", "status": "draft"})
    ask(project, "/?s=anything")
    assert cached(project, "/") == "hit"


def test_what_tells_of_changes_tells_nothing_of_other_files(project: Project, author: Browser) -> None:
    vps, state = project.vps, "/opt/blog.test/pages/changed"
    assert vps.run(f"stat -c %U {state}").stdout == "php-blog_test\n"
    assert ask(project, "/deploy-state")[0] == 404
    vps.run(f"rm {state}")
    found = []
    for there in ("/etc/passwd", "/etc/nobody"):
        vps.run(f"runuser -u php-blog_test -- ln -sfn {there} {state}")
        found.append((ask(project, "/")[0], cached(project, "/")))
    assert found == [(200, "hit"), (200, "hit")]
    vps.run(f"rm {state}")


ATTEMPTS = {
    "a file": "echo file_get_contents('/etc/passwd');",
    "its secrets": "echo file_get_contents('/opt/blog.test/../../etc/passwd');",
    "the old value": "ini_restore('open_basedir'); echo file_get_contents('/etc/passwd');",
    "another value": "ini_set('open_basedir', '/'); echo file_get_contents('/etc/passwd');",
    "at the end": "register_shutdown_function(fn() => print(file_get_contents('/etc/passwd')));",
    "a link": "symlink('/etc/passwd', 'x'); echo file_get_contents('x');",
    "a hard link": "link('/etc/passwd', 'x'); echo file_get_contents('x');",
    "code": "include '/etc/passwd';",
}


@pytest.mark.parametrize("code", ATTEMPTS.values(), ids=ATTEMPTS)
@pytest.mark.parametrize(
    "own", ["", "open_basedir = /\nauto_prepend_file = none\n"], ids=["", "own settings"]
)
def test_its_php_opens_nothing_but_its_own(project: Project, code: str, own: str) -> None:
    where = put_runner(project, "own" if own else "none")
    (where / ".user.ini").write_text(own)
    assert run(project, where.name, "echo 'well';") == "well"
    body = run(project, where.name, code)
    assert "root:" not in body, body


def test_php_remembers_where_paths_lead(project: Project) -> None:
    where = put_runner(project, "none")
    look = (
        "is_dir('/usr/share/wordpress/wp-includes'); echo realpath_cache_size() > 0 ? 'kept' : 'forgotten';"
    )
    assert run(project, where.name, look) == "kept"


def put_runner(project: Project, name: str) -> Path:
    """A folder with a plugin that runs whatever it is told."""
    where = project.vps.root / f"var/www/blog.test/wp-content/plugins/{name}"
    where.mkdir(exist_ok=True)
    (where / "run.php").write_text("<?php eval(file_get_contents('php://input'));")
    return where


def run(project: Project, name: str, code: str) -> str:
    return ask(project, f"/wp-content/plugins/{name}/run.php", "-d", code)[2]


def asks(project: Project, user: str, question: str) -> str:
    """What MariaDB answers to a user of the system, or why not."""
    words = ["runuser", "-u", user, "--", "mariadb", "--skip-column-names", "--execute", question]
    done = project.vps.run(shlex.join(words), check=False)
    return done.stdout + done.stderr


def test_mariadb_keeps_answers_for_who_may_have_them(project: Project, author: Browser) -> None:
    def kept() -> int:
        return int(asks(project, "root", "SHOW STATUS LIKE 'Qcache_hits'").split()[1])

    counts = []
    for number in range(3):  # the first has other questions: what it has to know of its folders
        before = kept()
        assert ask(project, f"/?page={number}")[0] == 200  # which comes from no cache of NGINX
        counts.append(kept() - before)
    assert counts[2] > 10, counts
    table = "`php-blog_test`.wp_options"
    question = f"SELECT option_value FROM {table} WHERE option_name = 'admin_email'"
    asks(project, "root", "CREATE USER nobody@localhost IDENTIFIED VIA unix_socket")
    before = kept()
    answers = {asks(project, who, question) for who in ("php-blog_test", "root")}
    assert (answers, kept() - before) == ({"alma@example.org\n"}, 1), "it is kept for others, too"
    assert "ERROR 1142" in asks(project, "nobody", question)
    asks(project, "root", f"UPDATE {table} SET option_value = 'a@b.org' WHERE option_name = 'admin_email'")
    assert asks(project, "php-blog_test", question) == "a@b.org\n"
    asks(project, "root", "DROP USER nobody@localhost")


def test_its_own_clock_runs_as_its_user(project: Project, author: Browser) -> None:
    vps = project.vps
    job = "deploy-job-blog.test-1"
    assert vps.run(f"systemctl is-active {job}.timer").stdout == "active\n"
    author.open("https://blog.test/wp-admin/post-new.php")
    author.script(
        "return wp.apiFetch({path: '/wp/v2/posts', method: 'POST', data: {title: 'Later', content: 'It came by itself.',"
        " status: 'future', date_gmt: new Date(Date.now() + 61000).toISOString().slice(0, 19)}}).then(post => post.id)"
    )
    vps.run(
        'mariadb php-blog_test -e "UPDATE wp_posts SET post_date = NOW() - INTERVAL 1 DAY,'
        " post_date_gmt = UTC_TIMESTAMP() - INTERVAL 1 DAY WHERE post_title = 'Later'\""
    )
    vps.run(
        "mariadb php-blog_test -e \"SELECT option_value FROM wp_options WHERE option_name = 'cron'\" >/tmp/cron"
    )
    vps.run(f"systemctl start {job}.service")
    assert (
        "Warning" not in vps.run(f"journalctl --sync; journalctl --no-pager --output cat --unit {job}").stdout
    )


def test_who_guesses_passwords_is_slowed_down(project: Project, author: Browser) -> None:
    guess = (
        "curl -s -k -o /dev/null -w '%{http_code} ' -d 'log=alma&pwd=guess' --resolve blog.test:443:127.0.0.1"
    )
    tries = project.vps.run(
        f"seq 12 | xargs -P 12 -I N {guess} https://blog.test/wp-login.php"
    ).stdout.split()
    assert {*tries} == {"200", "429"}
    assert ask(project, "/wp-login.php")[0] == 200


def test_an_archive_is_run_with_its_digest_alone(project: Project, author: Browser) -> None:
    vps = project.vps
    vps.run("tar -C /usr/share -czhf /root/wordpress.tar.gz wordpress && cd /root && rm -f other.tar.gz")
    digest = vps.run("sha256sum </root/wordpress.tar.gz").stdout[:64]
    own = {"kind": "wordpress", "https": False, "archive": "/root/wordpress.tar.gz"}
    for more, words in (
        ({"sha256": "0" * 64}, f"its SHA-256 is {digest}"),
        ({"sha256": digest, "archive": "/root/other.tar.gz"}, "/root/other.tar.gz cannot be had"),
    ):
        project.sites["three.test"] = own | more
        refused = project.apply()
        said = refused.stdout + refused.stderr
        assert (refused.returncode, words in said) == (1, True), said
        assert vps.run("ls /usr/local/share/wordpress").stdout == ""
        assert ask(project, "/")[0] == 200
    (project.folder / "wordpress.tar.gz").write_bytes((vps.root / "root/wordpress.tar.gz").read_bytes())
    project.sites["three.test"] = own | {"sha256": digest, "archive": "wordpress.tar.gz"}
    done = project.apply()
    assert done.returncode == 0, done.stdout + done.stderr
    assert vps.run("ls /var/lib/deploy/sent").stdout == "lock\n"
    (project.folder / "wordpress.tar.gz").unlink()
    assert "Nothing to change" in project.deploy("plan").stdout, "who does not have the file"
    secret = project.deploy("secret", "show", "three.test", "SETUP").stdout.strip()
    form = vps.run(
        f"curl -s -u setup:{secret} -H 'Host: three.test' http://127.0.0.1/wp-admin/install.php"
    ).stdout
    assert 'name="weblog_title"' in form
    assert "three.test" not in vps.run("mariadb -N -e 'SHOW TABLES' php-blog_test").stdout
    del project.sites["three.test"]
    assert project.apply().returncode == 0
    assert vps.run("ls /usr/local/share/wordpress").stdout == ""


def test_what_was_saved_comes_back_on_an_empty_server(project: Project, author: Browser, key: Key) -> None:
    vps = project.vps
    said = project.deploy("backup", "blog.test")
    assert said.returncode == 0, said.stdout + said.stderr
    vps.run("rm -r /var/www/blog.test /opt/blog.test")
    vps.run("mariadb -e 'DROP DATABASE `php-blog_test`; DROP USER `php-blog_test`@localhost'")
    vps.run(
        "systemctl stop 'deploy-job-*' 'php*-fpm.service' && usermod -u 4711 php-blog_test && groupmod -g 4711 php-blog_test"
    )
    vps.run(
        f"systemctl start deploy-job-blog.test-1.timer; systemctl restart nginx php{PHP[vps.release]}-fpm && systemd-tmpfiles --create /etc/tmpfiles.d/deploy*.conf"
    )
    vps.run("/usr/local/lib/deploy/bin/database mariadb make --here php-blog_test")
    said = project.deploy("restore", "blog.test", "--yes", GNUPGHOME=str(key.home))
    assert said.returncode == 0, said.stdout + said.stderr
    body = ask(project, "/?s=tea")[2]
    assert "Green tea" in body
    image = vps.run(
        "cd /var/www/blog.test/wp-content && find uploads -name 'photo*.png' | head -1"
    ).stdout.strip()
    assert ask(project, f"/wp-content/{image}")[0] == 200
    author.open("https://blog.test/wp-admin/post-new.php")
    assert write(author, "Black tea", "It is strong.")
    assert "Nothing to change" in project.deploy("plan").stdout


def test_nothing_is_left_but_data(project: Project, author: Browser) -> None:
    vps = project.vps
    cached(project, "/")
    ours = vps.run("cut -c 67- /var/lib/deploy/manifest | grep -F blog.test").stdout.splitlines()
    assert "/etc/wordpress/config-blog.test.php" in ours
    settings = "SELECT @@GLOBAL.query_cache_type, @@GLOBAL.query_cache_size"
    assert asks(project, "root", settings).split() == ["ON", str(16 << 20)]
    database = "systemctl show --property=MainPID mariadb"
    runs = vps.run(database).stdout
    del project.sites["blog.test"]
    done = project.deploy("apply", "--yes", "--take-off", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path for path in ours if (vps.root / path[1:]).exists()] == []
    assert (
        vps.run(
            "ls -d /var/lib/nginx/deploy-* /etc/nginx/conf.d/00-deploy-wordpress.conf", check=False
        ).stdout
        == ""
    )
    assert (asks(project, "root", settings).split(), vps.run(database).stdout) == (
        ["OFF", str(1 << 20)],
        runs,
    )
    assert (vps.root / "var/www/blog.test/wp-content/themes").is_dir()
    assert "Nothing to change" in project.deploy("plan").stdout

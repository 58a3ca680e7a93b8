"""What a compose file needs from beside itself goes along, or is told to be missing, with its line."""

import json
import os
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.errors import ConfigError
from deployer.seen.facts import Facts

WEB = "services:\n  web:\n    image: x:1\n"


def write(folder: Path, **files: str | bytes) -> None:
    """Files by their paths."""
    for path, content in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())


class Project:
    """A sites.yaml with one service `shop`, whose compose file is in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "shop"
        self.folder.mkdir()

    def config(self, compose: str, more: str = "", **files: str | bytes) -> Config:
        write(self.folder, **{"compose.yml": compose, **files})
        sites = self.folder.parent / "sites.yaml"
        sites.write_text(f"services: {{shop: {{kind: compose, file: shop/compose.yml{more}}}}}\n")
        return load(sites)

    def files(self, compose: str, more: str = "", **files: str | bytes) -> dict[str, str]:
        """What the server gets besides the compose file: rights and content."""
        found = self.config(compose, more, **files).services["shop"].files("shop", None)
        return {
            path.removeprefix("/opt/shop/"): f"{file.mode:o}{' secret ' if file.secret else ' '}"
            + file.content.decode()
            for path, file in found.items()
            if not path.endswith("/docker-compose.yml")
        }

    def problems(self, compose: str, more: str = "", **files: str | bytes) -> list[str]:
        with pytest.raises(ConfigError) as raised:
            self.config(compose, more, **files)
        return [str(problem) for problem in raised.value.problems]

    def remarks(self, compose: str, **files: str | bytes) -> tuple[str, ...]:
        return self.config(compose, **files).services["shop"].remarks()


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_what_is_mounted_or_read_goes_along(shop: Project) -> None:
    compose = (
        WEB
        + """\
    env_file: [web.env, {path: ./maybe.env, required: false}, {path: gone.env, required: no}]
    volumes:
      - ./nginx.conf:/etc/nginx/nginx.conf
      - ${PWD}/${WHICH}.ini:/a.ini:ro
      - ./conf:/etc/conf:ro
      - {type: bind, source: page.html, target: /page.html}
      - ./data:/data
      - data:/more
    configs: [app]
configs: {app: {file: app.json}}
secrets: {key: {file: ./key.pem}}
volumes: {data: {}}
"""
    )
    (shop.folder / "key.pem").write_text("key")
    (shop.folder / "key.pem").chmod(0o600)
    files = {
        "web.env": "A=1",
        "maybe.env": "B=1",
        "nginx.conf": "nginx",
        "a.ini": "ini",
        "conf/x/y": "y",
        "conf/run": "run",
        "page.html": "page",
        "app.json": "{}",
        "not-needed": "",
    }
    write(shop.folder, **files)
    (shop.folder / "conf/run").chmod(0o755)
    assert shop.files(compose, ", environment: {WHICH: a}") == {
        "web.env": "600 secret A=1",
        "maybe.env": "600 secret B=1",
        "nginx.conf": "644 nginx",
        "a.ini": "644 ini",
        "conf/x/y": "644 y",
        "conf/run": "755 run",
        "page.html": "644 page",
        "app.json": "644 {}",
        "key.pem": "600 secret key",
    }


def test_what_is_missing_is_told_with_its_line(shop: Project) -> None:
    # A file that is mounted and not there becomes an empty folder, and the container comes up without it:
    # docker/compose#2781.
    compose = (
        WEB
        + """\
    env_file: .env
    build: {context: app}
    volumes:
      - ./nginx.conf:/etc/nginx/nginx.conf:ro
      - ./data:/data
      - ./conf.d:/etc/nginx/conf.d
      - ../other/x.conf:/x.conf
      - /opt/shop/by-hand.conf:/by-hand.conf
  job:
    image: x:1
    env_file: [gone.env]
configs: {app: {file: app.json}}
"""
    )
    start = str(shop.folder / "compose.yml")
    empty = "Docker would mount an empty folder (what is only on the server has its whole path)"
    nowhere = "is not beside the compose file: the server would not have it"
    found = [problem.removeprefix(start) for problem in shop.problems(compose)]
    assert found == [
        ":4:15: services.web.env_file: .env would not be on the server: nothing stands under secrets or "
        "environment",
        ":5:22: services.web.build: the folder 'app' to build from is not beside the compose file",
        ":7:9: services.web.volumes: './nginx.conf:/etc/nginx/nginx.conf:ro' is not beside the compose file: "
        + empty,
        ":10:9: services.web.volumes: '../other/x.conf:/x.conf' leads out of the compose file's folder: the "
        "server has no more of it",
        f":14:16: services.job.env_file: 'gone.env' {nowhere}",
        f":15:23: configs.app: 'app.json' {nowhere}",
    ]
    assert shop.files(WEB + "    env_file: .env\n", ", secrets: {A: generate}") == {}


def test_what_an_image_is_built_from_goes_along(shop: Project) -> None:
    files = {
        "app/Dockerfile": "FROM x",
        "app/main.py": "main",
        "app/.git/config": "never",
        "app/node_modules/left/pad.js": "docker ignores it",
        "app/logs/a.log": "docker ignores it",
        "app/logs/keep.log": "but not this",
        "app/.dockerignore": "# what is not needed\nnode_modules\n**/*.log\n!logs/keep.log\n",
        "app/cache/x": "git ignores it",
        ".gitignore": "cache/\n",
    }
    compose = WEB.replace("image: x:1", "build: ./app")
    found = shop.files(compose, **files)
    assert set(found) == {"app/Dockerfile", "app/main.py", "app/logs/keep.log", "app/.dockerignore"}
    (remark,) = shop.remarks(compose)
    assert remark == "services.web.build: git ignores app/cache, so it does not go to the server"
    compose = WEB.replace("image: x:1", "build: {context: app, dockerfile: other.Dockerfile}")
    (problem,) = shop.problems(compose)
    assert problem.endswith("there is no 'app/other.Dockerfile' beside the compose file to build from")
    for elsewhere in ("https://example.org/app.git#main", "git@example.org:app.git", "/srv/app"):
        assert shop.files(WEB.replace("image: x:1", f"build: '{elsewhere}'")) == {}


def test_the_folder_of_sites_yaml_is_not_taken_as_a_whole(tmp_path: Path) -> None:
    write(tmp_path, Dockerfile="FROM x", main="main", **{"private.key": "hush"})
    (tmp_path / "compose.yml").write_text(WEB.replace("image: x:1", "build: ."))
    sites = tmp_path / "sites.yaml"
    sites.write_text("services: {shop: {kind: compose, file: compose.yml}}\n")
    with pytest.raises(ConfigError) as raised:
        load(sites)
    assert "sites.yaml is in that folder" in str(raised.value.problems[0])
    sites.write_text("services: {shop: {kind: compose, file: compose.yml, files: [main]}}\n")
    shop = load(sites).services["shop"]
    assert set(shop.files("s", None)) == {
        f"/opt/s/{name}" for name in ("docker-compose.yml", "Dockerfile", "main")
    }


def test_a_folder_around_that_of_sites_yaml_is_not_taken_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "deploy").mkdir()
    write(tmp_path, Dockerfile="FROM x", **{"compose.yml": WEB.replace("image: x:1", "build: .")})
    sites = tmp_path / "deploy/sites.yaml"
    sites.write_text("services: {shop: {kind: compose, file: ../compose.yml}}\n")
    with pytest.raises(ConfigError) as raised:
        load(sites)
    assert "sites.yaml is in that folder" in str(raised.value.problems[0])


def test_what_is_listed_comes_on_top(shop: Project) -> None:
    files = {
        "app/Dockerfile": "FROM x",
        "app/main": "m",
        "app/dist/made": "d",
        ".gitignore": "dist\n",
        "w.env": "A=1",
    }
    compose = (
        WEB.replace("image: x:1", "build: app") + "    env_file: w.env\n    volumes: [./more:/more:ro]\n"
    )
    found = shop.files(
        compose, ", files: [app/dist/made, w.env, more/a]", **files, **{"more/a": "a", "more/b": "b"}
    )
    wanted = ("app/Dockerfile", "app/main", "app/dist/made", "w.env", "more/a", "more/b")
    assert {path: text.split()[0] for path, text in found.items()} == dict.fromkeys(wanted, "644") | {
        "w.env": "600"
    }


def test_a_dockerfile_is_found_wherever_it_is(shop: Project) -> None:
    files = {"app/main": "m", "docker/web": "FROM x", "app/.dockerignore": "own\n", "app/own": "FROM x"}
    for name in ("../docker/web", "own"):
        found = shop.files(WEB.replace("image: x:1", f"build: {{context: app, dockerfile: {name}}}"), **files)
        assert os.path.normpath(f"app/{name}") in found
    for name in ("../../outside", "../docker/gone"):
        (problem,) = shop.problems(WEB.replace("image: x:1", f"build: {{context: app, dockerfile: {name}}}"))
        assert f"there is no '{os.path.normpath(f'app/{name}')}' beside the compose file" in problem


def test_folders_and_patterns_can_be_listed(shop: Project) -> None:
    files = {"conf/a.ini": "a", "conf/b.ini": "b", "conf/c.txt": "c", "conf/deep/d.ini": "d", "e.ini": "e"}
    assert set(shop.files(WEB, ", files: [conf/]", **files)) == {path for path in files if path != "e.ini"}
    assert set(shop.files(WEB, ", files: ['conf/*.ini']")) == {"conf/a.ini", "conf/b.ini"}
    assert set(shop.files(WEB, ", files: ['**/*.ini']")) == {path for path in files if path != "conf/c.txt"}
    assert set(shop.files(WEB, ", files: ['con?', './e.ini']")) == set(files)
    write(shop.folder, **{".env": "A=1", "docker-compose.override.yml": "x"})
    assert set(shop.files(WEB, ", files: ['*']")) == set(files)
    for wrong, said in (
        ("'*.gone'", "'*.gone' matches no file in "),
        ("'../*.ini'", "'../*.ini' is not a plain path below the compose file's folder"),
        ("gone", "cannot be read: No such file or directory"),
    ):
        (problem,) = shop.problems(WEB, f", files: [{wrong}]")
        assert said in problem


def test_a_folder_that_a_container_may_write_to_stays_here_and_is_told(shop: Project) -> None:
    compose = WEB + "    volumes: [./html:/html]\n"
    assert shop.remarks(compose, **{"html/index.html": "x", "html/b.html": "x"}) == (
        "services.web may write to ./html, and 2 files that are there do not go to the server: list it under "
        "files to send it, or mount it read-only (:ro)",
    )
    assert shop.files(compose) == {}
    (shop.folder / "html/b.html").unlink()
    assert "./html, and a file that is there does not go" in shop.remarks(compose)[0]
    assert set(shop.files(compose, ", files: [html]", **{"html/b.html": "x"})) == {
        "html/index.html",
        "html/b.html",
    }
    assert shop.config(compose, ", files: [html]").services["shop"].remarks() == ()


@pytest.mark.parametrize(("name", "content"), [("app.db", b"SQLite format 3\0"), ("acme.json", b"{}")])
def test_no_data_of_here_is_brought_over_that_of_the_server(shop: Project, name: str, content: bytes) -> None:
    write(shop.folder, **{".gitignore": "acme.json\n", name: content})
    mount = f"    volumes: [./{name}:/{name}]\n"
    (problem,) = shop.problems(WEB + mount)
    assert f"'./{name}:/{name}' seems to be data that the container writes" in problem
    assert set(shop.files(WEB + mount, f", files: [{name}]")) == {name}
    assert set(shop.files(WEB + mount.replace("]", ":ro]"))) == {name}


def test_nothing_outside_the_folder_is_taken_silently(shop: Project) -> None:
    write(shop.folder.parent, **{"outside.conf": "hush"})
    (shop.folder / "in.conf").symlink_to("../outside.conf")
    (shop.folder / "conf").mkdir()
    (shop.folder / "conf/all").symlink_to("../..")
    (problem,) = shop.problems(WEB + "    volumes: [./in.conf:/in.conf]\n")
    assert "in.conf is a link that leads out of " in problem
    assert shop.files(WEB, ", files: [in.conf]") == {"in.conf": "644 hush"}
    (problem,) = shop.problems(WEB + "    volumes: [./conf:/conf:ro]\n")
    assert "conf/all is a link that leads out of " in problem
    (shop.folder / "conf/all").unlink()
    (shop.folder / "conf/real").write_text("real")
    (shop.folder / "conf/link").symlink_to("real")
    assert shop.files(WEB + "    volumes: [./conf:/conf:ro]\n") == {
        "conf/real": "644 real",
        "conf/link": "644 real",
    }
    os.mkfifo(shop.folder / "conf/pipe")
    (problem,) = shop.problems(WEB + "    volumes: [./conf:/conf:ro]\n")
    assert "conf/pipe is no file" in problem


def test_what_is_too_much_is_refused(shop: Project) -> None:
    (shop.folder / "conf").mkdir()
    for number in range(1001):
        (shop.folder / f"conf/{number}").touch()
    (problem,) = shop.problems(WEB + "    volumes: [./conf:/conf:ro]\n")
    assert "conf has more than 1000 files, or 20 MB" in problem
    (problem,) = shop.problems(WEB, ", files: ['con?/*']")
    assert ". has more than 1000 files, or 20 MB" in problem
    (problem,) = shop.problems(
        WEB + "    volumes: [./big.conf:/big.conf]\n", **{"big.conf": b"x" * 1_000_001}
    )
    assert "is larger than 1 MB" in problem


def test_files_that_compose_would_read_do_not_go_along(shop: Project) -> None:
    names = ("compose.yaml", "docker-compose.override.yml", ".env")
    found = shop.files(
        WEB.replace("image: x:1", "build: ."), **dict.fromkeys(names, "x"), Dockerfile="FROM x"
    )
    assert set(found) == {"Dockerfile"}


KEYS = """
volumes ports env_file build configs secrets file context source type path target services web cap_add o
privileged devices name networks driver_opts device published host_ip image post_start required pid extends
additional_contexts
"""
TEXTS = """
. .. / ./a ./a:/a ~ a bind :: : 80 1-99999 a:b:c:d [::1]:80:80 /dev/sda a=b true host ${A ${A:-x} $
"""
STRANGE = ("", "x\ty", "./a\0b:/x", "./\u2028", "a" * 300)
NAMES = st.sampled_from(KEYS.split())
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from([*TEXTS.split(), *STRANGE]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(NAMES, TREES, max_size=6), TREES)
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_compose_file_is_more_than_a_problem(
    shop: Project, service: dict[str, object], other: object
) -> None:
    for tree in ({"services": {"web": service}, "volumes": other}, {"services": other, "configs": service}):
        with suppress(ConfigError):
            found = shop.config(json.dumps(tree)).services["shop"]
            assert found.files("shop", Facts("debian", "13")).keys() >= {"/opt/shop/docker-compose.yml"}
            assert isinstance((*found.remarks(), *found.images(), *found.local_ports()), tuple)


def test_files_have_the_owner_and_the_rights_that_sites_yaml_gives_them(shop: Project) -> None:
    compose = WEB + "    volumes: ['./web.ini:/web.ini:ro', './plain:/plain:ro']\n"
    more = ", files: {web.ini: 472, 'keys/*.pem': '472:0 0400', plain: }"
    here = {"web.ini": "a", "keys/one.pem": "b", "keys/note": "c", "plain": "d"}
    found = shop.config(compose, more, **here).services["shop"].files("shop", None)
    whose = {
        path.removeprefix("/opt/shop/"): (file.owner, file.group, f"{file.mode:o}")
        for path, file in found.items()
    }
    del whose["docker-compose.yml"]
    assert whose == {
        "web.ini": ("472", "472", "440"),
        "keys/one.pem": ("472", "root", "400"),
        "plain": ("root", "root", "644"),
    }
    (wrong,) = shop.problems(compose, ", files: {web.ini: grafana}", **here)
    assert "expected numbers of a user and group, such as 472 or 472:472 0700, not 'grafana'" in wrong


def test_a_file_of_a_secret_is_made_on_the_server_alone(shop: Project) -> None:
    compose = WEB + "    secrets: [db]\nsecrets: {db: {file: ./secrets/db.txt}}\n"
    keys = ", secrets: {DB: generate}, secret_files: {secrets/db.txt: DB 999 0400}"
    for here in ({}, {"secrets/db.txt": "of a try at home"}):
        service = shop.config(compose, keys, **here).services["shop"]
        assert [*service.files("shop", None)] == ["/opt/shop/docker-compose.yml"]
        assert service.more_values("shop") == {"SECRET_FILES": "DB 999:999 0400 secrets/db.txt"}
    assert "is not beside the compose file" in shop.problems(compose.replace("db.txt", "gone.txt"), keys)[0]
    (wrong,) = shop.problems(compose, keys.replace("DB 999", "OTHER 999"))
    assert "secret_files: secrets/db.txt would have the value of OTHER, which secrets has not" in wrong
    (wrong,) = shop.problems(compose, keys.replace("secrets/db.txt:", ".env:"))
    assert ".env is written by deploy itself" in wrong


ASKS = WEB + "    secrets: [db-password, {source: token}]\n"


def test_a_secret_that_nothing_defines_is_told_with_what_makes_it(shop: Project) -> None:
    told = shop.problems(f"{ASKS}secrets: {{token: {{environment: TOKEN}}}}\n")
    assert [line.partition("/shop/compose.yml:")[2] for line in told] == [
        "4:15: services.web.secrets: nothing below secrets: of this file defines 'db-password': write "
        "db-password: {environment: DB_PASSWORD} there, and secrets: {DB_PASSWORD: generate} in sites.yaml",
        "5:32: secrets.token: TOKEN has no value: write secrets: {TOKEN: generate} in sites.yaml, "
        "or where else it comes from",
    ]
    both = "secrets: {db-password: {environment: DB_PASSWORD}, token: {file: token.txt}}\n"
    assert shop.config(ASKS + both, ", secrets: {DB_PASSWORD: generate}", **{"token.txt": "x"})
    assert shop.config(ASKS + both, ", env_file: shop/.env", **{".env": "DB_PASSWORD=x\n"})
    assert shop.config(ASKS.replace("    secrets", "    profiles: [never]\n    secrets") + REST)
    (outside,) = shop.problems(WEB + "    secrets: [a]\nsecrets: {a: {external: true}}\n")
    assert "secrets.a: Docker Compose knows no external secrets, which are for a swarm" in outside
    (config,) = shop.problems(WEB + "    configs: [a]\n")
    assert "services.web.configs: nothing below configs: of this file defines 'a'" in config
    (built,) = shop.problems(WEB + "    build: {context: img, secrets: [a]}\n", **{"img/Dockerfile": ""})
    assert "services.web.build.secrets: nothing below secrets: of this file defines 'a'" in built


REST = "  other:\n    image: x:1\n"

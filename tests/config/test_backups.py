"""`backups:` and `backup:` in sites.yaml: the key, what is saved, and what is refused."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from deployer.config.loader import load
from deployer.config.model import Config
from deployer.errors import ConfigError
from deployer.files import File
from deployer.parts import questions
from deployer.parts.backups import (
    backed_up,
    backup_files,
    backup_notes,
    backup_packages,
    needs_of_folders,
    scripts_of,
    wanted,
)
from deployer.planning.plan import Change
from deployer.report.difference import diff
from deployer.seen.facts import Facts
from deployer.values.openpgp import fingerprints
from typed import typed

SERVICES = """\
backups: {recipient: key.asc, at: "04:05", folders: {photos: [/srv/photos/]}}
sites:
  ntfy.example.org: {kind: ntfy, https: false}
  forum.example.org: {kind: phpbb, https: false, email: me@example.org, backup: {consistency: stop}}
  status.example.org: {kind: uptime-kuma, https: false, backup: false}
services:
  watchtower:
  own: {kind: compose, file: own.yml}
  other: {kind: compose, file: other.yml, backup: {paths: [conf, /srv/x], volumes: [v], exclude: ["*.tmp"]}}
"""


SHOP = """\
name: shop
services: {web: {image: x, ports: ["127.0.0.1:8080:80"]}, db: {image: x}}
volumes: {uploads: , cache: {name: fast}, v: {external: true}}
"""


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("gpg")
    folder.chmod(0o700)
    gpg = ["gpg", "--homedir", folder, "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
    subprocess.run(
        [*gpg, "--quick-gen-key", "b@example.org", "future-default"], check=True, capture_output=True
    )
    for name, options in {
        "key.asc": ["--armor", "--export"],
        "key.gpg": ["--export"],
        "private.asc": ["--armor", "--export-secret-keys"],
        "private.gpg": ["--export-secret-keys"],
    }.items():
        done = subprocess.run([*gpg, *options], check=True, capture_output=True)
        (folder / name).write_bytes(done.stdout)
    yield folder
    subprocess.run(["gpgconf", "--homedir", folder, "--kill", "gpg-agent"], check=True)


def loaded(key: Path, folder: Path, text: str) -> Config:
    for name in ("own", "other"):
        file = f"name: {name}\nservices: {{web: {{image: x}}}}\nvolumes: {{v: {{name: v}}}}\n"
        (folder / f"{name}.yml").write_text(file)
    (folder / "shop.yml").write_text(SHOP)
    (folder / "key.asc").write_bytes((key / "key.asc").read_bytes())
    (folder / "sites.yaml").write_text(text)
    return load(folder / "sites.yaml")


def test_a_folder_that_is_not_there_is_told(key: Path, tmp_path: Path) -> None:
    config = loaded(key, tmp_path, SERVICES)
    facts = Facts(os="debian", release="13")
    assert needs_of_folders(config) == {"photos": ("/srv/photos",)}
    assert backup_notes(config, facts) == ()
    (note,) = backup_notes(config, replace(facts, missing=frozenset({"/srv/photos", "/srv/other"})))
    assert note == "there is no /srv/photos (backups.folders): until there is, photos has no backup"


def test_a_folder_may_say_what_is_stopped_and_dumped(key: Path, tmp_path: Path) -> None:
    section = (
        "{paths: [/srv/wiki], exclude: ['*.tmp'], stop: [wiki.service, a@b.timer], dump: d 'x', load: l}"
    )
    text = f"backups: {{recipient: key.asc, folders: {{wiki: {section}, only: {{dump: d, load: l}}}}}}\n"
    config = loaded(key, tmp_path, text)
    script = backup_files(config)["/etc/deploy/backup/wiki"].content.decode()
    assert "\nCONSISTENCY=stop\nUNITS=(wiki.service a@b.timer)\n" in script
    assert "\nEXCLUDE=('*.tmp')\n" in script
    assert "\nread -r DUMP <<'END_OF_COMMAND'\nd 'x'\nEND_OF_COMMAND\nread -r LOAD" in script
    assert "\nUNITS=" not in backup_files(config)["/etc/deploy/backup/only"].content.decode()
    asked = {str(question) for question in questions(config)}
    assert {"path /srv/wiki", "unit wiki.service", "unit a@b.timer"} <= asked
    missing = Facts(os="debian", release="13", missing=frozenset({"wiki.service"}))
    (note,) = backup_notes(config, missing)
    assert note == "there is no wiki.service (backups.folders): until there is, wiki has no backup"


def script_of(config: Config, name: str) -> dict[str, File]:
    return scripts_of({each: backup for each, backup in wanted(config).items() if each == name})


def test_what_the_server_gets(key: Path, tmp_path: Path) -> None:
    config = loaded(key, tmp_path, SERVICES)
    assert backed_up(config) == ("forum.example.org", "ntfy.example.org", "other", "own", "photos")
    files = backup_files(config)
    assert (
        b"\n5 4 * * * root /usr/local/lib/deploy/bin/backup --by cron"
        in files["/etc/cron.d/deploy-backup"].content
    )
    assert files["/etc/deploy/backup-key.asc"].content == (key / "key.asc").read_bytes()
    assert b"PATHS=(\n    /srv/photos\n)\n" in files["/etc/deploy/backup/photos"].content
    assert "sqlite3" in backup_packages(config)
    assert script_of(config, "status.example.org") == script_of(config, "watchtower") == {}
    text = script_of(config, "other")["/etc/deploy/backup/other"].content
    assert b"PATHS=(\n    /opt/other/conf\n    /srv/x\n)\n" in text
    assert b"VOLUMES=(v)\n" in text
    assert b"EXCLUDE=('*.tmp')\n" in text
    assert b"CONSISTENCY=stop\n" in text
    assert b"CONSISTENCY=stop\n" in script_of(config, "forum.example.org").popitem()[1].content
    assert b"CONSISTENCY=live\n" in script_of(config, "ntfy.example.org").popitem()[1].content
    assert b"VOLUMES=all\n" in script_of(config, "own").popitem()[1].content


def test_of_a_database_that_is_known_everything_is_dumped(key: Path, tmp_path: Path) -> None:
    text = "services: {shop: {kind: compose, file: shop.yml, backup: {database: mariadb, service: db}}}\n"
    config = loaded(key, tmp_path, "backups: {recipient: key.asc}\n" + text)
    script = script_of(config, "shop")["/etc/deploy/backup/shop"].content
    assert b"\nCONSISTENCY=live\n" in script
    assert b"\nSERVICE=db\nread -r DUMP" in script
    assert b"\n/usr/local/lib/deploy/bin/database mariadb dump db\n" in script
    assert b"\n/usr/local/lib/deploy/bin/database mariadb load db\n" in script


def test_without_backups_there_is_nothing(key: Path, tmp_path: Path) -> None:
    config = loaded(key, tmp_path, SERVICES.partition("\n")[2])
    assert backup_files(config) == script_of(config, "own") == {}
    assert backup_packages(config) == frozenset()


def test_a_binary_key_is_fine(key: Path, tmp_path: Path) -> None:
    (tmp_path / "key.gpg").write_bytes((key / "key.gpg").read_bytes())
    assert loaded(key, tmp_path, "backups: {recipient: key.gpg}\n").backups


def test_check_tells_how_many_keys_open_an_archive(key: Path, tmp_path: Path) -> None:
    one = (key / "key.asc").read_bytes()
    other = tmp_path / "gpg"
    other.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", other, "--batch", "--pinentry-mode", "loopback", "--passphrase", ""]
    subprocess.run(
        [*gpg, "--quick-gen-key", "c@example.org", "future-default"], check=True, capture_output=True
    )
    two = subprocess.run([*gpg, "--armor", "--export"], check=True, capture_output=True).stdout
    subprocess.run(["gpgconf", "--homedir", other, "--kill", "gpg-agent"], check=True)
    for content, said in {
        one: "with the key ",
        one + one: "with the key ",
        one + two: "with each of 2 keys ",
    }.items():
        loaded(key, tmp_path, "sites:\n")
        (tmp_path / "key.asc").write_bytes(content)
        (tmp_path / "sites.yaml").write_text("backups: {recipient: key.asc}\n")
        lines = typed(["check"], tmp_path, dict(os.environ)).stdout.splitlines()
        assert lines[1] == f"Backups can be opened {said}{', '.join(sorted({*fingerprints(content)}))}."
        assert lines[1].count(",") == said.count("2")
        told = json.loads(typed(["check", "--json"], tmp_path, dict(os.environ)).stdout)
        assert told["backup_keys"] == sorted({*fingerprints(content)})


@pytest.mark.parametrize("name", ["private.asc", "private.gpg"])
def test_a_private_key_is_refused_loudly(key: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes((key / name).read_bytes())
    with pytest.raises(ConfigError) as caught:
        loaded(key, tmp_path, f"backups: {{recipient: {name}}}\n")
    assert f"'{name}' has a PRIVATE key in it, which must never be on the server" in str(
        caught.value.problems[0]
    )


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nAAAA\n-----END PGP"]
)
def test_a_file_without_a_key_is_refused(key: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "none.asc").write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        loaded(key, tmp_path, "backups: {recipient: none.asc}\n")
    assert "has no public GPG key in it" in str(caught.value.problems[0])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("backups: {recipient: key.asc, folders: {a: [srv]}}", "'srv' is not a plain absolute path"),
        ("backups: {recipient: key.asc, folders: {a: [/srv/../etc]}}", "is not a plain absolute path"),
        ("backups: {recipient: key.asc, folders: {a: [/proc/1]}}", "is no folder of files"),
        ("backups: {recipient: key.asc, folders: {a: [/home/backups/x]}}", "is where archives are"),
        ("backups: {recipient: key.asc, folders: {A.b: [/srv]}}", "'A.b' is not a name for a service"),
        (
            "backups: {recipient: key.asc, folders: {own: [/srv]}}\n"
            "services: {own: {kind: compose, file: own.yml}}",
            "'own' is already the name of a service",
        ),
        ("backups: {recipient: key.asc, folders: {a: []}}", "there is nothing to save: write paths:"),
        (
            "backups: {recipient: key.asc, folders: {a: {stop: [x.service], dump: x, load: x}}}",
            "write paths: too",
        ),
        (
            "backups: {recipient: key.asc, folders: {a: {paths: [/srv/a], dump: x}}}",
            ":1:44: backups.folders.a: write load: too",
        ),
        ("backups: {recipient: key.asc, folders: {a: {paths: [/srv/a], load: x}}}", "write dump: too"),
        (
            "backups: {recipient: key.asc, folders: {a: {dump: END_OF_COMMAND, load: x}}}",
            "END_OF_COMMAND is no command",
        ),
        (
            "backups: {recipient: key.asc, folders: {a: {paths: [/srv/a], stopp: [x.service]}}}",
            "unknown key 'stopp' (did you mean 'stop'?)",
        ),
        (
            "backups: {recipient: key.asc, folders: {a: {paths: [/srv/a], stop: x.service}}}",
            "expected a list such as [one, two], not 'x.service'",
        ),
        *(
            (
                f"backups: {{recipient: key.asc, folders: {{a: {{paths: [/srv/a], stop: [{unit}]}}}}}}",
                "backups.folders.a.stop:" if unit else "",
            )
            for unit in (
                "app",
                "app@.service",
                "-app.service",
                "a/b.service",
                "'a b.service'",
                "multi-user.target",
                "'$(x).service'",
                "'a.service\n'",
            )
        ),
        ("backups: {}", "'recipient' is missing"),
        (
            "services: {own: {kind: compose, file: own.yml, backup: {dump: x}}}",
            "write load: and service: too",
        ),
        ("services: {own: {kind: compose, file: own.yml, backup: {exclude: [/x/../y]}}}", "is not a plain"),
        (
            "services: {own: {kind: compose, file: own.yml, backup: {path: [x]}}}",
            "unknown key 'path' (did you mean 'paths'?)",
        ),
        (
            "services: {shop: {kind: compose, file: shop.yml, backup: {dump: x, load: x, service: dbb}}}",
            ":1:86: services.shop.backup.service: shop.yml has no service 'dbb' (did you mean 'db'?)",
        ),
        (
            "sites: {shop.example.org: {kind: compose, file: shop.yml, port: 8080,"
            " backup: {volumes: [v, uploads]}}}",
            ":1:93: sites.shop.example.org.backup.volumes: shop.yml has no volume that Docker calls 'uploads'"
            " (did you mean 'shop_uploads'?)",
        ),
        (
            "services: {shop: {kind: compose, file: shop.yml, backup: {volumes: [shop_upload]}}}",
            "shop.yml has no volume that Docker calls 'shop_upload' (did you mean 'shop_uploads'?)",
        ),
        ("services: {watchtower: {backup: {dump: x}}}", "unknown key 'dump'"),
        ("services: {watchtower: {backup: true}}", "expected a section with keys"),
    ],
)
def test_what_is_wrong_is_told(key: Path, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(key, tmp_path, text + "\n")
    assert message in "\n".join(map(str, caught.value.problems))


PROMISE = "services: {shop: {kind: compose, file: shop.yml, backup: {service: db, volumes: %s}}}\n"


@pytest.mark.parametrize("names", ["[shop_uploads, fast, v]", "[]"])
def test_volumes_go_by_the_names_that_docker_has_for_them(key: Path, tmp_path: Path, names: str) -> None:
    assert loaded(key, tmp_path, PROMISE % names)


@pytest.mark.parametrize(
    ("more", "fine"), [("secrets: {NAME: generate}", True), ("environment: {NAME: slow}", True), ("", False)]
)
def test_the_name_of_a_volume_may_be_a_variable(key: Path, tmp_path: Path, more: str, fine: bool) -> None:
    """What only the server knows is not judged."""
    loaded(key, tmp_path, "sites:\n")
    (tmp_path / "shop.yml").write_text(SHOP.replace("fast", '"${NAME:-fast}"'))
    text = (PROMISE % "[slow]").replace("backup:", f"{more}, backup:") if more else PROMISE % "[slow]"
    (tmp_path / "sites.yaml").write_text(text)
    if fine:
        assert load(tmp_path / "sites.yaml").services
    else:
        with pytest.raises(ConfigError, match=r"no volume that Docker calls 'slow'"):
            load(tmp_path / "sites.yaml")


@pytest.mark.parametrize("name", ["key.asc", "key.gpg"])
def test_of_a_key_the_plan_shows_the_fingerprint(key: Path, name: str) -> None:
    shown = ["gpg", "--homedir", key, "--batch", "--with-colons", "--show-keys", key / name]
    told = subprocess.run(shown, check=True, capture_output=True, text=True).stdout
    (fingerprint,) = [line.split(":")[9] for line in told.splitlines() if line.startswith("fpr")][:1]
    content = (key / name).read_bytes()
    lines = diff(Change("/etc/deploy/backup-key.asc", None, File(content)))
    assert lines[0] == f"+public GPG key {fingerprint}"
    assert len(lines) == 2
    changed = diff(Change("/etc/deploy/backup-key.asc", File(content), File(content + b"\n")))
    assert [line[0] for line in changed] == ["@", " ", "-", "+"][-len(changed) :]


def test_of_what_is_no_text_the_plan_shows_its_size() -> None:
    (line,) = diff(Change("/opt/a/program", File(b"\x7fELF\0\n" * 99), None))
    assert line.startswith("-(594 bytes, SHA-256 ")

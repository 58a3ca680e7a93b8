"""What a server gets for services besides their own files: values for the scripts, secrets, the timer."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from deployer.config.model import Config
from deployer.planning.desired import Desired, desired_files
from deployer.seen.facts import Certificate, Facts
from deployer.values.secrets import FromEnvironment, Generated
from golden.test_golden import FOLDERS

FACTS = Facts("debian", "13")
SITE = {"a.example.org": {"kind": "umami", "port": 3000}}
CERTIFICATE = {"a.example.org": Certificate(frozenset({"a.example.org"}), 0, "")}


def desired(facts: Facts = FACTS, **document: Any) -> Desired:
    return desired_files(Config.model_validate(document), facts)


def values(found: Desired, name: str) -> dict[str, str]:
    lines = found.files[f"/etc/deploy/sites/{name}.conf"].content.decode().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_values_of_a_service_with_a_domain() -> None:
    found = desired(replace(FACTS, certificates=CERTIFICATE), sites=SITE)
    assert values(found, "a.example.org") == {
        "NAME": "a.example.org",
        "DOMAIN": "a.example.org",
        "KIND": "compose",
        "PROJECT": "a-example-org",
        "DIRECTORY": "/opt/a.example.org",
        "SERVICES": "'db umami'",
        "PORT": "3000",
        "HTTPS": "1",
        "PROBE": "/api/heartbeat",
        "WAIT": "240",
        "WATCH": "10",
        "BUILT": "0",
        "GIVEN": "''",
        "PUBLIC": "''",
        "COOLDOWN": "259200",
        "KEEP": "2",
    }


def test_values_of_a_service_without_one() -> None:
    found = desired(services={"watchtower": {}}, updates={"at": "04:00", "cooldown": "1d"})
    told = values(found, "watchtower")
    assert (told["DOMAIN"], told["PORT"], told["PROBE"], told["HTTPS"]) == ("''", "", "''", "0")
    assert told["COOLDOWN"] == "86400"


def test_what_updates_is_there_also_before_there_is_something_to_update() -> None:
    found = desired(
        sites={"a.example.org": {"kind": "redirect", "to": "https://example.org"}}, updates={"at": "04:00"}
    )
    assert "/usr/local/lib/deploy/bin/update" in found.files


def test_names_of_values_that_are_no_secrets(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text("services: {app: {image: x, environment: [$LEVEL, $ROOT, $TOKEN]}}\n")
    given = {"environment": {"ROOT": "/x", "LEVEL": "info"}, "secrets": {"TOKEN": "generate"}}
    own = {"kind": "compose", "file": "own.yml", **given}
    config = Config.model_validate({"services": {"own": own}}, context={"folder": tmp_path})
    assert values(desired_files(config, FACTS), "own")["GIVEN"] == "'LEVEL ROOT'"


def test_a_service_waits_for_the_certificate_of_its_domain() -> None:
    found = desired(sites=SITE)
    assert found.site_of == {}
    assert found.secrets == {}
    found = desired(replace(FACTS, certificates=CERTIFICATE), sites=SITE)
    assert set(found.site_of.values()) == {"a.example.org"}
    assert sorted(path for path in found.site_of if path.startswith("/opt")) == [
        "/opt/a.example.org/.env",
        "/opt/a.example.org/docker-compose.yml",
    ]
    assert found.secrets == {
        "/opt/a.example.org/.env": {
            "APP_SECRET": Generated(64),
            "DB_PASSWORD": Generated(32),
            "TWO_FACTOR_ENCRYPTION_KEY": Generated(64),
        }
    }


def test_secrets_of_services_and_none_without() -> None:
    token = {"kind": "gitea-runner", "instance": "https://git.example.org", "token": "env:TOKEN"}
    found = desired(services={"runner": token, "watchtower": {}})
    assert found.secrets == {"/opt/runner/.env": {"RUNNER_TOKEN": FromEnvironment("TOKEN")}}
    assert not [path for path in found.files if path.endswith(".env")]


def test_a_runner_beside_a_gitea_reads_what_that_has_made() -> None:
    found = desired(services={"runner": {"kind": "gitea-runner", "instance": "https://git.example.org"}})
    assert found.secrets == {}
    text = found.files["/opt/runner/docker-compose.yml"].content.decode()
    (runner,) = yaml.safe_load(text)["services"].values()
    assert runner["environment"]["GITEA_RUNNER_REGISTRATION_TOKEN_FILE"] == "/run/secrets/token"
    assert "GITEA_RUNNER_REGISTRATION_TOKEN" not in runner["environment"]
    assert runner["volumes"][-1] == {
        "type": "bind",
        "source": "/opt/git.example.org/secrets/RUNNER_TOKEN",
        "target": "/run/secrets/token",
        "read_only": True,
        "bind": {"create_host_path": False},
    }


def test_the_scripts_are_there_for_services_alone() -> None:
    found = desired(services={"watchtower": {}})
    assert "/usr/local/lib/deploy/bin/push" in found.files
    assert "d /srv/deploy" in found.files["/etc/tmpfiles.d/deploy.conf"].content.decode()


def test_the_timer_is_there_when_it_is_asked_for() -> None:
    found = desired(
        services={"watchtower": {}}, updates={"at": "23:05", "notify": "https://ntfy.example.org/x"}
    )
    assert "deploy-update.timer" in found.units
    timer = found.files["/etc/systemd/system/deploy-update.timer"].content.decode()
    assert "\nOnCalendar=*-*-* 23:05:00\n" in timer
    assert found.files["/etc/deploy/update.conf"].content.decode().splitlines()[1:] == [
        "COOLDOWN=259200",
        "NOTIFY=https://ntfy.example.org/x",
    ]
    without = desired(services={"watchtower": {}})
    assert "deploy-update.timer" not in without.units
    assert not [path for path in without.files if "update." in path]


def test_two_updaters_are_told_of() -> None:
    updates = {"updates": {"at": "04:00"}}
    assert "leave one of them out" in " ".join(desired(services={"watchtower": {}}, **updates).notes)
    assert "leave one of them out" not in " ".join(desired(services={"watchtower": {}}).notes)


def test_nginx_gets_what_the_service_needs() -> None:
    sites = {
        "a.example.org": {"kind": "ntfy", "https": False},
        "b.example.org": {"kind": "phpbb", "https": False, "email": "me@example.org", "port": 81},
    }
    found = desired(sites=sites)
    ntfy = found.files["/etc/nginx/conf.d/a.example.org.conf"].content.decode()
    assert "client_max_body_size 0;" in ntfy
    assert "server 127.0.0.1:2586 " in ntfy
    phpbb = found.files["/etc/nginx/conf.d/b.example.org.conf"].content.decode()
    assert "client_max_body_size 32M;" in phpbb
    assert "upload_max_filesize = 32M" in found.files["/opt/b.example.org/image/php.ini"].content.decode()


def test_a_restore_of_a_folder_is_put_right_at_the_next_start(tmp_path: Path) -> None:
    unit = "/etc/systemd/system/deploy-resume.service"
    shutil.copy(FOLDERS["services"] / "backup-key.asc", tmp_path)
    saved = {"backups": {"recipient": "backup-key.asc", "folders": {"photos": ["/srv/photos"]}}}
    config = Config.model_validate(saved, context={"folder": tmp_path})
    assert unit in desired_files(config, FACTS).files
    assert unit not in desired().files

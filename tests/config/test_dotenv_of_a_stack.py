"""The `.env` that came with a stack, its profiles, folders and neighbours, as sites.yaml takes them."""

from pathlib import Path

import pytest

from deployer.config.loader import load
from deployer.errors import ConfigError
from deployer.kinds.compose import Compose
from deployer.seen.facts import Facts
from deployer.tasks.secrets import resolve

FACTS = Facts("debian", "13")
STACK = """services:
  web: {image: x, ports: ['${PORT}:80'], env_file: [.env], environment: {A: "${PASSWORD}", B: "${OWN}"}}
  more: {image: y, profiles: [extra]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "stack").mkdir()
    (tmp_path / "stack/compose.yml").write_text(STACK)
    (tmp_path / "stack/.env").write_text(
        "PORT=8080\nPASSWORD=hush-hush\nOWN=theirs\nCOMPOSE_PROJECT_NAME=shop\n"
    )
    return tmp_path


def shop(folder: Path, keys: str = "env_file: stack/.env") -> Compose:
    text = f"services: {{shop: {{kind: compose, file: stack/compose.yml, {keys}}}}}\n"
    (folder / "sites.yaml").write_text(text)
    found = load(folder / "sites.yaml").services["shop"]
    assert isinstance(found, Compose)
    return found


def test_its_values_are_secrets_and_sites_yaml_counts_more(folder: Path) -> None:
    found = shop(folder, "env_file: stack/.env, environment: {OWN: ours}")
    variables = found.variables()
    values = resolve(variables.values())
    assert {name: values[secret] for name, secret in variables.items()} == {
        "COMPOSE_PROJECT_NAME": "shop",
        "PORT": "8080",
        "PASSWORD": "hush-hush",
        "OWN": "ours",
    }
    assert str(variables["PASSWORD"]) == "from stack/.env"
    assert "hush-hush" not in repr(variables)
    assert (found.local_ports(), found.project("shop")) == ((8080,), "shop")
    text = str([file.content for file in found.files("shop", FACTS).values()])
    assert "127.0.0.1:${PORT}:80" in text
    assert "hush-hush" not in text


def test_what_is_wrong_in_it_has_its_line(folder: Path) -> None:
    (folder / "stack/.env").write_text("PORT=8080\nUSER=hush\nPASSWORD=\nOWN=\nCOMPOSE_PROJECT_NAME=A B\n")
    with pytest.raises(ConfigError) as caught:
        shop(folder)
    told = [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]
    assert [each.split(" ")[0] for each in told] == ["stack/.env:2:1:", "stack/.env:5:1:"]


def test_one_that_is_not_taken_is_proposed(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        shop(folder, "wait: 1m")
    assert "under secrets or environment, or take what came with it: env_file: stack/.env" in str(
        caught.value
    )
    (folder / "stack/.env").unlink()
    with pytest.raises(ConfigError) as caught:
        shop(folder, "wait: 1m")
    assert "came with it" not in str(caught.value)


def test_profiles_run_too(folder: Path) -> None:
    assert shop(folder).services("shop", FACTS) == {"web"}
    found = shop(folder, "env_file: stack/.env, profiles: [extra]")
    assert found.services("shop", FACTS) == {"web", "more"}
    assert resolve([found.variables()["COMPOSE_PROFILES"]]).popitem()[1] == "extra"
    assert shop(folder, "env_file: stack/.env, profiles: ['*']").services("shop", FACTS) == {"web", "more"}
    (folder / "stack/.env").write_text("PORT=1\nPASSWORD=\nOWN=\nCOMPOSE_PROFILES=extra\n")
    assert shop(folder).services("shop", FACTS) == {"web", "more"}


def test_folders_belong_to_whom_a_container_runs_as(folder: Path) -> None:
    found = shop(folder, "env_file: stack/.env, folders: {data: 472, a/b: '0:33 0700'}")
    lines = found.files("shop", FACTS)["/etc/deploy/folders/shop"].content.decode().splitlines()
    assert lines[2:] == ["0750 472:472 /opt/shop/data", "0700 0:33 /opt/shop/a/b"]
    for wrong in ("{../x: 1}", "{data: root}", "{data: 4294967295}", "{data: '1:1 777'}"):
        with pytest.raises(ConfigError, match=r"folders"):
            shop(folder, f"env_file: stack/.env, folders: {wrong}")


TAKES_IN = """include: [more.yml]
services:
  web: {extends: {file: ./base.yml, service: any}, image: x, environment: {B: "2"}}
"""


def test_files_beside_it_are_taken_in(folder: Path) -> None:
    (folder / "stack/compose.yml").write_text(TAKES_IN)
    (folder / "stack/more.yml").write_text(
        "services: {db: {image: y, ports: [5432:5432], volumes: ['./c:/c:ro']}}"
    )
    (folder / "stack/base.yml").write_text(
        "services: {any: {extends: {file: root.yml, service: r}, ports: ['81:80'], environment: [A=1, B=1]}}"
    )
    (folder / "stack/root.yml").write_text("services: {r: {privileged: true}}")
    (folder / "stack/c").mkdir()
    (folder / "stack/c/conf").write_text("hello")
    found = shop(folder)
    assert found.services("shop", FACTS) == {"web", "db"}
    assert (found.local_ports(), found.public_ports()) == ((5432, 81), ())
    files = {path.removeprefix("/opt/shop/") for path in found.files("shop", FACTS)}
    assert files >= {"more.yml", "base.yml", "root.yml", "c/conf", "docker-compose.deploy.yml"}
    assert any("is privileged" in each for each in found.remarks())
    assert found.definition().services["web"].plain()["environment"] == {"A": "1", "B": "2"}


def test_what_cannot_be_taken_in_has_its_line(folder: Path) -> None:
    (folder / "stack/compose.yml").write_text(
        TAKES_IN + "  own: {extends: {file: compose.yml, service: web}}\n"
    )
    (folder / "stack/more.yml").write_text("services: {db: {image: '${GONE}'}}\n")
    with pytest.raises(ConfigError) as caught:
        shop(folder)
    told = [str(problem).removeprefix(f"{folder}/stack/") for problem in caught.value.problems]
    assert [each.split(" ")[0] for each in told] == [
        "compose.yml:3:25:",
        "compose.yml:4:25:",
        "more.yml:1:24:",
    ]
    (folder / "stack/compose.yml").write_text("include: [../gone.yml]\nservices: {web: {image: x}}\n")
    with pytest.raises(ConfigError, match="include: this cannot be taken in: only a file"):
        shop(folder)

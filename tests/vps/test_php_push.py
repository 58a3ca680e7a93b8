"""Sites of PHP whose files come from a repository: pushed, refused, taken back, and asked for all the while."""

from collections.abc import Iterator

import pytest

from deployer.rehearsal.machine import Machine
from vps.conftest import PREINSTALLED
from vps.project import Project

SITE = {
    "kind": "php",
    "https": False,
    "repository": "shop",
    "root": "public",
    "front": "index.php",
    "writable": ["public/uploads", "cache"],
}
INDEX = "<?php require __DIR__ . '/../inside.php'; echo SAYS, ' ', exec('id -un');"


def inside(says: str) -> str:
    """What the front page says, in a file that it needs."""
    return f"<?php const SAYS = '{says}';"


@pytest.fixture(scope="module")
def vps(release: str) -> Iterator[Machine]:
    with Machine.boot(release, (*PREINSTALLED, "cron", "curl", "php-fpm")) as machine:
        yield machine


@pytest.fixture(scope="module")
def project(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A server with a site of PHP from a repository, which was pushed once."""
    project = Project(tmp_path_factory.mktemp("user"), vps, None, {"shop.test": dict(SITE)})
    project.repository(
        "shop",
        {
            "public/index.php": INDEX,
            "public/style.css": "body {}",
            "public/uploads/first.txt": "first",
            "inside.php": inside("one"),
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


def commit(project: Project, files: dict[str, str]) -> None:
    project.commit("shop", files)


def test_a_push_changes_the_next_answer(project: Project) -> None:
    assert get(project) == (200, "one php-shop_test")
    for number in range(3):
        commit(project, {"inside.php": inside(f"push {number}")})
        push(project)
        assert get(project) == (200, f"push {number} php-shop_test")
    assert get(project, "/any/page") == (200, "push 2 php-shop_test")
    assert get(project, "/style.css") == (200, "body {}")
    assert get(project, "/../inside.php")[0] != 200
    assert "Nothing to change" in project.deploy("plan").stdout

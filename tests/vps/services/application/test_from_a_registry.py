"""An application from an image that was built elsewhere."""

import json
from pathlib import Path

from deployer.rehearsal.machine import Machine
from vps.project import Project
from vps.services.application.conftest import BUSYBOX, DOCKERFILE, Application
from vps.services.conftest import COMPOSE, REGISTRY, SERVE, file_in, password_wanted, registry_of

PRIVATE = {"user": "ada", "password": "env:REGISTRY_PASSWORD"}


BY_HAND = {"auths": {"other.test": {"auth": "YWRhOmhhbmQ="}}, "HttpHeaders": {"Who": "hand"}}


def test_images_of_a_private_registry(vps: Machine, tmp_path: Path, app: Application) -> None:
    """A login of sites.yaml counts for a push, a build, updates and by hand, and goes without any other."""
    right, wrong = 'hu:sh"x', "mistyped-one"
    site = {"kind": "app", "image": f"{REGISTRY}/private:1", "port": 80, "published": 8098, "https": False}
    project = Project(tmp_path, vps, None, {"private.test": site | {"watch": "0"}})
    registry, docker = registry_of(vps, ("ada", right)), vps.root / "root/.docker/config.json"
    docker.parent.mkdir(exist_ok=True)
    docker.write_text(json.dumps(BY_HAND))

    def called(*words: str, code: int = 0, password: str = right) -> str:
        done = project.deploy(*words, REGISTRY_PASSWORD=password)
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        assert right not in said
        assert wrong not in said
        return said

    with password_wanted(vps, "ada", right):
        registry.push("private", SERVE, {}, "one")
        assert f"a private image needs a login: docker: registries: {REGISTRY}: in sites.yaml" in called(
            "apply", "--yes", code=1
        )

        project.more = {"docker": {"registries": {REGISTRY: PRIVATE}}}
        said = called("apply", "--yes", code=1, password=wrong)
        refused = f"{REGISTRY} does not take the login of ada (sites.yaml: docker: registries: {REGISTRY}): "
        assert refused in said
        assert "What belongs to docker.registries in sites.yaml stays as it was" in said
        assert json.loads(docker.read_text()) == BY_HAND

        called("apply", "--yes")
        assert project.get("private.test", scheme="http") == (200, "one\n")
        assert json.loads(docker.read_text())["auths"].keys() == {"other.test", REGISTRY}
        vps.run(
            "test $(stat -c %a%U /root/.docker/config.json /etc/deploy/registries/.env | sort -u) = 600root"
        )
        assert json.loads(called("plan", "--json"))["empty"]
        vps.run(f"docker pull --quiet {REGISTRY}/private:1")

        registry.push("private", SERVE, {}, "two")
        assert f"private.test: {REGISTRY}/private:1 has a newer version" in called("update", "--check")
        called("push", "private.test", "--yes")
        assert project.get("private.test", scheme="http") == (200, "two\n")
        app.commit(Dockerfile=f"FROM {REGISTRY}/private:1\n" + DOCKERFILE.partition("\n")[2])
        app.push()
        assert app.page() == "one"

        vps.run(f"docker logout {REGISTRY}")
        told = "docker.registries: 127.0.0.1:5000: there is no login any more in /root/.docker/config.json"
        assert told in called("plan", code=4)
        assert "not known: " in (said := called("update", "--check"))
        assert f"; asked as ada (sites.yaml: docker: registries: {REGISTRY})" in said
        app.commit("two")
        assert "a private image to build on needs a login: docker: registries: in sites.yaml" in app.push(
            "--force", code=1
        )
        called("apply", "--yes")
        before = docker.read_text()
        assert refused in called("apply", "--yes", code=1, password=wrong)
        assert docker.read_text() == before
        assert json.loads(called("plan", "--json"))["empty"]

    with password_wanted(vps, "ada", wrong):
        said = called("push", "private.test", "--yes", code=1)
        assert f"; asked as ada (sites.yaml: docker: registries: {REGISTRY}): is the password right" in said
        called("apply", "--yes", password=wrong)
        called("push", "private.test", "--yes")

    project.more = {}
    called("apply", "--yes")
    assert json.loads(docker.read_text()) == BY_HAND
    assert json.loads(called("plan", "--json"))["empty"]
    vps.run("! grep -rE 'hu:sh|mistyped' /var/log/deploy /etc/deploy /var/lib/deploy --exclude-dir=before")
    vps.run("rm -r /root/.docker; test ! -e /etc/deploy/registries && test ! -e /var/lib/deploy/registries")
    vps.run(f"/{COMPOSE} -p private-test down --timeout 0 2>/dev/null", check=False)


def test_an_application_from_an_image(vps: Machine, tmp_path: Path) -> None:
    """Pulled, with what comes before it; back to that of before, whatever its tag is by now; without its registry."""
    site = {"kind": "app", "image": f"{REGISTRY}/tickets:1", "port": 80, "published": 8097, "https": False}
    release = f"{BUSYBOX} sh -c 'echo 1 >>/data/done'"
    site |= {"watch": "0", "release": release, "volumes": {"data": "/data"}}
    project = Project(tmp_path, vps, None, {"tickets.test": site})
    registry, container = registry_of(vps), "tickets-test-app-1"

    def called(*words: str, code: int = 0) -> str:
        done = project.deploy(*words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    registry.push("tickets", SERVE, {}, "one")
    called("apply", "--yes")
    assert project.get("tickets.test", scheme="http") == (200, "one\n")
    registry.push("tickets", SERVE, {}, "two")
    assert "✓ release" in called("push", "tickets.test", "--yes")
    assert project.get("tickets.test", scheme="http") == (200, "two\n")
    assert file_in(vps, container, "/data/done") == "1\n1\n"
    assert project.plan()["empty"]
    assert called("exec", "tickets.test", "--", BUSYBOX, "cat", "/data/done") == "1\n1\n"
    called("rollback", "tickets.test")
    assert project.get("tickets.test", scheme="http") == (200, "one\n")
    assert project.plan()["empty"]

    vps.run("systemctl stop docker-registry")
    said = called("push", "tickets.test", "--yes", code=1)
    assert f"{REGISTRY}/tickets:1 is here, and whether 127.0.0.1:5000 has a newer one cannot be known" in said
    vps.run(
        "systemctl start docker-registry; until curl -s -o /dev/null 127.0.0.1:5000/v2/; do sleep 0.05; done"
    )
    assert project.get("tickets.test", scheme="http") == (200, "one\n")

    project.sites["tickets.test"]["release"] = f"{BUSYBOX} false"
    registry.push("tickets", SERVE, {}, "three")
    said = called("push", "tickets.test", "--yes", code=1)
    assert "the release command failed with exit code 1" in said
    assert project.get("tickets.test", scheme="http") == (200, "one\n")
    vps.run(f"/{COMPOSE} -p tickets-test down --volumes --timeout 0 2>/dev/null", check=False)

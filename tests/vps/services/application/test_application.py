"""An application from its repository: built on the server as its Dockerfile says, kept by revision, switched, taken back."""

import json

import pytest

from vps.services.application.conftest import BUSYBOX, CRASHES, DOCKERFILE, Application


def test_from_nothing_to_another_revision_and_back(app: Application) -> None:
    first = app.git("rev-parse", "HEAD")
    said = app.push()
    assert f'{app.name} is live: {first[:7]} "The first page" (' in said.splitlines()[-1]
    assert app.page() == "one"
    assert app.log() | {"result": "live", "revision": first} == app.log()
    assert {first, "live"} < app.images()

    assert app.push().splitlines()[-1] == f"{app.name} is already up to date"

    second = app.commit("two", "The second")
    assert second[:7] in app.push()
    assert app.page() == "two"
    assert f"> {first[:7]}" not in app.script("releases")
    listed = app.script("releases").splitlines()
    assert [(line[0], line.split("  ")[-1]) for line in listed] == [
        ("*", f'{second[:7]} "The second"'),
        ("<", f'{first[:7]} "The first page"'),
    ]

    assert f'{first[:7]} "The first page"' in app.script("rollback").splitlines()[-1]
    assert app.page() == "one"
    said = app.push()
    assert "has an image already: it is not built again" in said
    assert app.page() == "two"

    assert first[:7] in app.push("--ref", first).splitlines()[-1]
    assert app.page() == "one"


def test_a_revision_that_does_not_run_does_not_stay(app: Application) -> None:
    app.push()
    bad = app.commit("two", Dockerfile=CRASHES)
    said = app.fails()
    assert "✗ up: app crashes again and again (exit code 1)" in said
    assert (
        said.splitlines()[-1]
        == f'{app.name} is as it was: {app.git("rev-parse", "HEAD~")[:7]} "The first page"'
    )
    assert bad not in app.images()
    app.commit("three", Dockerfile=DOCKERFILE)
    app.push()
    assert app.page() == "three"


@pytest.mark.fault("an application that wants more memory than it may have")
def test_what_wants_more_memory_than_it_may_have_is_told(app: Application) -> None:
    app.push()
    app.commit(
        Dockerfile=CRASHES.replace('"false"', '"dd", "if=/dev/zero", "of=/dev/null", "bs=90M", "count=9"')
    )
    app.write(app=app.one(mem_limit="16m"))
    assert "it wanted more memory than its limit of 16 MB" in app.fails()
    app.write(app=app.one())


def test_a_first_revision_that_does_not_run_leaves_nothing(app: Application) -> None:
    app.commit(Dockerfile=CRASHES)
    said = app.push(code=1)
    assert said.splitlines()[-1] == f"{app.name} is as it was: nothing runs"
    assert "why its last push failed, deploy status says" in app.script("logs")
    assert "there are no images 20261130-000000 (" in app.script("rollback", "--to 20261130-000000", code=1)
    assert "live" not in app.images()
    assert app.running() == {}


def test_what_is_removed_leaves_no_image_of_any_revision(app: Application) -> None:
    app.push()
    app.commit("two")
    app.push()
    another = f"{app.name}-api:live"  # of an application that is called so
    app.vps.run(f"docker tag {app.name}:live {another}")
    app.script("down")
    assert app.images() == set()
    assert app.running() == {}
    app.vps.run(f"docker rmi {another}")


@pytest.mark.parametrize(
    ("listens", "why"),
    [
        ("81", "nothing listens on port 80 in its container (sites.yaml: port:)"),
        ("127.0.0.1:80", "in its container it listens on 127.0.0.1 alone, where nobody else reaches it"),
    ],
)
def test_what_listens_elsewhere_is_told(app: Application, listens: str, why: str) -> None:
    app.push()
    app.configure(INSIDE=80)
    app.commit(Dockerfile=DOCKERFILE.replace('"80"', f'"{listens}"'))
    assert f"/ answers 502: {why}" in app.fails()


def test_a_release_command_goes_before(app: Application) -> None:
    """In a container of the new image; if it fails, or hangs, what was there goes on and nothing of it stays."""
    app.write(
        app=app.one(),
        worker=app.one(command=[BUSYBOX, "sleep", "1000"], ports=[], stop_signal="SIGKILL"),
        release=app.one(
            command=[BUSYBOX, "sh", "/www/release"],
            volumes=["data:/data"],
            restart="no",
            profiles=["once"],
            ports=[],
        ),
    )
    compose = app.directory / "docker-compose.yml"
    compose.write_text(json.dumps(json.loads(compose.read_text()) | {"volumes": {"data": {}}}))
    app.configure(RELEASES_BY="release", TIME_LIMIT=5)
    app.commit("one", **{"www/release": "echo of a first >&2; exit 7\n"})
    said = app.push(code=1)
    assert "✗ release: the release command failed with exit code 7: of a first" in said
    assert said.splitlines()[-1] == f"{app.name} is as it was: nothing runs"
    app.commit("one", **{"www/release": "echo migrated >>/data/done\n"})
    assert "✓ release" in app.push()
    assert app.running().keys() == {"app", "worker"}
    done = f"cat /var/lib/docker/volumes/{app.project}_data/_data/done"
    assert app.vps.run(done).stdout == "migrated\n"
    assert "release" not in app.push("--force")
    app.commit("two", **{"www/release": "sleep 100\n"})
    said = app.fails()
    assert "✗ release: the release command ran longer than 5 s" in said
    assert not app.vps.run(
        f"docker ps -aq --filter label=com.docker.compose.oneoff=True --filter name={app.project}"
    ).stdout
    assert app.page() == "one"
    app.commit("three", **{"www/release": "echo again >>/data/done\n"})
    app.push()
    assert app.page() == "three"
    assert app.vps.run(done).stdout == "migrated\nagain\n"
    assert "✓ release" not in app.script("rollback")
    assert app.vps.run(done).stdout == "migrated\nagain\n"


def test_a_job_runs_in_a_container_that_ends(app: Application) -> None:
    job = app.one(
        command=[BUSYBOX, "sh", "-c", "echo done at once; sleep 1"], restart="no", profiles=["once"], ports=[]
    )
    app.write(app=app.one(), **{"job-1": job})
    app.push()
    assert app.script("job", "job-1") == "done at once\n"
    two = f"/usr/local/lib/deploy/bin/job {app.name} job-1"
    assert (
        f"! {app.name}: job-1 still runs: this time it does not begin"
        in app.vps.run(f"{two} & {two}; wait").stdout
    )
    assert app.running().keys() == {"app"}
    app.script("job", "release", code=2)

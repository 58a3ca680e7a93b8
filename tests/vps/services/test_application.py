"""An application from its repository: built on the server as its Dockerfile says, kept by revision, switched, taken back."""

import contextlib
import fcntl
import json
import os
import pty
import shutil
import signal
import socket
import struct
import subprocess
import termios
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from deployer.rehearsal.machine import Machine
from vps.keys.conftest import Guarded
from vps.keys.test_workflow import act, secrets_of, write
from vps.load import BROKEN_OFF, Load, visiting
from vps.project import DEPLOY, Project
from vps.services.conftest import (
    BUILDS,
    COMPOSE,
    NO_FILTERS,
    REGISTRY,
    SERVE,
    Composition,
    composed,
    end,
    environment_of,
    file_in,
    install_scripts,
    numbers,
    password_wanted,
    prepare,
    registry_of,
)
from vps.waiting import client, until

BUSYBOX = "/bin/busybox"
DOCKERFILE = f"""FROM scratch
COPY busybox {BUSYBOX}
COPY www /www
CMD ["{BUSYBOX}", "httpd", "-f", "-p", "80", "-h", "/www"]
"""
CRASHES = DOCKERFILE.replace('"httpd", "-f", "-p", "80", "-h", "/www"', '"false"')
RUN = f'RUN ["{BUSYBOX}", "sh", "-c", "{{}}"]\n'
GIT = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "safe.directory=*"]


@dataclass
class Application(Composition):
    """Its repository is a folder on the server itself."""

    @property
    def repository_folder(self) -> Path:
        return self.vps.root / "root/repositories" / self.name

    def commit(self, page: str = "", subject: str = "Change", **files: str) -> str:
        """Commit these files, and the page; the commit."""
        if page:
            files["www/index.html"] = f"{page}\n"
        for path, content in files.items():
            file = self.repository_folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")

    def git(self, *arguments: str) -> str:
        argv = [*GIT, "-C", str(self.repository_folder), *arguments]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()

    def configure(self, **values: object) -> None:
        mine = {
            "APPLICATION": self.name,
            "REPOSITORY": f"file:///root/repositories/{self.name}",
            "BRANCH": "",
            "CONTEXT": "",
            "DOCKERFILE": "Dockerfile",
            "TIME_LIMIT": 60,
            "MEMORY_LIMIT": 200_000_000,
            "DISK_LIMIT": 300_000_000,
            "KEEP": 3,
            "BUILT": 1,
            "WATCH": 0,
        }
        super().configure(**(mine | values))

    def images(self) -> set[str]:
        """The tags that its image has."""
        argv = "docker image ls --format '{{.Tag}}' " + self.name
        return {*self.vps.run(argv).stdout.split()}

    def one(self, **more: object) -> dict[str, object]:
        """The service `app` as its template has it."""
        return {
            "image": f"{self.name}:live",
            "pull_policy": "never",
            "ports": [f"127.0.0.1:{self.port}:80"],
            "restart": "unless-stopped",
            **more,
        }


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    """A server with Docker and its builder."""
    with Machine.boot("debian-13", BUILDS, files=NO_FILTERS) as machine:
        install_scripts(machine)
        prepare(machine)
        yield machine


@pytest.fixture
def app(vps: Machine) -> Iterator[Application]:
    """A new one, whose repository has a page."""
    one = new_one(vps)
    yield one
    end(one)


@pytest.fixture
def other(vps: Machine) -> Iterator[Application]:
    """Another one, of somebody else."""
    one = new_one(vps)
    yield one
    end(one)


def new_one(vps: Machine) -> Application:
    """Its repository has a page."""
    made = composed(vps, "")
    one = Application(vps, made.name, made.port)
    one.repository_folder.mkdir(parents=True)
    one.git("init", "--quiet", "--initial-branch=main")
    shutil.copy(vps.root / "bin/busybox", one.repository_folder / "busybox")
    one.commit("one", "The first page", Dockerfile=DOCKERFILE)
    one.configure()
    one.write(app=one.one())
    return one


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
    app.script("down")
    assert app.images() == set()
    assert app.running() == {}


def test_what_is_missing_in_the_repository(app: Application) -> None:
    app.push()
    app.configure(CONTEXT="web")
    assert "has no folder web (sites.yaml: context:)" in app.fails()
    app.configure(CONTEXT="", DOCKERFILE="docker/App")
    assert "has no file docker/App, which says how it is built (sites.yaml: dockerfile:)" in app.fails()
    app.configure(DOCKERFILE="Dockerfile", BRANCH="gone")
    assert "has no branch gone; its branches: main" in app.fails()


def test_what_a_build_says_when_it_fails(app: Application) -> None:
    app.push()
    app.commit(Dockerfile=DOCKERFILE + RUN.format("echo hello from it; exit 3"))
    said = app.fails()
    assert "hello from it" in said
    assert "✗ build: the image could not be built: " in said
    assert "exit code: 3" in said


@pytest.mark.fault("a Dockerfile that wants more memory than it may have")
def test_a_build_that_wants_too_much_memory(app: Application) -> None:
    app.push()
    app.commit(Dockerfile=DOCKERFILE + RUN.format("dd if=/dev/zero of=/dev/null bs=150M count=9"))
    app.configure(MEMORY_LIMIT=60 << 20)
    assert (
        "ran out of memory: its limit is 60 MB (to double it, in sites.yaml: limits: {memory: 120M})"
        in app.fails()
    )
    assert nothing_goes_on(app.vps)


@pytest.mark.fault("a Dockerfile that never ends")
def test_a_build_that_never_ends(app: Application) -> None:
    app.push()
    app.commit(Dockerfile=DOCKERFILE + RUN.format("while true; do sleep 1; done"))
    app.configure(TIME_LIMIT=4)
    assert "✗ build: the build ran longer than its limit of 4 s" in app.fails()
    assert nothing_goes_on(app.vps)


@pytest.mark.fault("a Dockerfile that fills the disk")
def test_a_build_that_fills_the_disk(app: Application) -> None:
    app.push()
    app.commit(Dockerfile=DOCKERFILE + RUN.format("cat /dev/zero >/large"))
    said = app.fails()
    assert "✗ build: the build wrote more than its limit of 300 MB, and the builds' cache is emptied" in said
    assert nothing_goes_on(app.vps)


OF_CACHE = 'RUN --mount=type=cache,target=/kept ["/bin/busybox", "sh", "-c", "{}"]\n'


def test_a_build_finds_nothing_of_another_application(app: Application, other: Application) -> None:
    """Neither what its builds keep for one another, nor its image: who may push one may read and change no other."""
    app.commit("private", Dockerfile=DOCKERFILE + OF_CACHE.format("ls /kept; echo mine >/kept/tool"))
    app.push()
    other.commit(
        "a", Dockerfile=DOCKERFILE + OF_CACHE.format("ls /kept/tool && cp /kept/tool /www/index.html; true")
    )
    other.push()
    assert other.page() == "a"
    for line in (f"FROM {app.name}:live", f"FROM {app.name}:{app.git('rev-parse', 'HEAD')}"):
        other.commit("b", Dockerfile=line)
        assert "✗ build: the image could not be built: " in other.fails()
    other.commit("b", Dockerfile=DOCKERFILE + f"COPY --from=docker.io/library/{app.name}:live /www /www")
    assert "✗ build: the image could not be built: " in other.fails()
    for first in (
        "# syntax=example/reader",
        "\ufeff//syntax = example/reader:1",
        '{"syntax": "example/reader"}',
    ):
        other.commit("b", Dockerfile=f"{first}\n{DOCKERFILE}")
        assert "wants to be read by another program than Docker's own" in other.fails()
    other.commit("b", Dockerfile=f"# escape=\\\n{DOCKERFILE}# syntax=none\n")
    other.push()
    assert other.page() == "b"


def nothing_goes_on(vps: Machine) -> bool:
    """Whether no build has left anything that runs."""
    return not vps.run(
        "systemctl list-units --no-legend 'deploybuild*'; pgrep -af 'docker build'", check=False
    ).stdout


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


def test_pushes_at_once(app: Application) -> None:
    """One builds; what waits steps aside for what came later, or finds that all is done."""
    app.commit("at once", Dockerfile=DOCKERFILE + RUN.format("sleep 1"))
    push = f"{{ /usr/local/lib/deploy/bin/push {app.name} || echo failed; }}"
    said = app.vps.run(f"{push} & {push} & {push} & wait").stdout
    assert said.count(" is live: ") == 1
    assert said.count("is already up to date") + said.count("so this push steps aside") == 2
    assert "failed" not in said
    assert app.page() == "at once"


@pytest.mark.fault("a push of an application is killed", rounds=3)
def test_a_push_that_is_killed_at_any_step(app: Application) -> None:
    """The next one cleans up after it, whatever it was doing, and nothing of it goes on."""
    app.write(
        app=app.one(),
        release=app.one(command=[BUSYBOX, "sh", "/www/release"], restart="no", profiles=["once"], ports=[]),
    )
    app.configure(RELEASES_BY="release")
    app.commit("one", **{"www/release": "true\n"})
    app.push()
    slow = DOCKERFILE + RUN.format("sleep 60")
    for step, page, files in (
        ("build", "two", {"Dockerfile": slow, "www/release": "true\n"}),
        ("release", "three", {"Dockerfile": DOCKERFILE, "www/release": "sleep 60\n"}),
        ("up", "four", {"Dockerfile": DOCKERFILE, "www/release": "true\n"}),
    ):
        app.commit(page, **files)
        before = app.page()
        begun = f"until grep -q '▸ {step}' /root/said; do sleep 0.05; done"
        app.vps.run(
            f"/usr/local/lib/deploy/bin/push {app.name} >/root/said 2>&1 & push=$!; {begun}; kill -KILL $push; wait $push",
            check=False,
        )
        if step != "up":
            assert app.page() == before
        app.commit(f"{page} again", Dockerfile=DOCKERFILE, **{"www/release": "true\n"})
        said = app.push()
        assert "was killed: cleaning up after it" in said
        assert app.page() == f"{page} again"
        assert nothing_goes_on(app.vps)
        assert not app.vps.run(
            f"docker ps -q --filter label=com.docker.compose.oneoff=True --filter name={app.project}"
        ).stdout


def test_it_waits_for_its_first_push_where_it_is_let_in_nowhere(app: Application) -> None:
    """So that there is a key to give: an apply that took it away again would leave none."""
    app.configure(REPOSITORY="git@127.0.0.1:page.git")
    said = app.push("--missing")
    assert "! the host key of 127.0.0.1 is not known" in said
    assert said.splitlines()[-1] == f"{app.name} waits for its first push: deploy push {app.name}"
    assert app.script("served") == ""
    assert app.script("key").startswith("ssh-ed25519 ")
    assert "✗ fetch: the host key of 127.0.0.1 is not known" in app.push(code=1)


def test_what_comes_back_is_what_was_live_last(app: Application) -> None:
    """And not what was sent since, and was no good."""
    app.push()
    bad = app.commit("two", Dockerfile=CRASHES)
    app.fails()
    app.script("down")
    assert "  goes on with what was live last: " in app.push("--missing")
    assert app.page() == "one"
    assert app.log()["revision"] == app.git("rev-parse", "HEAD~")
    app.script("down")
    bare = f"git --git-dir=/srv/deploy/{app.name}/repository.git update-ref"
    app.vps.run(f"{bare} refs/deploy/pushed {bad}; {bare} -d refs/deploy/live")
    app.configure(REPOSITORY="")
    assert "waits for its first push" in app.push("--missing")


def test_what_crashes_again_and_again_is_not_said_to_be_served(app: Application) -> None:
    serve = f"test ! -e /bad || exit 9; exec {BUSYBOX} httpd -f -p 80 -h /www"
    app.write(app=app.one(command=[BUSYBOX, "sh", "-c", serve]))
    app.push()
    assert "✓ served" in app.script("served")
    app.vps.run(f"docker exec {app.project}-app-1 {BUSYBOX} touch /bad")
    app.vps.run(f"kill -KILL $(docker inspect --format '{{{{.State.Pid}}}}' {app.project}-app-1)")
    until(app.vps, f"docker inspect --format '{{{{.RestartCount}}}}' {app.project}-app-1 | grep -qv '^0'")
    said = app.vps.run(f"/usr/local/lib/deploy/bin/served {app.name}", check=False)
    assert said.returncode == 1
    assert "✓" not in said.stdout


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


def test_what_a_build_sees_of_the_server(app: Application) -> None:
    """Its own files alone, without .git; a link in the repository leads nowhere, and what it says of archives counts not."""
    (app.repository_folder / "www/shadow").symlink_to("/etc/shadow")
    app.commit("one", **{".gitattributes": "www/extra export-ignore\n", "www/extra": "extra\n"})
    seen = RUN.format("ls -a / >/www/seen; cat /www/shadow >/www/leaked 2>&1; true")
    app.commit(Dockerfile=DOCKERFILE.replace("CMD", "COPY . /all\n" + seen + "CMD"))
    app.push()
    container = f"{app.project}-app-1"
    assert ".git\n" not in app.vps.run(f"docker exec {container} {BUSYBOX} ls -a /all").stdout
    assert file_in(app.vps, container, "/www/extra") == "extra\n"
    assert "No such file" in file_in(app.vps, container, "/www/leaked")


@pytest.fixture
def project(vps: Machine, tmp_path: Path) -> Iterator[Project]:
    """A user's folder with an application whose repository is beside sites.yaml."""
    site = {"kind": "app", "repository": "shop", "port": 80, "published": 8099, "https": False, "watch": "0"}
    site |= {"command": f"{BUSYBOX} httpd -f -p 80 -h /www", "release": f"{BUSYBOX} sh /www/release"}
    jobs = {"15 3 * * *": f"{BUSYBOX} echo cleaned", "16 3 * * *": f"{BUSYBOX} sh -c '{FAILS}'"}
    jobs |= {"17 3 * * *": f"{BUSYBOX} sleep 70323"}
    site |= {"jobs": jobs, "job_limit": "3s", "secrets": {"KEY": "generate"}}
    site |= {"environment": {"GREETING": "it's $HOME"}, "volumes": {"data": "/data"}}
    one = Project(tmp_path, vps, None, {"shop.test": site})
    one.repository(
        "shop", {"Dockerfile": DOCKERFILE, "www/index.html": "one\n", "www/release": "echo 1 >>/data/done\n"}
    )
    shutil.copy(vps.root / "bin/busybox", tmp_path / "shop/busybox")
    one.commit("shop", {}, "Bring a shell along")
    yield one
    vps.run(f"/{COMPOSE} -p shop-test down --volumes --timeout 0 2>/dev/null", check=False)


def test_an_application_as_its_user_sees_it(project: Project) -> None:
    """Applied, it waits for its first push; pushed, it is live, and the plan stays empty; it goes back, and away."""
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert "shop.test waits for its first push: deploy push shop.test" in applied.stdout + applied.stderr
    assert project.plan()["empty"]
    status = project.deploy("status")
    assert status.returncode == 1, "visitors get nothing"
    assert "! shop.test waits for its first push: deploy push shop.test\n" in status.stdout
    assert "✗ shop.test" not in status.stdout, "but nothing of it is broken"
    doctor = project.deploy("doctor").stdout
    assert "✗ sites: shop.test waits for its first push\n" in doctor
    assert "shop.test: it has no containers" not in doctor

    pushed = project.deploy("push", "shop.test", "--yes")
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert "shop.test is live: " in pushed.stderr
    assert project.get("shop.test", scheme="http") == (200, "one\n")
    assert project.plan()["empty"]
    container = "shop-test-app-1"
    assert "GREETING=it's $HOME" in environment_of(project.vps, container)
    assert file_in(project.vps, container, "/data/done") == "1\n"

    commands_run_in_it(project)
    a_terminal_is_passed_on(project)
    nothing_goes_on_of_a_command_whose_caller_is_gone(project)

    project.commit("shop", {"www/index.html": "two\n"}, "The second page")
    pushed = project.deploy("push", "shop.test", "--yes")
    assert pushed.returncode == 0, pushed.stdout + pushed.stderr
    assert '"The second page"' in pushed.stderr
    assert project.get("shop.test", scheme="http") == (200, "two\n")
    assert project.plan()["empty"]
    listed = json.loads(project.deploy("releases", "shop.test", "--json").stdout)
    assert [each["subject"][8:] for each in listed] == ['"The second page"', '"Bring a shell along"']
    assert len(listed[0]["revision"]) == 40
    assert "shop.test" in project.deploy("status").stdout
    assert project.deploy("rollback", "shop.test").returncode == 0
    assert project.get("shop.test", scheme="http") == (200, "one\n")
    assert project.plan()["empty"]

    assert (
        project.vps.run(
            "systemctl start deploy-job-shop.test-1; journalctl -u deploy-job-shop.test-1 -o cat"
        ).stdout.count("cleaned")
        == 1
    )
    assert project.vps.run("systemctl is-active deploy-job-shop.test-1.timer").stdout == "active\n"
    jobs_that_fail_are_told(project)

    project.sites["shop.test"]["environment"] = {"GREETING": "other"}
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert project.get("shop.test", scheme="http") == (200, "one\n")
    assert "GREETING=other" in environment_of(project.vps, container)

    project.sites = {"other.test": {"kind": "redirect", "to": "https://example.org", "https": False}}
    gone = project.apply()
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert project.vps.run("docker ps -aq --filter label=com.docker.compose.project=shop-test").stdout == ""
    assert project.plan()["empty"]


def commands_run_in_it(project: Project) -> None:
    """What they say, what they end with, and their words, of which no shell has read any."""

    def called(program: str, *words: str) -> tuple[int, str, str]:
        done = project.deploy(program, "shop.test", "--", *words)
        return done.returncode, done.stdout, done.stderr

    words = ("it's", "a;b $HOME", "", "*", "-c", '"')
    for program in ("exec", "run"):
        assert called(program, BUSYBOX, "printf", "%s|", *words) == (0, "|".join(words) + "|", "")
        ends = called(program, BUSYBOX, "sh", "-c", "echo out; echo err >&2; exit 137")
        assert ends == (137, "out\n", "err\n")
        code, _, errors = called(program, "nowhere", "x")
        assert code == 127, errors
        assert f"✗ {program}: there is no program nowhere in " in errors.splitlines()[-1]
        ours = f"/usr/local/lib/deploy/bin/{program}"
        project.vps.run(f"mv {ours} {ours}.away")
        code, said, errors = called(program, BUSYBOX, "true")
        project.vps.run(f"mv {ours}.away {ours}")
        assert (code, said) == (1, "")
        assert f"has no program `{program}` yet" in errors
    shown = f"{BUSYBOX} cat /data/done; echo ${{#KEY}} $GREETING"
    code, said, _ = called("run", BUSYBOX, "sh", "-c", shown)
    assert (code, said.splitlines()) == (0, ["1", "32 it's $HOME"])
    assert project.vps.run(ONCE).stdout == ""
    done = project.deploy("exec", "shop.test", "--service", "db", "--", "ls")
    assert (done.returncode, done.stderr) == (
        1,
        "✗ exec: shop.test has no container of a service db; it has: app\n",
    )


FAILS = "echo of no use; [ -e /data/mended ] || exit 3"


def jobs_that_fail_are_told(project: Project) -> None:
    """By status, until that job goes well again; nothing stays of one that was stopped."""

    def ended(number: int) -> str:
        project.vps.run(f"systemctl start deploy-job-shop.test-{number}", check=False)
        return project.deploy("status").stdout

    assert "the last job failed, " in ended(2)
    said = project.deploy("status").stdout
    assert "by deploy-job-shop.test-2: it failed with exit code 3: of no use" in said
    assert "exit code 3" in ended(1)
    project.deploy("exec", "shop.test", "--", BUSYBOX, "touch", "/data/mended")
    assert "the last job failed" not in ended(2)
    unit = "deploy-job-shop.test-3.service"
    assert project.vps.run(f"systemctl show -P TimeoutStopUSec {unit}").stdout == "30s\n"
    drop_in = f"/run/systemd/system/{unit}.d"
    project.vps.run(f"install -D /dev/stdin {drop_in}/soon.conf", input="[Service]\nTimeoutStopSec=1\n")
    project.vps.run("systemctl daemon-reload")
    assert "by deploy-job-shop.test-3: it ran longer than it may" in ended(3)
    project.vps.run(f"rm -r {drop_in} && systemctl daemon-reload")
    assert project.vps.run(ONCE).stdout == ""
    project.vps.run("systemctl reset-failed")


def a_terminal_is_passed_on(project: Project) -> None:
    """With its size, its keys and its end."""
    for program in ("exec", "run"):
        ours, theirs = pty.openpty()
        fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("HHHH", 33, 97, 0, 0))
        with contextlib.ExitStack() as stack:
            for each in (ours, theirs):
                stack.callback(os.close, each)
            words = [program, "shop.test", "--", BUSYBOX, "sh", "-c", TALK]
            argv = [*DEPLOY, *words]
            process = subprocess.Popen(argv, cwd=project.folder, stdin=theirs, stdout=theirs, stderr=theirs)
            said = b""
            while b"who?" not in said:
                said += os.read(ours, 1000)
            os.write(ours, b"Ad\x7fda\r")
            while b"ends\r\n" not in said:
                said += os.read(ours, 1000)
            assert process.wait(60) == 5
        assert b"33 97\r\n" in said
        assert b"hello Ada\r\n" in said


ONCE = "docker ps -aq --filter label=com.docker.compose.oneoff=True"
# Docker sets the size of a terminal a moment after the command has begun
SIZE = f"until {BUSYBOX} stty size 2>/dev/null | {BUSYBOX} grep ' 97'; do {BUSYBOX} sleep 0.1; done"
TALK = f"{SIZE}; echo who?; read name; echo hello $name; echo ends; exit 5"


def nothing_goes_on_of_a_command_whose_caller_is_gone(project: Project) -> None:
    """Neither in a container that stays, nor in one of its own."""
    for program, seconds in (("exec", 70321), ("run", 70322)):
        runs = f"pgrep -fx '{BUSYBOX} sleep {seconds}' >/dev/null"

        def cut(process: BaseProcess, runs: str = runs) -> None:
            until(project.vps, runs)
            process.kill()

        project.deploy(program, "shop.test", "--", BUSYBOX, "sleep", str(seconds), meanwhile=cut)
        until(project.vps, f"! {runs}")
    until(project.vps, f'[ -z "$({ONCE})" ]')


FIRST, FIRST_PORT, SECOND_PORT = "first.test", 8097, 28097
KNOWN_AT_ONCE = f"""{DOCKERFILE}HEALTHCHECK --start-period=10s --start-interval=0.3s --timeout=2s \\
    CMD ["{BUSYBOX}", "wget", "-q", "-O", "/dev/null", "127.0.0.1"]
"""
RUN_WELL = rf"""#!{BUSYBOX} sh
{BUSYBOX} --install -s /bin
mkdir -p /www/cgi-bin
printf '#!/bin/sh\nprintf "\r\n"; cat' >/www/cgi-bin/echo
printf '#!/bin/sh\nprintf "\r\nbegun"; until [ -e /enough ]; do sleep 0.1; done; printf " ended"' >/www/cgi-bin/slow
printf '#!/bin/sh\nprintf "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"; . /www/cgi-bin/slow' >/www/cgi-bin/socket
chmod +x /www/cgi-bin/*
sleep 0.5
trap 'kill $!; exit' TERM
httpd -f -p 80 -h /www & wait
"""


@pytest.fixture(scope="module")
def first(vps: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A user's folder with an application without volumes, which is live with the page "page"."""
    folder = tmp_path_factory.mktemp("first")
    site = {"kind": "app", "repository": "shop", "port": 80, "published": FIRST_PORT, "https": False}
    site |= {"watch": "0", "wait": "15s", "command": f"{BUSYBOX} sh /www/run"}
    one = Project(folder, vps, None, {FIRST: site})
    one.repository("shop", {"Dockerfile": KNOWN_AT_ONCE, "www/index.html": "page\n", "www/run": RUN_WELL})
    shutil.copy(vps.root / "bin/busybox", folder / "shop/busybox")
    one.commit("shop", {}, "Bring a shell along")
    for done in (one.apply(), one.deploy("push", FIRST, "--yes")):
        assert done.returncode == 0, done.stdout + done.stderr
    yield one
    one.sites = {"other.test": {"kind": "redirect", "to": "https://example.org", "https": False}}
    gone = one.apply()
    assert gone.returncode == 0, gone.stdout + gone.stderr
    assert not vps.run("ls /var/lib/deploy/live", check=False).stdout


OF_FIRST = "docker ps -q --filter label=com.docker.compose.project=first-test"
BESIDE = f"until [ $({OF_FIRST} | wc -l) = 2 ]; do sleep 0.05; done"
LED = 'led() { ls /var/lib/deploy/live; }; was=$(led); until [ "$(led)" != "$was" ]; do sleep 0.02; done'
ENOUGH = f"for each in $({OF_FIRST}); do docker exec $each touch /enough; done"
ENDS = f"{LED}; {ENOUGH}"
"""Downloads end when visitors are led elsewhere."""


def load(vps: Machine) -> Load:
    return Load(vps.address, FIRST, frozenset({b"page", b"two"}), "/cgi-bin/echo")


def live_ports(vps: Machine) -> list[str]:
    """Where its containers are."""
    ask = "docker ps --filter label=com.docker.compose.project=first-test --format '{{.Ports}}'"
    return sorted(line.split("->")[0].split(":")[-1] for line in vps.run(ask).stdout.splitlines())


def newest(vps: Machine) -> str:
    """The container that was made last."""
    return vps.run("docker ps --no-trunc --quiet").stdout.split()[0]


def push_first(
    project: Project, page: str, run: str = RUN_WELL, meanwhile: str = "true", code: int = 0, **files: str
) -> subprocess.CompletedProcess[str]:
    """Push another revision, with a command on the server beside it."""
    files = {"Dockerfile": KNOWN_AT_ONCE} | files
    files |= {"www/index.html": f"{page}\n", "www/run": run, "www/more": f"{next(numbers)}\n"}
    project.commit("shop", files)
    pushed = project.deploy(
        "push", FIRST, "--yes", meanwhile=lambda _: project.vps.run(meanwhile, check=False)
    )
    assert pushed.returncode == code, pushed.stdout + pushed.stderr
    return pushed


def download(vps: Machine) -> subprocess.Popen[str]:
    """A visitor whose answer takes until it is enough."""
    argv = ["curl", "-sS", "-H", f"Host: {FIRST}", f"http://{vps.address}/cgi-bin/slow"]
    return client(argv, stdout=subprocess.PIPE)


def web_socket(vps: Machine) -> socket.socket:
    """What a visitor has opened by which it is told something when it is enough."""
    line = socket.create_connection((vps.address, 80), timeout=60)
    ask = (
        f"GET /cgi-bin/socket HTTP/1.1\r\nHost: {FIRST}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
    )
    line.sendall(ask.encode())
    return line


def test_the_new_one_starts_beside_the_old_one(first: Project) -> None:
    """Nobody waits, and whoever has begun a download or has a WebSocket ends it; afterwards all is as it was, at the other port."""
    vps = first.vps
    with visiting(load(vps)) as asked, web_socket(vps) as line, line.makefile() as told:
        asked.goes_on()
        slow = download(vps)
        push_first(first, "two", meanwhile=ENDS)
        asked.goes_on()
        said = told.read()
    assert not asked.wrong, asked.wrong
    assert slow.communicate()[0] == "begun ended"
    assert said.startswith("HTTP/1.1 101 ")
    assert said.endswith("begun ended")
    assert first.get(FIRST, scheme="http") == (200, "two\n")
    assert live_ports(vps) == [str(SECOND_PORT)]
    assert first.plan()["empty"]

    vps.run(f"cd /opt/{FIRST} && docker compose up -d && systemctl restart docker")
    until(vps, f"curl -s -H 'Host: {FIRST}' http://127.0.0.1/ | grep -qx two")
    assert live_ports(vps) == [str(SECOND_PORT)]
    for command in ("restart", "stop", "start"):
        done = first.deploy(command, FIRST)
        assert done.returncode == 0, done.stdout + done.stderr
    assert first.get(FIRST, scheme="http") == (200, "two\n")
    assert live_ports(vps) == [str(SECOND_PORT)]
    assert first.deploy("status", FIRST).returncode == 0
    assert f"{FIRST} is already up to date" in first.deploy("push", FIRST, "--yes").stderr


@pytest.mark.parametrize("run", ["exit 3", f"exec {BUSYBOX} sleep 1000"], ids=["ends", "deaf"])
def test_a_bad_image_meets_no_visitor(first: Project, run: str) -> None:
    """One that ends, and one that answers nobody; the old one is not touched."""
    before = newest(first.vps), first.get(FIRST, scheme="http"), live_ports(first.vps)
    with visiting(load(first.vps)) as asked:
        asked.goes_on()
        pushed = push_first(first, "broken", run, code=1, Dockerfile=DOCKERFILE)
        asked.goes_on()
    assert "first.test is as it was: " in pushed.stderr
    assert not asked.wrong, asked.wrong
    assert asked.longest < 3, "nobody has waited"
    assert (newest(first.vps), first.get(FIRST, scheme="http"), live_ports(first.vps)) == before
    assert first.plan()["empty"]


def test_one_that_is_slow_to_begin_has_as_long_as_is_said(first: Project) -> None:
    push_first(first, "two", f"{BUSYBOX} sleep 12; {RUN_WELL}", Dockerfile=DOCKERFILE)
    assert first.get(FIRST, scheme="http")[1] == "two\n"


def test_a_rollback_starts_the_one_of_before_beside(first: Project) -> None:
    push_first(first, "two")
    push_first(first, "page")
    with visiting(load(first.vps)) as asked:
        asked.goes_on()
        assert first.deploy("rollback", FIRST).returncode == 0
        asked.goes_on()
    assert not asked.wrong, asked.wrong
    assert first.get(FIRST, scheme="http") == (200, "two\n")
    assert first.plan()["empty"]


def test_who_goes_on_for_longer_than_drain_is_cut_off(first: Project) -> None:
    first.sites[FIRST]["drain"] = "1s"
    assert first.apply().returncode == 0
    slow = download(first.vps)
    push_first(first, "page")
    assert slow.communicate()[0] == "begun"
    del first.sites[FIRST]["drain"]
    assert first.apply().returncode == 0


@pytest.mark.fault("what was started beside the old one dies while that is drained")
def test_the_new_one_dies_while_the_old_one_is_drained(first: Project) -> None:
    """Visitors are back with the old one, and none of them has noticed."""
    vps, ports = first.vps, live_ports(first.vps)
    with visiting(load(vps), sends=False) as asked:
        asked.goes_on()
        slow = download(vps)
        pushed = push_first(first, "page", meanwhile=f"{LED}; docker kill $({OF_FIRST} | head -n 1)", code=1)
        asked.goes_on()
    assert "✗ up: app ended with exit code 137" in pushed.stdout + pushed.stderr
    assert not [each for each in asked.wrong if each[1] != BROKEN_OFF], asked.wrong
    vps.run(ENOUGH)
    assert slow.communicate()[0] == "begun ended"
    assert live_ports(vps) == ports
    assert first.plan()["empty"]


def test_an_interruption_tells_what_becomes_of_the_push(first: Project) -> None:
    """It is given up while it builds, and finished once it goes live."""

    def push_until(moment: str) -> str:
        first.write()
        argv = [*DEPLOY, "push", FIRST, "--yes"]
        push = client(argv, cwd=first.folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        until(first.vps, moment)
        push.send_signal(signal.SIGINT)
        return push.communicate()[1]

    first.commit("shop", {"Dockerfile": DOCKERFILE + RUN.format("sleep 60")})
    assert f"! {FIRST}: {first.vps.address} gives it up, unless" in push_until("pgrep -f '[d]ocker build '")
    until(first.vps, "tail -n 1 /var/log/deploy/push.log | grep 'the caller is gone: given up'")
    first.commit(
        "shop", {"Dockerfile": KNOWN_AT_ONCE, "www/index.html": "page\n", "www/more": f"{next(numbers)}\n"}
    )
    assert f"! {FIRST}: {first.vps.address} goes on with it: it was going live" in push_until(BESIDE)
    until(first.vps, 'tail -n 1 /var/log/deploy/push.log | grep \'"result":"live"\'')


BESIDE_IT, REPLACE = "lib/composition/beside", "lib/composition/replace"
MOMENTS = {
    "before the new one is started": (BESIDE_IT, "    DEPLOY_PORT=$(ports_from"),
    "when the new one runs": (BESIDE_IT, "    for ((number = 0"),
    "when the new one answers": (BESIDE_IT, '    lead_to "$PORT" || fail'),
    "when NGINX's file says so": (BESIDE_IT, "    reload && return"),
    "when visitors are led there": (BESIDE_IT, '    say "  visitors are led'),
    "while the old one is drained": (BESIDE_IT, "        if news; then judge_new; fi\n    done"),
    "when .env says so": (BESIDE_IT, '    remove_at "${old[@]}"'),
    "when the old one has stopped": (BESIDE_IT, '    docker rm --force "$@" >'),
    "when the old one is gone": (BESIDE_IT, "    if [[ -z ${1:-} ]]; then WITHOUT_HOLD=1 bring_up"),
    "when it is remembered": (REPLACE, '    rm -f "$WORK/before" "$IMAGES/interrupted"\n    trap :'),
}
"""Each step of a push that starts first: the script, and the line before which it is cut off."""
AFTER_IT = [*MOMENTS][[*MOMENTS].index("when .env says so") :]
"""Nobody is at the old one any more."""


@contextlib.contextmanager
def cut_off(vps: Machine, moment: str, how: str) -> Iterator[None]:
    """Pushes do that at the moment."""
    part, line = MOMENTS[moment]
    script = vps.root / "usr/local/lib/deploy" / part
    text = script.read_text()
    assert text.count(line) == 1, line
    script.write_text(text.replace(line, f"    {how}\n{line}"))
    try:
        yield
    finally:
        script.write_text(text)


def one_serves(project: Project, page: str) -> None:
    """One version, at the port that the files on the server say, and all is well."""
    vps = project.vps
    (port,) = live_ports(vps)
    led = vps.run("ls /var/lib/deploy/live", check=False).stdout
    said = vps.run(f"grep DEPLOY_PORT /opt/{FIRST}/.env", check=False).stdout
    assert led + said == ("" if port == str(FIRST_PORT) else f"{FIRST}.conf\nDEPLOY_PORT={port}\n")
    assert project.get(FIRST, scheme="http") == (200, f"{page}\n")
    assert project.deploy("status", FIRST).returncode == 0
    assert project.plan()["empty"]


@pytest.mark.in_turns("start first is killed")
@pytest.mark.fault("a push that starts the new one beside the old one is killed at a step")
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_push_is_killed_at_a_step_of_start_first(first: Project, moment: str) -> None:
    """Visitors are served all the time, and the next push leaves one of both, and a plan that is empty."""
    with visiting(load(first.vps)) as asked:
        asked.goes_on()
        slow = download(first.vps)
        with cut_off(first.vps, moment, "kill -KILL $$"):
            push_first(first, "two", code=3, meanwhile=ENDS if moment in AFTER_IT else "true")
        asked.goes_on()
        said = push_first(first, "page", meanwhile=ENDS)
        asked.goes_on()
    assert "was killed: cleaning up after it" in said.stdout + said.stderr
    assert not asked.wrong, asked.wrong
    assert slow.communicate()[0] == "begun ended"
    one_serves(first, "page")


@pytest.mark.in_turns("start first loses its power")
@pytest.mark.fault("the power fails while a new one runs beside the old one")
@pytest.mark.parametrize("moment", ["when NGINX's file says so", "while the old one is drained"])
def test_the_power_fails_while_both_run(first: Project, moment: str) -> None:
    """When the server has started, the one of before serves, alone; the next push goes over."""
    vps = first.vps
    push_first(first, "page")
    first.commit("shop", {"www/index.html": "two\n"})
    visitor = download(vps)

    def pull_the_plug(_: BaseProcess) -> None:
        until(vps, "[ -e /root/now ]")
        assert len(live_ports(vps)) == 2
        vps.restart()

    with cut_off(vps, moment, "[[ -e /root/now ]] || { touch /root/now; sleep 100; }"):
        first.deploy("push", FIRST, "--yes", meanwhile=pull_the_plug)
        until(vps, f"[ ! -e /srv/deploy/{FIRST}/images/interrupted ] && [ ! -e /srv/deploy/{FIRST}/work ]")
    visitor.kill()
    vps.run("rm /root/now")
    one_serves(first, "page")
    push_first(first, "two")
    one_serves(first, "two")


def test_several_of_it_share_its_visitors(first: Project) -> None:
    """They come beside the one, and one of them can end without anybody noticing."""
    vps = first.vps
    first.sites[FIRST]["replicas"] = 2
    with visiting(load(vps), sends=False) as asked:
        asked.goes_on()
        applied = first.apply()
        asked.goes_on()
        assert applied.returncode == 0, applied.stdout + applied.stderr
        assert len(live_ports(vps)) == 2
        assert first.plan()["empty"]
        push_first(first, "two")
        asked.goes_on()
        vps.run(f"docker kill $({OF_FIRST} | head -n 1)")
        asked.goes_on()
    assert not [each for each in asked.wrong if each[1] != BROKEN_OFF], asked.wrong
    assert "app ended with exit code 137" in first.deploy("status").stdout
    assert first.apply().returncode == 0
    assert len(live_ports(vps)) == 2
    assert first.plan()["empty"]


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


KEYED = "keyed.test"


@pytest.fixture
def guarded(vps: Machine, tmp_path: Path) -> Iterator[Guarded]:
    """A user's folder with an application that the server fetches by SSH, and a key ci that may push it."""
    one = Guarded(tmp_path, vps, None, {})
    vps.run("mkdir -p /root/repositories /etc/deploy")
    host_key = (vps.root / "etc/ssh/ssh_host_ed25519_key.pub").read_text()
    (vps.root / "etc/deploy/known_hosts").write_text(f"localhost {host_key}")
    (tmp_path / KEYED).mkdir()
    shutil.copy(vps.root / "bin/busybox", tmp_path / KEYED / "busybox")
    files = {"Dockerfile": DOCKERFILE, "www/index.html": "one\n", "www/release": "echo prepared\n"}
    app = {
        "kind": "app",
        "port": 80,
        "published": 8098,
        "watch": "0",
        "release": f"{BUSYBOX} sh /www/release",
    }
    one.sites[KEYED] = one.host(KEYED, dict(files)) | app
    public = one.new_key("ci").with_name("ci.pub").read_text().strip()
    one.more["keys"] = {"ci": {"public": public, "push": [KEYED]}}
    yield one
    vps.run(f"/{COMPOSE} -p keyed-test down --volumes --timeout 0 2>/dev/null", check=False)


def test_a_restricted_key_and_a_workflow_push_an_application_as_they_push_a_site(guarded: Guarded) -> None:
    """With what its build and its release command say, and the exit code; two at once are one."""

    def push(*words: str, code: int = 0) -> str:
        done = guarded.ssh("push", KEYED, *words)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def page() -> str:
        return guarded.get(KEYED, scheme="http")[1]

    applied = guarded.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    assert f"{KEYED} waits for its first push" in applied.stdout + applied.stderr
    assert "give root@localhost:" in push(code=1)
    waits = guarded.ssh("status")
    assert (waits.returncode, f"! {KEYED}: waits for its first push" in waits.stdout) == (1, True)
    guarded.let_the_server_read(KEYED)
    first = guarded.git(KEYED, "rev-parse", "HEAD")
    said = push()
    assert f'{KEYED} is live: {first[:7]} "Change it" (' in said.splitlines()[-1]
    assert "  prepared" in said.splitlines()

    guarded.publish(KEYED, {"Dockerfile": DOCKERFILE + RUN.format("echo broken on purpose; exit 3")})
    said = push("main", code=1)
    assert "broken on purpose" in said
    assert "exit code: 3" in said
    guarded.publish(KEYED, {"Dockerfile": DOCKERFILE, "www/release": "echo no table >&2; exit 4\n"})
    assert "the release command failed with exit code 4: no table" in push(code=1)
    assert page() == "one\n"
    assert guarded.ssh("status").returncode == 0
    assert "! the last push failed: the release command" in guarded.ssh("status").stdout

    second = guarded.publish(KEYED, {"www/index.html": "two\n", "www/release": "sleep 1\n"})
    with ThreadPoolExecutor() as pool:
        both = [*pool.map(lambda _: push(), range(2))]
    assert sum(f"{KEYED} is live: {second[:7]}" in said for said in both) == 1, both
    assert page() == "two\n"
    push(first)
    assert page() == "one\n"
    assert "is no option for a composition" in push("--as", "preview", code=2)
    assert '"by":"key ci"' in (guarded.vps.root / "var/log/deploy/push.log").read_text()

    secrets = secrets_of(guarded, KEYED)
    write(guarded, site=KEYED)
    guarded.publish(KEYED, {"www/index.html": "by a workflow\n"})
    done = act(guarded, secrets, site=KEYED)
    assert done.returncode == 0, done.stdout + done.stderr
    assert page() == "by a workflow\n"
    guarded.publish(KEYED, {"www/release": "echo no table >&2; exit 4\n"})
    red = act(guarded, secrets, site=KEYED)
    assert red.returncode != 0
    assert "the release command failed with exit code 4" in red.stdout
    assert page() == "by a workflow\n"

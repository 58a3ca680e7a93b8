"""The workflow that `deploy workflow` writes, run by `act`, the engine that Gitea's runner is built on."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from deployer.rehearsal.machine import Machine
from typed import typed
from vps.conftest import PREINSTALLED
from vps.keys.conftest import BUILD, Guarded
from vps.project import DEPLOY
from vps.waiting import client, started, until, until_it_says

ACT = Path(sys.executable).with_name("act")


@pytest.fixture(scope="module")
def vps(throwaway: None) -> Iterator[Machine]:
    with Machine.boot("debian-13", PREINSTALLED) as machine:
        yield machine


@pytest.fixture(scope="module")
def secrets(project: Guarded) -> dict[str, str]:
    return secrets_of(project, "page.test")


def secrets_of(project: Guarded, site: str) -> dict[str, str]:
    """Those of the workflow of a site, whose checkout is known from now on."""
    project.git(site, "remote", "add", "forge", project.sites[site]["repository"])
    return {
        "SSH_HOST": project.vps.address,
        "SSH_KNOWN_HOSTS": f"{project.vps.address} {project.vps.host_key}",
        "SSH_PRIVATE_KEY": (project.folder / "ci").read_text(),
    }


def act(
    project: Guarded, secrets: dict[str, str], event: str = "push", job: str = "", site: str = "page.test"
) -> subprocess.CompletedProcess[str]:
    """Run the workflow of the checkout on this machine, with these secrets."""
    home = project.folder / "home-of-act"
    home.mkdir(exist_ok=True)
    argv = [ACT, event, "-W", ".gitea/workflows", "-P", "ubuntu-latest=-self-hosted", "--no-cache-server"]
    argv += [word for name in secrets for word in ("-s", name)]
    argv += ["-j", job] if job else []
    tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, **secrets, "HOME": str(home), "XDG_CACHE_HOME": str(home), "PATH": tools}
    run = {"cwd": project.folder / site, "env": environment, "capture_output": True, "text": True}
    for _ in range(4):
        done = subprocess.run(argv, **run, check=False, timeout=180)
        if "  | " in done.stdout:
            break  # else act, in its self-hosted mode, has lost what a step said that ended at once
    lines = secrets.get("SSH_PRIVATE_KEY", "").splitlines()
    assert not any(line in done.stdout + done.stderr for line in lines)
    return done


def write(project: Guarded, *options: str, site: str = "page.test") -> None:
    """Write the workflow into the checkout, called from inside it."""
    file = str(project.folder / "sites.yaml")
    done = project.deploy_as_it_is("workflow", site, "-c", file, "--force", *options, folder=site)
    assert done.returncode == 0, done.stderr


def test_a_commit_goes_live_and_a_broken_one_does_not(project: Guarded, secrets: dict[str, str]) -> None:
    write(project)
    project.publish("page.test", {"index.html": "<h1>From the workflow</h1>\n"})
    done = act(project, secrets)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "building page.test" in done.stdout
    assert project.get("page.test", scheme="http") == (200, "<h1>From the workflow</h1>\n")

    project.publish("page.test", {"broken": ""})
    red = act(project, secrets)
    assert red.returncode != 0
    assert "broken on purpose" in red.stdout
    assert project.get("page.test", scheme="http") == (200, "<h1>From the workflow</h1>\n")
    project.publish("page.test", {"broken": None})


def keys_on_disk() -> list[str]:
    """Temporary files of this machine with a private key."""
    found = subprocess.run(
        ["grep", "-rlsI", "OPENSSH PRIVATE KEY", *Path("/tmp").glob("tmp*")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    return found.stdout.splitlines()


@pytest.mark.parametrize("options", [(), ("--tool",)], ids=["ssh", "tool"])
def test_what_is_missing_and_who_is_not_trusted(
    project: Guarded, secrets: dict[str, str], options: tuple[str, ...]
) -> None:
    write(project, *options)
    commit = project.publish("page.test", {"index.html": f"<h1>By {options or 'ssh'}</h1>\n"})
    before = project.get("page.test", scheme="http")
    used = len(project.uses())
    others = keys_on_disk()

    for name in ("SSH_PRIVATE_KEY", "SSH_KNOWN_HOSTS"):
        without = act(project, {key: value for key, value in secrets.items() if key != name})
        assert without.returncode != 0
        assert f"{name} is not set" in without.stdout
        assert "exit status 2" in without.stdout

    other = (project.folder / "home.pub").read_text().strip()
    wrong = act(
        project, secrets | {"SSH_KNOWN_HOSTS": f"{project.vps.address} {' '.join(other.split()[:2])}"}
    )
    assert wrong.returncode != 0
    assert "exit status 3" in wrong.stdout
    nobody = act(project, secrets | {"SSH_KNOWN_HOSTS": f"elsewhere.example.org {project.vps.host_key}"})
    assert "exit status 3" in nobody.stdout
    assert len(project.uses()) == used, "something was sent to a server that is not trusted"
    assert project.get("page.test", scheme="http") == before

    fine = act(project, secrets)
    assert fine.returncode == 0, fine.stdout + fine.stderr
    assert "page.test is live" in fine.stdout
    assert commit[:7] in fine.stdout
    assert project.uses()[-1]["command"] == "push page.test"
    assert set(keys_on_disk()) <= set(others)


def test_a_pull_request_is_built_and_not_pushed(project: Guarded, secrets: dict[str, str]) -> None:
    write(project, "--test-build")
    promised = ("OUTPUT", "SITE", "REVISION", "CACHE")
    told = "".join(f'test -n "$DEPLOY_{name}"\n' for name in promised)
    told += 'set -u; echo >"$DEPLOY_CACHE/kept"; : "$HUGO_CACHEDIR"; echo "builds ${DEPLOY_REVISION:0:7}"\n'
    page = {"index.html": "<h1>Proposed</h1>\n", "build.sh": f"set -e\n{told}{BUILD}"}
    commit = project.publish("page.test", page)
    used = len(project.uses())
    built = act(project, {}, "pull_request")
    assert built.returncode == 0, built.stdout + built.stderr
    assert "building page.test" in built.stdout
    assert f"builds {commit[:7]}" in built.stdout
    assert len(project.uses()) == used

    done = act(project, secrets)
    assert done.returncode == 0, done.stdout + done.stderr
    assert commit[:7] in done.stdout
    project.publish("page.test", {"broken": ""})
    red = act(project, secrets)
    assert red.returncode != 0
    assert "broken on purpose" in red.stdout
    assert len(project.uses()) == used + 1, "the push ran after a build that failed"
    project.publish("page.test", {"broken": None})


@pytest.mark.parametrize("options", [(), ("--tool",)], ids=["ssh", "tool"])
def test_what_the_runner_has_built_is_sent(
    project: Guarded, secrets: dict[str, str], options: tuple[str, ...]
) -> None:
    write(project, "--send", "out/dist", *options)
    page = f"<h1>Built there {options}</h1>\n"
    project.publish("page.test", {"index.html": page, "build.sh": BUILD})
    own = secrets | {"SSH_PRIVATE_KEY": (project.folder / "builder").read_text()}
    done = act(project, own)
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"dist, built elsewhere"' in done.stdout
    assert project.get("page.test", scheme="http") == (200, page)


@pytest.mark.parametrize("options", [(), ("--tool",)], ids=["ssh", "tool"])
def test_a_pull_request_has_a_preview_whose_address_stands_in_the_summary(
    project: Guarded, secrets: dict[str, str], options: tuple[str, ...]
) -> None:
    project.sites["page.test"]["previews"] = {"domain": "preview.page.test"}
    applied = project.apply()
    assert applied.returncode == 0, applied.stdout + applied.stderr
    write(project, *options)
    live = project.get("page.test", scheme="http")
    number = 7 + len(options)
    project.git("page.test", "checkout", "--quiet", "-B", f"proposed-{number}")
    page = project.folder / "page.test/index.html"
    before = page.read_text()
    page.write_text(f"<h1>Proposed {number}</h1>\n")
    page.with_name("_redirects").write_text(f"/old /new-{number}\n")
    with page.with_name("build.sh").open("a") as build:
        build.write('cp _redirects "$DEPLOY_OUTPUT"\n')
    project.git("page.test", "add", "--all")
    project.git("page.test", "commit", "--quiet", "-m", "Propose it")
    project.git("page.test", "push", "--quiet", "--force", "origin", f"proposed-{number}")
    commit = project.git("page.test", "rev-parse", "HEAD")
    text = (project.folder / "page.test/.gitea/workflows/deploy.yml").read_text()
    project.git("page.test", "checkout", "--quiet", "main")
    assert page.read_text() == before

    (step,) = yaml.safe_load(text)["jobs"]["preview"]["steps"]
    summary = project.folder / f"summary-{number}"
    empty = project.folder / "empty"
    empty.mkdir(exist_ok=True)
    given = {"PREVIEW": f"pr-{number}", "REVISION": commit, "GITHUB_STEP_SUMMARY": str(summary)}
    tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    run = {"env": {**os.environ, **secrets, **given, "PATH": tools, "HOME": str(empty)}, "cwd": empty}
    done = subprocess.run(["bash", "-c", step["run"]], **run, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert summary.read_text().startswith(f"Preview: <http://pr-{number}.preview.page.test/> (until 20")
    assert project.uses()[-1]["command"] == f"push page.test {commit} --as pr-{number}"
    seen = project.get(f"pr-{number}.preview.page.test", scheme="http")
    assert seen == (200, f"<h1>Proposed {number}</h1>\n")
    assert project.get(f"pr-{number}.preview.page.test", "/old", scheme="http")[0] == 301
    assert project.get("page.test", scheme="http") == live

    listed = project.deploy("previews", "page.test")
    assert listed.stdout.startswith(f"http://pr-{number}.preview.page.test/  until 20"), listed.stderr
    assert project.apply().returncode == 0
    assert project.get(f"pr-{number}.preview.page.test", scheme="http") == seen, "an apply keeps it"
    mine = project.deploy("push", "page.test", "--as", "mine", "--ref", commit)
    assert mine.returncode == 0, mine.stderr
    assert "Preview" not in mine.stdout
    assert project.get("mine.preview.page.test", scheme="http") == seen
    gone = project.deploy("previews", "page.test", "--remove", f"pr-{number}")
    assert gone.returncode == 0, gone.stderr
    lock = "/srv/deploy/page.test/previews/.lock"
    held = started(project.vps, f"flock {lock} sh -c 'echo held; read x'", stdin=subprocess.PIPE)
    until_it_says(held, "held")
    told = project.interrupted("pgrep -f '[b]in/previews '", "previews", "page.test", "--remove", "mine")
    assert f"! mine of page.test: {project.vps.address} goes on with it. What there is: deploy " in told
    held.stdin.close()
    until(project.vps, "[ ! -e /srv/deploy/page.test/previews/mine ]")
    for name in (f"pr-{number}", "mine"):
        for path in ("/", "/old"):
            assert project.get(f"{name}.preview.page.test", path, scheme="http")[0] == 404
    send_a_preview(project, secrets, options, commit, empty)
    assert project.deploy("push", "page.test", "--as", "last").returncode == 0
    del project.sites["page.test"]["previews"]
    assert project.apply().returncode == 0
    left = "ls -d /srv/deploy/page.test/previews /etc/systemd/system/deploy-previews-*"
    assert project.vps.run(left, check=False).stdout == "", "they go with what makes them go"


def send_a_preview(
    project: Guarded, secrets: dict[str, str], options: tuple[str, ...], commit: str, empty: Path
) -> None:
    """What the runner has built of a pull request becomes its preview, too."""
    write(project, "--send", "out/dist", *options)
    checkout = project.folder / "page.test"
    text = (checkout / ".gitea/workflows/deploy.yml").read_text()
    _, *steps = yaml.safe_load(text)["jobs"]["preview"]["steps"]
    given = {"DEPLOY_PREVIEW": "pr-3", "PREVIEW": "pr-3", "GITHUB_SHA": commit, "RUNNER_TEMP": str(empty)}
    given |= {"SSH_PRIVATE_KEY": (project.folder / "builder").read_text()}
    given |= {"GITHUB_STEP_SUMMARY": str(empty / "summary"), "HOME": str(empty)}
    tools = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, **secrets, **given, "PATH": tools}
    for step in steps:
        argv = ["bash", "-c", step["run"]]
        done = subprocess.run(
            argv, env=environment, cwd=checkout, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert (empty / "summary").read_text().startswith("Preview: <http://pr-3.preview.page.test/> (until 20")
    assert " --as pr-3" in project.uses()[-1]["command"]
    page = (checkout / "index.html").read_text()
    assert project.get("pr-3.preview.page.test", scheme="http") == (200, page)


def test_it_never_replaces_a_file_unasked(project: Guarded, secrets: dict[str, str]) -> None:
    write(project)
    file = project.folder / "page.test/.gitea/workflows/deploy.yml"
    file.write_text("mine")
    call = ("workflow", "page.test", "-c", str(project.folder / "sites.yaml"))
    done = project.deploy_as_it_is(*call, folder="page.test")
    assert done.returncode == 1
    assert "is already there and stays as it is" in done.stderr
    assert file.read_text() == "mine"
    printed = project.deploy_as_it_is(*call)
    assert printed.returncode == 0
    assert printed.stdout.startswith("# Publishes page.test when main is pushed.")
    assert f"SSH_KNOWN_HOSTS  {project.vps.address} ssh-ed25519 " in printed.stderr
    write(project)
    again = project.deploy_as_it_is(*call, folder="page.test")
    assert again.returncode == 0
    assert "is so already" in again.stderr


def push_from(project: Guarded, secrets: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """`deploy push` where there is no sites.yaml."""
    empty = project.folder / "empty"
    empty.mkdir(exist_ok=True)
    return typed(["push", *words], empty, {**os.environ, "HOME": str(empty)} | secrets)


def test_an_interrupted_push_by_a_key_goes_on_and_says_so(project: Guarded, secrets: dict[str, str]) -> None:
    page = "<h1>Nobody waits for it, and it is no smaller</h1>\n"
    commit = project.publish("page.test", {"index.html": page, "build.sh": f"sleep 5\n{BUILD}"})
    empty = project.folder / "empty"
    empty.mkdir(exist_ok=True)
    environment = {**os.environ, "HOME": str(empty)} | secrets
    argv = [*DEPLOY, "push", "page.test"]
    push = client(argv, cwd=empty, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until(project.vps, "pgrep -f '[s]leep 5'")
    push.send_signal(signal.SIGINT)
    _, said = push.communicate(timeout=30)
    assert push.returncode == 130
    assert f"! page.test: {project.vps.address} goes on with it. What is live: deploy status" in said
    until(project.vps, f'tail -n 1 /var/log/deploy/push.log | grep {commit} | grep \'"result":"live"\'')
    assert project.get("page.test", scheme="http") == (200, page)
    project.publish("page.test", {"build.sh": BUILD})


def test_push_without_sites_yaml(project: Guarded, secrets: dict[str, str]) -> None:
    first = project.publish("page.test", {"index.html": "<h1>First of two, and no smaller</h1>\n"})
    second = project.publish("page.test", {"index.html": "<h1>Second, and no smaller</h1>\n"})
    pushed = push_from(project, secrets, "page.test", "--ref", first)
    assert pushed.returncode == 0, pushed.stderr
    assert project.get("page.test", scheme="http") == (200, "<h1>First of two, and no smaller</h1>\n")
    assert project.uses()[-1]["command"] == f"push page.test {first}"

    refused = push_from(project, secrets, "other.test")
    assert refused.returncode == 2
    assert "the key ci may not push that site" in refused.stderr
    forced = push_from(project, secrets, "page.test", "--force")
    assert forced.returncode == 2
    assert "✗ refused: " in forced.stderr
    assert "--force or --rebuild is the reason" in forced.stderr

    own = secrets | {"SSH_USER": "root", "SSH_PRIVATE_KEY": project.vps.key.read_text()}
    used = len(project.uses())
    whole = push_from(project, own, "page.test")
    assert whole.returncode == 0, whole.stderr
    assert "not found" not in whole.stderr
    assert second[:7] in whole.stderr
    assert project.get("page.test", scheme="http") == (200, "<h1>Second, and no smaller</h1>\n")
    assert len(project.uses()) == used
    missing = push_from(project, own, "nowhere.test")
    assert missing.returncode == 1
    assert "nowhere.test is not on " in missing.stderr

    project.publish("page.test", {"broken": ""})
    assert push_from(project, secrets, "page.test").returncode == 1
    project.publish("page.test", {"broken": None})


def test_what_was_built_elsewhere_is_sent_by_a_key_that_may(
    project: Guarded, secrets: dict[str, str]
) -> None:
    public = project.folder / "public"
    public.mkdir()
    (public / "index.html").write_text("<h1>Built here</h1>\n")
    (public / "large.css").write_text("a { color: green }\n" * 9000)
    own = secrets | {"SSH_PRIVATE_KEY": (project.folder / "builder").read_text()}
    refused = push_from(project, secrets, "page.test", "--from", str(public))
    assert refused.returncode == 2
    assert "the key ci may not send that site; it may send: none" in refused.stderr
    assert "may not push that site" in push_from(project, own, "page.test").stderr
    other = push_from(project, own, "other.test", "--from", str(public))
    assert "the key builder may not send that site; it may send: page.test" in other.stderr

    done = push_from(project, own, "page.test", "--from", str(public))
    assert done.returncode == 0, done.stderr
    assert "  public: 2 files, 172 KB; sent are 2, 172 KB" in done.stderr
    assert project.get("page.test", scheme="http") == (200, "<h1>Built here</h1>\n")
    (public / "index.html").write_text("<h1>Built again</h1>\n")
    again = push_from(project, own, "page.test", "--from", str(public))
    assert "  public: 2 files, 172 KB; sent are 1, 1 KB" in again.stderr
    assert project.get("page.test", scheme="http") == (200, "<h1>Built again</h1>\n")
    (public / ".env").write_text("PASSWORD=x")
    secret = push_from(project, own, "page.test", "--from", str(public))
    assert (secret.returncode, "nothing of it is sent" in secret.stderr) == (1, True)
    (public / ".env").unlink()

    # with sites.yaml, from a laptop; and with nothing but tar and ssh
    (public / "index.html").write_text("<h1>From a laptop</h1>\n")
    laptop = project.deploy("push", "page.test", "--from", str(public))
    assert laptop.returncode == 0, laptop.stderr
    assert "sent are 1, 1 KB" in laptop.stderr
    assert project.get("page.test", scheme="http") == (200, "<h1>From a laptop</h1>\n")
    both = project.deploy("push", "page.test", "other.test", "--from", str(public))
    assert (both.returncode, "--from is for one site" in both.stderr) == (2, True)
    (public / "index.html").write_text("<h1>By tar</h1>\n")
    archive = subprocess.run(["tar", "-C", public, "-cz", "."], capture_output=True, check=True).stdout
    plain = project.ssh("push page.test --from public", key="builder", input=archive, text=False)
    assert plain.returncode == 0, plain.stdout
    assert project.get("page.test", scheme="http") == (200, "<h1>By tar</h1>\n")
    cut = project.ssh("push page.test --from public", key="builder", input=archive[:500], text=False)
    assert (cut.returncode, b"push again" in cut.stdout) == (1, True)
    assert project.deploy("rollback", "page.test").returncode == 0
    assert project.get("page.test", scheme="http") == (200, "<h1>From a laptop</h1>\n")
    assert '"public, built elsewhere"' in project.deploy("push", "page.test", "--from", str(public)).stderr
    back = project.deploy("push", "page.test", "--force")  # it is smaller: the tests below push on from there
    assert back.returncode == 0, back.stderr


def test_push_from_the_environment_is_as_strict(project: Guarded, secrets: dict[str, str]) -> None:
    used = len(project.uses())
    other = (project.folder / "home.pub").read_text().split()[1]
    wrong = push_from(
        project, secrets | {"SSH_KNOWN_HOSTS": f"{project.vps.address} ssh-ed25519 {other}"}, "page.test"
    )
    assert wrong.returncode == 3
    assert "shows another host key than expected" in wrong.stderr
    assert "nothing was sent to it" in wrong.stderr
    assert "SSH_KNOWN_HOSTS" in wrong.stderr
    unknown = push_from(
        project, secrets | {"SSH_KNOWN_HOSTS": f"elsewhere.example.org {project.vps.host_key}"}, "page.test"
    )
    assert unknown.returncode == 3
    no_key = push_from(project, secrets | {"SSH_PRIVATE_KEY": "nonsense"}, "page.test")
    assert no_key.returncode == 2
    assert "SSH_PRIVATE_KEY is not a private key" in no_key.stderr
    protected = project.folder / "protected"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "word", "-f", protected], check=True)
    asked = push_from(project, secrets | {"SSH_PRIVATE_KEY": protected.read_text()}, "page.test")
    assert asked.returncode == 2
    assert "SSH_PRIVATE_KEY has a passphrase" in asked.stderr
    stranger = project.new_key("stranger").read_text()
    login = push_from(project, secrets | {"SSH_PRIVATE_KEY": stranger}, "page.test")
    assert login.returncode == 3
    assert "refused the login" in login.stderr
    assert "Was the key revoked?" in login.stderr
    assert "host key" not in login.stderr
    assert len(project.uses()) == used


def test_a_host_key_without_a_port_counts_on_another_port(project: Guarded, secrets: dict[str, str]) -> None:
    """As with plain ssh; but not beside a line that has the port."""
    project.vps.run("systemd-run --quiet --collect --unit=other-port /usr/sbin/sshd -D -p 2222")
    there = secrets | {"SSH_PORT": "2222"}
    try:
        write(project)
        project.publish("page.test", {"index.html": "<h1>Over another port</h1>\n"})
        plain = act(project, there)
        assert plain.returncode == 0, plain.stdout + plain.stderr
        tool = push_from(project, there, "page.test")
        assert tool.returncode == 0, tool.stderr
        other = " ".join((project.folder / "home.pub").read_text().split()[:2])
        both = f"{secrets['SSH_KNOWN_HOSTS']}\n[{project.vps.address}]:2222 {other}"
        assert act(project, there | {"SSH_KNOWN_HOSTS": both}).returncode != 0
        assert push_from(project, there | {"SSH_KNOWN_HOSTS": both}, "page.test").returncode == 3
    finally:
        project.vps.run("systemctl stop other-port")

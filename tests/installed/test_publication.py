"""Sites that are files: what is refused, what is listed, and what a push begins with."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from installed.conftest import Root

PUSH = ("push", "rollback")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "DOMAIN is missing"),
        (("../etc",), "'../etc' is not the name of a site"),
        (("a.test", "b.test"), "what is b.test? one name at a time"),
        (("a.test", "--by"), "--by wants a value"),
        (("a.test", "--sideways"), "unknown option --sideways"),
    ],
)
@pytest.mark.parametrize("program", PUSH)
def test_a_call_that_nobody_understands_changes_nothing(
    root: Root, program: str, arguments: tuple[str, ...], why: str
) -> None:
    root.site("a.test")
    assert root.run(program, *arguments, code=2).splitlines()[0] == f"✗ {why}"
    assert list(root.path("/srv/deploy/x").parent.iterdir()) == []


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--ref", "-rf", "'-rf' is no branch, tag or commit"),
        ("--ref", "a b", "'a b' is no branch, tag or commit"),
        ("--pack", "HEAD", "'HEAD' is no commit"),
    ],
)
def test_a_push_takes_no_revision_that_could_be_something_else(
    root: Root, option: str, value: str, why: str
) -> None:
    root.site("a.test")
    assert f"✗ {why}" in root.run("push", "a.test", option, value, code=2)


def test_what_has_no_repository_is_sent(root: Root) -> None:
    root.site("a.test", SENT="1")
    said = root.run("push", "a.test", code=2).splitlines()[0]
    advice = "deploy push a.test --from FOLDER publishes what was built elsewhere"
    assert said == f"✗ a.test has no repository: {advice}"


def test_releases_are_listed_newest_first_with_what_is_live(root: Root) -> None:
    root.site("a.test")
    for number, subject in ((1, "One"), (2, 'Two "quoted"')):
        release = f"2026112{number}-100000-abcdef{number}"
        root.path(f"/srv/deploy/a.test/releases/{release}/index.html").write_text(subject)
        values = {
            "revision": f"abcdef{number}",
            "subject": subject,
            "by": "ada",
            "time": str(number),
            "pages": "1",
        }
        root.write(
            f"/srv/deploy/a.test/releases/{release}.info",
            "".join(f"{key}={text}\n" for key, text in values.items()),
        )
    root.path("/var/www/a.test").symlink_to(root.path("/srv/deploy/a.test/releases/20261122-100000-abcdef2"))
    lines = root.run("releases", "a.test").splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["*", "20261122-100000-abcdef2"],
        ["20261121-100000-abcdef1", "1970-01-01"],
    ]
    two, one = json.loads(root.run("releases", "a.test", "--json"))
    assert (two["live"], two["subject"], two["time"]) == (True, 'Two "quoted"', "1970-01-01T00:00:02Z")
    assert (one["live"], one["pages"], one["bytes"]) == (False, 1, None)


def test_the_commits_that_are_there_are_told_once_each(root: Root) -> None:
    root.site("a.test")
    assert root.run("have", "a.test") == ""
    bare = root.path("/srv/deploy/a.test/repository.git")
    git = ["git", "-C", bare, "-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    subprocess.run(["git", "init", "--quiet", "--bare", bare], check=True)
    tree = subprocess.run([*git, "mktree"], input=b"", capture_output=True, check=True).stdout.strip()
    commit = subprocess.run(
        [*git, "commit-tree", "-m", "x", tree], capture_output=True, check=True
    ).stdout.strip()
    for name in ("one", "two"):
        subprocess.run([*git, "update-ref", f"refs/deploy/{name}", commit], check=True)
    assert root.run("have", "a.test") == f"{commit.decode()}\n"


def test_a_key_is_made_once_and_its_private_half_is_for_root_alone(root: Root) -> None:
    root.site("a.test")
    public = root.run("key", "a.test")
    assert public.startswith("ssh-ed25519 ")
    assert root.run("key", "a.test") == public
    (private,) = [
        path for path in root.folder.rglob("*") if path.is_file() and b"PRIVATE KEY" in path.read_bytes()
    ]
    assert private.stat().st_mode & 0o77 == 0
    assert private.read_text() not in public


def test_where_only_texts_are_new_the_cache_of_images_is_not_looked_through(
    root: Root, tmp_path: Path
) -> None:
    site, cache, out = (tmp_path / name for name in ("site", "cache", "out"))
    for folder in (site, cache / "webp-82", out, tmp_path / "programs"):
        folder.mkdir(parents=True)
    (site / "page.html").write_text("text " * 200)
    (tmp_path / "list").write_text(f"gz-9\t{'a' * 64}\t1000\tpage.html\n")
    counted = tmp_path / "programs/find"
    counted.write_text(f'#!/bin/bash\necho "$1" >>{tmp_path}/passes\nexec /usr/bin/find "$@"\n')
    counted.chmod(0o755)
    path = f"{counted.parent}:{os.environ['PATH']}"
    root.run("compress", str(site), str(tmp_path / "list"), str(cache), str(out), "82", PATH=path)
    assert [file.name for file in out.iterdir()] == ["page.html.gz"]
    assert str(cache) not in (tmp_path / "passes").read_text().splitlines()

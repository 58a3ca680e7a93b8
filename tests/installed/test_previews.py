"""Previews of a site on the server: which names they can have, and what becomes of them."""

import json
import os
import time

import pytest

from installed.conftest import Root

VALUES = {"PREVIEWS": "preview.a.test", "PREVIEW_USER": "p", "MOST_PREVIEWS": "2", "KEEP_PREVIEWS": "3600"}
RELEASE = "20261121-100000-abcdef1"


def add(root: Root, name: str, age: int = 0) -> None:
    place = f"/srv/deploy/a.test/previews/{name}"
    root.write(f"{place}/releases/{RELEASE}/index.html", name)
    root.write(f"{place}/releases/{RELEASE}.info", "revision=abcdef123\nsubject=Menu\nby=ada\n")
    root.path(f"{place}/live").symlink_to(root.path(f"{place}/releases/{RELEASE}"))
    root.write(f"{place}/pushed", "")
    os.utime(root.path(f"{place}/pushed"), (time.time() - age, time.time() - age))


@pytest.mark.parametrize("program", ["push --as", "previews --remove"])
@pytest.mark.parametrize(
    "name", ["a.b", "..", "../x", "Menu", "-a", "a-", "a_b", "x" * 64, "$(id)", "a b", "ä", "a\nb"]
)
def test_what_is_no_part_of_an_address_is_no_preview(root: Root, program: str, name: str) -> None:
    root.site("a.test", **VALUES)
    call, option = program.split()
    assert "a preview's name is a part of its address" in root.run(call, "a.test", option, name, code=2)
    assert not root.path("/srv/deploy/a.test").exists()


def test_a_site_without_previews_says_how_it_gets_them(root: Root) -> None:
    root.site("a.test")
    for call in (("push", "a.test", "--as", "new"), ("previews", "a.test")):
        assert "write previews: {domain: preview.a.test} into sites.yaml" in root.run(*call, code=2)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/etc/deploy/sites/new.preview.a.test.conf", "KIND=static\n"),
        ("/etc/nginx/conf.d/b.test.conf", "server {\n    server_name b.test new.preview.a.test;\n}\n"),
        ("/etc/nginx/sites-enabled/mine", "server { listen 80; server_name new.preview.a.test; }"),
        ("/etc/nginx/conf.d/b.conf", "server { server_name new.preview.a.test; }\n" + "# more\n" * 50_000),
    ],
)
def test_a_name_that_is_another_sites_is_refused(root: Root, path: str, text: str) -> None:
    root.site("a.test", **VALUES)
    root.write(path, text)
    said = root.run("push", "a.test", "--as", "new", code=2)
    assert "new.preview.a.test is the address of another site: take another name" in said


def test_a_preview_is_built_once_more_by_nobody(root: Root) -> None:
    root.site("a.test", **VALUES)
    assert "--rebuild is of the live revision" in root.run(
        "push", "a.test", "--as", "new", "--rebuild", code=2
    )


def test_an_address_that_is_too_long_is_told(root: Root) -> None:
    root.site("a.test", **VALUES | {"PREVIEWS": "a." * 90 + "test"})
    assert "is too long for an address here" in root.run("push", "a.test", "--as", "x" * 63, code=2)


def test_one_is_called_as_it_likes(root: Root) -> None:
    root.site("a.test", **VALUES)
    for name in ("lock", "live", "rules", "work"):
        add(root, name)
        assert root.run("previews", "a.test", "--remove", name) == f"{name}.preview.a.test is gone\n"


def test_they_are_listed_the_last_pushed_first_and_go_when_their_time_is_over(root: Root) -> None:
    root.site("a.test", **VALUES)
    assert root.run("previews", "a.test") == "a.test has no preview\n"
    assert root.run("previews", "a.test", "--expired") == ""
    add(root, "old", 3601)
    add(root, "new", 10)
    first, second = root.run("previews", "a.test").splitlines()
    assert first.startswith("http://new.preview.a.test/  until 20")
    assert first.endswith(" ada  Menu")
    assert second.startswith("http://old.preview.a.test/  until 20")
    listed = json.loads(root.run("previews", "a.test", "--json"))
    assert [(each["preview"], each["revision"], each["by"]) for each in listed] == [
        ("new", "abcdef123", "ada"),
        ("old", "abcdef123", "ada"),
    ]
    assert root.run("previews", "a.test", "--expired") == "old.preview.a.test is gone: its time was over\n"
    assert not root.path("/srv/deploy/a.test/previews/old").exists()
    assert root.run("previews", "a.test", "--remove", "new") == "new.preview.a.test is gone\n"
    assert (
        root.run("previews", "a.test", "--remove", "new") == "a.test has no preview new: nothing to remove\n"
    )
    actions = [json.loads(line) for line in root.path("/var/log/deploy/push.log").read_text().splitlines()]
    assert [(each["site"], each["action"]) for each in actions] == [
        ("old.preview.a.test", "remove-preview"),
        ("new.preview.a.test", "remove-preview"),
    ]

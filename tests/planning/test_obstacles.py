"""Servers that are not what they could be: what is held back, and in which words."""

from dataclasses import replace

import pytest

from deployer.config.model import Config
from deployer.errors import DeployError
from deployer.files import File, pack
from deployer.parts.undo import MADE_BY, own_version
from deployer.planning.comparing import make_plan
from deployer.planning.desired import desired_files
from deployer.planning.obstacles import require_no_newer
from deployer.report.changes import plan_lines
from deployer.seen import manifest
from deployer.seen.observation import read_observation
from planning.test_plan import ACME, BLOG, OTHER, READY, SHARED, WANTED, seen

RUBBISH = bytes(range(256)) * 3


VALUES = "/etc/deploy/sites/rogs.me.conf"


def test_a_folder_where_a_site_s_file_should_be_holds_up_that_site_alone() -> None:
    files = {**WANTED.files, VALUES: File(b"values\n")}
    wanted = replace(WANTED, files=files, site_of={**WANTED.site_of, VALUES: "rogs.me"})
    plan = make_plan(wanted, replace(seen({}), folders=frozenset({VALUES, "/srv"})), ACME)
    assert plan.held == {
        "rogs.me": f"{VALUES} on the server is a folder, and has to be a file. "
        f"Move it away there (empty: rmdir {VALUES})"
    }
    assert not plan.obstacles
    assert {change.path for change in plan.changes} == {OTHER, SHARED}


@pytest.mark.parametrize("path", [SHARED, BLOG])
def test_a_folder_where_a_file_of_all_should_be_is_mended_first(path: str) -> None:
    plan = make_plan(WANTED, replace(seen({}), folders=frozenset({path})), ACME)
    (told,) = plan.obstacles
    assert f"✗ {told}." in list(plan_lines(plan, "vps"))
    assert told.startswith(f"{path} on the server is a folder")


@pytest.mark.parametrize(
    "content",
    [
        RUBBISH,
        manifest.write({BLOG: File(b"blog\n").digest}).content + RUBBISH,
        b"\0" * 4096,
        b"/etc/passwd\n" * 3,
        b"\n\n",
    ],
)
def test_rubbish_in_the_manifest_is_told_and_written_anew(content: bytes) -> None:
    facts = b"os debian\nrelease 13\npackage nginx\npackage git\nunit nginx.service active enabled\n"
    files = {"facts": File(facts), manifest.PATH: File(content, mode=0o600), **WANTED.files}
    found = read_observation(pack(files))
    assert found.written in ({}, {BLOG: File(b"blog\n").digest})
    plan = make_plan(WANTED, found, ACME)
    told = "\n".join(plan_lines(plan, "vps"))
    assert "of /var/lib/deploy/manifest" in told
    assert "damaged: files that only stood there count as made by hand" in told
    assert plan.manifest
    assert manifest.read(plan.manifest.after.content).keys() == WANTED.files.keys()
    assert not plan.changes, "files that are as they should be stay"


def test_an_empty_manifest_is_not_damaged() -> None:
    for digests in ({}, {"/opt/bücher/ä.conf": "0" * 64}):
        content = manifest.write(digests).content
        assert (manifest.read(content), manifest.damaged(content)) == (digests, 0)


@pytest.mark.parametrize(
    ("theirs", "refused"),
    [("0.9.9", False), ("0.10.0", False), ("0.10.1", True), ("1.0", True), ("\0", False)],
)
def test_an_older_deploy_leaves_alone_what_a_newer_one_has_made(theirs: str, refused: bool) -> None:
    server = seen({MADE_BY: File(f"{theirs}\n".encode())}, READY)
    if not refused:
        require_no_newer(server, "vps", "0.10.0")
        return
    with pytest.raises(DeployError, match=f"vps was made by deploy {theirs}, and this is 0.10.0") as caught:
        require_no_newer(server, "vps", "0.10.0")
    assert "pipx upgrade" in caught.value.advice


def test_the_deploy_that_knew_no_bin_leaves_a_server_alone_that_has_one() -> None:
    server = seen({MADE_BY: File(f"{own_version()}\n".encode())}, READY)
    with pytest.raises(DeployError, match=r"and this is 0\.1\.0"):
        require_no_newer(server, "vps", "0.1.0")


def test_a_site_behind_which_nothing_listens_is_told_and_no_change() -> None:
    lines = "# proxy_pass http://127.0.0.1:9003;\nlocation /api { proxy_pass http://127.0.0.1:9002/; }"
    sites = {
        "api.test": {"kind": "proxy", "port": 9001, "https": False},
        "chat.test": {"kind": "ntfy", "port": 2586, "https": False},
        "door.test": {"kind": "proxy", "port": 2586, "https": False},
        "page.test": {"kind": "redirect", "to": "https://api.test", "https": False, "nginx": lines},
    }
    wanted = desired_files(Config.model_validate({"sites": sites}), READY)

    def told(*listening: int, scope: list[str] | None = None) -> list[str]:
        there = seen(wanted.files, replace(READY, listening=frozenset(listening)))
        plan = make_plan(wanted, there, ACME, scope)
        assert all(f"! {each}" in list(plan_lines(plan, "vps")) for each in plan.pressing)
        assert not plan.changes
        return list(plan.pressing)

    api, page = (
        f"{site}: nothing listens on 127.0.0.1:{port}, visitors get an error"
        for site, port in (("api.test", 9001), ("page.test", 9002))
    )
    assert told(22, 80) == [api, page]
    assert told(22, 80, scope=["api.test"]) == [api]
    assert told(9001, 9002) == []
    assert told() == [], "where it is not known"

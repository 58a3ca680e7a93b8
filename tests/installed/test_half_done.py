"""What was cut off has its end before anything else counts."""

import pytest

from installed.conftest import Root

GITEA = "/etc/deploy/gitea/git.test.conf"


def test_the_guard_of_gitea_tells_of_an_upgrade_that_was_cut_off_and_changes_nothing(root: Root) -> None:
    root.write(GITEA, "FOLDER=/opt/git.test PROGRAM=gitea ENGINE=sqlite DATA=/opt/git.test/data PORT=9\n")
    assert root.run("gitea-guard", "git.test", "--tell") == ""
    root.write("/opt/git.test/upgrade/from", "gitea-1.25.0-0123456789ab\n")
    assert root.run("gitea-guard", "git.test", "--tell") == "an upgrade of git.test was cut off\n"
    assert root.path("/opt/git.test/upgrade/from").exists()


def test_a_restore_switches_back_first_what_a_killed_push_has_made_live(root: Root) -> None:
    root.site("php.test", KIND="php", PROBE="/", PHP_USER="nobody")
    root.write("/etc/deploy/backup/php.test", "KIND=folder\nRUNNER=systemd\n", 0o755)
    releases = root.path("/srv/deploy/php.test/releases/old").parent
    for name in ("old", "new"):
        (releases / name).mkdir(parents=True)
        root.write(f"/srv/deploy/php.test/releases/{name}.info", "subject=one\n")
    root.path("/var/www/php.test").symlink_to(releases / "new")
    root.write("/srv/deploy/php.test/work/switching", f"new\n{releases / 'old'}\n\n")
    said = root.run("restore", "php.test", "--forget")
    assert "what it made live is not served: switched back" in said
    assert root.path("/var/www/php.test").readlink() == releases / "old"
    assert not root.path("/srv/deploy/php.test/work").exists()


@pytest.mark.parametrize(("left", "stays"), [("before", "old"), ("accepted", "new")])
def test_a_restore_leaves_a_stack_the_definition_that_a_killed_push_had_accepted_and_no_other(
    root: Root, left: str, stays: str
) -> None:
    folder, place = "/opt/stack.test", "/srv/deploy/stack.test"
    root.service("stack.test", STACK="1")
    root.write(f"{folder}/docker-compose.yml", "new\n")
    root.write(f"{place}/images/former", "old\n")
    root.write(f"{place}/work/{left}", "")
    root.run("restore", "stack.test", "--forget")
    assert root.path(f"{folder}/docker-compose.yml").read_text() == f"{stays}\n"
    assert not root.path(f"{place}/images/former").exists()
    assert root.path(f"{place}/images/interrupted").exists() == (left == "before")

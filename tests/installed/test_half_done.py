"""What was cut off has its end before anything else counts."""

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

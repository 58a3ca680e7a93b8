"""What runs when a server starts, and what undoes: below a root, nothing of this machine is touched."""

from installed.conftest import Root


def test_a_change_that_nobody_has_proved_good_is_undone(root: Root) -> None:
    root.write("/etc/ssh/sshd_config.d/00-deploy.conf", "Port 2222\n")
    root.write("/etc/new.conf", "new\n")
    root.write("/var/lib/deploy/guard/paths", "/etc/ssh/sshd_config.d/00-deploy.conf\n/etc/new.conf\n")
    root.write("/var/lib/deploy/guard/before/etc/ssh/sshd_config.d/00-deploy.conf", "Port 22\n")
    root.write("/var/lib/deploy/guard/back", f"echo reloaded >{root.folder}/said\n")
    root.run("undo")
    assert root.path("/etc/ssh/sshd_config.d/00-deploy.conf").read_text() == "Port 22\n"
    assert not root.path("/etc/new.conf").exists()
    assert root.path("/said").read_text() == "reloaded\n"
    assert not root.path("/var/lib/deploy/guard").exists()
    assert root.run("undo") == ""


def test_an_apply_that_was_cut_off_is_undone_only_when_the_server_starts(root: Root) -> None:
    root.write("/etc/nginx/conf.d/a.test.conf", "new\n")
    root.write("/var/lib/deploy/transaction/paths", "/etc/nginx/conf.d/a.test.conf\n/srv/made/b\n")
    root.write("/var/lib/deploy/transaction/before/etc/nginx/conf.d/a.test.conf", "old\n")
    root.write("/var/lib/deploy/transaction/folders", "/srv/made\n")
    root.path("/srv/made/b").write_text("")
    root.run("undo")
    assert root.path("/etc/nginx/conf.d/a.test.conf").read_text() == "new\n"
    assert "an apply was interrupted: 2 files are put back" in root.run("undo", "--at-start")
    assert root.path("/etc/nginx/conf.d/a.test.conf").read_text() == "old\n"
    assert not (root.folder / "srv/made").exists()
    assert not root.path("/var/lib/deploy/transaction").exists()


def test_where_nothing_was_cut_off_nothing_comes_up(root: Root) -> None:
    assert root.run("resume") == ""


def test_a_swap_file_of_the_right_size_stays(root: Root) -> None:
    root.write("/etc/deploy/swap", "SIZE=5\n")
    root.write("/var/swapfile", "stays")
    assert root.run("swapfile") == ""
    assert root.path("/var/swapfile").read_text() == "stays"

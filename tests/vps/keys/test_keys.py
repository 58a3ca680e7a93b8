"""What a restricted key can do with nothing but an SSH client, and what it cannot."""

from vps.keys.conftest import Guarded


def test_a_key_pushes_its_site_and_the_output_and_the_exit_code_come_back(project: Guarded) -> None:
    commit = project.publish("page.test", {"index.html": "<h1>Two</h1>\n"})
    done = project.ssh("push", "page.test")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "  building page.test" in done.stdout.splitlines()
    assert "page.test is live: " in done.stdout
    assert project.get("page.test", scheme="http") == (200, "<h1>Two</h1>\n")

    project.publish("page.test", {"broken": ""})
    failed = project.ssh("push page.test main")
    assert failed.returncode == 1
    assert "  broken on purpose" in failed.stdout.splitlines()
    assert project.get("page.test", scheme="http") == (200, "<h1>Two</h1>\n")
    project.publish("page.test", {"broken": None})

    again = project.ssh("push", "page.test", commit)
    assert again.returncode == 0
    assert "nothing to push" in again.stdout
    used = [(use["key"], use["command"], use["result"]) for use in project.uses()[-3:]]
    assert used == [
        ("ci", "push page.test", "accepted"),
        ("ci", "push page.test main", "accepted"),
        ("ci", f"push page.test {commit}", "accepted"),
    ]
    assert '"by":"key ci"' in (project.vps.root / "var/log/deploy/push.log").read_text()

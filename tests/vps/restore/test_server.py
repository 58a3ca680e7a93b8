"""The server's own restore, fed with archives made by hand: what was backed up is back, byte for byte."""

from vps.restore.byhand import Archive, fill, restore, state


def folder(vps, name: str, *paths: str) -> Archive:
    (vps.root / "etc/deploy/backup" / name).write_text("#!/bin/bash\n")
    return Archive(name, paths, begin={"kind": "folder"})


def test_a_folder_with_everything_that_a_file_system_can_have(vps):
    fill(vps, "/srv/photos")
    archive = (
        folder(vps, "photos", "/srv/photos", "/srv/single").make(vps)
        if vps.run("echo 1 >/srv/single")
        else ""
    )
    before = state(vps, "/srv/photos", "/srv/single")
    vps.run("cd /srv/photos; rm -r deep; echo changed >random; echo 2 >/srv/single; echo more >more")
    damaged = state(vps, "/srv/photos", "/srv/single")
    output = restore(vps, "photos", archive)
    assert state(vps, "/srv/photos", "/srv/single") == before
    assert "photos is restored to 2026-11-20T23:00:00Z" in output
    aside = [line.split()[-1] for line in output.splitlines() if "what was there before is" in line]
    assert [path.partition(".before")[0] for path in aside] == ["/srv/photos", "/srv/single"]
    vps.run(
        "mkdir /root/look; cd /root/look; mkdir srv; cp -a "
        + aside[0]
        + " srv/photos; cp -a "
        + aside[1]
        + " srv/single"
    )
    vps.run("cd /srv; mv photos p; mv single s; mv /root/look/srv/photos /root/look/srv/single .")
    assert state(vps, "/srv/photos", "/srv/single") == damaged
    vps.run("/usr/local/lib/deploy/restore photos --forget")
    assert vps.run("ls -d /srv/*before* /srv/*restor*", check=False).stdout == ""

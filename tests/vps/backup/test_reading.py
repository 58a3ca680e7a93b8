"""What the server makes is what the home server can read to its end."""

import subprocess

from deployer.archives import parse
from deployer.home.reading import read
from vps.restore.byhand import fill


def test_the_home_server_reads_what_the_server_made(vps, folder, key, monkeypatch):
    vps.run("mkdir -p /srv/read/every; cd /srv/read; truncate -s 2G sparse; echo end >>sparse")
    fill(vps, "/srv/read/every")
    made = folder("read", "/srv/read")
    made.run()
    (file,) = made.archives()
    archive = parse(f"read/{file}")
    assert archive is not None
    monkeypatch.setenv("GNUPGHOME", str(key.home))
    found = read(made.folder / file, archive)
    argv = f"gpg --batch -q --homedir {key.home} -d {made.folder / file} | zstd -dq | tar -t | wc -l"
    listed = subprocess.run(["bash", "-o", "pipefail", "-c", argv], capture_output=True, check=False)
    assert listed.returncode == 0, listed.stderr
    assert found.members == int(listed.stdout) - 1
    assert found.bytes < 10_000_000, "what is sparse is not read as gigabytes of nothing"

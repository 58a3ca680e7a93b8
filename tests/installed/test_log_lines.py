"""What is in the logs, and in what programs tell others, is JSON, whatever is in it."""

import json
import os
import subprocess
from pathlib import Path

import pytest

import deployer

INSTALLED = Path(deployer.__file__).parent / "server/installed"
ODD = 'a "quoted" \\word\\,\nand\ta line\x01'
PLAIN = 'a "quoted" \\word\\, and a line '


def run(root: Path, script: str, **values: str) -> subprocess.CompletedProcess[str]:
    argv = ["bash", "-c", f"set -Eeuo pipefail; shopt -s extglob; {script}"]
    env = {"PATH": os.environ["PATH"], "DEPLOY_ROOT": str(root), "INSTALLED": str(INSTALLED), **values}
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, env=env, check=False)


def test_a_push_is_a_line_that_programs_and_grep_read(tmp_path: Path) -> None:
    (tmp_path / "var/log").mkdir(parents=True)
    said = run(
        tmp_path,
        'source "$INSTALLED/lib/common/site"; source "$INSTALLED/lib/common/log"; DOMAIN=www.example.org; '
        "REVISION=3f2a REVISION=3f2a RELEASE=one; step build; done_step; step 'stop units'; done_step; "
        'ERROR="$ODD"; log push failed; ERROR=""; log push refused',
        BY="ada",
        ODD=ODD,
    )
    assert said.returncode == 0, said.stderr
    text = (tmp_path / "var/log/deploy/push.log").read_text()
    first, second = (json.loads(line) for line in text.splitlines())
    order = ["time", "site", "action", "by", "revision", "release", "result", "seconds", "total", "error"]
    assert list(first) == order
    assert (first["error"], first["result"], "error" in second) == (PLAIN, "failed", False)
    assert list(first["seconds"]) == ["build", "stop units"]
    assert '"site":"www.example.org","action":"push"' in text
    assert (tmp_path / "var/log/deploy").stat().st_mode & 0o777 == 0o750


def test_who_made_a_service_live_is_told_without_jq(tmp_path: Path) -> None:
    """Of a time before that was kept; status asks servers that have none yet."""
    live = tmp_path / "srv/deploy/app/images/live"
    live.parent.mkdir(parents=True)
    live.write_text(f"time=1700000000\nby={ODD.replace(chr(10), ' ')}\n")
    said = run(tmp_path, 'source "$INSTALLED/lib/common/record"; PATH=; made_live app compose ""')
    assert json.loads(said.stdout) == {"time": "2023-11-14T22:13:20Z", "by": PLAIN, "revision": ""}


def test_without_jq_a_push_says_so_and_goes_on(tmp_path: Path) -> None:
    for name in ("bash", "install", "rm"):
        (tmp_path / name).symlink_to(f"/bin/{name}")
    script = 'source "$INSTALLED/lib/common/site"; PATH=$ONLY; source "$INSTALLED/lib/common/log"; '
    said = run(tmp_path, script + "DOMAIN=a BY=b; log push unchanged; echo on", ONLY=str(tmp_path))
    assert said.returncode == 0
    assert said.stdout.splitlines()[-1] == "on"
    assert "apt-get install jq" in said.stdout


@pytest.mark.parametrize(
    ("answer", "newest", "refused"),
    [
        ('{"Descriptor":{"mediaType":"x","digest":"sha256:0a"},"Platforms":[]}', "sha256:0a", ""),
        ('{"message":"no \\"such\\" image: line\\\\n"}', "", 'no "such" image: line\\n'),
        ("", "", ""),
        ("<html>502</html>", "", ""),
    ],
)
def test_the_answer_of_a_registry_is_read(tmp_path: Path, answer: str, newest: str, refused: str) -> None:
    said = run(
        tmp_path,
        'source "$INSTALLED/lib/composition/registry"; repository_of() { :; }; '
        'ask_registry() { printf %s "$ANSWER" >"$2"; }; WORK=$DEPLOY_ROOT; ask_registries image:1; '
        'printf "%s|%s" "${NEWEST[image:1]}" "${REFUSED[image:1]}"',
        ANSWER=answer,
    )
    assert (said.returncode, said.stdout) == (0, f"{newest}|{refused}"), said.stderr


def test_a_password_for_a_registry_is_in_the_header_and_in_no_argument(tmp_path: Path) -> None:
    auths = {"auths": {"ghcr.io": {"auth": "YWRhOnA6YSJzcw=="}, "other": {"auth": ""}, "helper": {}}}
    (tmp_path / "config.json").write_text(json.dumps(auths, indent=1))
    for registry, header in (("ghcr.io", True), ("other", False), ("helper", False), ("docker.io", False)):
        said = run(
            tmp_path,
            'source "$INSTALLED/lib/composition/registry"; credentials',
            REGISTRY=registry,
            DOCKER_CONFIG=str(tmp_path),
        )
        assert said.returncode == 0, said.stderr
        assert bool(said.stdout) == header
        if header:
            line = said.stdout.removeprefix('header = "X-Registry-Auth: ').removesuffix('"\n')
            decoded = subprocess.run(
                ["bash", "-c", "tr -- -_ +/ | base64 -d"],
                input=line,
                capture_output=True,
                text=True,
                check=True,
            )
            assert json.loads(decoded.stdout) == {"username": "ada", "password": 'p:a"ss'}


def test_the_beginning_of_an_archive_says_what_is_in_it_and_shows_no_command(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    (tmp_path / "jq").write_text(f'#!/bin/bash\nprintf "%s\\n" "$@" >>{seen}\nexec /usr/bin/jq "$@"\n')
    (tmp_path / "jq").chmod(0o755)
    said = run(
        tmp_path,
        'source "$INSTALLED/lib/backup/stream"; ROOTS=(/opt/shop/data "/srv/a b" /volumes/db); '
        "declare -A VOLUME_PLACES=([shop_db]=/volumes/db) NAMED_AS=([/opt/shop/data]=/opt/linked); "
        "NAME=shop KIND=compose PROJECT=shop DUMP='dump -pSECRET' FOLDER=/opt/shop SERVICE=db; "
        "LOAD='load -pSECRET' CONSISTENCY=live; begin_json",
        PATH=f"{tmp_path}:/usr/bin:/bin",
    )
    begun = json.loads(said.stdout)
    del begun["time"], begun["host"]
    assert begun == {
        "name": "shop",
        "kind": "compose",
        "format": 1,
        "project": "shop",
        "paths": ["/opt/linked", "/srv/a b"],
        "volumes": {"shop_db": "/volumes/db"},
        "dump": True,
        "folder": "/opt/shop",
        "load": "load -pSECRET",
        "service": "db",
        "consistency": "live",
    }
    assert "SECRET" not in seen.read_text()

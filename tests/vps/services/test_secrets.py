"""Secrets in .env files: whatever is in them, containers get it, and nobody else does."""

import base64
import hashlib
import itertools
import json
import stat

import pytest

from chance import chance
from vps.services.test_faults import PLACES, die
from vps.waiting import until

SECRETS = "/usr/local/lib/deploy/lib/composition/secrets"
AWKWARD = [
    "",
    "plain",
    " spaces around ",
    "a # no comment",
    "#first",
    "it's",
    "''",
    "'",
    '"',
    '"quoted"',
    "\\",
    "ends with \\",
    "\\'",
    "'\\",
    "\\\\n",
    "$HOME ${HOME} $$ \\$x",
    "'$HOME'",
    "`id` $(id)",
    "a=b;c|d&e<f>",
    "tab\tand\rreturn",
    "\r",
    "ünïcödé ✓ 🎉",
    "".join(map(chr, [*range(1, 10), *range(11, 128)])),
    "%s%d\\0\\x41\\u0041",
    "export A=b",
    # a key in PEM has lines, and one that looks like a variable
    "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIKq+/x\nA=\n-----END PRIVATE KEY-----\n",
    "two\nlines",
    "\n",
    'it\'s\r\n"windows"\r\n\\n$HOME\n',
]


def lines(path: str, values: dict[str, str]) -> str:
    encoded = {name: base64.b64encode(value.encode()).decode() for name, value in values.items()}
    return "".join(f"{path}\t{name}\tvalue\t{text}\n" for name, text in encoded.items())


def write(vps, text: str) -> None:
    script = f"source {SECRETS}; write_secrets"
    done = vps.run(f"bash -c '{script}'", input=text)
    assert not done.stdout
    assert not done.stderr


def digests(vps, path: str) -> dict[str, str]:
    found = vps.run(f"bash -c 'source {SECRETS}; secret_digests {path}'").stdout
    return {line.split()[2]: line.split()[3] for line in found.splitlines()}


def sha256(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()


def test_every_value_arrives_in_the_container(new_composition):
    app = new_composition()
    letters = "'\"\\$ #{}nrt0\t"
    # each is read once for each other: few of them, and long
    mixed = ["".join(chance.choices(letters, k=chance.randrange(1, 20))) for _ in range(40)]
    values = {f"V{number}": value for number, value in enumerate([*AWKWARD, *mixed])}
    env = f"/opt/{app.name}/.env"
    app.write(
        reader={
            "image": f"{app.repository}:1",
            "command": ["sh", "-c", "cat /proc/self/environ | base64; echo END"],
            "environment": {f"I{name}": f"${{{name}}}" for name in values},
            "env_file": [".env"],
        }
    )
    write(app.vps, lines(env, values))
    assert digests(app.vps, env) == {name: sha256(value) for name, value in values.items()}
    config = json.loads(
        app.vps.run(f"cd /opt/{app.name} && docker compose config --format json").stdout.replace("$$", "$")
    )
    configured = config["services"]["reader"]["environment"]
    for name, value in values.items():
        assert configured[f"I{name}"].replace("$$", "$") == value.replace("$$", "$"), repr(value)
    app.push()
    said = f"docker logs {app.project}-reader-1"
    until(app.vps, f"{said} | grep -qx END")
    logs = app.vps.run(said).stdout.removesuffix("END\n")
    environment = dict(
        item.split("=", 1) for item in base64.b64decode(logs).decode().split("\0") if "=" in item
    )
    for name, value in values.items():
        assert environment[f"I{name}"] == value
        assert environment[name] == value
    some = next(name for name, value in values.items() if value == "it's")
    assert app.script("secret", some) == "it's\n"
    assert "has no secret NOPE" in app.script("secret", "NOPE", code=1)


def test_generated_once_and_hand_made_lines_stay(new_composition):
    app = new_composition()
    app.directory.mkdir(exist_ok=True)
    env = app.directory / ".env"
    env.write_text("# by hand\nOTHER=x y\nexport TOKEN=old\n\nGIVEN='old'")
    path = f"/opt/{app.name}/.env"
    text = f"{path}\tKEY\tgenerate\t40\n{path}\tTOKEN\tgenerate\t20\n" + lines(path, {"GIVEN": "new"})
    write(app.vps, text)
    assert stat.S_IMODE(env.stat().st_mode) == 0o600
    written = env.read_text().splitlines()
    assert written[:5] == ["# by hand", "OTHER=x y", "export TOKEN=old", "", "GIVEN='new'"]
    assert len(written[5]) == len("KEY=''") + 40
    write(app.vps, text)
    assert env.read_text().splitlines() == written
    assert digests(app.vps, path)["OTHER"] == sha256("x y")


def test_lines_that_a_person_has_quoted_together_stay_together(new_composition):
    app = new_composition()
    app.directory.mkdir(exist_ok=True)
    env = app.directory / ".env"
    pem = "-----BEGIN KEY-----\nTOKEN=\n# no comment\n-----END KEY-----"
    env.write_text(f"KEY='{pem}'\nOTHER=\"a \\\" b\nTOKEN=inside\"\nTOKEN=old\nBROKEN='no end\nLAST=last\n")
    path = f"/opt/{app.name}/.env"
    found = digests(app.vps, path)
    assert found["KEY"] == sha256(pem)
    assert found["OTHER"] == sha256('a " b\nTOKEN=inside')
    assert (found["TOKEN"], found["LAST"]) == (sha256("old"), sha256("last"))
    before = env.read_text()
    write(app.vps, f"{path}\tKEY\tgenerate\t40\n" + lines(path, {"TOKEN": "new"}))
    assert env.read_text() == before.replace("TOKEN=old", "TOKEN='new'")
    write(app.vps, lines(path, {"KEY": "short", "OTHER": "other"}))
    assert env.read_text() == "KEY='short'\nOTHER='other'\nTOKEN='new'\nBROKEN='no end\nLAST=last\n"


def test_nobody_else_reads_what_a_push_has(new_composition):
    """A killed push shows what was there at that moment: at each, the same must hold."""
    app = new_composition()
    write(app.vps, lines(f"/opt/{app.name}/.env", {"TOKEN": "hush-hush"}))
    ports = [f"127.0.0.1:{app.port}:80"]
    app.write(app={"image": f"{app.repository}:1", "ports": ports, "environment": {"X": "${TOKEN}"}})
    readable = (
        "setpriv --reuid=nobody --regid=nogroup --clear-groups"
        f" find /srv/deploy/{app.name} /opt/{app.name}/.env /var/log/deploy /dev/shm -type f -readable 2>/dev/null || :"
    )
    for place in PLACES:
        die(app, place)
        assert app.vps.run(readable).stdout == "", place
        assert "hush-hush" not in app.vps.run(f"grep -rs hush /srv/deploy/{app.name} || :").stdout, place


def test_no_word_has_a_value_in_it(new_composition):
    app = new_composition()
    values = {
        "TOKEN": "hush hush",
        "QUOTED": 'say "hush"',
        "PEM": "-----BEGIN\nhush-in-a-line\n-----END",
        "TAG": "1",
    }
    write(app.vps, lines(f"/opt/{app.name}/.env", values))
    app.write(
        app={"image": f"{app.repository}:1", "ports": ["${TOKEN}:80"]},
        other={"image": f"{app.repository}:1", "ports": ["${QUOTED}:80"]},
    )
    told = app.push(code=1)
    assert "***" in told
    assert "hush" not in told
    app.write(
        app={
            "image": f"{app.repository}:${{TAG}}",
            "environment": {"TOKEN": "${TOKEN}", "PEM": "${PEM}"},
            "command": ["sh", "-c", 'echo "my token is $$TOKEN" "$$PEM"; exit 3'],
        }
    )
    told = app.push(code=1)
    assert "  app | my token is ***" in told
    assert "hush" not in told
    assert "hush" not in (app.vps.root / "var/log/deploy/push.log").read_text()
    assert app.vps.run("stat -c %a /var/log/deploy").stdout == "750\n"


def test_no_value_is_ever_an_argument(new_composition):
    app = new_composition()
    path = f"/opt/{app.name}/.env"
    values = {f"V{number}": f"hush{number}" for number in range(12)}
    watch = "while :; do cat /proc/[0-9]*/cmdline; done 2>/dev/null | tr '\\0' '\\n'"
    watch += " | grep -ao --line-buffered h[u]sh[a-z0-9]* > /root/seen"
    app.vps.run(f"systemd-run --unit=watch bash -c {json.dumps(watch)}")
    try:
        write(app.vps, lines(path, values))
        digests(app.vps, path)
        app.script("secret", "V7")
        seen = app.vps.root / "root/seen"
        # what the watcher has seen before it sees this one, it has written down before, however slow it is
        last = "until grep -qs hushlast /root/seen; do sleep 0.1; done"
        app.vps.run(f"bash -c 'exec -a hushlast sleep 60' & {last}; kill $!")
        assert set(seen.read_text().split()) == {"hushlast"}
    finally:
        app.vps.run("systemctl stop watch")


@pytest.mark.fault("the disk is full when secrets are written")
def test_a_full_disk_leaves_the_old_file(new_composition):
    app = new_composition()
    path = f"/opt/{app.name}/.env"
    app.vps.mount_small(f"/opt/{app.name}", megabytes=1)
    try:
        write(app.vps, lines(path, {"A": "kept"}))
        app.vps.run(f"cat /dev/zero > /opt/{app.name}/fill", check=False)
        script = f"bash -c 'source {SECRETS}; write_secrets'"
        done = app.vps.run(script, check=False, input=lines(path, {"A": "x" * 9000}))
        assert done.returncode != 0
        assert app.vps.run(f"cat {path}").stdout == "A='kept'\n"
    finally:
        app.vps.run(f"umount /opt/{app.name}")


def test_what_is_no_line_of_ours_is_refused(new_composition):
    app = new_composition()
    path = f"/opt/{app.name}/.env"
    for line in (
        "/etc/passwd\tA\tvalue\tYQ==",
        f"{path}\tA B\tvalue\tYQ==",
        f"{path}\tA\tvalue\t*",
        f"{path}\tA\tmake\t9",
        f"{path}\tA\tgenerate\tx",
    ):
        done = app.vps.run(f"bash -c 'source {SECRETS}; write_secrets'", check=False, input=f"{line}\n")
        assert done.returncode != 0, line
    assert not (app.directory / ".env").exists()
    assert list(itertools.islice(app.directory.glob(".env*"), 1)) == []

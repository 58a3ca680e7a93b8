"""A Gitea that somebody has set up by the usual tutorial is taken over: with its data, and with its secrets."""

import json
import secrets
import subprocess

import pytest

from vps.gitea.conftest import DATABASE, LARGE, REAL, UNIT, WELL, Forge
from vps.waiting import until

pytestmark = [pytest.mark.takes_turns("module"), pytest.mark.in_turns("kinds", of="modules")]
PASSWORD = "correct horse battery"
KEPT: dict[str, str] = {}
"""What was given by the one of before: an access token, and the secret of a second factor."""
INSIDE = {key: secrets.token_urlsafe(32) for key in ("SECRET_KEY", "INTERNAL", "LFS", "JWT")}
BASES = {
    "mariadb": "DB_TYPE = mysql\nHOST = 127.0.0.1:3306\nNAME = giteadb\nUSER = gitea\nPASSWD = `gitea`",
    "sqlite": "DB_TYPE = sqlite3\nPATH = /var/lib/gitea/data/gitea.db",
}
BASE = BASES.get(DATABASE, BASES["sqlite"])
INI = f"""APP_NAME = Gitea: Git with a cup of tea
RUN_USER = git
RUN_MODE = prod
WORK_PATH = /var/lib/gitea

[database]
{BASE}

[repository]
ROOT = /var/lib/gitea/data/gitea-repositories

[server]
SSH_DOMAIN = git.test
DOMAIN = git.test
HTTP_PORT = 3000
HTTP_ADDR = 127.0.0.1
ROOT_URL = https://git.test/
APP_DATA_PATH = /var/lib/gitea/data
LFS_START_SERVER = true
LFS_JWT_SECRET = {INSIDE["LFS"]}
OFFLINE_MODE = true

[lfs]
PATH = /var/lib/gitea/data/lfs

[security]
INSTALL_LOCK = true
SECRET_KEY = {INSIDE["SECRET_KEY"]}
INTERNAL_TOKEN = {INSIDE["INTERNAL"]}

[oauth2]
JWT_SECRET = {INSIDE["JWT"]}
"""
SERVICE = """[Unit]
Description=Gitea (Git with a cup of tea)
After=network.target
[Service]
RestartSec=2s
Type=simple
User=git
Group=git
WorkingDirectory=/var/lib/gitea/
ExecStart=/usr/local/bin/gitea web --config /etc/gitea/app.ini
Restart=always
Environment=USER=git HOME=/home/git GITEA_WORK_DIR=/var/lib/gitea
[Install]
WantedBy=multi-user.target
"""
BY_HAND = """
adduser --system --shell /bin/bash --group --disabled-password --home /home/git git
install -d -o git -g git -m 750 /var/lib/gitea /var/lib/gitea/custom /var/lib/gitea/data /var/lib/gitea/log
install -d -o root -g git -m 750 /etc/gitea
install -m 755 /srv/downloads/old /usr/local/bin/gitea
chown root:git /etc/gitea/app.ini && chmod 640 /etc/gitea/app.ini
"""
MARIADB = """
DEBIAN_FRONTEND=noninteractive apt-get install -qq mariadb-server >/dev/null
mariadb -e "CREATE DATABASE giteadb CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
    CREATE USER gitea@localhost IDENTIFIED BY 'gitea'; GRANT ALL ON giteadb.* TO gitea@localhost"
"""
TOKEN = "runuser -u git -- /usr/local/bin/gitea --config /etc/gitea/app.ini admin user"
OF_BEFORE = """
import base64, hashlib, http.cookiejar, json, re, sys, urllib.parse, urllib.request
sys.path.insert(0, "/srv/downloads")
from passcode import passcode
HERE = "http://127.0.0.1:3000"
PASSWORD, TWO_FACTORS, CONTENT = sys.argv[1], sys.argv[2] == "True", open("/srv/downloads/large", "rb").read()
POLICY = http.cookiejar.DefaultCookiePolicy(secure_protocols=("http", "https"))
browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar(POLICY)))

def ask(path, content, **more):
    basic = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    asked = urllib.request.Request(HERE + path, content, {"Authorization": f"Basic {basic}"} | more.pop("headers"), **more)
    return urllib.request.urlopen(asked).read()

def send(path, **values):
    page = browser.open(HERE + path).read().decode()
    hidden = re.search('name="_csrf" value="([^"]*)"', page)
    values |= {"_csrf": hidden[1]} if hidden else {}
    browser.open(HERE + path, urllib.parse.urlencode(values).encode())

oid = hashlib.sha256(CONTENT).hexdigest()
kind = "application/vnd.git-lfs+json"
wanted = json.dumps({"operation": "upload", "objects": [{"oid": oid, "size": len(CONTENT)}]}).encode()
batch = ask("/ada/one.git/info/lfs/objects/batch", wanted, headers={"Accept": kind, "Content-Type": kind})
href = json.loads(batch)["objects"][0]["actions"]["upload"]["href"]
ask(urllib.parse.urlsplit(href).path, CONTENT, method="PUT", headers={"Content-Type": "application/octet-stream"})
if TWO_FACTORS:
    send("/user/login", user_name="eve", password=PASSWORD)
    page = browser.open(HERE + "/user/settings/security/two_factor/enroll").read().decode()
    secret = re.search(r"\\b[A-Z2-7]{32,}\\b", re.sub("<[^>]*>|src=.[^>]*", " ", page))[0]
    send("/user/settings/security/two_factor/enroll", passcode=passcode(secret))
    print(secret)
"""
PASSCODE = """import base64, hashlib, hmac, struct, time

def passcode(secret):
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    place = digest[-1] & 15
    return f"{(int.from_bytes(digest[place : place + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"
"""


@pytest.fixture(scope="module")
def by_hand(forge: Forge) -> Forge:
    """As the tutorial ends, with a user, a repository and an issue."""
    vps = forge.vps
    (vps.root / "etc/gitea").mkdir()
    (vps.root / "etc/gitea/app.ini").write_text(INI)
    (vps.root / "etc/systemd/system/gitea.service").write_text(SERVICE)
    vps.run((MARIADB if "mysql" in BASE else "") + BY_HAND + "systemctl enable --quiet --now gitea")
    until(vps, WELL)
    vps.run(f"cd / && {TOKEN} create --username ada --email ada@git.test --admin --password '{PASSWORD}'")
    ask = f"curl -sf -u 'ada:{PASSWORD}' -H 'Content-Type: application/json' http://127.0.0.1:3000/api/v1"
    vps.run(f"""{ask}/user/repos -d '{{"name": "one"}}'""")
    vps.run(f"""{ask}/repos/ada/one/issues -d '{{"title": "Of before"}}'""")
    given = "--username ada --token-name before --scopes all --raw"
    KEPT["token"] = vps.run(f"cd / && {TOKEN} generate-access-token {given}").stdout.split()[-1]
    vps.run(
        f"cd / && {TOKEN} create --username eve --email eve@git.test --password '{PASSWORD}' --must-change-password=false"
    )
    (vps.root / "srv/downloads/large").write_bytes(LARGE)
    (vps.root / "srv/downloads/passcode.py").write_text(PASSCODE)
    KEPT["secret"] = vps.run(f"python3 - '{PASSWORD}' {REAL}", input=OF_BEFORE).stdout.strip()
    forge.wants("old", "1.25.0")
    forge.site["database"] = "mariadb" if "mysql" in BASE else "sqlite"
    return forge


def runs(forge: Forge) -> list[str]:
    return forge.vps.run(f"systemctl is-active gitea {UNIT}", check=False).stdout.split()


def test_what_is_there_is_said_and_left_alone(by_hand: Forge) -> None:
    by_hand.site["database"] = "postgres"
    said = by_hand.deploy("plan", code=4)
    assert "gitea.service runs with /etc/gitea/app.ini" in said
    assert "`takes_over: /etc/gitea/app.ini`, `data: /var/lib/gitea/data`" in said
    assert f"`database: {'mariadb' if 'mysql' in BASE else 'sqlite'}`" in said
    by_hand.site["database"] = "mariadb" if "mysql" in BASE else "sqlite"
    assert "runs a gitea that was set up by hand" in by_hand.deploy("apply", "--yes", code=1)
    assert runs(by_hand)[0] == "active"
    by_hand.site.update(takes_over="/etc/gitea/app.ini", data="/var/lib/gitea/elsewhere")
    assert "data is /var/lib/gitea/data" in by_hand.deploy("apply", "--yes", code=1)
    assert runs(by_hand)[0] == "active"


@pytest.mark.fault("a Gitea of before does not get well when it is taken over")
def test_it_runs_as_it_did_when_it_does_not_get_well(by_hand: Forge) -> None:
    by_hand.site.update(data="/var/lib/gitea/data", repositories="/var/lib/gitea/data/gitea-repositories")
    by_hand.wants("broken", "1.25.0")
    said = by_hand.deploy("apply", "--yes", code=1)
    assert "gitea.service runs again, as it did" in said
    by_hand.vps.run(WELL)
    assert runs(by_hand)[0] == "active"


def test_it_goes_on_with_all_that_it_had(by_hand: Forge) -> None:
    by_hand.wants("old", "1.25.0")
    plan = by_hand.deploy("plan", code=4)
    assert "it is taken over with its data where it is" in plan
    said = by_hand.deploy("apply", "--yes")
    assert runs(by_hand) == ["inactive", "active"]
    assert by_hand.vps.run("systemctl is-enabled gitea", check=False).stdout == "disabled\n"
    by_hand.login = f"ada:{PASSWORD}"
    assert [each["title"] for each in by_hand.api("GET", "repos/ada/one/issues")] == ["Of before"]
    assert by_hand.large("download", LARGE, "ada/one") == LARGE
    ask = ("curl", "-sk", "--fail-with-body", "--resolve", f"git.test:443:{by_hand.vps.address}")
    token = ("-H", f"Authorization: token {KEPT['token']}")
    done = subprocess.run([*ask, *token, "https://git.test/api/v1/user"], capture_output=True, text=True)
    assert json.loads(done.stdout)["login"] == "ada", done
    if REAL:  # what its SECRET_KEY has encrypted can be read
        code = by_hand.vps.run(
            f"cd /srv/downloads && python3 -c \"import passcode; print(passcode.passcode('{KEPT['secret']}'))\""
        )
        eve = ("-u", f"eve:{PASSWORD}", "https://git.test/api/v1/user")
        assert subprocess.run([*ask, *eve], capture_output=True).returncode == 22
        done = subprocess.run(
            [*ask, "-H", f"X-Gitea-OTP: {code.stdout.strip()}", *eve], capture_output=True, text=True
        )
        assert json.loads(done.stdout)["login"] == "eve", done
    kept = by_hand.vps.run(
        "cd /opt/git.test/secrets; for each in SECRET_KEY INTERNAL_TOKEN LFS_JWT_SECRET JWT_SECRET; do cat $each; echo; done"
    )
    assert kept.stdout.split() == [*INSIDE.values()]
    ini = by_hand.vps.run("cat /etc/deploy/gitea/git.test.ini").stdout
    assert [each for each in INSIDE.values() if each in ini + plan + said] == []
    again = by_hand.deploy("plan")
    assert "Nothing to change" in again
    assert "gitea.service" not in again


def test_its_upgrade_has_all(by_hand: Forge) -> None:
    by_hand.wants("new", "1.26.0")
    by_hand.deploy("apply", "--yes")
    assert by_hand.runs().startswith("gitea-1.26.0-")
    assert [each["title"] for each in by_hand.api("GET", "repos/ada/one/issues")] == ["Of before"]

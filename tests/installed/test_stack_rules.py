"""What of a compose file from a repository is refused on the server, and what is made of the rest."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from installed.conftest import INSTALLED

FOLDER, OPT = "/run/stack", "/opt/shop.test"
TREE = {
    "page.html": ("100644", "blob", "a" * 40),
    "run.sh": ("100755", "blob", "b" * 40),
    "conf": ("040000", "tree", "c" * 40),
    "conf/web.ini": ("100644", "blob", "d" * 40),
    "data": ("040000", "tree", "e" * 40),
    "data/.gitkeep": ("100644", "blob", "f" * 40),
    "link": ("120000", "blob", "0" * 40),
    "module": ("160000", "commit", "1" * 40),
    "evil\nname": ("100644", "blob", "2" * 40),
}
NONCE = "0123456789abcdef"


def by_program(program: str, stack: dict[str, Any], values: dict[str, str], lists: dict[str, Any]) -> Any:
    """The answer of one of the judgements."""
    argv = ["jq", "-L", INSTALLED / "lib/stack", "--from-file", INSTALLED / f"lib/stack/{program}.jq"]
    for name, value in values.items():
        argv += ["--arg", name, value]
    for name, value in lists.items():
        argv += ["--argjson", name, json.dumps(value)]
    done = subprocess.run(argv, input=json.dumps(stack), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def judged(
    stack: dict[str, Any], mounted: str = "", publish: Any = (), own: Any = (), laid: Any = (), **more: str
) -> dict[str, Any]:
    """The answer of the rules to what Docker Compose has made of a file."""
    tree = {path: {"mode": mode, "type": kind, "oid": oid} for path, (mode, kind, oid) in TREE.items()}
    values = {"folder": FOLDER, "directory": OPT, "project": "shop-test", "port": "8080", "nonce": NONCE}
    values |= {"log_limit": "", "mounted": mounted, "start_first": ""} | more
    lists = {"tree": [tree], "publish": [*publish], "names": ["WORD"], "about": {"subject": "It costs $5"}}
    lists |= {"own": [*own], "laid": [*laid], "public": ["222"]}
    return by_program("rules", stack, values, lists)


def stack(service: dict[str, Any] | None = None, **top: Any) -> dict[str, Any]:
    """A stack whose one service has this, too."""
    port = {"mode": "ingress", "target": 80, "published": "8080", "protocol": "tcp"}
    web = {"image": "nginx:1", "command": None, "entrypoint": None, "ports": [port]} | (service or {})
    networks = {"default": {"name": "shop-test_default", "ipam": {}}}
    return {"name": "shop-test", "services": {"web": web}, "networks": networks} | top


def bind(source: str, **more: Any) -> dict[str, Any]:
    """A service that mounts this."""
    return {"volumes": [{"type": "bind", "source": source, "target": "/x", "bind": {}} | more]}


REFUSED = [
    ({"privileged": True}, "its service web has privileged"),
    ({"network_mode": "host"}, "has network_mode: host"),
    ({"network_mode": "container:other"}, "has network_mode: container:other"),
    ({"network_mode": "bridge"}, "has network_mode: bridge"),
    ({"pid": "host"}, "has pid or ipc: host"),
    ({"ipc": "container:other"}, "has pid or ipc: container:other"),
    ({"uts": "host"}, "has uts"),
    ({"userns_mode": "host"}, "has userns_mode"),
    ({"cgroup": "host"}, "has cgroup"),
    ({"cgroup_parent": "/"}, "has cgroup_parent"),
    ({"cap_add": ["SYS_ADMIN"]}, "has the capability SYS_ADMIN"),
    ({"cap_add": ["cap_sys_ptrace", "chown"]}, "has the capability SYS_PTRACE"),
    ({"cap_add": ["ALL"]}, "has the capability ALL"),
    ({"security_opt": ["seccomp=unconfined"]}, "has security_opt seccomp=unconfined"),
    ({"security_opt": ["no-new-privileges:true", "apparmor:unconfined"]}, "has security_opt apparmor"),
    ({"devices": [{"source": "/dev/sda", "target": "/dev/sda"}]}, "has devices"),
    ({"device_cgroup_rules": ["a *:* rwm"]}, "has device_cgroup_rules"),
    ({"gpus": "all"}, "has gpus"),
    ({"runtime": "other"}, "has runtime"),
    ({"use_api_socket": True}, "has use_api_socket"),
    ({"provider": {"type": "sh", "options": {}}}, "has provider"),
    ({"post_start": [{"command": ["id"], "privileged": True}]}, "has post_start"),
    ({"volumes_from": ["container:other"]}, "has volumes_from"),
    ({"external_links": ["other"]}, "has external_links"),
    ({"credential_spec": {"file": "/etc/shadow"}}, "has credential_spec"),
    ({"env_file": ["/etc/shadow"]}, "has env_file"),
    ({"extends": {"file": "/etc/x"}}, "has extends"),
    ({"oom_score_adj": -1000}, "has oom_score_adj"),
    ({"sysctls": {"kernel.core_pattern": "|/x"}}, "sets kernel.core_pattern"),
    ({"ulimits": {"nice": 40}}, "has the ulimit nice"),
    ({"labels": {"com.docker.compose.project": "other"}}, "sets the label com.docker.compose.project"),
    ({"logging": {"driver": "syslog"}}, "logs to syslog"),
    ({"pull_policy": "never"}, "has pull_policy: never"),
    ({"deploy": {"resources": {"reservations": {"devices": [{}]}}}}, "wants devices"),
    ({"scale": 100}, "has 100 containers"),
    ({"stop_grace_period": "100h0m0s"}, "takes 100h0m0s to stop"),
    ({"deploy": {"replicas": 1000}}, "has 1000 containers"),
    ({"build": {"context": FOLDER, "network": "host"}}, "has network in build:"),
    ({"build": {"context": FOLDER, "privileged": True}}, "has privileged in build:"),
    (
        {"build": {"context": FOLDER, "additional_contexts": {"a": "/etc"}}},
        "has additional_contexts in build:",
    ),
    ({"build": {"context": FOLDER, "dockerfile_inline": "FROM x"}}, "has dockerfile_inline in build:"),
    ({"build": {"context": "/etc"}}, "is built of /etc, which is no folder of the repository"),
    ({"build": {"context": f"{FOLDER}/page.html"}}, "is built of /run/stack/page.html, which is no folder"),
    ({"build": {"context": "https://git.example.org/a.git"}}, "is built of https://git.example.org/a.git"),
    ({"build": {"context": FOLDER}}, "has no file Dockerfile in the repository that says how it is built"),
    (
        {"build": {"context": FOLDER, "dockerfile": "../../etc/x"}},
        "has no file ../../etc/x in the repository",
    ),
    ({"build": {"context": FOLDER, "dockerfile": "link"}}, "has no file link in the repository"),
    (
        {"build": {"context": FOLDER, "dockerfile": "run.sh", "args": {"A": f"x deploy~{NONCE}~WORD~"}}},
        "has the build argument A, whose secret would be in its image",
    ),
    ({"build": {"context": FOLDER, "dockerfile": "run.sh", "args": {"A": "a\nb"}}}, "has A=a?b in build:"),
    (
        {"build": {"context": FOLDER, "dockerfile": "run.sh", "args": {"BUILDKIT_SYNTAX": "example/reader"}}},
        "has the build argument BUILDKIT_SYNTAX, which tells Docker's builder what to do",
    ),
    ({"image": None}, "has no image of a plain name"),
    ({"image": "docker.io/library/other.test@sha256:ab"}, "which another site has built"),
    ({"image": "other.test:live"}, "has the image other.test:live, which another site has built"),
    ({"image": "-x y"}, "has no image of a plain name"),
    ({"networks": {"default": {"driver_opts": {"a": "b"}}}}, "has driver_opts in default"),
    ({"environment": {"<<": None}}, "it has a key <<"),
    ({"unheard_of": 1}, "its service web has unheard_of"),
    (bind("/"), "mounts / of the server"),
    (bind("/etc"), "mounts /etc of the server"),
    (bind("/var/run/docker.sock"), "mounts /var/run/docker.sock of the server"),
    (bind("/opt/other.test/data"), "mounts /opt/other.test/data of the server"),
    (bind("/run/stack2/x"), "mounts /run/stack2/x of the server"),
    (bind(FOLDER), "mounts all of its folder"),
    (bind(f"{FOLDER}/.env"), "mounts .env: that is no name for a folder of data"),
    (bind(f"{FOLDER}/docker-compose.yml"), "mounts docker-compose.yml: that is no name"),
    (bind(f"{FOLDER}/compose.override.yaml"), "mounts compose.override.yaml: that is no name"),
    (bind(f"{FOLDER}/repository/x"), "mounts repository/x: that is no name"),
    (bind(f"{FOLDER}/../etc"), "mounts ../etc, which is no plain path"),
    (bind(f"{FOLDER}/a/../../etc"), "which is no plain path"),
    (bind(f"{FOLDER}/$$HOME"), "which is no plain path"),
    (bind(f"{FOLDER}/data/deploy~{NONCE}~WORD~/up"), "mounts data/${WORD}/up: a secret is no part of a path"),
    (bind(f"{FOLDER}/evil\nname"), "which is no plain path"),
    (bind(f"{FOLDER}/link", read_only=True), "mounts link, which is a link"),
    (
        bind(f"{FOLDER}/module"),
        "mounts module, which is in a submodule, and those of a stack are not fetched",
    ),
    (bind(f"{FOLDER}/module/conf"), "mounts module/conf, which is in a submodule"),
    ({"build": {"context": f"{FOLDER}/module/web"}}, "which is in a submodule"),
    ({"volumes": [{"type": "npipe", "source": "x", "target": "/x"}]}, "mounts x, as npipe"),
    ({"volumes": [{"type": "image", "source": "other", "target": "/x"}]}, "mounts other, as image"),
    (
        {"ports": []},
        'no service has port 8080, where NGINX finds it (sites.yaml: publish: {8080: "SERVICE:PORT"})',
    ),
]
REFUSED_ABOVE = [
    ({"volumes": {"a": {"name": "other_data", "external": True}}}, "its volume a is external"),
    ({"volumes": {"a": {"name": "other_data"}}}, "its volume a has a name of its own, other_data"),
    ({"volumes": {"a": {"name": "shop-test_a", "driver": "nfs"}}}, "its volume a has the driver nfs"),
    (
        {
            "volumes": {
                "a": {"name": "shop-test_a", "driver_opts": {"device": "/", "o": "bind", "type": "none"}}
            }
        },
        "its volume a has driver_opts",
    ),
    ({"networks": {"a": {"name": "other_default", "external": True}}}, "its network a is external"),
    (
        {"volumes": {"a": {"name": "shop-test_a", "labels": {"com.docker.compose.project": "other"}}}},
        "its volume a has the label com.docker.compose.project",
    ),
    ({"networks": {"a": {"name": "host"}}}, "its network a has a name of its own, host"),
    (
        {"networks": {"a": {"name": "shop-test_a", "driver": "macvlan"}}},
        "its network a has the driver macvlan",
    ),
    (
        {"networks": {"a": {"name": "shop-test_a", "ipam": {"config": [{"subnet": "1.1.1.0/24"}]}}}},
        "its network a has ipam",
    ),
    (
        {"configs": {"a": {"name": "a", "file": "/etc/shadow"}}},
        "its config a is /etc/shadow, which is not in",
    ),
    ({"configs": {"a": {"file": f"{FOLDER}/link"}}}, "its config a is link, which is a link"),
    ({"configs": {"a": {"file": f"{FOLDER}/module/a"}}}, "its config a is in a submodule"),
    (
        {"secrets": {"a": {"file": f"{FOLDER}/none.txt"}}},
        "its secret a is /run/stack/none.txt, which is not in",
    ),
    (
        {"secrets": {"a": {"environment": "HOME"}}},
        "its secret a wants the variable HOME, which sites.yaml has not",
    ),
    ({"secrets": {"a": {"name": "a", "external": True}}}, "its secret a has external"),
    ({"include": ["https://example.org/x"]}, "it has include"),
    ({"models": {}}, "it has models"),
    ({"services": {}}, "it has no service"),
]


@pytest.mark.parametrize(("service", "why"), REFUSED)
def test_what_a_service_may_not_have(service: dict[str, Any], why: str) -> None:
    assert why in "\n".join(judged(stack(service))["problems"])


@pytest.mark.parametrize(("top", "why"), REFUSED_ABOVE)
def test_what_no_stack_may_have(top: dict[str, Any], why: str) -> None:
    assert why in "\n".join(judged(stack(**top))["problems"])


@pytest.mark.parametrize(
    ("source", "mounted"),
    [("data/db", "data"), ("data", "data/db"), ("data/db/a", "data\nother")],
)
def test_no_folder_is_in_what_a_container_writes_or_wrote(source: str, mounted: str) -> None:
    """It could have made a link there, which Docker would follow on the server."""
    found = judged(stack(bind(f"{FOLDER}/{source}")), mounted=mounted)["problems"]
    assert any(f"it mounts {source}, and" in each for each in found)
    both = bind(f"{FOLDER}/up")["volumes"] + bind(f"{FOLDER}/up/down", target="/y")["volumes"]
    assert len(judged(stack({"volumes": both}))["problems"]) == 2


def test_what_is_taken_runs_as_it_is_but_for_ports_and_mounts() -> None:
    token = f"deploy~{NONCE}~WORD~"
    web = {
        "image": "nginx:1",
        "entrypoint": [],
        "environment": {"URL": f"x://a:{token}@db", "PLAIN": "$$HOME"},
        "container_name": "shop",
        "depends_on": {"db": {"condition": "service_started"}},
        "networks": {"default": None},
        "profiles": ["extra"],
        "x-own": 1,
        "ports": [
            {"mode": "ingress", "target": 80, "published": "8080", "protocol": "tcp", "host_ip": "0.0.0.0"},
            {"mode": "host", "target": 22, "published": "2222", "protocol": "tcp"},
            {"mode": "host", "target": 22, "published": "222", "protocol": "tcp"},
            {"mode": "ingress", "target": 22, "published": "222", "protocol": "udp"},
        ],
        "volumes": [
            {
                "type": "bind",
                "source": f"{FOLDER}/page.html",
                "target": "/page",
                "bind": {"propagation": "shared"},
            },
            {"type": "bind", "source": f"{FOLDER}/conf", "target": "/conf", "read_only": True},
            {"type": "bind", "source": f"{FOLDER}/data", "target": "/data"},
            {"type": "bind", "source": "/etc/localtime", "target": "/etc/localtime"},
            {"type": "volume", "source": "kept", "target": "/kept", "volume": {"subpath": "../x"}},
        ],
    }
    top = {
        "volumes": {"kept": {"name": "shop-test_kept"}},
        "configs": {"run": {"name": "shop-test_run", "file": f"{FOLDER}/run.sh"}},
        "secrets": {"word": {"name": "shop-test_word", "environment": "WORD"}},
        "x-all": {},
    }
    found = judged(stack(web, **top), log_limit="10m")
    assert found["problems"] == []
    left_out = (
        "left out (in sites.yaml, publish: binds a port to 127.0.0.1, public: leaves one of TCP open to all)"
    )
    assert found["remarks"] == [
        "its service web mounts page.html, which is the repository's: it can only read there",
        f"its service web publishes 2222: {left_out}",
        f"its service web publishes 222: {left_out}",
    ]
    assert found["data"] == ["data"]
    assert {(each["path"], each["oid"]) for each in found["copies"]} == {
        ("page.html", "a" * 40),
        ("conf", "c" * 40),
        ("run.sh", "b" * 40 + "-x"),
    }
    made = found["definition"]
    one = made["services"]["web"]
    assert one["ports"] == [
        {"mode": "ingress", "host_ip": "127.0.0.1", "target": 80, "published": "8080", "protocol": "tcp"},
        {"mode": "ingress", "target": 22, "published": "222", "protocol": "tcp"},
    ]
    assert one["volumes"] == [
        {
            "type": "bind",
            "source": f"{OPT}/repository/{'a' * 40}/page.html",
            "target": "/page",
            "read_only": True,
        },
        {"type": "bind", "source": f"{OPT}/repository/{'c' * 40}/conf", "target": "/conf", "read_only": True},
        {"type": "bind", "source": f"{OPT}/data", "target": "/data", "bind": {"create_host_path": True}},
        {"type": "bind", "source": "/etc/localtime", "target": "/etc/localtime", "read_only": True},
        {"type": "volume", "source": "kept", "target": "/kept", "volume": {}},
    ]
    assert one["environment"] == {"URL": "x://a:${WORD}@db", "PLAIN": "$$HOME"}
    assert one["networks"] == {"default": {"aliases": ["shop"]}}
    assert one["logging"]["options"]["max-size"] == "10m"
    assert one["entrypoint"] == []
    assert not {"container_name", "profiles", "x-own", "command"} & one.keys()
    assert made["configs"]["run"]["file"] == f"{OPT}/repository/{'b' * 40}-x/run.sh"
    assert made["x-deploy"] == {"subject": "It costs $$5"}
    assert "x-all" not in made


def test_an_image_is_built_of_a_folder_of_the_repository() -> None:
    build = {"context": f"{FOLDER}/conf", "dockerfile": "web.ini", "args": {"PRICE": "$$5", "NONE": None}}
    found = judged(stack({"build": build, "image": "own/name:1"}))
    assert found["problems"] == []
    wanted = {"service": "web", "context": "conf", "dockerfile": "web.ini", "target": ""}
    assert found["builds"] == [wanted | {"args": ["PRICE=$5", "NONE="]}]
    assert "build" not in found["definition"]["services"]["web"]


def test_sites_yaml_says_what_is_published() -> None:
    wanted = [{"port": "8080", "service": "web", "target": 81}]
    found = judged(stack(), publish=wanted)
    assert [each["target"] for each in found["definition"]["services"]["web"]["ports"]] == [81]
    assert found["remarks"] == ["no service of it publishes 222, which public: in sites.yaml leaves open"]
    missing = judged(stack(), publish=[{"port": "8080", "service": "api", "target": 80}])
    assert "it has no service api, which publish: in sites.yaml names" in missing["problems"]


def test_two_of_a_service_that_is_started_first_can_run_at_once() -> None:
    ports = [{"target": port, "published": str(port), "protocol": "tcp"} for port in (8080, 222)]
    ours = {"publish": [{"port": "8080", "service": "web", "target": 80}], "start_first": "web"}
    assert judged(stack(bind(f"{FOLDER}/page.html")), **ours)["problems"] == []
    for service, why in (
        ({"ports": ports}, "publishes more than the port where NGINX finds it"),
        ({"scale": 2}, "has several containers"),
        ({"deploy": {"replicas": 2}}, "has several containers"),
    ):
        told = f"its service web {why}, so two cannot run at once (replace: start-first)"
        assert judged(stack(service), **ours)["problems"] == [told]
    told = judged(stack(bind(f"{FOLDER}/data")), **ours)["remarks"][-1]
    assert f"the old and the new web write to {OPT}/data at once for a while" in told


OWN = ["services proxy", "volumes kept", "networks shared", "configs page", "secrets word"]


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (
            {"services": {"proxy": {"image": "theirs", "entrypoint": ["sh"]}}},
            "its service proxy has an image in the override, too, which makes it the override's own: ",
        ),
        (
            {"volumes": {"kept": {"name": "shop-test_kept"}}},
            "its volume kept is defined in the override, too",
        ),
        (
            {"networks": {"shared": {"name": "shop-test_shared"}}},
            "its network shared is defined in the override, too",
        ),
        ({"configs": {"page": {"content": "theirs"}}}, "its config page is defined in the override, too"),
        ({"secrets": {"word": {"environment": "WORD"}}}, "its secret word is defined in the override, too"),
        (stack({"container_name": "proxy"}), "a service of it answers by the name proxy"),
        (
            stack({"networks": {"default": {"aliases": ["proxy"]}}}),
            "a service of it answers by the name proxy",
        ),
        (stack({"pid": "service:proxy"}), "it has no service proxy, of which another one wants a part"),
        ({"services": {"app": {"image": "theirs"}}}, "it has no service web, which the override names"),
    ],
)
def test_nothing_of_the_owners_ends_in_what_a_commit_has_made_up(found: dict[str, Any], why: str) -> None:
    assert judged(stack(), own=OWN, laid=["web"])["problems"] == []
    assert any(each.startswith(why) for each in judged(stack() | found, own=OWN, laid=["web"])["problems"])


def laid_over(service: dict[str, Any], mounted: str = "", **top: Any) -> dict[str, Any]:
    """The answer to a stack that mounts its folder data, whose service has this, too, and more mounts."""
    alone = judged(stack(bind(f"{FOLDER}/data")))
    web = alone["definition"]["services"]["web"]
    volumes = web["volumes"] + service.get("volumes", [])
    both = alone["definition"] | {"services": {"web": web | service | {"volumes": volumes}}} | top
    values = {"directory": OPT, "port": "8080", "nonce": NONCE, "log_limit": "10m", "mounted": mounted}
    return by_program("override", both, values, {"judged": [alone], "publish": [], "public": ["222"]})


@pytest.mark.parametrize(
    ("service", "top", "why"),
    [
        (bind(OPT), {}, "the override mounts all of its folder: that is no name for a folder of data"),
        (bind(f"{OPT}/.env"), {}, "the override mounts .env: that is no name"),
        (bind(f"{OPT}/repository/{'a' * 40}/x"), {}, "that is no name for a folder of data"),
        (
            bind(f"{OPT}/a/deploy~{NONCE}~WORD~"),
            {},
            "the override mounts a/${WORD}: a secret is no part of a path",
        ),
        (bind(f"{OPT}/data/up"), {}, "it mounts data/up, and data is another one's"),
        (bind(f"{OPT}/before/up"), {}, "it mounts before/up, and before is another one's"),
        ({}, {"secrets": {"a": {"file": f"{OPT}/data/a"}}}, "it mounts data/a, and data is another one's"),
        ({}, {"volumes": {"a": {"driver_opts": {"device": f"{OPT}/data/a"}}}}, "it mounts data/a, and data"),
        ({"ports": [{"published": "22", "target": 22}]}, {}, "the override has web publish 22: publish: in"),
        ({"ports": [{"published": "9", "host_ip": "127.0.0.1"}]}, {}, "the override has web publish 9"),
        ({"ports": []}, {}, "with the override no service has port 8080"),
    ],
)
def test_what_not_even_the_owner_may_lay_over_a_stack(
    service: dict[str, Any], top: dict[str, Any], why: str
) -> None:
    assert any(why in each for each in laid_over(service, mounted="before", **top)["problems"])


def test_what_the_owner_may_say_and_a_repository_may_not() -> None:
    more = bind("/srv/photos", target="/photos") | {
        "cap_add": ["SYS_ADMIN"],
        "environment": {"A": f"deploy~{NONCE}~WORD~"},
    }
    more["volumes"] += bind(f"{OPT}/uploads", target="/up")["volumes"]
    found = laid_over(more, networks={"shared": {"name": "other_default", "external": True}})
    assert (found["problems"], found["data"]) == ([], ["data", "uploads"])
    web = found["definition"]["services"]["web"]
    assert [each["source"] for each in web["volumes"]] == [f"{OPT}/data", "/srv/photos", f"{OPT}/uploads"]
    assert (web["cap_add"], web["environment"]) == (["SYS_ADMIN"], {"A": "${WORD}"})
    assert web["logging"]["options"]["max-size"] == "10m"
    assert found["definition"]["networks"]["shared"]["external"]


def of_revision(call: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """What a function of the programs that read a stack says."""
    script = f"""set -euo pipefail
        shopt -s extglob
        for each in common/{{program,site,log}} stack/revision; do source "$INSTALLED/lib/$each"; done
        WORK=$DIRECTORY/work
        fail() {{ echo "$*" && exit 1; }}
        {call}"""
    env = {"PATH": os.environ["PATH"], "INSTALLED": str(INSTALLED), "DIRECTORY": str(directory)}
    argv = ["bash", "-c", script]
    return subprocess.run(argv, env=env | {"DEPLOY_ROOT": ""}, capture_output=True, text=True, check=False)


def test_what_runs_counts_as_mounted_where_nothing_else_says_so(tmp_path: Path) -> None:
    runs = (
        bind(f"{tmp_path}/data/db")["volumes"]
        + bind(f"{tmp_path}/repository/{'a' * 40}/page.html")["volumes"]
    )
    runs += bind("/etc/localtime")["volumes"] + [{"type": "volume", "source": "db", "target": "/db"}]
    (tmp_path / "docker-compose.yml").write_text(
        json.dumps({"services": {"web": {"volumes": runs}, "db": {}}})
    )
    assert of_revision("mounted_now", tmp_path).stdout == "data/db\n"
    (tmp_path / "docker-compose.yml").write_text("services: {}  # by hand\n")
    assert of_revision("mounted_now", tmp_path).stdout == ""


def test_no_data_is_mounted_by_a_link_that_a_container_has_left(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data/up").symlink_to("/etc")
    for path, code in (("data", 0), ("new/of/these", 0), ("data/up", 1), ("data/up/ssh", 1)):
        (tmp_path / "work/judged").write_text(json.dumps({"data": ["fine", path]}))
        done = of_revision("require_no_links", tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
        assert (f"{tmp_path}/{path} is a link, or below one" in done.stdout + done.stderr) == (code == 1)


def test_what_lies_beside_the_file_is_listed_as_git_has_it(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    repository = tmp_path / "repository"
    repository.mkdir()
    (repository / "a b").mkdir()
    (repository / "a b/run.sh").write_text("echo\n")
    (repository / "a b/run.sh").chmod(0o755)
    (repository / "link").symlink_to("/etc")
    git = "git -c user.name=Ada -c user.email=ada@example.org -C $DIRECTORY/repository"
    done = of_revision(
        f"""{git} init -q; {git} add .; {git} commit -qm One
        BARE=$DIRECTORY/repository/.git STACK_FILE=compose.yaml STACK_TREE=HEAD: REVISION=HEAD
        bare() {{ git --git-dir="$BARE" "$@"; }}
        check_out_stack; cat "$WORK/tree"; cat "$WORK/stack/link" >&2""",
        tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, "/etc")
    found = {path: (each["mode"], each["type"]) for path, each in json.loads(done.stdout).items()}
    assert found == {
        "a b": ("040000", "tree"),
        "a b/run.sh": ("100755", "blob"),
        "link": ("120000", "blob"),
    }

"""The golden server under this machine's NGINX: same text, other root folder and ports."""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from os import geteuid
from pathlib import Path

from deployer.files import File

MODULE = Path("/usr/lib/nginx/modules/ngx_http_brotli_static_module.so")
MAIN = """{modules}user {user};
worker_processes 2;
pid {root}/pid;
error_log {root}/error.log;
events {{}}
http {{
    sendfile on;
    tcp_nopush on;
    types_hash_max_size 2048;
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_prefer_server_ciphers on;
    access_log {root}/access.log;
    gzip on;
    client_body_temp_path {root}/body;
    proxy_temp_path {root}/proxy;
    fastcgi_temp_path {root}/fastcgi;
    uwsgi_temp_path {root}/uwsgi;
    scgi_temp_path {root}/scgi;
    include {root}/etc/nginx/conf.d/*.conf;
}}
"""


def lay_out(root: Path, files: Mapping[str, File], ports: Mapping[str, int]) -> None:
    """Write the NGINX files below root, with the ports exchanged; IPv6 and missing modules are left out."""
    for path, file in files.items():
        if path.startswith("/etc/nginx/"):
            target = root / path[1:]
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(moved(file.content.decode(), root, ports))
    user = "root" if geteuid() == 0 else "nobody"
    modules = f"load_module {MODULE};\n" if MODULE.exists() else ""
    (root / "nginx.conf").write_text(MAIN.format(root=root, user=user, modules=modules))
    (root / "var/log/nginx").mkdir(parents=True)


def moved(text: str, root: Path, ports: Mapping[str, int]) -> str:
    text = re.sub(r"(?<=\s)/(etc|var|srv)/", rf"{root}/\1/", text)
    text = re.sub(r" *listen \[::\].*\n", "", text)
    text = re.sub(r"listen (80|443)\b", lambda m: f"listen 127.0.0.1:{ports[m[1]]}", text)
    text = re.sub(r"127\.0\.0\.1:(9\d{3})", lambda m: f"127.0.0.1:{ports[m[1]]}", text)
    return text if MODULE.exists() else re.sub(r"brotli_static .*\n", "", text)


def certificates(root: Path, names: Mapping[str, object]) -> None:
    """A throwaway certificate under each name."""
    for name in names:
        folder = root / "etc/letsencrypt/live" / name
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [
                *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
                *("-nodes", "-days", "7", "-subj", f"/CN={name}"),
                *("-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"),
            ],
            check=True,
            capture_output=True,
        )


def nginx(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run NGINX with the configuration below root."""
    command = ["nginx", "-p", str(root), "-e", str(root / "error.log"), "-c", "nginx.conf", *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nobody uses now."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(closing(socket.socket())) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def running(argv: list[str], port: int) -> Iterator[None]:
    """A program that runs meanwhile; begins when its port answers."""
    process = subprocess.Popen(argv)
    try:
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


@contextmanager
def served(root: Path, port: int) -> Iterator[None]:
    """NGINX itself, meanwhile."""
    binary = ["nginx", "-p", str(root), "-e", str(root / "error.log"), "-c", "nginx.conf"]
    with running([*binary, "-g", "daemon off;"], port):
        yield


@contextmanager
def upstreams(ports: list[int]) -> Iterator[None]:
    """The programs behind the proxies, meanwhile."""
    with ExitStack() as stack:
        for port in ports:
            argv = [sys.executable, str(Path(__file__).with_name("upstream.py")), str(port)]
            stack.enter_context(running(argv, port))
        yield

"""Asks for pages as a visitor does: by the DNS, at each address, with the certificate verified."""

import errno
import http.client
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from urllib.parse import urljoin, urlsplit

from deployer.server.names import Lookup
from deployer.waiting import waiting
from deployer.watching.visits import Target, Visit

AT_ONCE = 16
DNS_SECONDS = 20
SECONDS = 10
"""For the DNS, which may ask again, and for each step of an answer."""
LONGEST = 30
MOST = 1 << 20
"""Seconds and bytes of a page: one that drips keeps nobody."""
PORTS = {"https": 443, "http": 80}
NO_WAY = {errno.ENETUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.ENETDOWN}
DAY = 86400


def visit_all(
    targets: Iterable[Target], words: Mapping[str, str], authority: str = "", ports: Mapping[str, int] = PORTS
) -> list[Visit]:
    """A visit of each name at each of its addresses; `words` must stand on the page of a name."""
    every, trust = list(targets), ssl.create_default_context()
    if authority:
        trust.load_verify_locations(cadata=authority)
    with waiting("visiting the sites"):
        found = Lookup(target.name for target in every).found(DNS_SECONDS)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            asked = [
                pool.submit(visit, target, address, words.get(target.name, ""), trust, ports)
                for target in every
                for address in found.get(target.name, ())
            ]
            visits = [each.result() for each in asked]
    lost = [nowhere(target.name, found) for target in every if not found.get(target.name)]
    return [*visits, *lost]


def nowhere(name: str, found: Mapping[str, tuple[str, ...]]) -> Visit:
    """A visit of a name without an address, or about which the DNS says nothing."""
    if name in found:
        return Visit(name, "", fault="has no address in the DNS")
    return Visit(name, "", fault="cannot be found: the DNS here says nothing", nowhere=True)


def visit(target: Target, address: str, words: str, trust: ssl.SSLContext, ports: Mapping[str, int]) -> Visit:
    """What a visitor gets at this address."""
    begun = time.monotonic()
    made = partial(Visit, target.name, address)
    try:
        with reach(target, address, trust, ports) as link:
            certificate = link.getpeercert() if isinstance(link, ssl.SSLSocket) else None
            status, page = ask(link, target.name, target.path, begun + LONGEST)
        if words and 300 <= status < 400:
            page = follow(target, address, page, trust, ports, begun + LONGEST)
    except OSError as error:
        return made(seconds=time.monotonic() - begun, fault=why(error), nowhere=error.errno in NO_WAY)
    except (http.client.HTTPException, ValueError):
        return made(seconds=time.monotonic() - begun, fault="answers with something that is no page")
    days = None
    if certificate:
        ends = ssl.cert_time_to_seconds(str(certificate["notAfter"]))
        days = int((ends - time.time()) // DAY)
    missing = words and words.encode() not in page
    fault = f"answers {status}, and its page lacks the words '{words}'" if missing else ""
    return made(status, time.monotonic() - begun, days, fault)


def reach(target: Target, address: str, trust: ssl.SSLContext, ports: Mapping[str, int]) -> socket.socket:
    """A connection to this address, by TLS where the site has it."""
    link = socket.create_connection((address, ports[target.scheme]), SECONDS)
    if target.scheme == "http":
        return link
    try:
        return trust.wrap_socket(link, server_hostname=target.name)
    except BaseException:
        link.close()
        raise


def ask(link: socket.socket, name: str, path: str, end: float) -> tuple[int, bytes]:
    """The status and the page; of a redirect, where it leads."""
    line = http.client.HTTPConnection(name)
    line.sock = link
    line.request("GET", path, headers={"User-Agent": "deploy watch", "Accept": "*/*"})
    answer = line.getresponse()
    page = b""
    while len(page) < MOST and time.monotonic() < end and (piece := answer.read1(1 << 16)):
        page += piece
    return answer.status, answer.getheader("Location", "").encode() if 300 <= answer.status < 400 else page


def follow(
    target: Target, address: str, where: bytes, trust: ssl.SSLContext, ports: Mapping[str, int], end: float
) -> bytes:
    """The page to which the front page leads, as long as that is the same site's."""
    url = f"{target.scheme}://{target.name}{target.path}"
    for _ in range(5):
        url = urljoin(url, where.decode(errors="replace"))
        parts = urlsplit(url)
        if parts.hostname != target.name or parts.scheme not in ports:
            return b""
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        step = Target(target.name, parts.scheme, path, target.site)
        with reach(step, address, trust, ports) as link:
            status, where = ask(link, step.name, step.path, end)
        if not 300 <= status < 400:
            return where
    return b""


def why(error: OSError) -> str:
    """Why there was no answer, as a person says it."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that is not trusted: {error.verify_message}"
    if isinstance(error, ssl.SSLError):
        return f"has no TLS that works ({error.reason or 'it breaks off'})"
    if isinstance(error, TimeoutError):
        return f"does not answer within {SECONDS} s"
    if isinstance(error, ConnectionRefusedError):
        return "refuses connections"
    return f"cannot be reached: {error.strerror or type(error).__name__}"

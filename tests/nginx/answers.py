"""What a visitor gets from the golden sites; the same questions to any running server.

A test module inherits the classes and gives the fixture `place`.
"""

import base64
import gzip
import hashlib
import json
import socket
import ssl
import subprocess
import time

import pytest

from chance import noise
from nginx.content import KINDS, PAGE, RELEASES, switch
from nginx.place import CONTEXT, Answer, Place

SECURITY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "Strict-Transport-Security": "max-age=31536000",
}
YEAR = "public, max-age=31536000, immutable"
DAY = "public, max-age=86400"
WEBP = "image/avif,image/webp,*/*;q=0.8"


def vary(answer: Answer) -> set[str]:
    return {word.strip() for line in answer.all("Vary") for word in line.split(",")}


class PublishedSite:
    @pytest.mark.parametrize(
        ("path", "status"),
        [
            ("/", 200),
            ("/posts/one/", 200),
            ("/posts/one", 301),
            ("/style.css", 200),
            ("/style.9e8d7c6b5a.css", 200),
            ("/style.3f2a1c9d4e.css", 200),
            ("/photo.png", 200),
            ("/nothing", 404),
            ("/nothing/", 404),
            ("/nothing.png", 404),
            ("/.git/config", 404),
            ("/images/", 404),
        ],
    )
    def test_security_headers_stand_once_on_every_answer(self, place: Place, path: str, status: int) -> None:
        answer = place.ask(f"https://rogs.me{path}")
        assert answer.status == status
        assert {name: answer.all(name) for name in SECURITY} == {k: [v] for k, v in SECURITY.items()}
        assert answer.all("Server") == ["nginx"]
        assert len(answer.all("Cache-Control")) == 1

    @pytest.mark.parametrize("path", ["/", "/photo.png", "/style.9e8d7c6b5a.css"])
    def test_not_modified_has_the_same_headers(self, place: Place, path: str) -> None:
        first = place.ask(f"https://rogs.me{path}")
        again = place.ask(f"https://rogs.me{path}", If_None_Match=first.headers["ETag"])
        assert (again.status, again.body) == (304, b"")
        for name in (*SECURITY, "Cache-Control", "ETag"):
            assert again.all(name) == first.all(name)

    def test_part_of_a_file(self, place: Place) -> None:
        answer = place.ask("https://rogs.me/style.css", Range="bytes=0-3")
        assert (answer.status, answer.body) == (206, b"p { ")
        assert answer.all("Strict-Transport-Security") == ["max-age=31536000"]

    @pytest.mark.parametrize(
        ("path", "kept"),
        [
            ("/", "no-cache"),
            ("/posts/one/", "no-cache"),
            ("/posts/one", "no-cache"),
            ("/feed.xml", "no-cache"),
            ("/style.css", "no-cache"),
            ("/style.9e8d7c6b5a.css", YEAR),
            ("/style.3f2a1c9d4e.css", YEAR),
            ("/photo_hu_9e8d7c6b5a.jpg", YEAR),
            ("/photo.png", DAY),
            ("/photo-20240131.jpg", DAY),
            ("/photo-Wedding2024.jpg", DAY),
            ("/assets/lazy-CZ1Cv7bX.js", YEAR),
            ("/assets/lazy-DkI3bQpX.js", YEAR),
            ("/images/inner.gif", DAY),
            ("/style.0123456789ab.css", "no-cache"),
            ("/missing.png", "no-cache"),
        ],
    )
    @pytest.mark.parametrize("accept", ["*/*", WEBP])
    def test_how_long_browsers_keep_it(self, place: Place, path: str, kept: str, accept: str) -> None:
        assert place.ask(f"https://rogs.me{path}", Accept=accept).all("Cache-Control") == [kept]

    @pytest.mark.parametrize("path", ["/photo.png", "/photo_hu_9e8d7c6b5a.jpg"])
    def test_webp_for_those_who_take_it(self, place: Place, path: str) -> None:
        webp = place.ask(f"https://rogs.me{path}", Accept="image/webp,*/*;q=0.8")
        plain = place.ask(f"https://rogs.me{path}", Accept="image/png,*/*")
        assert (webp.body, webp.headers["Content-Type"]) == (b"WebP", "image/webp")
        assert plain.body.startswith(b"a ")
        assert plain.headers["Content-Type"] in ("image/png", "image/jpeg")
        assert vary(webp) == vary(plain) == {"Accept"}

    def test_avif_for_those_who_take_it_and_webp_where_there_is_none(self, place: Place) -> None:
        avif = place.ask("https://rogs.me/photo_hu_9e8d7c6b5a.jpg", Accept=WEBP)
        assert (avif.body, avif.headers["Content-Type"]) == (b"AVIF", "image/avif")
        assert vary(avif) == {"Accept"}
        assert place.ask("https://rogs.me/photo.png", Accept=WEBP).body == b"WebP"
        assert place.ask("https://rogs.me/photo_hu_9e8d7c6b5a.jpg", Accept="image/avif").body == b"AVIF"

    def test_an_image_without_webp_copy(self, place: Place) -> None:
        answer = place.ask("https://rogs.me/small.png", Accept=WEBP)
        assert (answer.body, answer.headers["Content-Type"]) == (b"a small PNG", "image/png")
        assert vary(answer) == {"Accept"}

    def test_compressed_beforehand(self, place: Place) -> None:
        plain = place.ask("https://rogs.me/")
        zipped = place.ask("https://rogs.me/", Accept_Encoding="gzip")
        assert plain.body == PAGE.format("second").encode()
        assert gzip.decompress(zipped.body) == b"gz " + plain.body
        assert zipped.headers["Content-Type"] == plain.headers["Content-Type"] == "text/html; charset=utf-8"
        assert vary(zipped) == vary(plain) == {"Accept-Encoding"}
        assert zipped.headers["ETag"] != plain.headers["ETag"]

    def test_brotli_where_both_sides_have_it(self, place: Place) -> None:
        answer = place.ask("https://rogs.me/", Accept_Encoding="gzip, br")
        assert answer.headers["Content-Encoding"] == ("br" if place.brotli else "gzip")
        assert answer.body.startswith(b"br <!doctype" if place.brotli else b"\x1f\x8b")
        assert vary(answer) == {"Accept-Encoding"}

    def test_compressed_on_the_way_where_no_copy_is(self, place: Place) -> None:
        answer = place.ask("https://rogs.me/feed.xml", Accept_Encoding="gzip")
        assert gzip.decompress(answer.body) == b"<feed/>" * 300

    @pytest.mark.parametrize(
        "path", ["/nothing", "/nothing/", "/missing.png", "/style.0123456789ab.css", "/images/"]
    )
    @pytest.mark.parametrize("accept", ["*/*", WEBP])
    def test_its_own_404_page(self, place: Place, path: str, accept: str) -> None:
        answer = place.ask(f"https://rogs.me{path}", Accept=accept)
        assert (answer.status, answer.body) == (404, b"our own 404")
        assert vary(answer) <= {"Accept-Encoding"}

    @pytest.mark.parametrize(
        "path", ["/nothing", "/nothing/", "/missing.png", "/.env", "/a.0123456789ab.css"]
    )
    def test_a_site_without_404_page(self, place: Place, path: str) -> None:
        page = place.root / RELEASES.format("docs.example.org")[1:] / "second/404.html"
        page.unlink(missing_ok=True)
        answer = place.ask(f"https://docs.example.org{path}")
        assert (answer.status, answer.all("Cache-Control")) == (404, ["no-cache"])
        assert b"<center><h1>404 Not Found</h1></center>" in answer.body

    def test_what_is_missing_is_no_error_of_the_server(self, place: Place) -> None:
        log = place.root / "var/log/nginx/error.log"
        before = log.stat().st_size
        for domain in ("rogs.me", "docs.example.org"):
            for path in ("/nothing", "/images/", "/images", "/missing.png", "/a.0123456789ab.css", "/.env"):
                place.ask(f"https://{domain}{path}")
        assert log.read_bytes()[before:] == b""

    def test_assets_of_earlier_releases(self, place: Place) -> None:
        for chunk in ("DkI3bQpX", "B_xYz-wE", "CZ1Cv7bX"):
            assert place.ask(f"https://rogs.me/assets/lazy-{chunk}.js").body == b"export {}"
        assert place.ask("https://rogs.me/style.0a1b2c3d4e.css").status == 200
        assert place.ask("https://rogs.me/only-zeroth.txt").status == 404

    def test_assets_of_the_release_before(self, place: Place) -> None:
        assert place.ask("https://rogs.me/style.3f2a1c9d4e.css").body == b"p { color: black }"
        assert place.ask("https://rogs.me/photo_hu_3f2a1c9d4e.jpg").body == b"a JPEG"
        assert place.ask("https://rogs.me/only-first.css").status == 404

    @pytest.mark.parametrize(
        "path",
        ["/.git/config", "/.git/", "/.git", "/posts/.env", "/.well-known/.hidden", "/posts/%2eenv"],
    )
    def test_hidden_files_stay_hidden(self, place: Place, path: str) -> None:
        answer = place.ask(f"https://rogs.me{path}")
        assert (answer.status, answer.body) == (404, b"our own 404")

    def test_well_known_files_are_published(self, place: Place) -> None:
        assert place.ask("https://rogs.me/.well-known/security.txt").body == b"Contact: me"

    def test_types_that_browsers_insist_on(self, place: Place) -> None:
        for path, kind in {
            "/app.mjs": "application/javascript; charset=utf-8",
            "/site.webmanifest": "application/manifest+json",
            "/.well-known/security.txt": "text/plain; charset=utf-8",
            "/.well-known/acme-corp/proof": "text/plain; charset=utf-8",
            "/.well-known/matrix/server": "application/json",
            **{f"/kinds/a.{ending}": kind for ending, kind in KINDS.items()},
        }.items():
            assert place.ask(f"https://rogs.me{path}").headers["Content-Type"] == kind

    def test_a_folder_gets_its_slash_on_the_same_host_and_port(self, place: Place) -> None:
        assert place.ask("https://rogs.me/posts/one?a=b").all("Location") == ["/posts/one/?a=b"]

    def test_http_2(self, place: Place) -> None:
        to = f"::{place.address}:{place.https}"
        asked = ["curl", "-sk", "--http2", "-o", "/dev/null", "-w", "%{http_version} %{http_code}"]
        said = subprocess.run(
            [*asked, "--connect-to", to, "https://rogs.me/"], capture_output=True, text=True
        )
        assert said.stdout == "2 200"

    @pytest.mark.parametrize("encoding", ["identity", "gzip"])
    def test_a_switch_is_seen_by_the_very_next_request(self, place: Place, encoding: str) -> None:
        connections = [place.connect("https://rogs.me/") for _ in range(4)]  # of several workers
        for turn in range(40):
            live = ("first", "second")[turn % 2]
            switch(place, "rogs.me", live)
            for connection in connections:
                answer = place.ask_on(connection, "https://rogs.me/", Accept_Encoding=encoding)
                body = gzip.decompress(answer.body)[3:] if encoding == "gzip" else answer.body
                assert body == PAGE.format(live).encode()
                gone = place.ask_on(connection, f"https://rogs.me/only-{live}.css")
                assert gone.status == 200
        for connection in connections:
            connection.close()


class Names:
    def test_http_leads_straight_to_the_main_name(self, place: Place) -> None:
        for name in ("rogs.me", "www.rogs.me", "blog.rogs.me"):
            answer = place.ask(f"http://{name}/a/%20b?c=d")
            assert (answer.status, answer.headers["Location"]) == (301, "https://rogs.me/a/%20b?c=d")
            assert answer.all("Server") == ["nginx"]

    def test_an_alias_leads_to_the_main_name(self, place: Place) -> None:
        answer = place.ask("https://www.rogs.me/a?b=c")
        assert (answer.status, answer.headers["Location"]) == (301, "https://rogs.me/a?b=c")
        assert answer.all("Strict-Transport-Security") == ["max-age=31536000"]

    def test_redirects(self, place: Place) -> None:
        for url in ("http://old.example.org/a?b", "https://www.old.example.org/a?b"):
            answer = place.ask(url)
            assert (answer.status, answer.headers["Location"]) == (301, "https://rogs.me/a?b")
        answer = place.ask("http://moved.example.org/a?b")
        assert (answer.status, answer.headers["Location"]) == (302, "https://rogs.me/about/")

    def test_a_site_without_https(self, place: Place) -> None:
        answer = place.ask("http://plain.example.org/")
        assert answer.status == 200
        assert answer.all("Strict-Transport-Security") == []
        assert answer.all("X-Frame-Options") == ["SAMEORIGIN"]
        assert place.ask("http://www.plain.example.org/a").headers["Location"] == "http://plain.example.org/a"

    @pytest.mark.parametrize("name", ["rogs.me", "plain.example.org", "lan.example.org", "unknown.example"])
    def test_certificate_challenges_are_answered_for_any_name(self, place: Place, name: str) -> None:
        place.write("/var/www/acme/.well-known/acme-challenge/token", b"token.key")
        answer = place.ask(f"http://{name}/.well-known/acme-challenge/token")
        assert (answer.status, answer.body) == (200, b"token.key")
        assert place.ask(f"http://{name}/.well-known/acme-challenge/other").status == 404

    def test_unknown_names_get_no_answer(self, place: Place) -> None:
        with pytest.raises(ConnectionError):
            place.ask("http://unknown.example/")
        for name in ("unknown.example", "blog.rogs.me", "coming.example.org"):
            with pytest.raises(ssl.SSLError):
                place.ask(f"https://{name}/")

    def test_another_name_on_the_connection_of_a_site(self, place: Place) -> None:
        connection = place.connect("https://rogs.me/")
        connection.request("GET", "/", headers={"Host": "unknown.example"})
        assert connection.getresponse().status == 421
        connection.close()

    @pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
    @pytest.mark.parametrize(
        ("version", "accepted"),
        [
            (ssl.TLSVersion.TLSv1_1, False),
            (ssl.TLSVersion.TLSv1_2, True),
            (ssl.TLSVersion.TLSv1_3, True),
        ],
    )
    def test_tls_versions(self, place: Place, version: ssl.TLSVersion, accepted: bool) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
        with socket.create_connection((place.address, place.https), timeout=30) as raw:
            try:
                with context.wrap_socket(raw, server_hostname="rogs.me") as connection:
                    assert accepted, connection.version()
            except ssl.SSLError:
                assert not accepted


class ProxiedProgram:
    def test_what_the_program_is_told(self, place: Place) -> None:
        answer = place.ask("https://files.example.org/a%20b?c", X_Forwarded_For="203.0.113.9")
        told = json.loads(answer.body)
        assert told["path"] == "/a%20b?c"
        headers = {name.lower(): values for name, values in told["headers"].items()}
        assert headers["host"] == headers["x-forwarded-host"] == ["files.example.org"]
        assert headers["x-forwarded-proto"] == ["https"]
        assert headers["x-forwarded-for"] == headers["x-real-ip"] != ["203.0.113.9"]

    def test_a_connection_to_it_serves_one_request_after_the_other(self, place: Place) -> None:
        connection = place.connect("https://files.example.org/")
        came_from = set()
        for _ in range(20):
            connection.request("GET", "/")
            came_from.add(json.loads(connection.getresponse().read())["from"])
        connection.close()
        assert len(came_from) < 20

    def test_what_fits_into_a_packet_is_sent_as_it_is(self, place: Place) -> None:
        answer = place.ask("https://files.example.org/text/short/application/json", Accept_Encoding="gzip")
        assert "Content-Encoding" not in answer.headers
        assert answer.body == b"some text " * 100

    def test_headers_are_ours_where_it_sends_none(self, place: Place) -> None:
        answer = place.ask("https://files.example.org/")
        assert {name: answer.all(name) for name in SECURITY} == {k: [v] for k, v in SECURITY.items()}
        assert answer.all("Cache-Control") == []

    def test_its_own_headers_count(self, place: Place) -> None:
        answer = place.ask("https://files.example.org/own-headers")
        assert answer.all("X-Frame-Options") == ["DENY"]
        assert answer.all("Cache-Control") == ["max-age=60"]
        assert answer.all("Strict-Transport-Security") == ["max-age=31536000"]

    @pytest.mark.parametrize("kind", ["text/html", "text/css", "text/javascript", "application/json"])
    def test_its_text_is_compressed_on_the_way(self, place: Place, kind: str) -> None:
        for url in ("https://files.example.org/text/", "https://docs.example.org/api/text/"):
            plain = place.ask(url + kind)
            zipped = place.ask(url + kind, Accept_Encoding="gzip", Via="1.1 a cache")
            assert gzip.decompress(zipped.body) == plain.body
            assert "Accept-Encoding" in vary(zipped) & vary(plain)
            assert zipped.headers["Content-Type"] == kind

    @pytest.mark.parametrize("encoding", ["gzip", "br"])
    def test_text_in_pieces_is_compressed_and_comes_as_it_is_sent(self, place: Place, encoding: str) -> None:
        connection = place.connect("https://files.example.org/pieces")
        connection.request("GET", "/pieces", headers={"Accept-Encoding": encoding})
        said = connection.getresponse()
        assert said.headers["Content-Encoding"] == (encoding if place.brotli else "gzip")
        first = said.read1()
        while len(first) < 1000:  # of 2,000 letters of which each has 6 bits
            first += said.read1()
        place.ask("https://files.example.org/came")
        assert said.read()
        connection.close()

    def test_a_stream_comes_as_it_is_sent(self, place: Place) -> None:
        connection = place.connect("https://files.example.org/stream")
        connection.request("GET", "/stream", headers={"Accept-Encoding": "gzip"})
        said = connection.getresponse()
        assert said.read1() == b"data: first\n\n"
        place.ask("https://files.example.org/came")
        assert said.read() == b"data: second\n\n"
        connection.close()

    def test_an_upload_is_passed_on_while_it_comes(self, place: Place) -> None:
        half = b"x" * 4_000_000
        connection = place.connect("https://files.example.org/upload")
        connection.putrequest("POST", "/upload")
        connection.putheader("Content-Length", str(2 * len(half)))
        connection.endheaders(half)
        deadline = time.monotonic() + 120
        while self.received(place) < len(half) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert self.received(place) == len(half)
        connection.send(half)
        assert connection.getresponse().read() == str(2 * len(half)).encode()
        connection.close()

    def received(self, place: Place) -> int:
        return json.loads(place.ask("https://files.example.org/").body)["received"]

    def test_a_big_upload(self, place: Place) -> None:
        body = bytes(64_000_000)
        assert place.ask("https://files.example.org/upload", "POST", body).body == b"64000000"

    def test_an_upload_beyond_the_limit(self, place: Place) -> None:
        allowed = place.ask("http://lan.example.org/upload", "POST", bytes(20 << 20))
        assert (allowed.status, allowed.body) == (200, str(20 << 20).encode())
        connection = place.connect("http://lan.example.org/upload")
        connection.putrequest("POST", "/upload")
        connection.putheader("Content-Length", str((20 << 20) + 1))
        connection.endheaders()
        assert connection.getresponse().status == 413
        connection.close()

    def test_websocket(self, place: Place) -> None:
        key = base64.b64encode(noise(16)).decode()
        secret = (key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()
        raw = socket.create_connection((place.address, place.https), timeout=30)
        with CONTEXT.wrap_socket(raw, server_hostname="files.example.org") as line:
            asked = (
                "GET /socket HTTP/1.1",
                "Host: files.example.org",
                "Upgrade: websocket",
                "Connection: Upgrade",
                f"Sec-WebSocket-Key: {key}",
                "Sec-WebSocket-Version: 13",
            )
            line.sendall(("\r\n".join(asked) + "\r\n\r\n").encode())
            stream = line.makefile("rb")
            assert stream.readline().startswith(b"HTTP/1.1 101 ")
            head = b"".join(iter(stream.readline, b"\r\n"))
            assert base64.b64encode(hashlib.sha1(secret).digest()) in head
            for frame in (b"\x81\x85\0\0\0\0hello", b"\x81\x85\0\0\0\0again"):
                line.sendall(frame)
                assert stream.read(len(frame)) == frame


class Snippet:
    def test_a_program_beside_the_pages_has_its_own_headers(self, place: Place) -> None:
        answer = place.ask("https://docs.example.org/api/own-headers")
        assert (answer.status, answer.body) == (200, b"mine")
        assert answer.all("Cache-Control") == ["max-age=60"]

    @pytest.mark.parametrize("path", ["/api/photo.png", "/api/", "/api/style.9e8d7c6b5a.css"])
    def test_its_paths_are_its_own(self, place: Place, path: str) -> None:
        answer = place.ask(f"https://docs.example.org{path}", Accept=WEBP)
        assert json.loads(answer.body)["path"] == path
        assert answer.all("Cache-Control") == []

    def test_it_changes_a_security_header(self, place: Place) -> None:
        for path in ("/", "/nothing", "/old"):
            assert place.ask(f"https://docs.example.org{path}").all("X-Frame-Options") == ["DENY"]
        assert place.ask("https://docs.example.org/").all("Strict-Transport-Security") == ["max-age=31536000"]

    def test_a_header_of_a_location_leaves_the_others_there(self, place: Place) -> None:
        answer = place.ask("https://docs.example.org/kinds/a.txt")
        assert answer.all("Access-Control-Allow-Origin") == ["*"]
        assert {name: answer.all(name) for name in SECURITY} == {
            k: [v] for k, v in {**SECURITY, "X-Frame-Options": "DENY"}.items()
        }

    def test_expires_decides_how_long_a_browser_keeps_it(self, place: Place) -> None:
        assert place.ask("https://docs.example.org/kinds/a.txt").all("Cache-Control") == ["max-age=60"]

    def test_its_headers_for_all_of_the_site_stand_once(self, place: Place) -> None:
        answer = place.ask("https://docs.example.org/")
        assert answer.all("Referrer-Policy") == ["same-origin"]

    def test_its_page_for_what_is_not_allowed(self, place: Place) -> None:
        answer = place.ask("https://docs.example.org/posts/one/", "POST")
        assert (answer.status, answer.body) == (405, b"not for you")

    def test_its_locations_stand_beside_ours(self, place: Place) -> None:
        assert place.ask("https://docs.example.org/old").headers["Location"] == "/new"
        assert place.ask("https://docs.example.org/").status == 200

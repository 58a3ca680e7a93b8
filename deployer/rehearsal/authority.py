"""A throwaway certificate authority, for the ACME test server's own listener."""

from pathlib import Path

from deployer.rehearsal.commands import call

DAYS = "30"
KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
CA = ("basicConstraints=critical,CA:TRUE", "keyUsage=critical,keyCertSign,cRLSign")
SERVER = ("basicConstraints=critical,CA:FALSE", "keyUsage=critical,digitalSignature")


def make_certificate(folder: Path, address: str) -> None:
    """Write ca.pem, certificate.pem and key.pem for a server at an IP address."""
    authority = ("-keyout", f"{folder}/ca.key", "-out", f"{folder}/ca.pem")
    _request("/CN=Rehearsal test CA", CA, authority)
    server = ("-keyout", f"{folder}/key.pem", "-out", f"{folder}/certificate.pem")
    signed = ("-CA", f"{folder}/ca.pem", "-CAkey", f"{folder}/ca.key")
    _request(f"/CN={address}", (*SERVER, f"subjectAltName=IP:{address}"), (*server, *signed))
    (folder / "ca.key").unlink()


def _request(subject: str, extensions: tuple[str, ...], arguments: tuple[str, ...]) -> None:
    added = [word for extension in extensions for word in ("-addext", extension)]
    call("openssl", "req", "-x509", *KEY, "-days", DAYS, "-subj", subject, *added, *arguments)

"""Whether a server's certificate is one: signed by this authority, for this host, now."""

from base64 import b64decode
from dataclasses import dataclass
from fnmatch import fnmatchcase

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHCertificate,
    SSHCertificateType,
    load_ssh_public_identity,
)

SUFFIX = "-cert-v01@openssh.com"


@dataclass(frozen=True, slots=True)
class HostCertificate:
    """What a server shows in place of a bare key; both keys as `type base64`."""

    certificate: SSHCertificate
    key: str
    authority: str

    def fault(self, host: str, now: float) -> str:
        """Why it does not count for this host, or nothing."""
        shown = self.certificate
        principals = [each.decode(errors="replace").lower() for each in shown.valid_principals]
        if shown.type is not SSHCertificateType.HOST:
            return "it is one of a user, not of a host"
        if principals and not any(fnmatchcase(host.lower(), each) for each in principals):
            return f"it is for {', '.join(principals)}"
        if now < shown.valid_after:
            return "it is not valid yet: are the clocks right?"
        if now >= shown.valid_before:
            return "it is not valid any more"
        if shown.critical_options:
            return "it has options that are not known here"
        return "" if self._is_signed() else "its signature is wrong"

    def _is_signed(self) -> bool:
        try:
            self.certificate.verify_cert_signature()
        except (InvalidSignature, UnsupportedAlgorithm, ValueError, AssertionError):
            return False
        return not self._is_by_sha_1()

    def _is_by_sha_1(self) -> bool:
        """Whether an RSA key signed it with what can be forged."""
        signer = self.certificate.signature_key()
        if not isinstance(signer, RSAPublicKey):
            return False
        size = signer.key_size // 8
        # the last field has the name of the algorithm, and the bytes that it made
        algorithm = b64decode(self.certificate.public_bytes().split()[1])[-size - 16 : -size - 4]
        return not algorithm.startswith(b"rsa-sha2-")


def read_certificate(kind: str, encoded: str) -> HostCertificate | None:
    """The certificate that a server shows; None when it is a bare key, or cannot be read."""
    if not kind.endswith(SUFFIX):
        return None
    try:
        found = load_ssh_public_identity(f"{kind} {encoded}".encode())
        if not isinstance(found, SSHCertificate):
            return None
        keys = [
            each.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()
            for each in (found.public_key(), found.signature_key())
        ]
    except (ValueError, UnsupportedAlgorithm):
        return None
    return HostCertificate(found, *keys)

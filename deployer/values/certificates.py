"""How a site gets its certificate: from the authority, or a file of its owner's."""

from functools import cache
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from deployer.values import names
from deployer.values.section import Section
from deployer.values.types import Attachment, Boolean, schema, text

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

Alias = Annotated[
    str,
    text(names.alias),
    schema("string", pattern=r"^(\*\.)?[a-z0-9][a-z0-9.-]*\.[a-z0-9-]+$"),
]


class CertificateChoice(Section):
    """How the site's certificate comes; without it, the authority asks for each name at port 80."""

    dns: Boolean = Field(
        False,
        description="prove the names by DNS records: for wildcards, and for names that do not lead here yet",
    )
    chain: Attachment | None = Field(
        None,
        description="a certificate of your own: PEM file beside sites.yaml, with those up to its root",
    )
    key: Attachment | None = Field(
        None, description="its private key: PEM file without a passphrase, that only you can read"
    )

    @model_validator(mode="after")
    def fit_together(self) -> "CertificateChoice":
        """One way; and the key is that of the certificate."""
        if (self.chain is None) != (self.key is None):
            raise ValueError("a certificate of your own has both a chain: and a key:")
        if self.own and self.dns:
            raise ValueError("write dns: true, or a chain: and a key:, and not both")
        if self.chain and self.key:
            fit(self.chain.content, self.key.content, self.key.private, self.key.path)
        return self

    @property
    def own(self) -> bool:
        """Whether its owner brings it, and renews it."""
        return self.chain is not None

    def folder(self, domain: str) -> str:
        """Where fullchain.pem and privkey.pem are on the server."""
        return f"/etc/nginx/deploy/certificates/{domain}" if self.own else f"/etc/letsencrypt/live/{domain}"

    def covered(self) -> frozenset[str]:
        """The names in a certificate of one's own."""
        from cryptography import x509

        found = self.leaf().extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return frozenset(found.get_values_for_type(x509.DNSName))

    def leaf(self) -> "Certificate":
        """A certificate of one's own."""
        return _first(self.chain.content if self.chain else b"")


@cache
def _first(chain: bytes) -> "Certificate":
    """The certificate that a chain begins with; it is asked for again and again, and read once."""
    from cryptography import x509

    return x509.load_pem_x509_certificate(chain)


def fit(chain: bytes, key: bytes, private: bool, path: str) -> None:
    """Raise ValueError where these are no certificate and its key, or where others can read that."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if not private:
        raise ValueError(f"others on this machine can read {path}: chmod 600 {path}")
    try:
        first = x509.load_pem_x509_certificates(chain)[0]
        first.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (ValueError, IndexError, x509.ExtensionNotFound):
        raise ValueError("chain: is no certificate in PEM format with the names that it is for") from None
    try:
        secret = load_pem_private_key(key, None)
    except (ValueError, TypeError):
        raise ValueError("key: is no private key in PEM format without a passphrase") from None
    if secret.public_key() != first.public_key():
        raise ValueError("key: is the key of another certificate than the first one of chain:")

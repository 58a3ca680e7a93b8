"""Where the records of names are kept: the section `dns` of sites.yaml."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from deployer.config.keeper import RENEWAL, SHIELD, Endpoint, Keeper, Token
from deployer.values import records
from deployer.values.section import Section
from deployer.values.types import Domain, as_text, schema, text


def record_sets(value: Any) -> Any:
    """The values of a name by their type, each a list, where one stands alone, too."""
    if not isinstance(value, dict):
        return value
    found: dict[str, tuple[str, ...]] = {}
    wrong: list[InitErrorDetails] = []
    for kind, given in ((str(kind), given) for kind, given in value.items()):
        several = isinstance(given, list | tuple)
        accepted = set()
        if several and not given:
            wrong.append(_refused((kind,), given, "write a value, or leave it out"))
        for position, one in enumerate(given if several else [given]):
            try:
                accepted.add(records.record_value(kind, as_text(one)))
            except ValueError as error:
                place = (kind, position) if several else (kind,)
                wrong.append(_refused(place, one, str(error).removeprefix(f"{kind}: ")))
        found[kind] = tuple(sorted(accepted))
    if wrong:
        raise ValidationError.from_exception_data("records", wrong)
    if "CNAME" in found and (len(found) > 1 or len(found["CNAME"]) > 1):
        raise ValueError("a name with a CNAME has nothing else, and one of it")
    return found


def _refused(place: tuple[str | int, ...], value: Any, why: str) -> InitErrorDetails:
    """One of several mistakes, with its own place."""
    return InitErrorDetails(type="value_error", loc=place, input=value, ctx={"error": ValueError(why)})


def provider_of_all(value: Any) -> Any:
    """Who may keep all zones; lexicon is told one by one which service keeps which."""
    if value == "lexicon":
        raise ValueError(
            "lexicon keeps a zone of its own: write it below zones:, as in "
            "zones: {example.org: {provider: lexicon, service: gandi, token: env:NAME}}"
        )
    return value


def as_list(value: Any) -> Any:
    """One value, or several."""
    return (value,) if isinstance(value, str) else value


RecordName = Annotated[str, text(records.record_name), schema("string")]
RecordSets = Annotated[
    dict[str, tuple[str, ...]],
    BeforeValidator(record_sets),
    schema("object", additionalProperties={"type": ["string", "array"], "items": {"type": "string"}}),
]
Address = Annotated[str, text(records.address), schema("string")]
Addresses = Annotated[
    tuple[Address, ...],
    BeforeValidator(as_list),
    schema(["string", "array"], items={"type": "string"}),
]
TimeToLive = Annotated[
    int, BeforeValidator(records.time_to_live), schema("string", pattern="^[0-9]{1,6}[smhd]$")
]


Provider = Annotated[Literal["cloudflare", "hetzner"], BeforeValidator(provider_of_all)]
ALIKE = frozenset({"A", "AAAA", "CAA", "CNAME", "TXT"})
"""What all of lexicon's providers write in the same way: others have their priority each in another place."""


class Dns(Section):
    """The DNS records of sites and aliases, and others of yours, at whoever keeps their zones."""

    provider: Provider | None = Field(
        None, description="who keeps the zones: cloudflare or hetzner; without it, only those of `zones`"
    )
    token: Token | None = Field(None, description="token that may change the records: env:NAME or gpg:FILE")
    renewal: Token | None = Field(None, description=RENEWAL)
    shield: Token | None = Field(None, description=SHIELD)
    endpoint: Endpoint | None = Field(None, description="address of the provider's API, if it is another one")
    zones: dict[Domain, Keeper] = Field(
        {}, description="zones with another provider or token, by their names"
    )
    address: Addresses = Field(
        (), description="the server's addresses as visitors reach it; without it, those that it has itself"
    )
    ttl: TimeToLive | None = Field(
        None, description="how long others may remember a record; without it, as the provider has it"
    )
    caa: tuple[Domain, ...] = Field(
        (), description="who alone may issue certificates for the sites' names, such as letsencrypt.org"
    )
    records: dict[RecordName, RecordSets] = Field(
        {}, description="more records, by their names and types: a value of each type, or a list of them"
    )

    @model_validator(mode="after")
    def be_kept(self) -> "Dns":
        """Somebody keeps the zones."""
        if self.provider is None and not self.zones:
            raise ValueError("write who keeps the zones, as in {provider: cloudflare, token: env:NAME}")
        if self.provider and self.token is None:
            raise ValueError("'token' is missing (token that may change the records: env:NAME or gpg:FILE)")
        for name, sets in self.records.items():
            keeper = self.zones.get(self.keeper_of(name) or "")
            if keeper and keeper.provider == "lexicon" and (others := sorted(sets.keys() - ALIKE)):
                raise ValueError(
                    f"{others[0]} of {name}: lexicon's providers write it each in another way, so it is not"
                    " kept by provider: lexicon; leave it where it is"
                )
        return self

    @property
    def keepers(self) -> dict[str, Keeper]:
        """Who keeps what: each zone that has its own, and below an empty name all others."""
        found = dict(self.zones)
        if self.provider and self.token:
            found[""] = Keeper(
                provider=self.provider,
                token=self.token,
                renewal=self.renewal,
                shield=self.shield,
                endpoint=self.endpoint,
            )
        return found

    def keeper_of(self, name: str) -> str | None:
        """The key of who keeps the zone of a name, as far as sites.yaml tells; None: nobody."""
        return max(
            (each for each in self.keepers if not each or f".{name}".endswith(f".{each}")),
            key=len,
            default=None,
        )

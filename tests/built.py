"""Makes ready what Pydantic checks values with, of every model: whoever is forked then has it already."""

from collections.abc import Iterator

from deployer import kinds
from deployer.config import later, narrowed
from deployer.config.model import Config
from deployer.values.section import Section


def models() -> None:
    """Build each model once, so that one with some of them (`config/narrowed.py`) is soon put together."""
    kinds.models()
    for name in narrowed.SELDOM:
        later.model_meant(Config.model_fields[name].annotation)
    for model in (*below(Section), Config):
        model.model_rebuild()


def below(model: type[Section]) -> Iterator[type[Section]]:
    """All that are made from a model, those first that were there first: others are made of them."""
    for each in model.__subclasses__():
        yield each
        yield from below(each)

"""PHP: any program of it, on PHP-FPM on the server itself."""

from typing import Literal

from pydantic import Field

from deployer.kinds.pooled import PooledSite


class Php(PooledSite):
    """PHP on the server itself, with a pool and a user of its own; its files stand in /var/www/DOMAIN."""

    kind: Literal["php"] = Field(description="what this site is")

"""What every section of a configuration is made of: strict, frozen, bounded."""

from typing import Annotated

import pydantic
from pydantic import Field

Weight = Annotated[float, Field(ge=0.0, le=1e6, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[int, Field(ge=1, le=1 << 30)]


class Section(pydantic.BaseModel):
    """Frozen keys with types that are taken at their word; what is not a key is an error."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)

"""Which models there are: a line each."""

import importlib
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, cast

from t2i.compute.backend import settle_keras
from t2i.config.file import load
from t2i.config.keys import Others
from t2i.config.run import RunConfig
from t2i.config.section import Section
from t2i.errors import InputError
from t2i.models.dcgan.config import Config as DCGANConfig
from t2i.models.projected.config import Config as ProjectedConfig


class Entry(NamedTuple):
    """A model.

    Attributes:
        config: its configuration.
        module: that offers what `contract` says; imported when it is wanted, as Keras is slow.
    """

    config: type[Section]
    module: str


MODELS = {
    "dcgan": Entry(DCGANConfig, "t2i.models.dcgan.model"),
    "projected": Entry(ProjectedConfig, "t2i.models.projected.model"),
}


def load_config(
    path: PathLike[str] | str, overrides: Sequence[str] = (), others: Others = MappingProxyType({})
) -> RunConfig:
    """Returns the configuration of a run in a YAML file; its key `model` says of which model.

    Args:
        path: the file.
        overrides: see `config.file.load`.
        others: kinds that are no model's, see `config.file.load`.

    Raises:
        InputError: the file can't be read, or a key or value is not right.
    """
    kinds = {f"`model: {name}`": entry.config for name, entry in MODELS.items()} | dict(others)
    return cast(RunConfig, load(Path(path), _kind, overrides, kinds))


def offered(config: RunConfig) -> Any:
    """Returns the module of a configuration's model, with what `contract` says it offers."""
    settle_keras()
    return importlib.import_module(MODELS[config.model].module)


def _kind(values: Mapping[str, Any]) -> type[Section]:
    name = values.get("model", "dcgan")
    if not isinstance(name, str) or name not in MODELS:
        raise InputError(f"model: expected one of {', '.join(MODELS)}, got {name!r}")
    return MODELS[name].config

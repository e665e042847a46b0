"""Configurations as YAML: read in safe mode, checked, explained, compared, written.

An unknown or mistyped key is an error that names the nearest right one.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

import pydantic
import yaml

from t2i.config.keys import Others, kind_of, unknown_key
from t2i.config.run import RunConfig
from t2i.config.section import Section
from t2i.errors import InputError

MAX_CONFIG_BYTES = 1 << 20
# Named of a file; with more, it is hardly what it was meant to be.
_MOST_FAULTS = 5


class _Loader(yaml.SafeLoader):
    """YAML in safe mode that refuses aliases and repeated keys, and reads 2e-4 as a number."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.constructor.ConstructorError(problem="an alias; write the value out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.constructor.ConstructorError(problem=f"the key {key!r} twice")
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)

AnyConfig = TypeVar("AnyConfig", bound=Section)


Kind = type[AnyConfig] | Callable[[Mapping[str, Any]], type[AnyConfig]]


def load(
    path: PathLike[str] | str,
    kind: Kind[AnyConfig],
    overrides: Sequence[str] = (),
    others: Others = MappingProxyType({}),
) -> AnyConfig:
    """Returns the configuration in a YAML file.

    Args:
        path: the file.
        kind: of configuration; or what tells it from the values, raising InputError.
        overrides: `KEY=VALUE` texts, keys dotted, values YAML; they win over the file.
        others: kinds that it may be taken for, by what they are called in errors.

    Raises:
        InputError: the file can't be read, or a key or value is not right.
    """
    try:
        with Path(path).open("rb") as file:
            text = file.read(MAX_CONFIG_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"{path}: expected a YAML configuration, got {error.strerror}; see `t2i configs`"
        ) from error
    if len(text) > MAX_CONFIG_BYTES:
        raise InputError(
            f"{path}: expected at most {MAX_CONFIG_BYTES} bytes, got more; is it a configuration?"
        )
    return parse(text, kind, str(path), overrides, others)


def parse(
    text: str | bytes,
    kind: Kind[AnyConfig],
    place: str,
    overrides: Sequence[str] = (),
    others: Others = MappingProxyType({}),
) -> AnyConfig:
    """Returns the configuration in YAML text; `place` names it in errors. Raises as `load`."""
    values = _yaml(text, place)
    if values is None:
        values = {}
    if not isinstance(values, dict):
        raise InputError(f"{place}: expected keys and values, got {values!r}; see configs/")
    as_written = set(values)
    for override in overrides:
        key, equals, value = override.partition("=")
        if not equals or not key:
            raise InputError(
                f"--set: expected KEY=VALUE, got {override!r}; for example --set training.epochs=10"
            )
        *sections, last = key.split(".")
        section: Any = values
        for name in sections:
            section = section.setdefault(name, {}) if isinstance(section, dict) else None
        if not isinstance(section, dict):
            raise InputError(f"--set: expected a section before {last!r}, got {override!r}")
        section[last] = _yaml(value, f"--set {key}")
    try:
        checked: type[AnyConfig] = kind if isinstance(kind, type) else kind(values)
    except InputError as error:
        raise InputError(f"{place}: {error}") from error
    try:
        return validated(values, checked, others)
    except InputError as error:
        other = kind_of(as_written, checked, others)
        if other:
            raise InputError(
                f"{place}: expected a configuration for this command, got one of {other}; "
                "choose another, see `t2i configs`"
            ) from error
        raise InputError(f"{place}: {error}") from error


def validated(
    values: Any, kind: type[AnyConfig], others: Others = MappingProxyType({})
) -> AnyConfig:
    """Returns the section that keys and values make; raises InputError, which names the faults."""
    try:
        return kind.model_validate(values)
    except pydantic.ValidationError as error:
        faults = [_fault(fault, kind, others) for fault in error.errors()]
        faults[_MOST_FAULTS:] = [
            f"and {more} more" for more in [len(faults) - _MOST_FAULTS] if more > 0
        ]
        raise InputError("; ".join(faults)) from error


def dump(config: RunConfig | Section) -> str:
    """Returns the configuration as YAML, every key written out; `parse` reads it back equal."""
    return yaml.safe_dump(config.model_dump(), sort_keys=False)


def changed(old: RunConfig | Section, new: RunConfig | Section) -> dict[str, tuple[Any, Any]]:
    """Returns the dotted keys in which two configurations of one kind differ, old value and new."""
    before, after = _flat(old.model_dump()), _flat(new.model_dump())
    return {
        key: (before.get(key), value) for key, value in after.items() if before.get(key) != value
    }


def _flat(values: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def _yaml(text: str | bytes, place: str) -> Any:
    try:
        return yaml.load(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        problem = getattr(error, "problem", None) or "text that YAML can't read"
        mark = getattr(error, "problem_mark", None)
        where = f"{place}:{mark.line + 1}" if mark else place
        raise InputError(f"{where}: expected YAML, got {problem}; see configs/") from error


def _fault(fault: Any, kind: type[Section], others: Others) -> str:
    """Returns a pydantic error in our words: `key: expected ..., got ...`."""
    location = [str(part) for part in fault["loc"]]
    key = ".".join(location)
    if fault["type"] == "extra_forbidden":
        advice = unknown_key(location, kind, others)
        return f"{key}: expected a known key, got {location[-1]!r}; {advice}"
    if fault["type"] == "missing":
        return f"{key}: expected a value, got nothing; add the key"
    if fault["type"] == "value_error":
        message = str(fault["ctx"]["error"])
        return f"{key}.{message}" if key else message
    if fault["type"] == "model_type":
        return f"{key}: expected a section of keys, got {fault['input']!r}"
    wanted = fault["msg"].removeprefix("Input should be ")
    return f"{key}: expected {wanted}, got {fault['input']!r}"

"""The keys that kinds of configurations have, and the one that was meant by another."""

import difflib
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from t2i.config.section import Section

# Kinds of configurations by what they are called: "an encoder, for `t2i-prep train-encoder`".
Others = Mapping[str, type[Section]]
# A spelling this near is a slip: `epoch` for `epochs`, `mismached` for `mismatched`.
_NEAR = 0.7


def keys_of(kind: type[Section], prefix: str = "") -> Iterator[str]:
    """Yields the dotted keys of a kind, sections and what is in them; members of lists by name."""
    for name, field in kind.model_fields.items():
        yield prefix + name
        inner = _section_in(field.annotation)
        if inner is not None:
            yield from keys_of(inner, f"{prefix}{name}.")


def kind_of(written: Collection[Any], kind: type[Section], others: Others) -> str:
    """Returns which other kind has all the keys at the top of a file; empty where none has.

    Args:
        written: those keys.
        kind: that the file should be of; where it has them all, it is that.
        others: that it may be of.
    """
    if set(written) <= set(kind.model_fields):
        return ""
    return next(
        (name for name, other in others.items() if set(written) <= set(other.model_fields)), ""
    )


def unknown_key(location: Sequence[str], kind: type[Section], others: Others) -> str:
    """Returns what to do about a key that a kind does not have.

    Args:
        location: the parts of the key, numbers of a list among them.
        kind: of configuration.
        others: that may have it.
    """
    parts = [part for part in location if not part.isdigit()]
    section, last = ".".join(parts[:-1]), parts[-1]
    known = list(keys_of(kind))
    elsewhere = [key for key in known if key.rpartition(".")[2] == last]
    if elsewhere:
        return f"did you mean {_named(elsewhere)}?"
    other = next(
        (name for name, theirs in others.items() if ".".join(parts) in keys_of(theirs)), None
    )
    if other:
        return f"it is a key of {other}"
    beside = [key.rpartition(".")[2] for key in known if key.rpartition(".")[0] == section]
    near = difflib.get_close_matches(last, beside, n=1, cutoff=_NEAR)
    if not near:
        lasts = {key.rpartition(".")[2]: key for key in reversed(known)}
        near = [lasts[name] for name in difflib.get_close_matches(last, lasts, n=1, cutoff=_NEAR)]
    if near:
        return f"did you mean {near[0]!r}?"
    return f"the keys {f'of {section}' if section else 'at the top'} are {', '.join(beside)}"


def _section_in(annotation: Any) -> type[Section] | None:
    """Returns the section that a key holds, or a list of them; None where it holds a value."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    inner = (_section_in(part) for part in getattr(annotation, "__args__", ()))
    return next((section for section in inner if section), None)


def _named(keys: Sequence[str]) -> str:
    return " or ".join(repr(key) for key in keys)

"""What is exported: a run loaded, whose sentences an encoder of its own reads by characters."""

from dataclasses import dataclass
from pathlib import Path

from t2i.encoders.text import TextEncoder
from t2i.encoders.tokenizers import CharTokenizer
from t2i.errors import InputError
from t2i.painting.painter import Painter
from t2i.runs.shipping import run_named
from t2i.web.examples import examples_of


@dataclass(frozen=True, eq=False)
class Source:
    """A run on its way out.

    Attributes:
        name: that it is shown by.
        painter: its generator.
        encoder: its sentences'.
        examples: sentences to click.
    """

    name: str
    painter: Painter
    encoder: TextEncoder
    examples: tuple[str, ...]


def load_source(run: Path) -> Source:
    """Returns a run that can be exported.

    Raises:
        InputError: there is no run, it has no encoder of its own, or one that does not read
            characters.
    """
    painter = Painter(run_named(run))
    encoder = painter.embedder
    if not isinstance(encoder, TextEncoder):
        raise InputError(
            f"{run}: expected a run with a text encoder of its own, got one trained on imported "
            "embeddings; sentences can't be read elsewhere: train on a pairs file that "
            "`t2i-prep embed` made"
        )
    if encoder.config.frozen:
        raise InputError(
            f"{run}: expected an encoder that reads characters, got {encoder.kind}, whose network "
            "and word pieces are not the run's; train with an encoder whose text.network is "
            "convolutional"
        )
    if not isinstance(encoder.tokenizer, CharTokenizer):
        raise InputError(
            f"{run}: expected an encoder that reads characters, got one of sentencepiece, whose "
            "pieces other programs can't tell apart without its library; train with "
            "tokenizer: char"
        )
    return Source(run.name, painter, encoder, tuple(examples_of(run_named(run))))


def code_table() -> list[int]:
    """Returns the codes of the first 128 characters; the last stands for all others."""
    codes = CharTokenizer(1).encode([chr(character) for character in range(129)])
    return [int(code) for code in codes[:, 0]]

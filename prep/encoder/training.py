"""Training the text encoder: a joint embedding of pictures and captions, Reed et al., CVPR 2016."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from prep.encoder.batches import read_training_pairs
from prep.encoder.joint_embedding import ZeroShotScore, zero_shot_score
from prep.encoder.state import EncoderState
from prep.encoder.step import EncoderTraining, image_side_to_train, with_stock_layers
from t2i.encoders.config import EncoderConfig
from t2i.encoders.description import require_encoder_output
from t2i.encoders.image import ImageEncoder, looks_through
from t2i.encoders.legibility import legibility, require_legible
from t2i.encoders.pair import image_side, is_image_side, save_image_side
from t2i.encoders.text import (
    TextEncoder,
    build_text_encoder,
    frozen_network,
    parameter_count,
    save_encoder,
)
from t2i.encoders.tokenizers import (
    CharTokenizer,
    SentencePieceTokenizer,
    Tokenizer,
    WordPieceTokenizer,
    train_sentencepiece,
)
from t2i.errors import InputError
from t2i.files.disk import AnyPath, replacing
from t2i.pairs.digests import digest
from t2i.pairs.reading import Pairs, read, read_header
from t2i.progress import Progress, silent

# Called with (steps done, steps in all, mean loss of the last ones).
# Called with the mean loss since the last call.
Watch = Callable[[float], None]

_STEPS_PER_LAUNCH = 10


@dataclass(frozen=True)
class EncoderReport:
    """What came of a training.

    Attributes:
        kind: the encoder's name of its shape.
        parameters: numbers that the text side learned.
        steps: updates.
        seconds: spent in them, over all sittings.
        captions_per_second: trained on.
        scores: of each held-out split that has pictures.
        changes: keys changed since it was begun, each with its step, old and new value.
    """

    kind: str
    parameters: int
    steps: int
    seconds: float
    captions_per_second: float
    scores: Mapping[str, ZeroShotScore]
    changes: Sequence[Mapping[str, Any]] = ()


def train_encoder(
    pairs: AnyPath,
    config: EncoderConfig,
    out: AnyPath,
    progress: Progress = silent,
    watch: Watch = lambda _: None,
    say: Callable[[str], None] = lambda _: None,
) -> EncoderReport:
    """Trains on the configured splits, or resumes; writes the encoder, and returns the report.

    Beside `out`, NAME.keras, come NAME.image.keras, the image side; NAME.json, the report; and
    NAME.keras.training/, from which the same call resumes exactly.

    Raises:
        InputError: bad pairs, another configuration or other pairs than the training was begun
            with, or a loss that is not finite.
    """
    pairs, out = Path(pairs), Path(out)
    _require_place(out)
    data = read_training_pairs(pairs, config.splits)
    tokenizer = _tokenizer(config, data)
    state = EncoderState(out.with_name(f"{out.name}.training"), config, digest(data))
    _require_legible(tokenizer, data, pairs, say)
    keras.utils.set_random_seed(config.seed)
    encoder = TextEncoder(
        build_text_encoder(config.text, tokenizer.vocabulary_size),
        tokenizer,
        config.text,
        looks_through(config.image),
        frozen_network(config.text),
    )
    images = image_side_to_train(config)
    training = EncoderTraining(config, data, encoder, images, progress)
    state.restore(say, text=encoder.model, image=images.trained, optimizer=training.optimizer)
    _run(config, training, state, progress, watch)
    images = with_stock_layers(config, images)
    save_encoder(out, encoder)
    save_image_side(image_side(out), images, config.image, encoder, digest(data))
    report = EncoderReport(
        kind=encoder.kind,
        parameters=parameter_count(config.text, tokenizer.vocabulary_size),
        steps=state.step,
        seconds=state.seconds,
        captions_per_second=state.step * training.batch_size / state.seconds,
        scores=_scores(pairs, config, encoder, images),
        changes=state.changes,
    )
    with replacing(out.with_suffix(".json")) as unfinished:
        unfinished.write_text(json.dumps(asdict(report), indent=2) + "\n")
    return report


def _require_place(out: Path) -> None:
    """Raises InputError where at `out` or beside it lies another's file."""
    require_encoder_output(out)
    report, training = out.with_suffix(".json"), out.with_name(f"{out.name}.training")
    foreign = []
    if report.exists() and not _is_report(report):
        foreign.append(report)
    if image_side(out).exists() and not is_image_side(image_side(out)):
        foreign.append(image_side(out))
    if training.exists() and not EncoderState.is_one(training):
        foreign.append(training)
    if foreign:
        raise InputError(
            f"{out}: expected nothing of others where its image side, scores and checkpoints go, "
            f"got {', '.join(path.name for path in foreign)}; choose another --out"
        )


def _is_report(path: Path) -> bool:
    try:
        return {"kind", "parameters", "steps", "scores"} <= set(json.loads(path.read_bytes()))
    except (OSError, ValueError, TypeError, RecursionError):
        return False


def _tokenizer(config: EncoderConfig, data: Pairs) -> Tokenizer:
    if config.text.frozen:
        return WordPieceTokenizer(config.text.frozen, config.text.length)
    if config.text.tokenizer == "char":
        return CharTokenizer(config.text.length)
    model = train_sentencepiece(data.caption, config.text.vocabulary_size)
    return SentencePieceTokenizer(model, config.text.length)


def _require_legible(
    tokenizer: Tokenizer, data: Pairs, pairs: Path, say: Callable[[str], None]
) -> None:
    """Raises InputError where too little of the captions is read; says what is not."""
    read = legibility(tokenizer, data.caption)
    require_legible(read, tokenizer, str(pairs))
    if read.lost:
        say(f"{pairs}: what the encoder does not read: {read}")


def _run(
    config: EncoderConfig,
    training: EncoderTraining,
    state: EncoderState,
    progress: Progress,
    watch: Watch,
) -> None:
    step, began = state.step, time.perf_counter()
    while step < config.steps:
        checkpoint = min(
            config.steps, (step // config.checkpoint_every + 1) * config.checkpoint_every
        )
        end = min(checkpoint, step + _STEPS_PER_LAUNCH)
        losses = training.run(step, end)
        wrong = np.flatnonzero(~np.isfinite(losses))
        if len(wrong):
            raise InputError(
                f"{state.folder}: expected a finite loss, got {losses[wrong[0]]} at step "
                f"{step + wrong[0]}; lower learning_rate (the state of step {state.step} is kept)"
            )
        step = end
        if step == checkpoint:
            now = time.perf_counter()
            state.save(step, now - began)
            began = now
        progress("training the encoder", step, config.steps)
        watch(float(losses.mean()))


def _scores(
    path: Path, config: EncoderConfig, encoder: TextEncoder, images: ImageEncoder
) -> dict[str, ZeroShotScore]:
    scores = {}
    counts = read_header(path).images
    for split in ("val", "test"):
        if counts[split] and split not in config.splits:
            held_out = read(path, [split])
            scores[split] = zero_shot_score(
                images.embed(held_out.image),
                held_out.class_id,
                encoder.embed(held_out.caption),
                np.repeat(held_out.class_id, np.diff(held_out.caption_offset)),
            )
    return scores

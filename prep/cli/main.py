"""t2i-prep: makes pairs files out of pictures and captions."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

import t2i
from prep.cli.ending import Ending
from prep.cli.exporting import export_group
from prep.cli.fetching import fetch
from prep.cli.importing import import_group
from prep.cli.target import Target, makes_pairs, write
from t2i.cli.command_line import (
    FILE,
    FOLDER,
    OVERRIDES,
    counted,
    encoder_config,
    goes_on,
)
from t2i.cli.progress import Bars
from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError
from t2i.files.disk import require_apart

if TYPE_CHECKING:
    from t2i.pairs.reading import Header


@click.group(cls=Ending, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(t2i.__version__, prog_name="t2i-prep")
def main() -> None:
    """Makes pairs files: pictures, captions and their embeddings, ready for t2i."""


main.add_command(fetch)
main.add_command(import_group)
main.add_command(export_group)


@main.command()
@click.argument("out", type=FOLDER)
@click.option("--count", default=8000, show_default=True, type=int, help="Pictures, 64 or more.")
@click.option(
    "--seed",
    default=0,
    show_default=True,
    type=click.IntRange(0, 2**31 - 1),
    help="The same seed draws the same birds.",
)
def synthetic(out: Path, count: int, seed: int) -> None:
    """Draws birds in the layout of CUB.

    With known attributes and true captions, into the folder OUT.
    """
    from prep.synthetic.writing import write_synthetic

    with Bars("picture") as bars:
        made = write_synthetic(out, count, seed, bars)
    click.echo(
        f"{out}: {made.pictures:,} pictures of {made.species} species, {made.captions:,} captions"
    )


@main.command()
@click.argument("cub_dir", type=FOLDER)
@click.option("--captions", required=True, type=FOLDER, help="Folder of the caption files.")
@click.option(
    "--crop",
    default="box",
    show_default=True,
    type=click.Choice(["box", "none"]),
    help="A square of 1.5 times the bird's box, or the whole picture.",
)
@click.option(
    "--split",
    type=FOLDER,
    help="Folder of {train,val,test}classes.txt, or {trainval,test}classes.txt.  [default: CUB's]",
)
@makes_pairs()
def cub(cub_dir: Path, captions: Path, crop: str, split: Path | None, target: Target) -> None:
    """Makes a pairs file of CUB-200-2011.

    Or of anything in its layout, in the folder CUB_DIR.
    """
    from prep.building.splits import official_split, read_split
    from prep.sources.cub import Cub

    split_of = read_split(split) if split else official_split()
    source = Cub(cub_dir, captions, use_box=crop == "box", split_of=split_of)
    write(target, source, f"{cub_dir.name}, crop {crop}")


@main.command("train-encoder")
@click.argument("pairs", type=FILE)
@click.option(
    "--config",
    required=True,
    type=FILE,
    help="Configuration: a YAML file, or a name of `t2i configs`.",
)
@click.option("--out", required=True, type=FILE, help="Encoder to write, a .keras file.")
@OVERRIDES
def train_encoder(pairs: Path, config: Path, out: Path, overrides: tuple[str, ...]) -> None:
    """Trains a text encoder on a pairs file.

    Interrupted, the same command goes on where it stopped. Beside --out, NAME.keras, come
    NAME.image.keras, the image side, for a judge; NAME.json, the scores; and NAME.keras.training/,
    from which it goes on, and which may be removed.
    """
    from t2i.encoders.description import require_encoder_output
    from t2i.pairs.reading import read_header

    settings = encoder_config(config, overrides)
    require_apart(out, pairs, config)
    require_encoder_output(out)
    read_header(pairs)
    require_tensorflow()
    from prep.encoder.training import train_encoder as train

    with goes_on(out, "from its last checkpoint"), Bars("step") as bars:
        report = train(
            pairs, settings, out, bars, lambda loss: bars.note(f"loss {loss:.3f}"), bars.say
        )
    click.echo(
        f"{out}: {report.kind}, {report.parameters:,} parameters, "
        f"{report.captions_per_second:.0f} captions/s in training"
    )
    for split, score in report.scores.items():
        click.echo(
            f"  {split}: zero-shot accuracy {score.accuracy:.1%} of {score.classes} classes "
            f"(chance {score.chance:.1%}), AP@50 {score.average_precision_50:.1%}"
        )


@main.command("import-encoder")
@click.argument("torch_file", metavar="FILE.t7", type=FILE)
@click.option("--out", required=True, type=FILE, help="Encoder to write, a .keras file.")
def import_encoder(torch_file: Path, out: Path) -> None:
    """Converts a text encoder of Reed et al.

    FILE.t7 is what they released for Torch.
    """
    from t2i.encoders.description import require_encoder_output

    require_apart(out, torch_file)
    require_encoder_output(out)
    require_tensorflow()
    from prep.encoder.released.importing import import_encoder as read
    from t2i.encoders.text import parameter_count, save_encoder

    encoder = read(torch_file)
    save_encoder(out, encoder)
    parameters = parameter_count(encoder.config, encoder.tokenizer.vocabulary_size)
    click.echo(
        f"{out}: {encoder.kind}, {parameters:,} parameters, reads {encoder.config.length} "
        f"characters, {encoder.embedding_size} numbers an embedding"
    )


@main.command()
@click.argument("pairs", type=FILE)
@click.option("--encoder", required=True, type=FILE, help="An encoder's .keras file.")
def embed(pairs: Path, encoder: Path) -> None:
    """Embeds every caption of a pairs file.

    The embeddings, and the encoder itself, are written into PAIRS.
    """
    from t2i.files.weights import require_encoder
    from t2i.pairs.reading import read_header

    read_header(pairs)
    require_encoder(encoder)
    require_tensorflow()
    from prep.encoder.embedding import embed_pairs

    with Bars("caption") as bars:
        made = embed_pairs(pairs, encoder, bars)
    if made.read.lost:
        click.echo(f"{pairs}: what the encoder does not read: {made.read}")
    click.echo(
        f"{pairs}: {made.captions:,} captions embedded by {made.kind}, "
        f"{made.embedding_size} numbers each, {made.captions_per_second:.0f} captions/s"
    )


@main.command()
@click.argument("pairs", type=FILE)
def check(pairs: Path) -> None:
    """Says what PAIRS holds, and names every fault."""
    from t2i.pairs.checking import check as look_at
    from t2i.pairs.classes import class_lines

    header, faults, remarks = look_at(pairs)
    click.echo(f"{pairs}: {header.source}; made with {header.created_with}")
    colours = "in colour" if header.channels == 3 else "in greys"
    fit = f", made square by {header.fit}" if header.fit else ""
    click.echo(f"pictures: {header.image_size} x {header.image_size} pixels, {colours}{fit}")
    for split, facts in header.images.items():
        captions = header.captions[split]
        per_image = f"{captions / facts:.1f} an image" if facts else "none"
        click.echo(
            f"{split}: {counted(facts, 'image')}, {counted(captions, 'caption')} ({per_image})"
        )
    for line in class_lines(pairs):
        click.echo(line)
    encoder = header.encoder
    click.echo(
        f"encoder: {encoder.kind}, {encoder.embedding_size} numbers, SHA-256 {encoder.sha256}"
        if encoder
        else f"encoder: none yet; run t2i-prep embed {pairs} --encoder ENCODER"
    )
    if encoder and not encoder.imported:
        remarks += _reading(pairs, header, faults)
    for remark in remarks:
        click.echo(remark)
    if faults:
        raise InputError(f"{pairs}: {'; '.join(faults)}; prepare it again")
    click.echo("no faults")


def _reading(pairs: Path, header: "Header", faults: list[str]) -> list[str]:
    """Returns what the encoder inside does not read of the captions; a fault where it is much."""
    from t2i.encoders.description import tokenizer_in
    from t2i.encoders.legibility import legibility, require_legible
    from t2i.pairs.reading import read, read_encoder

    splits = [split for split, images in header.images.items() if images]
    content = read_encoder(pairs)
    if faults or not splits or content is None:
        return []
    try:
        tokenizer = tokenizer_in(content, pairs)
    except InputError:
        # Whether the encoder is whole is asked where it is put to use; its hash was compared.
        return []
    found = legibility(tokenizer, read(pairs, splits, images=False, embeddings=False).caption)
    require_legible(found, tokenizer, str(pairs))
    return [f"what the encoder does not read: {found}"] if found.lost else []

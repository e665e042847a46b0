"""t2i-prep: makes pairs files out of pictures and captions."""

from pathlib import Path

import click

import t2i
from prep.cli.ending import Ending
from prep.cli.exporting import export_group
from prep.cli.fetching import fetch
from prep.cli.importing import import_group
from prep.cli.target import Target, makes_pairs, write
from t2i.cli.command_line import FILE, FOLDER
from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError


@click.group(cls=Ending, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(t2i.__version__, prog_name="t2i-prep")
def main() -> None:
    """Makes pairs files: pictures, captions and their embeddings, ready for t2i."""


main.add_command(fetch)
main.add_command(import_group)
main.add_command(export_group)


@main.command()
@click.argument("out", type=FOLDER)
@click.option("--count", default=8000, show_default=True, type=int, help="Pictures.")
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0, 2**31 - 1))
def synthetic(out: Path, count: int, seed: int) -> None:
    """Draws birds with known attributes and captions into OUT, in the layout of CUB."""
    from tqdm import tqdm

    from prep.synthetic.writing import write_synthetic

    with tqdm(total=count, unit="picture", desc="drawing") as bar:
        made = write_synthetic(out, count, seed, lambda done: bar.update(done - bar.n))
    click.echo(
        f"{out}: {made.pictures:,} pictures of {made.species} species, {made.captions:,} captions"
    )


@main.command()
@click.argument("cub_dir", type=FOLDER)
@click.option("--captions", required=True, type=FOLDER, help="Folder of the caption files.")
@click.option("--crop", default="box", show_default=True, type=click.Choice(["box", "none"]))
@click.option(
    "--split",
    type=FOLDER,
    help="Folder of {train,val,test}classes.txt, or {trainval,test}classes.txt.  [default: CUB's]",
)
@makes_pairs()
def cub(cub_dir: Path, captions: Path, crop: str, split: Path | None, target: Target) -> None:
    """Prepares CUB-200-2011, or anything in its layout, in CUB_DIR."""
    from prep.building.splits import official_split, read_split
    from prep.sources.cub import Cub

    split_of = read_split(split) if split else official_split()
    source = Cub(cub_dir, captions, use_box=crop == "box", split_of=split_of)
    write(target, source, f"{cub_dir.name}, crop {crop}")


@main.command("train-encoder")
@click.argument("pairs", type=FILE)
@click.option("--config", required=True, type=FILE, help="An encoder's configuration.")
@click.option("--out", required=True, type=FILE, help="Encoder to write, a .keras file.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Overrides a key.")
def train_encoder(pairs: Path, config: Path, out: Path, overrides: tuple[str, ...]) -> None:
    """Trains a text encoder on PAIRS; the same command resumes."""
    from t2i.config.file import load
    from t2i.encoders.config import EncoderConfig
    from t2i.pairs.reading import read_header

    settings = load(config, EncoderConfig, overrides)
    read_header(pairs)
    require_tensorflow()
    from tqdm import tqdm

    from prep.encoder.training import train_encoder as train

    with tqdm(total=settings.steps, unit="step", desc="training the encoder") as bar:

        def progress(done: int, _: int, loss: float) -> None:
            bar.update(done - bar.n)
            bar.set_postfix_str(f"loss {loss:.3f}")

        report = train(pairs, settings, out, progress)
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
    """Turns a text encoder that Reed et al. released for Torch into one of ours."""
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
    """Writes the embedding of every caption, and the encoder, into PAIRS."""
    from t2i.files.weights import require_encoder
    from t2i.pairs.reading import read_header

    total = sum(read_header(pairs).captions.values())
    require_encoder(encoder)
    require_tensorflow()
    from tqdm import tqdm

    from prep.encoder.embedding import embed_pairs

    with tqdm(total=total, unit="caption", desc="embedding") as bar:

        def progress(done: int, _: int) -> None:
            bar.update(done - bar.n)

        made = embed_pairs(pairs, encoder, progress)
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
        click.echo(f"{split}: {facts:,} images, {captions:,} captions ({per_image})")
    for line in class_lines(pairs):
        click.echo(line)
    encoder = header.encoder
    click.echo(
        f"encoder: {encoder.kind}, {encoder.embedding_size} numbers, SHA-256 {encoder.sha256}"
        if encoder
        else f"encoder: none yet; run t2i-prep embed {pairs} --encoder ENCODER"
    )
    for remark in remarks:
        click.echo(remark)
    if faults:
        raise InputError(f"{pairs}: {'; '.join(faults)}; prepare it again")
    click.echo("no faults")

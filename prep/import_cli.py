"""t2i-prep import: a pairs file out of what others have published, or one's own pictures."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from t2i.command_line import require_tensorflow
from t2i.errors import InputError

if TYPE_CHECKING:
    from prep.examples import Source
    from t2i.pairs import EncoderStamp, SplitBy

Command = Callable[..., None]

FOLDER = click.Path(file_okay=False, path_type=Path)
FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True)
class Target:
    """The pairs file to make.

    Attributes:
        out: where.
        image_size: side of its pictures, pixels.
        workers: processes, or None for one a core.
        skip_bad: leave out pictures that can't be used.
    """

    out: Path
    image_size: int
    workers: int | None
    skip_bad: bool


def makes_pairs(image_size: int = 76) -> Callable[[Command], Command]:
    """Returns a decorator: adds the options of every import, and hands them on as `target`.

    Args:
        image_size: unless the user gives another.
    """

    def decorate(command: Command) -> Command:
        @click.option("--out", required=True, type=FILE, help="Pairs file to write.")
        @click.option(
            "--image-size", default=image_size, show_default=True, type=click.IntRange(8, 1024)
        )
        @click.option(
            "--workers", type=click.IntRange(1, 256), help="Processes.  [default: all cores]"
        )
        @click.option("--skip-bad", is_flag=True, help="Leaves out pictures that can't be used.")
        @wraps(command)
        def with_target(
            *, out: Path, image_size: int, workers: int | None, skip_bad: bool, **own: Any
        ) -> None:
            command(target=Target(out, image_size, workers, skip_bad), **own)

        return with_target

    return decorate


def write(
    target: Target,
    source: "Source",
    description: str,
    channels: int = 3,
    encoder: "EncoderStamp | None" = None,
    split_by: "SplitBy" = "class",
) -> None:
    """Builds the pairs file, and says what is in it.

    Args:
        target: the pairs file.
        source: the pictures.
        description: where they come from, in words.
        channels: 3 for colours, 1 for greys.
        encoder: who made the embeddings that the source brings, or None.
        split_by: `picture` where classes may be in several splits.
    """
    from tqdm import tqdm

    from prep.build import build_pairs

    with tqdm(total=len(source), unit="picture", desc="preparing") as bar:
        made = build_pairs(
            source,
            target.out,
            target.image_size,
            description,
            target.workers,
            target.skip_bad,
            bar.update,
            channels,
            encoder,
            split_by,
        )
    counts = ", ".join(f"{count:,} {name}" for name, count in made.images.items())
    left_out = f", {made.bad} left out (see {made.report})" if made.bad else ""
    click.echo(
        f"{target.out}: {counts} pictures of {target.image_size} pixels, "
        f"{sum(made.captions.values()):,} captions in {made.seconds:.1f} s{left_out}"
    )


@click.group("import")
def import_group() -> None:
    """Makes a pairs file of a known kind of source."""


@import_group.command()
@click.argument("folder", type=FOLDER)
@makes_pairs(image_size=32)
def mnist(folder: Path, target: Target) -> None:
    """MNIST's four IDX files in FOLDER, gzipped or not; the condition is the class.

    Pictures of 32 pixels, or a multiple, get a border of 2 black pixels a side.
    """
    from prep.sources.mnist import Mnist

    source = Mnist(folder, padding=0 if target.image_size % 32 else 2)
    write(target, source, "MNIST", channels=1, encoder=source.encoder, split_by="picture")


@import_group.command()
@click.argument("flowers_dir", type=FOLDER)
@click.option("--captions", type=FOLDER, help="Folder of the captions.  [default: FLOWERS_DIR]")
@click.option(
    "--split",
    type=FOLDER,
    help="Folder of trainclasses.txt, valclasses.txt and testclasses.txt, flowers_icml say.  "
    "[default: 62, 20 and 20 classes of our own choice]",
)
@click.option(
    "--split-by", default="class", show_default=True, type=click.Choice(["class", "picture"])
)
@makes_pairs()
def flowers(
    flowers_dir: Path,
    captions: Path | None,
    split: Path | None,
    split_by: "SplitBy",
    target: Target,
) -> None:
    """Oxford-102 flowers in FLOWERS_DIR: jpg/, imagelabels.mat, setid.mat and text_c10/.

    --split-by picture takes the published split of setid.mat, with all classes in every split.
    """
    from prep.sources.flowers import Flowers, class_split
    from prep.splits import read_split

    if split_by == "picture":
        if split:
            raise InputError("--split: expected only with --split-by class, got both; drop one")
        source, how = Flowers(flowers_dir, captions), "split by picture"
    elif split:
        source, how = Flowers(flowers_dir, captions, read_split(split)), f"split of {split.name}"
    else:
        source, how = Flowers(flowers_dir, captions, class_split()), "own class split"
    write(target, source, f"Oxford-102 flowers, {how}", split_by=split_by)


@import_group.command()
@click.argument("pictures", type=FOLDER)
@click.option("--captions", type=FILE, help="CSV or JSON lines.  [default: looked for]")
@click.option("--no-classes", is_flag=True, help="Makes each picture its own class.")
@click.option(
    "--split-by", default="class", show_default=True, type=click.Choice(["class", "picture"])
)
@makes_pairs()
def folder(
    pictures: Path,
    captions: Path | None,
    no_classes: bool,
    split_by: "SplitBy",
    target: Target,
) -> None:
    """A folder of your own PICTURES, with captions.

    Captions are in a .txt beside each picture, one a line; or in metadata.jsonl, captions.csv or
    another list of path, caption and, as you like, class and split. Folders called train, val and
    test are splits, other folders are classes. Without splits, a hash of the class, or of the name,
    puts 80 % into train, 10 % into val and 10 % into test.
    """
    from prep.sources.folder import Folder

    source = Folder(pictures, captions, not no_classes, split_by)
    write(target, source, pictures.resolve().name, split_by=source.split_by)


@import_group.command("reed-icml")
@click.argument("folder", type=FOLDER)
@click.option("--images", required=True, type=FOLDER, help="CUB's tree, or the flowers' folder.")
@click.option("--crop", default="box", show_default=True, type=click.Choice(["box", "none"]))
@click.option("--split", type=FOLDER, help="Folder of class lists.  [default: FOLDER]")
@makes_pairs()
def reed_icml(folder: Path, images: Path, crop: str, split: Path | None, target: Target) -> None:
    """Imports Reed's cub_icml or flowers_icml: FOLDER holds a .t7 file a picture."""
    from prep.sources.reed_icml import ReedIcml
    from prep.splits import read_split

    source = ReedIcml(folder, images, crop == "box", read_split(split) if split else None)
    description = f"{folder.name}, Reed et al. ICML 2016, crop {crop}"
    write(target, source, description, encoder=source.encoder)


@import_group.command("reed-cvpr")
@click.argument("folder", type=FOLDER)
@click.option("--images", required=True, type=FOLDER, help="CUB's tree.")
@click.option("--crop", default="box", show_default=True, type=click.Choice(["box", "none"]))
@click.option("--split", type=FOLDER, help="Folder of class lists.  [default: FOLDER]")
@makes_pairs()
def reed_cvpr(folder: Path, images: Path, crop: str, split: Path | None, target: Target) -> None:
    """Imports Reed's cvpr2016_cub: FOLDER holds manifest.txt and text_c10/."""
    from prep.sources.reed_cvpr import ReedCvpr
    from prep.splits import read_split

    source = ReedCvpr(folder, images, crop == "box", read_split(split) if split else None)
    write(target, source, f"{folder.name}, Reed et al. CVPR 2016, crop {crop}")


@import_group.command()
@click.argument("folder", type=FOLDER)
@click.option(
    "--images",
    required=True,
    type=click.Path(path_type=Path),
    help="CUB's tree, or the name of a pickle in train/ and test/, 76images.pickle say.",
)
@click.option(
    "--captions",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of the caption files, or AttnGAN's captions.pickle.",
)
@click.option("--crop", default="box", show_default=True, type=click.Choice(["box", "none"]))
@makes_pairs()
def stackgan(folder: Path, images: Path, captions: Path, crop: str, target: Target) -> None:
    """Imports what StackGAN and AttnGAN read: FOLDER holds train/ and test/, of pickles each."""
    from prep.sources.stackgan import StackGan

    source = StackGan(folder, images, captions, use_box=crop == "box")
    how = "" if images.suffix == ".pickle" else f", crop {crop}"
    description = f"{folder.resolve().name}, StackGAN layout, pictures of {images.name}{how}"
    write(target, source, description, encoder=source.encoder)


@import_group.command()
@click.argument("path", metavar="FILE", type=FILE)
@makes_pairs()
def aelnouby(path: Path, target: Target) -> None:
    """Imports El-Nouby's birds.hdf5 or flowers.hdf5; its pictures are taken whole."""
    from prep.sources.aelnouby import Aelnouby

    source = Aelnouby(path)
    write(target, source, f"{path.name}, aelnouby's layout", encoder=source.stamp())


@import_group.command()
@click.argument("name")
@click.option("--data-dir", required=True, type=FOLDER, help="Where TFDS has prepared it.")
@click.option("--captions", type=FOLDER, help="Folder of caption files, to be joined by name.")
@click.option("--crop", default="box", show_default=True, type=click.Choice(["box", "none"]))
@click.option(
    "--split",
    type=FOLDER,
    help="Folder of trainclasses.txt, valclasses.txt and testclasses.txt.  "
    "[default: that of CUB or the flowers]",
)
@makes_pairs()
def tfds(
    name: str, data_dir: Path, captions: Path | None, crop: str, split: Path | None, target: Target
) -> None:
    """NAME as TensorFlow Datasets has prepared it, by the features that it has.

    Captions come from the data set or from --captions, whose classes are then split; where there
    are none, the condition is the class.
    """
    require_tensorflow()
    from prep.sources.flowers import class_split
    from prep.sources.tfds import Tfds
    from prep.splits import official_split, read_split
    from prep.tfds_copies import PreparedCopy

    copy = PreparedCopy(data_dir, name)
    split_of = read_split(split) if split else official_split() | class_split()
    source = Tfds(copy, captions, crop == "box", split_of)
    if source.left_out:
        click.echo(f"{copy.name}: left out splits {', '.join(source.left_out)}")
    write(target, source, f"TFDS {copy.name}", source.channels, source.encoder, source.split_by)

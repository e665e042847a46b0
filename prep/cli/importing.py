"""t2i-prep import: a pairs file out of what others have published, or one's own pictures."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from prep.cli.target import Command, Target, makes_pairs, write
from t2i.cli.command_line import FILE, FOLDER
from t2i.compute.backend import require_tensorflow
from t2i.errors import InputError

if TYPE_CHECKING:
    from t2i.pairs.reading import SplitBy


_crop = click.option(
    "--crop",
    default="box",
    show_default=True,
    type=click.Choice(["box", "none"]),
    help="A square of 1.5 times the picture's box, or the whole picture.",
)
_as_split = click.option(
    "--split-by",
    type=click.Choice(["class", "picture"]),
    help="Whether a class may be in several splits.  [default: as it is found]",
)
_split_by = click.option(
    "--split-by",
    default="class",
    show_default=True,
    type=click.Choice(["class", "picture"]),
    help="Whether a class may be in several splits.",
)


@click.group("import")
def import_group() -> None:
    """Makes a pairs file of a known kind of source."""


@import_group.command()
@click.argument("folder", type=FOLDER)
@makes_pairs(image_size=32)
def mnist(folder: Path, target: Target) -> None:
    """MNIST: the condition is the class.

    FOLDER holds its four IDX files, gzipped or not. Pictures of 32 pixels, or a multiple, get a
    border of 2 black pixels a side.
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
@_split_by
@makes_pairs()
def flowers(
    flowers_dir: Path,
    captions: Path | None,
    split: Path | None,
    split_by: "SplitBy",
    target: Target,
) -> None:
    """Oxford-102 flowers.

    FLOWERS_DIR holds jpg/, imagelabels.mat, setid.mat and text_c10/. --split-by picture takes the
    published split of setid.mat, with all classes in every split.
    """
    from prep.building.splits import read_split
    from prep.sources.flowers import Flowers, class_split

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
@click.argument("pictures", type=click.Path(path_type=Path))
@click.option(
    "--captions",
    type=FILE,
    multiple=True,
    help="A list: CSV, TSV, JSON, COCO's captions_*.json, Flickr's tokens; once for each.  "
    "[default: looked for]",
)
@click.option(
    "--classes/--no-classes",
    default=None,
    help="Whether folders are classes, or each picture its own.  [default: classes]",
)
@click.option(
    "--folder-is",
    "meant",
    multiple=True,
    metavar="NAME=KIND",
    help="What folders of a name are: train, val, test or class.  [default: by the name]",
)
@_split_by
@makes_pairs()
def folder(
    pictures: Path,
    captions: tuple[Path, ...],
    classes: bool | None,
    meant: tuple[str, ...],
    split_by: "SplitBy",
    target: Target,
) -> None:
    """A folder of your own pictures, with captions.

    Captions are in a .txt beside each picture, one a line; or in metadata.jsonl, captions.csv or
    another list of path, caption and, as you like, class and split. Folders called train, val2017,
    test_set and the like are splits, other folders are classes. Without splits, a hash of the
    class, or of the name, puts 80 % into train, 10 % into val and 10 % into test.
    """
    from prep.sources.folder import Folder

    source = Folder(pictures, captions, classes, split_by, _meant(meant))
    write(target, source, pictures.resolve().name, split_by=source.split_by)


def _meant(said: tuple[str, ...]) -> dict[str, str]:
    """Returns the kind of each folder that was named with --folder-is."""
    kinds = {}
    for text in said:
        name, _, kind = text.rpartition("=")
        if not name or kind not in ("train", "val", "test", "class"):
            raise InputError(
                f"--folder-is: expected NAME=train, =val, =test or =class, got {text!r}; correct it"
            )
        kinds[name] = kind
    return kinds


def _of_reed(command: Command) -> Command:
    """Adds what both of Reed's layouts are read with."""
    for option in (
        makes_pairs(),
        click.option("--split", type=FOLDER, help="Folder of class lists.  [default: FOLDER]"),
        _crop,
        click.option("--images", required=True, type=FOLDER, help="CUB's tree, or the flowers'."),
        click.argument("folder", type=FOLDER),
    ):
        command = option(command)
    return command


@import_group.command("reed-icml")
@_of_reed
def reed_icml(folder: Path, images: Path, crop: str, split: Path | None, target: Target) -> None:
    """Reed's cub_icml or flowers_icml.

    FOLDER holds a .t7 file a picture.
    """
    from prep.building.splits import read_split
    from prep.sources.reed.icml import ReedIcml

    source = ReedIcml(folder, images, crop == "box", read_split(split) if split else None)
    description = f"{folder.name}, Reed et al. ICML 2016, crop {crop}"
    write(target, source, description, encoder=source.encoder)


@import_group.command("reed-cvpr")
@_of_reed
def reed_cvpr(folder: Path, images: Path, crop: str, split: Path | None, target: Target) -> None:
    """Reed's cvpr2016_cub.

    FOLDER holds manifest.txt and text_c10/.
    """
    from prep.building.splits import read_split
    from prep.sources.reed.cvpr import ReedCvpr

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
@_crop
@_as_split
@makes_pairs()
def stackgan(
    folder: Path,
    images: Path,
    captions: Path,
    crop: str,
    split_by: "SplitBy | None",
    target: Target,
) -> None:
    """What StackGAN and AttnGAN read.

    FOLDER holds train/ and test/, of pickles each.
    """
    from prep.sources.stackgan.source import StackGan

    source = StackGan(folder, images, captions, use_box=crop == "box")
    how = "" if images.suffix == ".pickle" else f", crop {crop}"
    description = f"{folder.resolve().name}, StackGAN layout, pictures of {images.name}{how}"
    write(target, source, description, encoder=source.encoder, split_by=split_by)


@import_group.command()
@click.argument("path", metavar="FILE", type=FILE)
@_as_split
@makes_pairs()
def aelnouby(path: Path, split_by: "SplitBy | None", target: Target) -> None:
    """El-Nouby's birds.hdf5 or flowers.hdf5.

    Its pictures are taken whole.
    """
    from prep.sources.aelnouby import Aelnouby

    source = Aelnouby(path)
    description = f"{path.name}, aelnouby's layout"
    write(target, source, description, encoder=source.encoder, split_by=split_by)


@import_group.command()
@click.argument("name")
@click.option("--data-dir", required=True, type=FOLDER, help="Where TFDS has prepared it.")
@click.option("--captions", type=FOLDER, help="Folder of caption files, to be joined by name.")
@_crop
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
    """A data set of TensorFlow Datasets.

    NAME as it has been prepared, by the features that it has. Captions come from the data set or
    from --captions, whose classes are then split; where there are none, the condition is the class.
    """
    require_tensorflow()
    from prep.building.splits import official_split, read_split
    from prep.sources.flowers import class_split
    from prep.sources.tfds.copies import PreparedCopy
    from prep.sources.tfds.source import Tfds

    copy = PreparedCopy(data_dir, name)
    split_of = read_split(split) if split else official_split() | class_split()
    source = Tfds(copy, captions, crop == "box", split_of)
    if source.left_out:
        click.echo(f"{copy.name}: left out splits {', '.join(source.left_out)}")
    write(target, source, f"TFDS {copy.name}", source.channels, source.encoder, source.split_by)

"""How fast each source becomes a pairs file, beside the bare decode, and in how much memory.

    python benchmarks/import_sources.py CUB_DIR [--captions DIR] [--pictures N ...] [--workers N]

CUB's pictures, over again as often as it takes, are first written in every layout. `bare` reads,
decodes, crops and resizes them in one process and keeps nothing: no import by one worker can be
faster. Every figure comes from a process of its own; give `--pictures 1000 10000` to see whether
memory grows. The last line is JSON.
"""

import argparse
import importlib.util
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from machine import child_peaks, describe, peak_mb
from PIL import Image

from prep.build import build_pairs
from prep.examples import Example, Source
from prep.exports.pairs_file import PairsFile
from prep.exports.stackgan import export_stackgan
from prep.pictures import square_of
from prep.sources.aelnouby import Aelnouby
from prep.sources.cub import Cub, picture_files
from prep.sources.stackgan import StackGan
from prep.sources.tfds import Tfds
from prep.splits import official_split
from prep.tfds_copies import PreparedCopy
from t2i.pairs import EncoderStamp

# The extra `tfds` is not everybody's.
_HAS_TFDS = importlib.util.find_spec("tensorflow_datasets") is not None
_SIZE = 76
_SAMPLE_EVERY = 200
_STAMP = EncoderStamp("0" * 64, "imported: chance", 1024)


def main() -> None:
    """Prints the machine, a table, and the table again as a line of JSON."""
    arguments = _arguments()
    if arguments.once:
        print(json.dumps(_measured(arguments.cub, arguments.once, arguments.workers)))
        return
    print(describe())
    print(f"{'source':<16} {'pictures':>8} {'a second':>9} {'a CPU second':>13} {'peak MB':>8}")
    rows = []
    for count in arguments.pictures:
        with tempfile.TemporaryDirectory() as name:
            _write_layouts(Path(name), arguments.cub, arguments.captions or arguments.cub, count)
            for kind in ("bare", *_SOURCES):
                command = [sys.executable, __file__, name, "--once", kind]
                command += ["--workers", str(arguments.workers)]
                said = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
                rate, cpu_rate, peak = json.loads(said.stdout)
                print(f"{kind:<16} {count:>8,} {rate:>9,.0f} {cpu_rate:>13,.0f} {peak:>8,.0f}")
                rows.append(
                    {
                        "source": kind,
                        "pictures": count,
                        "pictures_per_second": rate,
                        "pictures_per_cpu_second": cpu_rate,
                        "peak_mb": peak,
                    }
                )
    print(json.dumps({"workers": arguments.workers, "rows": rows}))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("cub", type=Path, help="CUB_200_2011, or the folder that holds it")
    parser.add_argument("--captions", type=Path, help="folder of the captions [CUB]")
    parser.add_argument("--pictures", type=int, nargs="+", default=[1000])
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--once", help=argparse.SUPPRESS)
    return parser.parse_args()


# From the folder of the layouts to a source, and the stamp of the embeddings that it brings.
_SOURCES: dict[str, Callable[[Path], tuple[Source, EncoderStamp | None]]] = {
    "cub": lambda folder: (_cub(folder, folder / "stackgan"), None),
    "stackgan": lambda folder: _stackgan(folder, folder),
    "stackgan pickle": lambda folder: _stackgan(folder, Path(f"{_SIZE}images.pickle")),
    "aelnouby": lambda folder: _aelnouby(folder / "birds.hdf5"),
}
if _HAS_TFDS:
    _SOURCES["tfds"] = lambda folder: (_tfds(folder), None)


def _cub(folder: Path, captions: Path) -> Cub:
    return Cub(folder, captions, use_box=True, split_of=official_split())


def _stackgan(folder: Path, images: Path) -> tuple[Source, EncoderStamp | None]:
    source = StackGan(folder / "stackgan", images, folder / "stackgan", use_box=True)
    return source, source.encoder


def _aelnouby(path: Path) -> tuple[Source, EncoderStamp | None]:
    source = Aelnouby(path)
    return source, source.stamp()


def _tfds(folder: Path) -> Tfds:
    return Tfds(PreparedCopy(folder, "birds"), folder / "stackgan", True, official_split())


def _measured(folder: Path, kind: str, workers: int) -> tuple[float, float, float]:
    """Returns pictures a second, pictures a second of the processors, and the peak memory in MB."""
    peaks: dict[str, float] = {}
    done = 0

    def progress(count: int) -> None:
        nonlocal done
        done += count
        if done % _SAMPLE_EVERY == 0:
            peaks.update(child_peaks())

    began = time.perf_counter()
    if kind == "bare":
        for path, box in picture_files(folder, use_box=True).values():
            square_of(path, box, _SIZE, 3)
            progress(1)
    else:
        source, stamp = _SOURCES[kind](folder)
        out = folder / "out.h5"
        build_pairs(source, out, _SIZE, "benchmark", workers, progress=progress, encoder=stamp)
    seconds = time.perf_counter() - began
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu_seconds = sum(usage.ru_utime + usage.ru_stime for usage in used)
    return done / seconds, done / cpu_seconds, peak_mb("self") + sum(peaks.values())


def _write_layouts(folder: Path, cub: Path, captions: Path, count: int) -> None:
    """Writes a CUB tree, its pairs file, a StackGAN layout and aelnouby's HDF5."""
    examples = list(_repeated(_cub(cub, captions), count))
    _write_tree(folder, examples)
    build_pairs(examples, folder / "birds.h5", _SIZE, "benchmark", encoder=_STAMP)
    export_stackgan(PairsFile(folder / "birds.h5"), folder / "stackgan")
    _write_hdf5(folder / "birds.hdf5", examples)
    if _HAS_TFDS:
        # In a process of its own: what TensorFlow takes would count as the memory of every source.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            pool.submit(_write_tfds, folder, examples).result()


def _repeated(source: Cub, count: int) -> Iterator[Example]:
    """Yields pictures in a random order, again under another name when all are used up."""
    examples = [item for item in source if isinstance(item, Example)]
    random.Random(0).shuffle(examples)
    # The memory that is measured is not this process's, so all may share one.
    embeddings = np.random.default_rng(0).normal(size=(10, 1024)).astype(np.float32)
    for number in range(count):
        one = examples[number % len(examples)]
        folder = one.name.partition("/")[0]
        yield replace(one, name=f"{folder}/{number:05}", embeddings=embeddings)


def _write_tree(folder: Path, examples: list[Example]) -> None:
    """Writes a CUB tree whose pictures are links to the real ones."""
    rows: dict[str, list[str]] = {"images": [], "image_class_labels": [], "bounding_boxes": []}
    classes = {}
    for number, one in enumerate(examples, 1):
        path = folder / "images" / f"{one.name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(Path(str(one.image)).resolve())
        classes[one.class_id] = path.parent.name
        rows["images"].append(f"{number} {one.name}.jpg")
        rows["image_class_labels"].append(f"{number} {one.class_id}")
        rows["bounding_boxes"].append(f"{number} {' '.join(map(str, one.box or ()))}")
    rows["classes"] = [f"{class_id} {name}" for class_id, name in classes.items()]
    for name, lines in rows.items():
        (folder / f"{name}.txt").write_text("".join(f"{line}\n" for line in lines))


def _write_hdf5(path: Path, examples: list[Example]) -> None:
    """Writes aelnouby's layout with five captions a picture, as its converter does."""
    with h5py.File(path, "w") as file:
        splits = {
            split: file.create_group(name)
            for split, name in {"train": "train", "val": "valid", "test": "test"}.items()
        }
        for one in examples:
            folder, _, name = one.name.partition("/")
            picture = np.void(Path(str(one.image)).read_bytes())
            for number in range(5):
                group = splits[one.split].create_group(f"{name}_{number}")
                group["name"], group["class"] = name, folder
                group["txt"] = one.captions[number] + "\n"
                group["img"] = picture
                group["embeddings"] = np.ones(1024)


def _write_tfds(data_dir: Path, examples: list[Example]) -> None:
    """Writes a copy with the features of TFDS' `caltech_birds2011` that an import asks for."""
    import tensorflow_datasets as tfds

    sys.stdout = sys.stderr

    def rows() -> Iterator[tuple[int, dict[str, Any]]]:
        for number, one in enumerate(examples):
            content = Path(str(one.image)).read_bytes()
            width, height = Image.open(io.BytesIO(content)).size
            x, y, own_width, own_height = one.box or (0, 0, width, height)
            sides = y / height, x / width, (y + own_height) / height, (x + own_width) / width
            yield (
                number,
                {
                    "image": io.BytesIO(content),
                    "image/filename": f"{one.name}.jpg",
                    "label": one.class_id - 1,
                    "bbox": tfds.features.BBox(*(min(max(side, 0.0), 1.0) for side in sides)),
                },
            )

    features = {
        "image": tfds.features.Image(),
        "image/filename": tfds.features.Text(),
        "label": tfds.features.ClassLabel(num_classes=200),
        "bbox": tfds.features.BBoxFeature(),
    }
    tfds.dataset_builders.store_as_tfds_dataset(
        name="birds",
        version="1.0.0",
        features=tfds.features.FeaturesDict(features),
        split_datasets={"train": rows()},
        data_dir=data_dir,
    )


if __name__ == "__main__":
    main()

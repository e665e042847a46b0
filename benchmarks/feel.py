"""What a person waits for: the commands' answers, the first picture, a thousand pictures.

    python benchmarks/feel.py [--repeats 5] [--ngf 48] [--install]

The run that is painted from has random weights of the usual sizes: they take as long as trained
ones. Each wait stands beside its floor: for a command that imports no TensorFlow a bare Python,
for the first picture a bare `import tensorflow`, for a thousand the matrix product that their
arithmetic would take. --install also times `pip install .[cpu]` into a fresh environment, over
the network. The last line is JSON.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
from machine import describe

ROOT = Path(__file__).parents[1]
PICTURES = 1000


def main() -> None:
    """Prints the waits and, last, a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--ngf", type=int, default=48, help="of G")
    parser.add_argument("--install", action="store_true")
    arguments = parser.parse_args()
    print(describe())
    figures: dict[str, float] = {"ngf": arguments.ngf}
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        figures |= _commands(place, arguments.repeats)
        _make_run(place / "run", arguments.ngf)
        figures |= _first_picture(place, arguments.repeats)
        figures |= _thousand(place / "run", arguments.repeats)
        if arguments.install:
            figures |= _install(place / "venv")
    print(json.dumps({name: round(value, 3) for name, value in figures.items()}))


def _commands(place: Path, repeats: int) -> dict[str, float]:
    """Returns the seconds of a bare Python, of both helps, and of an error in a configuration."""
    wrong = place / "wrong.yaml"
    wrong.write_text("image_sise: 64\n", encoding="utf-8")
    train = ["-m", "t2i", "train", str(wrong), "--data", "none.h5", "--run", "none"]
    commands = {
        "python": ["-c", "pass"],
        "t2i_help": ["-m", "t2i", "--help"],
        "t2i_prep_help": ["-m", "prep", "--help"],
        "config_error": train,
    }
    seconds = {name: _median(repeats, _command(words)) for name, words in commands.items()}
    for name in ("t2i_help", "t2i_prep_help", "config_error"):
        _say(name, seconds[name], seconds["python"], "a bare Python")
    return {f"{name}_s": value for name, value in seconds.items()}


def _first_picture(place: Path, repeats: int) -> dict[str, float]:
    """Returns the seconds of `import tensorflow`, and of `t2i generate` from nothing to PNG."""
    paint = ["-m", "t2i", "generate", str(place / "run"), "a small red bird with black wings"]
    bare = _median(repeats, _command(["-c", "import tensorflow"]))
    first = _median(repeats, _command([*paint, "--out", str(place / "birds.png")]))
    _say("generate", first, bare, "import tensorflow")
    return {
        "import_tensorflow_s": bare,
        "generate_s": first,
        "generate_beyond_import_tensorflow_s": first - bare,
    }


def _thousand(run: Path, repeats: int) -> dict[str, float]:
    """Returns pictures a second at 64 pixels, and what the matrix product would allow."""
    import tensorflow as tf

    from t2i.painting.painter import Painter

    painter = Painter(run)
    embedding = np.random.default_rng(0).standard_normal((PICTURES, 1024), np.float32)
    latent = painter.latents(PICTURES, 0)
    painter.paint_rows(embedding[:64], latent[:64])
    seconds = _median(repeats, lambda: painter.paint_rows(embedding, latent))
    square = tf.random.stateless_normal((2048, 2048), (0, 0))
    product = _median(repeats, lambda: tf.matmul(square, square)[0, 0].numpy())
    gflops = 2 * 2048**3 / product / 1e9
    gflop = _gflop(painter._generator)
    floor = PICTURES * gflop / gflops
    _say("1,000 pictures", seconds, floor, f"{gflop:.2f} GFLOP each at {gflops:.0f} GFLOP/s")
    return {
        "pictures_per_second": PICTURES / seconds,
        "pictures_per_second_at_gemm_peak": PICTURES / floor,
        "gemm_gflops": gflops,
    }


def _gflop(generator: Any) -> float:
    """Returns the multiplications and additions of a picture, counted over G's layers."""
    import keras

    count = 0
    for layer in generator.layers:
        if isinstance(layer, keras.layers.Conv2DTranspose):
            count += 2 * int(np.prod(layer.input.shape[1:3])) * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Conv2D):
            count += 2 * int(np.prod(layer.output.shape[1:3])) * int(np.prod(layer.kernel.shape))
        elif isinstance(layer, keras.layers.Dense):
            count += 2 * int(np.prod(layer.kernel.shape))
    return count / 1e9


def _make_run(path: Path, ngf: int) -> None:
    """Writes a run of configs/cub64_small.yaml with the published encoder, all weights random."""
    from t2i.config.file import load
    from t2i.encoders.config import EncoderConfig
    from t2i.encoders.text import TextEncoder, build_text_encoder, save_encoder
    from t2i.encoders.tokenizers import CharTokenizer
    from t2i.models.dcgan.config import Config
    from t2i.models.dcgan.generator import build_generator
    from t2i.models.whitening import placeholder
    from t2i.runs.directory import Run
    from t2i.runs.record import Record, begin

    shape = load(ROOT / "configs" / "encoder.yaml", EncoderConfig).text
    tokenizer = CharTokenizer(shape.length)
    network = build_text_encoder(shape, tokenizer.vocabulary_size)
    encoder = path.with_name("encoder.keras")
    save_encoder(encoder, TextEncoder(network, tokenizer, shape))
    config = load(
        ROOT / "configs" / "cub64_small.yaml", Config, [f"networks.generator_width={ngf}"]
    )
    size, text = shape.embedding_size, config.text
    whitening = placeholder(size, text.whitened_components, bool(text.whitened_bound))
    record = Record(data="benchmark", precision="float32")
    begin(Run(path), config, record, encoder.read_bytes())
    generator = build_generator(config.networks, config.image_size, size, whitening=whitening)
    generator.save(Run(path).generator)


def _install(venv: Path) -> dict[str, float]:
    """Returns how long an installation takes and what it weighs, in MB."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", venv], check=True)
    subprocess.run([venv / "bin" / "pip", "install", "--quiet", f"{ROOT}[cpu]"], check=True)
    seconds = time.perf_counter() - began
    used = subprocess.run(["du", "-sm", venv], check=True, capture_output=True, text=True)
    size = float(used.stdout.split()[0])
    print(f"{'install .[cpu]':20}{seconds:8.1f} s, {size:.0f} MB")
    return {"install_s": seconds, "install_mb": size}


def _command(words: Sequence[str]) -> Callable[[], object]:
    return lambda: subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True)


def _median(repeats: int, work: Callable[[], object]) -> float:
    """Returns the median of some times, in seconds; a first, with cold files, is left out."""
    times = []
    for _ in range(repeats + 1):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def _say(what: str, seconds: float, floor: float, of: str) -> None:
    print(f"{what:20}{seconds:8.2f} s, {seconds / floor:5.1f} x its floor of {floor:.2f} s ({of})")


if __name__ == "__main__":
    main()

"""Where an inverting encoder is kept, and whose it is."""

import json
import zipfile
from pathlib import Path

import keras

from t2i.errors import InputError
from t2i.files.disk import replacing
from t2i.files.weights import described, load_weights
from t2i.models.contract import Painting
from t2i.painting.inversion.network import build_inverting
from t2i.painting.painter import Painter
from t2i.runs.directory import Run
from t2i.runs.shipping import run_named

_FORMAT, _VERSION = "t2i-inversion", 1
_DESCRIPTION = "t2i/inversion.json"
_MOST_DESCRIPTION = 1 << 16


def written_to(run: Path) -> Path:
    """Returns where the encoder of a run is written: beside its generator.

    A run that comes with the package may lie where nobody can write: its encoder goes to the
    user's cache.
    """
    if run_named(run) == run:
        return Run(run).inversion
    return Path.home() / ".cache" / "t2i" / f"{run}-{Run(run).inversion.name}"


def inversion_of(run: Path) -> Path:
    """Returns the file of a run's encoder: the user's own, else the one that came with it.

    Raises:
        InputError: there is none.
    """
    for path in (written_to(run), Run(run_named(run)).inversion):
        if path.is_file():
            return path
    raise InputError(
        f"{run}: expected what finds a picture's latent, got nothing yet; "
        f"train it with `t2i train-inversion {run}`"
    )


def save_inverting(path: Path, network: keras.Model, painter: Painter) -> None:
    """Writes one `.keras` file that says whose latents it finds."""
    description = {"format": _FORMAT, "version": _VERSION, "painter": painter.identity}
    with replacing(path) as unfinished:
        network.save(unfinished)
        with zipfile.ZipFile(unfinished, "a") as archive:
            archive.writestr(_DESCRIPTION, json.dumps(description))


def load_inverting(path: Path, painter: Painter) -> keras.Model:
    """Returns the encoder in a file that may come from anybody, built here.

    Raises:
        InputError: it is damaged, or of another generator: of the same run, some steps ago.
    """
    again = "train it with `t2i train-inversion`"
    try:
        said = described(path, _DESCRIPTION, _MOST_DESCRIPTION)
        found = [said[key] for key in ("format", "version", "painter")]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{path}: expected what finds a picture's latent, got another file; {again}"
        ) from error
    if found != [_FORMAT, _VERSION, painter.identity]:
        raise InputError(
            f"{path}: expected what finds the latents of this generator ({painter.identity}), "
            f"got that of {str(found[2])[:40]}; {again} again"
        )
    network = build_inverting(Painting(painter.network, painter.prior))
    load_weights(path, network)
    return network

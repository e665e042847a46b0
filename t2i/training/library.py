"""`t2i.train(config, data, run)`: light to import, as TensorFlow is not."""

from collections.abc import Callable, Sequence
from pathlib import Path

from t2i.compute.backend import choose_kernels, require_tensorflow
from t2i.config.published import config_named
from t2i.models.catalogue import load_config
from t2i.runs.directory import Run
from t2i.runs.record import read_record


def train(
    config: str | Path,
    data: str | Path,
    run: str | Path,
    overrides: Sequence[str] = (),
    watch: Callable[[int, dict[str, float]], None] = lambda _, __: None,
) -> None:
    """Trains a run to the end of its configuration; begun before, it goes on where it stopped.

    Args:
        config: YAML file, or a name that `t2i configs` lists.
        data: pairs file, embedded.
        run: the run directory, which `t2i.load` then takes.
        overrides: `training.epochs=5`, for example.
        watch: called with the step reached and the means of what was watched.

    Raises:
        InputError: the configuration or the data are not right, or the run began with others.
    """
    settings, directory = load_config(config_named(Path(config)), overrides), Run(Path(run))
    if directory.config.exists():
        choose_kernels(read_record(directory).kernels)
    require_tensorflow()
    from t2i.training.trainer import Trainer

    Trainer(settings, Path(data), directory).train(watch)

"""Where encoders are kept, and that each is taken for its own generator alone."""

from pathlib import Path

import pytest
from inversion_samples import other_painter, painter

from t2i.errors import InputError
from t2i.models.contract import Painting
from t2i.painting.inversion.network import build_inverting
from t2i.painting.inversion.places import (
    inversion_of,
    load_inverting,
    save_inverting,
    written_to,
)


def test_it_lies_in_the_run_or_in_the_users_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert written_to(tmp_path / "run") == tmp_path / "run" / "inversion.keras"
    assert written_to(Path("birds")) == tmp_path / ".cache" / "t2i" / "birds-inversion.keras"
    with pytest.raises(InputError) as error:
        inversion_of(tmp_path / "run")
    assert str(error.value) == (
        f"{tmp_path / 'run'}: expected what finds a picture's latent, got nothing yet; "
        f"train it with `t2i train-inversion {tmp_path / 'run'}`"
    )
    own = written_to(Path("birds"))
    own.parent.mkdir(parents=True)
    own.write_bytes(b"")
    assert inversion_of(Path("birds")) == own


def test_that_of_other_weights_is_refused_and_so_is_a_damaged_one(tmp_path: Path) -> None:
    made, path = painter(), tmp_path / "inversion.keras"
    save_inverting(path, build_inverting(Painting(made.network, made.prior)), made)
    load_inverting(path, made)
    other = other_painter()
    with pytest.raises(InputError) as error:
        load_inverting(path, other)
    assert str(error.value) == (
        f"{path}: expected what finds the latents of this generator ({other.identity}), got that "
        f"of {made.identity}; train it with `t2i train-inversion` again"
    )
    content = path.read_bytes()
    for damaged in (b"", content[:-100], content.replace(b"t2i/inversion", b"t2i/inv_rsion")):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"inversion\.keras: expected"):
            load_inverting(path, made)

"""What both command lines share."""

from pathlib import Path

import pytest

from t2i.cli.command_line import goes_on


@pytest.mark.parametrize("whence", ["from step 8", lambda: "from step 8"])
def test_stopped_by_its_user_a_work_says_how_it_goes_on(
    whence: object, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, goes_on(Path("run"), whence):
        raise KeyboardInterrupt
    assert ended.value.code == 130
    assert capsys.readouterr() == ("", "run: stopped; the same command goes on from step 8\n")

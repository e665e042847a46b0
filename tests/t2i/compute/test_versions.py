"""What computes."""

from t2i.compute.versions import commit


def test_the_commit_is_one_or_unknown() -> None:
    found = commit().removesuffix("-dirty")
    assert found == "unknown" or (len(found) == 40 and set(found) <= set("0123456789abcdef"))

"""Tests that compute in bfloat16, where that does not end the process."""

import pytest

from t2i.compute.backend import bfloat16_limit

needs_bfloat16 = pytest.mark.skipif(
    bfloat16_limit() is not None, reason=f"no bfloat16 with {bfloat16_limit()}"
)
DTYPES = ["float32", pytest.param("mixed_bfloat16", marks=needs_bfloat16)]

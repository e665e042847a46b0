"""The page's matrix product, compiled: `python -m t2i.exports.kernels` makes it anew.

The compiler is clang as `ziglang` brings it, installed for this alone; what it makes is committed.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(__file__).parent / "static" / "kernels.c"
COMPILED = SOURCE.with_suffix(".wasm")
# Other compilers make other bytes of the same source.
COMPILER = "ziglang==0.17.1"

_OPTIONS = (
    *("-target", "wasm32-freestanding", "-O3", "-msimd128", "-ffreestanding", "-nostdlib"),
    *("-fno-builtin", "-s", "-Wl,--no-entry", "-Wl,--import-memory", "-Wl,--strip-all"),
    # The page counts on one page of memory, 64 kB, to be enough for stack and constants.
    "-Wl,-z,stack-size=16384",
    *("-Wl,--export=convolve", "-Wl,--export=modulate", "-Wl,--export=__heap_base"),
)


def compile_kernels() -> bytes:
    """Returns the module's bytes; raises CalledProcessError where the compiler fails."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "kernels.wasm"
        command = [sys.executable, "-m", "ziglang", "cc", *_OPTIONS, "-o", str(out), str(SOURCE)]
        subprocess.run(command, check=True)
        return out.read_bytes()


if __name__ == "__main__":
    COMPILED.write_bytes(compile_kernels())

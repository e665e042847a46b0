"""Says on what a benchmark ran, and how much memory that took."""

import os
import platform
from importlib import metadata
from pathlib import Path


def describe() -> str:
    """Returns processor, cores, Python and versions in a line."""
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
        processor = names[0] if names else processor
    versions = []
    for name in ("tensorflow", "tensorflow-cpu", "keras", "numpy", "pillow", "h5py"):
        try:
            versions.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            continue
    cores = len(os.sched_getaffinity(0))
    return f"{processor}, {cores} cores; Python {platform.python_version()}, {', '.join(versions)}"


def child_peaks() -> dict[str, float]:
    """Returns the peak memory of each process that this one has started, in MB, by its number."""
    peaks = {}
    for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        try:
            peaks[pid] = peak_mb(pid)
        except OSError:
            continue
    return peaks


def peak_mb(pid: str) -> float:
    """Returns the peak memory of a process in MB, shared pages included, or 0 when it has ended.

    From /proc: `getrusage` also counts what a process held before it became this program.
    """
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), 0.0)

"""How long until the page paints, how many sentences a second it serves, and what that costs.

    python benchmarks/serve.py RUN... [--users 50] [--requests 2000]

RUN may also be a configuration by its name, cub64_projected: served untrained, with the encoder of
the shipped birds. CPU seconds are the server's, and mean something where others share the machine.

Each user asks for four pictures of a sentence, waits for them, and asks again. A request counts
when four pictures came that say this very sentence; anything else is lost.
"""

import argparse
import base64
import http.client
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from machine import describe

from t2i.config.file import dump
from t2i.config.published import config_named
from t2i.models.catalogue import load_config, offered
from t2i.models.contract import Facts
from t2i.runs.directory import Run
from t2i.runs.shipping import run_named


def paint(port: int, run: str, sentence: str) -> bool:
    """Returns whether four pictures of the sentence came."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    body = json.dumps({"run": run, "sentence": sentence, "count": 4})
    connection.request("POST", "/paint", body, {"content-type": "application/json"})
    said = json.loads(connection.getresponse().read().splitlines()[-1])
    connection.close()
    files = [base64.b64decode(picture) for picture in said.get("pictures", ())]
    chunk = b"Description\0\0\0\0\0" + sentence.encode()
    return len(files) == 4 and all(chunk in file for file in files)


def main() -> None:
    """Prints a table a run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--requests", type=int, default=2000)
    arguments = parser.parse_args()
    print(describe())
    for run in arguments.runs:
        with tempfile.TemporaryDirectory() as folder:
            served = run
            if config_named(Path(run)) != Path(run):
                served = str(untrained(run, Path(folder) / run))
            measure(served, arguments.users, arguments.requests)


def untrained(name: str, path: Path) -> Path:
    """Returns a run of a configuration, made in `path`."""
    run, birds = Run(path), Run(run_named(Path("birds")))
    path.mkdir()
    config = load_config(config_named(Path(name)))
    size = 128
    offered(config).build_painting(config, Facts(size, 3)).network.save(run.generator)
    run.config.write_text(dump(config))
    for file in (birds.encoder, birds.record):
        shutil.copy(file, path)
    return path


def measure(run: str, users: int, requests: int) -> None:
    """Prints the figures of one run."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import tensorflow"], capture_output=True, check=True)
    importing = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    importing_cpu = used.ru_utime + used.ru_stime
    started = time.perf_counter()
    command = [sys.executable, "-m", "t2i", "serve", run, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        port = int(server.stdout.readline().split(":")[2].split("/")[0])
        paint(port, run, "a red bird")
        first, first_cpu = time.perf_counter() - started, cpu(server.pid)
        started = time.perf_counter()
        for number in range(10):
            paint(port, run, f"a red bird {number}")
        alone = (time.perf_counter() - started) / 10
        memory = [resident(server.pid)]
        lost, started, before = 0, time.perf_counter(), cpu(server.pid)
        with ThreadPoolExecutor(users) as pool:
            for start in range(0, requests, max(1, requests // 4)):
                texts = [f"a red bird {i}" for i in range(start, start + requests // 4)]
                lost += sum(
                    not good for good in pool.map(lambda text: paint(port, run, text), texts)
                )
                memory.append(resident(server.pid))
        took, spent = time.perf_counter() - started, cpu(server.pid) - before
        server.terminate()
    print(
        f"{run}: first picture {first:.1f} s after the command, of which TensorFlow "
        f"{importing:.1f}; CPU {first_cpu:.1f} and {importing_cpu:.1f} s"
    )
    print(f"  one user: {1000 * alone:.0f} ms for four pictures")
    print(
        f"  {users} users: {requests / took:.1f} sentences a second, {lost} of {requests} lost; "
        f"CPU {1000 * spent / requests:.1f} ms a sentence, {requests / spent:.0f} a CPU second"
    )
    print(f"  resident, before and after each quarter: {', '.join(map(str, memory))} MB")


def cpu(pid: int) -> float:
    """Returns the seconds that a process has computed for, on all cores."""
    user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def resident(pid: int) -> int:
    """Returns a process' memory, MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 // 1_000_000


if __name__ == "__main__":
    main()

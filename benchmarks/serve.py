"""How long until the page paints, how many sentences a second it serves, and what that costs.

    python benchmarks/serve.py RUN... [--users 50] [--requests 2000]

Each user asks for four pictures of a sentence, waits for them, and asks again. A request counts
when four pictures came that say this very sentence; anything else is lost.
"""

import argparse
import base64
import http.client
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from machine import describe


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
        measure(run, arguments.users, arguments.requests)


def measure(run: str, users: int, requests: int) -> None:
    """Prints the figures of one run."""
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", "import tensorflow"], capture_output=True, check=True)
    importing = time.perf_counter() - started
    started = time.perf_counter()
    command = [sys.executable, "-m", "t2i", "serve", run, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        port = int(server.stdout.readline().split(":")[2].split("/")[0])
        paint(port, run, "a red bird")
        first = time.perf_counter() - started
        started = time.perf_counter()
        for number in range(10):
            paint(port, run, f"a red bird {number}")
        alone = (time.perf_counter() - started) / 10
        memory = [resident(server.pid)]
        lost, started = 0, time.perf_counter()
        with ThreadPoolExecutor(users) as pool:
            for start in range(0, requests, max(1, requests // 4)):
                texts = [f"a red bird {i}" for i in range(start, start + requests // 4)]
                lost += sum(
                    not good for good in pool.map(lambda text: paint(port, run, text), texts)
                )
                memory.append(resident(server.pid))
        took = time.perf_counter() - started
        server.terminate()
    print(
        f"{run}: first picture {first:.1f} s after the command, of which TensorFlow {importing:.1f}"
    )
    print(f"  one user: {1000 * alone:.0f} ms for four pictures")
    print(f"  {users} users: {requests / took:.1f} sentences a second, {lost} of {requests} lost")
    print(f"  resident, before and after each quarter: {', '.join(map(str, memory))} MB")


def resident(pid: int) -> int:
    """Returns a process' memory, MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096 // 1_000_000


if __name__ == "__main__":
    main()

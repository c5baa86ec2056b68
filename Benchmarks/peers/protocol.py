"""What every worker has in common: works come in as lines of JSON, seconds go out.

The same protocol as `hornbill-bench worker`; `run.py` is the other side. A worker loads its framework,
answers `hello` with versions and setting, prepares one work at a time, and runs it whenever it is told.
"""

import json
import os
import sys
import time

import numpy as np

THREADS = int(os.environ.get("BENCH_THREADS", "1"))


class Skip(Exception):
    """The framework has no such work."""


def serve(setting, versions, prepare):
    """`prepare(work)` returns a function that does one run and returns its loss or None; it may
    take as long as it needs to compile and warm up. What it returns is timed here."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Whatever the framework prints goes to the errors.

    def answer(**values):
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    run, items = None, 1
    for line in sys.stdin:
        command = json.loads(line)
        if command["op"] == "hello":
            answer(setting=setting, versions=versions)
        elif command["op"] == "prepare":
            try:
                work = command["work"]
                run = prepare(work)
                items = 1 if work["kind"] == "train" else len(np.load(work["x"], mmap_mode="r"))
                answer(ready=True)
            except Skip as reason:
                answer(skip=str(reason))
            except Exception as error:  # Shown in the results as what it is.
                answer(error=f"{type(error).__name__}: {error}"[:300])
        elif command["op"] == "run":
            start, used = time.perf_counter(), time.process_time()
            loss = run()
            seconds, used = time.perf_counter() - start, time.process_time() - used
            loss = None if loss is None else float(loss)
            answer(seconds=seconds / items, processor=used / items, loss=loss)


def rows(work):
    """Inputs `(N, T)` int32 and targets `(N,)` float32 or None."""
    return np.load(work["x"]), np.load(work["y"]) if "y" in work else None


def batches(work):
    """The same batches for all: rows in their order."""
    x, y = rows(work)
    size = work["batch"]
    return [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]


def weights(work):
    """The weights in Keras's order, each in its shape; Hornbill starts from the same."""
    flat = np.load(work["weights"])
    arrays, start = [], 0
    for shape in shapes(work):
        count = int(np.prod(shape))
        arrays.append(flat[start : start + count].reshape(shape))
        start += count
    assert start == len(flat)
    return arrays


def shapes(work):
    v, d, u = work["vocabulary"], work["dimension"], work["units"]
    if work["model"] == "ffnn":
        return [(v, d), (d, 10), (10,), (10, 1), (1,)]
    gates = {"gru": 3, "lstm": 4}[work["model"]]
    bias = (2, gates * u) if work["model"] == "gru" else (gates * u,)
    return [(v, d), (d, gates * u), (u, gates * u), bias, (u, 1), (1,)]

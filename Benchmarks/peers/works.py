"""The works that are compared, and the arrays they share."""

import json
import os

import numpy as np

from protocol import shapes

REVIEWS = dict(dimension=32, units=32, batch=128)


def all_works(data, quick, growth):
    """Descriptions as the workers take them, with `name` and `group` for the report."""
    facts = json.load(open(f"{data}/facts.json"))
    made = []

    def add(group, name, **work):
        work.update(group=group, name=name)
        make_arrays(data, work)
        made.append(work)

    for rows, length in (("50", 50), ("100", 100), ("50-pre", 50)):
        for model in ("gru", "lstm", "ffnn") if rows != "50-pre" else ("gru", "lstm"):
            add("epoch", f"epoch/{model}/{rows}", kind="train", model=model, **REVIEWS,
                vocabulary=facts["vocabulary"], x=f"{data}/x{rows}.npy", y=f"{data}/y.npy",
                length=length, rows=facts["rows"])  # fmt: skip
    for units in (256,) if quick else (256, 512, 1024):
        for model in ("gru", "lstm"):
            add("step", f"step/{model}/{units}", kind="train", model=model, vocabulary=5000,
                dimension=units, units=units, batch=64, rows=64, length=128)  # fmt: skip
    for model in ("gru", "lstm"):
        add("single", f"single/{model}", kind="single", model=model, **REVIEWS,
            vocabulary=facts["vocabulary"], rows=256, length=12)  # fmt: skip
        add("predict", f"predict/{model}", kind="predict", model=model, **REVIEWS,
            vocabulary=facts["vocabulary"], x=f"{data}/x50.npy", y=f"{data}/y.npy",
            rows=facts["rows"], length=50)  # fmt: skip
    if growth:
        for axis, values in growth_axes(quick).items():
            for value in values:
                size = dict(units=64, length=64, batch=64, vocabulary=5000)
                size[axis] = value
                add("growth", f"growth/{axis}/{value}", kind="train", model="gru", axis=axis,
                    value=value, dimension=size["units"], rows=size["batch"], **size)  # fmt: skip
    return made


def growth_axes(quick):
    if quick:
        return {"units": (32, 128, 256), "length": (16, 64, 256), "batch": (1, 16, 256),
                "vocabulary": (5_000, 100_000)}  # fmt: skip
    return {
        "units": (32, 64, 128, 256, 512, 1024),
        "length": (16, 32, 64, 128, 256, 512, 1024),
        "batch": (1, 4, 16, 64, 256, 1024),
        "vocabulary": (5_000, 20_000, 100_000, 300_000, 1_000_000),
    }


def make_arrays(data, work):
    """Weights, and rows where there are none: seeded, made once."""
    sizes = "-".join(str(work[k]) for k in ("model", "vocabulary", "dimension", "units"))
    work["weights"] = f"{data}/weights-{sizes}.npy"
    if not os.path.exists(work["weights"]):
        random = np.random.default_rng(7)
        parts = []
        for shape in shapes(work):
            limit = 0.05 if shape[0] == work["vocabulary"] else np.sqrt(3 / shape[0])
            flat = np.zeros(shape) if len(shape) == 1 else random.uniform(-limit, limit, shape)
            parts.append(flat.astype(np.float32).reshape(-1))
        save(work["weights"], np.concatenate(parts))
    if "x" not in work:
        rows = f"{work['rows']}x{work['length']}-{work['vocabulary']}"
        work["x"], work["y"] = f"{data}/x-{rows}.npy", f"{data}/y-{rows}.npy"
        if not os.path.exists(work["y"]):
            random = np.random.default_rng(8)
            x = random.integers(1, work["vocabulary"], (work["rows"], work["length"]))
            save(work["x"], x.astype(np.int32))
            save(work["y"], random.integers(0, 2, work["rows"]).astype(np.float32))


def save(path, array):
    np.save(path + ".part.npy", array)
    os.rename(path + ".part.npy", path)


def operations(work):
    """Of the products in one run, forward and backward; `docs/speed.md` has the formula."""
    d, u, t = work["dimension"], work["units"], work["length"]
    if work["model"] == "ffnn":
        return 6 * work["rows"] * (d * 10 + 10)
    gates = 3 if work["model"] == "gru" else 4
    return work["rows"] * (6 * t * gates * u * (d + u) + 6 * u)


def remaining(work):
    """Of these operations, those that must be done: a word's input product is the same at all its places
    in a batch, and rows that begin with the same padding share those steps."""
    if work["model"] == "ffnn":
        return operations(work)
    x = np.load(work["x"])
    words = places = 0
    for start in range(0, len(x), work["batch"]):
        rows = x[start : start + work["batch"]]
        words += len(np.unique(rows))
        leading = np.where((rows != 0).any(1), (rows != 0).argmax(1), rows.shape[1])
        places += rows.size - leading.sum() + leading.max()
    d, u = work["dimension"], work["units"]
    gates = 3 if work["model"] == "gru" else 4
    return float(6 * gates * u * (d * words + u * places) + 6 * u * len(x))

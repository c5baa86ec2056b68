"""Writes RESULTS.md from what run.py measured: every ratio, reached or not.

    python report.py results.json memory.json RESULTS.md [NOTE…]
"""

import json
import sys
from math import isnan

import numpy as np

# Ours against the fastest peer, as the aims have it; `best of` narrows the peers.
RATIOS = [
    ("epoch/gru/50", 2, 8, None),
    ("epoch/gru/100", 2, 8, None),
    ("epoch/gru/50-pre", 2, 8, None),
    ("epoch/lstm/50", 2, 5, None),
    ("epoch/lstm/100", 2, 5, None),
    ("epoch/lstm/50-pre", 2, 5, None),
    ("epoch/ffnn/50", 2, 5, None),
    ("epoch/ffnn/100", 2, 5, None),
    *((f"step/{m}/{u}", 2, 1.2, "torch") for u in (256, 512, 1024) for m in ("gru", "lstm")),
    ("single/gru", 1, 20, "onnxruntime"),
    ("single/gru", 1, 20, "torch"),
]
# Shares of the machine's peak that the products which remain are computed at, over the whole time.
PEAK = {"epoch/gru": 0.5, "epoch/lstm": 0.5, "step/": 0.7}


SAME = (
    "Mean loss of the first epoch or step from the same weights, and by how much the others' differ. Keras "
    "on TensorFlow squares the gradient of each occurrence of a word before it sums them, which JAX and "
    "this package (unless told otherwise) do after; PyTorch's RMSprop adds epsilon to the root and not "
    "under it."
)


class Results:
    def __init__(self, found):
        self.found = found
        self.works = {(w["threads"], w["work"]["name"]): w for w in found["works"]}

    def times(self, threads, name, framework):
        results = self.works.get((threads, name), {}).get("results", {})
        return results.get(framework, {}).get("seconds") or None

    def processor(self, threads, name):
        results = self.works.get((threads, name), {}).get("results", {})
        return results.get("hornbill", {}).get("processor")

    def peers(self, threads, name):
        results = self.works.get((threads, name), {}).get("results", {})
        return {k: r["seconds"] for k, r in results.items() if r.get("seconds") and k != "hornbill"}


def quartiles(values):
    return np.percentile(values, [25, 50, 75])


def time(seconds):
    for unit, size in (("s", 1), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds / 1e-9:.3g} ns"


def spread(values):
    low, middle, high = quartiles(values)
    return f"{time(middle)} ({time(low)} … {time(high)})"


def ratio(ours, theirs):
    """How many times faster in the median round, with quartiles: both of a round ran side by side."""
    low, middle, high = quartiles([t / o for o, t in zip(ours, theirs)])
    return middle, low, high


def mark(reached):
    return "reached" if reached else "**not reached**"


def aims(results, memory):
    lines = [
        "| work | threads | ours | fastest peer | ratio (quartiles) | aim | |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, threads, aim, only in RATIOS:
        ours, peers = results.times(threads, name, "hornbill"), results.peers(threads, name)
        if only:
            peers = {k: v for k, v in peers.items() if k == only}
        if not ours or not peers:
            lines.append(f"| {name} | {threads} | not measured | | | ≥ {aim}× | |")
            continue
        fastest = min(peers, key=lambda k: np.median(peers[k]))
        times, low, high = ratio(ours, peers[fastest])
        lines.append(
            f"| {name} | {threads} | {spread(ours)} | {fastest}: {spread(peers[fastest])} "
            f"| {times:.2f}× ({low:.2f} … {high:.2f}) | ≥ {aim}× | {mark(times >= aim)} |"
        )
    lines += ["", "| figure | threads | ours | aim | |", "| --- | --- | --- | --- | --- |"]
    peak = results.found.get("machine", {}).get("peak_gflops", float("nan")) * 1e9
    for (threads, name), entry in sorted(results.works.items()):
        ours = results.times(threads, name, "hornbill")
        aim = next((a for prefix, a in PEAK.items() if name.startswith(prefix)), None)
        if aim and ours and threads == 2:
            share = entry.get("remaining", entry["operations"]) / float(np.median(ours)) / (peak * threads)
            what = f"{name}: remaining products, of the FMA peak"
            lines.append(f"| {what} | {threads} | {share:.0%} | ≥ {aim:.0%} | {mark(share >= aim)} |")
    single = results.times(1, "single/gru", "hornbill")
    if single:
        middle = float(np.median(single))
        lines.append(absolute("one review, token ids → score, GRU(32), 12 words", 1, middle, 5e-6))
        lines.append(absolute("of that for each step", 1, middle / 12, 0.35e-6))
    used = [results.processor(1, f"epoch/{model}/50") for model in ("gru", "lstm")]
    if all(used):
        # Runs side by side, one a core.
        seconds = 250 * sum(float(np.median(times)) for times in used) / 2
        what = "five-rate sweep of gru + lstm, 50 epochs each, from the processor time of their epochs"
        lines.append(absolute(what, 2, seconds, 40))
    lines += whole(results.found.get("processes"))
    lines += [
        f"| {entry['name']}: peak memory | 1 | {entry['mebibytes']:.0f} MiB | | |"
        for entry in memory
        if not allowed(entry)
    ]
    lines += [
        f"| {entry['name']}: peak memory | 1 | {entry['mebibytes']:.0f} MiB "
        f"| < {limit:.0f} MiB | {mark(entry['mebibytes'] < limit)} |"
        for entry in memory
        if (limit := allowed(entry))
    ]
    return lines


def allowed(entry):
    if "train" in entry["name"]:
        return 100
    return entry["weights"] + 20 if "load" in entry["name"] else None


def absolute(what, threads, seconds, aim):
    return f"| {what} | {threads} | {time(seconds)} | ≤ {time(aim)} | {mark(seconds <= aim)} |"


def whole(processes):
    if not processes:
        return []
    lines, start = [], processes["start"]
    ours = start["hornbill"].get("seconds")
    if ours:
        what = "whole process: open a `.keras`, score one review, exit"
        lines.append(absolute(what, 1, float(np.median(ours)), 15e-3))
        others = {k: r["seconds"] for k, r in start.items() if k != "hornbill" and r.get("seconds")}
        for name, theirs in others.items():
            times, low, high = ratio(ours, theirs)
            lines.append(
                f"| the same against Python and {name}, {spread(theirs)} | 1 | {times:.0f}× "
                f"({low:.0f} … {high:.0f}) | ≥ 200× | {mark(times >= 200)} |"
            )
        lines.append(
            f"| processor time of that process | 1 | {time(float(np.median(start['hornbill']['processor'])))} | | |"
        )
    for threads, entry in processes["file"].items():
        if entry["seconds"]:
            rate = entry["reviews"] / float(np.median(entry["seconds"]))
            aim = "≥ 500 k/s" if threads == "2" else ""
            lines.append(
                f"| a file of {entry['reviews']:,} reviews, text → score, whole process | {threads} "
                f"| {rate / 1e3:.0f} k/s | {aim} | {mark(rate >= 500e3) if aim else ''} |"
            )
            rate = entry["reviews"] / float(np.median(entry["processor"]))
            lines.append(f"| the same for each second of a processor | {threads} | {rate / 1e3:.0f} k/s | | |")
    return lines


def tables(results):
    lines = []
    for threads in sorted({t for t, _ in results.works}):
        entries = [w for (t, _), w in results.works.items() if t == threads]
        names = list(dict.fromkeys(n for w in entries for n, r in w["results"].items() if r.get("seconds")))
        lines += ["", f"### {threads} thread{'s' * (threads > 1)}", ""]
        lines += ["| work | " + " | ".join(names) + " |", "| --- " * (len(names) + 1) + "|"]
        for entry in entries:
            if entry["work"]["group"] == "growth":
                continue
            cells = []
            medians = {n: float(np.median(r["seconds"])) for n, r in entry["results"].items() if r.get("seconds")}
            for name in names:
                result = entry["results"].get(name, {})
                if name in medians:
                    text = spread(result["seconds"])
                    cells.append(f"**{text}**" if medians[name] == min(medians.values()) else text)
                else:
                    cells.append("failed" if "error" in result else "–")
            lines.append(f"| {entry['work']['name']} | " + " | ".join(cells) + " |")
    return lines


def processor_times(results):
    """What one thread used of the processor: hardly disturbed by others."""
    lines = [
        "| work | ours | fastest peer | ratio (quartiles) | remaining products, of the peak |",
        "| --- | --- | --- | --- | --- |",
    ]
    peak = results.found.get("machine", {}).get("peak_gflops", float("nan")) * 1e9
    for (threads, name), entry in results.works.items():
        used = {k: r["processor"] for k, r in entry["results"].items() if r.get("processor")}
        ours = used.pop("hornbill", None)
        if threads != 1 or not ours or not used:
            continue
        fastest = min(used, key=lambda k: np.median(used[k]))
        times, low, high = ratio(ours, used[fastest])
        lines.append(
            f"| {name} | {spread(ours)} | {fastest}: {spread(used[fastest])} "
            f"| {times:.2f}× ({low:.2f} … {high:.2f}) "
            + (f"| {entry['remaining'] / float(np.median(ours)) / peak:.0%} |" if shares(entry) else "| |")
        )
    return lines


def shares(entry):
    """Whether the products are what takes the time."""
    return entry.get("remaining") and entry["work"]["model"] != "ffnn" and entry["work"]["kind"] == "train"


def losses(results):
    """Whether all did the same: the loss of the first run, from the same weights."""
    chosen = [
        (name, {k: r["loss"] for k, r in entry["results"].items() if r.get("loss") is not None})
        for (threads, name), entry in results.works.items()
        if threads == min(t for t, _ in results.works) and entry["work"]["group"] in ("epoch", "step")
    ]
    peers = list(dict.fromkeys(k for _, got in chosen for k in got if k != "hornbill"))
    lines = ["| work | hornbill | " + " | ".join(peers) + " |", "| --- " * (len(peers) + 2) + "|"]
    for name, got in chosen:
        ours = got.get("hornbill")
        if ours is not None:
            cells = [f"{got[k] - ours:+.1e}" if k in got else "–" for k in peers]
            lines.append(f"| {name} | {ours:.6f} | " + " | ".join(cells) + " |")
    return lines


def failures(results):
    seen = {}
    for entry in results.found["works"]:
        for name, result in entry["results"].items():
            if "error" in result:
                seen.setdefault((name, result["error"][:160]), []).append(entry["work"]["name"])
    return [f"- {name}, {', '.join(dict.fromkeys(works))}: {error}" for (name, error), works in seen.items()]


def main():
    found, memory = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
    results, machine = Results(found), found.get("machine", {})
    before, after = (", ".join(f"{x:.1f}" for x in found.get(k, [])) for k in ("load_before", "load_after"))
    lines = ["# Results", ""]
    lines += [
        "Written by `make bench-peers`; [docs/speed.md](../docs/speed.md) says what the figures mean. Median and "
        "quartiles of rounds in which every framework ran once, from the same weights, on the same batches.",
        "",
    ]
    if found.get("quick") or max(found.get("load_before", [0])[:2]) > 2.5:
        lines += [
            "> **Preliminary**: "
            + ("few rounds (`--quick`)" if found.get("quick") else "all rounds")
            + f", and other work ran on the machine (load average {before} before, {after} after). "
            "Ratios suffer less than times, since all were disturbed alike; run it again on a quiet machine."
            + "".join(f" {note}" for note in sys.argv[4:]),
            "",
        ]
    peak = machine.get("peak_gflops", float("nan"))
    lines += [
        f"- Machine: {machine.get('processor')}, {machine.get('cores')} cores, {machine.get('instructions')}"
        + ("" if isnan(peak) else f"; measured peak of one core {peak:.0f} GFLOP/s of float32 multiply-adds"),
        f"- Measured {found.get('started')}, load average before {before}; after {after}.",
    ]
    for name, facts in found["frameworks"].items():
        versions = ", ".join(f"{k} {v}" for k, v in facts["versions"].items())
        lines.append(f"- {name}: {versions}; {facts['setting']}")
    lines += ["", "## Against the aims", ""] + aims(results, memory)
    lines += ["", "## All times", "", "The fastest of each row in bold."] + tables(results)
    lines += ["", "## Processor time of one thread", ""]
    lines += ["What a thread used, not counting while others had its core.", ""] + processor_times(results)
    lines += ["", "## The same work", "", SAME, ""] + losses(results)
    failed = failures(results)
    if failed:
        lines += ["", "## What failed", ""] + failed
    with open(sys.argv[3], "w") as file:
        file.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

"""The growth figures of run.py's results in the form that `hornbill-bench plot` draws.

    python growth.py results.json growth.json
"""

import json
import sys

import numpy as np


def main():
    found = json.load(open(sys.argv[1]))
    points = []
    for entry in found["works"]:
        work = entry["work"]
        if work["group"] != "growth":
            continue
        for name, result in entry["results"].items():
            if result.get("seconds"):
                # One thread's time is the processor's, which others on the machine hardly disturb.
                times = result["processor" if entry["threads"] == 1 else "seconds"]
                points.append({
                    "axis": work["axis"], "value": work["value"], "framework": name,
                    "seconds": float(np.median(times)),
                    "operations": entry["operations"]})  # fmt: skip
    threads = max((w["threads"] for w in found["works"] if w["work"]["group"] == "growth"), default=1)
    title = f"A training step of a GRU(64), batch 64, 64 steps, V 5,000; {threads} thread{'s' * (threads > 1)}"
    json.dump({"title": title, "points": points}, open(sys.argv[2], "w"), indent=1)


if __name__ == "__main__":
    main()

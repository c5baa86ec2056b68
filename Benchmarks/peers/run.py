"""Compares Hornbill with other frameworks: the same work, data and batches, in turns.

Every framework is a process that waits with its work prepared; each round runs each of them once, so
that what disturbs the machine disturbs all alike. Those that wait are stopped by a signal: threads that
spin while they have nothing to do take no core from the one that runs.

    python run.py --bench hornbill-bench --tool hornbill --data DIR --results results.json
"""

import argparse
import json
import os
import resource
import select
import signal
import subprocess
import sys
import time

import numpy as np

from works import all_works, operations, remaining

HERE = os.path.dirname(os.path.abspath(__file__))


class Worker:
    def __init__(self, name, command, threads, cores, environment=None):
        self.name, self.log = name, open(f"/tmp/bench-{name}-{threads}.log", "w")
        flags = "" if threads > 1 else "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.log, text=True,
            preexec_fn=lambda: os.sched_setaffinity(0, cores),
            env=os.environ | {
                "BENCH_THREADS": str(threads), "OMP_NUM_THREADS": str(threads), "XLA_FLAGS": flags,
                "PYTHONWARNINGS": "ignore"} | (environment or {}))  # fmt: skip

    def greet(self):
        """Waits until the framework is loaded."""
        self.facts = self.ask({"op": "hello"}, 600)
        self.pause()

    def ask(self, command, seconds=600):
        """The worker's answer, or what went wrong."""
        if self.process.poll() is not None:
            return {"error": f"the process ended with status {self.process.returncode}"}
        os.kill(self.process.pid, signal.SIGCONT)
        try:
            self.process.stdin.write(json.dumps(command) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            return {"error": "the process ended"}
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            self.process.kill()
            return {"error": f"no answer within {seconds} s"}
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": "the process ended"}

    def pause(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGSTOP)

    def end(self):
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGCONT)
            self.process.kill()
        self.process.wait()


def workers(options, threads):
    cores = sorted(os.sched_getaffinity(0))[-threads:]
    python, old = options.python, options.python_keras2
    commands = [
        ("hornbill", [options.bench, "worker", "--threads", str(threads)], {}),
        ("torch", [python, f"{HERE}/torch_worker.py"], {}),
        ("torch-compile", [python, f"{HERE}/torch_worker.py", "compile"], {}),
        ("keras3-jax", [python, f"{HERE}/keras_worker.py"], {"KERAS_BACKEND": "jax"}),
        ("keras3-tf", [python, f"{HERE}/keras_worker.py"], {"KERAS_BACKEND": "tensorflow"}),
        ("keras3-tf-xla", [python, f"{HERE}/keras_worker.py", "xla"], {"KERAS_BACKEND": "tensorflow"}),
        ("keras2.15", [old, f"{HERE}/keras_worker.py"], {}),
        # With XLA, 2.15 took 20 s for an epoch of the gru: 40 times as long as without.
        ("onnxruntime", [python, f"{HERE}/onnx_worker.py"], {}),
        ("litert", [python, f"{HERE}/litert_worker.py"], {}),
    ]
    started = []
    # All load at once; none is measured yet.
    loading = [
        Worker(name, command, threads, cores, environment)
        for name, command, environment in commands
        if command[0] and (not options.only or name in options.only or name == "hornbill")
    ]
    for worker in loading:
        worker.greet()
        if "error" in worker.facts:
            print(f"{worker.name}: {worker.facts['error']}", file=sys.stderr)
            worker.end()
        else:
            started.append(worker)
    return started


# How many rounds a work of so many seconds a round gets.
def rounds(seconds, options):
    return int(max(3, min(options.repetitions, options.budget / max(seconds, 1e-6))))


def compare(work, started, options):
    """One work in all frameworks: `{framework: {seconds: […], loss}}`."""
    results, ready = {}, []
    for worker in started:
        answer = worker.ask({"op": "prepare", "work": work})
        for _ in range(2):  # Compiles, and fills caches.
            if "ready" in answer or "seconds" in answer:
                answer = worker.ask({"op": "run"})
                results.setdefault(worker.name, {"seconds": [], "processor": []}).setdefault("loss", answer.get("loss"))
        worker.pause()
        if "seconds" in answer:
            ready.append((worker, answer["seconds"]))
        else:
            results[worker.name] = {k: v for k, v in answer.items() if k in ("skip", "error")}
    items = 1 if work["kind"] == "train" else work["rows"]
    for _ in range(rounds(sum(s for _, s in ready) * items, options)):
        for worker, _ in ready:
            answer = worker.ask({"op": "run"})
            worker.pause()
            if "seconds" in answer:
                results[worker.name]["seconds"].append(answer["seconds"])
                results[worker.name]["processor"].append(answer["processor"])
    return results


def processes(options):
    """Whole processes, in turns: open a model, score one review, exit; and a file of reviews."""
    model, text = f"{options.data}/gru.keras", "Great case, excellent value."
    script = (
        "import os, sys; os.environ['TF_CPP_MIN_LOG_LEVEL'] = '3'; import keras, numpy\n"
        "model = keras.models.load_model(sys.argv[1])\n"
        "x = numpy.zeros((1, 50), 'int32'); x[0, :4] = 1, 2, 3, 4\n"
        "print(model.predict(x, verbose=0))"
    )
    commands = {"hornbill": [options.tool, "predict", model, text]}
    for backend in ("jax", "tensorflow"):
        python = ["env", f"KERAS_BACKEND={backend}", options.python]
        commands[f"keras3-{backend}"] = [*python, "-c", script, model]
    start = {name: {"seconds": [], "processor": []} for name in commands}
    for turn in range(4 if options.quick else 11):
        for name, command in commands.items():
            took = timed(command)
            if took is None:
                start[name] = {"error": "the process failed"}
            elif turn > 0 and "seconds" in start[name]:
                start[name]["seconds"].append(took[0])
                start[name]["processor"].append(took[1])
    count = 20_000 if options.quick else 1_000_000
    path = f"{options.data}/reviews-{count}.txt"
    if not os.path.exists(path):
        texts = open(f"{options.data}/texts.txt").read().splitlines()
        random = np.random.default_rng(9)
        with open(path, "w") as file:
            for index in random.integers(0, len(texts), count):
                words = texts[index].split()
                file.write(" ".join(words[i] for i in random.permutation(len(words))) + "\n")
    file = {}
    for threads in options.threads:
        command = [options.tool, "predict", model, "--data", path, "--threads", str(threads)]
        times = [timed(command) for _ in range(2 if options.quick else 3)]
        file[str(threads)] = {
            "reviews": count, "seconds": [t[0] for t in times if t],
            "processor": [t[1] for t in times if t]}  # fmt: skip
    return {"start": start, "file": file}


def timed(command):
    """Seconds of a process from start to end, and what it used of the processor; `None` if it failed."""
    used, begin = spent(), time.perf_counter()
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - begin
    return (seconds, spent() - used) if done.returncode == 0 else None


def spent():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bench", required=True, help="hornbill-bench, a release build")
    parser.add_argument("--tool", required=True, help="hornbill, a release build")
    parser.add_argument("--data", required=True, help="what hornbill-bench prepare wrote")
    parser.add_argument("--results", required=True, help="JSON to write")
    parser.add_argument("--python", default=sys.executable, help="with requirements.txt")
    parser.add_argument("--python-keras2", default="", help="with requirements-keras2.txt")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repetitions", type=int, default=21)
    parser.add_argument("--budget", type=float, default=30, help="seconds of a work's rounds")
    parser.add_argument("--only", nargs="*", help="frameworks beside hornbill")
    parser.add_argument("--filter", default="", help="only works whose name contains it")
    parser.add_argument("--no-growth", action="store_true")
    parser.add_argument("--no-processes", action="store_true")
    parser.add_argument("--quick", action="store_true", help="few rounds, no large sizes")
    options = parser.parse_args()
    # Ended from outside, it ends its workers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if options.quick:
        options.repetitions, options.budget = 5, 6

    found = {"load_before": os.getloadavg(), "quick": options.quick, "works": [], "frameworks": {}}
    found["started"] = time.strftime("%Y-%m-%d %H:%M")
    if not options.no_processes:
        found["processes"] = processes(options)
    for threads in options.threads:
        # Growth is shown for all cores.
        growth = not options.no_growth and threads == max(options.threads)
        started = workers(options, threads)
        for worker in started:
            found["frameworks"][worker.name] = worker.facts
        # Asked again now that nobody loads any more: the peak is measured.
        found["machine"] = started[0].ask({"op": "hello"})["machine"]
        started[0].pause()
        try:
            for work in all_works(options.data, options.quick, growth):
                if options.filter not in work["name"]:
                    continue
                taking = [w for w in started if w.name not in LEFT_OUT.get(work["group"], ())]
                results = compare(work, taking, options)
                shown = {k: v for k, v in work.items() if k not in ("x", "y", "weights")}
                found["works"].append({
                    "threads": threads, "work": shown, "operations": operations(work),
                    "remaining": remaining(work) if work["kind"] == "train" else None, "results": results})  # fmt: skip
                times = {
                    name: round(float(np.median(r["seconds"])) * 1e3, 4)
                    for name, r in results.items() if r.get("seconds")
                }  # fmt: skip
                print(f"{threads} threads {work['name']} ms: {times}", flush=True)
                save(options.results, found)
        finally:
            for worker in started:
                worker.end()
    found["load_after"] = os.getloadavg()
    save(options.results, found)


# Who is not measured where: whoever was slower than another setting of the same framework on smaller
# work of the kind.
LEFT_OUT = {
    "growth": ("torch-compile", "keras3-tf", "keras2.15"),
    "step": ("torch-compile", "keras2.15"),
    "epoch": ("torch-compile",),
}


def save(path, found):
    with open(path + ".part", "w") as file:
        json.dump(found, file, indent=1)
    os.replace(path + ".part", path)


if __name__ == "__main__":
    main()

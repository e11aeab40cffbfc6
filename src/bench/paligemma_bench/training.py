"""Measures training steps beside transformers and peft: processes take turns, one configuration each. Prints a table.

    PYTHONPATH=src/bench python3 -m paligemma_bench.training --java src/bench/target/bench.jar --work FOLDER [--rounds 3] [--steps 5]
    ... --checkpoint FOLDER --only bfloat16-recompute --batch 1        our side alone, on another model

The first step of a process is not counted: both sides allocate in it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from . import environment

OURS = {
    "float32": ("float32", "false"),
    "float32-recompute": ("float32", "true"),
    "bfloat16-recompute": ("bfloat16", "true"),
    "int8-recompute": ("int8", "true"),
    "nf4-recompute": ("nf4", "true"),
}
THEIRS = {"peft-float32": "false", "peft-float32-recompute": "true"}
AGAINST = {"float32": "peft-float32"}


def run(command, surroundings):
    """Seconds of the counted steps, and the peak of memory in GB."""
    result = subprocess.run(command, capture_output=True, text=True, env=surroundings)
    events = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    steps = [event for event in events if event["event"] == "step"]
    if result.returncode or not steps:
        raise SystemExit(f"{' '.join(map(str, command))} failed:\n{result.stderr[-3000:]}")
    return [step["seconds"] for step in steps[1:]], steps[-1]["memory"].get("VmHWM", 0) * 1024 / 1e9


def commands(arguments, model):
    sizes = []
    for name in ("batch", "prompt", "suffix", "rank", "steps", "threads"):
        sizes += ["--" + name, str(getattr(arguments, name))]
    for name, (frozen, recompute) in OURS.items():
        yield name, ["java", "-Xmx1g", "-cp", arguments.java, "dev.paligemma.bench.TrainingRun", "--checkpoint", str(model),
                     "--frozen", frozen, "--recompute", recompute, *sizes]
    for name, recompute in THEIRS.items():
        yield name, [sys.executable, "-m", "paligemma_bench.run_peft", "run", str(model), "--recompute", recompute, *sizes]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--java", required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=environment.cores())
    for name, value in (("batch", 2), ("prompt", 16), ("suffix", 32), ("rank", 8), ("steps", 5)):
        parser.add_argument("--" + name, type=int, default=value)
    arguments = parser.parse_args()
    model = arguments.checkpoint or arguments.work / "middle"
    if not model.exists():
        subprocess.run([sys.executable, "-m", "paligemma_bench.run_peft", "make", str(model)], check=True)
    surroundings = dict(os.environ, OMP_NUM_THREADS=str(arguments.threads))
    wanted = [(name, command) for name, command in commands(arguments, model)
              if not arguments.only or name in arguments.only.split(",")]
    seconds, peaks = {}, {}
    for _ in range(arguments.rounds):
        for name, command in wanted:
            steps, peak = run(command, surroundings)
            seconds.setdefault(name, []).extend(steps)
            peaks[name] = max(peak, peaks.get(name, 0))
            print(name, " ".join(f"{step:.2f}" for step in steps), f"{peak:.2f} GB", file=sys.stderr, flush=True)
    print(json.dumps(environment.describe()))
    print("| configuration | step, median | best | peak memory | steps against peft | memory against peft |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, _ in wanted:
        other = AGAINST.get(name, "peft-float32-recompute")
        median = statistics.median(seconds[name])
        ratio = f"{statistics.median(seconds[other]) / median:.2f}x" if other in seconds and name in OURS else ""
        share = f"{peaks[name] / peaks[other]:.2f}x" if other in peaks and name in OURS else ""
        print(f"| {name} | {median:.2f} s | {min(seconds[name]):.2f} s | {peaks[name]:.2f} GB | {ratio} | {share} |")


if __name__ == "__main__":
    main()

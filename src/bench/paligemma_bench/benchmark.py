"""Measures PaliGemma for Java and transformers in alternation. Started by run.sh; described in README.md. Standard library only.

Each measurement is a process of its own, since two models need not fit into memory at once. What is measured is appended to
a file at once, and a later run with the same options measures only what is missing there.
"""

import argparse
import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timezone
from pathlib import Path

from . import environment, report, shapes, vocabulary
from .results import Results

HERE = Path(__file__).resolve().parent.parent
REPOSITORY = HERE.parent.parent
JAR = HERE / "target" / "bench.jar"
WEIGHTS = "*.safetensors"
JAVA, TRANSFORMERS = "java", "transformers"
# In the order of a round: ours and theirs take turns.
CONFIGURATIONS = [
    (JAVA, "float32"),
    (TRANSFORMERS, "float32"),
    (JAVA, "int8"),
    (TRANSFORMERS, "bfloat16"),
    (JAVA, "int4"),
]
# Measured only if asked for, by --only: engine and precision in one name.
OTHERS = [(JAVA, "pytorch-float32"), (JAVA, "pytorch-bfloat16")]
TEXT_TOKENS = 14  # with 256 of the image, 270 at 224 pixels
NEW_TOKENS = 12  # the first comes out of the prefill, so 11 steps are timed
REQUESTS = {224: 3, 448: 2, 896: 1}  # per process and round, after one request that is not timed
PRIVATE_OPTIONS = ("--work", "--python", "--results", "--out", "--java")


def main(arguments=None):
    arguments = sys.argv[1:] if arguments is None else arguments
    options = parse(arguments)
    results = Results(options.results)
    if not options.render_only:
        benchmark = Benchmark(options, results, public_command(arguments))
        benchmark.prepare()
        if options.micro:
            benchmark.micro()
        else:
            benchmark.run()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(report.render(results.records), encoding="utf-8")
    print(f"wrote {options.out}", file=sys.stderr)


def parse(arguments):
    parser = argparse.ArgumentParser(prog="src/bench/run.sh", description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one round of one request, 224 pixels unless --sizes is given")
    parser.add_argument("--models", help="comma-separated, of pg1 (PaliGemma 3B) and pg2 (PaliGemma 2 3B); both by default")
    parser.add_argument("--sizes", help="comma-separated, of 224, 448, 896; all by default")
    parser.add_argument("--only", help="comma-separated, of " + ",".join(":".join(c) for c in CONFIGURATIONS + OTHERS))
    parser.add_argument("--rounds", type=int, help="3 by default")
    parser.add_argument("--requests", type=int, help="timed requests per process; 3, 2, 1 at 224, 448, 896 by default")
    parser.add_argument("--batches", help="numbers of requests answered together, of ours; 1,4,8 at 224 pixels by default")
    parser.add_argument("--threads", type=int, default=environment.cores(), help="of each process; all cores by default")
    parser.add_argument("--checkpoint-dtype", choices=("float32", "bfloat16"), help="of the files; as published by default")
    parser.add_argument("--java-options", default="", help='for example "-Xmx1g"; none by default')
    parser.add_argument("--work", type=Path, help="folder of checkpoints and caches; in the system's temporary folder by default")
    parser.add_argument("--results", type=Path, help="file of raw results, appended to; WORK/results.jsonl by default")
    parser.add_argument("--out", type=Path, help="docs/benchmarks.md by default; WORK/benchmarks.md with --layers")
    parser.add_argument("--python", help="with src/reference/requirements.txt installed; a virtual environment is made by default")
    parser.add_argument("--java", default="java", help="the java command")
    parser.add_argument("--layers", type=int, help="to try the program out: models of at most so many layers")
    parser.add_argument("--micro", action="store_true", help="run the JMH benchmarks of preprocessing and tokenizing instead")
    parser.add_argument("--again", action="store_true", help="measure what has a result too; the later result counts")
    parser.add_argument("--no-build", action="store_true", help="use the archive of an earlier build")
    parser.add_argument("--render-only", action="store_true", help="write the document from the results at hand")
    options = parser.parse_args(arguments)
    options.models = chosen(parser, "--models", options.models, list(shapes.MODELS))
    options.sizes = chosen(parser, "--sizes", options.sizes, [224] if options.quick else [224, 448, 896], {224, 448, 896})
    known = {":".join(c) for c in CONFIGURATIONS + OTHERS}
    names = chosen(parser, "--only", options.only, [":".join(c) for c in CONFIGURATIONS], known)
    options.only = [tuple(name.split(":")) for name in names]
    options.batches = chosen(parser, "--batches", options.batches, [1, 4, 8], set(range(1, 65)))
    options.rounds = options.rounds or (1 if options.quick else 3)
    options.requests = options.requests or (1 if options.quick else None)
    options.work = (options.work or Path(tempfile.gettempdir()) / "paligemma-bench").resolve()
    options.results = options.results or options.work / "results.jsonl"
    options.out = options.out or (options.work / "benchmarks.md" if options.layers else REPOSITORY / "docs" / "benchmarks.md")
    return options


def chosen(parser, option, text, default, allowed=None):
    """The comma-separated values, each of the type of the default's."""
    if text is None:
        return default
    allowed = set(default) if allowed is None else allowed
    values = [type(default[0])(part) if str(part).strip() else None for part in text.split(",")]
    if not set(values) <= allowed:
        parser.error(f"{option}: expected values of {', '.join(map(str, sorted(allowed)))}, got {text}")
    return values


def public_command(arguments):
    """The command line without the folders of this machine, and as from a clean clone."""
    kept, skip = [], False
    for argument in arguments:
        if skip:
            skip = False
        elif argument == "--no-build":
            continue
        elif argument in PRIVATE_OPTIONS:
            skip = True
        elif not argument.startswith(tuple(option + "=" for option in PRIVATE_OPTIONS)):
            kept.append(argument)
    return shlex.join(["src/bench/run.sh", *kept])


class Failure(Exception):
    """A measured process did not deliver; the message says why."""


class Benchmark:
    def __init__(self, options, results, command):
        self.options = options
        self.results = results
        self.command = command
        self.python = options.python
        self.commit = environment.commit(REPOSITORY)

    def prepare(self):
        if not JAR.exists():
            raise SystemExit(f"{JAR.relative_to(REPOSITORY)} is missing: start the program with src/bench/run.sh")
        self.options.work.mkdir(parents=True, exist_ok=True)
        if self.python is None:
            self.python = self._virtual_environment()
        self._record("environment", {}, environment.describe())

    def _virtual_environment(self):
        folder = self.options.work / "venv"
        python, marker = folder / "bin" / "python", folder / "complete"
        requirements = REPOSITORY / "src" / "reference" / "requirements.txt"
        if not marker.exists() or marker.read_text() != requirements.read_text():
            say("installing transformers")
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            subprocess.run([str(python), "-m", "pip", "install", "-q", "-r", str(requirements)], check=True, stdout=sys.stderr)
            marker.write_text(requirements.read_text())
        return str(python)

    # The models

    def run(self):
        for key in self.options.models:
            for size in self.options.sizes:
                Measurement(self, key, size).run()

    def checkpoint(self, key, size):
        dtype = self.options.checkpoint_dtype or shapes.MODELS[key].published_dtype
        command = [*self._python("make_checkpoint"), "--model", key, "--size", str(size), "--dtype", dtype]
        command += ["--work", str(self.options.work / "checkpoints")]
        if self.options.layers:
            command += ["--layers", str(self.options.layers)]
        say(f"checkpoint {key} {size} {dtype}")
        made = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=self._environment())
        return Path(made.stdout.strip()), dtype

    def picture(self):
        return self.options.work / "checkpoints" / "shared" / "picture.png"

    def process(self, implementation, precision, checkpoint, cache, warm_ups, requests, batches=()):
        """Runs one process and returns its record: times, memory, versions."""
        if implementation == JAVA:
            command = [self.options.java, *shlex.split(self.options.java_options), "-cp", str(JAR)]
            command += ["dev.paligemma.bench.PipelineRun"]
            *engine, precision = precision.split("-")
            command += [part for name in engine for part in ("--engine", name)]
        else:
            command = self._python("run_transformers")
        for name, value in {
            "checkpoint": checkpoint,
            "precision": precision,
            "threads": self.options.threads,
            "image": self.picture(),
            "prompt": vocabulary.prompt(TEXT_TOKENS),
            "warm-ups": warm_ups,
            "requests": requests,
            "new-tokens": NEW_TOKENS,
        }.items():
            command += [f"--{name}", str(value)]
        if batches:
            command += ["--batches", ",".join(map(str, batches))]
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        events = self.events(command, cache)
        ready, warmed, done = (only(events, name) for name in ("ready", "warmed", "done"))
        versions = {k: ready[k] for k in ("engine", "engine_version", "java", "vm", "torch", "python") if k in ready}
        return {
            "load_average": load,
            "ready_ms": ready["at_ms"],
            "load_ms": ready["load_ms"],
            "loaded_memory": ready["memory"],
            "warmed_ms": warmed["at_ms"] if warm_ups else None,
            "requests": [{k: v for k, v in e.items() if k != "at_ms"} for e in events if e["event"] == "request"],
            "batches": [{k: v for k, v in e.items() if k not in ("event", "at_ms")} for e in events if e["event"] == "batch"],
            "memory": done["memory"],
            "peak_is_of_requests": done["peak_is_of_requests"],
            "versions": versions,
        }

    def events(self, command, cache=None):
        """Runs a process that prints events, and notes when each came, in milliseconds from the start."""
        with tempfile.TemporaryFile() as errors:
            start = time.perf_counter()
            process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env=self._environment(cache), cwd=HERE
            )
            try:
                events = []
                with process.stdout as lines:
                    for line in lines:
                        if line.startswith("{"):
                            events.append(json.loads(line) | {"at_ms": (time.perf_counter() - start) * 1e3})
                code = process.wait()
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
            if code != 0:
                failed = [e["message"] for e in events if e["event"] == "failed"]
                errors.seek(0)
                last = errors.read().decode(errors="replace").strip().splitlines()[-1:]
                raise Failure(failed[0] if failed else f"{(last or ['no message'])[0]} (exit code {code})")
            return events

    def _python(self, module):
        return [self.python, "-m", f"paligemma_bench.{module}"]

    def _environment(self, cache=None):
        threads = str(self.options.threads)
        added = {"PYTHONPATH": str(HERE), "OMP_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
        added |= {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
        if cache is not None:
            added |= {"PALIGEMMA_CACHE": str(cache), "XDG_CACHE_HOME": str(cache)}
        return os.environ | added

    def ceilings(self):
        event = self.events([*self._python("run_ceilings"), "--threads", str(self.options.threads)])[0]
        return {k: event[k] for k in ("read_gb_s", "multiply_gflop_s")}

    def _record(self, phase, identity, fields):
        now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M")
        record = {"phase": phase, "status": "ok", **identity, "time": now, "commit": self.commit, "command": self.command}
        record |= fields
        clean = environment.without_paths(json.dumps(record), REPOSITORY, self.options.work)
        self.results.add(json.loads(clean))

    def measure(self, phase, identity, action):
        """Records what the action returns, or that it failed. Returns whether there is a result now."""
        if not self.options.again and self.results.has(phase=phase, **identity):
            return True
        say(" ".join(str(v) for k, v in {"phase": phase, **identity}.items() if k != "settings"))
        try:
            self._record(phase, identity, action())
            return True
        except Failure as failure:
            say(f"failed: {failure}")
            self._record(phase, identity, {"status": "failed", "message": str(failure)})
            return False

    # JMH

    def micro(self):
        checkpoints = self.options.work / "checkpoints"
        subprocess.run(
            [*self._python("vocabulary"), str(checkpoints / "shared")], check=True, env=self._environment()
        )
        output = self.options.work / "jmh.json"
        command = [self.options.java, "-jar", str(JAR), "-rf", "json", "-rff", str(output)]
        command += ["-p", f"tokenizer={checkpoints / 'shared' / 'tokenizer.json'}"]
        if self.options.quick:
            command += ["-wi", "1", "-i", "1", "-w", "100ms", "-r", "100ms"]
        subprocess.run(command, check=True, stdout=sys.stderr)
        rows = [
            {
                "benchmark": ".".join(entry["benchmark"].split(".")[-2:]),
                "parameters": {k: v for k, v in entry.get("params", {}).items() if k != "tokenizer"},
                "score": entry["primaryMetric"]["score"],
                "error": entry["primaryMetric"]["scoreError"],
                "unit": entry["primaryMetric"]["scoreUnit"],
            }
            for entry in json.loads(output.read_text())
        ]
        self._record("micro", {}, {"rows": rows})


class Measurement:
    """All measurements of one model at one image size."""

    def __init__(self, benchmark, key, size):
        self.benchmark = benchmark
        self.options = benchmark.options
        self.key = key
        self.size = size

    def run(self):
        self.folder, dtype = self.benchmark.checkpoint(self.key, self.size)
        settings = {
            "threads": self.options.threads,
            "layers": self.options.layers,
            "checkpoint_dtype": dtype,
            "text_tokens": TEXT_TOKENS,
            "new_tokens": NEW_TOKENS,
            "java_options": self.options.java_options,
        }
        self.where = {"model": self.key, "size": self.size, "settings": settings}
        working = [c for c in self.options.only if self._cold(*c)]
        requests = self.options.requests or REQUESTS[self.size]
        for number in range(1, self.options.rounds + 1):
            self.benchmark.measure("ceilings", self.where | {"round": number}, self.benchmark.ceilings)
            for configuration in working:
                self._round(number, requests, *configuration)
        for configuration in working:
            if configuration[0] == JAVA and self.size == min(REQUESTS) and self.options.batches:
                self._batches(*configuration)
        for _, precision in self.options.only:
            shutil.rmtree(self._cache(precision), ignore_errors=True)

    def _identity(self, implementation, precision):
        return self.where | {"implementation": implementation, "precision": precision}

    def _cache(self, precision):
        return self.options.work / "cache" / f"{self.folder.name}-{precision}"

    def _cold(self, implementation, precision):
        """The first load ever: nothing converted yet, and the checkpoint not in the system's file cache."""

        def first_load():
            cache = self._cache(precision)
            if implementation == JAVA:
                shutil.rmtree(cache, ignore_errors=True)
            evict(self.folder)
            record = self.benchmark.process(implementation, precision, self.folder, cache, 0, 0)
            if implementation == JAVA:
                cache.mkdir(parents=True, exist_ok=True)
            return record

        return self.benchmark.measure("cold", self._identity(implementation, precision), first_load)

    def _batches(self, implementation, precision):
        """Several requests at a time."""

        def answer_together():
            cache = self._ready(implementation, precision)
            return self.benchmark.process(implementation, precision, self.folder, cache, 1, 0, self.options.batches)

        self.benchmark.measure("batches", self._identity(implementation, precision), answer_together)

    def _ready(self, implementation, precision):
        """Gives the cache of converted weights; what is to be loaded is in the system's file cache then."""
        cache = self._cache(precision)
        if implementation == JAVA and not cache.exists():
            # An earlier run measured the first load, and its cache is gone.
            self.benchmark.process(implementation, precision, self.folder, cache, 0, 0)
            cache.mkdir(parents=True, exist_ok=True)
        remember(cache if implementation == JAVA and any(cache.rglob(WEIGHTS)) else self.folder)
        return cache

    def _round(self, number, requests, implementation, precision):
        def later_load():
            cache = self._ready(implementation, precision)
            return self.benchmark.process(implementation, precision, self.folder, cache, 1, requests)

        self.benchmark.measure("round", self._identity(implementation, precision) | {"round": number}, later_load)


def only(events, name):
    found = [event for event in events if event["event"] == name]
    if len(found) != 1:
        raise Failure(f"expected one event '{name}', got {len(found)}")
    return found[0]


def remember(folder):
    """Has the system cache the weights: the large process before may have pushed them out."""
    for file in sorted(folder.rglob(WEIGHTS)):
        with open(file, "rb", buffering=0) as opened:
            while opened.read(1 << 24):
                pass


def evict(folder):
    """Asks the system to forget what it has cached of the files, which it does for pages that no process maps."""
    if hasattr(os, "posix_fadvise"):
        for file in folder.iterdir():
            with open(file, "rb") as opened:
                os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def say(text):
    print(f"[{datetime.now().strftime('%H:%M:%S')}] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()

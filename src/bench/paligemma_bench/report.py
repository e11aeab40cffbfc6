"""Renders the raw results as a Markdown document. Standard library only."""

from statistics import median

from . import shapes
from .results import latest

JAVA, TRANSFORMERS = "java", "transformers"
# Of those that were measured.
ORDER = [(JAVA, "float32"), (JAVA, "int8"), (JAVA, "int4"), (JAVA, "pytorch-float32"), (JAVA, "pytorch-bfloat16")]
ORDER += [(TRANSFORMERS, "float32"), (TRANSFORMERS, "bfloat16")]
NAMES = {JAVA: "PaliGemma for Java", TRANSFORMERS: "transformers"}
NONE = "–"
TIMES = ("preprocess_ms", "vision_ms", "prefill_ms", "decode_ms_per_token", "first_token_ms")

# PaliGemma 2 report (arXiv 2412.03555), table 9: gemma.cpp, PaliGemma 2 3B 224, 260 tokens of prefill, 11 extends.
PUBLISHED = [
    ("Apple M1 Max", "4+1", 1.6, 8.2, 0.9, 32, 12),
    ("Apple M3 Pro", "7+1", 0.8, 4.4, 0.5, 59, 22),
    ("AMD Milan", "8+1", 0.82, 4.9, 0.64, 53, 17),
    ("AMD Milan", "32+1", 0.39, 1.8, 0.34, 144, 32),
    ("AMD Genoa", "8+1", 0.36, 1.8, 0.29, 147, 37),
    ("AMD Genoa", "32+1", 0.17, 0.8, 0.27, 323, 41),
]

# What is aimed at with PaliGemma 3B at 224 pixels: (figure, unit, larger is better, int8, int4).
GOALS = [
    ("time to first token, times faster than transformers float32", "x", True, 3.5, 1.8),
    ("decoding, times faster than transformers float32", "x", True, 3.8, 6.0),
    ("decoding, times the floor of the bandwidth", "x", False, 1.15, 1.35),
    ("peak memory in use", " GB", False, 3.9, 2.7),
    ("loading once converted", " s", False, 2.5, 2.5),
]
GEMMA_2_ALLOWANCE = 1.2  # PaliGemma 2 may miss each of them by that factor


def render(records):
    records = latest(records)
    environments = [r for r in records if r["phase"] == "environment"]
    measured = [r for r in records if r["phase"] in ("cold", "round")]
    text = [HEAD]
    if environments:
        text.append(_environment(environments[-1], records))
    text.append(READING)
    groups = sorted({(r["model"], r["size"], _settings(r)) for r in measured}, key=_group_order)
    for model, size, settings in groups:
        mine = [r for r in records if r.get("model") == model and r.get("size") == size and _settings(r) == settings]
        text.append(Group(model, size, mine).render())
    if any(model == "pg2" and size == 224 for model, size, _ in groups):
        text.append(_published())
    text += [_micro(r) for r in records if r["phase"] == "micro" and r["status"] == "ok"]
    return "\n".join(text)


HEAD = """# Benchmarks

How fast this library is, in which memory, beside transformers on the same machine, with the same images and prompts, and beside
what the machine could do at most. Written by `src/bench/run.sh`; [src/bench/README.md](../src/bench/README.md) says how it measures.
"""

READING = """## How to read the tables

- The checkpoints have the sizes of the published models and random weights. Time and memory hardly depend on the values; the
  quality of answers is not measured here.
- Each process answers one request that is not counted and then the counted ones; the processes of both sides take turns over several
  rounds. Where nothing else is said, a figure is the median over all counted requests of all rounds, in parentheses the best.
- *vision* is the image encoder with the projector, *prefill* the decoder over image and prompt up to the first new token,
  *decode* each further token, *first token* the sum of preprocessing, vision and prefill. Decoding the picture's file is not counted.
- *peak in use* is the largest resident memory while the counted requests run (with int8 and int4 the first request of a process takes
  some 0.5 GB more, while weights are packed), *first load* the largest while the model is loaded for the first
  time, conversion included. GB are 10^9 bytes. Pages of mapped files count as memory, and the system may drop them at will.
- *first load* starts with nothing converted and the checkpoint not in the system's file cache; *later load* is the median of the others.
  *start to ready* is counted from the start of the process, so it contains the start of the JVM or the imports of Python.
  With int8 and int4, packing of weights goes on after that and makes the first request slower; *to two tokens* is the time from the start
  of the process to the end of that request, which writes two tokens.
- *weights per token* is what a step of decoding has to read: all matrices of the decoder layers and the head once, in float32
  4 bytes per weight, in bfloat16 2; in int8 1 byte per weight and 4 per output channel (layers) or per 128 inputs (head); in int4 half a byte
  per weight and 4 bytes per 128 inputs, with the head as in int8. The *floor* is that over the measured read bandwidth. Keys and values
  of earlier tokens are read as well; each section says how much that is.
- The ceilings are the best of three torch kernels that read 1 GiB, and products of 2048 x 2048 matrices in torch, in a process of its
  own in every round.
"""


def _settings(record):
    return tuple(sorted((k, v) for k, v in (record.get("settings") or {}).items() if v is not None))


def _group_order(group):
    return list(shapes.MODELS).index(group[0]), group[1], str(group[2])


def _environment(environment, records):
    versions = {}
    for record in records:
        for name, value in record.get("versions", {}).items():
            versions.setdefault("transformers" if name == "engine_version" and "torch" in record["versions"] else name, value)
    loads = [r["load_average"] for r in records if r.get("load_average") is not None]
    times = sorted(r["time"] for r in records)
    memory = environment["memory_bytes"]
    rows = [
        ("processor", environment["cpu"]),
        ("cores", environment["cores"]),
        ("instructions", ", ".join(environment["flags"])),
        ("memory", f"{memory / 1e9:.1f} GB" if memory else NONE),
        ("system", environment["system"]),
        ("Java", " ".join(str(versions[k]) for k in ("vm", "java") if k in versions) or NONE),
        ("ONNX Runtime", versions.get("engine_version", NONE)),
        ("transformers, torch, Python", ", ".join(versions.get(k, NONE) for k in ("transformers", "torch", "python"))),
        ("this library", "commit " + ", ".join(sorted({str(r["commit"]) for r in records if r.get("commit")}))),
        ("measured", f"{times[0]} to {times[-1]} UTC"),
        ("load average before each process, left by the one before it", f"{min(loads):.1f} to {max(loads):.1f}" if loads else NONE),
        ("command", f"`{environment['command']}`"),
    ]
    return "## Environment\n\n" + table(["", ""], rows)


class Group:
    """One model at one image size."""

    def __init__(self, model, size, records):
        settings = records[0]["settings"]
        self.size = size
        self.settings = settings
        self.model = shapes.MODELS[model].limited_to(settings.get("layers"))
        self.tokens = shapes.patches(size) + settings["text_tokens"]
        self.extends = settings["new_tokens"] - 1
        ceilings = [r for r in records if r["phase"] == "ceilings" and r["status"] == "ok"]
        self.read = [max(r["read_gb_s"].values()) for r in ceilings]
        self.multiply = {k: [r["multiply_gflop_s"][k] for r in ceilings] for k in ("float32", "bfloat16")}
        self.rows = [Row(key, self, records) for key in ORDER]
        self.rows = [row for row in self.rows if row.known]
        self.batches = [r for r in records if r["phase"] == "batches" and r["status"] == "ok"]
        self.reference = next((row for row in self.rows if row.key == (TRANSFORMERS, "float32") and row.samples), None)
        self.command = f"src/bench/run.sh --models {model} --sizes {size} --threads {settings['threads']}"
        rounds = [r for r in records if r["phase"] == "round" and r["status"] == "ok"]
        if rounds:
            self.command += f" --rounds {max(r['round'] for r in rounds)} --requests {max(len(r['requests']) for r in rounds)}"
        self.command += f" --layers {settings['layers']}" if settings.get("layers") else ""
        self.command += f' --java-options "{settings["java_options"]}"' if settings.get("java_options") else ""
        if settings["checkpoint_dtype"] != self.model.published_dtype:
            self.command += f" --checkpoint-dtype {settings['checkpoint_dtype']}"

    def render(self):
        limited = f" (only {self.settings['layers']} layers: not a measurement)" if self.settings.get("layers") else ""
        text = [
            f"## {self.model.title}, {self.size} pixels{limited}\n",
            f"{self.tokens:,} tokens of prompt ({shapes.patches(self.size):,} of them the image), {self.extends + 1} tokens written,"
            f" {self.settings['threads']} threads, checkpoint in {self.settings['checkpoint_dtype']}. Every figure of this section:\n",
            f"```sh\n{self.command}\n```\n",
            f"As in the table of the PaliGemma 2 report, in seconds, with {self.extends} extends:\n",
            self._report_layout(),
            "Milliseconds, median (best):\n",
            table(
                ["", "preprocess", "vision", "prefill", "decode per token", "first token", "requests"],
                [row.time_cells() for row in self.rows],
            ),
            "Memory in GB, loading in seconds:\n",
            table(
                ["", "peak in use", "steady", "of it files", "peak of first load", "first load", "later load"]
                + ["start to ready, first", "later", "to two tokens, later"],
                [row.memory_cells() for row in self.rows],
            ),
            self._ceilings(),
        ]
        if self.reference:
            text += ["Times faster than transformers float32 (above 1 is faster), and memory in use beside it:\n", self._ratios()]
            if self.size == 224:
                text += ["Goals:\n", self._goals()]
            text.append(self._tokens())
        if self.batches:
            text.append(self._together())
        return "\n".join(text)

    def _report_layout(self):
        rows = []
        for row in self.rows:
            if not row.samples:
                rows.append([row.name, row.problem])  # the tables below only say that there is nothing
                continue
            vision, prefill = row.figure("vision_ms") / 1e3, row.figure("prefill_ms") / 1e3
            extends = row.figure("decode_ms_per_token") * self.extends / 1e3
            cells = [self.settings["threads"], number(vision), number(prefill), number(extends)]
            cells += [number(vision + prefill + extends), number(self.tokens / prefill), number(self.extends / extends)]
            rows.append([row.name, *cells])
        return table(["", "threads", "ViT", "prefill", "extend", "sum", "prefill tokens/s", "decode tokens/s"], rows)

    def _ceilings(self):
        if not self.read:
            return "The ceilings were not measured.\n"
        cache = shapes.cache_bytes_per_token(self.model, self.tokens) / 1e9
        text = (
            f"Against the ceilings of the same rounds: reading {median(self.read):.1f} GB/s (best {max(self.read):.1f}),"
            f" multiplying {median(self.multiply['float32']):.0f} GFLOP/s in float32 and"
            f" {median(self.multiply['bfloat16']):.0f} in bfloat16. The image encoder takes"
            f" {shapes.vision_flop(self.model, self.size) / 1e9:,.0f} GFLOP, the prefill"
            f" {shapes.prefill_flop(self.model, self.tokens) / 1e9:,.0f}. Keys and values of the prompt, in float32: {cache:.3f} GB.\n"
        )
        header = ["", "weights per token, GB", "floor, ms", "decode", "decode / floor", "decode GB/s", "of the ceiling"]
        header += ["vision GFLOP/s", "prefill GFLOP/s", "of float32 ceiling"]
        return text + "\n" + table(header, [row.ceiling_cells() for row in self.rows])

    def _ratios(self):
        rows = []
        for row in self.rows:
            if row is self.reference or not row.samples:
                continue
            ratios = [f"{self.reference.figure(t) / row.figure(t):.2f}" for t in TIMES if t != "preprocess_ms"]
            mine, other = row.peak_in_use(), self.reference.peak_in_use()
            rows.append([row.name, *ratios, f"{100 * mine / other:.0f} %" if mine and other else NONE])
        return table(["", "vision", "prefill", "decode", "first token", "memory"], rows)

    def _goals(self):
        allowance = GEMMA_2_ALLOWANCE if self.model.gemma == 2 else 1
        rows = []
        for index, (name, unit, larger, *limits) in enumerate(GOALS):
            cells = [name]
            for precision, limit in zip(("int8", "int4"), limits):
                limit = limit / allowance if larger else limit * allowance
                value = next((row.goals()[index] for row in self.rows if row.key == (JAVA, precision)), None)
                cells.append(_judged(value, limit, unit, larger))
            rows.append(cells)
        ours = next((row for row in self.rows if row.key == (JAVA, "float32") and row.samples), None)
        text = table(["", "int8", "int4"], rows)
        if ours:  # no row may be slower
            slower = [t for t in TIMES if t != "preprocess_ms" and ours.figure(t) > self.reference.figure(t)]
            names = ", ".join(t.removesuffix("_ms").replace("_ms_per", " per").replace("_", " ") for t in slower)
            text += "\nfloat32 in no row slower than transformers float32: " + (f"**missed** in {names}.\n" if slower else "reached.\n")
        return text

    def _together(self):
        rows = []
        for key in ORDER:
            for record in self.batches:
                if (record["implementation"], record["precision"]) == key:
                    rows += self._together_rows(key, record["batches"])
        header = ["", "together", "decode ms per step", "decode tokens/s", "times one alone", "answers per minute"]
        return (
            f"Several requests answered together, {self.extends + 1} tokens each; images and prompts are run one by one:\n\n"
            + table(header, rows)
        )

    def _together_rows(self, key, batches):
        rows, alone = [], None
        for batch in batches:
            rate = batch["decoded_tokens"] / batch["decode_ms"] * 1e3
            alone = alone or rate
            step = batch["decode_ms"] / (batch["decoded_tokens"] / batch["together"])
            answers = batch["together"] / batch["total_ms"] * 60e3
            rows.append([f"{NAMES[key[0]]} {key[1]}", batch["together"], number(step), number(rate), f"{rate / alone:.2f}", number(answers)])
        return rows

    def _tokens(self):
        expected = self.reference.tokens
        same = [
            f"{row.name} {sum(a == b for a, b in zip(row.tokens, expected))} of {len(expected)}"
            for row in self.rows
            if row is not self.reference and row.tokens
        ]
        return f"Tokens equal to those of transformers float32, with these random weights: {'; '.join(same) or NONE}.\n"


class Row:
    """One implementation at one precision."""

    def __init__(self, key, group, records):
        self.key = key
        self.group = group
        self.name = f"{NAMES[key[0]]} {key[1]}"
        mine = [r for r in records if (r.get("implementation"), r.get("precision")) == key]
        self.known = bool(mine)
        self.cold = next((r for r in mine if r["phase"] == "cold" and r["status"] == "ok"), None)
        self.rounds = [r for r in mine if r["phase"] == "round" and r["status"] == "ok"]
        self.samples = [self._sample(request) for r in self.rounds for request in r["requests"]]
        self.tokens = self.rounds[-1]["requests"][-1]["token_ids"] if self.samples else []
        failed = [r["message"] for r in mine if r["status"] == "failed"]
        self.problem = f"not available: {failed[-1]}" if failed else NONE

    def _sample(self, request):
        first = request["preprocess_ms"] + request["vision_ms"] + request["prefill_ms"]
        per_token = request["decode_ms"] / (len(request["token_ids"]) - 1)
        return request | {"first_token_ms": first, "decode_ms_per_token": per_token}

    def figure(self, name):
        return median(sample[name] for sample in self.samples)

    def peak_in_use(self):
        return max((r["memory"].get("VmHWM", 0) for r in self.rounds), default=0) * 1024 / 1e9

    def later_load(self):
        return median(r["load_ms"] for r in self.rounds) / 1e3

    def floor_ms(self):
        weights = shapes.weight_bytes_per_token(self.group.model, self.key[1].split("-")[-1])
        return weights / 1e9 / median(self.group.read) * 1e3 if self.group.read else None

    def time_cells(self):
        if not self.samples:
            return [self.name, NONE]
        cells = [f"{number(self.figure(t))} ({number(min(s[t] for s in self.samples))})" for t in TIMES]
        return [self.name, *cells, len(self.samples)]

    def memory_cells(self):
        if not self.rounds:
            return [self.name, NONE]

        def typical(name):
            values = [r["memory"][name] for r in self.rounds if name in r["memory"]]
            return f"{median(values) * 1024 / 1e9:.2f}" if values else NONE

        cold = self.cold
        warmed = [r["warmed_ms"] for r in self.rounds if r.get("warmed_ms")]
        first = cold["loaded_memory"].get("VmHWM") if cold else None
        return [
            self.name,
            f"{self.peak_in_use():.2f}" if self.peak_in_use() else NONE,
            typical("VmRSS"),
            typical("RssFile"),
            f"{first * 1024 / 1e9:.2f}" if first else NONE,
            number(cold["load_ms"] / 1e3) if cold else NONE,
            number(self.later_load()),
            number(cold["ready_ms"] / 1e3) if cold else NONE,
            number(median(r["ready_ms"] for r in self.rounds) / 1e3),
            number(median(warmed) / 1e3) if warmed else NONE,
        ]

    def ceiling_cells(self):
        if not self.samples:
            return [self.name, NONE]
        model, decode, floor = self.group.model, self.figure("decode_ms_per_token"), self.floor_ms()
        weights = shapes.weight_bytes_per_token(model, self.key[1]) / 1e9
        vision = shapes.vision_flop(model, self.group.size) / self.figure("vision_ms") / 1e6
        prefill = shapes.prefill_flop(model, self.group.tokens) / self.figure("prefill_ms") / 1e6
        return [
            self.name,
            f"{weights:.3f}",
            number(floor),
            number(decode),
            f"{decode / floor:.2f}",
            f"{weights / decode * 1e3:.1f}",
            f"{100 * floor / decode:.0f} %",
            f"{vision:.0f}",
            f"{prefill:.0f}",
            f"{100 * prefill / median(self.group.multiply['float32']):.0f} %",
        ]

    def goals(self):
        """The figures of GOALS, in its order; None where there is none."""
        if not self.samples:
            return [None] * len(GOALS)
        reference = self.group.reference
        decode = self.figure("decode_ms_per_token")
        return [
            reference.figure("first_token_ms") / self.figure("first_token_ms"),
            reference.figure("decode_ms_per_token") / decode,
            decode / self.floor_ms() if self.group.read else None,
            self.peak_in_use() or None,
            self.later_load(),
        ]


def _judged(value, limit, unit, larger):
    aim = f"{'at least' if larger else 'at most'} {limit:.3g}{unit}"
    if value is None:
        return f"{aim}: {NONE}"
    reached = value >= limit if larger else value <= limit
    return f"{aim}: {value:.2f}{unit}, {'reached' if reached else '**missed**'}"


def _published():
    rows = [
        [f"gemma.cpp, {cpu}", threads, vision, prefill, extend, number(vision + prefill + extend), *rates]
        for cpu, threads, vision, prefill, extend, *rates in PUBLISHED
    ]
    return (
        "## For comparison: the PaliGemma 2 report\n\n"
        "Table 9 of [arXiv 2412.03555](https://arxiv.org/abs/2412.03555): PaliGemma 2 3B at 224 pixels, 260 tokens of prefill, 11 extends,"
        " in seconds. Other machines, weights of 8 bits; the sums are ours. Nothing of it was measured here.\n\n"
        + table(["", "threads", "ViT", "prefill", "extend", "sum", "prefill tokens/s", "decode tokens/s"], rows)
    )


def _micro(record):
    rows = []
    for row in record["rows"]:
        parameters = ", ".join(f"{k} {v}" for k, v in sorted(row["parameters"].items()))
        error = row["error"]
        error = f" ± {number(error)}" if isinstance(error, (int, float)) and error == error else ""
        rows.append([f"`{row['benchmark']}`", parameters, f"{number(row['score'])}{error}", row["unit"].replace("us", "µs")])
    return (
        "## Preprocessing, tokenizing, constraints\n\nMeasured by JMH; mean and 99.9 % confidence interval:\n\n"
        f"```sh\n{record['command']}\n```\n\n" + table(["benchmark", "parameters", "time", "unit"], rows)
    )


def number(value):
    """Three digits or more, without an exponent."""
    if value is None:
        return NONE
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 3
    return f"{value:,.{decimals}f}"


def table(header, rows):
    width = len(header)
    lines = [header, ["---"] + ["---:"] * (width - 1)]
    lines += [list(row) + [""] * (width - len(row)) for row in rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in line) + " |\n" for line in lines)

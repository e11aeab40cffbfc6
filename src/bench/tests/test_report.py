import unittest

from paligemma_bench import report, shapes

SETTINGS = {"threads": 2, "layers": None, "checkpoint_dtype": "float32", "text_tokens": 14, "new_tokens": 12, "java_options": ""}
WHERE = {"model": "pg1", "size": 224, "settings": SETTINGS, "time": "2026-01-02 03:04", "commit": "abc"}
IDS = list(range(12))


def request(preprocess, vision, prefill, decode, ids=None):
    times = {"preprocess_ms": preprocess, "vision_ms": vision, "prefill_ms": prefill, "decode_ms": decode}
    return times | {"image_tokens": 256, "prompt_ids": [2] * 14, "token_ids": ids or IDS}


def process(implementation, precision, phase, requests, load_ms, peak_kb, number=None, **more):
    record = WHERE | {"phase": phase, "status": "ok", "implementation": implementation, "precision": precision}
    record |= {"load_average": 0.5, "load_ms": load_ms, "ready_ms": load_ms + 500, "requests": requests}
    memory = {"VmHWM": peak_kb, "VmRSS": peak_kb - 1000, "RssAnon": 1000, "RssFile": 2000}
    record |= {"loaded_memory": memory, "memory": memory, "peak_is_of_requests": True}
    record |= {"versions": {"engine": "onnx", "engine_version": "1.2.3", "java": "17", "vm": "VM"}}
    return record | ({} if number is None else {"round": number}) | more


def records():
    torch = {"versions": {"engine": "transformers", "engine_version": "5.0", "torch": "2.0", "python": "3.11"}}
    environment = {"cpu": "Some | CPU", "cores": 2, "flags": ["avx2"], "memory_bytes": 25 * 10**9, "system": "Linux"}
    return [
        {"phase": "environment", "status": "ok", "time": "2026-01-02 03:00", "commit": "abc", "command": "src/bench/run.sh"} | environment,
        WHERE
        | {"phase": "ceilings", "status": "ok", "round": 1}
        | {"read_gb_s": {"sum": 18.0, "dot": 20.0}, "multiply_gflop_s": {"float32": 150.0, "bfloat16": 600.0}},
        process("transformers", "float32", "cold", [], 9000, 14_000_000, **torch),
        process("transformers", "float32", "round", [request(10, 1650, 7600, 11 * 524)], 8000, 13_000_000, 1, **torch),
        process("java", "int8", "cold", [], 60_000, 4_000_000),
        process("java", "int8", "round", [request(10, 400, 2000, 11 * 140)], 2000, 3_500_000, 1),
        process("java", "int8", "round", [request(10, 500, 2400, 11 * 160)], 2200, 3_600_000, 2),
        process("java", "int8", "round", [request(10, 450, 2200, 11 * 150, [9] * 12)], 2100, 3_400_000, 3),
        process("java", "int8", "batches", [], 2000, 3_500_000)
        | {"batches": [
            {"together": 1, "total_ms": 4000, "decode_ms": 1100, "decoded_tokens": 11},
            {"together": 4, "total_ms": 12_000, "decode_ms": 2200, "decoded_tokens": 44},
        ]},
        process("java", "int4", "cold", [], 0, 0) | {"status": "failed", "message": "no such\nprecision"},
    ]


class ReportTest(unittest.TestCase):
    def lines(self, text, start):
        return [line for line in text.splitlines() if line.startswith("| " + start)]

    def test_gives_medians_and_best(self):
        text = report.render(records())
        times = self.lines(text, "PaliGemma for Java int8 | 10.0")[0]
        self.assertIn("| 450 (400) | 2,200 (2,000) | 150 (140) | 2,660 (2,410) | 3 |", times)

    def test_follows_the_layout_of_the_report(self):
        text = report.render(records())
        self.assertIn("| PaliGemma for Java int8 | 2 | 0.45 | 2.20 | 1.65 | 4.30 | 123 | 6.67 |", text)

    def test_says_why_a_precision_is_missing(self):
        text = report.render(records())
        self.assertIn("| PaliGemma for Java int4 | not available: no such precision |", text)

    def test_compares_with_transformers_and_judges_goals(self):
        text = report.render(records())
        self.assertIn("| PaliGemma for Java int8 | 3.67 | 3.45 | 3.49 | 3.48 | 28 % |", text)
        first, decode, floor, memory, load = [self.lines(text, goal[0])[0] for goal in report.GOALS]
        self.assertIn("at least 3.5x: 3.48x, **missed** | at least 1.8x: –", first)
        self.assertIn("at least 3.8x: 3.49x, **missed**", decode)
        weights = shapes.weight_bytes_per_token(shapes.MODELS["pg1"], "int8")
        self.assertIn(f"at most 1.15x: {150 / (weights / 20e9 * 1e3):.2f}x", floor)
        self.assertIn("at most 3.9 GB: 3.69 GB, reached", memory)
        self.assertIn("at most 2.5 s: 2.10 s, reached", load)

    def test_shows_memory_and_loads(self):
        text = report.render(records())
        self.assertIn("| PaliGemma for Java int8 | 3.69 | 3.58 | 0.00 | 4.10 | 60.0 | 2.10 | 60.5 | 2.60 |", text)

    def test_shows_requests_answered_together(self):
        text = report.render(records())
        self.assertIn("| PaliGemma for Java int8 | 1 | 100 | 10.0 | 1.00 | 15.0 |", text)
        self.assertIn("| PaliGemma for Java int8 | 4 | 200 | 20.0 | 2.00 | 20.0 |", text)

    def test_counts_equal_tokens(self):
        self.assertIn("PaliGemma for Java int8 1 of 12", report.render(records()))

    def test_escapes_cells(self):
        self.assertIn("| processor | Some \\| CPU |", report.render(records()))

    def test_later_success_replaces_failure_but_not_the_reverse(self):
        later = records() + [process("java", "int4", "cold", [], 1, 1), *[r | {"status": "failed"} for r in records()[2:8]]]
        text = report.render(later)
        self.assertNotIn("not available", text)
        self.assertIn("| 450 (400) |", text)

    def test_renders_nothing_measured(self):
        self.assertTrue(report.render([]).startswith("# Benchmarks"))

    def test_renders_without_reference_or_ceilings(self):
        text = report.render([r for r in records() if r.get("implementation") == "java"])
        self.assertIn("The ceilings were not measured.", text)
        self.assertNotIn("Goals:", text)

    def test_names_the_command_of_each_section(self):
        self.assertIn("src/bench/run.sh --models pg1 --sizes 224 --threads 2 --rounds 3 --requests 1\n", report.render(records()))

    def test_shows_jmh_results(self):
        row = {"benchmark": "A.b", "parameters": {"n": "1"}, "score": 1.5, "error": "NaN", "unit": "us/op"}
        micro = {"phase": "micro", "status": "ok", "command": "src/bench/run.sh --micro", "time": "2026-01-02 03:04", "rows": [row]}
        self.assertIn("| `A.b` | n 1 | 1.50 | µs/op |", report.render([micro]))


class NumberTest(unittest.TestCase):
    def test_keeps_three_digits(self):
        self.assertEqual([report.number(v) for v in (0.01234, 1.234, 12.34, 1234.5)], ["0.012", "1.23", "12.3", "1,234"])


if __name__ == "__main__":
    unittest.main()

import contextlib
import io
import json
import tempfile
import unittest
from pathlib import Path

from paligemma_bench import benchmark, environment, shapes, vocabulary
from paligemma_bench.results import Results, latest


class ShapesTest(unittest.TestCase):
    def test_has_the_published_numbers_of_parameters(self):
        self.assertEqual(shapes.parameters(shapes.MODELS["pg1"], 224), 2_923_466_480)
        self.assertEqual(shapes.parameters(shapes.MODELS["pg2"], 224), 3_032_242_416)

    def test_counts_scales_as_weights(self):
        model = shapes.MODELS["pg1"].limited_to(1)
        layer = sum(outputs * inputs for _, outputs, inputs in shapes.layer_matrices(model))
        rows = sum(outputs for _, outputs, _ in shapes.layer_matrices(model))
        head = shapes.VOCABULARY * 2048
        self.assertEqual(shapes.weight_bytes_per_token(model, "float32"), 4 * (layer + head))
        self.assertEqual(shapes.weight_bytes_per_token(model, "int8"), layer + 4 * rows + head * 132 // 128)
        self.assertEqual(shapes.weight_bytes_per_token(model, "int4"), layer * 68 // 128 + head * 132 // 128)

    def test_counts_two_operations_per_weight_and_token(self):
        model = shapes.MODELS["pg2"].limited_to(1)
        layer = sum(outputs * inputs for _, outputs, inputs in shapes.layer_matrices(model))
        scores = 2 * 2 * 10 * 10 * model.heads * model.head_dim
        self.assertEqual(shapes.prefill_flop(model, 10), 2 * 10 * layer + scores + 2 * shapes.VOCABULARY * 2304)


class VocabularyTest(unittest.TestCase):
    def test_has_the_size_and_order_of_the_original(self):
        pieces, merges = vocabulary.pieces_and_merges()
        self.assertEqual(len(pieces), len(set(pieces)))
        self.assertEqual(len(merges), vocabulary.MERGES)
        self.assertEqual(pieces.index("<loc0000>"), 256_000)
        self.assertEqual(len(pieces), vocabulary.IMAGE)
        self.assertFalse([p for p in pieces[261:256_000] if len(p) > 1 and any(c.isdigit() for c in p)])

    def test_prompt_has_a_token_per_digit(self):
        self.assertEqual(vocabulary.prompt(14), "012345678901")


class ResultsTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = Path(self.folder.name) / "results.jsonl"

    def test_survives_a_line_cut_off(self):
        Results(self.path).add({"phase": "a", "status": "ok"})
        with open(self.path, "a") as file:
            file.write('{"phase": "b", "sta')
        results = Results(self.path)
        self.assertFalse(results.has(phase="b"))
        results.add({"phase": "c", "status": "ok"})
        self.assertEqual([r["phase"] for r in Results(self.path).records], ["a", "c"])

    def test_failures_are_tried_again(self):
        results = Results(self.path)
        results.add({"phase": "a", "status": "failed"})
        self.assertFalse(results.has(phase="a"))

    def test_other_settings_are_another_measurement(self):
        results = Results(self.path)
        results.add({"phase": "a", "status": "ok", "settings": {"threads": 2}})
        self.assertTrue(results.has(phase="a", settings={"threads": 2}))
        self.assertFalse(results.has(phase="a", settings={"threads": 4}))

    def test_latest_keeps_one_of_each(self):
        kept = latest([{"phase": "a", "status": "ok", "n": 1}, {"phase": "a", "status": "ok", "n": 2}])
        self.assertEqual([r["n"] for r in kept], [2])


class ProgramTest(unittest.TestCase):
    def test_command_has_no_folders_of_the_machine(self):
        given = ["--quick", "--no-build", "--work", "/x/y", "--python=/z/python", "--models", "pg1"]
        self.assertEqual(benchmark.public_command(given), "src/bench/run.sh --quick --models pg1")

    def test_replaces_folders_in_messages(self):
        text = json.dumps({"message": f"{Path.home()}/a, /work-folder/b, /sources/c"})
        self.assertEqual(
            environment.without_paths(text, Path("/sources"), Path("/work-folder")), '{"message": "~/a, WORK/b, ./c"}'
        )

    def test_refuses_unknown_models(self):
        with contextlib.redirect_stderr(io.StringIO()) as errors, self.assertRaises(SystemExit):
            benchmark.parse(["--models", "pg3"])
        self.assertIn("--models: expected values of pg1, pg2, got pg3", errors.getvalue())

    def test_reads_lists(self):
        options = benchmark.parse(["--sizes", "448,896", "--only", "java:int8"])
        self.assertEqual((options.sizes, options.only), ([448, 896], [("java", "int8")]))
        options = benchmark.parse(["--only", "java:pytorch-bfloat16,transformers:bfloat16"])
        self.assertEqual(options.only, [("java", "pytorch-bfloat16"), ("transformers", "bfloat16")])
        self.assertNotIn(("java", "pytorch-float32"), benchmark.parse([]).only)

    def test_trial_runs_do_not_write_the_document(self):
        self.assertEqual(benchmark.parse(["--layers", "2", "--work", "w"]).out.name, "benchmarks.md")
        self.assertEqual(benchmark.parse(["--layers", "2", "--work", "w"]).out.parent.name, "w")


class ProcessTest(unittest.TestCase):
    def setUp(self):
        options = benchmark.parse(["--python", "python3", "--threads", "1"])
        self.benchmark = benchmark.Benchmark(options, None, "")

    def test_notes_when_events_came(self):
        events = self.benchmark.events(["echo", 'warning\n{"event": "ready"}'])
        self.assertEqual(events[0]["event"], "ready")
        self.assertGreater(events[0]["at_ms"], 0)

    def test_failure_event_is_the_message(self):
        with self.assertRaisesRegex(benchmark.Failure, "^no int8$"):
            self.benchmark.events(["sh", "-c", """echo '{"event": "failed", "message": "no int8"}'; exit 3"""])

    def test_last_line_of_errors_is_the_message_of_a_crash(self):
        with self.assertRaisesRegex(benchmark.Failure, r"out of memory \(exit code 1\)"):
            self.benchmark.events(["sh", "-c", "echo out of memory >&2; exit 1"])


if __name__ == "__main__":
    unittest.main()

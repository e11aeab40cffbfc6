"""Runs `paligemma finetune` beside the runs that make_goldens.py made, the stored ones or held-back ones.

    python check_command_line.py --core CORE --tiny TINY --golden FOLDER --paligemma "java -jar apps/paligemma-cli/target/paligemma.jar"

For each run it prints the largest differences: of the losses, of the norms relative to the norm, and of the logits, for which transformers
and peft load what the command wrote. Weights as a whole are written in the type of the base: with a base in bfloat16 logits differ by
more than in float32. Exits with 1 if a run fails or differs by more than 1e-4, 1e-3 or, for adapters, 5e-5 of the largest logit.
"""

import argparse
import json
import shlex
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path

import torch
import transformers
from peft import PeftModel
from safetensors.torch import load_file

import make_goldens


def arguments_of(run: Path, golden, base: Path, data: Path, out: Path):
    recipe = golden["recipe"]
    if recipe["start"]:
        method = ["--init-adapter", run.parent / recipe["start"]]
    elif recipe["optimiser"] == "sgd":
        method = ["--train", "attention", "--optimizer", "sgd"]
    else:
        method = ["--train", "projector-decoder"]
    settings = {
        "--model": base,
        "--data": data,
        "--out": out,
        "--order": "given",
        "--learning-rate": recipe["learningRate"],
        "--batch": recipe["batch"],
        "--accumulate": recipe["accumulate"],
        "--steps": recipe["updates"],
        "--schedule": recipe["schedule"],
        "--warmup": recipe["warmup"],
        "--weight-decay": recipe["weightDecay"],
        "--clip": "off" if recipe["clip"] is None else recipe["clip"],
        "--loss": recipe["loss"],
    }
    return ["finetune", "--json", "--quiet", *method, *[part for setting in settings.items() for part in setting]]


def repeated(data: Path, folder: Path):
    """The runs begin the data again in the middle of a batch, a command at the end of an epoch: one that never ends."""
    shutil.copytree(data, folder)
    annotations = folder / "train" / "annotations.jsonl"
    annotations.write_text(annotations.read_text(encoding="utf-8") * 50, encoding="utf-8")
    return folder


def difference_of_logits(golden, run: Path, base: Path, out: Path, data: Path):
    model = PeftModel.from_pretrained(make_goldens.load(base), out) if golden["recipe"]["start"] else make_goldens.load(out)
    question = {"image": golden["prompt"]["image"], "prefix": golden["prompt"]["text"]}
    got = make_goldens.logits_of(model, make_goldens.load_processor(base), data, question)
    expected = load_file(run / "golden.safetensors")["logits"]
    return float((got - expected).abs().max() / expected.abs().max())


def check(command, run: Path, base: Path, golden_data: Path, data: Path, out: Path):
    golden = json.loads((run / "golden.json").read_text(encoding="utf-8"))
    arguments = [str(a) for a in arguments_of(run, golden, base, data, out)]
    ended = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
    name = f"{run.parent.name}/{run.name}"
    if ended.returncode != 0:
        print(f"{name}: failed: {ended.stderr.strip()[-500:]}", flush=True)
        return False
    report = json.loads(ended.stdout.strip().splitlines()[-1])
    loss = max(abs(a - b) for a, b in zip(report["losses"], golden["losses"], strict=True))
    norms = zip(report["gradientNorms"], golden["gradientNorms"], strict=True)
    norm = max(abs(a - b) / b for a, b in norms)
    logits = difference_of_logits(golden, run, base, out, golden_data)
    good = loss <= 1e-4 and norm <= 1e-3 and (logits <= 5e-5 or not golden["recipe"]["start"])
    print(f"{name}: losses {loss:.1e}, norms {norm:.1e}, logits {logits:.1e}{'' if good else '  DIFFERENT'}", flush=True)
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--core", type=Path, required=True, help="the folders that ../goldens/make_goldens.py made")
    parser.add_argument("--tiny", type=Path, required=True, help="the bundled model")
    parser.add_argument("--golden", type=Path, required=True, help="the folder that make_goldens.py made")
    parser.add_argument("--paligemma", required=True, help="how the command line is started")
    parser.add_argument("--run", action="append", help="only this run, as tiny/lora (may be repeated)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    good = True
    with tempfile.TemporaryDirectory() as folder:
        data = repeated(options.golden / "data", Path(folder) / "data")
        for name, base in make_goldens.BASES.items():
            for file in sorted((options.golden / name).glob("*/golden.json")):
                run = file.parent
                # Its weight decay is beyond what the command takes.
                if run.name == "full-trainer" or options.run and f"{name}/{run.name}" not in options.run:
                    continue
                model = options.core / base if base else options.tiny
                out = Path(folder) / name / run.name
                good &= check(shlex.split(options.paligemma), run, model, options.golden / "data", data, out)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

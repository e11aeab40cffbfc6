"""Trains with transformers and peft and writes down every step.

    python make_goldens.py --core CORE --tiny TINY --out FOLDER                    all runs, always the same
    python make_goldens.py ... --run NAME                                          one of them (may be repeated)
    python make_goldens.py ... --heldback SEED                                     other data, starts and recipes

CORE holds the checkpoints that ../goldens/make_goldens.py made, TINY the bundled model. What the files contain: README.md beside this
script. Pinned versions: ../requirements.txt.
"""

import argparse
import json
import random
import re
import shutil
import sys
import time
import warnings
from pathlib import Path

import peft
import torch
import transformers
from peft import LoraConfig, PeftModel, get_peft_model
from PIL import Image
from safetensors.torch import save_file
from transformers import (
    PaliGemmaForConditionalGeneration,
    Trainer,
    get_constant_schedule_with_warmup,
    get_cosine_schedule_with_warmup,
    get_linear_schedule_with_warmup,
)

import drawing
import recipes

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "goldens"))
import recording  # noqa: E402

SAMPLE, STRIDE = 48, 7919  # element i of a sample is element STRIDE * i modulo the size
IGNORED = -100
BASES = {"tiny": None, "pg1": "pg1-mqa-fp32", "window": "pg2-window"}  # folders of CORE, or TINY


def load(folder: Path, dtype=torch.float32):
    return PaliGemmaForConditionalGeneration.from_pretrained(folder, dtype=dtype, attn_implementation="eager")


def load_processor(folder: Path):
    processor = recording.load_processor(folder)
    tokenizer = processor.tokenizer
    tokenizer.bos_token, tokenizer.eos_token, tokenizer.pad_token = "<bos>", "<eos>", "<pad>"
    return processor


def batch_of(processor, folder: Path, examples):
    return processor(
        images=[[Image.open(folder / e["image"]).convert("RGB")] for e in examples],
        text=["<image>" + e["prefix"] for e in examples],
        suffix=[e["suffix"] for e in examples],
        padding="longest",
        return_tensors="pt",
    )


# ---- tokens -------------------------------------------------------------------------------------------------------


def tokens_of(processor, folder: Path, example):
    """What the processor makes of one example, alone and so without padding; or why it refuses it."""
    document = {"prefix": example["prefix"], "suffix": example["suffix"]}
    try:
        batch = batch_of(processor, folder, [example])
    except Exception as refusal:  # an oracle that fails is a fact, too
        return document | {"refused": f"{type(refusal).__name__}: {refusal}"}
    return document | {
        "inputIds": batch["input_ids"][0].tolist(),
        "labels": batch["labels"][0].tolist(),
        "tokenTypeIds": batch["token_type_ids"][0].tolist(),
    }


def write_tokens(processor, data: Path, out: Path):
    for split in ("train", "valid"):
        examples = drawing.read(data / split)
        write_json(out / f"{split}.json", {"examples": [tokens_of(processor, data / split, e) for e in examples]})
    picture = drawing.read(data / "train")[0]["image"]
    awkward = [dict(image=picture, prefix=prefix, suffix=suffix) for prefix, suffix in drawing.AWKWARD]
    write_json(out / "awkward.json", {"examples": [tokens_of(processor, data / "train", e) for e in awkward]})


# ---- starts -------------------------------------------------------------------------------------------------------


def write_start(start: recipes.Start, model_folder: Path, name, folder: Path, seed):
    torch.manual_seed(seed)
    model = get_peft_model(load(model_folder), LoraConfig(**start.options))
    numbers = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter_name, parameter in sorted(model.named_parameters()):
            if "lora_B" in parameter_name and start.spread:
                parameter.copy_(torch.randn(parameter.shape, generator=numbers) * start.spread)
    save_adapter(model, folder, name)


def save_adapter(model, folder: Path, name):
    model.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    path = folder / "adapter_config.json"
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = name
    for key in ("target_modules", "modules_to_save", "exclude_modules"):
        if isinstance(config.get(key), list):
            config[key] = sorted(config[key])  # peft writes a set, in any order
    write_json(path, config)


# ---- training -----------------------------------------------------------------------------------------------------


def stored_name(name):
    """The name of a parameter in adapter_model.safetensors or model.safetensors."""
    name = name.replace(".modules_to_save.default.", ".").replace(".lora_magnitude_vector.default.weight", ".lora_magnitude_vector")
    return name.replace(".token_adapter.trainable_tokens_delta.default", ".token_adapter.trainable_tokens_delta").replace(
        ".default.weight", ".weight"
    )


def prepare(run: recipes.Run, model_folder: Path, start: Path, dtype):
    model = load(model_folder, dtype)
    if run.start:
        model = PeftModel.from_pretrained(model, start, is_trainable=True)
        model.to(dtype)
    else:
        for name, parameter in model.named_parameters():
            parameter.requires_grad = re.search(run.trained, name) is not None
    model.train()
    return model, [(name, p) for name, p in model.named_parameters() if p.requires_grad]


def optimiser_of(run: recipes.Run, model, parameters):
    decayed = Trainer.get_decay_parameter_names(None, model) if run.trainer_decay else [n for n, _ in parameters]
    spared = [name for name, _ in parameters if name not in decayed]
    groups = [
        {"params": [p for n, p in parameters if n not in spared], "weight_decay": run.weight_decay},
        {"params": [p for n, p in parameters if n in spared], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    if run.optimiser == "sgd":
        return torch.optim.SGD(groups, lr=run.rate), spared
    return torch.optim.AdamW(groups, lr=run.rate, betas=(0.9, 0.999), eps=1e-8), spared


def scheduler_of(schedule, optimiser, warmup, updates):
    if schedule == "constant":
        return get_constant_schedule_with_warmup(optimiser, warmup)
    make = get_linear_schedule_with_warmup if schedule == "linear" else get_cosine_schedule_with_warmup
    return make(optimiser, warmup, updates)


def losses_of_examples(model, batch):
    """The mean loss of each suffix."""
    labels = batch["labels"][:, 1:]
    inputs = {name: value for name, value in batch.items() if name != "labels"}
    logits = model(**inputs).logits[:, :-1].transpose(1, 2)
    losses = torch.nn.functional.cross_entropy(logits, labels, ignore_index=IGNORED, reduction="none")
    return losses.sum(1) / (labels != IGNORED).sum(1)


def train(run: recipes.Run, model_folder: Path, start: Path, processor, data: Path, dtype=torch.float32):
    model, parameters = prepare(run, model_folder, start, dtype)
    optimiser, spared = optimiser_of(run, model, parameters)
    scheduler = scheduler_of(run.schedule, optimiser, run.warmup, run.updates)
    examples = drawing.read(data)
    log = {"batches": [], "losses": [], "gradientNorms": [], "learningRates": []}
    gradients, place = {}, 0
    for update in range(run.updates):
        chosen = [[(place + i * run.batch + j) % len(examples) for j in range(run.batch)] for i in range(run.accumulate)]
        place += run.batch * run.accumulate
        batches = [batch_of(processor, data, [examples[i] for i in indices]) for indices in chosen]
        for batch in batches:
            batch["pixel_values"] = batch["pixel_values"].to(dtype)
        tokens = sum(int((batch["labels"][:, 1:] != IGNORED).sum()) for batch in batches)
        loss = 0.0
        for batch in batches:
            if run.loss == "per-example":
                part = losses_of_examples(model, batch).sum() / (run.batch * run.accumulate)
            else:
                part = model(**batch, num_items_in_batch=tokens).loss
            part.backward()
            loss += float(part)
        if update == 0:
            gradients = {name: p.grad.clone() for name, p in parameters}
            if run.loss == "per-token" and run.accumulate == 1:  # the mean that transformers takes itself
                assert abs(float(model(**batches[0]).loss) - loss) < 1e-6
        limit = float("inf") if run.clip is None else run.clip
        norm = torch.nn.utils.clip_grad_norm_([p for _, p in parameters], limit)
        log["batches"].append(chosen)
        log["losses"].append(loss)
        log["gradientNorms"].append(float(norm))
        log["learningRates"].append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        scheduler.step()
        optimiser.zero_grad()
    return model, parameters, gradients, log, [stored_name(name) for name in spared]


def sample(tensor):
    flat = tensor.detach().flatten()
    return flat[torch.arange(min(SAMPLE, flat.numel())) * STRIDE % flat.numel()].float().contiguous().clone()


def size_of(tensor):
    """Norm and largest magnitude."""
    return {"norm": float(tensor.detach().double().norm()), "largest": float(tensor.detach().abs().max())}


def evaluate(model, processor, data: Path):
    """What each example of the other split has after the run: mean loss, and whether each token of it is the likeliest."""
    model.eval()
    results = []
    for example in drawing.read(data):
        batch = batch_of(processor, data, [example])
        with torch.no_grad():
            output = model(**batch)
        labels = batch["labels"][0, 1:]
        wanted = labels != IGNORED
        right = output.logits[0, :-1].argmax(-1)[wanted] == labels[wanted]
        results.append({"loss": float(output.loss), "tokens": int(wanted.sum()), "right": int(right.sum())})
    return results


def logits_of(model, processor, data: Path, example):
    model.eval()
    inputs = recording.inputs_of(processor, data, recording.Request(example["prefix"], [example["image"]]))
    inputs.pop("labels", None)
    with torch.no_grad():
        return model(**inputs).logits[0, -1].contiguous().clone()


def check(run, log, exact):
    """How far rounding moves the reference itself: the same run in float64."""
    loss = max(abs(a - b) for a, b in zip(log["losses"], exact["losses"]))
    norm = max(abs(a - b) / b for a, b in zip(log["gradientNorms"], exact["gradientNorms"]))
    if loss > (2e-3 if run.sensitive else 3e-5):
        raise AssertionError(f"{run.name}: float64 moves the loss by {loss}: too sensitive for a golden run")
    return {"loss": loss, "gradientNorm": norm}


def make(run: recipes.Run, model_name, model_folder: Path, processor, data: Path, out: Path):
    began = time.time()
    start = out / "start" / run.start if run.start else None
    folder = out / run.name
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    model, parameters, gradients, log, spared = train(run, model_folder, start, processor, data / "train")
    exact = train(run, model_folder, start, processor, data / "train", torch.float64)[3]
    rounding = check(run, log, exact)
    tensors, described = {}, []
    for name, parameter in parameters:
        stored = stored_name(name)
        tensors["gradient." + stored] = sample(gradients[name])
        tensors["final." + stored] = sample(parameter)
        described.append(
            {
                "name": stored,
                "shape": list(parameter.shape),
                "gradient": size_of(gradients[name]),
                "final": size_of(parameter),
            }
        )
    question = drawing.read(data / "valid")[0]
    tensors["logits"] = logits_of(model, processor, data / "valid", question)
    save_file(tensors, folder / "golden.safetensors")
    document = {
        "run": run.name,
        "about": run.about,
        "model": model_name,
        "reference": {
            "transformers": transformers.__version__,
            "peft": peft.__version__,
            "torch": torch.__version__.split("+")[0],
        },
        "recipe": {
            "start": run.start and f"start/{run.start}",
            "trained": run.trained,
            "optimiser": run.optimiser,
            "learningRate": run.rate,
            "schedule": run.schedule,
            "warmup": run.warmup,
            "weightDecay": run.weight_decay,
            "undecayed": spared,
            "clip": run.clip,
            "batch": run.batch,
            "accumulate": run.accumulate,
            "updates": run.updates,
            "loss": run.loss,
        },
        **log,
        "rounding": rounding,
        "parameters": described,
        "valid": evaluate(model, processor, data / "valid"),
        "prompt": {"image": f"valid/{question['image']}", "text": question["prefix"]},
    }
    write_json(folder / "golden.json", document)
    first, last = log["losses"][0], log["losses"][-1]
    norms = [round(n, 3) for n in log["gradientNorms"]]
    print(
        f"{model_name} {run.name}: {len(parameters)} tensors, loss {first:.4f} to {last:.4f}, norms {min(norms)} to {max(norms)},"
        f" rounding {rounding['loss']:.1e} {rounding['gradientNorm']:.1e}, {time.time() - began:.0f} s",
        flush=True,
    )


def write_rates(path: Path):
    documents = []
    for case in recipes.schedules():
        optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=case.rate)
        scheduler = scheduler_of(case.schedule, optimiser, case.warmup, case.updates)
        rates = []
        for _ in range(case.updates):
            rates.append(optimiser.param_groups[0]["lr"])
            optimiser.step()
            scheduler.step()
        documents.append(
            {"schedule": case.schedule, "learningRate": case.rate, "warmup": case.warmup, "updates": case.updates, "rates": rates}
        )
    write_json(path, {"schedules": documents})


def write_json(path: Path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(document, indent=1, ensure_ascii=False)
    text = re.sub(r"\[([^\[\]{}]*)\]", lambda m: "[" + re.sub(r"\s*\n\s*", " ", m[1]).strip() + "]", text)  # short lists
    assert json.loads(text) == document
    path.write_text(text + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--core", type=Path, required=True, help="the folders that ../goldens/make_goldens.py made")
    parser.add_argument("--tiny", type=Path, required=True, help="the bundled model")
    parser.add_argument("--out", type=Path, required=True, help="folder that receives data, tokens and runs")
    parser.add_argument("--model", action="append", help=f"only this model, of {sorted(BASES)}")
    parser.add_argument("--run", action="append", help="only this run (may be repeated)")
    parser.add_argument("--heldback", type=int, help="other data, starts and recipes")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    numbers = None if arguments.heldback is None else random.Random(arguments.heldback)
    seed = 1 if numbers is None else numbers.randrange(10**6)
    data = arguments.out / "data"
    drawing.write(data, seed)
    write_rates(arguments.out / "schedules.json")
    for name, base in BASES.items():
        if arguments.model and name not in arguments.model:
            continue
        folder = arguments.core / base if base else arguments.tiny
        processor, out = load_processor(folder), arguments.out / name
        write_tokens(processor, data, out)
        first = tokens_of(processor, data / "train", drawing.read(data / "train")[1])
        rows = json.loads((folder / "config.json").read_text())["text_config"]["vocab_size"]
        tokens = sorted({id for id in first["labels"] if id >= 0})[:4] + [rows - 1]  # the last has no token
        chosen = [run for run in recipes.runs(numbers) if not arguments.run or run.name in arguments.run]
        chosen = [run for run in chosen if name != "window" or run.name in ("lora", "full", "full-trainer")]
        for place, start in enumerate(recipes.starts(tokens, numbers)):
            if any(run.start == start.name for run in chosen):
                write_start(start, folder, base or "paligemma-tiny", out / "start" / start.name, seed + place)
        for run in chosen:
            make(run, name, folder, processor, data, out)


if __name__ == "__main__":
    main()

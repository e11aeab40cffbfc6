"""Records what transformers does with checkpoints that store an output head beside the token embedding.

    python make_goldens.py --golden GOLDEN --out FOLDER

GOLDEN holds the checkpoints that ../goldens/make_goldens.py made. A head is made of the table of each, row i being row i + 7 of that, so
that only what transformers answers is stored, in FOLDER/BASE.json. It must be the same whatever tie_word_embeddings of config.json says:
true, false or nothing at the top level, or false in text_config alone, as version 4 wrote it. The script also checks, and stores nothing
of it, that transformers ties a tensor stored under either name and a head that is equal, and in which cases it leaves one of the two
untrained.

Made with transformers 5.24.0 and torch 2.15.0.
"""

import argparse
import json
import shutil
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers import PaliGemmaForConditionalGeneration

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "goldens"))
import recording  # noqa: E402

BASES = ["pg1-mqa-fp32", "pg1-minimal-fp16"]
SHIFT = 7
SMALLEST_MARGIN = 0.01
SAYS = {"true": (True, None), "false": (False, None), "none": (None, None), "text": (None, False)}


def folder_with(base: Path, out: Path, tensors: dict, says) -> Path:
    out.mkdir(parents=True)
    for file in base.iterdir():
        if file.suffix == ".json" or file.suffix == ".png":
            shutil.copy(file, out)
    config = json.loads((base / "config.json").read_text())
    for holder, value in zip((config, config["text_config"]), says):
        holder.pop("tie_word_embeddings", None)
        if value is not None:
            holder["tie_word_embeddings"] = value
    (out / "config.json").write_text(json.dumps(config))
    save_file(tensors, out / "model.safetensors", {"format": "pt"})
    return out


def load(folder: Path):
    model, info = PaliGemmaForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    model.eval()
    table, head = model.model.language_model.embed_tokens.weight, model.lm_head.weight
    return model, table is head, table, head, set(info["missing_keys"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    arguments.out.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp())
    for name in BASES:
        base = arguments.golden / name
        tensors = {k: t for k, t in load_file(base / "model.safetensors").items() if "lm_head" not in k}
        key = next(k for k in tensors if k.endswith("embed_tokens.weight"))
        table = tensors[key]
        head_key = "language_model.lm_head.weight" if key.startswith("language_model.") else "lm_head.weight"
        without = {k: t for k, t in tensors.items() if k != key}
        for says, values in SAYS.items():
            both = {**tensors, head_key: table.roll(-SHIFT, 0).contiguous()}
            folder = folder_with(base, work / f"{name}-{says}", both, values)
            model, tied, _, head, _ = load(folder)
            assert not tied and torch.equal(head, table.roll(-SHIFT, 0).float()), says
            golden = json.loads((base / "golden.json").read_text())
            processor = recording.load_processor(folder)
            requests = [recording.Request(r["prompt"], r["images"], 8) for r in golden["requests"][:2]]
            stop_ids = golden["stopTokenIds"]
            results = [recording.run(model, processor, base, request, stop_ids) for request in requests]
            for result in results:
                assert min(result.margins) >= SMALLEST_MARGIN, (name, says, result.margins)
                recording.check_generate_agrees(model, processor, base, result)
            stored = {
                "base": name,
                "shift": SHIFT,
                "reference": {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]},
                "requests": [result.as_json(golden["imageTokenId"]) for result in results],
            }
            text = json.dumps(stored, indent=1) + "\n"
            assert says == "true" or text == (arguments.out / f"{name}.json").read_text(), says
            (arguments.out / f"{name}.json").write_text(text)
            check_the_rest(base, work / f"{name}-{says}", {**without}, key, table, says, values)
        print(name)
    shutil.rmtree(work)


def check_the_rest(base, work, without, key, table, says, values):
    """The cases of which this library needs no numbers, because they are those of the base."""
    missing = "lm_head.weight"
    for case, tensors in {
        "table": {key: table},
        "head": {"lm_head.weight": table},
        "old-head": {"language_model.lm_head.weight": table},
        "equal": {key: table, "lm_head.weight": table.clone()},
    }.items():
        _, tied, embedding, head, lost = load(folder_with(base, Path(f"{work}-{case}"), {**without, **tensors}, values))
        expected = table.float()
        if says != "false":
            assert tied and not lost and torch.equal(embedding, expected), (says, case, lost)
        elif case == "equal":
            assert not tied and not lost and torch.equal(embedding, expected) and torch.equal(head, expected)
        else:
            assert lost == {missing if case == "table" else "model.language_model.embed_tokens.weight"}, (case, lost)


if __name__ == "__main__":
    main()

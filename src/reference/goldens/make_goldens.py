"""Makes the golden parity files: tiny random PaliGemma checkpoints and what transformers computes with them.

    python make_goldens.py --out FOLDER                  all cases, always the same
    python make_goldens.py --out FOLDER --case NAME      one of them
    python make_goldens.py --out FOLDER --heldback SEED  cases of the same kinds with other sizes, weights, prompts

What the files contain is described in ../README.md. Pinned versions: ../requirements.txt.
"""

import argparse
import json
import random
import shutil
import time
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch
import transformers
from PIL import Image, ImageDraw
from safetensors.torch import save_file
from transformers import PaliGemmaForConditionalGeneration

import checkpoints
import recording
import tiny_tokenizer
from recording import Request
from tiny_models import Scales, Shape, random_model

SMALLEST_MARGIN = 0.01
SEEDS_PER_CASE = 400
SECOND_STOP = tiny_tokenizer.BASE_PIECES - 1  # an <unused> piece in the role of <end_of_turn>
CAPTION, ANSWER, DETECT = "caption en", "answer en what is this?", "detect cat ; dog"
UNICODE = "caption  ça coûte 5\u20ac ? \u732b \U0001f408\tfin"
FULL, SLIDING = "full_attention", "sliding_attention"
ONE, TWO = ["a.png"], ["b.png"]
LOGITS = ("prefill.logits", "decode0.logits")
PLAIN = [Request(CAPTION, ONE), Request(CAPTION, TWO), Request(DETECT, ONE), Request("", TWO)]


@dataclass
class Case:
    name: str
    about: str
    shape: Shape
    requests: list
    scales: Scales = field(default_factory=Scales)
    dtype: torch.dtype = torch.float32
    names: str = "saved"
    config_style: str = "saved"
    shard_size: str = None
    merges_as_strings: bool = False
    stop_ids: tuple = (tiny_tokenizer.EOS,)
    ignored_stop: int = None
    needs_stop: bool = False  # at least one request must end by an end-of-sequence token
    must_differ_from: list = field(default_factory=list)  # changes of the shape that must change some output
    pair: tuple = None  # two requests whose prefill.layers.* are stored with the suffixes .a and .b
    tensors: tuple = None  # prefixes of the tensors to keep, None for all


def cases():
    pg1 = Shape("gemma")
    pg2 = Shape("gemma2", kv_heads=2)
    return [
        Case(
            "pg1-mqa-fp32",
            "PaliGemma 1, one key/value head, heads * head_dim != width, float32",
            replace(pg1, layers=3),
            PLAIN + [Request(UNICODE, ONE), Request("detect dog\n", TWO)],
            needs_stop=True,
            scales=Scales(eos_row=1.2),
        ),
        Case(
            "pg1-gqa-bf16",
            "PaliGemma 1, two key/value heads, bfloat16 file, older full config.json with hidden_act gelu",
            replace(pg1, image_size=42, width=40, kv_heads=2, head_dim=12),
            [Request(ANSWER, ONE), Request(ANSWER, TWO), Request("", ONE)],
            dtype=torch.bfloat16,
            config_style="converter",
            merges_as_strings=True,
        ),
        Case(
            "pg1-minimal-fp16",
            "PaliGemma 1, minimal config.json of the first release (224 px, head_dim 256 by default), float16 file",
            replace(pg1, image_size=224, vision_width=24, vision_mlp=32, width=24, heads=2, head_dim=256),
            [Request(CAPTION, ONE), Request(CAPTION, TWO)],
            dtype=torch.float16,
            names="g1",
            config_style="released",
            merges_as_strings=True,
            tensors=("projector", "prefill.embeddings", "prefill.norm", "prefill.logits", "decode0"),
        ),
        Case(
            "pg1-sharded",
            "PaliGemma 1, several shards with an index",
            replace(pg1, image_size=28, width=24, kv_heads=2),
            [Request(DETECT, ONE), Request(DETECT, TWO)],
            shard_size="100KB",
        ),
        Case(
            "pg1-names-g2",
            "PaliGemma 1, tensor names of the second generation, with a redundant lm_head.weight, bfloat16",
            replace(pg1, width=24),
            [Request(CAPTION, ONE), Request(CAPTION, TWO)],
            dtype=torch.bfloat16,
            names="g2",
        ),
        Case(
            "pg2-gqa",
            "PaliGemma 2, grouped key/value heads, layer_types stored, soft-caps 50/30, float32",
            replace(pg2, layers=4, image_size=42),
            PLAIN + [Request(UNICODE, TWO), Request("caption en\n\n", ONE)],
            needs_stop=True,
            scales=Scales(eos_row=1.2),
        ),
        Case(
            "pg2-names-g1",
            "PaliGemma 2, names and config.json of older files (no layer_types), extra tensors, text_config names a"
            " second end-of-sequence id that must not stop, bfloat16",
            replace(pg2, image_size=28),
            [Request(CAPTION, ONE), Request(CAPTION, TWO), Request(DETECT, TWO)],
            dtype=torch.bfloat16,
            names="g1",
            config_style="converter",
            merges_as_strings=True,
            ignored_stop=SECOND_STOP,
            scales=Scales(stop_row={SECOND_STOP: 1.25}),
        ),
        Case(
            "pg2-names-g3",
            "PaliGemma 2, tensor names of the third generation (in-memory names), image_token_id instead of"
            " image_token_index, 56 px, bfloat16",
            replace(pg2, image_size=56, width=24, head_dim=8, query_scalar=8),
            [Request(ANSWER, ONE), Request(ANSWER, TWO)],
            dtype=torch.bfloat16,
            names="g3",
            config_style="alias",
        ),
        Case(
            "pg2-narrow",
            "PaliGemma 2 like the 28B model: query_pre_attn_scalar = width / heads != head_dim; eos ids are a list",
            replace(pg2, width=48, head_dim=8, query_scalar=12, layers=3),
            [Request(CAPTION, ONE), Request(CAPTION, TWO), Request("", ONE), Request(ANSWER, TWO)],
            dtype=torch.bfloat16,
            stop_ids=(tiny_tokenizer.EOS, SECOND_STOP),
            needs_stop=True,
            scales=Scales(stop_row={SECOND_STOP: 1.2}),
            must_differ_from=[{"query_scalar": 8}],
        ),
        Case(
            "pg2-window",
            "PaliGemma 2, sliding window 10 (layers 0 and 2, config.json has no layer_types): prompts longer than it,"
            " and a short one whose generation crosses it, bfloat16",
            replace(pg2, window=10, layers=4, head_dim=8, query_scalar=8),
            [Request(ANSWER, ONE), Request(ANSWER, TWO), Request("", ONE, 16), Request("", TWO, 16)],
            dtype=torch.bfloat16,
            config_style="converter",
            must_differ_from=[{"window": 4096}, {"window": 9}, {"window": 11}],
        ),
        Case(
            "pg2-window-types",
            "PaliGemma 2, sliding window 8 in layers 1 and 2, which only layer_types says, bfloat16",
            replace(pg2, window=8, width=24, heads=2, layers=4, layer_types=[FULL, SLIDING, SLIDING, FULL]),
            [Request(CAPTION, ONE), Request(CAPTION, TWO), Request(DETECT, ONE)],
            dtype=torch.bfloat16,
            must_differ_from=[{"window": 4096}, {"layer_types": None}],
        ),
        Case(
            "pg2-softcap",
            "PaliGemma 2, attention soft-cap 2 on large scores, without which the texts differ; final soft-cap 5",
            replace(pg2, attention_softcap=2.0, final_softcap=5.0),
            [Request(CAPTION, ONE), Request(CAPTION, TWO), Request(DETECT, ONE)],
            scales=Scales(query_key=2.5),
            must_differ_from=[{"attention_softcap": None}, {"attention_softcap": 50.0}],
        ),
        Case(
            "pg2-fewer-rows",
            "PaliGemma 2 whose embedding has no row for the <image> id (which is then looked up as id 0)",
            replace(pg2, width=24, heads=2, kv_heads=1, embedding_rows=tiny_tokenizer.IMAGE),
            [Request(CAPTION, ONE), Request(CAPTION, TWO)],
        ),
        Case(
            "pg2-two-images",
            "PaliGemma 2, two images in one prompt, without and with <image> markers",
            replace(pg2, width=24, heads=2),
            [
                Request(DETECT, ["a.png", "b.png"]),
                Request(DETECT, ["b.png", "a.png"]),
                Request("<image><image>" + ANSWER, ["a.png", "b.png"]),
                Request("red <image> the <image> what is this?", ["a.png", "b.png"]),
                Request("<image>" + CAPTION, ["a.png"]),
            ],
            dtype=torch.bfloat16,
        ),
        Case(
            "pg2-default-caps",
            "PaliGemma 2 whose config.json names neither soft-cap: the defaults 50 and 30 hold",
            replace(pg2, width=24, heads=2),
            [Request(CAPTION, ONE), Request(CAPTION, TWO)],
            dtype=torch.bfloat16,
            config_style="no-caps",
            tensors=LOGITS,
        ),
        Case(
            "pg2-null-cap",
            "PaliGemma 2 whose config.json says null for the final soft-cap: there is none",
            replace(pg2, width=24, heads=2, final_softcap=None),
            [Request(CAPTION, ONE), Request(CAPTION, TWO)],
            dtype=torch.bfloat16,
            tensors=LOGITS,
        ),
        Case(
            "pg1-all-saved",
            "PaliGemma 1, every file as save_pretrained of model and processor writes it (no preprocessor_config.json)",
            replace(pg1, width=24, heads=2),
            [Request(CAPTION, ONE), Request(ANSWER, TWO)],
            config_style="all-saved",
            tensors=LOGITS,
        ),
        Case(
            "pg2-all-saved",
            "PaliGemma 2, every file as save_pretrained of model and processor writes it, bfloat16",
            replace(pg2, width=24, heads=2),
            [Request(CAPTION, ONE), Request(DETECT, TWO)],
            dtype=torch.bfloat16,
            config_style="all-saved",
            tensors=LOGITS,
        ),
        Case(
            "bidirectional",
            "Two prompts of one length that differ in the last word only: image positions differ as well",
            replace(pg2, width=24, heads=2),
            [Request("caption a", ONE), Request("caption c", ONE)],
            dtype=torch.bfloat16,
            pair=(0, 1),
            tensors=("prefill",),
        ),
    ]


# ---- images -------------------------------------------------------------------------------------------------------


def write_image(path: Path, seed: int):
    """A smooth background with a few shapes, of an odd size, so that the resize has something to do."""
    rng = np.random.default_rng(seed)
    width, height = (int(v) for v in rng.integers(33, 90, 2))
    y, x = np.mgrid[0:height, 0:width]
    slopes = rng.uniform(-1.5, 1.5, (3, 2))
    base = rng.uniform(40, 215, 3)
    pixels = np.stack([base[c] + slopes[c, 0] * (x - width / 2) + slopes[c, 1] * (y - height / 2) for c in range(3)], -1)
    image = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for i in range(3):
        left, top = int(rng.integers(0, width - 16)), int(rng.integers(0, height - 16))
        box = (left, top, left + int(rng.integers(8, 28)), top + int(rng.integers(8, 28)))
        colour = tuple(int(v) for v in rng.integers(0, 256, 3))
        (draw.rectangle if i % 2 else draw.ellipse)(box, fill=colour)
    image.save(path, optimize=True)


# ---- one case -----------------------------------------------------------------------------------------------------


def make(case: Case, root: Path, base_seed: int):
    started = time.time()
    folder = root / case.name
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    first_seed = base_seed * 1_000_000 + zlib.crc32(case.name.encode()) % 1000 * 1000
    for index, name in enumerate(sorted({n for request in case.requests for n in request.images})):
        write_image(folder / name, first_seed + index)
    # The processor needs only tokenizer.json and preprocessor_config.json; both are independent of the weights.
    seed = search(case, folder, first_seed)
    model = random_model(case.shape, case.scales, seed, case.dtype)
    write_checkpoint(case, folder, model)

    model, loading = PaliGemmaForConditionalGeneration.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    if loading["missing_keys"] or loading["mismatched_keys"]:
        raise AssertionError(f"{case.name}: {loading}")
    if model.config.image_token_id != tiny_tokenizer.IMAGE:
        raise AssertionError(f"{case.name}: image token id {model.config.image_token_id}")
    model.eval()
    processor = recording.load_processor(folder)
    results = [recording.run(model, processor, folder, request, case.stop_ids) for request in case.requests]
    for result in results:
        recording.check_generate_agrees(model, processor, folder, result)
    recording.add_uncapped(model, processor, folder, results, case.stop_ids)
    problem = why_unusable(case, results)
    if problem:
        raise AssertionError(f"{case.name}: after loading from the files: {problem}")
    check_prefix_is_bidirectional(model, processor, folder, case)

    write_tensors(case, folder, model, processor)
    document = {
        "case": case.name,
        "about": case.about,
        "family": case.shape.family,
        "weightsSeed": seed,
        "reference": {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]},
        "imageTokenId": tiny_tokenizer.IMAGE,
        "stopTokenIds": list(case.stop_ids),
        "requests": [result.as_json(tiny_tokenizer.IMAGE) for result in results],
    }
    (folder / "golden.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    size = sum(f.stat().st_size for f in folder.iterdir())
    print(f"{case.name}: {size // 1024} KiB, seed {seed} (+{seed - first_seed}), {time.time() - started:.0f} s")
    for result in results:
        print(f"    {result.request.prompt!r} -> {result.text!r} {'length' if result.stop_id is None else 'eos'}")


def write_checkpoint(case, folder, model):
    checkpoints.write(
        folder,
        model,
        case.shape,
        case.dtype,
        case.names,
        case.config_style,
        case.shard_size,
        case.merges_as_strings,
        case.stop_ids,
        case.ignored_stop,
    )


def write_tensors(case, folder, model, processor):
    if case.pair is None:
        tensors = recording.record_tensors(model, processor, folder, case.requests[0], case.tensors)
    else:
        tensors = {}
        for index, suffix in zip(case.pair, (".a", ".b")):
            request = case.requests[index]
            tensors |= recording.record_tensors(model, processor, folder, request, case.tensors, suffix)
    save_file(tensors, folder / "golden.safetensors")


def search(case, folder, first_seed):
    """The first seed whose behaviour is varied and whose greedy choices all have a clear margin."""
    tiny_tokenizer.write(folder, case.merges_as_strings)
    checkpoints.write_preprocessor(folder, case.shape, case.config_style)
    processor = recording.load_processor(folder)
    reasons = {}
    for seed in range(first_seed, first_seed + SEEDS_PER_CASE):
        results = run_all(case, case.shape, seed, folder, processor)
        problem = why_unusable(case, results)
        for change in case.must_differ_from if problem is None else []:
            others = run_all(case, replace(case.shape, **change), seed, folder, processor)
            if all(a.token_ids == b.token_ids for a, b in zip(results, others)):
                problem = f"same tokens with {change}"
        if problem is None:
            return seed
        reasons[problem] = reasons.get(problem, 0) + 1
    raise AssertionError(f"{case.name}: no usable seed: {reasons}")


def run_all(case, shape, seed, folder, processor):
    model = random_model(shape, case.scales, seed, case.dtype)
    results = []
    for request in case.requests:
        results.append(recording.run(model, processor, folder, request, case.stop_ids))
        if why_unusable_alone(results[-1]):
            break
    return results


def why_unusable_alone(result):
    if min(result.margins) < SMALLEST_MARGIN:
        return "margin"
    odd = {tiny_tokenizer.PAD, tiny_tokenizer.BOS, tiny_tokenizer.UNK, tiny_tokenizer.MASK}
    if any(i in odd or i >= tiny_tokenizer.IMAGE for i in result.token_ids) or "\ufffd" in result.text:
        return "special or broken text"
    if len(result.token_ids) < 2:
        return "too short"
    if len(result.token_ids) >= 5 and len(set(result.token_ids)) < 3:
        return "monotonous"
    return None


def why_unusable(case, results):
    for result in results:
        problem = why_unusable_alone(result)
        if problem:
            return problem
    by_prompt = {}
    for result in results:
        key = (result.request.reference_prompt, tuple(result.request.images))
        by_prompt.setdefault(key, result.text)
    if len(set(by_prompt.values())) < len(by_prompt):
        return "equal texts"
    stops = [r.stop_id for r in results if r.stop_id is not None]
    if case.needs_stop and not set(case.stop_ids[-1:]) <= set(stops):
        return "no stop"
    if len(stops) == len(results):
        return "only stops"
    if case.ignored_stop is not None and not any(case.ignored_stop in r.token_ids[:-1] for r in results):
        return "ignored stop id not generated"
    return None


def check_prefix_is_bidirectional(model, processor, folder, case):
    """The last word of the prompt must be visible to the image positions, which come before it."""
    images = case.requests[0].images
    first, second = (
        recording.record_tensors(model, processor, folder, Request(f"caption {word}", images), ("prefill",))
        for word in "ac"
    )
    image_positions = (case.shape.image_size // 14) ** 2
    difference = (first["prefill.layers.0"] - second["prefill.layers.0"])[:image_positions].abs().max()
    if not difference > 1e-3:
        raise AssertionError(f"{case.name}: image positions do not see the prompt ({difference})")


# ---- other cases of the same kinds --------------------------------------------------------------------------------


def vary(case: Case, rng: random.Random) -> Case:
    shape = case.shape
    if case.config_style != "released":  # whose point is the default sizes
        heads = rng.choice([2, 4])
        head_dim = rng.choice([4, 8, 12, 16, 20])
        shape = replace(
            shape,
            image_size=rng.choice([28, 42, 56]),
            vision_width=rng.choice([24, 32, 40, 48]),
            vision_layers=rng.choice([1, 2, 3]),
            width=rng.choice([24, 32, 40, 48, 64]),
            mlp=rng.choice([40, 48, 72]),
            layers=rng.choice([2, 3, 4]),
            heads=heads,
            kv_heads=rng.choice([1, heads // 2]),
            head_dim=head_dim,
            query_scalar=head_dim,
        )
    changes = []
    if case.name == "pg2-narrow":
        shape = replace(shape, query_scalar=2 * shape.head_dim + rng.choice([1, 3]))
        changes = [{"query_scalar": shape.head_dim}]
    if case.name == "pg2-window-types":
        shape = replace(shape, layers=4, image_size=28, window=rng.randint(6, 9))
        changes = [{"window": 4096}]
    if case.name == "pg2-window":
        shape = replace(shape, image_size=28, window=rng.randint(7, 14))
        changes = [{"window": 4096}]
    if case.name == "pg2-softcap":
        caps = {"attention_softcap": rng.choice([1.0, 1.5, 3.0]), "final_softcap": rng.choice([4.0, 6.0, 9.0])}
        shape = replace(shape, **caps)
        changes = [{"attention_softcap": 50.0}]
    words = ["cat", "dog", "red", "two", "this", "Zebra?", "\u00e9t\u00e9", "(42)"]
    extra = Request(" ".join(rng.sample(words, 4)), case.requests[0].images)
    requests = case.requests if case.config_style == "released" else case.requests + [extra]
    return replace(case, shape=shape, requests=requests, must_differ_from=changes)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder that receives one folder per case")
    parser.add_argument("--case", action="append", help="only this case (may be repeated)")
    parser.add_argument("--heldback", type=int, metavar="SEED", help="make other cases of the same kinds")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    chosen = cases()
    unknown = set(arguments.case or []) - {case.name for case in chosen}
    if unknown:
        parser.error(f"unknown cases {sorted(unknown)}, known are {[case.name for case in chosen]}")
    for case in chosen:
        if arguments.case and case.name not in arguments.case:
            continue
        base_seed = 0
        if arguments.heldback is not None:
            base_seed = 1 + arguments.heldback
            case = vary(case, random.Random(f"{arguments.heldback} {case.name}"))
        make(case, arguments.out, base_seed)


if __name__ == "__main__":
    main()

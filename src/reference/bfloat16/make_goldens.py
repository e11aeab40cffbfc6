"""What transformers computes in bfloat16 on the checkpoints of ../goldens: log-probabilities of the answers stored there.

    .venv/bin/python src/reference/bfloat16/make_goldens.py \
        --golden paligemma-core/src/test/resources/golden --out engines/paligemma-pytorch/src/test/resources/bfloat16.json

Each answer is the one of golden.json (float32), fed token by token through a cache, so that a step does not depend on the
choices of earlier ones. Beside what golden.json says about a request: `bfloat16`, the log-probabilities of the tokens of
`tokenIds`, with those in float32 in `float32`; `margins`, how far the best logit leads the second before each of them, the
smaller one of the two precisions, and negative where they disagree about which is the best.
"""

import argparse
import json
import sys
from pathlib import Path

import torch
import transformers
from transformers import DynamicCache, PaliGemmaForConditionalGeneration

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "goldens"))
import recording  # noqa: E402


# Files in bfloat16, float16 and float32; soft-caps, windows, and more than one image.
CHECKPOINTS = ["pg1-gqa-bf16", "pg1-minimal-fp16", "pg1-mqa-fp32", "pg2-gqa", "pg2-softcap", "pg2-two-images", "pg2-window"]


def steps(model, inputs, tokens):
    """Logits before each token, in float64."""
    length = inputs["input_ids"].shape[1]
    cache = DynamicCache(config=model.config.get_text_config())
    with torch.no_grad():
        output = model(**inputs, cache=cache, use_cache=True)
        for position, token in enumerate(tokens):
            yield output.logits[0, -1].double()
            output = model(
                input_ids=torch.tensor([[token]]),
                attention_mask=torch.ones(1, length + position + 1, dtype=torch.long),
                cache=cache,
                use_cache=True,
            )


def case(folder: Path):
    document = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
    model = PaliGemmaForConditionalGeneration.from_pretrained(folder, dtype=torch.bfloat16, attn_implementation="eager").eval()
    processor = recording.load_processor(folder)
    requests = []
    for request in document["requests"]:
        inputs = recording.inputs_of(
            processor, folder, recording.Request(request["prompt"], request["images"], request["maxNewTokens"])
        )
        inputs.pop("labels", None)
        if inputs["input_ids"][0].tolist() != request["promptTokenIds"]:
            raise AssertionError(f"{folder.name}: the prompt is not the one of golden.json")
        inputs["pixel_values"] = inputs["pixel_values"].to(torch.bfloat16)
        found = {name: request[name] for name in ("images", "prompt", "maxNewTokens", "tokenIds")}
        found |= {"float32": [round(p, 6) for p in request["logprobs"]], "bfloat16": [], "margins": []}
        for token, margin, logits in zip(request["tokenIds"], request["top2Margin"], steps(model, inputs, request["tokenIds"])):
            best = torch.topk(logits, 2)
            lead = min(margin, float(best.values[0] - best.values[1]))
            found["bfloat16"].append(round(float(torch.log_softmax(logits, -1)[token]), 6))
            found["margins"].append(round(lead if int(best.indices[0]) == token else -1.0, 6))
        requests.append(found)
    return {"checkpoint": folder.name, "requests": requests}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    reference = {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]}
    cases = [json.dumps(case(folder)) for folder in (options.golden / name for name in CHECKPOINTS)]
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(
        '{"reference": %s, "cases": [\n%s\n]}\n' % (json.dumps(reference), ",\n".join(cases)), encoding="utf-8"
    )


if __name__ == "__main__":
    main()

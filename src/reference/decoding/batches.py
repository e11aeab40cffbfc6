"""Several requests in one padded batch, as transformers generates them."""

import torch

BATCHES = [
    ("pg1-mqa-fp32", [0, 3, 4], 12),
    ("pg1-gqa-bf16", [0, 2, 1], 12),
    ("pg2-gqa", [4, 3, 2], 12),
    ("pg2-window", [0, 2, 3], 12),
    ("pg2-two-images", [2, 3, 4], 12),
]
TOLERANCE = 5e-5


def record(checkpoints) -> list:
    return [_case(checkpoints[name], indices, limit) for name, indices, limit in BATCHES]


def _case(checkpoint, indices, limit):
    inputs = checkpoint.inputs(*indices)
    with torch.no_grad():
        output = checkpoint.model.generate(
            **inputs, do_sample=False, max_new_tokens=limit, return_dict_in_generate=True, output_logits=True
        )
    width = inputs["input_ids"].shape[1]
    rows, largest = [], 0.0
    for row, index in enumerate(indices):
        padding = int((inputs["attention_mask"][row] == 0).sum())
        single = checkpoint.request(index)
        if inputs["input_ids"][row, padding:].tolist() != single["promptTokenIds"]:
            raise AssertionError(f"{checkpoint.name} {index}: another prompt in the batch")
        tokens, log_probabilities, stop = [], [], None
        for step, token in enumerate(output.sequences[row, width:].tolist()):
            tokens.append(token)
            log_probabilities.append(float(torch.log_softmax(output.logits[step][row].double(), -1)[token]))
            if token in checkpoint.stop_ids:
                stop = token
                break
        expected = single["tokenIds"] + ([] if single["stopTokenId"] is None else [single["stopTokenId"]])
        alone = single["logprobs"] + ([] if single["stopTokenId"] is None else [single["stopLogprob"]])
        if tokens != expected[:limit]:
            raise AssertionError(f"{checkpoint.name} {index}: {tokens} in the batch, alone {expected}")
        largest = max([largest] + [abs(a - b) for a, b in zip(log_probabilities, alone)])
        written = len(tokens) - (stop is not None)
        rows.append(
            {
                "request": index,
                "padding": padding,
                "tokenIds": tokens[:written],
                "logprobs": [round(p, 9) for p in log_probabilities[:written]],
                "stopTokenId": stop,
                "stopLogprob": None if stop is None else round(log_probabilities[-1], 9),
            }
        )
    print(f"    batch of {checkpoint.name}: log-probabilities differ from single requests by at most {largest:.1e}")
    if largest > TOLERANCE:
        raise AssertionError(f"{checkpoint.name}: the batch differs from the single requests by {largest}")
    return {
        "checkpoint": checkpoint.name,
        "maxNewTokens": limit,
        "rows": rows,
        "largestDifference": float(f"{largest:.2g}"),
    }

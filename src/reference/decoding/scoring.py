"""How probable transformers finds given answers."""

import torch

from checkpoint import NextToken, stepwise_log_probabilities

REQUESTS = [("pg1-mqa-fp32", 0), ("pg2-gqa", 2), ("pg2-window", 0), ("pg2-two-images", 0)]
ANSWERS = ["cat", "a red dog", "two <loc0100><loc0200> cats on this", "", "Zebra?", "?", "s", "e"]
FULL_PASS_TOLERANCE = 5e-5


def record(checkpoints) -> list:
    return [_case(checkpoints[name], index) for name, index in REQUESTS]


def _case(checkpoint, index):
    eos = checkpoint.processor.tokenizer.eos_token_id
    next_token = NextToken(checkpoint, index)
    candidates = []
    for answer in ANSWERS:
        ids = checkpoint.processor.tokenizer(answer, add_special_tokens=False)["input_ids"]
        log_probabilities = stepwise_log_probabilities(checkpoint, index, ids + [eos])
        for position, token in enumerate(ids + [eos]):
            again = float(next_token(tuple(ids[:position]))[token])
            if abs(again - log_probabilities[position]) > FULL_PASS_TOLERANCE:
                raise AssertionError(f"{checkpoint.name} {answer!r}: {again} without cache, {log_probabilities}")
        candidates.append(
            {
                "answer": answer,
                "tokenIds": ids,
                "logprobs": [round(p, 9) for p in log_probabilities[:-1]],
                "stopLogprob": round(log_probabilities[-1], 9),
                "logProbability": round(sum(log_probabilities), 9),
            }
        )
    sums = torch.tensor([c["logProbability"] for c in candidates], dtype=torch.float64)
    for candidate, share in zip(candidates, torch.softmax(sums, -1).tolist()):
        candidate["share"] = float(f"{share:.9g}")
    return checkpoint.identity(index) | {"stopTokenId": eos, "candidates": candidates}

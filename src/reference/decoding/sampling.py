"""What temperature, top-k, top-p, min-p and the repetition penalty of transformers make of a row of logits."""

from dataclasses import dataclass

import numpy as np
import torch
from safetensors.torch import load_file
from transformers import GenerationConfig

CLOSEST = 1e-5  # relative distance to a threshold below which another arithmetic may decide otherwise


@dataclass(frozen=True)
class Setting:
    temperature: float = 1.0
    top_k: int = 0  # 0: off
    top_p: float = 1.0  # 1: off
    min_p: float = 0.0  # 0: off
    repetition_penalty: float = 1.0  # 1: off

    @property
    def removes(self):
        return self.top_k > 0 or self.top_p < 1 or self.min_p > 0


SETTINGS = [
    Setting(),
    Setting(temperature=0.7),
    Setting(temperature=1.5),
    Setting(top_k=5),
    Setting(top_k=50),
    Setting(top_p=0.5),
    Setting(top_p=0.9),
    Setting(min_p=0.05),
    Setting(min_p=0.1),
    Setting(repetition_penalty=1.2),
    Setting(0.7, 0, 0.9),
    Setting(1.5, 0, 0.9),
    Setting(0.7, 0, 1.0, 0.1),
    Setting(1.5, 0, 1.0, 0.1),
    Setting(1.0, 5, 0.9),
    Setting(1.0, 50, 0.5, 0.05, 1.2),
    Setting(0.7, 50, 0.9, 0.05, 1.0),
    Setting(1.5, 50, 0.9, 0.1, 1.2),
    Setting(0.7, 5, 0.5, 0.0, 1.2),
    Setting(1.5, 5, 0.9, 0.05, 1.0),
    Setting(1.0, 50, 0.9, 0.0, 1.2),
]
# rows of real logits: the first step of the first request of these, after two tokens were written before
CHECKPOINTS = ["pg1-mqa-fp32", "pg2-gqa", "pg2-fewer-rows"]


def synthetic_rows():
    """(name, logits, ids written before) of rows with ties, with forbidden ids, with one clear winner."""
    rng = np.random.default_rng(20)

    def previous(count, size, *more):
        return [int(i) for i in rng.integers(0, size, count)] + list(more)

    spread = rng.normal(0, 2.5, 300)
    ties = np.round(rng.normal(0, 1.5, 50) * 2) / 2
    masked = rng.normal(1, 2, 120)
    masked[rng.random(120) < 0.7] = -np.inf
    peaked = rng.normal(-3, 1, 200)
    peaked[17] = 6
    few = np.full(60, -np.inf)
    few[[3, 40, 41]] = [-1.25, 0.5, 0.125]
    negative = rng.normal(-20, 3, 80)
    rows = [
        ("spread", spread, previous(12, 300, int(spread.argmax()), int(spread.argmax()))),
        ("ties", ties, previous(8, 50)),
        ("forbidden", masked, previous(40, 120)),
        ("peaked", peaked, previous(3, 200, 17)),
        ("few", few, [40, 0, 40]),
        ("negative", negative, previous(10, 80, int(negative.argmax()))),
    ]
    return [(name, torch.tensor(logits, dtype=torch.float32), ids) for name, logits, ids in rows]


def record(checkpoints) -> list:
    rows = []
    some_model = checkpoints[CHECKPOINTS[0]].model
    for name, logits, previous in synthetic_rows():
        stored = [None if not np.isfinite(v) else _short(v) for v in logits.tolist()]
        cases = _cases(some_model, logits, previous, SETTINGS)
        rows.append({"row": name, "logits": stored, "previousTokenIds": previous, "cases": cases})
    for name in CHECKPOINTS:
        checkpoint = checkpoints[name]
        logits = load_file(checkpoint.folder / "golden.safetensors")["prefill.logits"]
        request = checkpoint.request(0)
        previous = request["promptTokenIds"] + request["tokenIds"][:2]
        cases = _cases(checkpoint.model, logits, previous, [s for s in SETTINGS if s.removes])
        rows.append({"row": "prefill.logits", "checkpoint": name, "previousTokenIds": previous, "cases": cases})
    return rows


def _cases(model, logits, previous, settings):
    return [
        {
            "temperature": setting.temperature,
            "topK": setting.top_k,
            "topP": setting.top_p,
            "minP": setting.min_p,
            "repetitionPenalty": setting.repetition_penalty,
        }
        | _processed(model, logits, previous, setting)
        for setting in settings
        if _is_clear(model, logits, previous, setting)
    ]


def _processors(model, setting):
    """The list that generate() would make, in its order."""
    config = GenerationConfig(
        do_sample=True,
        temperature=setting.temperature,
        top_k=setting.top_k,
        top_p=setting.top_p,
        min_p=setting.min_p if setting.min_p > 0 else None,
        repetition_penalty=setting.repetition_penalty,
    )
    return model._get_logits_processor(config, input_ids_seq_length=1)


def _processed(model, logits, previous, setting):
    processors = _processors(model, setting)
    scores = processors(torch.tensor([previous]), logits[None].clone())[0]
    kept = torch.nonzero(scores > -torch.inf)[:, 0]
    probabilities = torch.softmax(scores, -1)
    if abs(float(probabilities[kept].double().sum()) - 1) > 1e-5:
        raise AssertionError(f"{setting}: probabilities do not add up to 1")
    return {
        "processors": [type(p).__name__ for p in processors],
        "kept": kept.tolist(),
        "probabilities": [_short(v) for v in probabilities[kept].tolist()],
    }


def _is_clear(model, logits, previous, setting):
    """Whether no threshold is so close that rounding decides, and no tie is cut by top-p (whose order is arbitrary)."""
    scores = logits[None].double().clone()
    for processor in _processors(model, setting):
        probabilities = torch.softmax(scores, -1)[0]
        kind = type(processor).__name__
        if kind == "TopPLogitsWarper":
            ordered = torch.sort(probabilities).values
            total = ordered.cumsum(-1)
            if float((total - (1 - setting.top_p)).abs().min()) < CLOSEST:
                return False
            removed = int((total <= 1 - setting.top_p).sum())
            if 0 < removed < len(ordered) and float(ordered[removed]) == float(ordered[removed - 1]) > 0:
                return False
        if kind == "MinPLogitsWarper":
            threshold = setting.min_p * float(probabilities.max())
            if float((probabilities / threshold - 1).abs().min()) < CLOSEST:
                return False
        scores = processor(torch.tensor([previous]), scores)
    return True


def _short(value):
    """The shortest decimal number that is read as the same float32."""
    return float(str(np.float32(value)))

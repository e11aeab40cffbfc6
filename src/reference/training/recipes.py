"""What is trained in each run, and how."""

import math
import random
from dataclasses import dataclass, field

DECODER = r".*language_model.*\.(q|k|v|o|gate|up|down)_proj"


@dataclass
class Start:
    """An adapter from which runs start: options of LoraConfig, and the spread of B, 0 for peft's own start."""

    name: str
    options: dict
    spread: float = 0.02


@dataclass
class Run:
    name: str
    about: str
    start: str = None  # the adapter that is trained
    trained: str = None  # or a regular expression for names of weights
    optimiser: str = "adamw"
    rate: float = 2e-3
    schedule: str = "cosine"
    warmup: int = 5
    weight_decay: float = 0.01
    clip: float = 1.0
    batch: int = 4
    accumulate: int = 1
    updates: int = 20
    loss: str = "per-token"
    trainer_decay: bool = False  # whether weight decay spares what transformers' Trainer spares, biases and norms
    sensitive: bool = False  # rounding grows from update to update


def starts(tokens, numbers: random.Random = None):
    """`tokens`: ids of rows of the embedding that are trained on their own."""
    rank = numbers.choice([2, 3, 5, 8, 12]) if numbers else 8
    alpha = numbers.choice([4, 8, 16, 24]) if numbers else 16
    small = numbers.choice([2, 3, 5]) if numbers else 4
    return [
        Start("lora", dict(r=rank, lora_alpha=alpha, target_modules=DECODER)),
        Start("lora-zero", dict(r=small, lora_alpha=2 * small, target_modules=r".*language_model.*\.(q|v)_proj"), 0.0),
        Start(
            "projector",
            dict(
                r=small,
                lora_alpha=8,
                target_modules=r".*language_model.*\.(q|v)_proj",
                modules_to_save=["multi_modal_projector"],
            ),
        ),
        Start("dora", dict(r=small, lora_alpha=8, use_dora=True, target_modules=r".*language_model.*\.(q|v|o|down)_proj")),
        Start("rslora", dict(r=small, lora_alpha=6, use_rslora=True, target_modules=r".*language_model.*\.(k|up)_proj")),
        Start("towers", dict(r=small, lora_alpha=8, target_modules=["q_proj", "k_proj", "v_proj"])),
        Start("tokens", dict(r=small, lora_alpha=8, target_modules=["o_proj"], trainable_token_indices=tokens)),
        Start(
            "patterns",
            dict(
                r=small,
                lora_alpha=8,
                target_modules=r".*language_model.*\.(q|v|down)_proj",
                rank_pattern={r"layers.1.self_attn.q_proj": 2},
                alpha_pattern={r"down_proj": 6},
            ),
        ),
    ]


def runs(numbers: random.Random = None):
    def vary(value, low, high):
        return float(f"{value * math.exp(numbers.uniform(math.log(low), math.log(high))):.3g}") if numbers else value

    def pick(value, *others):
        return numbers.choice([value, *others]) if numbers else value

    rate = vary(2e-3, 0.3, 1.5)
    lora = dict(start="lora", rate=rate, warmup=pick(5, 0, 3), weight_decay=vary(0.01, 1, 10), batch=pick(4, 3, 5))
    few = dict(updates=8, warmup=pick(2, 0, 3), batch=pick(4, 2, 3))
    return [
        Run("lora", "LoRA on all projections of the decoder", **lora),
        Run("lora-zero", "the same from peft's own start, B = 0, on two projections", start="lora-zero", rate=rate, **few),
        Run(
            "full",
            "projector, decoder and tied embedding; the image tower is frozen",
            trained=r"^(?!.*vision_tower)",
            rate=vary(2e-4, 0.5, 1.5),
        ),
        Run(
            "full-trainer",
            "the same, with a weight decay that spares biases and norms, as transformers' Trainer does",
            trained=r"^(?!.*vision_tower)",
            rate=vary(2e-4, 0.5, 1.5),
            weight_decay=10.0,
            trainer_decay=True,
            **few,
        ),
        Run(
            "attention-sgd",
            "attention of the decoder alone, plain gradient descent without clipping, as big_vision's notebook",
            trained=r"language_model.*self_attn",
            optimiser="sgd",
            rate=vary(0.03, 0.3, 1),
            weight_decay=0.0,
            clip=None,
            sensitive=True,
        ),
        Run("lora-projector", "LoRA, and the projector as a whole", start="projector", rate=vary(1e-3, 0.5, 1.5), **few),
        Run("dora", "DoRA", start="dora", rate=rate, **few),
        Run("rslora", "scale alpha / sqrt(r)", start="rslora", rate=rate, schedule="linear", **few),
        Run("lora-towers", "target_modules that also meet the image tower's", start="towers", rate=rate, **few),
        Run("lora-tokens", "LoRA, and a few rows of the tied embedding", start="tokens", rate=rate, **few),
        Run("lora-patterns", "ranks and alphas by pattern", start="patterns", rate=rate, schedule="constant", **few),
        Run("lora-accumulated", "the first run with two batches of two for each update", **lora | dict(accumulate=2, batch=2)),
        Run(
            "lora-per-example",
            "the loss is averaged over each suffix, then over examples, as in big_vision",
            loss="per-example",
            **lora,
        ),
        Run("lora-clipped", "a limit that every gradient exceeds", **lora | dict(updates=8, clip=0.05)),
    ]


@dataclass
class Rates:
    """Learning rates of transformers' schedules: the one of the first update is that of step 0 of the scheduler."""

    schedule: str
    rate: float
    warmup: int
    updates: int
    rates: list = field(default_factory=list)


def schedules():
    return [
        Rates(schedule, 3e-4, warmup, updates)
        for schedule in ("constant", "linear", "cosine")
        for warmup, updates in ((0, 1), (0, 10), (1, 1), (1, 7), (3, 20), (5, 5), (8, 5), (5, 100))
    ]

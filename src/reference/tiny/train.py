"""Trains `paligemma-tiny` from nothing on synthetic scenes, on one CPU core.

What is trained is transformers' own PaliGemmaForConditionalGeneration; this script only calls its parts so that work is
not done twice. Things worth knowing:

* One picture, several questions. Early steps pack the questions of a picture behind one copy of its 64 image tokens;
  there the image tokens cannot see the prompt. Every `--full-every`-th step, and every step of the last part, uses
  PaliGemma's real layout (one sequence per question, image and prompt see each other), which is what inference does.
* A training aid: four linear heads on the vision tower predict per patch what is there (shape, colour, word, box).
  They give the tower 64 dense labels per picture and are thrown away afterwards.
* Location tokens are trained towards a narrow Gaussian over neighbouring bins.
* Muon for the hidden matrices, AdamW for the rest; the learning rate falls to zero at the planned end.
* Pictures are drawn by a second, low-priority process into a ring in shared memory.
* With --masks, every picture also gets one `segment` question, whose mask codes come from that file (see masks.py).

Resume with --resume: weights, optimiser state, step and the time already used come from the last checkpoint.

    python train.py --out RUN --minutes 90
    python train.py --out RUN2 --vision-from RUN/checkpoint.pt --text-from RUN/checkpoint.pt --masks vae-oid.npz
"""

from __future__ import annotations

import argparse
import ctypes
import json
import multiprocessing as mp
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from evaluate import evaluate, to_tensor
from masks import CODES, MaskCodec
from model import BOS, EOS, IMAGE_TOKENS, build_model, build_tokenizer, encode, initialise
from scenes import COLOURS, WORDS, draw_scene, model_pixels, patch_labels, random_questions, random_segment
from transformers import AttentionInterface

SLOTS = 4  # questions per picture, at most
TEXT = 64  # tokens of all questions and answers of one picture, packed
SLOT = 24  # tokens of one question and its answer, padded
LONG_SLOT = 64  # the same for `segment`, whose answers are long; the packed text grows by as much
LOC_BINS = 1024


# ------------------------------------------------------------------------------------------------------------- data


class Ring:
    """Shared memory filled by the drawing process and read at random by the trainer."""

    def __init__(self, capacity: int, segments: bool):
        self.capacity = capacity
        self.segments = segments
        self.text = TEXT + (LONG_SLOT if segments else 0)
        self.slots = SLOTS + (1 if segments else 0)
        self._raw = {
            "pixels": mp.RawArray(ctypes.c_uint8, capacity * 112 * 112 * 3),
            "patches": mp.RawArray(ctypes.c_float, capacity * IMAGE_TOKENS * 8),
            "ids": mp.RawArray(ctypes.c_int16, capacity * self.text),
            "spans": mp.RawArray(ctypes.c_int16, capacity * self.slots * 3),  # start, prompt length, whole length
        }
        self.drawn = mp.Value(ctypes.c_int64, 0)

    def view(self) -> dict[str, np.ndarray]:
        shapes = {
            "pixels": (np.uint8, (112, 112, 3)),
            "patches": (np.float32, (IMAGE_TOKENS, 8)),
            "ids": (np.int16, (self.text,)),
            "spans": (np.int16, (self.slots, 3)),
        }
        return {k: np.frombuffer(self._raw[k], t).reshape(self.capacity, *s) for k, (t, s) in shapes.items()}


def draw_forever(ring: Ring, first: int, rate: float, masks: Path | None) -> None:
    """Fills the ring round and round; once an eighth of it is filled, at most `rate` scenes per second."""
    os.nice(5)
    torch.set_num_threads(1)
    tokenizer = build_tokenizer()
    codec = MaskCodec.load(masks) if masks else None
    view = ring.view()
    cache: dict[str, list[int]] = {}
    started, index = time.time(), first
    while True:
        scene = draw_scene("train", index)
        at = (index - first) % ring.capacity
        view["pixels"][at] = model_pixels(scene.image)
        view["patches"][at] = patch_labels(scene)
        text = np.zeros(ring.text, np.int16)
        spans = np.zeros((ring.slots, 3), np.int16)
        used = 0
        questions = list(enumerate(random_questions("train", index, scene, SLOTS)))
        if codec:
            questions.insert(0, (SLOTS, random_segment("train", index, scene, codec.codes_of)))
        for k, q in questions:
            if q.prompt not in cache:
                cache[q.prompt] = [BOS, *encode(tokenizer, q.prompt + "\n")]
            row = cache[q.prompt] + encode(tokenizer, q.answer) + [EOS]
            slot = SLOT if k < SLOTS else LONG_SLOT
            if len(row) > slot:
                raise ValueError(f"{len(row)} tokens do not fit a slot of {slot}: {q}")
            if used + len(row) > ring.text:
                break
            text[used : used + len(row)] = row
            spans[k] = used, len(cache[q.prompt]), len(row)
            used += len(row)
        view["ids"][at] = text
        view["spans"][at] = spans
        index += 1
        ring.drawn.value = index - first
        if index - first > ring.capacity // 8:
            ahead = (index - first - ring.capacity // 8) / rate - (time.time() - started)
            if ahead > 0:
                time.sleep(min(ahead, 1.0))
            else:
                started -= ahead
        else:
            started = time.time()


# ------------------------------------------------------------------------------------------------------------ model


class Heads(torch.nn.Module):
    """Per-patch predictions from the vision tower's output; a training aid that is not exported."""

    def __init__(self, width: int):
        super().__init__()
        self.sizes = (5, len(COLOURS), len(WORDS), 4)
        self.linear = torch.nn.Linear(width, sum(self.sizes))

    def loss(self, features: torch.Tensor, patches: torch.Tensor) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        kind, colour, word, box = self.linear(features.flatten(0, 1)).split(self.sizes, 1)
        want = patches.flatten(0, 1)
        kinds = want[:, 0].long()
        shape, text = ((kinds >= 1) & (kinds <= 3)).float(), (kinds == 4).float()
        some = shape + text

        def mean(values: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            return (values * mask).sum() / mask.sum().clamp(min=1)

        colour_ok = mean((colour.argmax(1) == want[:, 1].long()).float(), shape)
        kind_ok = mean((kind.argmax(1) == kinds).float(), some)
        word_ok = mean((word.argmax(1) == want[:, 2].long()).float(), text)
        box_error = mean((box - want[:, 3:7]).abs().mean(1), some)
        loss = (
            mean(F.cross_entropy(kind, kinds, reduction="none"), 0.3 + 0.7 * some)
            + mean(F.cross_entropy(colour, want[:, 1].long(), reduction="none"), shape)
            + mean(F.cross_entropy(word, want[:, 2].long(), reduction="none"), text)
            + 8.0 * box_error
        )
        return loss, {"kind": kind_ok, "colour": colour_ok, "word": word_ok, "box": box_error}


class Packed:
    """The questions of each picture packed behind one copy of its image tokens.

    `ids`: int64[B, T]; `spans`: int64[B, S, 3] with start, prompt length and whole length (0: no question).
    """

    def __init__(self, ids: torch.Tensor, spans: torch.Tensor):
        text, slots = ids.shape[1], spans.shape[1]
        step = torch.arange(text)
        start, prompt, whole = (spans[:, :, k, None] for k in range(3))
        inside = (step >= start) & (step < start + whole)  # [B, S, T]
        owner = torch.where(inside, torch.arange(1, slots + 1)[:, None], 0).sum(1)
        place = torch.where(inside, step - start, 0).sum(1)
        self.answer = (inside & (step >= start + prompt)).any(1)
        prefix = (owner > 0) & ~self.answer
        same = owner[:, :, None] == owner[:, None, :]
        sees = same & ((step[None, :] <= step[:, None]) | (prefix[:, :, None] & prefix[:, None, :]))
        mask = torch.cat([torch.ones(len(ids), text, IMAGE_TOKENS, dtype=torch.bool), sees], 2)
        self.bias = torch.zeros(mask.shape, dtype=torch.bfloat16).masked_fill_(~mask, -1e9)[:, None]
        image = torch.arange(1, IMAGE_TOKENS + 1).expand(len(ids), -1)
        self.positions = torch.cat([image, place + IMAGE_TOKENS + 1], 1)
        self.ids = ids


class Separate:
    """PaliGemma's own layout: one sequence per question, image and prompt see each other, the answer is causal."""

    def __init__(self, ids: torch.Tensor, spans: torch.Tensor, slot: int):
        """`ids`: int64[N, T] and `spans`: int64[N, 3], one row per question; `slot`: tokens of the longest."""
        step = torch.arange(slot)
        start, prompt, whole = (spans[:, k, None] for k in range(3))
        self.ids = torch.where(step < whole, ids.gather(1, (start + step).clamp(max=ids.shape[1] - 1)), 0)
        self.answer = (step >= prompt) & (step < whole)
        total = IMAGE_TOKENS + slot
        step = torch.arange(total)
        real = step < IMAGE_TOKENS + whole
        prefix = step < IMAGE_TOKENS + prompt
        sees = (step[None, :] <= step[:, None]) | (prefix[:, :, None] & prefix[:, None, :])
        mask = (sees & real[:, None, :]) | torch.eye(total, dtype=torch.bool)
        self.bias = torch.zeros(mask.shape, dtype=torch.bfloat16).masked_fill_(~mask, -1e9)[:, None]
        self.positions = torch.arange(1, total + 1).expand(len(ids), -1)


def training_attention(module, query, key, value, attention_mask, scaling=None, softcap=None, **_):
    """Gemma 2's attention without copies of the shared key and value heads.

    With a mask for every row this is the library's eager attention. With a mask for the last rows only (`Packed`), the
    rows before them see each other and nothing else, and the soft cap is left out (it changes nothing at these sizes).
    """
    b, heads, length, width = query.shape
    groups = key.shape[1]

    def attend(q, k, v, mask, cap):
        rows = q.shape[2]
        scores = torch.matmul(q.reshape(b, groups, heads // groups * rows, width), k.transpose(2, 3))
        scores = (scores * scaling).view(b, groups, heads // groups, rows, k.shape[2])
        if cap is not None:
            scores = torch.tanh(scores / cap) * cap
        if mask is not None:
            scores = scores + mask[:, :, None]
        weights = torch.softmax(scores, -1).to(v.dtype).view(b, groups, heads // groups * rows, k.shape[2])
        return torch.matmul(weights, v).view(b, heads, rows, width)

    masked = attention_mask.shape[2]
    if masked == length:
        out = attend(query, key, value, attention_mask, softcap)
    else:
        free = length - masked
        image = attend(query[:, :, :free], key[:, :, :free], value[:, :, :free], None, None)
        text = attend(query[:, :, free:], key, value, attention_mask, None)
        out = torch.cat([image, text], 2)
    return out.transpose(1, 2).contiguous(), None


class Trainee:
    def __init__(self, args):
        self.tokenizer = build_tokenizer()
        AttentionInterface.register("training", training_attention)
        self.model = build_model(self.tokenizer)
        self.model.config.text_config._attn_implementation = "training"
        initialise(self.model, self.tokenizer)
        torch.manual_seed(1)
        inner = self.model.model
        self.heads = Heads(inner.vision_tower.config.hidden_size)
        self.table = inner.language_model.embed_tokens
        self.first_loc = self.tokenizer.token_to_id("<loc0000>")
        self.newline, self.ocr = (self.tokenizer.token_to_id(piece) for piece in ("\n", "ocr"))
        self.first_seg = self.tokenizer.token_to_id("<seg000>")
        self.absent_weight, self.segment_weight = args.absent_weight, args.segment_weight
        self.bf16 = args.bf16

        def block(module, hidden):
            return module(hidden, None)

        def see(pixels, patches):
            tower = inner.vision_tower
            hidden = tower.embeddings(pixels)
            for module in tower.encoder.layers:
                hidden = self.block(module, hidden)
            features = tower.post_layernorm(hidden)
            aid, parts = self.heads.loss(features.float(), patches)
            return inner.multi_modal_projector(features), aid, parts

        def layer(module, hidden, bias, cos, sin):
            return module(hidden, attention_mask=bias, position_embeddings=(cos, sin))

        self.language_model = inner.language_model
        self.see = see
        self.block = block
        self.layer = torch.compile(layer, dynamic=False) if args.compile else layer

    def read(self, embeds, layout):
        """What `language_model(inputs_embeds=...)` computes, one compiled decoder layer at a time."""
        cos, sin = self.language_model.rotary_emb(embeds, layout.positions)
        hidden = embeds
        for module in self.language_model.layers:
            hidden = self.layer(module, hidden, layout.bias, cos, sin)
        return self.language_model.norm(hidden)

    def cast(self):
        return torch.autocast("cpu", torch.bfloat16, enabled=self.bf16)

    def question_loss(self, features, layout, sigma: float, loc_weight: float):
        """Sum and weights of the cross entropy over the answers' tokens; `features`: float32[N, 64, D], a row for each
        row of the layout."""
        embeds = torch.cat([features.float(), self.table(layout.ids)], 1)
        with self.cast():
            hidden = self.read(embeds, layout)[:, IMAGE_TOKENS:]
            rows, cols = layout.answer.nonzero(as_tuple=True)
            labels = layout.ids[rows, cols]
            logits = F.linear(hidden[rows, cols - 1], self.table.weight)
        log_p = F.log_softmax(logits.float(), -1)
        bins = labels - self.first_loc
        is_loc = (bins >= 0) & (bins < LOC_BINS)
        words = -log_p[~is_loc].gather(1, labels[~is_loc, None])[:, 0]
        # The belief in a box is spread over many bins while "nothing there" is one token: without a discount, greedy
        # decoding would answer "nothing" whenever that has a few per cent.
        before = layout.ids[rows, cols - 1]
        nothing = (labels == EOS) & (before == self.newline) & (layout.ids[rows, cols - 2] != self.ocr)
        is_code = ((labels >= self.first_seg) & (labels < self.first_seg + CODES))[~is_loc]
        weight = torch.where(nothing, self.absent_weight, 1.0)[~is_loc]
        weight = torch.where(is_code, self.segment_weight, weight)
        losses = {"text": words[~is_code].mean()}
        if bool(is_code.any()):
            losses["codes"] = words[is_code].mean()
        total = (weight * words).sum()
        count = words.numel() - (1 - self.segment_weight) * is_code.sum()
        if bool(is_loc.any()):
            centre = bins[is_loc].float()
            spread = torch.softmax(-0.5 * ((torch.arange(LOC_BINS) - centre[:, None]) / sigma) ** 2, 1)
            entropy = -(spread * spread.clamp(min=1e-30).log()).sum(1)
            part = log_p[is_loc][:, self.first_loc : self.first_loc + LOC_BINS]
            places = -(spread * part).sum(1) - entropy
            losses["loc"] = places.mean()
            total = total + loc_weight * places.sum()
            count = count + loc_weight * places.numel()
        return total, count, losses


# -------------------------------------------------------------------------------------------------------- optimiser


class Muon:
    """Momentum whose update is orthogonalised by five Newton-Schulz steps; equal shapes are handled as one batch."""

    def __init__(self, parameters, momentum: float = 0.95):
        self.groups: dict[tuple, list[torch.Tensor]] = {}
        for p in parameters:
            self.groups.setdefault(tuple(p.shape), []).append(p)
        self.buffers = {k: torch.zeros(len(v), *k) for k, v in self.groups.items()}
        self.momentum = momentum

    @torch.no_grad()
    def step(self, lr: float, weight_decay: float) -> None:
        for shape, parameters in self.groups.items():
            if any(p.grad is None for p in parameters):
                continue
            gradient = torch.stack([p.grad for p in parameters])
            buffer = self.buffers[shape]
            buffer.lerp_(gradient, 1 - self.momentum)
            x = gradient.lerp(buffer, self.momentum)
            tall = shape[0] > shape[1]
            x = (x.mT if tall else x).bfloat16()
            x = x / (x.float().norm(dim=(1, 2), keepdim=True) + 1e-7).bfloat16()
            for _ in range(5):
                a = x @ x.mT
                x = 3.4445 * x + (-4.7750 * a + 2.0315 * (a @ a)) @ x
            x = (x.mT if tall else x).float() * max(1.0, shape[0] / shape[1]) ** 0.5
            for p, update in zip(parameters, x):
                p.mul_(1 - lr * weight_decay).sub_(update, alpha=lr)


def learning_rate(used: float, args) -> float:
    """Factor of the peak at a share `used` of the time: short warm-up, flat, then linear to zero."""
    warm, flat = 0.01, args.flat
    if used < warm:
        return max(0.05, used / warm)
    return 1.0 if used < flat else max(0.0, (1.0 - used) / (1.0 - flat))


# --------------------------------------------------------------------------------------------------------- training


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and the log")
    parser.add_argument("--minutes", type=float, default=90, help="planned wall time; the schedule ends there")
    parser.add_argument("--vision-minutes", type=float, default=8, help="first part: vision tower and its heads only")
    parser.add_argument("--full-share", type=float, default=0.35, help="last share of the time in the full layout only")
    parser.add_argument("--full-every", type=int, default=4, help="before that, every n-th step in the full layout")
    parser.add_argument("--keep", type=int, default=2, help="questions per picture in full-layout steps")
    parser.add_argument("--batch", type=int, default=64, help="pictures per step")
    parser.add_argument("--muon-lr", type=float, default=0.02)
    parser.add_argument("--adam-lr", type=float, default=3e-3)
    parser.add_argument("--vision-lr", type=float, default=1.0, help="rate of the vision tower relative to the rest")
    parser.add_argument("--flat", type=float, default=0.45, help="share of the time before the rate starts to fall")
    parser.add_argument("--aid", type=float, default=0.5, help="weight of the per-patch training aid")
    parser.add_argument("--loc-weight", type=float, default=0.4, help="weight of location tokens against words")
    parser.add_argument("--blur", type=float, default=9.0, help="how much wider locations are blurred at the start")
    parser.add_argument("--absent-weight", type=float, default=0.15, help="weight of 'nothing there' in detection")
    parser.add_argument("--masks", type=Path, help="vae-oid.npz that gives the mask codes; adds `segment` questions")
    parser.add_argument("--segment-weight", type=float, default=0.3, help="weight of mask codes against words")
    parser.add_argument("--ring", type=int, default=40000, help="pictures kept in memory")
    parser.add_argument("--rate", type=float, default=70, help="pictures drawn per second at most")
    parser.add_argument("--vision-from", type=Path, help="checkpoint.pt to take the vision tower and its heads from")
    parser.add_argument("--text-from", type=Path, help="checkpoint.pt to take everything else from")
    parser.add_argument("--first", type=int, default=0, help="number of the first training scene")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bf16", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--compile", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--eval-minutes", type=float, default=10)
    parser.add_argument("--eval-scenes", type=int, default=100)
    parser.add_argument("--save-minutes", type=float, default=4)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()

    args.out.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(args.threads)
    log = (args.out / "log.jsonl").open("a", encoding="utf-8")
    state = None
    checkpoint = args.out / "checkpoint.pt"
    if args.resume and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
    ring = Ring(args.ring, args.masks is not None)
    first = state["first"] + 10_000_000 if state else args.first
    painter = mp.Process(target=draw_forever, args=(ring, first, args.rate, args.masks), daemon=True)
    painter.start()

    t = Trainee(args)
    hidden: dict[str, list] = {"vision": [], "text": []}
    rest: dict[str, list] = {"vision": list(t.heads.parameters()), "text": []}
    for name, p in t.model.named_parameters():
        part = "vision" if "vision_tower" in name else "text"
        (hidden if p.dim() == 2 and "layers" in name else rest)[part].append(p)
    muon = {part: Muon(parameters) for part, parameters in hidden.items()}
    adam = torch.optim.AdamW([{"params": rest[part]} for part in ("vision", "text")], betas=(0.9, 0.97), weight_decay=0)
    scale = {"vision": args.vision_lr, "text": 1.0}
    step, before = 0, 0.0
    if state:
        t.model.load_state_dict(state["model"])
        t.heads.load_state_dict(state["heads"])
        adam.load_state_dict(state["adam"])
        for part in muon:
            muon[part].buffers = state["muon"][part]
        step, before = state["step"], state["seconds"]
    else:
        for source, wanted in ((args.text_from, False), (args.vision_from, True)):
            if source:
                given = torch.load(source, weights_only=False)
                kept = {k: v for k, v in given["model"].items() if ("vision_tower" in k) == wanted}
                t.model.load_state_dict(kept, strict=False)
                if wanted:
                    t.heads.load_state_dict(given["heads"])
    judge = build_model(t.tokenizer, "eager")
    codec = MaskCodec.load(args.masks) if args.masks else None
    view = ring.view()
    picker = np.random.default_rng(step + 1)
    while ring.drawn.value < min(args.ring, 8 * args.batch):
        time.sleep(0.2)

    started = time.time() - before
    budget = args.minutes * 60
    last_save = last_eval = time.time()
    running: dict[str, float] = {}
    seen, mark = 0, time.time()

    def save() -> None:
        torch.save(
            {
                "model": t.model.state_dict(),
                "heads": t.heads.state_dict(),
                "adam": adam.state_dict(),
                "muon": {part: m.buffers for part, m in muon.items()},
                "step": step,
                "seconds": time.time() - started,
                "first": first,
            },
            checkpoint.with_suffix(".tmp"),
        )
        checkpoint.with_suffix(".tmp").replace(checkpoint)

    def examine() -> None:
        judge.load_state_dict(t.model.state_dict())
        took = time.time()
        result = evaluate(judge, t.tokenizer, "valid", args.eval_scenes, 4, codec)
        took = time.time() - took
        record = {"step": step, "minutes": round((time.time() - started) / 60, 1), "eval_s": round(took),
                  "valid": {k: round(v, 3) for k, (v, _) in result.items()}}
        log.write(json.dumps(record) + "\n")
        log.flush()
        print(json.dumps(record), flush=True)

    while True:
        elapsed = time.time() - started
        used = elapsed / budget
        if used >= 1:
            break
        vision_only = elapsed < args.vision_minutes * 60
        full = used > 1 - args.full_share or step % args.full_every == 0
        available = min(args.ring, ring.drawn.value)
        rows = np.sort(picker.integers(0, available, args.batch))
        pixels = to_tensor(view["pixels"][rows])
        patches = torch.from_numpy(view["patches"][rows])
        ids = torch.from_numpy(view["ids"][rows].astype(np.int64))
        spans = torch.from_numpy(view["spans"][rows].astype(np.int64))
        with t.cast():
            features, aid, parts = t.see(pixels, patches)
        loss, metrics = aid, {}
        if not vision_only:
            sigma = 3.0 + args.blur * max(0.0, 1 - 1.5 * used)
            if full:
                chosen = torch.from_numpy(picker.permuted(np.tile(np.arange(SLOTS), (args.batch, 1)), axis=1))
                chosen = chosen[:, : args.keep]
                mine = spans.gather(1, chosen[:, :, None].expand(-1, -1, 3)).reshape(-1, 3)
                parcels = [(features.repeat_interleave(args.keep, 0),
                            Separate(ids.repeat_interleave(args.keep, 0), mine, SLOT))]
                if ring.segments:
                    parcels.append((features, Separate(ids, spans[:, SLOTS], LONG_SLOT)))
            else:
                parcels = [(features, Packed(ids, spans))]
            total, count, metrics = 0.0, 0.0, {}
            for images, layout in parcels:
                some, weight, part = t.question_loss(images, layout, sigma, args.loc_weight)
                total, count = total + some, count + weight
                metrics.update({k if len(metrics) == 0 else f"{k}, segment": v for k, v in part.items()})
            main_loss = total / count
            loss = main_loss + args.aid * aid
        for p in t.model.parameters():
            p.grad = None
        t.heads.zero_grad(set_to_none=True)
        loss.backward()
        factor = learning_rate(used, args)
        for part, group in zip(("vision", "text"), adam.param_groups):
            torch.nn.utils.clip_grad_norm_(rest[part], 1.0)
            group["lr"] = args.adam_lr * factor * scale[part]
            muon[part].step(args.muon_lr * factor * scale[part], 0.02)
        adam.step()
        step += 1
        seen += args.batch
        for k, v in {**parts, **metrics}.items():
            v = v.item()
            running[k] = v if k not in running else 0.96 * running[k] + 0.04 * v
        if step % 50 == 0:
            rate = seen / (time.time() - mark)
            seen, mark = 0, time.time()
            record = {"step": step, "minutes": round(elapsed / 60, 2), "rate": round(rate, 1),
                      "drawn": ring.drawn.value, "lr": round(factor, 3),
                      **{k: round(v, 4) for k, v in running.items()}}
            log.write(json.dumps(record) + "\n")
            log.flush()
            print(json.dumps(record), flush=True)
        if time.time() - last_save > args.save_minutes * 60:
            save()
            last_save = time.time()
        if not vision_only and time.time() - last_eval > args.eval_minutes * 60:
            examine()
            last_eval = mark = time.time()
            seen = 0
    save()
    examine()
    painter.terminate()


if __name__ == "__main__":
    main()

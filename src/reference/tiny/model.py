"""The architecture, the vocabulary and the initial weights of `paligemma-tiny`.

The architecture is transformers' `PaliGemmaForConditionalGeneration` with a Gemma 2 text model, at toy size. The
vocabulary is made up here: lower-case words of the synthetic tasks, single characters, the 256 bytes, `<locNNNN>`,
`<segNNN>` and `<image>`; the tokenizer.json has the same layout as Gemma's (BPE with byte fallback, space as U+2581).
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import torch
from scenes import COLOURS, GRID, PATCH, SHAPES, WORDS
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
from transformers import (
    Gemma2Config,
    GenerationConfig,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    SiglipVisionConfig,
)

IMAGE_TOKENS = (GRID // PATCH) ** 2
PAD, EOS, BOS = 0, 1, 2
SPACE = "\u2581"
SPECIAL = ("<pad>", "<eos>", "<bos>", "<unk>", "<mask>")
TASK_WORDS = (
    "caption en answer detect ocr a an and the word is there what color how many shapes shape on left right written "
    "yes no"
).split()


def _merge(word: str, merges: list[tuple[str, str]]) -> list[str]:
    """The pieces of a word under byte-pair merges in order of rank."""
    pieces = list(word)
    for left, right in merges:
        i = 0
        while i < len(pieces) - 1:
            if pieces[i] == left and pieces[i + 1] == right:
                pieces[i : i + 2] = [left + right]
            i += 1
    return pieces


def build_tokenizer() -> Tokenizer:
    vocab: dict[str, int] = {}

    def add(piece: str) -> None:
        vocab.setdefault(piece, len(vocab))

    for piece in SPECIAL:
        add(piece)
    for byte in range(256):
        add(f"<0x{byte:02X}>")
    add("\n")
    add("\n\n")
    for char in "\t" + SPACE + "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.,;:?!'\"-()":
        add(char)
    merges = [("\n", "\n"), (SPACE, ";")]
    add(SPACE + ";")
    words = [w for word in [*TASK_WORDS, *COLOURS, *SHAPES, *WORDS] for w in (SPACE + word, word)]
    for word in words:
        while len(pieces := _merge(word, merges)) > 1:
            merges.append((pieces[0], pieces[1]))
            add(pieces[0] + pieces[1])
    for i in range(1024):
        add(f"<loc{i:04d}>")
    for i in range(128):
        add(f"<seg{i:03d}>")
    tokenizer = Tokenizer(
        models.BPE(vocab=vocab, merges=merges, byte_fallback=True, fuse_unk=True, unk_token="<unk>")
    )
    tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    tokenizer.decoder = decoders.Sequence([decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(t, normalized=False, special=True) for t in SPECIAL])
    tokenizer.add_tokens(
        [AddedToken(f"<loc{i:04d}>", normalized=False) for i in range(1024)]
        + [AddedToken(f"<seg{i:03d}>", normalized=False) for i in range(128)]
    )
    tokenizer.add_special_tokens([AddedToken("<image>", normalized=False, special=True)])
    return tokenizer


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    return tokenizer.encode(text, add_special_tokens=False).ids


def build_config(tokenizer: Tokenizer) -> PaliGemmaConfig:
    image_id = tokenizer.token_to_id("<image>")
    rows = (image_id + 1 + 7) // 8 * 8
    vision = SiglipVisionConfig(
        hidden_size=128,
        intermediate_size=512,
        num_hidden_layers=4,
        num_attention_heads=4,
        image_size=GRID,
        patch_size=PATCH,
        hidden_act="gelu_pytorch_tanh",
        vision_use_head=False,
        projection_dim=128,
    )
    text = Gemma2Config(
        vocab_size=rows,
        hidden_size=128,
        intermediate_size=256,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        query_pre_attn_scalar=32,
        max_position_embeddings=512,
        sliding_window=4096,
        attn_logit_softcapping=50.0,
        final_logit_softcapping=30.0,
        pad_token_id=PAD,
        bos_token_id=BOS,
        eos_token_id=EOS,
        tie_word_embeddings=True,
    )
    return PaliGemmaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=image_id,
        vocab_size=rows,
        projection_dim=128,
        hidden_size=128,
        pad_token_id=PAD,
        bos_token_id=BOS,
        eos_token_id=EOS,
        tie_word_embeddings=True,
    )


def build_model(tokenizer: Tokenizer, attention: str = "eager") -> PaliGemmaForConditionalGeneration:
    config = build_config(tokenizer)
    return PaliGemmaForConditionalGeneration._from_config(config, attn_implementation=attention).float()


def _waves(positions: torch.Tensor, width: int) -> torch.Tensor:
    """float32[n, width]: sines and cosines of falling wavelength; neighbours get similar rows of about unit rms."""
    half = width // 2
    wavelength = torch.exp(torch.linspace(math.log(2.0), math.log(0.04), half))
    angle = positions[:, None] / wavelength[None, :] * 2 * math.pi
    return torch.cat([angle.sin(), angle.cos()], 1) * math.sqrt(2.0)


@torch.no_grad()
def initialise(model: PaliGemmaForConditionalGeneration, tokenizer: Tokenizer, seed: int = 0) -> None:
    """Initial weights scaled for this width: the library's default of std 0.02 is far too small at width 128."""
    generator = torch.Generator().manual_seed(seed)

    def normal(parameter: torch.Tensor, std: float) -> None:
        parameter.normal_(0.0, std, generator=generator)

    inner = model.model
    depth = len(inner.vision_tower.encoder.layers)
    for name, p in inner.named_parameters():
        if name.endswith("bias"):
            p.zero_()
        elif p.dim() == 2 and "embed" not in name:
            normal(p, p.shape[1] ** -0.5)
            if "vision_tower" in name and ("out_proj" in name or "fc2" in name):
                p.mul_((2 * depth) ** -0.5)
        elif name.endswith(("post_attention_layernorm.weight", "post_feedforward_layernorm.weight")):
            p.fill_(-0.6)  # used as 1 + w: each block starts by adding 0.4 of unit rms
    embeddings = inner.vision_tower.embeddings
    normal(embeddings.patch_embedding.weight, (3 * PATCH * PATCH) ** -0.5)
    side = GRID // PATCH
    centre = (torch.arange(side) + 0.5) / side
    width = embeddings.position_embedding.weight.shape[1]
    y, x = _waves(centre, width // 2), _waves(centre, width // 2)
    grid = torch.cat([y[:, None].expand(-1, side, -1), x[None].expand(side, -1, -1)], 2).reshape(side * side, -1)
    embeddings.position_embedding.weight.copy_(0.5 * grid)
    table = inner.language_model.embed_tokens.weight
    width = table.shape[1]
    normal(table, width**-0.5)
    first = tokenizer.token_to_id("<loc0000>")
    smooth = _waves(torch.arange(1024) / 1024, width)
    mix = torch.linalg.qr(torch.randn(width, width, generator=generator))[0]
    table[first : first + 1024] = smooth @ mix * width**-0.5


def write_side_files(folder: Path, tokenizer: Tokenizer) -> None:
    """tokenizer.json, preprocessor_config.json and generation_config.json next to config.json and the weights."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    preprocessor = {
        "do_convert_rgb": None,
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_processor_type": "SiglipImageProcessor",
        "image_seq_length": IMAGE_TOKENS,
        "image_std": [0.5, 0.5, 0.5],
        "processor_class": "PaliGemmaProcessor",
        "resample": 3,
        "rescale_factor": 0.00392156862745098,
        "size": {"height": GRID, "width": GRID},
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor, indent=2) + "\n", encoding="utf-8")
    GenerationConfig(bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD).save_pretrained(folder)

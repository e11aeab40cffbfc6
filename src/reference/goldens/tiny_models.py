"""Tiny PaliGemma networks with random weights whose behaviour is not trivial.

The default initialisation of transformers gives zero norm weights, zero biases, uniform attention and logits that
hardly differ; a wrong implementation would pass on it. The scales below give peaked attention, images that matter,
norm weights of both signs and logits with a standard deviation of about 3.
"""

import math
from dataclasses import dataclass, field

import torch
from transformers import (
    Gemma2Config,
    GemmaConfig,
    PaliGemmaConfig,
    PaliGemmaForConditionalGeneration,
    SiglipVisionConfig,
)

import tiny_tokenizer


@dataclass
class Shape:
    """Sizes of one tiny network; the names are those of config.json where they exist there."""

    family: str  # "gemma" or "gemma2"
    image_size: int = 28
    vision_width: int = 32
    vision_mlp: int = 48
    vision_layers: int = 2
    vision_heads: int = 4
    width: int = 32
    mlp: int = 48
    layers: int = 2
    heads: int = 4
    kv_heads: int = 1
    head_dim: int = 16
    embedding_rows: int = tiny_tokenizer.EMBEDDING_ROWS
    query_scalar: int = 16
    window: int = 4096
    layer_types: list = None
    attention_softcap: float = 50.0
    final_softcap: float | None = 30.0


@dataclass
class Scales:
    """Factors on the random weights; 1 keeps the variance of a unit-variance input."""

    query_key: float = 1.4
    value_out: float = 1.6
    mlp: float = 1.3
    eos_row: float = 1.0
    stop_row: dict = field(default_factory=dict)  # id -> factor, for further end-of-sequence ids


def configuration(shape: Shape) -> PaliGemmaConfig:
    vision = SiglipVisionConfig(
        hidden_size=shape.vision_width,
        intermediate_size=shape.vision_mlp,
        num_hidden_layers=shape.vision_layers,
        num_attention_heads=shape.vision_heads,
        image_size=shape.image_size,
        patch_size=14,
        vision_use_head=False,
    )
    common = dict(
        vocab_size=shape.embedding_rows,
        hidden_size=shape.width,
        intermediate_size=shape.mlp,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.kv_heads,
        head_dim=shape.head_dim,
    )
    if shape.family == "gemma":
        text = GemmaConfig(**common)
    else:
        text = Gemma2Config(
            **common,
            query_pre_attn_scalar=shape.query_scalar,
            sliding_window=shape.window,
            layer_types=shape.layer_types,
            attn_logit_softcapping=shape.attention_softcap,
            final_logit_softcapping=shape.final_softcap,
        )
    return PaliGemmaConfig(
        vision_config=vision,
        text_config=text,
        image_token_index=tiny_tokenizer.IMAGE,
        vocab_size=shape.embedding_rows,
        projection_dim=shape.width,
        pad_token_id=tiny_tokenizer.PAD,
        eos_token_id=tiny_tokenizer.EOS,
        bos_token_id=tiny_tokenizer.BOS,
    )


def random_model(shape: Shape, scales: Scales, seed: int, dtype: torch.dtype) -> PaliGemmaForConditionalGeneration:
    """Builds the network in float32 with weights that are exactly representable in `dtype`."""
    model = PaliGemmaForConditionalGeneration._from_config(configuration(shape), attn_implementation="eager")
    model = model.float().eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if name == "lm_head.weight":
                continue  # tied to the embedding
            noise = torch.randn(parameter.shape, generator=generator)
            values = _scaled(name, noise, shape, scales)
            parameter.copy_(values.to(dtype).to(torch.float32))
    model.tie_weights()
    return model


def _scaled(name, noise, shape, scales):
    if name.endswith("embed_tokens.weight"):
        return _embedding(noise, shape, scales)
    if "patch_embedding.weight" in name:
        return noise * (2.5 / math.sqrt(noise[0].numel()))
    if "position_embedding" in name:
        return noise * 0.7
    if "vision_tower" in name and "norm" in name:
        return 0.25 * noise + (1.0 if name.endswith("weight") else 0.0)
    if name.endswith("language_model.norm.weight"):
        # (1 + weight) of both signs: the head is the embedding, so otherwise each token would mostly repeat itself.
        return noise - 1.0
    if "norm" in name:
        # Gemma multiplies by (1 + weight). The norms after a block also set how much the block adds.
        after_block = shape.family == "gemma2" and ("post_attention" in name or "post_feedforward" in name)
        return 0.3 * noise + (0.8 if after_block else 0.0)
    if name.endswith("bias"):
        return 0.2 * noise
    gain = {"q_proj": scales.query_key, "k_proj": scales.query_key, "v_proj": scales.value_out}
    gain |= {"o_proj": scales.value_out, "out_proj": 1.2, "linear": 3.0}
    gain |= {"gate_proj": scales.mlp, "up_proj": scales.mlp, "down_proj": 2 * scales.mlp, "fc1": 1.3, "fc2": 1.3}
    return noise * (gain[name.split(".")[-2]] / math.sqrt(noise.shape[1]))


def _embedding(noise, shape, scales):
    """Rows that should rarely win (bytes, specials, unused, <loc>/<seg>, padding) are shorter."""
    factor = torch.full((noise.shape[0], 1), 0.35)
    factor[tiny_tokenizer.FIRST_LOC : tiny_tokenizer.IMAGE] = 0.75
    factor[tiny_tokenizer.generated_text_ids()] = 1.0
    factor[tiny_tokenizer.EOS] = scales.eos_row
    for row, value in scales.stop_row.items():
        factor[row] = value
    return noise * factor * (3.0 / math.sqrt(shape.width))

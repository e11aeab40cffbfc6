"""Sizes of the models: which tensors they have, and how many bytes and operations a request costs. Standard library only."""

from dataclasses import dataclass, replace
from math import prod

VOCABULARY = 257216  # rows of the embedding; 64 of them unused behind <image>
PATCH = 14
VISION_WIDTH, VISION_MLP, VISION_HEADS = 1152, 4304, 16
BLOCK = 128  # inputs that share a scale where weights are quantised in blocks
SCALE_BYTES = 4


@dataclass(frozen=True)
class Model:
    key: str
    title: str
    gemma: int
    width: int
    mlp: int
    heads: int
    kv_heads: int
    head_dim: int
    layers: int
    vision_layers: int
    published_dtype: str

    def limited_to(self, layers):
        """The same widths with at most so many layers in decoder and image encoder; None changes nothing."""
        if layers is None:
            return self
        return replace(self, layers=min(layers, self.layers), vision_layers=min(layers, self.vision_layers))


MODELS = {
    m.key: m
    for m in (
        Model("pg1", "PaliGemma 3B", 1, 2048, 16384, 8, 1, 256, 18, 27, "float32"),
        Model("pg2", "PaliGemma 2 3B", 2, 2304, 9216, 8, 4, 256, 26, 27, "bfloat16"),
    )
}


def patches(size):
    return (size // PATCH) ** 2


def layer_matrices(model):
    """(name, outputs, inputs) of the matrices of one decoder layer."""
    query, key = model.heads * model.head_dim, model.kv_heads * model.head_dim
    return [
        ("self_attn.q_proj", query, model.width),
        ("self_attn.k_proj", key, model.width),
        ("self_attn.v_proj", key, model.width),
        ("self_attn.o_proj", model.width, query),
        ("mlp.gate_proj", model.mlp, model.width),
        ("mlp.up_proj", model.mlp, model.width),
        ("mlp.down_proj", model.width, model.mlp),
    ]


def vision_layer_matrices():
    w = VISION_WIDTH
    return [(f"self_attn.{n}_proj", w, w) for n in ("q", "k", "v", "out")] + [
        ("mlp.fc1", VISION_MLP, w),
        ("mlp.fc2", w, VISION_MLP),
    ]


def position_tensor(size):
    """The only tensor that depends on the image size."""
    return "vision_tower.vision_model.embeddings.position_embedding.weight", (patches(size), VISION_WIDTH)


def tensors(model):
    """(name, shape) of every tensor but the position embedding, named as in the first published files."""
    vision, text = "vision_tower.vision_model.", "language_model.model."
    found = [
        (vision + "embeddings.patch_embedding.weight", (VISION_WIDTH, 3, PATCH, PATCH)),
        (vision + "embeddings.patch_embedding.bias", (VISION_WIDTH,)),
    ]
    for i in range(model.vision_layers):
        prefix = f"{vision}encoder.layers.{i}."
        for norm in ("layer_norm1", "layer_norm2"):
            found += [(f"{prefix}{norm}.{part}", (VISION_WIDTH,)) for part in ("weight", "bias")]
        for name, outputs, inputs in vision_layer_matrices():
            found += [(f"{prefix}{name}.weight", (outputs, inputs)), (f"{prefix}{name}.bias", (outputs,))]
    found += [(f"{vision}post_layernorm.{part}", (VISION_WIDTH,)) for part in ("weight", "bias")]
    found += [
        ("multi_modal_projector.linear.weight", (model.width, VISION_WIDTH)),
        ("multi_modal_projector.linear.bias", (model.width,)),
        (text + "embed_tokens.weight", (VOCABULARY, model.width)),
    ]
    norms = ["input_layernorm", "post_attention_layernorm"]
    if model.gemma == 2:
        norms += ["pre_feedforward_layernorm", "post_feedforward_layernorm"]
    for i in range(model.layers):
        prefix = f"{text}layers.{i}."
        found += [(f"{prefix}{norm}.weight", (model.width,)) for norm in norms]
        found += [(f"{prefix}{name}.weight", (outputs, inputs)) for name, outputs, inputs in layer_matrices(model)]
    return found + [(text + "norm.weight", (model.width,))]


def parameters(model, size):
    return sum(prod(shape) for _, shape in tensors(model) + [position_tensor(size)])


def _bytes(outputs, inputs, form):
    """Bytes of a matrix in a stored form, scales included."""
    weights, blocks = outputs * inputs, -(-inputs // BLOCK)
    return {
        "float32": weights * 4,
        "bfloat16": weights * 2,
        "int8_channels": weights + outputs * SCALE_BYTES,
        "int8_blocks": outputs * blocks * (BLOCK + SCALE_BYTES),
        "int4_blocks": outputs * blocks * (BLOCK // 2 + SCALE_BYTES),
    }[form]


def weight_bytes_per_token(model, precision):
    """What one decoding step must read: every matrix of the decoder layers once, and the head once. Norms (0.01 %) are left out."""
    layer, head = {
        "float32": ("float32", "float32"),
        "bfloat16": ("bfloat16", "bfloat16"),
        "int8": ("int8_channels", "int8_blocks"),
        "int4": ("int4_blocks", "int8_blocks"),
    }[precision.removeprefix("pytorch-")]
    layers = model.layers * sum(_bytes(outputs, inputs, layer) for _, outputs, inputs in layer_matrices(model))
    return layers + _bytes(VOCABULARY, model.width, head)


def cache_bytes_per_token(model, tokens, element=4):
    """The keys and values of all earlier tokens, which a decoding step reads as well."""
    return 2 * model.layers * model.kv_heads * model.head_dim * tokens * element


def vision_flop(model, size):
    """Multiplications and additions of the image encoder and the projector."""
    n, w = patches(size), VISION_WIDTH
    layer = sum(outputs * inputs for _, outputs, inputs in vision_layer_matrices())
    attention = 2 * n * w  # scores, and their product with the values, per patch
    return 2 * n * (3 * PATCH * PATCH * w + model.vision_layers * (layer + attention) + w * model.width)


def prefill_flop(model, tokens):
    """Multiplications and additions of the decoder over all prompt tokens, with the head on the last one."""
    layer = sum(outputs * inputs for _, outputs, inputs in layer_matrices(model))
    attention = 2 * tokens * model.heads * model.head_dim
    return 2 * tokens * model.layers * (layer + attention) + 2 * VOCABULARY * model.width


def config(model, size, dtype):
    """config.json in the layout of the published files."""
    text = {
        "model_type": "gemma" if model.gemma == 1 else "gemma2",
        "hidden_size": model.width,
        "intermediate_size": model.mlp,
        "num_attention_heads": model.heads,
        "num_key_value_heads": model.kv_heads,
        "head_dim": model.head_dim,
        "num_hidden_layers": model.layers,
        "num_image_tokens": patches(size),
        "torch_dtype": dtype,
        "vocab_size": VOCABULARY,
    }
    if model.gemma == 2:
        text |= {
            "hidden_act": "gelu_pytorch_tanh",
            "hidden_activation": "gelu_pytorch_tanh",
            "query_pre_attn_scalar": 256,
            "sliding_window": 4096,
            "attn_logit_softcapping": 50.0,
            "final_logit_softcapping": 30.0,
        }
    return {
        "architectures": ["PaliGemmaForConditionalGeneration"],
        "model_type": "paligemma",
        "bos_token_id": 2,
        "eos_token_id": 1,
        "pad_token_id": 0,
        "hidden_size": model.width,
        "projection_dim": model.width,
        "image_token_index": VOCABULARY - 64,
        "vocab_size": VOCABULARY,
        "torch_dtype": dtype,
        "transformers_version": "4.47.0",
        "text_config": text,
        "vision_config": {
            "model_type": "siglip_vision_model",
            "hidden_size": VISION_WIDTH,
            "intermediate_size": VISION_MLP,
            "num_attention_heads": VISION_HEADS,
            "num_hidden_layers": model.vision_layers,
            "num_image_tokens": patches(size),
            "image_size": size,
            "patch_size": PATCH,
            "projection_dim": model.width,
            "vision_use_head": False,
        },
    }


def preprocessor_config(size):
    return {
        "do_convert_rgb": None,
        "do_normalize": True,
        "do_rescale": True,
        "do_resize": True,
        "image_mean": [0.5] * 3,
        "image_processor_type": "SiglipImageProcessor",
        "image_seq_length": patches(size),
        "image_std": [0.5] * 3,
        "processor_class": "PaliGemmaProcessor",
        "resample": 3,
        "rescale_factor": 1 / 255,
        "size": {"height": size, "width": size},
    }

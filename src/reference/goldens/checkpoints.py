"""Writes a network as a checkpoint folder, in the styles that are met in published folders."""

import copy
import json
import tempfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import PaliGemmaProcessor
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

import tiny_tokenizer


def write(folder: Path, model, shape, dtype, names, config_style, shard_size, merges_as_strings, stop_ids, ignored_stop):
    """
    names: "saved" (as save_pretrained of this release), or the generations "g1", "g2", "g3" by renaming.
    config_style: "saved", "released" (the minimal file of the first release), "converter" (a full older file),
        "alias" (image_token_id in the place of image_token_index), "no-caps" (Gemma 2 without its soft-caps) or
        "all-saved" (the files of the processor, too, as this release saves them).
    stop_ids: all end-of-sequence ids. ignored_stop: one more id that only text_config names, which must not stop.
    """
    saved = copy.deepcopy(model).to(dtype)
    if len(stop_ids) > 1:
        saved.config.eos_token_id = list(stop_ids)
    saved.generation_config.bos_token_id = tiny_tokenizer.BOS
    saved.generation_config.pad_token_id = tiny_tokenizer.PAD
    saved.generation_config.eos_token_id = list(stop_ids) if len(stop_ids) > 1 else stop_ids[0]
    saved.save_pretrained(folder, max_shard_size=shard_size or "1GB")
    if names != "saved":
        _rename(folder / "model.safetensors", names)
    path = folder / "config.json"
    config = json.loads(path.read_text())
    if config_style == "released":
        config = _released(shape, dtype)
    elif config_style == "converter":
        config = _converter(config, ignored_stop)
    elif config_style == "alias":
        config["image_token_id"] = config.pop("image_token_index")
    elif config_style == "no-caps":
        for name in ("attn_logit_softcapping", "final_logit_softcapping"):
            del config["text_config"][name]
    path.write_text(json.dumps(config, indent=2) + "\n")
    if config_style in ("released", "converter"):
        _older_generation_config(folder / "generation_config.json")
    if config_style == "all-saved":
        _save_processor(folder, shape, merges_as_strings)
        return
    tiny_tokenizer.write(folder, merges_as_strings)
    write_preprocessor(folder, shape, config_style)


def _save_processor(folder: Path, shape, merges_as_strings):
    """As a user does who has trained a published checkpoint: loads its processor and saves it beside the model."""
    with tempfile.TemporaryDirectory() as temporary:
        published = Path(temporary)
        tiny_tokenizer.write(published, merges_as_strings)
        write_preprocessor(published, shape, "converter")
        (folder / "preprocessor_config.json").unlink(missing_ok=True)
        PaliGemmaProcessor.from_pretrained(published).save_pretrained(folder)


def _rename(file: Path, names):
    """From the names this release saves to one of the other generations, with what such files carry besides."""
    tensors = {}
    for name, tensor in load_file(file).items():
        if name.startswith("vision_tower.") and names in ("g1", "g2"):
            name = name.replace("vision_tower.", "vision_tower.vision_model.", 1)
        if names in ("g2", "g3"):
            name = "model." + name.replace("language_model.model.", "language_model.", 1)
        tensors[name] = tensor
    if names == "g1":
        embedding = tensors["language_model.model.embed_tokens.weight"]
        positions = tensors["vision_tower.vision_model.embeddings.position_embedding.weight"].shape[0]
        tensors["language_model.lm_head.weight"] = embedding.clone()
        tensors["vision_tower.vision_model.embeddings.position_ids"] = torch.arange(positions)[None]
        tensors["language_model.model.layers.0.self_attn.rotary_emb.inv_freq"] = torch.ones(4)
    if names == "g2":
        tensors["lm_head.weight"] = tensors["model.language_model.embed_tokens.weight"].clone()
    save_file(tensors, file, metadata={"format": "pt"})


def _released(shape, dtype):
    """The minimal config.json of the first release: everything that has a default is left out."""
    assert shape.family == "gemma" and shape.image_size == 224 and shape.head_dim == 256
    name = str(dtype).removeprefix("torch.")
    return {
        "architectures": ["PaliGemmaForConditionalGeneration"],
        "bos_token_id": tiny_tokenizer.BOS,
        "eos_token_id": tiny_tokenizer.EOS,
        "hidden_size": 2048,
        "ignore_index": -100,
        "image_token_index": tiny_tokenizer.IMAGE,
        "model_type": "paligemma",
        "pad_token_id": tiny_tokenizer.PAD,
        "projection_dim": shape.width,
        "text_config": {
            "hidden_size": shape.width,
            "intermediate_size": shape.mlp,
            "model_type": "gemma",
            "num_attention_heads": shape.heads,
            "num_hidden_layers": shape.layers,
            "num_image_tokens": 256,
            "num_key_value_heads": shape.kv_heads,
            "torch_dtype": name,
            "vocab_size": shape.embedding_rows,
        },
        "torch_dtype": name,
        "transformers_version": "4.41.0.dev0",
        "vision_config": {
            "hidden_size": shape.vision_width,
            "intermediate_size": shape.vision_mlp,
            "model_type": "siglip_vision_model",
            "num_attention_heads": shape.vision_heads,
            "num_hidden_layers": shape.vision_layers,
            "num_image_tokens": 256,
            "patch_size": 14,
            "projection_dim": shape.width,
            "projector_hidden_act": "gelu_fast",
            "vision_use_head": False,
        },
        "vocab_size": shape.embedding_rows,
    }


def _converter(config, ignored_stop):
    """A complete file as older releases wrote it."""
    config = copy.deepcopy(config)
    text, vision = config["text_config"], config["vision_config"]
    for part in (config, text, vision):
        part["torch_dtype"] = part.pop("dtype", config.get("torch_dtype"))
    for name in ("layer_types", "use_bidirectional_attention"):
        text.pop(name, None)
    text.pop("rope_parameters", None)
    text["rope_theta"] = 10000.0
    if text["model_type"] == "gemma":
        text["hidden_act"] = "gelu"  # legacy value; the tanh form is meant
        text["hidden_activation"] = None
    else:
        text["cache_implementation"] = "hybrid"
        vision["num_positions"] = 256  # says nothing about this network
    if ignored_stop is not None:
        text["eos_token_id"] = [tiny_tokenizer.EOS, ignored_stop]
    config["_vocab_size"] = tiny_tokenizer.IMAGE
    config["vocab_size"] = tiny_tokenizer.IMAGE  # less than the rows of the embedding, as in some exports
    config["num_hidden_layers"] = text["num_hidden_layers"]
    config["transformers_version"] = "4.47.0.dev0"
    return config


def _older_generation_config(path: Path):
    document = json.loads(path.read_text())
    kept = {n: document[n] for n in ("_from_model_config", "bos_token_id", "eos_token_id", "pad_token_id")}
    path.write_text(json.dumps(kept | {"transformers_version": "4.41.0.dev0"}, indent=2) + "\n")


def write_preprocessor(folder, shape, config_style):
    processor = SiglipImageProcessorPil(
        size={"height": shape.image_size, "width": shape.image_size},
        image_mean=[0.5, 0.5, 0.5],
        image_std=[0.5, 0.5, 0.5],
        resample=3,
    )
    processor.image_seq_length = (shape.image_size // 14) ** 2
    processor.save_pretrained(folder)
    if config_style in ("released", "converter"):
        path = folder / "preprocessor_config.json"
        document = json.loads(path.read_text())
        document["do_convert_rgb"] = None
        document["processor_class"] = "PaliGemmaProcessor"
        path.write_text(json.dumps(document, indent=2) + "\n")

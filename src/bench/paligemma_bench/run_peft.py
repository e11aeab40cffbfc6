"""Trains LoRA on all projections of a decoder with transformers and peft on random tokens, and prints what the steps took, as
TrainingRun.java does: a line of JSON when the model is ready, and one after each step. Also makes the model.

    python -m paligemma_bench.run_peft make FOLDER
    python -m paligemma_bench.run_peft run FOLDER --batch 2 --prompt 16 --suffix 32 --rank 8 --steps 6 --threads 2 --recompute false
"""

import argparse
import json
import time
from pathlib import Path

PROJECTIONS = r".*language_model.*\.(q|k|v|o|gate|up|down)_proj"


def middle():
    """Gemma 2 in a middle size, 257 million parameters, behind a small image encoder of 256 rows."""
    from transformers import PaliGemmaConfig

    return PaliGemmaConfig(
        text_config=dict(
            model_type="gemma2", hidden_size=1152, num_hidden_layers=8, num_attention_heads=4, num_key_value_heads=2,
            head_dim=256, intermediate_size=6912, vocab_size=32000, query_pre_attn_scalar=256, attn_logit_softcapping=50.0,
            final_logit_softcapping=30.0, sliding_window=4096, num_image_tokens=256, max_position_embeddings=8192,
            rms_norm_eps=1e-6, tie_word_embeddings=True, hidden_activation="gelu_pytorch_tanh",
            use_bidirectional_attention=True),
        vision_config=dict(
            model_type="siglip_vision_model", hidden_size=256, intermediate_size=512, num_hidden_layers=1,
            num_attention_heads=4, image_size=224, patch_size=14, vision_use_head=False),
        projection_dim=1152, image_token_index=31999, hidden_size=1152, tie_word_embeddings=True)


def memory():
    lines = Path("/proc/self/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) for line in lines if line.startswith(("VmHWM:", "VmRSS:"))}


def event(name, since, **numbers):
    print(json.dumps({"event": name, "seconds": time.perf_counter() - since, **numbers, "memory": memory()}), flush=True)


def make(folder):
    import torch
    from transformers import PaliGemmaForConditionalGeneration

    torch.manual_seed(0)
    PaliGemmaForConditionalGeneration(middle()).to(torch.bfloat16).save_pretrained(folder)


def run(arguments):
    start = time.perf_counter()
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import PaliGemmaForConditionalGeneration

    torch.set_num_threads(arguments.threads)
    model = PaliGemmaForConditionalGeneration.from_pretrained(
        arguments.folder, dtype=torch.float32, attn_implementation="eager")
    images = (model.config.vision_config.image_size // model.config.vision_config.patch_size) ** 2
    image_token = model.config.image_token_id
    rank = arguments.rank
    model = get_peft_model(model, LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=PROJECTIONS))
    if arguments.recompute == "true":
        model.base_model.model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.enable_input_require_grads()
    model.train()
    event("ready", start)
    generator = torch.Generator().manual_seed(1)
    prefix, rows = images + arguments.prompt, images + arguments.prompt + arguments.suffix
    ids = torch.randint(5, image_token - 10, (arguments.batch, rows), generator=generator)
    ids[:, :images] = image_token
    labels = ids.clone()
    labels[:, :prefix] = -100
    types = torch.zeros(arguments.batch, rows, dtype=torch.long)
    types[:, prefix:] = 1
    side = model.config.vision_config.image_size
    pixels = torch.randn(arguments.batch, 3, side, side, generator=generator)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=1e-4, weight_decay=0)
    for _ in range(arguments.steps):
        begin = time.perf_counter()
        loss = model(input_ids=ids, labels=labels, token_type_ids=types, attention_mask=torch.ones_like(ids),
                     pixel_values=pixels).loss
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        optimiser.zero_grad()
        event("step", begin, loss=float(loss), norm=float(norm))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["make", "run"])
    parser.add_argument("folder", type=Path)
    for name in ("batch", "prompt", "suffix", "rank", "steps", "threads"):
        parser.add_argument("--" + name, type=int)
    parser.add_argument("--recompute", choices=["true", "false"], default="false")
    arguments = parser.parse_args()
    make(arguments.folder) if arguments.what == "make" else run(arguments)


if __name__ == "__main__":
    main()

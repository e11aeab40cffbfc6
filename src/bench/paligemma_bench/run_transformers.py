"""The transformers side of a measurement: loads one checkpoint and answers the same request several times with generate().

Prints the events of PipelineRun.java. The image encoder and the projector are timed by hooks; prefill is the time to the first
token without them; decoding is the time between the first and the last token.
"""

import argparse
import platform
import time

import torch
import transformers
from PIL import Image
from transformers import AutoConfig, AutoTokenizer, PaliGemmaForConditionalGeneration, PaliGemmaProcessor
from transformers.generation.streamers import BaseStreamer
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from .events import event, memory, reset_peak


class TokenTimes(BaseStreamer):
    """Notes when each token is there. generate() passes the prompt first."""

    def __init__(self):
        self.times = []

    def put(self, value):
        self.times.append(time.perf_counter())

    def end(self):
        pass


class ModuleTime:
    """Adds up the time inside some modules."""

    def __init__(self, *modules):
        self.seconds = 0.0
        for module in modules:
            module.register_forward_pre_hook(self._enter)
            module.register_forward_hook(self._leave)

    def _enter(self, *_):
        self.entered = time.perf_counter()

    def _leave(self, *_):
        self.seconds += time.perf_counter() - self.entered


def answer(model, processor, image, prompt, new_tokens, vision):
    start = time.perf_counter()
    inputs = processor(images=[image], text=["<image>" + prompt], return_tensors="pt")
    inputs["pixel_values"] = inputs["pixel_values"].to(model.dtype)
    preprocessed = time.perf_counter()
    vision.seconds = 0.0
    times = TokenTimes()
    with torch.inference_mode():
        output = model.generate(
            **inputs, do_sample=False, max_new_tokens=new_tokens, min_new_tokens=new_tokens, streamer=times
        )
    _, first, *_, last = times.times
    prompt_ids = inputs["input_ids"][0].tolist()
    text_ids = [i for i in prompt_ids if i != model.config.image_token_id]
    return {
        "preprocess_ms": (preprocessed - start) * 1e3,
        "vision_ms": vision.seconds * 1e3,
        "prefill_ms": (first - preprocessed - vision.seconds) * 1e3,
        "decode_ms": (last - first) * 1e3,
        "image_tokens": len(prompt_ids) - len(text_ids),
        "prompt_ids": text_ids,
        "token_ids": output[0, len(prompt_ids) :].tolist(),
    }


def attention(checkpoint):
    """The usual one; for Gemma 2, whose soft-cap it cannot compute, transformers refuses it since 5.21."""
    return "eager" if AutoConfig.from_pretrained(checkpoint).text_config.model_type == "gemma2" else "sdpa"


def main():
    parser = argparse.ArgumentParser()
    for name in ("checkpoint", "precision", "image", "prompt"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("threads", "warm-ups", "requests", "new-tokens"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()

    start = time.perf_counter()
    dtype = getattr(torch, options.precision)
    model = PaliGemmaForConditionalGeneration.from_pretrained(
        options.checkpoint, dtype=dtype, attn_implementation=attention(options.checkpoint)
    ).eval()
    processor = PaliGemmaProcessor(
        SiglipImageProcessorPil.from_pretrained(options.checkpoint), AutoTokenizer.from_pretrained(options.checkpoint)
    )
    event(
        "ready",
        load_ms=(time.perf_counter() - start) * 1e3,
        engine="transformers",
        engine_version=transformers.__version__,
        torch=torch.__version__,
        python=platform.python_version(),
        memory=memory(),
    )
    vision = ModuleTime(model.model.vision_tower, model.model.multi_modal_projector)
    image = Image.open(options.image).convert("RGB")
    for _ in range(options.warm_ups):
        answer(model, processor, image, options.prompt, 2, vision)
    event("warmed")
    peak_is_of_requests = reset_peak()
    for _ in range(options.requests):
        event("request", **answer(model, processor, image, options.prompt, options.new_tokens, vision))
    event("done", peak_is_of_requests=peak_is_of_requests, memory=memory())


if __name__ == "__main__":
    main()

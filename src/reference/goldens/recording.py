"""Runs the reference (transformers) and writes down what it computes."""

from dataclasses import dataclass, field
from pathlib import Path

import torch
from PIL import Image
from transformers import AutoTokenizer, DynamicCache, PaliGemmaProcessor
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil


@dataclass
class Request:
    prompt: str
    images: list
    max_new_tokens: int = 12

    @property
    def reference_prompt(self):
        """What transformers is given: one trailing newline of the user's prompt is removed first."""
        return self.prompt.removesuffix("\n")


@dataclass
class Result:
    """What the reference did with one request."""

    request: Request
    prompt_ids: list
    image_tokens: int
    token_ids: list = field(default_factory=list)
    log_probabilities: list = field(default_factory=list)
    margins: list = field(default_factory=list)  # top-1 minus top-2 logit of every decision, the final one included
    stop_id: int = None
    stop_log_probability: float = None
    text: str = ""
    uncapped: list = None  # log-probabilities of token_ids without the final soft-cap, if the checkpoint has one

    def as_json(self, image_token_id):
        without_cap = {} if self.uncapped is None else {"uncappedLogprobs": self.uncapped}
        return {
            "images": self.request.images,
            "prompt": self.request.prompt,
            "referencePrompt": self.request.reference_prompt,
            "maxNewTokens": self.request.max_new_tokens,
            "promptTokenIds": self.prompt_ids,
            "textTokenIds": [i for i in self.prompt_ids if i != image_token_id],
            "imageTokens": self.image_tokens,
            "tokenIds": self.token_ids,
            "text": self.text,
            "finishReason": "length" if self.stop_id is None else "eos",
            "stopTokenId": self.stop_id,
            "stopLogprob": self.stop_log_probability,
            "logprobs": self.log_probabilities,
            **without_cap,
            "top2Margin": self.margins,
        }


def load_processor(folder: Path) -> PaliGemmaProcessor:
    """The processor with the Pillow image backend (bit-exact resize), not torchvision."""
    image_processor = SiglipImageProcessorPil.from_pretrained(folder)
    return PaliGemmaProcessor(image_processor, AutoTokenizer.from_pretrained(folder))


def inputs_of(processor, folder: Path, request: Request):
    images = [Image.open(folder / name).convert("RGB") for name in request.images]
    return processor(images=[images], text=[request.reference_prompt], return_tensors="pt")


def run(model, processor, folder: Path, request: Request, stop_ids) -> Result:
    """Greedy decoding, one token at a time with a DynamicCache."""
    inputs = inputs_of(processor, folder, request)
    prompt_ids = inputs["input_ids"][0].tolist()
    result = Result(request, prompt_ids, prompt_ids.count(model.config.image_token_id))
    with torch.no_grad():
        cache = DynamicCache(config=model.config.get_text_config())
        logits = _prefill(model, inputs, cache)
        for step in range(request.max_new_tokens):
            best = torch.topk(logits, 2)
            token = int(best.indices[0])
            log_probability = float(torch.log_softmax(logits.double(), -1)[token])
            result.margins.append(round(float(best.values[0] - best.values[1]), 6))
            if token in stop_ids:
                result.stop_id, result.stop_log_probability = token, log_probability
                break
            result.token_ids.append(token)
            result.log_probabilities.append(log_probability)
            if step + 1 < request.max_new_tokens:
                logits = _decode(model, token, len(prompt_ids) + step + 1, cache)
    result.text = processor.decode(result.token_ids, skip_special_tokens=True)
    return result


def add_uncapped(model, processor, folder: Path, results, stop_ids):
    """Notes what the probabilities are without the final soft-cap; the tokens must be the same."""
    text = model.config.get_text_config()
    cap = getattr(text, "final_logit_softcapping", None)
    if cap is None:
        return
    text.final_logit_softcapping = None
    for result in results:
        other = run(model, processor, folder, result.request, stop_ids)
        if other.token_ids != result.token_ids:
            raise AssertionError(f"another choice without the final soft-cap for {result.request}")
        result.uncapped = other.log_probabilities
    text.final_logit_softcapping = cap


def check_generate_agrees(model, processor, folder: Path, result: Result):
    """The library's own generate(), stopping where the stored files say, must choose the tokens of the loop above."""
    inputs = inputs_of(processor, folder, result.request)
    inputs.pop("labels", None)
    with torch.no_grad():
        output = model.generate(**inputs, do_sample=False, max_new_tokens=result.request.max_new_tokens)
    generated = output[0, len(result.prompt_ids) :].tolist()
    expected = result.token_ids + ([] if result.stop_id is None else [result.stop_id])
    if generated != expected:
        raise AssertionError(f"generate() gives {generated}, the loop {expected} for {result.request}")


def record_tensors(model, processor, folder: Path, request: Request, names=None, suffix="") -> dict:
    """Intermediate values of one request: prefill, and the first decode step. `names`: only those with a prefix in it."""
    inputs = inputs_of(processor, folder, request)
    prompt_length = inputs["input_ids"].shape[1]
    recorded = {"pixel_values": inputs["pixel_values"]}
    vision, text = model.model.vision_tower, model.model.language_model
    with torch.no_grad():
        cache = DynamicCache(config=model.config.get_text_config())
        watched = {"vision.embeddings": vision.embeddings, "vision.post_layernorm": vision.post_layernorm}
        watched |= {f"vision.layers.{i}": layer for i, layer in enumerate(vision.encoder.layers)}
        watched |= {"projector": model.model.multi_modal_projector, "prefill.norm": text.norm}
        watched |= {f"prefill.layers.{i}": layer for i, layer in enumerate(text.layers)}
        with _Watch(watched, recorded), _WatchInput("prefill.embeddings", text.layers[0], recorded):
            logits = _prefill(model, inputs, cache)
        recorded["prefill.logits"] = logits
        watched = {f"decode0.layers.{i}": layer for i, layer in enumerate(text.layers)}
        with _Watch(watched, recorded):
            recorded["decode0.logits"] = _decode(model, int(logits.argmax()), prompt_length + 1, cache)
    wanted = {n: t for n, t in recorded.items() if names is None or n.startswith(tuple(names))}
    # The decoder processes one sequence: its leading dimension of 1 is dropped. Vision keeps [images, ...].
    return {
        n + suffix: (t[0] if n.startswith(("prefill", "decode0")) and t.dim() == 3 else t).float().contiguous().clone()
        for n, t in wanted.items()
    }


def _prefill(model, inputs, cache):
    output = model(
        input_ids=inputs["input_ids"],
        attention_mask=inputs["attention_mask"],
        token_type_ids=inputs["token_type_ids"],
        pixel_values=inputs["pixel_values"],
        cache=cache,
        use_cache=True,
    )
    return output.logits[0, -1]


def _decode(model, token, length, cache):
    output = model(
        input_ids=torch.tensor([[token]]),
        attention_mask=torch.ones(1, length, dtype=torch.long),
        cache=cache,
        use_cache=True,
    )
    return output.logits[0, -1]


class _Watch:
    """Copies the output of modules into a dictionary while it is entered."""

    def __init__(self, modules, into):
        self.modules, self.into, self.handles = modules, into, []

    def __enter__(self):
        for name, module in self.modules.items():
            self.handles.append(module.register_forward_hook(self._hook(name)))

    def _hook(self, name):
        def store(module, arguments, output):
            self.into[name] = (output[0] if isinstance(output, tuple) else output).detach().clone()

        return store

    def __exit__(self, *ignored):
        for handle in self.handles:
            handle.remove()


class _WatchInput(_Watch):
    """Copies the first input of one module."""

    def __init__(self, name, module, into):
        super().__init__({name: module}, into)

    def __enter__(self):
        for name, module in self.modules.items():

            def store(module, arguments, keywords, name=name):
                self.into[name] = (arguments[0] if arguments else keywords["hidden_states"]).detach().clone()

            self.handles.append(module.register_forward_pre_hook(store, with_kwargs=True))

"""A stored golden checkpoint, loaded as the scripts in ../goldens load it, and its next-token log-probabilities."""

import copy
import json
import sys
from pathlib import Path

import torch
from PIL import Image
from transformers import DynamicCache, PaliGemmaForConditionalGeneration

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "goldens"))
import recording  # noqa: E402


class Checkpoint:
    def __init__(self, golden: Path, name: str):
        self.name = name
        self.folder = golden / name
        self.document = json.loads((self.folder / "golden.json").read_text(encoding="utf-8"))
        self.model = PaliGemmaForConditionalGeneration.from_pretrained(
            self.folder, dtype=torch.float32, attn_implementation="eager"
        ).eval()
        self.processor = recording.load_processor(self.folder)
        self._double = None

    @property
    def stop_ids(self):
        return list(self.document["stopTokenIds"])

    @property
    def double_model(self):
        """The same weights in float64 (transformers still normalises and takes the attention's softmax in float32)."""
        if self._double is None:
            self._double = copy.deepcopy(self.model).double()
        return self._double

    def request(self, index):
        return self.document["requests"][index]

    def inputs(self, *indices):
        """Model inputs of one request, or of several, padded on the left."""
        requests = [self.request(i) for i in indices]
        images = [[Image.open(self.folder / name).convert("RGB") for name in r["images"]] for r in requests]
        self.processor.tokenizer.padding_side = "left"
        inputs = self.processor(
            images=images,
            text=[r["referencePrompt"] for r in requests],
            padding=len(requests) > 1,
            return_tensors="pt",
        )
        inputs.pop("labels", None)
        if len(requests) == 1 and inputs["input_ids"][0].tolist() != requests[0]["promptTokenIds"]:
            raise AssertionError(f"{self.name} {indices}: the prompt is not the one of golden.json")
        return inputs

    def identity(self, index):
        """What a case says about its request."""
        request = self.request(index)
        return {
            "checkpoint": self.name,
            "request": index,
            "images": request["images"],
            "prompt": request["prompt"],
        }


class NextToken:
    """Log-probabilities after prompt + answer in float64, by a complete pass without cache; remembers them."""

    def __init__(self, checkpoint: Checkpoint, index: int):
        self.model = checkpoint.double_model
        self.inputs = checkpoint.inputs(index)
        self.known = {}

    def __call__(self, answer: tuple) -> torch.Tensor:
        if answer not in self.known:
            prompt = self.inputs["input_ids"]
            ids = torch.cat([prompt, torch.tensor([answer], dtype=torch.long)], dim=1)
            suffix = torch.arange(ids.shape[1])[None] >= prompt.shape[1]  # 1: causal, 0: bidirectional prefix
            with torch.no_grad():
                logits = self.model(
                    input_ids=ids,
                    attention_mask=torch.ones_like(ids),
                    token_type_ids=suffix.long(),
                    pixel_values=self.inputs["pixel_values"].double(),
                    use_cache=False,
                ).logits[0, -1]
            self.known[answer] = torch.log_softmax(logits.double(), -1)
        return self.known[answer]


def stepwise_log_probabilities(checkpoint: Checkpoint, index: int, tokens) -> list:
    """ln p of every token, given the prompt and the tokens before it: one token at a time through a cache, float32."""
    inputs = checkpoint.inputs(index)
    length = inputs["input_ids"].shape[1]
    found = []
    with torch.no_grad():
        cache = DynamicCache(config=checkpoint.model.config.get_text_config())
        output = checkpoint.model(**inputs, cache=cache, use_cache=True)
        for position, token in enumerate(tokens):
            found.append(float(torch.log_softmax(output.logits[0, -1].double(), -1)[token]))
            output = checkpoint.model(
                input_ids=torch.tensor([[token]]),
                attention_mask=torch.ones(1, length + position + 1, dtype=torch.long),
                cache=cache,
                use_cache=True,
            )
    return found

"""What the tensors that bitsandbytes stores for a weight mean: its own functions, and the same written out in numpy."""

import json

import bitsandbytes.functional as functional
import numpy as np
import torch
from bitsandbytes.backends.default.ops import _dequantize_4bit_compute
from bitsandbytes.functional import QuantState

STATE = "weight.quant_state.bitsandbytes__"


def dequantised(tensors: dict, dtype=torch.float32) -> torch.Tensor:
    """
    The weight of one module, from its tensors as stored ("weight", "SCB", "weight.absmax", ...).

    4 bits: by the function that bitsandbytes itself uses where it has no kernel. The native kernel for processors
    (0.50.2) counts blocks from the start of every row, although `quantize_4bit` counts them from the start of the
    matrix; it is wrong for rows that are not a multiple of the block size, as in the second layer of SigLIP's MLP.
    """
    if "SCB" in tensors:
        values = functional.int8_vectorwise_dequant(tensors["weight"], tensors["SCB"])
    else:
        parts = {name.removeprefix("weight."): t for name, t in tensors.items() if name.startswith("weight.")}
        state = QuantState.from_dict(parts, device=torch.device("cpu"))
        absmax = state.absmax
        if state.nested:
            absmax = functional.dequantize_blockwise(absmax, state.state2) + state.offset
        codes = tensors["weight"].reshape(-1).view(torch.uint8)
        values = _dequantize_4bit_compute(codes, absmax, state.code, state.blocksize, state.shape, dtype)
    twin = numpy_twin(tensors)
    if dtype == torch.float32 and not np.array_equal(values.float().numpy(), twin):
        raise AssertionError(f"differs from the numpy twin by {np.abs(values.float().numpy() - twin).max()}")
    return values


def numpy_twin(tensors: dict) -> np.ndarray:
    if "SCB" in tensors:
        rows = tensors["SCB"].numpy()[:, None]
        return tensors["weight"].numpy().astype(np.float32) * rows * np.float32(1 / 127)
    state = json.loads(bytes(next(t for name, t in tensors.items() if name.startswith(STATE)).numpy()))
    packed = tensors["weight"].reshape(-1).view(torch.uint8).numpy()
    count = int(np.prod(state["shape"]))
    codes = np.stack([packed >> 4, packed & 15], -1).reshape(-1)[:count]
    absmax = tensors["weight.absmax"].numpy()
    if "nested_blocksize" in state:
        largest = np.repeat(tensors["weight.nested_absmax"].numpy(), state["nested_blocksize"])[: absmax.size]
        absmax = tensors["weight.nested_quant_map"].numpy()[absmax] * largest + np.float32(state["nested_offset"])
    scales = np.repeat(absmax, state["blocksize"])[:count]
    return (tensors["weight.quant_map"].numpy()[codes] * scales).reshape(state["shape"])


def modules(tensors: dict) -> dict:
    """Splits the tensors of a file: prefix of a quantised module -> its tensors by the rest of their names."""
    prefixes = {name[: name.index(STATE)] for name in tensors if STATE in name}
    prefixes |= {name.removesuffix("SCB") for name in tensors if name.endswith(".SCB")}
    return {
        prefix: {
            name.removeprefix(prefix): tensor
            for name, tensor in tensors.items()
            if name == prefix + "SCB" or name.startswith(prefix + "weight")
        }
        for prefix in sorted(prefixes)
    }

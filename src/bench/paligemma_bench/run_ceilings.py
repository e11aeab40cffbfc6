"""What the machine can do at most, by the fastest torch kernels at hand: reading memory, and multiplying matrices.

Reading: the best of sum, dot product and matrix-vector product over 1 GiB of float32. Multiplying: 2048 x 2048 matrices.
"""

import argparse
import time

import torch

from .events import event

READ_BYTES = 1 << 30
SIDE = 2048


def fastest(action, repetitions):
    action()
    times = []
    for _ in range(repetitions):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def read_gb_s(repetitions):
    numbers = torch.ones(READ_BYTES // 4)
    matrix = numbers.view(1 << 14, -1)
    vector = torch.ones(matrix.shape[1])
    actions = {
        "sum": numbers.sum,
        "dot": lambda: torch.dot(numbers, numbers),
        "matrix_vector": lambda: torch.mv(matrix, vector),
    }
    return {name: READ_BYTES / fastest(action, repetitions) / 1e9 for name, action in actions.items()}


def multiply_gflop_s(repetitions):
    rates = {}
    for dtype in (torch.float32, torch.bfloat16):
        a, b = torch.randn(SIDE, SIDE).to(dtype), torch.randn(SIDE, SIDE).to(dtype)
        rates[str(dtype).removeprefix("torch.")] = 2 * SIDE**3 / fastest(lambda: a @ b, repetitions) / 1e9
    return rates


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--repetitions", type=int, default=8)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with torch.inference_mode():
        event(
            "ceilings",
            read_gb_s=read_gb_s(options.repetitions),
            multiply_gflop_s=multiply_gflop_s(options.repetitions),
            torch=torch.__version__,
        )


if __name__ == "__main__":
    main()

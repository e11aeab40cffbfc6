"""Prints numbers in float32 and what torch rounds them to in bfloat16 and float16, all as hexadecimal bits.

    python narrowing.py > paligemma-checkpoint/src/test/resources/adapter/narrowing.txt
"""

import struct

import torch

generator = torch.Generator().manual_seed(7)
bits = [0, 0x80000000, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F800000, 0x477FEFFF, 0x477FF000, 0x477FE000, 0x7F7F7FFF, 0x7F7F8000]
bits += [0x38800000, 0x387FFFFF, 0x387FE000, 0x33800000, 0x33000000, 0x33000001, 0x33C00000, 0x00000001, 0x007FFFFF]
bits += [0x3F808000, 0x3F818000, 0x3F808001, 0x3F807FFF, 0x3F801000, 0x3F803000, 0x3F801001, 0x3F800FFF]
bits += torch.randint(0, 0x7F800000, (200,), generator=generator).tolist()  # of all magnitudes
bits += torch.randint(0x32000000, 0x48000000, (300,), generator=generator).tolist()  # around those of float16
bits += [b & ~0xFFF | 0x1000 for b in torch.randint(0x38000000, 0x47000000, (100,), generator=generator).tolist()]
for b in bits:
    value = torch.tensor(struct.unpack("<f", struct.pack("<I", b))[0], dtype=torch.float32)
    narrow = [value.to(t).view(torch.int16).item() & 0xFFFF for t in (torch.bfloat16, torch.float16)]
    print(f"{b:08x} {narrow[0]:04x} {narrow[1]:04x}")

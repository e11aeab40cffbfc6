"""Answers of generate() that follow fields of generation_config.json, which it reads itself from a copy of the checkpoint.

    python generation_config.py --golden FOLDER --out FILE

Greedy answers, and some of a beam search. Fields that divide logits are recorded for PaliGemma 1 only, whose logits no
version of transformers caps.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import torch
import transformers

from make_goldens import write  # before checkpoint, which makes another script of that name come first
from checkpoint import Checkpoint

PG1, PG2 = "pg1-mqa-fp32", "pg2-gqa"

# checkpoint, request, fields of the file, limit of new tokens (None: the file's), beams
CASES = [
    (PG1, 1, {"repetition_penalty": 1.3}, 16, 1),
    (PG1, 3, {"repetition_penalty": 0.7}, 16, 1),
    (PG1, 0, {"suppress_tokens": [1132, 1, 99999]}, 12, 1),
    (PG1, 0, {"begin_suppress_tokens": [1132, 379]}, 12, 1),
    (PG1, 0, {"min_new_tokens": 6}, 12, 1),
    (PG1, 0, {"min_length": 13}, 12, 1),
    (PG1, 0, {"min_length": 3}, 12, 1),
    (PG1, 0, {"min_length": 30, "min_new_tokens": 4}, 12, 1),
    (PG1, 1, {"no_repeat_ngram_size": 1}, 16, 1),
    (PG1, 1, {"no_repeat_ngram_size": 2}, 16, 1),
    (PG1, 3, {"no_repeat_ngram_size": 3}, 16, 1),
    (PG1, 1, {"bad_words_ids": [[381], [331, 302], [369, 369], [1]]}, 16, 1),
    (PG1, 2, {"bad_words_ids": [[333, 1088, 276], [1]]}, 16, 1),
    (PG1, 1, {"max_new_tokens": 3}, None, 1),
    (PG1, 1, {"repetition_penalty": 1.2, "no_repeat_ngram_size": 2, "suppress_tokens": [292], "min_new_tokens": 8}, 12, 1),
    (PG2, 0, {"suppress_tokens": [379]}, 12, 1),
    (PG2, 2, {"begin_suppress_tokens": [353], "min_new_tokens": 10}, 12, 1),
    (PG2, 0, {"no_repeat_ngram_size": 1}, 12, 1),
    (PG2, 3, {"bad_words_ids": [[404, 345], [355]]}, 12, 1),
    (PG1, 0, {"min_new_tokens": 4}, 8, 3),
    (PG1, 1, {"no_repeat_ngram_size": 2, "suppress_tokens": [292, 1448]}, 8, 3),
    (PG1, 2, {"bad_words_ids": [[333, 1088], [276]], "begin_suppress_tokens": [1088]}, 8, 4),
]


def _case(golden: Path, folder: Path, name, index, fields, limit, beams):
    copy = folder / name
    shutil.copytree(golden / name, copy)
    file = copy / "generation_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))
    checkpoint = Checkpoint(folder, name)
    inputs = checkpoint.inputs(index)
    given = {} if limit is None else {"max_new_tokens": limit}
    with torch.no_grad():
        output = checkpoint.model.generate(**inputs, num_beams=beams, return_dict_in_generate=True, **given)
    tokens = output.sequences[0, inputs["input_ids"].shape[1] :].tolist()
    stop = tokens[-1] if tokens[-1] in checkpoint.stop_ids else None
    shutil.rmtree(copy)
    plain = checkpoint.request(index)["tokenIds"]
    written = tokens[:-1] if stop is not None else tokens
    if beams == 1 and written == plain[: len(written)] and fields != {"min_length": 3} and limit is not None:
        print(f"  {name} {index} {fields}: the field changes nothing")
    return checkpoint.identity(index) | {
        "fields": fields,
        "maxNewTokens": limit,
        "beams": beams,
        "tokenIds": written,
        "stopTokenId": stop,
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", type=Path, required=True, help="folder of the golden checkpoints")
    parser.add_argument("--out", type=Path, required=True, help="the file to write")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as folder:
        write(arguments.out, [_case(arguments.golden, Path(folder), *case) for case in CASES])


if __name__ == "__main__":
    main()

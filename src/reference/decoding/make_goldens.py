"""Makes the golden values of generation control: beams, sampling, scoring of answers and batches.

    python make_goldens.py --golden FOLDER --out FOLDER

--golden is the folder of the checkpoints that ../goldens/make_goldens.py made, --out receives small JSON files. What
they contain is described in README.md. Pinned versions: ../requirements.txt.
"""

import argparse
import json
from pathlib import Path

import torch
import transformers

import batches
import beams
import sampling
import scoring
from checkpoint import Checkpoint


class _Checkpoints(dict):
    """Loads a checkpoint when it is first asked for."""

    def __init__(self, golden: Path):
        super().__init__()
        self.golden = golden

    def __missing__(self, name):
        self[name] = Checkpoint(self.golden, name)
        return self[name]


def write(path: Path, cases):
    """One case a line."""
    reference = {"transformers": transformers.__version__, "torch": torch.__version__.split("+")[0]}
    lines = ",\n".join(json.dumps(case, ensure_ascii=False, separators=(",", ":")) for case in cases)
    head = json.dumps(reference, separators=(",", ":"))
    path.write_text(f'{{"reference":{head},\n"cases":[\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{path.name}: {len(cases)} cases, {path.stat().st_size // 1024} KiB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", type=Path, required=True, help="folder of the golden checkpoints")
    parser.add_argument("--out", type=Path, required=True, help="folder that receives the files")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    arguments.out.mkdir(parents=True, exist_ok=True)
    checkpoints = _Checkpoints(arguments.golden)
    write(arguments.out / "batches.json", batches.record(checkpoints))
    write(arguments.out / "scoring.json", scoring.record(checkpoints))
    write(arguments.out / "sampling.json", sampling.record(checkpoints))
    normalised, unnormalised = beams.record(checkpoints)
    write(arguments.out / "beams.json", normalised)
    write(arguments.out / "beams-unnormalised.json", unnormalised)


if __name__ == "__main__":
    main()

"""Writes 5,000 generated pictures with five captions each, and times CIDEr of pycocoevalcap with its tokenizer.

    pip install pycocoevalcap==1.2 numpy==2.4.6
    python time_cider.py /tmp/cider
    time java -jar paligemma.jar evaluate --metric cider --predictions /tmp/cider/P.jsonl --references /tmp/cider/R.jsonl
"""

import json
import pathlib
import random
import resource
import sys
import time

from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

WORDS = (
    "a the man woman dog cat on beach in of with and is are standing sitting red blue green white black large small two three "
    "people street car bus train table plate food pizza tree grass water snow board ball field court player holding looking at "
    "near next to behind under over while riding horse bike boat plane sky building window door room bed couch clock vase "
    "umbrella kite wave child boy girl group playing eating walking running light sign stop bench bag hat it's don't"
).split()


def processor_time():
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(resource.getrusage(kind).ru_utime + resource.getrusage(kind).ru_stime for kind in kinds)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(5)
    references, answers = {}, {}
    for i in range(5000):
        sentence = lambda: " ".join(draw.choice(WORDS) for _ in range(draw.randint(8, 14))).capitalize() + "."
        references[i] = [sentence() for _ in range(5)]
        answers[i] = draw.choice(references[i]) if draw.random() < 0.3 else sentence()
    with open(folder / "R.jsonl", "w") as out:
        out.writelines(json.dumps({"id": i, "references": texts}) + "\n" for i, texts in references.items())
    with open(folder / "P.jsonl", "w") as out:
        out.writelines(json.dumps({"id": i, "answer": text}) + "\n" for i, text in answers.items())
    for _ in range(3):
        began, used = time.time(), processor_time()
        tokenizer = PTBTokenizer()
        right = tokenizer.tokenize({i: [{"caption": text} for text in texts] for i, texts in references.items()})
        said = tokenizer.tokenize({i: [{"caption": text}] for i, text in answers.items()})
        score, _ = Cider().compute_score(right, said)
        print(score, "seconds", round(time.time() - began, 2), "of processors", round(processor_time() - used, 2))


if __name__ == "__main__":
    main()

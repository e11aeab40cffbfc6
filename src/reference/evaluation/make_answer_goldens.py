"""Makes a golden file of short answers and what evaluators give them.

Oracles: anls 0.0.2 for ANLS; for all others the evaluators of big_vision themselves, read from a checkout of commit
0127fb6b337ee2a27bf4e54dea79cff176527356 (Apache-2.0). Only their functions run, for the modules need JAX.

    pip install anls==0.0.2 editdistance==0.8.1 numpy==2.4.6
    python make_answer_goldens.py --big-vision ../big_vision --cases 2000 --seed 1 --out paligemma-evaluation/src/test/resources

Other seeds and larger counts give files for the system property paligemma.evaluation.answers.
"""

import argparse
import ast
import json
import pathlib
import random
import re

import anls
import editdistance
import numpy as np

WORDS = (
    "a an the A The yes no Yes NO none zero one two three ten eleven twenty cat dog red blue don't dont cant im Im youre its it's "
    "1 2 3 10 1,000 1000 3.5 3.50 .5 5. 5% 4.9% 0.05 0 0.0 -3 +4 1e3 1_0 nan NaN inf -inf Infinity 1__0 0x10 ٣ １２ 100% %% "
    "$5.00 $ U.S. p.m. 3:30 w/o and/or t-shirt t shirt (left) [x] {y} \"q\" `z` @home #1 ? ! , ; a,b 1,2 1, 2 ,3 x. .y 2.x "
    "straße STRASSE ﬁne İ ı ß é É e\u0301 日本 😀 Σ ς ΑΣ \u00a0 \u2003 \u1680 \t \n"
).split(" ")


def functions(file, names):
    tree = ast.parse(pathlib.Path(file).read_text(encoding="utf-8"))
    wanted = [
        node
        for node in tree.body
        if (isinstance(node, ast.FunctionDef) and node.name in names)
        or (isinstance(node, ast.Assign) and node.targets[0].id in names)
    ]
    found = {"re": re, "np": np, "editdistance": editdistance}
    exec(compile(ast.Module(wanted, []), str(file), "exec"), found)
    return found


def text(draw):
    return "".join(draw.choice(WORDS) + draw.choice(["", " ", " ", "  "]) for _ in range(draw.randint(0, 4)))


def edited(draw, base):
    letters = list(base)
    for _ in range(draw.randint(0, 3)):
        if letters and draw.random() < 0.6:
            letters.pop(draw.randrange(len(letters)))
        if draw.random() < 0.5:
            letters.insert(draw.randint(0, len(letters)), draw.choice("aeX 1.,%😀"))
    return "".join(letters)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--big-vision", type=pathlib.Path, required=True)
    options.add_argument("--cases", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=pathlib.Path, required=True)
    options = options.parse_args()
    draw = random.Random(options.seed)
    folder = options.big_vision / "big_vision/evaluators/proj/paligemma/transfers"
    vqa2 = functions(
        folder / "vqav2.py",
        {"stripspace_vqav2", "postprocess_vqav2_text", "REPLACEMENTS", "PUNCT", "ARTICLES"},
    )
    plain = functions(folder / "vqa.py", {"anls_metric"})
    charts = functions(folder / "chartqa.py", {"_to_float", "_relaxed_match"})
    counts = functions(folder / "tallyqa.py", {"_number_word_to_numeral", "REPLACEMENTS"})

    def vqa(answer, references):
        references = [vqa2["stripspace_vqav2"](r) for r in references]
        answer = vqa2["stripspace_vqav2"](answer)
        if len(set(references)) > 1:
            answer = vqa2["postprocess_vqav2_text"](answer)
            references = [vqa2["postprocess_vqav2_text"](r) for r in references]
        matches = answer == np.array(references)
        return np.mean([np.clip(np.sum(np.delete(matches, i)) / 3, 0, 1) for i in range(len(references))])

    with open(options.out / "answers.jsonl", "w", encoding="utf-8", newline="\n") as out:
        for i in range(options.cases):
            pool = [text(draw) for _ in range(draw.randint(1, 4))]
            references = [draw.choice(pool) if draw.random() < 0.8 else edited(draw, draw.choice(pool)) for _ in range(10)]
            answer = draw.choice(pool) if draw.random() < 0.5 else edited(draw, draw.choice(references))
            numeral = counts["_number_word_to_numeral"]
            scores = {
                "vqa": float(vqa(answer, references)),
                "vqa-plain": min(1.0, references.count(answer) / 3.0),
                "exact": float(answer in references),
                "anls": float(anls.anls_score(answer, references)),
                "anls-plain": float(max(plain["anls_metric"](r, answer) for r in references)),
                "relaxed": float(any(charts["_relaxed_match"](r, answer) for r in references)),
                "tallyqa": float(any(numeral(r) == numeral(answer) for r in references)),
            }
            row = {"id": i, "answer": answer, "references": references, "scores": scores}
            out.write(json.dumps(row, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()

"""Makes golden files of captions: their tokens, and CIDEr-D, BLEU and ROUGE-L of generated answers.

Oracle: pycocoevalcap 1.2, which runs the tokenizer of stanford-corenlp 3.4.1 with Java. Nothing of either is in this project.

    pip install pycocoevalcap==1.2 numpy==2.4.6
    python make_caption_goldens.py --lines 2000 --cases 2000 --seed 1 --out paligemma-evaluation/src/test/resources

Other seeds and larger counts give files for the system properties paligemma.evaluation.tokens and paligemma.evaluation.captions.
"""

import argparse
import contextlib
import io
import json
import pathlib
import random

from pycocoevalcap.bleu.bleu import Bleu
from pycocoevalcap.cider.cider import Cider
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer

WORDS = (
    "a dog the cat on beach man woman red-and-white people standing near colourful U.S. U.S.A. U.K. etc. Mr. Ms. Dr. St. Inc. Co. "
    "Ltd. No. vs. e.g. i.e. a.m. p.m. Ph.D. J. J.K. Jan. cannot gonna wanna gotta lemme gimme dunno don't isn't can't won't I'm "
    "you're we've he'd she'll it's dogs' o'clock ma'am 'tis 'twas '90s 'em 'cause rock'n'roll y'all d'oh l'eau O'Brien AT&T R&B "
    "Q&A M&Ms &amp; &lt; &gt; &quot; &apos; &nbsp; &#39; http://a.com/b?c=d www.example.com example.com/foo user@example.com "
    "@user #tag #1 $5 $5.00 US$5 £5 €5 ¥5 5¢ 50% 1,000 1,000.50 .5 5. -5 +5 1/2 3/4 1-1/2 ½ ¼ 10th 1st 1990s 12/25/2010 3:30 "
    "3:30pm 10am 555-1234 555-123-4567 (555) 123-4567 5'10\" 24/7 ... … .... . , ; : ! ? !! ?! - -- --- – — ( ) [ ] { } < > << "
    ">> \" ' `` '' “ ” ‘ ’ « » :) :-) ;) :( :D =) <3 ^_^ -_- >:( :P * ** / \\ | ~ ^ + = % & @ # $ _ __ naïve café Zürich ñ ß "
    "日本語 中文 한국어 Привет Ελλάδα שלום مرحبا नमस्ते 😀 👍🏽 ☃ ♥ → © ™ ° • · × ² ³ ₂ <b> </b> <br/> <br /> <a href=\"x\"> C++ "
    "C# c'est Cap'n S&P-500 pro- anti- Yahoo! photo_1.jpg 83.txt A The In He It I She So Wash. Miss. pp. fig. p."
).split(" ")
PIECES = (
    "'s n't 're 'll 'd 'm 've ’s n’t - . , ... -- / & _ ' \" $ % @ # + = : ; ! ? ( ) [ ] < > { } * ^ ~ | \\ &amp; &lt; &quot; "
    "&mdash; &eacute; http:// www. .com .org @ a b ab abc A B AB Abc n N y l d o O 0 1 5 12 90 123 1234 555 2010 1,000 3.5 ½ é É "
    "日 ß \u00ad ’ ‘ “ ” – … € £ ² \u00a0 \u2009 \u0085 \u200b \u0301 ٣ c++ -LRB- U.S U.S. etc. Mr. no. ltd Co. The"
).split(" ") + [" "]
LETTERS = list("abdeinosyABDEINOSY0123459.,;:!?'\"`-_/\\()[]{}<>&@#$%*+=~^|") + [" ", " ", "\t", "’", "“", "é", "½", "\x07", "\u00ad"]


def caption(draw):
    kind = draw.random()
    if kind < 0.4:
        words = [draw.choice(WORDS) + (draw.choice(PIECES) if draw.random() < 0.15 else "") for _ in range(draw.randint(1, 12))]
        return " ".join(words)
    if kind < 0.75:
        return "".join(draw.choice(PIECES) + (" " if draw.random() < 0.25 else "") for _ in range(draw.randint(1, 12)))
    return "".join(draw.choice(LETTERS) for _ in range(draw.randint(0, 24)))


def varied(draw, text):
    words = text.split(" ")
    for _ in range(draw.randint(0, 3)):
        if words and draw.random() < 0.5:
            words.pop(draw.randrange(len(words)))
        if draw.random() < 0.4:
            words.insert(draw.randint(0, len(words)), draw.choice(WORDS))
    return " ".join(words)


def write(file, rows):
    with open(file, "w", encoding="utf-8", newline="\n") as out:
        for row in rows:
            out.write(json.dumps(row, ensure_ascii=True) + "\n")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--lines", type=int, default=2000)
    options.add_argument("--cases", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--out", type=pathlib.Path, required=True)
    options = options.parse_args()
    draw = random.Random(options.seed)

    tokenizer = PTBTokenizer()
    lines = [caption(draw) for _ in range(options.lines)]
    tokens = tokenizer.tokenize({i: [{"caption": line}] for i, line in enumerate(lines)})
    write(options.out / "tokens.jsonl", [{"caption": line, "tokens": tokens[i][0]} for i, line in enumerate(lines)])

    references, answers = {}, {}
    for i in range(options.cases):
        base = caption(draw)
        references[i] = [varied(draw, base) for _ in range(draw.randint(1, 5))]
        answers[i] = varied(draw, base) if draw.random() < 0.95 else ""
    right = tokenizer.tokenize({i: [{"caption": c} for c in captions] for i, captions in references.items()})
    said = tokenizer.tokenize({i: [{"caption": c}] for i, c in answers.items()})
    with contextlib.redirect_stdout(io.StringIO()):
        bleu, bleus = Bleu(4).compute_score(right, said)
    cider, ciders = Cider().compute_score(right, said)
    rouge, rouges = Rouge().compute_score(right, said)
    scores = {"cider": float(cider), "rouge-l": float(rouge)} | {f"bleu{n + 1}": bleu[n] for n in range(4)}
    each = {"cider": ciders, "rouge-l": rouges} | {f"bleu{n + 1}": bleus[n] for n in range(4)}
    rows = [{"scores": scores}]
    for i in range(options.cases):
        own = {name: float(values[i]) for name, values in each.items()}
        rows.append({"id": i, "answer": answers[i], "references": references[i], "scores": own})
    write(options.out / "captions.jsonl", rows)


if __name__ == "__main__":
    main()

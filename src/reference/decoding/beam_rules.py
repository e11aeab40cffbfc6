"""The two beam searches, written out for one request over a function that gives next-token log-probabilities.

`normalised` is what transformers 5.24 does (generate() must return the same, see beams.py), `unnormalised` is what
big_vision does for PaliGemma. Both say how close their closest decision was: another arithmetic may decide otherwise
only within that margin.
"""

import math
from dataclasses import dataclass, field

import torch


@dataclass
class Found:
    """One answer: its tokens (the end-of-sequence token included), their summed log-probability and its score."""

    tokens: tuple
    log_probability: float
    score: float


@dataclass
class Outcome:
    sequences: list = field(default_factory=list)
    margin: float = math.inf
    steps: int = 0

    def decide(self, better, worse):
        self.margin = min(self.margin, abs(better - worse))


def _continuations(next_token, live, count):
    """The `count` best continuations of all live beams: (sum of log-probabilities, tokens), best first."""
    found = []
    for total, tokens in live:
        best = torch.topk(next_token(tokens), count)
        found += [(total + float(p), tokens + (int(t),)) for p, t in zip(best.values, best.indices)]
    return sorted(found, key=lambda c: -c[0])[:count]


def normalised(next_token, stop_ids, beams, length_penalty, early_stopping, max_new_tokens) -> Outcome:
    outcome = Outcome()
    live, finished = [(0.0, ())], []
    for step in range(1, max_new_tokens + 1):
        outcome.steps = step
        # One more than is needed, to know how close the next was.
        candidates = _continuations(next_token, live, max(2, 1 + len(stop_ids)) * beams + 1)
        last = step == max_new_tokens
        ended = [last or tokens[-1] in stop_ids for _, tokens in candidates]
        outcome.decide(candidates[beams - 1][0], candidates[beams][0])
        for end, (total, tokens) in list(zip(ended, candidates))[:beams]:
            if end:
                finished.append(Found(tokens, total, total / step**length_penalty))
        finished.sort(key=lambda f: -f.score)
        if len(finished) > beams:
            outcome.decide(finished[beams - 1].score, finished[beams].score)
        finished = finished[:beams]
        if last:
            break
        going_on = [c for end, c in zip(ended, candidates) if not end]
        if len(going_on) > beams:
            outcome.decide(going_on[beams - 1][0], going_on[beams][0])
        live = going_on[:beams]
        if len(finished) == beams:
            if early_stopping is True:
                break
            length = max_new_tokens if early_stopping == "never" and length_penalty > 0 else step
            hope = live[0][0] / length**length_penalty
            outcome.decide(hope, finished[-1].score)
            if hope <= finished[-1].score:
                break
    for better, worse in zip(finished, finished[1:]):
        outcome.decide(better.score, worse.score)
    outcome.sequences = finished
    return outcome


def unnormalised(next_token, stop_id, beams, max_new_tokens) -> Outcome:
    outcome = Outcome()
    live, best = [(0.0, ())], None
    for step in range(1, max_new_tokens + 1):
        outcome.steps = step
        for total, tokens in live:
            total += float(next_token(tokens)[stop_id])
            if best is not None:
                outcome.decide(best.score, total)
            if best is None or total > best.score:
                best = Found(tokens + (stop_id,), total, total)
        candidates = _continuations(next_token, live, 2 * beams + 1)
        going_on = [c for c in candidates if c[1][-1] != stop_id]
        outcome.decide(going_on[beams - 1][0], going_on[beams][0])
        live = going_on[:beams]
        if step < max_new_tokens:
            outcome.decide(live[0][0], best.score)
            if live[0][0] < best.score:
                break
    outcome.sequences = [best]
    return outcome

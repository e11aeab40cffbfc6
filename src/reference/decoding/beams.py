"""Beam searches: which are recorded, and that generate() and the written-out rule agree."""

import torch
from transformers.modeling_outputs import BaseModelOutputWithPooling

import beam_rules
from checkpoint import Checkpoint, NextToken

SMALLEST_MARGIN = 1e-3
SCORE_TOLERANCE = 5e-5
# checkpoint, index of the request in golden.json, limit of new tokens
REQUESTS = [
    ("pg1-mqa-fp32", 0, 12),
    ("pg1-mqa-fp32", 3, 10),
    ("pg1-gqa-bf16", 0, 12),
    ("pg1-gqa-bf16", 2, 10),
    ("pg2-gqa", 0, 12),
    ("pg2-gqa", 2, 10),
    ("pg2-narrow", 0, 12),
    ("pg2-window", 0, 12),
    ("pg2-window", 2, 16),
    ("pg2-two-images", 0, 12),
    ("pg2-two-images", 3, 10),
]
BEAMS = (2, 3, 4)
# length penalty, early stopping; the first one is always recorded
SETTINGS = [(penalty, early) for early in (False, True) for penalty in (1.0, 0.0, 2.0, -1.0)]
TRIED_STOP_IDS = 8


def record(checkpoints) -> tuple:
    """The cases of both searches: (normalised, unnormalised)."""
    normalised, unnormalised = [], []
    for name, index, limit in REQUESTS:
        checkpoint = checkpoints[name]
        next_token = NextToken(checkpoint, index)
        tried = _possible_stop_ids(checkpoint, next_token, limit)
        # As many as the checkpoint has: with two of them more candidates are ranked.
        telling = sorted(tried, key=lambda t: -_variety(next_token, t, limit))[: len(checkpoint.stop_ids)]
        late = max(tried, key=lambda t: _length_of_best(next_token, t, limit))
        for stop_ids in (checkpoint.stop_ids, telling):
            normalised += _normalised_cases(checkpoint, index, limit, next_token, stop_ids)
        for stop_id in dict.fromkeys([checkpoint.stop_ids[0], telling[0], late]):
            unnormalised += _unnormalised_cases(checkpoint, index, limit, next_token, stop_id)
    return normalised, unnormalised


def _possible_stop_ids(checkpoint, next_token, limit):
    """Random weights seldom end an answer: ids that they write, to be put in the role of <eos>."""
    plain = beam_rules.normalised(next_token, checkpoint.stop_ids, max(BEAMS), 1.0, False, limit)
    written = [token for sequence in plain.sequences for token in sequence.tokens]
    start = plain.sequences[0].tokens[0]
    return [t for t in dict.fromkeys(written) if t != start and t not in checkpoint.stop_ids][:TRIED_STOP_IDS]


def _variety(next_token, stop_id, limit):
    """How much the settings matter with this end-of-sequence id."""
    outcomes = _outcomes(next_token, [stop_id], limit)
    return len({(key[0], _tokens(outcome)) for key, outcome in outcomes.items()})


def _length_of_best(next_token, stop_id, limit):
    outcome = beam_rules.unnormalised(next_token, stop_id, BEAMS[0], limit)
    return len(outcome.sequences[0].tokens) if outcome.margin >= SMALLEST_MARGIN else 0


def _outcomes(next_token, stop_ids, limit):
    """Outcomes by (beams, length penalty, early stopping), without those that another arithmetic may change."""
    found = {}
    for beams in BEAMS:
        for length_penalty, early_stopping in SETTINGS:
            outcome = beam_rules.normalised(next_token, stop_ids, beams, length_penalty, early_stopping, limit)
            if outcome.margin >= SMALLEST_MARGIN:
                found[beams, length_penalty, early_stopping] = outcome
    return found


def _tokens(outcome):
    return tuple(sequence.tokens for sequence in outcome.sequences)


def _normalised_cases(checkpoint: Checkpoint, index, limit, next_token, stop_ids):
    cases, kept = [], set()
    for (beams, length_penalty, early_stopping), outcome in _outcomes(next_token, stop_ids, limit).items():
        usual = (length_penalty, early_stopping) == SETTINGS[0]
        if not usual and (beams, _tokens(outcome)) in kept:
            continue
        kept.add((beams, _tokens(outcome)))
        scores = _generate(checkpoint, index, limit, stop_ids, beams, length_penalty, early_stopping, outcome)
        cases.append(
            checkpoint.identity(index)
            | {
                "stopTokenIds": stop_ids,
                "maxNewTokens": limit,
                "beams": beams,
                "lengthPenalty": length_penalty,
                "earlyStopping": early_stopping,
                "sequences": [_sequence(s, stop_ids) | {"score": score} for s, score in zip(outcome.sequences, scores)],
                "steps": outcome.steps,
                "margin": round(outcome.margin, 6),
            }
        )
    return cases


def _unnormalised_cases(checkpoint: Checkpoint, index, limit, next_token, stop_id):
    cases = []
    for beams in BEAMS[:2]:
        outcome = beam_rules.unnormalised(next_token, stop_id, beams, limit)
        if outcome.margin >= SMALLEST_MARGIN:
            cases.append(
                checkpoint.identity(index)
                | {"stopTokenIds": [stop_id], "maxNewTokens": limit, "beams": beams}
                | _sequence(outcome.sequences[0], [stop_id])
                | {"steps": outcome.steps, "margin": round(outcome.margin, 6)}
            )
    return cases


def _sequence(found, stop_ids):
    stopped = found.tokens[-1] in stop_ids
    return {
        "tokenIds": list(found.tokens[: len(found.tokens) - stopped]),
        "stopTokenId": found.tokens[-1] if stopped else None,
        "logProbability": round(found.log_probability, 7),
    }


def _generate(checkpoint, index, limit, stop_ids, beams, length_penalty, early_stopping, expected):
    """The scores of generate() in float32, which must find the sequences of the rule in float64."""
    inputs = dict(checkpoint.inputs(index))
    if len(checkpoint.request(index)["images"]) > 1:
        inputs["mm_encoder_outputs"] = {"image": _one_block(checkpoint, inputs.pop("pixel_values"))}
    with torch.no_grad():
        output = checkpoint.model.generate(
            **inputs,
            num_beams=beams,
            num_return_sequences=beams,
            do_sample=False,
            length_penalty=length_penalty,
            early_stopping=early_stopping,
            max_new_tokens=limit,
            eos_token_id=stop_ids,
            return_dict_in_generate=True,
            output_scores=True,
        )
    prompt = inputs["input_ids"].shape[1]
    lengths = (output.beam_indices >= 0).sum(1).tolist()  # what follows in `sequences` is filling
    found = [tuple(row[prompt : prompt + n].tolist()) for row, n in zip(output.sequences, lengths)]
    scores = output.sequences_scores.tolist()
    where = f"{checkpoint.name} {index}: {beams} beams, {length_penalty}, {early_stopping}, stop {stop_ids}"
    if tuple(found) != _tokens(expected):
        raise AssertionError(f"{where}: generate() gives {found}, the rule {_tokens(expected)}")
    for score, sequence in zip(scores, expected.sequences):
        if abs(score - sequence.score) > SCORE_TOLERANCE * max(1.0, abs(sequence.score)):
            raise AssertionError(f"{where}: generate() scores {score}, the rule {sequence.score}")
    return [float(f"{score:.9g}") for score in scores]


def _one_block(checkpoint, pixel_values):
    """Image features of all images of a request as one block, so that every beam gets all of them (see README.md)."""
    with torch.no_grad():
        features = checkpoint.model.model.get_image_features(pixel_values).pooler_output
    return BaseModelOutputWithPooling(pooler_output=features.reshape(1, -1, features.shape[-1]))

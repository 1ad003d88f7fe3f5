import math

import pytest
import torch

from idfsr.faces.priors import build_priors, encode_boxes, encode_landmarks
from idfsr.faces.retinaface import Heads
from idfsr.training.networks.lr_detector.retinaface_loss import (
    Losses,
    hardest_negatives,
    match_priors,
    multibox_loss,
)

PRIORS = build_priors(128, 128, torch.device("cpu"))


def test_matches_by_overlap() -> None:
    priors = torch.tensor([[5.0, 5, 10, 10], [8, 5, 10, 10], [12, 5, 10, 10], [50, 50, 10, 10]])
    boxes = torch.tensor([[0.0, 0, 10, 10], [40, 60, 42, 62]])
    # Overlaps with the first box: 1, 70/130 = 0.54, 30/170 = 0.18, 0; the second touches nothing,
    # so the prior it is nearest to by order of overlap is taken.
    matched = match_priors(boxes, priors)
    assert matched[0].tolist() == [True, True, False, False]
    assert matched[1].sum() == 1


def test_best_prior_counts_below_the_threshold() -> None:
    small = torch.tensor([[60.0, 60, 66, 66]])  # at most 36/256 of a 16 px prior
    matched = match_priors(small, PRIORS)
    assert matched.sum() == 1
    assert PRIORS[matched[0], 2].item() == 16


def test_seven_hardest_negatives_for_each_positive() -> None:
    loss = torch.arange(20.0).repeat(2, 1)
    matched = torch.zeros(2, 20, dtype=torch.bool)
    matched[0, 19] = True
    matched[1, [0, 1, 2]] = True
    chosen = hardest_negatives(loss, matched)
    assert chosen[0].nonzero()[:, 0].tolist() == [12, 13, 14, 15, 16, 17, 18]
    assert chosen[1].nonzero()[:, 0].tolist() == list(range(3, 20))  # all 17 there are


def test_perfect_answer_costs_nothing() -> None:
    boxes = torch.tensor([[30.0, 20, 98, 116]])
    landmarks = torch.tensor([[(48.0, 55), (80, 55), (64, 75), (50, 95), (78, 95)]])
    matched = match_priors(boxes, PRIORS)
    logits = torch.where(matched[..., None], torch.tensor([-30.0, 30]), torch.tensor([30.0, -30]))
    num_priors = len(PRIORS)
    heads = Heads(
        encode_boxes(boxes.expand(num_priors, 4), PRIORS)[None],
        logits,
        encode_landmarks(landmarks.expand(num_priors, 5, 2), PRIORS)[None],
    )
    losses = multibox_loss(heads, boxes, landmarks, PRIORS)
    assert losses.total().item() == pytest.approx(0, abs=1e-5)

    wrong = heads._replace(landmarks=heads.landmarks + 2)  # smooth L1 of 2 is 1.5, ten numbers
    losses = multibox_loss(wrong, boxes, landmarks, PRIORS)
    assert losses.landmarks.item() == pytest.approx(15, rel=1e-4)
    assert losses.total().item() == pytest.approx(15, rel=1e-4)
    wrong = heads._replace(boxes=heads.boxes - 2)
    assert multibox_loss(wrong, boxes, landmarks, PRIORS).total().item() == pytest.approx(12)


def test_undecided_scores_cost_a_bit_for_each_of_eight() -> None:
    boxes = torch.tensor([[60.0, 60, 66, 66]])  # one prior matches
    heads = Heads(torch.zeros(1, 672, 4), torch.zeros(1, 672, 2), torch.zeros(1, 672, 10))
    losses = multibox_loss(heads, boxes, torch.full((1, 5, 2), 63.0), PRIORS)
    assert losses.score.item() == pytest.approx(8 * math.log(2), rel=1e-5)


def test_weights_of_the_terms() -> None:
    losses = Losses(torch.tensor(1.0), torch.tensor(10.0), torch.tensor(100.0))
    assert losses.total() == 112

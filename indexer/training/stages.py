"""The three stages of the contextual model: words guessed (Devlin et al. 2019), pairs told apart in their batch, the small model put near the large
one's vectors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from indexer.contextual import ASKED, HIDDEN, SIGNS
from indexer.training.drawing import Batch, ContextualRecipe
from indexer.training.network import Muon, Network, matrices
from indexer.training.packed import ROW, Numbers
from indexer.training.vocabulary import Progress


def read_running_text(network: Network, text: Numbers, recipe: ContextualRecipe, tell: Progress) -> None:
    """Some words are hidden, most behind a sign, some behind another word, and have to be guessed."""
    device, words = network.bias.device, len(network.bias) - SIGNS
    stream = torch.from_numpy(text.astype(np.int32)).to(device)
    shape = (recipe.rows, int(recipe.hidden * ROW))
    optimise = optimiser(network, recipe.reading, warm=0.02)
    for step in range(recipe.reading):
        starts = torch.randint(0, len(stream) - ROW, (recipe.rows, 1), device=device)
        numbers = stream[starts + torch.arange(ROW, device=device)].long()
        owners = (numbers == words + ASKED).int().cumsum(1)
        order = torch.rand(numbers.shape, device=device) - 2.0 * (numbers >= words)
        places = order.topk(shape[1], 1).indices
        hidden = numbers.gather(1, places)
        other = torch.randint(1, words, shape, device=device)
        drawn = torch.rand(shape, device=device)
        seen = torch.where(drawn < 0.8, words + HIDDEN, torch.where(drawn < 0.9, other, hidden))
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            found = network(numbers.scatter(1, places, seen), owners)
            at = found.gather(1, places[:, :, None].expand(-1, -1, found.shape[-1])).flatten(0, 1)
            loss = network.surprise(at, hidden.flatten())
        optimise(loss, step)
        tell("reading", step + 1, recipe.reading)


def bring_together(network: Network, drawn: Iterator[Batch], recipe: ContextualRecipe, tell: Progress) -> None:
    """What is asked and what answers it, against all others in the batch that are about something else."""
    adam = torch.optim.AdamW(network.parameters(), lr=3e-4, betas=(0.9, 0.98), weight_decay=0.01)
    for step, batch in enumerate(drawn):
        asked, kept = sides(network, batch)
        about = torch.from_numpy(batch.about[batch.whole]).to(asked.device)
        alike = (about[:, None] == about[None]) & ~torch.eye(len(about), dtype=torch.bool, device=asked.device)
        likeness = (asked @ kept.T * recipe.sharpness).masked_fill(alike, -1e4)
        own = torch.arange(len(about), device=asked.device)
        loss = (functional.cross_entropy(likeness, own) + functional.cross_entropy(likeness.T, own)) / 2
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        adam.param_groups[0]["lr"] = 3e-4 * slope(step / recipe.pairing, 0.05)
        adam.step()
        adam.zero_grad()
        tell("pairing", step + 1, recipe.pairing)


def give_vectors(
    small: Network, large: Network, drawn: Iterator[Batch], recipe: ContextualRecipe, tell: Progress
) -> None:
    """The small model's vectors near the large one's, and in each batch alike near to each other."""
    optimise = optimiser(small, recipe.giving, warm=0.03)
    for step, batch in enumerate(drawn):
        with torch.no_grad():
            wanted = sides(large, batch)
        given = sides(small, batch)
        apart = 1 - (torch.cat(given) * torch.cat(wanted)).sum(1).mean()
        there, here = (sharp[0] @ sharp[1].T * recipe.sharpness for sharp in (wanted, given))
        optimise(4 * apart + (divergence(there, here) + divergence(there.T, here.T)) / 2, step)
        tell("giving", step + 1, recipe.giving)


def divergence(wanted: Tensor, given: Tensor) -> Tensor:
    return functional.kl_div(
        given.log_softmax(1), wanted.log_softmax(1), reduction="batchmean", log_target=True
    )  # of Kullback and Leibler


def sides(network: Network, batch: Batch) -> tuple[Tensor, Tensor]:
    """Unit vectors of what is asked and of what is kept, pair by pair."""
    device = network.bias.device
    numbers, owners = (torch.from_numpy(part).to(device) for part in (batch.rows.numbers, batch.rows.owners))
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        places = network(numbers, owners)
    vectors = network.vectors(places, owners, 2 * batch.asked)
    whole = torch.from_numpy(batch.whole).to(device)
    return vectors[whole], vectors[whole + batch.asked]


def optimiser(network: Network, steps: int, warm: float) -> Callable[[Tensor, int], None]:
    """Takes a step down a loss: Muon within the blocks, Adam elsewhere."""
    within = list(matrices(network))
    inside = {id(weight) for weight in within}
    muon = Muon(within, rate=0.02)
    adam = torch.optim.AdamW(
        [weight for weight in network.parameters() if id(weight) not in inside], betas=(0.9, 0.98), weight_decay=0.0
    )

    def optimise(loss: Tensor, step: int) -> None:
        loss.backward()  # type: ignore[no-untyped-call]
        scale = slope(step / steps, warm)
        muon.step(scale)
        adam.param_groups[0]["lr"] = 2e-3 * scale
        adam.step()
        network.zero_grad()

    return optimise


def slope(done: float, warm: float) -> float:
    """Share of the learning rate: up to all of it, then down to nothing, in straight lines."""
    return min(1.0, done / warm + 0.01) if done < warm else (1 - done) / (1 - warm)

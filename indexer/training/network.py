"""The transformer as it is trained: words of the static model, turned by their places, attending to their own text only.

`indexer.contextual` computes the same with numpy; a test says that the two agree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from indexer.contextual import HEAD, SIGNS
from indexer.training.packed import ROW


class Norm(nn.Module):
    """Each row scaled to a mean square of one."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        exact = x.float()
        return (exact * torch.rsqrt(exact.square().mean(-1, keepdim=True) + 1e-6) * self.weight).to(x.dtype)


class Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.n1, self.n2 = Norm(width), Norm(width)
        self.qkv, self.o = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width, bias=False)
        self.up, self.down = nn.Linear(width, 4 * width, bias=False), nn.Linear(4 * width, width, bias=False)
        nn.init.zeros_(self.o.weight)
        nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor, mask: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        rows, places, width = x.shape
        parts = self.qkv(self.n1(x)).view(rows, places, 3, width // HEAD, HEAD).permute(2, 0, 3, 1, 4)
        asks, answers, says = turned(parts[0], cos, sin), turned(parts[1], cos, sin), parts[2]
        taken = functional.scaled_dot_product_attention(asks, answers, says, attn_mask=mask)
        x = x + self.o(taken.transpose(1, 2).reshape(rows, places, width))
        after: Tensor = x + self.down(functional.gelu(self.up(self.n2(x))))
        return after


class Network(nn.Module):
    """Starts from the words' vectors of the static model, shape (words, dimensions)."""

    cos: Tensor
    sin: Tensor

    def __init__(self, words: Tensor, width: int, layers: int, dimensions: int) -> None:
        super().__init__()
        self.table = nn.Embedding(len(words) + SIGNS, words.shape[1])
        self.inn, self.n0 = nn.Linear(words.shape[1], width, bias=False), Norm(width)
        self.blocks = nn.ModuleList(Block(width) for _ in range(layers))
        self.n, self.single = Norm(width), nn.Linear(width, dimensions, bias=False)
        self.out, self.nout = nn.Linear(width, words.shape[1], bias=False), Norm(words.shape[1])
        self.bias = nn.Parameter(torch.zeros(len(words) + SIGNS))
        with torch.no_grad():
            self.table.weight.normal_(0, 0.05)
            self.table.weight[: len(words)] = words / words.std() * 0.05
        pace = 10_000.0 ** (-torch.arange(HEAD // 2) / (HEAD // 2))
        angles = torch.arange(ROW)[:, None] * pace[None]
        self.register_buffer("cos", angles.cos(), False)
        self.register_buffer("sin", angles.sin(), False)

    def forward(self, numbers: Tensor, owners: Tensor) -> Tensor:
        """Rows of packed texts to a vector for each place, shape (rows, ROW, width)."""
        x = self.n0(self.inn(self.table(numbers)))
        kind = torch.bfloat16 if x.is_cuda else x.dtype
        strangers = owners[:, None, :, None] != owners[:, None, None, :]
        mask = torch.zeros(strangers.shape, dtype=kind, device=x.device).masked_fill_(strangers, float("-inf"))
        x = x.to(kind)
        for block in self.blocks:
            x = block(x, mask, self.cos, self.sin)
        places: Tensor = self.n(x)
        return places

    def vectors(self, places: Tensor, owners: Tensor, texts: int) -> Tensor:
        """The unit vector of each text, shape (texts, dimensions)."""
        flat, owner = places.reshape(-1, places.shape[-1]).float(), owners.reshape(-1)
        sums = torch.zeros(texts + 1, flat.shape[1], device=flat.device).index_add(0, owner, flat)
        counts = torch.bincount(owner, minlength=texts + 1).clamp(min=1)
        return functional.normalize(functional.linear((sums / counts[:, None])[1:], self.single.weight.float()), dim=1)

    def surprise(self, places: Tensor, hidden: Tensor) -> Tensor:
        """At the words that were hidden at these places."""
        guesses = functional.linear(self.nout(self.out(places)), self.table.weight, self.bias)
        return functional.cross_entropy(guesses.float(), hidden)

    @torch.no_grad()
    def weights(self) -> dict[str, NDArray[np.float32]]:
        """What reading needs, by the names of `indexer.contextual`; what comes before the first block depends on the word alone, so it is one table."""
        table = self.n0(self.inn(self.table.weight))
        left_out = ("table", "inn", "n0", "out", "nout", "bias")
        kept = {
            name.removesuffix(".weight"): weight
            for name, weight in self.named_parameters()
            if name.split(".")[0] not in left_out
        }
        return {name: weight.float().cpu().numpy() for name, weight in {"table": table, **kept}.items()}


def turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    one, other = x.chunk(2, -1)
    return torch.cat((one * cos - other * sin, other * cos + one * sin), -1).to(x.dtype)


class Muon:
    """Steps of the matrices within the blocks: momentum made orthogonal, so that all directions learn alike (Jordan et al. 2024)."""

    def __init__(self, matrices: Iterable[nn.Parameter], rate: float) -> None:
        self.rate = rate
        self._momentum = [(matrix, torch.zeros_like(matrix)) for matrix in matrices]

    @torch.no_grad()
    def step(self, scale: float) -> None:
        rate = self.rate * scale
        for matrix, momentum in self._momentum:
            if matrix.grad is None:
                continue
            momentum.lerp_(matrix.grad, 0.05)
            change = torch.cat([orthogonal(part) for part in squares(matrix.grad.lerp(momentum, 0.95))])
            longer = max(1.0, len(squares(change)[0]) / matrix.shape[1])
            matrix.mul_(1 - 0.02 * rate).add_(change.to(matrix.dtype), alpha=-rate * longer**0.5)


def squares(matrix: Tensor) -> tuple[Tensor, ...]:
    """What asks, answers and says apart; any other matrix whole."""
    rows, columns = matrix.shape
    return torch.split(matrix, columns) if rows == 3 * columns else (matrix,)


def orthogonal(matrix: Tensor) -> Tensor:
    """Near the closest matrix whose singular values are all one, by five steps of Newton and Schulz."""
    x = matrix.bfloat16() if matrix.is_cuda else matrix.float()
    flat = x.shape[0] > x.shape[1]
    x = x.mT if flat else x
    x = x / (x.norm() * 1.02 + 1e-6)
    for _ in range(5):
        square = x @ x.mT
        x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
    made: Tensor = x.mT if flat else x
    return made


def matrices(network: Network) -> Iterator[nn.Parameter]:
    """Of the blocks."""
    return (weight for weight in network.blocks.parameters() if weight.ndim == 2)

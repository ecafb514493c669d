"""The network of the demo model: a small transformer of the llama family, in PyTorch.

Root-mean-square norms, rotary positions on adjacent pairs (the layout that GGUF files of this family
hold, so nothing is permuted on export), grouped key and value heads, a gated feed-forward, and one
matrix for the input and the output embedding.
"""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional


@dataclass(frozen=True)
class Shape:
    """The sizes of a network."""

    vocabulary: int = 2048
    embedding: int = 256
    blocks: int = 5
    heads: int = 4
    kv_heads: int = 2
    feed_forward: int = 704
    context: int = 4096
    rope_base: float = 10000.0
    epsilon: float = 1e-5

    @property
    def head(self):
        return self.embedding // self.heads


class Norm(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.embedding))
        self.epsilon = shape.epsilon

    def forward(self, x):
        return functional.rms_norm(x, x.shape[-1:], self.weight, self.epsilon)


def rotated(x, sine, cosine):
    """Turns each adjacent pair of [batch, head, time, size] by the angles of its position."""
    even, odd = x[..., 0::2], x[..., 1::2]
    turned = torch.stack((even * cosine - odd * sine, even * sine + odd * cosine), -1)
    return turned.flatten(-2)


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        wide, kv = shape.embedding, shape.kv_heads * shape.head
        dense = lambda rows, columns: nn.Linear(rows, columns, bias=False)  # noqa: E731
        self.attention_norm, self.feed_forward_norm = Norm(shape), Norm(shape)
        self.q, self.k, self.v = dense(wide, wide), dense(wide, kv), dense(wide, kv)
        self.o = dense(wide, wide)
        self.gate, self.up = dense(wide, shape.feed_forward), dense(wide, shape.feed_forward)
        self.down = dense(shape.feed_forward, wide)

    def forward(self, x, sine, cosine):
        batch, time, _ = x.shape
        heads = lambda y: y.view(batch, time, -1, self.shape.head).transpose(1, 2).float()  # noqa: E731
        y = self.attention_norm(x)
        q = rotated(heads(self.q(y)), sine, cosine)
        k = rotated(heads(self.k(y)), sine, cosine)
        groups = self.shape.heads // self.shape.kv_heads
        k, v = (z.repeat_interleave(groups, 1) for z in (k, heads(self.v(y))))
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.o(mixed.transpose(1, 2).reshape(batch, time, -1))
        y = self.feed_forward_norm(x)
        return x + self.down(functional.silu(self.gate(y)) * self.up(y))


class Network(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.embedding)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.blocks))
        self.output_norm = Norm(shape)
        self.start()

    def start(self):
        """Normal weights; what writes into the residual stream starts smaller, by depth."""
        nn.init.normal_(self.embedding.weight, std=0.02)
        for name, weight in self.named_parameters():
            if name.startswith("blocks") and weight.ndim == 2:
                residual = ".o." in name or ".down." in name
                depth = (2 * self.shape.blocks) ** -0.5 if residual else 1
                nn.init.normal_(weight, std=depth * weight.shape[1] ** -0.5)

    def forward(self, tokens):
        """Logits [batch, time, vocabulary]."""
        positions = torch.arange(tokens.shape[1])
        pairs = torch.arange(0, self.shape.head, 2) / self.shape.head
        angles = positions[:, None] * self.shape.rope_base**-pairs
        sine, cosine = angles.sin(), angles.cos()
        x = self.embedding(tokens)
        for block in self.blocks:
            x = block(x, sine, cosine)
        return functional.linear(self.output_norm(x), self.embedding.weight)

    def losses(self, tokens):
        """Nats for each token that follows one of [batch, time + 1], flat."""
        logits = self(tokens[:, :-1]).float()
        return functional.cross_entropy(
            logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none"
        )

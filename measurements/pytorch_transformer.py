"""The speed reference of the Transformers: the same text VAE in PyTorch, with its own attention."""

import torch
from torch import nn
from torch.nn import functional

PAD, START, END = 0, 1, 2
MAX_NORM = 5.0
CERTAIN = 1e4

Cache = list[tuple[torch.Tensor, torch.Tensor]]


def rotations(positions: torch.Tensor, width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Cosine and sine `[positions, width / 2]` of int64 positions."""
    frequency = 10_000.0 ** (-torch.arange(0, width, 2) / width)
    angle = positions[:, None] * frequency
    return angle.cos(), angle.sin()


def rotate(values: torch.Tensor, by: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
    """Queries or keys `[batch, heads, positions, width]`, turned."""
    first, second = values.chunk(2, dim=-1)
    cosine, sine = by
    return torch.cat([first * cosine - second * sine, second * cosine + first * sine], dim=-1)


class Block(nn.Module):
    """Pre-norm attention and feed-forward map."""

    def __init__(self, units: int, heads: int, dropout: float):
        super().__init__()
        self.heads = heads
        self.attention_norm = nn.RMSNorm(units)
        self.projection = nn.Linear(units, 3 * units, bias=False)
        self.output = nn.Linear(units, units, bias=False)
        self.feed_forward_norm = nn.RMSNorm(units)
        self.up, self.down = nn.Linear(units, 4 * units), nn.Linear(4 * units, units)
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        hidden: torch.Tensor,
        by: tuple[torch.Tensor, torch.Tensor],
        before: tuple[torch.Tensor, torch.Tensor] | None = None,
        mask: torch.Tensor | None = None,
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """States `[batch, time, units]`, and all keys and values.

        Args:
            hidden: `[batch, time, units]`.
            by: rotations of the positions.
            before: keys and values of earlier positions, `[batch, heads, earlier, width]`.
            mask: whether a position is attended to, `[time, earlier + time]`.
        """
        batch, time, units = hidden.shape
        projected = self.projection(self.attention_norm(hidden))
        parts = projected.view(batch, time, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = rotate(parts[0], by), rotate(parts[1], by), parts[2]
        if before is not None:
            key, value = torch.cat([before[0], key], dim=2), torch.cat([before[1], value], dim=2)
        seen = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        seen = seen.transpose(1, 2).reshape(batch, time, units)
        hidden = hidden + self.dropout(self.output(seen))
        added = self.down(functional.gelu(self.up(self.feed_forward_norm(hidden))))
        return hidden + self.dropout(added), (key, value)


class PyTorchTransformer(nn.Module):
    """The VAE of a Transformer encoder and decoder, with its training step and its generation."""

    def __init__(
        self,
        vocabulary_size: int,
        latent_dim: int,
        embedding_dim: int,
        units: int,
        depth: int = 4,
        heads: int = 4,
        dropout: float = 0.5,
        layer_dropout: float = 0.1,
    ):
        super().__init__()
        self.head_width = units // heads
        self.read = nn.ModuleList(nn.Embedding(vocabulary_size, embedding_dim) for _ in range(2))
        self.project = nn.ModuleList(nn.Linear(embedding_dim, units, bias=False) for _ in range(2))
        self.encoder = nn.ModuleList(Block(units, heads, 0.0) for _ in range(depth))
        self.decoder = nn.ModuleList(Block(units, heads, layer_dropout) for _ in range(depth))
        self.norm = nn.ModuleList(nn.RMSNorm(units) for _ in range(2))
        self.posterior = nn.Linear(units, 2 * latent_dim, bias=False)
        self.add = nn.Linear(latent_dim, units, bias=False)
        self.memory = nn.Linear(latent_dim, depth * 2 * units, bias=False)
        self.vocabulary = nn.Linear(units, vocabulary_size, bias=False)
        self.dropout = nn.Dropout(dropout)
        self.optimizer = torch.optim.SGD(self.parameters(), 0.1)

    def encode(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log variance `[batch, latent]` of ids `[batch, time]` without padding."""
        hidden = self.project[0](self.read[0](ids))
        by = rotations(torch.arange(ids.shape[1]), self.head_width)
        for block in self.encoder:
            hidden, _ = block(hidden, by)
        return self.posterior(self.norm[0](hidden).mean(1)).chunk(2, dim=1)

    def remember(self, z: torch.Tensor) -> Cache:
        """The key and the value of z in each block, `[batch, heads, 1, width]`."""
        parts = self.memory(z).view(len(z), len(self.decoder), 2, -1, 1, self.head_width)
        return [(part[:, 0], part[:, 1]) for part in parts.unbind(1)]

    def states(
        self, ids: torch.Tensor, z: torch.Tensor, cache: Cache, first: int = 0
    ) -> tuple[torch.Tensor, Cache]:
        """States `[batch, time, units]` after ids `[batch, time]`, and the longer cache."""
        embedded = self.dropout(self.read[1](ids)) * self.read[1].embedding_dim ** 0.5
        hidden = self.project[1](embedded) + self.add(z)[:, None]
        time = ids.shape[1]
        by = rotations(torch.arange(first, first + time), self.head_width)
        mask = None
        if time > 1:
            causal = torch.ones(time, time, dtype=torch.bool).tril()
            mask = functional.pad(causal, (1, 0), value=True)
        after = []
        for block, before in zip(self.decoder, cache, strict=True):
            hidden, longer = block(hidden, by, before, mask)
            after.append(longer)
        return self.dropout(self.norm[1](hidden)), after

    def training_step(self, ids: torch.Tensor) -> float:
        """Updates the parameters once; returns the loss of the batch `[batch, time]`."""
        self.train()
        self.optimizer.zero_grad()
        mean, log_variance = self.encode(ids)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()
        hidden, _ = self.states(ids[:, :-1], z, self.remember(z))
        logits = self.vocabulary(hidden).flatten(0, 1)
        loss = functional.cross_entropy(logits, ids[:, 1:].flatten(), reduction="sum")
        loss = (loss + kl) / len(ids)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters(), MAX_NORM)
        self.optimizer.step()
        return loss.item()

    @torch.inference_mode()
    def generate(self, z: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Greedy sentences of z `[batch, latent]` that end at `lengths`, int64 `[batch, time]`."""
        self.eval()
        token = torch.full((len(z), 1), START)
        ended = torch.zeros(len(z), dtype=torch.bool)
        cache, tokens = self.remember(z), []
        while not ended.all():
            hidden, cache = self.states(token, z, cache, len(tokens))
            logits = self.vocabulary(hidden[:, 0])
            logits[:, END] = torch.where(lengths == len(tokens) + 1, CERTAIN, -CERTAIN)
            token = logits.argmax(1, keepdim=True)
            tokens.append(token)
            ended |= token[:, 0] == END
        return torch.cat(tokens, dim=1)

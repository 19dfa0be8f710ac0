"""The speed reference: an LSTM text VAE in PyTorch, of the design of the public baselines."""

import torch
from torch import nn
from torch.nn import functional

PAD, START, END = 0, 1, 2
MAX_NORM = 5.0
CERTAIN = 1e4


class Encoder(nn.Module):
    """Embeds and reads a sentence; its last real state gives mean and log-variance."""

    def __init__(self, vocabulary_size: int, latent_dim: int, embedding_dim: int, units: int):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_dim)
        self.lstm = nn.LSTM(embedding_dim, units, batch_first=True)
        self.posterior = nn.Linear(units, 2 * latent_dim, bias=False)

    def forward(self, ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Mean and log-variance `[batch, latent]` of int64 ids `[batch, time]`."""
        hidden, _ = self.lstm(self.embedding(ids))
        last = (ids != PAD).sum(1) - 1
        return self.posterior(hidden[torch.arange(len(ids)), last]).chunk(2, dim=1)


class Decoder(nn.Module):
    """Predicts each token from those before it, with z in the first state and at every step."""

    def __init__(
        self,
        vocabulary_size: int,
        latent_dim: int,
        embedding_dim: int,
        units: int,
        dropout: float,
    ):
        super().__init__()
        self.embedding = nn.Embedding(vocabulary_size, embedding_dim)
        self.dropout = nn.Dropout(dropout)
        self.cell = nn.Linear(latent_dim, units, bias=False)
        self.lstm = nn.LSTM(embedding_dim + latent_dim, units, batch_first=True)
        self.vocabulary = nn.Linear(units, vocabulary_size, bias=False)

    def initial_state(self, z: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Hidden and cell state `[1, batch, units]` of z `[batch, latent]`."""
        cell = self.cell(z)[None]
        return torch.tanh(cell), cell

    def forward(
        self, ids: torch.Tensor, z: torch.Tensor, state: tuple[torch.Tensor, torch.Tensor]
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        """Logits `[batch, time, vocabulary]` after each of the ids `[batch, time]`, and state."""
        embedded = self.dropout(self.embedding(ids))
        repeated = z[:, None].expand(-1, ids.shape[1], -1)
        hidden, state = self.lstm(torch.cat([embedded, repeated], dim=2), state)
        return self.vocabulary(self.dropout(hidden)), state


class PyTorchVAE(nn.Module):
    """The VAE with its training step (SGD, gradients clipped to a global norm of 5).

    With `bfloat16` the step is computed under `torch.autocast`.
    """

    def __init__(
        self,
        vocabulary_size: int,
        latent_dim: int = 32,
        embedding_dim: int = 512,
        units: int = 1024,
        dropout: float = 0.5,
        learning_rate: float = 1.0,
        bfloat16: bool = False,
    ):
        super().__init__()
        self.bfloat16 = bfloat16
        self.encoder = Encoder(vocabulary_size, latent_dim, embedding_dim, units)
        self.decoder = Decoder(vocabulary_size, latent_dim, embedding_dim, units, dropout)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.01, 0.01)
        for embedding in (self.encoder.embedding, self.decoder.embedding):
            nn.init.uniform_(embedding.weight, -0.1, 0.1)
        self.optimizer = torch.optim.SGD(self.parameters(), learning_rate)

    def loss(self, ids: torch.Tensor) -> torch.Tensor:
        """Mean of reconstruction + KL in nats over int64 ids `[batch, time]`."""
        mean, log_variance = self.encoder(ids)
        z = mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)
        kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).sum()
        logits, _ = self.decoder(ids[:, :-1], z, self.decoder.initial_state(z))
        reconstruction = functional.cross_entropy(
            logits.flatten(0, 1), ids[:, 1:].flatten(), ignore_index=PAD, reduction="sum"
        )
        return (reconstruction + kl) / len(ids)

    def training_step(self, ids: torch.Tensor) -> float:
        """Updates the parameters once; returns the loss of the batch `[batch, time]`."""
        self.train()
        self.optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bfloat16):
            loss = self.loss(ids)
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters(), MAX_NORM)
        self.optimizer.step()
        return loss.item()

    @torch.inference_mode()
    def generate(self, z: torch.Tensor, lengths: torch.Tensor, sample: bool) -> torch.Tensor:
        """Decodes z `[batch, latent]` until all rows have ended, int64 `[batch, time]`.

        Takes the likeliest token, or with `sample` draws from the model's distribution. The end
        symbol comes where `lengths`, int64 `[batch]`, says: untrained weights would not end.
        """
        self.eval()
        token = torch.full((len(z), 1), START)
        ended = torch.zeros(len(z), dtype=torch.bool)
        state = self.decoder.initial_state(z)
        tokens = []
        while not ended.all():
            logits, state = self.decoder(token, z, state)
            logits = logits[:, 0]
            logits[:, END] = torch.where(lengths == len(tokens) + 1, CERTAIN, -CERTAIN)
            if sample:
                token = torch.multinomial(torch.softmax(logits, dim=1), 1)
            else:
                token = logits.argmax(1, keepdim=True)
            tokens.append(token)
            ended |= token[:, 0] == END
        return torch.cat(tokens, dim=1)

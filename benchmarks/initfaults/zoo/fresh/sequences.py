"""Texts, tags, sounds and series: convolutions over time, recurrent layers and cells, state spaces."""

import math
from functools import partial

import torch
from benchmarks.initfaults.data import Pair
from benchmarks.initfaults.losses import ctc_loss, mean_loss, tag_loss
from benchmarks.initfaults.zoo.fresh.data import PAD, reversals, series, sounds, tags, topics, utterances
from benchmarks.initfaults.zoo.fresh.named import named
from torch import Tensor, nn
from torch.nn import functional


class TextConv(nn.Module):
    """Kim (2014): convolutions of widths 3, 4, 5 over embeddings, the largest of each, dropout."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.words = nn.Embedding(100, width, padding_idx=PAD)
        nn.init.uniform_(self.words.weight, -0.25, 0.25)
        self.convs = nn.ModuleList(nn.Conv1d(width, 24, k) for k in (3, 4, 5))
        self.drop, self.head = nn.Dropout(0.3), nn.Linear(72, 4)

    def forward(self, ids: Tensor) -> Tensor:
        x = self.words(ids).transpose(1, 2)
        return self.head(self.drop(torch.cat([torch.relu(conv(x)).amax(2) for conv in self.convs], 1)))


class WordBag(nn.Module):
    """fastText: the mean of the words' vectors, a linear layer (Joulin et al., 2017)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.words, self.head = nn.EmbeddingBag(100, width, mode="mean", padding_idx=PAD), nn.Linear(width, 4)
        nn.init.uniform_(self.words.weight, -1 / width, 1 / width)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.words(ids))


class Tagger(nn.Module):
    """A recurrent layer both ways over padded texts, five tags a word."""

    def __init__(self, kind: type[nn.GRU] | type[nn.LSTM], width: int = 32) -> None:
        super().__init__()
        self.words = nn.Embedding(100, width, padding_idx=PAD)
        self.cell = kind(width, width, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * width, 5)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.cell(self.words(ids))[0])


class Chain(nn.Module):
    """A linear-chain CRF over such a tagger: each text's negative log likelihood (Lample et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.tagger = Tagger(nn.LSTM, 24)
        self.moves = nn.Parameter(torch.empty(5, 5).uniform_(-0.1, 0.1))

    def forward(self, both: Tensor) -> Tensor:
        ids, gold = both.chunk(2, 1)
        scores, gold = self.tagger(ids), gold.clamp_min(0)
        path = scores.gather(2, gold[:, :, None])[:, :, 0].sum(1) + self.moves[gold[:, :-1], gold[:, 1:]].sum(1)
        total = scores[:, 0]
        for t in range(1, ids.shape[1]):
            total = torch.logsumexp(total[:, :, None] + self.moves, 1) + scores[:, t]
        return torch.logsumexp(total, 1) - path


class Translator(nn.Module):
    """GRU encoder and decoder cell with additive attention (Bahdanau et al., 2015)."""

    def __init__(self, width: int = 32, length: int = 6) -> None:
        super().__init__()
        self.words, self.length = nn.Embedding(20, width), length
        self.encoder = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.key, self.query, self.score = nn.Linear(2 * width, width), nn.Linear(width, width), nn.Linear(width, 1)
        self.cell, self.head = nn.GRUCell(3 * width, width), nn.Linear(width, 20)

    def forward(self, ids: Tensor) -> Tensor:
        source, last = self.encoder(self.words(ids[:, : self.length]))
        keys, h, out = self.key(source), last[1], []
        for word in self.words(ids[:, self.length :]).unbind(1):
            weight = torch.softmax(self.score(torch.tanh(keys + self.query(h)[:, None])), 1)
            h = self.cell(torch.cat([word, (weight * source).sum(1)], 1), h)
            out.append(self.head(h))
        return torch.stack(out, 1)


class Forecaster(nn.Module):
    """A two-layer LSTM read at its last step."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.cell = nn.LSTM(2, width, 2, batch_first=True, dropout=0.1)
        self.head = nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.cell(x)[0][:, -1])


class MinimalGRU(nn.Module):
    """h = (1 - z) h + z W x, stacked with norms (Feng et al., 2024)."""

    def __init__(self, width: int = 32, depth: int = 2) -> None:
        super().__init__()
        self.stem, self.head = nn.Linear(2, width), nn.Linear(width, 4)
        self.gates = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.values = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for gate, value, norm in zip(self.gates, self.values, self.norms, strict=True):
            y = norm(x)
            z, v, h, out = torch.sigmoid(gate(y)), value(y), torch.zeros_like(x[:, 0]), []
            for t in range(x.shape[1]):
                h = (1 - z[:, t]) * h + z[:, t] * v[:, t]
                out.append(h)
            x = x + torch.stack(out, 1)
        return self.head(x[:, -1])


class Dilated(nn.Module):
    """TCN: weight-normalised causal convolutions around skips, N(0, 0.01²) as published (Bai et al., 2018)."""

    def __init__(self, width: int = 24, depth: int = 3) -> None:
        super().__init__()
        norm = nn.utils.parametrizations.weight_norm
        widths = (2, *[width] * depth)
        self.convs = nn.ModuleList(norm(nn.Conv1d(widths[i], width, 3, dilation=2**i)) for i in range(depth))
        self.skips = nn.ModuleList(nn.Conv1d(widths[i], width, 1) for i in range(depth))
        self.head = nn.Linear(width, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = x.transpose(1, 2)
        for index, (conv, skip) in enumerate(zip(self.convs, self.skips, strict=True)):
            x = torch.relu(torch.relu(conv(functional.pad(x, (2 ** (index + 1), 0)))) + skip(x))
        return self.head(x[:, :, -1])


class Sound(nn.Module):
    """M5: a wide strided first convolution on the raw wave, batch norms, pooling (Dai et al., 2017)."""

    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv1d(1, width, 16, 4), nn.Conv1d(width, 2 * width, 3)
        self.norm1, self.norm2, self.head = nn.BatchNorm1d(width), nn.BatchNorm1d(2 * width), nn.Linear(2 * width, 6)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool1d(torch.relu(self.norm1(self.conv1(x))), 2)
        return self.head(torch.relu(self.norm2(self.conv2(x))).mean(2))


class Spectral(nn.Module):
    """A fixed spectrogram in decibels, 2-D convolutions over it."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(1)
        self.conv1, self.conv2 = nn.Conv2d(1, width, 3, padding=1), nn.Conv2d(width, 2 * width, 3, 2, 1)
        self.head = nn.Linear(2 * width, 6)

    def forward(self, x: Tensor) -> Tensor:
        power = torch.stft(x[:, 0], 32, 8, window=torch.hann_window(32), return_complex=True).abs() ** 2
        x = self.norm(10 * torch.log10(power + 1e-6)[:, None])
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(x))))
        return self.head(x.mean((2, 3)))


class Speech(nn.Module):
    """A convolution in time, a GRU both ways, letters and a blank for CTC."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv1d(8, width, 5, 2, 2), nn.LayerNorm(width)
        self.cell = nn.GRU(width, width, batch_first=True, bidirectional=True)
        self.head = nn.Linear(2 * width, 9)

    def forward(self, x: Tensor) -> Tensor:
        h = functional.gelu(self.norm(self.conv(x.transpose(1, 2)).transpose(1, 2)))
        return self.head(self.cell(h)[0])


class StateSpace(nn.Module):
    """S4D: complex diagonal states -1/2 + iπn, steps in [1e-3, 1e-1], a convolution by FFT (Gu et al., 2022)."""

    def __init__(self, width: int = 24, states: int = 8) -> None:
        super().__init__()
        self.log_step = nn.Parameter(torch.rand(width) * math.log(100) + math.log(1e-3))
        self.log_decay = nn.Parameter(torch.full((width, states), math.log(0.5)))
        self.pitch = nn.Parameter(math.pi * torch.arange(states).float().repeat(width, 1))
        self.read = nn.Parameter(torch.randn(width, states, 2) * 0.5**0.5)
        self.through, self.mix = nn.Parameter(torch.randn(width)), nn.Linear(width, 2 * width)

    def forward(self, x: Tensor) -> Tensor:
        pole = torch.complex(-self.log_decay.exp(), self.pitch)
        rate = pole * self.log_step.exp()[:, None]
        kernel = 2 * torch.einsum(
            "hn,hnl->hl", torch.view_as_complex(self.read) * (rate.exp() - 1) / pole,
            torch.exp(rate[..., None] * torch.arange(x.shape[2])),
        ).real  # fmt: skip
        n = 2 * x.shape[2]
        y = torch.fft.irfft(torch.fft.rfft(x, n=n) * torch.fft.rfft(kernel, n=n), n=n)[..., : x.shape[2]]
        y = functional.gelu(y + self.through[:, None] * x)
        return functional.glu(self.mix(y.transpose(1, 2)), -1).transpose(1, 2)


class LinearUnit(nn.Module):
    """LRU: complex diagonal recurrence on a ring 0.9 to 0.999, normalised inputs (Orvieto et al., 2023)."""

    def __init__(self, width: int = 24, states: int = 16) -> None:
        super().__init__()
        u = torch.rand(states) * (0.999**2 - 0.9**2) + 0.9**2
        self.nu = nn.Parameter(torch.log(-0.5 * torch.log(u)))
        self.theta = nn.Parameter(torch.log(6.28 * torch.rand(states)))
        self.gamma = nn.Parameter(torch.log(torch.sqrt(1 - u)))
        self.write = nn.Parameter(torch.randn(states, width, 2) / math.sqrt(2 * width))
        self.read = nn.Parameter(torch.randn(width, states, 2) / math.sqrt(states))
        self.mix = nn.Linear(width, 2 * width)

    def forward(self, x: Tensor) -> Tensor:
        pole = torch.exp(torch.complex(-self.nu.exp(), self.theta.exp()))
        into = torch.view_as_complex(self.write) * self.gamma.exp()[:, None]
        u = torch.einsum("sw,bwl->bsl", into, x.to(torch.complex64))
        h, out = torch.zeros_like(u[..., 0]), []
        for t in range(x.shape[2]):
            h = pole * h + u[..., t]
            out.append(h)
        y = torch.einsum("ws,bsl->bwl", torch.view_as_complex(self.read), torch.stack(out, 2)).real
        return functional.glu(self.mix(functional.gelu(y).transpose(1, 2)), -1).transpose(1, 2)


class States(nn.Module):
    """Two such layers around skips with norms, the mean of all steps."""

    def __init__(self, layer: type[nn.Module], inputs: int, outputs: int, width: int = 24) -> None:
        super().__init__()
        self.stem, self.head = nn.Linear(inputs, width), nn.Linear(width, outputs)
        self.layers = nn.ModuleList(layer(width) for _ in range(2))
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = x + layer(norm(x).transpose(1, 2)).transpose(1, 2)
        return self.head(x.mean(1))


def _tagged() -> Pair:
    x, y = tags()
    return torch.cat([x, y], 1), torch.zeros(len(x))


_net = partial(named, rows=32)
CE, MSE = nn.CrossEntropyLoss(), nn.MSELoss()
LSTM2 = "cell.weight_ih_l0 cell.weight_hh_l0 cell.weight_ih_l1 cell.weight_hh_l1"
MINIMAL = "stem.weight " + " ".join(f"{part}.{i}.weight" for i in range(2) for part in ("gates", "values"))
TRANSLATOR = "encoder.weight_ih_l0 key.weight query.weight cell.weight_ih cell.weight_hh"
SEQUENCES = (
    _net("text-conv", topics, TextConv, CE, "convs.0.weight convs.1.weight convs.2.weight", embedding="words.weight"),
    _net("word-bag", topics, WordBag, CE),
    _net("gru-tagger", tags, lambda: Tagger(nn.GRU), tag_loss, "cell.weight_ih_l0 cell.weight_hh_l0", act="lstm"),
    _net("lstm-crf", _tagged, Chain, mean_loss),
    _net("translator", reversals, Translator, tag_loss, TRANSLATOR, act="lstm"),
    _net("lstm-forecast", series, Forecaster, MSE, LSTM2, act="lstm"),
    _net("minimal-gru", series, MinimalGRU, MSE, MINIMAL, act="silu"),
    _net("tcn-weight-norm", series, Dilated, nn.SmoothL1Loss()),
    _net("sound-conv", sounds, Sound, CE, "conv1.weight conv2.weight"),
    _net("spectrogram", sounds, Spectral, CE, "conv1.weight conv2.weight", act="gelu"),
    _net("speech-ctc", utterances, Speech, ctc_loss, "conv.weight cell.weight_ih_l0 cell.weight_hh_l0", act="lstm"),
    _net("s4d", lambda: (sounds(64)[0].transpose(1, 2), sounds(64)[1]), lambda: States(StateSpace, 1, 6), CE),
    _net("lru", series, lambda: States(LinearUnit, 2, 4), MSE),
)

"""PyTorch: nn.GRU and nn.LSTM on the CPU, oneDNN where it has them; eager, or `compile`."""

import sys

import numpy as np
import torch
from torch import nn

from protocol import THREADS, batches, rows, serve, weights

COMPILES = "compile" in sys.argv[1:]
torch.set_num_threads(THREADS)
torch.set_num_interop_threads(1)


class Reviews(nn.Module):
    def __init__(self, work):
        super().__init__()
        v, d, u = work["vocabulary"], work["dimension"], work["units"]
        self.kind = work["model"]
        self.embedding = nn.Embedding(v, d)
        if self.kind == "ffnn":
            self.hidden, self.head = nn.Linear(d, 10), nn.Linear(10, 1)
        else:
            self.rnn = (nn.GRU if self.kind == "gru" else nn.LSTM)(d, u, batch_first=True)
            self.head = nn.Linear(u, 1)
        self.load(weights(work))

    def forward(self, ids):
        x = self.embedding(ids)
        if self.kind == "ffnn":
            return self.head(torch.relu(self.hidden(x.amax(1))))[:, 0]
        return self.head(self.rnn(x)[0][:, -1])[:, 0]

    @torch.no_grad()
    def load(self, arrays):
        def fill(parameter, array):
            parameter.copy_(torch.from_numpy(np.ascontiguousarray(array)))

        fill(self.embedding.weight, arrays[0])
        fill(self.head.weight, arrays[-2].T)
        fill(self.head.bias, arrays[-1])
        if self.kind == "ffnn":
            fill(self.hidden.weight, arrays[1].T)
            fill(self.hidden.bias, arrays[2])
            return
        kernel, recurrent, bias = arrays[1:4]
        gates = 3 if self.kind == "gru" else 4
        # Keras has z, r, h and torch r, z, n; the gates of an LSTM stand alike.
        order = [1, 0, 2] if self.kind == "gru" else [0, 1, 2, 3]

        def ordered(array):
            parts = np.split(array, gates, axis=-1)
            return np.concatenate([parts[i] for i in order], axis=-1)

        fill(self.rnn.weight_ih_l0, ordered(kernel).T)
        fill(self.rnn.weight_hh_l0, ordered(recurrent).T)
        if self.kind == "gru":
            fill(self.rnn.bias_ih_l0, ordered(bias[0]))
            fill(self.rnn.bias_hh_l0, ordered(bias[1]))
        else:
            # Keras has one bias; the second stays zero.
            fill(self.rnn.bias_ih_l0, ordered(bias))
            self.rnn.bias_hh_l0.zero_()
            self.rnn.bias_hh_l0.requires_grad_(False)


def prepare(work):
    model = Reviews(work)
    call = torch.compile(model, dynamic=False) if COMPILES else model
    if work["kind"] != "train":
        return predictor(work, model, call)
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.RMSprop(parameters, lr=0.001, alpha=0.9, eps=1e-7, foreach=True)
    loss_of = nn.functional.binary_cross_entropy_with_logits
    data = [(torch.from_numpy(x).long(), torch.from_numpy(y)) for x, y in batches(work)]
    count = sum(len(x) for x, _ in data)

    def run():
        total, correct = torch.zeros(()), torch.zeros((), dtype=torch.long)
        for x, y in data:
            optimizer.zero_grad(set_to_none=True)
            logits = call(x)
            loss = loss_of(logits, y)
            loss.backward()
            optimizer.step()
            with torch.no_grad():
                total += loss * len(x)
                correct += ((logits > 0) == (y > 0.5)).sum()
        correct.item()
        return total.item() / count

    return run


def predictor(work, model, call):
    model.eval()
    x, _ = rows(work)
    size = 1 if work["kind"] == "single" else work["batch"]
    parts = [torch.from_numpy(x[i : i + size]).long() for i in range(0, len(x), size)]

    @torch.inference_mode()
    def run():
        for part in parts:
            torch.sigmoid(call(part)).numpy()

    return run


serve(
    "torch.compile" if COMPILES else "eager, oneDNN" if torch.backends.mkldnn.is_available() else "eager",
    {"torch": torch.__version__},
    prepare,
)

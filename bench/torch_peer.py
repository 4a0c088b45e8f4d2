"""PyTorch as a peer of bench.c. Reads questions from stdin, one a line, and answers each with the seconds that one operation
takes (a median), or 0 when it cannot be had:

    step|predict eager|compiled WIDTHS BATCH NORM ACTIVATION MOMENTUM SECONDS       step eager 784-512-512-10 128 1 relu 0 0.2
    product forward|dx|dw ROWS OUTPUTS INPUTS SECONDS

The first line it writes is PyTorch's version."""
import functools
import logging
import statistics
import sys
import time

import torch
from torch import nn


ACTIVATIONS = {"relu": nn.ReLU, "leaky_relu": nn.LeakyReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}


def network(widths, norm, activation):
    layers = []
    for i, (inputs, outputs) in enumerate(zip(widths, widths[1:])):
        layers.append(nn.Linear(inputs, outputs))
        if i < len(widths) - 2:
            layers += [nn.BatchNorm1d(outputs)] * norm + [ACTIVATIONS[activation]()]
    return nn.Sequential(*layers)


def step(how, widths, batch, norm, activation, momentum):
    model = network(widths, norm, activation)
    x, labels = torch.rand(batch, widths[0]) * 2 - 1, torch.arange(batch) % widths[-1]
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-6, momentum=momentum)

    def loss_of(x, labels):
        return nn.functional.cross_entropy(model(x), labels)

    if how == "compiled":
        loss_of = torch.compile(loss_of)

    def call():
        optimizer.zero_grad()
        loss_of(x, labels).backward()
        optimizer.step()

    return call


def predict(how, widths, batch, norm, activation, _):
    model = network(widths, norm, activation).eval()
    x = torch.rand(batch, widths[0])
    if how == "compiled":
        model = torch.compile(model)

    def call():
        with torch.inference_mode():
            model(x)

    return call


def product(kind, rows, outputs, inputs):
    x, w, dy = torch.rand(rows, inputs), torch.rand(outputs, inputs), torch.rand(rows, outputs)
    a, b = {"forward": (x, w.t()), "dx": (dy, w), "dw": (dy.t(), x)}[kind]
    out = torch.empty(a.shape[0], b.shape[1])
    return lambda: torch.mm(a, b, out=out)


@functools.lru_cache(maxsize=8)
def prepare(question):
    what, *words = question
    if what == "product":
        return product(words[0], *map(int, words[1:]))
    how, widths, batch, norm, activation, momentum = words
    torch.compiler.reset()
    make = {"step": step, "predict": predict}[what]
    call = make(how, [int(width) for width in widths.split("-")], int(batch), norm == "1", activation, float(momentum))
    for _ in range(3):
        call()
    return call


def measure(call, seconds):
    samples = []
    call()
    end = time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        call()
        stop = time.perf_counter()
        samples.append(stop - start)
        if stop >= end:
            return statistics.median(samples)


def main():
    logging.getLogger("torch").setLevel(logging.ERROR)
    torch.set_num_threads(int(sys.argv[1]))
    print(torch.__version__, flush=True)
    for line in sys.stdin:
        *question, seconds = line.split()
        try:
            answer = measure(prepare(tuple(question)), float(seconds))
        except Exception as problem:
            print(f"torch_peer: {' '.join(question)}: {problem}", file=sys.stderr)
            answer = 0
        print(answer, flush=True)


main()

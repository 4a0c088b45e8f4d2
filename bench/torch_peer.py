"""PyTorch as a peer of bench.c. Reads questions from stdin, one a line, and answers each with the seconds that one operation
takes (a median), or 0 when it cannot be had:

    step|predict eager|compiled WIDTHS BATCH NORM ACTIVATION MOMENTUM SECONDS       step eager 784-512-512-10 128 1 relu 0 0.2
    product forward|dx|dw ROWS OUTPUTS INPUTS SECONDS
    network|inference eager|channels_last|compiled FILE BATCH SECONDS               FILE is written by bnc --print

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
    return training_step(how, model, nn.functional.cross_entropy, x, labels, optimizer)


def training_step(how, model, criterion, x, truth, optimizer):
    def loss_of(x, truth):
        return criterion(model(x), truth)

    if how == "compiled":
        loss_of = torch.compile(loss_of)

    def call():
        optimizer.zero_grad()
        loss_of(x, truth).backward()
        optimizer.step()

    return call


def predict(how, widths, batch, norm, activation, _):
    return prediction(how, network(widths, norm, activation), torch.rand(batch, widths[0]))


def prediction(how, model, x):
    model.eval()
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


class Residual(nn.Module):
    def __init__(self, body, shortcut):
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x):
        return self.body(x) + self.shortcut(x)


class BatchNorm(nn.BatchNorm1d):
    """Of features and of channels: bnc has one name for both."""

    def _check_input_dim(self, x):
        pass


def size(text):
    pair = [int(number) for number in text.split("x")]
    return pair[0] if len(pair) == 1 else tuple(pair)


def layer(name, places, named):
    """A layer of a line of bnc --print, such as conv2d 3 16 3 padding=1 bias=false."""
    options = {key: size(named[key]) for key in ("stride", "padding") if key in named}
    if name == "conv2d":
        return nn.Conv2d(int(places[0]), int(places[1]), size(places[2]), groups=int(named.get("groups", 1)),
                         bias=named.get("bias") != "false", **options)
    if name == "linear":
        return nn.Linear(int(places[0]), int(places[1]), bias=named.get("bias") != "false")
    if name == "batchnorm":
        return BatchNorm(int(places[0]))
    if name == "maxpool2d":
        return nn.MaxPool2d(size(places[0]), **options)
    if name == "global_avgpool":
        return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    return {"flatten": nn.Flatten, **ACTIVATIONS}[name]()


def read_layers(lines):
    """The layers up to a line with a brace, which stays at the front of the lines."""
    layers = []
    while lines and not lines[0].startswith("}"):
        name, *words = lines.pop(0).split()
        if name == "residual":
            body, shortcut = read_layers(lines), nn.Identity()
            if lines.pop(0) == "} {":
                shortcut = read_layers(lines)
                lines.pop(0)
            layers.append(Residual(body, shortcut))
            continue
        named = dict(word.split("=") for word in words if "=" in word)
        layers.append(layer(name, [word for word in words if "=" not in word], named))
    return nn.Sequential(*layers)


def read_network(file):
    """The model, the shape of a sample, the loss and the optimizer's name of a printed network."""
    with open(file, encoding="utf-8") as text:
        lines = [line.strip() for line in text]
    shape = [int(number) for number in next(line for line in lines if line.startswith("input ")).split()[1].split("x")]
    settings = {line.split()[0]: line.split()[1] for line in lines if line.startswith(("loss ", "optimizer "))}
    first = next(i for i, line in enumerate(lines) if line.startswith("input ")) + 1
    last = next(i for i, line in enumerate(lines) if line.startswith("loss "))
    return read_layers(lines[first:last]), shape, settings["loss"], settings["optimizer"]


def in_format(how, model, x):
    form = torch.channels_last if how == "channels_last" else torch.contiguous_format
    return model.to(memory_format=form), x.to(memory_format=form)


def network_step(how, file, batch):
    model, shape, loss, optimizer = read_network(file)
    model, x = in_format(how, model, torch.rand(batch, *shape) * 2 - 1)
    outputs = model(x).shape[1]
    truth = torch.rand(batch, outputs) if loss == "mse" else torch.arange(batch) % outputs
    criterion = {"mse": nn.functional.mse_loss, "cross_entropy": nn.functional.cross_entropy}[loss]
    parameters = model.parameters()
    update = torch.optim.Adam(parameters, lr=1e-6) if optimizer == "adam" else torch.optim.SGD(
        parameters, lr=1e-6, momentum=0.9)
    return training_step(how, model, criterion, x, truth, update)


def network_predict(how, file, batch):
    model, shape, _, _ = read_network(file)
    return prediction(how, *in_format(how, model, torch.rand(batch, *shape)))


@functools.lru_cache(maxsize=8)
def prepare(question):
    what, *words = question
    if what == "product":
        return product(words[0], *map(int, words[1:]))
    torch.compiler.reset()
    if what in ("network", "inference"):
        how, file, batch = words
        call = {"network": network_step, "inference": network_predict}[what](how, file, int(batch))
    else:
        how, widths, batch, norm, activation, momentum = words
        make = {"step": step, "predict": predict}[what]
        call = make(how, [int(width) for width in widths.split("-")], int(batch), norm == "1", activation,
                    float(momentum))
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

"""The article's script on PyTorch, without its plot: both networks, side by side on the same batches. For the time it takes."""
import math

import numpy
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def moons(count=1000, noise=0.1, seed=42):
    """As scikit-learn's make_moons."""
    random = numpy.random.RandomState(seed)
    outer = numpy.linspace(0, math.pi, count // 2)
    x = numpy.vstack([
        numpy.append(numpy.cos(outer), 1 - numpy.cos(outer)),
        numpy.append(numpy.sin(outer), 0.5 - numpy.sin(outer)),
    ]).T
    y = numpy.repeat([0, 1], count // 2)
    order = numpy.arange(count)
    random.shuffle(order)
    x, y = x[order], y[order]
    return x + random.normal(scale=noise, size=x.shape), y


x, y = moons()
data = TensorDataset(torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.long))
torch.manual_seed(0)
plain = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 2))
normed = nn.Sequential(nn.Linear(2, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))
models = [(model, torch.optim.SGD(model.parameters(), lr=1e-4)) for model in (plain, normed)]
for epoch in range(10):
    sums = [0.0, 0.0]
    batches = DataLoader(data, batch_size=32, shuffle=True)
    for inputs, labels in batches:
        for i, (model, optimizer) in enumerate(models):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(inputs), labels)
            loss.backward()
            optimizer.step()
            sums[i] += loss.item()
    print(f"Epoch {epoch}: mlp loss={sums[0] / len(batches):.4f}, mlp_bn loss={sums[1] / len(batches):.4f}")

"""Records training runs of PyTorch for parity_test.c to repeat: python3 record.py writes *.txt beside itself, or only
those whose names follow: python3 record.py adam huber.

A file is one run of one or several networks that are initialised from one generator and train on the same batches:

    data SPECIFICATION      as after --train
    dtype f64               if all numbers are double; NAME_f64.txt
    seed, batch, epochs N
    network FILE.net        or its text in one line; then what belongs to it:
    initial NAME HASH       SHA-256 of the initial tensor, float32 or float64, row-major, little endian
    losses COUNT            and each step's loss
    final NAME COUNT        and the tensor's values after the last step
    correct COUNT           samples classified right after training, with the statistics of all samples at once
"""
import hashlib
import os
import sys

import torch
from sklearn.datasets import make_moons
from torch import nn
from torch.optim import lr_scheduler


class Residual(nn.Sequential):
    def __init__(self, *main, shortcut=None):
        super().__init__(*main)
        self.shortcut = shortcut

    def forward(self, x):
        y = x
        for name, layer in self.named_children():
            if name != "shortcut":
                y = layer(y)
        return y + (x if self.shortcut is None else self.shortcut(x))


class Image(nn.Sequential):
    """Takes the two features of a sample as an image of 1 x 1 x 2."""

    def forward(self, x):
        return super().forward(x.view(-1, 1, 1, 2))


def moons(n, noise, seed):
    x, y = make_moons(n, noise=noise, random_state=seed)
    return torch.tensor(x, dtype=torch.get_default_dtype()), torch.tensor(y)


def numbers(out, values):
    double = torch.get_default_dtype() == torch.float64
    values = ["%.*g" % (17 if double else 9, value) for value in values]
    width = 4 if double else 8
    for i in range(0, len(values), width):
        print(" ".join(values[i:i + width]), file=out)


class Dropout(nn.Module):
    """nn.Dropout as a torch without MKL has it; MKL has random numbers of its own for bernoulli_ with one probability."""

    def __init__(self, p):
        super().__init__()
        self.keep = 1 - p

    def forward(self, x):
        if not self.training:
            return x
        return x * torch.empty_like(x).bernoulli_(torch.tensor(self.keep, dtype=torch.float64)).div_(self.keep)


def train(model, optimizer, loss_of, x, y, is_last):
    """The usual script: an update for every `accumulate` batches, and after an epoch's last for those that are left."""
    accumulate = getattr(optimizer, "accumulate", 1)
    loss = loss_of(model(x), y)
    (loss / accumulate).backward()
    optimizer.waiting = getattr(optimizer, "waiting", 0) + 1
    if optimizer.waiting == accumulate or is_last:
        optimizer.waiting = 0
        if getattr(optimizer, "clip", None):
            nn.utils.clip_grad_norm_(model.parameters(), optimizer.clip)
        optimizer.step()
        optimizer.zero_grad()
        if getattr(optimizer, "each_step", None):
            optimizer.each_step.step()
    return loss.item()


def of_values(loss, **arguments):
    """A loss that takes the labels for values, so that no answer is right or wrong."""
    def loss_of(scores, y):
        return loss(scores, y.to(scores.dtype).unsqueeze(1), **arguments)
    loss_of.is_of_values = True
    return loss_of


def bce(scores, y):
    return nn.functional.binary_cross_entropy_with_logits(scores, y.to(scores.dtype).unsqueeze(1))


def answers(scores):
    return (scores[:, 0] > 0).long() if scores.shape[1] == 1 else scores.argmax(1)


mse = of_values(nn.functional.mse_loss)


def record(name, data, seed, batch, epochs, networks, final):
    """networks: (text, a function that builds the model, one that makes its optimizer, loss)"""
    if sys.argv[1:] and name not in sys.argv[1:]:
        return
    for dtype, end in (torch.float32, ""), (torch.float64, "_f64"):
        torch.set_default_dtype(dtype)
        record_run(name + end, data, seed, batch, epochs, networks, final)
    torch.set_default_dtype(torch.float32)


def record_run(name, data, seed, batch, epochs, networks, final):
    dtype = torch.get_default_dtype()
    x, y = moons(**data)
    loader = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(x, y), batch_size=batch, shuffle=True)
    torch.manual_seed(seed)
    models = [build() for _, build, _, _ in networks]
    initial = [{key: value.clone() for key, value in model.state_dict().items()} for model in models]
    optimizers = [make(model.parameters()) for model, (_, _, make, _) in zip(models, networks)]
    losses = [[] for _ in networks]
    for _ in range(epochs):
        for step, (batch_x, batch_y) in enumerate(loader):
            for i, (_, _, _, loss_of) in enumerate(networks):
                loss_of = loss_of.to(dtype) if isinstance(loss_of, nn.Module) else loss_of
                losses[i].append(train(models[i], optimizers[i], loss_of, batch_x, batch_y, step + 1 == len(loader)))
        for optimizer in optimizers:
            if getattr(optimizer, "each_epoch", None):
                optimizer.each_epoch.step()
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), name + ".txt"), "w") as out:
        print("data moons:n=%d,noise=%g,seed=%d" % (data["n"], data["noise"], data["seed"]), file=out)
        if dtype == torch.float64:
            print("dtype f64", file=out)
        print("seed %d\nbatch %d\nepochs %d" % (seed, batch, epochs), file=out)
        for i, (text, _, _, loss_of) in enumerate(networks):
            print("network " + text, file=out)
            for key, value in initial[i].items():
                if value.dtype == dtype:
                    print("initial", key, hashlib.sha256(value.numpy().tobytes()).hexdigest(), file=out)
            print("losses", len(losses[i]), file=out)
            numbers(out, losses[i])
            for key, value in models[i].state_dict().items() if final else ():
                print("final", key, value.numel(), file=out)
                numbers(out, value.flatten().tolist())
            if not hasattr(loss_of, "is_of_values"):
                with torch.no_grad():
                    print("correct", (answers(models[i](x)) == y).sum().item(), file=out)


def gathered(make, **attributes):
    """with clip, accumulate"""
    def build(parameters):
        optimizer = make(parameters)
        for name, value in attributes.items():
            setattr(optimizer, name, value)
        return optimizer
    return build


def scheduled(make, scheduler, when):
    """when the scheduler steps: each_epoch or each_step"""
    def build(parameters):
        optimizer = make(parameters)
        setattr(optimizer, when, scheduler(optimizer))
        return optimizer
    return build


def sgd(**arguments):
    return lambda parameters: torch.optim.SGD(parameters, **arguments)


def warmup_cosine(optimizer, epochs, total_iters=5, start_factor=1 / 3, T_max=None, eta_min=0):
    """bnc's name for this composition."""
    T_max = T_max or max(epochs - total_iters, 1)
    return lr_scheduler.SequentialLR(optimizer, [
        lr_scheduler.LinearLR(optimizer, start_factor=start_factor, total_iters=total_iters),
        lr_scheduler.CosineAnnealingLR(optimizer, T_max=T_max, eta_min=eta_min)], milestones=[total_iters])


def cosine(optimizer, epochs, T_max=None, eta_min=0):
    return lr_scheduler.CosineAnnealingLR(optimizer, T_max or epochs, eta_min)


def one_cycle(optimizer, steps, max_lr=0.1, linear=False, **arguments):
    return lr_scheduler.OneCycleLR(optimizer, max_lr, steps, anneal_strategy="linear" if linear else "cos", cycle_momentum=False,
                                   **arguments)


def record_rates():
    """schedules.txt: lr, epochs, batches of an epoch and arguments of a schedule; then the rates of all epochs or steps."""
    def step(optimizer, count, step_size, **arguments):
        return lr_scheduler.StepLR(optimizer, step_size, **arguments)

    def exponential(optimizer, count, gamma):
        return lr_scheduler.ExponentialLR(optimizer, gamma)

    runs = [
        (0.1, 10, 1, step, dict(step_size=3)), (0.1, 9, 1, step, dict(step_size=1, gamma=0.5)), (1, 9, 1, step, dict(step_size=20)),
        (0.1, 20, 1, exponential, dict(gamma=0.9)), (0.01, 5, 1, exponential, dict(gamma=1.5)),
        (0.1, 10, 1, cosine, {}), (0.1, 1, 1, cosine, {}), (0.3, 20, 1, cosine, dict(T_max=4, eta_min=0.05)),
        (0.01, 12, 1, cosine, dict(eta_min=0.02, T_max=30)), (0.1, 7, 1, cosine, dict(T_max=1)),
        (0.1, 12, 1, warmup_cosine, {}), (0.1, 10, 1, warmup_cosine, dict(total_iters=1, start_factor=0.01, eta_min=0.001)),
        (0.2, 9, 1, warmup_cosine, dict(total_iters=4, T_max=2)), (0.2, 4, 1, warmup_cosine, dict(total_iters=4)),
        (0.2, 3, 1, warmup_cosine, dict(total_iters=8, start_factor=1.0)),
        (0.1, 3, 10, one_cycle, dict(max_lr=0.5)), (0.1, 4, 7, one_cycle, dict(max_lr=0.5, linear=True, pct_start=0.5)),
        (0.1, 5, 5, one_cycle, dict(max_lr=1.0, three_phase=True, div_factor=10.0, final_div_factor=100.0)),
        (0.1, 5, 5, one_cycle, dict(max_lr=1.0, three_phase=True, pct_start=0.8, linear=True)),
        (0.1, 2, 6, one_cycle, dict(max_lr=0.1, pct_start=0.0)), (0.1, 2, 6, one_cycle, dict(max_lr=0.1, pct_start=1.0)),
        (0.1, 1, 1, one_cycle, dict(max_lr=0.1)), (0.1, 1, 2, one_cycle, dict(max_lr=0.1)),
    ]
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "schedules.txt"), "w") as out:
        for lr, epochs, batches, make, arguments in runs:
            optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=lr)
            scheduler = make(optimizer, epochs * batches, **arguments)
            print(lr, epochs, batches, make.__name__, *("%s=%s" % (key, str(value).lower()) for key, value in arguments.items()), file=out)
            rates = []
            for _ in range(epochs * batches):
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                if len(rates) < epochs * batches:
                    scheduler.step()
            for i in range(0, len(rates), 4):
                print(*("%.17g" % rate for rate in rates[i:i + 4]), file=out)


def article(seed):
    def plain():
        return nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 2))

    def normalised():
        return nn.Sequential(nn.Linear(2, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))

    networks = [("models/mlp.net", plain, sgd(lr=1e-4), nn.functional.cross_entropy),
                ("models/mlp_bn.net", normalised, sgd(lr=1e-4), nn.functional.cross_entropy)]
    record("article_seed%d" % seed, dict(n=1000, noise=0.1, seed=42), seed, 32, 10, networks, False)


# Seeds for which float32 and float64 agree to 2e-7: in some other runs roundings grow a thousandfold.
def one(name, seed, text, build, make, loss_of):
    record(name, dict(n=200, noise=0.2, seed=7), seed, 32, 3, [(text, build, make, loss_of)], True)


torch.set_num_threads(1)
record_rates()
article(0)
article(1)
one("deep", 3,
    "linear 2 32; tanh; linear 24 bias=false; batchnorm eps=1e-3 momentum=0.3; leaky_relu slope=0.2; linear 16; sigmoid; linear 2; "
    "optimizer sgd lr=0.1 momentum=0.9 nesterov=true weight_decay=1e-3",
    lambda: nn.Sequential(nn.Linear(2, 32), nn.Tanh(), nn.Linear(32, 24, bias=False), nn.BatchNorm1d(24, eps=1e-3, momentum=0.3),
                          nn.LeakyReLU(0.2), nn.Linear(24, 16), nn.Sigmoid(), nn.Linear(16, 2)),
    sgd(lr=0.1, momentum=0.9, nesterov=True, weight_decay=1e-3), nn.functional.cross_entropy)
one("regression", 4,
    "linear 2 20; batchnorm affine=false; tanh; linear 1; loss mse; optimizer sgd lr=0.05 momentum=0.8 dampening=0.2",
    lambda: nn.Sequential(nn.Linear(2, 20), nn.BatchNorm1d(20, affine=False), nn.Tanh(), nn.Linear(20, 1)),
    sgd(lr=0.05, momentum=0.8, dampening=0.2), mse)
one("residual", 7,
    "linear 2 16; residual { linear 16; batchnorm; relu; linear 16 }; residual { linear 20; tanh } { linear 20 }; linear 3; "
    "optimizer sgd lr=0.05 weight_decay=0.01",
    lambda: nn.Sequential(nn.Linear(2, 16), Residual(nn.Linear(16, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 16)),
                          Residual(nn.Linear(16, 20), nn.Tanh(), shortcut=nn.Sequential(nn.Linear(16, 20))), nn.Linear(20, 3)),
    sgd(lr=0.05, weight_decay=0.01), nn.functional.cross_entropy)
one("adam", 5,
    "linear 2 24 bias=false; batchnorm; gelu; linear 17; elu alpha=0.5; linear 2; optimizer adam lr=0.01 eps=1e-4 beta2=0.99",
    lambda: nn.Sequential(nn.Linear(2, 24, bias=False), nn.BatchNorm1d(24), nn.GELU(), nn.Linear(24, 17), nn.ELU(0.5), nn.Linear(17, 2)),
    lambda parameters: torch.optim.Adam(parameters, lr=0.01, eps=1e-4, betas=(0.9, 0.99)), nn.functional.cross_entropy)
one("adamw", 6,
    "linear 2 24; silu; linear 17 bias=false; batchnorm; gelu tanh=true; linear 2; optimizer adamw lr=0.01 weight_decay=0.1 eps=0.01",
    lambda: nn.Sequential(nn.Linear(2, 24), nn.SiLU(), nn.Linear(24, 17, bias=False), nn.BatchNorm1d(17), nn.GELU(approximate="tanh"),
                          nn.Linear(17, 2)),
    lambda parameters: torch.optim.AdamW(parameters, lr=0.01, weight_decay=0.1, eps=0.01), nn.functional.cross_entropy)
one("rmsprop", 8,
    "linear 2 20; softplus beta=2; linear 1; loss mse; optimizer rmsprop lr=0.003 momentum=0.5 centered=true eps=1e-3",
    lambda: nn.Sequential(nn.Linear(2, 20), nn.Softplus(2), nn.Linear(20, 1)),
    lambda parameters: torch.optim.RMSprop(parameters, lr=0.003, momentum=0.5, centered=True, eps=1e-3), mse)
one("convolution", 9,
    "input 1x1x2; conv2d 8 1x2 padding=0x1; batchnorm; relu; conv2d 8 1x2 padding=0x1 groups=8 bias=false; batchnorm; tanh; "
    "conv2d 12 1x2 stride=1x2 groups=4; maxpool2d 1x2; flatten; linear 2; optimizer sgd lr=0.05 momentum=0.9",
    lambda: Image(nn.Conv2d(1, 8, (1, 2), padding=(0, 1)), nn.BatchNorm2d(8), nn.ReLU(),
                  nn.Conv2d(8, 8, (1, 2), padding=(0, 1), groups=8, bias=False), nn.BatchNorm2d(8), nn.Tanh(),
                  nn.Conv2d(8, 12, (1, 2), stride=(1, 2), groups=4), nn.MaxPool2d((1, 2)), nn.Flatten(), nn.Linear(12, 2)),
    sgd(lr=0.05, momentum=0.9), nn.functional.cross_entropy)
one("residual_convolution", 11,
    "input 1x1x2; conv2d 17 3 padding=1; residual { conv2d 17 3 padding=same; batchnorm; relu; conv2d 20 1x3 padding=0x1 } "
    "{ conv2d 20 1 bias=false }; avgpool2d 1x2 stride=1; batchnorm; relu; conv2d 9 1; global_avgpool; linear 3; "
    "optimizer sgd lr=0.02 momentum=0.5",
    lambda: Image(nn.Conv2d(1, 17, 3, padding=1),
                  Residual(nn.Conv2d(17, 17, 3, padding=1), nn.BatchNorm2d(17), nn.ReLU(), nn.Conv2d(17, 20, (1, 3), padding=(0, 1)),
                           shortcut=nn.Sequential(nn.Conv2d(17, 20, 1, bias=False))),
                  nn.AvgPool2d((1, 2), stride=1), nn.BatchNorm2d(20), nn.ReLU(), nn.Conv2d(20, 9, 1),
                  nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), nn.Linear(9, 3)),
    sgd(lr=0.02, momentum=0.5), nn.functional.cross_entropy)
one("l1", 26,
    "linear 2 20; leaky_relu slope=-8; relu6; linear 12; batchnorm; tanh; linear 1; loss l1; optimizer adam lr=0.01 eps=0.01",
    lambda: nn.Sequential(nn.Linear(2, 20), nn.LeakyReLU(-8), nn.ReLU6(), nn.Linear(20, 12), nn.BatchNorm1d(12), nn.Tanh(), nn.Linear(12, 1)),
    lambda parameters: torch.optim.Adam(parameters, lr=0.01, eps=0.01), of_values(nn.functional.l1_loss))
one("huber", 10,
    "linear 2 24; relu6; linear 1; loss huber delta=0.4; optimizer sgd lr=0.1 momentum=0.9",
    lambda: nn.Sequential(nn.Linear(2, 24), nn.ReLU6(), nn.Linear(24, 1)),
    sgd(lr=0.1, momentum=0.9), of_values(nn.functional.huber_loss, delta=0.4))
one("bce", 22,
    "linear 2 24; batchnorm; relu6; linear 9; silu; linear 1; loss bce; optimizer adam lr=0.01 eps=1e-3",
    lambda: nn.Sequential(nn.Linear(2, 24), nn.BatchNorm1d(24), nn.ReLU6(), nn.Linear(24, 9), nn.SiLU(), nn.Linear(9, 1)),
    lambda parameters: torch.optim.Adam(parameters, lr=0.01, eps=1e-3), bce)
one("weighted", 0,
    "linear 2 24; relu6; linear 9; tanh; linear 2; loss cross_entropy weights=1,5 label_smoothing=0.1; optimizer sgd lr=0.1 momentum=0.9",
    lambda: nn.Sequential(nn.Linear(2, 24), nn.ReLU6(), nn.Linear(24, 9), nn.Tanh(), nn.Linear(9, 2)),
    sgd(lr=0.1, momentum=0.9), nn.CrossEntropyLoss(weight=torch.tensor([1.0, 5.0]), label_smoothing=0.1))
one("smoothed", 14,
    "linear 2 24 bias=false; batchnorm; relu; linear 21; loss cross_entropy label_smoothing=0.3; optimizer adam lr=0.01 eps=1e-3",
    lambda: nn.Sequential(nn.Linear(2, 24, bias=False), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 21)),
    lambda parameters: torch.optim.Adam(parameters, lr=0.01, eps=1e-3), nn.CrossEntropyLoss(label_smoothing=0.3))
one("softmax", 28,
    "linear 2 24; batchnorm; softmax; linear 9; relu6; linear 19; log_softmax; linear 1; loss bce; optimizer adam lr=0.01 eps=1e-3",
    lambda: nn.Sequential(nn.Linear(2, 24), nn.BatchNorm1d(24), nn.Softmax(dim=1), nn.Linear(24, 9), nn.ReLU6(), nn.Linear(9, 19),
                          nn.LogSoftmax(dim=1), nn.Linear(19, 1)),
    lambda parameters: torch.optim.Adam(parameters, lr=0.01, eps=1e-3), bce)
one("schedule_of_epochs", 12,
    "linear 2 24; tanh; linear 17; batchnorm; relu; linear 2; optimizer sgd lr=0.1 momentum=0.9; epochs 3; "
    "schedule warmup_cosine 1 eta_min=0.01",
    lambda: nn.Sequential(nn.Linear(2, 24), nn.Tanh(), nn.Linear(24, 17), nn.BatchNorm1d(17), nn.ReLU(), nn.Linear(17, 2)),
    scheduled(sgd(lr=0.1, momentum=0.9), lambda optimizer: warmup_cosine(optimizer, 3, 1, eta_min=0.01), "each_epoch"),
    nn.functional.cross_entropy)
one("schedule_of_steps", 13,
    "linear 2 20; tanh; linear 12; sigmoid; linear 1; loss mse; optimizer adam eps=1e-3; schedule one_cycle max_lr=0.02 div_factor=10",
    lambda: nn.Sequential(nn.Linear(2, 20), nn.Tanh(), nn.Linear(20, 12), nn.Sigmoid(), nn.Linear(12, 1)),
    scheduled(lambda parameters: torch.optim.Adam(parameters, eps=1e-3),
              lambda optimizer: one_cycle(optimizer, 21, 0.02, div_factor=10.0), "each_step"), mse)
one("layernorm", 15,
    "linear 2 24; layernorm; relu; linear 17; layernorm affine=false eps=0.01; tanh; linear 2; optimizer sgd lr=0.1 momentum=0.9",
    lambda: nn.Sequential(nn.Linear(2, 24), nn.LayerNorm(24), nn.ReLU(), nn.Linear(24, 17),
                          nn.LayerNorm(17, eps=0.01, elementwise_affine=False), nn.Tanh(), nn.Linear(17, 2)),
    sgd(lr=0.1, momentum=0.9), nn.functional.cross_entropy)
one("groupnorm", 16,
    "input 1x1x2; conv2d 18 1x2 padding=0x1; layernorm; relu; conv2d 20 1; groupnorm 5; tanh; conv2d 6 1; groupnorm 1 eps=0.01; flatten; "
    "linear 12; groupnorm 3; linear 2; optimizer sgd lr=0.05 momentum=0.9",
    lambda: Image(nn.Conv2d(1, 18, (1, 2), padding=(0, 1)), nn.LayerNorm([18, 1, 3]), nn.ReLU(), nn.Conv2d(18, 20, 1), nn.GroupNorm(5, 20),
                  nn.Tanh(), nn.Conv2d(20, 6, 1), nn.GroupNorm(1, 6, eps=0.01), nn.Flatten(), nn.Linear(18, 12), nn.GroupNorm(3, 12),
                  nn.Linear(12, 2)),
    sgd(lr=0.05, momentum=0.9), nn.functional.cross_entropy)
record("dropout", dict(n=200, noise=0.2, seed=7), 17, 32, 3, [
    ("linear 2 33; dropout 0.3; relu; linear 20; tanh; dropout; linear 2; optimizer sgd lr=0.1 momentum=0.9; name first",
     lambda: nn.Sequential(nn.Linear(2, 33), Dropout(0.3), nn.ReLU(), nn.Linear(33, 20), nn.Tanh(), Dropout(0.5), nn.Linear(20, 2)),
     sgd(lr=0.1, momentum=0.9), nn.functional.cross_entropy),
    ("input 1x1x2; conv2d 17 1x2 padding=0x1; dropout 0.1; batchnorm; relu; dropout 0; conv2d 3 1; flatten; linear 2; optimizer sgd lr=0.1",
     lambda: Image(nn.Conv2d(1, 17, (1, 2), padding=(0, 1)), Dropout(0.1), nn.BatchNorm2d(17), nn.ReLU(), nn.Dropout(0), nn.Conv2d(17, 3, 1),
                   nn.Flatten(), nn.Linear(9, 2)),
     sgd(lr=0.1), nn.functional.cross_entropy)], True)
one("clipped", 15,
    "linear 2 24; batchnorm; relu; linear 12; tanh; linear 2; optimizer sgd lr=0.2 momentum=0.9 nesterov=true clip=0.25",
    lambda: nn.Sequential(nn.Linear(2, 24), nn.BatchNorm1d(24), nn.ReLU(), nn.Linear(24, 12), nn.Tanh(), nn.Linear(12, 2)),
    gathered(sgd(lr=0.2, momentum=0.9, nesterov=True), clip=0.25), nn.functional.cross_entropy)
one("accumulated", 16,
    "linear 2 24 bias=false; batchnorm; tanh; linear 17; elu; linear 2; optimizer adam lr=0.02 eps=1e-3 clip=0.2 accumulate=3",
    lambda: nn.Sequential(nn.Linear(2, 24, bias=False), nn.BatchNorm1d(24), nn.Tanh(), nn.Linear(24, 17), nn.ELU(), nn.Linear(17, 2)),
    gathered(lambda parameters: torch.optim.Adam(parameters, lr=0.02, eps=1e-3), clip=0.2, accumulate=3), nn.functional.cross_entropy)
one("accumulated_schedule", 17,
    "linear 2 20; tanh; linear 12; sigmoid; linear 1; loss mse; optimizer rmsprop eps=1e-2 accumulate=2; schedule one_cycle max_lr=0.02",
    lambda: nn.Sequential(nn.Linear(2, 20), nn.Tanh(), nn.Linear(20, 12), nn.Sigmoid(), nn.Linear(12, 1)),
    gathered(scheduled(lambda parameters: torch.optim.RMSprop(parameters, eps=1e-2),
                       lambda optimizer: one_cycle(optimizer, 12, 0.02), "each_step"), accumulate=2), mse)

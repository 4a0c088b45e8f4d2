"""Records training runs of PyTorch for parity_test.c to repeat: python3 record.py writes *.txt beside itself, or only
those whose names follow: python3 record.py adam huber.

A file is one run of one or several networks that are initialised from one generator and train on the same batches:

    data SPECIFICATION      as after --train
    target NAME,NAME        the columns to learn, as after --target
    dtype f64               if all numbers are double; NAME_f64.txt
    seed, batch, epochs N
    steps N                 if the run ends before its last epoch does
    error E                 of PyTorch itself: how far this run is from the same in double, from the same weights
    network FILE.net        or its text in one line; then what belongs to it:
    initial NAME HASH       SHA-256 of the initial tensor, float32 or float64, row-major, little endian
    losses COUNT            and each step's loss
    final NAME COUNT EVERY  and the tensor's values after the last step: the first, and then each that is EVERY later
    outputs ROWS COUNT      and the outputs of the first rows in evaluation mode
    correct COUNT           samples classified right after training, with the statistics of all samples at once

E is the largest of all errors of losses by the loss, and of values and outputs by the largest of their tensor, or 1.
"""
import hashlib
import math
import os
import sys

import numpy
import torch
from sklearn import datasets
from torch.optim import lr_scheduler

import network

FOLDER = os.path.dirname(os.path.abspath(__file__))
ROWS = 4                        # whose outputs are recorded
KEPT = 8                        # values of a tensor that are
LARGEST_ERROR = 2.5e-6          # of PyTorch; 8 times as much is allowed to bnc
SHAKES, SHAKE = 4, 2 ** -22     # runs that begin a little off, and how far
SEEDS = 40


# ---- data

def moons(n, noise, seed):
    return datasets.make_moons(n, noise=noise, random_state=seed)


def blobs(n, centers, features, seed):
    return datasets.make_blobs(n, features, centers=centers, random_state=seed)


def digits():
    x, y = datasets.load_digits(return_X_y=True)
    return x.reshape(-1, 1, 8, 8), y


def read_data(specification, target):
    name, _, parameters = specification.partition(":")
    if name.endswith(".csv"):
        table = numpy.genfromtxt(os.path.join(FOLDER, os.path.basename(name)), delimiter=",", names=True)
        targets = target.split(",")
        columns = [column for column in table.dtype.names if column not in targets]
        return [numpy.stack([table[column] for column in part], 1) for part in (columns, targets)]
    parameters = dict(parameter.split("=") for parameter in parameters.split(",") if parameter)
    parameters = {key: float(value) if key == "noise" else int(value) for key, value in parameters.items()}
    return {"moons": moons, "blobs": blobs, "digits": digits}[name](**parameters)


# ---- runs

class Run:
    """A record's training, in numbers of one type from initial weights of another."""

    def __init__(self, record, seed, drawn, dtype, shaken=None):
        x, y = read_data(record.data, record.target)
        x = torch.tensor(x).to(drawn).to(dtype)
        y = torch.tensor(y).to(drawn).to(dtype) if record.target else torch.tensor(y)
        rows = network.Images(x, y)
        loader = torch.utils.data.DataLoader(rows, batch_size=record.batch, shuffle=True)
        steps = record.steps or record.epochs * len(loader)
        epochs = -(-steps // len(loader))
        torch.manual_seed(seed)
        torch.set_default_dtype(drawn)
        self.networks = [network.Network(text, x.shape[1:]) for text in record.networks]
        torch.set_default_dtype(torch.float32)
        rows.shape, rows.transforms = self.networks[0].input, self.networks[0].transforms
        for each in self.networks:
            each.module.to(dtype)
            if shaken is not None:
                shake(each.module, shaken)
        self.dtype = dtype
        self.initial = [{key: value.clone() for key, value in each.module.state_dict().items()}
                        for each in self.networks]
        self.losses = [[] for _ in self.networks]
        self.train(loader, epochs, steps)
        self.finish(x)
        self.x, self.y = x, y

    def train(self, loader, epochs, steps):
        losses = [each.loss() for each in self.networks]
        updates = [each.optimizer(epochs, steps) for each in self.networks]
        step = 0
        for _ in range(epochs):
            for batch, (x, y) in enumerate(loader):
                step += 1
                for i, each in enumerate(self.networks):
                    loss = losses[i](each.module(x.view(-1, *each.input)), y)
                    updates[i].after_batch(loss, batch + 1 == len(loader) or step == steps)
                    self.losses[i].append(loss.item())
                if step == steps:
                    return
            for each in updates:
                each.after_epoch()

    def finish(self, x):
        with torch.no_grad():
            self.outputs = [each.module.eval()(x[:ROWS].view(-1, *each.input)).flatten() for each in self.networks]
        self.final = [each.module.state_dict() for each in self.networks]

    def correct(self, i):
        """With batch statistics, as the article counts."""
        with torch.no_grad():
            scores = self.networks[i].module.train()(self.x)
        return (scores.argmax(1) == self.y).sum().item()

    def error(self, other):
        """How far the run is from the other."""
        errors = [abs(a - b) / b for mine, others in zip(self.losses, other.losses) for a, b in zip(mine, others)]
        tensors = list(zip(self.outputs, other.outputs))
        tensors += [(mine[key], others[key]) for mine, others in zip(self.final, other.final) for key in mine]
        errors += [(a.double() - b).abs().max().item() / max(b.abs().max().item(), 1) for a, b in tensors]
        return max(errors)


def shake(module, seed):
    """Moves each weight by at most SHAKE times itself."""
    state = torch.get_rng_state()
    torch.manual_seed(seed)
    with torch.no_grad():
        for weight in module.parameters():
            weight *= 1 + SHAKE * (2 * torch.rand_like(weight) - 1)
    torch.set_rng_state(state)


def every(tensor):
    """The smallest step that leaves at most KEPT values, and is not the same column of each row."""
    step = -(-tensor.numel() // KEPT)
    while math.gcd(step, tensor.numel()) > 1 and step > 1:
        step += 1
    return step


class Record:
    def __init__(self, name, seed, data, batch, networks, epochs=0, steps=0, target=None):
        self.name, self.seed, self.data, self.target = name, seed, data, target
        self.batch, self.epochs, self.steps = batch, epochs, steps
        self.networks = [" ".join(text.split()) for text in networks]
        self.of_article = networks[0].endswith(".net")
        if self.of_article:
            self.networks = [open(os.path.join(FOLDER, "../..", path)).read() for path in networks]
            self.names = networks
        else:
            self.names = self.networks

    def write(self):
        run, error = self.choose()
        self.write_run(run, self.name, error)
        self.write_run(Run(self, self.seed, torch.float64, torch.float64), self.name + "_f64", None)

    def choose(self):
        """Takes the first seed from its own on with which neither single precision nor weights that are a few roundings
        off lead to another run: with some seeds they do, since a value comes to lie on the other side of an edge."""
        for self.seed in range(self.seed, self.seed + SEEDS):
            run = Run(self, self.seed, torch.float32, torch.float32)
            exact = Run(self, self.seed, torch.float32, torch.float64)
            error = run.error(exact)
            if self.of_article or (error <= LARGEST_ERROR and self.is_steady(exact)):
                print("%-24s seed %d, error %.2g" % (self.name, self.seed, error))
                return run, error
        sys.exit("%s: no seed below %d will do" % (self.name, self.seed + 1))

    def is_steady(self, exact):
        return all(exact.error(Run(self, self.seed, torch.float32, torch.float64, shaken)) <= LARGEST_ERROR
                   for shaken in range(SHAKES))

    def write_run(self, run, name, error):
        with open(os.path.join(FOLDER, name + ".txt"), "w") as out:
            print("data", self.data, file=out)
            if self.target:
                print("target", self.target, file=out)
            if run.dtype == torch.float64:
                print("dtype f64", file=out)
            print("seed %d\nbatch %d" % (self.seed, self.batch), file=out)
            print("epochs %d" % self.epochs if self.epochs else "steps %d" % self.steps, file=out)
            if error is not None and not self.of_article:
                print("error %.2g" % error, file=out)
            for i, text in enumerate(self.names):
                print("network " + text, file=out)
                self.write_network(run, i, out)

    def write_network(self, run, i, out):
        for key, value in run.initial[i].items():
            if value.dtype == run.dtype:
                print("initial", key, hashlib.sha256(value.numpy().tobytes()).hexdigest(), file=out)
        print("losses", len(run.losses[i]), file=out)
        numbers(out, run.losses[i], run.dtype)
        if self.of_article:
            print("correct", run.correct(i), file=out)
            return
        for key, value in run.final[i].items():
            step = every(value)
            print("final", key, value.numel(), step, file=out)
            numbers(out, value.flatten()[::step].tolist(), run.dtype)
        print("outputs", ROWS, len(run.outputs[i]), file=out)
        numbers(out, run.outputs[i].tolist(), run.dtype)


def numbers(out, values, dtype):
    values = ["%.*g" % (17 if dtype == torch.float64 else 9, value) for value in values]
    width = 4 if dtype == torch.float64 else 8
    for i in range(0, len(values), width):
        print(" ".join(values[i:i + width]), file=out)


# ---- the rates of schedules

def record_rates():
    """schedules.txt: lr, epochs, batches of an epoch and arguments of a schedule; then the rates of all epochs or
    steps."""
    step, exponential, cosine = network.step, network.exponential, network.cosine
    warmup_cosine, one_cycle = network.warmup_cosine, network.one_cycle
    runs = [
        (0.1, 10, 1, step, dict(step_size=3)), (0.1, 9, 1, step, dict(step_size=1, gamma=0.5)),
        (1, 9, 1, step, dict(step_size=20)),
        (0.1, 20, 1, exponential, dict(gamma=0.9)), (0.01, 5, 1, exponential, dict(gamma=1.5)),
        (0.1, 10, 1, cosine, {}), (0.1, 1, 1, cosine, {}), (0.3, 20, 1, cosine, dict(T_max=4, eta_min=0.05)),
        (0.01, 12, 1, cosine, dict(eta_min=0.02, T_max=30)), (0.1, 7, 1, cosine, dict(T_max=1)),
        (0.1, 12, 1, warmup_cosine, {}),
        (0.1, 10, 1, warmup_cosine, dict(total_iters=1, start_factor=0.01, eta_min=0.001)),
        (0.2, 9, 1, warmup_cosine, dict(total_iters=4, T_max=2)), (0.2, 4, 1, warmup_cosine, dict(total_iters=4)),
        (0.2, 3, 1, warmup_cosine, dict(total_iters=8, start_factor=1.0)),
        (0.1, 3, 10, one_cycle, dict(max_lr=0.5)), (0.1, 4, 7, one_cycle, dict(max_lr=0.5, linear=True, pct_start=0.5)),
        (0.1, 5, 5, one_cycle, dict(max_lr=1.0, three_phase=True, div_factor=10.0, final_div_factor=100.0)),
        (0.1, 5, 5, one_cycle, dict(max_lr=1.0, three_phase=True, pct_start=0.8, linear=True)),
        (0.1, 2, 6, one_cycle, dict(max_lr=0.1, pct_start=0.0)),
        (0.1, 2, 6, one_cycle, dict(max_lr=0.1, pct_start=1.0)),
        (0.1, 1, 1, one_cycle, dict(max_lr=0.1)), (0.1, 1, 2, one_cycle, dict(max_lr=0.1)),
    ]
    with open(os.path.join(FOLDER, "schedules.txt"), "w") as out:
        for lr, epochs, batches, make, arguments in runs:
            optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
            scheduler = make(optimizer, epochs * batches, **arguments)
            texts = ["%s=%s" % (key, str(value).lower()) for key, value in arguments.items()]
            print(lr, epochs, batches, make.__name__, *texts, file=out)
            rates = []
            for _ in range(epochs * batches):
                rates.append(optimizer.param_groups[0]["lr"])
                optimizer.step()
                if len(rates) < epochs * batches:
                    scheduler.step()
            for i in range(0, len(rates), 4):
                print(*("%.17g" % rate for rate in rates[i:i + 4]), file=out)


def record_values():
    """values.csv: six inputs, and four targets from 0 to 1."""
    random = numpy.random.RandomState(11)
    with open(os.path.join(FOLDER, "values.csv"), "w") as out:
        print(*"abcdefpqrs", sep=",", file=out)
        for _ in range(50):
            inputs = random.uniform(-2, 2, 6)
            targets = (numpy.sin(inputs[:4] * inputs[2:]) + 1) / 2
            print(*("%.2f" % value for value in numpy.concatenate([inputs, targets])), sep=",", file=out)


# ---- records

ARTICLE = dict(data="moons:n=1000,noise=0.1,seed=42", batch=32, epochs=10,
               networks=["models/mlp.net", "models/mlp_bn.net"])
MOONS = dict(data="moons:n=200,noise=0.2,seed=7", batch=32, epochs=3)
COLUMNS = dict(data="tests/parity/values.csv", target="p,q,r,s", batch=8, epochs=3)


def of_digits(batch):
    return dict(data="digits", batch=batch, steps=20)


def images(size, **others):
    """Blobs, whose features are taken for pixels."""
    return dict(data="blobs:n=150,centers=4,features=%d,seed=3" % size, **{**dict(batch=17, steps=20), **others})


records = [
    Record("article_seed0", 0, **ARTICLE),
    Record("article_seed1", 1, **ARTICLE),
    Record("deep", 3, **MOONS, networks=["""
        linear 2 32; tanh; linear 24 bias=false; batchnorm eps=1e-3 momentum=0.3; leaky_relu slope=0.2; linear 16;
        sigmoid; linear 2; optimizer sgd lr=0.1 momentum=0.9 nesterov=true weight_decay=1e-3"""]),
    Record("regression", 4, **MOONS, networks=["""
        linear 2 20; batchnorm affine=false; tanh; linear 1; loss mse;
        optimizer sgd lr=0.05 momentum=0.8 dampening=0.2"""]),
    Record("residual", 7, **MOONS, networks=["""
        linear 2 16; residual { linear 16; batchnorm; relu; linear 16 }; residual { linear 20; tanh } { linear 20 };
        linear 3; optimizer sgd lr=0.05 weight_decay=0.01"""]),
    Record("adam", 5, **MOONS, networks=["""
        linear 2 24 bias=false; batchnorm; gelu; linear 17; elu alpha=0.5; linear 2;
        optimizer adam lr=0.01 eps=1e-4 beta2=0.99"""]),
    Record("adamw", 6, **MOONS, networks=["""
        linear 2 24; silu; linear 17 bias=false; batchnorm; gelu tanh=true; linear 2;
        optimizer adamw lr=0.01 weight_decay=0.1 eps=0.01"""]),
    Record("rmsprop", 8, **MOONS, networks=["""
        linear 2 20; softplus beta=2; linear 1; loss mse;
        optimizer rmsprop lr=0.003 momentum=0.5 centered=true eps=1e-3"""]),
    Record("convolution", 9, **MOONS, networks=["""
        input 1x1x2; conv2d 8 1x2 padding=0x1; batchnorm; relu; conv2d 8 1x2 padding=0x1 groups=8 bias=false; batchnorm;
        tanh; conv2d 12 1x2 stride=1x2 groups=4; maxpool2d 1x2; flatten; linear 2;
        optimizer sgd lr=0.05 momentum=0.9"""]),
    Record("residual_convolution", 11, **MOONS, networks=["""
        input 1x1x2; conv2d 17 3 padding=1;
        residual { conv2d 17 3 padding=same; batchnorm; relu; conv2d 20 1x3 padding=0x1 } { conv2d 20 1 bias=false };
        avgpool2d 1x2 stride=1; batchnorm; relu; conv2d 9 1; global_avgpool; linear 3;
        optimizer sgd lr=0.02 momentum=0.5"""]),
    Record("l1", 26, **MOONS, networks=["""
        linear 2 20; leaky_relu slope=-8; relu6; linear 12; batchnorm; tanh; linear 1; loss l1;
        optimizer adam lr=0.01 eps=0.01"""]),
    Record("huber", 10, **MOONS, networks=["""
        linear 2 24; relu6; linear 1; loss huber delta=0.4; optimizer sgd lr=0.1 momentum=0.9"""]),
    Record("bce", 22, **MOONS, networks=["""
        linear 2 24; batchnorm; relu6; linear 9; silu; linear 1; loss bce; optimizer adam lr=0.01 eps=1e-3"""]),
    Record("weighted", 0, **MOONS, networks=["""
        linear 2 24; relu6; linear 9; tanh; linear 2; loss cross_entropy weights=1,5 label_smoothing=0.1;
        optimizer sgd lr=0.1 momentum=0.9"""]),
    Record("smoothed", 14, **MOONS, networks=["""
        linear 2 24 bias=false; batchnorm; relu; linear 21; loss cross_entropy label_smoothing=0.3;
        optimizer adam lr=0.01 eps=1e-3"""]),
    Record("softmax", 28, **MOONS, networks=["""
        linear 2 24; batchnorm; softmax; linear 9; relu6; linear 19; log_softmax; linear 1; loss bce;
        optimizer adam lr=0.01 eps=1e-3"""]),
    Record("schedule_of_epochs", 12, **MOONS, networks=["""
        linear 2 24; tanh; linear 17; batchnorm; relu; linear 2; optimizer sgd lr=0.1 momentum=0.9;
        schedule warmup_cosine 1 eta_min=0.01"""]),
    Record("schedule_of_steps", 13, **MOONS, networks=["""
        linear 2 20; tanh; linear 12; sigmoid; linear 1; loss mse; optimizer adam eps=1e-3;
        schedule one_cycle max_lr=0.02 div_factor=10"""]),
    Record("layernorm", 15, **MOONS, networks=["""
        linear 2 24; layernorm; relu; linear 17; layernorm affine=false eps=0.01; tanh; linear 2;
        optimizer sgd lr=0.1 momentum=0.9"""]),
    Record("groupnorm", 16, **MOONS, networks=["""
        input 1x1x2; conv2d 18 1x2 padding=0x1; layernorm; relu; conv2d 20 1; groupnorm 5; tanh; conv2d 6 1;
        groupnorm 1 eps=0.01; flatten; linear 12; groupnorm 3; linear 2; optimizer sgd lr=0.05 momentum=0.9"""]),
    Record("dropout", 17, **MOONS, networks=["""
        linear 2 33; dropout 0.3; relu; linear 20; tanh; dropout; linear 2; optimizer sgd lr=0.1 momentum=0.9;
        name first""", """
        input 1x1x2; conv2d 17 1x2 padding=0x1; dropout 0.1; batchnorm; relu; dropout 0; conv2d 3 1; flatten; linear 2;
        optimizer sgd lr=0.1"""]),
    Record("clipped", 15, **MOONS, networks=["""
        linear 2 24; batchnorm; relu; linear 12; tanh; linear 2;
        optimizer sgd lr=0.2 momentum=0.9 nesterov=true clip=0.25"""]),
    Record("accumulated", 16, **MOONS, networks=["""
        linear 2 24 bias=false; batchnorm; tanh; linear 17; elu; linear 2;
        optimizer adam lr=0.02 eps=1e-3 clip=0.2 accumulate=3"""]),
    Record("accumulated_schedule", 17, **MOONS, networks=["""
        linear 2 20; tanh; linear 12; sigmoid; linear 1; loss mse; optimizer rmsprop eps=1e-2 accumulate=2;
        schedule one_cycle max_lr=0.02"""]),
    # sizes of features
    Record("widths", 1, "moons:n=150,noise=0.2,seed=8", 67, epochs=7, networks=["""
        linear 2 257; relu; linear 1; tanh; linear 3; silu; linear 17; sigmoid; linear 2;
        optimizer sgd lr=0.3 momentum=0.8 dampening=0.1 weight_decay=1e-3; schedule exponential 0.8"""]),
    Record("one_weight", 1, "blobs:n=31,centers=2,features=1,seed=5", 3, epochs=2, networks=["""
        linear 1; loss bce; optimizer rmsprop lr=0.02 alpha=0.9 weight_decay=0.1; schedule exponential gamma=0.5"""]),
    Record("single_rows", 1, "blobs:n=10,centers=3,features=17,seed=2", 1, epochs=2, networks=["""
        linear 3; layernorm eps=1e-3; elu alpha=2; linear 257; softplus; linear 3;
        optimizer adamw lr=0.003 beta1=0.8 beta2=0.95 eps=1e-3; schedule constant"""]),
    Record("logistic", 1, "blobs:n=200,centers=10,features=251,seed=4", 33, epochs=3, networks=["""
        linear 10; optimizer sgd lr=0.001 weight_decay=0.1; schedule step 1 gamma=0.3"""]),
    Record("repeated", 1, "moons:n=200,noise=0.2,seed=7", 64, epochs=5, networks=["""
        let WIDTH = 17; block dense(n) { linear n bias=false; batchnorm; tanh };
        repeat 4 { dense WIDTH }; head: linear 2; optimizer sgd lr=0.05 momentum=0.9; schedule cosine"""]),
    # targets of several values
    Record("values", 1, **COLUMNS, networks=["""
        linear 20; tanh; linear 4; loss mse; optimizer adamw lr=0.02 beta1=0.7 beta2=0.9 weight_decay=0.05;
        schedule warmup_cosine total_iters=1 start_factor=0.1 T_max=4"""]),
    Record("chances", 1, **COLUMNS, networks=["""
        linear 24 bias=false; batchnorm momentum=0.5; leaky_relu; linear 4; loss bce;
        optimizer rmsprop lr=0.01 alpha=0.8 eps=1e-3 momentum=0.7 weight_decay=0.01 clip=0.5"""]),
    Record("image_l1", 1, **COLUMNS, networks=["""
        input 6x1x1; conv2d 12 1; softplus beta=0.5 threshold=0.4; conv2d 1 2 padding=1; loss l1;
        optimizer sgd lr=0.02 momentum=0.9 nesterov=true clip=2"""]),
    Record("image_huber", 1, **COLUMNS, networks=["""
        input 1x2x3; residual { conv2d 9 3 padding=same; silu; conv2d 1 3 padding=1 }; conv2d 1 1x2; loss huber;
        optimizer adam lr=0.02 eps=1e-3 weight_decay=0.01 accumulate=4; schedule step step_size=2"""]),
    Record("residual_values", 1, **COLUMNS, networks=["""
        block wide(n) { residual { linear n; gelu; linear 6 } };
        wide 17; wide 9; residual { linear 4 } { linear 8; tanh; linear 4 }; loss huber delta=0.1;
        optimizer rmsprop lr=0.005 alpha=0.95 centered=true eps=1e-3 accumulate=3 clip=0.3;
        schedule one_cycle 0.01 pct_start=0.5 div_factor=4 final_div_factor=50 three_phase=true linear=true"""]),
    # images of 8 x 8
    Record("lenet", 1, **of_digits(32), networks=["""
        conv2d 6 5 padding=2; tanh; avgpool2d 2; conv2d 16 3; tanh; maxpool2d 2; flatten; linear 17; tanh; linear 10;
        optimizer sgd lr=0.05 momentum=0.9 weight_decay=1e-4"""]),
    Record("vgg", 1, **of_digits(13), networks=["""
        block unit(channels) { conv2d channels 3 padding=1 bias=false; batchnorm; relu };
        unit 8; unit 8; maxpool2d 2; unit 17; maxpool2d 2; flatten; dropout 0.3; linear 10;
        optimizer adam lr=0.002 eps=1e-3 weight_decay=0.01; schedule cosine T_max=3 eta_min=1e-4"""]),
    Record("resnet", 1, **of_digits(8), networks=["""
        block body(channels, step) {
            conv2d channels 3 stride=step padding=1 bias=false; batchnorm; relu;
            conv2d channels 3 padding=1 bias=false; batchnorm };
        block same(channels) { residual { body channels 1 }; relu };
        block half(channels) {
            residual { body channels 2 } { conv2d channels 1 stride=2 bias=false; batchnorm }; relu };
        conv2d 8 3 padding=same bias=false; batchnorm; relu; same 8; half 17; half 20; global_avgpool; linear 10;
        optimizer sgd lr=0.1 momentum=0.9 nesterov=true weight_decay=5e-4;
        schedule one_cycle max_lr=0.05 pct_start=0.4 final_div_factor=100"""]),
    Record("plain_shortcut", 1, **of_digits(32), networks=["""
        conv2d 4 3 stride=2 padding=1; residual { conv2d 9 3 stride=2 padding=1; tanh; conv2d 9 3 padding=same }
        { conv2d 9 1 stride=2 }; sigmoid; flatten; linear 10; optimizer sgd lr=0.02; schedule exponential 0.9"""]),
    Record("ds_cnn", 1, **of_digits(24), networks=["""
        conv2d 16 3 stride=2 padding=1 bias=false; batchnorm; relu;
        repeat 2 { conv2d 16 3 padding=1 groups=16 bias=false; batchnorm; relu;
            conv2d 16 1 bias=false; batchnorm; relu };
        avgpool2d 4; flatten; linear 10; optimizer adam lr=0.01 beta1=0.8 eps=1e-3"""]),
    Record("depthwise", 1, **of_digits(9), networks=["""
        conv2d 17 3 padding=1; gelu; conv2d 34 3x1 stride=2x1 groups=17; gelu; conv2d 34 5 padding=same groups=34;
        relu6; conv2d 20 1; global_avgpool; linear 10; optimizer adamw lr=0.01 eps=1e-3 clip=1; schedule cosine"""]),
    Record("convnext", 1, **of_digits(12), networks=["""
        conv2d 12 2 stride=2; layernorm;
        repeat 2 { residual { conv2d 12 5 padding=same groups=12; layernorm eps=1e-3; conv2d 24 1; gelu tanh=true;
            conv2d 12 1 } };
        global_avgpool; layernorm affine=false; linear 10;
        optimizer adamw lr=0.004 beta1=0.85 weight_decay=0.05 eps=1e-4;
        schedule warmup_cosine 1 start_factor=0.2"""]),
    Record("grouped", 1, **of_digits(10), networks=["""
        conv2d 12 3 padding=1; groupnorm 4; silu; conv2d 24 3 groups=3 padding=same bias=false;
        groupnorm 6 affine=false; silu; conv2d 30 3 stride=2x1 padding=1x0 groups=2;
        groupnorm 30 eps=1e-3 affine=false; elu; maxpool2d 4x3; flatten; linear 10;
        optimizer rmsprop lr=0.001 eps=1e-3 alpha=0.9"""]),
    Record("pools", 1, **of_digits(32), networks=["""
        conv2d 9 3 padding=1; maxpool2d 3 stride=2 padding=1; elu alpha=1.5; conv2d 17 3 padding=1;
        avgpool2d 3 stride=2 padding=1; leaky_relu 0.3; avgpool2d 2x1 stride=1x2 padding=1x0; maxpool2d 2x1 stride=1;
        flatten; linear 10; optimizer sgd lr=0.02 momentum=0.5 dampening=0.3"""]),
    Record("channels", 1, **of_digits(11), networks=["""
        batchnorm affine=false momentum=0.2; conv2d 9 3 bias=false; batchnorm eps=1e-2 momentum=0.01; sigmoid;
        conv2d 20 3 bias=false; batchnorm affine=false eps=1e-3; softplus threshold=1; conv2d 6 2 stride=2 bias=false;
        batchnorm momentum=1; tanh; flatten; batchnorm; linear 10;
        loss cross_entropy weights=1,2,3,1,0.5,1,0,1,4,1; optimizer sgd lr=0.05 momentum=0.9"""]),
    Record("dropped", 1, **of_digits(21), networks=["""
        conv2d 8 3; relu; dropout 0.2; conv2d 12 3; dropout p=0.6; relu; maxpool2d 2; flatten; linear 33; relu; dropout;
        linear 10; optimizer adam lr=0.003 eps=1e-3; name first""", """
        conv2d 5 3x2 stride=2; leaky_relu; dropout 0.25; flatten; linear 10; dropout 1e-3;
        loss cross_entropy label_smoothing=0.1 weights=1,1,1,2,2,2,3,3,3,4; optimizer sgd lr=0.02; name second"""]),
    Record("accumulated_digits", 1, **of_digits(16), networks=["""
        input 64; linear 33; relu; linear 17; tanh; linear 10; optimizer sgd lr=0.03 momentum=0.7 accumulate=3 clip=0.5;
        schedule one_cycle 0.1 three_phase=true pct_start=0.25"""]),
    # images that are changed before they are trained on
    Record("augmented", 1, **of_digits(23), networks=["""
        conv2d 8 3 padding=1 bias=false; batchnorm; tanh; avgpool2d 2; flatten; linear 10; optimizer sgd lr=0.05;
        augment random_crop padding=1; augment random_horizontal_flip"""]),
    Record("augmented_dropped", 1, **of_digits(32), networks=["""
        let P = 0.7; conv2d 8 3; tanh; dropout 0.2; flatten; linear 10; optimizer adam lr=0.003 eps=1e-3; name first;
        augment random_horizontal_flip p=P; augment random_crop padding=2x0 fill=3;
        augment random_crop padding=0x9 fill=-1""", """
        conv2d 6 3; tanh; flatten; linear 10; optimizer sgd lr=0.02; name second;
        augment random_horizontal_flip p=0.7; augment random_crop padding=2x0 fill=3;
        augment random_crop padding=0x9 fill=-1"""]),
    Record("augmented_colours", 1, **images(60), networks=["""
        input 3x4x5; conv2d 9 3 padding=same; batchnorm; tanh; flatten; linear 4; optimizer sgd lr=0.01 momentum=0.5;
        augment random_crop padding=3x2 fill=0.25; augment random_horizontal_flip 0.3;
        augment random_horizontal_flip 0.9"""]),
    # other images
    Record("rectangles", 1, **images(42), networks=["""
        input 2x3x7; conv2d 8 3x1 padding=1x0; tanh; conv2d 9 1x3 bias=false; batchnorm; elu; conv2d 10 2x3 stride=1x2
        padding=0x1; maxpool2d 1x2 stride=1; flatten; linear 4; optimizer sgd lr=0.01 momentum=0.5"""]),
    Record("indivisible", 1, **images(90), networks=["""
        input 3x5x6; conv2d 17 2 stride=3 padding=1; relu; conv2d 4 4x2 padding=2x1 stride=2; relu6;
        avgpool2d 2 stride=3; flatten; linear 4;
        optimizer adam lr=0.01 beta1=0.5 beta2=0.9 eps=1e-3 weight_decay=0.1"""]),
    Record("wide_kernels", 1, **images(44, batch=9), networks=["""
        input 1x4x11; conv2d 3 4x11 padding=3x10 stride=2x3; tanh; conv2d 33 1x9 padding=same; relu;
        conv2d 2 7 padding=3; flatten; linear 4; optimizer sgd lr=0.02 nesterov=true momentum=0.9 accumulate=2"""]),
    Record("channels_softmax", 1, **images(36), networks=["""
        input 3x3x4; batchnorm; conv2d 5 2; softmax; conv2d 19 1; log_softmax; conv2d 3 2; flatten; softmax; linear 4;
        log_softmax; linear 4; optimizer adam lr=0.02 eps=1e-3 clip=0.1"""]),
    Record("one_pixel", 1, **images(17, batch=3), networks=["""
        input 17x1x1; conv2d 257 1; relu; conv2d 3 3 padding=1; layernorm; conv2d 16 3 padding=1 groups=1; silu;
        maxpool2d 1; avgpool2d 1; global_avgpool; linear 4; optimizer sgd lr=0.02 momentum=0.9"""]),
    Record("column", 1, **images(31, batch=40), networks=["""
        input 1x31x1; conv2d 7 5x1 stride=2x1; batchnorm; gelu; conv2d 12 3x1 padding=1x0 bias=false; batchnorm;
        gelu tanh=true; avgpool2d 3x1; global_avgpool; linear 4; optimizer adamw lr=0.01 eps=1e-2"""]),
    Record("labels", 1, **images(32), networks=["""
        input 2x4x4; first: conv2d 6 3 padding=same; body: residual { a: conv2d 6 3 padding=1; relu; b: conv2d 8 1 }
        { conv2d 8 1 }; relu; flatten; head: linear 4; optimizer rmsprop lr=5e-4 momentum=0.9 eps=0.1 weight_decay=0.01;
        schedule step 1"""]),
    Record("spelled", 1, **of_digits(19), networks=["""
        let C = 9; block dense(n, rate) { linear n; leaky_relu 0.2; dropout p=rate };
        input 1x8x8; conv2d 1 C 3 padding=1; batchnorm C; silu; conv2d C 12 3 stride=2 padding=1 groups=3;
        batchnorm 12 affine=false; global_avgpool; dense 20 0.1; dense 15 0.3; linear 15 10;
        optimizer adamw lr=0.01 beta2=0.9 eps=0.01 weight_decay=0.2 accumulate=2 clip=0.5;
        schedule cosine T_max=2 eta_min=0.001; name spelled"""]),
    Record("overlapping_pools", 1, **images(120, steps=21), networks=["""
        input 4x6x5; conv2d 10 3x2 padding=1 bias=false; groupnorm 2 affine=false; softplus; maxpool2d 3x2 stride=1x2
        padding=1; conv2d 12 3 groups=2 padding=same; avgpool2d 2x3 stride=2x1 padding=1; tanh; conv2d 8 2x1; relu6;
        avgpool2d 3x1 padding=1x0; flatten; linear 4; loss cross_entropy label_smoothing=0.05;
        optimizer sgd lr=0.05 momentum=0.9; schedule step step_size=1 gamma=0.6"""]),
    Record("warmed", 1, "blobs:n=120,centers=3,features=3,seed=9", 31, epochs=5, networks=["""
        linear 3 bias=false; batchnorm; sigmoid; linear 19; elu; residual { linear 19; softmax } ; linear 3;
        log_softmax; linear 3; optimizer rmsprop lr=0.004 centered=true alpha=0.9 eps=1e-2;
        schedule warmup_cosine total_iters=2 start_factor=0.25 T_max=2 eta_min=1e-3; name warmed""", """
        linear 257; tanh; linear 1; linear 251; gelu; linear 3; optimizer sgd lr=0.01; schedule constant;
        name narrow""", """
        linear 17; silu; dropout p=0.4; linear 3; optimizer adamw lr=0.02 eps=1e-3 accumulate=3;
        schedule one_cycle max_lr=0.05 linear=true; name cycled"""]),
]

if __name__ == "__main__":
    torch.set_num_threads(1)
    wanted = sys.argv[1:]
    if not wanted:
        record_rates()
        record_values()
    for each in records:
        if not wanted or each.name in wanted:
            each.write()

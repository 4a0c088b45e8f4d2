"""A network in bnc's language as PyTorch has it: a module, a loss, an optimizer and its schedule. It is written from
PyTorch's documentation and shares nothing with bnc. It reads what docs/language.md describes, and checks nothing."""
import inspect
import re

import torch
from torch import nn
from torch.optim import lr_scheduler


# ---- text -> statements

def read(text):
    """Returns the statements: (label, words, bodies), where a body is a list of statements."""
    text = re.sub("#.*", "", text)
    tokens = re.findall(r"\n|[^\s{};]+|[{};]", re.sub(r"\(([^)]*)\)", lambda m: " " + m[1].replace(",", " "), text))
    statements, _ = read_body(tokens, 0)
    return statements


def read_body(tokens, at):
    statements = []
    label, words, bodies = None, [], []

    def finish():
        nonlocal label, words, bodies
        if words:
            statements.append((label, words, bodies))
        label, words, bodies = None, [], []

    while at < len(tokens) and tokens[at] != "}":
        token = tokens[at]
        at += 1
        if token == "{":
            body, at = read_body(tokens, at)
            bodies.append(body)
        elif token in ";\n":
            finish()
        else:
            if bodies:
                finish()
            if token.endswith(":"):
                label = token[:-1]
            else:
                words.append(token)
    finish()
    return statements, at + 1


# ---- layers: their parameters are the language's, with its defaults; numbers come as text

def flag(text):
    return text == "true"


def pair(text):
    height, _, width = text.partition("x")
    return int(height), int(width or height)


def linear(shape, *sizes, bias="true"):
    return nn.Linear(shape[0], int(sizes[-1]), bias=flag(bias))


def conv2d(shape, *sizes, stride="1", padding="0", groups="1", bias="true"):
    *_, out, kernel = sizes
    return nn.Conv2d(shape[0], int(out), pair(kernel), stride=pair(stride), groups=int(groups), bias=flag(bias),
                     padding=padding if padding == "same" else pair(padding))


def batchnorm(shape, *_, eps="1e-5", momentum="0.1", affine="true"):
    kind = nn.BatchNorm1d if len(shape) == 1 else nn.BatchNorm2d
    return kind(shape[0], eps=float(eps), momentum=float(momentum), affine=flag(affine))


def layernorm(shape, eps="1e-5", affine="true"):
    return nn.LayerNorm(list(shape), eps=float(eps), elementwise_affine=flag(affine))


def groupnorm(shape, groups, eps="1e-5", affine="true"):
    return nn.GroupNorm(int(groups), shape[0], eps=float(eps), affine=flag(affine))


def maxpool2d(shape, kernel, stride=None, padding="0"):
    return nn.MaxPool2d(pair(kernel), stride and pair(stride), pair(padding))


def avgpool2d(shape, kernel, stride=None, padding="0"):
    return nn.AvgPool2d(pair(kernel), stride and pair(stride), pair(padding))


def global_avgpool(shape):
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())


class Dropout(nn.Module):
    """nn.Dropout as a torch without MKL has it; with MKL, bernoulli_ with one probability draws from MKL's numbers."""

    def __init__(self, p):
        super().__init__()
        self.keep = 1 - p

    def forward(self, x):
        if not self.training:
            return x
        return x * torch.empty_like(x).bernoulli_(torch.tensor(self.keep, dtype=torch.float64)).div_(self.keep)


def dropout(shape, p="0.5"):
    return Dropout(float(p)) if 0 < float(p) < 1 else nn.Dropout(float(p))


layers = {
    "linear": linear, "conv2d": conv2d, "batchnorm": batchnorm, "layernorm": layernorm, "groupnorm": groupnorm,
    "dropout": dropout, "maxpool2d": maxpool2d, "avgpool2d": avgpool2d, "global_avgpool": global_avgpool,
    "flatten": lambda shape: nn.Flatten(), "relu": lambda shape: nn.ReLU(), "relu6": lambda shape: nn.ReLU6(),
    "leaky_relu": lambda shape, slope="0.01": nn.LeakyReLU(float(slope)), "tanh": lambda shape: nn.Tanh(),
    "sigmoid": lambda shape: nn.Sigmoid(), "elu": lambda shape, alpha="1": nn.ELU(float(alpha)),
    "gelu": lambda shape, tanh="false": nn.GELU(approximate="tanh" if flag(tanh) else "none"),
    "silu": lambda shape: nn.SiLU(),
    "softplus": lambda shape, beta="1", threshold="20": nn.Softplus(float(beta), float(threshold)),
    "softmax": lambda shape: nn.Softmax(dim=1), "log_softmax": lambda shape: nn.LogSoftmax(dim=1),
}


# ---- augmentations: what torchvision.transforms does, draw by draw

class RandomCrop:
    """RandomCrop(size of the image, padding, fill=fill), with bnc's order of height and width."""

    def __init__(self, padding, fill="0"):
        self.padding, self.fill = pair(padding), float(fill)

    def __call__(self, image):
        rows, columns = self.padding
        padded = nn.functional.pad(image, (columns, columns, rows, rows), value=self.fill)
        height, width = image.shape[-2:]
        top = torch.randint(0, padded.shape[-2] - height + 1, size=(1,)).item()
        left = torch.randint(0, padded.shape[-1] - width + 1, size=(1,)).item()
        return padded[..., top:top + height, left:left + width]


class RandomHorizontalFlip:
    def __init__(self, p="0.5"):
        self.p = float(p)

    def __call__(self, image):
        return image.flip(-1) if torch.rand(1) < self.p else image


augmentations = {"random_crop": RandomCrop, "random_horizontal_flip": RandomHorizontalFlip}


class Images(torch.utils.data.Dataset):
    """Each sample is transformed when the loader asks for it."""

    def __init__(self, x, y):
        self.x, self.y, self.shape, self.transforms = x, y, x.shape[1:], []

    def __len__(self):
        return len(self.x)

    def __getitem__(self, i):
        image = self.x[i].view(self.shape)
        for transform in self.transforms:
            image = transform(image)
        return image, self.y[i]


# ---- statements -> modules

class Residual(nn.Sequential):
    def forward(self, x):
        y = x
        for name, layer in self.named_children():
            if name != "shortcut":
                y = layer(y)
        return y + (self.shortcut(x) if hasattr(self, "shortcut") else x)


def shape_after(module, shape):
    module.eval()
    with torch.no_grad():
        shape = module(torch.zeros(1, *shape)).shape[1:]
    module.train()
    return shape


def split(words, values):
    """Words of a statement -> positional and named arguments."""
    words = [re.sub("[^=]+$", lambda m: values.get(m[0], m[0]), word) for word in words]
    return [word for word in words if "=" not in word], dict(word.split("=") for word in words if "=" in word)


class Network:
    def __init__(self, text, sample_shape):
        """Draws the initial weights from torch's generator."""
        self.settings = {}
        self.blocks = {}
        self.transforms = []
        self.input = tuple(sample_shape)
        statements = read(text)
        for _, words, _ in statements:
            if words[0] == "input":
                self.input = tuple(int(size) for size in words[1].split("x"))
        self.module = nn.Sequential()
        self.build(self.module, statements, self.input, {})

    def build(self, module, statements, shape, values):
        for label, (name, *words), bodies in statements:
            positional, named = split(words, values) if name != "block" else ([], {})
            before = shape
            if name == "augment":
                self.transforms.append(augmentations[words[0]](*positional[1:], **named))
            elif name == "let":
                values = {**values, words[0]: positional[-1]}
            elif name == "block":
                self.blocks[words[0]] = words[1:], bodies[0], values
            elif name in self.blocks:
                parameters, body, outer = self.blocks[name]
                shape = self.build(module, body, shape, {**outer, **dict(zip(parameters, positional))})
            elif name == "repeat":
                for _ in range(int(positional[0])):
                    shape = self.build(module, bodies[0], shape, values)
            elif name == "residual":
                layer = Residual()
                shape = self.build(layer, bodies[0], shape, values)
                for body in bodies[1:]:
                    layer.add_module("shortcut", nn.Sequential())
                    self.build(layer.shortcut, body, before, values)
                module.add_module(label or str(len(module)), layer)
            elif name in layers:
                layer = layers[name](shape, *positional, **named)
                module.add_module(label or str(len(module)), layer)
                shape = shape_after(layer, shape)
            else:
                self.settings[name] = positional, named
        return shape

    def loss(self):
        """A function of outputs and targets."""
        (kind,), named = self.settings.get("loss", (["cross_entropy"], {}))
        return make_loss(kind, **named)

    def optimizer(self, epochs, steps):
        (kind,), named = self.settings.get("optimizer", (["sgd"], {}))
        schedule = self.settings.get("schedule", (["constant"], {}))
        return Updates(self.module.parameters(), kind, named, *schedule, epochs, steps)


# ---- losses

def make_loss(kind, *positional, weights=None, **named):
    named = {name: float(value) for name, value in named.items()}
    if kind == "cross_entropy":
        weights = weights and torch.tensor([float(weight) for weight in weights.split(",")], dtype=torch.float64)
        return lambda scores, y: nn.functional.cross_entropy(
            scores, y, weight=None if weights is None else weights.to(scores.dtype), **named)
    of_values = {"mse": nn.functional.mse_loss, "l1": nn.functional.l1_loss, "huber": nn.functional.huber_loss,
                 "bce": nn.functional.binary_cross_entropy_with_logits}[kind]
    return lambda scores, y: of_values(scores, y.to(scores.dtype).view_as(scores), **named)


# ---- optimizers and schedules

optimizers = {
    "sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW, "rmsprop": torch.optim.RMSprop,
}


def argument(text):
    return flag(text) if text in ("true", "false") else float(text)


def warmup_cosine(optimizer, epochs, total_iters=5, start_factor=1 / 3, T_max=None, eta_min=0):
    """bnc's name for this composition."""
    T_max = T_max or max(epochs - total_iters, 1)
    return lr_scheduler.SequentialLR(optimizer, [
        lr_scheduler.LinearLR(optimizer, start_factor=start_factor, total_iters=int(total_iters)),
        lr_scheduler.CosineAnnealingLR(optimizer, T_max=T_max, eta_min=eta_min)], milestones=[int(total_iters)])


def cosine(optimizer, epochs, T_max=None, eta_min=0):
    return lr_scheduler.CosineAnnealingLR(optimizer, T_max or epochs, eta_min)


def one_cycle(optimizer, steps, max_lr, linear=False, **arguments):
    return lr_scheduler.OneCycleLR(
        optimizer, max_lr, steps, anneal_strategy="linear" if linear else "cos", cycle_momentum=False, **arguments)


def step(optimizer, count, step_size, **arguments):
    return lr_scheduler.StepLR(optimizer, int(step_size), **arguments)


def exponential(optimizer, count, gamma):
    return lr_scheduler.ExponentialLR(optimizer, gamma)


schedules = {
    "step": step, "exponential": exponential, "cosine": cosine, "warmup_cosine": warmup_cosine, "one_cycle": one_cycle,
}


def make_schedule(kind, optimizer, count, positional, named):
    """count: of the epochs, or for one_cycle of the steps. The first arguments may come without their names."""
    names = list(inspect.signature(schedules[kind]).parameters)[2:]
    named = {**dict(zip(names, positional)), **named}
    return schedules[kind](optimizer, count, **{name: argument(value) for name, value in named.items()})


class Updates:
    """The usual script: an update for every `accumulate` batches, and after an epoch's last for those that are left."""

    def __init__(self, parameters, kind, named, schedule, schedule_named, epochs, steps):
        named = {name: argument(value) for name, value in named.items()}
        self.parameters = list(parameters)
        self.clip = named.pop("clip", None)
        self.accumulate = int(named.pop("accumulate", 1))
        self.waiting = 0
        if "beta1" in named or "beta2" in named:
            named["betas"] = named.pop("beta1", 0.9), named.pop("beta2", 0.999)
        if kind == "sgd":
            named.setdefault("lr", 0.01)
        self.optimizer = optimizers[kind](self.parameters, **named)
        self.each_step = self.each_epoch = None
        name, *positional = schedule
        if name == "one_cycle":
            batches = -(-steps // epochs)
            updates = (epochs - 1) * -(-batches // self.accumulate) \
                + -(-(steps - (epochs - 1) * batches) // self.accumulate)
            self.each_step = make_schedule(name, self.optimizer, updates, positional, schedule_named)
        elif name != "constant":
            self.each_epoch = make_schedule(name, self.optimizer, epochs, positional, schedule_named)

    def after_batch(self, loss, is_last):
        (loss / self.accumulate).backward()
        self.waiting += 1
        if self.waiting == self.accumulate or is_last:
            self.waiting = 0
            if self.clip:
                nn.utils.clip_grad_norm_(self.parameters, self.clip)
            self.optimizer.step()
            self.optimizer.zero_grad()
            if self.each_step:
                self.each_step.step()

    def after_epoch(self):
        if self.each_epoch:
            self.each_epoch.step()

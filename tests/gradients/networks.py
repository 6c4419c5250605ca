"""A hand-written network with L2, dropout and any one mistake, written apart from the checker's own."""

from itertools import pairwise

import numpy as np

from initlab.gradients.case import GradientCase

LAM, KEEP, M = 0.7, 0.8, 7
WIDTHS = (4, 6, 5, 3)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


ACTIVATION = {
    "relu": (lambda z: np.maximum(z, 0), lambda z: 1.0 * (z > 0)),
    "tanh": (np.tanh, lambda z: 1 - np.tanh(z) ** 2),
    "sigmoid": (sigmoid, lambda z: sigmoid(z) * (1 - sigmoid(z))),
}


class Network:
    """Softmax over three classes; `bug` names the line to spoil, `at` the layer."""

    def __init__(self, activation="relu", *, bug=None, at=2, seed=1, lam=LAM, keep=KEEP, std=None):
        draws = np.random.default_rng(seed)
        self.phi, self.derivative = ACTIVATION[activation]
        self.activation, self.bug, self.at, self.lam, self.keep = activation, bug, at, lam, keep
        self.depth = len(WIDTHS) - 1
        self.parameters = {}
        for layer, (k, n) in enumerate(pairwise(WIDTHS), 1):
            self.parameters[f"W{layer}"] = draws.normal(size=(n, k)) * (std or np.sqrt(1.5 / k))
            self.parameters[f"b{layer}"] = draws.normal(size=(n, 1)) * 0.2
        self.X = draws.normal(size=(WIDTHS[0], M))
        self.Y = np.eye(WIDTHS[-1])[:, draws.integers(WIDTHS[-1], size=M)]
        self.masks = [1.0 * (draws.random((n, M)) < keep) for n in WIDTHS[1:-1]]

    def forward(self, p):
        A, H, Z = {0: self.X}, {}, {}
        for layer in range(1, self.depth + 1):
            Z[layer] = p[f"W{layer}"] @ A[layer - 1] + p[f"b{layer}"]
            if layer < self.depth:
                H[layer] = self.phi(Z[layer])
                A[layer] = H[layer] * self.masks[layer - 1] / self.keep
        e = np.exp(Z[self.depth] - Z[self.depth].max(axis=0))
        return Z, H, A, e / e.sum(axis=0)

    def cost(self, p):
        *_, P = self.forward(p)
        penalty = sum(np.sum(p[f"W{layer}"] ** 2) for layer in range(1, self.depth + 1))
        return -np.sum(self.Y * np.log(P)) / M + self.lam / (2 * M) * penalty

    def spoiled(self, bug, layer):
        return self.bug == bug and self.at == layer

    def gradients(self, p):
        Z, H, A, P = self.forward(p)
        dZ = P + self.Y if self.bug == "labels added" else self.Y - P if self.bug == "sign" else P - self.Y
        found = {}
        for layer in range(self.depth, 0, -1):
            if layer < self.depth:
                dA = p[f"W{layer + 1}"].T @ dZ
                if not self.spoiled("no mask", layer):
                    dA = dA * self.masks[layer - 1] / (1 if self.spoiled("no keep", layer) else self.keep)
                dZ = dA if self.spoiled("no derivative", layer) else dA * self.derivative(Z[layer])
                if self.spoiled("inverted", layer):
                    dZ = dA * (Z[layer] <= 0)
                if self.spoiled("wrong argument", layer):
                    dZ = dA * (1 - Z[layer] ** 2)
            found |= self.block(layer, dZ, A, H, p)
        return found

    def block(self, layer, dZ, A, H, p):
        W, b, a = p[f"W{layer}"], p[f"b{layer}"], A[layer - 1]
        if self.spoiled("cache", layer):
            a = H[layer - 1]
        last = slice(None, -1) if self.spoiled("last example", layer) else slice(None)
        dW = dZ[:, last] @ a[:, last].T / (1 if self.spoiled("no mean", layer) else M)
        dW = dW * (2 if self.spoiled("doubled", layer) else 0 if self.spoiled("zero", layer) else 1)
        decay = {"no L2": 0, "lam not over m": M, "L2 halved": 0.5}.get(self.bug if self.at == layer else None, 1)
        dW = dW + decay * self.lam / M * W
        if self.spoiled("reshaped", layer):
            dW = dW.T.reshape(dW.shape)
        if self.spoiled("one entry", layer):
            dW = dW.copy()
            dW[0, 1] += 0.01
        db = dZ.sum(axis=1, keepdims=True) / M
        if self.spoiled("all axes", layer):
            db = np.full_like(db, dZ.sum() / M)
        if self.spoiled("bias L2", layer):
            db = db + self.lam / M * b
        return {f"dW{layer}": dW, f"db{layer}": db}

    def case(self, **known):
        return GradientCase(
            cost=self.cost,
            gradients=self.gradients,
            parameters=self.parameters,
            m=M,
            lam=self.lam,
            keep=self.keep,
            **known,
        )

    def open_case(self):
        """With its data and masks stated; the functions take them and use their own, which are the same."""
        return GradientCase(
            cost=lambda p, X, Y: self.cost(p),
            gradients=lambda p, X, Y: self.gradients(p),
            parameters=self.parameters,
            data=(self.X, self.Y),
            m=M,
            lam=self.lam,
            keep=self.keep,
            masks=self.masks,
        )


BUGS = {
    # bug: (cause, site) at layer 2
    "labels added": ("loss_derivative", "dZ3"),
    "sign": ("sign", "dZ3"),
    "no mask": ("dropout_mask", "dA2"),
    "no keep": ("keep_prob", "dA2"),
    "no derivative": ("activation_derivative_missing", "dZ2"),
    "inverted": ("relu_mask", "dZ2"),
    "wrong argument": ("derivative_argument", "dZ2"),
    "cache": ("wrong_cache", "W2"),
    "last example": ("batch_slice", "W2"),
    "no mean": ("missing_mean", "W2"),
    "doubled": ("literal_factor", "W2"),
    "zero": ("zero_gradient", "W2"),
    "no L2": ("l2_missing", "W2"),
    "lam not over m": ("l2_misscaled", "W2"),
    "L2 halved": ("l2_misscaled", "W2"),
    "reshaped": ("layout", "W2"),
    "all axes": ("bias_sum", "b2"),
    "bias L2": ("l2_on_bias", "b2"),
}
ALGEBRAIC = (
    "no mean",
    "doubled",
    "zero",
    "no L2",
    "lam not over m",
    "L2 halved",
    "reshaped",
    "all axes",
    "bias L2",
)
"""What one block tells by itself, without the network behind it."""

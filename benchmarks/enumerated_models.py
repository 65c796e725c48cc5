"""An oracle for structural models in words: all responses of all variables, read from the text by another reader.

It imports nothing of `hf_causal`.
"""

import re
from fractions import Fraction
from itertools import product

_SENTENCE = re.compile(r"(\w+) is 1 with probability ([\d./]+?)(?: if (.+?))?\.(?= |$)")


def read_model(text):
    """Returns the parents and the tables of each variable, and the coupling of responses, of a canonical text."""
    tables = {}
    for name, number, condition in _SENTENCE.findall(text):
        values = {v: int(b) for v, b in re.findall(r"(\w+) is ([01])", condition)}
        tables.setdefault(name, {})[frozenset(values.items())] = Fraction(number)
    coupling = "threshold" if "One uniform number" in text else "independent" if "Responses to" in text else None
    return tables, coupling


def parents_of(tables, name):
    """Returns the causes of a variable in the order of their names."""
    return sorted({parent for key in tables[name] for parent, _ in key})


class Units:
    """The model as deterministic ones with their probabilities: a response of each variable to each condition."""

    def __init__(self, tables, coupling):
        self.tables = tables
        self.order = []
        while len(self.order) < len(tables):
            self.order += [n for n in tables if n not in self.order and set(parents_of(tables, n)) <= set(self.order)]
        possible = [self.responses(tables[name], coupling) for name in self.order]
        self.units = []
        for chosen in product(*possible):
            weight = Fraction(1)
            for _, part in chosen:
                weight *= part
            if weight:
                self.units.append(({n: r for n, (r, _) in zip(self.order, chosen, strict=True)}, weight))

    @staticmethod
    def responses(table, coupling):
        """Yields the responses to each condition with their weights."""
        keys = list(table)
        if coupling == "threshold":
            steps = sorted({Fraction(0), Fraction(1), *table.values()})
            for low, high in zip(steps, steps[1:], strict=False):
                yield {key: int(table[key] >= high) for key in keys}, high - low
        else:
            for values in product((0, 1), repeat=len(keys)):
                weight = Fraction(1)
                for key, value in zip(keys, values, strict=True):
                    weight *= table[key] if value else 1 - table[key]
                yield dict(zip(keys, values, strict=True)), weight

    def solve(self, response, do):
        """Returns the value of each variable, where some are set."""
        state = {}
        for name in self.order:
            row = frozenset((parent, state[parent]) for parent in parents_of(self.tables, name))
            state[name] = do[name] if name in do else response[name][row]
        return state

    def mean(self, function, condition=lambda response: True):
        """Returns the mean of a function of the responses, under a condition; `None` where that has probability 0."""
        total = weights = Fraction(0)
        for response, weight in self.units:
            if condition(response):
                weights += weight
                total += weight * function(response)
        return total / weights if weights else None


def values_of(words):
    """Returns the values in words such as `A is set to 1 and B is set to 0`; a name may be a digit."""
    items = re.split(r", | and ", words)
    pattern = re.compile(r"(\w+) (?:is observed to be|is set to|is|at) ([01])")
    return {match[1]: int(match[2]) for match in map(pattern.fullmatch, items)}


def answer(tables, coupling, question):
    """Returns the value of a question, a pair of bounds, or `None` where it is not defined."""
    model = Units(tables, coupling)

    def run(response, do=None):
        return model.solve(response, do or {})

    def effect(x, y, more=None):
        return lambda r: run(r, {x: 1, **(more or {})})[y] - run(r, {x: 0, **(more or {})})[y]

    def matches(values):
        return lambda r: all(run(r)[name] == value for name, value in values.items())

    def find(pattern):
        return re.search(pattern, question)

    if m := find(r"that (\w+) is ([01]) if (.+ set .+)\?"):
        do = values_of(m[3])
        return model.mean(lambda r: run(r, do)[m[1]] == int(m[2]))
    if m := find(r"that (\w+) is ([01]) if (.+ observed .+)\?"):
        return model.mean(lambda r: run(r)[m[1]] == int(m[2]), matches(values_of(m[3])))
    if m := find(r"average treatment effect of (\w+) on (\w+)\?"):
        return model.mean(effect(m[1], m[2]))
    if m := find(r"controlled direct effect of (\w+) on (\w+) with (\w+) set to ([01])"):
        return model.mean(effect(m[1], m[2], {m[3]: int(m[4])}))
    if m := find(r"on the treated of (\w+) on (\w+)"):
        return model.mean(effect(m[1], m[2]), matches({m[1]: 1}))
    if m := find(r"natural (direct|indirect) effect of (\w+) on (\w+) (?:with mediator|through) (\w+)"):
        outer, inner = (1, 0) if m[1] == "direct" else (0, 1)

        def nested(r):
            mediator = run(r, {m[2]: inner})[m[4]]
            return run(r, {m[2]: outer, m[4]: mediator})[m[3]] - run(r, {m[2]: 0})[m[3]]

        return model.mean(nested)
    if m := find(r"bounds on the probability of (.+?) of (\w+) for (\w+) that"):
        return response_type_bounds(model, m[1], m[2], m[3])
    if m := find(r"the probability of (necessity and sufficiency|necessity|sufficiency) of (\w+) for (\w+)"):
        x, y = m[2], m[3]
        if m[1] == "necessity and sufficiency":
            return model.mean(lambda r: run(r, {x: 1})[y] > run(r, {x: 0})[y])
        seen = int(m[1] == "necessity")
        return model.mean(lambda r: run(r, {x: 1 - seen})[y] != seen, matches({x: seen, y: seen}))
    m = find(r"that (\w+) would have been ([01]) had (\w+) been ([01]) for an individual with (.+)\?")
    return model.mean(lambda r: run(r, {m[3]: int(m[4])})[m[1]] == int(m[2]), matches(values_of(m[5])))


def response_type_bounds(model, which, x, y):
    """Returns bounds by linear programming over the types (X, Y if X = 0, Y if X = 1), with scipy."""
    import numpy as np
    from scipy.optimize import linprog

    types = list(product((0, 1), repeat=3))
    rows, totals = [[1.0] * 8], [1.0]
    for a, b in product((0, 1), repeat=2):
        rows.append([float(t[0] == a and t[1 + a] == b) for t in types])
        totals.append(float(model.mean(lambda r, a=a, b=b: model.solve(r, {})[x] == a and model.solve(r, {})[y] == b)))
    for a in (0, 1):
        rows.append([float(t[1 + a]) for t in types])
        totals.append(float(model.mean(lambda r, a=a: model.solve(r, {x: a})[y])))
    goal = {
        "necessity and sufficiency": lambda t: t[1] == 0 and t[2] == 1,
        "necessity": lambda t: t == (1, 0, 1),
        "sufficiency": lambda t: t == (0, 0, 1),
    }[which]
    scale = {"necessity and sufficiency": 1.0, "necessity": totals[4], "sufficiency": totals[1]}[which]
    cost = np.array([float(goal(t)) for t in types])
    ends = [linprog(sign * cost, A_eq=rows, b_eq=totals, bounds=(0, 1)).fun * sign / scale for sign in (1, -1)]
    return tuple(ends)

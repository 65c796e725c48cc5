"""Models as graphs: token ids and their mask in, the logits of the answer out, nothing else and nothing of Python."""

from __future__ import annotations

import logging
import operator
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

INPUTS = ("input_ids", "attention_mask")
"""Both of shape (batch, length) and 64-bit, with padding on either side."""
OPSET = 18
"""The first ONNX operator set that scatters maxima, as the looped reasoner needs."""


class DecoderGraph(nn.Module):
    """The decoder up to the logits of the token after each prompt, (batch, vocab_size); without a cache."""

    outputs = ("logits",)

    def __init__(self, model: Any):
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        batch, length = input_ids.shape
        hidden_states = self.model.model(input_ids, attention_mask, use_cache=False).last_hidden_state
        last = (attention_mask * torch.arange(length, device=input_ids.device)).argmax(1)
        return (self.model.lm_head(hidden_states[torch.arange(batch, device=input_ids.device), last]),)


class LoopedGraph(nn.Module):
    """The looped reasoner up to the logits of No and Yes, (batch, 2), which prompts it could read, and its loops."""

    outputs = ("logits", "readable", "num_loops")

    def __init__(self, model: Any):
        super().__init__()
        self.model = model

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> tuple[torch.Tensor, ...]:
        outputs = self.model(input_ids, attention_mask)
        return tuple(getattr(outputs, name) for name in self.outputs)


_GRAPHS: dict[str, type[DecoderGraph] | type[LoopedGraph]] = {"axiom": DecoderGraph, "axiom_looped": LoopedGraph}


def make_graph(model: Any) -> DecoderGraph | LoopedGraph:
    """The part of a model that answers.

    Args:
        model (`PreTrainedModel`): An [`AxiomForCausalLM`] or an [`AxiomLoopedForSequenceClassification`].

    Raises:
        `ValueError`: For an architecture of other packages, and for a model whose answers are no function of its
            input.
    """
    config = model.config
    if config.model_type not in _GRAPHS:
        raise ValueError(
            f"`model` is of the architecture {config.model_type!r}; graphs are made of {' and '.join(_GRAPHS)}, and "
            "Optimum exports those of transformers"
        )
    if getattr(config, "name_encoder", "characters") == "random":
        raise ValueError(
            "`model` has the `name_encoder` 'random', which draws other vectors in every call; a graph needs "
            "'characters' or 'spelling'"
        )
    if further := [grammar for grammar in getattr(config, "grammars", None) or () if grammar != "transitivity"]:
        raise ValueError(
            f"`model` also reads {' and '.join(further)}, which depends on the text in ways that no graph records; "
            "a model of transitivity alone can be exported"
        )
    return _GRAPHS[config.model_type](model.float().eval())


def capture(graph: nn.Module, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.export.ExportedProgram:
    """A program for any batch and length, recorded with one example.

    Args:
        graph (`nn.Module`): What [`make_graph`] returns.
        input_ids, attention_mask (`torch.Tensor`): An example of at least two prompts of different lengths.
    """
    free = {0: torch.export.Dim.DYNAMIC, 1: torch.export.Dim.DYNAMIC}
    with torch.no_grad(), _quiet():
        program = torch.export.export(graph, (input_ids, attention_mask), dynamic_shapes=(free, free))
    for module in _graph_modules(program):
        for node in module.graph.nodes:
            node.meta.pop("stack_trace", None)  # it names the folders of this machine
            if node.target is torch.sym_sum:
                _write_out(module.graph, node)
        module.recompile()
    return program


def save_torch(program: torch.export.ExportedProgram, path: Path) -> None:
    """Writes a `.pt2` file, for `torch.export.load`."""
    torch.export.save(program, path)


def save_onnx(program: torch.export.ExportedProgram, outputs: tuple[str, ...], path: Path) -> None:
    """Writes an `.onnx` file.

    Args:
        program (`torch.export.ExportedProgram`): What [`capture`] returns.
        outputs (`tuple[str, ...]`): Names of the outputs.
        path (`Path`): File to write.
    """
    axes = {0: "batch", 1: "length"}
    with _quiet():
        converted: Any = torch.onnx.export(
            program,
            dynamo=True,
            input_names=INPUTS,
            output_names=outputs,
            dynamic_shapes=(axes, axes),
            opset_version=OPSET,
            verbose=False,
        )
    for node in converted.model.graph.all_nodes():
        node.metadata_props.clear()  # how each node came about: four times the size of the weights
    converted.save(path)


def _graph_modules(program: torch.export.ExportedProgram) -> Iterator[torch.fx.GraphModule]:
    """Returns the graph and those within it, such as the body of a loop."""
    return (module for module in program.graph_module.modules() if isinstance(module, torch.fx.GraphModule))


def _write_out(graph: torch.fx.Graph, node: torch.fx.Node) -> None:
    """Replaces `torch.sym_sum`, which PyTorch 2.13 makes but cannot save, by additions."""
    terms: Any = node.args[0]
    total, *terms = terms
    with graph.inserting_before(node):
        for term in terms:
            total = graph.call_function(operator.add, (total, term))
            total.meta = dict(node.meta)
    node.replace_all_uses_with(total)
    graph.erase_node(node)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without what the exporter has to say about itself: packages that are not needed, names that it does not use."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)

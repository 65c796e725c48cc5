"""Two towers, for pictures and captions, and the contrastive loss between them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from transformers import initialization as init
from transformers.modeling_utils import PreTrainedModel
from transformers.utils.generic import ModelOutput, can_return_tuple

from .configuration_two_tower import TwoTowerConfig


@dataclass
class TwoTowerOutput(ModelOutput):
    """
    What a [`TwoTowerModel`] returns.

    Args:
        loss (`torch.FloatTensor`, *optional*):
            The contrastive loss, with `return_loss=True`.
        logits_per_image (`torch.FloatTensor` of shape `(images, captions)`, *optional*):
            Cosines of pictures and captions, times the learned scale.
        logits_per_text (`torch.FloatTensor` of shape `(captions, images)`, *optional*):
            The same, the other way round.
        image_embeds, text_embeds (`torch.FloatTensor` of shape `(…, hidden_size)`, *optional*):
            Unit vectors of the pictures and of the captions.
    """

    loss: torch.Tensor | None = None
    logits_per_image: torch.Tensor | None = None
    logits_per_text: torch.Tensor | None = None
    image_embeds: torch.Tensor | None = None
    text_embeds: torch.Tensor | None = None


class TwoTowerPreTrainedModel(PreTrainedModel):
    config_class = TwoTowerConfig
    base_model_prefix = "model"
    main_input_name = "pixel_values"
    _no_split_modules = ["TwoTowerImageTower", "TwoTowerTextTower"]

    def _init_weights(self, module: nn.Module) -> None:
        # `transformers.initialization` leaves tensors alone that a checkpoint has filled already.
        if isinstance(module, nn.Linear | nn.Conv2d):
            init.xavier_uniform_(module.weight)
            if module.bias is not None:
                init.zeros_(module.bias)
        elif isinstance(module, nn.MultiheadAttention):
            init.xavier_uniform_(module.in_proj_weight)
            init.zeros_(module.in_proj_bias)
        elif isinstance(module, nn.Embedding):
            init.normal_(module.weight, mean=0.0, std=self.config.initializer_range)
        elif isinstance(module, nn.LayerNorm | nn.GroupNorm):
            init.ones_(module.weight)
            init.zeros_(module.bias)
        elif isinstance(module, TwoTowerModel):
            init.constant_(module.logit_scale, self.config.logit_scale_init_value)


class TwoTowerImageTower(nn.Module):
    """Convolutions that halve the picture, then one linear layer over all places, so that position counts."""

    def __init__(self, config: TwoTowerConfig):
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for channels in config.channels or ():
            layers += [nn.Conv2d(before, channels, 3, stride=2, padding=1), nn.GroupNorm(1, channels), nn.GELU()]
            before = channels
        self.layers = nn.Sequential(*layers)
        self.projection = nn.Linear(before * config.grid_size**2, config.hidden_size)

    def forward(self, pixel_values: torch.Tensor) -> torch.Tensor:
        return self.projection(self.layers(pixel_values).flatten(1))


class TwoTowerTextTower(nn.Module):
    """Words and their positions, a small transformer, and the mean over the words."""

    def __init__(self, config: TwoTowerConfig):
        super().__init__()
        width = config.hidden_size
        self.embed_tokens = nn.Embedding(config.vocab_size, width)
        self.embed_positions = nn.Embedding(config.max_position_embeddings, width)
        layer = nn.TransformerEncoderLayer(
            width, config.num_attention_heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True,
            norm_first=True,
        )  # fmt: skip
        self.encoder = nn.TransformerEncoder(layer, config.num_text_layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.projection = nn.Linear(width, width)

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        hidden = self.embed_tokens(input_ids) + self.embed_positions.weight[: input_ids.shape[1]]
        there = attention_mask.bool()
        hidden = self.norm(self.encoder(hidden, src_key_padding_mask=~there))
        words = there.to(hidden.dtype)[..., None]
        return self.projection((hidden * words).sum(1) / words.sum(1).clamp(min=1))


class TwoTowerModel(TwoTowerPreTrainedModel):
    """Pictures and captions as unit vectors, and how similar each picture is to each caption."""

    def __init__(self, config: TwoTowerConfig):
        super().__init__(config)
        self.image_tower = TwoTowerImageTower(config)
        self.text_tower = TwoTowerTextTower(config)
        self.logit_scale = nn.Parameter(torch.tensor(float(config.logit_scale_init_value)))
        self.post_init()

    def get_input_embeddings(self) -> nn.Embedding:
        return self.text_tower.embed_tokens

    def set_input_embeddings(self, value: nn.Embedding) -> None:
        self.text_tower.embed_tokens = value

    def get_image_features(self, pixel_values: torch.Tensor) -> torch.Tensor:
        """Unit vectors of pictures, of shape `(images, hidden_size)`; see [`TwoTowerModel.forward`]."""
        size = self.config.image_size
        if pixel_values.dim() != 4 or pixel_values.shape[1:] != (3, size, size):
            raise ValueError(
                f"`pixel_values` must be of shape (images, 3, {size}, {size}), got {tuple(pixel_values.shape)}"
            )
        weight = self.image_tower.projection.weight
        scaled = pixel_values.to(weight.dtype)
        if not pixel_values.is_floating_point():
            scaled = scaled / 255
        return nn.functional.normalize(self.image_tower(scaled).float(), dim=-1)

    def get_text_features(self, input_ids: torch.Tensor, attention_mask: torch.Tensor | None = None) -> torch.Tensor:
        """Unit vectors of captions, of shape `(captions, hidden_size)`; see [`TwoTowerModel.forward`]."""
        if input_ids.shape[1] > self.config.max_position_embeddings:
            raise ValueError(
                f"a caption has {input_ids.shape[1]} tokens; positions end at `max_position_embeddings` "
                f"{self.config.max_position_embeddings}"
            )
        if attention_mask is None:
            attention_mask = input_ids != self.config.pad_token_id
        return nn.functional.normalize(self.text_tower(input_ids, attention_mask).float(), dim=-1)

    @can_return_tuple
    def forward(
        self,
        pixel_values: torch.Tensor,
        input_ids: torch.LongTensor,
        attention_mask: torch.Tensor | None = None,
        return_loss: bool = False,
        **kwargs,
    ) -> TwoTowerOutput:
        r"""
        Args:
            pixel_values (`torch.Tensor` of shape `(images, 3, image_size, image_size)`):
                Pictures, as integers 0 to 255 or as floats 0 to 1.
            input_ids (`torch.LongTensor` of shape `(captions, length)`):
                Captions.
            attention_mask (`torch.Tensor` of shape `(captions, length)`, *optional*):
                1 for words and 0 for padding; read from `input_ids` when not given.
            return_loss (`bool`):
                Whether to compute the contrastive loss; picture k and caption k belong together.

        Example:

        ```python
        >>> from hf_causal.systems.equivariance.two_tower import TwoTowerConfig, TwoTowerModel, TwoTowerTokenizer
        >>> tokenizer = TwoTowerTokenizer(["a", "red", "blue", "circle"])
        >>> model = TwoTowerModel(TwoTowerConfig(vocab_size=len(tokenizer)))
        >>> captions = tokenizer(["a red circle", "a blue circle"], return_tensors="pt")
        >>> model(torch.zeros(3, 3, 32, 32), **captions).logits_per_image.shape
        torch.Size([3, 2])

        ```
        """
        images = self.get_image_features(pixel_values)
        texts = self.get_text_features(input_ids, attention_mask)
        scale = self.logit_scale.float().clamp(max=self.config.max_logit_scale).exp()
        logits = scale * images @ texts.T
        loss = contrastive_loss(logits) if return_loss else None
        return TwoTowerOutput(
            loss=loss, logits_per_image=logits, logits_per_text=logits.T, image_embeds=images, text_embeds=texts
        )


def contrastive_loss(logits: torch.Tensor) -> torch.Tensor:
    """The loss of CLIP (arXiv 2103.00020): cross-entropy of each picture's caption and each caption's picture, halved.

    Args:
        logits (`torch.Tensor` of shape `(n, n)`): Scaled similarities, with the matches on the diagonal.
    """
    if logits.shape[0] != logits.shape[1]:
        raise ValueError(f"`return_loss` needs a caption for each picture, got {tuple(logits.shape)}")
    own = torch.arange(len(logits), device=logits.device)
    return (nn.functional.cross_entropy(logits, own) + nn.functional.cross_entropy(logits.T, own)) / 2


__all__ = ["TwoTowerModel", "TwoTowerOutput", "TwoTowerPreTrainedModel"]

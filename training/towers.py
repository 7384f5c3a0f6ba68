"""The shape of chop-clip, as open_clip's own model class builds it from the configuration that is shipped."""

import json
from pathlib import Path
from typing import Any, Final

import torch
from torch.nn import functional

from training.tokens import END

NAME: Final = "chop-clip"
CONFIG: Final = Path(__file__).with_name("chop-clip.json")


def build_model() -> Any:  # noqa: ANN401 - open_clip has no types
    """Return the model with random weights."""
    from provenance.torchvision_guard import import_torchvision

    import_torchvision()
    import open_clip

    settings = json.loads(CONFIG.read_text(encoding="utf-8"))
    settings.pop("custom_text", None)
    return open_clip.CLIP(settings["embed_dim"], settings["vision_cfg"], settings["text_cfg"])


def encode_texts(model: Any, tokens: torch.Tensor) -> torch.Tensor:  # noqa: ANN401 - open_clip has no types
    """Return (B, D) text features of length 1, as open_clip computes them, less the tail that is padding alone.

    Attention looks back only, so what follows a caption's end changes nothing.
    """
    length = tokens.shape[1]
    rows = model.token_embedding(tokens) + model.positional_embedding[:length]
    rows = model.transformer(rows, attn_mask=model.attn_mask[:length, :length])
    rows = model.ln_final(rows)
    ends = (tokens == END).int().argmax(dim=1)
    pooled = rows[torch.arange(len(rows), device=rows.device), ends] @ model.text_projection
    return functional.normalize(pooled.float(), dim=-1)


@torch.no_grad()  # type: ignore[untyped-decorator]  # torch is skipped
def plant_words(model: Any, words: list[str], vectors: torch.Tensor) -> int:  # noqa: ANN401 - open_clip has no types
    """Start the embeddings of tokens that are whole words from their word vectors, and return how many there were."""
    from training.tokens import load_tokenizers

    encoder = load_tokenizers()[0].encoder
    found = [(encoder[word + "</w>"], row) for row, word in enumerate(words) if word + "</w>" in encoder]
    numbers, rows = (torch.tensor(part) for part in zip(*found, strict=True))
    weight = model.token_embedding.weight
    # Unit vectors of 100 numbers, brought to the spread of 0.06: three times that of tokens without one.
    weight[numbers.to(weight.device), : vectors.shape[1]] = vectors[rows.to(vectors.device)].to(weight) * 0.6
    return len(found)

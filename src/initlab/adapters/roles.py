"""What the names of layers say of their roles: the habits of published models, where nothing better is known.

Tried after what the kind of the layer and the flow of the data say. The first row whose pattern is found in the name of
the layer (or of the parameter itself, when it belongs to no layer of a known kind) counts.
"""

import re

from initlab.parameters import Role


def _called(names: str, within: str = "") -> str:
    """A pattern for a layer of one of those names, anywhere or inside a module of one of others."""
    inside = rf"({within})\.(.*[._])?" if within else ""
    return rf"(^|[._]){inside}({names})$"


_ATTENTION = "self_attn|attn|attention|selfattention|encdecattention|mixer"
_ATTENTION_OUT = "o_proj|out_proj|out_lin|proj|c_proj|dense|wo|o|to_out|linear_out"
_RESIDUAL_OUT = "down_proj|fc2|lin2|linear2|c_proj|wo|w2|dense_4h_to_h|fc_out|output.dense|mlp.proj"
_HEAD = "lm_head|head|heads|classifier|score|embed_out|output_projection|qa_outputs|decoder"

LAYER_ROLES: tuple[tuple[str, Role], ...] = (
    (_called("q_proj|q_lin|to_q|wq|query|q|query_proj|linear_q|queries"), "query"),
    (_called("k_proj|k_lin|to_k|wk|key|k|key_proj|linear_k|keys"), "key"),
    (_called("v_proj|v_lin|to_v|wv|value|v|value_proj|linear_v|values"), "value"),
    (_called(_ATTENTION_OUT, _ATTENTION), "attention_out"),
    (_called("gate_proj|wi_0|w_gate"), "gate"),
    (_called(_RESIDUAL_OUT), "residual_out"),
    (_called(_HEAD), "head"),
)

TABLE_ROLES: tuple[tuple[str, Role], ...] = (
    (r"pos_|_pos|position|wpe|relative|rel_pos|pos\b", "positional"),
    (r"token|embed|query|prompt|latents|prototype|codebook", "embedding"),
    (r"layer_?scale|lambda_|gamma|ls\d|resweight|rezero|skip_?(gain|scale)", "residual_scale"),
    (r"bias$", "bias"),
)
"""For tensors that a module holds itself: class tokens, position tables, scales of branches."""


SPECIAL = (
    (r"(^|[._])(A_log|dt_bias|dt_proj\.bias)$", "sets the time scales of a state-space layer"),
    (r"(^|[._])time_(decay|first|mix|maa|faaaa)\w*$", "sets the time scales of a recurrence"),
    (r"(^|[._])lora_(B|embedding_B)\b", "the zero half of a low-rank adapter, so that it starts as nothing"),
    (r"(^|[._])(logit_scale|logit_bias|temperature)$", "a temperature"),
)
"""Tensors that only the model's own code can set, by the names that they go by, and why."""


def special(name: str) -> str | None:
    """Why a tensor of that name must be left as the model made it; None for any other.

    >>> special("layers.0.mixer.dt_bias")
    'sets the time scales of a state-space layer'
    """
    return next((why for pattern, why in SPECIAL if re.search(pattern, name)), None)


def named_role(name: str, table: tuple[tuple[str, Role], ...]) -> Role | None:
    """The role that a name stands for in a table; None where it stands for none.

    >>> named_role("h.0.attn.c_proj", LAYER_ROLES), named_role("h.0.mlp.c_proj", LAYER_ROLES)
    ('attention_out', 'residual_out')
    """
    return next((role for pattern, role in table if re.search(pattern, name, re.IGNORECASE)), None)

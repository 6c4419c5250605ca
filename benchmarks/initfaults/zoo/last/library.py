"""timm's, torchvision's and Transformers' own architectures that no older part has, as they draw themselves."""

from benchmarks.initfaults.zoo.fresh.library import SPECIAL
from benchmarks.initfaults.zoo.fresh.library import _built as built
from benchmarks.initfaults.zoo.fresh.library import _language as language
from benchmarks.initfaults.zoo.fresh.library import _translation as translation
from benchmarks.initfaults.zoo.late.library import decoder, encoder, timm, vision

SMALL = {"vocab_size": 64, "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64}
BOTH = {
    "vocab_size": 64, "d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
    "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "max_position_embeddings": 64,
}  # fmt: skip
LIBRARY = (
    timm("tinynet_e", "tinynet", side=64),
    timm("repghostnet_050", "repghost", side=64),
    timm("efficientvit_b0", "efficientvit", side=64),
    timm("pit_ti_224", "pit", rows=8, side=64, img_size=64),
    timm("fastvit_t8", "fastvit", rows=8, side=64),
    timm("convnextv2_atto", "convnextv2", rows=8),
    vision("regnet_x_400mf", rows=8),
    decoder("smollm3", "SmolLM3", pad_token_id=0),
    decoder("helium", "Helium", head_dim=8),
    decoder("olmoe", "Olmoe", num_experts=4, num_experts_per_tok=2),
    decoder("persimmon", "Persimmon"),
    built("hf-gpt_bigcode", language("GPTBigCode", **SMALL)),
    built("hf-gptj", language("GPTJ", rotary_dim=4, **SMALL)),
    encoder("xlm_roberta", "XLMRoberta", pad_token_id=1),
    encoder("roformer", "RoFormer", embedding_size=32),
    encoder("megatron_bert", "MegatronBert"),
    built("hf-blenderbot", translation("Blenderbot", **BOTH, **SPECIAL)),
)

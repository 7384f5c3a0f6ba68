"""Models of speech with random weights, small enough for a test: one that writes, as Whisper does, and one that spells."""

import json

from provenance.torchvision_guard import import_torchvision

LETTERS = " abcdefghijklmnopqrstuvwxyz'"


def save_writer(folder):
    """Save a Whisper of random weights, and return its folder."""
    import_torchvision()
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperProcessor,
        WhisperTokenizer,
    )

    names = ["<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|transcribe|>", "<|notimestamps|>", *LETTERS[1:]]
    vocabulary = {name: index for index, name in enumerate(names)} | {"Ġ": len(names)}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    tokenizer = WhisperTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
    size = max(tokenizer.get_vocab().values()) + 1
    sizes = {"d_model": 16, "encoder_layers": 1, "decoder_layers": 1, "encoder_attention_heads": 2}
    sizes |= {"decoder_attention_heads": 2, "encoder_ffn_dim": 16, "decoder_ffn_dim": 16}
    ends = {"decoder_start_token_id": 1, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 0}
    torch.manual_seed(1)
    config = WhisperConfig(vocab_size=size, num_mel_bins=80, max_target_positions=256, **sizes, **ends)
    model = WhisperForConditionalGeneration(config).eval()
    model.generation_config = GenerationConfig(**ends, max_length=256, is_multilingual=False)
    model.save_pretrained(folder, safe_serialization=True)
    WhisperProcessor(WhisperFeatureExtractor(), tokenizer).save_pretrained(folder)
    return folder


def save_speller(folder):
    """Save a wav2vec 2.0 of random weights, and return its folder."""
    import_torchvision()
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    vocabulary = {"<pad>": 0, "<unk>": 1, "|": 2} | {letter: index + 3 for index, letter in enumerate(LETTERS[1:])}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    tokenizer = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"), bos_token=None, eos_token=None)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    sizes |= {"conv_dim": (16, 16), "conv_kernel": (10, 3), "conv_stride": (5, 64), "num_feat_extract_layers": 2}
    sizes |= {"num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2, "feat_extract_norm": "layer"}
    torch.manual_seed(3)
    Wav2Vec2ForCTC(Wav2Vec2Config(vocab_size=len(vocabulary), **sizes)).eval().save_pretrained(
        folder, safe_serialization=True
    )
    extractor = Wav2Vec2FeatureExtractor(sampling_rate=16_000)
    Wav2Vec2Processor(extractor, tokenizer).save_pretrained(folder)
    return folder

import numpy as np
import torch

from bench.watermark import resynthesis
from bench.watermark.measure import psnr_db
from tests.bench.watermark.pictures import photograph


def test_an_autoencoder_is_trained_kept_and_loses_little(tmp_path):
    before = torch.get_num_threads()
    frames = [photograph(width=256, height=256), photograph("coffee.png", 256, 256)]
    try:
        net = resynthesis.load_or_train(frames, "fine", tmp_path, steps=2)
        again = resynthesis.load_or_train([], "fine", tmp_path, steps=2)
    finally:
        torch.set_num_threads(before)
    frame = photograph("chelsea.png", 251, 197)
    made = resynthesis.pass_through(net, frame)
    assert made.shape == frame.shape
    assert made.dtype == np.uint8
    assert np.array_equal(made, resynthesis.pass_through(again, frame))
    assert psnr_db(frame, made) > 25, "it starts from the principal components"
    assert not np.array_equal(made, frame)


def test_the_generator_draws_a_picture_anew_by_a_share():
    before = torch.get_num_threads()
    try:
        redrawer = resynthesis.Redrawer()
        frame = photograph("chelsea.png", 260, 197)
        whole, half = (redrawer.make(frame, share, from_latents=False) for share in (1, 0.5))
        latents = redrawer.make(frame, 1, from_latents=True)
    finally:
        torch.set_num_threads(before)
    assert whole.shape == half.shape == frame.shape
    assert 22 < psnr_db(frame, whole) < psnr_db(frame, half), "a quarter of the size, enlarged"
    assert np.abs(half.astype(float) - (whole.astype(float) + frame) / 2).max() <= 1
    assert 10 < psnr_db(frame, latents) < psnr_db(frame, whole), "what it knows of photographs is little"

import numpy as np
import pytest
import torch

from hillotype.modelfile import load_model
from hillotype.models import build
from hillotype.train.start import read_start

NETS = {
    "colorize": ("lite0_unet", {"in_channels": 1, "out_channels": 3, "doubt": True, "pretrained": False}),
    "denoise-fast-gray": ("residual_unet", {"in_channels": 1, "out_channels": 1}),
}


@pytest.mark.parametrize("name", NETS)
def test_a_net_that_starts_as_a_shipped_model_answers_as_it_does(name):
    kind, settings = NETS[name]
    torch.manual_seed(0)
    net = build(kind, **settings).eval()
    read_start(name, net)
    picture = np.random.default_rng(0).random((2, 1, 64, 96), dtype=np.float32)
    with torch.no_grad():
        answer = net(torch.from_numpy(picture)).numpy()
    np.testing.assert_allclose(answer, load_model(name, threads=1, device="cpu").run(picture), atol=1e-5)

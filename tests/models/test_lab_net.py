"""The networks of report 002."""

import pytest
import torch
from tests.models.conftest import count

from hillotype.errors import RecipeError
from hillotype.models.lab_net import LabNet


def test_both_nets_have_the_parameters_of_the_report():
    assert count(LabNet()) == 889_082
    assert count(LabNet(dilations=0)) == 364_026


def test_chroma_may_be_negative():
    torch.manual_seed(0)
    chroma = LabNet()(torch.rand(4, 1, 24, 16))
    assert chroma.min() < 0 < chroma.max()


def test_in_training_the_scale_of_the_luma_matters_to_the_last_layer_alone():
    torch.manual_seed(0)
    model = LabNet(dilations=0).train()
    luma = torch.rand(4, 1, 16, 16)
    torch.testing.assert_close(model.down1(100 * luma), model.down1(luma), rtol=1e-2, atol=1e-2)


def test_fewer_than_no_dilations_are_refused():
    with pytest.raises(RecipeError, match="dilations is -1"):
        LabNet(dilations=-1)

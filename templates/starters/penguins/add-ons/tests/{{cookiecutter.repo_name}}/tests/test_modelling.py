import pandas as pd
import pytest

from {{ cookiecutter.package_name }}.nodes.modelling import (
    Split,
    Training,
    predict,
    split_penguins,
    train,
)

TRAINING = Training(features=["body_mass_g"], regularisation=1.0, most_iterations=100)


@pytest.fixture
def features() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "species": ["Adelie"] * 8 + ["Gentoo"] * 4,
            "body_mass_g": [3500.0 + n for n in range(8)]
            + [5000.0 + n for n in range(4)],
        }
    )


def test_both_parts_have_the_same_mix_of_species(features):
    _, test_set = split_penguins(features, split=Split(test_share=0.25, seed=1))
    assert sorted(test_set["species"]) == ["Adelie", "Adelie", "Gentoo"]


def test_the_same_seed_gives_the_same_parts(features):
    split = Split(test_share=0.25, seed=1)
    first, second = (split_penguins(features, split=split)[1] for _ in range(2))
    pd.testing.assert_frame_equal(first, second)


def test_species_of_different_weight_are_told_apart(features):
    predictions = predict(train(features, training=TRAINING), features)
    assert list(predictions["predicted"]) == list(features["species"])

import pandas as pd
import pytest

from {{ cookiecutter.package_name }}.nodes.preparation import (
    Validation,
    add_features,
    clean,
    validate,
)

VALIDATION = Validation(
    fewest_rows=2, species=["Adelie", "Gentoo"], largest_missing_share=0.5
)


@pytest.fixture
def penguins_raw() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Species": [
                "Adelie Penguin (Pygoscelis adeliae)",
                "Gentoo penguin (Pygoscelis papua)",
                "Gentoo penguin (Pygoscelis papua)",
            ],
            "Island": ["Torgersen", "Biscoe", "Biscoe"],
            "Sex": ["MALE", "FEMALE", None],
            "Culmen Length (mm)": [39.0, 46.0, None],
            "Culmen Depth (mm)": [19.5, 13.0, None],
            "Flipper Length (mm)": [181.0, 211.0, None],
            "Body Mass (g)": [3750.0, 4500.0, None],
            "Comments": [None, None, "not measured"],
        }
    )


def test_sound_records_pass_unchanged(penguins_raw):
    passed = validate(penguins_raw, validation=VALIDATION)
    pd.testing.assert_frame_equal(passed, penguins_raw)


def test_all_that_is_wrong_is_listed(penguins_raw):
    one = penguins_raw.head(1).assign(Species="Emperor Penguin")
    with pytest.raises(ValueError, match="1 rows, fewer than 2; unknown species 'Emp"):
        validate(one, validation=VALIDATION)


def test_a_missing_column_is_named(penguins_raw):
    with pytest.raises(ValueError, match="no column 'Sex'"):
        validate(penguins_raw.drop(columns="Sex"), validation=VALIDATION)


def test_a_measurement_that_is_mostly_missing_is_refused(penguins_raw):
    penguins_raw.loc[0, "Body Mass (g)"] = None
    with pytest.raises(ValueError, match=r"67% of 'Body Mass \(g\)' is missing"):
        validate(penguins_raw, validation=VALIDATION)


def test_penguins_that_were_not_measured_are_left_out(penguins_raw):
    assert list(clean(penguins_raw)["species"]) == ["Adelie", "Gentoo"]


def test_columns_are_tidy(penguins_raw):
    tidy = clean(penguins_raw)
    assert "Comments" not in tidy
    assert list(tidy["sex"]) == ["male", "female"]


def test_the_shape_of_the_bill_is_length_by_depth(penguins_raw):
    features = add_features(clean(penguins_raw))
    assert list(features["bill_ratio"]) == [2.0, 3.538]

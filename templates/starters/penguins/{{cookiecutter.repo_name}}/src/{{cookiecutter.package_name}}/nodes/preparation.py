"""From the penguins as they were recorded to a table that a model can learn from."""

from dataclasses import dataclass

import pandas as pd
from mlflow_tmpl import node

MEASUREMENTS = {
    "Culmen Length (mm)": "bill_length_mm",
    "Culmen Depth (mm)": "bill_depth_mm",
    "Flipper Length (mm)": "flipper_length_mm",
    "Body Mass (g)": "body_mass_g",
}
COLUMNS = {"Species": "species", "Island": "island", "Sex": "sex", **MEASUREMENTS}


@dataclass(frozen=True)
class Validation:
    """What records must be like to be worked with.

    Attributes:
        fewest_rows: fewer are taken for an incomplete file.
        species: the species that there are, by the first word of their names.
        largest_missing_share: of a measurement, between 0 and 1.
    """

    fewest_rows: int
    species: list[str]
    largest_missing_share: float


@node(outputs="valid_penguins")
def validate(penguins_raw: pd.DataFrame, *, validation: Validation) -> pd.DataFrame:
    """Return the records as they are, if they are what the rest relies on.

    Raises:
        ValueError: they are not; all that is wrong with them is listed.
    """
    problems = find_problems(penguins_raw, validation)
    if problems:
        raise ValueError("; ".join(problems))
    return penguins_raw


def find_problems(penguins_raw: pd.DataFrame, validation: Validation) -> list[str]:
    """Return what is wrong with the records, each in a few words."""
    missing = sorted(set(COLUMNS) - set(penguins_raw.columns))
    if missing:
        return [f"no column {column!r}" for column in missing]
    problems = []
    rows = len(penguins_raw)
    if rows < validation.fewest_rows:
        problems.append(f"{rows} rows, fewer than {validation.fewest_rows}")
    unknown = set(short_species(penguins_raw["Species"])) - set(validation.species)
    problems += [f"unknown species {name!r}" for name in sorted(unknown)]
    shares = penguins_raw[list(MEASUREMENTS)].isna().mean()
    for column, share in shares[shares > validation.largest_missing_share].items():
        problems.append(f"{share:.0%} of {column!r} is missing")
    return problems


@node(outputs="penguins")
def clean(valid_penguins: pd.DataFrame) -> pd.DataFrame:
    """Return tidy columns of the penguins that were measured."""
    tidy = valid_penguins[list(COLUMNS)].rename(columns=COLUMNS)
    tidy = tidy.assign(
        species=short_species(tidy["species"]),
        sex=tidy["sex"].str.lower(),
    )
    return tidy.dropna(subset=list(MEASUREMENTS.values())).reset_index(drop=True)


@node(outputs="penguin_features")
def add_features(penguins: pd.DataFrame) -> pd.DataFrame:
    """Add the shape of the bill, which tells species apart whatever their size."""
    ratio = penguins["bill_length_mm"] / penguins["bill_depth_mm"]
    return penguins.assign(bill_ratio=ratio.round(3))


def short_species(species: pd.Series) -> pd.Series:
    """Return ``Adelie`` for ``Adelie Penguin (Pygoscelis adeliae)``."""
    return species.str.split().str[0]

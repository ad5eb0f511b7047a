"""A small example, to be deleted: readings of thermometers, cleaned and averaged."""

import pandas as pd
from mlflow_tmpl import node


@node(outputs="example_clean_readings")
def clean_readings(example_readings: pd.DataFrame) -> pd.DataFrame:
    """Leave out the readings that were not taken."""
    return example_readings.dropna(subset=["celsius"])


@node(outputs="example_means")
def average_readings(
    example_clean_readings: pd.DataFrame, *, example_decimals: int
) -> dict[str, float]:
    """Return the mean temperature of each station, in degrees Celsius."""
    means = example_clean_readings.groupby("station")["celsius"].mean()
    return means.round(example_decimals).to_dict()

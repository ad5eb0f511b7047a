import pandas as pd

from {{ cookiecutter.package_name }}.nodes.example import (
    average_readings,
    clean_readings,
)

READINGS = pd.DataFrame(
    {"station": ["hill", "hill", "harbour"], "celsius": [7.0, 8.25, None]}
)


def test_readings_that_were_not_taken_are_left_out():
    assert list(clean_readings(READINGS)["station"]) == ["hill", "hill"]


def test_the_mean_of_a_station_is_rounded():
    assert average_readings(clean_readings(READINGS), example_decimals=1) == {
        "hill": 7.6
    }

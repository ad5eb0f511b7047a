import pandas as pd

from {{ cookiecutter.package_name }}.nodes.reporting import (
    draw_confusion,
    evaluate,
)

PREDICTIONS = pd.DataFrame(
    {
        "species": ["Adelie", "Adelie", "Gentoo", "Gentoo"],
        "predicted": ["Adelie", "Gentoo", "Gentoo", "Gentoo"],
    }
)


def test_metrics_are_those_of_the_predictions():
    assert evaluate(PREDICTIONS) == {
        "accuracy": 0.75,
        "f1_adelie": 0.6667,
        "f1_gentoo": 0.8,
    }


def test_the_picture_counts_penguins_by_species():
    (axes,) = draw_confusion(PREDICTIONS).axes
    assert [text.get_text() for text in axes.texts] == ["1", "1", "0", "2"]

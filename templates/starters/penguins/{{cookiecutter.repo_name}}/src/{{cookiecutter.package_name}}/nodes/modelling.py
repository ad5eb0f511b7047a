"""A model that tells the species of a penguin by its measurements."""

from dataclasses import dataclass

import pandas as pd
from mlflow_tmpl import node
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler


@dataclass(frozen=True)
class Split:
    """How the penguins are divided.

    Attributes:
        test_share: what part is kept to test the model with, between 0 and 1.
        seed: the same seed gives the same parts.
    """

    test_share: float
    seed: int


@dataclass(frozen=True)
class Training:
    """How the model is trained.

    Attributes:
        features: the columns that it may look at.
        regularisation: how much simplicity counts against fit.
        most_iterations: of the solver.
    """

    features: list[str]
    regularisation: float
    most_iterations: int


@node(outputs=["train_set", "test_set"])
def split_penguins(
    penguin_features: pd.DataFrame, *, split: Split
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Divide the penguins, with the same mix of species in both parts."""
    train_set, test_set = train_test_split(
        penguin_features,
        test_size=split.test_share,
        random_state=split.seed,
        stratify=penguin_features["species"],
    )
    return train_set, test_set


@node(outputs="classifier")
def train(train_set: pd.DataFrame, *, training: Training) -> Pipeline:
    """Fit a logistic regression to scaled features."""
    model = make_pipeline(
        StandardScaler(),
        LogisticRegression(
            C=1 / training.regularisation, max_iter=training.most_iterations
        ),
    )
    return model.fit(train_set[training.features], train_set["species"])


@node(outputs="predictions")
def predict(classifier: Pipeline, test_set: pd.DataFrame) -> pd.DataFrame:
    """Return the penguins of the test set with the species that the model names."""
    features = test_set[list(classifier.feature_names_in_)]
    return test_set.assign(predicted=classifier.predict(features))

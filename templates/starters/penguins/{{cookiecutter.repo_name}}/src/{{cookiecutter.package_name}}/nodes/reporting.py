"""How good the model is: figures to compare, and a picture to look at."""

import pandas as pd
from matplotlib.figure import Figure
from mlflow_tmpl import node
from sklearn.metrics import ConfusionMatrixDisplay, accuracy_score, f1_score


@node(outputs="metrics")
def evaluate(predictions: pd.DataFrame) -> dict[str, float]:
    """Return the share of penguins named rightly, and the F1 score of each species."""
    truth, predicted = predictions["species"], predictions["predicted"]
    species = sorted(truth.unique())
    scores = f1_score(truth, predicted, labels=species, average=None)
    metrics = {"accuracy": accuracy_score(truth, predicted)}
    for name, score in zip(species, scores, strict=True):
        metrics[f"f1_{name.lower()}"] = score
    return {name: round(float(value), 4) for name, value in metrics.items()}


@node(outputs="confusion_matrix")
def draw_confusion(predictions: pd.DataFrame) -> Figure:
    """Draw how many penguins of each species were taken for which."""
    figure = Figure(figsize=(5, 4), layout="constrained")
    ConfusionMatrixDisplay.from_predictions(
        predictions["species"],
        predictions["predicted"],
        ax=figure.subplots(),
        colorbar=False,
        cmap="Blues",
    )
    return figure

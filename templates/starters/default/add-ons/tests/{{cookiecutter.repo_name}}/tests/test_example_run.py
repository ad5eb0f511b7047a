from mlflow_tmpl import open_project


def test_the_whole_example_runs(copied_project):
    result = open_project(copied_project).run("example")
    assert result["example_means"] == {"harbour": 11.8, "hill": 8.4}

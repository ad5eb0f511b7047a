from mlflow_tmpl import open_project


def test_the_whole_study_names_most_species_rightly(copied_project):
    result = open_project(copied_project).run()
    assert result["metrics"]["accuracy"] > 0.9


def test_a_study_done_anew_gives_the_same_metrics(copied_project):
    project = open_project(copied_project)
    first, second = project.run(), project.run(reuse=False)
    assert first["metrics"] == second["metrics"]

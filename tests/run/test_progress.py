from pathlib import Path

from idfsr.run.progress import Job, last_line, read_jobs, read_seconds, sum_costs


def test_last_line_of_a_bar_is_its_last_state(tmp_path: Path) -> None:
    log = tmp_path / "fit.txt"
    log.write_text("begun\nfit:  10%\rfit:  45%\n \n")
    assert last_line(log) == "fit:  45%"
    log.write_text("")
    assert last_line(log) == ""


def test_jobs_of_other_runs_do_not_count(tmp_path: Path) -> None:
    log = tmp_path / "a.snakemake.log"
    heading = "localrule figure_metrics:\n    log: logs/{run}/figures/metrics.txt\n    jobid: 1\n\n"
    log.write_text(heading.format(run="demo") + heading.format(run="tiny").replace(": 1", ": 2"))
    assert [job.log for job in read_jobs([log], "demo")] == [Path("logs/demo/figures/metrics.txt")]


def test_costs_are_of_jobs_that_are_done(tmp_path: Path) -> None:
    benchmark = tmp_path / "tiny/benchmarks/fit/00001.tsv"
    benchmark.parent.mkdir(parents=True)
    benchmark.write_text("s\tmax_rss\n3600.0\t1\n1800.0\t1\n")
    assert read_seconds(benchmark) == 5400
    log = Path("logs/tiny/fit/00001.txt")
    done = Job(rule="fit", log=log, num_gpus=4, state="done")
    running = Job(rule="pretrain", log=Path("logs/tiny/pretrain.txt"), num_gpus=1, state="running")
    costs = sum_costs([done, running], "tiny", tmp_path)
    assert list(costs) == ["fit"]
    assert (costs["fit"].num_jobs, costs["fit"].hours, costs["fit"].gpu_hours) == (1, 1.5, 6.0)

import pandas as pd

from idfsr.config.metrics import MetricsConfig
from idfsr.metrics.engine.registry import all_metrics
from idfsr.report.footnotes import describe, write_footnotes
from idfsr.report.networks import list_networks
from idfsr.report.tables import Measurements, build_table

METHODS = ("bicubic", "idfsr-pt", "idfsr-ft")
CONFIG = MetricsConfig(
    table1=("psnr", "mobilenetv2_fd", "brisque"),
    table2=("idv_sface",),
    idv_threshold=0.25,
    num_bootstrap=123,
)


def make_footnotes(measurements: Measurements) -> list[str]:
    tables = [
        build_table(measurements, names, METHODS, 10) for names in (CONFIG.table1, CONFIG.table2)
    ]
    return write_footnotes(*tables, list_networks([]), CONFIG, {})


def test_empty_columns_and_cells_are_named(measurements: Measurements) -> None:
    notes = make_footnotes(measurements)
    assert "BRISQUE: could not be computed; its columns are empty." in notes
    times = "\N{MULTIPLICATION SIGN}"
    assert (
        "MobileNetV2 Frechet distance: could not be computed for "
        f"Bicubic {times}16, IDFSR (PT) {times}16, IDFSR (FT) {times}16."
    ) in notes
    assert not any(note.startswith("PSNR: could not") for note in notes)


def test_numbers_come_from_the_settings_and_the_table(measurements: Measurements) -> None:
    text = " ".join(make_footnotes(measurements))
    assert "123 bootstrap resamples" in text
    assert "at most 0.25" in text
    assert "8: 4 test images of 2 identities" in text


def test_images_that_were_not_restored_are_counted(measurements: Measurements) -> None:
    images = measurements.images
    lost = (
        (images["method"] == "bicubic") & (images["scale_factor"] == 8) & (images["image"] == "0")
    )
    notes = make_footnotes(Measurements(images[~lost], measurements.sets))
    assert "8: 4 test images of 2 identities" in notes[0]
    assert notes[1].endswith("leaves out: Bicubic \N{MULTIPLICATION SIGN}8 2 of 4.")
    assert "could not restore" not in " ".join(make_footnotes(measurements))


def test_only_metrics_of_the_tables_are_explained(measurements: Measurements) -> None:
    notes = make_footnotes(measurements)
    assert any(note.startswith("IDV (SFace)") for note in notes)
    assert not any(note.startswith("SSIM") for note in notes)


def test_the_last_one_warns_of_comparing_with_the_paper(measurements: Measurements) -> None:
    assert "no other number may be compared with the paper's" in make_footnotes(measurements)[-1]


def test_every_metric_has_a_note_that_begins_with_its_title() -> None:
    for name, metric in all_metrics().items():
        (note,) = describe([name], MetricsConfig())
        assert note.startswith(f"{metric.title}:")


def test_complete_tables_have_no_such_note() -> None:
    table = pd.DataFrame(
        {"method": ["bicubic"], "scale_factor": [8], "num_images": [1], "num_identities": [1]}
    ).assign(psnr=1.0, mobilenetv2_fd=1.0, brisque=1.0, idv_sface=1.0)
    assert not any(
        "could not" in note for note in write_footnotes(table, table, list_networks([]), CONFIG, {})
    )


def test_the_options_that_the_paper_leaves_open_are_stated() -> None:
    notes = {
        policy: " ".join(describe(["ids", "idv"], MetricsConfig(enforce_detection=policy)))
        for policy in (True, False)
    }
    assert "no face is found are left out" in notes[True]
    assert "the whole image is taken for one" in notes[False]
    assert "at most 0.68" in notes[False]


def test_the_engine_is_stated() -> None:
    notes = {
        engine: describe(["psnr", "lpips", "ids"], MetricsConfig(engine=engine))
        for engine in ("fast", "library")
    }
    assert notes["library"][:-1] == notes["fast"]
    assert notes["library"][-1] == (
        "By the packages' own calls, image by image (metrics.engine: library): LPIPS, IDS."
    )
    assert describe(["psnr"], MetricsConfig(engine="library")) == describe(["psnr"], CONFIG)


def test_failed_detections_and_few_images_are_stated() -> None:
    table = pd.DataFrame(
        {
            "method": ["bicubic", "idfsr-ft"], "scale_factor": 16, "num_images": 586,
            "num_identities": 56, "fid": 30.0, "ids": 0.5, "lpips": float("nan"),
            "num_gt_without_face": 2.0, "num_sr_without_face": [31.0, 0.0],
        }
    )  # fmt: skip
    config = MetricsConfig(table1=("lpips", "fid", "ids"), table2=("ids",))
    notes = write_footnotes(table, table, list_networks([]), config, {})
    text = "in 2 of the ground truths and in these restored images: 31 of Bicubic \u00d716."
    assert any(note.endswith(text) for note in notes)
    assert any(note.startswith("FID of 586 images") for note in notes)
    assert any("LPIPS: not computed, for want of its weights" in note for note in notes)
    assert notes[-1].startswith("Of these metrics the paper has LPIPS, FID and IDS, and only")

"""A page to try it on: photographs of a person in, a photograph of them in, a slider out.

The package gradio is an extra, and is imported where it is used.
"""

import logging
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from jaxtyping import UInt8

from idfsr.errors import IdfsrError
from idfsr.io.decoding import to_srgb
from idfsr.io.images import resize
from idfsr.photographs import album
from idfsr.photographs.choose import Wishes
from idfsr.photographs.fit import fit_person
from idfsr.photographs.marks import encode_marked
from idfsr.photographs.networks import PhotographNetworks
from idfsr.photographs.person import Person
from idfsr.photographs.restore import Restored, restore_photograph

NO_HELP = "WARNING: with these weights restoring helps at no size of a face"
EVERYBODY, FORCE = "faces of others, as this person", "where it does not help"
Pair = tuple[UInt8[np.ndarray, "H W 3"], UInt8[np.ndarray, "H W 3"]]


@contextmanager
def said_of_album() -> Iterator[list[str]]:
    """Collect what is said of each photograph of an album."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    album.logger.addHandler(handler)
    try:
        yield lines
    finally:
        album.logger.removeHandler(handler)


def fit_files(files: Sequence[str], loaded: PhotographNetworks) -> tuple[Person | None, str]:
    """Fit the person in some photographs; return the person, if there is one, and what is said."""
    with TemporaryDirectory() as scratch, said_of_album() as lines:
        folder = Path(scratch) / "person"
        folder.mkdir()
        for index, file in enumerate(files):
            shutil.copy(file, folder / f"{index}-{Path(file).name}")
        try:
            person, _ = fit_person(folder, loaded)
        except IdfsrError as error:
            return None, "\n".join([*lines, str(error)]).replace(f"{folder}/", "")
        lines += [trial.describe() for trial in person.trials]
        if not any(trial.helps for trial in person.trials):
            lines.append(NO_HELP)
        return person, "\n".join(lines).replace(f"{folder}/", "")


def pair_of(done: Restored) -> Pair:
    """Return a photograph, enlarged plainly, and restored; twice itself if no face was."""
    if done.image is None:
        return done.original.rgb, done.original.rgb
    after = done.image.copy()
    if done.original.profile:
        after.info["icc_profile"] = done.original.profile
    restored = np.array(to_srgb(after))
    return resize(done.original.rgb, restored.shape[:2], "bicubic"), restored


def restore_file(
    file: str | None,
    person: Person | None,
    loaded: PhotographNetworks,
    wishes: Wishes,
) -> tuple[Pair | None, str, str | None]:
    """Restore a photograph; return both for the slider, what is said, and the marked file."""
    if file is None or person is None:
        return None, "wanted a fitted person and a photograph", None
    try:
        done = restore_photograph(Path(file), person, loaded, wishes)
    except IdfsrError as error:
        return None, str(error).replace(f"{Path(file).parent}/", ""), None
    said = "\n".join(choice.describe() for choice in done.choices)
    if done.image is None:
        return pair_of(done), f"left alone\n{said}", None
    # beside what was uploaded, with which it is deleted
    target = Path(file).with_name(f"{Path(file).stem}-restored.png")
    target.write_bytes(encode_marked(done.image, done.original))
    return pair_of(done), f"enlarged x{done.enlarged}\n{said}", str(target)


def make_page(loaded: PhotographNetworks) -> Any:
    """Return the page, a `gradio.Blocks`.

    Raises:
        IdfsrError: gradio is not installed.
    """
    if find_spec("gradio") is None:
        message = "no package gradio, wanted from pip install 'idfsr[ui]'"
        raise IdfsrError(message)
    gr: Any = import_module("gradio")

    def restore(file: str | None, person: Person | None, wanted: Sequence[str]) -> Any:
        wishes = Wishes(all_faces=EVERYBODY in wanted, force=FORCE in wanted)
        return restore_file(file, person, loaded, wishes)

    with gr.Blocks(analytics_enabled=False, delete_cache=(3600, 3600), title="idfsr") as page:
        gr.Markdown(
            "# A photograph in, a better photograph out, or a clear no\n"
            "A restored face is a guess, and no evidence of how somebody looked. "
            "Nothing leaves this machine."
        )
        person = gr.State()
        files = gr.File(file_count="multiple", label="Photographs of a person")
        fit = gr.Button("Fit", variant="primary")
        album_text = gr.Textbox(label="What was taken and left, and where restoring helps")
        photograph = gr.File(label="A small photograph of the person")
        wishes = gr.CheckboxGroup([EVERYBODY, FORCE], label="Restore also")
        button = gr.Button("Restore", variant="primary")
        slider = gr.ImageSlider(label="Before and after", buttons=["fullscreen"])
        face_text = gr.Textbox(label="What was decided about each face")
        result = gr.File(label="The restored photograph, marked as generated")
        fit.click(lambda paths: fit_files(paths or [], loaded), files, [person, album_text])
        button.click(restore, [photograph, person, wishes], [slider, face_text, result])
    return page


def serve(page: Any, port: int | None) -> str:
    """Begin to serve the page, to this machine alone, and return its address.

    Args:
        page: See `make_page`.
        port: Where to listen; None takes one that is free.

    Raises:
        IdfsrError: The port is taken.
    """
    gr: Any = import_module("gradio")
    theme = gr.themes.Base(font=["sans-serif"], font_mono=["monospace"])  # fetches no fonts
    try:
        _, address, _ = page.launch(
            server_name="127.0.0.1",
            server_port=port,
            theme=theme,
            share=False,
            quiet=True,
            prevent_thread_lock=True,
        )
    except OSError as error:
        message = f"--port: {error}"
        raise IdfsrError(message) from None
    return str(address)

"""The mark of a restored photograph: its file says that a network generated a part of it.

IPTC's `DigitalSourceType` in XMP, which editors, platforms and exiftool read.
"""

import io
from pathlib import Path

from PIL import Image, PngImagePlugin

from idfsr.errors import IdfsrError
from idfsr.io.decoding import FORMATS
from idfsr.photographs.originals import Original

SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
COMPOSITE = "compositeWithTrainedAlgorithmicMedia"
"""IPTC's word for a photograph of which a part was made by a trained network."""

_XMP_KEYWORD = "XML:com.adobe.xmp"
"""Of the text chunk in which PNG files hold XMP."""
_PACKET = f"""<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/"
 Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPES}{COMPOSITE}" xmp:CreatorTool="idfsr"/>
</rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>"""


def encode_marked(image: Image.Image, original: Original) -> bytes:
    """Encode a restored photograph as PNG, marked, with profile and EXIF of the original."""
    texts = PngImagePlugin.PngInfo()
    texts.add_itxt(_XMP_KEYWORD, _PACKET)
    buffer = io.BytesIO()
    image.save(
        buffer,
        format="PNG",
        pnginfo=texts,
        icc_profile=original.profile,
        exif=original.exif,
        compress_level=1,
    )
    return buffer.getvalue()


def read_source_type(path: Path) -> str:
    """Return IPTC's source type of an image file, e.g. `COMPOSITE`; empty if it has none.

    Raises:
        IdfsrError: The file is missing or no image.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            xmp = image.info.get("xmp", b"")
    except OSError as error:
        message = f"{path}: {error.strerror or 'not an image'}, wanted an image file"
        raise IdfsrError(message) from None
    text = xmp.decode("utf-8", "replace") if isinstance(xmp, bytes) else xmp
    _, found, rest = text.partition(SOURCE_TYPES)
    return rest.split('"')[0].split("<")[0].strip() if found else ""

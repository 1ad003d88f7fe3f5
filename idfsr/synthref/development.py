"""From the light of a scene to the picture that is published: lens, sensor, raw development, file.

The order is a camera's: blur, exposure, noise of the sensor, white balance, tone curve, colour,
sharpening; then what happens to pictures on their way: resampling and JPEG.
"""

import io
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from idfsr.synthref.chance import happens
from idfsr.synthref.color import LUMINANCE, black_body, daylight, light_color, to_srgb

NOMINAL_SIZE = 256
"""Lengths are in pixels of images of this side."""
HUE_KEPT = 0.55
"""Share of the highlights' curve that acts on all channels alike."""
MOTION_STEPS = 7
METERED: Final = (0.35, 0.75, 0.3, 0.7)
"""Top, bottom, left, right of the metered window, as shares of the side."""
METERED_LIGHT, METERED_GAIN = 0.3, (0.7, 1.7)
"""Linear light in the window that needs no correction; bounds of the correction."""
BRIGHTEST = 0.55
"""Most light of nine tenths of the window before the exposure: a camera keeps faces from burning
out."""
INTERPOLATIONS: Final = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_LANCZOS4)
PREFERRED: Final = (-0.07, 0.04)
"""Mean error of the white, log of red over blue and of green: cameras and publishers like skin
warmer and rosier than it is. Chosen by `benchmarks/photo_statistics.py`."""
DAYLIGHT_FROM = 5000.0
"""Kelvin; white of a lower colour temperature is that of a black body."""


@dataclass(frozen=True)
class Development:
    """What a camera and a publisher do to the light."""

    defocus: float
    """Standard deviation in pixels."""
    motion: Float[np.ndarray, "2"]
    """Path in pixels while the shutter is open."""
    exposure: float
    """Factor; at 1 white in the light on the face is just white."""
    metering: float
    """Power with which the exposure follows the face's own lightness, as that of cameras does."""
    shot_noise: float
    """Variance over linear light, where white is 1."""
    read_noise: float
    """Standard deviation in linear light."""
    grain: float
    """Standard deviation in pixels of the blur that correlates the noise."""
    white: Float[np.ndarray, "3"]
    """Light that the white balance makes neutral, linear RGB of luminance 1."""
    shoulder: float
    """Where the curve of the highlights leaves the straight line; 1 clips."""
    black: float
    """Share of the picture's range that is cut off below; haze if negative."""
    contrast: float
    """Strength of the S-curve; 0 is a straight line."""
    middle: float
    """Where the S-curve is steepest."""
    saturation: float
    monochrome: bool
    sharpening: float
    sharpening_radius: float
    resampling: float
    """Side of the copy that the picture was made smaller to, over its own; 1 was not."""
    interpolation: int
    """Index into `INTERPOLATIONS`."""
    jpeg_quality: int
    """101 is no JPEG."""
    jpeg_halves_color: bool
    """Subsampling of 4:2:0, else 4:4:4."""


def neutral_development() -> Development:
    """Return the development that shows linear light as sRGB and does no more."""
    return Development(
        defocus=0.0, motion=np.zeros(2), exposure=1.0, metering=0.0, shot_noise=0.0,
        read_noise=0.0, grain=0.0, white=np.ones(3), shoulder=1.0, black=0.0, contrast=0.0,
        middle=0.5, saturation=1.0, monochrome=False, sharpening=0.0, sharpening_radius=1.0,
        resampling=1.0, interpolation=0, jpeg_quality=101, jpeg_halves_color=False,
    )  # fmt: skip


def _white_balance(rng: np.random.Generator, light: Float[np.ndarray, "3"]) -> np.ndarray:
    """Draw the white that a camera takes for that of the light on the face.

    Most cameras come near to it and keep a little of the lamp's warmth; some are set to daylight.
    """
    if happens(rng, 0.04):
        kelvin = rng.uniform(4300, 6200)
        chromaticity = daylight(kelvin) if kelvin >= DAYLIGHT_FROM else black_body(kelvin)
        return light_color(chromaticity)
    kept = rng.uniform(0.0, 0.16)
    error = rng.normal(PREFERRED, (0.02, 0.01))
    white = light ** (1 - kept) * np.exp(np.array([error[0], error[1], -error[0]]))
    return np.asarray(white / (white @ np.array(LUMINANCE)))


def sample_development(rng: np.random.Generator, light: Float[np.ndarray, "3"]) -> Development:
    """Draw how a photograph is developed.

    Args:
        rng: Stream of the image.
        light: On the face, linear RGB of luminance 1.
    """
    soft, moved, noisy = happens(rng, 0.12), happens(rng, 0.03), happens(rng, 0.1)
    wrong = happens(rng, 0.06)
    turn = rng.uniform(0, np.pi)
    noise = float(rng.lognormal(np.log(0.003), 0.5)) * (2.5 if noisy else 1.0)
    length = rng.uniform(1, 3) if moved else 0.0
    return Development(
        defocus=rng.uniform(0.5, 0.9) if soft else rng.uniform(0.3, 0.5),
        motion=length * np.array([np.cos(turn), np.sin(turn)]),
        exposure=float(1.25 * 2 ** (rng.uniform(-1.0, 1.0) if wrong else rng.normal(0, 0.28))),
        metering=rng.uniform(0.1, 0.4),
        shot_noise=noise**2,
        read_noise=0.15 * noise,
        grain=rng.uniform(0.3, 0.8),
        white=_white_balance(rng, light),
        shoulder=rng.uniform(0.6, 0.95),
        black=float(np.clip(rng.normal(0.025, 0.022), -0.04, 0.08)),
        contrast=float(np.clip(rng.normal(2.6, 1.0), 0, 5)),
        middle=rng.uniform(0.45, 0.58),
        saturation=float(np.clip(rng.normal(0.9, 0.1), 0.7, 1.35)),
        monochrome=happens(rng, 0.025),
        sharpening=rng.uniform(0.15, 0.7) if happens(rng, 0.4) else 0.0,
        sharpening_radius=rng.uniform(0.6, 1.3),
        resampling=rng.uniform(0.45, 0.85) if happens(rng, 0.08) else 1.0,
        interpolation=int(rng.integers(len(INTERPOLATIONS))),
        jpeg_quality=int(95 - 45 * rng.beta(1, 3)),
        jpeg_halves_color=happens(rng, 0.6),
    )


def _blur(
    scene: Float[np.ndarray, "H W 3"], development: Development
) -> Float[np.ndarray, "H W 3"]:
    """Blur by the lens and by the movement of the camera."""
    pixel = len(scene) / NOMINAL_SIZE
    if development.defocus > 0:
        scene = cv2.GaussianBlur(scene, (0, 0), development.defocus * pixel).astype(np.float32)
    if not development.motion.any():
        return scene
    size = (scene.shape[1], scene.shape[0])
    total = np.zeros_like(scene)
    for share in np.linspace(-0.5, 0.5, MOTION_STEPS):
        x, y = share * pixel * development.motion
        shift = np.array([[1, 0, x], [0, 1, y]])
        total += cv2.warpAffine(scene, shift, size, borderMode=cv2.BORDER_REPLICATE)
    return total / MOTION_STEPS


def expose(
    scene: Float[np.ndarray, "H W 3"], development: Development, rng: np.random.Generator
) -> Float[np.ndarray, "H W 3"]:
    """Blur, expose, add the sensor's noise and balance the white; linear light in and out.

    The variance of the noise is `shot_noise` times the light plus `read_noise` squared (Foi et al.
    2008, Eq. 3), before white balance: the channel that the light has little of is the noisiest.
    """
    light: np.ndarray = _blur(scene.astype(np.float32), development)
    top, bottom, left, right = (round(share * len(light)) for share in METERED)
    face = light[top:bottom, left:right] @ np.array(LUMINANCE) + 1e-6
    gain = np.clip((METERED_LIGHT / face.mean()) ** development.metering, *METERED_GAIN)
    if development.metering > 0:
        gain = min(gain, BRIGHTEST / float(np.quantile(face, 0.9)))
    light = light * np.float32(development.exposure * gain)
    if development.shot_noise > 0 or development.read_noise > 0:
        noise: np.ndarray = rng.standard_normal(light.shape, np.float32)
        if development.grain > 0:
            noise = cv2.GaussianBlur(
                noise, (0, 0), development.grain * len(light) / NOMINAL_SIZE
            ).astype(np.float32)
            noise /= noise.std()
        variance = development.shot_noise * np.maximum(light, 0) + development.read_noise**2
        light += noise * np.sqrt(variance, dtype=np.float32)
    return np.asarray(light / development.white.astype(np.float32))


def _compress(value: np.ndarray, shoulder: float) -> np.ndarray:
    """Bend highlights towards 1, as film does, without a kink."""
    if shoulder >= 1:
        return np.asarray(np.minimum(value, 1))
    over = np.maximum(value - shoulder, 0) / (1 - shoulder)
    return np.asarray(np.minimum(value, shoulder) + (1 - shoulder) * (1 - np.exp(-over)))


def s_curve(
    value: Float[np.ndarray, "*shape"], contrast: float, middle: float
) -> Float[np.ndarray, "*shape"]:
    """Steepen the middle of a picture's range; 0 and 1 stay (Braun and Fairchild 1999, Eq. 4)."""
    if contrast == 0:
        return value
    low, high = (1 / (1 + np.exp(contrast * (middle - end))) for end in (0.0, 1.0))
    curve = 1 / (1 + np.exp(contrast * (middle - value)))
    return np.asarray((curve - low) / (high - low))


def render_tones(
    linear: Float[np.ndarray, "H W 3"], development: Development
) -> Float[np.ndarray, "H W 3"]:
    """Turn linear light into a picture in [0, 1]: highlights, sRGB, S-curve, colour."""
    linear = np.maximum(linear, 0)
    brightest = linear.max(axis=-1, keepdims=True) + 1e-6
    shoulder = development.shoulder
    curve = (1 - HUE_KEPT) * _compress(linear, shoulder)
    curve = curve + HUE_KEPT * linear * (_compress(brightest, shoulder) / brightest)
    picture = to_srgb(curve) / 255
    picture = np.clip((picture - development.black) / (1 - development.black), 0, 1)
    picture = s_curve(picture, development.contrast, development.middle)
    grey = (picture @ np.array(LUMINANCE))[..., None]
    saturation = 0.0 if development.monochrome else development.saturation
    return np.asarray(np.clip(grey + saturation * (picture - grey), 0, 1), np.float32)


def publish(
    picture: Float[np.ndarray, "H W 3"], development: Development
) -> UInt8[np.ndarray, "H W 3"]:
    """Sharpen, resample and compress a picture in [0, 1]."""
    side = len(picture)
    if development.sharpening > 0:
        radius = development.sharpening_radius * side / NOMINAL_SIZE
        picture = picture + development.sharpening * (
            picture - cv2.GaussianBlur(picture, (0, 0), radius)
        )
    if development.resampling < 1:
        small = round(side * development.resampling)
        method = INTERPOLATIONS[development.interpolation]
        picture = cv2.resize(picture, (small, small), interpolation=cv2.INTER_AREA)
        picture = cv2.resize(picture, (side, side), interpolation=method).astype(np.float32)
    pixels: np.ndarray = np.clip(np.rint(255 * picture), 0, 255).astype(np.uint8)
    if development.jpeg_quality > 100:  # noqa: PLR2004 (Pillow's scale ends at 100)
        return pixels
    buffer = io.BytesIO()
    subsampling = 2 if development.jpeg_halves_color else 0
    Image.fromarray(pixels).save(
        buffer, "JPEG", quality=development.jpeg_quality, subsampling=subsampling
    )
    return np.asarray(Image.open(buffer).convert("RGB"))


def develop(
    scene: Float[np.ndarray, "H W 3"], development: Development, rng: np.random.Generator
) -> UInt8[np.ndarray, "H W 3"]:
    """Take a photograph of a scene in linear light, where white in the face's light is 1."""
    return publish(render_tones(expose(scene, development, rng), development), development)

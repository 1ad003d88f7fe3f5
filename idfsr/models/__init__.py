"""The denoising U-Net, its encoders, and loading of published weights."""

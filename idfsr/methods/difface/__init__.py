"""DifFace (Yue & Loy 2024)."""

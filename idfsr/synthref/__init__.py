"""The data set `synthref`: rendered people, with a ground truth for each image.

The embedded default has to run where no photographs may be had. Its people are made of the CC0
head mesh and shape targets of MakeHuman/MPFB; skin, hair, light and backgrounds are computed.
"""

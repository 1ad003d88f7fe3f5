"""Input functions: weight files of a run."""


def weights(name):
    """An input function: the run's weight file of that name, nothing where it is empty."""

    def files(wildcards):
        path = getattr(settings(wildcards).weights, name)
        return [str(locate(path))] if path else []

    return files


def landmark_weights(wildcards):
    """The weight file of the face detector, nothing where it is the stock one."""
    path = settings(wildcards).landmarks.weights
    return [str(locate(path))] if path else []


def landmark_encoder(wildcards):
    """The ID encoder by which strangers are told; nothing where people are rendered.

    There a folder holds one person for certain, and the ID encoder may itself be trained on them.
    """
    if settings(wildcards).dataset.kind == "synthref":
        return []
    return weights("id_encoder")(wildcards)

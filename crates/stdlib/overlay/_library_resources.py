"""Reads the files of packages in the embedded library, for importlib.resources."""

import io
from importlib.resources.abc import Traversable, TraversableResources


class Node(Traversable):
    """A file or folder of the library; `loader` is any loader of it."""

    def __init__(self, loader, path, is_folder):
        self._loader = loader
        self._path = path
        self._is_folder = is_folder

    @property
    def name(self):
        return self._path.rpartition("/")[2]

    def iterdir(self):
        for name, is_folder in self._loader._contents(self._path):
            yield Node(self._loader, f"{self._path}/{name}", is_folder)

    def is_dir(self):
        return self._is_folder

    def is_file(self):
        return not self._is_folder

    def joinpath(self, *descendants):
        node = self
        for part in "/".join(map(str, descendants)).split("/"):
            if not part or part == ".":
                continue
            node = next((n for n in node.iterdir() if n.name == part), None) or Missing(
                self._loader, f"{node._path}/{part}", False
            )
        return node

    def open(self, mode="r", *args, **kwargs):
        if mode not in ("r", "rb"):
            raise ValueError(f"the embedded library is read-only: mode {mode!r}")
        stream = io.BytesIO(self._loader.get_data(self._path))
        return stream if mode == "rb" else io.TextIOWrapper(stream, *args, **kwargs)

    def __repr__(self):
        return f"Node({self._path!r})"


class Missing(Node):
    """A path at which there is nothing."""

    def iterdir(self):
        raise FileNotFoundError(self._path)

    def is_file(self):
        return False


class Reader(TraversableResources):
    """The files of one package."""

    def __init__(self, loader):
        self._loader = loader

    def files(self):
        return Node(self._loader, self._loader.path.rpartition("/")[0], True)

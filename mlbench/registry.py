"""One registry for every kind of thing that a suite names: losses, datasets, encoders, metrics, claims.

Names come from four places: the files of a package of mlbench (found by reading, never by importing),
installed packages that declare an entry point, loose files given as `--plugin`, and calls of the decorator
at run time. A folder of the data root is a dataset by its name where none of these has the name. Listing and
describing import nothing; `get` imports the one module that holds the object.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, Generic, TypeVar

from mlbench.code.declarations import PACKAGE_FOLDER, Declaration, read_declarations
from mlbench.code.modules import import_module_of, locate, module_name
from mlbench.errors import ConfigError, UnknownNameError
from mlbench.folders import dataset_folders, declare_folder

OWN_FILE = "if it stands in a file of your own, give that as --plugin FILE"
"""What to do about a name that no registry holds."""

OWN_FOLDER = (
    f"{OWN_FILE}; a folder with train.parquet and dataset.toml is a dataset by its name where --data-root or "
    "$MLBENCH_DATA names the folder that it lies in"
)
"""What to do about a dataset's name."""

T = TypeVar("T")
Registered = TypeVar("Registered")


def fold(name: str) -> str:
    """The form in which names are compared: `-` and `_` are one, case does not count."""
    return name.lower().replace("-", "_")


class Registry(Generic[T]):
    """Named things of one kind.

    `room` is the folder of mlbench that holds the built-in ones, `decorator` the name under which files use
    `register`, and `group` the entry-point group of installed packages. With `stem_is_name` a built-in's
    file stem is its name, so that describing one reads one file. With `folders` the folders of the data root have
    names here too.
    """

    def __init__(
        self,
        kind: str,
        room: str,
        *,
        decorator: str,
        group: str | None = None,
        stem_is_name: bool = False,
        folders: bool = False,
    ) -> None:
        self.kind, self.room, self.decorator = kind, room, decorator
        self.group = group or f"mlbench.{room}"
        self.stem_is_name, self.folders = stem_is_name, folders
        self._objects: dict[str, tuple[str, Any]] = {}
        self._plugins: dict[str, Declaration] = {}
        self._declared: dict[str, Declaration] = {}
        self._built_in: dict[str, Path] | None = None
        self._entry_points: dict[str, EntryPoint] | None = None

    def register(self, name: str) -> Callable[[Registered], Registered]:
        """A decorator that files a class or function under `name`; a name that is taken is an error."""

        def decorate(target: Registered) -> Registered:
            self._refuse_collision(name, target)
            self._objects[fold(name)] = (name, target)
            return target

        return decorate

    def names(self, data_root: Path | None = None) -> list[str]:
        """All names, sorted, none of their modules imported; `data_root` as in `describe`."""
        built_in = {key: self._name_of(key, file) for key, file in self._files().items()}
        others = {key: point.name for key, point in self._points().items()}
        plugins = {key: declaration.name for key, declaration in self._plugins.items()}
        registered = {key: name for key, (name, _) in self._objects.items()}
        folders = {fold(name): name for name in self._folders(data_root)}
        return sorted({**folders, **registered, **others, **plugins, **built_in}.values())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and fold(name) in {fold(known) for known in self.names()}

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def describe(self, name: str, where: str = "", *, data_root: Path | None = None) -> Declaration:
        """What the source says of `name`, read by `ast`; raises UnknownNameError with the nearest names.

        `data_root` is the folder of datasets, `$MLBENCH_DATA` where None; a registered name goes before its folders.
        """
        key = fold(name)
        if key in self._plugins:
            return self._plugins[key]
        if key not in self._declared:
            declaration = self._read(key, name, where, data_root)
            if declaration.origin == "folder":  # not remembered: another data root has other folders
                return declaration
            self._declared[key] = declaration
        return self._declared[key]

    def loose(self, name: str) -> str:
        """Whose code `name` is, where it is not mlbench's: a loose file, or a module that is installed; "" else."""
        key = fold(name)
        if key in self._plugins:
            return str(self._plugins[key].file)
        return self._points()[key].module if key in self._points() and key not in self._files() else ""

    def get(self, name: str, where: str = "") -> T:
        """The object itself; imports its module where that has not happened yet."""
        key = fold(name)
        if key not in self._objects:
            declaration = self.describe(name, where)
            import_module_of(declaration)
            if key not in self._objects:
                raise ConfigError(f"{declaration.file}: importing it did not register {self.kind} {name!r}")
        found: T = self._objects[key][1]
        return found

    def build(self, name: str, **parameters: Any) -> Any:
        """The object called with `parameters`, which are checked against its signature first."""
        declaration = self.describe(name)
        declaration.resolve(parameters, f"{self.kind} {declaration.name!r}")
        built: Any = self.get(name)
        return built(**parameters)

    def load_plugin(self, file: Path) -> list[str]:
        """File the names that a loose file registers; nothing of it is run before `get`."""
        added = []
        for declaration in read_declarations(file, self.decorator):
            key = fold(declaration.name)
            earlier = self._plugins.get(key)
            if key in self._files() or key in self._points() or (earlier and earlier.file != file.resolve()):
                raise ConfigError(
                    f"{file}: {self.kind} {declaration.name!r} is already registered; choose another name"
                )
            module = f"mlbench_plugin_{file.stem}_{declaration.source_hash}"
            self._plugins[key] = replace(declaration, origin="plugin", module=module, file=file.resolve())
            added.append(declaration.name)
        return added

    # Where names come from

    def _files(self) -> dict[str, Path]:
        """The built-in names, folded, each with its file."""
        if self._built_in is None:
            folder = PACKAGE_FOLDER / self.room
            use = re.compile(rf"""^@{self.decorator}\(\s*["']([^"']+)["']""", re.MULTILINE)
            index: dict[str, Path] = {}
            for file in sorted(folder.rglob("*.py")):
                names = use.findall(file.read_text(encoding="utf-8"))
                if self.stem_is_name:
                    if fold(file.stem) in map(fold, names):
                        index[fold(file.stem)] = file
                    continue
                for declaration in read_declarations(file, self.decorator) if names else ():
                    if fold(declaration.name) in index:
                        raise ConfigError(f"{file}: {self.kind} {declaration.name!r} is registered twice")
                    index[fold(declaration.name)] = file
                    self._declared[fold(declaration.name)] = replace(declaration, module=module_name(file))
            self._built_in = index
        return self._built_in

    def _name_of(self, key: str, file: Path) -> str:
        return file.stem if self.stem_is_name else self._declared[key].name

    def _points(self) -> dict[str, EntryPoint]:
        if self._entry_points is None:
            self._entry_points = {fold(point.name): point for point in entry_points(group=self.group)}
        return self._entry_points

    def _read(self, key: str, name: str, where: str, data_root: Path | None) -> Declaration:
        if key in self._files():
            file = self._files()[key]
            for declaration in read_declarations(file, self.decorator):
                if fold(declaration.name) == key:
                    return replace(declaration, module=module_name(file))
            raise ConfigError(f"{file}: registers no {self.kind} of its file's own name {file.stem!r}")
        if key in self._points():
            return self._read_entry_point(self._points()[key])
        if key in self._objects:
            registered_name, target = self._objects[key]
            return self._read_object(registered_name, target)
        for found, folder in self._folders(data_root).items():
            if fold(found) == key:
                return declare_folder(folder)
        remedy = OWN_FOLDER if self.folders else OWN_FILE
        raise UnknownNameError(self.kind, name, self.names(data_root), where, remedy)

    def _folders(self, data_root: Path | None) -> dict[str, Path]:
        return dataset_folders(data_root) if self.folders else {}

    def _read_entry_point(self, point: EntryPoint) -> Declaration:
        file = locate(point.module)
        for declaration in read_declarations(file, self.decorator, installed=True):
            if fold(declaration.name) == fold(point.name):
                return replace(declaration, origin="entry point", module=point.module)
        raise ConfigError(
            f"entry point {point.name!r} of group {self.group!r}: "
            f"{file} holds no @{self.decorator}({point.name!r})"
        )

    def _read_object(self, name: str, target: Any) -> Declaration:
        """A thing registered at run time is read from the file that it was written in."""
        try:
            file = Path(inspect.getsourcefile(target) or "")
            declared = read_declarations(file, self.decorator)
        except (TypeError, OSError, ConfigError):
            declared = []
        for declaration in declared:
            if fold(declaration.name) == fold(name):
                return replace(declaration, origin="plugin", module=target.__module__)
        raise ConfigError(
            f"{self.kind} {name!r} has no source file that can be read; "
            "write it in a file and give that as --plugin"
        )

    def _refuse_collision(self, name: str, target: Any) -> None:
        key = fold(name)
        if key in self._objects:
            other = self._objects[key][1]
            same = (other.__module__, other.__qualname__) == (target.__module__, target.__qualname__)
            if not same:
                raise ConfigError(
                    f"{self.kind} {name!r} is already registered by {other.__module__}.{other.__qualname__}"
                )
        elif key in self._files() and target.__module__ != module_name(self._files()[key]):
            raise ConfigError(f"{self.kind} {name!r} is built in ({self._files()[key]}); choose another name")


LOSSES: Registry[Any] = Registry("loss", "losses", decorator="register_loss", stem_is_name=True)
DATASETS: Registry[Any] = Registry("dataset", "datasets", decorator="register_dataset", folders=True)
ENCODERS: Registry[Any] = Registry(
    "encoder", "models", decorator="register_encoder", group="mlbench.encoders"
)
METRICS: Registry[Any] = Registry("metric", "metrics", decorator="register_metric")
CLAIMS: Registry[Any] = Registry("claim", "report", decorator="register_claim", group="mlbench.claims")
REGISTRIES: tuple[Registry[Any], ...] = (LOSSES, DATASETS, ENCODERS, METRICS, CLAIMS)


def load_plugins(files: Iterable[Path]) -> list[str]:
    """File everything that loose files register, in whatever registry; returns the names.

    Raises ConfigError for a file that is not there, is not Python or registers nothing.
    """
    added = []
    for file in files:
        if not file.is_file():
            raise ConfigError(f"--plugin {file}: no such file")
        names = [name for registry in REGISTRIES for name in registry.load_plugin(file)]
        if not names:
            decorators = ", ".join(f"@{registry.decorator}" for registry in REGISTRIES)
            raise ConfigError(f"--plugin {file}: registers nothing; use one of {decorators}")
        added += names
    return added

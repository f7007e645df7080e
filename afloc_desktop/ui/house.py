"""Housekeeping: settings, keys, the first notice, what helps whoever looks after the station."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from afloc_desktop.core.errors import ExportError
from afloc_desktop.core.export.atomic import make_folder
from afloc_desktop.state.diagnostics import diagnostics
from afloc_desktop.state.gate import kind_on_screen
from afloc_desktop.state.settings import Settings
from afloc_desktop.ui import actions, dialogs, keymap, strings, theme
from afloc_desktop.ui.key_dialog import KeyDialog
from afloc_desktop.ui.qt import (
    QApplication,
    QDesktopServices,
    QGuiApplication,
    QKeySequence,
    QObject,
    QUrl,
    QWidget,
)
from afloc_desktop.ui.settings_dialog import SettingsDialog

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from afloc_desktop.state.promotions import Promotion
    from afloc_desktop.state.store import Store
    from afloc_desktop.state.training import Schooling
    from afloc_desktop.state.workspace import Workspace
    from afloc_desktop.ui.qt import QAction
    from afloc_desktop.ui.training import TrainingPage


class House(QObject):
    """What belongs to no film. Keeps the settings while the window is open.

    Attributes:
        settings: As the reader has them now.
    """

    def __init__(self, window: QWidget, store: Store, workspace: Workspace) -> None:
        super().__init__(window)
        self._window = window
        self._store = store
        self._workspace = workspace
        self._actions: Mapping[str, QAction] = {}
        self._log: Path | None = None
        self.settings = Settings()
        self._schooling: Schooling | None = None
        self._training: TrainingPage | None = None

    def calls(self) -> dict[str, Callable[..., object]]:
        """What the commands about the station do, by command id."""
        return {
            "training": self.teach,
            "settings": self.edit,
            "shortcuts": self.edit_keys,
            "log_folder": self.open_log,
            "diagnostics": self.copy_diagnostics,
            "guides": self.show_guides,
            "licences": self.show_licences,
            "about": self.show_about,
        }

    def move_in(self, settings: Settings, log: Path, made: Mapping[str, QAction]) -> None:
        """Take over the settings of the last run.

        Args:
            settings: As they were saved.
            log: The folder of logs; need not be there.
            made: The window's actions by command id.
        """
        self._log, self._actions = log, made
        self.settings = settings
        self._workspace.judging.set_reader(settings.reader)
        self._use_keys()

    def teach_with(self, schooling: Schooling) -> None:
        """Take over what trains and promotes models."""
        self._schooling = schooling

    def teach(self) -> None:
        """Show the Training page, with all that is under way on it."""
        if self._schooling is None:
            return
        if self._training is None:
            from afloc_desktop.ui.training import TrainingPage

            kind = kind_on_screen(self._store.state) or "cxr"
            self._training = TrainingPage(self._window, self._schooling, kind)
            self._training.promoted.connect(self._answered_by)
        self._training.show()
        self._training.raise_()

    def now(self) -> Settings:
        """The settings with what was set elsewhere in the window.

        A model chosen by hand is remembered for the images it was made for, no others.
        """
        state = self._store.state
        settings = replace(self.settings, reader=state.reader)
        for model in state.installed:
            if state.chosen.get(model.modality) == model.id:
                settings = settings.choosing(model.id)
        return settings

    def edit(self) -> None:
        """Open the settings."""
        dialog = SettingsDialog(self._window, self.now())
        dialog.changed.connect(self._use)
        dialog.open()

    def edit_keys(self) -> None:
        """Open the list of keys."""
        dialog = KeyDialog(self._window, keymap.parse(self.settings.keys, actions.COMMANDS))
        dialog.changed.connect(self._take_keys)
        dialog.open()

    def welcome(self) -> None:
        """Say what the application is for, until the reader has understood."""
        if not self.settings.is_welcomed:
            dialog = dialogs.welcome(self._window)
            dialog.accepted.connect(self._welcomed)
            dialog.open()

    def open_log(self) -> None:
        """Show the folder of logs in the platform's own browser."""
        if self._log is None:
            return
        try:
            make_folder(self._log)
        except ExportError as error:
            dialogs.tell(self._window, error.reason, error.remedy).open()
            return
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log)))

    def copy_diagnostics(self) -> None:
        """Put versions and state on the clipboard."""
        QGuiApplication.clipboard().setText(diagnostics(self._store.state))
        dialogs.tell(self._window, strings.DIAGNOSTICS_COPIED, "").open()

    def show_guides(self) -> None:
        """The guides, without the network."""
        from afloc_desktop.state.papers import guides
        from afloc_desktop.ui.papers import PapersDialog

        PapersDialog(self._window, strings.GUIDES, guides()).show()

    def show_licences(self) -> None:
        """The licences of the application, of its parts and of the models."""
        from afloc_desktop.state.papers import licences
        from afloc_desktop.state.paths import Paths
        from afloc_desktop.ui.papers import PapersDialog

        PapersDialog(self._window, strings.ALL_LICENCES, licences(Paths.default())).show()

    def show_about(self) -> None:
        """Version, purpose, model and licences."""
        model = self._store.state.model
        words = strings.NO_MODEL if model is None else f"{model.title} ({model.id} {model.version})"
        dialogs.about(self._window, words).open()

    def _use(self, settings: Settings) -> None:
        self.settings = settings
        self._workspace.judging.set_reader(settings.reader)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            theme.dress(application, settings.look)

    def _answered_by(self, done: Promotion) -> None:
        """What was written beside us must not be written over when the window closes."""
        self.settings = replace(
            self.settings.choosing(done.bundle.manifest.id),
            earlier_bundle=done.before.manifest.id,
        )

    def _welcomed(self) -> None:
        self.settings = replace(self.settings, is_welcomed=True)

    def _take_keys(self, keys: keymap.Keys) -> None:
        self.settings = replace(self.settings, keys=keymap.written(keys))
        self._use_keys()

    def _use_keys(self) -> None:
        own = keymap.parse(self.settings.keys, actions.COMMANDS)
        if keymap.conflicts(own, actions.COMMANDS):
            own = {}  # written by hand, or by a version with other commands
        for name, keys in keymap.in_use(own, actions.COMMANDS).items():
            if name in self._actions:
                self._actions[name].setShortcuts([QKeySequence(key) for key in keys])

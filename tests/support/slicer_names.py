"""Names the extension uses that only the Slicer application has, and where its source has them.

Read in Slicer 583e9b37 (2026-08-21, what becomes 5.13) and CTK 868d56c7 (2026-07-25); files of CTK
begin with `CTK/`. A test compares this list with what the extension uses, and where
`AFLOC_SLICER_SOURCE` names a checkout of Slicer, with its files.
"""

_PYTHON = "Base/Python/slicer"
_SCRIPTED = f"{_PYTHON}/ScriptedLoadableModule.py"
_PARAMETERS = f"{_PYTHON}/parameterNodeWrapper"
_PARENT = "Base/QTGUI/qSlicerScriptedLoadableModule.h"
_DICOM = "Modules/Scripted/DICOMLib/DICOMPlugin.py"
_DATABASE = "CTK/Libs/DICOM/Core/ctkDICOMDatabase.h"
_NODE_BOX = "Libs/MRML/Widgets/qMRMLNodeComboBox.h"
_PATH_EDIT = "CTK/Libs/Widgets/ctkPathLineEdit.h"

PLACES = {
    "DICOMLib.DICOMLoadable": _DICOM,
    "DICOMLib.DICOMPlugin": _DICOM,
    "SampleData.SampleDataLogic.registerCustomSampleDataSource": (
        "Modules/Scripted/SampleData/SampleData.py"
    ),
    "slicer.ScriptedLoadableModule.ScriptedLoadableModule": _SCRIPTED,
    "slicer.ScriptedLoadableModule.ScriptedLoadableModuleLogic": _SCRIPTED,
    "slicer.ScriptedLoadableModule.ScriptedLoadableModuleTest": _SCRIPTED,
    "slicer.ScriptedLoadableModule.ScriptedLoadableModuleWidget": _SCRIPTED,
    "slicer.app.connect": "Base/QTGUI/qSlicerApplication.h",  # of QObject; the file has the class
    "slicer.app.startupCompleted": "Base/QTGUI/qSlicerApplication.h",
    "slicer.dicomDatabase.fileForInstance": _DATABASE,
    "slicer.dicomDatabase.fileValue": _DATABASE,
    "slicer.i18n.tr": f"{_PYTHON}/i18n.py",
    "slicer.i18n.translate": f"{_PYTHON}/i18n.py",
    "slicer.modules.dicomPlugins": "Modules/Scripted/DICOMLib/DICOMPluginSelector.py",
    "slicer.packaging.load_requirements": f"{_PYTHON}/packaging.py",
    "slicer.packaging.pip_ensure": f"{_PYTHON}/packaging.py",
    "slicer.parameterNodeWrapper.Choice": f"{_PARAMETERS}/validators.py",
    "slicer.parameterNodeWrapper.Minimum": f"{_PARAMETERS}/validators.py",
    "slicer.parameterNodeWrapper.WithinRange": f"{_PARAMETERS}/validators.py",
    "slicer.parameterNodeWrapper.parameterNodeWrapper": f"{_PARAMETERS}/wrapper.py",
    "parent.acknowledgementText": _PARENT,
    "parent.categories": _PARENT,
    "parent.contributors": _PARENT,
    "parent.dependencies": _PARENT,
    "parent.helpText": _PARENT,
    "parent.hidden": _PARENT,
    "parent.title": _PARENT,
    "ctkPathLineEdit.currentPathChanged": _PATH_EDIT,
    "ctkPathLineEdit.setCurrentPath": _PATH_EDIT,
    "ctkSliderWidget.singleStep": "CTK/Libs/Widgets/ctkSliderWidget.h",
    "qMRMLNodeComboBox.addAttribute": _NODE_BOX,
    "qMRMLNodeComboBox.addEnabled": _NODE_BOX,
    "qMRMLNodeComboBox.nodeTypes": _NODE_BOX,
    "qMRMLNodeComboBox.noneEnabled": _NODE_BOX,
    "qMRMLNodeComboBox.removeEnabled": _NODE_BOX,
    "qMRMLNodeComboBox.setMRMLScene": _NODE_BOX,
    "qMRMLTableView.setMRMLTableNode": "Libs/MRML/Widgets/qMRMLTableView.h",
    "qMRMLWidget.mrmlSceneChanged": "Libs/MRML/Widgets/qMRMLWidget.h",
    "qMRMLWidget.setMRMLScene": "Libs/MRML/Widgets/qMRMLWidget.h",
}

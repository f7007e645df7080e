"""What the core says of odd files, films and series, in Simplified Chinese; see `chinese_told`."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# fmt: off
# {} stands for what changes: a number, a name, a list.
TABLE: Mapping[str, str] = MappingProxyType(
    {
        # archives and folders
        "The zip archive holds more than {} files.": "zip 压缩包中的文件超过 {} 个。",
        "This part of the archive grows beyond any film; it may be malicious.":
            "压缩包的这一部分解压后超过任何影像，可能是恶意的。",
        "The compressed file grows beyond any film; it may be malicious.":
            "压缩文件解压后超过任何影像，可能是恶意的。",
        "Do not unpack it; ask where it came from.": "请勿解压，并查明其来源。",
        "This part of the archive is encrypted.": "压缩包的这一部分已加密。",
        "This part of the archive is compressed in a way that is not read.":
            "不支持压缩包这一部分的压缩方式。",
        "The archive no longer holds this file.": "压缩包中已没有此文件。",
        "Unpack it with its password.": "请用密码解压。",
        "Unpack the archive and open the folder.": "请解压压缩包并打开文件夹。",
        "Open the archive again.": "请重新打开压缩包。",
        "Open the archive of the study.": "请打开该检查的压缩包。",
        "This is an archive inside an archive; it is not looked into.":
            "这是压缩包中的压缩包，未予查看。",
        "Unpack the outer archive and open the folder.": "请解压外层压缩包并打开文件夹。",
        "The archive grows beyond what can be looked through.": "压缩包过大，无法全部查看。",
        "Unpack it and open the folder; archives are not read yet.":
            "请解压后打开文件夹；尚不读取压缩包。",
        "The {} cannot be read ({}).": "无法读取 {}（{}）。",
        "Open its target itself.": "请直接打开其指向的位置。",
        "Choose DICOM files.": "请选择 DICOM 文件。",
        "Check the spelling.": "请检查拼写。",
        "There is no image to show.": "没有可显示的图像。",
        "What was found are reports or other objects; they are listed by their kind.":
            "找到的是报告或其他对象，已按类型列出。",
        "This is a DICOMDIR, an index of files and not an image.":
            "这是 DICOMDIR，即文件索引，不是图像。",
        "Open it as it is; the files it names are listed.": "请直接打开，其中所列文件会显示出来。",
        "This index (DICOMDIR) is not in order: {}.": "此索引 (DICOMDIR) 有问题：{}。",
        "Open the folder to see which images are there.": "请打开文件夹查看其中的图像。",
        # pixels
        "The colours are stored as ARGB, which was retired and is not read.":
            "颜色以已废止的 ARGB 存储，不支持。",
        "Export the image again as RGB.": "请重新导出为 RGB。",
        "The colour palette of the image is missing or damaged.": "图像的调色板缺失或已损坏。",
        "It is not certain which parts of the pixel data belong to which frame.":
            "无法确定像素数据的各部分属于哪一帧。",
        "The file changed while it was read.": "文件在读取时发生了变化。",
        "Choose another frame.": "请选择其他帧。",
        "The file claims {} frames, more than can be listed.":
            "文件声称有 {} 帧，超出可列出的数量。",
        "Export the wanted frames on their own.": "请单独导出所需的帧。",
        "The file claims {} frames and holds {}.": "文件声称有 {} 帧，实有 {} 帧。",
        "The file describes {} of its {} frames.": "文件只描述了 {} 帧，共有 {} 帧。",
        "There is no frame {}; the file holds {}.": "没有第 {} 帧，文件共有 {} 帧。",
        "Frames count from 1.": "帧从 1 开始计数。",
        "The pixels are packed in 12 bits, a layout of 1985 that is not read.":
            "像素按 1985 年的 12 位方式打包，不支持。",
        "Export the image again with 16 bits allocated.": "请以 16 位重新导出图像。",
        "The pixels are whole numbers of 64 bits, which are not read.":
            "像素是 64 位整数，不支持。",
        "Export the image again with 16 or 32 bits allocated.": "请以 16 或 32 位重新导出图像。",
        "The file says that its pixels are compressed, but they are not.":
            "文件称像素已压缩，实际没有。",
        "The file says that its pixels are not compressed, but they are.":
            "文件称像素未压缩，实际已压缩。",
        "The file holds more pixel data than it describes; the rest is not shown.":
            "文件的像素数据多于其描述，其余未显示。",
        "Export it again in a smaller size.": "请以较小尺寸重新导出。",
        "The pixels are compressed as video, which is not read.": "像素以视频方式压缩，不支持。",
        "Export the wanted frames as single images.": "请将所需的帧导出为单幅图像。",
        "The file uses a transfer syntax that this application does not know.":
            "文件使用本程序不认识的传输语法。",
        "Export the image again as Explicit VR Little Endian.":
            "请以 Explicit VR Little Endian 重新导出图像。",
        "The pixels are floating-point numbers; those that are none count as no image.":
            "像素是浮点数；非数值处视为非图像。",
        "The value that marks no image was written with the wrong sign and read as meant.":
            "标记非图像的数值符号写错，已按本意读取。",
        "The compressed pixels need more memory to decode than any image should.":
            "解码压缩像素所需内存超出任何图像应有的数量。",
        "The decoder stopped on this file: its compressed pixels are damaged.":
            "解码器在此文件上中止：压缩的像素数据已损坏。",
        "The decoder could not be started ({}).": "无法启动解码器（{}）。",
        "Close other programs and open the image again.": "请关闭其他程序后重新打开图像。",
        "Decoding this image took longer than {} seconds; it was stopped.":
            "解码此图像超过 {} 秒，已中止。",
        "The image was not decoded: the application is closing.": "未解码图像：程序正在关闭。",
        "Open it again.": "请重新打开。",
        "The picture is damaged or larger than can be opened.": "图片已损坏或超出可打开的大小。",
        "Open it, or a folder of pictures alone.": "请单独打开它，或打开只含图片的文件夹。",
        "Export it again.": "请重新导出。",
        # series
        "The plane of the image in the patient is not usable; nothing is measured in space.":
            "图像在患者体内的平面无法使用，不作空间测量。",
        "The position of the image in the patient is impossible and was left out.":
            "图像在患者体内的位置不可能，未予采用。",
        "The patient orientation is that of a quadruped; no side is marked.":
            "患者方位为四足动物的方位，未标左右。",
        "No positions: the images are in the order of their numbers.":
            "没有位置信息：图像按编号排列。",
        "Split by {}: not all images of this series fit on one another.":
            "已按 {} 拆分：此序列的图像不能全部对齐。",
        "Tilted by {}° (gantry): the images are shifted sideways.":
            "机架倾斜 {}°：图像有侧向位移。",
        "Uneven: neighbours are {} to {} mm apart.": "间距不均：相邻图像相距 {} 至 {} mm。",
        "The number of this image in its series is negative.": "此图像在序列中的编号为负。",
        # headers
        "The elements of the header are not in order; the file may have been altered.":
            "文件头各项顺序有误，文件可能被改动过。",
        "The file goes on behind its pixels; what it says there was not used.":
            "文件在像素之后还有内容，未予采用。",
        "The file holds pixels twice; the first were used.": "文件含两份像素，采用第一份。",
        "The header holds lists in lists, far deeper than usual.": "文件头嵌套层数远超通常。",
        "The header is far longer than usual; not all of it was looked at.":
            "文件头远长于通常，未全部查看。",
        "The file holds a very large private element, which was not looked at.":
            "文件含很大的私有数据项，未予查看。",
        "The character set of this file is unknown; names and descriptions may be shown wrong.":
            "文件的字符集未知，姓名与描述可能显示有误。",
        "Names or descriptions are not in the character set that the file states.":
            "姓名或描述与文件注明的字符集不符。",
        "A name or description holds control characters, which could hide or fake a part of it.":
            "姓名或描述含控制字符，可能隐藏或伪造部分内容。",
        "A name or description is longer than DICOM allows.": "姓名或描述超过 DICOM 允许的长度。",
        "A grey-scale window of the file is not usable and was left out.":
            "文件中的一个灰度窗无法使用，未予采用。",
        "No grey scale of the file is usable; an automatic window is shown.":
            "文件中没有可用的灰度设置，以自动窗显示。",
        "A grey-scale window of the file is narrower than allowed and not used at first.":
            "文件中的一个灰度窗窄于规定，起初不采用。",
        "A grey-scale table of the file is not usable and was left out.":
            "文件中的一个灰度表无法使用，未予采用。",
        "The file names an unknown window function; it is shown as linear.":
            "文件注明未知的窗函数，按线性显示。",
        # reports
        "This DICOM object is no report.": "此 DICOM 对象不是报告。",
        "Give structured reports or encapsulated PDF.": "请提供结构化报告或封装的 PDF。",
        "The file is too large for a report.": "文件过大，不像报告。",
        "The document is too large for a report.": "文档过大，不像报告。",
        "Leave it out.": "请略去它。",
        "The document inside is missing or no PDF.": "其中的文档缺失或不是 PDF。",
        "The words of the PDF document cannot be read.": "无法读取 PDF 文档中的文字。",
        "Give the report as text, or without a password.": "请提供文本形式或无密码的报告。",
        # the station
        "The list of known studies cannot be written; folders are read again each time.":
            "无法写入已知检查列表，每次都会重新读取文件夹。",
        "Free some space on the disk, or check the permissions of the application's folder.":
            "请腾出磁盘空间，或检查程序文件夹的权限。",
        "The list of known studies was damaged and has been started anew.":
            "已知检查列表已损坏，已重新开始。",
        "Nothing else was lost; folders are known again once they are opened.":
            "没有其他损失；文件夹再次打开后即重新记入。",
        "The window presets in the settings cannot be read.": "无法读取设置中的窗预设。",
        "The application starts with its own; set them again under Window, Edit presets.":
            "程序以自带预设启动；请在“窗位 > 编辑预设”中重新设置。",
        "The file of hanging protocols cannot be read.": "无法读取挂片规则文件。",
        "Check that hanging.toml beside the settings is text that may be read.":
            "请检查设置旁的 hanging.toml 是否为可读文本。",
        "The protocols that came with the application are in use; correct the file or remove it.":
            "正在使用程序自带的规则；请更正或删除该文件。",
        "The application starts with its defaults; the old file is kept beside it.":
            "程序以默认设置启动，旧文件保留在旁。",
        "Check that the settings folder can be written; this session is not affected.":
            "请检查设置文件夹是否可写；本次使用不受影响。",
        # models and training
        "The bundle {} fails its self-test: {}.": "模型 {} 未通过自检：{}。",
        "Choose the CPU as provider; if it still fails, get the bundle again.":
            "请改用 CPU；若仍不通过，请重新获取模型。",
        "The model's own text cleaning leaves nothing of these words.":
            "模型自身的文字清理后，这些文字已无剩余。",
        "The training component is not installed.": "未安装训练组件。",
        "Install it: it is the second part of the installer, or a download of its own.":
            "请安装：它是安装程序的第二部分，或单独下载。",
        "The training could not be started: {}.": "无法启动训练：{}。",
        "Choose another working folder, or check who may write there.":
            "请选择其他工作文件夹，或检查其写入权限。",
        "No model was promoted: there is none to go back to.":
            "没有启用过其他模型：没有可退回的。",
        "There is nothing to do.": "无需操作。",
        "The exporter plugin {} failed ({}).": "导出插件 {} 失败（{}）。",
        "Ask its maker, or leave it out.": "请咨询其作者，或不使用它。",
    }
)
# fmt: on

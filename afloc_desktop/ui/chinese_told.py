"""What the core says of files, films and questions, in Simplified Chinese.

The core speaks English and knows no window; its sentences are found again here by their form. One
that is not found stays English.
"""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from afloc_desktop.ui import chinese_films

if TYPE_CHECKING:
    from collections.abc import Mapping

# fmt: off
# {} stands for what changes: a number, a name, a list.
TABLE: Mapping[str, str] = MappingProxyType(
    {
        # models
        "There is no model for chest films installed.": "未安装胸片模型。",
        "There is no model for photographs of the retina installed.": "未安装视网膜照片模型。",
        "There is no model for stained tissue installed: none comes with AFLoc, a site "
        "brings its own.": "未安装染色组织模型：AFLoc 不附带此类模型，需由机构自备。",
        "`afloc bundles install` takes one in, and `afloc bundles import-checkpoint "
        "--modality histo` makes one of an official checkpoint; it is then used for tissue.":
            "`afloc bundles install` 可装入模型，`afloc bundles import-checkpoint "
            "--modality histo` 可由官方检查点生成模型；之后即用于组织影像。",
        # slides
        "This is a file of a whole slide, which is no film: it is read tile by tile.":
            "这是全切片的一个文件，不是单张影像：它按图块读取。",
        "Open the folder that holds all files of the slide.": "请打开包含该切片全部文件的文件夹。",
        "This series holds several slides; each is listed on its own.":
            "此序列包含多张切片，已分别列出。",
        "The slide is written in big endian, which is not read.": "切片以大端序写成，无法读取。",
        "Export it again as Explicit VR Little Endian.":
            "请以 Explicit VR Little Endian 重新导出。",
        "The file contradicts itself about whether its pixels are compressed.":
            "文件对像素是否压缩的说明自相矛盾。",
        "The colours of the slide are stored in a way that is not read.":
            "切片的颜色以无法读取的方式存储。",
        "Export the slide again as RGB.": "请将切片重新导出为 RGB。",
        "The tiles of the slide claim {} x {} pixels, more than is read at a time.":
            "切片的图块声称有 {} x {} 像素，超出一次可读取的范围。",
        "Export the slide again with smaller tiles.": "请用较小的图块重新导出切片。",
        "The header is wrong about the size of the slide: missing or impossible.":
            "文件头中切片的大小缺失或不可能。",
        "The slide claims {} x {} pixels in tiles of {} x {}, more than can be opened.":
            "切片声称有 {} x {} 像素、图块为 {} x {}，超出可打开的范围。",
        "Export it again with larger tiles.": "请用较大的图块重新导出。",
        "The header is wrong about where the tiles of the slide lie.":
            "文件头中切片图块的位置有误。",
        "The list of the slide's tiles is longer than is looked through.":
            "切片的图块列表过长，未予查看。",
        "Export the slide again, fully tiled (TILED_FULL).":
            "请以完整分块（TILED_FULL）重新导出切片。",
        "The file claims {} tiles; its size needs {}.": "文件声称有 {} 个图块，其大小需要 {} 个。",
        "The file claims {} tiles and holds {}.": "文件声称有 {} 个图块，实际有 {} 个。",
        "The bytes of this tile are missing.": "此图块的数据缺失。",
        "The files belong to different slides.": "这些文件属于不同的切片。",
        "Open one slide at a time.": "请一次打开一张切片。",
        "The slide is grey, of more steps than a screen has: {} and above are shown white.":
            "切片为灰度，级数多于屏幕：{} 及以上显示为白色。",
        "The slide does not say where it lies on its glass or how large its pixels are, which a "
        "segmentation has to repeat.":
            "切片未说明它在玻片上的位置或像素大小，而分割必须重复这些信息。",
        "Choose the structured report, the secondary capture, PNG, CSV or JSON.":
            "请选择结构化报告、二次采集图像、PNG、CSV 或 JSON。",
        "Presentation states draw on images; no viewer draws them on the tiles of a slide.":
            "显示状态绘制在影像上；没有阅片软件会在切片的图块上绘制。",
        "Choose the structured report or the segmentation, which say where on the slide.":
            "请选择结构化报告或分割，它们会说明在切片上的位置。",
        "Findings on a slide are not written as such.": "切片上的征象不以此格式写出。",
        "Choose the report, the segmentation or a picture.": "请选择报告、分割或图片。",
        "The file shows no slide, but a picture of its label or its glass.":
            "文件显示的不是切片，而是其标签或玻片的照片。",
        "Open the folder that holds the slide itself.": "请打开包含切片本身的文件夹。",
        "The parts of one level have tiles of different sizes.": "同一层的各部分图块大小不同。",
        "Fetch the files again from where they came from.": "请从来源处重新获取这些文件。",
        "The slide was scanned in several focal planes or optical paths; one of them is shown.":
            "切片以多个焦平面或光路扫描，此处显示其中之一。",
        "The file does not say how large a pixel is; nothing can be measured on the slide.":
            "文件未说明像素大小，无法在切片上测量。",
        "A file of this slide cannot be shown and was left out: {}":
            "此切片的一个文件无法显示，已略去：{}",
        "The slide has no coarse level: of its overview, one tile stands for {} x {} of them.":
            "切片没有低倍层：概览中每个图块代表 {} x {} 个图块。",
        "Damaged tiles, shown hatched: {}. {}": "损坏的图块（以斜线显示）：{}。{}",
        # files
        "This is not a DICOM file.": "这不是 DICOM 文件。",
        "This is {}, not a DICOM file.": "这是 {}，不是 DICOM 文件。",
        "This is not a regular file.": "这不是普通文件。",
        "This is a link that leads elsewhere; it is not followed.":
            "这是指向别处的链接，未予跟随。",
        "The file is empty.": "文件是空的。",
        "The folder is empty.": "文件夹是空的。",
        "The path does not exist.": "路径不存在。",
        "The file cannot be read ({}).": "无法读取文件（{}）。",
        "The file ends inside its header.": "文件在文件头处中断。",
        "The compressed file is damaged.": "压缩文件已损坏。",
        "The compressed pixels are damaged.": "压缩的像素数据已损坏。",
        "The file is incomplete: its compressed pixels end early.":
            "文件不完整：压缩的像素数据提前结束。",
        "The file is incomplete: its compressed pixels are cut off.":
            "文件不完整：压缩的像素数据被截断。",
        "The file is incomplete: it ends before the pixels.": "文件不完整：在像素数据之前结束。",
        "The file is incomplete: it holds fewer pixels than it describes.":
            "文件不完整：像素少于文件头所述。",
        "The file describes an image, but its pixels are missing.":
            "文件描述了图像，但缺少像素。",
        "The file holds no image ({}).": "文件中没有图像（{}）。",
        "The header is wrong about {}: missing or impossible.":
            "文件头中的 {} 有误：缺失或不可能。",
        "The file has no frame {}; it holds {}.": "文件没有第 {} 帧，共有 {} 帧。",
        "The image claims {} x {} pixels, more than can be opened.":
            "图像声称有 {} × {} 像素，超出可打开的范围。",
        "The header and the compressed pixels disagree about the {} of the image.":
            "文件头与压缩的像素数据在图像的 {} 上不一致。",
        "This zip archive holds no DICOM file.": "此 zip 压缩包中没有 DICOM 文件。",
        "This index (DICOMDIR) is damaged.": "此索引 (DICOMDIR) 已损坏。",
        "No film was found there.": "那里没有找到影像。",
        # what to do
        "Fetch the file again from where it came from.": "请从来源处重新获取该文件。",
        "Check the permissions and the connection to the drive.":
            "请检查权限以及与驱动器的连接。",
        "Choose a file or folder.": "请选择文件或文件夹。",
        "Choose the folder that holds the study.": "请选择存放该检查的文件夹。",
        "Open the images of the study.": "请打开该检查的图像。",
        "Open the DICOM file it was made from.": "请打开生成它的 DICOM 文件。",
        "Open the DICOM file of the film.": "请打开该影像的 DICOM 文件。",
        "Unpack it and open the folder.": "请解压后打开文件夹。",
        "Do not open it; ask where it came from.": "请勿打开，并查明其来源。",
        "Choose a folder with DICOM radiographs; files that were skipped are listed with "
        "reasons.":
            "请选择含 DICOM 平片的文件夹；跳过的文件及原因已列出。",
        # films
        "The file does not say which side of the patient is where.": "文件未注明患者的左右。",
        "The file's patient orientation is not usable; no side is marked.":
            "文件的患者方位无法使用，未标左右。",
        "The file contradicts itself about the patient's sides; none is marked.":
            "文件关于患者左右的说法自相矛盾，未作标注。",
        "The file contradicts itself about the side of the body that was examined.":
            "文件关于检查侧的说法自相矛盾。",
        "The file's view and its patient orientation contradict each other.":
            "文件的体位与患者方位互相矛盾。",
        "The file holds graphics of its own, which are drawn over the image.":
            "文件自带图形，已画在图像上。",
        "A graphic of the file is damaged or impossible and was left out.":
            "文件中的一个图形已损坏，未显示。",
        "This film looks inverted; its MONOCHROME1/2 tag may be wrong.":
            "此片看似黑白颠倒，其 MONOCHROME1/2 标记可能有误。",
        "The highest bit of a pixel is not where the standard has it; values were shifted.":
            "像素的最高位不在标准规定的位置，数值已移位。",
        "The file marks a range of values as no image; the automatic window leaves them out.":
            "文件将一段数值标为非图像，自动窗已将其排除。",
        "The file contradicts itself about what is white; its MONOCHROME tag was followed.":
            "文件关于何者为白的说法自相矛盾，已按 MONOCHROME 标记显示。",
        "The file's rescale values are not usable; grey values are shown as stored.":
            "文件的缩放参数无法使用，按存储值显示。",
        "The file's modality table is not usable and was left out.":
            "文件的模态查找表无法使用，未予应用。",
        "A pixel spacing of the file is not usable and was left out.":
            "文件中的一个像素间距无法使用，未予采用。",
        "The file's pixel aspect ratio is not usable; pixels are shown square.":
            "文件的像素宽高比无法使用，按方形像素显示。",
        "The file gives no pixel spacing: lengths are in pixels.":
            "文件没有像素间距：长度以像素计。",
        "Lengths hold at the detector; in the patient they are shorter.":
            "长度按探测器平面计，在患者体内更短。",
        "Lengths hold on the film that was scanned; in the patient they are shorter.":
            "长度按被扫描的胶片计，在患者体内更短。",
        "Lengths in the patient are estimated from the magnification that the file states.":
            "患者体内的长度按文件注明的放大率估计。",
        "The file states two pixel spacings; the one calibrated for the patient is used.":
            "文件注明两个像素间距，采用按患者校准的一个。",
        "The pixel spacing is said to be corrected, but it is that of the detector.":
            "像素间距声称已校正，实为探测器的间距。",
        "The file does not say whether its pixel spacing holds at the detector or the "
        "patient.":
            "文件未注明像素间距属于探测器还是患者。",
        "The file gives an element of its header twice; the last value was used.":
            "文件头中有一项重复出现，采用最后的值。",
        "The file gives the patient's {} twice; the last one is shown. Check whose film this "
        "is.":
            "文件中患者的 {} 出现两次，显示最后一个。请核对此片属于谁。",
        "The header breaks the rules of DICOM: {}. It is shown as written.":
            "文件头不合 DICOM 规定：{}。按原样显示。",
        "An identifier (UID) of this film is missing or illegal; it may be mistaken for "
        "another.":
            "此片的标识 (UID) 缺失或不合规，可能与其他影像混淆。",
        "The colours were converted from the profile of their device (ICC) to sRGB.":
            "颜色已由设备特性文件 (ICC) 转换为 sRGB。",
        "The colours have a profile (ICC) that is not applied; hues may differ slightly.":
            "颜色带有未应用的特性文件 (ICC)，色调可能略有差异。",
        "Same instance UID, other content: each file is listed on its own.":
            "实例 UID 相同而内容不同：各文件分别列出。",
        "Another patient has this very study too; check whose it is.":
            "另一位患者也有同一检查，请核对属于谁。",
        "Another name stands with this patient ID too; check whose study it is.":
            "同一患者编号下还有另一个姓名，请核对检查属于谁。",
        # questions
        "finding: {}": "征象：{}",
        "names {}: answered with it and the other words": "提到 {}：与其余文字一并回答",
        "names {}: the whole text is answered at once": "提到 {}：整段文字一并回答",
        "side: left": "侧别：左",
        "side: right": "侧别：右",
        "side: bilateral": "侧别：双侧",
        "zone: upper": "区域：上",
        "zone: mid": "区域：中",
        "zone: lower": "区域：下",
        "degree, not used: {}": "程度（未采用）：{}",
        "part of the picture: {}": "图像部位：{}",
        "eye: {}": "眼别：{}",
        "This model does not tell places apart: {} was ignored.":
            "此模型不区分部位：已忽略“{}”。",
        "This model is not led to a place: {} is read as words alone.":
            "此模型不按部位引导：“{}”仅作为文字读取。",
        "A place that is not told apart was ignored: {}.": "已忽略无法区分的部位：{}。",
        "the file does not say which eye this is; temporal and nasal were not used":
            "文件未说明是哪只眼；未采用颞侧与鼻侧",
        "the words speak of the other eye than the one in the picture":
            "所述眼别与图像不符",
        "the optic disc was not found on this picture; places near it were not used":
            "未在此图像上找到视盘；未采用其附近的部位",
        "the macula is taken to lie where it usually does from the optic disc":
            "黄斑按其相对视盘的通常位置推定",
        "the file does not say which side is which; the usual view is assumed":
            "文件未说明左右侧；按常规视图处理",
        "right and left are not beside each other on this film; the side was not used":
            "此影像上左右侧并非左右排列；未采用侧别",
        "These words look like {}: the model was taught English.":
            "这些文字像是 {}：该模型以英文训练。",
        "These words do not describe anything this model knows on a chest film.":
            "这些文字描述的内容该模型在胸片上并不认识。",
        "These words do not describe anything this model knows on a fundus photograph.":
            "这些文字描述的内容该模型在眼底照片上并不认识。",
        "These words do not describe anything this model knows on a histology image.":
            "这些文字描述的内容该模型在病理图像上并不认识。",
        "The file holds {} pictures; the first is shown.": "文件含 {} 幅图片；仅显示第一幅。",
        "A picture without a DICOM identity: whose it is, which side and how large is not "
        "known, and no DICOM result can be made of it.":
            "没有 DICOM 身份的图片：所属患者、侧别与尺寸均未知，无法由其生成 DICOM 结果。",
        "This is a picture beside DICOM files; it is not listed among them.":
            "这是与 DICOM 文件放在一起的图片，未列入其中。",
        "Negations are not understood: the map shows what is negated.":
            "不理解否定：图中显示的是被否定的内容。",
        "These words say that all is well: the map shows what they speak of.":
            "这些文字表示一切正常：图中显示的是其所说的内容。",
        "This model was not taught {}: the map shows what comes nearest, and nothing is "
        "called present.":
            "该模型未学过 {}：图中显示最接近的内容，不判为存在。",
        "The text is too long: its end is not read.": "文字过长：结尾部分未读取。",
        "Words unknown for chest films: {}.": "胸片上不认识的词：{}。",
        "Words unknown for fundus photographs: {}.": "眼底照片上不认识的词：{}。",
        "Words unknown for histology images: {}.": "组织学图像上不认识的词：{}。",
        "Some of these words are unknown to the model.": "其中有些词该模型不认识。",
        # the model
        "The model could not be run: {}.": "模型无法运行：{}。",
        "The model answered with numbers that are not finite.": "模型给出了非有限的数值。",
        "The audit trail cannot be used: {}.": "无法使用审计记录：{}。",
        "Run `afloc self-test`; choose the CPU as provider if a device is at fault.":
            "请运行 `afloc self-test`；若设备有问题，请改用 CPU。",
        "Free some space or ask who looks after this computer; then try again.":
            "请腾出空间或联系维护人员，然后重试。",
        # slides
        "This is a slide, and the model was made for radiographs.":
            "这是切片，而该模型用于 X 线片。",
        "This is a slide, and the model was made for photographs of the retina.":
            "这是切片，而该模型用于眼底照片。",
        "Choose a model for histopathology; `afloc bundles list` shows what is here.":
            "请选择用于病理切片的模型；`afloc bundles list` 可列出现有模型。",
        "The region lies outside the slide.": "该区域在切片之外。",
        "Choose one within its {} columns and {} rows.": "请在其 {} 列、{} 行之内选择。",
        "At {} µm a pixel the slide has {} windows.": "每像素 {} µm 时，该切片有 {} 个窗口。",
        "Choose a coarser magnification.": "请选择更低的放大倍数。",
        "Another program is localizing this slide with this model.":
            "另一个程序正在用该模型定位此切片。",
        "Wait until it has finished, or stop it there.": "请等待其完成，或在那里停止。",
        "What the model sees of the slide cannot be kept: {}.":
            "无法保存模型在切片上所见：{}。",
        "Free some space or ask who looks after this computer; then resume.":
            "请腾出一些空间，或询问负责此计算机的人员，然后继续。",
        "grey slide: tissue is told by its contrast":
            "灰度切片：按与背景的对比识别组织",
        "the slide does not say how large its pixels are; they are taken as they are":
            "切片未说明像素大小；按原样使用",
        "the slide has {} µm a pixel and is enlarged to {} µm":
            "切片每像素 {} µm，已放大到 {} µm",
        # results
        "{} cannot be written: {}.": "无法写入 {}：{}。",
        "Choose another folder, or free some space, and try again.":
            "请选择其他文件夹或腾出空间后重试。",
        "Choose another folder.": "请选择其他文件夹。",
        "The folder is that of the films or lies in it; nothing is written there.":
            "该文件夹是影像所在的文件夹或位于其中，不会写入。",
        "The film does not say which study and series it belongs to, or not in the numbers of "
        "DICOM, so that no object can refer to it.":
            "影像未说明（或未以 DICOM 编号说明）所属的检查和序列，因此无法生成引用它的对象。",
        "Choose PNG, CSV or JSON.": "请选择 PNG、CSV 或 JSON。",
        "The file no longer holds the film that was opened.": "该文件已不是打开时的影像。",
        "Open the study again and ask the film again.": "请重新打开检查并重新提问。",
        "A finding belongs to another film than the one it was to be written for.":
            "有征象属于另一张影像，而不是要写入的这张。",
        "Open the film again and ask it again.": "请重新打开影像并重新提问。",
        "The result did not pass its check: {}.": "结果未通过核对：{}。",
        "Nothing was written; try again, and report it if it stays so.":
            "未写入任何内容；请重试，若仍如此请报告。",
        "The record of this result is damaged or of another version.":
            "此结果的记录已损坏或属于其他版本。",
        "Export the findings again.": "请重新导出征象。",
        "The segmentation holds fractions and not regions; it is shown as text.":
            "该分割存储的是比例而非区域，以文本显示。",
        "The object holds more than can be shown; the rest is left out.":
            "该对象的内容超出可显示的数量，其余已略去。",
        "A graphic is of a kind that is not drawn.": "有一种图形不支持绘制。",
        "The presentation state also says how grey the film is; here it keeps its own window.":
            "该显示状态还规定了影像的灰阶；此处仍使用影像自身的窗。",
        "The presentation state also turns or mirrors the film; here it lies as it is.":
            "该显示状态还会旋转或镜像影像；此处保持原样。",
        **chinese_films.TABLE,
    }
)
# fmt: on

# Findings and their groups, as `resources/prompts` and the shipped models have them. What leaves
# the station keeps the English names.
FINDINGS: Mapping[str, str] = MappingProxyType(
    {
        "Pleura": "胸膜",
        "Lung": "肺",
        "Heart and vessels": "心脏与血管",
        "Chest wall and other": "胸壁及其他",
        "Devices": "器械",
        "Pleural effusion": "胸腔积液",
        "Pneumothorax": "气胸",
        "Pleural thickening": "胸膜增厚",
        "Other pleural abnormality": "其他胸膜异常",
        "Consolidation": "实变",
        "Pneumonia": "肺炎",
        "Infiltration": "浸润",
        "Lung opacity": "肺部阴影",
        "Atelectasis": "肺不张",
        "Nodule": "结节",
        "Mass": "肿块",
        "Lung lesion": "肺部病变",
        "Emphysema": "肺气肿",
        "Fibrosis": "纤维化",
        "Bulla": "肺大疱",
        "COVID-19 pneumonia": "新冠肺炎",
        "Cardiomegaly": "心影增大",
        "Enlarged cardiomediastinum": "心纵隔影增大",
        "Cardiomyopathy": "心肌病",
        "Pulmonary oedema": "肺水肿",
        "Calcification of the aorta": "主动脉钙化",
        "Tortuous aorta": "主动脉迂曲",
        "Enlarged hilum": "肺门增大",
        "Hiatal hernia": "食管裂孔疝",
        "Fracture": "骨折",
        "Osteopenia": "骨质减少",
        "Scoliosis": "脊柱侧弯",
        "Pneumomediastinum": "纵隔气肿",
        "Pneumoperitoneum": "气腹",
        "Subcutaneous emphysema": "皮下气肿",
        "Support devices": "支持装置",
        "Lesions": "病变",
        "Retina": "视网膜",
        "Microaneurysms": "微动脉瘤",
        "Retinal hemorrhage": "视网膜出血",
        "Hard exudates": "硬性渗出",
        "Cotton wool spots": "棉絮斑",
        "Optic disc": "视盘",
        "Referable diabetic retinopathy": "需转诊的糖尿病视网膜病变",
        "Diabetic retinopathy": "糖尿病视网膜病变",
        "Macula": "黄斑",
        "Drusen": "玻璃膜疣",
        "Macular edema": "黄斑水肿",
        "Age-related macular degeneration": "年龄相关性黄斑变性",
        "Epiretinal membrane": "视网膜前膜",
        "Glaucomatous cupping": "青光眼性视杯扩大",
        "Optic disc swelling": "视盘水肿",
        "Vessels": "血管",
        "Neovascularization": "新生血管",
        "Retinal vein occlusion": "视网膜静脉阻塞",
        "Pathologic myopia": "病理性近视",
        "Retinal detachment": "视网膜脱离",
        "Prostate": "前列腺",
        "Benign prostate glands": "良性前列腺腺体",
        "Gleason pattern 3": "Gleason 3 级",
        "Gleason pattern 4": "Gleason 4 级",
        "Gleason pattern 5": "Gleason 5 级",
        "Tissue": "组织",
        "Invasive carcinoma": "浸润性癌",
        "Tumor-associated stroma": "肿瘤相关间质",
        "Non-tumor tissue": "非肿瘤组织",
        "Lymphocytes": "淋巴细胞",
        "Necrosis": "坏死",
        "Nuclei": "细胞核",
        "Densely packed nuclei": "密集的细胞核",
        "Lepidic adenocarcinoma": "贴壁型腺癌",
        "Acinar adenocarcinoma": "腺泡型腺癌",
        "Papillary adenocarcinoma": "乳头型腺癌",
        "Micropapillary adenocarcinoma": "微乳头型腺癌",
        "Solid adenocarcinoma": "实体型腺癌",
    }
)

# Parts of a picture, as `core.places` calls them.
PARTS: Mapping[str, str] = MappingProxyType(
    {
        "upper": "上方", "lower": "下方", "left": "左侧", "right": "右侧",
        "temporal": "颞侧", "nasal": "鼻侧",
        "upper left": "左上", "upper right": "右上", "lower left": "左下", "lower right": "右下",
        "upper temporal": "颞上", "upper nasal": "鼻上",
        "lower temporal": "颞下", "lower nasal": "鼻下",
        "near the disc": "视盘附近", "near the macula": "黄斑附近",
    }
)  # fmt: skip


def told(text: str) -> str:
    """A sentence of the core in Chinese; as it is where it is not known."""
    if text in TABLE:
        return TABLE[text]
    for form, words in _forms():
        found = form.fullmatch(text)
        if found is not None:
            return words.format(*map(_named, found.groups()))
    return text


def _named(words: str) -> str:
    """What stands at a place of a sentence: findings by their Chinese names, else as it is."""
    names = words.split(", ")
    known = {**FINDINGS, **PARTS}
    if not known.keys() & names:
        return words
    return "、".join(known.get(name, name) for name in names)


@lru_cache(maxsize=1)
def _forms() -> tuple[tuple[re.Pattern[str], str], ...]:
    """The sentences with places in them, as patterns."""
    return tuple(
        (re.compile(re.escape(form).replace(r"\{\}", "(.+)"), re.DOTALL), words)
        for form, words in TABLE.items()
        if "{}" in form
    )

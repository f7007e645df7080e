"""The words of the window in Simplified Chinese, by the names they have in `strings`.

Phrases made of parts are in `chinese_phrases`. What is missing here stays English: file names,
key names, and what the core says of a file.
"""

from __future__ import annotations

TITLE = "AFLoc – 仅供科研使用"
RESEARCH_ONLY = "仅供科研使用 – 不得用于诊断"
RESEARCH_TEXT = (
    "AFLoc 显示影像上与文字描述相似的位置及相似程度，仅为科研而开发。它不是医疗器械，未经任何监管"
    "机构批准，不得用于诊断或治疗。相似度高并不代表患病概率，相似度低也不能排除任何疾病。"
)
LICENCES = (
    "AFLoc 是采用 Apache License 2.0 的自由软件。窗口使用 LGPL 3 许可的 Qt for Python。各组成部分的"
    "许可见随附的 LICENSE 与 NOTICE 文件；模型的使用条款见其模型卡。"
)

# --- menus and actions
FILE, VIEW, JUDGE, HELP = "文件(&F)", "视图(&V)", "征象(&N)", "帮助(&H)"
LAYOUT, WINDOWS, TOOLS = "布局(&L)", "窗位(&W)", "测量(&M)"
OPEN_FILES = "打开文件…"
OPEN_FOLDER = "打开文件夹…"
OPEN_SAMPLE = "打开示例检查"
CLOSE_ALL = "关闭全部检查"
QUIT = "退出"
FIT = "适合"
FIT_LONG = "影像适合窗口"
ONE_TO_ONE_LONG = "影像像素与屏幕像素一一对应"
ZOOM_IN = "放大"
ZOOM_OUT = "缩小"
INVERT = "反转"
INVERT_LONG = "灰度反转"
RESET_WINDOW = "复位"
RESET_WINDOW_LONG = "复位窗宽窗位、反转与旋转"
ROTATE_RIGHT = "向右旋转"
ROTATE_LEFT = "向左旋转"
FLIP_ACROSS = "左右翻转"
FLIP_DOWN = "上下翻转"
GRAPHICS = "文件自带的图形"
CORNER_TEXT = "四角文字"
SINGLE, PAIR, QUAD = "单幅", "两幅并排", "四幅"
LINK = "同步缩放、移动与窗宽窗位"
HANG_NEXT, HANG_PREVIOUS = "下一种挂片方式", "上一种挂片方式"
HANG = "挂片方式"
NO_HANGING = "没有适合此检查的其他挂片方式"
LAYOUT_BUTTON, MEASURE_BUTTON = "布局", "测量"
PLAY, PLAY_LONG = "播放", "播放序列"
SPEED = "每秒图像数"
EDIT_PRESETS = "编辑预设…"
TOOL_NAMES = {
    "hand": "移动与选择",
    "length": "长度",
    "angle": "角度",
    "rectangle": "矩形",
    "ellipse": "椭圆",
    "ratio": "心胸比",
    "arrow": "箭头",
    "text": "文字",
    "calibrate": "用已知长度校准…",
}
DELETE_MARK = "删除所选"
CLEAR_MARKS = "删除此片上的全部标记"
FORGET_CALIBRATION = "取消手动校准"
CALIBRATE = "已知长度"
CALIBRATE_ASK = "线段的长度（毫米）："
NOTE, NOTE_ASK = "注释", "写在影像上的文字："
PRESET_NAME, PRESET_CENTRE, PRESET_WIDTH = "名称", "窗位 (HU)", "窗宽 (HU)"
PRESETS_HINT = "数字键 1 至 9 上的 CT 窗。没有名称的行不保存。其他影像上数字键选择影像自带的窗。"
RULE_TITLES = {
    "frontal_lateral_prior": "正侧位及各自的既往片",
    "current_prior": "当前 | 既往",
    "frontal_lateral": "正位 | 侧位",
    "both_eyes": "右眼 | 左眼",
    "both_eyes_prior": "双眼及各自的既往片",
}
FEWER_NOTES = "收起"
AI_OVERLAY = "AI 叠加"
AI_TIP = "显示或隐藏 AI 叠加；按住空格键隐藏一切 AI 内容"
CONTOUR = "轮廓"
CONTOUR_LONG = "仅在阈值处画轮廓线"
CLEAR = "只看影像，不选征象"
GO_ASK = "提问"
UNDO, REDO = "撤销", "重做"
ACCEPT_LONG = "接受该征象"
REDRAW_LONG = "重画该征象"
REJECT_LONG = "否定该征象"
READER_LONG = "阅片者…"
KEEP = "将该征象保留在影像上"
DRAW_ALL_LONG = "显示所有达到阈值的征象"
BOXES_LONG = "以方框代替颜色"
PREVIOUS = "上一幅"
NEXT = "下一幅"
ANY_FILE = "DICOM 及其他文件 (*)"
ABOUT = "关于 AFLoc"
SHORTCUTS = "键盘与鼠标"
OPEN_FILES_TITLE = "打开 DICOM 文件"
OPEN_FOLDER_TITLE = "打开 DICOM 文件夹"

# --- browser
STUDIES = "检查"
FILES_BUTTON = "文件…"
FOLDER_BUTTON = "文件夹…"
NO_STUDIES = "打开文件、文件夹、zip 压缩包或 DICOMDIR，或将其拖放到窗口任意位置。"
SEARCH_HINT = "搜索患者、日期、设备类型…"
SEARCH_TIP = "缩小已打开检查的范围，并查找以前列出过的检查。"
KNOWN_STUDIES = "以前列出过 – 单击重新打开"
INDEX = "文件索引；其中所列文件已列出。"
UNKNOWN_PATIENT = "未署名患者"
UNKNOWN_STUDY = "检查"
UNKNOWN_SERIES = "序列"
SKIPPED = "跳过的文件"
STOP = "停止"
SERIES_STRIP = "检查的序列"

# --- film
FILM = "影像"
DROP_HERE = "将 DICOM 文件或文件夹拖到这里"
DROP_HINT = (
    "或按 Ctrl+O 打开文件，按 Ctrl+Shift+O 打开文件夹。\n初次使用？请选择“文件”“打开示例检查”。"
)
EMPTY_CELL = "将序列拖到这里"
READING = "正在读取影像…"
WINDOW = "窗"
USER_WINDOW = "自定"
SIDE_UNKNOWN = "文件未注明左右"
MIN_MAX = "全范围"
COLOUR = "彩色"
CHANNELS = {"green": "无赤光（绿色通道）", "red": "红色通道", "blue": "蓝色通道"}
AUTO_WINDOW = "自动"
NO_MODALITY = "未注明设备类型的图像"

# --- findings
FINDINGS = "征象"
ASK_HINT = "输入征象（英文）"
ASK_EXAMPLE = "输入征象（英文），如 {finding}"
ASK_TIP = "输入时缩小列表范围。向下键进入列表，回车键按原文提问。"
YOUR_QUESTIONS = "您的提问"
SIMILARITY = "相似度"
THRESHOLD = "相似度阈值"
OPACITY = "不透明度"
RESET = "复位"
NO_MATCH = "列表中没有。按回车键按原文提问。"
NO_MODEL = "未使用任何模型"
LOADING_MODEL = "正在载入模型…"
MODEL_TIP = "查看此类影像的模型；点击可选择其他模型。"
MODEL_KINDS = {
    "cxr": "用于胸片",
    "fundus": "用于视网膜照片",
    "histo": "用于染色组织",
}
FALLEN_BACK = "所选处理器无法使用"
ANSWERING = "正在比对…"
PRESENT = "达到阈值"
ABSENT = "低于阈值"
LEGEND = "实心标记：达到阈值。"
FORMS = {"colours": "颜色", "outline": "轮廓", "boxes": "方框"}
KEEP_TIP = "勾选后与其他征象一同保留在影像上。"
DRAW_ALL = "显示全部检出"
DRAW_ALL_TIP = "画出所有达到阈值的征象，各用一种颜色"
OVERRULE = "仍然提问"
OVERRULE_TIP = "将询问模型，您的决定会写入审计记录。"
NOT_ASKED = "未询问模型：其回答没有意义或会误导。"
REFUSALS = {
    "modality": "该模型不适用于此设备类型的图像。",
    "lateral": "这似乎是侧位片；该模型适用于胸部正位片。",
    "body_part": "这似乎是胸部以外的部位。",
    "colour": "这是彩色图像；该模型适用于胸部X线片。",
    "grey": "此图像没有颜色；该模型适用于彩色照片。",
    "tiny": "图像太小，不像是 X 线片。",
}
DOUBTS = {
    "view_unknown": "文件未注明是否为正位；请自行核对。",
    "body_part_unknown": "文件未注明是否为胸部；请自行核对。",
    "small": "图像较小，可能漏掉细微征象。",
    "like_eye": "图像看似眼底照片，而此模型用于组织切片。",
    "like_tissue": "图像看似染色组织，而此模型用于眼底。",
}
ACCEPT, REDRAW, REJECT = "接受", "重画…", "否定"
ACCEPT_TIP = "按显示的样子认定该征象 (Y)"
REDRAW_TIP = "画出征象所在位置并认定 (E)"
REJECT_TIP = "认定其有误并说明原因 (N)"
WITHDRAW = "撤回"
NO_VERDICT = "模型建议，尚未判定。"
REASONS = {
    "absent": "该处没有异常",
    "elsewhere": "存在，但位置不对",
    "other_finding": "是另一种征象",
    "artefact": "伪影、器械或体位所致",
    "known": "已知，无需陈述",
    "other": "其他原因",
}
REDRAW_HINT = "将线条拖到征象所在位置。"
REDRAW_KEEP, REDRAW_LEAVE = "保留 (Enter)", "取消 (Esc)"
READER_TITLE = "谁在阅片？"
READER_ASK = "您的姓名将与您的判定一同保存，只留在本机。"
REPORT = "报告"
NO_REPORT = (
    "没有找到此检查的报告。可显示与影像同名的文本文件、该检查的 DICOM 报告或剪贴板中的文字。"
)
PASTE = "粘贴"
PASTE_TIP = "将剪贴板中的文字作为报告显示；不会保存"
PASTED = "粘贴的文字"
REPORT_TIP = "单击句子查看其在影像上的位置。划线：报告称不存在。"
DOCUMENT = (
    "该报告没有可读的文字：它只含页面图像，或已损坏，或受密码保护。"
    "请用其他程序打开，并将文字粘贴到此处。"
)
DENIED = "报告称其不存在，因此不作定位。"
VERDICTS = {"": "", "accepted": "已接受", "edited": "重画后接受", "rejected": "已否定"}

# --- comparison with an earlier film
COMPARE = "与既往片比较…"
COMPARE_TITLE = "与既往片比较"
NO_PRIOR = "没有打开该患者同一体位的既往片。"
NO_PRIOR_HINT = "请打开既往检查；其文件头须有患者编号、日期和体位。"
PRESENT_FILM, EARLIER_FILM = "当前片", "既往片"
EARLIER_LAID = "既往片，已对齐到当前片"
BLINK = "闪烁"
ALIGN = "对齐"
LAYING = "正在对齐两幅影像…"
CLOSE = "关闭"
CHOOSE_FINDING = "选择一种征象，查看其变化。"

# --- export
EXPORT = "导出已接受的征象…"
EXPORT_TITLE = "导出已接受的征象"
EXPORT_WHAT = "导出内容"
EXPORT_NOTHING = "尚无内容：请先接受或重画征象 (Y、E)。"
EXPORT_AS = "格式"
EXPORT_GROUPS = ("归档用 (DICOM)", "阅读与统计用", "科研与旧式阅片器用")
EXPORT_KINDS = {
    "seg": "分割：区域",
    "sr": "结构化报告",
    "sc": "图片（二次采集）",
    "gsps": "显示状态：轮廓",
    "fractional-seg": "分割：相似度图",
    "fractional-seg-plain": "相似度图，未压缩",
    "sc-plain": "图片，未压缩",
    "pdf": "PDF，每检查一页",
    "png": "PNG 图片",
    "csv": "CSV 表格",
    "json": "JSON 文档",
}
EXPORT_NOT_OF_SLIDES = "切片上的征象不以此格式导出。结构化报告和分割会说明征象在切片上的位置。"
EXPORT_HIDE = "去除患者信息：不含姓名、日期、输入的文字和原始 UID"
EXPORT_HIDE_TIP = "按 DICOM PS3.15 基本规范。同一次导出的结果仍保持关联。"
EXPORT_HIDE_NOTE = "烧录在影像中的内容仍会保留：转交前请检查图片。"
EXPORT_FOLDER = "文件夹"
EXPORT_FOLDER_HINT = "选择保存位置"
EXPORT_FOLDER_TITLE = "选择保存结果的文件夹"
EXPORT_CHOOSE = "选择…"
EXPORT_PREVIEW = "将写入的内容"
EXPORT_WRITTEN = "已写入的内容"
EXPORT_PLAN_COLUMNS = ("类型", "文件数", "文件名", "检查中的新序列")
EXPORT_RESULT_COLUMNS = ("文件", "类型", "影像", "结果")
EXPORT_BY_PLUGIN = "由插件决定"
EXPORT_OK = "已写入并核对"
EXPORT_GO = "导出"
# --- training
TRAINING = "训练模型…"
TRAINING_TITLE = "用本机构的报告训练模型"
TRAINING_NOTE = (
    "数据不会离开本机。训练前会去除报告中的姓名、日期与号码。所得模型仅供科研使用；请先与原模型比较，"
    "再启用。"
)
TRAINING_BASE = "起始模型"
TRAINING_FIELDS = {
    "data": "影像与报告",
    "work": "工作文件夹",
    "regions": "区域表",
    "images": "区域所属影像",
    "taught": "用于训练的区域",
    "replay": "原模型的影像",
}
TRAINING_HINTS = {
    "data": "含影像与报告表的文件夹，或报告与影像放在一起",
    "work": "存放全部结果的空文件夹，须在影像文件夹之外",
    "regions": "可选：征象所在位置，用于比较两个模型",
    "images": "可选：这些影像所在的文件夹",
    "taught": "可选：人工在训练影像上勾画的区域",
    "replay": "可选：随附模型的训练数据，以免遗忘",
}
TRAINING_ENDS_EARLY = "留出影像不再改善时停止"
TRAINING_HALF = "处理器支持时使用半精度计算"
TRAINING_STEPS_TITLE = "步骤"
TRAINING_STEPS = {
    "check": "检查",
    "prepare": "准备",
    "fit": "训练",
    "export": "导出",
    "calibrate": "设定阈值",
    "evaluate": "比较",
}
TRAINING_RUNNING = "进行中"
TRAINING_DONE = "完成"
TRAINING_HAS_FAULTS = "完成，部分未采用"
TRAINING_STOPPED = "已停止，可继续"
TRAINING_FAILED = "未完成，见下方"
TRAINING_CURVES = "损失"
TRAINING_LOG = "各步骤的输出"
TRAINING_FAULTS = "数据问题"
TRAINING_PAGE = "比较结果"
TRAINING_PROMOTE = "启用新模型"
TRAINING_BACK = "恢复原模型"
ANY_TABLE = "表格 (*.csv);;所有文件 (*)"

RESULT_TITLE = "文件中的结果"
RESULT_TIP = "单击叠加到其影像上，双击或回车阅读内容。"
VERIFIED = "已由人员核实"
RESULT_STATUSES = {
    "": "",
    "proposed": "模型提出",
    "accepted": "已接受",
    "edited": "已重绘",
}

# --- slides
SLIDE = "切片"
MAGNIFICATION = "放大倍数"
SLIDE_CHOOSE = "选择区域"
SLIDE_CHOOSE_TIP = "在切片上画一个矩形；按住 Shift 时任何拖动都会画矩形。"
SLIDE_REGION = "定位区域"
SLIDE_WHOLE = "定位整张切片"
SLIDE_GO_ON = "继续"
SLIDE_PLANNING = "正在查找组织…"
SLIDE_ASK = "先选择征象，再选择区域或整张切片。模型逐一查看含组织的窗格；已查看的内容会保留。"
SLIDE_DISTRIBUTION = "各窗格的相似度"
SLIDE_TOP = "最相似的窗格"
SLIDE_TOP_TIP = "此窗格的相似度，并非结论；点击查看。"
SLIDE_NO_MODEL = (
    "当前模型不适用于切片。请选择其他模型：点击窗口底部的模型名称，即可看到已安装的模型。"
)
SLIDE_NO_SCALE = "无比例尺"
SLIDE_TOO_FAR = "此切片没有更小的副本：请放大，以看到略图以外的内容。"

# --- settings, keys, help
SETTINGS = "设置…"
SETTINGS_TITLE = "设置"
SETTING_READER, SETTING_LOOK = "阅片者", "外观"
SETTING_LANGUAGE, SETTING_PROVIDER = "语言", "模型运行于"
# Whom it is for sees no Chinese, so it comes in English first.
NO_CHINESE_FONT = (
    "No font with Chinese characters is installed: install one, such as Noto Sans CJK SC, and "
    "start AFLoc again. 未安装中文字体，中文将显示为方框。请安装一种中文字体后重新启动 AFLoc。"
)
LOOKS = {"dark": "深色", "light": "浅色"}
PROVIDERS = {
    "auto": "本机最快的设备",
    "cpu": "处理器 (CPU)",
    "cuda": "NVIDIA 显卡 (CUDA)",
    "directml": "显卡 (DirectML)",
    "coreml": "Apple (Core ML)",
    "openvino": "Intel (OpenVINO)",
}
SETTING_RESOLUTION = "模型观察图像"
RESOLUTIONS = {
    "standard": "一次（最快）",
    "mirrored": "两次（含镜像）",
    "tiled": "另加放大分块，用于小病灶",
}
SETTINGS_LATER = (
    "语言、运行设备与观察方式在下次启动时生效。观察两次约需两倍时间，分块约需五倍。"
    "模型做不到时只观察一次；状态栏会注明实际方式。切片始终分块读取。"
)
KEY_SEARCH = "搜索命令与按键"
KEY_NEW = "所选命令的按键"
KEY_DEFAULT = "默认"
KEY_HELD = "按住时：隐藏一切 AI 内容、放大镜"
GUIDES = "使用指南"
ALL_LICENCES = "许可证"
PAPER = "所选文本"
LOG_FOLDER = "打开日志文件夹"
DIAGNOSTICS = "复制诊断信息"
DIAGNOSTICS_COPIED = "版本与状态信息（不含患者资料）已复制到剪贴板。"
WELCOME_TITLE = "使用之前"
WELCOME_AGREE = "我已了解：仅供科研"
RESTORE_TITLE = "上次未正常结束"
RESTORE_ASK = "是否重新打开当时的检查，并恢复您的判定与测量？"
RESTORE_YES, RESTORE_NO = "重新打开", "重新开始"

# --- status
READY = "就绪"
LISTING = "正在查找文件…"
READING_FILM = "正在读取影像…"
CRASH_TITLE = "出现错误"
CRASH_TEXT = (
    "AFLoc 自身出错，之后可能无法正常工作。您的文件没有任何改动；判定与测量已保存，下次启动时恢复。"
    "请重新启动；以下详细信息可供维护人员参考。"
)
MOUSE_ROWS: tuple[tuple[str, str], ...] = (
    ("滚轮", "以指针为中心缩放；在序列上翻到下一幅"),
    ("左键或中键拖动", "移动影像"),
    ("右键拖动、Ctrl + 拖动", "调窗：向右变宽，向上变亮"),
    ("Shift + 拖动", "在切片上：选择区域"),
    ("双击", "影像适合窗口"),
    ("空格键（按住）", "隐藏一切 AI 内容"),
    ("M（按住）", "放大镜"),
    ("上、下", "序列的上一幅、下一幅"),
)

"""Phrases made of parts, in Simplified Chinese, by the names they have in `phrases`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from afloc_desktop.ui import chinese_told, phrases
from afloc_desktop.ui.phrases import GAP, amount, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from afloc_desktop.core.domain import EyeView, Skipped, SlideSize, Spacing
    from afloc_desktop.core.measuring import Length, Ratio, Statistics
    from afloc_desktop.state.comparison import Change
    from afloc_desktop.state.store import Home, Problem

_BASIS = {
    "detector": "（探测器平面）",
    "calibrated": "（已校准）",
    "corrected": "（已校正）",
    "estimated": "（估计）",
    "patient": "（患者体内）",
    "unknown": "（不确定）",
    "reader": "（手动校准）",
}

_WAYS = {"8-bit": "8 位", "looked twice": "观察两次", "looked in tiles": "分块观察"}


def told(text: str) -> str:
    """What the core says of a file, a film or a question; English where it is not known."""
    return chinese_told.told(text)


def finding(label: str) -> str:
    """A finding or a group of them; as a model's maker named it where it is not known."""
    return chinese_told.FINDINGS.get(label, label)


def problem(found: Problem | Skipped) -> str:
    """What happened and what to do, in one line."""
    return f"{told(found.reason)}{told(found.remedy)}"


def film_named(number: int, home: Home | None) -> str:
    """A film as a reader knows it: whose, of when, and which."""
    if home is None:
        return film(number)
    study, series = home.study, home.series
    name = study.patient_name.replace("^", " ").strip()
    words = (name, study.date, series.modality, series.view_position, series.description)
    return f"{film(number)}   {'   '.join(filter(None, words))}"


def from_file(label: str, kind: str, decision: str = "") -> str:
    """What was drawn over a film by somebody else than this session."""
    source = f"文件中的 {kind}：{decision}" if decision else f"文件中的 {kind}"
    return f"{label}（{source}）" if label else source


def film_numbers(numbers: Sequence[int]) -> str:
    return "、".join(map(str, numbers)) if len(numbers) <= 4 else images(len(numbers))


def exported(files: int, problems: int, folder: str, *, is_stopped: bool) -> str:
    words = f"已将 {files} 个文件写入 {folder}。"
    if problems:
        words += f"有 {problems} 个问题，见列表。"
    return f"已停止。{words}" if is_stopped else words


def time_left(seconds: int) -> str:
    return f"剩余 {seconds // 60} 分 {seconds % 60:02} 秒"


def promoted(now: str, before: str) -> str:
    return f"下次启动起由 {now} 回答；{before} 保留。"


def skipped(count: int) -> str:
    return f"跳过的文件 ({count})"


def more(count: int) -> str:
    return f"… 另有 {count} 项"


def part(number: int) -> str:
    return f"第 {number} 部分"


def images(count: int) -> str:
    return f"{count} 幅"


def scanned(count: int) -> str:
    return f"正在查找文件… {count}"


def table(number: int) -> str:
    return f"查找表 {number}"


def film(number: int) -> str:
    return f"影像 {number}"


def frame(number: int) -> str:
    return f"帧 {number}"


def place(number: int, count: int, position_mm: float | None) -> str:
    image = f"第 {number} 幅，共 {count} 幅"
    return image if position_mm is None else f"{image}   位置 {position_mm:.1f} mm"


def zoom(percent: float) -> str:
    return f"缩放 {percent:.0f} %"


def probe(x: int, y: int, value: float, unit: str, *, is_as_stored: bool) -> str:
    """`unit` may be empty; a stored value has none, whatever the file says of it."""
    if is_as_stored:
        return f"x {x}  y {y}   存储值 {value:.6g}"
    return f"x {x}  y {y}   值 {value:.6g} {unit}".rstrip()


def probe_both(x: int, y: int, stored: int, value: float, unit: str) -> str:
    """`unit` of the modality value, may be empty."""
    return f"x {x}  y {y}   存储值 {stored}   值 {value:.6g} {unit}".rstrip()


def probe_colour(x: int, y: int, red: int, green: int, blue: int) -> str:
    return f"x {x}  y {y}   红 {red}  绿 {green}  蓝 {blue}"


def spacing(size: Spacing | None) -> str:
    """How large a pixel is and where that is true."""
    if size is None:
        return "无比例尺"
    high, wide = f"{size.row_mm:.3g}", f"{size.column_mm:.3g}"
    return f"{high if high == wide else f'{high} × {wide}'} mm{_BASIS[size.basis]}"


_EYES = {"R": "右眼 (OD)", "L": "左眼 (OS)", "B": "双眼 (OU)"}


def eye(seen: EyeView) -> list[str]:
    field = "" if seen.field_degrees is None else f"视野 {seen.field_degrees:.3g}°"
    lines = (_EYES.get(seen.laterality, ""), field), (seen.region, seen.channel)
    return ["   ".join(word for word in line if word) for line in lines if any(line)]


def window_key(number: int) -> str:
    return f"数字键 {number} 的窗"


def speed(images_per_s: int) -> str:
    return f"{images_per_s} 幅/秒"


def length(measured: Length) -> str:
    """A distance and where it is true; pixels where the film has no scale."""
    if measured.basis is None:
        return f"{measured.value:.1f} px"
    return f"{measured.value:.1f} mm{_BASIS[measured.basis]}"


def area(measured: Length) -> str:
    """As `length`, of a shape; square centimetres where square millimetres are many."""
    if measured.basis is None:
        return f"{measured.value:.0f} px²"
    is_large = measured.value >= 1000
    size = f"{measured.value / 100:.1f} cm²" if is_large else f"{measured.value:.1f} mm²"
    return f"{size}{_BASIS[measured.basis]}"


def statistics(found: Statistics, unit: str) -> list[str]:
    return [
        f"均值 {amount(found.mean)} {unit}".rstrip() + f"   标准差 {amount(found.deviation)}",
        f"最小 {amount(found.least)}   最大 {amount(found.most)}",
        area(found.area),
    ]


def heart(measured: Length) -> str:
    return f"心脏 {length(measured)}"


def ratio(found: Ratio) -> list[str]:
    share = "–" if found.value != found.value else f"{found.value:.2f}"
    return [f"心胸比 {share}", heart(found.heart), f"胸廓 {length(found.chest)}"]


def scale_bar(size_mm: float, basis: str) -> str:
    size = f"{size_mm / 10:g} cm" if size_mm >= 10 else f"{size_mm:g} mm"
    return f"{size}{_BASIS[basis]}"


def turned(quarters: int, is_mirrored: bool) -> str:
    """How the reader turned the film, clockwise quarters after the mirror; empty where not."""
    rotated = ("", "已向右旋转", "已倒置", "已向左旋转")[quarters]
    if not is_mirrored:
        return rotated
    if quarters % 2:
        return f"已翻转，{rotated}"
    return "已上下翻转" if quarters else "已左右翻转"


def more_notes(count: int) -> str:
    return f"另有 {count} 条"


def model(identity: str, version: str) -> str:
    return f"模型 {identity} {version}"


def model_choice(title: str, identity: str) -> str:
    return f"{title}（{identity}）"


def provider(name: str) -> str:
    shown = phrases.provider(name)
    for english, chinese in _WAYS.items():
        shown = shown.replace(english, chinese)
    return shown


def answered_in(seconds: float) -> str:
    if seconds < 0.001:
        return "回答用时 < 1 毫秒"
    if seconds < 1:
        return f"回答用时 {seconds * 1000:.0f} 毫秒"
    return f"回答用时 {seconds:.1f} 秒"


def understood(notes: Sequence[str]) -> str:
    return "理解为 – " + "，".join(notes)


def report_says(sentence: str) -> str:
    return f"报告：“{sentence}”"


def laid(quality: float, *, is_trusted: bool) -> str:
    words = f"吻合度 {number(quality)}"
    return words if is_trusted else f"{words}：过低，无法对齐"


def changed(found: Change) -> str:
    """What became of a finding between two films."""
    words = f"相似度 {number(found.similarity)}，既往 {number(found.earlier_similarity)}。"
    if found.extent is None or found.earlier_extent is None:
        return f"{words}范围无法比较：两片没有共同的比例尺。"
    if found.unit == "%":
        extents = f"占影像 {found.extent:.1%}，既往 {found.earlier_extent:.1%}"
    else:
        extents = f"{found.extent / 100:.1f} cm²，既往 {found.earlier_extent / 100:.1f} cm²"
    growth = found.growth
    share = "" if growth is None else f"（{'+' if growth >= 0 else '−'}{abs(growth):.0%}）"
    return f"{words}相同相似度下的范围 {extents}{share}。"


def verdict(status: str, author: str, reason: str) -> str:
    words = f"{status}（{author}）" if author else status
    return f"{words}：{reason}" if reason else words


def probability(share: float) -> str:
    return f"校准概率 {share * 100:.0f} %"


def caption_found(name: str, similarity: float, threshold: float) -> str:
    return f"{name}{GAP}相似度 {number(similarity)}   （阈值 {number(threshold)}）"


def caption_below(name: str, similarity: float, threshold: float) -> str:
    return f"{name}{GAP}没有达到 {number(threshold)} 的位置   （最高 {number(similarity)}）"


def caption_rejected(name: str) -> str:
    return f"{name}{GAP}已否定"


def caption_waiting(name: str) -> str:
    return f"{name}{GAP}正在比对…"


def other_modality(modality: str, accepted: str) -> str:
    return f"此图像为 {modality}；该模型适用于 {accepted}，其回答在此意义不大。"


def key_conflict(key: str, names: Sequence[str]) -> str:
    return f"{key} 同时用于：{'、'.join(names)}"


def slide_summary(slide: SlideSize) -> str:
    um = "" if slide.um_per_pixel is None else f"，{slide.um_per_pixel[0]:.3g} µm/px"
    return f"切片，{slide.columns:,} × {slide.rows:,}{um}，{slide.levels} 层"


def slide_levels(level: int, levels: int) -> str:
    return f"第 {level} 层，共 {levels} 层"


def slide_progress(done: int, total: int, empty: int) -> str:
    """`empty` windows hold no tissue and are left out."""
    return f"已查看 {done:,} / {total:,} 个窗格；略过 {empty:,} 个无组织的窗格"

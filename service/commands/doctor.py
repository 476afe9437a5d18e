"""duijie doctor"""

from __future__ import annotations

import platform
import shutil
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import click
from filelock import Timeout

from corpus.errors import DuijieError
from indexer.base import BaseNotWritten, current, read_manifest, sweep
from indexer.thesaurus import own_thesaurus, shipped_thesaurus
from service.commands import echo_json, json_option, model_option, settings_with
from service.installation import Installation
from service.settings import Settings

_PACKAGES = ("faiss-cpu", "sentence-transformers", "torch", "jieba", "rjieba", "sqlalchemy", "fastapi", "numpy")
_LITTLE_SPACE = 1 << 30
_RESTORE = "停掉服务，用最近的备份换下 duijie.db，再运行 duijie index --rebuild"


@dataclass(frozen=True)
class Finding:
    """`advice` is what to run or do; None where all is well. `repaired` is what was done about it here."""

    name: str
    said: str
    advice: str | None = None
    repaired: str | None = None


@click.command()
@click.option("--check", is_flag=True, help="只检查，不修复。")
@model_option
@json_option
def doctor(check: bool, model: str | None, as_json: bool) -> None:
    """检查装了什么、用哪个模型和索引、哪里不一致、该运行什么；索引坏了就由数据库重建。

    只修复能由数据库重新算出的东西，记录一条也不会改动。还有要做的事时，退出状态为 1。

    \b
    例：
      duijie doctor
      duijie doctor --check --json
    """
    findings = examine(settings_with(model), repair=not check)
    if as_json:
        echo_json({"ok": all(f.advice is None for f in findings), "findings": [vars(f) for f in findings]})
    else:
        for finding in findings:
            mark = "✓" if finding.advice is None else "！"
            click.echo(f"{mark} {finding.name}：{finding.said}")
            if finding.repaired:
                click.echo(f"    ✓ 已修复：{finding.repaired}")
            if finding.advice:
                click.echo(f"    → {finding.advice}")
    if any(finding.advice for finding in findings):
        raise SystemExit(1)


def examine(settings: Settings, *, repair: bool = False) -> list[Finding]:
    """What was found, in order: software, disk, store, model, index, thesaurus; the index repaired where that is asked for."""
    findings = [_software(), _disk(settings)]
    try:
        with Installation(settings) as installation:
            if fault := installation.store.fault():
                return [*findings, Finding("数据库", f"文件已损坏：{fault}", _RESTORE)]
            index = _mended(installation) if repair else _index(installation)
            return [*findings, _store(installation), _model(installation), index, _thesaurus(installation)]
    except DuijieError as error:
        return [*findings, Finding("数据库", str(error), "改正后再运行 duijie doctor")]


def _software() -> Finding:
    versions: dict[str, Any] = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    missing = [package for package, found in versions.items() if found is None and package != "rjieba"]
    said = f"duijie {version('duijie')}，Python {platform.python_version()}，" + "，".join(
        f"{package} {found or '未安装'}" for package, found in versions.items()
    )
    return Finding("软件", said, f"pip install {' '.join(missing)}" if missing else None)


def _disk(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.home).free
    advice = "清理磁盘，至少留出 1 GB" if free < _LITTLE_SPACE else None
    return Finding("数据文件夹", f"{settings.home.resolve()}，剩余 {free / 2**30:.1f} GB", advice)


def _store(installation: Installation) -> Finding:
    counts, store = installation.store.counts(), installation.store
    said = f"成果 {counts['achievement']} 条，需求 {counts['demand']} 条，修订号 {store.revision()}"
    return Finding(
        "数据库", said, None if any(counts.values()) else "duijie import 文件，或 duijie serve --sample 试用样例库"
    )


def _model(installation: Installation) -> Finding:
    index = installation.index
    if index.encoder is None:
        return Finding("向量模型", str(index.no_model), "改正 DUIJIE_MODEL 或 --model；不改也能用关键词检索")
    return Finding("向量模型", f"{index.encoder.name}，{index.encoder.dimensions} 维（{index.encoder.fingerprint}）")


def _mended(installation: Installation) -> Finding:
    """The index once what killed processes left is removed, and built anew where it cannot be used or lies far behind."""
    before = _index(installation)
    try:
        with installation.index.building().acquire(timeout=0):
            left = sweep(installation.settings.index)
    except Timeout:
        return replace(before, said=f"{before.said}；另一个进程正在建立索引", advice=None)
    done = [f"清除了中断的建索引留下的 {left} 个文件或文件夹"] if left else []
    if before.advice:
        try:
            built = installation.build()
        except BaseNotWritten as error:
            return replace(before, advice=str(error))
        done.append(f"{before.said}；已由数据库建好，{built.records} 条，用时 {built.seconds:.1f} 秒")
    return replace(_index(installation), repaired="；".join(done) or None)


def _index(installation: Installation) -> Finding:
    behind, engine = installation.behind(), installation.index.engine
    if engine.out_of_step:
        return Finding("索引", engine.out_of_step, "duijie index")
    path = current(installation.settings.index)
    if path is None:
        return Finding("索引", "尚未建立；检索仍可用，启动时全部现算", "duijie index" if behind else None)
    size = sum(size for size, _ in read_manifest(path).files.values())
    said = f"{path.name}，{engine.count(())} 条，{size / 2**20:.1f} MB"
    return Finding(
        "索引",
        said + (f"，落后 {behind} 次改动（已在内存中补上）" if behind else ""),
        "duijie index" if installation.is_far_behind else None,
    )


def _thesaurus(installation: Installation) -> Finding:
    shipped, own = shipped_thesaurus(), own_thesaurus(installation.settings.home)
    said = f"{len(shipped.senses) + len(own.senses)} 条，其中自己的 {len(own.senses)} 条"
    if not own.refused:
        return Finding("叙词", said)
    first = own.refused[0]
    advice = f"改正 {first.file} 第 {first.line} 行；运行 duijie thesaurus 可看全部原因"
    return Finding("叙词", f"{said}，{len(own.refused)} 行读不出", advice)

"""What the measurements ran on, and what must not be told of it. Standard library only."""

import os
import platform
import subprocess
import tempfile
from pathlib import Path

FLAGS = ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_int8", "amx_bf16", "asimddp", "i8mm")


def cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def describe():
    """Processor, memory and system."""
    cpu = _fields("/proc/cpuinfo")
    memory = _fields("/proc/meminfo").get("MemTotal", "").split()
    flags = set((cpu.get("flags") or cpu.get("Features") or "").split())
    return {
        "cpu": cpu.get("model name") or platform.processor() or platform.machine(),
        "cores": cores(),
        "flags": [flag for flag in FLAGS if flag in flags],
        "memory_bytes": int(memory[0]) * 1024 if memory else None,
        "system": _system(),
    }


def _fields(path):
    """The first value of each "name : value" line."""
    found = {}
    try:
        for line in Path(path).read_text().splitlines():
            name, _, value = line.partition(":")
            found.setdefault(name.strip(), value.strip())
    except OSError:
        pass
    return found


def _system():
    try:
        name = platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, AttributeError, KeyError):
        name = platform.system()
    return f"{name}, kernel {platform.release()}, {platform.machine()}"


def commit(repository):
    """The version of the sources, or None outside a git repository."""
    try:
        git = ["git", "-C", str(repository)]
        head = subprocess.run([*git, "rev-parse", "--short=10", "HEAD"], capture_output=True, text=True, check=True)
        changes = subprocess.run([*git, "status", "--porcelain", "-uno"], capture_output=True, text=True, check=True)
        return head.stdout.strip() + (" with changes" if changes.stdout.strip() else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def without_paths(text, repository, work):
    """The text without the folders of this machine."""
    home, temporary = str(Path.home()), tempfile.gettempdir()
    for folder, name in ((str(work), "WORK"), (str(repository), "."), (temporary, "TMP"), (home, "~")):
        if len(folder) > 1:
            text = text.replace(folder, name)
    return text

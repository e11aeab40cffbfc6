"""Checks that huggingface_hub and this library share one cache. Run by hand; nothing is downloaded from outside this machine.

    python check_cache.py --classes CLASSPATH [--java JAVA]

CLASSPATH holds paligemma-hub's main and test classes and their dependencies, for example
    paligemma-hub/target/classes:paligemma-hub/target/test-classes:jackson-core.jar:slf4j-api.jar

A hub on the loopback interface (the one of paligemma-hub's tests, as a program) serves one tiny model. Then:
1. Java downloads, Python finds everything in that cache without the network, and scan_cache_dir has no complaint;
2. Python downloads, Java finds everything without the network;
3. both download into one cache at the same time;
4. Python has made a part of a snapshot, Java completes it, and the other way round.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--classes", required=True)
parser.add_argument("--java", default="java")
args = parser.parse_args()

MODEL = "owner/tiny-model"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
NEEDED = ["config.json", "generation_config.json", "tokenizer.json", "preprocessor_config.json", "model.safetensors"]
WITHOUT_EXTRAS = ["README.md", "tokenizer.model", "*.msgpack"]


def java(main, *arguments, **options):
    command = [args.java, "-cp", args.classes, f"dev.paligemma.hub.{main}", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **options)


def java_download(address, cache, offline=False):
    environment = dict(os.environ)
    process = java("DownloadingProcess", address, cache, *(["offline"] if offline else []), env=environment)
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, out
    return Path(out.splitlines()[-1])


def python(address, cache, code):
    """Runs code in a process of its own: huggingface_hub reads its settings when it is imported."""
    environment = dict(os.environ, HF_ENDPOINT=address, HF_HUB_CACHE=str(cache), HF_HOME=str(cache / "home"))
    environment.update(HF_HUB_DISABLE_XET="1", HF_HUB_DISABLE_PROGRESS_BARS="1", HF_HUB_DISABLE_TELEMETRY="1")
    environment.pop("HF_TOKEN", None)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)


def python_result(address, cache, code):
    process = python(address, cache, code)
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, out
    return out.strip().splitlines()


DOWNLOAD = f"""
from huggingface_hub import snapshot_download
print(snapshot_download("{MODEL}", ignore_patterns={WITHOUT_EXTRAS!r}))
"""

FIND = f"""
from huggingface_hub import snapshot_download, try_to_load_from_cache, scan_cache_dir, _CACHED_NO_EXIST
from huggingface_hub import hf_hub_download
print(snapshot_download("{MODEL}", local_files_only=True))
for name in {NEEDED!r}:
    path = try_to_load_from_cache("{MODEL}", name)
    assert isinstance(path, str), (name, path)
    assert hf_hub_download("{MODEL}", name, local_files_only=True) == path
assert try_to_load_from_cache("{MODEL}", "README.md") is None
assert try_to_load_from_cache("{MODEL}", "vae-oid.npz") is _CACHED_NO_EXIST
info = scan_cache_dir()
assert not info.warnings, info.warnings
(repo,) = info.repos
(revision,) = repo.revisions
assert revision.commit_hash == "{COMMIT}" and set(revision.refs) == {{"main"}}
assert {{each.file_name for each in revision.files}} == set({NEEDED!r})
"""


def contents(snapshot):
    found = {each.name: each for each in Path(snapshot).iterdir() if each.name in NEEDED}
    assert sorted(found) == sorted(NEEDED), sorted(found)
    for each in found.values():
        assert each.is_symlink() and not os.path.isabs(os.readlink(each)), each
        data = each.read_bytes()
        git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        assert each.resolve().name in (git, hashlib.sha256(data).hexdigest()), each
    return {name: each.read_bytes() for name, each in found.items()}


hub = java("FakeHub")
address = hub.stdout.readline().strip()
folder = Path(tempfile.mkdtemp())
try:
    # 1
    cache = folder / "by-java"
    by_java = java_download(address, cache)
    assert python_result(address, cache, FIND) == [str(by_java)]
    expected = contents(by_java)
    print("1. Java wrote, Python read:", len(expected), "files")

    # 2
    cache = folder / "by-python"
    cache.mkdir()
    (by_python,) = python_result(address, cache, DOWNLOAD)
    assert java_download("http://127.0.0.1:9", cache, offline=True) == Path(by_python)
    assert contents(by_python) == expected
    print("2. Python wrote, Java read: offline")
    assert java_download("http://127.0.0.1:9", cache) == Path(by_python)
    print("   and with a hub that cannot be reached")

    # 3
    for attempt in range(5):
        cache = folder / f"both-{attempt}"
        cache.mkdir()
        processes = [java("DownloadingProcess", address, cache), python(address, cache, DOWNLOAD)]
        processes.append(java("DownloadingProcess", address, cache))
        for process in processes:
            out, _ = process.communicate(timeout=300)
            assert process.returncode == 0, out
        assert contents(cache / "models--owner--tiny-model/snapshots" / COMMIT) == expected
        left = [each.name for each in (cache / "models--owner--tiny-model/blobs").iterdir() if "incomplete" in each.name]
        assert not left, left
    print("3. both at once: five times")

    # 4
    cache = folder / "java-completes"
    cache.mkdir()
    part = f'from huggingface_hub import hf_hub_download\nprint(hf_hub_download("{MODEL}", "config.json"))'
    python_result(address, cache, part)
    assert contents(java_download(address, cache)) == expected
    cache = folder / "python-completes"
    snapshot = java_download(address, cache)
    (snapshot / "model.safetensors").unlink()
    assert contents(python_result(address, cache, DOWNLOAD)[-1]) == expected
    print("4. each completed what the other had begun")
    print("all good")
finally:
    hub.kill()
    shutil.rmtree(folder)

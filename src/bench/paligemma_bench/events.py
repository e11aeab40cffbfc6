"""What a measured process prints: one JSON object per line. The Java side prints the same. Standard library only."""

import json


def event(name, **fields):
    print(json.dumps({"event": name} | fields), flush=True)


def memory():
    """Memory of this process as Linux counts it, in units of 1,024 bytes; empty where there is no such file."""
    try:
        with open("/proc/self/status") as status:
            pairs = (line.split(":", 1) for line in status)
            return {k: int(v.split()[0]) for k, v in pairs if k in ("VmHWM", "VmRSS", "RssAnon", "RssFile")}
    except OSError:
        return {}


def reset_peak():
    """Makes VmHWM, the peak, begin anew at the present size. Returns whether the system allowed it."""
    try:
        with open("/proc/self/clear_refs", "w") as clear:
            clear.write("5")
        return True
    except OSError:
        return False

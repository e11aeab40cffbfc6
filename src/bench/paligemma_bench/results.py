"""The raw results: JSON objects, one per line, only ever appended. Standard library only."""

import json

IDENTITY = ("phase", "model", "size", "implementation", "precision", "round", "settings")


class Results:
    """Results of this and earlier, perhaps interrupted, runs in one file."""

    def __init__(self, path):
        self.path = path
        self.records = []
        if path.exists():
            for line in path.read_text(encoding="utf-8").splitlines():
                try:
                    self.records.append(json.loads(line))
                except json.JSONDecodeError:
                    continue  # the line that was being written when a run was killed

    def has(self, **identity):
        """Whether that measurement has succeeded."""
        return any(
            record.get("status") == "ok" and all(record.get(key) == value for key, value in identity.items())
            for record in self.records
        )

    def add(self, record):
        self.records.append(record)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        broken = self.path.exists() and not self.path.read_bytes().endswith(b"\n") and self.path.stat().st_size > 0
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(("\n" if broken else "") + json.dumps(record, ensure_ascii=False) + "\n")


def latest(records):
    """One record per identity: the last success, or the last failure where nothing succeeded."""
    chosen = {}
    for record in records:
        key = json.dumps([record.get(part) for part in IDENTITY])
        if record.get("status") == "ok" or chosen.get(key, {}).get("status") != "ok":
            chosen[key] = record
    return list(chosen.values())

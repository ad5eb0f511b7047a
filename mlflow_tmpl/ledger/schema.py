"""The tables of the ledger.

Rows are named by what they hold (hashes) or by UUIDv7 (runs), and are added, never rewritten: a run and a node
run are closed once. So two ledgers merge by adding what is missing.
"""

_SCHEMA_1 = """
CREATE TABLE definition  (id TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE parameter   (id TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE environment (id TEXT PRIMARY KEY, content TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE code        (id TEXT PRIMARY KEY, parts TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE run (
    id TEXT PRIMARY KEY,
    definition TEXT NOT NULL, parameter TEXT NOT NULL, environment TEXT NOT NULL,
    pipelines TEXT NOT NULL, selection TEXT NOT NULL, config_environment TEXT NOT NULL,
    git_commit TEXT, git_dirty INTEGER,
    cause TEXT NOT NULL, parent TEXT, external_id TEXT, orchestrator TEXT,
    engine TEXT NOT NULL, actor TEXT NOT NULL, host TEXT NOT NULL, pid INTEGER NOT NULL, command TEXT NOT NULL,
    started_at REAL NOT NULL, duration_s REAL, status TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX run_open ON run (status) WHERE status = 'running';

CREATE TABLE node_run (
    run TEXT NOT NULL, node TEXT NOT NULL, item TEXT NOT NULL, attempt INTEGER NOT NULL,
    action TEXT NOT NULL, status TEXT NOT NULL, result TEXT NOT NULL, reasons TEXT NOT NULL,
    engine TEXT NOT NULL, host TEXT NOT NULL, ended_at REAL, duration_s REAL,
    peak_bytes INTEGER, log TEXT, error TEXT,
    PRIMARY KEY (run, node, item, attempt)
) WITHOUT ROWID;
CREATE INDEX node_run_by_node ON node_run (node, run);

CREATE TABLE result (
    id TEXT PRIMARY KEY, key TEXT NOT NULL, node TEXT NOT NULL,
    parts TEXT NOT NULL, outputs TEXT NOT NULL, made_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX result_by_key ON result (key, made_at);

CREATE TABLE result_io (
    result TEXT NOT NULL, direction TEXT NOT NULL, argument TEXT NOT NULL,
    dataset TEXT NOT NULL, fingerprint TEXT NOT NULL,
    PRIMARY KEY (result, direction, argument)
) WITHOUT ROWID;
CREATE INDEX result_io_by_version ON result_io (dataset, fingerprint);

CREATE TABLE version (
    dataset TEXT NOT NULL, partition TEXT NOT NULL, fingerprint TEXT NOT NULL,
    kind TEXT NOT NULL, role TEXT, bytes INTEGER, rows INTEGER, place TEXT NOT NULL, made_at REAL NOT NULL,
    PRIMARY KEY (dataset, partition, fingerprint)
) WITHOUT ROWID;

CREATE TABLE file_stat (
    path TEXT PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
    inode INTEGER NOT NULL, seen_ns INTEGER NOT NULL, digest TEXT NOT NULL
) WITHOUT ROWID;
"""

_SCHEMA_2 = """
ALTER TABLE version ADD COLUMN schema TEXT;
ALTER TABLE run ADD COLUMN asked TEXT;
ALTER TABLE version ADD COLUMN profile TEXT;
ALTER TABLE version ADD COLUMN origin TEXT;

CREATE TABLE event (
    id TEXT PRIMARY KEY, at REAL NOT NULL, actor TEXT NOT NULL, kind TEXT NOT NULL,
    subject TEXT NOT NULL, name TEXT NOT NULL, value TEXT, reason TEXT NOT NULL, replaces TEXT
) WITHOUT ROWID;
CREATE INDEX event_by_subject ON event (subject, kind, name, id);
CREATE INDEX event_by_name ON event (kind, name, value, id);

CREATE TABLE metric (
    dataset TEXT NOT NULL, fingerprint TEXT NOT NULL,
    name TEXT NOT NULL, slice TEXT NOT NULL, step INTEGER NOT NULL, value REAL NOT NULL,
    PRIMARY KEY (dataset, fingerprint, name, slice, step)
) WITHOUT ROWID;

CREATE TABLE lease (
    place TEXT PRIMARY KEY, dataset TEXT NOT NULL, run TEXT NOT NULL,
    host TEXT NOT NULL, pid INTEGER NOT NULL, boot TEXT NOT NULL, since REAL NOT NULL, expires_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX lease_by_run ON lease (run);

CREATE TABLE source (id TEXT PRIMARY KEY, text BLOB NOT NULL) WITHOUT ROWID;

CREATE TABLE kept (
    fingerprint TEXT PRIMARY KEY, digest TEXT NOT NULL, format TEXT NOT NULL, bytes INTEGER NOT NULL,
    seconds REAL NOT NULL, made_at REAL NOT NULL, used_at REAL NOT NULL
) WITHOUT ROWID;
CREATE INDEX kept_by_digest ON kept (digest);

CREATE INDEX run_by_parent ON run (parent) WHERE parent IS NOT NULL;
CREATE INDEX node_run_by_result ON node_run (result, run);
"""

_SCHEMA_3 = "CREATE TABLE pulled (run TEXT PRIMARY KEY) WITHOUT ROWID;"

_SCHEMA_4 = "ALTER TABLE run ADD COLUMN engine_reason TEXT;"

_SCHEMA_5 = """
CREATE INDEX node_run_called ON node_run (node, run) WHERE status NOT IN ('retried', 'reused', 'skipped');
"""

_SCHEMA_6 = "ALTER TABLE node_run ADD COLUMN cpu_s REAL;"

SCHEMAS = (_SCHEMA_1, _SCHEMA_2, _SCHEMA_3, _SCHEMA_4, _SCHEMA_5, _SCHEMA_6)
"""What leads from each schema to the next, the first one from an empty file; what is there is never rewritten."""

PULLED = "SELECT run FROM pulled"
"""The ids of the runs that came from a shared store, and were not made here."""

VERSION = len(SCHEMAS)
"""Number of the schema; `PRAGMA user_version` of the file."""

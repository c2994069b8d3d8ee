-- CreateTable
CREATE TABLE "node_state" (
    "id" INTEGER NOT NULL PRIMARY KEY DEFAULT 1,
    "format_version" INTEGER NOT NULL,
    "cluster_id" TEXT NOT NULL,
    "node_id" TEXT NOT NULL,
    "store_id" TEXT NOT NULL,
    "boot_epoch" INTEGER NOT NULL,
    "term" INTEGER NOT NULL,
    "voted_for" TEXT,
    "commit" INTEGER NOT NULL
);

-- CreateTable
CREATE TABLE "log_entries" (
    "index" INTEGER NOT NULL PRIMARY KEY,
    "term" INTEGER NOT NULL,
    "stamp" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "data" TEXT NOT NULL,
    "checksum" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "versions" (
    "revision" INTEGER NOT NULL,
    "op" INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    "field" TEXT NOT NULL,
    "timestamp" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "value" TEXT,
    "expires_at" BIGINT,
    "stamp" BIGINT NOT NULL,
    "checksum" BIGINT NOT NULL,

    PRIMARY KEY ("revision", "op")
) WITHOUT ROWID;

-- CreateTable
CREATE TABLE "marks" (
    "revision" INTEGER NOT NULL PRIMARY KEY,
    "stamp" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "sessions" (
    "client" TEXT NOT NULL PRIMARY KEY,
    "sequence" BIGINT NOT NULL,
    "stamp" BIGINT NOT NULL,
    "result" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "applied_state" (
    "id" INTEGER NOT NULL PRIMARY KEY DEFAULT 1,
    "last_applied" INTEGER NOT NULL,
    "last_stamp" BIGINT NOT NULL,
    "state_hash" TEXT NOT NULL
);

-- CreateView
-- One insert into this view is one atomic, durable change of the log: a single
-- statement, so a single transaction and a single fsync. `rows` is a JSON array
-- of packed rows, whose indexes run on from `first_index`, widths in bytes:
--   term 10 | stamp 16 | checksum 10 | kind 1 | data
-- They are cut apart as bytes: as text, a row would end at its first NUL.
CREATE VIEW "log_write" AS
SELECT NULL AS "epoch", NULL AS "truncate_from", NULL AS "first_index", NULL AS "rows", NULL AS "term", NULL AS "voted_for", NULL AS "commit"
WHERE 0;

-- CreateTrigger
CREATE TRIGGER "apply_log_write" INSTEAD OF INSERT ON "log_write" BEGIN
    SELECT RAISE(ABORT, 'fenced: the store was opened again')
    WHERE (SELECT "boot_epoch" FROM "node_state") IS NOT NEW."epoch";
    DELETE FROM "log_entries" WHERE "index" >= NEW."truncate_from";
    INSERT INTO "log_entries" ("index", "term", "stamp", "kind", "data", "checksum")
    SELECT
        NEW."first_index" + "key",
        CAST(substr("row", 1, 10) AS INTEGER),
        CAST(substr("row", 11, 16) AS INTEGER),
        CASE substr("row", 37, 1) WHEN CAST('c' AS BLOB) THEN 'command' WHEN CAST('n' AS BLOB) THEN 'noop' ELSE 'confChange' END,
        CAST(substr("row", 38) AS TEXT),
        CAST(substr("row", 27, 10) AS INTEGER)
    FROM (SELECT "key", CAST("value" AS BLOB) AS "row" FROM json_each(NEW."rows"));
    UPDATE "node_state" SET "term" = NEW."term", "voted_for" = NEW."voted_for", "commit" = NEW."commit"
    WHERE NEW."term" IS NOT NULL;
END;

-- CreateView
-- One insert into this view moves the applied state on, atomically. `versions`
-- is a JSON array of packed rows, widths in bytes:
--   revision 16 | op 3 | timestamp 15 | kind 1 | expiry 15 or blank | stamp 16 | checksum 10
--   | length of key 4 | length of field 4 | key | field | value
-- `marks` and `sessions` are JSON arrays of rows in column order.
CREATE VIEW "applied_write" AS
SELECT NULL AS "epoch", NULL AS "versions", NULL AS "marks", NULL AS "sessions", NULL AS "dropped", NULL AS "last_applied", NULL AS "last_stamp", NULL AS "state_hash"
WHERE 0;

-- CreateTrigger
CREATE TRIGGER "apply_applied_write" INSTEAD OF INSERT ON "applied_write" BEGIN
    SELECT RAISE(ABORT, 'fenced: the store was opened again')
    WHERE (SELECT "boot_epoch" FROM "node_state") IS NOT NEW."epoch";
    INSERT INTO "versions" ("revision", "op", "key", "field", "timestamp", "kind", "value", "expires_at", "stamp", "checksum")
    SELECT
        CAST(substr("row", 1, 16) AS INTEGER),
        CAST(substr("row", 17, 3) AS INTEGER),
        CAST(substr("row", 85, CAST(substr("row", 77, 4) AS INTEGER)) AS TEXT),
        CAST(substr("row", 85 + CAST(substr("row", 77, 4) AS INTEGER), CAST(substr("row", 81, 4) AS INTEGER)) AS TEXT),
        CAST(substr("row", 20, 15) AS INTEGER),
        CASE substr("row", 35, 1) WHEN CAST('d' AS BLOB) THEN 'delete' ELSE 'set' END,
        CASE substr("row", 35, 1) WHEN CAST('d' AS BLOB) THEN NULL ELSE
            CAST(substr("row", 85 + CAST(substr("row", 77, 4) AS INTEGER) + CAST(substr("row", 81, 4) AS INTEGER)) AS TEXT) END,
        CASE trim(CAST(substr("row", 36, 15) AS TEXT)) WHEN '' THEN NULL ELSE CAST(substr("row", 36, 15) AS INTEGER) END,
        CAST(substr("row", 51, 16) AS INTEGER),
        CAST(substr("row", 67, 10) AS INTEGER)
    FROM (SELECT CAST("value" AS BLOB) AS "row" FROM json_each(NEW."versions"));
    INSERT INTO "marks" ("revision", "stamp")
    SELECT "value" ->> 0, "value" ->> 1 FROM json_each(NEW."marks");
    DELETE FROM "sessions" WHERE "client" IN (SELECT "value" FROM json_each(NEW."dropped"));
    INSERT INTO "sessions" ("client", "sequence", "stamp", "result")
    SELECT "value" ->> 0, "value" ->> 1, "value" ->> 2, "value" ->> 3 FROM json_each(NEW."sessions") WHERE true
    ON CONFLICT ("client") DO UPDATE SET "sequence" = excluded."sequence", "stamp" = excluded."stamp", "result" = excluded."result";
    UPDATE "applied_state" SET "last_applied" = NEW."last_applied", "last_stamp" = NEW."last_stamp", "state_hash" = NEW."state_hash";
END;

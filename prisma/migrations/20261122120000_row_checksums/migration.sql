-- AlterTable
ALTER TABLE "node_state" ADD COLUMN "writes" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "node_state" ADD COLUMN "last_index" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "node_state" ADD COLUMN "last_checksum" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "node_state" ADD COLUMN "checksum" BIGINT;

-- AlterTable
ALTER TABLE "marks" ADD COLUMN "checksum" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "field_floors" ADD COLUMN "checksum" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN "checksum" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "applied_state" ADD COLUMN "session_count" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "applied_state" ADD COLUMN "session_sum" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "applied_state" ADD COLUMN "floor_count" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "applied_state" ADD COLUMN "floor_sum" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "applied_state" ADD COLUMN "checksum" BIGINT;

-- What a store holds that never had a checksum is taken as it is. Rows of which
-- SQL cannot tell the checksum get theirs when the store is opened.
UPDATE "node_state" SET
    "last_index" = ifnull((SELECT max("index") FROM "log_entries"), "base_index"),
    "last_checksum" = ifnull((SELECT "checksum" FROM "log_entries" ORDER BY "index" DESC LIMIT 1), "base_checksum");
UPDATE "marks" SET "checksum" = ("revision" % 2147483647 * 1000003 + "stamp") % 2147483647;

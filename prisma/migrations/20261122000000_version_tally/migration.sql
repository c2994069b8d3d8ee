-- AlterTable
ALTER TABLE "applied_state" ADD COLUMN "version_count" INTEGER NOT NULL DEFAULT 0;
ALTER TABLE "applied_state" ADD COLUMN "version_sum" BIGINT NOT NULL DEFAULT 0;

-- What a store holds that was never tallied is taken as it is.
UPDATE "applied_state" SET
    "version_count" = (SELECT count(*) FROM "versions" WHERE "position" < ("last_applied" + 1) * 131072),
    "version_sum" = (SELECT ifnull(sum("position" % 4294967296), 0) % 4294967296 FROM "versions" WHERE "position" < ("last_applied" + 1) * 131072);

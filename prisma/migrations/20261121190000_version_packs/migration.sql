-- CreateTable
CREATE TABLE "version_packs" (
    "first" INTEGER NOT NULL PRIMARY KEY,
    "last" BIGINT NOT NULL,
    "versions" INTEGER NOT NULL,
    "checksum" BIGINT NOT NULL,
    "names" TEXT NOT NULL,
    "data" BLOB NOT NULL
);

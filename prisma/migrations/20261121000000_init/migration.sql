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
    "commit" INTEGER NOT NULL,
    "base_index" INTEGER NOT NULL,
    "base_term" INTEGER NOT NULL,
    "base_stamp" BIGINT NOT NULL,
    "base_conf" TEXT NOT NULL,
    "base_checksum" BIGINT NOT NULL
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
    "position" INTEGER NOT NULL PRIMARY KEY,
    "key" TEXT NOT NULL,
    "field" TEXT NOT NULL,
    "timestamp" BIGINT NOT NULL,
    "value" TEXT,
    "is_list" INTEGER NOT NULL,
    "expires_at" BIGINT,
    "stamp" BIGINT NOT NULL,
    "checksum" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "marks" (
    "revision" INTEGER NOT NULL PRIMARY KEY,
    "stamp" BIGINT NOT NULL
);

-- CreateTable
CREATE TABLE "field_floors" (
    "key" TEXT NOT NULL,
    "field" TEXT NOT NULL,
    "timestamp" BIGINT NOT NULL,
    "revision" INTEGER NOT NULL,
    "op" INTEGER NOT NULL,

    PRIMARY KEY ("key", "field")
);

-- CreateTable
CREATE TABLE "sessions" (
    "client" TEXT NOT NULL PRIMARY KEY,
    "sequence" BIGINT NOT NULL,
    "asked" BIGINT NOT NULL,
    "stamp" BIGINT NOT NULL,
    "clock" BIGINT NOT NULL,
    "result" TEXT NOT NULL
);

-- CreateTable
CREATE TABLE "applied_state" (
    "id" INTEGER NOT NULL PRIMARY KEY DEFAULT 1,
    "last_applied" INTEGER NOT NULL,
    "last_stamp" BIGINT NOT NULL,
    "state_hash" TEXT NOT NULL,
    "session_clock" BIGINT NOT NULL,
    "retention" TEXT NOT NULL
);

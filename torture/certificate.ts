/**
 * Judges by the order that the answers name. Every answer has its revision, so the order is
 * given and is only to be checked: each read is what the writes before it left, each write
 * is in the history once and at its revision, and nothing that had returned stands after
 * something that was called later. What passes is linearizable: the order is its own proof.
 */
import { isCounter } from '../server/lab/keys.ts';
import type { Looked, Seen, Told } from './events.ts';

/** A version that the store has in the end, of a register or a counter. */
export interface Kept {
  readonly revision: number;
  readonly value: string;
}

/**
 * `kept`: by key, ascending by revision. `before`: what was told of other keys and judged
 * before, so that the order is checked across. Complaints in words; none: proven.
 */
export function checkCertificate(
  told: readonly Told[],
  kept: ReadonlyMap<string, readonly Kept[]>,
  before: readonly Told[] = [],
): readonly string[] {
  return [...checkWrites(told, kept), ...checkReads(told, kept), ...checkOrder(told, before)];
}

/** What was read of the past had stood there then. */
export function checkLooks(
  looks: readonly Looked[],
  kept: ReadonlyMap<string, readonly Kept[]>,
): readonly string[] {
  const complaints: string[] = [];
  for (const { client, key, revision, found } of looks) {
    const should = stoodAt(kept, key, revision);
    if (found !== should)
      complaints.push(
        `${client} past ${key}: answered "${found}" as of ${revision}, where "${should}" stood`,
      );
  }
  return complaints;
}

/** Acknowledged: there, once, at its revision. Failed: not there. And nothing is there that nobody wrote. */
function checkWrites(
  told: readonly Told[],
  kept: ReadonlyMap<string, readonly Kept[]>,
): readonly string[] {
  const complaints: string[] = [];
  const written = new Map<string, Told>();
  const increments = new Map<string, { acknowledged: Set<number>; possible: number }>();
  for (const write of told) {
    if (write.op === 'set') written.set(`${write.key} ${write.value}`, write);
    if (write.op !== 'increment') continue;
    const count = increments.get(write.key) ?? { acknowledged: new Set(), possible: 0 };
    increments.set(write.key, count);
    if (write.outcome !== 'failed') count.possible++;
    if (write.outcome !== 'ok' || write.result === null) continue;
    if (count.acknowledged.has(write.result))
      complaints.push(`${write.key}: two increments were answered with ${write.result}`);
    count.acknowledged.add(write.result);
    const version = kept.get(write.key)?.[write.result - 1];
    if (version?.value !== String(write.result) || version.revision !== write.revision)
      complaints.push(
        `${nameOf(write)}: acknowledged at ${write.revision}, but the history has ${describe(version)}`,
      );
  }
  for (const [key, versions] of kept) {
    if (isCounter(key)) {
      const possible = increments.get(key)?.possible ?? 0;
      if (versions.length > possible)
        complaints.push(`${key}: ${versions.length} increments of at most ${possible}`);
      continue;
    }
    const found = new Set<string>();
    for (const { value, revision } of versions) {
      if (found.has(value)) complaints.push(`${key}: "${value}" was written twice`);
      found.add(value);
      const write = written.get(`${key} ${value}`);
      if (write === undefined) complaints.push(`${key}: nobody wrote "${value}"`);
      else if (write.outcome === 'failed')
        complaints.push(`${nameOf(write)}: said to have failed, but done at ${revision}`);
      else if (write.outcome === 'ok' && write.revision !== revision)
        complaints.push(
          `${nameOf(write)}: acknowledged at ${write.revision}, but done at ${revision}`,
        );
      written.delete(`${key} ${value}`);
    }
  }
  for (const write of written.values())
    if (write.outcome === 'ok') complaints.push(`${nameOf(write)}: acknowledged, and lost`);
  return complaints;
}

function checkReads(
  told: readonly Told[],
  kept: ReadonlyMap<string, readonly Kept[]>,
): readonly string[] {
  const complaints: string[] = [];
  for (const read of told) {
    if (read.op !== 'read' || read.outcome !== 'ok' || read.revision === null) continue;
    const at = read.revision;
    const should = stoodAt(kept, read.key, at);
    if (read.found !== should)
      complaints.push(
        `${nameOf(read)}: answered "${read.found}" as of ${at}, where "${should}" stood`,
      );
  }
  return complaints;
}

function stoodAt(
  kept: ReadonlyMap<string, readonly Kept[]>,
  key: string,
  at: number,
): string | null {
  return kept.get(key)?.findLast(({ revision }) => revision <= at)?.value ?? null;
}

/** Whoever was called after another had returned is not before it. */
function checkOrder(told: readonly Told[], before: readonly Told[]): readonly string[] {
  const judged = new Set(before);
  const placed = [...before, ...told].filter(
    ({ outcome, revision }) => outcome === 'ok' && revision !== null,
  );
  const byCall = [...placed].sort((a, b) => a.callMs - b.callMs);
  const byReturn = [...placed].sort((a, b) => (a.returnedMs ?? 0) - (b.returnedMs ?? 0));
  const complaints: string[] = [];
  let returned = 0;
  let latest: Told | null = null;
  for (const operation of byCall) {
    for (; (byReturn[returned]?.returnedMs ?? Infinity) < operation.callMs; returned++) {
      const done = byReturn[returned] as Told;
      if ((done.revision ?? 0) > (latest?.revision ?? 0)) latest = done;
    }
    if (latest === null) continue;
    if (judged.has(operation) && judged.has(latest)) continue;
    const [earlier, later] = [latest.revision ?? 0, operation.revision ?? 0];
    if (operation.op === 'read' ? later < earlier : later <= earlier)
      complaints.push(
        `${nameOf(operation)}: at ${later}, though ${nameOf(latest)} had returned at ${earlier}`,
      );
  }
  return complaints;
}

/** A watch told of every version of every key, each once, in order. */
export function checkWatch(
  name: string,
  seen: readonly Seen[],
  kept: ReadonlyMap<string, readonly Kept[]>,
): readonly string[] {
  const complaints: string[] = [];
  let last = 0;
  for (const { revision } of seen) {
    if (revision < last) complaints.push(`${name}: ${revision} was told after ${last}`);
    last = revision;
  }
  const should = [...kept].flatMap(([key, versions]) =>
    versions.map(({ revision, value }) => `${revision} ${key} ${value}`),
  );
  const told = seen.map(({ revision, key, value }) => `${revision} ${key} ${value}`);
  const toldOnce = new Set(told);
  if (toldOnce.size !== told.length)
    complaints.push(`${name}: ${told.length - toldOnce.size} changes were told twice`);
  const all = new Set(should);
  const missing = should.filter((change) => !toldOnce.has(change));
  const invented = told.filter((change) => !all.has(change));
  if (missing.length > 0)
    complaints.push(`${name}: ${missing.length} changes were never told, as ${missing[0]}`);
  if (invented.length > 0)
    complaints.push(`${name}: ${invented.length} changes never happened, as ${invented[0]}`);
  return complaints;
}

function nameOf({ client, op, key, callMs }: Told): string {
  return `${client} ${op} ${key} (called at ${callMs.toFixed(3)})`;
}

function describe(version: Kept | undefined): string {
  return version === undefined ? 'nothing there' : `${version.value} at ${version.revision}`;
}

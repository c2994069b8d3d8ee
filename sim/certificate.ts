/**
 * Linearizability by certificate: every answer names its place in the log, so
 * the order is given and only has to be checked. An order in which each answer
 * is what a naive model says, and in which nothing that returned stands before
 * something called later, is its own proof. Linear in the operations but for a
 * sort. Also: acknowledged writes are in the log, each applied once; what was
 * said to have failed was not done; an unknown outcome may be either.
 */
import { existedBefore } from './history.ts';
import type { Horizon, KvError, Revision } from '../server/kv/types.ts';
import type { Operation, ReadOp, ReadQuery, Refusal, WriteOp } from './history.ts';
import type { Reference } from './reference.ts';

/** Complaints, in words; empty means proven. `reference` is of the one log. */
export function checkCertificate(
  operations: readonly Operation[],
  reference: Reference,
): readonly string[] {
  const complaints: string[] = [];
  for (const operation of operations) {
    const complaint =
      operation.kind === 'write'
        ? judgeWrite(operation, reference)
        : judgeRead(operation, reference);
    if (complaint !== null) complaints.push(`${nameOf(operation)}: ${complaint}`);
  }
  for (const index of reference.hasty)
    complaints.push(`entry ${index}: forgets what the policy keeps`);
  return [...complaints, ...judgeOrder(operations)];
}

function judgeWrite(write: WriteOp, reference: Reference): string | null {
  const { session } = write.command;
  if (session === undefined) return 'a client of the simulation always has a session';
  const id = `${session.client}/${session.sequence}`;
  const unjust = write.refusal && judgeRefusedWrite(id, write.refusal, reference);
  if (unjust) return unjust;
  if (write.outcome === 'failed') {
    return reference.applied.has(id) ? 'was said to have failed, but was done' : null;
  }
  if (write.outcome === 'unknown') return null;
  const { result } = write;
  if (result === null || !result.ok)
    return 'was answered with an error that no client of the simulation earns';
  const applied = reference.applied.get(id);
  if (applied === undefined) return 'was acknowledged, but is not in the log';
  return applied.revision === result.revision &&
    applied.timestamp === result.timestamp &&
    applied.stamp === result.stamp &&
    applied.existed === existedBefore(result)
    ? null
    : `was answered ${JSON.stringify(result)}, but did ${JSON.stringify(applied)}`;
}

/** A repeat of what was refused is refused alike, with the horizon of the first time. */
function judgeRefusedWrite(
  id: string,
  { error, asOf }: Refusal,
  reference: Reference,
): string | null {
  if (error.code === 'SESSION_EXPIRED')
    return reference.late.has(asOf) ? null : 'was refused while its session was open';
  return judgeHorizon(error, reference.forgotten.get(id) ?? null);
}

/** `horizon` is the one that forbids it; null when none does. */
function judgeHorizon({ code, horizon: told }: KvError, horizon: Horizon | null): string | null {
  if (code !== 'COMPACTED') return `was refused with ${code}`;
  if (horizon === null) return 'was refused, but nothing that it is about is forgotten';
  return told?.revision === horizon.revision && told.timestamp === horizon.timestamp
    ? null
    : `was told of horizon ${JSON.stringify(told)} where ${JSON.stringify(horizon)} stood`;
}

function judgeRead(read: ReadOp, reference: Reference): string | null {
  const { answer, query, refusal } = read;
  if (refusal !== undefined) {
    if (refusal.asOf > reference.lastRevision) return 'was refused by what was never committed';
    return judgeHorizon(refusal.error, forbids(query, refusal.asOf, reference));
  }
  if (read.outcome !== 'ok' || answer === null) return null;
  if (answer.asOf > reference.lastRevision)
    return `looked at revision ${answer.asOf}, which was never committed`;
  const at = query.at ?? reference.clusterTime(answer.asOf);
  if (forbids(query, answer.asOf, reference) !== null) return 'was told what is forgotten';
  if (answer.at !== at) return `looked at time ${answer.at} instead of ${at}`;
  if (answer.type === 'get' && query.type === 'get')
    return reference.disagrees(query.key, query.field, answer);
  if (answer.type !== 'scan' || query.type !== 'scan') return 'answers another question';
  const expected = reference
    .fields(query.key)
    .map((field) => ({ field, fact: reference.value(query.key, field, answer.at, answer.asOf) }))
    .filter(({ fact }) => fact !== null)
    .map(({ field, fact }) => `${field}=${fact?.value}@${fact?.revision}`);
  const got = answer.fields.map(
    (found) => `${found.field}=${String(found.value)}@${found.revision}`,
  );
  return expected.join() === got.join()
    ? null
    : `answered ${got.join()} where ${expected.join()} stands`;
}

/** The horizon that stood at revision `asOf`, if the query names a time before it. */
function forbids({ at }: ReadQuery, asOf: Revision, reference: Reference): Horizon | null {
  const horizon = reference.horizonAt(asOf);
  return at !== undefined && at < horizon.timestamp ? horizon : null;
}

/** In log order, no operation may have returned before an earlier one was called. */
function judgeOrder(operations: readonly Operation[]): readonly string[] {
  const placed = operations
    .map((operation) => ({ operation, place: placeOf(operation) }))
    .filter((item): item is { operation: Operation; place: number } => item.place !== null)
    .sort(
      (a, b) =>
        a.place - b.place ||
        Number(a.operation.kind === 'read') - Number(b.operation.kind === 'read') ||
        a.operation.call - b.operation.call,
    );
  const complaints: string[] = [];
  let latest: Operation | null = null;
  for (const { operation } of placed) {
    if (latest !== null && operation.returned < latest.call) {
      complaints.push(
        `${nameOf(operation)}: had returned before ${nameOf(latest)} was called, yet saw what came after it`,
      );
    }
    if (latest === null || operation.call > latest.call) latest = operation;
  }
  return complaints;
}

/** Where in the log the operation took effect; null when it names no place. Reads as of a given revision look back freely. */
function placeOf(operation: Operation): number | null {
  if (operation.kind === 'read' && operation.refusal !== undefined) return operation.refusal.asOf;
  if (operation.outcome !== 'ok') return null;
  if (operation.kind === 'write') {
    return operation.result?.ok === true ? operation.result.revision : null;
  }
  if (operation.query.asOf !== undefined) return null;
  return operation.answer?.asOf ?? null;
}

function nameOf(operation: Operation): string {
  return operation.kind === 'write'
    ? `write ${JSON.stringify(operation.command)}`
    : `read ${JSON.stringify(operation.query)} by ${operation.client}`;
}

/**
 * A history as text: one JSON object a line, one operation each, in the order
 * of their calls. Written for whoever wants to look at a run or have it judged
 * elsewhere; what is read back is trusted in nothing.
 */
import * as z from 'zod';
import { err, ok } from '../server/base/result.ts';
import type { Result } from '../server/base/result.ts';
import type { ApplyResult, KvError } from '../server/kv/types.ts';
import type { Operation, ReadAnswer, ReadQuery, WriteCommand } from './history.ts';

const Whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const Count = Whole.min(1);
const Session = z.strictObject({ client: z.string().min(1), sequence: Count });
const Place = { key: z.string(), field: z.string() };
const WriteOptions = {
  timestamp: z.exactOptional(Whole),
  session: z.exactOptional(Session),
};

const Write: z.ZodType<WriteCommand> = z.discriminatedUnion('op', [
  z.strictObject({
    op: z.literal('set'),
    ...Place,
    value: z.string(),
    ttl: z.exactOptional(Count),
    ...WriteOptions,
  }),
  z.strictObject({ op: z.literal('delete'), ...Place, ...WriteOptions }),
]);

const Reason: z.ZodType<KvError> = z.strictObject({
  code: z.enum([
    'SESSION_STALE',
    'SESSION_EXPIRED',
    'BAD_COMMAND',
    'OUT_OF_RANGE',
    'REVISION_NOT_YET',
    'COMPACTED',
  ]),
  message: z.string(),
  horizon: z.exactOptional(z.strictObject({ timestamp: Whole, revision: Whole })),
});

const WriteAnswer: z.ZodType<ApplyResult> = z.discriminatedUnion('ok', [
  z.strictObject({
    ok: z.literal(true),
    revision: Whole.nullable(),
    timestamp: Whole,
    stamp: Whole,
    outcome: z.discriminatedUnion('op', [
      z.strictObject({ op: z.literal('set'), existed: z.boolean() }),
      z.strictObject({ op: z.literal('delete'), existed: z.boolean() }),
    ]),
  }),
  z.strictObject({ ok: z.literal(false), error: Reason }),
]);

const asOf = z.exactOptional(Whole);
const Coordinates = { at: z.exactOptional(Whole), asOf };

const Read: z.ZodType<ReadQuery> = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('get'), ...Place, ...Coordinates }),
  z.strictObject({
    type: z.literal('scan'),
    key: z.string(),
    prefix: z.exactOptional(z.string()),
    ...Coordinates,
  }),
]);

const found = {
  value: z.string(),
  timestamp: Whole,
  revision: Whole,
  expiresAt: Whole.nullable(),
  validTo: Whole.nullable(),
};
const seenFrom = { at: Whole, asOf: Whole };

const Answer: z.ZodType<ReadAnswer> = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('get'),
    ...seenFrom,
    found: z.strictObject(found).nullable(),
    absentBecause: z.enum(['never', 'not-yet', 'deleted', 'expired']).nullable(),
  }),
  z.strictObject({
    type: z.literal('scan'),
    ...seenFrom,
    fields: z.array(z.strictObject({ field: z.string(), ...found })),
    next: z.null(),
  }),
]);

const asked = {
  client: z.string(),
  call: z.number(),
  /** Null: never answered. */
  returned: z.number().nullable(),
  refusal: z.exactOptional(z.strictObject({ error: Reason, asOf: Whole })),
};

const Line = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('write'),
    ...asked,
    command: Write,
    outcome: z.enum(['ok', 'failed', 'unknown']),
    answer: WriteAnswer.nullable(),
  }),
  z.strictObject({
    kind: z.literal('read'),
    ...asked,
    query: Read,
    outcome: z.enum(['ok', 'failed']),
    answer: Answer.nullable(),
  }),
]);
type Line = z.infer<typeof Line>;

/** The lines of a history, each ended. */
export function writeHistory(operations: readonly Operation[]): string {
  return operations.map((operation) => `${JSON.stringify(asLine(operation))}\n`).join('');
}

function asLine(operation: Operation): Line {
  const { client, call, refusal } = operation;
  const given = refusal !== undefined && { refusal };
  const returned = operation.returned === Number.POSITIVE_INFINITY ? null : operation.returned;
  return operation.kind === 'write'
    ? {
        kind: 'write',
        client,
        command: operation.command,
        call,
        returned,
        outcome: operation.outcome,
        answer: operation.result,
        ...given,
      }
    : {
        kind: 'read',
        client,
        query: operation.query,
        call,
        returned,
        outcome: operation.outcome,
        answer: operation.answer,
        ...given,
      };
}

/** Reads a history back. The error names the first line that is not an operation, and why. */
export function readHistory(text: string): Result<readonly Operation[], string> {
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  const operations: Operation[] = [];
  for (const [position, line] of lines.entries()) {
    const operation = readLine(line);
    if (!operation.ok) return err(`line ${position + 1}: ${operation.error}`);
    operations.push(operation.value);
  }
  return ok(operations);
}

function readLine(text: string): Result<Operation, string> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return err('not JSON');
  }
  const parsed = Line.safeParse(json);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return err([issue?.path.join('.'), issue?.message].filter((part) => part !== '').join(': '));
  }
  const line = parsed.data;
  const problem = problemOf(line);
  return problem === null ? ok(asOperation(line)) : err(problem);
}

/** What the shape of a line does not say. */
function problemOf(line: Line): string | null {
  const { outcome, answer, returned } = line;
  if (returned !== null && returned < line.call) return 'it returned before its call';
  if (outcome === 'ok' && (returned === null || answer === null))
    return 'what is ok has returned, with an answer';
  if (outcome !== 'ok' && answer !== null) return 'only what is ok has an answer';
  if (outcome === 'ok' && line.refusal !== undefined) return 'what is ok was not refused';
  if (line.kind === 'read' && line.answer !== null && line.answer.type !== line.query.type)
    return 'the answer is not of the kind of the query';
  return null;
}

function asOperation(line: Line): Operation {
  const returned = line.returned ?? Number.POSITIVE_INFINITY;
  if (line.kind === 'read') return { ...line, returned };
  const { answer, ...rest } = line;
  return { ...rest, returned, result: answer };
}

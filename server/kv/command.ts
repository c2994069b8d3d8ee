/**
 * Commands as text in the log. What is encoded by one version must be read
 * alike by every node for ever: a command that is not understood is refused
 * the same way everywhere, never guessed at.
 *
 * A command is a JSON array whose first place is its operation. Each operation
 * has places of its own, as many as in its row here; null stands for what was
 * left out. A write has three more places at its end, those of its envelope:
 *
 *     ["set", key, field, value, ttl]          value: text, or an array of texts
 *     ["delete", key, field]
 *     ["deleteRecord", key]
 *     ["append", key, field, items, ttl]
 *     ["remove", key, field, item, count]
 *     ["increment", key, field, by, ttl]
 *     ["txn", conditions, success, failure]     arrays of conditions and operations
 *     ["restore", key, field, prefix, at, asOf]
 *     …, timestamp, client, sequence]
 *
 *     ["tick"]
 *
 * A condition is [is, key, field], with a fourth place for what "value" and
 * "revision" compare with.
 */
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { MAX_OPERATIONS, MAX_TIMESTAMP_MS } from './types.ts';
import type {
  Command,
  Condition,
  Operation,
  Restore,
  SessionRef,
  Transaction,
  Value,
  WriteCommand,
} from './types.ts';

/** `session` is the one to travel under, the command's own unless given. */
export function encodeCommand(command: Command, session = sessionOf(command)): string {
  if (command.op === 'tick') return JSON.stringify([command.op]);
  const places = placesOf(command);
  places.push(command.timestamp ?? null, session?.client ?? null, session?.sequence ?? null);
  return JSON.stringify(places);
}

/** What is asked, whoever asks: the same for every repeat of a write. */
export function encodeRequest(command: WriteCommand): string {
  return JSON.stringify([...placesOf(command), command.timestamp ?? null]);
}

function sessionOf(command: Command): SessionRef | undefined {
  return command.op === 'tick' ? undefined : command.session;
}

type Places = unknown[];

function placesOf(write: Operation | Transaction | Restore): Places {
  switch (write.op) {
    case 'txn':
      return [
        write.op,
        write.conditions.map(conditionPlaces),
        write.success.map(placesOf),
        write.failure.map(placesOf),
      ];
    case 'restore': {
      const { op, key = null, field = null, prefix = null, at = null, asOf = null } = write;
      return [op, key, field, prefix, at, asOf];
    }
    case 'set':
      return [write.op, write.key, write.field, write.value, write.ttl ?? null];
    case 'delete':
      return [write.op, write.key, write.field];
    case 'deleteRecord':
      return [write.op, write.key];
    case 'append':
      return [write.op, write.key, write.field, write.items, write.ttl ?? null];
    case 'remove':
      return [write.op, write.key, write.field, write.item, write.count ?? null];
    case 'increment':
      return [write.op, write.key, write.field, write.by, write.ttl ?? null];
  }
}

function conditionPlaces(condition: Condition): Places {
  const { is, key, field } = condition;
  if (is === 'value') return [is, key, field, condition.value];
  if (is === 'revision') return [is, key, field, condition.revision];
  return [is, key, field];
}

/** Reads a command back; the error says what is wrong with it. */
export function parseCommand(data: string): Result<Command, string> {
  let places: unknown;
  try {
    places = JSON.parse(data);
  } catch {
    return err('not JSON');
  }
  if (!Array.isArray(places)) return err('not an array');
  const op: unknown = places[0];
  if (op === 'tick') return places.length === 1 ? ok({ op }) : err('tick has 1 place');
  const end = places.length - ENVELOPE;
  const write =
    op === 'txn'
      ? parseTransaction(places, end)
      : op === 'restore'
        ? parseRestore(places, end)
        : parseOperation(places, end);
  if (!write.ok) return write;
  const timestamp: unknown = places[end];
  if (!isCount(timestamp, 0)) return err('timestamp is out of range');
  if (op === 'restore' && timestamp !== null) return err('a restore is at now');
  const session = parseSession(places[end + 1], places[end + 2]);
  if (!session.ok) return session;
  return ok({ ...write.value, timestamp: timestamp ?? undefined, session: session.value });
}

/** Places at the end of a write: timestamp, client, sequence. */
const ENVELOPE = 3;
/** Places of each operation, the envelope not among them. */
const OPERATION_PLACES = new Map<unknown, number>([
  ['set', 5],
  ['delete', 3],
  ['deleteRecord', 2],
  ['append', 5],
  ['remove', 5],
  ['increment', 5],
]);

/** The operation in the places before `end`. */
function parseOperation(places: readonly unknown[], end: number): Result<Operation, string> {
  const [op, key, field, argument, option] = places;
  const count = OPERATION_PLACES.get(op);
  if (count === undefined) return err('unknown operation');
  if (end !== count) return err(`${String(op)} has ${count} places before its envelope`);
  if (typeof key !== 'string') return err('key is text');
  if (op === 'deleteRecord') return ok({ op, key });
  if (typeof field !== 'string') return err('field is text');
  if (op === 'delete') return ok({ op, key, field });
  if (!isCount(option, 1)) return err(`${op === 'remove' ? 'count' : 'ttl'} is out of range`);
  const ttl = option ?? undefined;
  switch (op) {
    case 'set':
      if (!isValue(argument)) return err('value is text or a list of texts');
      return ok({ op, key, field, value: argument, ttl });
    case 'append':
      if (!isTexts(argument) || argument.length === 0) return err('items are texts');
      return ok({ op, key, field, items: argument, ttl });
    case 'remove':
      if (typeof argument !== 'string') return err('item is text');
      return ok({ op, key, field, item: argument, count: ttl });
    default:
      if (!isSafeInteger(argument)) return err('by is a safe integer');
      return ok({ op: 'increment', key, field, by: argument, ttl });
  }
}

function parseTransaction(places: readonly unknown[], end: number): Result<Transaction, string> {
  if (end !== 4) return err('txn has 4 places before its envelope');
  const conditions = parseEach(places[1], parseCondition);
  if (!conditions.ok) return conditions;
  const parse = (operation: readonly unknown[]): Result<Operation, string> =>
    parseOperation(operation, operation.length);
  const success = parseEach(places[2], parse);
  if (!success.ok) return success;
  const failure = parseEach(places[3], parse);
  if (!failure.ok) return failure;
  return ok({
    op: 'txn',
    conditions: conditions.value,
    success: success.value,
    failure: failure.value,
  });
}

function parseEach<T>(
  list: unknown,
  parse: (places: readonly unknown[]) => Result<T, string>,
): Result<readonly T[], string> {
  if (!Array.isArray(list)) return err('not an array');
  if (list.length > MAX_OPERATIONS) return err(`more than ${MAX_OPERATIONS} at once`);
  const parsed: T[] = [];
  for (const places of list) {
    if (!Array.isArray(places)) return err('not an array');
    const one = parse(places);
    if (!one.ok) return one;
    parsed.push(one.value);
  }
  return ok(parsed);
}

function parseCondition(places: readonly unknown[]): Result<Condition, string> {
  const [is, key, field, argument] = places;
  if (typeof key !== 'string' || typeof field !== 'string') return err('key and field are text');
  switch (is) {
    case 'value':
      if (places.length !== 4 || !isValue(argument)) return err('value is text or a list of texts');
      return ok({ is, key, field, value: argument });
    case 'revision':
      if (places.length !== 4 || !isSafeInteger(argument) || argument < 0)
        return err('revision is a whole number');
      return ok({ is, key, field, revision: argument });
    case 'present':
    case 'absent':
    case 'latest':
      return places.length === 3 ? ok({ is, key, field }) : err(`${is} has 3 places`);
    default:
      return err('unknown condition');
  }
}

function parseRestore(places: readonly unknown[], end: number): Result<Restore, string> {
  if (end !== 6) return err('restore has 6 places before its envelope');
  const [, key, field, prefix, at, asOf] = places;
  if (!isTextOrNull(key) || !isTextOrNull(field) || !isTextOrNull(prefix))
    return err('key, field and prefix are text');
  if (key === null ? field !== null : prefix !== null)
    return err('a field goes with its key, a prefix with neither');
  if (!isCount(at, 0)) return err('at is out of range');
  if (asOf !== null && (!isSafeInteger(asOf) || asOf < 0)) return err('asOf is out of range');
  if (at === null && asOf === null) return err('a restore names a time or a revision');
  return ok({
    op: 'restore',
    key: key ?? undefined,
    field: field ?? undefined,
    prefix: prefix ?? undefined,
    at: at ?? undefined,
    asOf: asOf ?? undefined,
  });
}

/** Both or neither. */
function parseSession(client: unknown, sequence: unknown): Result<SessionRef | undefined, string> {
  if (client === null && sequence === null) return ok(undefined);
  if (typeof client !== 'string' || client === '') return err('session client is text');
  if (!isSafeInteger(sequence) || sequence < 1)
    return err('session sequence is a whole number from 1');
  return ok({ client, sequence });
}

function isValue(value: unknown): value is Value {
  return typeof value === 'string' || isTexts(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string';
}

function isSafeInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

/** Left out, or a whole number from `least` up to the last timestamp. */
function isCount(value: unknown, least: number): value is number | null {
  if (value === null) return true;
  return isSafeInteger(value) && value >= least && value <= MAX_TIMESTAMP_MS;
}

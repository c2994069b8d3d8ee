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
 *     ["retention", maxAgeMs, maxVersions]
 *     ["import", prefix, from, to, fields]      cells [key, field]; fields [key, field, value, ttl]
 *     ["importHistory", prefix, from, versions]
 *                           from [key, field, timestamp, revision, op],
 *                           versions [key, field, timestamp, value, expiresAt]
 *     …, timestamp, client, sequence]
 *
 *     ["session"]
 *     ["tick"]
 *     ["compact", by, asOf]
 *
 * A condition is [is, key, field], with a fourth place for what "value" and
 * "revision" compare with.
 */
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { compareCells } from './bytes-order.ts';
import { MAX_KEPT_VERSIONS, MAX_OPERATIONS, MAX_TIMESTAMP_MS } from './types.ts';
import type {
  Cell,
  Command,
  Condition,
  Import,
  ImportedField,
  ImportedVersion,
  ImportHistory,
  Operation,
  Restore,
  SessionRef,
  SetRetention,
  Transaction,
  Value,
  VersionAddress,
  WriteCommand,
} from './types.ts';

/** `session` is the one to travel under, the command's own unless given. */
export function encodeCommand(command: Command, session = sessionOf(command)): string {
  if (command.op === 'tick' || command.op === 'session') return JSON.stringify([command.op]);
  if (command.op === 'compact') return JSON.stringify([command.op, command.by, command.asOf]);
  const places = placesOf(command);
  places.push(command.timestamp ?? null, session?.client ?? null, session?.sequence ?? null);
  return JSON.stringify(places);
}

/** What is asked, whoever asks: the same for every repeat of a write. */
export function encodeRequest(command: WriteCommand): string {
  return JSON.stringify([...placesOf(command), command.timestamp ?? null]);
}

function sessionOf(command: Command): SessionRef | undefined {
  return 'session' in command ? command.session : undefined;
}

type Places = unknown[];

function placesOf(write: WriteCommand): Places {
  switch (write.op) {
    case 'retention':
      return [write.op, write.maxAgeMs, write.maxVersions];
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
    case 'import': {
      const { op, prefix = null, from, to, fields } = write;
      return [op, prefix, cellPlaces(from), cellPlaces(to), fields.map(fieldPlaces)];
    }
    case 'importHistory': {
      const { op, prefix = null, from, versions } = write;
      const place =
        from === null ? null : [from.key, from.field, from.timestamp, from.revision, from.op];
      return [op, prefix, place, versions.map(versionPlaces)];
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

function cellPlaces(cell: Cell | null): Places | null {
  return cell === null ? null : [cell.key, cell.field];
}

function fieldPlaces({ key, field, value, ttl }: ImportedField): Places {
  return [key, field, value, ttl ?? null];
}

function versionPlaces({ key, field, timestamp, value, expiresAt }: ImportedVersion): Places {
  return [key, field, timestamp, value, expiresAt];
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
  if (op === 'tick' || op === 'session')
    return places.length === 1 ? ok({ op }) : err(`${op} has 1 place`);
  if (op === 'compact') return parseCompaction(places);
  const count = PLACES.get(op);
  if (count === undefined) return err('unknown operation');
  if (places.length !== count + ENVELOPE)
    return err(`${String(op)} has ${count} places before its envelope`);
  const envelope = parseEnvelope(places, count);
  if (!envelope.ok) return envelope;
  if (op === 'txn') return parseTransaction(places, envelope.value);
  if (op === 'restore') return parseRestore(places, envelope.value);
  if (op === 'retention') return parseRetention(places, envelope.value);
  if (op === 'import') return parseImport(places, envelope.value);
  if (op === 'importHistory') return parseHistory(places, envelope.value);
  return parseOperation(places, envelope.value);
}

type Envelope = Pick<WriteCommand, 'timestamp' | 'session'>;

/** Places at the end of a write: timestamp, client, sequence. */
const ENVELOPE = 3;
const NO_ENVELOPE: Envelope = { timestamp: undefined, session: undefined };
/** Places of each write, the envelope not among them. */
const PLACES = new Map<unknown, number>([
  ['set', 5],
  ['delete', 3],
  ['deleteRecord', 2],
  ['append', 5],
  ['remove', 5],
  ['increment', 5],
  ['txn', 4],
  ['restore', 6],
  ['retention', 3],
  ['import', 5],
  ['importHistory', 4],
]);
/** What is a write of its own, and no step of one. */
const WHOLE_WRITES = new Set<unknown>(['txn', 'restore', 'retention', 'import', 'importHistory']);

function parseEnvelope(places: readonly unknown[], at: number): Result<Envelope, string> {
  const timestamp = places[at];
  if (!isCount(timestamp, 0)) return err('timestamp is out of range');
  const session = parseSession(places[at + 1], places[at + 2]);
  if (!session.ok) return session;
  return ok({ timestamp: timestamp ?? undefined, session: session.value });
}

/** One step of a transaction. */
function parseStep(places: readonly unknown[]): Result<Operation, string> {
  const [op] = places;
  const count = PLACES.get(op);
  if (count === undefined || WHOLE_WRITES.has(op)) return err('unknown operation');
  if (places.length !== count) return err(`${String(op)} has ${count} places`);
  return parseOperation(places, NO_ENVELOPE);
}

/** Each operation is written out whole: there is one for every write, and copied objects are slow to read. */
function parseOperation(
  places: readonly unknown[],
  { timestamp, session }: Envelope,
): Result<Operation & Envelope, string> {
  const [op, key, field, argument, option] = places;
  if (typeof key !== 'string') return err('key is text');
  if (op === 'deleteRecord') return ok({ op, key, timestamp, session });
  if (typeof field !== 'string') return err('field is text');
  if (op === 'delete') return ok({ op, key, field, timestamp, session });
  if (!isCount(option, 1)) return err(`${op === 'remove' ? 'count' : 'ttl'} is out of range`);
  const ttl = option ?? undefined;
  switch (op) {
    case 'set':
      if (!isValue(argument)) return err('value is text or a list of texts');
      return ok({ op, key, field, value: argument, ttl, timestamp, session });
    case 'append':
      if (!isTexts(argument) || argument.length === 0) return err('items are texts');
      return ok({ op, key, field, items: argument, ttl, timestamp, session });
    case 'remove':
      if (typeof argument !== 'string') return err('item is text');
      return ok({ op, key, field, item: argument, count: ttl, timestamp, session });
    default:
      if (!isSafeInteger(argument)) return err('by is a safe integer');
      return ok({ op: 'increment', key, field, by: argument, ttl, timestamp, session });
  }
}

function parseTransaction(
  places: readonly unknown[],
  envelope: Envelope,
): Result<Transaction & Envelope, string> {
  const conditions = parseEach(places[1], parseCondition);
  if (!conditions.ok) return conditions;
  const success = parseEach(places[2], parseStep);
  if (!success.ok) return success;
  const failure = parseEach(places[3], parseStep);
  if (!failure.ok) return failure;
  return ok({
    op: 'txn',
    conditions: conditions.value,
    success: success.value,
    failure: failure.value,
    ...envelope,
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

function parseRestore(
  places: readonly unknown[],
  envelope: Envelope,
): Result<Restore & Envelope, string> {
  if (envelope.timestamp !== undefined) return err('a restore is at now');
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
    ...envelope,
  });
}

function parseRetention(
  places: readonly unknown[],
  envelope: Envelope,
): Result<SetRetention & Envelope, string> {
  if (envelope.timestamp !== undefined) return err('a policy is set at now');
  const [, maxAgeMs, maxVersions] = places;
  if (!isCount(maxAgeMs, 1)) return err('maxAgeMs is out of range');
  if (!isCount(maxVersions, 1) || (maxVersions ?? 0) > MAX_KEPT_VERSIONS)
    return err('maxVersions is out of range');
  return ok({ op: 'retention', maxAgeMs, maxVersions, ...envelope });
}

function parseCompaction(places: readonly unknown[]): Result<Command, string> {
  const [op, by, asOf] = places;
  if (op !== 'compact' || places.length !== 3) return err('compact has 3 places');
  if (by !== 'age' && by !== 'versions') return err('compact is by age or by versions');
  if (!isSafeInteger(asOf) || asOf < 1) return err('asOf is out of range');
  return ok({ op, by, asOf });
}

function parseImport(
  places: readonly unknown[],
  envelope: Envelope,
): Result<Import & Envelope, string> {
  const [, prefix, first, last, list] = places;
  if (!isTextOrNull(prefix)) return err('prefix is text');
  if (!isCellOrNull(first) || !isCellOrNull(last)) return err('from and to are a key and a field');
  const [from, to] = [cellOf(first), cellOf(last)];
  if (!Array.isArray(list)) return err('not an array');
  const fields: ImportedField[] = [];
  let before = from;
  for (const each of list as readonly unknown[]) {
    if (!Array.isArray(each) || each.length !== 4) return err('a field has 4 places');
    const [key, field, value, ttl] = each as readonly unknown[];
    if (typeof key !== 'string' || typeof field !== 'string') return err('key and field are text');
    if (!isValue(value)) return err('value is text or a list of texts');
    if (!isCount(ttl, 1)) return err('ttl is out of range');
    const imported = { key, field, value, ttl: ttl ?? undefined };
    if (!key.startsWith(prefix ?? '')) return err('a key has another prefix');
    if (before !== null && compareCells(before, imported) >= 0) return err('not in order');
    fields.push(imported);
    before = imported;
  }
  if (before !== null && to !== null && compareCells(before, to) > 0)
    return err('beyond the range');
  return ok({ op: 'import', prefix: prefix ?? undefined, from, to, fields, ...envelope });
}

function parseHistory(
  places: readonly unknown[],
  envelope: Envelope,
): Result<ImportHistory & Envelope, string> {
  if (envelope.timestamp !== undefined) return err('a history has times of its own');
  const [, prefix, last, list] = places;
  if (!isTextOrNull(prefix)) return err('prefix is text');
  const from = parseAddress(last);
  if (!from.ok) return from;
  if (!Array.isArray(list) || list.length === 0) return err('versions are an array');
  const versions: ImportedVersion[] = [];
  let before: Pick<ImportedVersion, 'key' | 'field' | 'timestamp'> | null = from.value;
  for (const each of list as readonly unknown[]) {
    if (!Array.isArray(each) || each.length !== 5) return err('a version has 5 places');
    const [key, field, timestamp, value, expiresAt] = each as readonly unknown[];
    if (typeof key !== 'string' || typeof field !== 'string') return err('key and field are text');
    if (timestamp === null || !isCount(timestamp, 0)) return err('timestamp is out of range');
    if (value !== null && !isValue(value)) return err('value is text, a list of texts or null');
    if (!isCount(expiresAt, timestamp)) return err('expiresAt is out of range');
    if (value === null && expiresAt !== null) return err('a tombstone does not expire');
    const imported = { key, field, timestamp, value, expiresAt };
    if (!key.startsWith(prefix ?? '')) return err('a key has another prefix');
    if (before !== null && (compareCells(before, imported) || before.timestamp - timestamp) > 0)
      return err('not in order');
    versions.push(imported);
    before = imported;
  }
  const op = 'importHistory';
  return ok({ op, prefix: prefix ?? undefined, from: from.value, versions, ...envelope });
}

function parseAddress(places: unknown): Result<VersionAddress | null, string> {
  if (places === null) return ok(null);
  if (!Array.isArray(places) || places.length !== 5) return err('from has 5 places');
  const [key, field, timestamp, revision, op] = places as readonly unknown[];
  if (typeof key !== 'string' || typeof field !== 'string') return err('key and field are text');
  if (timestamp === null || !isCount(timestamp, 0)) return err('timestamp is out of range');
  if (!isSafeInteger(revision) || revision < 0 || !isSafeInteger(op) || op < 0)
    return err('revision and op are whole numbers');
  return ok({ key, field, timestamp, revision, op });
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

function isCellOrNull(places: unknown): places is readonly [string, string] | null {
  return places === null || (isTexts(places) && places.length === 2);
}

function cellOf(places: readonly [string, string] | null): Cell | null {
  return places === null ? null : { key: places[0], field: places[1] };
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

/**
 * Commands as text in the log. What is encoded by one version must be read
 * alike by every node for ever: a command that is not understood is refused
 * the same way everywhere, never guessed at.
 *
 * A command is a JSON array whose first place is its operation. Each operation
 * has places of its own, as many as in its row here; null stands for what was
 * left out:
 *
 *     ["set", key, field, value, timestamp, ttl, client, sequence]
 *     ["delete", key, field, timestamp, client, sequence]
 *     ["tick"]
 */
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { MAX_TIMESTAMP_MS } from './types.ts';
import type { Command, SessionRef } from './types.ts';

/** `session` is the one to travel under, the command's own unless given. */
export function encodeCommand(command: Command, session = sessionOf(command)): string {
  if (command.op === 'tick') return JSON.stringify([command.op]);
  const { op, key, field, timestamp = null } = command;
  const client = session?.client ?? null;
  const sequence = session?.sequence ?? null;
  if (op === 'delete') return JSON.stringify([op, key, field, timestamp, client, sequence]);
  const { value, ttl = null } = command;
  return JSON.stringify([op, key, field, value, timestamp, ttl, client, sequence]);
}

function sessionOf(command: Command): SessionRef | undefined {
  return command.op === 'tick' ? undefined : command.session;
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
  switch (places[0]) {
    case 'set':
      return parseSet(places);
    case 'delete':
      return parseDelete(places);
    case 'tick':
      return places.length === 1 ? ok({ op: 'tick' }) : err('tick has 1 place');
    default:
      return err('unknown operation');
  }
}

function parseSet(places: readonly unknown[]): Result<Command, string> {
  if (places.length !== 8) return err('set has 8 places');
  const [, key, field, value, timestamp, ttl, client, sequence] = places;
  if (typeof key !== 'string' || typeof field !== 'string') return err('key and field are text');
  if (typeof value !== 'string') return err('value is text');
  if (!isCount(timestamp, 0)) return err('timestamp is out of range');
  if (!isCount(ttl, 1)) return err('ttl is out of range');
  const session = parseSession(client, sequence);
  if (!session.ok) return session;
  return ok({
    op: 'set',
    key,
    field,
    value,
    timestamp: timestamp ?? undefined,
    ttl: ttl ?? undefined,
    session: session.value,
  });
}

function parseDelete(places: readonly unknown[]): Result<Command, string> {
  if (places.length !== 6) return err('delete has 6 places');
  const [, key, field, timestamp, client, sequence] = places;
  if (typeof key !== 'string' || typeof field !== 'string') return err('key and field are text');
  if (!isCount(timestamp, 0)) return err('timestamp is out of range');
  const session = parseSession(client, sequence);
  if (!session.ok) return session;
  return ok({
    op: 'delete',
    key,
    field,
    timestamp: timestamp ?? undefined,
    session: session.value,
  });
}

/** Both or neither. */
function parseSession(client: unknown, sequence: unknown): Result<SessionRef | undefined, string> {
  if (client === null && sequence === null) return ok(undefined);
  if (typeof client !== 'string' || client === '') return err('session client is text');
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 1)
    return err('session sequence is a whole number from 1');
  return ok({ client, sequence });
}

/** Left out, or a whole number from `least` up to the last timestamp. */
function isCount(value: unknown, least: number): value is number | null {
  if (value === null) return true;
  return (
    typeof value === 'number' &&
    Number.isSafeInteger(value) &&
    value >= least &&
    value <= MAX_TIMESTAMP_MS
  );
}

/**
 * Commands as text in the log. What is encoded by one version must be read
 * alike by every node for ever: a command that is not understood is refused
 * the same way everywhere, never guessed at.
 */
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { MAX_TIMESTAMP_MS } from './types.ts';
import type { Command, SessionRef } from './types.ts';

export function encodeCommand(command: Command): string {
  return JSON.stringify(command);
}

/** Reads a command back; the error says what is wrong with it. */
export function parseCommand(data: string): Result<Command, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    return err('not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) return err('not an object');
  // Only known names are read from it, one by one: `__proto__` and the like are never looked at.
  const raw = parsed as Record<string, unknown>;
  if (raw['op'] === 'tick') return ok({ op: 'tick' });
  const { key, field, timestamp, ttl } = raw;
  if (typeof key !== 'string' || typeof field !== 'string') return err('key and field are text');
  if (timestamp !== undefined && !isCount(timestamp, 0)) return err('timestamp is out of range');
  const session = readSession(raw['session']);
  if (!session.ok) return session;
  const common = {
    key,
    field,
    ...(timestamp === undefined ? {} : { timestamp }),
    ...(session.value === null ? {} : { session: session.value }),
  };
  if (raw['op'] === 'delete') return ok({ op: 'delete', ...common });
  if (raw['op'] !== 'set') return err('unknown operation');
  const { value } = raw;
  if (typeof value !== 'string') return err('value is text');
  if (ttl !== undefined && !isCount(ttl, 1)) return err('ttl is out of range');
  return ok({ op: 'set', ...common, value, ...(ttl === undefined ? {} : { ttl }) });
}

function readSession(raw: unknown): Result<SessionRef | null, string> {
  if (raw === undefined) return ok(null);
  if (typeof raw !== 'object' || raw === null) return err('session is an object');
  const { client, sequence } = raw as Record<string, unknown>;
  if (typeof client !== 'string' || client === '') return err('session client is text');
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 1) {
    return err('session sequence is a whole number from 1');
  }
  return ok({ client, sequence });
}

function isCount(value: unknown, least: number): value is number {
  return (
    typeof value === 'number' &&
    Number.isSafeInteger(value) &&
    value >= least &&
    value <= MAX_TIMESTAMP_MS
  );
}

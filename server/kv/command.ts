/**
 * Commands as text in the log. What is encoded by one version must be read
 * alike by every node for ever: a command that is not understood is refused
 * the same way everywhere, never guessed at.
 */
import { err, ok } from '../base/result.ts';
import type { Result } from '../base/result.ts';
import { MAX_TIMESTAMP_MS } from './types.ts';
import type { Command } from './types.ts';

export function encodeCommand(command: Command): string {
  return JSON.stringify(command);
}

/**
 * Reads a command back; the error says what is wrong with it. The parsed object
 * itself is the command: only known names are ever read from it, one by one, so
 * what else it carries, `__proto__` and the like, is never looked at.
 */
export function parseCommand(data: string): Result<Command, string> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(data);
  } catch {
    return err('not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null) return err('not an object');
  const raw = parsed as Partial<Record<string, unknown>>;
  if (raw['op'] === 'tick') return ok({ op: 'tick' });
  if (typeof raw['key'] !== 'string' || typeof raw['field'] !== 'string')
    return err('key and field are text');
  if (!isCount(raw['timestamp'], 0)) return err('timestamp is out of range');
  const problem = problemOfSession(raw['session']);
  if (problem !== null) return err(problem);
  if (raw['op'] === 'delete') return ok(raw as Command);
  if (raw['op'] !== 'set') return err('unknown operation');
  if (typeof raw['value'] !== 'string') return err('value is text');
  if (!isCount(raw['ttl'], 1)) return err('ttl is out of range');
  return ok(raw as Command);
}

function problemOfSession(raw: unknown): string | null {
  if (raw === undefined) return null;
  if (typeof raw !== 'object' || raw === null) return 'session is an object';
  const { client, sequence } = raw as Partial<Record<string, unknown>>;
  if (typeof client !== 'string' || client === '') return 'session client is text';
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 1) {
    return 'session sequence is a whole number from 1';
  }
  return null;
}

/** Left out, or a whole number from `least` up to the last timestamp. */
function isCount(value: unknown, least: number): boolean {
  if (value === undefined) return true;
  return (
    typeof value === 'number' &&
    Number.isSafeInteger(value) &&
    value >= least &&
    value <= MAX_TIMESTAMP_MS
  );
}

/** The requests that stories are made of, each with its words and its curl. All they write is under `lesson/`. */
import type { ApiRequest } from '../api-request.ts';
import { curlOf } from '../curl.ts';
import { HEAL, partition, setClock, setDisk, setLink } from '../fault-requests.ts';
import type { ApiResult } from '../api-failure.ts';
import type { ChronoraftClient } from '../http-client.ts';
import type { GetAnswer } from '../../contracts/kv.ts';
import type { SessionAnswer, SetAnswer } from '../../contracts/write.ts';
import type { Call, ClientWithin, Into, Told } from './lesson.ts';

export const LESSON_PREFIX = 'lesson/';

/** A node that starts reads its database first, on a machine that may be busy, ms. */
export const PATIENT_MS = 30_000;

export function kill(node: string): Call {
  return act(node, 'kill', `Kill ${node}: it ends at once`);
}

export function revive(node: string): Call {
  return act(node, 'revive', `Start ${node} again from its own database`);
}

export function isolate(node: string): Call {
  return act(node, 'isolate', `Cut every link of ${node}`);
}

export function reconnect(node: string): Call {
  return act(node, 'reconnect', `Join ${node} to the others again`);
}

export function compact(node: string): Call {
  return act(node, 'compact', `Let ${node} forget the log that its database has`);
}

/** The leader hands over to `node`. */
export function lead(node: string): Call {
  return act(node, 'lead', `Ask the leader to hand over to ${node}`);
}

function act(node: string, action: Parameters<ChronoraftClient['act']>[1], what: string): Call {
  return {
    what,
    curl: curl('POST', `/api/v1/nodes/${node}/${action}`),
    send: async (client) => toldOf(await client(PATIENT_MS).act(node, action), () => 'done'),
  };
}

/** One direction of a link, as it shall be. */
export function link(
  from: string,
  to: string,
  rule: { readonly cut?: boolean; readonly delayMs?: number },
): Call {
  const state =
    rule.cut === true
      ? 'Cut'
      : rule.delayMs === undefined
        ? 'Mend'
        : `Slow down by ${rule.delayMs} ms`;
  return fault(`${state} the way from ${from} to ${to}`, setLink(from, to, rule));
}

/** Cuts every link between two of `groups`, in one request. */
export function split(...groups: readonly (readonly string[])[]): Call {
  const sides = groups.map((group) => group.join(' ')).join(' | ');
  return fault(`Split the cluster: ${sides}`, partition(groups.map((group) => [...group])));
}

export function joinBetween(a: string, b: string): Call {
  return fault(`Join ${a} and ${b} again`, setLink(a, b, { both: true }));
}

/** Sets a node's wall clock off the true time. */
export function shiftClock(node: string, offsetMs: number): Call {
  const words =
    offsetMs === 0
      ? 'right'
      : `${Math.abs(offsetMs) / 1000} s ${offsetMs > 0 ? 'ahead' : 'behind'}`;
  return fault(`Set the clock of ${node} ${words}`, setClock(node, { offsetMs, drift: 0 }));
}

/** Every durable write of the node completes so much later. */
export function slowDisk(node: string, delayMs: number): Call {
  return fault(
    `Slow down the disk of ${node} by ${delayMs} ms`,
    setDisk(node, { delayMs, full: false }),
  );
}

export function healAll(): Call {
  return fault('Mend every link, clock and disk', HEAL);
}

function fault(what: string, request: ApiRequest): Call {
  return {
    what,
    curl: curl(request.method, request.path, request.body),
    send: async (client) => toldOf(await client().fault(request), () => 'done'),
  };
}

/** Opens a session, so that a write has a name under which it can be sent again. */
export function openSession(into: Into<SessionAnswer>): Call {
  return {
    what: 'Open a session, so that a write can be sent again under its name',
    curl: curl('POST', '/api/v1/sessions'),
    send: async (client) => {
      const result = await client().openSession();
      into(result);
      return toldOf(result, (session) => `session ${session.clientId}`);
    },
  };
}

export interface WriteParts {
  readonly lesson: string;
  readonly field: string;
  readonly value: string;
  readonly timestamp?: number;
  /** Gives the write a name. The session may be opened by a call before it. */
  readonly session?: { readonly opened: () => SessionAnswer; readonly sequence: number };
  /** Longest wait for the answer, ms. */
  readonly withinMs?: number;
}

export function write(parts: WriteParts, into?: Into<SetAnswer>): Call {
  const { lesson, field, value, timestamp, session, withinMs } = parts;
  const body = { value, ...(timestamp !== undefined && { timestamp }) };
  const shown = { clientId: '$SESSION', sequence: session?.sequence };
  return {
    what: `Write ${LESSON_PREFIX}${lesson} / ${field} = ${value}`,
    curl: curl(
      'PUT',
      `/api/v1/kv/${cell(lesson, field)}`,
      { ...body, ...(session !== undefined && shown) },
      withinMs,
    ),
    send: async (client) => {
      const name = session && { clientId: session.opened().clientId, sequence: session.sequence };
      const result = await client(withinMs).set(`${LESSON_PREFIX}${lesson}`, field, {
        ...body,
        ...name,
      });
      into?.(result);
      const told = {
        ...toldOf(result, wordsOfWrite),
        ...(result.ok && { revision: result.value.revision }),
      };
      return into === undefined ? told : { ...told, ok: true };
    },
  };
}

export function wordsOfWrite({ revision, term, leader }: SetAnswer): string {
  return `committed at revision ${revision} in term ${term} by ${leader}`;
}

export interface ReadParts {
  readonly lesson: string;
  readonly field: string;
  readonly at?: number;
  /** What this node alone has applied, instead of what a quorum confirms. */
  readonly localNode?: string;
  readonly withinMs?: number;
}

export function read(parts: ReadParts, into: Into<GetAnswer>): Call {
  const { lesson, field, withinMs, ...options } = parts;
  const { at, localNode } = options;
  const query = new URLSearchParams({
    ...(at !== undefined && { at: String(at) }),
    ...(localNode !== undefined && { consistency: 'local', node: localNode }),
  }).toString();
  const where = localNode === undefined ? '' : `, only what ${localNode} has`;
  return {
    what: `Read ${LESSON_PREFIX}${lesson} / ${field}${where}`,
    curl: curl(
      'GET',
      `/api/v1/kv/${cell(lesson, field)}${query === '' ? '' : `?${query}`}`,
      undefined,
      withinMs,
    ),
    send: async (client) => {
      const result = await client(withinMs).get(`${LESSON_PREFIX}${lesson}`, field, options);
      into(result);
      return { ...toldOf(result, wordsOfRead), ok: true };
    },
  };
}

export function wordsOfRead({
  value,
  version,
  node,
  consistency,
  appliedRevision,
}: GetAnswer): string {
  const found =
    version === null
      ? 'nothing found'
      : `${String(value)}, written at revision ${version.revision}`;
  return `${found} (${consistency}, by ${node}, which has applied ${appliedRevision})`;
}

/** All at once; the words of all, or of the first that failed. */
export function together(what: string, calls: readonly Call[]): Call {
  return {
    what,
    curl: calls.map((call) => call.curl).join('\n'),
    send: async (client) => {
      const told = await Promise.all(calls.map((call) => call.send(client)));
      const failed = told.find(({ ok }) => !ok);
      if (failed !== undefined) return failed;
      return {
        ok: true,
        words: [...new Set(told.map(({ words }) => words))].join('; '),
        revision: Math.max(0, ...told.map(({ revision = 0 }) => revision)),
      };
    },
  };
}

export interface BurstResult {
  readonly acknowledged: readonly { readonly field: string; readonly revision: number }[];
  /** Their outcome is not known. */
  readonly unknown: readonly string[];
  readonly refused: readonly string[];
}

export interface BurstParts {
  readonly lesson: string;
  readonly clients: number;
  /** Writes of each, one after the other. */
  readonly each: number;
  /** Sent once so many writes are acknowledged, while the others go on. */
  readonly meanwhile?: { readonly after: number; readonly call: Call };
}

/** Many writes by several clients at once; each field is named after its client and number. */
export function burst(parts: BurstParts, into: (result: BurstResult) => void): Call {
  const { lesson, clients, each, meanwhile } = parts;
  const path = `/api/v1/kv/${cell(lesson, '')}`;
  return {
    what: `${clients} clients write ${each} values each${
      meanwhile === undefined
        ? ''
        : `; after ${meanwhile.after} acknowledged: ${meanwhile.call.what}`
    }`,
    curl: `for c in $(seq 0 ${clients - 1}); do (for i in $(seq 0 ${each - 1}); do curl -sX PUT "$URL${path}c$c-$i" -H 'content-type: application/json' -d "{\\"value\\":\\"c$c-$i\\"}"; done) & done${
      meanwhile === undefined ? '' : `\n${meanwhile.call.curl}`
    }`,
    send: (client) => sendBurst(client, parts, into),
  };
}

async function sendBurst(
  client: ClientWithin,
  { lesson, clients, each, meanwhile }: BurstParts,
  into: (result: BurstResult) => void,
): Promise<Told> {
  const result = {
    acknowledged: [] as { field: string; revision: number }[],
    unknown: [] as string[],
    refused: [] as string[],
  };
  const others: Promise<Told>[] = [];
  const one = async (field: string): Promise<void> => {
    const answer = await client().set(`${LESSON_PREFIX}${lesson}`, field, { value: field });
    if (answer.ok) result.acknowledged.push({ field, revision: answer.value.revision });
    else if (answer.failure.code === 'OUTCOME_UNKNOWN') result.unknown.push(field);
    else result.refused.push(field);
    if (meanwhile === undefined || others.length > 0) return;
    if (result.acknowledged.length >= meanwhile.after) others.push(meanwhile.call.send(client));
  };
  await Promise.all(
    Array.from({ length: clients }, async (_, c) => {
      for (let i = 0; i < each; i++) await one(`c${c}-${i}`);
    }),
  );
  into(result);
  if (meanwhile !== undefined && others.length === 0)
    return { ok: false, words: `only ${result.acknowledged.length} writes were acknowledged` };
  const failed = (await Promise.all(others)).find((told) => !told.ok);
  if (failed !== undefined) return failed;
  const { acknowledged, unknown, refused } = result;
  return {
    ok: true,
    words: `${acknowledged.length} acknowledged, ${unknown.length} unknown, ${refused.length} refused`,
    revision: Math.max(0, ...acknowledged.map(({ revision }) => revision)),
  };
}

/** "It is already so" is what was wanted. */
function toldOf<T>(result: ApiResult<T>, words: (value: T) => string): Told {
  if (result.ok) return { ok: true, words: words(result.value) };
  const { code, message } = result.failure;
  return { ok: code === 'CONFLICT', words: `${code}: ${message}` };
}

function cell(lesson: string, field: string): string {
  return `${encodeURIComponent(`${LESSON_PREFIX}${lesson}`)}/${encodeURIComponent(field)}`;
}

/** For a shell in which URL is the server's address. */
function curl(
  method: ApiRequest['method'],
  path: string,
  body?: unknown,
  withinMs?: number,
): string {
  const command = curlOf('', [{ method, path, ...(body !== undefined && { body }) }]).replace(
    `'${path}'`,
    () => `"$URL${path}"`,
  );
  return withinMs === undefined ? command : `${command} -H 'request-timeout-ms: ${withinMs}'`;
}

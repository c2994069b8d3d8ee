/** What each call asks of the API: pure. Throws InvalidRequestError for names that no address carries. */
import type { Consistency, Value } from '../../contracts/kv.ts';
import type { Problem } from '../../contracts/errors.ts';
import type {
  CellCondition,
  OperationOutcome,
  Operation,
  SetAnswer,
} from '../../contracts/write.ts';
import type { ApiRequest } from '../api-request.ts';
import { failureOf } from '../api-failure.ts';
import { pathOf } from '../http-client.ts';
import type { ApiResult } from '../api-failure.ts';
import type { PathResult } from '../http-client.ts';
import { errorOf, wrongArgument } from './errors.ts';
import type { Session } from './session-pool.ts';
import type { Form, Named } from './write-run.ts';

/** Which view is read, and who answers. */
export interface View {
  /** The time in the world at which what is read held, ms; left out: now. */
  readonly at?: number;
  /** The revision up to which the cluster knew of writes; left out: all of them. */
  readonly asOf?: number;
  /** `linearizable` (the default) sees every write that was acknowledged before; `local` is what one node has applied, which may lag. */
  readonly consistency?: Consistency;
  /** With `local`: the node that answers; left out: any. */
  readonly node?: string;
}

/** When a write holds. */
export interface Dated {
  /** From this time in the world on, ms, past or future; left out: from when it is committed. */
  readonly timestamp?: number;
}

/** One field, a record, the keys with a prefix, or with none of these all. */
export interface Extent {
  readonly key?: string;
  /** With `key`. */
  readonly field?: string;
  /** Instead of `key`. */
  readonly prefix?: string;
}

/** One write of a batch. */
export type BatchWrite = Operation & Dated;

export interface Done extends Omit<SetAnswer, 'existed' | 'revision'> {
  /** Null when there was nothing to do and nothing was written. */
  readonly revision: number | null;
  readonly done: OperationOutcome;
}

const HALF_A_PAIR = /\p{Surrogate}/u;

type Area = Parameters<typeof pathOf>[0];
type Query = Readonly<Record<string, string | number | undefined>>;

export function get(area: Area, names: Readonly<Record<string, string>>, query: Query): ApiRequest {
  for (const [name, value] of Object.entries(query)) {
    // An address would carry a replacement character, and something else would be asked for.
    if (typeof value === 'string' && HALF_A_PAIR.test(value))
      throw wrongArgument(name, `${name} holds half of a surrogate pair`, 'BAD_ENCODING');
  }
  return { method: 'GET', path: checked(pathOf(area, names, query)) };
}

export function setRequest(
  cell: { readonly key: string; readonly field: string },
  body: {
    readonly value: Value;
    readonly ttl?: number | undefined;
    readonly if?: CellCondition | undefined;
    readonly timestamp?: number | undefined;
  },
): Form<SetAnswer> {
  const path = checked(pathOf('kv', cell));
  return single((name) => ({ method: 'PUT', path, body: { ...body, ...name } }));
}

export function post<A>(
  area: Area,
  names: Readonly<Record<string, string>>,
  body: object,
): Form<A> {
  const path = checked(pathOf(area, names));
  return single((name) => ({ method: 'POST', path, body: { ...body, ...name } }));
}

export function remove<A>(names: Readonly<Record<string, string>>, { timestamp }: Dated): Form<A> {
  const make = ({ clientId, sequence }: Session): ApiRequest => {
    const path = checked(pathOf('kv', names, { timestamp, clientId, sequence }));
    return { method: 'DELETE', path };
  };
  // What is wrong with a name is said before anything is sent.
  make({ clientId: '', sequence: 0 });
  return single(make);
}

export function batchRequest(writes: readonly BatchWrite[]): Form<Done> {
  return {
    request: (names) => ({
      method: 'POST',
      path: checked(pathOf('batch')),
      body: { writes: names.map(({ place, name }) => ({ ...writes[place], ...name })) },
    }),
    answers: (answer, names) => resultsOf(answer, names),
  };
}

function single<A>(make: (name: Session) => ApiRequest): Form<A> {
  return {
    request: ([first]) => {
      if (first === undefined) throw new Error('one write is one name');
      return make(first.name);
    },
    answers: (answer) => (isCommitted(answer) ? [{ ok: true, value: answer as A }] : []),
  };
}

/** What is no answer of this API says nothing of any write. */
function resultsOf(answer: unknown, names: readonly Named[]): readonly ApiResult<Done>[] {
  const results: unknown =
    typeof answer === 'object' && answer !== null && 'results' in answer ? answer.results : null;
  if (!Array.isArray(results) || results.length !== names.length) return [];
  const all: readonly unknown[] = results;
  if (!all.every(isResult)) return [];
  return all.map((result) =>
    'problem' in result
      ? { ok: false, failure: failureOf(result.problem) }
      : { ok: true, value: withoutOk(result) },
  );
}

type Result = ({ readonly ok: true } & Done) | { readonly ok: false; readonly problem: Problem };

function isResult(result: unknown): result is Result {
  return (
    isCommitted(result) || (typeof result === 'object' && result !== null && 'problem' in result)
  );
}

function withoutOk({ ok: _ok, ...done }: { readonly ok: true } & Done): Done {
  return done;
}

function isCommitted(answer: unknown): boolean {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'outcome' in answer &&
    answer.outcome === 'committed'
  );
}

function checked(path: PathResult): string {
  if (path.ok) return path.path;
  throw errorOf(path.failure, null);
}

/** Why a request had no good answer, as data. */
import type { ErrorCode, Problem } from '../contracts/errors.ts';
import type { Horizon } from '../contracts/kv.ts';

export interface ApiFailure {
  readonly code: ErrorCode | 'UNREACHABLE';
  readonly message: string;
  readonly retryable: boolean;
  /** Where in the request, if it was the request. */
  readonly path?: string;
  /** For COMPACTED: from when on there is something to ask for. */
  readonly horizon?: Horizon;
  /** All that the server said of it; left out when it did not answer. */
  readonly problem?: Problem;
  /** It asked not to be asked again before so long, ms. */
  readonly retryAfterMs?: number;
  /** For UNREACHABLE: what the line said. */
  readonly cause?: unknown;
}

export type ApiResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: ApiFailure };

/** No answer, or one that is not of this API: something between here and the server answered in its place. */
export const UNREACHABLE: ApiFailure = {
  code: 'UNREACHABLE',
  message: 'the server did not answer',
  retryable: true,
};

/** Of an answer that is not the one hoped for, which need not be of this API. */
export async function failureIn(response: Response): Promise<ApiFailure> {
  const retryAfterMs = retryAfterOf(response.headers);
  const answer: unknown = await response.json().catch(() => null);
  return {
    ...(isProblem(answer) ? failureOf(answer) : UNREACHABLE),
    ...(retryAfterMs !== null && { retryAfterMs }),
  };
}

/** What a program keeps of a problem. */
export function failureOf(problem: Problem): ApiFailure {
  const { code, message, retryable, path, horizon } = problem;
  return {
    code,
    message,
    retryable,
    ...(path !== undefined && { path }),
    ...(horizon !== undefined && { horizon }),
    problem,
  };
}

/** Seconds, or a date, which is held against the server's own clock where it says what that shows. */
function retryAfterOf(headers: Headers): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const untilMs = Date.parse(text);
  if (Number.isNaN(untilMs)) return null;
  const nowMs = Date.parse(headers.get('date') ?? '');
  return Math.max(0, untilMs - (Number.isNaN(nowMs) ? Date.now() : nowMs));
}

function isProblem(answer: unknown): answer is Problem {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    'code' in answer &&
    typeof answer.code === 'string' &&
    'message' in answer &&
    typeof answer.message === 'string' &&
    'retryable' in answer &&
    typeof answer.retryable === 'boolean'
  );
}

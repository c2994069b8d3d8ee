/** How the server is, and what it is: `/livez`, `/readyz`, `/api/v1/version`. */
import type { FastifyInstance } from 'fastify';
import { MAX_TIMEOUT_MS } from '../../contracts/digits.ts';
import { LIMITS } from '../../contracts/kv.ts';
import { PLAIN_TYPE, server } from '../../contracts/operations/server.ts';
import type { VersionAnswer } from '../../contracts/server.ts';
import { ReadinessProbe } from './readiness.ts';
import type { Check, ReadinessParts } from './readiness.ts';
import { route } from './route.ts';

const LIVE: Check = { name: 'process', ok: true, words: 'it answers' };

export interface Build {
  readonly version: string;
  readonly commit: string | null;
}

export interface HealthParts extends ReadinessParts {
  readonly build: Build;
  readonly clusterId: string;
  readonly limits: { readonly bodyBytes: number; readonly headerBytes: number };
}

export function healthRoutes(app: FastifyInstance, parts: HealthParts): void {
  const { build, clusterId, limits } = parts;
  const probe = new ReadinessProbe(parts);

  route(app, server.live, ({ query }, _request, reply) => {
    if (query.verbose === undefined) return { status: 'ok' } as const;
    return reply.type(PLAIN_TYPE).send(textOf('livez', [LIVE]));
  });

  route(app, server.ready, async ({ query }, _request, reply) => {
    const { checks, ...answer } = await probe.look();
    void reply.code(answer.status === 'ok' ? 200 : 503);
    if (query.verbose === undefined) return answer;
    return reply.type(PLAIN_TYPE).send(textOf('readyz', [LIVE, ...checks]));
  });

  route(
    app,
    server.version,
    (): VersionAnswer => ({
      ...build,
      api: 1,
      node: process.version,
      clusterId,
      limits: { ...LIMITS, ...limits, timeoutMs: MAX_TIMEOUT_MS },
    }),
  );
}

/** As Kubernetes and etcd say it. */
function textOf(name: string, checks: readonly Check[]): string {
  const lines = checks.map((check) =>
    check.ok ? `[+]${check.name} ok: ${check.words}` : `[-]${check.name} failed: ${check.words}`,
  );
  const passed = checks.every(({ ok }) => ok);
  return [...lines, `${name} check ${passed ? 'passed' : 'failed'}`, ''].join('\n');
}

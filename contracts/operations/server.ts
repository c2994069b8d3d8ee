/** Health, version, and the document. */
import * as z from 'zod';
import { LiveAnswer, ReadyAnswer, VersionAnswer } from '../server.ts';
import { operation } from './operation.ts';

export const PLAIN_TYPE = 'text/plain; charset=utf-8';
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
export const PAGE_TYPE = 'text/html; charset=utf-8';
const HealthQuery = z.strictObject({
  verbose: z
    .enum(['', '1', 'true'])
    .optional()
    .describe('Each check on a line of plain text, as Kubernetes and etcd do.'),
});

export const server = {
  live: operation({
    id: 'live',
    method: 'GET',
    path: '/livez',
    tag: 'Server',
    summary: 'The process answers',
    query: HealthQuery,
    answer: LiveAnswer,
    otherAnswers: [{ status: 200, type: PLAIN_TYPE, description: 'With `verbose`.' }],
    errors: [],
  }),
  ready: operation({
    id: 'ready',
    method: 'GET',
    path: '/readyz',
    tag: 'Server',
    summary: 'A linearizable read is answered, within two seconds',
    description: 'It is tried out. A cluster that is paused is not ready.',
    query: HealthQuery,
    answer: ReadyAnswer,
    otherAnswers: [
      { status: 200, type: PLAIN_TYPE, description: 'With `verbose`.' },
      {
        status: 503,
        type: 'application/json; charset=utf-8',
        description: 'Not ready; `reason` says why.',
        schema: ReadyAnswer,
      },
      { status: 503, type: PLAIN_TYPE, description: 'With `verbose`.' },
    ],
    errors: [],
  }),
  version: operation({
    id: 'getVersion',
    method: 'GET',
    path: '/api/v1/version',
    tag: 'Server',
    summary: 'What runs here, and its limits',
    answer: VersionAnswer,
    errors: [],
  }),
  prometheus: operation({
    id: 'getPrometheusMetrics',
    method: 'GET',
    path: '/metrics',
    tag: 'Server',
    summary: 'All figures, for Prometheus',
    description: 'A browser that navigates there gets the page of that name.',
    // The page takes what it likes.
    query: z.looseObject({}),
    otherAnswers: [
      { status: 200, type: PROMETHEUS_TYPE, description: 'The text format of Prometheus.' },
      { status: 200, type: PAGE_TYPE, description: 'To `accept: text/html`.' },
    ],
    errors: [],
  }),
  document: operation({
    id: 'getOpenApi',
    method: 'GET',
    path: '/api/v1/openapi.json',
    tag: 'Server',
    summary: 'This document',
    answer: z.record(z.string(), z.unknown()),
    errors: [],
  }),
  docs: operation({
    id: 'getDocs',
    method: 'GET',
    path: '/api/docs',
    tag: 'Server',
    summary: 'This document as a page for people',
    otherAnswers: [{ status: 200, type: PAGE_TYPE, description: 'The page.' }],
    errors: [],
  }),
};

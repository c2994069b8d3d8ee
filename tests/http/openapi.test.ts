/** The document of the API: whole, true to the routes, and kept to by a real server. */
import diagnostics from 'node:diagnostics_channel';
import type { FastifyInstance } from 'fastify';
import { Validator } from '@seriousme/openapi-schema-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ErrorCode } from '../../contracts/errors.ts';
import { openApiDocument } from '../../server/http/openapi.ts';
import { sharedServer } from '../server.ts';
import { ApiDocument } from './document.ts';
import { Requests } from './requests.ts';
import { walkAll } from './walk.ts';

/** Whatever is expected happens soon; a machine that is busy with other things may take its time. */
const SLOW_MACHINE_MS = 240_000;

describe('the OpenAPI document', { timeout: SLOW_MACHINE_MS }, () => {
  const routes = new Set<string>();
  const onFastify = (message: unknown): void => {
    const { fastify } = message as { readonly fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url }) => {
      for (const each of [method].flat()) routes.add(`${each} ${url}`);
    });
  };
  beforeAll(() => diagnostics.subscribe('fastify.initialization', onFastify));
  afterAll(() => {
    diagnostics.unsubscribe('fastify.initialization', onFastify);
  });
  const server = sharedServer();
  const requests = new Requests(server);

  it('[H60] is OpenAPI 3.1, and the one that the server answers', async () => {
    const answered = await requests.ok('GET', '/api/v1/openapi.json');
    expect(answered).toEqual(JSON.parse(JSON.stringify(openApiDocument('test'))));
    const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(answered)));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
  });

  it('[H60] describes the routes of the server, all of them and no others', async () => {
    const { operations } = await ApiDocument.of(server.url);
    const described = operations.map(
      ({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    );
    const served = [...routes].filter((route) => !route.startsWith('HEAD '));
    expect(served.toSorted()).toEqual(described.toSorted());
    expect(served.length).toBeGreaterThan(50);
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('[H60] says of every parameter what it means, and names every code somewhere', async () => {
    const { operations, document } = await ApiDocument.of(server.url);
    const mute = operations.flatMap(({ operation }) =>
      operation.parameters
        .filter(({ description = '' }) => description === '')
        .map(({ name }) => `${operation.operationId} ${name}`),
    );
    expect(mute).toEqual([]);
    const text = JSON.stringify(document.paths);
    // Watches tell it in their last event.
    const elsewhere = new Set<ErrorCode>(['SLOW_READER']);
    const missing = ErrorCode.options.filter(
      (code) => !elsewhere.has(code) && !text.includes(`"${code}"`),
    );
    expect(missing).toEqual([]);
  });

  it('[H60] every operation is done once, and answers as the document says', async () => {
    const api = await ApiDocument.of(server.url);
    const done = await walkAll(server.url, api);
    const all = api.operations.map(({ operation }) => operation.operationId);
    // To sign in takes a server that knows tokens: see [G5].
    expect(all.filter((id) => !done.has(id))).toEqual(['signIn']);
  });
});

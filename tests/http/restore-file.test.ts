/** Files restored through the HTTP API, into empty clusters and into ones that go on. */
import { pbkdf2 } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import * as backup from '../../contracts/backup.ts';
import type { Problem } from '../../contracts/errors.ts';
import * as kv from '../../contracts/kv.ts';
import * as writes from '../../contracts/write.ts';
import { NoSpace, Restores, UploadBroken } from '../../server/backup/restores.ts';
import { fileOf, HEADER } from '../backup/files.ts';
import type { TestServer } from '../server.ts';
import { makeDataDir, sharedServer, startTestServer } from '../server.ts';
import { Requests } from './requests.ts';

const SLOW_MACHINE_MS = 120_000;
const LOOK_EVERY_MS = 5;

/** A cluster, as one who backs it up and restores it sees it. */
class Cluster {
  readonly server: TestServer;
  readonly requests: Requests;

  constructor(server: TestServer) {
    this.server = server;
    this.requests = new Requests(server);
  }

  async set(cell: string, body: object): Promise<writes.SetAnswer> {
    return writes.SetAnswer.parse(await this.requests.ok('PUT', `/api/v1/kv/${cell}`, body));
  }

  async delete(cell: string, query = ''): Promise<void> {
    await this.requests.ok('DELETE', `/api/v1/kv/${cell}${query}`);
  }

  /** Fields of several records. */
  async fill(keys: string, count: number, value: string): Promise<void> {
    for (let i = 0; i < count; i += RECORD) {
      const fields = Array.from({ length: Math.min(RECORD, count - i) }, (_, j) => i + j);
      const key = recordOf(keys, i);
      await this.requests.ok('POST', '/api/v1/batch', {
        writes: fields.map((n) => ({ op: 'set', key, field: `f${n}`, value: `${value}${n}` })),
      });
    }
  }

  async backup(query = ''): Promise<string> {
    const headers = { 'request-timeout-ms': '60000' };
    const response = await fetch(`${this.server.url}/api/v1/backup${query}`, { headers });
    expect(response.status).toBe(200);
    return response.text();
  }

  async restore(file: string, mode = 'present'): Promise<backup.BackupRestoreAnswer> {
    return backup.BackupRestoreAnswer.parse(
      await this.requests.ok('POST', `/api/v1/backup/restore?mode=${mode}`, file, FILE),
    );
  }

  async refused(file: string | Buffer, mode = 'present'): Promise<Problem> {
    return this.requests.problem('POST', `/api/v1/backup/restore?mode=${mode}`, file, FILE);
  }

  async status(): Promise<backup.RestoreStatus> {
    return backup.RestoreStatus.parse(await this.requests.ok('GET', '/api/v1/backup/restore'));
  }

  /** Every field of a view, as "key.field=value", with how long it has left. */
  async fields(query: string): Promise<readonly string[]> {
    const found: string[] = [];
    for (let cursor = ''; ; ) {
      const { records, next, at } = kv.RecordsAnswer.parse(
        await this.requests.ok('GET', `/api/v1/records?limit=1000&${query}${cursor}`),
      );
      for (const { key, fields, more } of records) {
        expect(more).toBe(false);
        for (const { field, value, version } of fields) {
          const left = version.expiresAt === undefined ? '' : `<${version.expiresAt - at}`;
          found.push(`${key}.${field}=${JSON.stringify(value)}${left}`);
        }
      }
      if (next === null) return found;
      cursor = `&cursor=${next}`;
    }
  }

  get uploadIsThere(): boolean {
    return existsSync(path.join(this.server.dataDir, 'restore.upload'));
  }
}

/** Fields of a record of those that fill. */
const RECORD = 500;

function recordOf(keys: string, n: number): string {
  return `${keys}-${Math.floor(n / RECORD)}`;
}

const FILE = { 'content-type': 'application/x-ndjson' };

/** All that a file says of versions, but for what is new when they are restored. */
function contentOf(file: string): readonly unknown[] {
  return file
    .split('\n')
    .filter((line) => line.startsWith('['))
    .map((line) => {
      const [key, field, timestamp, , , value, expiresAt] = JSON.parse(line) as unknown[];
      return [key, field, timestamp, value, expiresAt];
    });
}

describe('restores of files over HTTP', { timeout: SLOW_MACHINE_MS }, () => {
  const cluster = new Cluster(sharedServer());

  it('[H19] the present of a prefix becomes what the file shows: gone, changed, new, equal and mortal', async () => {
    const write = (field: string, body: object) => cluster.set(`h19/${field}`, body);
    for (const field of ['changed', 'equal', 'gone', 'l'])
      await write(field, { value: field === 'l' ? ['p'] : 'then' });
    const mortal = await write('mortal', { value: 'then', ttl: 3_600_000 });
    const file = await cluster.backup('?prefix=h19');
    const header = backup.BackupHeader.parse(JSON.parse(file.split('\n', 1)[0] ?? ''));
    await write('changed', { value: 'now' });
    await cluster.delete('h19/gone');
    await write('new', { value: 'now' });
    await write('mortal', { value: 'now' });
    const other = await cluster.set('h20/x', { value: 'of another prefix' });
    const answer = await cluster.restore(file);
    expect(answer).toMatchObject({ mode: 'present', versions: 5, written: 4 });
    expect(answer.lastRevision).toBeGreaterThan(other.revision);
    expect(await cluster.fields(`prefix=h19&at=${answer.timestamp}`)).toEqual([
      'h19.changed="then"',
      'h19.equal="then"',
      'h19.gone="then"',
      'h19.l=["p"]',
      `h19.mortal="then"<${(mortal.timestamp ?? 0) + 3_600_000 - header.at}`,
    ]);
    expect(await cluster.fields('prefix=h20')).toHaveLength(1);
    // Again there is nothing to do, but for what has a time to live from now.
    expect(await cluster.restore(file)).toMatchObject({ written: 1 });
    // What was replaced is not lost.
    expect(await cluster.fields(`prefix=h19&asOf=${other.revision}`)).toContain(
      'h19.changed="now"',
    );
    expect(await cluster.status()).toMatchObject({ running: null, last: { ok: true } });
  });

  it('[H19] what has expired since, and what was planned, is as the view of the file has it', async () => {
    await cluster.set('h19t/short', { value: '1', timestamp: 1000, ttl: 500 });
    await cluster.set('h19t/early', { value: '1', timestamp: 1000 });
    await cluster.set('h19t/late', { value: '2', timestamp: 2000 });
    const file = await cluster.backup('?prefix=h19t&at=1400');
    const { timestamp } = await cluster.restore(file);
    expect(await cluster.fields(`prefix=h19t&at=${timestamp}`)).toEqual([
      'h19t.early="1"',
      'h19t.short="1"<100',
    ]);
  });

  it('[H19] a history comes into an empty cluster as it was, and into no other', async () => {
    await cluster.set('h19h/x', { value: 'late', timestamp: 2000 });
    await cluster.set('h19h/x', { value: 'early', timestamp: 1000, ttl: 100 });
    for (const value of ['lost', 'won']) await cluster.set('h19h/x', { value, timestamp: 3000 });
    await cluster.delete('h19h/x', '?timestamp=4000');
    await cluster.set('h19h/planned', { value: ['p'], timestamp: 253_402_300_000_000 });
    await cluster.fill('h19h/many', 2500, 'value ');
    const file = await cluster.backup();
    const empty = new Cluster(await startTestServer());
    try {
      const answer = await empty.restore(file, 'history');
      const content = contentOf(file);
      expect(answer).toMatchObject({
        mode: 'history',
        versions: content.length,
        written: content.length,
        timestamp: null,
      });
      expect(contentOf(await empty.backup())).toEqual(content);
      for (const at of [999, 1000, 1100, 2000, 3000, 4000])
        expect(await empty.fields(`prefix=h19h/x&at=${at}`)).toEqual(
          await cluster.fields(`prefix=h19h/x&at=${at}`),
        );
      // Once more there is nothing to do; with anything else there, nothing is done.
      expect(await empty.restore(file, 'history')).toMatchObject({
        written: 0,
        lastRevision: null,
      });
      await empty.set('zz/x', { value: 'another' });
      expect(await empty.refused(file, 'history')).toMatchObject({
        status: 409,
        code: 'NOT_EMPTY',
        written: 0,
      });
    } finally {
      await empty.server.destroy();
    }
  });

  it('[H19] a history that was broken off goes on where it ended', async () => {
    await cluster.fill('h19r', 1500, 'x');
    const file = await cluster.backup('?prefix=h19r');
    const [header = '', ...lines] = file.split('\n');
    const rows = lines.filter((line) => line.startsWith('[')).slice(0, 700);
    const chunk = rows.map((row) => JSON.parse(row) as object);
    const part = fileOf(JSON.parse(header) as object, [chunk]);
    const empty = new Cluster(await startTestServer());
    try {
      expect(await empty.restore(part, 'history')).toMatchObject({ written: 700 });
      expect(await empty.restore(file, 'history')).toMatchObject({ written: 800 });
      expect(contentOf(await empty.backup())).toEqual(contentOf(file));
      expect(await empty.refused(part, 'history')).toMatchObject({ code: 'NOT_EMPTY' });
    } finally {
      await empty.server.destroy();
    }
  });

  it('[H19] a file that is no whole backup, or comes in no file, changes nothing and leaves nothing', async () => {
    await cluster.set('h19d/x', { value: 'as it was' });
    const file = await cluster.backup('?prefix=h19d');
    await cluster.set('h19d/x', { value: 'as it is' });
    for (const wrong of [
      file.replace('as it was', 'as it wus'),
      file.slice(0, -1),
      file.slice(0, file.lastIndexOf('{"end"')),
      '',
      'hello\n',
    ])
      expect((await cluster.refused(wrong)).code).toMatch(/^BAD_(BACKUP|REQUEST)$/);
    expect(await cluster.refused(file.replace('as it was', 'as it wus'))).toMatchObject({
      status: 400,
      code: 'BAD_BACKUP',
      path: 'line 3',
      message: expect.stringContaining('chunk 1') as string,
    });
    const last = (await cluster.status()).last;
    expect(last).toMatchObject({ ok: false, problem: { code: 'BAD_BACKUP' } });
    const asJson = { 'content-type': 'application/json' };
    const post = '/api/v1/backup/restore';
    expect(await cluster.requests.problem('POST', post, file, asJson)).toMatchObject({
      code: 'BAD_REQUEST',
      path: 'Content-Type',
    });
    expect(await cluster.requests.problem('POST', post)).toMatchObject({ code: 'BAD_REQUEST' });
    expect(await cluster.requests.problem('POST', `${post}?mode=some`, file, FILE)).toMatchObject({
      path: 'query.mode',
    });
    expect(
      await cluster.requests.problem('POST', post, file, { ...FILE, origin: 'http://evil' }),
    ).toMatchObject({ code: 'FORBIDDEN' });
    expect(await cluster.fields('prefix=h19d')).toEqual(['h19d.x="as it is"']);
    expect(cluster.uploadIsThere).toBe(false);
  });

  it('[H19] one file is restored at a time, and one that does not come whole leaves nothing', async () => {
    const file = await cluster.backup('?prefix=h19d');
    const pieces = new TransformStream<Uint8Array, Uint8Array>();
    const writer = pieces.writable.getWriter();
    const abort = new AbortController();
    const upload = fetch(`${cluster.server.url}/api/v1/backup/restore`, {
      method: 'POST',
      headers: FILE,
      body: pieces.readable,
      duplex: 'half',
      signal: abort.signal,
    });
    const broken = expect(upload).rejects.toThrow();
    void writer.write(Buffer.from(file.slice(0, 100))).catch(() => {});
    await until(async () => (await cluster.status()).running?.receivedBytes === 100);
    expect((await cluster.status()).running).toMatchObject({ phase: 'receiving', versions: null });
    expect(await cluster.refused(file)).toMatchObject({ status: 409, code: 'RESTORE_RUNNING' });
    abort.abort();
    await broken;
    await until(async () => (await cluster.status()).running === null);
    expect((await cluster.status()).last).toMatchObject({ ok: false });
    expect(cluster.uploadIsThere).toBe(false);
    expect(await cluster.restore(file)).toMatchObject({ outcome: 'committed' });
  });

  it('[H19] a file for which there is no room, or of which nothing more comes, is broken off', async () => {
    const { server } = cluster;
    const options = { kv: server.kv, folder: server.dataDir };
    const full = new Restores({ ...options, reserveBytes: Number.MAX_SAFE_INTEGER });
    await expect(full.run('present', Readable.from([Buffer.from('x')]))).rejects.toThrow(NoSpace);
    const stalled = new Restores({ ...options, uploadIdleMs: 10 });
    const upload = new PassThrough();
    upload.write('{');
    await expect(stalled.run('present', upload)).rejects.toThrow(UploadBroken);
    expect(upload.destroyed).toBe(true);
    // Broken off before its file was made: Node's threads, which make it, have other things to do first.
    const busy = Promise.all(
      Array.from({ length: 8 }, () => promisify(pbkdf2)('x', 'y', 100_000, 64, 'sha512')),
    );
    const closed = new Restores(options);
    const open = expect(closed.run('present', new PassThrough())).rejects.toThrow(UploadBroken);
    await closed.close();
    await open;
    await busy;
    await stat(server.dataDir);
    expect(cluster.uploadIsThere).toBe(false);
  });

  it('[H19] what others write meanwhile stands, and at its own instant the file is all there is', async () => {
    await cluster.fill('h19w', 6000, 'then ');
    const file = await cluster.backup('?prefix=h19w');
    const before = await cluster.fields('prefix=h19w');
    await cluster.fill('h19w', 6000, 'between ');
    let running = true;
    const written = new Map<string, { value: string; timestamp: number }>();
    const others = (async (): Promise<void> => {
      for (let i = 0; running; i++) {
        const n = (i * 997) % 7000;
        const cell = `${recordOf('h19w', n)}/f${n}`;
        const { timestamp } = await cluster.set(cell, { value: `other ${i}` });
        written.set(cell.replace('/', '.'), { value: `other ${i}`, timestamp });
      }
    })();
    const { timestamp, written: changed } = await cluster.restore(file).finally(() => {
      running = false;
    });
    await others;
    expect(changed).toBeGreaterThanOrEqual(6000);
    expect(await cluster.fields(`prefix=h19w&at=${timestamp}`)).toEqual(before);
    const present = new Map(
      (await cluster.fields('prefix=h19w')).map((line) => line.split('=', 2) as [string, string]),
    );
    const later = [...written].filter(([, { timestamp: at }]) => at > (timestamp ?? 0));
    expect(later.length).toBeGreaterThan(0);
    for (const [name, { value }] of later) expect(present.get(name)).toBe(JSON.stringify(value));
  });

  it('[H19] a leader that dies in the middle changes nothing of what comes out', async () => {
    await cluster.fill('h19l', 12_000, 'then ');
    const file = await cluster.backup('?prefix=h19l');
    const before = await cluster.fields('prefix=h19l');
    for (let n = 0; n < 12_000; n += RECORD)
      await cluster.requests.ok('DELETE', `/api/v1/kv/${recordOf('h19l', n)}`);
    const { leader } = await cluster.set('other/x', { value: '' });
    const restored = cluster.restore(file);
    await until(async () => ((await cluster.status()).running?.written ?? 0) > 0);
    await cluster.server.supervisor.kill(leader);
    expect((await cluster.status()).running).toMatchObject({ phase: 'writing', versions: 12_000 });
    const { timestamp, written } = await restored;
    expect(written).toBe(12_000);
    expect(await cluster.fields(`prefix=h19l&at=${timestamp}`)).toEqual(before);
    expect(await cluster.fields('prefix=h19l')).toEqual(before);
    await cluster.server.supervisor.revive(leader);
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
}

describe('a server with a file half restored', { timeout: SLOW_MACHINE_MS }, () => {
  it('[H19] says what it had written when it stops, and keeps no file; the next finishes it', async () => {
    const dataDir = makeDataDir();
    writeFileSync(path.join(dataDir, 'restore.upload'), 'of a server that crashed');
    const first = new Cluster(await startTestServer(dataDir));
    expect(first.uploadIsThere).toBe(false);
    const rows = Array.from({ length: 40_000 }, (_, i) => {
      const field = `f${String(i).padStart(5, '0')}`;
      return ['a', field, 10, 3, 0, `value ${i}`, null, 10_000];
    });
    const chunks = Array.from({ length: 40 }, (_, i) => rows.slice(i * 1000, (i + 1) * 1000));
    const file = fileOf(HEADER, chunks);
    const stopped = first.refused(file);
    await until(async () => ((await first.status()).running?.written ?? 0) > 0);
    await first.server.close();
    const problem = await stopped;
    expect(problem).toMatchObject({ code: 'SHUTTING_DOWN' });
    expect(problem.written).toBeGreaterThan(0);
    expect(problem.written).toBeLessThan(40_000);
    expect(first.uploadIsThere).toBe(false);
    const second = new Cluster(await startTestServer(dataDir));
    try {
      const { written } = await second.restore(file);
      expect(written + (problem.written ?? 0)).toBe(40_000);
      const { keys } = kv.KeysAnswer.parse(await second.requests.ok('GET', '/api/v1/kv'));
      expect(keys).toEqual([{ key: 'a', fields: 40_000 }]);
      // More than one entry may take away.
      expect(await second.restore(fileOf(HEADER, []))).toMatchObject({ written: 40_000 });
      expect(await second.fields('')).toEqual([]);
    } finally {
      await second.server.destroy();
    }
  });
});

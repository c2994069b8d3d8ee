/** A thousand pages at once; with LONG=1, as it takes the machine for itself. */
import { io } from 'socket.io-client';
import type { Socket } from 'socket.io-client';
import { describe, expect, it } from 'vitest';
import { sharedServer } from '../server.ts';

const PAGES = 1000;
const SLOW_MACHINE_MS = 300_000;

describe.runIf(process.env['LONG'] === '1')(
  'a thousand pages',
  { timeout: SLOW_MACHINE_MS },
  () => {
    const server = sharedServer();

    it('[G18] all get the view and what follows, writes go on, memory stays bounded, and all come back when their lines are lost', async () => {
      const before = process.memoryUsage.rss();
      const startedMs = performance.now();
      const sockets: Socket[] = [];
      const joined = Array.from({ length: PAGES }, () => {
        const socket = io(server.url, { forceNew: true, transports: ['websocket'] });
        sockets.push(socket);
        return new Promise((resolve) => {
          socket.once('view', resolve);
        });
      });
      await Promise.all(joined);
      const joinedMs = performance.now() - startedMs;
      const patches = Array.from({ length: PAGES }, () => 0);
      for (const [at, socket] of sockets.entries())
        socket.on('patch', () => {
          patches[at] = (patches[at] ?? 0) + 1;
        });
      const tookMs: number[] = [];
      for (let n = 0; n < 100; n++) {
        const sentMs = performance.now();
        const answer = await fetch(`${server.url}/api/v1/kv/many/f${n}`, {
          method: 'PUT',
          headers: { 'content-type': 'application/json' },
          body: '{"value":"x"}',
        });
        expect(answer.status).toBe(200);
        tookMs.push(performance.now() - sentMs);
      }
      await expect.poll(() => Math.min(...patches)).toBeGreaterThan(10);
      const [median = 0, worst = 0] = [50, 98].map((at) => tookMs.toSorted((a, b) => a - b)[at]);
      const grownMiB = (process.memoryUsage.rss() - before) / 2 ** 20;
      process.stdout.write(
        `${PAGES} pages joined in ${Math.round(joinedMs)} ms; writes meanwhile: p50 ${Math.round(median)} ms, p99 ${Math.round(worst)} ms; ${Math.round(grownMiB)} MiB for both ends\n`,
      );
      expect(grownMiB).toBeLessThan(1500);

      // All lines are lost at once: all pages come back by themselves, and writes go on.
      const again = Promise.all(
        sockets.map((socket) => new Promise((resolve) => socket.once('view', resolve))),
      );
      const lostMs = performance.now();
      for (const socket of sockets) socket.io.engine.close();
      const answer = await fetch(`${server.url}/api/v1/kv/many/f`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: '{"value":"y"}',
      });
      expect(answer.status).toBe(200);
      await again;
      process.stdout.write(`all were back after ${Math.round(performance.now() - lostMs)} ms\n`);
      for (const socket of sockets) socket.disconnect();
    });
  },
);

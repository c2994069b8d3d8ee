/** The whole server, killed under load: in earnest, though briefly. `npm run torture` goes on for longer. */
import { mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { torture } from '../../torture/run.ts';
import type { Findings, Plan } from '../../torture/run.ts';
import { plantedRoot } from '../e2e/planted-root.ts';
import { makeDataDir } from '../server.ts';

const SLOW_MACHINE_MS = 300_000;
const KILLS = 2;
/** What is lost with each kill is what was acknowledged in up to so long. */
const UNWRITTEN_MS = 3000;

describe('the whole server, killed again and again', { timeout: SLOW_MACHINE_MS }, () => {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(path.resolve('dist/torture-'));
    await build({
      entryPoints: { 'client-process': 'torture/client-process.ts' },
      outdir: folder,
      bundle: true,
      platform: 'node',
      target: 'node20.19',
      format: 'esm',
      packages: 'external',
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function tortured(
    runNodesAs: 'threads' | 'processes',
    root: string,
    seed: number,
    other: Partial<Plan> = {},
  ): Promise<Findings> {
    const dataDir = makeDataDir();
    try {
      return await torture({
        seed,
        kills: KILLS,
        durationMs: null,
        clients: 2,
        workers: 4,
        life: [20, 150],
        blowEveryMs: 200,
        epochMs: 5000,
        graceMs: 1000,
        retentionMs: null,
        runNodesAs,
        root,
        dataDir,
        clientFile: path.join(folder, 'client-process.js'),
        say: () => {},
        record: () => {},
        ...other,
      });
    } finally {
      rmSync(dataDir, { recursive: true, force: true });
    }
  }

  it.each(['threads', 'processes'] as const)(
    '[X32] with its nodes as %s: what was acknowledged is there, once, in order, and watches miss nothing',
    async (runNodesAs) => {
      const seed = Math.floor(Math.random() * 2 ** 31);
      const again = `npm run torture -- --kills ${KILLS} --as ${runNodesAs} --seed ${seed}`;
      const findings = await tortured(runNodesAs, path.resolve('.'), seed);
      expect(findings.complaints, again).toEqual([]);
      expect(findings.kills).toBe(KILLS);
      expect(findings.counts.acknowledged, again).toBeGreaterThan(10);
      expect(findings.counts.watched, again).toBeGreaterThan(5);
    },
  );

  it('[X36] living on with its nodes struck, it is judged as it goes, and what was judged is let go', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const again = `npm run torture -- --minutes 1 --seed ${seed}`;
    const soak = { kills: null, life: null, durationMs: 8000, epochMs: 500, retentionMs: 120_000 };
    const findings = await tortured('threads', path.resolve('.'), seed, soak);
    expect(findings.complaints, again).toEqual([]);
    expect(findings.kills).toBe(0);
    expect(findings.counts.epochs, again).toBeGreaterThan(4);
    expect(findings.counts.linearizable, again).toBe(findings.counts.keys);
    expect(findings.judgedGrowth).toBe(false);
  });

  it('[X33] finds out a node that acknowledges what it has not written yet', async () => {
    const root = await plantedRoot([
      {
        file: 'server/storage/prisma-storage.ts',
        find: '    this.queue.addLog(write, done);\n',
        replace: `
          this.hasVote ||= write.append.length === 0;
          this.queue.addLog(write, this.hasVote ? done : () => {});
          if (!this.hasVote) setImmediate(() => done(null));`,
      },
      {
        file: 'server/storage/prisma-storage.ts',
        find: '    this.working ??= this.work();\n',
        replace: `
          const work = () => {
            clearTimeout(this.later);
            this.later = undefined;
            this.hasVote = false;
            this.working ??= this.work();
          };
          if (this.hasVote) work();
          else this.later ??= setTimeout(work, ${UNWRITTEN_MS});`,
      },
    ]);
    try {
      // Nobody else has it written meanwhile, by being elected.
      const { complaints } = await tortured('threads', root, 1, { blowEveryMs: 60_000 });
      expect(complaints.join('\n')).toMatch(
        /lost|nothing there|had returned|never happened|went back|cannot be/,
      );
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});

/** Real errors and delays of the system under a node, one that runs in a process of its own. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { whyNotRecorded } from '../../torture/crash-states/recording.ts';
import { markFile } from '../../server/storage/store-mark.ts';
import { buildNodes, Rig, WITHIN_MS } from './rig.ts';
import { injecting } from './strace.ts';

const SLOW_MACHINE_MS = 3 * WITHIN_MS;
/** Longer than three heartbeats. */
const SYNC_DELAY_MS = 100;
/** A machine that is slow costs no leader meanwhile. */
const ELECTION_TIMEOUT_MS = 2000;
/** Less than the write-ahead log and the database grow to under the load. */
const ROOM_KIB = 500;

const why = await whyNotRecorded();
if (why !== null) process.stderr.write(`SKIPPED: no errors of the system are made: ${why}\n`);

let nodes: Awaited<ReturnType<typeof buildNodes>>;
let rig: Rig;
/** How a node is run from its next start on. */
const under = new Map<string, readonly string[]>();

beforeAll(async () => {
  nodes = await buildNodes();
  rig = await Rig.start(nodes.file, { under: (node) => under.get(node) ?? [] });
}, SLOW_MACHINE_MS);

afterEach(async () => {
  under.clear();
  await rig.heal();
}, SLOW_MACHINE_MS);

afterAll(async () => {
  await rig.destroy();
  nodes.remove();
});

describe('a disk that fails', { timeout: SLOW_MACHINE_MS }, () => {
  it.skipIf(why !== null).each([
    ['cannot synchronise', 'fsync,fdatasync:error=EIO:when=30+', database, /disk I\/O error/],
    ['has no room', 'pwrite64:error=ENOSPC:when=400+', database, /full/],
    ['has no room for the mark', 'pwrite64:error=ENOSPC:when=100+', mark, /no space left/],
  ])(
    '[X8] it %s: the node that leads stops and says why, and nothing acknowledged is lost',
    async (_what, fault, files, says) => {
      await failUnderLoad((node) => injecting(fault, files(node)), says);
    },
  );

  it('[X8] it takes no file beyond a size: the same', async () => {
    const sizes = readdirSync(rig.dataDir).map((name) => statSync(inFolder(name)).size);
    const kib = Math.ceil(Math.max(...sizes) / 1024) + ROOM_KIB;
    await failUnderLoad(
      () => ['bash', '-c', `ulimit -f ${kib}; exec "$@"`, '-'],
      /I\/O error|full/,
    );
  });

  it.skipIf(why !== null)(
    '[X8] it cannot be read: the node does not start, and says why',
    async () => {
      const victim = await rig.aFollower();
      await rig.server.supervisor.kill(victim);
      under.set(victim, injecting('pread64:error=EIO:when=2+', database(victim)));
      await rig.server.supervisor.revive(victim);
      expect(rig.server.fold.nodeView(victim)).toMatchObject({
        state: 'failed',
        reason: expect.stringMatching(/I\/O error/),
        // It says nothing of what is on the disk.
        refusal: null,
      });
    },
  );
});

describe('a disk that is slow', { timeout: SLOW_MACHINE_MS }, () => {
  it.skipIf(why !== null)('[X9] writes take longer, and nobody is elected for it', async () => {
    const patient = await Rig.start(nodes.file, {
      under: (node) => under.get(node) ?? [],
      env: { ELECTION_TIMEOUT_MS: String(ELECTION_TIMEOUT_MS) },
    });
    try {
      const leader = await startLeading(patient, () =>
        injecting(`fsync,fdatasync:delay_exit=${SYNC_DELAY_MS * 1000}`),
      );
      const { term } = patient.server.fold.nodeView(leader);
      for (let n = 0; n < 5; n++) await patient.set('slow', `f${n}`, String(n));
      await patient.until('the delay is seen', () => {
        const { lastWriteMs } = patient.server.fold.nodeView(leader).database;
        return lastWriteMs !== null && lastWriteMs >= SYNC_DELAY_MS;
      });
      expect(patient.server.fold.nodeView(leader)).toMatchObject({ term, role: 'leader' });
    } finally {
      await patient.destroy();
    }
  });
});

function inFolder(name: string): string {
  return path.join(rig.dataDir, name);
}

/** What SQLite writes of the node. */
function database(node: string): readonly string[] {
  const file = inFolder(`${node}.db`);
  return [file, `${file}-wal`];
}

function mark(node: string): readonly string[] {
  return [markFile(inFolder(`${node}.db`))];
}

/** It leads when this resolves, run by the command. */
async function startLeading(
  among: Rig,
  command: (node: string) => readonly string[],
): Promise<string> {
  const { supervisor } = among.server;
  const node = await among.aFollower();
  await supervisor.kill(node);
  under.set(node, command(node));
  await supervisor.revive(node);
  await among.lead(node);
  return node;
}

async function failUnderLoad(
  command: (node: string) => readonly string[],
  says: RegExp,
): Promise<void> {
  const { fold } = rig.server;
  const written = new Map<string, string>();
  const victim = await startLeading(rig, command);
  for (let n = 0; rig.state(victim) === 'serving' && n < 5000; n++) {
    const value = `${victim} ${n} ${'x'.repeat(2000)}`;
    await rig.set('load', `f${n % 20}`, value);
    written.set(`f${n % 20}`, value);
  }
  await rig.until('it has stopped', () => rig.state(victim) === 'failed');
  expect(fold.nodeView(victim).reason).toMatch(says);
  expect(fold.nodeView(victim).refusal).toBe(null);
  under.clear();
  await rig.heal();
  for (const [field, value] of written) expect(await rig.get('load', field)).toBe(value);
}

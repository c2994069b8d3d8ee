/** What crashes may leave of the file that says which cluster a data folder holds. */
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, expect, test } from 'vitest';
import { crashStates } from '../../torture/crash-states/crash-states.ts';
import { DiskEvents } from '../../torture/crash-states/disk-events.ts';
import { explain, traced, whyNotRecorded } from '../../torture/crash-states/recording.ts';
import { parseTrace } from '../../torture/crash-states/trace.ts';

/** Inside the project, so that packages are found from there. */
const CHILD = path.resolve(import.meta.dirname, '../../dist/tests/data-dir-child.js');
const SEED = 1;

const root = realpathSync(mkdtempSync(path.join(tmpdir(), 'chronoraft-data-dir-')));
const folder = path.join(root, 'data');
const marks = path.join(root, 'marks');
const trace = path.join(root, 'trace');

afterAll(() => rmSync(root, { recursive: true, force: true }));

const why = await whyNotRecorded();
if (why !== null) process.stderr.write(`SKIPPED: crash states are not looked at: ${why}\n`);

/** What is noted after each step. */
const NOTED = [
  null,
  {},
  { stores: 1 },
  { stores: 1, lastNode: 4, members: 4 },
  { stores: 1, lastNode: 5, members: 5 },
  { stores: 1, lastNode: 6, members: 6 },
  { stores: 1, lastNode: 6, members: 5 },
].map((noted) => JSON.stringify(noted));

test.skipIf(why !== null)(
  `[X29] what was noted of a cluster and its nodes survives a crash at any moment (seed ${SEED})`,
  async () => {
    mkdirSync(folder);
    await build({
      entryPoints: [path.join(import.meta.dirname, 'data-dir-child.ts')],
      outfile: CHILD,
      bundle: true,
      platform: 'node',
      target: 'node20.19',
      format: 'esm',
      packages: 'external',
      logLevel: 'warning',
    });
    const { code, output } = await traced(trace, [CHILD, folder, marks]);
    expect([code, output]).toEqual([0, '']);
    const recorded = new DiskEvents({ folder, marks });
    recorded.addProcess(parseTrace(readFileSync(trace, 'latin1')));
    const { events } = recorded;
    explain(events, folder);

    const wrong = new Set<string>();
    for (const { after, files } of crashStates(events, { seed: SEED, states: 2000 })) {
      const done = events.slice(0, after).filter(({ type }) => type === 'mark').length;
      // What is under way may be there.
      const may = NOTED.slice(done, done + 2);
      const found = notedIn(files.get('cluster.json'));
      if (!may.includes(found)) wrong.add(`after ${done} steps: ${found}`);
    }
    expect([...wrong]).toEqual([]);
    expect(events.filter(({ type }) => type === 'mark')).toHaveLength(NOTED.length - 1);
  },
);

/** Of a file that is damaged, its text. */
function notedIn(bytes: Buffer | undefined): string {
  if (bytes === undefined) return 'null';
  try {
    const { stores, lastNode, members } = JSON.parse(bytes.toString()) as {
      readonly stores?: Readonly<Record<string, string>>;
      readonly lastNode?: number;
      readonly members?: readonly string[];
    };
    const known = stores && Object.keys(stores).length;
    return JSON.stringify({ stores: known, lastNode, members: members?.length });
  } catch {
    return `damaged: ${bytes.toString()}`;
  }
}

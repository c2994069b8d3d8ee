/**
 * Damage of no plan: bits that flip, sectors that are lost, old or garbage,
 * anywhere in the files of a node that is down. Afterwards it refuses to start,
 * or it has the exact truth, and still has it when it has written on.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { must } from '../../server/base/assert.ts';
import { Random } from '../../server/base/random.ts';
import { entryAfter, fill, judge, PARTS, truthIn, writeOn, Written } from './at-rest.ts';
import type { Image, Part, Truth } from './at-rest.ts';

const USUAL_DAMAGES = 160;
const COUNT = Number(process.env['AT_REST_DAMAGES'] ?? USUAL_DAMAGES);
const SEED = Number(process.env['AT_REST_SEED'] ?? 20_261_122);
/** Of those that can be opened, so many are written on: it takes three times as long. */
const WRITE_ON_EVERY = 3;
const SECTOR = 512;
const PAGE = 4096;
const FIRST_PAGES = `SELECT rootpage AS page FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_%' ESCAPE '\\'`;

const disk = new Written();
let early: Image;
const images: Image[] = [];
let truth: Truth;
/** Of each table of ours, numbered from 1. */
let firstPages: readonly number[];
/** When it has written on. */
let after: Truth;

beforeAll(async () => {
  await fill(disk, () => {
    early = disk.copy();
  });
  images.push(disk.copy());
  await disk.close();
  images.push(disk.copy());
  truth = await truthIn(disk.copy());
  const tables = await disk.copy().rows<{ page: bigint }>(FIRST_PAGES);
  firstPages = tables.map(({ page }) => Number(page));
  after = await truthIn(disk.copy(), (entries) => [...entries, entryAfter(entries)]);
});
afterAll(() => disk.end());

test(`[P24] ${COUNT} damages anywhere (AT_REST_SEED=${SEED} AT_REST_DAMAGES=${COUNT} npx vitest run --project storage at-rest-random): refused, or the exact truth`, {
  timeout: 60_000 + COUNT * 200,
}, async () => {
  const random = Random.fromSeed(SEED);
  const ends = new Map<string, number>();
  for (let i = 0; i < COUNT; i++) {
    const image = must(images[random.nextInt(0, images.length - 1)], 'an image').copy();
    const parts = PARTS.filter((part) => image.has(part));
    // The index of the write-ahead log is made anew at each start: once in a while is enough.
    const part = must(
      random.nextInt(1, 20) === 1
        ? parts[random.nextInt(0, parts.length - 1)]
        : random.nextInt(0, 1) === 0 && image.has('-wal')
          ? '-wal'
          : '',
      'a part',
    );
    const what = damage(image, part, random);
    const verdict = await judge(image, truth);
    let end: string = verdict.is;
    if (verdict.is === 'refused') end = `refused, ${verdict.code}`;
    if (verdict.is === 'exact' && i % WRITE_ON_EVERY === 0) {
      const again = await writeOn(image, after);
      expect(again.is, `damage ${i}: ${what}, once written on: ${JSON.stringify(again)}`).not.toBe(
        'wrong',
      );
      // Out of sight at first, as of an index that no read used.
      if (again.is === 'refused') end = 'refused at the second start';
    }
    expect(verdict.is, `damage ${i}: ${what}: ${JSON.stringify(verdict)}`).not.toBe('wrong');
    ends.set(end, (ends.get(end) ?? 0) + 1);
    image.drop();
  }
  const counts = [...ends].map(([end, count]) => `${count} ${end}`).join('; ');
  process.stdout.write(`${COUNT} damages at rest: ${counts}\n`);
  expect(ends.get('exact') ?? 0).toBeGreaterThan(0);
  expect(ends.get('refused, corrupt') ?? 0).toBeGreaterThan(0);
  expect(ends.get('refused, rolled-back') ?? 0).toBeGreaterThan(0);
});

/**
 * Mostly where something is written; of a database in the first page of any table
 * as often as in all others: one row holds the vote, and many pages hold values.
 */
function placeIn(bytes: Buffer, part: Part, random: Random): number {
  const anywhere = random.nextInt(0, bytes.length - 1);
  if (random.nextInt(1, 10) === 1) return anywhere;
  const isFirst = part === '' && random.nextInt(0, 1) === 0;
  const page = isFirst ? (random.pick(firstPages) - 1) * PAGE : anywhere - (anywhere % PAGE);
  const written = [...bytes.subarray(page, page + PAGE).keys()].filter((at) => bytes[page + at]);
  return written.length === 0 ? anywhere : page + random.pick(written);
}

/** Does something to a part; says what. */
function damage(image: Image, part: Part, random: Random): string {
  const bytes = image.bytes(part);
  const at = placeIn(bytes, part, random);
  const kind = random.nextInt(0, 5);
  if (kind < 3) {
    const bit = random.nextInt(0, 7);
    image.flip(part, at, bit);
    return `bit ${bit} of byte ${at} of n1.db${part}`;
  }
  const from = at - (at % SECTOR);
  const to = Math.min(bytes.length, from + SECTOR);
  const garbage = Buffer.from(Array.from({ length: to - from }, () => random.nextInt(0, 255)));
  const old = early.has(part) ? early.bytes(part).subarray(from, to) : Buffer.alloc(0);
  const [name, put] = [
    ['zeros', Buffer.alloc(to - from)],
    ['garbage', garbage],
    ['of an earlier time', old],
  ][kind - 3] as [string, Buffer];
  put.copy(bytes, from);
  image.put(part, bytes);
  return `bytes ${from} to ${to} of n1.db${part} ${name}`;
}

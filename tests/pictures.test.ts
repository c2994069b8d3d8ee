/** The README's pictures: there, told in words, and small enough to be fetched with it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');
const MOST_BYTES = 3 * 1024 ** 2;

/** What README.md says of each picture, by its file. */
function shown(): ReadonlyMap<string, string> {
  const readme = readFileSync(path.join(ROOT, 'README.md'), 'utf8');
  return new Map(
    [...readme.matchAll(/!\[([^\]]*)\]\(([^)]+)\)/g)].map(([, words = '', file = '']) => [
      file,
      words,
    ]),
  );
}

test('[S7] the README shows the dashboard, and under it a failover of some seconds that moves', async () => {
  expect([...shown().keys()]).toEqual(['docs/images/dashboard.png', 'docs/images/failover.webp']);
  for (const [file, words] of shown()) {
    expect(words.length).toBeGreaterThan(20);
    expect(readFileSync(path.join(ROOT, file)).length).toBeLessThanOrEqual(MOST_BYTES);
  }
  const still = await sharp(path.join(ROOT, 'docs/images/dashboard.png')).metadata();
  expect([still.width, still.height]).toEqual([1440, 900]);
  const moving = await sharp(path.join(ROOT, 'docs/images/failover.webp'), {
    animated: true,
  }).metadata();
  const tookMs = (moving.delay ?? []).reduce((sum, ms) => sum + ms, 0);
  expect(moving.pages ?? 1).toBeGreaterThan(20);
  expect(tookMs).toBeGreaterThan(4000);
  expect(tookMs).toBeLessThanOrEqual(12_000);
  // Again and again, for whoever looks late.
  expect(moving.loop).toBe(0);
});

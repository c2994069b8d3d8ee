/**
 * Is what we made from these files still what we would make? A product carries
 * a stamp: the hash of all its inputs, paths and bytes. Content and not times,
 * because a checkout gives every file a new time.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './run.mjs';

/** Hash of files and folders (relative to the project); what does not exist counts as absent. */
export function hashOf(inputs, salt = '') {
  const hash = createHash('sha256').update(salt);
  for (const input of inputs)
    for (const file of filesOf(input)) {
      hash.update(`\0${file}\0`).update(readFileSync(join(root, file)));
    }
  return hash.digest('hex');
}

/** True when `product` exists and its stamp names this hash. */
export function isFresh(stampFile, hash, product) {
  const stamp = join(root, stampFile);
  if (!existsSync(stamp) || !existsSync(join(root, product))) return false;
  return readFileSync(stamp, 'utf8') === hash;
}

export function writeStamp(stampFile, hash) {
  const stamp = join(root, stampFile);
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
}

function filesOf(path) {
  const absolute = join(root, path);
  if (!existsSync(absolute)) return [];
  if (!statSync(absolute).isDirectory()) return [path];
  return readdirSync(absolute)
    .sort()
    .filter((name) => name !== 'generated' && !name.startsWith('.'))
    .flatMap((name) => filesOf(`${path}/${name}`));
}

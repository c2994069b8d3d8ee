/**
 * Worked examples of the temporal rules, as data: they hold of the store alone,
 * of a node's database through restarts, and of a cluster behind its API.
 */
import type { Case } from './case.ts';
import { IMPORT_CASES } from './cases-imports.ts';
import { VALUE_CASES } from './cases-values.ts';
import { VIEW_CASES } from './cases-views.ts';
import { WRITE_CASES } from './cases-writes.ts';

export const CASES: readonly Case[] = [
  ...VALUE_CASES,
  ...WRITE_CASES,
  ...VIEW_CASES,
  ...IMPORT_CASES,
];

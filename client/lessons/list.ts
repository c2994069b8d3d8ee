/** All lessons, in the order in which one would take them. */
import { clockJump } from './clock-jump.ts';
import { crash } from './crash.ts';
import { exactlyOnce } from './exactly-once.ts';
import { figure8 } from './figure-8.ts';
import { firstElection } from './first-election.ts';
import { journey } from './journey.ts';
import type { Lesson } from './lesson.ts';
import { logRepair } from './log-repair.ts';
import { loseMajority } from './lose-majority.ts';
import { pastFailover } from './past-failover.ts';
import {
  commitAdvances,
  commitBound,
  followerCrash,
  logsMatch,
  normalOperation,
  stableLeader,
  statesEqual,
  termsRise,
} from './resilience.ts';
import { snapshot } from './snapshot.ts';
import { splitBrain } from './split-brain.ts';
import { staleRead } from './stale-read.ts';

export const STORIES: readonly Lesson[] = [
  firstElection,
  journey,
  crash,
  loseMajority,
  splitBrain,
  staleRead,
  logRepair,
  figure8,
  snapshot,
  clockJump,
  exactlyOnce,
  pastFailover,
];

/** The ten tests of resilience, in the order of the suite. Two of them are stories too. */
export const RESILIENCE: readonly Lesson[] = [
  normalOperation,
  crash,
  followerCrash,
  splitBrain,
  commitAdvances,
  logsMatch,
  statesEqual,
  termsRise,
  commitBound,
  stableLeader,
];

export function lessonOf(id: string): Lesson | undefined {
  return [...STORIES, ...RESILIENCE].find((lesson) => lesson.id === id);
}

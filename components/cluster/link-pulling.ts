'use client';

import { create } from 'zustand';
import type { LinkDeed } from '../../client/link-deed.ts';
import type { Point } from './geometry.ts';

/** A line that is being pulled from one card to another. */
export interface Pull {
  readonly from: string;
  /** The handle and the hand, px from the stage's upper left corner. */
  readonly start: Point;
  readonly end: Point;
  /** What letting go here would do; null where it would do nothing. */
  readonly deed: LinkDeed | null;
}

interface LinkPulling {
  readonly pull: Pull | null;
  set(pull: Pull | null): void;
}

/** What is pulled now: by the handle of a card, drawn over the stage, lighting the card it is over. */
export const useLinkPulling = create<LinkPulling>((set) => ({
  pull: null,
  set: (pull) => set({ pull }),
}));

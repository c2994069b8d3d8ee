'use client';

import { create } from 'zustand';
import type { TransitView } from '../../contracts/pace.ts';

interface PacketChoice {
  /** The message that is looked at, as it was when it was chosen; `all`: the list of them. */
  readonly chosen: TransitView | 'all' | null;
  choose(chosen: TransitView | 'all' | null): void;
}

/** Which message on its way is looked at: chosen in the picture or from the list, shown by the sheet. */
export const usePacketChoice = create<PacketChoice>((set) => ({
  chosen: null,
  choose: (chosen) => set({ chosen }),
}));

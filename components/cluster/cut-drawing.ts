'use client';

import { create } from 'zustand';

interface CutDrawing {
  /** The next line that is drawn over the stage cuts links. */
  readonly armed: boolean;
  toggle(): void;
  end(): void;
}

/** Whether a cut is about to be drawn: begun by a key or the palette, done on the stage. */
export const useCutDrawing = create<CutDrawing>((set) => ({
  armed: false,
  toggle: () => set(({ armed }) => ({ armed: !armed })),
  end: () => set({ armed: false }),
}));
